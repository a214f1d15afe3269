"""Writing a set of files for one day: lines and logins sorted by device, an index of identities, counts."""

# ruff: noqa: S608  paths of the store, names of columns and numbers stand in the texts; values are bound
from __future__ import annotations

import secrets
from datetime import UTC
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from ggi_net.authlog.store.columns import HASHES, LINES, LOGINS, OWNERS
from ggi_net.authlog.store.engine import parquet
from ggi_net.authlog.store.fresh import COPIES
from ggi_net.authlog.store.hot import flush
from ggi_net.authlog.store.manifest import File, FileSet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from ggi_net.authlog.store.engine import Engine

PLACES: Final = 1 << 16
_PER_FILE: Final = 1 << 15
"""Rows of a file: a search for one device opens one such file for each day, whose footer is read in a millisecond."""
_GROUP: Final = 1 << 12
"""Rows of a row group: what a search for one device decodes for each day."""
_INDEX_PER_FILE: Final = 1 << 20
_INDEX_GROUP: Final = 1 << 13
_COUNTS_GROUP: Final = 122_880

LINE_COLUMNS: Final = ", ".join(f'"{name}"' for name in (*LINES.names, *OWNERS.names))
LOGIN_COLUMNS: Final = ", ".join(f'"{name}"' for name in (*LOGINS.names, *HASHES.names))
COPY_COLUMNS: Final = ", ".join(f'"{name}"' for name in COPIES.names)

COUNTED: Final = ("home", "visited", "site", "operator", "outcome", "cause")
"""What logins are counted by, beside the hour or the day."""


class Writer:
    """Writes sets into the folder of a store. Nothing that it writes counts before the manifest names it."""

    def __init__(self, engine: Engine, folder: Path, key: str) -> None:
        self._engine = engine
        self._folder = folder
        self._key = key

    def write(self, day: str, *, lines: str, logins: str, copies: str, key: str = "") -> FileSet | None:
        """Write the rows of three queries (columns LINE_COLUMNS, LOGIN_COLUMNS, COPY_COLUMNS) as a set of `day`.

        `key` names the key of their hashes, when it is not the current one. None when there is no row at all. Raises
        DiskFull or StoreDamaged.
        """
        engine = self._engine
        try:
            engine.run(f"CREATE OR REPLACE TEMP TABLE set_lines AS SELECT {LINE_COLUMNS} FROM ({lines})")
            engine.run(f"CREATE OR REPLACE TEMP TABLE set_logins AS SELECT {LOGIN_COLUMNS} FROM ({logins})")
            engine.run(f"CREATE OR REPLACE TEMP TABLE set_copies AS SELECT {COPY_COLUMNS} FROM ({copies})")
            return self._write(day, key or self._key)
        finally:
            for name in ("set_lines", "set_logins", "set_copies"):
                engine.run(f"DROP TABLE IF EXISTS {name}")

    def _write(self, day: str, key: str) -> FileSet | None:
        [(line_count, first_line, last_line)] = self._engine.rows(
            'SELECT count(*), min("time"), max("time") FROM set_lines'
        )
        [(login_count, first_login, last_login)] = self._engine.rows(
            'SELECT count(*), min("begin"), max("begin") FROM set_logins'
        )
        [(copy_count, first_copy, last_copy)] = self._engine.rows(
            'SELECT count(*), min("time"), max("time") FROM set_copies'
        )
        if not line_count and not login_count and not copy_count:
            return None
        begins = [moment for moment in (first_line, first_login, first_copy) if moment]
        ends = [moment for moment in (last_line, last_login, last_copy) if moment]
        stem = f"days/{day}/{secrets.token_hex(8)}"
        written = FileSet(
            key=key,
            begin=min(begins).replace(tzinfo=UTC),
            end=max(ends).replace(tzinfo=UTC),
            line_count=line_count,
            login_count=login_count,
            lines=tuple(self._by_place("set_lines", f"{stem}-lines", line_count, 'place, login, nth, "time"')),
            logins=tuple(self._by_place("set_logins", f"{stem}-logins", login_count, 'place, mac_hash, "begin", id')),
            copies=self._one("SELECT * FROM set_copies ORDER BY of_source, of_offset", f"{stem}-copies", copy_count),
            index=tuple(self._index(f"{stem}-index", login_count)),
            hours=self._one(_counts(_HOUR), f"{stem}-hours", login_count, group=_COUNTS_GROUP),
            days=self._one(_counts(_DAY), f"{stem}-days", login_count, group=_COUNTS_GROUP),
        )
        flush(self._folder / "days" / day)
        flush(self._folder / "days")
        return written

    def _by_place(self, table: str, stem: str, rows: int, order: str) -> Iterator[File]:
        """Files of about equal size, each with all rows of its places."""
        yield from self._split(table, "place", stem, rows, order, per_file=_PER_FILE, group=_GROUP)

    def _index(self, stem: str, logins: int) -> Iterator[File]:
        """The index, in files by the first 16 bits of its keys."""
        if logins:
            self._engine.run(f"CREATE OR REPLACE TEMP TABLE set_index AS {_INDEX}")
            [(rows,)] = self._engine.rows("SELECT count(*) FROM set_index")
            yield from self._split(
                "set_index", "key >> 16", stem, rows, "key, place", per_file=_INDEX_PER_FILE, group=_INDEX_GROUP
            )
            self._engine.run("DROP TABLE set_index")

    def _split(
        self, table: str, by: str, stem: str, rows: int, order: str, *, per_file: int, group: int
    ) -> Iterator[File]:
        """Files of about equal size, each with all rows that have its values of `by`, 16 bits."""
        if not rows:
            return
        count = 1
        while count * per_file < rows and count < PLACES:
            count *= 2
        width = PLACES // count
        for number in range(count):
            first, last = number * width, (number + 1) * width - 1
            where = f"WHERE {by} BETWEEN {first} AND {last}" if count > 1 else ""
            path = f"{stem}-{number}.parquet"
            size = self._engine.copy(
                f"SELECT * FROM {table} {where} ORDER BY {order}", self._folder / path, group=group
            )
            yield File(path=path, size=size, first=first, last=last)

    def _one(self, select: str, stem: str, rows: int, *, group: int = _GROUP) -> tuple[File, ...]:
        if not rows:
            return ()
        path = f"{stem}.parquet"
        return (File(path=path, size=self._engine.copy(select, self._folder / path, group=group)),)


