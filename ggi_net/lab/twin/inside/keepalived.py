"""`keepalived` of a device whose VRFs are namespaces: one keepalived in each, with the instances of its interfaces.

The tables of the VRFs, which the configuration's scripts look into, are the main tables of the namespaces.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from ggi_net.lab.twin.inside import STATE, become, members, namespace_path, real, wanted_interfaces

if TYPE_CHECKING:
    from types import FrameType

_CONFIGURATION = Path("/etc/keepalived/keepalived.conf")
_INSTANCE = re.compile(r"^vrrp_instance \S+ \{\n\tinterface (\S+)\n.*?^\}\n", re.MULTILINE | re.DOTALL)
_TABLE = re.compile(r"\btable \d+\b")


def main(arguments: list[str]) -> int:
    """Check the configuration as it is (`-t`); else run one daemon for each VRF until told to end."""
    if {"-t", "--config-test"} & {word.partition("=")[0] for word in arguments[1:]}:
        become("keepalived", *arguments[1:])
    daemons = [_start(vrf) for vrf in _write()]

    def reload(*_: object) -> None:
        _write()
        for daemon in daemons:
            daemon.send_signal(signal.SIGHUP)

    def end(number: int, _: FrameType | None) -> None:
        for daemon in daemons:
            daemon.send_signal(number)

    signal.signal(signal.SIGHUP, reload)
    signal.signal(signal.SIGTERM, end)
    _ready()
    return max([daemon.wait() for daemon in daemons], default=0)


def _write() -> list[str]:
    """Write each VRF's part of the configuration; return the VRFs that have one."""
    text = _CONFIGURATION.read_text()
    found = []
    for vrf, ports in members(wanted_interfaces()).items():
        mine = _TABLE.sub("table main", _INSTANCE.sub(lambda m: m.group() if m[1] in ports else "", text))  # noqa: B023
        if "vrrp_instance" in mine:
            (STATE / f"keepalived.{vrf}.conf").write_text(mine)
            found.append(vrf)
    return found


def _start(vrf: str) -> subprocess.Popen[bytes]:
    where = [f"--{kind}={STATE}/keepalived.{vrf}.{kind}" for kind in ("pid", "vrrp_pid")]
    return subprocess.Popen(
        ["/usr/bin/nsenter", f"--net={namespace_path(vrf)}", "--", real("keepalived"), "--dont-fork", "--log-console",
         "--vrrp", f"--use-file={STATE}/keepalived.{vrf}.conf", *where],
        env={key: value for key, value in os.environ.items() if key != "NOTIFY_SOCKET"},
    )  # fmt: skip


def _ready() -> None:
    address = os.environ.get("NOTIFY_SOCKET")
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.sendto(b"READY=1", address)
