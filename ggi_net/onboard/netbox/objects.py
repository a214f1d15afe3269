"""An organisation as NetBox objects: the inverse of `ggi_net.source.netbox.assemble`. Pure.

All prefixes and addresses stand in NetBox's global table, whatever VRF carries them: the national address plan is one
space without overlaps, NetBox refuses duplicates within one table only, and `available-*` looks at one table only. An
interface says which VRF it is in.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from ggi_net.model.allocate import address_text, bounds, within
from ggi_net.model.gemeente import Federation, Gemeente
from ggi_net.model.network import PortKind
from ggi_net.source.gemeenten import slug_of
from ggi_net.source.netbox.contract import (
    ASN_ROLE,
    BLOCK,
    CORE_SIDE,
    FEDERATION,
    GEMEENTEN,
    LINK,
    LOOPBACK_INTERFACE,
    NO_PROVIDER,
    OTHER_SIDE,
    RESERVED,
)
from ggi_net.source.pools import ROUTERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ggi_net.model.estate import Estate
    from ggi_net.model.gemeente import Organisation
    from ggi_net.model.network import Device, End, Link, Port, Site, Vlan
    from ggi_net.model.standard import Standard


class Ref(NamedTuple):
    """A NetBox object by its kind (`ggi_net.onboard.netbox.kinds`) and its natural key."""

    kind: str
    key: tuple[str, ...]


@dataclass(frozen=True)
class Wanted:
    """A NetBox object as it should be; a value that is a Ref stands for the id of that object.

    `fields` are compared and corrected; `initial` is set when the object is created and belongs to NetBox's users
    from then on; `late` is as `fields`, but points to objects that are created after this one.
    """

    ref: Ref
    fields: dict[str, Any] = field(default_factory=dict)
    initial: dict[str, Any] = field(default_factory=dict)
    late: dict[str, Any] = field(default_factory=dict)


def ref(kind: str, *key: object) -> Ref:
    """A reference, its key in text."""
    return Ref(kind, tuple(str(part) for part in key))


def address_ref(address: str) -> Ref:
    """The reference of an address: the host alone, so that a changed prefix length is a change and not another one."""
    return ref("address", address.partition("/")[0])


def provider_slug(name: str) -> str:
    """The slug of a provider, which NetBox wants in letters and digits."""
    return slug_of(name) or "onbekend"


def objects_of(organisation: Organisation, estate: Estate) -> list[Wanted]:
    """Every NetBox object that `organisation` of `estate` is made of, parents first, each once."""
    made = _Objects(organisation, estate)
    found: dict[Ref, Wanted] = {}
    for wanted in made.all():
        found.setdefault(wanted.ref, wanted)
    return list(found.values())


class _Objects:
    """One organisation's objects."""

    def __init__(self, organisation: Organisation, estate: Estate) -> None:
        self.organisation = organisation
        self.estate = estate
        self.standard: Standard = estate.standard_of(organisation)
        self.ranges = self.standard.address_plan.ranges[estate.ranges]
        self.tenant = ref("tenant", organisation.slug)
        self.vrf_of = {zone.name: zone.vrf for zone in self.standard.zones}

    def all(self) -> Iterator[Wanted]:
        organisation = self.organisation
        if isinstance(organisation, Gemeente):
            yield Wanted(self._region(organisation), {"name": organisation.province})
        yield self._tenant()
        yield Wanted(
            ref("asn", organisation.asn),
            {"tenant": self.tenant, "role": ref("role", ASN_ROLE)},
            _with(self._mark(), asn=organisation.asn, rir=ref("rir", "ggi")),
        )
        if isinstance(organisation, Gemeente):
            yield from self._blocks(organisation)
        for site in organisation.sites:
            yield from self._site(site)
        for link in organisation.links:
            yield from self._link(link)

    def _region(self, gemeente: Gemeente) -> Ref:
        return ref("region", slug_of(gemeente.province))

    def _tenant(self) -> Wanted:
        one = self.organisation
        custom: dict[str, Any] = {"ggi_domain": one.domain, "ggi_standard": one.standard}
        late: dict[str, Any] = {}
        if isinstance(one, Gemeente):
            custom |= {
                "ggi_code": one.code,
                "ggi_province": self._region(one),
                "ggi_roles": [role.value for role in one.govroam.roles] or None,
                "ggi_realms": list(one.govroam.realms) or None,
                "ggi_options": one.options or None,
                "ggi_spec": one.spec,
            }
            late = {"custom_fields": {"ggi_idp": ref("tenant", one.govroam.idp) if one.govroam.idp else None}}
        elif isinstance(one, Federation):
            custom |= {
                "ggi_estate": self.estate.name,
                "ggi_ranges": self.estate.ranges,
                "ggi_services": _services(one),
            }
        group = GEMEENTEN if isinstance(one, Gemeente) else FEDERATION
        return Wanted(
            self.tenant,
            {"name": one.name, "group": ref("tenant_group", group), "custom_fields": custom},
            {"slug": one.slug},
            late,
        )

    # -- prefixes --------------------------------------------------------------------------------------

    def _blocks(self, gemeente: Gemeente) -> Iterator[Wanted]:
        for block in gemeente.blocks:
            pool = self.ranges.blocks.get(block.zone)
            if pool is not None and pool.reserve is not None:
                yield from self._container(block.prefix, pool.reserve, f"kept for {gemeente.slug}, {block.zone}")
            yield Wanted(
                ref("prefix", block.prefix),
                {"tenant": self.tenant, "role": ref("role", block.zone + BLOCK)},
                {"prefix": block.prefix, "status": "container", **self._mark()},
            )

    def _container(self, prefix: str, length: int, description: str) -> Iterator[Wanted]:
        """The prefix of `length` around `prefix` that keeps room for it, when it is larger."""
        if int(prefix.partition("/")[2]) <= length:
            return
        around = str(ipaddress.ip_network(prefix).supernet(new_prefix=length))
        yield Wanted(
            ref("prefix", around),
            {},
            {
                "prefix": around,
                "status": "container",
                "role": ref("role", RESERVED),
                "tenant": self.tenant,
                "description": description,
                **self._mark(),
            },
        )

    def _vlan_prefix(self, site: Site, vlan: Vlan, prefix: str, group: Ref) -> Iterator[Wanted]:
        said = f"{self.organisation.slug}, {site.slug}, {vlan.zone}"
        if ":" in prefix:
            if any(within(prefix, block.prefix) for block in getattr(self.organisation, "blocks", ())):
                yield from self._container(prefix, self.standard.address_plan.site_length, f"kept for {said}")
        else:
            for pool in self.ranges.ipv4.values():
                if within(prefix, pool.prefix):
                    yield from self._container(prefix, pool.length, f"kept for {said}")
        yield Wanted(
            ref("prefix", prefix),
            {
                "tenant": self.tenant,
                "role": ref("role", vlan.zone),
                "vlan": ref("vlan", *group.key, vlan.vid),
                **self._scope(site),
            },
            {"prefix": prefix, "status": "active", **self._mark()},
        )

    def _scope(self, site: Site) -> dict[str, Any]:
        return {"scope_type": "dcim.site", "scope_id": self._site_ref(site)}

    def _site_ref(self, site: Site) -> Ref:
        return ref("site", f"{self.organisation.slug}-{site.slug}")

    def _mark(self) -> dict[str, Any]:
        """The id of the spec that made an object, on the object."""
        spec = getattr(self.organisation, "spec", "")
        return {"custom_fields": {"ggi_spec": spec}} if spec else {}

    # -- sites -----------------------------------------------------------------------------------------

    def _site(self, site: Site) -> Iterator[Wanted]:
        one = self.organisation
        place = self._site_ref(site)
        region = {"region": self._region(one)} if isinstance(one, Gemeente) else {}
        yield Wanted(
            place,
            {
                "name": f"{one.name} – {site.name}",
                "tenant": self.tenant,
                "physical_address": site.address,
                "custom_fields": {"ggi_main": site.main, "ggi_city": site.city},
                **region,
            },
            _with(self._mark(), slug=place.key[0], status="active"),
        )
        group = ref("vlan_group", *place.key)
        yield Wanted(
            group,
            {"name": f"{one.name} – {site.name}", "tenant": self.tenant, "scope_type": "dcim.site", "scope_id": place},
            _with(self._mark(), slug=group.key[0]),
        )
        for vlan in site.vlans:
            yield Wanted(
                ref("vlan", *group.key, vlan.vid),
                {
                    "name": vlan.name,
                    "role": ref("role", vlan.zone),
                    "site": place,
                    "tenant": self.tenant,
                    "description": vlan.description,
                },
                _with(self._mark(), vid=vlan.vid, group=group, status="active"),
            )
            for prefix in vlan.prefixes:
                yield from self._vlan_prefix(site, vlan, prefix, group)
        for device in site.devices:
            yield from self._device(place, device)

    def _device(self, site: Ref, device: Device) -> Iterator[Wanted]:
        primary = {"primary_ip6": None, "primary_ip4": None} | {
            f"primary_ip{6 if ':' in address else 4}": address_ref(address) for address in device.management
        }
        yield Wanted(
            ref("device", device.name),
            {
                "role": ref("device_role", device.role.value),
                "platform": ref("platform", device.platform),
                "site": site,
                "tenant": self.tenant,
                "serial": device.serial,
                "description": device.description,
                "custom_fields": {"ggi_unit": device.unit, "ggi_host_key": device.host_key or None},
            },
            _with(
                self._mark(),
                name=device.name,
                device_type=ref("device_type", f"ggi-{device.platform}"),
                status="active",
            ),
            primary,
        )
        for port in device.ports:
            yield self._port(device, port)
        at = self._management_interface(device)
        if at.key[1] == LOOPBACK_INTERFACE and device.management:
            yield Wanted(
                at,
                {"vrf": ref("vrf", self.vrf_of["mgmt"])},
                _with(self._mark(), device=ref("device", device.name), name=LOOPBACK_INTERFACE, type="virtual"),
            )
        for address in device.management:
            yield self._address(address, at)
        for port in device.ports:
            for address in port.addresses:
                yield self._address(address, ref("interface", device.name, port.name))

    def _management_interface(self, device: Device) -> Ref:
        """A router is managed at a loopback, a server at its port in the LAN."""
        lan = next((port.name for port in device.ports if port.kind is PortKind.LAN), "")
        name = LOOPBACK_INTERFACE if device.role in ROUTERS or not lan else lan
        return ref("interface", device.name, name)

    def _port(self, device: Device, port: Port) -> Wanted:
        return Wanted(
            ref("interface", device.name, port.name),
            {
                "mtu": port.mtu,
                "description": port.description,
                "custom_fields": {"ggi_kind": port.kind.value, "ggi_gateways": list(port.gateways) or None},
            },
            _with(self._mark(), device=ref("device", device.name), name=port.name, type="other"),
        )

    def _address(self, address: str, interface: Ref) -> Wanted:
        return Wanted(
            address_ref(address),
            {
                "address": address,
                "assigned_object_type": "dcim.interface",
                "assigned_object_id": interface,
                "tenant": self.tenant,
            },
            _with(self._mark(), status="active"),
        )

    # -- links -----------------------------------------------------------------------------------------

    def _link(self, link: Link) -> Iterator[Wanted]:
        provider = link.line.provider or NO_PROVIDER
        network = ref("provider_network", provider, "GGI")
        named = {"name": provider, "slug": provider_slug(provider)}
        yield Wanted(ref("provider", provider), {}, _with(self._mark(), **named))
        yield Wanted(network, {}, _with(self._mark(), name="GGI", provider=ref("provider", provider)))
        circuit = ref("circuit", link.name)
        yield Wanted(
            circuit,
            {
                "tenant": self.tenant,
                "provider_network": network,
                "type": ref("circuit_type", link.line.kind.value),
                "description": link.description,
                "custom_fields": {"ggi_reference": link.line.reference},
            },
            _with(self._mark(), cid=link.name, status="active"),
        )
        for vrf, carried in link.vrfs.items():
            lower, higher = [], []
            for prefix in carried.prefixes:
                version, first, last = bounds(prefix)
                length = prefix.partition("/")[2]
                lower.append(f"{address_text(version, first)}/{length}")
                higher.append(f"{address_text(version, last)}/{length}")
                yield Wanted(
                    ref("prefix", prefix),
                    {"tenant": self.tenant, "role": ref("role", LINK)},
                    _with(self._mark(), prefix=prefix, status="active", description=f"{link.name}, {vrf}"),
                )
            for side, end, addresses in ((OTHER_SIDE, link.end, higher), (CORE_SIDE, link.core, lower)):
                yield from self._side(circuit, side, end, vrf, carried.tag, addresses)

    def _side(self, circuit: Ref, side: str, end: End, vrf: str, tag: int, addresses: list[str]) -> Iterator[Wanted]:
        """One VRF's sub-interface at one end of a link, with its addresses and its termination of the circuit."""
        interface = ref("interface", end.device, f"{end.port}.{tag}")
        yield Wanted(
            interface,
            {"vrf": ref("vrf", vrf), "parent": ref("interface", end.device, end.port)},
            _with(self._mark(), device=ref("device", end.device), name=interface.key[1], type="virtual"),
        )
        for address in addresses:
            yield self._address(address, interface)
        yield Wanted(
            ref("termination", *interface.key),
            {"virtual_circuit": circuit, "role": side},
            _with(self._mark(), interface=interface),
        )


def _with(mark: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {**fields, **mark}


def _services(federation: Federation) -> dict[str, Any]:
    """The national services as plain data, for a JSON field."""
    services = federation.services
    return {
        "ntp": list(services.ntp),
        "dns": list(services.dns),
        "syslog": list(services.syslog),
        "tacacs": list(services.tacacs),
        "management": list(services.management),
        "cloud": {name: list(prefixes) for name, prefixes in services.cloud.items()},
    }
