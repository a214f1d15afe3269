"""The kinds of NetBox objects that the toolkit writes: where each lives, and what tells one from another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

QUERY_LIMIT = 2500
"""Characters of values in one query: NetBox's web server takes request lines of 4,094."""


class Parent(NamedTuple):
    """The kind of object that another's natural key begins with, and the REST filter that takes its id."""

    kind: str
    filter: str
    parts: int = 1


@dataclass(frozen=True)
class Kind:
    """`filter` is the REST filter that finds an object by the last part of its natural key.

    `members` say where the parts of that key stand in an object that NetBox returns: `device.name`. `shared` objects
    belong to more than one organisation and are never deleted with one.
    """

    path: str
    members: tuple[str, ...]
    filter: str = ""
    parent: Parent | None = None
    shared: bool = False

    def key_of(self, found: dict[str, Any]) -> tuple[str, ...]:
        """The natural key of an object as NetBox returns it."""
        return tuple(_member(found, member) for member in self.members)

    def parent_of(self, key: tuple[str, ...]) -> tuple[str, tuple[str, ...]] | None:
        """The kind and key of the parent of the object with that key; None where the kind has no parent."""
        return (self.parent.kind, key[: self.parent.parts]) if self.parent else None

    def queries(self, keys: Iterable[tuple[tuple[str, ...], int | None]]) -> Iterator[dict[str, list[str]]]:
        """The queries that together find the objects with these keys, each given with its parent's id."""
        if self.parent and not self.filter:
            yield from ({self.parent.filter: part} for part in _parts([str(number) for _, number in keys]))
            return
        groups: dict[int | None, list[str]] = {}
        for key, number in keys:
            groups.setdefault(number, []).append(key[-1])
        for number, values in groups.items():
            head = {self.parent.filter: [str(number)]} if self.parent else {}
            yield from ({**head, self.filter: part} for part in _parts(values))


def _parts(values: list[str]) -> Iterator[list[str]]:
    """Values in parts that each fit a query."""
    part: list[str] = []
    size = 0
    for value in values:
        size += len(quote(value)) + 20
        if part and size > QUERY_LIMIT:
            yield part
            part, size = [], len(quote(value)) + 20
        part.append(value)
    if part:
        yield part


def _member(found: Any, member: str) -> str:
    for name in member.split("."):
        found = found[name] if found is not None else ""
    return str(found).partition("/")[0] if member == "address" else str(found)


def _by(path: str, name: str, *, shared: bool = False) -> Kind:
    return Kind(path, (name,), name, shared=shared)


KINDS: dict[str, Kind] = {
    "config_context": _by("extras/config-contexts", "name", shared=True),
    "choice_set": _by("extras/custom-field-choice-sets", "name", shared=True),
    "custom_field": _by("extras/custom-fields", "name", shared=True),
    "tenant_group": _by("tenancy/tenant-groups", "slug", shared=True),
    "region": _by("dcim/regions", "slug", shared=True),
    "role": _by("ipam/roles", "slug", shared=True),
    "rir": _by("ipam/rirs", "slug", shared=True),
    "asn_range": _by("ipam/asn-ranges", "slug", shared=True),
    "route_target": _by("ipam/route-targets", "name", shared=True),
    "vrf": _by("ipam/vrfs", "name", shared=True),
    "device_role": _by("dcim/device-roles", "slug", shared=True),
    "manufacturer": _by("dcim/manufacturers", "slug", shared=True),
    "platform": _by("dcim/platforms", "slug", shared=True),
    "device_type": _by("dcim/device-types", "slug", shared=True),
    "circuit_type": _by("circuits/virtual-circuit-types", "slug", shared=True),
    "provider": _by("circuits/providers", "name", shared=True),
    "provider_network": Kind(
        "circuits/provider-networks", ("provider.name", "name"), "name", Parent("provider", "provider_id"), shared=True
    ),
    "tenant": _by("tenancy/tenants", "slug"),
    "asn": _by("ipam/asns", "asn"),
    "site": _by("dcim/sites", "slug"),
    "vlan_group": _by("ipam/vlan-groups", "slug"),
    "vlan": Kind("ipam/vlans", ("group.slug", "vid"), "vid", Parent("vlan_group", "group_id")),
    "prefix": _by("ipam/prefixes", "prefix"),
    "device": _by("dcim/devices", "name"),
    "interface": Kind("dcim/interfaces", ("device.name", "name"), "name", Parent("device", "device_id")),
    "address": _by("ipam/ip-addresses", "address"),
    "circuit": _by("circuits/virtual-circuits", "cid"),
    "termination": Kind(
        "circuits/virtual-circuit-terminations",
        ("interface.device.name", "interface.name"),
        parent=Parent("interface", "interface_id", parts=2),
    ),
}
"""In the order in which they are created; they are deleted in the opposite order."""
