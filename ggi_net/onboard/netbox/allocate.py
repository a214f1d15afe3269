"""Numbers from NetBox's own `available-*` endpoints, each found again by what it is for.

NetBox serialises those endpoints, so that two applies at once never get the same number. What was allocated carries
its purpose in the custom field `ggi_ref`: an apply that was killed finds it and allocates nothing twice. All numbers
of one pool are taken by one request, which is one transaction.

A tag has no such endpoint, because it must be free on two ports: it is taken by making the core's sub-interface, of
which NetBox allows one of each name.
"""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from ggi_net.errors import NetBoxAway, NetBoxLacks, NetBoxRejected, NothingFree, Place, PoolExhausted
from ggi_net.source.netbox.contract import ASN_ROLE, RESERVED
from ggi_net.source.pools import Number

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ggi_net.model.standard import Standard
    from ggi_net.source.netbox.client import NetBox
    from ggi_net.source.pools import Taken

ATTEMPTS = 5
"""Times that an allocation is tried when others take the same number, or the connection breaks, at that moment."""


class Mark(NamedTuple):
    """What everything that an apply makes carries: the tenant's id, the spec's id, the change log's message."""

    tenant: int
    spec: str
    message: str


class _Place(NamedTuple):
    """Where a kind of number lives in NetBox: its path, and the field that is the number."""

    path: str
    field: str


_PREFIXES = "ipam/prefixes"
_PLACES = {
    Number.ASN: _Place("ipam/asns", "asn"),
    Number.PREFIX: _Place(_PREFIXES, "prefix"),
    Number.ADDRESS: _Place("ipam/ip-addresses", "address"),
    Number.TAG: _Place("dcim/interfaces", "name"),
}


