"""The view of a national core (PE): a session to every gateway whose link ends here, and to the other cores."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ggi_net.errors import RenderError
from ggi_net.model import standard as model
from ggi_net.model.gemeente import Federation, Gemeente
from ggi_net.model.network import PortKind, Role
from ggi_net.render.guard import plain
from ggi_net.render.views.base import Address, PrefixRef, View, ViewRecord
from ggi_net.render.views.ce import LONGEST_IPV4, router_id_of
from ggi_net.render.views.ends import make_neighbors, make_outsides, make_ports, make_tunnels, make_uplink, there
from ggi_net.render.views.host import MANAGEMENT_VRF, host_part
from ggi_net.render.views.lan import make_lans
from ggi_net.render.views.network import Accepted, Lan, Neighbor, Outside, Port, Tunnel, Uplink, accepted
from ggi_net.render.views.own import Owned, community, number_of, own_prefixes, owned_prefixes
from ggi_net.render.views.shared import address_refs, origin_of, shared

if TYPE_CHECKING:
    from ggi_net.model.estate import Estate, OwnedLink, Placed
    from ggi_net.render.views.shared import Shared


class Customer(ViewRecord):
    """One gateway in one VRF: `prefixes6`/`prefixes4` are exactly what it may announce, from IPAM.

    `name` is what its sessions name as `policy`; `uplinks` are the core's interfaces towards it.
    """

    name: str
    device: str
    organisation: str
    uplinks: tuple[str, ...]
    prefixes6: tuple[PrefixRef, ...]
    prefixes4: tuple[PrefixRef, ...]


class Member(ViewRecord):
    """A gemeente that has gateways here, in one VRF: `community` is set on all that comes from it.

    `number` is its CBS number; `uplinks` the core's interfaces towards it.
    """

    slug: str
    name: str
    number: int
    community: str
    uplinks: tuple[str, ...]


class CoreVrf(ViewRecord):
    """A VRF on a core.

    `exports`: `pools` (the plan's space and the gemeentecloud), `default` (a default route only) or `services` (the
    management networks, and to each gemeente what is its own): what gateways are told. `tell6`/`tell4` list it.
    `neighbors`: sessions to gateways; `cores`: iBGP sessions to other cores. `own6`/`own4`: what the core itself
    announces. `members`, `customers`: whose sessions those are. `pools6`/`pools4`: the plan's space in this VRF.
    """

    name: str
    table: int
    description: str
    route_target: str
    asn: int
    router_id: str
    community: str
    exports: str
    loopbacks: tuple[Address, ...]
    lans: tuple[Lan, ...]
    uplinks: tuple[Uplink, ...]
    trunks: tuple[Uplink, ...]
    neighbors: tuple[Neighbor, ...]
    cores: tuple[Neighbor, ...]
    customers: tuple[Customer, ...]
    members: tuple[Member, ...]
    own6: tuple[PrefixRef, ...]
    own4: tuple[PrefixRef, ...]
    tell6: tuple[Accepted, ...]
    tell4: tuple[Accepted, ...]
    pools6: tuple[PrefixRef, ...]
    pools4: tuple[PrefixRef, ...]


class CoreView(View):
    """A core.

    vrfs: in the standard's order. ports: parents of sub-interfaces. outsides: ports on the internet. lans: the data
    centre's VLANs (management, gemeentecloud). uplinks: towards gateways; trunks: towards cores.
    visitors: the VRF whose traffic leaves for the internet here (accept `default`), None without an internet port.
    nat4: the address that visitors' IPv4 traffic gets; empty for none.
    reflects: more than two cores, so each reflects routes to its neighbours (RFC 4456).
    outer_peers6/outer_peers4: the gateways' addresses that IKE and ESP come from.
    owners6/owners4: the management prefixes of every gemeente with a gateway here, with its number, so that none
    reaches another's.
    """

    asn: int
    router_id: str
    bgp: model.Bgp
    bogons6: tuple[PrefixRef, ...]
    bogons4: tuple[PrefixRef, ...]
    vrfs: tuple[CoreVrf, ...]
    ports: tuple[Port, ...]
    outsides: tuple[Outside, ...]
    lans: tuple[Lan, ...]
    uplinks: tuple[Uplink, ...]
    trunks: tuple[Uplink, ...]
    neighbors: tuple[Neighbor, ...]
    tunnels: tuple[Tunnel, ...]
    visitors: CoreVrf | None
    nat4: str
    reflects: bool
    owners6: tuple[Owned, ...]
    owners4: tuple[Owned, ...]
    outer_peers6: tuple[str, ...]
    outer_peers4: tuple[str, ...]
    has_ipsec: bool
    has_vrrp: bool
    has_nat: bool
    has_advertisements: bool


def build(estate: Estate, placed: Placed) -> CoreView:
    """The view of one core; raise RenderError when the estate lacks what it needs."""
    if not isinstance(placed.organisation, Federation):
        raise RenderError("a core belongs to the federation, not to a gemeente", hint="give it the role 'ce'")
    common, standard = shared(estate), estate.standard_of(placed.organisation)
    lans = make_lans(placed, {zone.name: zone.vrf for zone in standard.zones})
    vrfs = tuple(_vrf(estate, placed, vrf, lans) for vrf in standard.vrfs)
    tunnels = make_tunnels(estate, placed)
    outsides = make_outsides(placed)
    leaving = next((vrf for vrf in vrfs if vrf.exports == "default"), None) if outsides else None
    outer = sorted({tunnel.remote for tunnel in tunnels})
    nat4 = next((a.address for port in outsides for a in port.addresses if a.family == 4), "") if leaving else ""
    bogons, owners = common.bogons(standard), _owners(estate, vrfs)
    return CoreView(
        **host_part(estate, placed),
        asn=estate.federation.asn,
        router_id=router_id_of(placed.device),
        bgp=standard.bgp,
        bogons6=bogons[6],
        bogons4=bogons[4],
        vrfs=vrfs,
        ports=make_ports(placed, (PortKind.LAN, PortKind.ACCESS, PortKind.CORE)),
        outsides=outsides,
        lans=lans,
        uplinks=tuple(uplink for vrf in vrfs for uplink in vrf.uplinks),
        trunks=tuple(trunk for vrf in vrfs for trunk in vrf.trunks),
        neighbors=tuple(neighbor for vrf in vrfs for neighbor in vrf.neighbors + vrf.cores),
        tunnels=tunnels,
        visitors=leaving,
        nat4=nat4,
        reflects=sum(device.role is Role.CORE for device in estate.federation.devices) > 2,
        owners6=tuple(owned for owned in owners if owned.family == 6),
        owners4=tuple(owned for owned in owners if owned.family == 4),
        outer_peers6=tuple(a for a in outer if ":" in a),
        outer_peers4=tuple(a for a in outer if ":" not in a),
        has_ipsec=bool(tunnels),
        has_vrrp=any(lan.virtual for lan in lans),
        has_nat=bool(nat4),
        has_advertisements=any(lan.prefixes6 for lan in lans),
    )


def _vrf(estate: Estate, placed: Placed, vrf: model.Vrf, lans: tuple[Lan, ...]) -> CoreVrf:
    common, federation = shared(estate), estate.federation
    standard = estate.standard_of(federation)
    links = [owned for owned in estate.links_of.get(placed.device.name, ()) if vrf.name in owned.link.vrfs]
    ours = [owned for owned in links if not isinstance(owned.organisation, Gemeente)]
    theirs = [owned for owned in links if isinstance(owned.organisation, Gemeente)]
    uplinks = [make_uplink(placed, owned, vrf.name) for owned in theirs]
    trunks = [make_uplink(placed, owned, vrf.name) for owned in ours]
    customers = _customers(estate, placed, theirs, uplinks, vrf.name)
    own = own_prefixes(estate, placed, vrf.name)
    tell = _told(common, standard, vrf)
    pools = common.national(standard, vrf.name)
    origin = f"{origin_of(federation)}/device/{placed.device.name}#management"
    return CoreVrf(
        origin=f"standard/{standard.version}/vrf/{vrf.name}",
        name=vrf.name,
        table=vrf.table,
        description=plain(vrf.description),
        route_target=f"{federation.asn}:{vrf.table}",
        asn=federation.asn,
        router_id=router_id_of(placed.device),
        community=community(estate, federation, "national"),
        exports={"national": "pools", "default": "default"}.get(vrf.accept, "services"),
        loopbacks=address_refs(placed.device.management, origin) if vrf.name == MANAGEMENT_VRF else (),
        lans=tuple(lan for lan in lans if lan.vrf == vrf.name),
        uplinks=tuple(uplinks),
        trunks=tuple(trunks),
        neighbors=_sessions(placed, theirs, uplinks, customers, vrf, standard.bgp.prefix_headroom),
        cores=_core_sessions(estate, placed, ours, trunks, vrf),
        customers=tuple(customers.values()),
        members=_members(estate, theirs, uplinks, vrf.name),
        own6=tuple(ref for ref in own if ref.family == 6),
        own4=tuple(ref for ref in own if ref.family == 4),
        tell6=tuple(entry for entry in tell if entry.family == 6),
        tell4=tuple(entry for entry in tell if entry.family == 4),
        pools6=tuple(ref for ref in pools if ref.family == 6),
        pools4=tuple(ref for ref in pools if ref.family == 4),
    )


def _owners(estate: Estate, vrfs: tuple[CoreVrf, ...]) -> list[Owned]:
    members = [member for vrf in vrfs if vrf.name == MANAGEMENT_VRF for member in vrf.members]
    return [ref for member in members for ref in owned_prefixes(estate, estate.by_slug[member.slug], MANAGEMENT_VRF)]


def _customers(
    estate: Estate, placed: Placed, links: list[OwnedLink], uplinks: list[Uplink], vrf: str
) -> dict[str, Customer]:
    """The gateways with a link here, by device name, in the order of the links."""
    towards: dict[str, list[str]] = {}
    for uplink in uplinks:
        towards.setdefault(uplink.peer, []).append(uplink.name)
    found: dict[str, Customer] = {}
    for owned in links:
        peer = there(owned.link, placed.device.name).device
        if peer not in found:
            gateway = estate.placed(peer)
            own = own_prefixes(estate, gateway, vrf)
            found[peer] = Customer(
                origin=f"{origin_of(owned.organisation)}/device/{peer}",
                name=f"{peer}-{vrf}",
                device=peer,
                organisation=owned.organisation.slug,
                uplinks=tuple(towards[peer]),
                prefixes6=tuple(ref for ref in own if ref.family == 6),
                prefixes4=tuple(ref for ref in own if ref.family == 4),
            )
    return found


def _members(estate: Estate, links: list[OwnedLink], uplinks: list[Uplink], vrf: str) -> tuple[Member, ...]:
    towards: dict[str, list[str]] = {}
    found: dict[str, Gemeente] = {}
    for owned, uplink in zip(links, uplinks, strict=True):
        if isinstance(owned.organisation, Gemeente):
            found.setdefault(owned.organisation.slug, owned.organisation)
            towards.setdefault(owned.organisation.slug, []).append(uplink.name)
    return tuple(
        Member(
            origin=origin_of(organisation),
            slug=slug,
            name=plain(organisation.name),
            number=number_of(organisation),
            community=community(estate, organisation, vrf),
            uplinks=tuple(towards[slug]),
        )
        for slug, organisation in found.items()
    )


def _sessions(
    placed: Placed,
    links: list[OwnedLink],
    uplinks: list[Uplink],
    customers: dict[str, Customer],
    vrf: model.Vrf,
    headroom: int,
) -> tuple[Neighbor, ...]:
    """The sessions to gateways: each is closed when it announces more than its allocation and the headroom."""
    found: list[Neighbor] = []
    for owned, uplink in zip(links, uplinks, strict=True):
        customer = customers[uplink.peer]
        limits = {6: len(customer.prefixes6) + headroom, 4: len(customer.prefixes4) + headroom}
        found.extend(
            neighbor
            for neighbor in make_neighbors(
                placed,
                owned,
                uplink,
                remote_asn=owned.organisation.asn,
                maximum_prefix=limits,
                local_preference=100,
                med=0,
                policy=customer.name,
            )
            if neighbor.family in vrf.families
        )
    return tuple(found)


def _core_sessions(
    estate: Estate, placed: Placed, links: list[OwnedLink], trunks: list[Uplink], vrf: model.Vrf
) -> tuple[Neighbor, ...]:
    """iBGP to the cores at the other end of this core's own links, per VRF."""
    return tuple(
        neighbor
        for owned, trunk in zip(links, trunks, strict=True)
        for neighbor in make_neighbors(
            placed,
            owned,
            trunk,
            remote_asn=estate.federation.asn,
            maximum_prefix={6: 0, 4: 0},
            local_preference=100,
            med=0,
            policy="core",
        )
        if neighbor.family in vrf.families
    )


def _told(common: Shared, standard: model.Standard, vrf: model.Vrf) -> list[Accepted]:
    """What every gateway is told in `vrf`: the mirror of what it accepts."""
    if vrf.accept == "default":
        return [accepted(ref, ref.length) for ref in common.default_routes(standard)]
    longest = {6: standard.address_plan.vlan_length, 4: LONGEST_IPV4}
    if vrf.accept == "national":
        pools = [accepted(ref, longest[ref.family]) for ref in common.national(standard, vrf.name)]
        services = sorted(common.estate.federation.services.cloud)
        return pools + [accepted(ref, ref.length) for ref in common.cloud(services)]
    return [accepted(ref, longest[ref.family]) for ref in common.management_networks]
