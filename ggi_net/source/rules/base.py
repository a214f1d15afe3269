"""What the rules share: how a finding is written down, and the prefixes of an estate parsed once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from ggi_net.model.allocate import address_text, bounds, parsed
from ggi_net.model.network import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ggi_net.model.estate import Estate
    from ggi_net.model.gemeente import Organisation

ROUTERS = (Role.CORE, Role.CE)
NO_PREFIX = "is not a prefix"


class Spot(NamedTuple):
    """Where in the estate: the organisation's slug, and the path (and key) in its file."""

    slug: str
    steps: str = "$"
    key: str | None = None


class Raw(NamedTuple):
    """A finding before its line is looked up."""

    code: str
    message: str
    spot: Spot
    hint: str


class Span(NamedTuple):
    """A prefix in use: its bounds as numbers, its text, what it is for, and where it stands."""

    version: int
    first: int
    last: int
    text: str
    what: str
    spot: Spot


@dataclass(frozen=True)
class Facts:
    """An estate with what several rules need worked out once."""

    estate: Estate
    unread: frozenset[str] = frozenset()
    """Slugs of gemeenten whose files can't be read: what refers to them is not reported a second time."""

    @cached_property
    def leaves(self) -> list[Span]:
        """Every prefix that is on something: VLANs, links, routers' loopbacks; not those that don't parse."""
        return [span for organisation in self.estate.organisations() for span in leaves_of(organisation)]

    @cached_property
    def blocks(self) -> list[Span]:
        """The blocks of every gemeente."""
        found: list[Span] = []
        for gemeente in self.estate.gemeenten:
            for index, block in enumerate(gemeente.blocks):
                spot = Spot(gemeente.slug, f"$.blocks[{index}].prefix")
                found.extend(span_of(block.prefix, f"the {block.zone} block of {gemeente.slug}", spot))
        return found


def leaves_of(organisation: Organisation) -> Iterator[Span]:
    """The prefixes that are on something in one organisation."""
    slug = organisation.slug
    for s, site in enumerate(organisation.sites):
        for v, vlan in enumerate(site.vlans):
            for p, prefix in enumerate(vlan.prefixes):
                spot = Spot(slug, f"$.sites[{s}].vlans[{v}].prefixes[{p}]")
                yield from span_of(prefix, f"VLAN {vlan.vid} of {slug}/{site.slug}", spot)
        for d, device in enumerate(site.devices):
            if device.role in ROUTERS:
                for p, prefix in enumerate(device.management):
                    spot = Spot(slug, f"$.sites[{s}].devices[{d}].management[{p}]")
                    yield from span_of(prefix, f"the loopback of {device.name}", spot)
    for n, link in enumerate(organisation.links):
        for vrf, carried in link.vrfs.items():
            for p, prefix in enumerate(carried.prefixes):
                spot = Spot(slug, f"$.links[{n}].vrfs.{vrf}.prefixes[{p}]")
                yield from span_of(prefix, f"link {link.name} in {vrf}", spot)


def span_of(prefix: str, what: str, spot: Spot) -> Iterator[Span]:
    """The prefix as a span, or nothing when it does not parse (a rule of its own reports that)."""
    try:
        yield Span(*bounds(prefix), prefix, what, spot)
    except ValueError:
        return


def prefix_problem(prefix: str) -> str:
    """Why a text is no prefix without host bits; empty when it is one."""
    try:
        version, number, hosts = parsed(prefix)
    except ValueError:
        return NO_PREFIX
    first = number >> hosts << hosts
    if first == number:
        return ""
    return f"has host bits; the prefix is {address_text(version, first)}/{prefix.partition('/')[2]}"


def twice(code: str, what: str, found: list[tuple[str, Spot, str]], hint: str) -> Iterator[Raw]:
    """A finding for every value that stands at a second place; `found` holds (value, spot, owner)."""
    seen: dict[str, str] = {}
    for value, spot, owner in found:
        if value in seen:
            yield Raw(code, f"{what} {value} of {owner} is that of {seen[value]} too", spot, hint)
        else:
            seen[value] = owner