class Allocator:
    """Takes numbers for one gemeente; `given` holds them by what they are for.

    `ranges` is the set of number ranges in force.
    """

    def __init__(self, netbox: NetBox, mark: Mark, standard: Standard, ranges: str) -> None:
        self.netbox = netbox
        self.mark = mark
        self.tags = standard.address_plan.link_tags
        self.ranges = ranges
        self.given: dict[str, str] = {}
        self._earlier: dict[Number, dict[str, Any]] = {}
        self._ids: dict[tuple[str, str], int] = {}

    def take(self, wanted: Iterable[Taken]) -> None:
        """Allocate all of `wanted` that can be now: a prefix out of one that is itself wanted has to wait.

        Raises NothingFree, PoolExhausted, NetBoxLacks when a pool is not in NetBox, or another NetBoxError.
        """
        left = [taken for taken in wanted if taken.ref not in self.given]
        new = {taken.value for taken in left if taken.number is Number.PREFIX}
        ready: defaultdict[tuple[Number, str], list[Taken]] = defaultdict(list)
        for taken in left:
            if taken.parent not in new:
                ready[taken.number, taken.parent if taken.number is not Number.TAG else ""].append(taken)
        self._look_up({parent for number, parent in ready if number in (Number.PREFIX, Number.ADDRESS)})
        for (number, parent), group in ready.items():
            self._attempts(number, parent, group)

    def _attempts(self, number: Number, parent: str, group: list[Taken]) -> None:
        for attempt in range(ATTEMPTS):
            self._find(number, group)
            missing = [taken for taken in group if taken.ref not in self.given]
            if not missing:
                return
            try:
                self._allocate(number, parent, missing)
            except NothingFree:
                raise
            except (NetBoxAway, NetBoxRejected) as error:
                again = error.maybe_done or (number is Number.TAG and isinstance(error, NetBoxRejected))
                if not again or attempt == ATTEMPTS - 1:
                    raise
                self._earlier.pop(number, None)

    def _allocate(self, number: Number, parent: str, missing: list[Taken]) -> None:
        match number:
            case Number.ASN:
                role = self._id("ipam/roles", "slug", ASN_ROLE)
                of = self._id("ipam/asn-ranges", "slug", f"ggi-{self.ranges}")
                items = [{**self._about(taken), "role": role} for taken in missing]
                self._post(f"ipam/asn-ranges/{of}/available-asns", number, missing, items)
            case Number.PREFIX:
                items = [self._prefix(taken) for taken in missing]
                self._post(f"ipam/prefixes/{self._parent(parent)}/available-prefixes", number, missing, items)
            case Number.ADDRESS:
                items = [{**self._about(taken), "prefix_length": taken.unit} for taken in missing]
                self._post(f"ipam/prefixes/{self._parent(parent)}/available-ips", number, missing, items)
            case Number.TAG:
                self._post("dcim/interfaces", number, missing, self._interfaces(missing))

    def _post(self, path: str, number: Number, missing: list[Taken], items: list[dict[str, Any]]) -> None:
        """One request for all: NetBox makes them in the order asked, or none."""
        for taken, made in zip(missing, self.netbox.post(path, items), strict=True):
            self.given[taken.ref] = _value(made[_PLACES[number].field], taken)

    def _about(self, taken: Taken) -> dict[str, Any]:
        return {
            "tenant": self.mark.tenant,
            "custom_fields": {"ggi_ref": taken.ref, "ggi_spec": self.mark.spec},
            "changelog_message": self.mark.message,
        }

    def _prefix(self, taken: Taken) -> dict[str, Any]:
        """What is kept for a prefix: a container around it, or, where they are equal, the prefix itself."""
        alone = taken.unit == int(taken.value.partition("/")[2])
        about = {**self._about(taken), "prefix_length": taken.unit}
        if alone:
            return {**about, "status": "active"}
        role = self._id("ipam/roles", "slug", RESERVED)
        whose = ", ".join(taken.ref.split("/")[1::2])  # of gemeente/<slug>/site/<slug>/vlan/<zone>/<family>: the names
        return {**about, "status": "container", "role": role, "description": f"kept for {whose}"[:200]}

    # -- finding ---------------------------------------------------------------------------------------

    def _find(self, number: Number, group: list[Taken]) -> None:
        """Take over what an earlier run, or a request whose answer was lost, has allocated."""
        if number not in self._earlier:
            place = _PLACES[number]
            whose: dict[str, Any] = {"tenant_id": self.mark.tenant}
            if number is Number.TAG:
                whose = {"device": sorted({taken.parent.split()[0] for taken in group})}
            fields = f"id,{place.field},custom_fields"
            found = self.netbox.all(place.path, **whose, cf_ggi_spec=self.mark.spec, fields=fields)
            self._earlier[number] = {
                item["custom_fields"]["ggi_ref"]: item[place.field]
                for item in found
                if item["custom_fields"].get("ggi_spec") == self.mark.spec and item["custom_fields"].get("ggi_ref")
            }
        earlier = self._earlier[number]
        for taken in group:
            if taken.ref not in self.given and taken.ref in earlier:
                self.given[taken.ref] = _value(earlier[taken.ref], taken)

    def _id(self, path: str, field: str, value: str) -> int:
        if (path, value) not in self._ids:
            found = self.netbox.get(path, **{field: value}, fields="id")["results"]
            if not found:
                raise NetBoxLacks(
                    f"NetBox has no {path.rpartition('/')[2]} with {field} '{value}'",
                    place=Place(f"{self.netbox.url}/{path}/"),
                    hint="`ggi netbox init` makes what the contract lists; `ggi netbox check` says what is missing",
                )
            self._ids[path, value] = found[0]["id"]
        return self._ids[path, value]

    def _look_up(self, prefixes: set[str]) -> None:
        """Find the prefixes to take from."""
        unknown = sorted(prefix for prefix in prefixes if (_PREFIXES, prefix) not in self._ids)
        if unknown:
            found = self.netbox.all(_PREFIXES, prefix=unknown, vrf_id="null", fields="id,prefix")
            self._ids |= {(_PREFIXES, item["prefix"]): item["id"] for item in found}

    def _parent(self, prefix: str) -> int:
        """The id of the prefix to take from; a further block of the gemeente is made here, its role comes with it."""
        for attempt in range(ATTEMPTS):
            if (_PREFIXES, prefix) in self._ids:
                break
            try:
                made = self.netbox.post(
                    _PREFIXES,
                    {
                        "prefix": prefix,
                        "status": "container",
                        "tenant": self.mark.tenant,
                        "custom_fields": {"ggi_spec": self.mark.spec},
                        "changelog_message": self.mark.message,
                    },
                )
            except NetBoxAway as error:
                if not error.maybe_done or attempt == ATTEMPTS - 1:
                    raise
                self._look_up({prefix})
            else:
                self._ids[_PREFIXES, prefix] = made["id"]
        return self._ids[_PREFIXES, prefix]

    # -- tags ------------------------------------------------------------------------------------------

    def _interfaces(self, missing: list[Taken]) -> list[dict[str, Any]]:
        """The core's sub-interface of each tag, which is the lowest that is free on both ports; raise PoolExhausted."""
        sides = [_sides(taken) for taken in missing]
        devices = self._devices({device for both in sides for device, _ in both})
        ports = {
            side: self._port(devices.get(side[0]), side[1]) for side in sorted({s for both in sides for s in both})
        }
        items = []
        for taken, (core, end) in zip(missing, sides, strict=True):
            here, there = ports[core], ports[end]
            numbers = range(self.tags.first, self.tags.last + 1)
            tag = next((n for n in numbers if n not in here.tags and n not in there.tags), None)
            if tag is None:
                raise PoolExhausted(f"no tag is free on both {' '.join(core)} and {' '.join(end)}")
            here.tags.add(tag)
            there.tags.add(tag)
            items.append(
                {
                    "device": devices[core[0]],
                    "name": f"{core[1]}.{tag}",
                    "type": "virtual",
                    "parent": here.id,
                    "custom_fields": {"ggi_ref": taken.ref, "ggi_spec": self.mark.spec},
                    "changelog_message": self.mark.message,
                }
            )
        return items

    def _devices(self, names: set[str]) -> dict[str, int]:
        """The ids of those devices that are in NetBox."""
        found = self.netbox.all("dcim/devices", name=sorted(names), fields="id,name")
        return {item["name"]: item["id"] for item in found}

    def _port(self, device: int | None, port: str) -> _Port:
        """A port and the tags of the sub-interfaces that it has, whoever made them; no tags for a new device."""
        if device is None:
            return _Port(None, set())
        found = self.netbox.all("dcim/interfaces", device_id=device, name__isw=port, fields="id,name")
        tags = {item["name"].removeprefix(f"{port}.") for item in found}
        number = next((item["id"] for item in found if item["name"] == port), None)
        return _Port(number, {int(tag) for tag in tags if tag.isdecimal()})


class _Port(NamedTuple):
    """A port's id, None where it isn't in NetBox, and the tags that are in use on it."""

    id: int | None
    tags: set[int]


def _sides(taken: Taken) -> tuple[tuple[str, str], tuple[str, str]]:
    """The two ports of a tag: the core's and the other end's, each by device and name."""
    core, core_port, end, end_port = taken.parent.split()
    return (core, core_port), (end, end_port)


def _value(made: Any, taken: Taken) -> str:
    """The number in what NetBox made or found: of what is kept for a prefix the first part, of a name its tag."""
    match taken.number:
        case Number.TAG:
            return str(made).rpartition(".")[2]
        case Number.PREFIX:
            length = int(taken.value.partition("/")[2])
            return str(next(ipaddress.ip_network(made).subnets(new_prefix=length)))
        case _:
            return str(made)
