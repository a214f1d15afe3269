"""The engine: bytes of a log in, lines out."""

from __future__ import annotations

from datetime import UTC
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa

from ggi_net.authlog.line import TEXT_COLUMNS, Line
from ggi_net.authlog.read import clock, cut
from ggi_net.authlog.read.alike import Pattern, learned, taken
from ggi_net.authlog.read.block import MOST, Block
from ggi_net.authlog.read.one import COLUMNS, Found, found_in, found_in_record, unparsed

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

    from ggi_net.authlog.line import Hop
    from ggi_net.authlog.read.alike import Taken
    from ggi_net.authlog.read.cut import Places
    from ggi_net.authlog.read.format import Format
    from ggi_net.authlog.read.source import Source

SCHEMA = pa.schema(
    [("time", pa.timestamp("us"))]
    + [(name, pa.string()) for name in TEXT_COLUMNS if name != "raw"]
    + [("offset", pa.int64()), ("raw", pa.string()), ("latin1", pa.bool_())]
)
"""The columns of a table of lines, in the order of the record `Line`."""
_WITHOUT_TIME = [name for name in SCHEMA.names if name != "time"]

_CHUNK = 20_000
"""How many lines are read one by one before they are put into columns."""
_FEW = 400
"""So many lines are read one by one; to learn from them would take longer."""
_SAMPLE = 64
_ROUNDS = 6
_WORTH = 20
"""A pattern that takes fewer lines of a block is forgotten."""
_IDLE = 12
"""After so many of those, learning from a sample ends: its lines have little in common."""


_NONE = np.zeros(0, np.int64)


class _Rest(NamedTuple):
    """Records that are read one by one: their places in the log's order, where they lie, and which are only pieces."""

    lines: Places
    starts: Places
    ends: Places
    pieces: NDArray[np.bool_]

    @classmethod
    def joined(cls, several: list[_Rest]) -> _Rest:
        """Return several as one."""
        if not several:
            return cls(_NONE, _NONE, _NONE, np.zeros(0, bool))
        return cls(
            np.concatenate([one.lines for one in several]),
            np.concatenate([one.starts for one in several]),
            np.concatenate([one.ends for one in several]),
            np.concatenate([one.pieces for one in several]),
        )

    def some(self, begin: int, end: int) -> _Rest:
        """Return those from one place to another."""
        return _Rest(self.lines[begin:end], self.starts[begin:end], self.ends[begin:end], self.pieces[begin:end])


def lines(data: bytes, about: Source, *, offset: int = 0) -> pa.Table:
    """Return every record in `data` as a row of SCHEMA; `offset` is where in the log `data` begins.

    Nothing is left out: what no format knows is of kind UNPARSED. Of a log that grows, give only whole records (see
    `cut.whole`). The rows are in no order that means anything; `offset` has the order of the log.
    """
    known = cut.format_of(data, about)
    cuts = [cut.records_of(data, known)] if known else (cut.lines_of(data, *part) for part in cut.parts(data))
    times = clock.Times(about)
    tables, order, rest = [], [], []
    count = 0
    for where in cuts:
        places = np.arange(len(where.starts))
        if known is None and len(places) > _FEW:
            block = Block(data, where)
            alike, places = _alike(block, about, times.local_reference)
            for found in alike:
                tables.append(_table(found, block, about, offset))
                order.append(found.lines + count)
                if found.times is not None:
                    times.put(order[-1], found.times, in_utc=found.in_utc)
        rest.append(_Rest(places + count, where.starts[places], where.ends[places], where.pieces[places]))
        count += len(where.starts)
    left = _Rest.joined(rest)
    for begin in range(0, len(left.lines), _CHUNK):
        some = left.some(begin, begin + _CHUNK)
        table, texts = _one_by_one(data, some, known, about, offset)
        tables.append(table)
        order.append(some.lines)
        times.read(some.lines, texts)
    if not tables:
        return SCHEMA.empty_table()
    utc = times.utc(count)[np.concatenate(order)]
    return pa.concat_tables(tables).append_column("time", pa.array(utc.astype("datetime64[us]"))).select(SCHEMA.names)


def records(data: bytes, about: Source, *, offset: int = 0) -> list[Line]:
    """Return the same as `lines`, for few lines, in the order of the log."""
    return as_lines(lines(data, about, offset=offset))


def as_lines(table: pa.Table) -> list[Line]:
    """Return the rows of a table of lines as records, in the order of the log."""
    rows = table.sort_by([("source", "ascending"), ("offset", "ascending")]).to_pylist()
    for row in rows:
        row["time"] = row["time"].replace(tzinfo=UTC)
    return msgspec.convert(rows, list[Line], strict=False)


