"""The onboarding spec: what an engineer writes down of a new gemeente, and nothing that the standard can derive."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import yaml
from msgspec import Meta

from ggi_net.errors import Place, SpecError, nearest
from ggi_net.files import read_bytes
from ggi_net.model.gemeente import Govroam
from ggi_net.model.network import LineKind
from ggi_net.model.types import (
    Address,
    CbsCode,
    DomainName,
    Host,
    HostName,
    PlatformName,
    PortName,
    Record,
    Slug,
    Text,
    VersionName,
    VlanId,
)
from ggi_net.source.gemeenten import listed_gemeenten, slug_of
from ggi_net.source.yamlfile import convert, locate, parse, printable

if TYPE_CHECKING:
    from pathlib import Path

NAME_LIMIT = 36
"""Slug of the gemeente and of the site together: link names and secret references are made of both."""


class Size(StrEnum):
    """How many people work at a site, roughly: up to 50, up to 200, more. Decides the IPv4 prefix lengths."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


class Internet(Record, frozen=True, kw_only=True):
    """What the provider of an untrusted line gave: our addresses with their length, and its routers."""

    addresses: Annotated[tuple[Address, ...], Meta(min_length=1)]
    gateways: Annotated[tuple[Host, ...], Meta(min_length=1)]


class Gateway(Record, frozen=True, kw_only=True):
    """A gateway (CE) at a site, with its access line.

    `platform` overrides the option `ce.platform`; `uplink` and `lan` override the platform's usual interfaces.
    """

    line: LineKind = LineKind.TRUSTED
    provider: Text = ""
    reference: Text = ""
    internet: Internet | None = None
    platform: PlatformName | None = None
    serial: Annotated[
        str,
        Meta(pattern=r"^[A-Za-z0-9-]{0,40}\Z", description="a serial number: at most 40 letters, digits and hyphens"),
    ] = ""
    uplink: PortName | None = None
    lan: PortName | None = None


class SiteSpec(Record, frozen=True, kw_only=True):
    """A building. Only the main site has two gateways, and the RADIUS servers."""

    slug: Slug
    name: Text
    size: Size
    main: bool = False
    address: Text = ""
    city: Text = ""
    gateways: Annotated[tuple[Gateway, ...], Meta(min_length=1, max_length=2)]
    radius_servers: Annotated[int, Meta(ge=0, le=4)] = 0
    reserved_vlans: tuple[VlanId, ...] = ()


class Removal(Record, frozen=True, kw_only=True):
    """What a changed spec takes away. Leaving something out of the spec never removes it."""

    sites: tuple[Slug, ...] = ()
    devices: tuple[HostName, ...] = ()
    options: tuple[str, ...] = ()


class Spec(Record, frozen=True, kw_only=True):
    """An onboarding spec.

    What may be left out: `name` and `province` come from the CBS list, `slug` from the name; `standard` is the
    gemeente's present one, or the federation's; `cores` are those that other gemeenten of the province are on.
    """

    code: CbsCode
    domain: DomainName
    sites: Annotated[tuple[SiteSpec, ...], Meta(min_length=1)]
    name: Text = ""
    province: Text = ""
    slug: Slug = ""
    standard: VersionName | None = None
    govroam: Govroam = Govroam()
    options: dict[str, Any] = msgspec.field(default_factory=dict)
    cores: Annotated[tuple[HostName, ...], Meta(max_length=2)] = ()
    remove: Removal = Removal()


@dataclass(frozen=True)
class SpecFile:
    """A spec with the file that it came from, so that an error can name the line."""

    spec: Spec
    path: Path
    content: bytes

    def place(self, steps: str = "$", key: str | None = None) -> Place:
        """The place of the value at `steps`, or of `key` there."""
        return locate(self.path, self.content, steps, key)

    def place_of_mention(self, message: str) -> Place:
        """The place of the first address, serial number or other value with a digit in it that `message` names.

        That of the spec when there is none.
        """
        words = {word for word in re.findall(r"[^\s(),]+", message) if re.search(r"\d", word)}
        for token in yaml.scan(self.content, Loader=yaml.CSafeLoader):
            if isinstance(token, yaml.ScalarToken) and token.value.partition("/")[0] in words:
                return Place(str(self.path), token.start_mark.line + 1, token.start_mark.column + 1)
        return self.place()


def load_spec(path: Path) -> SpecFile:
    """Read the spec in `path` and complete it from the CBS list.

    Raises FileError, UnknownKey, WrongValue, or SpecError for what can be wrong in a spec by itself.
    """
    return read_spec(read_bytes(path), path)


def read_spec(content: bytes, path: Path) -> SpecFile:
    """As `load_spec`, of what `path` holds, or will hold: YAML, or JSON by its suffix."""
    found = SpecFile(convert(parse(content, path), Spec, path, content), path, content)
    return replace(found, spec=_completed(found))


