"""Servers in namespaces of this machine: each has a network, its own addresses and its artifacts at their own paths.

All servers hang on one bridge. A server's files lie in a folder of the test and are mounted over the machine's in the
server's own mount namespace, so that absolute paths hold and the test can read the logs from outside.
"""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import time
from hashlib import sha256
from typing import TYPE_CHECKING

from ggi_net.render.device import render_device
from ggi_net.render.platform import platform

if TYPE_CHECKING:
    from pathlib import Path

_HOLD = "mount --make-rprivate / && echo ready && exec sleep infinity"
# What a test run has started dies with it, however it ends.
WITH_US = ("--pdeathsig", "KILL")


def resolved(text: str) -> str:
    """The text with a made-up secret for each reference: the same reference gives the same secret everywhere."""
    return re.sub(r"secret://[a-z0-9/._-]+", lambda found: sha256(found.group().encode()).hexdigest()[:32], text)


class Namespace:
    """A network and mount namespace, held open by a process."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._holder = subprocess.Popen(
            ["setpriv", *WITH_US, "unshare", "--net", "--mount", "--uts", "sh", "-c", _HOLD],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._holder.stdout
        assert self._holder.stdout.readline() == "ready\n"
        self.daemons: dict[str, subprocess.Popen[bytes]] = {}
        self.run("ip", "link", "set", "lo", "up")

    @property
    def pid(self) -> int:
        return self._holder.pid

    def command(self, *command: str) -> list[str]:
        """`command` as it is run inside."""
        return ["nsenter", "-t", str(self.pid), "--net", "--mount", "--uts", "--", *command]

    def run(self, *command: str, stdin: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run to the end; raise with what it said when it fails."""
        done = subprocess.run(
            self.command(*command), input=stdin, capture_output=True, text=True, timeout=40, errors="replace"
        )
        assert not check or done.returncode == 0, f"{self.name}: {command}: {done.stdout}{done.stderr}"
        return done

    def address(self, address: str) -> None:
        """Give eth0 one address, without a prefix."""
        length = "128" if ":" in address else "32"
        nodad = ["nodad"] if ":" in address else []
        self.run("ip", "address", "add", f"{address}/{length}", "dev", "eth0", *nodad)

    def start(self, name: str, log: Path, *command: str) -> None:
        """Start a daemon in the foreground, its output in `log`."""
        with log.open("ab") as output:
            self.daemons[name] = subprocess.Popen(
                self.command("setpriv", *WITH_US, *command), stdout=output, stderr=output
            )

    def stop(self, name: str) -> None:
        """End one daemon."""
        daemon = self.daemons.pop(name)
        daemon.send_signal(signal.SIGTERM)
        try:
            daemon.wait(5)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()

    def close(self) -> None:
        """End what runs inside, and the namespace with it."""
        for name in list(self.daemons):
            self.stop(name)
        self._holder.kill()
        self._holder.wait()


class Hub(Namespace):
    """The bridge that every server hangs on."""

    def __init__(self) -> None:
        super().__init__("hub")
        self._ports = 0
        self.run("ip", "link", "add", "br0", "type", "bridge", "mcast_snooping", "0")
        self.run("ip", "link", "set", "br0", "up")

    def connect(self, other: Namespace) -> None:
        """Give the other an eth0 on the bridge, through which it reaches every address."""
        self._ports += 1
        port = f"p{self._ports}"
        self.run("ip", "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", str(other.pid))
        self.run("ip", "link", "set", port, "master", "br0", "up")
        other.run("sh", "-c", "echo 0 > /proc/sys/net/ipv6/conf/eth0/accept_dad", check=False)
        other.run("ip", "link", "set", "eth0", "up")
        other.run("ip", "-6", "route", "add", "default", "dev", "eth0")
        other.run("ip", "route", "add", "default", "dev", "eth0")


class Server(Namespace):
    """A device of the estate with its artifacts, unchanged except that secrets are resolved."""

    def __init__(self, estate, name: str, folder: Path, hub: Hub) -> None:
        super().__init__(name)
        self.folder = folder / name
        placed = estate.placed(name)
        hub.connect(self)
        self.addresses = [address.partition("/")[0] for address in placed.device.management]
        for address in self.addresses:
            self.address(address)
        kinds = {kind.file: kind for kind in platform(placed.device.platform).artifacts}
        self.artifacts = {a.file: a.text for a in render_device(estate, placed)}
        for file, text in self.artifacts.items():
            kind = kinds[file]
            owner, _, group = kind.owner.partition(":")
            self.write(kind.path, resolved(text), int(kind.mode, 8), owner, group)

    def address_of(self, family: int) -> str:
        """The server's own address of that family."""
        return next(address for address in self.addresses if (":" in address) == (family == 6))

    def outside(self, path: str) -> Path:
        """Where a path of the server is for the test."""
        return self.folder / path.lstrip("/")

    def write(
        self, path: str, content: str | bytes, mode: int = 0o644, owner: str = "root", group: str = "root"
    ) -> None:
        """Put a file on the server."""
        target = self.outside(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
        shutil.chown(target, owner, group)
        target.chmod(mode)

    def cover(self, path: str, owner: str = "root") -> None:
        """Mount the server's own file or folder over the machine's."""
        own = self.outside(path)
        if not own.exists():
            own.mkdir(parents=True)
            shutil.chown(own, owner, owner)
        self.run("sh", "-c", f"test -e {path} || mkdir -p {path}; mount --bind {own} {path}")


def wait_until(condition, seconds: float, what: str) -> None:
    """Wait until `condition()` holds; fail with `what` after `seconds`."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"{what}: not within {seconds} s"
        time.sleep(0.05)
