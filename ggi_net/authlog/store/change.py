"""Replacing the manifest: what no longer counts goes to the trash, and from there after a while."""

from __future__ import annotations

import os
import shutil
import socket
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from ggi_net.authlog.store import manifest as manifests
from ggi_net.authlog.store.manifest import Manifest, Trash
from ggi_net.files import remove_file

if TYPE_CHECKING:
    from collections.abc import Iterable

GRACE: Final = timedelta(minutes=5)
"""How long files stay that count no more; no reader takes longer with a manifest."""


def replace(folder: Path, old: Manifest, now: datetime, *, gone: Iterable[str] = (), **changes: object) -> Manifest:
    """Write a manifest with `changes`; files that only `old` names, and those in `gone`, go to the trash.

    A week of which a set is gone goes as well: nothing that was removed from a day may stay in a copy of it.

    Raises DiskFull or FileError; then the store is as it was.
    """
    new = msgspec.structs.replace(old, version=manifests.VERSION, generation=old.generation + 1, **changes)
    there = {one.logins[0].path for day in new.days.values() for one in day.sets if one.logins}
    new = msgspec.structs.replace(new, weeks=tuple(week for week in new.weeks if there.issuperset(week.of)))
    kept = {file.path for file in new.files()}
    dropped = [file.path for file in old.files() if file.path not in kept]
    waiting = [one for one in old.trash if (folder / one.path).exists()]
    trash = (*waiting, *(Trash(path=path, since=now) for path in (*dropped, *gone)))
    new = msgspec.structs.replace(new, trash=trash)
    manifests.write(folder, new)
    return new


def empty_trash(folder: Path, manifest: Manifest, now: datetime, *, at_once: Iterable[str] = ()) -> None:
    """Remove what has been in the trash for a while, and of the rest what shall go at once."""
    urgent = frozenset(at_once)
    for one in manifest.trash:
        if now - one.since >= GRACE or one.path in urgent:
            remove_file(folder / one.path)


def sweep(folder: Path, manifest: Manifest) -> None:
    """Remove what was written by somebody who was killed before the manifest named it. Only for who holds the lock."""
    known = {file.path for file in manifest.files()} | {one.path for one in manifest.trash}
    for top in ("days", "weeks", "carried"):
        for path in (folder / top).rglob("*"):
            if path.is_file() and str(path.relative_to(folder)) not in known:
                remove_file(path)
    named = {(folder / file.path).parent for file in manifest.files()}
    for empty in (*(folder / "days").iterdir(), *(folder / "weeks").glob("*")):
        if empty not in named and not any(empty.iterdir()):
            empty.rmdir()
    for left in (folder / "spill").glob(f"{socket.gethostname()}-*"):
        if not Path("/proc", left.name.rpartition("-")[2]).exists():
            shutil.rmtree(left, ignore_errors=True)


def spill_folder(folder: Path) -> Path:
    """Where this process puts what does not fit into its memory."""
    return folder / "spill" / f"{socket.gethostname()}-{os.getpid()}"
