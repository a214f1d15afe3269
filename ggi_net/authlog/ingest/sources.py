"""Which content is which: a log keeps its name in the store when its file is renamed, copied or compressed.

A source is known by its first bytes, up to 4096, and by the bytes before the position that was reached. So
`radius.log`, `radius.log.1` and `radius.log.1.gz` are one source while they hold the same lines, and a `radius.log`
that was truncated and written anew is another. The entries lie in the store's folder, by a hash of the first line.
They say which log it is; how far it was read, the store says.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

import msgspec

from ggi_net.authlog.ingest.claims import Claims
from ggi_net.errors import LogEntryBroken, Place
from ggi_net.files import read_bytes, write_atomic
from ggi_net.model.types import Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ggi_net.authlog.ingest.logfile import LogFile

PREFIX = 4096
TAIL = 256


class Committed(Protocol):
    """What of the store is needed here."""

    def ranges(self, source: str) -> Sequence[tuple[int, int]]:
        """Which bytes of `source` are stored: begins and ends, in order, those that touch as one."""
        ...


class Known(Record, frozen=True, kw_only=True):
    """A log that is known.

    `name` is its name in the store. `digest` is of its first `prefix` bytes, `tails` are digests of the bytes before
    the positions that were reached last, by position. `cuts` divide the beginning of a large file into spans that are
    read side by side. `path`, `size` and `seen` say where it was found last, how long it was and when.
    """

    name: str
    prefix: int
    digest: str
    tails: dict[int, str] = msgspec.field(default_factory=dict)
    cuts: tuple[int, ...] = ()
    path: str = ""
    size: int = 0
    seen: datetime | None = None

    @property
    def spans(self) -> tuple[Span, ...]:
        """The parts of it that are read by one worker each, in order; one when it was never cut."""
        ends: tuple[int | None, ...] = (*self.cuts, None)
        return tuple(Span(self.name, start, end) for start, end in zip((0, *self.cuts), ends, strict=True))


class Span(msgspec.Struct, frozen=True):
    """The part of a source from byte `start` to byte `end` (None: as long as it grows)."""

    source: str
    start: int
    end: int | None

    @property
    def claim(self) -> str:
        """The name under which one worker claims it."""
        return f"{self.source.rpartition('@')[2]}-{self.start}"

    def position(self, store: Committed) -> int:
        """Up to where it is stored, without a gap."""
        at = next((end for begin, end in store.ranges(self.source) if begin <= self.start < end), self.start)
        return at if self.end is None else min(at, self.end)


class Sources:
    """The sources that a store knows, in files of `folder` that all its writers share."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.claims = Claims(folder / "claims")

    def recognise(self, file: LogFile, store: Committed) -> Known | None:
        """The source whose content `file` has, registered when it is new; None while its first line is not complete.

        Raises LogUnreadable, FileError or LogEntryBroken.
        """
        head = file.at(0, PREFIX)
        if not head:
            return None
        key = self._key_of(head, file)
        if not key:
            return None
        with self.claims.held(f"{key}.entry"):
            entry = self._entry(key)
            found = self._match(entry, head, file, store)
            if found is None:
                lines = head.rfind(b"\n") + 1 or len(head)
                name = _fresh(_label(file.path), key, {source.name for source in entry})
                found = Known(name=name, prefix=lines, digest=_digest(head[:lines]))
            moved = msgspec.structs.replace(found, path=str(file.path), size=file.bytes_on_disk, seen=_now())
            if moved.path != found.path or found.seen is None:
                self._write(key, entry, moved)
            return moved

    def known(self, file: LogFile, store: Committed) -> Known | None:
        """As `recognise`, but nothing is registered: None for content that was never seen."""
        head = file.at(0, PREFIX)
        key = self._key_of(head, file) if head else ""
        return self._match(self._entry(key), head, file, store) if key else None

    def reached(self, source: Known, file: LogFile, position: int) -> None:
        """Note the first bytes, and the last ones before `position`, by which the content is known again later."""
        head = file.at(0, min(PREFIX, position))
        key = key_of(source.name)
        with self.claims.held(f"{key}.entry"):
            entry = self._entry(key)
            now = next((one for one in entry if one.name == source.name), source)
            grown = len(head) > now.prefix
            noted = msgspec.structs.replace(
                now,
                prefix=len(head) if grown else now.prefix,
                digest=_digest(head) if grown else now.digest,
                tails=dict(sorted({**now.tails, position: tail_of(file, position)}.items())[-2:]),
                path=str(file.path),
                size=file.bytes_on_disk,
                seen=_now(),
            )
            self._write(key, entry, noted)

    def cut(self, source: Known, cuts: tuple[int, ...]) -> Known:
        """Divide a source at `cuts`, for good, unless it was divided before; return it as it is now."""
        key = key_of(source.name)
        with self.claims.held(f"{key}.entry"):
            entry = self._entry(key)
            now = next((one for one in entry if one.name == source.name), source)
            if now.cuts:
                return now
            divided = msgspec.structs.replace(now, cuts=cuts)
            self._write(key, entry, divided)
            return divided

    def all(self) -> Iterator[Known]:
        """Every source that is known. Raises FileError or LogEntryBroken."""
        for path in sorted(self._folder.glob("known/*/*.json")):
            yield from self._entry(path.stem)

    def forget(self, before: datetime) -> int:
        """Remove what was not seen since `before`; return how many sources. Their files must be gone for good."""
        count = 0
        for path in sorted(self._folder.glob("known/*/*.json")):
            with self.claims.held(f"{path.stem}.entry"):
                entry = self._entry(path.stem)
                kept = [source for source in entry if source.seen is None or source.seen >= before]
                count += len(entry) - len(kept)
                if not kept:
                    path.unlink(missing_ok=True)
                elif len(kept) < len(entry):
                    write_atomic(path, msgspec.json.encode(kept))
        return count

    def _key_of(self, head: bytes, file: LogFile) -> str:
        first = _first_line(head)
        if not first:
            if len(head) < PREFIX and not file.complete:
                return ""
            first = head
        return _digest(first)[:16]

    def _match(self, entry: list[Known], head: bytes, file: LogFile, store: Committed) -> Known | None:
        for source in sorted(entry, key=lambda one: -one.prefix):
            if len(head) >= source.prefix and _digest(head[: source.prefix]) == source.digest:
                position = source.spans[-1].position(store)
                tail = source.tails.get(position)
                if tail is None or tail_of(file, position) in (tail, ""):
                    return source
        return None

    def _entry(self, key: str) -> list[Known]:
        path = self._path(key)
        if not path.exists():
            return []
        try:
            return msgspec.json.decode(read_bytes(path), type=list[Known])
        except msgspec.DecodeError as error:
            raise LogEntryBroken(f"damaged: {error}", place=Place(str(path))) from None

    def _write(self, key: str, entry: list[Known], source: Known) -> None:
        kept = [one for one in entry if one.name != source.name]
        write_atomic(self._path(key), msgspec.json.encode([*kept, source]), mode=0o640)

    def _path(self, key: str) -> Path:
        return self._folder / "known" / key[:2] / f"{key}.json"


def key_of(name: str) -> str:
    """The hash of the first line, which a source's name ends in."""
    return name.rpartition("@")[2].partition(".")[0]


def tail_of(file: LogFile, position: int) -> str:
    """A digest of the last bytes before `position`; empty when the content is not that long."""
    start = max(0, position - TAIL)
    data = file.at(start, position - start)
    return _digest(data) if len(data) == position - start else ""


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def _first_line(head: bytes) -> bytes:
    return head[: head.find(b"\n") + 1]


def _label(path: Path) -> str:
    """A path as a part of a name: short, printable, and the end of it, which says most."""
    text = "".join(c if c.isprintable() else "?" for c in str(path.absolute()))
    return text if len(text) <= 200 else "…" + text[-199:]


def _fresh(label: str, key: str, used: set[str]) -> str:
    """A name that no other source of that first line has."""
    name, number = f"{label}@{key}", 1
    while name in used:
        number += 1
        name = f"{label}@{key}.{number}"
    return name
