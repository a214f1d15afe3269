"""Writing a set of files for one day: lines and logins sorted by device, an index of identities, counts."""

# ruff: noqa: S608  paths of the store, names of columns and numbers stand in the texts; values are bound
from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC
from typing import TYPE_CHECKING, Final, NamedTuple

import pyarrow as pa

from ggi_net.authlog.store.columns import HASHES, LINES, LOGINS, OWNERS
from ggi_net.authlog.store.engine import parquet
from ggi_net.authlog.store.fresh import COPIES
from ggi_net.authlog.store.manifest import File, FileSet
from ggi_net.files import flush

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from ggi_net.authlog.store.engine import Engine

PLACES: Final = 1 << 16
_GROUP: Final = 1 << 12
"""Rows of a row group: what a search for one device decodes for each day."""
_COUNTS_GROUP: Final = 122_880

LINE_COLUMNS: Final = ", ".join(f'"{name}"' for name in (*LINES.names, *OWNERS.names))
LOGIN_COLUMNS: Final = ", ".join(f'"{name}"' for name in (*LOGINS.names, *HASHES.names))
COPY_COLUMNS: Final = ", ".join(f'"{name}"' for name in COPIES.names)


class Cut(NamedTuple):
    """How a table is cut into files.

    Each file has all rows with its values of `column`, of which the 16 bits above the lowest `shift` count, and about
    `rows` of them, in row groups of `group`. `numbers` when there are only numbers in them, and sorted.
    """

    column: str
    shift: int
    rows: int
    group: int
    numbers: bool

    def files(self, rows: int) -> int:
        """How many files so many rows are cut into."""
        count = 1
        while count * self.rows < rows and count < PLACES:
            count *= 2
        return count

    def values(self, number: int, count: int) -> tuple[int, int]:
        """The first and the last value, of 16 bits, in file `number` of so many."""
        width = PLACES // count
        return number * width, (number + 1) * width - 1

    def where(self, first: int, last: int) -> str:
        """That a row has one of these values."""
        return f"{self.column} BETWEEN {first << self.shift} AND {(last + 1 << self.shift) - 1}"


BY_PLACE: Final = Cut("place", 0, 1 << 15, _GROUP, numbers=False)
"""A search for one device opens one such file for each day, whose footer is read in a millisecond."""
BY_KEY: Final = Cut("key", 16, 1 << 20, 1 << 15, numbers=True)
"""To read of more row groups in the footer takes longer than to decode so many numbers: 0.6 ms for a file, not 1.3."""

