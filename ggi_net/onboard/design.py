"""From a spec to the records of a gemeente: what exists is kept, what is missing is allocated. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec.structs import replace

from ggi_net.errors import SpecError
from ggi_net.model.allocate import NumberPool
from ggi_net.model.gemeente import Block, Gemeente, GovroamRole
from ggi_net.model.network import Device, End, Line, LineKind, Link, Port, PortKind, Role, Site, Vlan
from ggi_net.onboard.hardware import RADIUS_PLATFORM, RADIUS_PORT, USUAL, Interfaces
from ggi_net.source.pools import BlockPool, free_server_addresses

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ggi_net.model.standard import Standard
    from ggi_net.onboard.spec import Gateway, SiteSpec, Spec
    from ggi_net.source.pools import Pools

T = TypeVar("T")


@dataclass(frozen=True)
class CorePort:
    """A core as seen by a gemeente: where its trusted lines and its tunnels end."""

    device: str
    site: str
    access: str
    internet: str


@dataclass
class Design:
    """What came out: the gemeente, where each new number came from by object reference and field, and remarks."""

    gemeente: Gemeente
    allocated: dict[str, dict[str, str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def design(spec: Spec, standard: Standard, pools: Pools, cores: Sequence[CorePort], current: Gemeente | None) -> Design:
    """Work a spec out into a gemeente by `standard`, taking numbers from `pools`.

    `current` is the gemeente as it is, or None: every number and every hand-made thing in it is kept, except what
    `spec.remove` names. Raises PoolExhausted, or SpecError when the spec asks for what can't be.
    """
    return _Designer(spec, standard, pools, cores, current).run()


class _Designer:
    """One run of `design`: holds what its steps share."""

    def __init__(
        self, spec: Spec, standard: Standard, pools: Pools, cores: Sequence[CorePort], current: Gemeente | None
    ) -> None:
        self.spec = spec
        self.standard = standard
        self.pools = pools
        self.cores = cores
        self.current = _without(current, spec) if current else None
        self.allocated: dict[str, dict[str, str]] = {}
        self.notes: list[str] = []
        self.root = f"gemeente/{spec.slug}"
        options = {**(self.current.options if self.current else {}), **spec.options}
        self.options: dict[str, Any] = options
        defaults = {option.name: option.default for option in standard.options}
        self.platform: str = options.get("ce.platform", defaults.get("ce.platform", "frr"))
        self.zones = [zone for zone in standard.address_plan.vlans if zone != "govroam" or self._is_sp()]
        self.vrfs = list(dict.fromkeys(zone.vrf for zone in standard.zones if zone.name in self.zones))

    def run(self) -> Design:
        spec, current = self.spec, self.current
        asn = (
            current.asn if current else self._got(self.root, "asn", self.pools.asn(self.root), "next free of pool ASN")
        )
        blocks = self._blocks()
        sites = self._sites(blocks)
        links = self._links(sites)
        gemeente = Gemeente(
            slug=spec.slug,
            name=spec.name,
            code=spec.code,
            province=spec.province,
            domain=spec.domain,
            standard=self.standard.version,
            asn=asn,
            govroam=spec.govroam if spec.govroam.idp != spec.slug else replace(spec.govroam, idp=None),
            options=self.options,
            blocks=tuple(block for pool in blocks.values() for block in pool.blocks) + self._other_blocks(blocks),
            sites=tuple(sites),
            links=tuple(links),
            spec=current.spec if current else "",
        )
        return Design(gemeente, self.allocated, self.notes)

    def _is_sp(self) -> bool:
        return GovroamRole.SP in self.spec.govroam.roles

    def _got(self, ref: str, name: str, value: T, source: str) -> T:
        self.allocated.setdefault(ref, {})[name] = source
        return value

    # -- blocks ----------------------------------------------------------------------------------------

    def _blocks(self) -> dict[str, BlockPool]:
        """The blocks of each zone, and new ones where a zone has none."""
        current = self.current
        in_use = (
            [p for site in current.sites for vlan in site.vlans for p in vlan.prefixes if ":" in p] if current else []
        )
        found = {}
        for zone in self.zones:
            blocks = [block for block in current.blocks if block.zone == zone] if current else []
            if not blocks:
                block = self.pools.block(zone, f"{self.root}/block/{zone}")
                blocks = [
                    self._got(
                        f"{self.root}/block/{block.prefix}", "prefix", block, f"next free of pool blocks of {zone}"
                    )
                ]
            found[zone] = BlockPool(self.pools, self.spec.slug, zone, blocks, in_use)
        return found

    def _other_blocks(self, blocks: dict[str, BlockPool]) -> tuple[Block, ...]:
        return tuple(block for block in self.current.blocks if block.zone not in blocks) if self.current else ()

    # -- sites -----------------------------------------------------------------------------------------

    def _sites(self, blocks: dict[str, BlockPool]) -> list[Site]:
        existing = {site.slug: site for site in self.current.sites} if self.current else {}
        wanted = {site.slug: site for site in self.spec.sites}
        order = [*existing, *(slug for slug in wanted if slug not in existing)]
        return [
            self._site(wanted[slug], existing.get(slug), blocks) if slug in wanted else existing[slug] for slug in order
        ]

    def _site(self, wanted: SiteSpec, existing: Site | None, blocks: dict[str, BlockPool]) -> Site:
        vlans = self._vlans(wanted, existing, blocks)
        return Site(
            slug=wanted.slug,
            name=wanted.name,
            main=wanted.main,
            address=wanted.address or (existing.address if existing else ""),
            city=wanted.city or (existing.city if existing else ""),
            vlans=tuple(vlans),
            devices=tuple(self._devices(wanted, existing, vlans)),
        )

    def _vlans(self, wanted: SiteSpec, existing: Site | None, blocks: dict[str, BlockPool]) -> list[Vlan]:
        vlans = list(existing.vlans) if existing else []
        for zone in self.zones:
            present = next((vlan for vlan in vlans if vlan.zone == zone), None)
            if present is None:
                vlans.append(self._vlan(wanted, zone, blocks[zone], vlans))
            else:
                self._remark_size(wanted, present)
        return vlans

    def _vlan(self, wanted: SiteSpec, zone: str, block: BlockPool, vlans: Iterable[Vlan]) -> Vlan:
        span = self.standard.address_plan.vlans[zone]
        taken = {*wanted.reserved_vlans, *(vlan.vid for vlan in vlans)}
        vid = NumberPool(f"VLAN ids of {zone} at site {wanted.slug}", span.first, span.last, taken).take()
        ref = f"{self.root}/site/{wanted.slug}/vlan/{vid}"
        at = f"{self.root}/site/{wanted.slug}/vlan/{zone}"
        prefixes = (block.take(f"{at}/6"), self.pools.ipv4(zone, wanted.size.value, f"{at}/4"))
        self._got(ref, "vid", vid, f"next free of VLAN ids of {zone}")
        self._got(ref, "prefixes", prefixes, f"next free of the {zone} block and of pool {zone}")
        return Vlan(vid=vid, name=zone, zone=zone, prefixes=prefixes)

    def _remark_size(self, wanted: SiteSpec, vlan: Vlan) -> None:
        length = self.standard.address_plan.size_lengths[wanted.size.value].get(vlan.zone)
        for prefix in vlan.prefixes:
            if ":" not in prefix and length and int(prefix.partition("/")[2]) > length:
                self.notes.append(
                    f"site {wanted.slug} keeps {prefix} in zone {vlan.zone}, smaller than the /{length} of a "
                    f"{wanted.size} site: renumbering is a change of its own"
                )

    # -- devices ---------------------------------------------------------------------------------------

    def _devices(self, wanted: SiteSpec, existing: Site | None, vlans: list[Vlan]) -> list[Device]:
        present = {device.name: device for device in existing.devices} if existing else {}
        devices = dict(present)
        for unit, gateway in enumerate(wanted.gateways, start=1):
            name = gateway_name(self.spec.slug, wanted, unit)
            devices[name] = self._gateway(name, unit, gateway, present.get(name))
        for unit in range(1, wanted.radius_servers + 1):
            name = f"radius-{self.spec.slug}-{unit:02d}"
            if name not in devices:
                devices[name] = self._radius(name, unit, vlans, devices.values())
        return list(devices.values())

    def _gateway(self, name: str, unit: int, wanted: Gateway, present: Device | None) -> Device:
        platform = wanted.platform or (present.platform if present else self.platform)
        usual = USUAL.get(platform)
        if usual is None and not (wanted.uplink and wanted.lan):
            raise SpecError(
                f"{name}: the interfaces of platform '{platform}' are not known",
                hint=f"add `uplink` and `lan` to the gateway; known are those of {', '.join(USUAL)}",
            )
        same = present is not None and present.platform == platform
        faces = Interfaces(
            wanted.uplink or _port_of(present if same else None, uplink=True) or (usual.uplink if usual else ""),
            wanted.lan or _port_of(present if same else None, uplink=False) or (usual.lan if usual else ""),
        )
        ports = _ports(faces, wanted, present if same else None)
        if present:
            serial = wanted.serial or present.serial
            return replace(present, platform=platform, unit=unit, serial=serial, ports=ports)
        ref = f"{self.root}/device/{name}"
        management = self._got(ref, "management", self.pools.loopbacks(ref), "next free of pool loopbacks")
        return Device(
            name=name,
            role=Role.CE,
            platform=platform,
            unit=unit,
            serial=wanted.serial,
            management=management,
            ports=ports,
        )

    def _radius(self, name: str, unit: int, vlans: list[Vlan], others: Iterable[Device]) -> Device:
        vlan = next((vlan for vlan in vlans if vlan.zone == "mgmt"), None)
        if vlan is None:
            raise SpecError(f"{name}: the main site has no VLAN in zone mgmt for it")
        taken = [address for device in others for address in device.management]
        ref = f"{self.root}/device/{name}"
        addresses = self._got(
            ref,
            "management",
            free_server_addresses(vlan.prefixes, taken),
            f"next free server address of VLAN {vlan.name}",
        )
        return Device(
            name=name,
            role=Role.RADIUS,
            platform=RADIUS_PLATFORM,
            unit=unit,
            management=addresses,
            ports=(Port(name=RADIUS_PORT, kind=PortKind.LAN),),
        )

    # -- links -----------------------------------------------------------------------------------------

    def _links(self, sites: list[Site]) -> list[Link]:
        present = {link.name: link for link in self.current.links} if self.current else {}
        links = dict(present)
        devices = {device.name: device for site in sites for device in site.devices}
        others = 0
        for site in self.spec.sites:
            for unit, gateway in enumerate(site.gateways, start=1):
                device = devices[gateway_name(self.spec.slug, site, unit)]
                for core in self._cores_of(site, gateway, others, device, present.values()):
                    name = link_name(self.spec.slug, site, unit, core)
                    links[name] = self._link(name, device, gateway, core, links.get(name))
            others += 0 if site.main else 1
        return list(links.values())

    def _cores_of(
        self, site: SiteSpec, gateway: Gateway, number: int, device: Device, links: Iterable[Link]
    ) -> list[CorePort]:
        """Both cores for the main site and for tunnels; else the one that it is on, or the two in turn."""
        if site.main or gateway.line is LineKind.UNTRUSTED:
            return list(self.cores)
        on = {link.core.device for link in links if link.end.device == device.name}
        return [core for core in self.cores if core.device in on] or [self.cores[number % len(self.cores)]]

    def _link(self, name: str, device: Device, wanted: Gateway, core: CorePort, present: Link | None) -> Link:
        trusted = wanted.line is LineKind.TRUSTED
        uplink = _port_of(device, uplink=True)
        end = End(device=device.name, port=uplink or "")
        core_end = End(device=core.device, port=core.access if trusted else core.internet)
        old = present.line if present else Line()
        line = Line(
            kind=wanted.line,
            provider=wanted.provider or old.provider,
            reference=wanted.reference or old.reference,
        )
        vrfs = dict(present.vrfs) if present else {}
        moved = [new for new, old in ((end, present.end), (core_end, present.core)) if new != old] if present else []
        for vrf in self.vrfs:
            ref = f"{self.root}/link/{name}/vrf/{vrf}"
            if vrf not in vrfs:
                vrfs[vrf] = self.pools.link_vrf(end, core_end, ref)
                self._got(ref, "tag", vrfs[vrf].tag, f"next free tag on {core.device} {core_end.port}")
                self._got(ref, "prefixes", vrfs[vrf].prefixes, "next free of pool links")
            elif any(self.pools.has_tag(port, vrfs[vrf].tag) for port in moved):
                tag = self.pools.tag(end, core_end, ref)
                vrfs[vrf] = replace(
                    vrfs[vrf], tag=self._got(ref, "tag", tag, f"next free tag on {core.device} {core_end.port}")
                )
            else:
                for port in moved:
                    self.pools.use_tag(port, vrfs[vrf].tag)
        description = present.description if present else ""
        return Link(name=name, end=end, core=core_end, line=line, vrfs=vrfs, description=description)


def gateway_name(slug: str, site: SiteSpec, unit: int) -> str:
    """`ce-<slug>-01` at the main site, `ce-<slug>-<site>-01` elsewhere."""
    return f"ce-{slug}-{unit:02d}" if site.main else f"ce-{slug}-{site.slug}-{unit:02d}"


def link_name(slug: str, site: SiteSpec, unit: int, core: CorePort) -> str:
    """`<slug>-01-<core's site>` at the main site, `<slug>-<site>-<core's site>` elsewhere."""
    return f"{slug}-{unit:02d}-{core.site}" if site.main else f"{slug}-{site.slug}-{core.site}"


def _without(current: Gemeente, spec: Spec) -> Gemeente:
    """The gemeente less what the spec removes: sites with their devices, devices, their links, options."""
    sites = [site for site in current.sites if site.slug not in spec.remove.sites]
    sites = [replace(s, devices=tuple(d for d in s.devices if d.name not in spec.remove.devices)) for s in sites]
    left = {device.name for site in sites for device in site.devices}
    return replace(
        current,
        sites=tuple(sites),
        links=tuple(link for link in current.links if link.end.device in left),
        options={name: value for name, value in current.options.items() if name not in spec.remove.options},
    )


def _port_of(device: Device | None, *, uplink: bool) -> str | None:
    kinds = (PortKind.ACCESS, PortKind.INTERNET) if uplink else (PortKind.LAN,)
    return next((port.name for port in device.ports if port.kind in kinds), None) if device else None


def _ports(faces: Interfaces, wanted: Gateway, present: Device | None) -> tuple[Port, ...]:
    """The uplink and the LAN as the spec says, then the device's other ports as they are."""
    old = {port.name: port for port in present.ports} if present else {}
    uplink = replace(
        old.get(faces.uplink, Port(name=faces.uplink, kind=PortKind.ACCESS)),
        kind=PortKind.INTERNET if wanted.internet else PortKind.ACCESS,
        addresses=wanted.internet.addresses if wanted.internet else (),
        gateways=wanted.internet.gateways if wanted.internet else (),
    )
    lan = replace(old.get(faces.lan, Port(name=faces.lan, kind=PortKind.LAN)), kind=PortKind.LAN)
    others = (port for name, port in old.items() if name not in faces)
    return (uplink, lan, *others)
