"""From NetBox to an estate: read what changed since the snapshot, keep it, and put the estate together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ggi_net.errors import GemeenteLeftOut, Place, SnapshotUnusable
from ggi_net.source.netbox.assemble import assemble
from ggi_net.source.netbox.read import Reading, read, update
from ggi_net.source.netbox.settings import known_url
from ggi_net.source.netbox.snapshot import (
    load_snapshot,
    make_snapshot,
    only_snapshot,
    owner_of,
    save_snapshot,
    snapshot_file,
)

if TYPE_CHECKING:
    from pathlib import Path

    from ggi_net.source.netbox.assemble import Assembled
    from ggi_net.source.netbox.client import NetBox
    from ggi_net.source.netbox.settings import Settings
    from ggi_net.source.netbox.snapshot import Snapshot


@dataclass(frozen=True)
class Pulled:
    """A read that was kept in `file`."""

    reading: Reading
    file: Path


def pull(client: NetBox, settings: Settings, *, full: bool = False, way: str | None = None) -> Pulled:
    """Read what NetBox has, as far as it changed since the last pull, and keep it for the next and for work offline.

    All is read where there is no snapshot to start from, with another token than then, with `full`, and with a `way`
    (a key of `ggi_net.source.netbox.read.WAYS`). Raises a NetBoxError, DiskFull or FileError; the snapshot is then as
    it was.
    """
    file = snapshot_file(settings.url)
    if full or way:
        reading = read(client, way)
    else:
        try:
            before = load_snapshot(file)
        except SnapshotUnusable as problem:
            reading = read(client)
            if file.exists():
                reading = replace(reading, notes=(f"read in full: {problem.message}", *reading.notes))
        else:
            reading = _since(client, settings, before)
    save_snapshot(make_snapshot(settings.url, settings.token, reading.way, reading.position, reading.tables), file)
    return Pulled(reading, file)


def _since(client: NetBox, settings: Settings, before: Snapshot) -> Reading:
    if before.owner != owner_of(settings.token):
        reading = read(client)
        return replace(reading, notes=("read in full: the last pull was with another token", *reading.notes))
    return update(client, Reading(before.tables, before.position, before.way, 0.0))


def stored() -> Snapshot:
    """The last pull of the NetBox in the settings, or of the only one that was ever pulled; raise SnapshotUnusable."""
    url = known_url()
    return load_snapshot(snapshot_file(url) if url else only_snapshot())


def put_together(tables: Snapshot | Reading, url: str, *, strict: bool = False) -> Assembled:
    """The estate of what was read of the NetBox at `url`.

    Gemeenten whose data is broken are left out, each with its reason; with `strict` GemeenteLeftOut is raised instead.
    Raises EstateEmpty or another GgiError when there is no estate without it (`assemble`).
    """
    found = assemble(tables.tables, url)
    if strict and found.problems:
        reasons = "\n".join(f"  {slug}: {problem}" for slug, problem in found.problems.items())
        raise GemeenteLeftOut(
            f"{len(found.problems)} gemeenten would be left out of the estate:\n{reasons}"
            if len(found.problems) > 1
            else f"a gemeente would be left out of the estate:\n{reasons}",
            place=Place(url),
        )
    return found
