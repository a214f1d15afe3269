"""How far each device of an organisation is: rendered, pushed, verified."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from ggi_net.errors import FileMissing, GgiError
from ggi_net.model.types import Record
from ggi_net.push.journal import GOOD, entries
from ggi_net.render.device import render_device
from ggi_net.render.environment import environment
from ggi_net.render.store import estate_digest, read_artifacts, read_manifest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from ggi_net.model.estate import Estate, Placed
    from ggi_net.push.journal import JournalEntry


class Rendered(StrEnum):
    """What is in the folder of artifacts."""

    NO = "no"
    OUTDATED = "outdated"
    EDITED = "changed by hand"
    CURRENT = "current"


class DeviceStatus(Record, frozen=True, kw_only=True):
    """One device.

    `pushed` is when something was last pushed to it (RFC 3339), `outcome` how that ended and `error` why not well.
    `verified`: the last push found, over a new connection where it had changed something, that the device runs what
    the estate intends now.
    """

    device: str
    site: str
    platform: str
    rendered: Rendered
    pushed: str = ""
    outcome: str = ""
    error: str = ""
    verified: bool = False


def statuses(estate: Estate, devices: Iterable[Placed], folder: Path, journal: Path) -> list[DeviceStatus]:
    """The status of each device, by the artifacts in `folder` and the push journal in `journal`.

    A device that can't be rendered from the estate counts as outdated. Raises FileError for a damaged manifest.
    """
    digest = estate_digest(estate)
    return [_status(estate, placed, folder, journal, digest) for placed in devices]


def _status(estate: Estate, placed: Placed, folder: Path, journal: Path, digest: str) -> DeviceStatus:
    rendered, files = _rendered(estate, placed, folder, digest)
    last = last_push(journal, placed.device.name)
    good = last is not None and last.outcome in GOOD
    return DeviceStatus(
        device=placed.device.name,
        site=placed.site.slug,
        platform=placed.device.platform,
        rendered=rendered,
        pushed=last.started if last else "",
        outcome=last.outcome if last else "",
        error=last.error.partition("\n")[0] if last else "",
        verified=bool(last and good and rendered is Rendered.CURRENT and last.artifacts == files),
    )


def _rendered(estate: Estate, placed: Placed, folder: Path, digest: str) -> tuple[Rendered, dict[str, str]]:
    name = placed.device.name
    try:
        entry = read_manifest(folder).devices.get(name)
    except FileMissing:
        entry = None
    if entry is None:
        return Rendered.NO, {}
    try:
        read_artifacts(folder, [name])
    except GgiError:
        return Rendered.EDITED, entry.files
    if entry.estate == digest:
        return Rendered.CURRENT, entry.files
    try:
        now = {artifact.file: artifact.digest for artifact in render_device(estate, placed, jinja=environment())}
    except GgiError:
        now = {}
    return (Rendered.CURRENT if now == entry.files else Rendered.OUTDATED), entry.files


def last_push(journal: Path, device: str) -> JournalEntry | None:
    """The newest entry about a device; runs are named by their time. An entry that can't be read is passed over."""
    return next(entries(journal, device), None)
