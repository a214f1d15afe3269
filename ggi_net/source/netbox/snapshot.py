"""The last read of a NetBox, kept in a file, so that the next reads only what changed and work goes on without NetBox.

One file a NetBox in `$GGI_STATE/snapshots`, readable by its owner alone, written whole or not at all.
"""

from __future__ import annotations

import hashlib
import re
import time
from typing import TYPE_CHECKING, Any

import msgspec

from ggi_net.errors import FileMissing, Place, SnapshotUnusable
from ggi_net.files import read_bytes, write_atomic
from ggi_net.paths import state_folder
from ggi_net.source.netbox.changes import Position
from ggi_net.source.netbox.collector import no_collector
from ggi_net.source.netbox.tables import TABLES

if TYPE_CHECKING:
    from pathlib import Path

    from ggi_net.source.netbox.tables import Tables

FORMAT = 1
"""Raised when what a snapshot holds changes; one of another format is read again in full."""

_AGES = (("day", 86400), ("hour", 3600), ("minute", 60))


class Snapshot(msgspec.Struct, frozen=True, array_like=True):
    """A read, with the NetBox that it is of.

    `owner` tells one token from another without being one; `taken` is when it was read, in Unix time; `columns` are
    those of each table, by which a snapshot of another version of the toolkit is known.
    """

    format: int
    url: str
    owner: str
    taken: float
    way: str
    position: Position
    columns: dict[str, tuple[str, ...]]
    rows: dict[str, list[tuple[Any, ...]]]

    @property
    def tables(self) -> Tables:
        """The tables that were read."""
        return {name: {row[0]: row for row in rows} for name, rows in self.rows.items()}

    @property
    def age(self) -> str:
        """How old it is, in words for people."""
        seconds = max(0, int(time.time() - self.taken))
        for unit, length in _AGES:
            if seconds >= length:
                count = seconds // length
                return f"{count} {unit}{'s' if count > 1 else ''} old"
        return "less than a minute old"


def make_snapshot(url: str, token: str, way: str, position: Position, tables: Tables) -> Snapshot:
    """The snapshot that keeps what was read now."""
    rows = {name: list(found.values()) for name, found in tables.items()}
    return Snapshot(FORMAT, url, owner_of(token), time.time(), way, position, _columns(), rows)


def owner_of(token: str) -> str:
    """What stands for a token in a snapshot: a part of its digest. (A token is 40 random characters.)"""
    return hashlib.sha256(f"ggi snapshot {token}".encode()).hexdigest()[:16]


def snapshots_folder() -> Path:
    """Where snapshots are kept."""
    return state_folder() / "snapshots"


def snapshot_file(url: str) -> Path:
    """The file of the snapshot of the NetBox at `url`."""
    readable = re.sub(r"[^a-z0-9.-]+", "-", url.lower().partition("://")[2])[:60].strip("-.")
    return snapshots_folder() / f"{readable}-{hashlib.sha256(url.encode()).hexdigest()[:8]}.msgpack"


def only_snapshot() -> Path:
    """The one snapshot that there is; raise SnapshotUnusable when there is none, or more than one."""
    found = sorted(path for path in snapshots_folder().glob("*.msgpack") if not path.name.startswith("."))
    if len(found) != 1:
        count = f"{len(found)} snapshots" if found else "no snapshot"
        raise SnapshotUnusable(
            f"there is {count} of NetBox" if not found else f"there are {count}, of different NetBoxes",
            place=Place(str(snapshots_folder())),
            hint="set GGI_NETBOX_URL to the one that is meant" if found else None,
        )
    return found[0]


def load_snapshot(path: Path) -> Snapshot:
    """The snapshot in `path`; raise SnapshotUnusable, or FileError when it can't be read."""
    try:
        content = read_bytes(path)
    except FileMissing:
        raise SnapshotUnusable("there is no snapshot of this NetBox", place=Place(str(path))) from None
    problem = ""
    with no_collector():
        try:
            found = msgspec.msgpack.decode(content, type=Snapshot)
        except msgspec.DecodeError:
            problem = "the snapshot is damaged, or of another version of the toolkit"
        else:
            if found.format != FORMAT or found.columns != _columns():
                problem = "the snapshot is of another version of the toolkit"
    if problem:
        raise SnapshotUnusable(problem, place=Place(str(path)))
    return found


def save_snapshot(snapshot: Snapshot, path: Path) -> None:
    """Write `snapshot`, readable by its owner alone; raise DiskFull or FileError, with the one before still there."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_atomic(path, msgspec.msgpack.encode(snapshot), mode=0o600, durable=False)


def _columns() -> dict[str, tuple[str, ...]]:
    return {table.name: tuple(table.index) for table in TABLES}
