"""What NetBox has around a gemeente, and taking the gemeente's own away.

The toolkit's own is what the estate says of the gemeente, and everything else of its tenant that carries the mark of a
spec or only keeps room. All the rest was made by people: it is never deleted, and what stands at the gemeente's sites
or belongs to its tenant keeps the gemeente there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ggi_net.onboard.netbox.kinds import KINDS
from ggi_net.onboard.netbox.objects import Ref, objects_of
from ggi_net.source.netbox.contract import RESERVED
from ggi_net.source.yamlfile import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ggi_net.model.estate import Estate
    from ggi_net.model.gemeente import Gemeente
    from ggi_net.source.netbox.client import NetBox

OF_TENANT = ("asn", "site", "vlan", "prefix", "device", "address", "circuit")
"""The kinds that have a tenant."""

AT_SITE = ("device", "vlan")
"""The kinds that stand at a site and keep NetBox from deleting it."""


class Around(NamedTuple):
    """What is in NetBox: the toolkit's own, and what people made, in words."""

    own: list[Ref]
    others: list[str]
    along: list[str]


def around(netbox: NetBox, gemeente: Gemeente, estate: Estate) -> Around:
    """All that NetBox has of a gemeente of `estate` and at its sites; raise NetBoxError."""
    own = dict.fromkeys(one.ref for one in objects_of(gemeente, estate) if not KINDS[one.ref.kind].shared)
    others: dict[str, str] = {}
    devices = []
    for kind, item in _found(netbox, gemeente.slug):
        at = Ref(kind, KINDS[kind].key_of(item))
        if at not in own and not _is_ours(item):
            others[item["display_url"]] = _described(kind, item)
            continue
        own[at] = None
        if kind == "device":
            devices.append(item["id"])
    return Around(list(own), list(others.values()), list(_along(netbox, devices, own)))


def strangers(netbox: NetBox, sites: list[str], own: set[Ref]) -> list[str]:
    """What people made at sites (by NetBox's slugs) that are to go, in words."""
    found = netbox.all(KINDS["site"].path, slug=sites, fields="id") if sites else []
    numbers = [item["id"] for item in found]
    there = [(kind, item) for kind in AT_SITE if numbers for item in netbox.all(KINDS[kind].path, site_id=numbers)]
    return [
        _described(kind, item)
        for kind, item in there
        if Ref(kind, KINDS[kind].key_of(item)) not in own and not _is_ours(item)
    ]


def _found(netbox: NetBox, slug: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Everything of a tenant and at its sites, some of it twice."""
    tenant = netbox.get(KINDS["tenant"].path, slug=slug, fields="id")["results"]
    sites = []
    for kind in OF_TENANT if tenant else ():
        for item in netbox.all(KINDS[kind].path, tenant_id=tenant[0]["id"]):
            yield kind, item
            if kind == "site":
                sites.append(item["id"])
    for kind in AT_SITE if sites else ():
        yield from ((kind, item) for item in netbox.all(KINDS[kind].path, site_id=sites))


def _is_ours(item: dict[str, Any]) -> bool:
    """Whether a plan made it, or it only keeps room."""
    return bool(item["custom_fields"].get("ggi_spec")) or (item.get("role") or {}).get("slug") == RESERVED


def _along(netbox: NetBox, devices: list[int], own: dict[Ref, None]) -> Iterator[str]:
    """The interfaces on the gemeente's devices that people made: NetBox deletes them with the device."""
    for item in netbox.all(KINDS["interface"].path, device_id=devices) if devices else ():
        if Ref("interface", KINDS["interface"].key_of(item)) not in own:
            device = printable(item["device"]["display"])
            yield f"interface '{printable(item['display'])}' of '{device}' ({item['display_url']})"


def _described(kind: str, item: dict[str, Any]) -> str:
    word = {"asn": "ASN", "vlan": "VLAN"}.get(kind, kind)
    return f"{word} '{printable(item['display'])}' ({item['display_url']})"
