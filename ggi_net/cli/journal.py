"""`ggi journal`: what was pushed, by whom, when, why, and how it ended."""

from __future__ import annotations

import sys
from pathlib import Path  # noqa: TC003  typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from ggi_net.cli.console import EstateOption, StrictOption, err, note, open_estate, out
from ggi_net.cli.push import SecretsOption, VaultPasswordOption  # noqa: TC001  typer reads the annotations
from ggi_net.paths import demo_folder
from ggi_net.source.yamlfile import printable

if TYPE_CHECKING:
    from ggi_net.push.rollout_settle import Settled
    from ggi_net.push.rollout_state import RunState

app = typer.Typer()

DEMO = demo_folder()


@app.command()
def journal(
    run: Annotated[str, typer.Argument(help="A run, as the list names it.", metavar="RUN", show_default="all")] = "",
    diff: Annotated[bool, typer.Option("--diff", help="Show each different change of the run once.")] = False,
    settle: Annotated[
        bool, typer.Option("--settle", help="Ask devices what became of pushes that nobody saw the end of.")
    ] = False,
    connections: Annotated[
        Path | None,
        typer.Option("--connections", "-c", envvar="GGI_CONNECTIONS", help="How devices are reached; for --settle."),
    ] = None,
    secrets: SecretsOption = "",
    vault_password_file: VaultPasswordOption = None,
    estate: EstateOption = DEMO,
    strict: StrictOption = False,
) -> None:
    """Show the journal of pushes and rollbacks: without RUN all runs, newest first; with it one run.

    A run is `under way`, `ended`, `stopped` (its budget of failures was spent, or somebody interrupted it) or
    `cut off` (its process ended otherwise). `ggi push --resume RUN` goes on with what it left.

    --settle asks each device whose entry (of RUN, or of any run) has no outcome, because the push was cut off or the
    device could not be reached any more, and writes down what became of it; what is still armed goes back now. It also
    delivers to NetBox, when the estate comes from there, what could not be delivered before. The next push to a
    device does the same.

    Exit status: 0; with --settle 1 when a device could not be asked.
    """
    from ggi_net.push.journal import journal_folder
    from ggi_net.push.rollout_state import read_run

    folder = journal_folder()
    if run:
        read_run(folder, run)
    if settle:
        if connections is None:
            raise typer.BadParameter("--settle needs to know how devices are reached", param_hint="--connections")
        failed = _settle(folder, run, connections, estate, secrets, vault_password_file, strict=strict)
        if not run:
            sys.exit(1 if failed else 0)
    else:
        failed = False
    if run:
        _show(read_run(folder, run), folder / run, diff=diff)
    else:
        _list(folder)
    sys.exit(1 if failed else 0)


def _list(folder: Path) -> None:
    """A line for each run."""
    from ggi_net.errors import GgiError
    from ggi_net.push.rollout_state import read_run, runs

    names = runs(folder)
    for name in names:
        try:
            state = read_run(folder, name)
        except GgiError as error:
            out.print(Text.assemble(f"{name}  ", (error.message, "dim")))
            continue
        what = "rollback" if state.asked.rollback else "push"
        condition = _condition(state, folder / name)
        why = f"; {printable(state.asked.reason, 200)}" if state.asked.reason else ""
        out.print(Text(f"{name}  {what:8}  {condition:9}  {state.user}: {_counts(state)}{why}"))
    if not names:
        out.print("nothing was pushed yet")


def _condition(state: RunState, folder: Path) -> str:
    from ggi_net.push.rollout_state import under_way

    if under_way(folder):
        return "under way"
    if state.stopped:
        return "stopped"
    return "ended" if state.ended else "cut off"


def _counts(state: RunState) -> str:
    from ggi_net.push.summary import totals

    return totals(state).partition(";")[0]


def _show(state: RunState, folder: Path, *, diff: bool) -> None:
    """One run: what was asked, who approved what, and what came of it."""
    from ggi_net.push.summary import group_lines, groups_of, summary_lines

    what = "rollback" if state.asked.rollback else "push"
    out.print(Text.assemble((f"run {state.run}", "bold"), f": {what}, {_condition(state, folder)}"))
    facts = {
        "by": state.user,
        "began": state.started,
        "ended": state.ended,
        "why": state.asked.reason,
        "windows don't count": state.asked.now,
        "stopped": state.stopped,
        "plan": state.plan,
    }
    for name, value in facts.items():
        if value:
            out.print(Text(f"  {name}: {printable(value, 300)}"))
    for approval in state.approvals:
        out.print(Text(f"  approved: {approval.group} for {len(approval.devices)}, by {approval.by}, {approval.at}"))
    for name, devices in state.waves.items():
        out.print(Text(f"  wave {name}: {', '.join(devices)}"))
    if diff:
        groups = groups_of(state, folder)
        for number, group in enumerate(groups, start=1):
            for line in group_lines(group, number, len(groups)):
                out.print(line, soft_wrap=True)
    for line in summary_lines(state, folder):
        out.print(line, soft_wrap=True)


def _settle(
    folder: Path,
    run: str,
    connections: Path,
    source: Path,
    secrets: str,
    vault_password_file: Path | None,
    *,
    strict: bool,
) -> bool:
    """Ask the devices, tell the journal and NetBox; return whether a device could not be asked."""
    from ggi_net.cli.push import Progress
    from ggi_net.push.connections import read_connections
    from ggi_net.push.journal import Journal
    from ggi_net.push.netbox_record import deliver, netbox_of
    from ggi_net.push.rollout_settle import settle_all, unsettled
    from ggi_net.secrets import Resolver, open_backend

    waiting = unsettled(folder, run)
    known = read_connections(connections)
    estate = open_estate(source, strict=strict)
    resolver = Resolver(open_backend(secrets or known.secrets, vault_password_file))
    with Progress("asking", len(waiting)) as advance:
        settled = settle_all(estate, Journal(folder, "settle"), resolver, known, waiting, progress=lambda _: advance())
    for one in settled:
        _say(one)
    if not waiting:
        out.print("every push has its outcome")
    deliver(folder, netbox_of(str(source), note), note)
    return any(one.error for one in settled)


def _say(one: Settled) -> None:
    from ggi_net.push.journal import Status
    from ggi_net.push.summary import STYLES

    for entry in one.entries:
        style = STYLES.get(Status(entry.outcome), "")
        out.print(Text.assemble(f"{one.device}: run {entry.run}: ", (entry.outcome, style)))
    if one.error:
        err.print(Text(one.error, "red"), soft_wrap=True)
