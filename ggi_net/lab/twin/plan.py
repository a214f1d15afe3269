"""The plan of a twin: which devices and hosts there are and what is wired to what, all from the estate.

Interfaces whose addresses are in one network hang on one wire. Nothing is started here.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from ipaddress import ip_address, ip_interface, ip_network
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ggi_net.errors import LabFailure
from ggi_net.lab.twin.interfaces import parse
from ggi_net.model.network import PortKind, Role
from ggi_net.model.types import Record
from ggi_net.render.device import render_device
from ggi_net.render.platform import platform

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ggi_net.lab.twin.interfaces import Interface
    from ggi_net.model.estate import Estate, Placed
    from ggi_net.model.network import Device, Link, Site
    from ggi_net.render.artifact import Artifact

NOC = "noc"
"""The federation's management host."""
INTERNET = "internet"
"""The host that is the way between untrusted lines: all their providers at once."""

_STAND_IN = "frr"
_ROLES = (Role.CORE, Role.CE, Role.RADIUS, Role.FEDERATION_PROXY)
_PORTS = {PortKind.ACCESS: "eth0", PortKind.INTERNET: "eth0", PortKind.LAN: "eth1", PortKind.CORE: "eth2"}
_IPSEC = "strongswan"
_UNITS = {
    "frr.conf": "frr",
    "swanctl.conf": _IPSEC,
    "keepalived.conf": "keepalived",
    "radvd.conf": "radvd",
    "radiusd.conf": "freeradius",
    "radsecproxy.conf": "radsecproxy",
    "sshd.conf": "ssh",
}
"""The unit that each artifact is for, in the order of starting."""


class Shell(Record, frozen=True, kw_only=True):
    """A simulated device that is managed where its stand-in is: the push driver that it answers to, what it is, and
    the management addresses at which it listens."""

    driver: str
    serial: str
    ports: tuple[str, ...]
    addresses: tuple[str, ...]


class Machine(Record, frozen=True, kw_only=True):
    """A device of the twin, as the estate says, unless it stands in for one (`stands_for`, in words).

    A stand-in carries traffic; it is managed only if a simulated device (`shell`) is there for that. A `router` is
    started before the servers, which need the network.
    """

    name: str
    units: tuple[str, ...]
    router: bool = False
    stands_for: str = ""
    shell: Shell | None = None

    @property
    def managed(self) -> bool:
        """Whether it can be pushed to."""
        return not self.stands_for or self.shell is not None


class Wire(Record, frozen=True, kw_only=True):
    """What interfaces of one network hang on: (machine or host, interface) for each."""

    network: str
    ends: tuple[tuple[str, str], ...]


class Station(Record, frozen=True, kw_only=True):
    """A host, to send traffic from: the addresses, with lengths, of its ports eth0, eth1 and so on, and its gateways.

    One with several ports routes between them.
    """

    name: str
    ports: tuple[tuple[str, ...], ...]
    gateways: tuple[str, ...] = ()


class Plan(Record, frozen=True, kw_only=True):
    """All of a twin. `addresses`: every address that an interface of a machine has. `left_out`: devices of the chosen
    gemeenten that are not there."""

    machines: tuple[Machine, ...]
    stations: tuple[Station, ...]
    wires: tuple[Wire, ...]
    addresses: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Design:
    """A plan with each machine's record and artifacts. `realms`: those that each home organisation answers for."""

    plan: Plan
    placed: dict[str, Placed]
    artifacts: dict[str, tuple[Artifact, ...]]
    realms: dict[str, tuple[str, ...]]


def design(estate: Estate, gemeenten: Iterable[str], *, core: bool) -> Design:
    """Plan a twin of these gemeenten; with `core` the federation's devices are there as they are.

    Without, routers that know only these gemeenten stand in for the cores. A gateway that no daemon here can be is
    stood in for by a Debian gateway with its addresses, and managed as a simulated device there.
    Raises NotInEstate, RenderError, or LabFailure for no gemeente.
    """
    slugs = tuple(dict.fromkeys(gemeenten))
    if not slugs:
        raise LabFailure("a twin needs a gemeente", hint="name one or more with --gemeente")
    chosen = [placed for slug in slugs for placed in estate.select(gemeente=[estate.gemeente(slug).slug])]
    substitute = _substituted(estate)
    small = _substituted(estate, only=slugs)
    machines: list[Machine] = []
    placed: dict[str, Placed] = {}
    artifacts: dict[str, tuple[Artifact, ...]] = {}

    def add(source: Estate, name: str, stands_for: str = "", shell: Shell | None = None) -> None:
        placed[name] = source.placed(name)
        artifacts[name] = tuple(render_device(source, placed[name]))
        files = {artifact.file for artifact in artifacts[name]} - ({"sshd.conf"} if shell else set())
        machines.append(
            Machine(
                name=name,
                units=tuple(unit for file, unit in _UNITS.items() if file in files),
                router=placed[name].device.role in (Role.CORE, Role.CE),
                stands_for=stands_for,
                shell=shell,
            )
        )

    for device in estate.federation.devices:
        if core:
            add(estate, device.name)
        elif device.role is Role.CORE:
            add(small, device.name, f"{device.name}, which would know every gemeente")
    left_out = []
    for item in chosen:
        if _replaceable(item.device):
            add(substitute, item.device.name, platform(item.device.platform).title, _shell(item.device))
        elif item.device.role in _ROLES:
            add(estate, item.device.name)
        else:
            left_out.append(item.device.name)
    stations = list(_stations(estate, {(item.organisation.slug, item.site.slug): item for item in chosen}.values()))
    lines = tuple(_lines(artifacts[machine.name] for machine in machines if _IPSEC in machine.units))
    if lines:
        stations.append(Station(name=INTERNET, ports=lines))
    plan = Plan(
        machines=tuple(machines),
        stations=tuple(stations),
        wires=tuple(_wires(artifacts, stations)),
        addresses=tuple(_addresses(artifacts)),
        left_out=tuple(left_out),
    )
    return Design(plan, placed, artifacts, estate.answering)


