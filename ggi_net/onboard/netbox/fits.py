"""Whether NetBox can hold an estate as it is: lengths, what must be there once, what NetBox strips or rewrites."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ggi_net.errors import DoesNotFit
from ggi_net.model.allocate import parsed, usual
from ggi_net.model.network import PortKind
from ggi_net.onboard.netbox.objects import provider_slug
from ggi_net.source.netbox.contract import NO_PROVIDER
from ggi_net.source.yamlfile import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ggi_net.model.gemeente import Organisation
    from ggi_net.model.network import Device, Link, Site
    from ggi_net.onboard.netbox.objects import Ref, Wanted

NAME = 100
"""Characters that NetBox takes in the name or slug of a tenant, a site or a provider."""

_LINK_HOSTS = 1
_SHOWN = 20


def check_fits(organisations: Iterable[Organisation]) -> None:
    """Raise DoesNotFit with everything that NetBox can't hold, or would change, of `organisations`; else return."""
    chosen = list(organisations)
    problems = [f"{one.slug}: {problem}" for one in chosen for problem in _organisation(one)]
    problems += _between(chosen)
    if problems:
        more = [f"and {len(problems) - _SHOWN} more"] if len(problems) > _SHOWN else []
        raise DoesNotFit("\n  - ".join(["NetBox can't hold this estate as it is:", *problems[:_SHOWN], *more]))


def distinct(wanted: Iterable[Wanted]) -> list[Wanted]:
    """`wanted` with each object once; raise DoesNotFit when two of the same key differ: the second would be lost."""
    found: dict[Ref, Wanted] = {}
    twice: dict[str, None] = {}
    for one in wanted:
        first = found.setdefault(one.ref, one)
        if first.fields != one.fields or first.late != one.late:
            twice[f"{one.ref.kind.replace('_', ' ')} '{', '.join(one.ref.key)}'"] = None
    if twice:
        raise DoesNotFit(
            "\n  - ".join(["the estate has these twice, each time as something else:", *list(twice)[:_SHOWN]]),
            hint="`ggi estate validate` says where",
        )
    return list(found.values())


def _organisation(one: Organisation) -> Iterator[str]:
    yield from _text("its name", one.name, NAME)
    for prefix in (block.prefix for block in getattr(one, "blocks", ())):
        yield from _canonical("block", prefix)
    names = Counter(site.name for site in one.sites)
    yield from (f"{number} sites are called '{printable(name)}'" for name, number in names.items() if number > 1)
    for site in one.sites:
        yield from (f"site {site.slug}: {problem}" for problem in _site(one, site))
        for device in site.devices:
            yield from (f"device {device.name}: {problem}" for problem in _device(device))
    for link in one.links:
        yield from (f"link {link.name}: {problem}" for problem in _link(link))


def _site(one: Organisation, site: Site) -> Iterator[str]:
    yield from _text("its name, after that of the organisation,", f"{one.name} – {site.name}", NAME)
    if len(f"{one.slug}-{site.slug}") > NAME:
        yield f"its slug, after that of the organisation, is longer than {NAME} characters"
    yield from _text("its address", site.address)
    yield from _text("its city", site.city)
    names = Counter(vlan.name for vlan in site.vlans)
    yield from (f"{number} VLANs are called '{name}'" for name, number in names.items() if number > 1)
    for vlan in site.vlans:
        yield from _text(f"the description of VLAN {vlan.vid}", vlan.description)
        for prefix in vlan.prefixes:
            yield from _canonical(f"VLAN {vlan.vid}", prefix)


def _device(device: Device) -> Iterator[str]:
    yield from _text("its description", device.description)
    families = [":" in address for address in device.management]
    if families != sorted(set(families), reverse=True):
        yield "its management addresses must be one of IPv6, one of IPv4, or both in that order: NetBox holds no others"
    for address in device.management:
        yield from _canonical("management", address)
    for port in device.ports:
        yield from _text(f"the description of {port.name}", port.description)
        if port.kind is not PortKind.INTERNET and (port.addresses or port.gateways):
            yield f"port {port.name} has addresses, which only an internet port can have"
        for address in port.addresses:
            yield from _canonical(port.name, address)


def _link(link: Link) -> Iterator[str]:
    yield from _text("its description", link.description)
    yield from _text("its provider", link.line.provider, NAME)
    yield from _text("its reference", link.line.reference)
    if link.line.provider == NO_PROVIDER:
        yield f"'{NO_PROVIDER}' stands in NetBox for a line without provider; leave the provider out"
    if not link.vrfs:
        yield "it carries no VRF, and NetBox has a link's ends by what it carries"
    for vrf, carried in link.vrfs.items():
        for prefix in carried.prefixes:
            yield from _canonical(vrf, prefix)
            if parsed(prefix)[2] != _LINK_HOSTS:
                yield f"{vrf}: {prefix} is not a /31 or /127"


def _between(chosen: list[Organisation]) -> Iterator[str]:
    """What is wrong between organisations: names and slugs that NetBox wants once."""
    names = Counter(one.name for one in chosen)
    yield from (f"{number} gemeenten are called '{printable(name)}'" for name, number in names.items() if number > 1)
    providers: dict[str, set[str]] = {}
    for one in chosen:
        for link in one.links:
            name = link.line.provider or NO_PROVIDER
            providers.setdefault(provider_slug(name), set()).add(name)
    for found in _several(providers):
        yield f"the providers {found} get the same slug; write one of them otherwise"


def _several(groups: Mapping[str, set[str]]) -> Iterator[str]:
    for names in groups.values():
        if len(names) > 1:
            yield " and ".join(f"'{printable(name)}'" for name in sorted(names))


def _text(what: str, text: str, limit: int | None = None) -> Iterator[str]:
    if text != text.strip():
        yield f"{what} begins or ends with white space, which NetBox removes: '{printable(text)}'"
    if limit is not None and len(text) > limit:
        yield f"{what} is {len(text)} characters long, and NetBox takes {limit}: '{printable(text)}'"
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        yield f"{what} holds half a character (a lone surrogate): '{printable(text)}'"


def _canonical(what: str, prefix: str) -> Iterator[str]:
    """NetBox writes addresses in the form of RFC 5952, so another form would come back otherwise."""
    try:
        written = usual(prefix)
    except ValueError:
        yield f"{what}: '{prefix}' is no address"
        return
    if written != prefix:
        yield f"{what}: write {prefix} as {written}"
