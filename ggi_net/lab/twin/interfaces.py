"""What /etc/network/interfaces says, as far as the toolkit's templates use it. Standard library only.

Both ends need it: the plan wires interfaces of the same network together, and inside a device they get their addresses.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_interface
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ipaddress import IPv4Network, IPv6Network

MAIN = "main"
"""The namespace of what is in no VRF."""

_KNOWN = frozenset(
    {
        "address", "gateway", "mtu", "vrf", "vrf-table", "vlan-raw-device", "vlan-id", "xfrm-id", "xfrm-physdev",
        "pre-up", "up", "post-up", "down", "pre-down", "post-down", "alias",
    }
)  # fmt: skip


@dataclass
class Interface:
    """One interface: its addresses with prefix lengths, its gateways, its VRF; `table` makes it a VRF itself."""

    name: str
    vrf: str = MAIN
    table: int = 0
    mtu: int = 1500
    addresses: list[str] = field(default_factory=list)
    gateways: list[str] = field(default_factory=list)
    before: list[str] = field(default_factory=list)

    @property
    def network(self) -> IPv4Network | IPv6Network | None:
        """The network of its first address, which whoever is on the same wire shares; None without an address."""
        return ip_interface(self.addresses[0]).network if self.addresses else None


def parse(text: str) -> list[Interface]:
    """The interfaces in the file's order, several stanzas of one name taken together; raise ValueError."""
    found: dict[str, Interface] = {}
    current: Interface | None = None
    for number, raw in enumerate(text.splitlines(), start=1):
        words = raw.split("#", 1)[0].split()
        if not words:
            continue
        key, *rest = words
        if key in ("auto", "allow-hotplug", "source", "source-directory"):
            current = None
        elif key == "iface" and rest:
            current = found.setdefault(rest[0], Interface(rest[0]))
        elif current is None or key not in _KNOWN or not rest:
            raise ValueError(f"line {number}: '{raw.strip()}' is not understood")
        else:
            _take(current, key, " ".join(rest), number)
    return list(found.values())


def _take(current: Interface, key: str, value: str, number: int) -> None:
    try:
        if key == "address":
            current.addresses.append(str(ip_interface(value)))
        elif key == "gateway":
            current.gateways.append(value)
        elif key == "mtu":
            current.mtu = int(value)
        elif key == "vrf":
            current.vrf = value
        elif key == "vrf-table":
            current.table = int(value)
        elif key == "pre-up":
            current.before.append(value)
    except ValueError:
        raise ValueError(f"line {number}: '{value}' is no {key}") from None


def vrfs(interfaces: list[Interface]) -> list[str]:
    """The VRFs that the file makes."""
    return [interface.name for interface in interfaces if interface.table]


def members(interfaces: list[Interface]) -> dict[str, list[str]]:
    """The interfaces in each VRF."""
    found: dict[str, list[str]] = {name: [] for name in vrfs(interfaces)}
    for interface in interfaces:
        if interface.vrf in found:
            found[interface.vrf].append(interface.name)
    return found
