"""The demo estate with its IOS-XE gateways on another platform: what each further platform has golden files of."""

from __future__ import annotations

from dataclasses import replace as with_fields
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ggi_net.model.network import PortKind
from ggi_net.onboard.hardware import USUAL
from ggi_net.render.platform import platform

if TYPE_CHECKING:
    from ggi_net.model.estate import Estate
    from ggi_net.model.gemeente import Gemeente
    from ggi_net.model.network import Device, Link

FROM = "cisco_iosxe"
PLATFORMS = ("juniper_junos", "arista_eos")
"""The platforms that the demo estate itself has no gateways on."""


def on_platform(estate: Estate, name: str) -> Estate:
    """The estate with its IOS-XE gateways on that platform, as far as it can be there, and their ports named so."""
    return with_fields(estate, gemeenten=tuple(_moved(gemeente, name) for gemeente in estate.gemeenten))


def moved(estate: Estate) -> tuple[str, ...]:
    """The names of the gateways that a variant has on another platform."""
    return tuple(name for name, placed in estate.devices.items() if placed.device.platform in PLATFORMS)


def _moved(gemeente: Gemeente, name: str) -> Gemeente:
    names = dict(zip(USUAL[FROM], USUAL[name], strict=True))
    left = set()

    def device(found: Device) -> Device:
        outside = any(port.kind is PortKind.INTERNET for port in found.ports)
        if found.platform != FROM or (outside and "has_ipsec" in platform(name).lacks):
            left.add(found.name)
            return found
        ports = tuple(replace(port, name=names[port.name]) for port in found.ports)
        return replace(found, platform=name, ports=ports)

    def link(found: Link) -> Link:
        return found if found.end.device in left else replace(found, end=replace(found.end, port=names[found.end.port]))

    sites = tuple(replace(site, devices=tuple(map(device, site.devices))) for site in gemeente.sites)
    return replace(gemeente, sites=sites, links=tuple(map(link, gemeente.links)))