def _substituted(estate: Estate, only: Iterable[str] = ()) -> Estate:
    """The estate with a Debian gateway for each gateway that no daemon can be; of gemeenten `only` those, if given."""
    keep = set(only)
    gemeenten = [gemeente for gemeente in estate.gemeenten if not keep or gemeente.slug in keep]
    renamed = {
        (device.name, port.name): _PORTS[port.kind]
        for gemeente in gemeenten
        for device in gemeente.devices
        if _replaceable(device)
        for port in device.ports
    }

    def site_of(site: Site) -> Site:
        return replace(site, devices=tuple(device_of(d) if _replaceable(d) else d for d in site.devices))

    def device_of(device: Device) -> Device:
        ports = tuple(replace(port, name=_PORTS[port.kind]) for port in device.ports)
        return replace(device, platform=_STAND_IN, ports=ports)

    def link_of(link: Link) -> Link:
        port = renamed.get((link.end.device, link.end.port), link.end.port)
        return replace(link, end=replace(link.end, port=port))

    return dataclasses.replace(
        estate,
        gemeenten=tuple(
            replace(g, sites=tuple(map(site_of, g.sites)), links=tuple(map(link_of, g.links))) for g in gemeenten
        ),
    )


def _shell(device: Device) -> Shell:
    return Shell(
        driver=platform(device.platform).driver,
        serial=device.serial,
        ports=tuple(port.name for port in device.ports),
        addresses=tuple(address.partition("/")[0] for address in device.management),
    )


def _replaceable(device: Device) -> bool:
    """Whether it is a gateway that no daemon here can be."""
    return device.role is Role.CE and platform(device.platform).driver != "linux"


def _stations(estate: Estate, sites: Iterable[Placed]) -> Iterator[Station]:
    """The management host; at each site an access point in the mgmt VLAN and a computer in the office."""
    home = next(site for site in estate.federation.sites if site.main)
    yield _station(NOC, home, "mgmt", 25)
    for item in sites:
        where = f"{item.organisation.slug}-{item.site.slug}"
        for kind, zone in (("ap", "mgmt"), ("pc", "office")):
            if any(vlan.zone == zone and vlan.prefixes for vlan in item.site.vlans):
                yield _station(f"{kind}-{where}", item.site, zone, 12)


def _station(name: str, site: Site, zone: str, number: int) -> Station:
    vlan = next(vlan for vlan in site.vlans if vlan.zone == zone)
    networks = [ip_network(prefix) for prefix in vlan.prefixes]
    return Station(
        name=name,
        ports=(tuple(f"{n[number] if n.version == 4 else n[0xC0]}/{n.prefixlen}" for n in networks),),
        gateways=tuple(str(n[1]) for n in networks),
    )


def _lines(routers: Iterable[tuple[Artifact, ...]]) -> Iterator[tuple[str, ...]]:
    """For each untrusted line of these routers the addresses that its provider has there, with lengths."""
    for interface in (interface for files in routers for interface in _interfaces(files) if interface.gateways):
        networks = [ip_interface(address).network for address in interface.addresses]
        known = [(gateway, network) for gateway in interface.gateways for network in networks]
        yield tuple(f"{gateway}/{n.prefixlen}" for gateway, n in known if ip_address(gateway) in n)


def _wires(artifacts: dict[str, tuple[Artifact, ...]], stations: Iterable[Station]) -> Iterator[Wire]:
    ends: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for name, files in artifacts.items():
        for interface in _interfaces(files):
            if interface.network and not interface.table:
                ends[str(interface.network)].append((name, interface.name))
    for station in stations:
        for number, addresses in enumerate(station.ports):
            ends[str(ip_interface(addresses[0]).network)].append((station.name, f"eth{number}"))
    for network, them in ends.items():
        yield Wire(network=network, ends=tuple(them))


def _addresses(artifacts: dict[str, tuple[Artifact, ...]]) -> Iterator[str]:
    for files in artifacts.values():
        for interface in _interfaces(files):
            yield from (str(ip_interface(address).ip) for address in interface.addresses)


def _interfaces(files: Iterable[Artifact]) -> list[Interface]:
    return parse(next(artifact.text for artifact in files if artifact.file == "interfaces"))


__all__ = ["Design", "Machine", "Plan", "Station", "Wire", "design"]
