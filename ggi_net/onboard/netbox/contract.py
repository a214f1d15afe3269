"""The contract with NetBox: every object that must be there before an estate can be. `contract.yml` and what follows
from the standard, the model and the templates, as wanted objects. Pure, but for reading the file.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from ggi_net.errors import StandardError, nearest
from ggi_net.model.gemeente import NationalServices
from ggi_net.model.standard import Option, OptionKind
from ggi_net.model.types import CbsCode, DomainName, Host, HostKey, Record, Slug, Text, VersionName
from ggi_net.model.window import PATTERN
from ggi_net.onboard.netbox.objects import Wanted, ref
from ggi_net.paths import platform_names
from ggi_net.source.gemeenten import listed_gemeenten, slug_of
from ggi_net.source.netbox.contract import BLOCK, POOL
from ggi_net.source.yamlfile import load

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ggi_net.model.standard import Pool, Ranges, Standard
    from ggi_net.onboard.netbox.objects import Ref

PATH = Path(__file__).with_name("contract.yml")
GROUP = "GGI"
"""The group that NetBox shows our custom fields in."""

RECORD = "ggi-contract"
"""The config context that holds which contract NetBox follows. It is inactive: no device gets it."""

MODELS: dict[str, Any] = {
    "code": CbsCode,
    "domain": DomainName,
    "version": VersionName,
    "text": Text,
    "slug": Slug,
    "unit": Annotated[int, Meta(ge=1, le=9)],
    "host-key": HostKey,
    "realms": tuple[DomainName, ...],
    "gateways": tuple[Host, ...],
    "services": NationalServices,
}
"""What `of` may name: the model's own types, whose patterns and bounds NetBox then enforces as well."""


class Named(Record, frozen=True, kw_only=True):
    """An object of which only the name, the slug and a description matter."""

    slug: Slug
    name: Text
    description: Text = ""
    color: str = ""


class ChoiceSet(Record, frozen=True, kw_only=True):
    """Values to choose from, each with its label."""

    name: Text
    description: Text
    choices: dict[str, str]


class CustomField(Record, frozen=True, kw_only=True):
    """A custom field.

    `types` are the types of object that have it (`app.model`); `of` names what its values are (`MODELS`, or `options`);
    `object` is what an object field points to, `choices` the set that a selection chooses from.
    """

    name: str
    types: tuple[str, ...]
    type: str
    label: Text
    description: Text
    of: str = ""
    object: str | None = None
    choices: str | None = None
    search: int = 0
    editable: bool = True
    shown: str = "always"


class Change(Record, frozen=True, kw_only=True):
    """What a version of the contract does with what the version before it had.

    `rename`: by kind (`custom_field`, `role`, ...), old names or slugs and the new ones; a custom field keeps its data.
    `move`: custom fields whose values go to one of this contract's, which has another type; then they are retired.
    `retire`: custom fields that are no longer used; they are hidden and keep their data.
    """

    version: int
    rename: dict[str, dict[str, str]] = msgspec.field(default_factory=dict)
    move: dict[str, str] = msgspec.field(default_factory=dict)
    retire: tuple[str, ...] = ()


class Contract(Record, frozen=True, kw_only=True):
    """What `contract.yml` holds."""

    version: int
    changes: tuple[Change, ...]
    tenant_groups: tuple[Named, ...]
    roles: tuple[Named, ...]
    device_roles: tuple[Named, ...]
    circuit_types: tuple[Named, ...]
    choice_sets: tuple[ChoiceSet, ...]
    custom_fields: tuple[CustomField, ...]


def load_contract(path: Path = PATH) -> Contract:
    """The contract in `path`; raise FileError with its place."""
    return load(path, Contract)


def objects_of_contract(contract: Contract, standards: Sequence[Standard], ranges: str) -> list[Wanted]:
    """Every object of the contract for `standards` (oldest first: where two differ the later one holds) and `ranges`.

    Raises StandardError when the latest standard has no such ranges.
    """
    made = _Objects(contract, standards, ranges)
    found = {wanted.ref: wanted for wanted in made.all()}
    return list(found.values())


