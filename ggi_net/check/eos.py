"""The structural check of an EOS configuration: its words, and what its lines mean together."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ggi_net.check import command_line, meaning
from ggi_net.check import eos_words as words
from ggi_net.check.command_line import finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ggi_net.check.meaning import Net
    from ggi_net.check.result import Finding
    from ggi_net.config.tree import Node

_SECRET = re.compile(r"(?:password|secret|(?<!-)key|sha1|auth sha\d+|priv aes\d*)(?: (?P<kind>\d))? (?P<value>\S+)")
_SECRET_LINE = re.compile(
    r"neighbor \S+ password |enable password |username |tacacs-server |snmp-server user |ntp authentication-key "
)
_SESSION = {
    "no remote-as": r"remote-as \d+",
    "no activate": "activate",
    "no inbound filter": r"route-map \S+ in",
    "no outbound filter": r"route-map \S+ out",
    "no session key": "password .*",
    "no GTSM (ttl maximum-hops)": r"ttl maximum-hops 1",
    "no BFD": "bfd",
    "no maximum-routes": "maximum-routes [1-9].*",
}
_LONGEST_REMARK = 100
_LAST = {"ip access-list": "deny ip any any", "ipv6 access-list": "deny ipv6 any any"}


def _interfaces(root: Node) -> Iterator[Finding]:
    """Interfaces: the order in which a device takes their lines, 802.1Q ids, access lists and shared addresses."""
    tags: dict[tuple[str, str], Node] = {}
    for interface in root.starting("interface"):
        name = interface.text.partition(" ")[2]
        own: list[Net] = []
        for line in interface.children:
            said = line.text.split()
            if said[0] == "vrf" and own:
                yield finding(line, "'vrf' after an address: the device drops the address")
            elif said[0] == "encapsulation":
                key = (name.partition(".")[0], said[-1])
                if key in tags:
                    yield finding(line, f"802.1Q id {key[1]} is on line {tags[key].number} already")
                tags.setdefault(key, line)
            elif address := _address(line):
                own.append(address)
            elif line.text.startswith(("ip address ", "ipv6 address ")):
                yield finding(line, "not an address with its length")
            elif said[0] == "vrrp" and said[2] in ("ipv4", "ipv6") and said[3] != "version":
                yield from meaning.virtual(line, said[3], own)
        if "." in name and not any(interface.starting("encapsulation dot1q vlan")):
            yield finding(interface, f"sub-interface {name} has no 802.1Q id")
        if own and _vrf(interface) and not name.startswith("Loopback"):
            for family, words_ in ((4, "ip access-group"), (6, "ipv6 access-group")):
                if any(net.version == family for net in own) and not any(interface.starting(words_)):
                    yield finding(interface, f"{name} has an IPv{family} address and no access list for it")


def _overlaps(root: Node) -> Iterator[Finding]:
    return meaning.overlaps(meaning.networks(root, _vrf, _address))


def _vrf(interface: Node) -> str:
    return next((line.text.rpartition(" ")[2] for line in interface.starting("vrf")), "")


def _address(line: Node) -> Net | None:
    """The address of an `ip address` or `ipv6 address` line; None for another line, or one that has none."""
    match line.text.split():
        case ["ip" | "ipv6", "address", address, *_] if "/" in address:
            return meaning.parsed(address)
    return None


def _sessions(root: Node) -> Iterator[Finding]:
    networks = meaning.networks(root, _vrf, _address)
    for router in root.starting("router bgp"):
        for vrf in router.starting("vrf"):
            lines = [*vrf.starting("neighbor")]
            lines += [line for family in vrf.starting("address-family") for line in family.starting("neighbor")]
            for peer, said in meaning.by_peer(iter(lines)).items():
                yield from meaning.session(peer, said, _SESSION, vrf.text.rpartition(" ")[2], networks)


def _access_lists(root: Node) -> Iterator[Finding]:
    """Access lists that permit everything, do not end in a denial that is logged, or have too long a remark."""
    for kind, last in _LAST.items():
        for found in root.starting(kind):
            entries = [line for line in found.children if not line.text.startswith("remark ")]
            if not entries or entries[-1].text != f"{last} log":
                yield finding(found, f"its last entry is not '{last} log'")
            for line in found.children:
                remark = line.text.removeprefix("remark ")
                if remark != line.text and len(remark) > _LONGEST_REMARK:
                    yield finding(line, f"a remark of {len(remark)} characters; the device takes {_LONGEST_REMARK}")
                if line.text.startswith(f"permit {last.split()[1]} any any") and "tracked" not in line.text:
                    yield finding(line, "permits everything")


def _secrets(root: Node) -> Iterator[Finding]:
    return meaning.secrets(root, _SECRET_LINE, _SECRET)


EOS = command_line.Language(
    top=words.TOP,
    defines=words.DEFINITIONS,
    refers=words.REFERENCES,
    rules=(_interfaces, _overlaps, _sessions, _access_lists, _secrets),
    first_defined=words.FIRST_DEFINED,
    built_in=words.BUILT_IN,
    used_by_being=words.USED_BY_BEING,
    repeatable=(),
    indent=3,
)


def check(text: str) -> list[Finding]:
    """Everything that is wrong with the configuration `text`, by line."""
    return command_line.check(text, EOS)