_LINE_ORDER: Final = 'place, login, nth, "time"'
INDEX_ORDER: Final = "key, place"
LOGIN_ORDER: Final = 'place, mac_hash, "begin", id'
_COPY_ORDER: Final = "of_source, of_offset"

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
            engine.run(f"CREATE TABLE set_lines AS SELECT {LINE_COLUMNS} FROM ({lines}) ORDER BY {_LINE_ORDER}")
            engine.run(f"CREATE TABLE set_logins AS SELECT {LOGIN_COLUMNS} FROM ({logins}) ORDER BY {LOGIN_ORDER}")
            engine.run(f"CREATE TABLE set_copies AS SELECT {COPY_COLUMNS} FROM ({copies}) ORDER BY {_COPY_ORDER}")
            return self._write(day, key or self._key)
        finally:
            for name in ("set_lines", "set_logins", "set_copies", "set_index", "set_hours"):
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
        hours, days = self._counts(stem, login_count)
        written = FileSet(
            key=key,
            begin=min(begins).replace(tzinfo=UTC),
            end=max(ends).replace(tzinfo=UTC),
            line_count=line_count,
            login_count=login_count,
            lines=self._split("set_lines", f"{stem}-lines", BY_PLACE),
            logins=self._split("set_logins", f"{stem}-logins", BY_PLACE),
            copies=self._one("FROM set_copies", f"{stem}-copies", copy_count),
            index=self._index(f"{stem}-index"),
            hours=hours,
            days=days,
        )
        flush(self._folder / "days" / day)
        flush(self._folder / "days")
        return written

    def _index(self, stem: str) -> tuple[File, ...]:
        """From identities and logins to places."""
        self._engine.run(f"CREATE TABLE set_index AS {_INDEX} ORDER BY {INDEX_ORDER}")
        return self._split("set_index", stem, BY_KEY)

    def _split(self, table: str, stem: str, cut: Cut) -> tuple[File, ...]:
        """Files of about equal size.

        The table stands in the order of the column, and the engine knows the least and the largest of each stretch of
        it: cutting a file out reads little else, so that the time grows with the day and not with its square.
        """
        [(rows,)] = self._engine.rows(f"SELECT count(*) FROM {table}")
        if not rows:
            return ()
        count = cut.files(rows)
        return write_files(self._engine, self._folder, table, stem, cut, count, range(count))

    def _one(self, select: str, stem: str, rows: int, *, group: int = _GROUP) -> tuple[File, ...]:
        if not rows:
            return ()
        path = f"{stem}.parquet"
        return (File(path=path, size=self._engine.copy(select, self._folder / path, group=group)),)

    def _counts(self, stem: str, logins: int) -> tuple[tuple[File, ...], tuple[File, ...]]:
        """The counts by hours and by days."""
        if not logins:
            return (), ()
        self._engine.run(f"CREATE TABLE set_hours AS {_HOURS}")
        return (
            self._one("FROM set_hours", f"{stem}-hours", logins, group=_COUNTS_GROUP),
            self._one(_DAYS, f"{stem}-days", logins, group=_COUNTS_GROUP),
        )


_INDEX: Final = """
SELECT DISTINCT CAST(key & 4294967295 AS UINTEGER) AS key, place FROM (
  SELECT number AS key, place FROM set_logins
  UNION ALL SELECT outer_hash, place FROM set_logins WHERE outer_hash != 0
  UNION ALL SELECT inner_hash, place FROM set_logins WHERE inner_hash != 0
)
"""
"""From the low 32 bits of a login's number or of an identity's hash to places. That two share them costs a look at one
place more; what is found there is compared in full."""


_BY: Final = ", ".join(COUNTED)
_HOURS: Final = f"""
SELECT date_trunc('hour', "begin") AS moment, {_BY}, count(*) AS logins FROM set_logins
GROUP BY ALL ORDER BY moment, {_BY}
"""
_DAYS: Final = f"""
SELECT CAST(midnight AS TIMESTAMP) AS moment, {_BY}, CAST(sum(logins) AS BIGINT) AS logins FROM set_hours JOIN (
  SELECT moment, date_trunc('day', moment AT TIME ZONE 'UTC' AT TIME ZONE 'Europe/Amsterdam')
    AT TIME ZONE 'Europe/Amsterdam' AT TIME ZONE 'UTC' AS midnight
  FROM (SELECT DISTINCT moment FROM set_hours)
) USING (moment) GROUP BY ALL ORDER BY moment, {_BY}
"""
"""By the midnight of the Netherlands before a login began, in UTC: people count their days. Of the hours, since those
are fewer than the logins, and their days are soon looked up."""


def write_files(
    engine: Engine, folder: Path, table: str, stem: str, cut: Cut, count: int, numbers: Sequence[int]
) -> tuple[File, ...]:
    """The files `numbers` of `count` that a table is cut into, by as many threads as the engine has.

    The table stands in the order of the cut's column.
    """

    def write(number: int) -> File:
        first, last = cut.values(number, count)
        path = f"{stem}-{number}.parquet"
        select = f"FROM {table} WHERE {cut.where(first, last)}"
        size = engine.copy(select, folder / path, group=cut.group, sorted_numbers=cut.numbers)
        return File(path=path, size=size, first=first, last=last)

    with ThreadPoolExecutor(engine.threads) as pool:
        return tuple(pool.map(write, numbers))


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
