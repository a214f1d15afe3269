"""A twin for a test module: the command line that handles it, and what it leaves on this machine."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ggi_net.lab.twin.control import command, plan_of, state_of
from ggi_net.lab.twin.state import established

if TYPE_CHECKING:
    from collections.abc import Callable

NEEDS = (
    "nft",
    "vtysh",
    "frr-reload.py",
    "sshd",
    "sudo",
    "keepalived",
    "radvd",
    "ip",
    "ping",
    "chronyd",
    "rsyslogd",
    "charon-systemd",
    "swanctl",
)


class TwinLab:
    """One twin, in `folder`, with the artifacts of its devices in `artifacts` and a state folder of its own."""

    def __init__(self, base: Path) -> None:
        self.folder = base / "twin"
        self.artifacts = base / "artifacts"
        self.state = base / "state"
        self._held: list[int] = []

    def ggi(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run `ggi` with this twin's folders in its environment."""
        return self._run(sys.executable, "-m", "ggi_net", *words, check=check)

    def on(self, name: str, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command on a device or host of the twin, as `ggi lab exec` does."""
        return self._run(*command(self.folder, name, words), check=check)

    def start_on(self, name: str, *words: str) -> subprocess.Popen[str]:
        """Start a command on a device or host of the twin."""
        return subprocess.Popen(command(self.folder, name, words), stdout=subprocess.PIPE, text=True)

    def ggi_on_noc(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run `ggi` on the management host."""
        return self.on("noc", sys.executable, "-m", "ggi_net", *words, check=check)

    def up(self, *options: str) -> None:
        """Bring it up, and render the artifacts of every device."""
        self.ggi("lab", "up", *options)
        self.ggi("render", "-o", str(self.artifacts))

    def close(self) -> None:
        """Take it down."""
        self.ggi("lab", "down")
        for held in self._held:
            os.close(held)

    def sessions(self, device: str) -> dict[str, bool]:
        """The BGP sessions of a device with others of the twin, and which of them are established."""
        return established(state_of(self.folder).pids.get(device, 0), plan_of(self.folder).addresses)

    def namespaces(self) -> set[str]:
        """The network namespaces of all machines and hosts, and of the twin's own process, as the kernel names them.

        They are held until `close`: the kernel gives the name of one that is gone to the next that anybody makes.
        """
        pids = {*state_of(self.folder).pids.values(), int((self.folder / "server.pid").read_text())}
        self._held += [os.open(f"/proc/{pid}/ns/net", os.O_RDONLY) for pid in pids]
        return {f"net:[{os.fstat(held).st_ino}]" for held in self._held}

    def _run(self, *command: str, check: bool) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {
            "GGI_TWIN": str(self.folder),
            "GGI_STATE": str(self.state),
            "GGI_CONNECTIONS": str(self.folder / "connections.json"),
            "COLUMNS": "200",
        }
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=900)
        assert not check or done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait until `condition()` holds; fail with `what` after `seconds`."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"{what}: not within {seconds} s"
        time.sleep(0.1)


def left_in(namespaces: set[str]) -> list[str]:
    """The command lines of all processes of this machine that are in one of these network namespaces."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if str((entry / "ns/net").readlink()) in namespaces:
                found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found


def mounts_of(folder: Path) -> list[str]:
    """The mounts of this machine that have to do with a folder."""
    return [line for line in Path("/proc/self/mountinfo").read_text().splitlines() if str(folder) in line]
