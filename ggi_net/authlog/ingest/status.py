"""How things stand: how far each log was read, what the store takes, what could not be read, whose clocks are wrong,
and what was begun and not ended."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pyarrow.parquet as pq

from ggi_net.authlog.ingest.logfile import LogFile
from ggi_net.authlog.ingest.opened import opened
from ggi_net.authlog.ingest.reading import counted
from ggi_net.authlog.skew import skew
from ggi_net.authlog.store import hot, manifest
from ggi_net.authlog.store.columns import lines_of
from ggi_net.authlog.store.erase import unfinished
from ggi_net.errors import LogUnreadable
from ggi_net.model.types import Record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ggi_net.authlog.ingest.sources import Committed, Known
    from ggi_net.authlog.store.manifest import Manifest

DAYS = 2
SAMPLE = 20_000
"""How many of the newest lines tell whether clocks differ."""


class SourceStatus(Record, frozen=True, kw_only=True):
    """A log: where it was last, how many bytes of it are stored, and how many more there are (-1: nobody can see)."""

    source: str
    path: str
    stored: int
    behind: int
    seen: datetime | None
    reader: str


class DayStatus(Record, frozen=True, kw_only=True):
    """A day of the store: its lines, its logins, and the bytes on disk of what names people and of what is left."""

    day: str
    lines: int
    logins: int
    bytes: int
    closed: bool


class Stopped(Record, frozen=True, kw_only=True):
    """An erasure that was stopped, and has to be asked for again."""

    begun: datetime
    reason: str


class Status(Record, frozen=True, kw_only=True):
    """All of it. `kinds` counts lines by `product kind` of what is hot and of the newest days."""

    sources: tuple[SourceStatus, ...]
    days: tuple[DayStatus, ...]
    hot_files: int
    hot_bytes: int
    kinds: dict[str, int]
    clocks: dict[str, float]
    erasures: tuple[Stopped, ...]


def status(folder: Path) -> Status:
    """How the store in `folder` and its logs stand. Raises StoreMissing, StoreDamaged or FileError."""
    sources, committer = opened(folder)
    files = hot.listed(folder / "hot")
    there = manifest.read(folder)
    files = hot.live(files, there)
    return Status(
        sources=tuple(_source(one, committer, sources.claims.holder(one.spans[-1].claim)) for one in sources.all()),
        days=tuple(_days(there)),
        hot_files=len(files),
        hot_bytes=sum(_size(one.path) for one in files),
        kinds=_kinds(folder, there, [one.path for one in files]),
        clocks=_clocks([one.path for one in files]),
        erasures=tuple(Stopped(begun=proof.begun, reason=proof.reason) for proof in unfinished(folder)),
    )


def _source(known: Known, store: Committed, holder: str) -> SourceStatus:
    ranges = store.ranges(known.name)
    path = Path(known.path)
    behind = -1
    try:
        with LogFile(path) as file:
            if not file.compression:
                behind = max(0, file.bytes_on_disk - known.spans[-1].position(store))
    except LogUnreadable:
        pass
    return SourceStatus(
        source=known.name,
        path=known.path,
        stored=sum(end - begin for begin, end in ranges),
        behind=behind,
        seen=known.seen,
        reader=holder,
    )


def _days(there: Manifest) -> Iterator[DayStatus]:
    for name in sorted(there.days, reverse=True):
        day = there.days[name]
        yield DayStatus(
            day=name,
            lines=sum(one.line_count for one in day.sets),
            logins=sum(one.login_count for one in day.sets),
            bytes=sum(file.size for one in day.sets for file in one.files()),
            closed=day.closed,
        )


def _kinds(folder: Path, there: Manifest, paths: list[Path]) -> dict[str, int]:
    newest = sorted(there.days, reverse=True)[:DAYS]
    stored = [folder / file.path for name in newest for one in there.days[name].sets for file in one.lines]
    found: Counter[str] = Counter()
    for path in (*paths, *stored):
        try:
            found.update(counted(pq.read_table(path, columns=["product", "kind"], partitioning=None)))
        except FileNotFoundError:
            continue  # compacted meanwhile: its lines stand elsewhere by now
    return dict(sorted(found.items()))


def _clocks(paths: list[Path]) -> dict[str, float]:
    """Clocks that differ, seen from the newest hot lines."""
    tables, count = [], 0
    for path in sorted(paths, key=lambda one: -_written(one)):
        if count >= SAMPLE:
            break
        try:
            tables.append(hot.read([path]))
        except FileNotFoundError:
            continue
        count += tables[-1].num_rows
    return skew(line for table in tables for line in lines_of(table.slice(0, SAMPLE)))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def encoded(found: Status) -> bytes:
    """As JSON."""
    return msgspec.json.format(msgspec.json.encode(found), indent=1)
