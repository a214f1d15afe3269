"""What systemd does when a device starts: an unconfirmed push, settings, firewall, network, the daemons."""

from __future__ import annotations

import subprocess
from pathlib import Path

from ggi_net.lab.twin.inside import complain, in_namespace, wanted_interfaces
from ggi_net.lab.twin.inside.ifupdown import make_vrfs
from ggi_net.lab.twin.inside.unit import Unit
from ggi_net.lab.twin.interfaces import MAIN

_WANTED = Path("/etc/systemd/system/sysinit.target.wants")


def main(units: list[str]) -> int:
    """Start everything; what fails is said and the rest is started all the same, as on a real device.

    What a push has left to be done at the next start (a unit of ours that sysinit.target wants) comes first.
    """
    for command in [line for path in _WANTED.glob("ggi-*") for line in Unit(path.stem).commands("ExecStart", {})]:
        subprocess.run(command, check=False)
    in_namespace(MAIN, "ip", "link", "set", "lo", "up")
    make_vrfs(wanted_interfaces())
    steps = [["/usr/sbin/sysctl", "--system"], ["/usr/sbin/nft", "-f", "/etc/nftables.conf"], ["/usr/sbin/ifup", "-a"]]
    steps += [["/usr/bin/systemctl", "start", unit] for unit in units]
    problems = 0
    for step in steps:
        done = subprocess.run(step, capture_output=True, text=True, check=False)
        if done.returncode:
            problems += 1
            complain(f"{' '.join(step)}: {done.stderr.strip()}")
    return 1 if problems else 0
