"""One connection over which syslog messages come: TCP, TLS (RFC 6587, 5425) or RELP."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, NamedTuple

from ggi_net import __version__
from ggi_net.authlog.ingest.frames import BadFrame, Relp, Stream, answer, as_line
from ggi_net.authlog.ingest.resend import Overlap

if TYPE_CHECKING:
    from collections import Counter

    from ggi_net.authlog.ingest.spool import Log, Spool

CHUNK = 128 * 1024
"""Bytes that are read at once."""
HELD = 1.0
"""Seconds that messages are held back which may have been sent again, when nothing follows."""
QUIET = 0.5
"""Seconds without a byte after which a connection that was told to end is over."""


class Connection(NamedTuple):
    """A peer that has connected: where its messages go, what is counted of it, and its two directions."""

    spool: Spool
    log: Log
    counts: Counter[str]
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


class Session(ABC):
    """One connection: read, find messages, keep them."""

    def __init__(self, connection: Connection) -> None:
        self.spool, self.log, self.counts, self.reader, self.writer = connection
        self.overlap = Overlap([])
        self.ended = False
        self.in_order = False

    async def run(self, stopping: asyncio.Event) -> None:
        """Serve the peer until it closes, or until `stopping`."""
        async with self.log.lock:  # what an earlier connection of this peer left is written first
            self.overlap = Overlap(list(self.log.tail) if self.log.uncertain else [])
        stop = asyncio.create_task(stopping.wait())
        told = False
        try:
            while not self.ended:
                if stopping.is_set() and not told:
                    told = True
                    await self.let_go()
                    continue
                data = await self._read(stop, told=told)
                if data is None:  # nothing came for a while
                    await self.settle()
                    self.ended = told
                elif data:
                    await self.take(data)
                else:
                    await self.end()
                    self.ended = True
        finally:
            stop.cancel()
            self.log.uncertain = not self.in_order

    async def _read(self, stop: asyncio.Task[bool], *, told: bool) -> bytes | None:
        """The next bytes, empty at the end; None when it is time to look around."""
        read = asyncio.ensure_future(self.reader.read(CHUNK))
        others = set() if told else {stop}
        wait = QUIET if told else HELD if self.overlap.holding else None
        done, _ = await asyncio.wait({read, *others}, timeout=wait, return_when=asyncio.FIRST_COMPLETED)
        if read in done:
            return read.result()
        read.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            return await read  # what came at the last moment
        return None

    @abstractmethod
    async def take(self, data: bytes) -> None:
        """Work on what was read."""

    async def settle(self) -> None:
        """Nothing follows for now: what was held back is new."""
        await self.keep([], settle=True)

    async def end(self) -> None:
        """The peer has closed."""
        await self.settle()

    @abstractmethod
    async def let_go(self) -> None:
        """Bring the connection to its end, for this process is to stop."""

    async def keep(self, messages: list[bytes], *, settle: bool = False) -> None:
        """Write messages that were not written before."""
        lines = [as_line(message) for message in messages]
        async with self.log.lock:
            before = self.overlap.dropped
            new = self.overlap.feed(lines)
            if settle:
                new += self.overlap.settle()
            self.counts["messages"] += len(new)
            self.counts["sent again"] += self.overlap.dropped - before
            await self.spool.keep(self.log, new)


class StreamSession(Session):
    """Syslog over TCP or TLS: no acknowledgements."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._frames = Stream()
        self._received = 0

    async def take(self, data: bytes) -> None:
        """Keep the messages that are whole; raise BadFrame after them when something else follows."""
        messages, bad = _until_bad(self._frames, data)
        self.counts["cut"] += self._frames.cut
        self._frames.cut = 0
        self._received += len(messages)
        await self.keep(messages)
        if bad:
            raise bad

    async def end(self) -> None:
        """The peer has closed: what it had begun is a message, too."""
        await self.keep(self._frames.end())
        await super().end()
        # rsyslog closes in order, too, before it sends a whole batch again. Who connects for each message does not.
        self.in_order = self._received <= 1

    async def let_go(self) -> None:
        """Close our direction only, and go on reading.

        rsyslog looks whether its peer has closed before it sends (`CheckConnection`), and then connects anew with
        what it was about to send. It looks for the end of the TCP stream: a TLS alert before it would hide it. So
        nothing is under way any more when the connection is closed for good.
        """
        transport = self.writer.get_extra_info("socket")
        with contextlib.suppress(OSError):
            transport.shutdown(socket.SHUT_WR)


class RelpSession(Session):
    """RELP: each message is acknowledged once it is on disk."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._frames = Relp()
        self._opened = False
        self._unanswered: list[int] = []

    async def take(self, data: bytes) -> None:
        """Keep and acknowledge the messages that are whole; raise BadFrame after them when something else follows."""
        messages = []
        commands, bad = _until_bad(self._frames, data)
        self.counts["cut"] += self._frames.cut
        self._frames.cut = 0
        for command in commands:
            if command.name == "syslog" and self._opened:
                messages.append(command.data)
                self._unanswered.append(command.number)
                continue
            await self._written(messages)
            messages = []
            self._other(command.number, command.name)
        await self._written(messages)
        if bad:
            raise bad

    async def settle(self) -> None:
        """Nothing follows for now: what was held back is new, and acknowledged."""
        await super().settle()
        await self._acknowledge()

    async def let_go(self) -> None:
        """Say that the server closes; what was not acknowledged is sent again to whoever listens next."""
        await self.settle()
        self.writer.write(b"0 serverclose 0\n")
        await self.writer.drain()
        self.ended = True

    async def _written(self, messages: list[bytes]) -> None:
        await self.keep(messages)
        if not self.overlap.holding:
            await self._acknowledge()

    async def _acknowledge(self) -> None:
        numbers, self._unanswered = self._unanswered, []
        if numbers:
            self.writer.write(b"".join(answer(number, "200 OK") for number in numbers))
            await self.writer.drain()

    def _other(self, number: int, name: str) -> None:
        if name == "open":
            self._opened = True
            offers = f"200 OK\nrelp_version=0\nrelp_software=ggi-net,{__version__}\ncommands=syslog"
            self.writer.write(answer(number, offers))
        elif name == "close":
            self.writer.write(f"{number} rsp 0\n0 serverclose 0\n".encode())
            self.ended = self.in_order = True
        else:
            raise BadFrame(f"asks for '{name}', which is no RELP command, or comes before `open`", [])


def _until_bad(frames: Stream | Relp, data: bytes) -> tuple[list[Any], BadFrame | None]:
    """What came in order, and what ended that."""
    try:
        return list(frames.feed(data)), None
    except BadFrame as error:
        return error.before, error
