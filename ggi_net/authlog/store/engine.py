"""DuckDB, as the store uses it: one database in memory for each process, nothing downloaded, errors in words."""

from __future__ import annotations

import re
import shutil
import tempfile
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import duckdb

from ggi_net.errors import DiskFull, Place, StoreDamaged, SystemFailure
from ggi_net.files import flush

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa

_FULL = re.compile(r"no space left|disk quota|failed to offload|max_temp_directory_size", re.IGNORECASE)
_FILE = re.compile(r"[\"'](/[^\"']+)[\"']")
_COLUMNS = "COMPRESSION zstd, COMPRESSION_LEVEL 3"
_NUMBERS = "COMPRESSION uncompressed, PARQUET_VERSION V2"


class FileGone(Exception):
    """A file that the manifest names is not there: somebody replaced the manifest meanwhile, or it is damage."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class Engine:
    """Runs SQL for one store. Threads may share it: each gets a connection of its own to the same database.

    Values are always bound parameters; only paths of the store, names of columns and numbers stand in a text.
    """

    def __init__(self, folder: Path, *, memory: str, threads: int) -> None:
        """`folder` is for what does not fit into memory; who may not write there has to make do with the memory."""
        self.threads = threads
        self._folder = folder
        self._spill = ""
        with suppress(PermissionError):
            folder.mkdir(parents=True, exist_ok=True)
            self._spill = tempfile.mkdtemp(dir=folder)
        self._database = duckdb.connect(
            ":memory:",
            config={
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "allow_community_extensions": "false",
                "memory_limit": memory,
                "threads": threads,
                "temp_directory": self._spill,
                "preserve_insertion_order": "true",
            },
        )
        self._database.execute("SET parquet_metadata_cache = true")
        self._database.execute("SET enable_progress_bar = false")
        self._database.execute("SET lock_configuration = true")
        self._local = threading.local()

    def close(self) -> None:
        """Let go of memory and files."""
        self._database.close()
        if self._spill:
            shutil.rmtree(self._spill, ignore_errors=True)
            with suppress(OSError):  # another store that this process has open spills there as well
                self._folder.rmdir()

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """This thread's connection."""
        found: duckdb.DuckDBPyConnection | None = getattr(self._local, "connection", None)
        if found is None:
            found = self._local.connection = self._database.cursor()
        return found

    def run(self, sql: str, values: Sequence[Any] = ()) -> None:
        """Run a statement. Raises FileGone, StoreDamaged or DiskFull."""
        self._execute(sql, values)

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query. Raises FileGone, StoreDamaged or DiskFull."""
        try:
            return self._execute(sql, values).fetchall()
        except duckdb.Error as error:
            raise self._words(error) from None

    def table(self, sql: str, values: Sequence[Any] = ()) -> pa.Table:
        """The rows of a query as an Arrow table. Raises FileGone, StoreDamaged or DiskFull."""
        try:
            return self.connection.sql(sql, params=list(values)).to_arrow_table()
        except duckdb.Error as error:
            raise self._words(error) from None

    @contextmanager
    def given(self, name: str, table: pa.Table) -> Iterator[None]:
        """Let this thread's queries read `table` under a name meanwhile."""
        self.connection.register(name, table)
        try:
            yield
        finally:
            self.connection.unregister(name)

    def copy(self, select: str, path: Path, *, group: int, sorted_numbers: bool = False) -> int:
        """Write the rows of a query to a Parquet file, flushed to the disk; return its size. Raises DiskFull.

        `group` is the rows of a row group. Columns of `sorted_numbers` are written as differences (Parquet's
        DELTA_BINARY_PACKED), in half of the bytes. No Bloom filters: files are sorted by what is searched for.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        self._execute(
            f"COPY ({select}) TO {quoted(str(path))} "
            f"(FORMAT parquet, {_NUMBERS if sorted_numbers else _COLUMNS}, WRITE_BLOOM_FILTER false, "
            f"ROW_GROUP_SIZE {group})"
        )
        flush(path)
        return path.stat().st_size

    def _execute(self, sql: str, values: Sequence[Any] = ()) -> duckdb.DuckDBPyConnection:
        try:
            return self.connection.execute(sql, list(values)) if values else self.connection.execute(sql)
        except duckdb.Error as error:
            raise self._words(error) from None

    def _words(self, error: duckdb.Error) -> Exception:
        """What an error of DuckDB means here; one that means nothing here is a fault of ours and goes on as it is."""
        text = str(error)
        if _FULL.search(text):
            return DiskFull("no space left on the disk for the store", place=Place(str(self._folder)))
        if isinstance(error, duckdb.OutOfMemoryException):
            return SystemFailure(
                "more memory is needed than the store may use",
                place=Place(str(self._folder)),
                hint="give it more memory",
            )
        if isinstance(error, duckdb.IOException | duckdb.InvalidInputException | duckdb.SerializationException):
            found = _FILE.search(text)
            if "No files found" in text or "No such file" in text:
                return FileGone(found[1] if found else str(self._folder))
            if found:
                return StoreDamaged("the file can't be read", place=Place(found[1]))
        return error


def quoted(text: str) -> str:
    """A text as a literal of SQL; for paths of the store, which can't be bound in every place."""
    return "'" + text.replace("'", "''") + "'"


def parquet(paths: Sequence[str], *, filename: bool = False) -> str:
    """The rows of Parquet files of equal columns, as a table in a FROM."""
    listed = ", ".join(quoted(path) for path in paths)
    return f"read_parquet([{listed}]{', filename = true' if filename else ''})"
