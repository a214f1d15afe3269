"""What an EOS access list does with a packet: a reader of its own, so that tests don't believe the templates."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address, ip_network

_NUMBERS = {"tcp": 6, "udp": 17, "icmp": 1, "icmpv6": 58}


@dataclass(frozen=True)
class Packet:
    """`kind` is a protocol; `source` and `target` addresses; ports or an ICMP type; `begins`: a TCP SYN without ACK."""

    kind: str
    source: str
    target: str
    port: int = 0
    of: int = 40000
    begins: bool = True


def permits(entries: list[str], packet: Packet) -> bool:
    """Whether the list lets the packet in: the first entry that matches decides, and none is no."""
    for entry in entries:
        words = entry.split()
        if words[0] in ("permit", "deny") and _matches(words[1:], packet):
            return words[0] == "permit"
    return False


def _matches(words: list[str], packet: Packet) -> bool:
    kind, *rest = words
    if kind not in ("ip", "ipv6") and _number(kind) != _number(packet.kind):
        return False
    rest, source = _address(rest)
    rest, of = _ports(rest)
    rest, target = _address(rest)
    rest, port = _ports(rest)
    if "tracked" in rest:
        return False
    if "established" in rest and packet.begins:
        return False
    types = [int(word) for word in rest if word.isdigit()]
    if types and packet.port not in types:
        return False
    inside = all(
        address in network if address.version == network.version else False
        for address, network in ((ip_address(packet.source), source), (ip_address(packet.target), target))
        if network is not None
    )
    return inside and packet.of in of and packet.port in port


def _number(kind: str) -> int:
    return _NUMBERS.get(kind) or int(kind)


def _address(words: list[str]):
    if words[0] == "any":
        return words[1:], None
    if words[0] == "host":
        return words[2:], ip_network(words[1])
    return words[1:], ip_network(words[0])


def _ports(words: list[str]):
    match words:
        case ["eq", port, *rest]:
            return rest, range(int(port), int(port) + 1)
        case ["gt", port, *rest]:
            return rest, range(int(port) + 1, 65536)
        case ["range", low, high, *rest]:
            return rest, range(int(low), int(high) + 1)
    return words, range(65536)
