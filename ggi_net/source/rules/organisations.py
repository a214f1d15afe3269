"""Who is who: codes, domains, ASNs, and the parts in govroam."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ggi_net.errors import nearest
from ggi_net.model.gemeente import GovroamRole
from ggi_net.source.rules.base import Raw, Spot, twice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ggi_net.model.gemeente import Gemeente
    from ggi_net.model.network import Site
    from ggi_net.source.rules.base import Facts


def identity_twice(facts: Facts) -> Iterator[Raw]:
    """A slug, CBS code or domain twice."""
    gemeenten = facts.estate.gemeenten
    everyone = list(facts.estate.organisations())
    slugs = [(o.slug, Spot(o.slug, "$.slug"), o.name) for o in everyone]
    codes = [(g.code, Spot(g.slug, "$.code"), g.slug) for g in gemeenten]
    domains = [(o.domain, Spot(o.slug, "$.domain"), o.slug) for o in everyone]
    yield from twice("GGI1330", "slug", slugs, "remove one of the two files, or rename the gemeente")
    yield from twice("GGI1330", "CBS code", codes, "correct one of the two")
    yield from twice("GGI1330", "domain", domains, "correct one of the two")


def asn(facts: Facts) -> Iterator[Raw]:
    """An ASN twice, or outside the standard's range."""
    numbers = [(str(o.asn), Spot(o.slug, "$.asn"), o.slug) for o in facts.estate.organisations()]
    yield from twice("GGI1325", "ASN", numbers, "give one of the two another ASN")
    for gemeente in facts.estate.gemeenten:
        span = facts.estate.ranges_of(gemeente).asn
        if not span.first <= gemeente.asn <= span.last:
            message = f"ASN {gemeente.asn} of {gemeente.slug} lies outside the plan"
            hint = f"the range is {span.first} to {span.last}"
            yield Raw("GGI1325", message, Spot(gemeente.slug, "$.asn"), hint)


def realm_twice(facts: Facts) -> Iterator[Raw]:
    """A realm claimed twice."""
    realms = [
        (realm, Spot(gemeente.slug, f"$.govroam.realms[{n}]"), gemeente.slug)
        for gemeente in facts.estate.gemeenten
        for n, realm in enumerate(gemeente.govroam.realms)
    ]
    yield from twice("GGI1323", "realm", realms, "a realm belongs to one gemeente")


def home_organisation(facts: Facts) -> Iterator[Raw]:
    """Realms that nobody answers for: an IdP that is not there, is no IdP, or has no RADIUS server."""
    estate = facts.estate
    for gemeente in estate.gemeenten:
        part = gemeente.govroam
        if GovroamRole.IDP in part.roles and not part.realms:
            message = f"{gemeente.slug} is IdP but has no realms"
            yield Raw("GGI1324", message, Spot(gemeente.slug, "$.govroam", "roles"), "add its realms")
        if GovroamRole.SP in part.roles and not estate.radius_servers.get(gemeente.slug):
            message = f"{gemeente.slug} is SP but has no RADIUS server"
            yield Raw("GGI1324", message, Spot(gemeente.slug, "$.govroam", "roles"), "add one at its main site")
        if not part.roles and estate.radius_servers.get(gemeente.slug):
            message = f"{gemeente.slug} has a RADIUS server but no part in govroam"
            yield Raw("GGI1324", message, Spot(gemeente.slug, "$", "govroam"), "give it a role, or remove the server")
        if GovroamRole.SP in part.roles and not any(_has_visitors(site) for site in gemeente.sites):
            message = f"{gemeente.slug} is SP, but no site has both a govroam and a mgmt VLAN"
            yield Raw(
                "GGI1324", message, Spot(gemeente.slug, "$.govroam", "roles"), "add the VLANs, or remove the role"
            )
        if part.realms:
            yield from _answering(facts, gemeente)


def _has_visitors(site: Site) -> bool:
    """Whether a site has a VLAN for visitors, and one for the access points that they log in through."""
    return {"govroam", "mgmt"} <= {vlan.zone for vlan in site.vlans}


def _answering(facts: Facts, gemeente: Gemeente) -> Iterator[Raw]:
    estate, named = facts.estate, gemeente.govroam.idp
    if named in facts.unread:
        return
    home = estate.by_slug.get(named) if named else gemeente
    spot = Spot(gemeente.slug, "$.govroam", "idp" if named else "realms")
    if home is None:
        near = nearest(named or "", estate.by_slug)
        message = f"no gemeente '{named}' to answer for the realms of {gemeente.slug}{near}"
        yield Raw("GGI1324", message, spot, "name a gemeente of the estate")
    elif GovroamRole.IDP not in home.govroam.roles:
        message = f"{home.slug} is no IdP, but answers for the realms of {gemeente.slug}"
        yield Raw("GGI1324", message, spot, f"give {home.slug} the role idp, or name another gemeente")
    elif not estate.radius_servers.get(home.slug):
        message = f"{home.slug} answers for the realms of {gemeente.slug} but has no RADIUS server"
        yield Raw("GGI1324", message, spot, f"add a RADIUS server at the main site of {home.slug}")


RULES = (identity_twice, asn, realm_twice, home_organisation)
