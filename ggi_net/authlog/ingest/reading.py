"""One source into the store: blocks of whole records, each committed with the bytes that it is of."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import msgspec

from ggi_net.authlog.ingest.sources import PREFIX, Committed
from ggi_net.authlog.ingest.writer import Writer
from ggi_net.authlog.line import Hop, Kind
from ggi_net.authlog.read import Source, lines, whole
from ggi_net.authlog.read.cut import format_of
from ggi_net.model.types import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ggi_net.authlog.ingest.logfile import LogFile
    from ggi_net.authlog.ingest.sources import Span

BLOCK = 8 << 20


class Store(Committed, Protocol):
    """What of the store is needed here: what was committed, and a way to add to it."""

    def add(self, table: Any, source: str, begin: int, end: int, *, turn: Callable[[], object] | None = None) -> object:
        """Commit the lines of bytes `begin` to `end` of `source`, all or none; `turn` is called before they count."""
        ...


class About(Record, frozen=True, kw_only=True):
    """What is known of a log beside its lines; see `read/source.py`."""

    host: str = ""
    hop: Hop = Hop.UNKNOWN
    hops: dict[str, Hop] = msgspec.field(default_factory=dict)
    timezone: str = "Europe/Amsterdam"
    format: str = ""


class Tally(msgspec.Struct):
    """What came of reading. `kinds` counts lines by `product kind`; `left` are bytes of a record that is not whole."""

    lines: int = 0
    bytes: int = 0
    kinds: dict[str, int] = msgspec.field(default_factory=dict)
    left: int = 0

    def add(self, other: Tally) -> None:
        """Count another one in."""
        self.lines += other.lines
        self.bytes += other.bytes
        self.count(other.kinds)
        self.left += other.left

    def count(self, kinds: dict[str, int]) -> None:
        """Count in lines by `product kind`."""
        for name, number in kinds.items():
            self.kinds[name] = self.kinds.get(name, 0) + number

    @property
    def unparsed(self) -> int:
        """How many lines nothing could read."""
        return sum(number for name, number in self.kinds.items() if name.endswith(f" {Kind.UNPARSED}"))


class Block(NamedTuple):
    """Whole records, from byte `begin` to byte `end` of a source; in `data`, more can follow."""

    data: bytes
    begin: int
    end: int


def blocks(file: LogFile, about: Source, begin: int, end: int | None) -> Iterator[Block]:
    """The whole records of a file from byte `begin` on, in blocks; what follows the last one is not whole yet.

    With `end`, that is where a record ends, too. Raises LogUnreadable.
    """
    while True:
        size = BLOCK if end is None else min(BLOCK, end - begin)
        data = file.at(begin, size)
        if not data:
            return
        last = begin + len(data) == end or (len(data) < size and file.complete)
        taken = len(data) if last else whole(data, about)
        if not taken:
            return
        yield Block(data, begin, begin + taken)
        begin += taken


def store_span(file: LogFile, span: Span, about: About, store: Store, *, begin: int | None = None) -> Tally:
    """Store what is not stored yet of a span that this process has claimed; all of it is, when this returns.

    `begin` is up to where it is stored, when that is known. Raises LogUnreadable, or what the store raises.
    """
    tally = Tally()
    begin = span.position(store) if begin is None else begin
    source = described(file, span.source, about)
    if span.end is not None and begin >= span.end:
        return tally
    with Writer(store, span.source) as writer:
        for block in blocks(file, source, begin, span.end):
            table = lines(block.data, source, offset=block.begin, end=block.end - block.begin)
            writer.add(table, block.begin, block.end)
            tally.lines += table.num_rows
            tally.bytes += block.end - block.begin
            tally.count(counted(table))
            begin = block.end
    if span.end is None:
        tally.left = len(file.at(begin, BLOCK))
    return tally


def described(file: LogFile, name: str, about: About) -> Source:
    """What the reader is told of a file; the format is seen from its first bytes, which no later block has."""
    source = Source(
        name=name,
        reference=datetime.fromtimestamp(file.written, UTC),
        zone=about.timezone,
        host=about.host,
        hop=about.hop,
        hops=about.hops,
        format=about.format,
    )
    seen = format_of(file.at(0, PREFIX), source)
    return msgspec.structs.replace(source, format=seen.name) if seen else source


def counted(table: Any) -> dict[str, int]:
    """How many lines of each product and kind."""
    groups = table.group_by(["product", "kind"]).aggregate([([], "count_all")]).to_pydict()
    rows = zip(groups["product"], groups["kind"], groups["count_all"], strict=True)
    return {f"{product or 'unknown'} {kind}": number for product, kind, number in rows}
