"""The plan of the live network: which devices and hosts there are and how they are wired, all from the estate.

`build_plan` returns plain data for the job in the virtual machine (`tests/live/guest`). The devices' configurations in
it are the rendered artifacts, unchanged but for their secrets, which are replaced as a push replaces them.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
from dataclasses import dataclass, field

from ggi_net.model.network import LineKind, PortKind, Role
from ggi_net.render.device import render_device
from ggi_net.render.platform import platform

DEVICES = ("core-asd-01", "core-apd-01", "ce-almelo-01", "ce-almelo-02", "ce-losser-01", "ce-enschede-zuid-01")
"""Both cores; one gemeente with two gateways, one on an untrusted line, and a site of one that publishes services."""

INTERNET = ("2001:db8:1:80::80/64", "203.0.113.200/32")
"""A server on the internet, and a prefix for it that no gemeente may ever see."""

_SECRET = re.compile(r"secret://[a-z0-9/._-]+")


@dataclass(frozen=True)
class Host:
    """A machine on a VLAN (or on the internet): its zone, whose it is, and its addresses by family."""

    name: str
    zone: str
    organisation: str
    site: str
    vid: int
    addresses: tuple[str, ...]
    gateways: tuple[str, ...] = ()
    services: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def network(self) -> tuple[str, str, int]:
        """What it shares with the hosts on its own VLAN."""
        return self.organisation, self.site, self.vid

    def address(self, family: int) -> str:
        """Its first address of that family, without a prefix length."""
        return next(str(a.ip) for a in map(ipaddress.ip_interface, self.addresses) if a.version == family)


def secret(reference: str) -> str:
    """The value that a reference has in this test: any value will do as long as both ends get the same."""
    return hashlib.sha256(reference.encode()).hexdigest()[:24]


def hosts(estate) -> dict[str, Host]:
    """A host in every VLAN of every site that has a device under test, the RADIUS servers and the national services."""
    found = {}
    sites = {estate.placed(name).site.slug: estate.placed(name) for name in DEVICES}
    for placed in sites.values():
        organisation, site = placed.organisation, placed.site
        for vlan in site.vlans:
            networks = [ipaddress.ip_network(p) for p in vlan.prefixes]
            gateways = tuple(str(n[1]) for n in networks)
            place = (vlan.zone, organisation.slug, site.slug, vlan.vid)
            name = f"{organisation.slug}-{site.slug}-{vlan.name}" if organisation.slug != "federation" else vlan.name
            if vlan.zone == "mgmt" and organisation.slug == "federation":
                name = f"noc-{site.slug}"
            addresses = tuple(f"{n[12] if n.version == 4 else n[0xC0]}/{n.prefixlen}" for n in networks)
            if name == "noc-asd":  # its .12 and its neighbours are the national services
                addresses = tuple(f"{n[25] if n.version == 4 else n[0xC0]}/{n.prefixlen}" for n in networks)
            found[name] = Host(name, *place, addresses, gateways)
            if vlan.zone != "mgmt":
                continue
            for device in site.devices:
                if device.role in (Role.RADIUS, Role.FEDERATION_PROXY):
                    found[device.name] = Host(device.name, *place, device.management, gateways)
            if organisation.slug == "federation" and site.main:
                services = estate.federation.services
                lists = {"dns": services.dns, "ntp": services.ntp, "syslog": services.syslog, "tacacs": services.tacacs}
                every = [a for addresses in lists.values() for a in addresses]
                length = {n.version: n.prefixlen for n in networks}
                cidrs = tuple(f"{a}/{length[ipaddress.ip_address(a).version]}" for a in every)
                found["services"] = Host("services", *place, cidrs, gateways, lists)
    found["internet"] = Host("internet", "internet", "", "", 0, INTERNET)
    return found


def build_plan(estate, people: dict[str, Host], certificates: dict[str, list[dict[str, str]]]) -> dict:
    """The plan as JSON data, without the probes. `certificates` are the files below /etc/ggi/pki of each device."""
    outer, services, lines, cables = {}, [], [], []
    routes = _routes_back(estate)
    for organisation in estate.organisations():
        for link in organisation.links:
            if link.end.device not in DEVICES or link.core.device not in DEVICES:
                continue
            ends = [[link.core.device, link.core.port], [link.end.device, link.end.port]]
            if estate.placed(link.end.device).device.role is Role.CORE:
                cables.append(ends)
            elif link.line.kind is LineKind.TRUSTED:
                numbers = [outer.setdefault(tuple(end), len(outer)) for end in ends]
                services += [[[number, vrf.tag] for number in numbers] for vrf in link.vrfs.values()]
    for name in DEVICES:
        for port in estate.placed(name).device.ports:
            if port.kind is PortKind.INTERNET:
                lengths = {ipaddress.ip_interface(a).version: a.split("/")[1] for a in port.addresses}
                gateways = [f"{g}/{lengths[ipaddress.ip_address(g).version]}" for g in port.gateways]
                lines.append({"device": name, "port": port.name, "gateways": gateways})
    people = {name: host for name, host in people.items() if name != "internet"}
    switches = _switches(estate, people)
    wired = {tuple(end) for cable in cables for end in cable} | set(outer)
    wired |= {(line["device"], line["port"]) for line in lines}
    wired |= {tuple(trunk) for switch in switches for trunk in switch["trunks"]}
    ports = [(name, port.name) for name in DEVICES for port in estate.placed(name).device.ports]
    return {
        "unplugged": [port for port in ports if port not in wired],
        "devices": {name: _device(estate, name, certificates.get(name, [])) for name in DEVICES},
        "vrfs": [vrf.name for vrf in estate.standard_of(estate.federation).vrfs],
        "provider": {"ports": [list(port) for port in outer], "services": services},
        "cables": cables,
        "internet": {"addresses": INTERNET, "lines": lines, "routes": routes, "watched": _watched(estate)},
        "switches": switches,
        "hosts": {name: {"addresses": host.addresses, "gateways": host.gateways} for name, host in people.items()},
    }


def _device(estate, name: str, certificates: list[dict[str, str]]) -> dict:
    placed = estate.placed(name)
    kinds = {kind.file: kind for kind in platform(placed.device.platform).artifacts}
    files = [
        {
            "path": kinds[artifact.file].path,
            "mode": kinds[artifact.file].mode,
            "owner": kinds[artifact.file].owner,
            "text": _SECRET.sub(lambda found: secret(found[0]), artifact.text),
        }
        for artifact in render_device(estate, placed)
    ]
    vrfs = [vrf.name for vrf in estate.standard_of(placed.organisation).vrfs]
    return {"files": files + certificates, "vrfs": vrfs, "listen": [("tcp", 22), ("tcp", 8080), ("udp", 161)]}


def _switches(estate, people: dict[str, Host]) -> list[dict]:
    sites: dict[tuple[str, str], dict] = {}
    for name in DEVICES:
        placed = estate.placed(name)
        key = (placed.organisation.slug, placed.site.slug)
        switch = sites.setdefault(key, {"trunks": [], "vids": [v.vid for v in placed.site.vlans], "hosts": []})
        switch["trunks"] += [[name, port.name] for port in placed.device.ports if port.kind is PortKind.LAN]
    for host in people.values():
        sites[host.organisation, host.site]["hosts"].append([host.name, host.vid])
    return list(sites.values())


def shared_addresses(estate) -> dict[str, list[str]]:
    """The gateway addresses that several devices under test share, with those devices."""
    found: dict[str, list[str]] = {}
    for name in DEVICES:
        placed = estate.placed(name)
        if placed.device.role is Role.CE:
            for prefix in (p for vlan in placed.site.vlans for p in vlan.prefixes):
                found.setdefault(str(ipaddress.ip_network(prefix)[1]), []).append(name)
    return {address: names for address, names in found.items() if len(names) > 1}


def _watched(estate) -> list[tuple[str, str]]:
    """The outer addresses of the CEs on untrusted lines."""
    found = []
    for name in DEVICES:
        placed = estate.placed(name)
        if placed.device.role is Role.CE:
            for port in placed.device.ports:
                addresses = map(ipaddress.ip_interface, port.addresses)
                found += [("ip6" if address.version == 6 else "ip", str(address.ip)) for address in addresses]
    return found


def _routes_back(estate) -> list[dict[str, str]]:
    """What a provider of the internet would route to the cores: the visitors' range, to the first of them."""
    core = estate.placed(DEVICES[0]).device
    outer = {a.version: str(a.ip) for port in core.ports for a in map(ipaddress.ip_interface, port.addresses)}
    ranges = estate.ranges_of(estate.federation)
    pools = (ranges.blocks["govroam"].prefix, ranges.ipv4["govroam"].prefix)
    return [{"to": pool, "via": outer[ipaddress.ip_network(pool).version]} for pool in pools]
