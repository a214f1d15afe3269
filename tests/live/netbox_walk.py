"""Random edits of a NetBox in every table that is read, through its REST API: valid ones, refused ones, cascades."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from ggi_net.errors import NetBoxError
from ggi_net.source.netbox.tables import BY_NAME, TABLES

if TYPE_CHECKING:
    from random import Random

    from ggi_net.source.netbox.client import NetBox
    from ggi_net.source.netbox.tables import Tables

_UNIQUE = ("name", "slug", "vid", "cid", "asn", "prefix", "address", "device", "virtual_circuit", "interface")
_TEXTS = ("", "plain", "één – twee", "a 'quoted' \"text\"", "x" * 200)


class Walk:
    """Edits `nb` at random; `tables` is what it held when it was last looked at."""

    def __init__(self, nb: NetBox, random: Random, tables: Tables, first: int) -> None:
        self.nb = nb
        self.random = random
        self.tables = tables
        self.numbers = count(first)
        self.done: list[str] = []

    def step(self) -> None:
        """One edit. What NetBox refuses is an edit too: nothing must come of it."""
        table = self.random.choice(TABLES).name
        what = self.random.choices((self.create, self.change, self.delete), (5, 5, 3))[0]
        try:
            what(table)
        except NetBoxError as refused:
            self.done.append(f"  refused: {refused.message.splitlines()[0]}")

    def create(self, table: str) -> None:
        number = next(self.numbers)
        made = [
            self.made(table, number),
            *(self.made(table, next(self.numbers)) for _ in range(self.random.choice((0, 0, 2)))),
        ]
        self.done.append(f"create {made}")
        self.nb.post(BY_NAME[table].path, made)

    def change(self, table: str) -> None:
        chosen = self.some(table, self.random.choice((1, 1, 3)))
        if chosen:
            new = self.made(table, next(self.numbers))
            unique = (
                "name",
                "slug",
                "vid",
                "cid",
                "asn",
                "prefix",
                "address",
                "device",
                "virtual_circuit",
                "interface",
            )
            field = self.random.choice([key for key in new if len(chosen) == 1 or key not in unique] or ["tags"])
            value = new.get(field, [])
            self.done.append(f"change {table} {chosen}: {field} = {value!r}")
            self.nb.patch(BY_NAME[table].path, [{"id": one, field: value} for one in chosen])

    def delete(self, table: str) -> None:
        chosen = self.some(table, self.random.choice((1, 1, 2)))
        if chosen:
            self.done.append(f"delete {table} {chosen}")
            self.nb.delete(BY_NAME[table].path, [{"id": one} for one in chosen])

    def some(self, table: str, number: int) -> list[int]:
        there = list(self.tables[table])
        return self.random.sample(there, min(number, len(there)))

    def one(self, table: str, *, maybe: bool = True) -> int | None:
        there = list(self.tables[table])
        return None if not there or (maybe and self.random.random() < 0.3) else self.random.choice(there)

    def text(self) -> str:
        return self.random.choice(_TEXTS)

    def made(self, table: str, n: int) -> dict[str, Any]:
        """The fields of a new object; its names are not in use."""
        name = f"Walk {n}"
        slug = f"walk-{n}"
        one, random = self.one, self.random
        match table:
            case "tenant_groups" | "regions" | "roles" | "device_roles" | "platforms" | "providers" | "circuit_types":
                return {"name": name, "slug": slug}
            case "tenants":
                ours = {
                    "ggi_code": random.choice((None, "GM0001")),
                    "ggi_province": one("regions"),
                    "ggi_idp": one("tenants"),
                    "ggi_roles": random.choice(([], ["idp"], ["idp", "sp"], None)),
                    "ggi_realms": random.choice((None, [], [f"{slug}.example"])),
                }
                return {"name": name, "slug": slug, "group": one("tenant_groups"), "custom_fields": ours}
            case "vrfs":
                return {"name": name}
            case "asns":
                return {"asn": 4_100_000_000 + n, "rir": None, "tenant": one("tenants"), "role": one("roles")}
            case "sites":
                ours = {"ggi_main": random.choice((True, False, None)), "ggi_city": self.text()}
                head = {"name": name, "slug": slug, "tenant": one("tenants"), "custom_fields": ours}
                return head | {"physical_address": self.text(), "region": one("regions")}
            case "vlans":
                head = {"vid": n % 4094 + 1, "name": slug, "description": self.text()}
                return head | {"site": one("sites"), "role": one("roles")}
            case "prefixes":
                at = random.choice((f"198.51.{n % 250}.0/24", f"2001:db8:{n % 60000:x}::/64"))
                return {"prefix": at, "tenant": one("tenants"), "vlan": one("vlans"), "role": one("roles")}
            case "devices":
                head = {"name": slug, "site": one("sites", maybe=False), "role": one("device_roles", maybe=False)}
                more = {"serial": f"S{n}", "description": self.text(), "platform": one("platforms")}
                return (
                    head
                    | more
                    | {"device_type": self.device_type, "custom_fields": {"ggi_unit": random.choice((None, 2))}}
                )
            case "interfaces":
                ours = {"ggi_kind": random.choice((None, "lan", "internet")), "ggi_gateways": random.choice((None, []))}
                head = {"device": one("devices", maybe=False), "name": slug, "type": "virtual", "custom_fields": ours}
                return head | {"mtu": random.choice((None, 1500)), "vrf": one("vrfs"), "description": self.text()}
            case "addresses":
                at = random.choice((f"203.0.{n % 250}.1/24", f"2001:db8:ffff:{n % 60000:x}::1/64"))
                port = one("interfaces")
                return {"address": at, "assigned_object_type": port and "dcim.interface", "assigned_object_id": port}
            case "provider_networks":
                return {"name": name, "provider": one("providers", maybe=False)}
            case "circuits":
                head = {
                    "cid": slug,
                    "provider_network": one("provider_networks", maybe=False),
                    "tenant": one("tenants"),
                }
                ours = {"ggi_reference": self.text()}
                return head | {
                    "type": one("circuit_types", maybe=False),
                    "description": self.text(),
                    "custom_fields": ours,
                }
            case "terminations":
                ends = {"virtual_circuit": one("circuits", maybe=False), "interface": one("interfaces", maybe=False)}
                return ends | {"role": random.choice(("hub", "spoke", "peer"))}
        raise AssertionError(f"no way to make {table}")

    @property
    def device_type(self) -> int:
        return self.nb.get("dcim/device-types", limit=1)["results"][0]["id"]
