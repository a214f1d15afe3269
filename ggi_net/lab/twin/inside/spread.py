"""One daemon for each VRF of a device whose VRFs are namespaces, where a real device has one for all."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from typing import TYPE_CHECKING

from ggi_net.lab.twin.inside import namespace_path

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def start(vrf: str, command: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start a daemon that stays in the foreground, in the namespace of a VRF."""
    environment = {key: value for key, value in os.environ.items() if key != "NOTIFY_SOCKET"}
    return subprocess.Popen(["/usr/bin/nsenter", f"--net={namespace_path(vrf)}", "--", *command], env=environment)


def care(daemons: Sequence[subprocess.Popen[bytes]], before_reload: Callable[[], object]) -> int:
    """Say that all is ready (sd_notify), pass signals on, and return when every daemon has ended."""

    def tell(number: int, _: object) -> None:
        if number == signal.SIGHUP:
            before_reload()
        for daemon in daemons:
            daemon.send_signal(number)

    signal.signal(signal.SIGHUP, tell)
    signal.signal(signal.SIGTERM, tell)
    address = os.environ.get("NOTIFY_SOCKET")
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.sendto(b"READY=1", address)
    return max([abs(daemon.wait()) for daemon in daemons], default=0)
