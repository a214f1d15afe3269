"""The detail of one organisation for `ggi estate show`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from ggi_net.model.gemeente import Gemeente
from ggi_net.onboard.show import value_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ggi_net.model.gemeente import Organisation
    from ggi_net.model.network import Device, Link, Site


def detail_lines(organisation: Organisation) -> Iterator[Text]:
    """Who it is, its choices, and its sites with VLANs, devices and links."""
    code = f" ({organisation.code}, {organisation.province})" if isinstance(organisation, Gemeente) else ""
    yield Text(f"{organisation.name}{code}", style="bold")
    yield Text(f"  domain {organisation.domain}, ASN {organisation.asn}, standard {organisation.standard}")
    if isinstance(organisation, Gemeente):
        yield from _choices(organisation)
    links: dict[str, list[Link]] = {}
    for link in organisation.links:
        links.setdefault(link.end.device, []).append(link)
    for site in organisation.sites:
        yield from _site(site, links)


def _choices(gemeente: Gemeente) -> Iterator[Text]:
    part = gemeente.govroam
    roles = " + ".join(role.label for role in part.roles) or "no part"
    realms = f"; realms {', '.join(part.realms)}" if part.realms else ""
    home = f"; answered by {part.idp}" if part.idp else ""
    yield Text(f"  govroam: {roles}{realms}{home}")
    for name, value in gemeente.options.items():
        yield Text(f"  option {name}: {value_text(value)}")
    for block in gemeente.blocks:
        yield Text(f"  block {block.prefix} for {block.zone}")


def _site(site: Site, links: dict[str, list[Link]]) -> Iterator[Text]:
    where = ", ".join(part for part in (site.address, site.city) if part)
    yield Text("")
    yield Text(f"  {site.slug}: {site.name}{' (main site)' if site.main else ''}", style="bold")
    if where:
        yield Text(f"    {where}")
    for vlan in site.vlans:
        yield Text(f"    VLAN {vlan.vid} {vlan.name} ({vlan.zone}): {', '.join(vlan.prefixes)}")
    for device in site.devices:
        yield from _device(device, links.get(device.name, []))


def _device(device: Device, links: list[Link]) -> Iterator[Text]:
    serial = f", serial {device.serial}" if device.serial else ""
    yield Text(f"    {device.name}: {device.role.value} on {device.platform}{serial}", style="green")
    yield Text(f"      managed at {', '.join(device.management)}")
    for link in links:
        vrfs = ", ".join(f"{vrf} {carried.tag}" for vrf, carried in link.vrfs.items())
        line = " ".join(part for part in (link.line.kind.value, link.line.provider, link.line.reference) if part)
        yield Text(f"      {link.end.port} -> {link.core.device} {link.core.port} ({line}): {vrfs}")
