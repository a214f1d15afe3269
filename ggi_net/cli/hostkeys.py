"""`ggi hostkeys`: the SSH host keys by which devices are known."""

from __future__ import annotations

import sys
from pathlib import Path  # noqa: TC003  typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer

from ggi_net.cli.console import EstateOption, err, open_estate, out
from ggi_net.cli.push import ConnectionsOption  # noqa: TC001  typer reads the annotations
from ggi_net.errors import HostKeyRefused
from ggi_net.paths import demo_folder

if TYPE_CHECKING:
    from ggi_net.model.network import Device

app = typer.Typer(no_args_is_help=True, help="The SSH host keys by which devices are known.")

DEMO = demo_folder()


@app.command()
def learn(
    device: Annotated[list[str], typer.Argument(help="The devices.", metavar="DEVICE...", show_default=False)],
    connections: ConnectionsOption,
    fingerprint: Annotated[
        str,
        typer.Option(
            help="Accept the key with this fingerprint, of one device, without a question.",
            metavar="SHA256:...",
            show_default=False,
        ),
    ] = "",
    replace: Annotated[
        bool, typer.Option("--replace", help="Accept a new key of a device of which the file has another.")
    ] = False,
    estate: EstateOption = DEMO,
) -> None:
    """First contact: ask devices for their host key, show its fingerprint, and keep it in the connections file.

    Compare the fingerprint with what the device itself shows at its console before you type yes. On Debian that is
    `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub`. Nobody logs in, and no password is sent.

    A key that the estate has is not learned: the device has to show that one. Another key than the one that is known
    is refused, and written only with --replace.

    Exit status: 0 every device's key is known now; 1 one was not accepted.
    """
    from ggi_net.push.connections import read_connections

    if fingerprint and len(device) > 1:
        raise typer.BadParameter("a fingerprint is that of one device", param_hint="--fingerprint")
    known = open_estate(estate)
    read_connections(connections)
    accepted = True
    for name in device:
        accepted = _learn(known.placed(name).device, connections, fingerprint, replace=replace) and accepted
    sys.exit(0 if accepted else 1)


def _learn(device: Device, file: Path, wanted: str, *, replace: bool) -> bool:
    """Meet one device; whether its key is known afterwards."""
    from ggi_net.model.hostkey import fingerprint
    from ggi_net.push.connections import read_connections
    from ggi_net.push.hostkeys import needs_accepting, shown_by, write_host_key

    connection = read_connections(file).reaching(device)
    key = shown_by(device.name, connection)
    shown = fingerprint(key)
    where = f"{device.name} ({connection.host}:{connection.port})"
    if not needs_accepting(device, connection, key, replace=replace):
        out.print(f"{where}: {shown} is the key that is known", markup=False)
        return True
    out.print(f"{where} shows {key.partition(' ')[0]} {shown}", markup=False)
    if wanted and wanted != shown:
        raise HostKeyRefused(
            f"{where}: its host key is not the one with the fingerprint {wanted}",
            hint="nothing was written; another device may answer at that address",
        )
    if not (wanted or _agreed()):
        err.print(f"{device.name}: not accepted, nothing was written", markup=False)
        return False
    write_host_key(file, device.name, key)
    out.print(f"{where}: its key is in {file}", markup=False)
    return True


def _agreed() -> bool:
    """Whether somebody at a terminal says that it is the device's own key; raise HostKeyRefused without a terminal."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise HostKeyRefused(
            "nobody is here to compare the fingerprint",
            hint="run this at a terminal, or say which key is the device's own with --fingerprint",
        )
    return input("Is that what the device itself shows? Type yes to accept it: ").strip() == "yes"


@app.command("known-hosts")
def known_hosts(
    gemeente: Annotated[
        list[str], typer.Option("--gemeente", "-g", help="Only this organisation's devices (a slug); may be repeated.")
    ] = [],  # noqa: B006  typer copies it
    estate: EstateOption = DEMO,
) -> None:
    """Print a known_hosts file for OpenSSH: every device whose host key the estate has.

    With `ssh -o UserKnownHostsFile=FILE -o StrictHostKeyChecking=yes` an operator's own sessions are checked by the
    same keys.
    """
    from ggi_net.push.hostkeys import known_hosts as lines

    found = open_estate(estate)
    chosen = found.select(gemeente=gemeente)
    count = 0
    for line in lines(chosen):
        typer.echo(line)
        count += 1
    if count < len(chosen):
        err.print(f"{len(chosen) - count} of {len(chosen)} devices have no host key in the estate", markup=False)
