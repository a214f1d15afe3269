"""`ggi logs listen`: receives syslog messages and keeps them for `ggi logs ingest --follow`."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ggi_net.cli.console import err
from ggi_net.cli.logs_options import SettingsOption, say

if TYPE_CHECKING:
    import ssl

    from ggi_net.authlog.ingest.listen import Address

HostPorts = list[str]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("listen")(listen)


def listen(
    relp_tls: Annotated[HostPorts, typer.Option(help="RELP over TLS.", metavar="HOST:PORT")] = [],  # noqa: B006  typer copies it
    relp: Annotated[HostPorts, typer.Option(help="RELP without TLS.", metavar="HOST:PORT")] = [],  # noqa: B006
    tls: Annotated[HostPorts, typer.Option(help="Syslog over TLS (RFC 5425).", metavar="HOST:PORT")] = [],  # noqa: B006
    tcp: Annotated[HostPorts, typer.Option(help="Syslog over TCP (RFC 6587).", metavar="HOST:PORT")] = [],  # noqa: B006
    udp: Annotated[HostPorts, typer.Option(help="Syslog over UDP (RFC 5426).", metavar="HOST:PORT")] = [],  # noqa: B006
    certificate: Annotated[Path | None, typer.Option(help="For TLS: this server's certificate (PEM).")] = None,
    key: Annotated[Path | None, typer.Option(help="For TLS: its key (PEM).")] = None,
    ca: Annotated[
        Path | None, typer.Option(help="For TLS: the CA that signed the senders' certificates (PEM).")
    ] = None,
    spool: Annotated[
        Path | None,
        typer.Option(help="Folder of what was received.", metavar="DIR", show_default="that of the settings"),
    ] = None,
    settings: SettingsOption = None,
) -> None:
    """Receive log messages from syslog daemons, and keep them in files that `ggi logs ingest --follow` stores.

    With RELP, which rsyslog speaks (`omrelp`), nothing is lost: a message is acknowledged once it is on disk, and
    what was not acknowledged is sent again. With TCP and TLS, what was under way is lost when this process or its
    machine dies, but not when it is stopped. UDP promises nothing. With TLS every sender needs a certificate of the
    CA; the name in it is the folder of its messages. Logs hold personal data: between machines use TLS.

    Each option may be repeated; an IPv6 address stands between brackets. When the disk is full, senders are made to
    wait. SIGTERM stops in order.
    """
    from ggi_net.authlog.ingest.settings import read_settings
    from ggi_net.errors import LogSettings

    folder = spool or (Path(read_settings(settings).spool) if settings else None)
    if folder is None or folder == Path():
        raise LogSettings("no folder for what is received", hint="give --spool DIR, or `spool` in the settings file")
    options = {"relp-tls": relp_tls, "relp": relp, "tls": tls, "tcp": tcp, "udp": udp}
    addresses = [_address(protocol, text) for protocol, texts in options.items() for text in texts]
    if not addresses:
        raise typer.BadParameter("name at least one address to listen at, such as --relp-tls '[::]:2514'")
    context = _context(certificate, key, ca) if any(a.protocol.endswith("tls") for a in addresses) else None
    asyncio.run(_serve(folder, addresses, context))


def _address(protocol: str, text: str) -> Address:
    from ggi_net.authlog.ingest.listen import Address

    host, colon, port = text.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65535 or (":" in host) != (host[:1] == "["):
        raise typer.BadParameter(f"'{text}' is not HOST:PORT, nor [IPv6]:PORT", param_hint=f"--{protocol}")
    return Address(protocol, host.strip("[]"), int(port))


def _context(certificate: Path | None, key: Path | None, ca: Path | None) -> ssl.SSLContext:
    from ggi_net.authlog.ingest.listen import secure_context

    if certificate is None or key is None or ca is None:
        raise typer.BadParameter("TLS needs --certificate, --key and --ca")
    return secure_context(certificate, key, ca)


async def _serve(folder: Path, addresses: list[Address], context: ssl.SSLContext | None) -> None:
    from ggi_net.authlog.ingest.listen import Listener
    from ggi_net.authlog.ingest.spool import Spool

    listener = Listener(Spool(folder, say), say, context)
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    for address in addresses:
        port = await listener.open(address)
        say(f"listening at {address._replace(port=port)}")
    with err.status("") as status:
        while not told.is_set():
            status.update(_counts(listener.counts))
            try:
                async with asyncio.timeout(1):
                    await told.wait()
            except TimeoutError:
                continue
    await listener.stop()
    say(f"stopped in order: {_counts(listener.counts)}")


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items()) if count) or "nothing yet"
