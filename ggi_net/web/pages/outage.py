"""The banner of an outage: where most logins of the last hours fail, by home, by visited gemeente, or everywhere.

It is counted from what the viewer may see, without what is one person's trouble: an old password that is tried all day
is no outage, and must not hide one. What many logins around one of them say together is `authlog/patterns.py`.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ggi_net.web.words import Both, number

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ggi_net.authlog.causes.catalogue import Catalogue
    from ggi_net.authlog.helpdesk import Count
    from ggi_net.authlog.places import Places

FEWEST = 20
"""Failed logins without which nothing is called an outage: one device can make a dozen by itself."""
HALF = 0.5
_MANY_HOMES = 4
"""Homes that fail at once when it is none of them."""
BY = ("home", "visited", "cause")
"""What the counts must be of, in this order."""


def outages(counts: Iterable[Count], catalogue: Catalogue, places: Places) -> tuple[Both, ...]:
    """What to say, the largest first; nothing when all is well."""
    given = [count for count in counts if not (count.by[2] in catalogue and catalogue[count.by[2]].personal)]
    by_home = _failing(given, 0)
    if len(by_home) >= _MANY_HOMES:
        return (_said(Both("van alle gemeenten samen", "of all gemeenten together"), given, catalogue),)
    said = [(of, _people(places.name(slug))) for slug, of in by_home.items()]
    # Where the failures are people's of a gemeente that fails everywhere, the place is not to blame.
    others = [count for count in given if count.by[0] not in by_home]
    said += [
        (of, _at_sites(places.name(slug), others=len(others) < len(given))) for slug, of in _failing(others, 1).items()
    ]
    said.sort(key=lambda pair: -_sum(pair[0]))
    return tuple(_said(who, of, catalogue) for of, who in said)


def _failing(counts: Iterable[Count], at: int) -> dict[str, list[Count]]:
    """The counts of each gemeente (at that position) where enough logins fail, and at least half."""
    groups: dict[str, list[Count]] = {}
    for count in counts:
        if count.by[at]:
            groups.setdefault(count.by[at], []).append(count)
    return {slug: of for slug, of in groups.items() if _failed(of) >= FEWEST and _failed(of) >= HALF * _sum(of)}


def _said(who: Both, counts: list[Count], catalogue: Catalogue) -> Both:
    causes: Counter[str] = Counter()
    for count in counts:
        causes[count.by[2]] += count.logins - count.accepted
    cause, times = causes.most_common(1)[0]
    failed, total = number(_failed(counts)), number(_sum(counts))
    nl = f"Storing? In dit uur en het vorige mislukten {failed} van de {total} pogingen {who.nl}."
    en = f"An outage? In this hour and the one before, {failed} of {total} attempts {who.en} failed."
    if cause in catalogue and times >= HALF * _failed(counts):
        known = catalogue[cause]
        nl, en = f"{nl} Meestal: {known.nl.title}.", f"{en} Mostly: {known.en.title}."
    return Both(nl, en)


def _people(name: str) -> Both:
    return Both(f"van mensen van {name}", f"of people of {name}")


def _at_sites(name: str, *, others: bool) -> Both:
    """Who is at the sites of a gemeente; only `others` than those whose own gemeente fails."""
    place = Both(f"op locaties van {name}", f"at sites of {name}")
    return Both(f"van anderen {place.nl}", f"of others {place.en}") if others else place


def _sum(counts: list[Count]) -> int:
    return sum(count.logins for count in counts)


def _failed(counts: list[Count]) -> int:
    return sum(count.logins - count.accepted for count in counts)
