"""From tables to an Estate: every gemeente by itself, so that one whose data is broken doesn't take the others along.

The mapping (`ggi_net.onboard.netbox.objects` is its inverse, and the tests hold them together):

tenant                     a gemeente, or the federation; what NetBox has no field for is in custom fields
ASN with role ggi-asn      the organisation's ASN
site                       `<gemeente>-<site>`, named "<Gemeente> – <name>"
VLAN with a zone as role   a VLAN of its site; its prefixes are those that point to it, IPv6 first
prefix with role <zone>-block    a block of its tenant
device with our role       a device; its primary addresses are what it is managed at
interface with ggi_kind    a port; addresses count on those of kind `internet`
virtual circuit            a link; its terminations are sub-interfaces `<port>.<tag>`, each in the VRF that it carries
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from ggi_net.errors import EstateEmpty, EstateError, GgiError, Place
from ggi_net.model.allocate import address_text, parsed
from ggi_net.model.estate import Estate
from ggi_net.model.gemeente import Federation, Gemeente, Organisation
from ggi_net.model.network import Role
from ggi_net.source.netbox.collector import no_collector
from ggi_net.source.netbox.contract import (
    ASN_ROLE,
    BLOCK,
    CORE_SIDE,
    FEDERATION,
    GEMEENTEN,
    NO_PROVIDER,
    OTHER_SIDE,
)
from ggi_net.source.netbox.tables import BY_NAME
from ggi_net.source.options import check_values
from ggi_net.source.standard import known_standard
from ggi_net.source.yamlfile import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ggi_net.model.standard import Standard
    from ggi_net.source.netbox.tables import Row, Tables

O = TypeVar("O", bound=Organisation)  # noqa: E741

_OUR_ROLES = frozenset(role.value for role in Role)
_VERSION = re.compile(r"[0-9]{4}\.[0-9]{1,2}\Z")
_TAG = re.compile(r"[1-9][0-9]{0,3}")
_NAME, _DEVICE, _PARENT, _VRF = (BY_NAME["interfaces"].index[name] for name in ("name", "device", "parent", "vrf"))
_STEP = re.compile(r"\.(?P<key>[A-Za-z_][A-Za-z0-9_]*)|\[(?P<index>\d+)\]")


@dataclass(frozen=True)
class Assembled:
    """The estate, and by gemeente why it was left out."""

    estate: Estate
    problems: dict[str, GgiError]
    _world: _World = field(repr=False, compare=False)

    def page_of(self, slug: str, steps: str) -> str:
        """The page in NetBox of the object behind a part of an organisation's record (`$.sites[0].vlans[2].vid`)."""
        organisation = self.estate.by_slug.get(slug, self.estate.federation)
        zones = {zone.name for zone in self.estate.standard_of(organisation).zones}
        return self._world.page_of(slug, type(organisation), zones, steps)


def assemble(tables: Tables, url: str) -> Assembled:
    """Make the estate out of `tables` of the NetBox at `url`; a tenant that isn't ours is not looked at.

    Raises EstateEmpty when NetBox has no federation, or the GgiError of what is wrong with it: without it there is
    no estate.
    """
    with no_collector():
        return _assembled(_World(tables, url))


def _assembled(world: _World) -> Assembled:
    federations = world.tenants_of(FEDERATION)
    if len(federations) != 1:
        raise EstateEmpty(
            f"NetBox has {len(federations)} tenants in the group '{FEDERATION}'; the estate takes exactly one",
            place=Place(f"{world.url}/tenancy/tenants/"),
            hint="`ggi netbox init` makes the groups, `ggi netbox load` fills them; or check what the token may see",
        )
    standards: dict[str, Standard] = {}
    head = world.custom("tenants", federations[0])
    federation = world.organisation(federations[0], Federation, standards)
    gemeenten: list[Gemeente] = []
    problems: dict[str, GgiError] = {}
    for tenant in world.tenants_of(GEMEENTEN):
        try:
            gemeenten.append(world.organisation(tenant, Gemeente, standards))
        except GgiError as problem:
            problems[world.value("tenants", tenant, "slug")] = problem
    left_out = {slug: problem.message for slug, problem in problems.items()}
    estate = Estate(
        name=str(head.get("ggi_estate", "")),
        ranges=str(head.get("ggi_ranges", "")),
        standards=standards,
        federation=federation,
        gemeenten=tuple(sorted(gemeenten, key=lambda gemeente: gemeente.slug)),
        sources={world.value("tenants", tenant, "slug"): world.page("tenants", tenant) for tenant in world.ours},
        left_out=left_out,
        lacking=_lacking(world, federation.slug, left_out),
    )
    if estate.ranges not in standards[federation.standard].address_plan.ranges:
        raise EstateError(
            f"the standard has no ranges '{printable(estate.ranges)}'",
            place=Place(world.page("tenants", federations[0])),
            hint=f"set ggi_ranges to one of: {', '.join(standards[federation.standard].address_plan.ranges)}",
        )
    return Assembled(estate, problems, world)


