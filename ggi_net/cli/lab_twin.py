"""`ggi lab up|down|status|exec|reboot`: the twin, the estate's devices as real daemons on this machine."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Annotated

import typer

from ggi_net.cli.console import EstateOption, err, open_estate, out
from ggi_net.cli.render import counted
from ggi_net.paths import demo_folder

DEMO = demo_folder()
FolderOption = Annotated[
    Path | None,
    typer.Option("--folder", envvar="GGI_TWIN", help="Folder of the twin.", show_default="$GGI_STATE/twin"),
]


def _folder(given: Path | None) -> Path:
    from ggi_net.paths import twin_folder

    return (given or twin_folder()).absolute()


def up(
    gemeente: Annotated[
        list[str], typer.Option("--gemeente", "-g", help="A gemeente that is in the twin (a slug); may be repeated.")
    ],
    core: Annotated[
        bool, typer.Option("--core", help="With both national cores and RADIUS proxies as they are in the estate.")
    ] = False,
    folder: FolderOption = None,
    estate: EstateOption = DEMO,
) -> None:
    """Bring up the twin: devices of the estate as real daemons in network namespaces of this machine. Needs root.

    Every Debian gateway, RADIUS server and (with --core) core and proxy of the chosen gemeenten runs its own artifacts:
    FRR, nftables, keepalived, FreeRADIUS, radsecproxy and sshd, with the estate's addresses. `noc` is the management
    host; it reaches the devices over the national core, so a change can really cut it off. Gateways that no daemon
    can be (IOS-XE, Junos, EOS) are stood in for by Debian ones that carry their traffic, and simulated for those who
    manage them, as if just unpacked. Without --core, routers that know only these gemeenten stand in for the cores.

    Nothing of it is outside the folder and the twin's own namespaces; `ggi lab down` removes all.
    """
    from ggi_net.lab.twin.control import refuse_unless_possible
    from ggi_net.lab.twin.control import up as start
    from ggi_net.lab.twin.plan import NOC, design

    refuse_unless_possible()
    plan = design(open_estate(estate), gemeente, core=core)
    with err.status(f"starting {counted(len(plan.plan.machines), 'device')}"):
        connections = start(plan, _folder(folder))
    out.print(f"{counted(len(plan.plan.machines), 'device')} up and converged. Try:", markup=False)
    out.print(f"export GGI_CONNECTIONS={connections}", markup=False, soft_wrap=True)
    chosen = " ".join(f"-g {slug}" for slug in gemeente)
    out.print(f"ggi render -o artifacts {chosen}{' -g federation' if core else ''}", markup=False, soft_wrap=True)
    device = next(machine.name for machine in plan.plan.machines if machine.managed)
    out.print(f"ggi lab exec {NOC} -- ggi push artifacts --check --device {device}", markup=False, soft_wrap=True)


def down(folder: FolderOption = None) -> None:
    """Take the twin down and remove all that it had. What others run in its networks ends, too."""
    from ggi_net.lab.twin.control import down as stop

    where = _folder(folder)
    out.print("the twin is gone" if stop(where) else f"there is no twin in {where}", markup=False)


def status(folder: FolderOption = None) -> None:
    """Say how each device of the twin does, and what is not as on a real device. Exit status 1 when one is down."""
    from ggi_net.lab.twin.control import NOT_HERE, plan_of
    from ggi_net.lab.twin.control import status as look

    where = _folder(folder)
    found = look(where)
    for item in found:
        words = [", ".join(item.machine.units) if item.runs else "down"]
        if item.sessions:
            words.append(f"{item.sessions_up} of {item.sessions} BGP sessions established")
        if item.machine.stands_for:
            managed = "managed as a simulated one" if item.machine.managed else "not managed"
            words.append(f"stands in for {item.machine.stands_for}, {managed}")
        out.print(f"{item.machine.name}: {'; '.join(words)}", markup=False, soft_wrap=True)
    plan = plan_of(where)
    if plan.left_out:
        out.print(f"not in the twin: {' '.join(plan.left_out)}", markup=False, soft_wrap=True)
    stations = " ".join(station.name for station in plan.stations)
    out.print(f"hosts: {stations}", markup=False, soft_wrap=True)
    for line in NOT_HERE:
        out.print(f"not as on a real device: {line}", markup=False, soft_wrap=True)
    if not all(item.runs and item.sessions_up == item.sessions for item in found):
        raise typer.Exit(1)


def execute(
    name: Annotated[str, typer.Argument(help="A device or host of the twin, such as noc.", metavar="NAME")],
    command: Annotated[list[str], typer.Argument(help="What to run there.", metavar="COMMAND...")],
    folder: FolderOption = None,
) -> None:
    """Run a command on a device of the twin, or on one of its hosts: `ggi lab exec noc -- ggi push ...`.

    On a device it runs as root with the device's files. A host has a network of its own and this machine's files.
    """
    from ggi_net.errors import LabFailure
    from ggi_net.lab.twin.control import VISITS
    from ggi_net.lab.twin.control import command as line

    words = line(_folder(folder), name, command)
    if os.geteuid() != 0:
        raise LabFailure("only root can enter the twin", hint="sudo ggi lab exec ...")
    program = shutil.which(words[0])
    if program is None:
        raise LabFailure(f"{words[0]} is not installed", hint="apt-get install util-linux")
    os.environ[VISITS] = str(_folder(folder))
    os.execv(program, words)  # noqa: S606  the command keeps terminal and signals


def reboot(
    name: Annotated[str, typer.Argument(help="A device of the twin.", metavar="DEVICE")],
    folder: FolderOption = None,
) -> None:
    """Restart a device of the twin as a power cut would: everything in it ends, and starts again from its files."""
    from ggi_net.lab.twin.control import reboot as restart

    restart(_folder(folder), name)
    out.print(f"{name} has started again", markup=False)


def add_to(app: typer.Typer) -> None:
    """Give `ggi lab` the twin's commands."""
    app.command()(up)
    app.command()(down)
    app.command()(status)
    app.command("exec", context_settings={"ignore_unknown_options": True})(execute)
    app.command()(reboot)
