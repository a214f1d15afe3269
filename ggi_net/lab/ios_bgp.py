"""BGP of a simulated IOS-XE router: the sessions that its configuration gives, and what it announces to them."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ggi_net.config.tree import Node

_HEADER = (
    "BGP table version is 7, local router ID is 192.0.2.1\n"
    "Status codes: s suppressed, d damped, h history, * valid, > best, i - internal,\n"
    "Origin codes: i - IGP, e - EGP, ? - incomplete\n\n"
    "     Network          Next Hop            Metric LocPrf Weight Path"
)
_FAMILY = re.compile(r"address-family (ipv4|ipv6)(?: unicast)?(?: vrf (\S+))?$")


@dataclass(frozen=True)
class Neighbor:
    """A neighbor of one address family: `vrf` is empty in the global table, `up` says whether its session stands."""

    vrf: str
    family: str
    address: str
    asn: str
    up: bool


def neighbors(running: Node, *, broken: bool) -> Iterator[Neighbor]:
    """Every neighbor that is configured; with `broken` no session is up, nor is one that is shut down."""
    for vrf, family, section in _families(running):
        for line in section.starting("neighbor"):
            words = line.text.split()
            if words[2:3] == ["remote-as"] and (":" in words[1]) == (family == "ipv6"):
                shut = any(other.text == f"neighbor {words[1]} shutdown" for other in section.children)
                yield Neighbor(vrf, family, words[1], words[3], up=not broken and not shut)


def announced(running: Node, neighbor: Neighbor) -> list[str]:
    """The prefixes that go to a neighbor: every `network` of its family, through the prefix list that is its filter."""
    found = []
    for vrf, family, section in _families(running):
        if (vrf, family) != (neighbor.vrf, neighbor.family):
            continue
        lists = _filters(running, section, neighbor.address)
        for line in section.starting("network"):
            prefix = _prefix(line.text.split()[1:])
            if (":" in prefix) == (family == "ipv6") and all(_permits(running, name, prefix) for name in lists):
                found.append(prefix)
    return found


def show_neighbors(running: Node, *, broken: bool) -> str:
    """The lines of `show bgp all neighbors` that say who they are and how they do."""
    lines = ["For address family: IPv4 Unicast"]
    for neighbor in neighbors(running, broken=broken):
        vrf = f"  vrf {neighbor.vrf}," if neighbor.vrf else ""
        lines.append(f"BGP neighbor is {neighbor.address},{vrf}  remote AS {neighbor.asn}, external link")
        lines.append(f"  BGP state = {'Established, up for 00:10:00' if neighbor.up else 'Active'}")
    return "\n".join(lines)


def show_announced(running: Node, vrf: str, family: str, address: str) -> str:
    """What `show bgp ... neighbors ADDRESS advertised-routes` prints; a long prefix stands on a line of its own."""
    rows = []
    for prefix in announced(running, Neighbor(vrf, family, address, "", up=True)):
        shown = prefix.upper() if family == "ipv6" else prefix
        hop = "::" if family == "ipv6" else "0.0.0.0"  # noqa: S104  a next hop: the router itself
        rest = f"{hop:<20}     0         32768 i"
        rows += [f" *>   {shown}", f"{'':22} {rest}"] if len(shown) > 16 else [f" *>   {shown:<16} {rest}"]
    return "\n".join([_HEADER, *rows, "", f"Total number of prefixes {len(rows)}"])


def _families(running: Node) -> Iterator[tuple[str, str, Node]]:
    """VRF, family and section of each address family; the lines of `router bgp` itself are of global IPv4."""
    for router in running.starting("router bgp"):
        yield "", "ipv4", router
        for section in router.starting("address-family"):
            found = _FAMILY.match(section.text)
            if found:
                yield found[2] or "", found[1], section


def _filters(running: Node, section: Node, address: str) -> list[str]:
    """The prefix lists that what goes to a neighbor must pass: its own, and those of its route map's first entry."""
    names = []
    for line in section.starting(f"neighbor {address}"):
        words = line.text.split()[2:]
        if words[:1] == ["prefix-list"] and words[-1] == "out":
            names.append(words[1])
        if words[:1] == ["route-map"] and words[-1] == "out":
            entry = next(running.starting(f"route-map {words[1]}"), None)
            names += [
                name
                for match in (entry.children if entry else ())
                if (found := re.match(r"match ipv?6? address prefix-list (.+)", match.text))
                for name in found[1].split()
            ]
    return names


def _permits(running: Node, name: str, prefix: str) -> bool:
    """Whether a prefix list lets a prefix through; one that does not exist lets everything through, as on IOS."""
    family = "ipv6" if ":" in prefix else "ip"
    network = ipaddress.ip_network(prefix)
    entries = []
    for line in running.starting(f"{family} prefix-list {name}"):
        words = line.text.split()
        if "seq" in words:
            entries.append((int(words[words.index("seq") + 1]), words[words.index("seq") + 2 :]))
    for _, (action, written, *bounds) in sorted(entries):
        base = ipaddress.ip_network(written)
        own = base.prefixlen
        if network.prefixlen < own or network.supernet(new_prefix=own) != base:
            continue
        limits = dict(zip(bounds[::2], map(int, bounds[1::2]), strict=True))
        low = limits.get("ge", own)
        high = limits.get("le", network.max_prefixlen if "ge" in limits else own)
        if low <= network.prefixlen <= high:
            return action == "permit"
    return not entries


def _prefix(words: list[str]) -> str:
    """The prefix of a `network` line: `192.0.2.0 mask 255.255.255.0`, `192.0.2.0` (classful) or `2001:DB8::/32`."""
    if "/" in words[0]:
        return str(ipaddress.ip_network(words[0]))
    if words[1:2] == ["mask"]:
        return str(ipaddress.ip_network(f"{words[0]}/{words[2]}"))
    first = int(words[0].split(".")[0])
    return f"{words[0]}/{8 if first < 128 else 16 if first < 192 else 24}"