def record(contract: Contract, standards: Iterable[Standard], ranges: str) -> Wanted:
    """The object that says which contract NetBox follows: written last, when all else is there."""
    return Wanted(
        ref("config_context", RECORD),
        {
            "is_active": False,
            "description": "which contract with the GGI toolkit this NetBox follows; written by `ggi netbox init`",
            "data": {
                "contract": contract.version,
                "ranges": ranges,
                "standards": [standard.version for standard in standards],
            },
        },
        {"name": RECORD, "weight": 1000},
    )


class _Objects:
    """The contract's objects for a choice of standards and ranges."""

    def __init__(self, contract: Contract, standards: Sequence[Standard], ranges: str) -> None:
        self.contract = contract
        self.standards = standards
        self.latest = standards[-1]
        self.name = ranges
        if ranges not in self.latest.address_plan.ranges:
            known = self.latest.address_plan.ranges
            raise StandardError(
                f"standard {self.latest.version} has no ranges '{ranges}'{nearest(ranges, known)}",
                hint=f"ranges: {', '.join(known)}",
            )
        self.ranges: Ranges = self.latest.address_plan.ranges[ranges]

    def all(self) -> Iterator[Wanted]:
        contract = self.contract
        yield from (_choice_set(one) for one in contract.choice_sets)
        yield from (self._custom_field(number, one) for number, one in enumerate(contract.custom_fields))
        yield from (_named("tenant_group", one) for one in contract.tenant_groups)
        for province in sorted({one.province for one in listed_gemeenten().values()}):
            yield _described(ref("region", slug_of(province)), province, "province")
        yield Wanted(
            ref("rir", "ggi"),
            {"name": GROUP, "is_private": True, "description": "private numbers, given out by the federation"},
            {"slug": "ggi"},
        )
        yield from (_named("role", one) for one in contract.roles)
        for standard in self.standards:
            yield from self._zones(standard)
            yield from self._vrfs(standard)
        yield from (_named("device_role", one) for one in contract.device_roles)
        yield from self._platforms()
        yield from (_named("circuit_type", one) for one in contract.circuit_types)
        yield from self._pools()

    # -- custom fields ---------------------------------------------------------------------------------

    def _custom_field(self, number: int, one: CustomField) -> Wanted:
        schema = self._schema(one)
        fields: dict[str, Any] = {
            "object_types": sorted(one.types),
            "type": one.type,
            "label": one.label,
            "group_name": GROUP,
            "description": one.description,
            "weight": 100 + 10 * number,
            "search_weight": one.search,
            "filter_logic": "exact",
            "required": False,
            "unique": False,
            "default": None,
            "ui_visible": one.shown,
            "ui_editable": "yes" if one.editable else "no",
            "validation_regex": schema.get("pattern", "") if one.type == "text" else "",
            "validation_schema": schema if one.type == "json" and schema else None,
            "validation_minimum": schema.get("minimum"),
            "validation_maximum": schema.get("maximum"),
            "related_object_type": one.object,
            "choice_set": ref("choice_set", one.choices) if one.choices else None,
        }
        return Wanted(ref("custom_field", one.name), fields, {"name": one.name})

    def _schema(self, one: CustomField) -> dict[str, Any]:
        if one.of == "options":
            return options_schema(self.standards)
        return msgspec.json.schema(MODELS[one.of]) if one.of else {}

    # -- what follows from the standard ----------------------------------------------------------------

    def _zones(self, standard: Standard) -> Iterator[Wanted]:
        blocks = standard.address_plan.ranges[self.name].blocks if self.name in standard.address_plan.ranges else {}
        for zone in standard.zones:
            yield _described(ref("role", zone.name), zone.name, f"zone: {zone.description}")
            if zone.name in blocks:
                slug = zone.name + BLOCK
                yield _described(ref("role", slug), slug, f"a gemeente's block for zone {zone.name}")

    def _vrfs(self, standard: Standard) -> Iterator[Wanted]:
        for vrf in standard.vrfs:
            number = f"{self.ranges.asn.first}:{vrf.table}"
            target = ref("route_target", number)
            yield Wanted(target, {"description": f"VRF {vrf.name}"}, {"name": number})
            yield Wanted(
                ref("vrf", vrf.name),
                {
                    "rd": number,
                    "description": vrf.description,
                    "import_targets": [target],
                    "export_targets": [target],
                },
                {"name": vrf.name},
            )

    def _pools(self) -> Iterator[Wanted]:
        asn = self.ranges.asn
        yield Wanted(
            ref("asn_range", f"ggi-{self.name}"),
            {
                "name": f"GGI {self.name}",
                "rir": ref("rir", "ggi"),
                "start": asn.first,
                "end": asn.last,
                "description": "one private ASN for each gemeente (RFC 6996)",
            },
            {"slug": f"ggi-{self.name}"},
        )
        for name, pool in pools_of_ranges(self.ranges):
            yield Wanted(
                ref("prefix", pool.prefix),
                {
                    "status": "container",
                    "role": ref("role", POOL),
                    "is_pool": False,
                    "description": f"pool of the standard: {name}",
                },
                {"prefix": pool.prefix},
            )

    def _platforms(self) -> Iterator[Wanted]:
        yield _described(ref("manufacturer", "ggi"), GROUP, "stands for whoever makes a device: GGI needs the platform")
        for name in platform_names():
            yield _described(ref("platform", name), name, "a platform that the toolkit has templates for")
            yield Wanted(
                ref("device_type", f"ggi-{name}"),
                {"model": f"GGI {name}", "manufacturer": ref("manufacturer", "ggi"), "u_height": 0.0},
                {"slug": f"ggi-{name}"},
            )


