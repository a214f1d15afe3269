"""Receiving syslog: what is acknowledged is on disk, what is sent again is kept once, and peers may be hostile."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import ssl
from collections import Counter
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from ingest_frames import relp
from ingest_tls import certificates

from ggi_net.authlog.ingest import listen, session, spool
from ggi_net.authlog.ingest.frames import answer
from ggi_net.authlog.ingest.listen import Address, Listener, secure_context
from ggi_net.authlog.ingest.spool import Log, Spool, files_of
from ggi_net.errors import ListenFailed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from ingest_tls import Certificates

PEER = "127.0.0.1"


class Receiving:
    """A listener at free ports."""

    def __init__(self, folder: Path, context: ssl.SSLContext | None) -> None:
        self.folder = folder
        self.said: list[str] = []
        self.it = Listener(Spool(folder, self.said.append), self.said.append, context)
        self.ports: dict[str, int] = {}

    def kept(self, peer: str = PEER, protocol: str = "*") -> list[str]:
        """The lines in the spool of a peer."""
        return [line for path in files_of(self.folder / peer, protocol) for line in path.read_text().splitlines()]

    async def until(self, done: Callable[[], object]) -> None:
        """Return when something is so."""
        async with asyncio.timeout(10):
            while not done():  # noqa: ASYNC110  files are looked at, too
                await asyncio.sleep(0.005)


@asynccontextmanager
async def receiving(folder: Path, *protocols: str, context: ssl.SSLContext | None = None) -> AsyncIterator[Receiving]:
    found = Receiving(folder, context)
    for protocol in protocols:
        found.ports[protocol] = await found.it.open(Address(protocol, PEER, 0))
    try:
        yield found
    finally:
        await found.it.stop()


def check(test: Callable[[], Awaitable[None]]) -> None:
    async def within() -> None:
        async with asyncio.timeout(20):
            await test()

    asyncio.run(within())


class Sender:
    """A sender that speaks RELP, as librelp does."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.number = 1

    @classmethod
    async def connect(cls, port: int) -> Sender:
        found = cls(*await asyncio.open_connection(PEER, port))
        found.writer.write(relp(1, "open", b"relp_version=0\nrelp_software=test\ncommands=syslog"))
        assert (await found.reader.readline()).startswith(b"1 rsp ")
        assert await found.reader.readuntil(b"commands=syslog\n")
        return found

    def send(self, *messages: str) -> None:
        for message in messages:
            self.number += 1
            self.writer.write(relp(self.number, "syslog", message.encode()))

    async def acknowledged(self) -> None:
        """Return when the last message is acknowledged."""
        await self.reader.readuntil(answer(self.number, "200 OK"))


class TestStreams:
    def test_messages_of_one_peer_are_lines_of_its_spool(self, tmp_path: Path) -> None:
        async def test() -> None:
            async with receiving(tmp_path, "tcp") as found:
                _, writer = await asyncio.open_connection(PEER, found.ports["tcp"])
                writer.write(b"<13>one\n7 <13>two<13>three\n")
                await found.until(lambda: found.kept() == ["<13>one", "<13>two", "<13>three"])
                writer.write(b"<13>four")
                writer.close()
                await found.until(lambda: found.kept()[3:] == ["<13>four"])

        check(test)

    def test_a_batch_that_is_sent_again_is_kept_once_and_equal_messages_of_their_own_stay(self, tmp_path: Path) -> None:
        async def send(found: Receiving, data: bytes) -> None:
            _, writer = await asyncio.open_connection(PEER, found.ports["tcp"])
            writer.write(data)
            writer.close()
            await writer.wait_closed()
            await found.until(lambda: not found.it._sessions and found.kept())

        async def test() -> None:
            async with receiving(tmp_path, "tcp") as found:
                for data in (b"<13>a\n<13>b\n<13>c\n", b"<13>b\n<13>c\n<13>d\n"):
                    await send(found, data)
                await found.until(lambda: found.kept() == [f"<13>{letter}" for letter in "abcd"])
                for number in range(3):
                    await send(found, b"<13>same\n")
                    await found.until(lambda: len(found.kept()) == 5 + number)  # noqa: B023  awaited here

        check(test)

    def test_a_stop_in_order_receives_what_is_under_way_and_shows_its_end(self, tmp_path: Path) -> None:
        async def test() -> None:
            async with receiving(tmp_path, "tcp") as found:
                reader, writer = await asyncio.open_connection(PEER, found.ports["tcp"])
                writer.write(b"<13>before\n")
                await found.until(found.kept)
                stopping = asyncio.create_task(found.it.stop())
                assert await reader.read() == b"", "a sender that looks sees that we have closed"
                writer.write(b"<13>sent meanwhile\n")
                writer.close()
                await stopping
                assert found.kept() == ["<13>before", "<13>sent meanwhile"]

        check(test)

    def test_datagrams(self, tmp_path: Path) -> None:
        async def test() -> None:
            async with receiving(tmp_path, "udp") as found:
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                    for number in range(20):
                        sender.sendto(b"<13>%d\nforged" % number, (PEER, found.ports["udp"]))
                await found.until(lambda: len(found.kept()) == 20)
                assert found.kept()[3] == "<13>3#012forged"

        check(test)


