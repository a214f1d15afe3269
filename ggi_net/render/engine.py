"""Rendering many devices onto disk: all processors, only what changed, one device's failure is its own."""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from functools import cached_property, partial
from typing import TYPE_CHECKING, NamedTuple

import jinja2
import msgspec

from ggi_net.errors import DiskFull, FileError, FileMissing, GgiError, Place
from ggi_net.files import write_if_changed
from ggi_net.render.device import render_device
from ggi_net.render.environment import environment
from ggi_net.render.platform import platform
from ggi_net.render.pool import Died, cores, fork_each
from ggi_net.render.store import Entry, Manifest, estate_digest, read_manifest, write_manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    from ggi_net.model.estate import Estate, Placed

_BATCH = 24
"""Devices that a worker gets at once: enough to hide the pipe, few enough to keep all workers busy to the end."""

_HEAVY_LINKS = 32
"""A device with at least so many links (a core) is a batch of its own and starts first."""


class Written(NamedTuple):
    """One device's artifacts on disk: the digest of each file, and how many files were written and removed."""

    files: dict[str, str]
    written: int
    removed: int


class Failure(NamedTuple):
    """A device that could not be rendered; its old artifacts stand. `text` is the error for people."""

    device: str
    text: str
    disk_full: bool = False


class Summary(msgspec.Struct, kw_only=True):
    """What a run did: devices rendered per platform; files written, unchanged and removed; the failures."""

    platforms: Counter[str] = msgspec.field(default_factory=Counter)
    written: int = 0
    unchanged: int = 0
    removed: int = 0
    failures: list[Failure] = msgspec.field(default_factory=list)

    @property
    def rendered(self) -> int:
        """Devices rendered."""
        return self.platforms.total()


def render_estate(
    estate: Estate,
    devices: Sequence[Placed],
    out: Path,
    *,
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Summary:
    """Render `devices` below `out` and bring its manifest up to date; `progress` is told how many devices were done.

    When `devices` are all of the estate, what an earlier run rendered for devices that have left it is removed, but
    not while gemeenten are left out of the estate because their data is broken. Raises
    DiskFull, or FileError when `out` can't be used; a device that fails is in the summary instead. Can be stopped at
    any moment: artifacts and manifest are whole, and the next run completes the work.
    """
    known = _known(out)
    summary = Summary()
    entries = dict(known.devices)
    digest = estate_digest(estate)
    prepare(estate, devices)
    try:
        done = fork_each(
            lambda n: render_to(estate, estate.devices[n], out), batches(estate, devices), workers or cores()
        )
        for name, result in done:
            if isinstance(result, Died):
                summary.failures.append(Failure(name, f"{name}: the worker that rendered it ended with {result.how}"))
            elif isinstance(result, Failure):
                if result.disk_full:
                    raise DiskFull("no space left on the disk: " + result.text, hint=DiskFull.default_hint)
                summary.failures.append(result)
            else:
                placed = estate.devices[name]
                entries[name] = Entry(
                    platform=placed.device.platform,
                    organisation=placed.organisation.slug,
                    standard=placed.organisation.standard,
                    estate=digest,
                    files=result.files,
                )
                summary.platforms[placed.device.platform] += 1
                summary.written += result.written
                summary.unchanged += len(result.files) - result.written
                summary.removed += result.removed
            if progress:
                progress(1)
        if len(devices) == len(estate.devices) and not estate.left_out:
            for gone in [name for name in entries if name not in estate.devices]:
                summary.removed += _remove_others(out / gone, ())
                del entries[gone]
    finally:
        if entries != known.devices:
            write_manifest(out, Manifest(devices=entries))
    return summary


def prepare(estate: Estate, devices: Sequence[Placed]) -> None:
    """Build the estate's indexes and compile the templates of `devices`, once, before workers share them."""
    for name, member in vars(type(estate)).items():
        if isinstance(member, cached_property):
            getattr(estate, name)
    jinja = environment()
    folders: set[str] = set()
    for name in sorted({placed.device.platform for placed in devices}):
        with contextlib.suppress(GgiError):  # the devices of that platform will tell
            folders.update(kind.template.rpartition("/")[0] + "/" for kind in platform(name).artifacts)
    for template in jinja.list_templates(filter_func=partial(_below, tuple(folders))):
        with contextlib.suppress(jinja2.TemplateError, ValueError, OSError):  # its devices will tell
            jinja.get_template(template)


def _below(folders: tuple[str, ...], template: str) -> bool:
    return template.startswith(folders) and template.endswith(".j2")


def batches(estate: Estate, devices: Sequence[Placed]) -> list[tuple[str, ...]]:
    """The devices' names in batches: heavy devices alone and first, then the others in estate order."""
    weight = {placed.device.name: len(estate.links_of.get(placed.device.name, ())) for placed in devices}
    heavy = sorted(
        (name for name, links in weight.items() if links >= _HEAVY_LINKS), key=weight.__getitem__, reverse=True
    )
    light = [name for name, links in weight.items() if links < _HEAVY_LINKS]
    return [(name,) for name in heavy] + [tuple(light[i : i + _BATCH]) for i in range(0, len(light), _BATCH)]


def render_to(estate: Estate, placed: Placed, out: Path) -> Written | Failure:
    """Render one device below `out`: first all of it, then write what changed and remove what no longer belongs."""
    name = placed.device.name
    try:
        artifacts = render_device(estate, placed)
        folder = out / name
        written = sum(write_if_changed(folder / a.file, a.text.encode()) for a in artifacts)
        removed = _remove_others(folder, {a.file for a in artifacts})
    except GgiError as error:
        if name not in error.message:
            error.message = f"{name}: {error.message}"
        return Failure(name, str(error), isinstance(error, DiskFull))
    return Written({a.file: a.digest for a in artifacts}, written, removed)


def _remove_others(folder: Path, files: Collection[str]) -> int:
    """Remove the files below `folder` that are not among `files`, and folders left empty; return how many files."""
    count = 0
    for parent, _, names in os.walk(folder, topdown=False):
        for name in names:
            path = os.path.join(parent, name)  # noqa: PTH118  a Path per file costs more than the look
            if os.path.relpath(path, folder) not in files:
                os.unlink(path)  # noqa: PTH108
                count += 1
        if not files:
            with contextlib.suppress(OSError):  # something in it that is not ours
                os.rmdir(parent)  # noqa: PTH106
    return count


def _known(out: Path) -> Manifest:
    if out.exists() and not out.is_dir():
        raise FileError("is not a folder", place=Place(str(out)), hint="name a folder for the artifacts with --out")
    try:
        return read_manifest(out)
    except FileMissing:
        return Manifest()
