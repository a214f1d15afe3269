"""`radvd` of a device whose VRFs are namespaces: one radvd in each that has an interface of the configuration.

An interface that is not there is passed over, as the configuration says, so each can have all of it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from ggi_net.lab.twin.inside import STATE, become, real, wanted_interfaces
from ggi_net.lab.twin.inside.spread import care, start
from ggi_net.lab.twin.interfaces import members

_CONFIGURATION = Path("/etc/radvd.conf")
_PID = Path("/run/radvd.pid")


def main(arguments: list[str]) -> int:
    """Check the configuration (`--configtest`); else leave for the background, as radvd does, and run the daemons."""
    if {"-c", "--configtest"} & set(arguments):
        become("radvd", *arguments[1:])
    pid = os.fork()
    if pid:
        _PID.write_text(f"{pid}\n")
        return 0
    os.setsid()
    named = set(re.findall(r"^interface (\S+)", _CONFIGURATION.read_text(), re.MULTILINE))
    daemons = [
        start(vrf, [real("radvd"), "--nodaemon", "--logmethod", "stderr", f"--pidfile={STATE}/radvd.{vrf}.pid"])
        for vrf, ports in members(wanted_interfaces()).items()
        if named & set(ports)
    ]
    return care(daemons, lambda: None)
