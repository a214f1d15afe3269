"""`keepalived` of a device whose VRFs are namespaces: one keepalived in each, with the instances of its interfaces.

The tables of the VRFs, which the configuration's scripts look into, are the main tables of the namespaces.
"""

from __future__ import annotations

import re
from pathlib import Path

from ggi_net.lab.twin.inside import STATE, become, real, wanted_interfaces
from ggi_net.lab.twin.inside.spread import care, start
from ggi_net.lab.twin.interfaces import members

_CONFIGURATION = Path("/etc/keepalived/keepalived.conf")
_INSTANCE = re.compile(r"^vrrp_instance \S+ \{\n\tinterface (\S+)\n.*?^\}\n", re.MULTILINE | re.DOTALL)
_TABLE = re.compile(r"\btable \d+\b")


def main(arguments: list[str]) -> int:
    """Check the configuration as it is (`-t`); else run one daemon for each VRF until told to end."""
    if {"-t", "--config-test"} & {word.partition("=")[0] for word in arguments[1:]}:
        become("keepalived", *arguments[1:])
    daemons = []
    for vrf in _write():
        own = [
            f"--use-file={_part(vrf)}",
            *(f"--{kind}={STATE}/keepalived.{vrf}.{kind}" for kind in ("pid", "vrrp_pid")),
        ]
        daemons.append(start(vrf, [real("keepalived"), "--dont-fork", "--log-console", "--vrrp", *own]))
    return care(daemons, _write)


def part_of(text: str, ports: list[str]) -> str:
    """The configuration with the instances on these ports only, its tables those of a namespace."""
    return _TABLE.sub("table main", _INSTANCE.sub(lambda found: found.group() if found[1] in ports else "", text))


def _write() -> list[str]:
    """Write each VRF's part of the configuration; return the VRFs that have one."""
    text = _CONFIGURATION.read_text()
    found = []
    for vrf, ports in members(wanted_interfaces()).items():
        mine = part_of(text, ports)
        if "vrrp_instance" in mine:
            _part(vrf).write_text(mine)
            found.append(vrf)
    return found


def _part(vrf: str) -> Path:
    return STATE / f"keepalived.{vrf}.conf"
