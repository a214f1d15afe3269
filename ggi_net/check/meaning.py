"""What the lines of a configuration mean together, whatever the command line: addresses, BGP sessions and secrets."""

from __future__ import annotations

import re
from collections import defaultdict
from ipaddress import IPv4Interface, IPv6Interface, ip_interface
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

from ggi_net.check.command_line import finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ggi_net.check.result import Finding
    from ggi_net.config.tree import Node

Net = IPv4Interface | IPv6Interface
Networks: TypeAlias = "dict[str, list[tuple[Net, Node]]]"
"""The addresses of all interfaces with their lines, by VRF (empty: the default routing table)."""


def parsed(address: str) -> Net | None:
    """An address with or without its length; None for anything else."""
    try:
        return ip_interface(address)
    except ValueError:
        return None


def networks(root: Node, vrf_of: Callable[[Node], str], address_of: Callable[[Node], Net | None]) -> Networks:
    """The addresses of all interfaces; `vrf_of` reads an interface, `address_of` a line of it."""
    found: defaultdict[str, list[tuple[Net, Node]]] = defaultdict(list)
    for interface in root.starting("interface"):
        found[vrf_of(interface)] += [(net, line) for line in interface.children if (net := address_of(line))]
    return found


def overlaps(found: Networks) -> Iterator[Finding]:
    """Addresses of two networks that overlap in one VRF."""
    for there in found.values():
        there.sort(key=lambda pair: (pair[0].version, int(pair[0].network.network_address), pair[0].network.prefixlen))
        for (one, first), (other, second) in pairwise(there):
            if one.version == other.version and one.network.overlaps(other.network):
                late, early = (second, first) if second.number > first.number else (first, second)
                yield finding(late, f"overlaps the address on line {early.number} in the same VRF")


def virtual(line: Node, text: str, own: list[Net]) -> Iterator[Finding]:
    """A shared address `text` that can't be one of an interface with the addresses `own`."""
    address = parsed(text)
    if address is None:
        yield finding(line, f"'{text}' is not an address")
    elif not address.is_link_local and not any(address.ip in net.network for net in own):
        yield finding(line, f"the shared address {text} is on no network of the interface")


def by_peer(lines: Iterator[Node]) -> dict[str, list[Node]]:
    """The lines `neighbor <peer> ...`, by peer."""
    found: dict[str, list[Node]] = {}
    for line in lines:
        found.setdefault(line.text.removeprefix("neighbor ").partition(" ")[0], []).append(line)
    return found


def session(
    peer: str, lines: Sequence[Node], demands: Mapping[str, str], vrf: str, found: Networks
) -> Iterator[Finding]:
    """A BGP neighbor that would not come up, or would come up without a protection that every session has.

    `demands`: what is wrong when no line says so, with the pattern of that line after `neighbor <peer> `.
    """
    said = [line.text.removeprefix(f"neighbor {peer} ") for line in lines]
    for problem, pattern in demands.items():
        if not any(re.fullmatch(pattern, text) for text in said):
            yield finding(lines[0], f"neighbor {peer} has {problem}")
    address = parsed(peer)
    if not address or not any(address.ip in net.network for net, _ in found.get(vrf, ())):
        yield finding(lines[0], f"neighbor {peer} is on no network of VRF {vrf}: no session comes up")


def secrets(root: Node, lines: re.Pattern[str], secret: re.Pattern[str]) -> Iterator[Finding]:
    """Anything but a reference where a secret belongs: the group `value` of `secret` (`kind`: the type before it)."""
    for node in root.walk():
        if lines.match(node.text):
            for match in secret.finditer(node.text):
                if not match["value"].startswith("secret://"):
                    what = f"a type {match['kind']} secret" if match["kind"] not in (None, "0") else "a secret in clear"
                    yield finding(node, f"{what}: artifacts hold references (secret://...)")
