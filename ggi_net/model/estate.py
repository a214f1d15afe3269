"""The estate: all that the toolkit knows of all gemeenten at one moment, frozen and indexed."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from ggi_net.errors import EstateEmpty, NotInEstate, nearest
from ggi_net.model.gemeente import GovroamRole
from ggi_net.model.network import Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ggi_net.model.gemeente import Federation, Gemeente, Organisation
    from ggi_net.model.network import Device, Link, Site
    from ggi_net.model.standard import Ranges, Standard


@dataclass(frozen=True, slots=True)
class Placed:
    """A device with the site and the organisation that it belongs to."""

    device: Device
    site: Site
    organisation: Organisation


@dataclass(frozen=True, slots=True)
class OwnedLink:
    """A link with the organisation whose link it is: the gemeente of its CE, or the federation between cores."""

    link: Link
    organisation: Organisation


@dataclass(frozen=True)
class Estate:
    """Everything at one moment. `ranges` names the set of number ranges in force in every standard.

    `sources` tells from which file (or URL) each organisation was read, by slug. Indexes are built on first use.

    An estate out of NetBox may lack gemeenten whose data there is broken: `left_out` has their slugs, with the reason.
    `lacking` has the slugs of the organisations whose devices would lose what they have for those, with what that is:
    the federation, and the gemeente whose RADIUS servers answer for one that is left out.
    """

    name: str
    ranges: str
    standards: Mapping[str, Standard]
    federation: Federation
    gemeenten: tuple[Gemeente, ...]
    sources: Mapping[str, str]
    left_out: Mapping[str, str] = field(default_factory=dict)
    lacking: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def by_slug(self) -> dict[str, Gemeente]:
        """Gemeenten by slug."""
        return {gemeente.slug: gemeente for gemeente in self.gemeenten}

    @cached_property
    def devices(self) -> dict[str, Placed]:
        """Every device by name, the federation's first, then in file order."""
        found: dict[str, Placed] = {}
        for organisation in self.organisations():
            for site in organisation.sites:
                for device in site.devices:
                    found.setdefault(device.name, Placed(device, site, organisation))
        return found

    @cached_property
    def links_of(self) -> dict[str, tuple[OwnedLink, ...]]:
        """The links that end at each device, by device name, in file order."""
        found: defaultdict[str, list[OwnedLink]] = defaultdict(list)
        for organisation in self.organisations():
            for link in organisation.links:
                owned = OwnedLink(link, organisation)
                found[link.end.device].append(owned)
                found[link.core.device].append(owned)
        return {name: tuple(links) for name, links in found.items()}

    @cached_property
    def answering(self) -> dict[str, tuple[str, ...]]:
        """The realms that each IdP gemeente answers for, by its slug: its own and those it serves for others."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        for gemeente in self.gemeenten:
            if gemeente.govroam.realms:
                found[gemeente.govroam.idp or gemeente.slug].extend(gemeente.govroam.realms)
        return {slug: tuple(realms) for slug, realms in found.items()}

    @cached_property
    def radius_servers(self) -> dict[str, tuple[Placed, ...]]:
        """The RADIUS servers of each gemeente by its slug, in file order."""
        found: defaultdict[str, list[Placed]] = defaultdict(list)
        for placed in self.devices.values():
            if placed.device.role is Role.RADIUS:
                found[placed.organisation.slug].append(placed)
        return {slug: tuple(servers) for slug, servers in found.items()}

    @cached_property
    def federation_proxies(self) -> tuple[Placed, ...]:
        """The national RADIUS proxies in file order."""
        return tuple(p for p in self.devices.values() if p.device.role is Role.FEDERATION_PROXY)

    @cached_property
    def govroam_members(self) -> tuple[Gemeente, ...]:
        """The gemeenten that are IdP or SP themselves."""
        return tuple(
            g for g in self.gemeenten if GovroamRole.IDP in g.govroam.roles or GovroamRole.SP in g.govroam.roles
        )

    def organisations(self) -> Iterator[Organisation]:
        """The federation, then every gemeente."""
        yield self.federation
        yield from self.gemeenten

    def standard_of(self, organisation: Organisation) -> Standard:
        """The standard that `organisation` follows (loading has checked that it is there)."""
        return self.standards[organisation.standard]

    def ranges_of(self, organisation: Organisation) -> Ranges:
        """The set of number ranges in force for `organisation`."""
        return self.standard_of(organisation).address_plan.ranges[self.ranges]

    def gemeente(self, slug: str) -> Gemeente:
        """The gemeente with that slug; raise NotInEstate with the nearest slug."""
        try:
            return self.by_slug[slug]
        except KeyError:
            raise NotInEstate(
                f"no gemeente '{slug}' in the estate{nearest(slug, self.by_slug)}",
                hint="`ggi estate show` lists the gemeenten",
            ) from None

    def placed(self, name: str) -> Placed:
        """The device with that name; raise NotInEstate with the nearest name."""
        try:
            return self.devices[name]
        except KeyError:
            raise NotInEstate(
                f"no device '{name}' in the estate{nearest(name, self.devices)}",
                hint="`ggi estate show GEMEENTE` lists its devices",
            ) from None

    def select(self, *, gemeente: Iterable[str] = (), device: Iterable[str] = ()) -> list[Placed]:
        """The devices of the named organisations and the named devices; all when none are named.

        Raises NotInEstate for a name that is not there and EstateEmpty when there is nothing to select from.
        """
        if not self.devices:
            raise EstateEmpty(f"the estate '{self.name}' has no devices", hint="add a gemeente with `ggi onboard plan`")
        slugs, names = list(gemeente), list(device)
        if not slugs and not names:
            return list(self.devices.values())
        chosen: dict[str, Placed] = {}
        for slug in slugs:
            organisation = self.federation if slug == self.federation.slug else self.gemeente(slug)
            chosen.update((d.name, self.devices[d.name]) for d in organisation.devices)
        chosen.update((name, self.placed(name)) for name in names)
        return list(chosen.values())
