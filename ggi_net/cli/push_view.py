"""How a run looks: a live table on a terminal, plain lines elsewhere; and who is asked for approval."""

from __future__ import annotations

import getpass
import sys
import threading
import time
from typing import TYPE_CHECKING

import typer
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ggi_net.cli.console import err, out
from ggi_net.errors import ApprovalMissing
from ggi_net.push.journal import Step
from ggi_net.push.rollout import COMPARING
from ggi_net.push.summary import STYLES, counted, diff_lines, exit_status, group_lines, summary_lines

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ggi_net.push.groups import ChangeGroup
    from ggi_net.push.rollout import Approve, Rollout
    from ggi_net.push.rollout_state import RunState
    from ggi_net.push.run import Outcome

_ROWS = 12


class View:
    """Watches a run. `rollback`: seconds after which an unconfirmed change goes back."""

    def __init__(self, rollback: int) -> None:
        self._rollback = rollback
        self._lock = threading.Lock()
        self._shown = False
        self._what = ""
        self._total = self._done = 0
        self._at: dict[str, tuple[str, float]] = {}
        self._armed: dict[str, float] = {}
        self._live = Live(get_renderable=self._table, console=err, transient=True, refresh_per_second=4)

    def begins(self, what: str, devices: Sequence[str]) -> None:
        """The comparison, or a wave."""
        with self._lock:
            self._what, self._total, self._done = what, len(devices), 0
            self._at, self._armed = {}, {}
        if not err.is_terminal:
            title = what if what == COMPARING else f"wave {what}"
            err.print(f"{title}: {_listed(devices)}", markup=False, soft_wrap=True)
        elif not self._shown:
            self._live.start()
            self._shown = True

    def step(self, device: str, step: str) -> None:
        """A device is at a step."""
        with self._lock:
            now = time.monotonic()
            self._at[device] = (step, now)
            if step == Step.CHANGE:
                self._armed[device] = now + self._rollback

    def ends(self, outcome: Outcome) -> None:
        """A device has had its turn; outside of the comparison, and when it went wrong, that is a line."""
        with self._lock:
            self._done += 1
            self._at.pop(outcome.device, None)
            self._armed.pop(outcome.device, None)
        if self._what != COMPARING:
            style = STYLES.get(outcome.status, "yellow")
            err.print(Text.assemble(outcome.device, ": ", (str(outcome.status), style)), soft_wrap=True)
        if outcome.error:
            err.print(Text(outcome.error, "red"), soft_wrap=True)

    def says(self, text: str) -> None:
        """A line."""
        err.print(text, markup=False, soft_wrap=True)

    def pause(self) -> None:
        """Take the table away: somebody is asked, or the run is over."""
        if self._shown:
            self._live.stop()
            self._shown = False

    def _table(self) -> Table:
        """Who is at which step, for how long, and how many seconds the rollback leaves."""
        with self._lock:
            now = time.monotonic()
            table = Table(title=f"{self._what}: {self._done} of {self._total}", title_justify="left", box=None)
            for heading in ("device", "step", "for", "goes back in"):
                table.add_column(heading, style="bold" if heading == "device" else "")
            for device, (step, since) in list(self._at.items())[:_ROWS]:
                left = self._armed.get(device)
                armed = f"{max(left - now, 0):.0f} s" if left is not None else ""
                table.add_row(device, step, f"{now - since:.0f} s", armed)
            if len(self._at) > _ROWS:
                table.add_row(f"and {len(self._at) - _ROWS} more", "", "", "")
            return table


def approval(view: View, *, yes: bool, diff: bool) -> Approve:
    """Who approves: `--yes`, or the user at the terminal, who sees each change; raise ApprovalMissing without either.

    `diff`: show the changes even when nobody is asked.
    """
    user = getpass.getuser()

    def approve(groups: Sequence[ChangeGroup]) -> Mapping[str, str]:
        view.pause()
        asks = not yes and sys.stdin.isatty() and err.is_terminal
        given = {}
        for number, group in enumerate(groups, start=1):
            if diff or asks:
                for line in group_lines(group, number, len(groups)):
                    (err if asks else out).print(line, soft_wrap=True)
            if yes:
                given[group.name] = f"{user}, --yes"
            elif asks and typer.confirm(f"Push this to {counted(len(group.plans))}?", err=True):
                given[group.name] = f"{user}, at a terminal"
        if not yes and not asks:
            count = sum(len(group.plans) for group in groups)
            raise ApprovalMissing(f"{counted(count)} would be changed, which nobody has approved")
        return given

    return approve


def show(rollout: Rollout, *, diff: bool) -> int:
    """Print what came of a run, and return the exit status."""
    state = rollout.state
    if diff:
        if rollout.check:
            for number, group in enumerate(rollout.groups, start=1):
                for line in group_lines(group, number, len(rollout.groups)):
                    out.print(line, soft_wrap=True)
        for outcome in rollout.outcomes:
            if outcome.drift and outcome.drift == outcome.diff:
                out.print(Text(f"{outcome.device}: all of it undoes what somebody changed since the last push", "bold"))
            elif outcome.drift:
                out.print(Text(f"{outcome.device}: what undoes what somebody changed since the last push", "bold"))
                for line in diff_lines(outcome.drift):
                    out.print(line, soft_wrap=True)
    for line in summary_lines(state, None if rollout.check else rollout.folder):
        out.print(line, soft_wrap=True)
    if not rollout.check:
        tell_places(state, str(rollout.folder))
    return exit_status(state)


def tell_places(state: RunState, folder: str) -> None:
    """Where the run is written down, and how to go on with it."""
    out.print(f"journal: {folder}", markup=False)
    if state.left():
        out.print(f"{counted(len(state.left()))} left: ggi push --resume {state.run}", markup=False)


def _listed(devices: Sequence[str]) -> str:
    few = 6
    more = f" and {len(devices) - few} more" if len(devices) > few else ""
    return ", ".join(devices[:few]) + more
