"""Sites, VLANs and devices."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ggi_net.errors import nearest
from ggi_net.model.gemeente import Gemeente, GovroamRole
from ggi_net.model.hostkey import fingerprint, well_formed
from ggi_net.model.network import RADIOS, PortKind, Role
from ggi_net.paths import platform_names
from ggi_net.source.rules.base import ROUTERS, Raw, Spot, twice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ggi_net.model.gemeente import Organisation
    from ggi_net.model.network import Device, Site
    from ggi_net.source.rules.base import Facts


def _sites(facts: Facts) -> Iterator[tuple[Organisation, int, Site]]:
    for organisation in facts.estate.organisations():
        for s, site in enumerate(organisation.sites):
            yield organisation, s, site


def _devices(facts: Facts) -> Iterator[tuple[Organisation, Device, Spot]]:
    for organisation, s, site in _sites(facts):
        for d, device in enumerate(site.devices):
            yield organisation, device, Spot(organisation.slug, f"$.sites[{s}].devices[{d}]")


def vlan_twice(facts: Facts) -> Iterator[Raw]:
    """A VLAN id twice at one site."""
    for organisation, s, site in _sites(facts):
        seen: dict[int, str] = {}
        for v, vlan in enumerate(site.vlans):
            if vlan.vid in seen:
                spot = Spot(organisation.slug, f"$.sites[{s}].vlans[{v}].vid")
                where = f"{organisation.slug}/{site.slug}"
                message = f"VLAN id {vlan.vid} stands twice at {where}: '{seen[vlan.vid]}' and '{vlan.name}'"
                yield Raw("GGI1314", message, spot, "give one of the two another id")
            seen[vlan.vid] = vlan.name


def vlan_outside_range(facts: Facts) -> Iterator[Raw]:
    """A VLAN id outside the plan's range for its zone, or in a zone that the standard does not have."""
    for organisation, s, site in _sites(facts):
        standard = facts.estate.standard_of(organisation)
        zones = {zone.name for zone in standard.zones}
        for v, vlan in enumerate(site.vlans):
            at = f"$.sites[{s}].vlans[{v}]"
            if vlan.zone not in zones:
                message = f"the standard has no zone '{vlan.zone}'{nearest(vlan.zone, zones)}"
                hint = f"zones: {', '.join(sorted(zones))}"
                yield Raw("GGI1316", message, Spot(organisation.slug, f"{at}.zone"), hint)
                continue
            span = standard.address_plan.vlans.get(vlan.zone)
            if span and not span.first <= vlan.vid <= span.last:
                message = f"VLAN id {vlan.vid} lies outside the plan's range for zone {vlan.zone}"
                hint = f"the range is {span.first} to {span.last}"
                yield Raw("GGI1315", message, Spot(organisation.slug, f"{at}.vid"), hint)


def no_management(facts: Facts) -> Iterator[Raw]:
    """A device that can't be managed, or a router without the IPv4 address that is its router-id."""
    for _, device, spot in _devices(facts):
        hint = "add `management: [<IPv6>, <IPv4>]`"
        if not device.management:
            yield Raw("GGI1317", f"{device.name} has no management address", spot, hint)
        elif device.role in ROUTERS and all(":" in address for address in device.management):
            message = f"{device.name} has no IPv4 management address, which is its router-id"
            yield Raw("GGI1317", message, spot._replace(key="management"), hint)


def device_twice(facts: Facts) -> Iterator[Raw]:
    """A device name, serial number, management address or host key twice in the estate."""
    names, serials, addresses, keys = [], [], [], []
    for organisation, device, spot in _devices(facts):
        owner = f"{device.name} ({organisation.slug})"
        names.append((device.name, spot._replace(key="name"), organisation.slug))
        if device.serial:
            serials.append((device.serial, spot._replace(key="serial"), owner))
        if well_formed(device.host_key):
            keys.append((fingerprint(device.host_key), spot._replace(key="host_key"), owner))
        outside = [address for port in device.ports for address in port.addresses]
        for key, written in (("management", device.management), ("ports", outside)):
            addresses += [(address.partition("/")[0], spot._replace(key=key), owner) for address in written]
    yield from twice("GGI1318", "device name", names, "rename one of the two")
    yield from twice("GGI1318", "serial number", serials, "correct one of the two")
    yield from twice("GGI1318", "address", addresses, "give one of the two another address")
    yield from twice("GGI1318", "host key", keys, "make new host keys on one of the two: it is a copy of the other")


def broken_host_key(facts: Facts) -> Iterator[Raw]:
    """A host key whose base64 is cut off, or of another algorithm than it says."""
    for _, device, spot in _devices(facts):
        if device.host_key and not well_formed(device.host_key):
            message = f"the host key of {device.name} is not a whole {device.host_key.partition(' ')[0]} key"
            yield Raw("GGI1333", message, spot._replace(key="host_key"), "copy it anew, as `ssh-keyscan` prints it")


