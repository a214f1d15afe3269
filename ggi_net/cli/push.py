"""`ggi push`: artifacts to devices, approved by their diff, in waves, and verified over new connections."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ggi_net.cli.console import EstateOption, StrictOption, err, note, open_estate
from ggi_net.paths import demo_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

    from ggi_net.model.estate import Estate
    from ggi_net.push.journal import Journal
    from ggi_net.push.rollout import Job
    from ggi_net.push.rollout_state import Asked, RunState
    from ggi_net.secrets import Resolver

app = typer.Typer()

DEMO = demo_folder()

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
CheckOption = Annotated[bool, typer.Option("--check", help="Compare only; change nothing.")]
DiffOption = Annotated[bool, typer.Option("--diff", help="Show each different change once, secrets masked.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Approve every change, for automation; nothing is asked.")]
ReasonOption = Annotated[str, typer.Option(help="Why, for the journal: a change number or a sentence.")]
FailuresOption = Annotated[
    int, typer.Option("--max-failures", min=0, help="So many devices may fail; at one more nothing new starts.")
]
NowOption = Annotated[
    str, typer.Option("--now", help="Don't wait for maintenance windows, for this reason.", metavar="REASON")
]
AcceptOption = Annotated[
    list[str],
    typer.Option(
        help="`drift`: overwrite what somebody changed since the last push. `sessions`: push though none of a "
        "device's BGP sessions is up. May be repeated.",
        metavar="drift|sessions",
    ),
]
WatchOption = Annotated[
    float | None,
    typer.Option(
        envvar="GGI_WATCH",
        min=0,
        max=150,
        help="Seconds for which all must stay well before a change is confirmed.",
        show_default="the BGP hold time of the device",
    ),
]
GemeenteOption = Annotated[
    list[str], typer.Option("--gemeente", "-g", help="Only this organisation's devices (a slug); may be repeated.")
]
DeviceOption = Annotated[list[str], typer.Option("--device", "-d", help="Only this device; may be repeated.")]


@app.command()
def push(
    connections: ConnectionsOption,
    folder: Annotated[
        Path | None,
        typer.Argument(help="Folder that `ggi render` wrote.", metavar="DIR", show_default="with --resume: none"),
    ] = None,
    gemeente: GemeenteOption = [],  # noqa: B006  typer copies it
    device: DeviceOption = [],  # noqa: B006
    check: CheckOption = False,
    diff: DiffOption = False,
    yes: YesOption = False,
    reason: ReasonOption = "",
    resume: Annotated[
        str, typer.Option(help="Go on with the devices that this run left, pushes and rollbacks alike.", metavar="RUN")
    ] = "",
    max_failures: FailuresOption = 0,
    now: NowOption = "",
    accept: AcceptOption = [],  # noqa: B006
    watch: WatchOption = None,
    secrets: SecretsOption = "",
    vault_password_file: VaultPasswordOption = None,
    workers: WorkersOption = 20,
    estate: EstateOption = DEMO,
    strict: StrictOption = False,
) -> None:
    """Bring artifacts to the devices that they were rendered for.

    All devices are compared first. Those that need the same change are a group, which is shown and approved once: at
    a terminal by answering, elsewhere by --yes. Then they are changed in waves: one device of each kind, a tenth of
    all, the rest; two devices that stand in for each other are never in one wave. A device outside its gemeente's
    maintenance window is postponed. When more devices fail than --max-failures allows, those at hand finish and no
    other starts.

    Each device is locked; it must be the right one (host key, serial number or host name), be as the last push left it
    and have room. Its rollback is armed ON the device, then it is changed, and verified over new connections: it can be
    reached, runs what was intended, BGP sessions that were up are up, prefixes are announced as they were. Only then
    the change is confirmed; otherwise the device goes back to what it ran before, by itself if it must.

    What was done is recorded in the journal, in $GGI_STATE/journal, else in ~/.local/state/ggi/journal, and, when the
    estate comes from NetBox, in the journal of each device there. Secrets are resolved in memory, and masked in diffs.

    It can be stopped at any moment: Ctrl-C lets the devices at hand finish; after anything else devices go back by
    themselves. --resume goes on, with what was approved before.

    Exit status: 0 all devices are as they should be, or with --check could be compared; 1 a device failed, or nobody
    approved; 4 a device is locked, postponed or has yet to come: run it again later; 130 interrupted.
    """
    from ggi_net.push.connections import read_connections
    from ggi_net.push.journal import Journal, journal_folder
    from ggi_net.push.rollout_jobs import push_jobs, resumed_jobs
    from ggi_net.push.rollout_state import Asked, read_run
    from ggi_net.push.run import Policy
    from ggi_net.secrets import Resolver, open_backend

    if (folder is None) == (not resume):
        raise typer.BadParameter("name the folder DIR, or with --resume a run")
    known = read_connections(connections)
    found = open_estate(estate, strict=strict)
    resolver = Resolver(open_backend(secrets or known.secrets, vault_password_file))
    asked = Asked(
        reason=reason, policy=Policy(accept=accepted(accept), watch=watch), max_failures=max_failures, now=now,
    )  # fmt: skip
    earlier = None
    if folder is not None:
        names = [p.device.name for p in found.select(gemeente=gemeente, device=device)] if gemeente or device else []
        journal = Journal(journal_folder(), reason)
        jobs = push_jobs(found, folder, names, known)
    else:
        earlier = read_run(journal_folder(), resume)
        journal = Journal(journal_folder(), reason or earlier.asked.reason, resume)
        jobs = resumed_jobs(found, earlier, journal, known)
        asked = Asked(
            reason=journal.reason, rollback=earlier.asked.rollback, max_failures=max_failures, now=now,
            policy=Policy(accept=accepted(accept) | earlier.asked.policy.accept, watch=watch),
        )  # fmt: skip
    carry_out(
        found, jobs, resolver, journal, asked,
        source=str(estate), check=check, diff=diff, yes=yes, workers=workers, earlier=earlier,
    )  # fmt: skip


def accepted(words: Sequence[str]) -> frozenset[str]:
    """What `--accept` names; a usage error for anything else."""
    from ggi_net.push.run import ACCEPTABLE

    for word in words:
        if word not in ACCEPTABLE:
            raise typer.BadParameter(f"'{word}' is none of {', '.join(ACCEPTABLE)}", param_hint="--accept")
    return frozenset(words)


def carry_out(
    estate: Estate,
    jobs: Sequence[Job],
    resolver: Resolver,
    journal: Journal,
    asked: Asked,
    *,
    source: str,
    check: bool,
    diff: bool,
    yes: bool,
    workers: int,
    earlier: RunState | None = None,
) -> NoReturn:
    """Do a run, show how it goes and what came of it, and exit with its status."""
    from ggi_net.cli.push_view import View, approval, show
    from ggi_net.errors import ApprovalMissing, Interrupted
    from ggi_net.push.netbox_record import netbox_of
    from ggi_net.push.rollout import Rollout, stopped

    view = View(asked.policy.rollback)
    rollout = Rollout(
        estate, jobs, resolver, journal, asked, approval(view, yes=yes, diff=diff), view, check=check, workers=workers,
        netbox=None if check else netbox_of(source, note),
    )  # fmt: skip
    try:
        rollout.run(earlier)
    except (ApprovalMissing, Interrupted):
        view.pause()
        show(rollout, diff=diff)
        raise
    finally:
        view.pause()
    status = show(rollout, diff=diff)
    if problem := stopped(rollout.state):
        raise problem
    sys.exit(status)


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
