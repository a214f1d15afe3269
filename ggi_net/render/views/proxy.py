"""The view of a federation proxy: every member gemeente as client and server, every realm's way home."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ggi_net.model.gemeente import GovroamRole
from ggi_net.render.guard import plain
from ggi_net.render.views import govroam_firewall as firewall
from ggi_net.render.views.base import View, ViewRecord
from ggi_net.render.views.govroam import (
    HOPS,
    Attribute,
    LocalAddress,
    Peer,
    Refusal,
    answered_realms,
    attributes,
    local_addresses,
    peer,
    port_name,
    refusals,
    secret,
    udp_secret,
    uses_tls,
)
from ggi_net.render.views.govroam_firewall import HostRule
from ggi_net.render.views.host import host_part

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ggi_net.model.estate import Estate, Placed


class Member(ViewRecord):
    """A gemeente in govroam: `operator` is what Operator-Name and F-Ticks call it; `servers` are its RADIUS servers.

    sp: its visitors' logins come in. idp: logins of its users, and of those that it answers for, go out to it.
    """

    slug: str
    name: str
    operator: str
    servers: tuple[Peer, ...]
    sp: bool
    idp: bool
    tls: bool


class Route(ViewRecord):
    """Where the logins of one realm go: the names of its home's servers in the order in which they are tried."""

    realm: str
    home: str
    servers: tuple[str, ...]


class ProxyView(View):
    """A federation proxy.

    members, routes: every gemeente that takes part and every realm, once. others: the other proxies, which are a
    realm's last resort when this one has lost the home's servers.
    border: attributes that no member may set for another. reply: the attributes that a reply may have.
    udp: whether any member speaks RADIUS over UDP. The fields that end in `_secret` are references.
    """

    port: str
    addresses: tuple[LocalAddress, ...]
    radsec_port: int
    hops: int
    country: str
    fticks_prefix: str
    members: tuple[Member, ...]
    routes: tuple[Route, ...]
    others: tuple[Peer, ...]
    refusals: tuple[Refusal, ...]
    border: tuple[Attribute, ...]
    reply: tuple[Attribute, ...]
    udp: bool
    fticks_secret: str
    log_secret: str
    inbound: tuple[HostRule, ...]
    outbound: tuple[HostRule, ...]


def build(estate: Estate, placed: Placed) -> ProxyView:
    """The view of one federation proxy; raise RenderError when the standard or a server lacks what it needs."""
    standard = estate.standard_of(placed.organisation)
    rules = standard.govroam
    members = _members(estate, placed)
    others = tuple(peer(p) for p in estate.federation_proxies if p.device.name != placed.device.name)
    view = ProxyView(
        **host_part(estate, placed),
        port=port_name(placed),
        addresses=local_addresses(placed),
        radsec_port=rules.radsec_port,
        hops=HOPS,
        country=rules.country,
        fticks_prefix=rules.fticks_prefix,
        members=members,
        routes=_routes(estate, members),
        others=others,
        refusals=refusals(standard),
        border=attributes(standard, rules.border_attributes),
        reply=attributes(standard, dict.fromkeys((*rules.reply_attributes, *rules.reject_attributes))),
        udp=any(not member.tls for member in members),
        fticks_secret=secret(placed.organisation.slug, "radius", "fticks"),
        log_secret=secret(placed.organisation.slug, "radius", "log"),
        inbound=(),
        outbound=(),
    )
    view.inbound = _inbound(view)
    view.outbound = _outbound(view)
    return view


def _members(estate: Estate, placed: Placed) -> tuple[Member, ...]:
    found = []
    for gemeente in estate.govroam_members:
        servers = estate.radius_servers.get(gemeente.slug, ())
        if servers:
            tls = uses_tls(estate, gemeente)
            shared_secret = udp_secret(gemeente.slug, placed.device.name, tls=tls)
            found.append(
                Member(
                    origin=f"gemeente/{gemeente.slug}#govroam",
                    slug=gemeente.slug,
                    name=plain(gemeente.name),
                    operator=gemeente.domain,
                    servers=tuple(peer(server, shared_secret) for server in servers),
                    sp=GovroamRole.SP in gemeente.govroam.roles,
                    idp=bool(answered_realms(estate, gemeente)),
                    tls=tls,
                )
            )
    return tuple(found)


def _routes(estate: Estate, members: Iterable[Member]) -> tuple[Route, ...]:
    """Every realm of the estate once; a realm whose home has no server is kept, to be refused by name."""
    homes = {member.slug: tuple(server.name for server in member.servers) for member in members if member.idp}
    found: dict[str, Route] = {}
    for gemeente in estate.gemeenten:
        home = gemeente.govroam.idp or gemeente.slug
        for realm in gemeente.govroam.realms:
            route = Route(
                origin=f"gemeente/{gemeente.slug}#govroam", realm=realm, home=home, servers=homes.get(home, ())
            )
            found.setdefault(realm, route)
    return tuple(found.values())


def _inbound(view: ProxyView) -> tuple[HostRule, ...]:
    port = str(view.radsec_port)
    found = firewall.managed(view)
    found += _to_members(view, (m for m in view.members if m.sp and m.tls), "tcp", port, "logins of visitors")
    found += _to_members(view, (m for m in view.members if m.sp and not m.tls), "udp", "1812", "logins of visitors")
    found += firewall.rules(
        view.origin, firewall.peer_pairs(view.others), "tcp", port, "logins that the other proxy can't deliver"
    )
    return tuple(found)


def _outbound(view: ProxyView) -> tuple[HostRule, ...]:
    port = str(view.radsec_port)
    found = firewall.used(view)
    found += _to_members(view, (m for m in view.members if m.idp and m.tls), "tcp", port, "logins go home")
    found += _to_members(view, (m for m in view.members if m.idp and not m.tls), "udp", "1812", "logins go home")
    found += firewall.rules(
        view.origin, firewall.peer_pairs(view.others), "tcp", port, "logins that only the other proxy can deliver"
    )
    return tuple(found)


def _to_members(view: ProxyView, members: Iterable[Member], protocol: str, ports: str, reason: str) -> list[HostRule]:
    peers = [server for member in members for server in member.servers]
    return firewall.rules(view.origin, firewall.peer_pairs(peers), protocol, ports, reason)


__all__ = ["Member", "ProxyView", "Route", "build"]
