"""What the statements of a Junos configuration mean together: addresses, instances, zones, sessions and secrets.

The second half of the structural check: `junos.py` reads the structure, these rules read what stands in it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from ipaddress import IPv4Interface, IPv6Interface, ip_address, ip_interface
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from ggi_net.check.result import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ggi_net.config.tree import Node

_Net = IPv4Interface | IPv6Interface

LONGEST_NAME = 63
"""What Junos takes as the name of a policy, an address, an application or a term."""

_NAMED = re.compile(r"(policy|term|address|address-set|application|application-set|policy-statement|filter) (\S+)")
_SECRET = re.compile(
    r"(?:(?:encrypted-password|authentication-key|secret|authentication-password|privacy-password|pre-shared-key \S+)"
    r"|authentication-key \d+ type \S+ value) \"?(?P<value>[^\";]*)\"?;"
)
_SESSION = {
    "no import policy": r"import \S+;",
    "no export policy": r"export \S+;",
    "no session key": r"authentication-key \S+;",
    "no peer-as": r"peer-as \d+;",
    "no local-address": r"local-address \S+;",
    "no BFD": "bfd-liveness-detection",
}


class _Unit(NamedTuple):
    """A logical interface: its name with the unit, its lines, and its addresses with the lines that they stand on."""

    name: str
    node: Node
    addresses: tuple[tuple[_Net, Node], ...]


def finding(node: Node, message: str) -> Finding:
    """A finding at the line of `node`."""
    return Finding(message=message, line=node.number)


def _at(root: Node, *headers: str) -> Node | None:
    """The section at that path, if it is there."""
    node: Node | None = root
    for header in headers:
        node = next((child for child in node.children if child.text == header), None) if node else None
    return node


def _inside(root: Node, *headers: str) -> list[Node]:
    found = _at(root, *headers)
    return found.children if found else []


def _units(root: Node) -> dict[str, _Unit]:
    """Every logical interface by name."""
    found = {}
    for port in _inside(root, "interfaces"):
        for unit in port.starting("unit"):
            name = f"{port.text}.{unit.text.partition(' ')[2]}"
            lines = [line for family in unit.starting("family") for line in family.starting("address")]
            addresses = tuple((net, line) for line in lines if (net := _parsed(_word(line, 1))))
            found[name] = _Unit(name, unit, addresses)
    return found


def _instances(root: Node) -> dict[str, dict[str, Node]]:
    """By routing instance its interfaces, with the lines that name them."""
    return {
        instance.text: {_word(line, 1): line for line in instance.starting("interface")}
        for instance in _inside(root, "routing-instances")
    }


def _zones(root: Node) -> dict[str, dict[str, Node]]:
    """By zone its interfaces, with the lines that name them."""
    return {
        _word(zone, 1): {line.text.rstrip(";"): line for line in _inside(zone, "interfaces")}
        for zone in _inside(root, "security", "zones")
    }


def _word(node: Node, number: int) -> str:
    parts = node.text.rstrip(";").split()
    return parts[number] if len(parts) > number else ""


def _parsed(address: str) -> _Net | None:
    try:
        return ip_interface(address)
    except ValueError:
        return None


def _interfaces(root: Node) -> Iterator[Finding]:
    """802.1Q ids, addresses that are none, networks that overlap in one instance, and shared addresses."""
    for port in _inside(root, "interfaces"):
        tags: dict[str, Node] = {}
        tagged = any(line.text == "vlan-tagging;" for line in port.children)
        for unit in port.starting("unit"):
            ids = list(unit.starting("vlan-id"))
            if tagged and not ids:
                yield finding(unit, f"{port.text} is tagged, and this unit has no 802.1Q id")
            for line in ids:
                if not tagged:
                    yield finding(line, f"{port.text} is not tagged ('vlan-tagging')")
                if line.text in tags:
                    yield finding(line, f"802.1Q id {_word(line, 1)} is on line {tags[line.text].number} already")
                tags.setdefault(line.text, line)
            for family in unit.starting("family"):
                for line in family.starting("address"):
                    net = _parsed(_word(line, 1))
                    if net is None or (net.version == 6) != (family.text == "family inet6"):
                        yield finding(line, f"'{_word(line, 1)}' is no address of {family.text}")
                    else:
                        yield from _virtual(line, net)


def _virtual(address: Node, net: _Net) -> Iterator[Finding]:
    for group in address.children:
        for line in group.children:
            if re.match(r"virtual-(inet6-)?address ", line.text):
                shared = _parsed(_word(line, 1))
                if shared is None or shared.ip not in net.network:
                    yield finding(line, f"the shared address {_word(line, 1)} is not on the network of its interface")


def _separation(root: Node) -> Iterator[Finding]:
    """Interfaces that are nowhere, in two places, or in a zone with those of another instance."""
    units, instances, zones = _units(root), _instances(root), _zones(root)
    instance_of: dict[str, str] = {}
    zone_of: dict[str, str] = {}
    for table, owner, what in ((instances, instance_of, "routing instance"), (zones, zone_of, "zone")):
        for name, lines in table.items():
            for interface, line in lines.items():
                if interface not in units:
                    yield finding(line, f"interface {interface} is not configured")
                if interface in owner:
                    yield finding(line, f"interface {interface} is in {what} '{owner[interface]}' already")
                owner.setdefault(interface, name)
    for name, unit in units.items():
        if unit.addresses and name not in zone_of:
            yield finding(unit.node, f"{name} is in no zone: the device drops all that comes in on it")
    for zone, lines in zones.items():
        if len({instance_of.get(interface, "") for interface in lines}) > 1:
            yield finding(next(iter(lines.values())), f"zone '{zone}' has interfaces of several routing instances")
    yield from _overlaps(units, instance_of)


def _overlaps(units: dict[str, _Unit], instance_of: dict[str, str]) -> Iterator[Finding]:
    by_instance: defaultdict[str, list[tuple[_Net, Node]]] = defaultdict(list)
    for name, unit in units.items():
        by_instance[instance_of.get(name, "")] += unit.addresses
    for found in by_instance.values():
        found.sort(key=lambda pair: (pair[0].version, int(pair[0].network.network_address), pair[0].network.prefixlen))
        for (one, first), (other, second) in pairwise(found):
            if one.version == other.version and one.network.overlaps(other.network):
                late, early = (second, first) if second.number > first.number else (first, second)
                yield finding(late, f"overlaps the address on line {early.number} in the same routing instance")


def _sessions(root: Node) -> Iterator[Finding]:
    """BGP neighbors that would not come up, or would come up without a protection that every session has."""
    units, instances = _units(root), _instances(root)
    for instance in _inside(root, "routing-instances"):
        networks = [net for name in instances[instance.text] if name in units for net, _ in units[name].addresses]
        for group in _inside(instance, "protocols", "bgp"):
            if not any(line.text == "ttl 255;" for line in group.children):
                yield finding(group, f"{group.text} has no 'ttl 255', which GTSM asks for")
            for neighbor in group.starting("neighbor"):
                peer = _word(neighbor, 1)
                said = [line.text for line in neighbor.children]
                for problem, pattern in _SESSION.items():
                    if not any(re.fullmatch(pattern, text) for text in said):
                        yield finding(neighbor, f"neighbor {peer} has {problem}")
                if not any(node.text == "prefix-limit" for node in neighbor.walk()):
                    yield finding(neighbor, f"neighbor {peer} has no prefix-limit")
                if not _on_one_of(peer, networks):
                    yield finding(neighbor, f"neighbor {peer} is on no network of '{instance.text}': it never comes up")


def _on_one_of(peer: str, networks: list[_Net]) -> bool:
    try:
        return any(ip_address(peer) in net.network for net in networks)
    except ValueError:
        return False


def _endings(root: Node) -> Iterator[Finding]:
    """Policies that leave open what happens to the rest: a protocol's own default is seldom what is meant."""
    for policy in _inside(root, "policy-options"):
        if policy.text.startswith("policy-statement ") and policy.children[-1].text not in (
            "then reject;",
            "then accept;",
        ):
            yield finding(policy, f"{policy.text} does not say what becomes of the rest")
    if not _at(root, "system", "root-authentication"):
        yield Finding(message="no 'root-authentication': the device refuses to commit", line=1)
    if not any(line.text == "deny-all;" for line in _inside(root, "security", "policies", "default-policy")):
        yield Finding(message="the firewall's default is not said to be 'deny-all'", line=1)


def _secrets(root: Node) -> Iterator[Finding]:
    """Anything but a reference where a secret belongs."""
    for node in root.walk():
        found = _SECRET.match(node.text)
        if found and not found["value"].startswith("secret://"):
            yield finding(node, "a secret in clear: artifacts hold references (secret://...)")


def _lengths(root: Node) -> Iterator[Finding]:
    """Names that are longer than the device takes."""
    for node in root.walk():
        found = _NAMED.match(node.text.rstrip(";"))
        if found and len(found[2]) > LONGEST_NAME:
            yield finding(
                node, f"the name of a {found[1]} of {len(found[2])} characters; the device takes {LONGEST_NAME}"
            )


RULES: tuple[Callable[[Node], Iterator[Finding]], ...] = (
    _interfaces,
    _separation,
    _sessions,
    _endings,
    _secrets,
    _lengths,
)
"""Each takes the root of a configuration and gives what is wrong with it."""
