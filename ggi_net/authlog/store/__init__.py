"""Keeps log lines and logins: Parquet by day through DuckDB, searched by keyed hashes, forgotten in time."""
