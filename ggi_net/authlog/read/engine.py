"""The engine: bytes of a log in, lines out."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

import msgspec
import pyarrow as pa

from ggi_net.authlog.line import TEXT_COLUMNS, Line
from ggi_net.authlog.read import clock, cut
from ggi_net.authlog.read.one import COLUMNS, Found, found_in, found_in_record, unparsed

if TYPE_CHECKING:
    from ggi_net.authlog.read.format import Format
    from ggi_net.authlog.read.source import Source

SCHEMA = pa.schema(
    [("time", pa.timestamp("us"))]
    + [(name, pa.string()) for name in TEXT_COLUMNS if name != "raw"]
    + [("offset", pa.int64()), ("raw", pa.string()), ("latin1", pa.bool_())]
)
"""The columns of a table of lines, in the order of the record `Line`."""

_CHUNK = 20_000
"""How many lines are read one by one before they are put into columns."""


def lines(data: bytes, about: Source, *, offset: int = 0) -> pa.Table:
    """Return every record in `data` as a row of SCHEMA; `offset` is where in the log `data` begins.

    Nothing is left out: what no format knows is of kind UNPARSED. Where the log grows, give only whole records (see `cut.whole`).
    The rows are in no order that means anything; `offset` has the order of the log.
    """
    known = cut.format_of(data, about)
    where = cut.records_of(data, known) if known else cut.lines_of(data)
    return _read(data, where, known, about, offset)


def records(data: bytes, about: Source, *, offset: int = 0) -> list[Line]:
    """Return the same as `lines`, for few lines, in the order of the log."""
    return as_lines(lines(data, about, offset=offset))


def as_lines(table: pa.Table) -> list[Line]:
    """Return the rows of a table of lines as records, in the order of the log."""
    rows = table.sort_by([("source", "ascending"), ("offset", "ascending")]).to_pylist()
    for row in rows:
        row["time"] = row["time"].replace(tzinfo=UTC)
    return msgspec.convert(rows, list[Line], strict=False)


def _read(data: bytes, where: cut.Cut, known: Format | None, about: Source, offset: int) -> pa.Table:
    count = len(where.starts)
    texts: list[str] = []
    tables = []
    for begin in range(0, count, _CHUNK):
        table, times = _one_by_one(data, where, range(begin, min(begin + _CHUNK, count)), known, about, offset)
        tables.append(table)
        texts += times
    time, of_utc, ok = clock.micros_of(texts, clock.local_reference(about))
    utc = clock.in_utc(time, of_utc, ok, about)
    table = pa.concat_tables(tables) if tables else SCHEMA.empty_table().drop_columns("time")
    return table.append_column("time", pa.array(utc.astype("datetime64[us]"))).select(SCHEMA.names)


def _one_by_one(
    data: bytes, where: cut.Cut, places: range, known: Format | None, about: Source, offset: int
) -> tuple[pa.Table, list[str]]:
    """Return the columns of some records but the time, and their times as written."""
    made: dict[str, list[str]] = {name: [] for name in (*COLUMNS, "raw")}
    latin1, times = [], []
    for place in places:
        start, end = int(where.starts[place]), int(where.ends[place])
        text, is_latin1 = _decoded(data[start:end])
        if where.pieces[place]:
            found = Found(unparsed(about))
        elif known:
            found = found_in_record(text, known, about)
        else:
            found = found_in(text, about)
        for name, value in found.columns.items():
            made[name].append(value)
        conceal = found.format.conceal if found.format and found.shape is None else None
        made["raw"].append(conceal(text) if conceal else text)
        latin1.append(is_latin1)
        times.append(found.time)
    offsets = pa.array(where.starts[places.start : places.stop] + offset)
    arrays = {name: pa.array(column, pa.string()) for name, column in made.items()}
    arrays |= {"source": pa.array([about.name] * len(places), pa.string()), "offset": offsets, "latin1": pa.array(latin1, pa.bool_())}
    return pa.table(arrays), times


def _decoded(line: bytes) -> tuple[str, bool]:
    try:
        return line.decode(), False
    except UnicodeDecodeError:
        return line.decode("latin-1"), True
