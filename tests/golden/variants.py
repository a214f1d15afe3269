"""The demo estate with its IOS-XE gateways on another platform: what each further platform has golden files of."""

from __future__ import annotations

from dataclasses import replace as with_fields
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ggi_net.onboard.hardware import USUAL

if TYPE_CHECKING:
    from ggi_net.model.estate import Estate
    from ggi_net.model.gemeente import Gemeente
    from ggi_net.model.network import Device, Link

FROM = "cisco_iosxe"
PLATFORMS = ("juniper_junos",)
"""The platforms that the demo estate itself has no gateways on."""


def on_platform(estate: Estate, platform: str) -> Estate:
    """The estate with every IOS-XE gateway on `platform`, its ports named as is usual there."""
    return with_fields(estate, gemeenten=tuple(_moved(gemeente, platform) for gemeente in estate.gemeenten))


def moved(estate: Estate) -> tuple[str, ...]:
    """The names of the gateways of the demo estate that a variant changes."""
    return tuple(name for name, placed in estate.devices.items() if placed.device.platform == FROM)


def _moved(gemeente: Gemeente, platform: str) -> Gemeente:
    names = dict(zip(USUAL[FROM], USUAL[platform], strict=True))

    def device(found: Device) -> Device:
        if found.platform != FROM:
            return found
        ports = tuple(replace(port, name=names[port.name]) for port in found.ports)
        return replace(found, platform=platform, ports=ports)

    def link(found: Link) -> Link:
        return replace(found, end=replace(found.end, port=names.get(found.end.port, found.end.port)))

    sites = tuple(replace(site, devices=tuple(map(device, site.devices))) for site in gemeente.sites)
    return replace(gemeente, sites=sites, links=tuple(map(link, gemeente.links)))
