"""`ggi rollback`: devices back to what they ran before a push."""

from __future__ import annotations

from typing import Annotated

import typer

from ggi_net.cli.console import EstateOption, StrictOption, open_estate
from ggi_net.cli.push import (
    AcceptOption,
    CheckOption,
    ConnectionsOption,
    DiffOption,
    FailuresOption,
    NowOption,
    ReasonOption,
    SecretsOption,
    VaultPasswordOption,
    WatchOption,
    WorkersOption,
    YesOption,
    accepted,
    carry_out,
)
from ggi_net.paths import demo_folder

app = typer.Typer()

DEMO = demo_folder()


@app.command()
def rollback(
    connections: ConnectionsOption,
    run: Annotated[str, typer.Option(help="Every device that this run changed.", metavar="RUN")] = "",
    gemeente: Annotated[
        list[str], typer.Option("--gemeente", "-g", help="The devices of this organisation; may be repeated.")
    ] = [],  # noqa: B006  typer copies it
    device: Annotated[list[str], typer.Option("--device", "-d", help="This device; may be repeated.")] = [],  # noqa: B006
    check: CheckOption = False,
    diff: DiffOption = False,
    yes: YesOption = False,
    reason: ReasonOption = "",
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
    """Bring devices back to what they ran before a push.

    With --run every device that the run changed goes back to what it ran before that run; what later pushes changed
    on it goes as well. With --device or --gemeente each device goes back to before the last push that changed it and
    was not itself taken back: a second rollback goes one push further.

    What ran before is kept on the devices themselves. Whatever was changed by hand since is overwritten: the diff shows
    it. Otherwise it is a push like any other: compared, approved by its diff, in waves, each device with its rollback
    armed and verified over new connections, and recorded in the journal (see `ggi push --help`).

    Exit status: 0 all devices are back, or with --check could be compared; 1 a device failed, nobody approved, or there
    is nothing to go back to; 4 a device is locked, postponed or has yet to come: `ggi push --resume RUN` goes on;
    130 interrupted.
    """
    from ggi_net.push.connections import read_connections
    from ggi_net.push.journal import Journal, journal_folder
    from ggi_net.push.rollout_jobs import rollback_of_devices, rollback_of_run
    from ggi_net.push.rollout_state import Asked
    from ggi_net.push.run import Policy
    from ggi_net.secrets import Resolver, open_backend

    if bool(run) == bool(gemeente or device):
        raise typer.BadParameter("name a run with --run, or devices with --device or --gemeente")
    known = read_connections(connections)
    found = open_estate(estate, strict=strict)
    journal = Journal(journal_folder(), reason)
    if run:
        jobs = rollback_of_run(found, journal, run, known)
    else:
        names = [placed.device.name for placed in found.select(gemeente=gemeente, device=device)]
        jobs = rollback_of_devices(found, journal, names, known)
    policy = Policy(accept=accepted(accept), watch=watch)
    asked = Asked(reason=reason, rollback=True, policy=policy, max_failures=max_failures, now=now)
    carry_out(
        found, jobs, Resolver(open_backend(secrets or known.secrets, vault_password_file)), journal, asked,
        source=str(estate), check=check, diff=diff, yes=yes, workers=workers,
    )  # fmt: skip