_INDEX: Final = """
SELECT DISTINCT CAST(key & 4294967295 AS UINTEGER) AS key, place FROM (
  SELECT number AS key, place FROM set_logins
  UNION ALL SELECT outer_hash, place FROM set_logins WHERE outer_hash != 0
  UNION ALL SELECT inner_hash, place FROM set_logins WHERE inner_hash != 0
)
"""
"""From the low 32 bits of a login's number or of an identity's hash to places. That two share them costs a look at one
place more; what is found there is compared in full."""


_HOUR: Final = "date_trunc('hour', \"begin\")"
_DAY: Final = (
    "date_trunc('day', \"begin\" AT TIME ZONE 'UTC' AT TIME ZONE 'Europe/Amsterdam') "
    "AT TIME ZONE 'Europe/Amsterdam' AT TIME ZONE 'UTC'"
)
"""The midnight of the Netherlands before a login began, in UTC: people count their days."""


def _counts(moment: str) -> str:
    by = ", ".join(COUNTED)
    return f"SELECT {moment} AS moment, {by}, count(*) AS logins FROM set_logins GROUP BY ALL ORDER BY moment, {by}"


def prepare(engine: Engine) -> None:
    """Make the empty tables that stand for files where there are none."""
    for name, schema in _EMPTY.items():
        with engine.given("nothing", schema.empty_table()):
            engine.run(f"CREATE TABLE {name} AS SELECT * FROM nothing")


_EMPTY: Final = {
    "no_lines": pa.schema([*LINES, *OWNERS]),
    "no_logins": pa.schema([*LOGINS, *HASHES]),
    "no_copies": COPIES,
}


def rows_of(kind: str, sets: Iterable[FileSet], folder: Path) -> str:
    """All rows of a kind (`lines`, `logins`, `copies`) of some sets, as a table in a FROM."""
    paths = [str(folder / file.path) for one in sets for file in getattr(one, kind)]
    return parquet(paths) if paths else f"no_{kind}"
