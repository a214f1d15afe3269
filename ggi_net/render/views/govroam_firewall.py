"""The firewall of a RADIUS server itself: what it accepts and what it may start, each rule with its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ggi_net.render.views.base import View, ViewRecord

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ggi_net.render.views.base import PrefixRef, Server
    from ggi_net.render.views.govroam import Peer

RADIUS_PORTS = "1812, 1813"
"""Authentication and accounting (RFC 2865, 2866)."""


class HostRule(ViewRecord):
    """One accept rule: `addresses` of the other side (an nftables list), `protocol`, `ports` (a list), `reason`."""

    family: int
    addresses: str
    protocol: str
    ports: str
    reason: str


def rules(origin: str, addresses: Iterable[tuple[int, str]], protocol: str, ports: str, reason: str) -> list[HostRule]:
    """One rule per address family for these (family, prefix or address) pairs, IPv6 first; none without addresses."""
    pairs = list(addresses)
    found = []
    for family in (6, 4):
        chosen = [text for kind, text in pairs if kind == family]
        if chosen:
            found.append(
                HostRule(
                    origin=origin,
                    family=family,
                    addresses=", ".join(chosen),
                    protocol=protocol,
                    ports=ports,
                    reason=reason,
                )
            )
    return found


def prefix_pairs(prefixes: Iterable[PrefixRef]) -> list[tuple[int, str]]:
    """Prefixes as (family, text)."""
    return [(p.family, p.prefix) for p in prefixes]


def peer_pairs(peers: Iterable[Peer]) -> list[tuple[int, str]]:
    """The addresses of peers as (family, text)."""
    return [(h.family, h.address) for peer in peers for h in peer.hosts]


def managed(base: View) -> list[HostRule]:
    """SSH and SNMP from the management networks (clause ssh-hardening)."""
    networks = prefix_pairs(base.management_networks)
    origin = "federation#services.management"
    return [
        *rules(origin, networks, "tcp", "22", "management over SSH"),
        *rules(origin, networks, "udp", "161", "watched over SNMPv3"),
    ]


def used(base: View) -> list[HostRule]:
    """What every server starts itself: names, time, logging. Logging in needs no server: it goes by certificate."""
    return [
        *_to(base.dns, "udp", "53", "names"),
        *_to(base.dns, "tcp", "53, 853", "names"),
        *_to(base.ntp, "udp", "123", "time"),
        *_to(base.ntp, "tcp", "4460", "time, NTS key exchange"),
        *_to((*base.syslog, *base.syslog_local), "tcp", "6514", "logging over TLS"),
    ]


def _to(servers: Iterable[Server], protocol: str, ports: str, reason: str) -> list[HostRule]:
    listed = list(servers)
    origin = listed[0].origin if listed else ""
    return rules(origin, [(s.family, s.address) for s in listed], protocol, ports, reason)
