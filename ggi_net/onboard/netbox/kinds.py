"""The kinds of NetBox objects that the toolkit writes: where each lives, and what tells one from another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

QUERY_LIMIT = 3500
"""Characters of a query's values: NetBox's web server takes request lines of 4,094."""


class Parent(NamedTuple):
    """The kind of object that another's natural key begins with, and the REST filter that takes its id."""

    kind: str
    filter: str
    parts: int = 1


@dataclass(frozen=True)
class Kind:
    """`filter` is the REST filter that finds an object by the last part of its natural key.

    `members` say where the parts of that key stand in an object that NetBox returns: `device.name`. `shared` objects
    belong to more than one organisation and are never deleted with one. `only` narrows down where the key is unique:
    an address in NetBox's global table. `owner` is the field that says whose an object is.
    """

    path: str
    members: tuple[str, ...]
    filter: str = ""
    parent: Parent | None = None
    shared: bool = False
    only: tuple[tuple[str, str], ...] = ()
    owner: str = ""

    def key_of(self, found: dict[str, Any]) -> tuple[str, ...]:
        """The natural key of an object as NetBox returns it."""
        return tuple(_member(found, member) for member in self.members)

    def parent_of(self, key: tuple[str, ...]) -> tuple[str, tuple[str, ...]] | None:
        """The kind and key of the parent of the object with that key; None where the kind has no parent."""
        return (self.parent.kind, key[: self.parent.parts]) if self.parent else None

    def queries(self, keys: Iterable[tuple[tuple[str, ...], int | None]]) -> Iterator[dict[str, Any]]:
        """The queries that together find the objects with these keys, each given with its parent's id.

        They may find others besides: a query for several children of several parents takes every child of a name at
        every parent.
        """
        values: dict[tuple[str, str], None] = {}
        size = 0
        for key, number in keys:
            wanted = [(self.parent.filter, str(number))] if self.parent else []
            wanted += [(self.filter, key[-1])] if self.filter else []
            more = [value for value in wanted if value not in values]
            cost = sum(len(name) + len(quote(value)) + 2 for name, value in more)
            if values and size + cost > QUERY_LIMIT:
                yield self._query(values)
                values, size, more = {}, 0, wanted
                cost = sum(len(name) + len(quote(value)) + 2 for name, value in more)
            values.update(dict.fromkeys(more))
            size += cost
        if values:
            yield self._query(values)

    def _query(self, values: Iterable[tuple[str, str]]) -> dict[str, Any]:
        query: dict[str, Any] = dict(self.only)
        for name, value in values:
            query.setdefault(name, []).append(value)
        return query


def _member(found: Any, member: str) -> str:
    for name in member.split("."):
        found = found[name] if found is not None else ""
    return str(found).partition("/")[0] if member == "address" else str(found)


def _shared(path: str, name: str) -> Kind:
    return Kind(path, (name,), name, shared=True)


def _owned(path: str, name: str, *only: tuple[str, str], owner: str = "tenant") -> Kind:
    return Kind(path, (name,), name, only=only, owner=owner)


_GLOBAL = ("vrf_id", "null")
"""The filter for NetBox's global table."""


KINDS: dict[str, Kind] = {
    "config_context": _shared("extras/config-contexts", "name"),
    "choice_set": _shared("extras/custom-field-choice-sets", "name"),
    "custom_field": _shared("extras/custom-fields", "name"),
    "tenant_group": _shared("tenancy/tenant-groups", "slug"),
    "region": _shared("dcim/regions", "slug"),
    "role": _shared("ipam/roles", "slug"),
    "rir": _shared("ipam/rirs", "slug"),
    "asn_range": _shared("ipam/asn-ranges", "slug"),
    "route_target": _shared("ipam/route-targets", "name"),
    "vrf": _shared("ipam/vrfs", "name"),
    "device_role": _shared("dcim/device-roles", "slug"),
    "manufacturer": _shared("dcim/manufacturers", "slug"),
    "platform": _shared("dcim/platforms", "slug"),
    "device_type": _shared("dcim/device-types", "slug"),
    "circuit_type": _shared("circuits/virtual-circuit-types", "slug"),
    "provider": _shared("circuits/providers", "name"),
    "provider_network": Kind(
        "circuits/provider-networks", ("provider.name", "name"), "name", Parent("provider", "provider_id"), shared=True
    ),
    "tenant": _owned("tenancy/tenants", "slug", owner="group"),
    "asn": _owned("ipam/asns", "asn"),
    "site": _owned("dcim/sites", "slug"),
    "vlan_group": _owned("ipam/vlan-groups", "slug"),
    "vlan": Kind("ipam/vlans", ("group.slug", "vid"), "vid", Parent("vlan_group", "group_id"), owner="tenant"),
    "prefix": _owned("ipam/prefixes", "prefix", _GLOBAL),
    "device": _owned("dcim/devices", "name"),
    "interface": Kind("dcim/interfaces", ("device.name", "name"), "name", Parent("device", "device_id")),
    "address": _owned("ipam/ip-addresses", "address", _GLOBAL),
    "circuit": _owned("circuits/virtual-circuits", "cid"),
    "termination": Kind(
        "circuits/virtual-circuit-terminations",
        ("interface.device.name", "interface.name"),
        parent=Parent("interface", "interface_id", parts=2),
    ),
}
"""In the order in which they are created; they are deleted in the opposite order."""