def _completed(found: SpecFile) -> Spec:
    spec = found.spec
    known = listed_gemeenten()
    listed = known.get(spec.code)
    if listed is None:
        by_name = {row.name: row for row in known.values()}
        likely = by_name.get(spec.name)
        raise SpecError(
            f"CBS code '{spec.code}' is not on the list of gemeenten",
            place=found.place("$.code"),
            hint=f"{likely.name} is {likely.code}" if likely else "inventory/reference/gemeenten-2023.csv lists them",
        )
    name = spec.name or listed.name
    if slug_of(name) != slug_of(listed.name):
        raise SpecError(
            f"CBS code {spec.code} is {listed.name}, not '{printable(name)}'{nearest(name, [listed.name])}",
            place=found.place("$.name"),
            hint="correct the code or the name; leave the name out to take the list's",
        )
    if spec.province and spec.province != listed.province:
        raise SpecError(
            f"{listed.name} lies in {listed.province}, not in '{printable(spec.province)}'",
            place=found.place("$.province"),
            hint="leave the province out to take the list's",
        )
    complete = msgspec.structs.replace(
        spec, name=name, province=listed.province, slug=spec.slug or slug_of(listed.name)
    )
    _check_sites(replace(found, spec=complete))
    return complete


def _check_sites(found: SpecFile) -> None:
    spec = found.spec
    mains = [site.slug for site in spec.sites if site.main]
    if len(mains) != 1:
        count = f"{len(mains)} main sites ({', '.join(mains)})" if mains else "no main site"
        raise SpecError(
            f"the spec has {count}; it takes exactly one",
            place=found.place("$.sites"),
            hint="say `main: true` at the site where the gateways and RADIUS servers stand",
        )
    seen: set[str] = set()
    for index, site in enumerate(spec.sites):
        at = f"$.sites[{index}]"
        if site.slug in seen:
            raise SpecError(f"site '{site.slug}' stands here twice", place=found.place(f"{at}.slug"), hint="rename one")
        seen.add(site.slug)
        if len(spec.slug) + len(site.slug) > NAME_LIMIT:
            raise SpecError(
                f"'{spec.slug}' and '{site.slug}' together are longer than {NAME_LIMIT} characters",
                place=found.place(f"{at}.slug"),
                hint="shorten the site's slug: device and link names are made of both",
            )
        _check_site(found, site, at)
    both = sorted(seen.intersection(spec.remove.sites))
    if both:
        raise SpecError(
            f"site '{both[0]}' is described and removed", place=found.place("$.remove.sites"), hint="do one of the two"
        )
    _check_radius(found)


def _check_site(found: SpecFile, site: SiteSpec, at: str) -> None:
    if not site.main and len(site.gateways) > 1:
        raise SpecError(
            f"site '{site.slug}' has {len(site.gateways)} gateways; only the main site has two",
            place=found.place(f"{at}.gateways[1]"),
            hint="remove one, or make this the main site",
        )
    if not site.main and site.radius_servers:
        raise SpecError(
            f"site '{site.slug}' has RADIUS servers; they stand at the main site",
            place=found.place(f"{at}.radius_servers"),
            hint="move them to the main site",
        )
    for number, gateway in enumerate(site.gateways):
        spot = f"{at}.gateways[{number}]"
        if gateway.line is LineKind.UNTRUSTED and gateway.internet is None:
            raise SpecError(
                f"the untrusted line of site '{site.slug}' has no internet addresses",
                place=found.place(spot),
                hint="add `internet: {addresses: [...], gateways: [...]}` as the provider gave them",
            )
        if gateway.line is LineKind.TRUSTED and gateway.internet is not None:
            raise SpecError(
                f"the trusted line of site '{site.slug}' has internet addresses",
                place=found.place(spot, "internet"),
                hint="say `line: untrusted`, or remove `internet`",
            )


def _check_radius(found: SpecFile) -> None:
    spec = found.spec
    servers = sum(site.radius_servers for site in spec.sites)
    part = spec.govroam
    if part.roles and not servers:
        raise SpecError(
            f"the gemeente is {' and '.join(role.label for role in part.roles)} in govroam but has no RADIUS server",
            place=found.place("$.govroam", "roles"),
            hint="say `radius_servers: 1` or 2 at the main site",
        )
    if servers and not part.roles:
        raise SpecError(
            "the gemeente has RADIUS servers but no part in govroam",
            place=found.place("$", "sites"),
            hint="add `govroam: {roles: [sp]}`, or say `radius_servers: 0`",
        )
    home = "idp" in part.roles
    if home and not part.realms:
        raise SpecError(
            "the gemeente is IdP but has no realms",
            place=found.place("$.govroam", "roles"),
            hint=f"add `realms: [{spec.domain}]`",
        )
    if part.realms and not home and part.idp is None:
        raise SpecError(
            "the gemeente has realms but nobody answers for them",
            place=found.place("$.govroam", "realms"),
            hint="add `idp` to its roles, or name the gemeente that answers: `idp: <slug>`",
        )
    if home and part.idp not in (None, spec.slug):
        raise SpecError(
            f"the gemeente is IdP itself, and yet '{part.idp}' is to answer for its realms",
            place=found.place("$.govroam.idp"),
            hint="remove `idp` from the roles, or the line `idp: ...`",
        )


def spec_schema() -> dict[str, Any]:
    """The JSON Schema of a spec, for editors."""
    schema = msgspec.json.schema(Spec)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "GGI onboarding spec", **schema}
