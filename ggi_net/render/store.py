"""Artifacts on disk: `OUT/<device>/<file>`, and `OUT/manifest.json` that tells what was rendered from what.

The manifest is replaced whole after the artifacts are in place. A file whose hash it does not know was changed by
hand, or comes from a run that was cut off; rendering again settles both.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from ggi_net.errors import FileError, FileMissing, NotInEstate, Place, nearest
from ggi_net.files import read_bytes, write_atomic
from ggi_net.model.types import HostName, PlatformName, Record, Slug
from ggi_net.render.artifact import Artifact

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from ggi_net.model.estate import Estate

MANIFEST = "manifest.json"

# Names in a manifest become paths that are read and removed: none may lead out of the folder.
_File = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*\Z")]


class Entry(Record, frozen=True, kw_only=True):
    """What was rendered for one device.

    `organisation` is the slug of its owner, `standard` the version followed, `estate` the digest of the estate it was
    rendered from (`estate_digest`), `files` the SHA-256 of each artifact in the order in which they are applied.
    """

    platform: PlatformName
    organisation: Slug
    standard: str
    estate: str
    files: dict[_File, str]


class Manifest(Record, frozen=True, kw_only=True):
    """All devices with artifacts in a folder, by name."""

    devices: dict[HostName, Entry] = msgspec.field(default_factory=dict)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of `folder`; raise FileMissing when nothing was rendered there, FileError when it is damaged."""
    path = folder / MANIFEST
    try:
        content = read_bytes(path)
    except FileMissing:
        raise FileMissing(
            "no rendered artifacts here", place=Place(str(folder)), hint=f"make them with `ggi render --out {folder}`"
        ) from None
    try:
        return msgspec.json.decode(content, type=Manifest)
    except msgspec.MsgspecError as error:
        raise FileError(
            f"not a manifest of `ggi render`: {error}", place=Place(str(path)), hint="remove the file and render again"
        ) from None


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Replace the manifest of `folder`; raise DiskFull or FileError, and then the old one stands."""
    ordered = Manifest(devices=dict(sorted(manifest.devices.items())))
    write_atomic(folder / MANIFEST, msgspec.json.format(msgspec.json.encode(ordered), indent=1) + b"\n")


def read_artifacts(
    folder: Path, devices: Iterable[str] = (), *, verify: bool = True
) -> dict[str, tuple[Artifact, ...]]:
    """The artifacts in `folder` by device, in the order in which they are applied; only of `devices` when given.

    `verify` refuses a file that is not what the manifest says: what is pushed must be what was rendered. Raises
    FileMissing, FileError, or NotInEstate for a device that was not rendered.
    """
    manifest = read_manifest(folder)
    names = list(devices) or list(manifest.devices)
    return {name: _artifacts(folder, name, manifest, verify=verify) for name in names}


def _artifacts(folder: Path, device: str, manifest: Manifest, *, verify: bool) -> tuple[Artifact, ...]:
    entry = manifest.devices.get(device)
    if entry is None:
        raise NotInEstate(
            f"no artifacts of '{device}' in {folder}{nearest(device, manifest.devices)}",
            hint=f"render them with `ggi render --device {device} --out {folder}`",
        )
    found = []
    for file, digest in entry.files.items():
        path = folder / device / file
        content = read_bytes(path)
        if verify and hashlib.sha256(content).hexdigest() != digest:
            raise FileError(
                "changed since it was rendered",
                place=Place(str(path)),
                hint="render again; what should differ belongs in the estate, not in the artifact",
            )
        found.append(Artifact(device, entry.platform, file, content.decode(errors="replace")))
    return tuple(found)


def estate_digest(estate: Estate) -> str:
    """A SHA-256, in hexadecimal, of all that rendering reads: organisations, standards and the ranges in force."""
    whole = (estate.ranges, estate.standards, estate.federation, estate.gemeenten)
    content = msgspec.json.encode(whole, order="deterministic")  # mappings come in any order out of NetBox
    return hashlib.sha256(content).hexdigest()
