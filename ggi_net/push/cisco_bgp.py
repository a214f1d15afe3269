"""What IOS-XE tells of BGP, read from its `show` commands."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

NEIGHBORS = "show bgp all neighbors | include BGP neighbor is|BGP state"
"""The command that `read_neighbors` reads the answer of."""
GLOBAL = "default"
"""The name of the table that belongs to no VRF."""

_NEIGHBOR = re.compile(r"^BGP neighbor is (?P<address>[^\s,]+),\s+(?:vrf (?P<vrf>[^\s,]+),)?", re.MULTILINE)
_UP = "BGP state = Established"
_NETWORK = re.compile(
    r"^ ?[*srhdSR][*>isrhdmbfxacSRtL ]{0,3}\s+(?P<prefix>[0-9A-Fa-f.:]+(?:/\d+)?)(?:\s|$)", re.MULTILINE
)


@dataclass(frozen=True)
class Neighbor:
    """A neighbor in a VRF, and whether its session is established."""

    address: ipaddress.IPv4Address | ipaddress.IPv6Address
    vrf: str
    up: bool

    @property
    def announced(self) -> str:
        """The command that shows what is announced to it."""
        version = self.address.version
        family = f"ipv{version} unicast" if self.vrf == GLOBAL else f"vpnv{version} unicast vrf {self.vrf}"
        return f"show bgp {family} neighbors {str(self.address).upper()} advertised-routes"


def read_neighbors(text: str) -> list[Neighbor]:
    """The neighbors in the answer to NEIGHBORS; raise ValueError for an address that is none."""
    found = list(_NEIGHBOR.finditer(text))
    ends = [*(match.start() for match in found[1:]), len(text)]
    return [
        Neighbor(
            # A dynamic neighbor is marked with a star.
            ipaddress.ip_address(match["address"].lstrip("*")),
            match["vrf"] or GLOBAL,
            up=_UP in text[match.end() : end],
        )
        for match, end in zip(found, ends, strict=False)
    ]


def read_prefixes(text: str) -> frozenset[str]:
    """The prefixes in a table of routes; raise ValueError for one that is none.

    A prefix without length is classful: `192.0.2.0` is a /24. A long one stands on a line of its own, before its next
    hop.
    """
    return frozenset(_written_out(match["prefix"]) for match in _NETWORK.finditer(text))


def _written_out(shown: str) -> str:
    if "/" not in shown:
        first = int(shown.split(".")[0])
        shown += f"/{8 if first < 128 else 16 if first < 192 else 24}"
    return str(ipaddress.ip_network(shown))
