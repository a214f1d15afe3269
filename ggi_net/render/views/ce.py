"""The view of a gateway (CE), the same for every platform: VRFs, uplinks, sessions, own prefixes and the firewall."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ggi_net.errors import RenderError
from ggi_net.model import standard as model
from ggi_net.model.gemeente import Gemeente
from ggi_net.model.network import PortKind
from ggi_net.render.guard import plain
from ggi_net.render.views.base import PrefixRef, View
from ggi_net.render.views.ends import (
    make_neighbors,
    make_outsides,
    make_ports,
    make_tunnels,
    make_uplink,
)
from ggi_net.render.views.firewall import Pair, Zone, flow_rules, pairs_of
from ggi_net.render.views.host import MANAGEMENT_VRF, host_part
from ggi_net.render.views.lan import gateways, make_lans
from ggi_net.render.views.network import (
    Accepted,
    Lan,
    Leak,
    Neighbor,
    Outside,
    Port,
    Tunnel,
    Uplink,
    Vrf,
    accepted,
)
from ggi_net.render.views.own import community, elsewhere, own_prefixes
from ggi_net.render.views.shared import address_refs, origin_of, shared
from ggi_net.render.views.zones import make_leaks, make_zone

if TYPE_CHECKING:
    from typing import Any

    from ggi_net.model.estate import Estate, Placed
    from ggi_net.model.network import Device
    from ggi_net.render.views.shared import Shared

LONGEST_IPV4 = 30
"""The longest IPv4 prefix that a gateway takes from inside the national pools: a VLAN is never smaller."""


class CeView(View):
    """A gateway.

    asn: the gemeente's. national_asn: the cores'. router_id: the IPv4 management address.
    vrfs: in the standard's order. ports: parents of sub-interfaces, LAN and access. outsides: ports on the internet.
    lans, uplinks, neighbors, tunnels: those of all VRFs, flat, for files that need no order by VRF.
    zones, pairs: the firewall. own6/own4: all the site's own prefixes, refused as a source from outside.
    leaks: static routes between VRFs that a flow within the site needs.
    outer_peers6/outer_peers4: the cores' addresses that IKE and ESP come from.
    has_ipsec, has_vrrp, has_nat, has_advertisements: which daemons run beside FRR.
    partners: the site's other gateways by name.
    bgp: the standard's timers and limits; bogons6/bogons4: address space that has no place in the plan.
    """

    asn: int
    national_asn: int
    router_id: str
    bgp: model.Bgp
    bogons6: tuple[PrefixRef, ...]
    bogons4: tuple[PrefixRef, ...]
    vrfs: tuple[Vrf, ...]
    ports: tuple[Port, ...]
    outsides: tuple[Outside, ...]
    lans: tuple[Lan, ...]
    uplinks: tuple[Uplink, ...]
    neighbors: tuple[Neighbor, ...]
    tunnels: tuple[Tunnel, ...]
    zones: tuple[Zone, ...]
    pairs: tuple[Pair, ...]
    leaks: tuple[Leak, ...]
    own6: tuple[PrefixRef, ...]
    own4: tuple[PrefixRef, ...]
    outer_peers6: tuple[str, ...]
    outer_peers4: tuple[str, ...]
    partners: tuple[str, ...]
    has_ipsec: bool
    has_vrrp: bool
    has_nat: bool
    has_advertisements: bool


def build(estate: Estate, placed: Placed) -> CeView:
    """The view of one gateway; raise RenderError when the estate lacks what it needs."""
    organisation = placed.organisation
    if not isinstance(organisation, Gemeente):
        raise RenderError("a gateway belongs to a gemeente, not to the federation", hint="give it the role 'core'")
    common, standard = shared(estate), estate.standard_of(organisation)
    base = host_part(estate, placed)
    router_id = router_id_of(placed.device)
    lans = make_lans(placed, {zone.name: zone.vrf for zone in standard.zones})
    tunnels = make_tunnels(estate, placed)
    vrfs = tuple(_vrf(estate, placed, vrf, lans, router_id, base["options"]) for vrf in standard.vrfs)
    by_name = {vrf.name: vrf for vrf in vrfs}
    zones = tuple(make_zone(common, standard, zone, placed, by_name, base["options"]) for zone in standard.zones)
    pairs = pairs_of(zones, flow_rules(common, standard, base["options"]))
    outer = sorted({tunnel.remote for tunnel in tunnels})
    bogons = common.bogons(standard)
    return CeView(
        **base,
        asn=organisation.asn,
        national_asn=estate.federation.asn,
        router_id=router_id,
        bgp=standard.bgp,
        bogons6=bogons[6],
        bogons4=bogons[4],
        vrfs=vrfs,
        ports=make_ports(placed, (PortKind.LAN, PortKind.ACCESS)),
        outsides=make_outsides(placed),
        lans=lans,
        uplinks=tuple(uplink for vrf in vrfs for uplink in vrf.uplinks),
        neighbors=tuple(neighbor for vrf in vrfs for neighbor in vrf.neighbors),
        tunnels=tunnels,
        zones=zones,
        pairs=pairs,
        leaks=make_leaks(pairs, lans),
        own6=tuple(ref for vrf in vrfs for ref in vrf.own6),
        own4=tuple(ref for vrf in vrfs for ref in vrf.own4),
        outer_peers6=tuple(a for a in outer if ":" in a),
        outer_peers4=tuple(a for a in outer if ":" not in a),
        partners=tuple(device.name for device in gateways(placed) if device.name != placed.device.name),
        has_ipsec=bool(tunnels),
        has_vrrp=any(lan.virtual for lan in lans),
        has_nat=False,
        has_advertisements=any(lan.prefixes6 for lan in lans),
    )


def router_id_of(device: Device) -> str:
    """The IPv4 management address; raise RenderError when there is none."""
    for address in device.management:
        if ":" not in address:
            return address.partition("/")[0]
    raise RenderError("no IPv4 management address, which is a router's BGP identifier", hint="add one to `management`")


def _vrf(
    estate: Estate, placed: Placed, vrf: model.Vrf, lans: tuple[Lan, ...], router_id: str, options: dict[str, Any]
) -> Vrf:
    common, organisation = shared(estate), placed.organisation
    standard = estate.standard_of(organisation)
    national = estate.federation.asn
    links = [owned for owned in estate.links_of.get(placed.device.name, ()) if vrf.name in owned.link.vrfs]
    uplinks = tuple(make_uplink(placed, owned, vrf.name) for owned in links)
    limit = standard.bgp.national_prefix_limit.get(vrf.name, 1)
    neighbors = tuple(
        neighbor
        for rank, (owned, uplink) in enumerate(zip(links, uplinks, strict=True))
        for neighbor in make_neighbors(
            placed,
            owned,
            uplink,
            remote_asn=national,
            maximum_prefix={6: limit, 4: limit},
            local_preference=200 - 10 * rank,
            med=100 * placed.device.unit,
            policy=vrf.name,
        )
        if neighbor.family in vrf.families
    )
    own = own_prefixes(estate, placed, vrf.name)
    origin = f"{origin_of(organisation)}/device/{placed.device.name}#management"
    loopbacks = address_refs(placed.device.management, origin) if vrf.name == MANAGEMENT_VRF else ()
    accept = _accepted(common, standard, vrf, placed, options)
    return Vrf(
        origin=f"standard/{standard.version}/vrf/{vrf.name}",
        name=vrf.name,
        table=vrf.table,
        description=plain(vrf.description),
        route_target=f"{national}:{vrf.table}",
        asn=organisation.asn,
        router_id=router_id,
        community=community(estate, organisation, vrf.name),
        loopbacks=loopbacks,
        lans=tuple(lan for lan in lans if lan.vrf == vrf.name),
        uplinks=uplinks,
        neighbors=neighbors,
        own6=tuple(ref for ref in own if ref.family == 6),
        own4=tuple(ref for ref in own if ref.family == 4),
        accept6=tuple(entry for entry in accept if entry.family == 6),
        accept4=tuple(entry for entry in accept if entry.family == 4),
    )


def _accepted(
    common: Shared, standard: model.Standard, vrf: model.Vrf, placed: Placed, options: dict[str, Any]
) -> list[Accepted]:
    """What the gateway takes from a core in `vrf`, by the standard's `accept`."""
    if vrf.accept == "default":
        return [accepted(ref, ref.length) for ref in common.default_routes(standard)]
    longest = {6: standard.address_plan.vlan_length, 4: LONGEST_IPV4}
    if vrf.accept == "national":
        pools = [accepted(ref, longest[ref.family]) for ref in common.national(standard, vrf.name)]
        return pools + [accepted(ref, ref.length) for ref in common.cloud(options["cloud.services"])]
    networks = [accepted(ref, longest[ref.family]) for ref in common.management_networks]
    near = sorted(zone.name for zone in standard.zones if zone.vrf == vrf.name)
    own = [ref for zone in near for ref in elsewhere(common.estate, placed.organisation, placed.site, zone)]
    return networks + [accepted(ref, ref.length) for ref in own]
