"""Receives syslog messages: over TCP, TLS and UDP (RFC 6587, 5425, 5426), and RELP.

What arrives is on disk before it is acknowledged, where the protocol has acknowledgements (RELP), and before more is
read from that peer. Only RELP can promise that nothing is lost when this process or its machine dies: with TCP, a
sender does not know what of its last bytes was read. A stop in order loses nothing: see `Session.let_go`.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from ggi_net.authlog.ingest.frames import BadFrame, as_line
from ggi_net.authlog.ingest.session import CHUNK, Connection, RelpSession, StreamSession
from ggi_net.errors import ListenFailed, Place

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ggi_net.authlog.ingest.spool import Spool

CONNECTIONS = 512
PER_PEER = 64
HANDSHAKE = 15.0
"""Seconds that a peer has for TLS."""
STOP = 10.0
"""Seconds that connections have to end when the process is told to."""
DATAGRAMS = 10_000
"""How many datagrams wait for the disk; UDP can't be told to wait, so what comes on top of it is counted as lost."""


class Address(NamedTuple):
    """Where to listen, and what is spoken there: tcp, tls, udp, relp or relp-tls."""

    protocol: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.protocol} {host}:{self.port}"


class Listener:
    """Receives until stopped. `counts` says what happened: messages by protocol, and what went wrong."""

    def __init__(self, spool: Spool, say: Callable[[str], None], context: ssl.SSLContext | None = None) -> None:
        self.counts: Counter[str] = Counter()
        self._spool = spool
        self._say = say
        self._context = context
        self._stopping = asyncio.Event()
        self._servers: list[asyncio.Server] = []
        self._datagrams: list[tuple[asyncio.DatagramTransport, _Datagrams]] = []
        self._sessions: dict[asyncio.Task[None], str] = {}

    async def open(self, address: Address) -> int:
        """Begin to listen at an address; return the port, which is a free one for port 0. Raises ListenFailed."""
        loop = asyncio.get_running_loop()
        try:
            if address.protocol == "udp":
                transport, protocol = await loop.create_datagram_endpoint(
                    lambda: _Datagrams(self._spool, self.counts), local_addr=(address.host, address.port)
                )
                self._datagrams.append((transport, protocol))
                return int(transport.get_extra_info("sockname")[1])
            secure = address.protocol.endswith("tls")
            server = await asyncio.start_server(
                lambda reader, writer: self._accept(address.protocol, reader, writer),
                address.host,
                address.port,
                limit=CHUNK,
                ssl=self._context if secure else None,
                ssl_handshake_timeout=HANDSHAKE if secure else None,
            )
        except OSError as error:
            raise ListenFailed(
                f"can't listen at {address}: {(error.strerror or str(error)).lower()}",
                hint="is something else listening there? Ports below 1024 need the capability CAP_NET_BIND_SERVICE",
            ) from None
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Take no new connections, receive what is under way, write it, and end."""
        for server in self._servers:
            server.close()
        self._stopping.set()
        for transport, protocol in self._datagrams:
            transport.close()
            await protocol.written()
        if self._sessions:
            _, late = await asyncio.wait(self._sessions, timeout=STOP)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP):
                await self._spool.close()

    async def _accept(self, protocol: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = _peer(writer)
        host = str(writer.get_extra_info("peername")[0])
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  a coroutine runs in a task
        mine = sum(other == host for other in self._sessions.values())
        if len(self._sessions) >= CONNECTIONS or mine >= PER_PEER or self._stopping.is_set():
            self.counts["refused"] += 1
            if self.counts["refused"] == 1:
                self._say(f"too many connections ({mine} from {host}, {len(self._sessions)} in all): refused")
            writer.close()
            return
        self._sessions[task] = host
        try:
            log = self._spool.log(peer, protocol)
            session = RelpSession if protocol.startswith("relp") else StreamSession
            await session(Connection(self._spool, log, self.counts, reader, writer)).run(self._stopping)
        except BadFrame as error:
            self.counts["malformed"] += 1
            self._say(f"{peer} over {protocol} {error}: connection ended")
        except (ConnectionError, ssl.SSLError, TimeoutError):
            self.counts["broken"] += 1
        except OSError as error:
            self.counts["broken"] += 1
            self._say(f"{peer} over {protocol}: {error.strerror or error}: connection ended")
        finally:
            del self._sessions[task]
            writer.close()


class _Datagrams(asyncio.DatagramProtocol):
    """Syslog over UDP: a message for each datagram; what the disk can't take in time is lost, and counted."""

    def __init__(self, spool: Spool, counts: Counter[str]) -> None:
        self._spool = spool
        self._counts = counts
        self._waiting: dict[str, list[bytes]] = {}
        self._number = 0
        self._task: asyncio.Task[None] | None = None

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if self._number >= DATAGRAMS:
            self._counts["lost over udp"] += 1
            return
        self._number += 1
        self._counts["messages"] += 1
        self._waiting.setdefault(addr[0], []).append(as_line(data))
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._write())

    async def written(self) -> None:
        """Return when all that came is on disk."""
        if self._task:
            await self._task

    async def _write(self) -> None:
        while self._waiting:
            waiting, self._waiting = self._waiting, {}
            for peer, lines in waiting.items():
                await self._spool.keep(self._spool.log(peer, "udp"), lines)
                self._number -= len(lines)


def secure_context(certificate: Path, key: Path, ca: Path) -> ssl.SSLContext:
    """TLS 1.2 or later, with a certificate wanted from every peer (RFC 5425, 5.1). Raises ListenFailed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    # A sender that never reads would find session tickets there, and not the end of the connection behind them.
    context.num_tickets = 0
    loads: dict[Path, Callable[[], None]] = {
        certificate: partial(context.load_cert_chain, certificate, key, password=_no_passphrase),
        ca: partial(context.load_verify_locations, ca),
    }
    for file, load in loads.items():
        try:
            load()
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or "no usable PEM file"
            raise ListenFailed(
                f"can't be used for TLS: {str(reason).lower().replace('_', ' ')}",
                place=Place(str(file)),
                hint="give --certificate, --key (without passphrase) and --ca as PEM files that this user can read",
            ) from None
    return context


def _no_passphrase() -> str:
    """Without it, OpenSSL would ask for a passphrase at the terminal."""
    return ""


def _peer(writer: asyncio.StreamWriter) -> str:
    """Who it is: the name in its certificate, which the CA vouches for; else its address."""
    certificate = writer.get_extra_info("peercert")
    if certificate:
        names = [value for kind, value in certificate.get("subjectAltName", ()) if kind == "DNS"]
        subject = [value for part in certificate.get("subject", ()) for kind, value in part if kind == "commonName"]
        for name in (*names, *subject):
            return str(name)
    return str(writer.get_extra_info("peername")[0])