def unknown_platform(facts: Facts) -> Iterator[Raw]:
    """A device on a platform that has no templates."""
    known = platform_names()
    for _, device, spot in _devices(facts):
        if device.platform not in known:
            message = f"{device.name}: no platform '{device.platform}'{nearest(device.platform, known)}"
            yield Raw("GGI1316", message, spot._replace(key="platform"), f"platforms: {', '.join(known)}")


def main_site(facts: Facts) -> Iterator[Raw]:
    """A gemeente without a main site, or with two."""
    for gemeente in facts.estate.gemeenten:
        mains = [site.slug for site in gemeente.sites if site.main]
        if len(mains) != 1:
            count = f"{len(mains)} main sites: {', '.join(mains)}" if mains else "no main site"
            spot = Spot(gemeente.slug, "$", "sites")
            yield Raw("GGI1327", f"{gemeente.slug} has {count}", spot, "say `main: true` at exactly one site")


def site_without_gateway(facts: Facts) -> Iterator[Raw]:
    """A gemeente's site without a CE."""
    for gemeente in facts.estate.gemeenten:
        for s, site in enumerate(gemeente.sites):
            if not any(device.role is Role.CE for device in site.devices):
                message = f"site {gemeente.slug}/{site.slug} has no gateway (CE)"
                yield Raw("GGI1326", message, Spot(gemeente.slug, f"$.sites[{s}]"), "add one, or remove the site")


def unit_twice(facts: Facts) -> Iterator[Raw]:
    """Two gateways of one site with the same unit: both would be the preferred one."""
    for organisation, s, site in _sites(facts):
        units = Counter((device.role, device.unit) for device in site.devices if device.role is Role.CE)
        for (_, unit), count in units.items():
            if count > 1:
                message = f"{count} gateways of {organisation.slug}/{site.slug} are unit {unit}"
                hint = "give each a unit of its own: 1 is preferred"
                yield Raw("GGI1328", message, Spot(organisation.slug, f"$.sites[{s}]", "devices"), hint)


def no_lan_port(facts: Facts) -> Iterator[Raw]:
    """A server without a port, or a gateway without a port for its site's VLANs."""
    for organisation, s, site in _sites(facts):
        for d, device in enumerate(site.devices):
            needs = device.role not in ROUTERS or bool(site.vlans)
            if needs and not any(port.kind is PortKind.LAN for port in device.ports):
                spot = Spot(organisation.slug, f"$.sites[{s}].devices[{d}]")
                yield Raw("GGI1331", f"{device.name} has no port of kind lan", spot, "add one to its `ports`")


def nobody_to_log_in(facts: Facts) -> Iterator[Raw]:
    """An access point or controller without visitors: no part in govroam, or no VLAN for them at its site."""
    for organisation, s, site in _sites(facts):
        receives = isinstance(organisation, Gemeente) and GovroamRole.SP in organisation.govroam.roles
        zones = {vlan.zone for vlan in site.vlans}
        for d, device in enumerate(site.devices):
            if device.role is not Role.WLAN:
                continue
            spot = Spot(organisation.slug, f"$.sites[{s}].devices[{d}]")
            if not receives:
                message = f"{device.name} is there for visitors, but {organisation.slug} is no visited site"
                yield Raw("GGI1334", message, spot, "give the gemeente role `sp`, or remove the device")
            elif "govroam" not in zones:
                message = f"{device.name} is there for visitors, but site {site.slug} has no VLAN in zone govroam"
                yield Raw("GGI1334", message, spot, "add the VLAN, or remove the device")


def radios(facts: Facts) -> Iterator[Raw]:
    """A Debian access point without a radio, or a device with two in one band, where they disturb each other."""
    for _, device, spot in _devices(facts):
        bands = Counter(port.kind for port in device.ports if port.kind in RADIOS)
        if device.platform == "hostapd" and not bands:
            hint = "add a port of kind radio-2ghz or radio-5ghz"
            yield Raw("GGI1334", f"{device.name} has no radio", spot._replace(key="ports"), hint)
        for band, count in bands.items():
            if count > 1:
                message = f"{count} ports of {device.name} are of kind {band}"
                yield Raw("GGI1334", message, spot._replace(key="ports"), "one radio a band")


RULES = (
    no_lan_port,
    nobody_to_log_in,
    radios,
    vlan_twice,
    vlan_outside_range,
    no_management,
    device_twice,
    broken_host_key,
    unknown_platform,
    main_site,
    site_without_gateway,
    unit_twice,
)
