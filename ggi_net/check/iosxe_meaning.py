"""What the lines of an IOS-XE configuration mean together: addresses, zones, sessions, secrets and lengths.

The second half of the structural check: `iosxe.py` reads the structure, these rules read what stands in it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ggi_net.check import meaning
from ggi_net.check.command_line import finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ggi_net.check.meaning import Net
    from ggi_net.check.result import Finding
    from ggi_net.config.tree import Node

_SECRET = re.compile(
    r"(?:password|secret|(?<!-)key|auth sha-2 \d+|priv aes \d+|cmac-aes-128)(?: (?P<kind>\d))? (?P<value>\S+)"
)
_SENT_BY_DEFAULT = 16
_WLAN_NUMBER = re.compile(r"wlan \S+ (\d+)")
_SSID_SENT = "radius-server attribute wireless authentication call-station-id ap-macaddress-ssid"
_SECRET_LINE = re.compile(r"neighbor \S+ password |(?:key|username|enable|snmp-server user|ntp authentication-key) ")
_LONGEST = {"remark": 100, "class-map": 40, "policy-map": 40, "zone": 40}
_NEIGHBOR_DESCRIPTION = re.compile(r"neighbor \S+ description (.{81,})")
_SESSION = {
    "no remote-as": r"remote-as \d+",
    "no activate": "activate",
    "no inbound filter": r"(?:route-map|prefix-list) \S+ in",
    "no outbound filter": r"(?:route-map|prefix-list) \S+ out",
    "no session key": "password .*",
    "no ttl-security": "ttl-security .*",
    "no maximum-prefix": "maximum-prefix .*",
}


def _interfaces(root: Node) -> Iterator[Finding]:
    """Interfaces: the order in which a device takes their lines, 802.1Q ids, zones and shared addresses."""
    tags: dict[tuple[str, str], Node] = {}
    for interface in root.starting("interface"):
        name = interface.text.partition(" ")[2]
        own: list[Net] = []
        for line in interface.children:
            if line.text.startswith("vrf forwarding "):
                if own:
                    yield finding(line, "'vrf forwarding' after an address: the device drops the address")
            elif line.text.startswith("encapsulation dot1Q "):
                key = (name.partition(".")[0], line.text.split()[2])
                if key in tags:
                    yield finding(line, f"802.1Q id {key[1]} is on line {tags[key].number} already")
                tags.setdefault(key, line)
                if own:
                    yield finding(line, "'encapsulation' after an address: the device refuses the address")
            elif address := _address(line):
                own.append(address)
            elif line.text.startswith(("ip address ", "ipv6 address ")):
                yield finding(line, "not an address with a mask")
            elif line.text.startswith("vrrp "):
                yield from _virtual(line, own)
        if "." in name and not any(interface.starting("encapsulation dot1Q")):
            yield finding(interface, f"sub-interface {name} has no 802.1Q id")
        if own and _vrf(interface) and not name.startswith("Loopback") and not any(interface.starting("zone-member")):
            yield finding(interface, f"{name} is in a VRF and in no zone: its traffic passes no firewall")


def _overlaps(root: Node) -> Iterator[Finding]:
    return meaning.overlaps(meaning.networks(root, _vrf, _address))


def _vrf(interface: Node) -> str:
    return next((line.text.rpartition(" ")[2] for line in interface.starting("vrf forwarding")), "")


def _address(line: Node) -> Net | None:
    """The address of an `ip address` or `ipv6 address` line; None for another line, or one that has none."""
    match line.text.split():
        case ["ip", "address", address, mask, *_]:
            return meaning.parsed(f"{address}/{mask}")
        case ["ipv6", "address", address, *_] if "/" in address:
            return meaning.parsed(address)
    return None


def _virtual(group: Node, own: list[Net]) -> Iterator[Finding]:
    for line in group.starting("address"):
        yield from meaning.virtual(line, line.text.removeprefix("address ").partition(" ")[0], own)


def _sessions(root: Node) -> Iterator[Finding]:
    networks = meaning.networks(root, _vrf, _address)
    for router in root.starting("router bgp"):
        for family in router.starting("address-family"):
            for peer, lines in meaning.by_peer(family.starting("neighbor")).items():
                yield from meaning.session(peer, lines, _SESSION, family.text.rpartition(" ")[2], networks)


def _wlans(root: Node) -> Iterator[Finding]:
    """WLANs that let in anybody, and answers of RADIUS servers that may say more than yes or no."""
    for wlan in root.starting("wlan"):
        said = {line.text for line in wlan.children}
        if "no security wpa" in said or not any(wlan.starting("security dot1x authentication-list")):
            yield finding(wlan, "nobody has to log in to this WLAN")
        number = _WLAN_NUMBER.match(wlan.text)
        if number and int(number[1]) <= _SENT_BY_DEFAULT:
            yield finding(wlan, "access points with the default policy tag send it out, in no VLAN of its own")
        if not said & {"security pmf optional", "security pmf mandatory"}:
            yield finding(wlan, "its management frames are not protected")
        if not any(line.text == _SSID_SENT for line in root.children):
            yield finding(wlan, f"the RADIUS servers don't learn its SSID: no '{_SSID_SENT}'")
    for profile in root.starting("wireless profile policy"):
        for line in profile.starting("aaa-override"):
            yield finding(line, "a RADIUS answer may choose the VLAN")


def _secrets(root: Node) -> Iterator[Finding]:
    return meaning.secrets(root, _SECRET_LINE, _SECRET)


def _lengths(root: Node) -> Iterator[Finding]:
    """Names and remarks that are longer than the device takes."""
    for node in root.walk():
        first, _, rest = node.text.partition(" ")
        limit = _LONGEST.get(first)
        text = rest if first == "remark" else rest.rpartition(" ")[2]
        if limit and len(text) > limit:
            what = "a remark" if first == "remark" else f"the name of a {first}"
            yield finding(node, f"{what} of {len(text)} characters; the device takes {limit}")
        if described := _NEIGHBOR_DESCRIPTION.match(node.text):
            yield finding(node, f"a neighbor's description of {len(described[1])} characters; the device takes 80")


RULES: tuple[Callable[[Node], Iterator[Finding]], ...] = (
    _interfaces,
    _overlaps,
    _sessions,
    _wlans,
    _secrets,
    _lengths,
)
"""Each takes the root of a configuration and gives what is wrong with it."""