def pools_of_ranges(ranges: Ranges) -> Iterator[tuple[str, Pool]]:
    """Every address pool of a set of ranges with the name that people know it by."""
    yield from ((f"blocks of {zone}", pool) for zone, pool in ranges.blocks.items())
    yield from ((f"IPv4 of {zone}", pool) for zone, pool in ranges.ipv4.items())
    yield from (("links", pool) for pool in ranges.links)
    yield from (("loopbacks", pool) for pool in ranges.loopbacks)


def options_schema(standards: Iterable[Standard]) -> dict[str, Any]:
    """The JSON Schema of a tenant's local options: what any of `standards` declares, as it declares it."""
    found: dict[str, list[dict[str, Any]]] = {}
    for standard in standards:
        for option in standard.options:
            schema = _option_schema(option)
            known = found.setdefault(option.name, [])
            if schema not in known:
                known.append(schema)
    return {
        "type": "object",
        "properties": {name: one[0] if len(one) == 1 else {"anyOf": one} for name, one in found.items()},
        "additionalProperties": False,
    }


def _option_schema(option: Option) -> dict[str, Any]:
    said = {"description": option.help}
    match option.kind:
        case OptionKind.CHOICE:
            return {**said, "enum": list(option.allowed)}
        case OptionKind.CHOICES:
            return {**said, "type": "array", "items": {"enum": list(option.allowed)}}
        case OptionKind.BOOLEAN:
            return {**said, "type": "boolean"}
        case OptionKind.INTEGER:
            bounds: Mapping[str, int | None] = {"minimum": option.minimum, "maximum": option.maximum}
            return {**said, "type": "integer", **{name: n for name, n in bounds.items() if n is not None}}
        case OptionKind.TEXT:
            return {**said, "type": "string", "maxLength": option.maximum or 200}
        case OptionKind.ADDRESSES:
            return {**said, "type": "array", "items": msgspec.json.schema(Host)}
        case OptionKind.WINDOW:
            return {**said, "type": "string", "pattern": PATTERN}


def _choice_set(one: ChoiceSet) -> Wanted:
    choices = [[value, label] for value, label in one.choices.items()]
    return Wanted(
        ref("choice_set", one.name),
        {"description": one.description, "extra_choices": choices, "order_alphabetically": False},
        {"name": one.name},
    )


def _named(kind: str, one: Named) -> Wanted:
    colour = {"color": one.color} if one.color else {}
    return Wanted(ref(kind, one.slug), {"name": one.name, "description": one.description, **colour}, {"slug": one.slug})


def _described(at: Ref, name: str, description: str) -> Wanted:
    return Wanted(at, {"name": name, "description": description}, {"slug": at.key[0]})
