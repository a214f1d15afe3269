"""Links: both ends there, of the right kind, with what their VRFs ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ggi_net.errors import nearest
from ggi_net.model.network import LineKind, PortKind, Role
from ggi_net.source.rules.base import Raw, Spot, twice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ggi_net.model.gemeente import Organisation
    from ggi_net.model.network import End, Link, LinkVrf, Port
    from ggi_net.source.rules.base import Facts

LINK_LENGTH = {6: 127, 4: 31}
"""RFC 6164 and RFC 3021."""


def _links(facts: Facts) -> Iterator[tuple[Organisation, Link, Spot]]:
    for organisation in facts.estate.organisations():
        for n, link in enumerate(organisation.links):
            yield organisation, link, Spot(organisation.slug, f"$.links[{n}]")


def _port(facts: Facts, end: End) -> Port | None:
    placed = facts.estate.devices.get(end.device)
    return next((port for port in placed.device.ports if port.name == end.port), None) if placed else None


def missing_peer(facts: Facts) -> Iterator[Raw]:
    """A link to a device or port that is not there, or a device that is not the organisation's own."""
    for organisation, link, spot in _links(facts):
        for side, end in (("end", link.end), ("core", link.core)):
            at = f"{spot.steps}.{side}"
            placed = facts.estate.devices.get(end.device)
            if placed is None:
                near = nearest(end.device, facts.estate.devices)
                message = f"link {link.name} ends at '{end.device}', which the estate does not have{near}"
                yield Raw("GGI1319", message, Spot(spot.slug, f"{at}.device"), "correct the name, or add the device")
            elif _port(facts, end) is None:
                ports = [port.name for port in placed.device.ports]
                message = f"link {link.name} ends at {end.device} port '{end.port}', which it does not have"
                hint = f"its ports: {', '.join(ports) or 'none'}"
                yield Raw("GGI1319", message + nearest(end.port, ports), Spot(spot.slug, f"{at}.port"), hint)
        own = facts.estate.devices.get(link.end.device)
        if own is not None and own.organisation.slug != organisation.slug:
            message = f"link {link.name} of {organisation.slug} ends at {link.end.device} of {own.organisation.slug}"
            yield Raw("GGI1319", message, Spot(spot.slug, f"{spot.steps}.end.device"), "move it to that organisation")


def wrong_core(facts: Facts) -> Iterator[Raw]:
    """A link whose core is no core, or whose other end is neither a CE nor a core."""
    for _, link, spot in _links(facts):
        for side, end, roles in (("core", link.core, (Role.CORE,)), ("end", link.end, (Role.CE, Role.CORE))):
            placed = facts.estate.devices.get(end.device)
            if placed is not None and placed.device.role not in roles:
                wanted = " or ".join(role.value for role in roles)
                message = f"link {link.name}: {end.device} has role {placed.device.role}, not {wanted}"
                yield Raw("GGI1320", message, Spot(spot.slug, f"{spot.steps}.{side}.device"), "link to another device")


def vrfs(facts: Facts) -> Iterator[Raw]:
    """A VRF that the standard does not have, or that lacks a prefix of a family that it asks for."""
    for organisation, link, spot in _links(facts):
        declared = {vrf.name: vrf for vrf in facts.estate.standard_of(organisation).vrfs}
        for name, carried in link.vrfs.items():
            at = Spot(spot.slug, f"{spot.steps}.vrfs", name)
            if name not in declared:
                message = f"link {link.name}: the standard has no VRF '{name}'{nearest(name, declared)}"
                yield Raw("GGI1316", message, at, f"VRFs: {', '.join(declared)}")
            else:
                yield from _families(link.name, name, declared[name].families, carried, at)


def _families(link: str, vrf: str, families: tuple[int, ...], carried: LinkVrf, at: Spot) -> Iterator[Raw]:
    for family in families:
        prefixes = [prefix for prefix in carried.prefixes if (":" in prefix) == (family == 6)]
        if len(prefixes) != 1:
            message = f"link {link} has {len(prefixes) or 'no'} IPv{family} prefix{'es' * (len(prefixes) > 1)} in {vrf}"
            yield Raw("GGI1321", message, at, f"VRF {vrf} asks for exactly one")
        for prefix in prefixes:
            if prefix.partition("/")[2] != str(LINK_LENGTH[family]):
                message = f"link {link}: {prefix} in {vrf} is not a /{LINK_LENGTH[family]}"
                yield Raw("GGI1321", message, at, "links have two addresses (RFC 6164, RFC 3021)")


def tag_twice(facts: Facts) -> Iterator[Raw]:
    """A tag used twice on one port, or outside the standard's range."""
    seen: dict[tuple[str, str, int], str] = {}
    for organisation, link, spot in _links(facts):
        span = facts.estate.standard_of(organisation).address_plan.link_tags
        for name, carried in link.vrfs.items():
            at = Spot(spot.slug, f"{spot.steps}.vrfs.{name}.tag")
            owner = f"link {link.name} in {name}"
            if not span.first <= carried.tag <= span.last:
                message = f"tag {carried.tag} of {owner} lies outside the plan"
                yield Raw("GGI1322", message, at, f"the range is {span.first} to {span.last}")
            for end in (link.end, link.core):
                key = (end.device, end.port, carried.tag)
                if key in seen:
                    message = f"tag {carried.tag} on {end.device} port {end.port} is used by {seen[key]} and by {owner}"
                    yield Raw("GGI1322", message, at, "give one of the two another tag")
                    break
                seen[key] = owner


def untrusted(facts: Facts) -> Iterator[Raw]:
    """A line whose ports do not fit it: an untrusted one without internet addresses, a trusted one on the internet."""
    for _, link, spot in _links(facts):
        for side, end in (("end", link.end), ("core", link.core)):
            port = _port(facts, end)
            if port is None:
                continue
            at = Spot(spot.slug, f"{spot.steps}.{side}.port")
            if link.line.kind is LineKind.UNTRUSTED and not (port.kind is PortKind.INTERNET and port.addresses):
                message = f"untrusted line of link {link.name}: {end.device} port {end.port} has no internet address"
                yield Raw("GGI1329", message, at, "give the port `kind: internet` with `addresses` and `gateways`")
            if link.line.kind is LineKind.TRUSTED and port.kind not in (PortKind.ACCESS, PortKind.CORE):
                message = f"trusted line of link {link.name}: {end.device} port {end.port} is of kind {port.kind}"
                yield Raw("GGI1329", message, at, "end it at a port of kind access or core, or make the line untrusted")


def no_link(facts: Facts) -> Iterator[Raw]:
    """A CE without a link."""
    for gemeente in facts.estate.gemeenten:
        for s, site in enumerate(gemeente.sites):
            for d, device in enumerate(site.devices):
                if device.role is Role.CE and device.name not in facts.estate.links_of:
                    spot = Spot(gemeente.slug, f"$.sites[{s}].devices[{d}]")
                    yield Raw("GGI1326", f"{device.name} has no link to a core", spot, "add one below `links`")


def link_twice(facts: Facts) -> Iterator[Raw]:
    """A link name twice in the estate."""
    names = [(link.name, Spot(spot.slug, spot.steps, "name"), o.slug) for o, link, spot in _links(facts)]
    yield from twice("GGI1332", "link name", names, "rename one of the two")


RULES = (missing_peer, wrong_core, vrfs, tag_twice, untrusted, no_link, link_twice)
