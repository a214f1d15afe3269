"""`ggi lab netbox`: a real NetBox on loopback in one command, for development, tests and trying things out."""

from __future__ import annotations

import shlex
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ggi_net.cli.console import err, out

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

app = typer.Typer(no_args_is_help=True, help="A real NetBox on loopback, for trying things out.")

FolderOption = Annotated[
    Path | None,
    typer.Option(
        "--folder", envvar="GGI_NETBOX_LAB", help="Folder of the NetBox.", show_default="$GGI_STATE/lab/netbox"
    ),
]


def _folder(given: Path | None) -> Path:
    from ggi_net.lab.netbox import netbox_folder

    return given or netbox_folder()


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """What is going on: one changing line on a terminal, plain lines elsewhere."""
    if not err.is_terminal:
        yield lambda line: err.print(line, markup=False)
        return
    with err.status("") as status:
        yield status.update


@app.command()
def up(
    folder: FolderOption = None,
    plugin: Annotated[
        bool | None,
        typer.Option(
            "--plugin/--no-plugin",
            help="With the toolkit's own NetBox plugin, or a stock NetBox. The branching plugin is always there.",
            show_default="as it was; at first --plugin",
        ),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="Port of 127.0.0.1.", show_default="as it was; at first a free one"),
    ] = None,
) -> None:
    """Bring a NetBox up: install what isn't there, start what doesn't run.

    The very first time NetBox is installed from PyPI into an environment of its own and its empty database is migrated;
    that takes about five minutes. Both are kept in $GGI_STATE/netbox for every later NetBox, which is there in less
    than twenty seconds. Needs Debian's packages postgresql and redis-server, and a Python of 3.12 or newer.

    PostgreSQL, Redis, NetBox and its worker run in the background, on ports of loopback, and belong to this folder
    alone; nothing of the system's own services is touched. As root, PostgreSQL runs as the user postgres. The
    administrator's password and API token are in the folder's credentials.json, readable by you alone. The line with
    `export` lets the other commands use this NetBox.

    It can be stopped at any moment and run again, also after a crash or a reboot.
    """
    from ggi_net.lab.netbox import up as bring_up

    with _progress() as say:
        lab, started = bring_up(_folder(folder), plugin=plugin, port=port, say=say)
    state = "is up" if started else "was up already"
    out.print(f"NetBox {state}: {lab.url}", markup=False)
    out.print(f"name and password for the browser: {lab.credentials}", markup=False)
    out.print(f"for ggi: export GGI_CONFIG={shlex.quote(str(lab.configuration))}", markup=False)


@app.command()
def down(folder: FolderOption = None) -> None:
    """Stop the NetBox and remove all that it had, its database too.

    What later ones share (the installation and the empty database in $GGI_STATE/netbox) stays.
    """
    from ggi_net.lab.netbox import down as stop

    where = _folder(folder)
    with _progress() as say:
        say("stopping NetBox")
        existed = stop(where)
    out.print("the NetBox is gone" if existed else f"there is no NetBox in {where}", markup=False)


@app.command()
def reset(folder: FolderOption = None) -> None:
    """Empty the running NetBox in about a second. URL, password and API token stay as they are."""
    from ggi_net.lab.netbox import find

    lab = find(_folder(folder))
    lab.reset()
    out.print(f"NetBox is empty: {lab.url}", markup=False)


@app.command()
def status(folder: FolderOption = None) -> None:
    """Say whether the NetBox runs, where, and what it consists of. Exit status 1 when it doesn't run."""
    from ggi_net.lab.netbox import find
    from ggi_net.lab.netbox_status import status as look

    state = look(find(_folder(folder)))
    for name, value in state.lines():
        out.print(f"{name + ':':<12} {value}", markup=False)
    if not state.running:
        raise typer.Exit(1)
