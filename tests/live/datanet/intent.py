"""What the standard and the estate intend, worked out here from their words alone: no view, no template.

Two questions: which routes belong where, and may this host start that conversation with that one.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from ggi_net.model.network import Role
from ggi_net.source.options import option_values

if TYPE_CHECKING:
    from topology import Host

FAMILIES = (6, 4)


def family(prefix: str) -> int:
    return ipaddress.ip_network(prefix, strict=False).version


def zone_vrf(estate) -> dict[str, str]:
    return {zone.name: zone.vrf for zone in estate.standard_of(estate.federation).zones}


def originated(estate, device: str, vrf: str, version: int) -> set[str]:
    """What a device brings into a VRF: the prefixes of its site's VLANs, and in `mgmt` its own management address."""
    placed = estate.placed(device)
    vrfs = zone_vrf(estate)
    found = [p for vlan in placed.site.vlans if vrfs[vlan.zone] == vrf for p in vlan.prefixes]
    if vrf == "mgmt":
        found += placed.device.management
    if vrf == "govroam" and placed.device.role is Role.CORE:
        found = ["::/0", "0.0.0.0/0"]  # the way to the internet, and nothing else
    return {str(ipaddress.ip_network(p, strict=False)) for p in found if family(p) == version}


def core_routes(estate, devices, vrf: str, version: int) -> set[str]:
    """What a core knows in a VRF: all that the connected gemeenten and the cores themselves bring."""
    return set().union(*(originated(estate, device, vrf, version) for device in devices))


def ce_routes(estate, device: str, devices, vrf: str, version: int) -> set[str]:
    """What a CE knows in a VRF: its own, and by the standard's word for the VRF what it takes from the cores."""
    own = estate.placed(device).organisation
    accept = next(v.accept for v in estate.standard_of(own).vrfs if v.name == vrf)
    found = originated(estate, device, vrf, version)
    for other in devices:
        placed = estate.placed(other)
        national = placed.organisation.slug == estate.federation.slug
        foreign = placed.organisation.slug != own.slug or placed.site.slug != estate.placed(device).site.slug
        if (national and accept in ("default", "services")) or (foreign and accept == "national"):
            found |= originated(estate, other, vrf, version)
    if accept == "services":  # of the national prefixes only the networks that offer and manage, no core's own address
        offered = [ipaddress.ip_network(p) for p in estate.federation.services.management if family(p) == version]
        mine = originated(estate, device, vrf, version)
        found = {p for p in found if p in mine or any(ipaddress.ip_network(p).subnet_of(net) for net in offered)}
    if accept == "national":  # of the gemeentecloud only the services that the gemeente uses
        standard = estate.standard_of(own)
        chosen = option_values(own, standard)["cloud.services"]
        cloud = estate.federation.services.cloud
        found -= {p for name, prefixes in cloud.items() if name not in chosen for p in prefixes}
    return found


def sessions(estate, devices, device: str) -> set[tuple[str, str, int]]:
    """The BGP sessions that a device must have with the others: (peer, VRF, family) once per link."""
    found = set()
    for owned in estate.links_of[device]:
        link = owned.link
        ends = (link.core.device, link.end.device)
        if set(ends) <= set(devices):
            for vrf, record in link.vrfs.items():
                for prefix in record.prefixes:
                    pair = list(ipaddress.ip_network(prefix))
                    found.add((str(pair[1] if device == link.core.device else pair[0]), vrf, pair[0].version))
    return found


class Flows:
    """The standard's flows with the options of every gemeente."""

    def __init__(self, estate) -> None:
        self.estate = estate
        standard = estate.standard_of(estate.federation)
        self.ports = {service.name: service.ports for service in standard.services}
        self.flows = standard.flows
        self.options = {g.slug: option_values(g, standard) for g in estate.gemeenten}
        self.management = [ipaddress.ip_network(p) for p in estate.federation.services.management]

    def allows(self, source: Host, destination: Host, protocol: str, port: int, address: str) -> bool:
        """Whether `source` may start this with `destination` at `address`. Both ends' gateways must agree."""
        ours, theirs = source.organisation, destination.organisation
        if ours in self.options and ours == theirs:
            return self._permits(ours, source.zone, destination.zone, protocol, port)
        match source.zone, destination.zone:
            case "office", "office":
                leaves = self._permits(ours, "office", "datanet", protocol, port)
                return leaves and self._permits(theirs, "datanet", "office", protocol, port)
            case "office", "cloud":
                return self._uses(ours, address) and self._permits(ours, "office", "cloud", protocol, port)
            case "cloud", "office":
                return self._calls_back(theirs, source) and self._permits(theirs, "cloud", "office", protocol, port)
            case "govroam", "internet":
                return self._permits(ours, "govroam", "internet", protocol, port)
            case "mgmt", "mgmt" if theirs == self.estate.federation.slug and ours in self.options:
                return self._by("mgmt-to-national", protocol, port)
            case "mgmt", "mgmt" if ours == self.estate.federation.slug and theirs in self.options:
                return self._by("national-to-mgmt", protocol, port)
        return False

    def _calls_back(self, gemeente: str, source: Host) -> bool:
        return self._uses(gemeente, source.address(6))

    def _uses(self, gemeente: str, address: str) -> bool:
        chosen = self.options[gemeente]["cloud.services"]
        places = [p for name in chosen for p in self.estate.federation.services.cloud[name]]
        return any(ipaddress.ip_address(address) in ipaddress.ip_network(p) for p in places)

    def _permits(self, gemeente: str, source: str, destination: str, protocol: str, port: int) -> bool:
        options = self.options[gemeente]
        return any(
            (flow.source, flow.destination) == (source, destination)
            and source != destination
            and (not flow.when or options[flow.when] == flow.equals)
            and self._by(flow.id, protocol, port)
            for flow in self.flows
        )

    def _by(self, flow: str, protocol: str, port: int) -> bool:
        services = next(f.services for f in self.flows if f.id == flow)
        return any(_matches(text, protocol, port) for service in services for text in self.ports[service])


def _matches(text: str, protocol: str, port: int) -> bool:
    kind, _, numbers = text.partition("/")
    if kind == "any":
        return True
    if kind != protocol:
        return False
    first, _, last = numbers.partition("-")
    return not numbers or int(first) <= port <= int(last or first)
