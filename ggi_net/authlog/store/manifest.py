"""What a store is at one moment: one JSON file, replaced as a whole, names every file that counts."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

import msgspec

from ggi_net.errors import FileMissing, Place, StoreDamaged, StoreMissing, StoreNewer
from ggi_net.files import read_bytes, write_atomic
from ggi_net.model.types import Record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

VERSION: Final = 2
"""Of the layout; a store of a higher one is not touched. One of version 1, which had no weeks, is read as it is."""

Range = tuple[int, int]


class File(Record, frozen=True, kw_only=True):
    """One Parquet file: its path in the store, its bytes, and the first and the last place in it."""

    path: str
    size: int
    first: int = 0
    last: int = 65535


class FileSet(Record, frozen=True, kw_only=True):
    """The files that were written together for one day.

    `key` names the key of their hashes. `begin` and `end` span the times of their lines and of their logins' begins.
    `lines`, `copies` (where lines stand a second time), `logins`, `index` (from identities and logins to places) and
    the counts by `hours` and `days` are files; `line_count` and `login_count` their rows.
    """

    key: str
    begin: datetime
    end: datetime
    line_count: int
    login_count: int
    lines: tuple[File, ...] = ()
    copies: tuple[File, ...] = ()
    logins: tuple[File, ...] = ()
    index: tuple[File, ...] = ()
    hours: tuple[File, ...] = ()
    days: tuple[File, ...] = ()

    def files(self) -> Iterator[File]:
        """All of them."""
        yield from (*self.lines, *self.copies, *self.logins, *self.index, *self.hours, *self.days)


class Lent(Record, frozen=True):
    """A line of the next day that a login of this one has: its log and offset, where it stands there, and its turn."""

    source: str
    offset: int
    place: int
    login: int
    nth: int


class Day(Record, frozen=True, kw_only=True):
    """A day in UTC. `closed` when its logins were put together again from all of its lines (`close.py`).

    `lent` are lines that stand in the next day, because of their time. `forgotten` is the age in days at which was
    last removed from it what had to go (`retention.py`).
    """

    sets: tuple[FileSet, ...] = ()
    closed: bool = False
    lent: tuple[Lent, ...] = ()
    forgotten: int = 0


class Week(Record, frozen=True, kw_only=True):
    """The logins of several days a second time, `together` in one set, so that a search opens fewer files (`weeks.py`).

    `of` names the sets that they are from, each by its first file of logins.
    """

    of: tuple[str, ...]
    together: FileSet


class Trash(Record, frozen=True, kw_only=True):
    """A file that counts no more, and since when; readers of the manifest before may still read it."""

    path: str
    since: datetime


class Manifest(Record, frozen=True, kw_only=True):
    """All that counts. `sources` has for each log the ranges of bytes that were taken out of hot files."""

    version: int
    generation: int = 0
    days: dict[str, Day] = msgspec.field(default_factory=dict)
    weeks: tuple[Week, ...] = ()
    carried: tuple[File, ...] = ()
    sources: dict[str, tuple[Range, ...]] = msgspec.field(default_factory=dict)
    trash: tuple[Trash, ...] = ()

    def files(self) -> Iterator[File]:
        """Every file that counts."""
        yield from self.carried
        for day in self.days.values():
            for one in day.sets:
                yield from one.files()
        for week in self.weeks:
            yield from week.together.files()


def path_of(folder: Path) -> Path:
    """Where the manifest of a store is."""
    return folder / "manifest.json"


def read(folder: Path) -> Manifest:
    """The manifest; raise StoreMissing, StoreNewer or StoreDamaged."""
    path = path_of(folder)
    try:
        content = read_bytes(path)
    except FileMissing:
        raise StoreMissing(
            "no store of logins is here",
            place=Place(str(folder)),
            hint="name its folder, or make one by ingesting logs",
        ) from None
    try:
        version = msgspec.json.decode(content, type=_Version).version
        if version > VERSION:
            raise StoreNewer(
                f"written in version {version} of the layout; this toolkit knows {VERSION}", place=Place(str(path))
            )
        return msgspec.json.decode(content, type=Manifest)
    except msgspec.MsgspecError as error:
        raise StoreDamaged(f"the manifest can't be read: {error}", place=Place(str(path))) from None


def write(folder: Path, manifest: Manifest) -> None:
    """Replace the manifest; from then on the store is what it says. Raises DiskFull or FileError."""
    write_atomic(path_of(folder), msgspec.json.encode(manifest), mode=0o640)


def merged(ranges: tuple[Range, ...], added: Range) -> tuple[Range, ...]:
    """`ranges` of bytes with one more: in order, those that touch as one."""
    found: list[Range] = []
    for begin, end in sorted((*ranges, added)):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((begin, end))
    return tuple(found)


def holds(ranges: tuple[Range, ...], begin: int, end: int) -> bool:
    """Whether all bytes from `begin` to `end` are in `ranges`."""
    return any(first <= begin and end <= last for first, last in ranges)


class _Version(msgspec.Struct):
    version: int
