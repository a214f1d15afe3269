"""The demo estate with every gateway on EOS that can be on it, and its sites changed as a test wants them."""

from __future__ import annotations

from dataclasses import replace as with_fields
from functools import cache, lru_cache

from msgspec.structs import replace

from ggi_net.config.tree import parse
from ggi_net.model.network import PortKind, Role
from ggi_net.onboard.hardware import USUAL
from ggi_net.paths import demo_folder
from ggi_net.render.device import render_device
from ggi_net.source.files import load_estate

DEMO = load_estate(demo_folder())
TWO_GATEWAYS, ONE_LINK, UNTRUSTED = "ce-enschede-01", "ce-almelo-werf-01", "ce-losser-01"
_PORTS = {
    old: new for names in USUAL.values() for old, new in zip(names, USUAL["arista_eos"], strict=True) if old != new
}


def on_eos(change=lambda vlans: vlans, options=None, *, untrusted=False):
    """The demo estate with its gateways on EOS, the VLANs of each site as `change` makes them.

    Those on a line that is not trusted keep their platform unless `untrusted`.
    """
    return with_fields(
        DEMO, gemeenten=tuple(_moved(gemeente, change, options or {}, untrusted) for gemeente in DEMO.gemeenten)
    )


def _moved(gemeente, change, options, untrusted):
    left = set()

    def device(found):
        outside = any(port.kind is PortKind.INTERNET for port in found.ports)
        if found.role is not Role.CE or (outside and not untrusted):
            left.add(found.name)
            return found
        ports = tuple(replace(port, name=_PORTS.get(port.name, port.name)) for port in found.ports)
        return replace(found, platform="arista_eos", ports=ports)

    def link(found):
        port = found.end.port if found.end.device in left else _PORTS.get(found.end.port, found.end.port)
        return replace(found, end=replace(found.end, port=port))

    sites = tuple(
        replace(site, devices=tuple(map(device, site.devices)), vlans=change(site.vlans)) for site in gemeente.sites
    )
    links = tuple(map(link, gemeente.links))
    return replace(gemeente, sites=sites, links=links, options={**gemeente.options, **options})


ESTATE = on_eos()
GATEWAYS = [placed.device.name for placed in ESTATE.devices.values() if placed.device.platform == "arista_eos"]


def text_of(device, estate=ESTATE):
    """The configuration of a gateway."""
    [artifact] = render_device(estate, estate.placed(device))
    return artifact.text


@cache
def rendered(device):
    """The configuration of a gateway of the estate as it is."""
    return text_of(device)


@lru_cache(maxsize=len(GATEWAYS))
def tree(text):
    """The tree of a configuration."""
    return parse(text)


def at(text, *headers):
    """The lines of the section at that path, sections by their header; fails when it isn't there."""
    node = tree(text)
    for header in headers:
        node = next(child for child in node.children if child.text == header)
    return [child.text for child in node.children]