def _lacking(world: _World, federation: str, left_out: dict[str, str]) -> dict[str, str]:
    """The organisations whose devices hold something for those that are left out, with whose that is."""
    if not left_out:
        return {}
    found = defaultdict(list, {federation: sorted(left_out)})
    for tenant in world.ours:
        slug = world.value("tenants", tenant, "slug")
        idp = world.value("tenants", world.custom("tenants", tenant).get("ggi_idp"), "slug")
        if slug in left_out and idp is not None:
            found[idp].append(slug)
    return {slug: ", ".join(others) for slug, others in found.items()}


@dataclass
class _Found:
    """An organisation's data as plain values, with the NetBox object that each mapping was made of."""

    origins: dict[int, tuple[str, int]] = field(default_factory=dict)

    def made(self, table: str, number: int, data: dict[str, Any]) -> dict[str, Any]:
        self.origins[id(data)] = (table, number)
        return data


class _World:
    """The tables with the indexes that assembling takes."""

    def __init__(self, tables: Tables, url: str) -> None:
        self.tables = tables
        self.url = url
        self.sites_of = self._by("sites", "tenant")
        self.asns_of = self._by("asns", "tenant")
        self.vlans_of = self._by("vlans", "site")
        self.prefixes_of = self._by("prefixes", "vlan")
        self.blocks_of = self._blocks()
        self.devices_of = self._by("devices", "site")
        self.interfaces_of = self._by("interfaces", "device")
        self.addresses_of = self._by("addresses", "assigned_object")
        self.circuits_of = self._by("circuits", "tenant")
        self.terminations_of = self._by("terminations", "virtual_circuit")
        self.vrfs: dict[int, str] = dict(row for row in tables["vrfs"].values())
        self.ours: list[int] = []

    def _by(self, table: str, column: str) -> dict[int, list[int]]:
        at = BY_NAME[table].index[column]
        found: defaultdict[int, list[int]] = defaultdict(list)
        for row in self.tables[table].values():
            if (key := row[at]) is not None:
                found[key].append(row[0])
        return found

    def _blocks(self) -> dict[int, list[tuple[int, str]]]:
        """By tenant its blocks, each with the zone that it is for."""
        roles = {n: slug.removesuffix(BLOCK) for n, slug in self.tables["roles"].values() if slug.endswith(BLOCK)}
        found: defaultdict[int, list[tuple[int, str]]] = defaultdict(list)
        for number, _, tenant, _, role in self.tables["prefixes"].values():
            if role in roles and tenant is not None:
                found[tenant].append((number, roles[role]))
        return found

    # -- looking things up -----------------------------------------------------------------------------

    def value(self, table: str, number: int | None, column: str) -> Any:
        """A column of a row; None when there is no such row."""
        row = self.tables[table].get(number) if isinstance(number, int) else None
        return row[BY_NAME[table].index[column]] if row is not None else None

    def via(self, table: str, number: int | None, column: str, other: str, wanted: str) -> Any:
        """A column of the row that a foreign key points to: the slug of a device's role."""
        return self.value(other, self.value(table, number, column), wanted)

    def custom(self, table: str, number: int) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.value(table, number, "custom_fields") or {}
        return found

    def page(self, table: str, number: int) -> str:
        """The page of an object in NetBox's own interface."""
        return f"{self.url}/{BY_NAME[table].path}/{number}/"

    def page_of(self, slug: str, kind: type[Organisation], zones: set[str], steps: str) -> str:
        """The page of the object behind `steps` of the record of the organisation with that slug."""
        tenant = next(n for n in self.ours if self.value("tenants", n, "slug") == slug)
        found = _Found()
        table, number, _, _ = _followed(steps, self._data(tenant, kind, zones, found), found)
        return self.page(table, number)

    def tenants_of(self, group: str) -> list[int]:
        found = [n for n in self.tables["tenants"] if self.via("tenants", n, "group", "tenant_groups", "slug") == group]
        self.ours += found
        return found

    # -- an organisation -------------------------------------------------------------------------------

    def organisation(self, tenant: int, kind: type[O], standards: dict[str, Standard]) -> O:
        found = _Found()
        page = Place(self.page("tenants", tenant))
        version = self.custom("tenants", tenant).get("ggi_standard")
        standard = (
            known_standard(version, standards, lambda: page)
            if isinstance(version, str) and _VERSION.match(version)
            else None
        )
        try:
            data = self._data(tenant, kind, {zone.name for zone in standard.zones} if standard else set(), found)
            made = msgspec.convert(data, type=kind)
        except msgspec.ValidationError as error:
            raise self._explained(str(error), data, found) from None
        except _Broken as broken:
            raise EstateError(
                broken.message, place=Place(self.page(broken.table, broken.number)), hint=broken.hint
            ) from None
        if isinstance(made, Gemeente):
            check_values(made.options, standards[made.standard], lambda _: page)
        return made

    def _data(self, tenant: int, kind: type[Organisation], zones: set[str], found: _Found) -> dict[str, Any]:
        custom = self.custom("tenants", tenant)
        name = self.value("tenants", tenant, "name")
        slug = self.value("tenants", tenant, "slug")
        if custom.get("ggi_apply"):
            raise _Broken(
                "an onboarding of it has not been completed, so its data is half old and half new",
                "tenants",
                tenant,
                hint=f"`ggi onboard status {slug}` says who began it, and how to complete it",
            )
        data: dict[str, Any] = {
            "slug": slug,
            "name": name,
            "domain": custom.get("ggi_domain"),
            "standard": custom.get("ggi_standard"),
            "asn": self._asn(tenant),
            "sites": [self._site(site, slug, name, zones, found) for site in self.sites_of.get(tenant, ())],
            "links": [self._link(circuit, found) for circuit in self.circuits_of.get(tenant, ())],
        }
        if kind is Federation:
            data["services"] = custom.get("ggi_services")
        else:
            data |= self._gemeente(tenant, custom, found)
        return found.made("tenants", tenant, data)

    def _gemeente(self, tenant: int, custom: Mapping[str, Any], found: _Found) -> dict[str, Any]:
        govroam = {
            "roles": custom.get("ggi_roles") or (),
            "realms": custom.get("ggi_realms") or (),
            "idp": self.value("tenants", custom.get("ggi_idp"), "slug"),
        }
        return {
            "code": custom.get("ggi_code"),
            "province": self.value("regions", custom.get("ggi_province"), "name"),
            "govroam": found.made("tenants", tenant, govroam),
            "options": custom.get("ggi_options") or {},
            "blocks": [
                found.made("prefixes", n, {"prefix": self.value("prefixes", n, "prefix"), "zone": zone})
                for n, zone in self.blocks_of.get(tenant, ())
            ],
            "spec": custom.get("ggi_spec") or "",
        }

    def _asn(self, tenant: int) -> int | None:
        numbers = [n for n in self.asns_of.get(tenant, ()) if self.via("asns", n, "role", "roles", "slug") == ASN_ROLE]
        if len(numbers) > 1:
            raise _Broken(
                f"it has {len(numbers)} ASNs with role {ASN_ROLE}; one is its own",
                "asns",
                numbers[1],
                hint="take the role from the others",
            )
        asn: int | None = self.value("asns", numbers[0], "asn") if numbers else None
        return asn

    def _site(self, site: int, owner: str, owner_name: str, zones: set[str], found: _Found) -> dict[str, Any]:
        custom = self.custom("sites", site)
        data = {
            "slug": self.value("sites", site, "slug").removeprefix(f"{owner}-"),
            "name": self.value("sites", site, "name").removeprefix(f"{owner_name} – "),
            "main": custom.get("ggi_main") or False,
            "address": self.value("sites", site, "physical_address"),
            "city": custom.get("ggi_city") or "",
            "vlans": [
                self._vlan(n, zone, found)
                for n in self.vlans_of.get(site, ())
                if (zone := self.via("vlans", n, "role", "roles", "slug")) in zones
            ],
            "devices": [
                self._device(n, role, found)
                for n in self.devices_of.get(site, ())
                if (role := self.via("devices", n, "role", "device_roles", "slug")) in _OUR_ROLES
            ],
        }
        return found.made("sites", site, data)

    def _vlan(self, vlan: int, zone: str, found: _Found) -> dict[str, Any]:
        _, vid, name, description, _, _ = self.tables["vlans"][vlan]
        prefixes = [self.tables["prefixes"][n][1] for n in self.prefixes_of.get(vlan, ())]
        data = {
            "vid": vid,
            "name": name,
            "zone": zone,
            "prefixes": sorted(prefixes, key=lambda prefix: ":" not in prefix),
            "description": description,
        }
        return found.made("vlans", vlan, data)

    def _device(self, device: int, role: str, found: _Found) -> dict[str, Any]:
        _, name, serial, description, _, platform, _, ip4, ip6, custom = self.tables["devices"][device]
        data = {
            "name": name,
            "role": role,
            "platform": self.value("platforms", platform, "slug"),
            "management": [self.value("addresses", n, "address") for n in (ip6, ip4) if n is not None],
            "unit": custom.get("ggi_unit") or 1,
            "serial": serial,
            "host_key": custom.get("ggi_host_key") or "",
            "ports": [port for n in self.interfaces_of.get(device, ()) if (port := self._port(n, found))],
            "description": description,
        }
        return found.made("devices", device, data)

    def _port(self, port: int, found: _Found) -> dict[str, Any] | None:
        """A port; None for an interface that the toolkit has no use for, and for sub-interfaces, which links have."""
        _, name, mtu, description, _, _, _, custom = self.tables["interfaces"][port]
        kind = custom.get("ggi_kind")
        if not kind:
            return None
        data: dict[str, Any] = {"name": name, "kind": kind, "mtu": mtu or 1500, "description": description}
        if kind == "internet":
            data["addresses"] = [self.tables["addresses"][n][1] for n in self.addresses_of.get(port, ())]
            data["gateways"] = custom.get("ggi_gateways") or ()
        return found.made("interfaces", port, data)

    # -- links -----------------------------------------------------------------------------------------

    def _link(self, circuit: int, found: _Found) -> dict[str, Any]:
        _, name, description, _, network, kind, custom = self.tables["circuits"][circuit]
        sides: dict[str, dict[str, Row]] = {CORE_SIDE: {}, OTHER_SIDE: {}}
        for number in self.terminations_of.get(circuit, ()):
            _, role, _, interface = self.tables["terminations"][number]
            row = self.tables["interfaces"].get(interface)
            vrf = self.vrfs.get(row[_VRF]) if row else None
            side = sides.get(role)
            if row is None or side is None or vrf is None or vrf in side:
                raise _Broken(
                    f"link '{printable(name)}': a termination without a side ({CORE_SIDE} or {OTHER_SIDE}), without a "
                    "VRF, or the second of one VRF",
                    "terminations",
                    number,
                    hint="each VRF on a link takes one sub-interface at the core (hub) and one at the end (spoke)",
                )
            side[vrf] = row
        core, end = sides[CORE_SIDE], sides[OTHER_SIDE]
        if not end or core.keys() != end.keys():
            raise _Broken(
                f"link '{printable(name)}' does not have the same VRFs at both ends",
                "circuits",
                circuit,
                hint="add the missing terminations, or remove the others",
            )
        given = self.via("provider_networks", network, "provider", "providers", "name") or ""
        line = {
            "kind": self.value("circuit_types", kind, "slug"),
            "provider": "" if given == NO_PROVIDER else given,
            "reference": custom.get("ggi_reference") or "",
        }
        data = {
            "name": name,
            "end": self._end(name, end.values()),
            "core": self._end(name, core.values()),
            "line": found.made("circuits", circuit, line),
            "vrfs": {vrf: self._carried(name, core[vrf], end[vrf], found) for vrf in sorted(end)},
            "description": description,
        }
        return found.made("circuits", circuit, data)

    def _end(self, link: str, interfaces: Iterable[Row]) -> dict[str, Any]:
        """The port under the sub-interfaces of one side, which is one port."""
        first, *rest = interfaces
        port = self.tables["interfaces"].get(first[_PARENT])
        if port is None or any(other[_PARENT] != first[_PARENT] for other in rest):
            raise _Broken(
                f"link '{printable(link)}': its sub-interfaces on one side are not all below one port",
                "interfaces",
                first[0],
                hint="set the parent interface of each to the port",
            )
        return {"device": self.value("devices", port[_DEVICE], "name"), "port": port[_NAME]}

    def _carried(self, link: str, core_row: Row, end_row: Row, found: _Found) -> dict[str, Any]:
        """A VRF's tag and prefixes, on which both sides must agree: of each prefix the lower address is the core's."""
        core, end = core_row[0], end_row[0]
        tag = end_row[_NAME].rpartition(".")[2]
        if core_row[_NAME].rpartition(".")[2] != tag or not _TAG.fullmatch(tag):
            raise _Broken(
                f"link '{printable(link)}': the names of its two sub-interfaces do not end in the same tag",
                "interfaces",
                end,
                hint="name both <port>.<tag>",
            )
        prefixes = []
        addresses = self.tables["addresses"]
        lower = {parsed(text): text for n in self.addresses_of.get(core, ()) for text in (addresses[n][1],)}
        for number in self.addresses_of.get(end, ()):
            address = addresses[number][1]
            version, value, hosts = parsed(address)
            if hosts != 1 or not value & 1:
                raise _Broken(
                    f"link '{printable(link)}': {address} is not the higher address of a /31 or /127",
                    "addresses",
                    number,
                    hint="of each link prefix the core has the lower address, the other end the higher",
                )
            other = lower.pop((version, value - 1, hosts), None)
            if other is None:
                wanted = f"{address_text(version, value - 1)}/{address.partition('/')[2]}"
                raise _Broken(
                    f"link '{printable(link)}': the core does not have {wanted}, the other address of {address}",
                    "interfaces",
                    core,
                    hint="add it to this sub-interface",
                )
            prefixes.append(other)
        if lower:
            raise _Broken(
                f"link '{printable(link)}': the other end lacks the address that goes with {min(lower.values())}",
                "interfaces",
                end,
                hint="add it to this sub-interface",
            )
        return found.made("interfaces", end, {"tag": int(tag), "prefixes": prefixes})

    # -- errors ----------------------------------------------------------------------------------------

    def _explained(self, message: str, data: dict[str, Any], found: _Found) -> EstateError:
        """msgspec's message with the page of the NetBox object that the wrong value is on."""
        what, _, path = message.partition(" - at `")
        path = path.rstrip("`")
        table, number, at, last = _followed(path, data, found)
        value = "" if isinstance(at, dict | list) else f" of '{printable(at)}'" if at is not None else " (not set)"
        name = self.value(table, number, "name") or self.value(table, number, "cid") or ""
        on = f" on {table.rstrip('s').replace('_', ' ')} '{printable(name)}'" if name else ""
        return EstateError(
            f"the value of {last or path}{value}{on} can't be used: {what}",
            place=Place(self.page(table, number)),
            hint="correct it in NetBox; `ggi netbox check` says what the contract asks",
        )


def _followed(path: str, data: dict[str, Any], found: _Found) -> tuple[str, int, Any, str]:
    """Go down `path` in `data`: the NetBox object (table, id) nearest to where it leads, the value there, the last key.

    It ends early where the data has no such step.
    """
    table, number = found.origins[id(data)]
    at: Any = data
    last = ""
    for step in _STEP.finditer(path):
        last = step.group("key") or last
        if step.group("index"):
            at = at[int(step.group("index"))] if isinstance(at, list | tuple) else None
        else:
            at = at.get(step.group("key")) if isinstance(at, dict) else None
        table, number = found.origins.get(id(at), (table, number))
        if not isinstance(at, dict | list | tuple):
            break
    return table, number, at, last


class _Broken(Exception):
    """Something about an organisation that can't be made into records, with the object that it is about."""

    def __init__(self, message: str, table: str, number: int, *, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.table = table
        self.number = number
        self.hint = hint
