"""Which devices are changed together: few and harmless ones first, and never two that stand in for each other.

canary          one device for each platform and role: the one whose failure would hurt the fewest
ten_percent     a tenth of all, spread evenly over the gemeenten
rest_1, rest_2  all others; what stands in for each other is apart, so there are as many as that takes

Two devices stand in for each other when they have one role at one site (the two gateways of a gemeente, its RADIUS
servers, the access points of a building, where a visitor finds another one), when they are federation proxies, or
cores that one gemeente, or one core, has lines to. No wave holds two such devices.

Nothing is drawn at random: the same devices always make the same waves.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from itertools import combinations
from typing import TYPE_CHECKING

from ggi_net.model.network import Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ggi_net.model.estate import Estate, Placed

CANARY = "canary"
TEN_PERCENT = "ten_percent"
REST = "rest"

Partners = dict[str, set[str]]
"""By device name: the devices that stand in for it."""


def waves(estate: Estate, chosen: Iterable[Placed] | None = None) -> dict[str, list[str]]:
    """The names of the chosen devices (all when None) by wave, in the order of pushing; no wave is empty."""
    devices = list(estate.devices.values() if chosen is None else chosen)
    partners = partners_of(estate)
    canary = _canaries(estate, devices, partners)
    left = [placed.device.name for placed in devices if placed.device.name not in canary]
    layers = _layers(left, partners)
    tenth = set(sorted(_of_gemeenten(estate, layers), key=_spread)[: -(-len(devices) // 10)])
    found = {CANARY: [p.device.name for p in devices if p.device.name in canary]}
    found[TEN_PERCENT] = [name for name in left if name in tenth]
    for number, layer in enumerate(layers, start=1):
        found[f"{REST}_{number}"] = [name for name in layer if name not in tenth]
    return {wave: names for wave, names in found.items() if names}


def partners_of(estate: Estate) -> Partners:
    """The devices that stand in for each device; a device that nothing stands in for is not a key."""
    groups: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
    for name, placed in estate.devices.items():
        if placed.device.role is Role.FEDERATION_PROXY:
            groups["proxies",].add(name)
        elif placed.device.role is not Role.CORE:
            groups[placed.organisation.slug, placed.site.slug, placed.device.role].add(name)
    for gemeente in estate.gemeenten:
        groups["cores", gemeente.slug].update(link.core.device for link in gemeente.links)
    for link in estate.federation.links:
        groups["uplinks", link.end.device].add(link.core.device)
    found: defaultdict[str, set[str]] = defaultdict(set)
    for group in groups.values():
        for one, other in combinations(group, 2):
            found[one].add(other)
            found[other].add(one)
    return dict(found)


def _canaries(estate: Estate, devices: Iterable[Placed], partners: Mapping[str, set[str]]) -> set[str]:
    kinds: defaultdict[tuple[str, str], list[Placed]] = defaultdict(list)
    for placed in devices:
        kinds[placed.device.platform, placed.device.role].append(placed)
    served = _served(estate)
    canary: set[str] = set()
    for kind in kinds.values():
        for placed in sorted(kind, key=lambda p: _hurt(p, served, partners)):
            if canary.isdisjoint(partners.get(placed.device.name, ())):
                canary.add(placed.device.name)
                break
    return canary


def _hurt(placed: Placed, served: Mapping[str, int], partners: Mapping[str, set[str]]) -> tuple[int, int, int, str]:
    """How far a failure reaches: sites cut off when nothing stands in, sites served; then the preferred gateway."""
    name = placed.device.name
    sites = served.get(name, 1)
    return (0 if partners.get(name) else sites, sites, -placed.device.unit, name)


def _served(estate: Estate) -> dict[str, int]:
    """The sites that each device serves; 1 for those that are not named."""
    everywhere = sum(len(gemeente.sites) for gemeente in estate.gemeenten)
    found: defaultdict[str, int] = defaultdict(int)
    for placed in estate.federation_proxies:
        found[placed.device.name] = everywhere
    for gemeente in estate.gemeenten:
        for name in {link.core.device for link in gemeente.links}:
            found[name] += len(gemeente.sites)
        for site in gemeente.sites:
            for device in site.devices:
                for_all = site.main and device.role is not Role.WLAN
                found[device.name] = len(gemeente.sites) if for_all else 1
    return found


def _layers(names: Iterable[str], partners: Mapping[str, set[str]]) -> list[list[str]]:
    """The names in as few layers as they are met: each in the first that holds none of its partners."""
    layers: list[list[str]] = []
    members: list[set[str]] = []
    for name in names:
        others = partners.get(name, set())
        number = next((n for n, layer in enumerate(members) if layer.isdisjoint(others)), len(members))
        if number == len(members):
            layers.append([])
            members.append(set())
        layers[number].append(name)
        members[number].add(name)
    return layers


def _of_gemeenten(estate: Estate, layers: list[list[str]]) -> list[str]:
    """What of the first layer is no device of the federation, which every gemeente leans on."""
    federation = {device.name for device in estate.federation.devices}
    return [name for layer in layers[:1] for name in layer if name not in federation]


def _spread(name: str) -> bytes:
    """A place in an order that has nothing to do with names, the same for ever."""
    return hashlib.sha256(name.encode()).digest()
