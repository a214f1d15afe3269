"""What there is to read, in pieces that any worker of any machine can take: spans of sources."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ggi_net.authlog.ingest.discover import Folders, matching, rotated
from ggi_net.authlog.ingest.logfile import LogFile
from ggi_net.authlog.ingest.reading import About, Tally, described, store_span
from ggi_net.authlog.ingest.sources import Span
from ggi_net.authlog.read import whole
from ggi_net.errors import LogUnreadable, Place
from ggi_net.model.types import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ggi_net.authlog.ingest.reading import Store
    from ggi_net.authlog.ingest.sources import Known, Sources
    from ggi_net.authlog.read import Source

SPAN = 64 << 20
MOST_SPANS = 256
_WINDOW = 64 * 1024


class Input(NamedTuple):
    """A file to read, and what is known of it."""

    path: Path
    about: About


class Task(Record, frozen=True, kw_only=True):
    """A span of a source to store, as a message that can be sent to a worker. `size` is about how much that is."""

    path: str
    source: str
    start: int
    end: int | None
    size: int
    about: About

    @property
    def span(self) -> Span:
        """The span that it is about."""
        return Span(self.source, self.start, self.end)


class Done(Record, frozen=True, kw_only=True):
    """What came of a task. `trouble` says what kept it from all of the content; `busy` who else reads it."""

    task: Task
    tally: Tally
    trouble: str = ""
    busy: str = ""


def inputs_of(patterns: Iterable[str], about: About, *, required: bool = True) -> list[Input]:
    """The files that patterns name, by their whole paths. Raises NoLogs."""
    return [Input(path.absolute(), about) for path in matching(patterns, required=required)]


def left_behind(path: Path, sources: Sources, store: Store, folders: Folders | None = None) -> list[Path]:
    """The rotated files of a log that may hold lines which were not read yet, oldest first.

    These are those that were read before under whatever name, and all that were rotated after the newest of those. Of
    a log that was never read, none: then only what was asked for is read.
    """
    found = rotated(path, folders)
    begun = []
    for other in found:
        try:
            with LogFile(other) as file:
                begun.append(sources.known(file, store) is not None)
        except LogUnreadable:
            begun.append(False)
    if not any(begun):
        return []
    newest = len(begun) - 1 - begun[::-1].index(True)
    return [other for number, other in enumerate(found) if number >= newest or begun[number]]


def tasks_of(one: Input, sources: Sources, store: Store) -> list[Task]:
    """What of a file is not stored yet; nothing when its first line is not whole. Raises LogUnreadable."""
    with LogFile(one.path) as file:
        known = sources.recognise(file, store)
        if known is None:
            return []
        size = file.bytes_on_disk
        last = known.spans[-1]
        if not file.compression and size - last.position(store) > 2 * SPAN and not known.cuts:
            known = _divided(file, known, one.about, sources, store)
        found = []
        for span in known.spans:
            begin, end = span.position(store), size if span.end is None else span.end
            if file.compression or begin < end:
                found.append(_task(one, known, span, max(0, end - begin)))
        return found


def _divided(file: LogFile, known: Known, about: About, sources: Sources, store: Store) -> Known:
    """A large source in spans; as it was when somebody reads it already."""
    last = known.spans[-1]
    claim = sources.claims.take(last.claim)
    if claim is None:
        return known
    try:
        source = described(file, known.name, about)
        return sources.cut(known, cuts(file, source, last.position(store), file.bytes_on_disk))
    finally:
        claim.release()


def _task(one: Input, known: Known, span: Span, size: int) -> Task:
    return Task(path=os.fspath(one.path), source=known.name, start=span.start, end=span.end, size=size, about=one.about)


def cuts(file: LogFile, about: Source, begin: int, size: int) -> tuple[int, ...]:
    """Where to divide a large file: places between records, after `begin`, SPAN apart or more."""
    step = max(SPAN, -(-(size - begin) // MOST_SPANS))
    found: list[int] = []
    for near in range(begin + step, size - step // 2, step):
        last = found[-1] if found else begin
        window = _WINDOW
        while window <= near - last:
            between = whole(file.at(near - window, window), about)
            if between:
                found.append(near - window + between)
                break
            window *= 8
    return tuple(found)


def run(task: Task, sources: Sources, store: Store) -> Done:
    """Store what a task names, unless somebody else does. Raises LogUnreadable, or what the store raises."""
    claim = sources.claims.take(task.span.claim)
    if claim is None:
        return Done(task=task, tally=Tally(), busy=sources.claims.holder(task.span.claim) or "somebody else")
    try:
        file, known = _content(task, sources, store)
        with file:
            if task.span not in known.spans:  # somebody divided it after this task was made
                return Done(task=task, tally=Tally(), busy=sources.claims.holder(task.span.claim))
            tally = store_span(file, task.span, task.about, store)
            if task.end is None and tally.bytes:
                sources.reached(known, file, task.span.position(store))
            return Done(task=task, tally=tally, trouble=file.trouble)
    finally:
        claim.release()


def _under_any_name(path: Path) -> Iterator[Path]:
    yield path
    yield from rotated(path)


def _content(task: Task, sources: Sources, store: Store) -> tuple[LogFile, Known]:
    """The file that has the source's content now: rotation may have renamed it since. Raises LogUnreadable."""
    path = Path(task.path)
    problem = None
    for candidate in _under_any_name(path):
        try:
            file = LogFile(candidate)
        except LogUnreadable as error:
            problem = problem or error
            continue
        known = sources.known(file, store)
        if known is not None and known.name == task.source:
            return file, known
        file.close()
    raise problem or LogUnreadable(
        "was replaced while it was read", place=Place(task.path), hint="run the same command again"
    )
