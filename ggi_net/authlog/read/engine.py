"""The engine: bytes of a log in, lines out."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa

from ggi_net.authlog.line import REPEATED, TEXT_COLUMNS, Line
from ggi_net.authlog.read import clock, cut
from ggi_net.authlog.read.alike import MOST, Pattern, learned
from ggi_net.authlog.read.one import COLUMNS, Found, found_in, found_in_record, unparsed

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

    from ggi_net.authlog.line import Hop
    from ggi_net.authlog.read.cut import Cut, Places
    from ggi_net.authlog.read.format import Format
    from ggi_net.authlog.read.source import Source
    from ggi_net.authlog.read.take import Taken

SCHEMA = pa.schema(
    [("time", pa.timestamp("us"))]
    + [(name, pa.string()) for name in TEXT_COLUMNS if name != "raw"]
    + [("offset", pa.int64()), ("raw", pa.string()), ("latin1", pa.bool_())]
)
"""The columns of a table of lines, in the order of the record `Line`."""

_CHUNK = 20_000
"""How many lines are read one by one before they are put into columns."""
_FEW = 400
"""So many lines are read one by one; to learn from them would take longer. Once the compiled loops are there, they are
worth it for a quarter of that."""
_SAMPLE = 64
_ROUNDS = 6
_WORTH = 10
"""A pattern that takes fewer lines of a block is forgotten."""
_IDLE = 12
"""After so many of those, learning from a sample ends: its lines have little in common."""


_NONE = np.zeros(0, np.int64)


class _Piece(NamedTuple):
    """Lines that were read: their places in the log's order, and columns; a text stands for a column full of it."""

    lines: Places
    columns: dict[str, pa.Array | str]
    offsets: Places
    latin1: NDArray[np.bool_]


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


def lines(data: bytes, about: Source, *, offset: int = 0, end: int | None = None) -> pa.Table:
    """Return every record in `data` as a row of SCHEMA; `offset` is where in the log `data` begins. With `end`, as if
    `data` ended there, without a copy.

    Nothing is left out: what no format knows is of kind UNPARSED. Of a log that grows, give only whole records (see
    `cut.whole`). The rows are in no order that means anything; `offset` has the order of the log. A column of texts
    may be a dictionary of them instead, where few differ.
    """
    known = cut.format_of(data, about)
    end = len(data) if end is None else end
    within = (cut.lines_of(data, *part) for part in cut.parts(data, end))
    cuts = [cut.records_of(data[:end], known)] if known else within
    times = clock.Times(about)
    pieces: list[_Piece] = []
    rest = []
    count = 0
    for where in cuts:
        places = np.arange(len(where.starts))
        if known is None and len(places) > _FEW:
            alike, places = _alike(data, where, about, times.local_reference)
            for found in alike:
                starts = where.starts[found.lines] + offset
                columns = {**found.columns, "source": about.name}
                pieces.append(_Piece(found.lines + count, columns, starts, np.zeros(len(starts), bool)))
                if found.times is not None:
                    times.put(pieces[-1].lines, found.times, in_utc=found.in_utc)
        rest.append(_Rest(places + count, where.starts[places], where.ends[places], where.pieces[places]))
        count += len(where.starts)
    left = _Rest.joined(rest)
    for begin in range(0, len(left.lines), _CHUNK):
        some = left.some(begin, begin + _CHUNK)
        piece, texts = _one_by_one(data, some, known, about, offset)
        pieces.append(piece)
        times.read(some.lines, texts)
    if not pieces:
        return SCHEMA.empty_table()
    utc = times.utc(count)[np.concatenate([piece.lines for piece in pieces])]
    codes: dict[tuple[int, ...], pa.Array] = {}
    others = {
        "time": pa.array(utc.astype("datetime64[us]")),
        "offset": pa.chunked_array([pa.array(piece.offsets) for piece in pieces]),
        "latin1": pa.chunked_array([pa.array(piece.latin1) for piece in pieces]),
    }
    return pa.table({name: others[name] if name in others else _texts(name, pieces, codes) for name in SCHEMA.names})


def records(data: bytes, about: Source, *, offset: int = 0) -> list[Line]:
    """Return the same as `lines`, for few lines, in the order of the log."""
    return as_lines(lines(data, about, offset=offset))


