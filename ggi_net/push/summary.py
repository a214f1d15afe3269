"""What came of a run, for people and for scripts: a line per device that is not as it should be, counts, and places."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich.style import Style
from rich.text import Text

from ggi_net.errors import DeviceLocked
from ggi_net.files import read_bytes
from ggi_net.push.groups import change_groups
from ggi_net.push.journal import Status
from ggi_net.push.rollout_state import diff_file
from ggi_net.push.run import Outcome
from ggi_net.source.yamlfile import printable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ggi_net.push.groups import ChangeGroup
    from ggi_net.push.rollout_state import DeviceState, RunState

STYLES = {
    Status.UNCHANGED: "dim",
    Status.WOULD_CHANGE: "yellow",
    Status.CHANGED: "green",
    Status.FAILED: "bold red",
    Status.ROLLED_BACK: "bold red",
    Status.UNKNOWN: "bold white on red",
    Status.BEGUN: "bold red",
}
SIGNS = {"+": "green", "-": "red", "@": "cyan"}
AGAIN = DeviceLocked.exit_status
_BAD = (Status.FAILED, Status.ROLLED_BACK, Status.UNKNOWN, Status.BEGUN)
_LATER = (Status.POSTPONED, Status.HELD, Status.WAITING)
_FEW = 4


def exit_status(state: RunState) -> int:
    """0 every device is as it should be, or was not approved; 1 one failed; 4 some are locked or have yet to come."""
    if any(_bad(device) for device in state.devices.values()) or state.stopped:
        return 1
    later = (d for d in state.devices.values() if d.status in _LATER or d.code == DeviceLocked.code)
    return AGAIN if any(later) else 0


def _bad(device: DeviceState) -> bool:
    """Whether something went wrong that running it again does not mend. A change that was not saved is one, too."""
    return device.code != DeviceLocked.code and (device.status in _BAD or bool(device.code))


def summary_lines(state: RunState, folder: Path | None) -> Iterator[Text]:
    """A line for each device with what became of it, why, and where in the run's folder its diff is; the totals."""
    for name, device in state.devices.items():
        line = Text.assemble(name, ": ", (str(device.status), STYLES.get(device.status, "yellow")))
        if device.armed:
            line.append(f" (armed for {device.armed:.1f} s)", "dim")
        if device.note:
            line.append(f": {device.note}", "red" if _bad(device) else "")
        path = diff_file(folder, name) if folder else None
        if path and path.exists():
            line.append("  ").append(str(path), Style(dim=True, link=path.resolve().as_uri()))
        yield line
    yield Text(totals(state))


def totals(state: RunState) -> str:
    """How many devices are in which state, and how long they were armed."""
    counts = Counter(device.status for device in state.devices.values())
    said = ", ".join(f"{count} {status}" for status, count in counts.items()) or "nothing to do"
    armed = sorted(device.armed for device in state.devices.values() if device.armed)
    longest = f"; armed for {armed[len(armed) // 2]:.1f} s (median), {armed[-1]:.1f} s at most" if armed else ""
    return f"{counted(len(state.devices))}: {said}{longest}"


def counted(devices: int) -> str:
    """`1 device`, `2 devices`."""
    return "1 device" if devices == 1 else f"{devices} devices"


def group_lines(group: ChangeGroup, number: int, of: int) -> Iterator[Text]:
    """A change group: who needs it, what to know about them, and the diff."""
    added, removed = group.size
    listed = ", ".join(group.devices[:_FEW])
    more = f" and {len(group.devices) - _FEW} more" if len(group.devices) > _FEW else ""
    yield Text(f"change {number} of {of}, plan {group.name}, +{added} -{removed} lines: {listed}{more}", "bold")
    for device, note in group.notes.items():
        yield Text(f"    {device} is {note}", "yellow")
    if len(group.devices) > 1:
        yield Text(f"    as it is on {group.devices[0]}:", "dim")
    yield from diff_lines(group.diff)


def groups_of(state: RunState, folder: Path) -> list[ChangeGroup]:
    """The change groups of a run, from the diffs that its folder keeps."""
    outcomes = []
    for name in state.devices:
        path = diff_file(folder, name)
        if path.exists():
            outcomes.append(Outcome(device=name, status=Status.CHANGED, diff=read_bytes(path).decode()))
    return change_groups(outcomes, {})


def diff_lines(diff: str) -> Iterator[Text]:
    """A diff, coloured."""
    for line in diff.splitlines():
        yield Text(f"    {printable(line, 400)}", SIGNS.get(line[:1], ""))
