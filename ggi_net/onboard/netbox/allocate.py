"""Numbers from NetBox's own `available-*` endpoints, each found again by what it is for.

NetBox serialises those endpoints, so that two applies at once never get the same number. What was allocated carries
its purpose in the custom field `ggi_ref`: an apply that was killed finds it and allocates nothing twice.

A tag has no such endpoint, because it must be free on two ports: it is taken by making the core's sub-interface, of
which NetBox allows one of each name.
"""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from ggi_net.errors import NetBoxAway, NetBoxLacks, NetBoxRejected, Place, PoolExhausted
from ggi_net.source.netbox.contract import ASN_ROLE, RESERVED
from ggi_net.source.pools import Number

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ggi_net.model.standard import Standard
    from ggi_net.source.netbox.client import NetBox
    from ggi_net.source.pools import Taken

ATTEMPTS = 5
"""Times that an allocation is tried when others take the same number, or the connection breaks, at that moment."""


class Allocator:
    """Takes numbers for one gemeente; `given` holds them by what they are for.

    `mark` is the id of the spec, `ranges` the set of number ranges in force.
    """

    def __init__(self, netbox: NetBox, tenant: int, standard: Standard, ranges: str, mark: str) -> None:
        self.netbox = netbox
        self.tenant = tenant
        self.tags = standard.address_plan.link_tags
        self.asns = standard.address_plan.ranges[ranges].asn
        self.mark = mark
        self.given: dict[str, str] = {}
        self._ids: dict[tuple[str, str], int] = {}

    def take(self, wanted: Iterable[Taken], message: str) -> None:
        """Allocate all of `wanted` that can be now: a prefix out of one that is itself wanted has to wait.

        Raises NothingFree, PoolExhausted, or NetBoxLacks when a pool is not in NetBox.
        """
        left = [taken for taken in wanted if taken.ref not in self.given]
        new = [taken.value for taken in left if taken.number is Number.PREFIX]
        ready: defaultdict[tuple[Number, str], list[Taken]] = defaultdict(list)
        for taken in left:
            if taken.parent not in new:
                ready[taken.number, taken.parent if taken.number is not Number.TAG else ""].append(taken)
        for (number, parent), group in ready.items():
            self._attempts(number, parent, group, message)

    def _attempts(self, number: Number, parent: str, group: list[Taken], message: str) -> None:
        for attempt in range(ATTEMPTS):
            self._find(number, group)
            missing = [taken for taken in group if taken.ref not in self.given]
            if not missing:
                return
            try:
                self._allocate(number, parent, missing, message)
            except NetBoxAway as error:
                if not error.maybe_done or attempt == ATTEMPTS - 1:
                    raise
            except NetBoxRejected:
                if number is not Number.TAG or attempt == ATTEMPTS - 1:
                    raise

    def _allocate(self, number: Number, parent: str, missing: list[Taken], message: str) -> None:
        match number:
            case Number.ASN:
                role = self._id("ipam/roles", "slug", ASN_ROLE)
                path = f"ipam/asn-ranges/{self._asn_range()}/available-asns"
                self._post(path, [{**self._about(t, message), "role": role} for t in missing], number, missing)
            case Number.PREFIX:
                path = f"ipam/prefixes/{self._parent(parent, message)}/available-prefixes"
                self._post(path, [self._prefix(t, message) for t in missing], number, missing)
            case Number.ADDRESS:
                path = f"ipam/prefixes/{self._parent(parent, message)}/available-ips"
                items = [{**self._about(t, message), "prefix_length": t.unit} for t in missing]
                self._post(path, items, number, missing)
            case Number.TAG:
                self._tags(missing, message)

    def _post(self, path: str, items: list[dict[str, Any]], number: Number, missing: list[Taken]) -> None:
        for taken, made in zip(missing, self.netbox.post(path, items), strict=True):
            self.given[taken.ref] = _value(number, made, taken)

    def _about(self, taken: Taken, message: str) -> dict[str, Any]:
        return {
            "tenant": self.tenant,
            "custom_fields": {"ggi_ref": taken.ref, "ggi_spec": self.mark},
            "changelog_message": message,
        }

    def _prefix(self, taken: Taken, message: str) -> dict[str, Any]:
        """What is kept for a prefix: a container around it, or, where they are equal, the prefix itself."""
        alone = taken.unit == int(taken.value.partition("/")[2])
        about = {**self._about(taken, message), "prefix_length": taken.unit}
        if alone:
            return {**about, "status": "active"}
        role = self._id("ipam/roles", "slug", RESERVED)
        return {**about, "status": "container", "role": role, "description": f"kept for {taken.ref}"[:200]}

    # -- finding ---------------------------------------------------------------------------------------

    def _find(self, number: Number, group: list[Taken]) -> None:
        """Take over what an earlier run has allocated."""
        by_ref = {taken.ref: taken for taken in group if taken.ref not in self.given}
        query: dict[str, Any] = {"cf_ggi_spec": self.mark}
        if number is Number.TAG:
            query["device"] = sorted({taken.parent.split()[0] for taken in group})
        else:
            query["tenant_id"] = self.tenant
        for page in self.netbox.pages(_PATHS[number], **query):
            for item in page:
                found = by_ref.get(item["custom_fields"].get("ggi_ref") or "")
                if found is not None:
                    self.given[found.ref] = _value(number, item, found)

    def _id(self, path: str, field: str, value: str) -> int:
        if (path, value) not in self._ids:
            found = self.netbox.get(path, **{field: value})["results"]
            if not found:
                raise NetBoxLacks(
                    f"NetBox has no {path.rpartition('/')[2]} with {field} '{value}'",
                    place=Place(f"{self.netbox.url}/{path}/"),
                    hint="`ggi netbox init` makes what the contract lists; `ggi netbox check` says what is missing",
                )
            self._ids[path, value] = found[0]["id"]
        return self._ids[path, value]

    def _asn_range(self) -> int:
        found = self.netbox.get("ipam/asn-ranges", start=self.asns.first, end=self.asns.last)["results"]
        if not found:
            raise NetBoxLacks(
                f"NetBox has no ASN range {self.asns.first}-{self.asns.last}",
                place=Place(f"{self.netbox.url}/ipam/asn-ranges/"),
                hint="`ggi netbox init` makes it",
            )
        number: int = found[0]["id"]
        return number

    def _parent(self, prefix: str, message: str) -> int:
        """The id of the prefix to take from; a further block of the gemeente is made here, its role comes with it."""
        found = self.netbox.get("ipam/prefixes", prefix=prefix)["results"]
        if found:
            number: int = found[0]["id"]
            return number
        made = self.netbox.post(
            "ipam/prefixes",
            {
                "prefix": prefix,
                "status": "container",
                "tenant": self.tenant,
                "custom_fields": {"ggi_spec": self.mark},
                "changelog_message": message,
            },
        )
        return int(made["id"])

    # -- tags ------------------------------------------------------------------------------------------

    def _tags(self, missing: list[Taken], message: str) -> None:
        """Make the core's sub-interface of each tag, all in one request: NetBox refuses a name that is taken."""
        used: dict[tuple[str, str], set[int]] = {}
        items = []
        for taken in missing:
            core, port, end, end_port = taken.parent.split()
            for place in ((core, port), (end, end_port)):
                used.setdefault(place, self._used_tags(*place) if place not in used else used[place])
            both = used[core, port] | used[end, end_port]
            tag = next((n for n in range(self.tags.first, self.tags.last + 1) if n not in both), None)
            if tag is None:
                raise PoolExhausted(f"no tag is free on both {core} {port} and {end} {end_port}")
            used[core, port].add(tag)
            used[end, end_port].add(tag)
            device = self._id("dcim/devices", "name", core)
            parent = self.netbox.get("dcim/interfaces", device_id=device, name=port)["results"]
            items.append(
                {
                    "device": device,
                    "name": f"{port}.{tag}",
                    "type": "virtual",
                    "parent": parent[0]["id"] if parent else None,
                    "custom_fields": {"ggi_ref": taken.ref, "ggi_spec": self.mark},
                    "changelog_message": message,
                }
            )
        self._post("dcim/interfaces", items, Number.TAG, missing)

    def _used_tags(self, device: str, port: str) -> set[int]:
        """The tags of the sub-interfaces that a port has, whoever made them; none when the device isn't there yet."""
        known = self.netbox.get("dcim/devices", name=device)["results"]
        if not known:
            return set()
        pages = self.netbox.pages("dcim/interfaces", device_id=known[0]["id"], name__isw=f"{port}.", fields="id,name")
        tags = (item["name"].rpartition(".")[2] for page in pages for item in page)
        return {int(tag) for tag in tags if tag.isdecimal()}


_PATHS = {
    Number.ASN: "ipam/asns",
    Number.PREFIX: "ipam/prefixes",
    Number.ADDRESS: "ipam/ip-addresses",
    Number.TAG: "dcim/interfaces",
}


def _value(number: Number, made: dict[str, Any], taken: Taken) -> str:
    """The number in an object that NetBox made or found: of what is kept for a prefix the first part."""
    match number:
        case Number.ASN:
            return str(made["asn"])
        case Number.ADDRESS:
            return str(made["address"])
        case Number.TAG:
            return str(made["name"]).rpartition(".")[2]
        case Number.PREFIX:
            length = int(taken.value.partition("/")[2])
            return str(next(ipaddress.ip_network(made["prefix"]).subnets(new_prefix=length)))