def as_lines(table: pa.Table) -> list[Line]:
    """Return the rows of a table of lines as records, in the order of the log."""
    rows = table.cast(SCHEMA).sort_by([("source", "ascending"), ("offset", "ascending")]).to_pylist()
    for row in rows:
        row["time"] = row["time"].replace(tzinfo=UTC)
    return msgspec.convert(rows, list[Line], strict=False)


_learned: dict[tuple[str, Hop, frozenset[tuple[str, Hop]]], dict[Pattern, int]] = {}
"""The patterns of logs of which the same is known, with how many lines each took last. Threads share it: what is in it
is only ever replaced."""
_MOST_LOGS = 64


def _alike(data: bytes, where: Cut, about: Source, reference: datetime) -> tuple[list[Taken], Places]:
    """Return lines that are of patterns, known or learned from the others, and the places of the rest."""
    from ggi_net.authlog.read.take import taken  # the compiler takes half a second to import: only who needs it waits

    may = (where.ends - where.starts <= MOST) & ~where.pieces
    lines, others = np.flatnonzero(may), np.flatnonzero(~may)
    key = about.host, about.hop, frozenset(about.hops.items())
    known = dict(_learned.get(key, {}))
    alike: list[Taken] = []

    def take(pattern: Pattern) -> int:
        nonlocal lines
        found, lines = taken(pattern, data, where, lines, reference)
        known[pattern] = len(found.lines)
        if len(found.lines):
            alike.append(found)
        return known[pattern]

    for pattern in sorted(known, key=known.__getitem__, reverse=True):
        take(pattern)
    for _ in range(_ROUNDS):
        if len(lines) <= _FEW // 4:
            break
        before, idle = len(lines), 0
        for line in lines[:: len(lines) // _SAMPLE + 1].tolist():
            text = data[where.starts[line] : where.ends[line]].decode("latin-1")
            new = learned(text, found_in(text, about), about)
            if new is not None and new not in known:
                idle += take(new) < _WORTH
            if idle > _IDLE:
                break
        if before - len(lines) < before // 20:
            break
    _learned.pop(key, None)
    _learned[key] = {pattern: took for pattern, took in known.items() if took >= _WORTH}
    for old in list(_learned)[:-_MOST_LOGS]:
        _learned.pop(old, None)
    return alike, np.concatenate([others, lines])


def _texts(name: str, pieces: list[_Piece], codes: dict[tuple[int, ...], pa.Array]) -> pa.ChunkedArray | pa.Array:
    """Return a column of texts: a dictionary where few differ, since that is made and written sooner.

    Most columns are full of one text, so they have the same codes: `codes` keeps those by the code of each piece.
    """
    found = [piece.columns[name] for piece in pieces]
    counts = [len(piece.lines) for piece in pieces]
    if all(isinstance(values, str) for values in found):
        known = {value: code for code, value in enumerate(dict.fromkeys(found))}
        code = tuple(known[value] for value in found)
        if code not in codes:
            codes[code] = pa.array(np.repeat(np.array(code, np.int32), counts))
        return pa.DictionaryArray.from_arrays(codes[code], pa.array(known), safe=False)
    plain = [
        pa.repeat(pa.scalar(values), count) if isinstance(values, str) else values
        for values, count in zip(found, counts, strict=True)
    ]
    if name in REPEATED:
        return pa.chunked_array([values.dictionary_encode() for values in plain]).unify_dictionaries()
    return pa.chunked_array(plain, pa.string())


def _one_by_one(data: bytes, rest: _Rest, known: Format | None, about: Source, offset: int) -> tuple[_Piece, list[str]]:
    """Return some records, and their times as written."""
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
    columns = {
        name: column[0] if column.count(column[0]) == len(column) else pa.array(column, pa.string())
        for name, column in made.items()
    }
    columns["source"] = about.name
    return _Piece(rest.lines, columns, rest.starts + offset, np.array(latin1, bool)), times


def _decoded(line: bytes) -> tuple[str, bool]:
    try:
        return line.decode(), False
    except UnicodeDecodeError:
        return line.decode("latin-1"), True