_learned: dict[tuple[str, Hop, frozenset[tuple[str, Hop]]], dict[Pattern, int]] = {}
"""The patterns of logs of which the same is known, with how many lines each took last. Threads share it: what is in it
is only ever replaced."""
_MOST_LOGS = 64


def _alike(block: Block, about: Source, reference: datetime) -> tuple[list[Taken], Places]:
    """Return lines that are of patterns, known or learned from the others, and the places of the rest."""
    can_take = block.can_take()
    lines, left = np.flatnonzero(can_take), np.flatnonzero(~can_take)
    counts = block.cut.counts[lines]
    lines = lines[np.argsort(counts.astype(np.uint16), kind="stable")]
    edges = np.searchsorted(block.cut.counts[lines], np.arange(MOST + 2))
    groups = {count: lines[begin:end] for count, (begin, end) in enumerate(pairwise(edges.tolist())) if begin < end}
    key = about.host, about.hop, frozenset(about.hops.items())
    known = dict(_learned.get(key, {}))
    alike: list[Taken] = []

    def take(pattern: Pattern) -> int:
        known[pattern] = 0
        if pattern.marks in groups and len(groups[pattern.marks]):
            found = taken(pattern, block, groups[pattern.marks], reference)
            known[pattern] = len(found.lines)
            if len(found.lines):
                alike.append(found)
                can_take[found.lines] = False
                groups[pattern.marks] = groups[pattern.marks][can_take[groups[pattern.marks]]]
        return known[pattern]

    for pattern in sorted(known, key=known.__getitem__, reverse=True):
        take(pattern)
    for _ in range(_ROUNDS):
        rest = np.concatenate([left[:0], *groups.values()])
        if len(rest) <= _FEW:
            break
        gained = idle = 0
        for line in rest[:: len(rest) // _SAMPLE + 1].tolist():
            text = block.text(line)
            new = learned(text, found_in(text, about), about)
            if new is not None and new not in known:
                won = take(new)
                gained += won
                idle += won < _WORTH
            if idle > _IDLE:
                break
        if gained < len(rest) // 20:
            break
    _learned.pop(key, None)
    _learned[key] = {pattern: lines for pattern, lines in known.items() if lines >= _WORTH}
    for old in list(_learned)[:-_MOST_LOGS]:
        _learned.pop(old, None)
    return alike, np.concatenate([left, *groups.values()])


def _table(found: Taken, block: Block, about: Source, offset: int) -> pa.Table:
    """Return the columns of lines that were read together, but the time."""
    count = len(found.lines)
    starts, ends = block.cut.starts[found.lines], block.cut.ends[found.lines]
    columns: dict[str, pa.Array | str] = {
        **found.columns,
        "source": about.name,
        "raw": block.array(block.words(starts, ends)),
    }
    arrays = {name: _same(value, count) if isinstance(value, str) else value for name, value in columns.items()}
    arrays |= {"offset": pa.array(starts + offset), "latin1": pa.repeat(pa.scalar(value=False), count)}
    return pa.table({name: arrays[name] for name in _WITHOUT_TIME})


def _same(value: str, count: int) -> pa.Array:
    """Return an array of one text, without making it anew each time."""
    return _repeated(value).slice(0, count) if count <= _CHUNK else pa.repeat(pa.scalar(value), count)


@lru_cache(maxsize=256)
def _repeated(value: str) -> pa.Array:
    return pa.repeat(pa.scalar(value), _CHUNK)


def _one_by_one(
    data: bytes, rest: _Rest, known: Format | None, about: Source, offset: int
) -> tuple[pa.Table, list[str]]:
    """Return the columns of some records but the time, and their times as written."""
    made: dict[str, list[str]] = {name: [] for name in (*COLUMNS, "raw")}
    latin1, times = [], []
    for start, end, is_piece in zip(rest.starts.tolist(), rest.ends.tolist(), rest.pieces.tolist(), strict=True):
        text, is_latin1 = _decoded(data[start:end])
        if is_piece:
            found = Found(unparsed(about), format=known)
        elif known:
            found = found_in_record(text, known, about)
        else:
            found = found_in(text, about)
        for name, value in found.columns.items():
            made[name].append(value)
        conceal = found.format.conceal if found.format else None
        made["raw"].append(conceal(text) if conceal else text)
        latin1.append(is_latin1)
        times.append(found.time)
    arrays = {name: pa.array(column, pa.string()) for name, column in made.items()}
    arrays["source"] = pa.repeat(pa.scalar(about.name), len(latin1))
    arrays |= {"offset": pa.array(rest.starts + offset), "latin1": pa.array(latin1, pa.bool_())}
    return pa.table({name: arrays[name] for name in _WITHOUT_TIME}), times


def _decoded(line: bytes) -> tuple[str, bool]:
    try:
        return line.decode(), False
    except UnicodeDecodeError:
        return line.decode("latin-1"), True
