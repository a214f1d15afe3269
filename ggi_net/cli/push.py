"""`ggi push`: artifacts to devices, with a diff before and a verification after."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from ggi_net.cli.console import EstateOption, StrictOption, err, open_estate, out
from ggi_net.cli.render import counted
from ggi_net.paths import demo_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ggi_net.push.run import Outcome

app = typer.Typer()

DEMO = demo_folder()
_STYLES = {"unchanged": "dim", "would change": "yellow", "changed": "green", "failed": "bold red"}
_SIGNS = {"+": "green", "-": "red", "@": "cyan"}

ConnectionsOption = Annotated[
    Path,
    typer.Option(
        "--connections", "-c", envvar="GGI_CONNECTIONS", help="File that says how devices are reached (mode 0600)."
    ),
]
SecretsOption = Annotated[
    str,
    typer.Option(
        envvar="GGI_SECRETS",
        help="Secrets backend: an Ansible Vault file.",
        show_default="the one that the connections file names",
    ),
]
VaultPasswordOption = Annotated[
    Path | None,
    typer.Option(envvar="ANSIBLE_VAULT_PASSWORD_FILE", help="File with the password of the Ansible Vault file."),
]
WorkersOption = Annotated[int, typer.Option(min=1, max=200, help="How many devices at a time.")]


@app.command()
def push(
    folder: Annotated[Path, typer.Argument(help="Folder that `ggi render` wrote.", metavar="DIR")],
    connections: ConnectionsOption,
    gemeente: Annotated[
        list[str], typer.Option("--gemeente", "-g", help="Only this organisation's devices (a slug); may be repeated.")
    ] = [],  # noqa: B006  typer copies it
    device: Annotated[list[str], typer.Option("--device", "-d", help="Only this device; may be repeated.")] = [],  # noqa: B006
    check: Annotated[bool, typer.Option("--check", help="Compare only; change nothing.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show what differs, secrets masked.")] = False,
    reason: Annotated[str, typer.Option(help="Why, for the journal: a change number or a sentence.")] = "",
    secrets: SecretsOption = "",
    vault_password_file: VaultPasswordOption = None,
    workers: WorkersOption = 20,
    estate: EstateOption = DEMO,
    strict: StrictOption = False,
) -> None:
    """Bring artifacts to the devices that they were rendered for.

    For each device: connect (its host key must be the one in the connections file), make sure that it is the right
    device (serial number, else host name), compare what it runs with what it should, change it, and verify over a new
    connection. A device that refuses something gets its old configuration back. Nothing is sent to a device that is
    as it should be. One device's failure doesn't touch the others. What was done is recorded in the journal: in
    $GGI_STATE/journal, else in ~/.local/state/ggi/journal.

    References to secrets in the artifacts are resolved in memory. Artifacts that the estate no longer agrees with, or
    that were changed by hand, are refused.

    It can be stopped and run again: Ctrl-C lets the devices at hand finish; whatever else cut it off, a second run
    completes it.

    Exit status: 0 all devices are as they should be (or, with --check, could be compared); 1 a device failed.
    """
    from ggi_net.push.artifacts import read_current
    from ggi_net.push.connections import read_connections
    from ggi_net.push.journal import Journal, journal_folder
    from ggi_net.push.run import push_all, targets
    from ggi_net.secrets import Resolver, open_backend

    known = read_connections(connections)
    found = open_estate(estate, strict=strict)
    names = [p.device.name for p in found.select(gemeente=gemeente, device=device)] if gemeente or device else []
    todo = targets(found, read_current(folder, found, names).values(), known)
    resolver = Resolver(open_backend(secrets or known.secrets, vault_password_file))
    journal = Journal(journal_folder(), reason)
    with Progress("comparing" if check else "pushing", len(todo)) as advance:
        outcomes = push_all(todo, resolver, check=check, journal=journal, workers=workers, progress=lambda _: advance())
    show(outcomes, diff=diff)
    if not check:
        out.print(f"journal: {journal.folder / journal.run}", markup=False)
    sys.exit(1 if any(outcome.error for outcome in outcomes) else 0)


class Progress:
    """A bar that is there only on a terminal."""

    def __init__(self, what: str, total: int) -> None:
        from rich.progress import Progress as Bar

        self._bar = Bar(console=err, transient=True, disable=not err.is_terminal)
        self._task = self._bar.add_task(what, total=total)

    def __enter__(self) -> Progress:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def __call__(self) -> None:
        """One more device is done."""
        self._bar.advance(self._task)


def show(outcomes: Sequence[Outcome], *, diff: bool) -> None:
    """Print each device's outcome, its diff where asked for, and the summary."""
    counts: dict[str, int] = {}
    for outcome in outcomes:
        counts[outcome.status] = counts.get(outcome.status, 0) + 1
        out.print(Text.assemble(outcome.device, ": ", (str(outcome.status), _STYLES[outcome.status])))
        if outcome.error:
            err.print(Text(outcome.error, "red"))
        if diff:
            for line in outcome.diff.splitlines():
                out.print(Text("    " + line, _SIGNS.get(line[:1], "")))
    total = ", ".join(f"{count} {status}" for status, count in counts.items())
    out.print(f"{counted(len(outcomes), 'device')}: {total or 'nothing to do'}", markup=False)
