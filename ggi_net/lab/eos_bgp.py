"""BGP of a simulated EOS device: the sessions that its configuration gives, and what it announces to them."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ggi_net.config.tree import Node


def summary(running: Node, *, broken: bool) -> dict[str, Any]:
    """What `show bgp summary vrf all | json` prints; with `broken` no session is up, nor is one that is shut down."""
    vrfs: dict[str, Any] = {}
    for vrf, section in _vrfs(running):
        peers = {}
        for line in section.starting("neighbor"):
            words = line.text.split()
            if words[2:3] == ["remote-as"]:
                shut = any(other.text == f"neighbor {words[1]} shutdown" for other in section.children)
                state = "Active" if broken or shut else "Established"
                peers[words[1]] = {"peerState": state, "peerAsn": words[3], "version": 4}
        vrfs[vrf] = {"vrf": vrf, "asn": "65000", "routerId": "192.0.2.1", "peers": peers}
    return {"vrfs": vrfs}


def advertised(running: Node, vrf: str, address: str) -> dict[str, Any]:
    """What `show bgp neighbors ADDRESS advertised-routes vrf VRF | json` prints."""
    entries = {}
    for name, section in _vrfs(running):
        if name == vrf:
            for family in section.starting("address-family"):
                if any(line.text == f"neighbor {address} activate" for line in family.children):
                    for line in family.starting("network"):
                        prefix = line.text.split()[1]
                        if all(_permits(running, one, prefix) for one in _filters(running, section, address)):
                            entries[prefix] = {"bgpRoutePaths": [{"nextHop": "", "reasonNotBestpath": "noReason"}]}
    return {"vrfs": {vrf: {"vrf": vrf, "bgpRouteEntries": entries}}}


def _vrfs(running: Node) -> Iterator[tuple[str, Node]]:
    for router in running.starting("router bgp"):
        yield "default", router
        for section in router.starting("vrf"):
            yield section.text.split()[1], section


def _filters(running: Node, section: Node, address: str) -> list[str]:
    """The prefix lists that what goes to a neighbor must pass: those of its route map's entries."""
    names = []
    for line in section.starting(f"neighbor {address} route-map"):
        words = line.text.split()
        if words[-1] == "out":
            for entry in running.starting(f"route-map {words[3]}"):
                for match in entry.children:
                    found = re.match(r"match ipv?6? address prefix-list (\S+)", match.text)
                    names += [found[1]] if found else []
    return names


def _permits(running: Node, name: str, prefix: str) -> bool:
    """Whether a prefix list lets a prefix through; one that does not exist lets nothing through."""
    network = ipaddress.ip_network(prefix)
    kind = "ipv6" if network.version == 6 else "ip"
    section = next(running.starting(f"{kind} prefix-list {name}"), None)
    entries = sorted(int(line.text.split()[1]) for line in section.starting("seq")) if section else []
    for number in entries:
        words = next(line.text.split() for line in section.starting(f"seq {number}")) if section else []
        base = ipaddress.ip_network(words[3])
        longest = int(words[5]) if "le" in words else base.prefixlen
        fits = base.prefixlen <= network.prefixlen <= longest
        if fits and network.supernet(new_prefix=base.prefixlen) == base:
            return words[2] == "permit"
    return False
