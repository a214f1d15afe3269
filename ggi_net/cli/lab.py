"""`ggi lab`: the twin, simulated devices on loopback, and a real NetBox, to try things out on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ggi_net.cli import lab_netbox, lab_twin
from ggi_net.cli.console import EstateOption, open_estate, out
from ggi_net.cli.render import counted
from ggi_net.paths import demo_folder

app = typer.Typer(
    no_args_is_help=True, help="The twin (real daemons), simulated devices, and a real NetBox, for trying things out."
)
devices = typer.Typer(no_args_is_help=True, help="Start and stop simulated devices that speak SSH on loopback.")
app.add_typer(devices, name="devices")
app.add_typer(lab_netbox.app, name="netbox")
lab_twin.add_to(app)

DEMO = demo_folder()
FolderOption = Annotated[
    Path | None,
    typer.Option("--folder", envvar="GGI_LAB", help="Folder of the lab.", show_default="$GGI_STATE/lab"),
]


def _folder(given: Path | None) -> Path:
    from ggi_net.paths import lab_folder

    return (given or lab_folder()).absolute()


@devices.command()
def up(
    gemeente: Annotated[
        list[str], typer.Option("--gemeente", "-g", help="Only this organisation's devices (a slug); may be repeated.")
    ] = [],  # noqa: B006  typer copies it
    device: Annotated[list[str], typer.Option("--device", "-d", help="Only this device; may be repeated.")] = [],  # noqa: B006
    folder: FolderOption = None,
    refuse: Annotated[
        list[str],
        typer.Option(help="Let the devices refuse commands that begin so; may be repeated.", metavar="COMMAND"),
    ] = [],  # noqa: B006
    foreground: Annotated[bool, typer.Option("--foreground", help="Stay here until interrupted.")] = False,
    estate: EstateOption = DEMO,
) -> None:
    """Start a simulated device for each device of the estate, in the background.

    Each listens on a port of its own on 127.0.0.1 and is as a device that was just unpacked: it has its name and
    can be logged in to, and no more. Routers with a command line (IOS-XE, Junos, EOS) have prompts, modes and a
    running configuration; Debian hosts take commands and files, with daemons that only note what they are told. Their
    passwords and keys are made up; the connections file for `ggi push` and `ggi drift`, which names them, is readable
    by you alone.
    """
    from ggi_net.lab.fleet import blueprint
    from ggi_net.lab.server import serve
    from ggi_net.lab.server import up as start

    chosen = open_estate(estate).select(gemeente=gemeente, device=device)
    plans = [blueprint(placed, tuple(refuse)) for placed in chosen]

    def tell(connections: Path) -> None:
        out.print(f"{counted(len(plans), 'simulated device')}; connections: {connections}", markup=False)

    if foreground:
        serve(plans, _folder(folder), tell)
    else:
        tell(start(plans, _folder(folder)))


@devices.command()
def down(folder: FolderOption = None) -> None:
    """Stop the simulated devices and remove all that they had."""
    from ggi_net.lab.server import down as stop

    where = _folder(folder)
    out.print("the simulated devices are gone" if stop(where) else f"no lab runs in {where}", markup=False)


@devices.command()
def status(folder: FolderOption = None) -> None:
    """Say which simulated devices run, and where they listen. Exit status 1 when none do."""
    from ggi_net.lab.server import connections_of
    from ggi_net.push.connections import read_connections

    path = connections_of(_folder(folder))
    known = read_connections(path)
    for name, connection in known.devices.items():
        out.print(f"{name}: {connection.host}:{connection.port}", markup=False)
    out.print(f"{counted(len(known.devices), 'simulated device')}; connections: {path}", markup=False)


@app.command()
def tamper(
    device: Annotated[str, typer.Argument(help="The simulated device.", metavar="DEVICE")],
    folder: FolderOption = None,
    estate: EstateOption = DEMO,
) -> None:
    """Change one thing on a simulated device behind the toolkit's back, for `ggi drift` to find.

    It must have been pushed to before. Devices that are not on loopback are never touched.
    """
    from ggi_net.lab.fleet import blueprint
    from ggi_net.lab.server import connections_of
    from ggi_net.lab.tamper import tamper as change
    from ggi_net.push.connections import read_connections

    plan = blueprint(open_estate(estate).placed(device))
    connection = read_connections(connections_of(_folder(folder))).of(device)
    out.print(change(device, plan.driver, connection), markup=False)
