"""Estate -> artifacts: device views (plain data), one Jinja environment, provenance."""
