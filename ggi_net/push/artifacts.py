"""The artifacts to push: what `ggi render` wrote, refused when it is not what the estate says now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ggi_net.errors import ArtifactsStale, Place
from ggi_net.render.store import estate_digest, read_artifacts, read_manifest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from ggi_net.model.estate import Estate
    from ggi_net.render.artifact import Artifact


def read_current(folder: Path, estate: Estate, devices: Iterable[str] = ()) -> dict[str, tuple[Artifact, ...]]:
    """The artifacts of `devices` (default: all in the folder), in the order in which they are applied.

    Raises ArtifactsStale when the estate or the standard changed since they were rendered, FileError for a file that
    was changed by hand, FileMissing for a folder without artifacts, NotInEstate for a device that was not rendered.
    """
    names = list(devices) or list(read_manifest(folder).devices)
    found = read_artifacts(folder, names)
    digest = estate_digest(estate)
    entries = read_manifest(folder).devices
    stale = [name for name in names if entries[name].estate != digest]
    if stale:
        others = f" and {len(stale) - 1} others" if len(stale) > 1 else ""
        raise ArtifactsStale(
            f"{stale[0]}{others} rendered from another state of the estate '{estate.name}'", place=Place(str(folder))
        )
    return found
