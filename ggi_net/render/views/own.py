"""Which prefixes belong to whom: what a site's gateway announces, and so what its cores accept from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ggi_net.model.gemeente import Gemeente
from ggi_net.render.views.base import ViewRecord
from ggi_net.render.views.host import MANAGEMENT_VRF
from ggi_net.render.views.shared import origin_of, prefix_refs, shared

if TYPE_CHECKING:
    from ggi_net.model.estate import Estate, Placed
    from ggi_net.model.gemeente import Organisation
    from ggi_net.model.network import Site
    from ggi_net.render.views.base import PrefixRef


def own_prefixes(estate: Estate, placed: Placed, vrf: str) -> tuple[PrefixRef, ...]:
    """What a router announces in `vrf`, IPv6 first: its site's VLANs there and, for management, its own addresses."""
    organisation = placed.organisation
    zones = [zone.name for zone in estate.standard_of(organisation).zones if zone.vrf == vrf]
    by_zone = _sites(estate, organisation)[placed.site.slug]
    found = [ref for zone in zones for ref in by_zone.get(zone, ())]
    if vrf == MANAGEMENT_VRF:
        found += prefix_refs(
            placed.device.management, f"{origin_of(organisation)}/device/{placed.device.name}#management"
        )
    return tuple(sorted(found, key=lambda ref: (-ref.family, ref.prefix)))


def elsewhere(estate: Estate, organisation: Organisation, site: Site, zone: str) -> tuple[PrefixRef, ...]:
    """The prefixes of the VLANs of `zone` at the organisation's other sites, IPv6 first."""
    sites = _sites(estate, organisation)
    found = [ref for slug, by_zone in sites.items() if slug != site.slug for ref in by_zone.get(zone, ())]
    return tuple(sorted(found, key=lambda ref: ref.family == 4))


def _sites(estate: Estate, organisation: Organisation) -> dict[str, dict[str, tuple[PrefixRef, ...]]]:
    """The prefixes of an organisation's VLANs by site and zone; every router of it and its cores ask."""
    return shared(estate).once(f"sites/{organisation.slug}", lambda: _by_site(organisation))


def _by_site(organisation: Organisation) -> dict[str, dict[str, tuple[PrefixRef, ...]]]:
    found: dict[str, dict[str, tuple[PrefixRef, ...]]] = {}
    for site in organisation.sites:
        base = f"{origin_of(organisation)}/site/{site.slug}/vlan"
        by_zone = found.setdefault(site.slug, {})
        for vlan in site.vlans:
            by_zone[vlan.zone] = by_zone.get(vlan.zone, ()) + prefix_refs(vlan.prefixes, f"{base}/{vlan.vid}#prefixes")
    return found


class Owned(ViewRecord):
    """A prefix with the CBS number of the gemeente that it belongs to."""

    prefix: str
    family: int
    number: int


def owned_prefixes(estate: Estate, gemeente: Gemeente, vrf: str) -> tuple[Owned, ...]:
    """The prefixes of a gemeente's VLANs in `vrf`; both cores that it is linked to ask."""
    return shared(estate).once(f"owned/{gemeente.slug}/{vrf}", lambda: _owned_prefixes(estate, gemeente, vrf))


def _owned_prefixes(estate: Estate, gemeente: Gemeente, vrf: str) -> tuple[Owned, ...]:
    zones = [zone.name for zone in estate.standard_of(gemeente).zones if zone.vrf == vrf]
    number = number_of(gemeente)
    return tuple(
        Owned(origin=ref.origin, prefix=ref.prefix, family=ref.family, number=number)
        for by_zone in _sites(estate, gemeente).values()
        for zone in zones
        for ref in by_zone.get(zone, ())
    )


def number_of(organisation: Organisation) -> int:
    """The CBS number of a gemeente (141 for GM0141); 0 for the federation."""
    return int(organisation.code[2:]) if isinstance(organisation, Gemeente) else 0


def community(estate: Estate, organisation: Organisation, traffic: str) -> str:
    """The large community `<national ASN>:<class>:<CBS number>` (RFC 8092); number 0 is the federation itself."""
    traffic_class = estate.standard_of(organisation).bgp.community_classes[traffic]
    return f"{estate.federation.asn}:{traffic_class}:{number_of(organisation)}"
