"""What is read from NetBox: the tables, their columns, and where each stands in REST, GraphQL and the ORM.

A row is a tuple in the order of its table's columns; the first is always the object's id. A foreign key is the id of
what it points to, or None. The three ways of reading give equal rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple, TypeAlias

Row: TypeAlias = "tuple[Any, ...]"
"""An object's id and columns."""

Rows: TypeAlias = "dict[int, Row]"
"""One table's rows by id, ascending: NetBox numbers objects in the order in which they were made."""

Tables: TypeAlias = "dict[str, Rows]"
"""Every table's rows, by the table's name."""

CUSTOM = "ggi_"
"""What the names of our custom fields begin with: others are not read."""


class Form(Enum):
    """How a column's value is written by NetBox."""

    PLAIN = "plain"
    CHOICE = "choice"
    """REST wraps it as `{value, label}`."""
    KEY = "key"
    """A foreign key: an object with an id in REST and GraphQL, `<name>_id` in the ORM."""
    CUSTOM = "custom"
    """The custom fields that begin with `ggi_`, those without a value left out; objects as their ids."""
    INTERFACE = "interface"
    """The id of the interface that an address is assigned to; None for anything else (a virtual machine's)."""


class Column(NamedTuple):
    """A field of a NetBox object, by NetBox's own name."""

    name: str
    form: Form = Form.PLAIN


@dataclass(frozen=True)
class Table:
    """One kind of object: its name here, its REST path, its model (`app.model`) and its columns after `id`."""

    name: str
    path: str
    model: str
    columns: tuple[Column, ...]
    index: dict[str, int] = field(init=False, compare=False)
    """Each column's position in a row."""

    def __post_init__(self) -> None:
        names = ("id", *(column.name for column in self.columns))
        object.__setattr__(self, "index", {name: position for position, name in enumerate(names)})

    @property
    def graphql(self) -> str:
        """The name of its GraphQL list: `virtual_circuit_termination_list`, of which REST says it with hyphens."""
        word = self.path.rpartition("/")[2].replace("-", "_")
        return f"{_SINGULAR.get(word, word[:-1])}_list"


_SINGULAR = {"prefixes": "prefix", "ip_addresses": "ip_address"}


def _key(name: str) -> Column:
    return Column(name, Form.KEY)


def _plain(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name) for name in names)


_OURS = Column("custom_fields", Form.CUSTOM)

TABLES: tuple[Table, ...] = (
    Table("tenant_groups", "tenancy/tenant-groups", "tenancy.tenantgroup", _plain("slug")),
    Table("tenants", "tenancy/tenants", "tenancy.tenant", (*_plain("name", "slug"), _key("group"), _OURS)),
    Table("regions", "dcim/regions", "dcim.region", _plain("name")),
    Table("roles", "ipam/roles", "ipam.role", _plain("slug")),
    Table("vrfs", "ipam/vrfs", "ipam.vrf", _plain("name")),
    Table("asns", "ipam/asns", "ipam.asn", (*_plain("asn"), _key("tenant"), _key("role"))),
    Table("sites", "dcim/sites", "dcim.site", (*_plain("name", "slug", "physical_address"), _key("tenant"), _OURS)),
    Table("vlans", "ipam/vlans", "ipam.vlan", (*_plain("vid", "name", "description"), _key("site"), _key("role"))),
    Table("prefixes", "ipam/prefixes", "ipam.prefix", (*_plain("prefix"), _key("tenant"), _key("vlan"), _key("role"))),
    Table("device_roles", "dcim/device-roles", "dcim.devicerole", _plain("slug")),
    Table("platforms", "dcim/platforms", "dcim.platform", _plain("slug")),
    Table(
        "devices",
        "dcim/devices",
        "dcim.device",
        (
            *_plain("name", "serial", "description"),
            *(_key(name) for name in ("role", "platform", "site", "primary_ip4", "primary_ip6")),
            _OURS,
        ),
    ),
    Table(
        "interfaces",
        "dcim/interfaces",
        "dcim.interface",
        (*_plain("name", "mtu", "description"), _key("device"), _key("parent"), _key("vrf"), _OURS),
    ),
    Table(
        "addresses",
        "ipam/ip-addresses",
        "ipam.ipaddress",
        (*_plain("address"), Column("assigned_object", Form.INTERFACE)),
    ),
    Table("providers", "circuits/providers", "circuits.provider", _plain("name")),
    Table("provider_networks", "circuits/provider-networks", "circuits.providernetwork", (_key("provider"),)),
    Table("circuit_types", "circuits/virtual-circuit-types", "circuits.virtualcircuittype", _plain("slug")),
    Table(
        "circuits",
        "circuits/virtual-circuits",
        "circuits.virtualcircuit",
        (*_plain("cid", "description"), _key("tenant"), _key("provider_network"), _key("type"), _OURS),
    ),
    Table(
        "terminations",
        "circuits/virtual-circuit-terminations",
        "circuits.virtualcircuittermination",
        (Column("role", Form.CHOICE), _key("virtual_circuit"), _key("interface")),
    ),
)
"""Small tables first; a table stands after those that it points to, but for a device's primary addresses."""

BY_NAME = {table.name: table for table in TABLES}
BY_MODEL = {table.model: table for table in TABLES}


def custom_values(fields: dict[str, Any]) -> dict[str, Any]:
    """Our custom fields that have a value, of those that REST or GraphQL writes.

    A choice comes as `{value, label}` and an object as a record: what is kept is the value, and the object's id.
    """
    return {name: _bare(value) for name, value in fields.items() if value is not None and name.startswith(CUSTOM)}


def _bare(value: Any) -> Any:
    if isinstance(value, list):
        return [_bare(one) for one in value]
    if isinstance(value, dict):
        if value.keys() == {"value", "label"}:
            return value["value"]
        if value.keys() >= {"id", "url", "display"}:
            return value["id"]
    return value
