"""What a run did to each device, as a journal entry of the device in NetBox.

NetBox is told after the run, never during it: a NetBox that is down must not fail a push. What is owed to it stands in
the local journal from before the device is touched, as `<run>/<device>.netbox` with the URL, until it is delivered: at
the end of the run, of a later one, or by `ggi journal --settle`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ggi_net.errors import FileError, NetBoxError, NetBoxSettings
from ggi_net.files import read_bytes, remove_file, write_atomic
from ggi_net.onboard.netbox.journal import leave_entry
from ggi_net.push.groups import plan_name
from ggi_net.push.journal import OPEN, Status, read_entry
from ggi_net.source.netbox.client import NetBox
from ggi_net.source.netbox.settings import load_settings
from ggi_net.source.open import NETBOX, SNAPSHOT
from ggi_net.source.yamlfile import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from ggi_net.push.journal import JournalEntry

DEVICES = "dcim/devices"
KINDS = {Status.CHANGED: "success", Status.UNCHANGED: "info", Status.UNKNOWN: "danger"}
"""By outcome how NetBox marks the entry; what is not listed is a `warning`."""
DIFF_LINES = 60
_AT_ONCE = 100
_SUFFIX = ".netbox"


def netbox_of(source: str, say: Callable[[str], None]) -> NetBox | None:
    """The NetBox that an estate comes from, to record in; None for files, or (said) when it has no settings."""
    if source not in (NETBOX, SNAPSHOT):
        return None
    try:
        return NetBox(load_settings())
    except NetBoxSettings as error:
        say(f"what is pushed is not recorded in NetBox: {error.message}")
        return None


def owe(folder: Path, device: str, netbox: NetBox | None) -> None:
    """Note in a run's folder that NetBox is owed an entry about a device; raise DiskFull or FileError."""
    if netbox is not None:
        write_atomic(folder / f"{device}{_SUFFIX}", f"{netbox.url}\n", mode=0o600)


def owed(journal: Path, url: str) -> list[Path]:
    """The entries of the journal that are owed to the NetBox at `url` and have their outcome, oldest first."""
    found = []
    for mark in sorted(journal.glob(f"*/*{_SUFFIX}")):
        path = mark.with_suffix(".json")
        try:
            if read_bytes(mark).decode().strip() == url and read_entry(path).outcome not in OPEN:
                found.append(path)
        except (FileError, UnicodeDecodeError):
            continue
    return found


def deliver(journal: Path, netbox: NetBox | None, say: Callable[[str], None]) -> int:
    """Tell NetBox all that it is owed; return how many entries. What can't be delivered is said, and stays owed."""
    if netbox is None:
        return 0
    waiting = owed(journal, netbox.url)
    done = 0
    try:
        for start in range(0, len(waiting), _AT_ONCE):
            done += _deliver(netbox, waiting[start : start + _AT_ONCE], say)
    except NetBoxError as error:
        say(
            f"{len(waiting) - done} entries are not yet in NetBox's journal: {error.message}; "
            "the next run, or `ggi journal --settle`, delivers them"
        )
    return done


def _deliver(netbox: NetBox, paths: Sequence[Path], say: Callable[[str], None]) -> int:
    entries = {path: read_entry(path) for path in paths}
    names = sorted({entry.device for entry in entries.values()})
    ids = {row["name"]: row["id"] for row in netbox.all(DEVICES, name=names, fields="id,name")}
    done = 0
    for path, entry in entries.items():
        device = ids.get(entry.device)
        if device is None:
            say(f"NetBox has no device {entry.device} any more; run {entry.run} is in the local journal only")
        else:
            leave_entry(
                netbox, ("dcim.device", device), _text(entry), f"push {entry.run} {entry.started}",
                f"push to {entry.device}, run {entry.run}", kind=KINDS.get(Status(entry.outcome), "warning"),
            )  # fmt: skip
            done += 1
        remove_file(path.with_suffix(_SUFFIX))
    return done


def _text(entry: JournalEntry) -> str:
    """The entry in Markdown. Foreign text stands in code blocks, where it is never markup."""
    what = f"Rollback of run {entry.back_to}" if entry.back_to else "Push"
    facts: dict[str, Any] = {
        "by": entry.user,
        "began": entry.started,
        "why": entry.reason,
        "plan": plan_name(entry.diff),
        "armed": f"{entry.armed_seconds:.0f} s" if entry.armed_seconds else "",
        "error": f"{entry.code} {entry.error.partition(chr(10))[0]}" if entry.error else "",
    }
    lines = [f"{name}: {printable(str(value), 300)}" for name, value in facts.items() if value]
    diff = entry.diff.splitlines()
    if len(diff) > DIFF_LINES:
        diff = [*diff[:DIFF_LINES], f"... {len(diff) - DIFF_LINES} more lines, in the local journal"]
    blocks = [[f"    {line}" for line in block] for block in (lines, diff) if block]
    return "\n\n".join([f"**{what}**: {entry.outcome}", *("\n".join(block) for block in blocks)])
