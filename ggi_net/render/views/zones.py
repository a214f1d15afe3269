"""The zones of a gateway: what is near and far of each, and the routes that flows between VRFs need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ggi_net.render.guard import plain
from ggi_net.render.views.firewall import Pair, Zone
from ggi_net.render.views.network import Lan, Leak, Vrf
from ggi_net.render.views.own import elsewhere

if TYPE_CHECKING:
    from ggi_net.model import standard as model
    from ggi_net.model.estate import Placed
    from ggi_net.render.views.base import PrefixRef
    from ggi_net.render.views.shared import Shared


def make_zone(
    common: Shared,
    standard: model.Standard,
    zone: model.Zone,
    placed: Placed,
    vrfs: dict[str, Vrf],
    options: dict[str, Any],
) -> Zone:
    """A zone with its near and far side; what is far is by zone, as the standard describes each."""
    vrf = vrfs[zone.vrf]
    remote = _far_side(common, standard, zone, placed, options)
    excluded = common.not_the_internet(standard) if zone.name == "internet" else ()
    return Zone(
        origin=f"standard/{standard.version}/zone/{zone.name}",
        name=zone.name,
        vrf=zone.vrf,
        description=plain(zone.description),
        interfaces=tuple(lan.name for lan in vrf.lans if lan.zone == zone.name),
        uplinks=tuple(uplink.name for uplink in vrf.uplinks),
        remote6=tuple(ref for ref in remote if ref.family == 6),
        remote4=tuple(ref for ref in remote if ref.family == 4),
        excluded6=tuple(ref for ref in excluded if ref.family == 6),
        excluded4=tuple(ref for ref in excluded if ref.family == 4),
    )


def _far_side(
    common: Shared, standard: model.Standard, zone: model.Zone, placed: Placed, options: dict[str, Any]
) -> tuple[PrefixRef, ...]:
    match zone.name:
        case "datanet":
            return common.national(standard, zone.vrf)
        case "cloud":
            return common.cloud(options["cloud.services"])
        case "national":
            return common.management_networks
        case "internet":
            return common.internet(standard)
        case "govroam":
            return ()
    return elsewhere(common.estate, placed.organisation, placed.site, zone.name)


def make_leaks(pairs: tuple[Pair, ...], lans: tuple[Lan, ...]) -> tuple[Leak, ...]:
    """Routes both ways between the site's interfaces that a flow connects across VRFs."""
    found: list[Leak] = []
    for pair in pairs:
        near = [lan for lan in lans if lan.zone == pair.source]
        far = [lan for lan in lans if lan.zone == pair.destination]
        if pair.direction == "local" and near and far and near[0].vrf != far[0].vrf:
            flow = pair.rules[0].flow
            for vrf, others in ((near[0].vrf, far), (far[0].vrf, near)):
                for lan in others:
                    prefixes = lan.prefixes6 + lan.prefixes4
                    found.extend(_leak(vrf, lan, prefix, flow, pair.origin) for prefix in prefixes)
    return tuple(found)


def _leak(vrf: str, lan: Lan, prefix: PrefixRef, flow: str, origin: str) -> Leak:
    return Leak(
        origin=origin,
        vrf=vrf,
        prefix=prefix.prefix,
        address=prefix.address,
        netmask=prefix.netmask,
        family=prefix.family,
        interface=lan.name,
        target=lan.vrf,
        flow=flow,
    )
