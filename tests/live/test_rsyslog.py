"""A real rsyslog sends to `ggi logs listen`, which is restarted or killed in the middle: every line arrives, once."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from shutil import which
from typing import TYPE_CHECKING

import pytest
from ingest_logs import new_store, stored
from ingest_tls import certificates

from ggi_net.authlog.ingest.spool import files_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ingest_tls import Certificates

pytestmark = [pytest.mark.live, pytest.mark.needs("rsyslogd")]

COUNT = 1500
NUMBER = re.compile(r"Login OK: \[user(\d+)@")
FORWARDS = {
    "relp": 'module(load="omrelp") action(type="omrelp" target="127.0.0.1" port="{port}" {retry})',
    "relp-tls": 'module(load="omrelp" tls.tlslib="openssl") action(type="omrelp" target="127.0.0.1" port="{port}" '
    'tls="on" tls.cacert="{ca}" tls.mycert="{cert}" tls.myprivkey="{key}" tls.authmode="name" '
    'tls.permittedpeer=["logs.example"] {retry})',
    "tcp": 'action(type="omfwd" protocol="tcp" target="127.0.0.1" port="{port}" TCP_Framing="octet-counted" {retry})',
    "tls": 'action(type="omfwd" protocol="tcp" target="127.0.0.1" port="{port}" StreamDriver="gtls" '
    'StreamDriverMode="1" StreamDriverAuthMode="x509/name" StreamDriverPermittedPeers="logs.example" {retry})',
}
RETRY = 'action.resumeRetryCount="-1" action.resumeInterval="1" queue.type="LinkedList" queue.size="100000"'
"""The usual queue of an action holds 1,000 messages, and forgets more when it is full for two seconds."""


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates(tmp_path_factory.mktemp("pki"))


def wait_until(done: Callable[[], object], seconds: float = 60) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if done():
            return True
        time.sleep(0.02)
    return False


class Rsyslog:
    """A daemon that forwards what is sent to its port."""

    def __init__(self, folder: Path, forward: str, pki: Certificates) -> None:
        folder.mkdir()
        self.folder = folder
        self.port = folder / "port"
        config = folder / "rsyslog.conf"
        config.write_text(
            f'global(workDirectory="{folder}" defaultNetstreamDriverCAFile="{pki.ca}"\n'
            f' defaultNetstreamDriverCertFile="{pki.client.certificate}"\n'
            f' defaultNetstreamDriverKeyFile="{pki.client.key}")\n'
            'module(load="imtcp")\n'
            f'input(type="imtcp" address="127.0.0.1" port="0" listenPortFileName="{self.port}")\n'
            f"{forward}\n"
        )
        self.process = subprocess.Popen(
            [which("rsyslogd", path="/usr/sbin:/sbin:/usr/bin") or "", "-n", "-f", config, "-i", folder / "pid"],
            stdout=(folder / "out").open("w"),
            stderr=subprocess.STDOUT,
        )
        assert wait_until(lambda: self.port.exists() and self.port.read_text()), (folder / "out").read_text()
        self.link = socket.create_connection(("127.0.0.1", int(self.port.read_text())))

    def send(self, begin: int, end: int) -> None:
        """Log lines of these numbers, as FreeRADIUS does."""
        for number in range(begin, end):
            stamp = f"Nov 24 10:{number // 60 % 60:02}:{number % 60:02}"
            self.link.sendall(
                f"<30>{stamp} idp-almelo freeradius[9]: ({number}) Login OK: [user{number}@almelo.example] "
                "(from client ap port 1 cli AA-BB-CC-00-00-01)\n".encode()
            )

    def stop(self) -> None:
        self.link.close()
        self.process.terminate()
        self.process.wait(20)


class Receiver:
    """`ggi logs listen`, again and again at the same port."""

    def __init__(self, spool: Path, protocol: str, pki: Certificates) -> None:
        self.spool = spool
        self.protocol = protocol
        self.pki = pki
        self.port = 0
        self.start()

    def start(self) -> None:
        files = ("--certificate", self.pki.server.certificate, "--key", self.pki.server.key, "--ca", self.pki.ca)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ggi_net", "logs", "listen", f"--{self.protocol}", f"127.0.0.1:{self.port}",
             "--spool", self.spool, *(files if self.protocol.endswith("tls") else ())],
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stderr is not None
        said = self.process.stderr.readline()
        assert "listening" in said, said
        self.port = int(said.rpartition(":")[2])

    def end(self, number: int) -> str:
        self.process.send_signal(number)
        _, said = self.process.communicate(timeout=30)
        return said

    def kept(self) -> Counter[int]:
        """How often each number is in the spool."""
        found: Counter[int] = Counter()
        for folder in self.spool.iterdir():
            for path in files_of(folder):
                found.update(int(number) for number in NUMBER.findall(path.read_text()))
        return found


@pytest.fixture
def sender(tmp_path: Path, pki: Certificates) -> Iterator[Callable[[Receiver], Rsyslog]]:
    begun: list[Rsyslog] = []

    def begin(receiver: Receiver) -> Rsyslog:
        forward = FORWARDS[receiver.protocol].format(
            port=receiver.port, ca=pki.ca, cert=pki.client.certificate, key=pki.client.key, retry=RETRY
        )
        begun.append(Rsyslog(tmp_path / "rsyslog", forward, pki))
        return begun[0]

    yield begin
    for one in begun:
        one.stop()


@pytest.mark.parametrize(
    ("protocol", "number"),
    [("relp", signal.SIGKILL), ("relp-tls", signal.SIGKILL), ("relp", signal.SIGTERM), ("tcp", signal.SIGTERM),
     ("tls", signal.SIGTERM)],
)  # fmt: skip
def test_the_receiver_ends_in_the_middle_and_comes_back(
    tmp_path: Path, pki: Certificates, sender: Callable[[Receiver], Rsyslog], protocol: str, number: int
) -> None:
    receiver = Receiver(tmp_path / "spool", protocol, pki)
    rsyslog = sender(receiver)
    rsyslog.send(0, COUNT // 3)
    assert wait_until(lambda: len(receiver.kept()) > COUNT // 10), (rsyslog.folder / "out").read_text()
    rsyslog.send(COUNT // 3, COUNT * 2 // 3)
    said = receiver.end(number)
    rsyslog.send(COUNT * 2 // 3, COUNT)
    receiver.start()
    every = Counter(range(COUNT))
    wait_until(lambda: receiver.kept().keys() >= every.keys())
    missing, twice = every - receiver.kept(), receiver.kept() - every
    last = receiver.end(signal.SIGTERM)
    assert missing == {}, (said, last)
    if protocol.startswith("relp"):  # over a plain stream, rsyslog itself may write a batch twice into one connection
        assert twice == {}, (said, last)
    assert "stopped in order" in last
    if protocol.endswith("tls"):
        assert [folder.name for folder in receiver.spool.iterdir()] == ["idp-almelo.example"]


def test_from_a_daemon_to_the_store(
    tmp_path: Path, pki: Certificates, sender: Callable[[Receiver], Rsyslog], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What rsyslog sent is stored as lines of FreeRADIUS, while it is still sending."""
    store = new_store(tmp_path, monkeypatch)
    settings = tmp_path / "logs.yml"
    settings.write_text(f"store: {store}\nspool: {tmp_path / 'spool'}\n")
    receiver = Receiver(tmp_path / "spool", "relp", pki)
    rsyslog = sender(receiver)
    command = [sys.executable, "-m", "ggi_net", "logs", "ingest", "--follow", "--settings", settings]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=dict(os.environ)) as ingest:
        rsyslog.send(0, 300)
        assert wait_until(lambda: sum(stored(store).values()) == 300)
        ingest.terminate()
        assert ingest.stderr is not None
        assert "stopped in order" in ingest.stderr.read()
    receiver.end(signal.SIGTERM)
    numbers = Counter(int(found) for line in stored(store) for found in NUMBER.findall(line))
    assert numbers == Counter(range(300))