class TestRelp:
    def test_what_is_acknowledged_is_on_disk(self, tmp_path: Path) -> None:
        async def test() -> None:
            async with receiving(tmp_path, "relp") as found:
                sender = await Sender.connect(found.ports["relp"])
                for number in range(5):
                    sender.send(*(f"<13>{number}.{n}" for n in range(40)))
                    await sender.acknowledged()
                    assert len(found.kept()) == 40 * (number + 1)
                sender.writer.write(relp(9999, "close"))
                assert b"serverclose" in await sender.reader.read()

        check(test)

    def test_while_the_disk_is_full_nothing_is_acknowledged_and_it_is_said(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(spool, "RETRY", 0.02)
        real, full = os.write, [True]

        def write(handle: int, data: memoryview) -> int:
            if full[0]:
                real(handle, data[:5])
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(handle, data)

        async def test() -> None:
            async with receiving(tmp_path, "relp") as found:
                sender = await Sender.connect(found.ports["relp"])
                monkeypatch.setattr(spool.os, "write", write)
                sender.send("<13>one", "<13>two")
                await found.until(lambda: found.said)
                assert "No space left" in found.said[0]
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(sender.acknowledged(), 0.1)
                full[0] = False
                await sender.acknowledged()
                assert found.kept() == ["<13>one", "<13>two"]
                assert "again" in found.said[1]

        check(test)

    def test_after_a_crash_what_was_written_and_sent_again_is_kept_once(self, tmp_path: Path) -> None:
        """The sender did not see its last acknowledgements, and the last line was written by half."""

        async def test() -> None:
            async with receiving(tmp_path, "relp") as found:
                sender = await Sender.connect(found.ports["relp"])
                sender.send(*(f"<13>{n}" for n in range(10)))
                await sender.acknowledged()
                sender.writer.transport.abort()
            path = files_of(tmp_path / PEER)[-1]
            path.write_text(path.read_text() + "<13>1")
            async with receiving(tmp_path, "relp") as found:
                sender = await Sender.connect(found.ports["relp"])
                sender.send(*(f"<13>{n}" for n in range(6, 14)))
                await sender.acknowledged()
                assert found.kept() == [f"<13>{n}" for n in range(14)]
                assert found.it.counts["sent again"] == 4

        check(test)

    def test_a_break_in_the_middle_of_a_resend(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(session, "HELD", 0.05)

        async def test() -> None:
            async with receiving(tmp_path, "relp") as found:
                first = await Sender.connect(found.ports["relp"])
                first.send(*(f"<13>{n}" for n in range(10)))
                await first.acknowledged()
                first.writer.transport.abort()
                await found.until(lambda: found.it.counts["broken"] or not found.it._sessions)
                again = await Sender.connect(found.ports["relp"])
                again.send("<13>7", "<13>8", "<13>9", "<13>10")
                await again.acknowledged()
                assert found.kept() == [f"<13>{n}" for n in range(11)]

        check(test)

    def test_a_line_that_only_equals_an_old_one_is_kept(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(session, "HELD", 0.05)

        async def test() -> None:
            for _ in range(2):
                async with receiving(tmp_path, "relp") as found:
                    sender = await Sender.connect(found.ports["relp"])
                    sender.send("<13>begin")
                    await sender.acknowledged()
                    sender.send("<13>end")
                    await sender.acknowledged()
                    sender.writer.transport.abort()
                    assert Counter(found.kept())["<13>begin"] in (1, 2)
            assert Counter(found.kept()) == {"<13>begin": 2, "<13>end": 2}

        check(test)


class TestHostile:
    def test_what_speaks_another_protocol_is_let_go(self, tmp_path: Path) -> None:
        async def test() -> None:
            async with receiving(tmp_path, "relp", "tcp") as found:
                for port, data in (("relp", b"GET / HTTP/1.0\r\n\r\n"), ("tcp", b"999999999 <13>x")):
                    reader, writer = await asyncio.open_connection(PEER, found.ports[port])
                    writer.write(data)
                    assert await reader.read() == b""
                    writer.close()
                assert found.it.counts["malformed"] == 2
                assert found.kept() == []

        check(test)

    def test_what_came_before_a_bad_frame_is_kept(self, tmp_path: Path) -> None:
        """Also when both are in one packet."""

        async def test() -> None:
            async with receiving(tmp_path, "tcp", "relp") as found:
                reader, writer = await asyncio.open_connection(PEER, found.ports["tcp"])
                writer.write(b"7 <13>one999999999 <13>x")
                assert await reader.read() == b""
                writer.close()
                sender = await Sender.connect(found.ports["relp"])
                sender.writer.write(relp(2, "syslog", b"<13>two") + b"GET / HTTP/1.0\r\n\r\n")
                assert (await sender.reader.read()).endswith(answer(2, "200 OK"))
                assert found.it.counts["malformed"] == 2
                assert (found.kept(PEER, "tcp"), found.kept(PEER, "relp")) == (["<13>one"], ["<13>two"])

        check(test)

    def test_one_peer_can_not_take_every_connection(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(listen, "PER_PEER", 3)

        async def test() -> None:
            async with receiving(tmp_path, "tcp") as found:
                pairs = [await asyncio.open_connection(PEER, found.ports["tcp"]) for _ in range(5)]
                await found.until(lambda: found.it.counts["refused"] == 2)
                assert len(found.said) == 1
                pairs[0][1].write(b"<13>ok\n")
                await found.until(found.kept)
                for _, writer in pairs:
                    writer.close()

        check(test)

    def test_a_name_in_a_certificate_can_not_leave_the_spool(self, tmp_path: Path) -> None:
        async def test() -> None:
            found = Spool(tmp_path / "spool", lambda _: None)
            for name in ("../../etc", "", ".", "a/b", "\x1b[2J", "x" * 500):
                await found.keep(found.log(name, "tls"), [b"line\n"])
            await found.close()

        check(test)
        assert {path.parent.parent for path in tmp_path.rglob("*.log")} == {tmp_path / "spool"}

    def test_files_are_begun_anew_when_they_are_large(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(spool, "FILE_SIZE", 100)

        async def test() -> None:
            log = Log(tmp_path, "tcp")
            for number in range(30):
                log.write(b"<13>line %02d\n" % number)
            log.close()
            again = Log(tmp_path, "tcp")
            assert list(again.tail) == [b"<13>line %02d\n" % number for number in range(30)]

        check(test)
        assert len(files_of(tmp_path)) == 4


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates(tmp_path_factory.mktemp("pki"))


class TestTls:
    def test_both_sides_show_a_certificate_and_its_name_is_the_folder(self, tmp_path: Path, pki: Certificates) -> None:
        async def test() -> None:
            context = secure_context(pki.server.certificate, pki.server.key, pki.ca)
            async with receiving(tmp_path, "tls", context=context) as found:
                mine = pki.client_context()
                _, writer = await asyncio.open_connection(
                    PEER, found.ports["tls"], ssl=mine, server_hostname="logs.example"
                )
                writer.write(b"11 <13>over TLS")
                await found.until(lambda: found.kept("idp-almelo.example"))
                writer.close()

        check(test)

    def test_without_a_certificate_nothing_is_received(self, tmp_path: Path, pki: Certificates) -> None:
        async def test() -> None:
            context = secure_context(pki.server.certificate, pki.server.key, pki.ca)
            async with receiving(tmp_path, "tls", context=context) as found:
                mine = ssl.create_default_context(cafile=str(pki.ca))
                with contextlib.suppress(OSError):
                    reader, writer = await asyncio.open_connection(
                        PEER, found.ports["tls"], ssl=mine, server_hostname="logs.example"
                    )
                    writer.write(b"11 <13>over TLS")
                    assert await reader.read() == b""

        check(test)
        assert list(tmp_path.rglob("*.log")) == []

    def test_files_that_are_no_certificates(self, tmp_path: Path, pki: Certificates) -> None:
        nothing = tmp_path / "nothing.pem"
        nothing.write_text("nothing")
        for parts in ((nothing, pki.server.key, pki.ca), (pki.server.certificate, pki.server.key, nothing)):
            with pytest.raises(ListenFailed) as caught:
                secure_context(*parts)
            assert str(nothing) in str(caught.value)


def test_an_address_that_is_taken(tmp_path: Path) -> None:
    async def test() -> None:
        async with receiving(tmp_path, "tcp") as found:
            with pytest.raises(ListenFailed, match=r"can't listen at tcp 127\.0\.0\.1"):
                await found.it.open(Address("tcp", PEER, found.ports["tcp"]))

    check(test)
