"""The view of an access point or a WLAN controller: the govroam network in the air, and who lets visitors in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ggi_net.errors import RenderError
from ggi_net.model.gemeente import Gemeente, GovroamRole
from ggi_net.model.network import PortKind
from ggi_net.model.standard import WlanStandard
from ggi_net.render.views import govroam_firewall as firewall
from ggi_net.render.views.base import View, ViewRecord
from ggi_net.render.views.govroam import LocalAddress, local_addresses, port_name, secret
from ggi_net.render.views.govroam_firewall import HostRule
from ggi_net.render.views.host import host_part
from ggi_net.render.views.shared import address_refs, origin_of

if TYPE_CHECKING:
    from ggi_net.model.estate import Estate, Placed
    from ggi_net.model.gemeente import Organisation
    from ggi_net.model.network import Vlan

BANDS = {PortKind.RADIO_2GHZ: "2ghz", PortKind.RADIO_5GHZ: "5ghz"}
_HINT = "`ggi estate validate` lists what the estate lacks, with its place"


class RadiusServer(ViewRecord):
    """A RADIUS server of the gemeente, at its `address` in the family that all of them share with this device."""

    name: str
    address: str
    family: int


class Radio(ViewRecord):
    """A radio of an access point: the interface `name`, its `band` (`2ghz` or `5ghz`)."""

    name: str
    band: str


class WlanView(View):
    """An access point, or a controller with the access points of its site.

    ssid, country: of the standard. wlan: its rules for the air (its record).
    port: the interface to the site's switch. addresses: its own in the mgmt VLAN, IPv6 first.
    management_vlan, visitor_vlan: VLAN ids of the site; visitors get the latter, whatever a RADIUS server says.
    servers: where visitors log in, the preferred one first. own_address: the address that these see.
    radius_secret: the reference of the secret that all access points of the site share with them.
    session_timeout: seconds after which a visitor is checked again, when no RADIUS server says otherwise.
    radios: its own, none for a controller; has_2ghz, has_5ghz: whether it has one in that band.
    inbound, outbound: its own firewall, where it has one.
    """

    ssid: str
    country: str
    wlan: WlanStandard
    port: str
    addresses: tuple[LocalAddress, ...]
    management_vlan: int
    visitor_vlan: int
    servers: tuple[RadiusServer, ...]
    own_address: str
    radius_secret: str
    session_timeout: int
    radios: tuple[Radio, ...]
    has_2ghz: bool
    has_5ghz: bool
    inbound: tuple[HostRule, ...]
    outbound: tuple[HostRule, ...]


def build(estate: Estate, placed: Placed) -> WlanView:
    """The view of one WLAN device; raise RenderError when its site or gemeente can't receive visitors."""
    gemeente = placed.organisation
    if not isinstance(gemeente, Gemeente):
        raise RenderError("an access point of the federation", hint="the federation has no visitors: remove the device")
    if GovroamRole.SP not in gemeente.govroam.roles:
        raise RenderError(f"gemeente '{gemeente.slug}' is no visited site", hint="give it role 'sp'")
    host = host_part(estate, placed)
    rules = estate.standard_of(gemeente).govroam
    addresses = local_addresses(placed)
    servers, own_address = _servers(estate, placed, addresses)
    radios = _radios(placed)
    bands = {radio.band for radio in radios}
    view = WlanView(
        **host,
        ssid=rules.ssid,
        country=rules.country,
        wlan=rules.wlan,
        port=port_name(placed),
        addresses=addresses,
        management_vlan=_vlan(placed, "mgmt").vid,
        visitor_vlan=_vlan(placed, "govroam").vid,
        servers=servers,
        own_address=own_address,
        radius_secret=secret(gemeente.slug, "radius", f"ap-{placed.site.slug}"),
        session_timeout=min(host["options"]["govroam.session_timeout"], rules.session_timeout_maximum),
        radios=radios,
        has_2ghz="2ghz" in bands,
        has_5ghz="5ghz" in bands,
        inbound=(),
        outbound=(),
    )
    view.inbound = tuple(firewall.managed(view))
    view.outbound = _outbound(view, gemeente)
    return view


def _vlan(placed: Placed, zone: str) -> Vlan:
    found = next((vlan for vlan in placed.site.vlans if vlan.zone == zone), None)
    if found is None:
        raise RenderError(f"site '{placed.site.slug}' has no VLAN in zone {zone}", hint=_HINT)
    return found


def _servers(
    estate: Estate, placed: Placed, addresses: tuple[LocalAddress, ...]
) -> tuple[tuple[RadiusServer, ...], str]:
    """The gemeente's RADIUS servers, and this device's address of the same family: IPv6 where all of them have it."""
    found = estate.radius_servers.get(placed.organisation.slug, ())
    if not found:
        raise RenderError(f"gemeente '{placed.organisation.slug}' has no RADIUS server", hint=_HINT)
    for family in (6, 4):
        own = next((address.address for address in addresses if address.family == family), "")
        servers = [server for one in found if (server := _server(one, placed.organisation, family))]
        if own and len(servers) == len(found):
            return tuple(servers), own
    raise RenderError("it has no address family in common with all RADIUS servers of its gemeente", hint=_HINT)


def _server(placed: Placed, organisation: Organisation, family: int) -> RadiusServer | None:
    name = placed.device.name
    origin = f"{origin_of(organisation)}/device/{name}"
    refs = address_refs(placed.device.management, f"{origin}#management")
    address = next((ref.address for ref in refs if ref.family == family), "")
    return RadiusServer(origin=origin, name=name, address=address, family=family) if address else None


def _radios(placed: Placed) -> tuple[Radio, ...]:
    """The radios; raise RenderError for two in one band: they would stand on one channel and disturb each other."""
    origin = f"{origin_of(placed.organisation)}/device/{placed.device.name}"
    found: dict[str, Radio] = {}
    for port in placed.device.ports:
        band = BANDS.get(port.kind, "")
        if band in found:
            raise RenderError(f"ports {found[band].name} and {port.name} are radios of one band", hint="keep one")
        if band:
            found[band] = Radio(origin=f"{origin}/port/{port.name}", name=port.name, band=band)
    return tuple(found.values())


def _outbound(view: WlanView, gemeente: Gemeente) -> tuple[HostRule, ...]:
    servers = [(server.family, server.address) for server in view.servers]
    origin = f"gemeente/{gemeente.slug}#govroam"
    return (*firewall.used(view), *firewall.rules(origin, servers, "udp", firewall.RADIUS_PORTS, "visitors log in"))
