"""The interfaces that a new gateway uses, by platform; a spec can name others."""

from __future__ import annotations

from typing import NamedTuple


class Interfaces(NamedTuple):
    """Names as the platform writes them."""

    uplink: str
    lan: str


USUAL = {
    "frr": Interfaces("eth0", "eth1"),
    "cisco_iosxe": Interfaces("GigabitEthernet1", "GigabitEthernet2"),
    "juniper_junos": Interfaces("ge-0/0/0", "ge-0/0/1"),
    "arista_eos": Interfaces("Ethernet1", "Ethernet2"),
}
"""The first interface is the uplink, the second the LAN."""

RADIUS_PLATFORM = "freeradius"
RADIUS_PORT = "eth0"
