"""The overview: how govroam is doing, in figures and charts. There is no person in it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from anyio import to_thread
from litestar import Request, Response, get
from litestar.di import NamedDependency  # noqa: TC002  litestar reads the annotations
from markupsafe import Markup

from ggi_net.authlog.helpdesk import Count
from ggi_net.authlog.login import Outcome
from ggi_net.authlog.moments import NETHERLANDS
from ggi_net.authlog.question import Question
from ggi_net.model.types import Record
from ggi_net.source.gemeenten import listed_gemeenten, slug_of
from ggi_net.web import charts
from ggi_net.web.pages.period import CHOICES, known, whole_days
from ggi_net.web.pages.room import Room, html
from ggi_net.web.visit import LOOKERS, Visit, only
from ggi_net.web.words import Both, number, percent

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ggi_net.authlog.places import Places

REASON = "overzicht"
"""Why figures are looked at: there is nobody in them whom a ticket could be about."""
HOURLY = ("vandaag", "2d")
"""Periods whose trend is by the hour; that of longer ones is by the day."""
_TOP = 10
_WIDEST = 25
"""Gemeenten in a row and in a column of the heat map."""


class Figure(Record, frozen=True):
    """One large number and what it counts."""

    value: str
    words: Both


class Ranked(Record, frozen=True, kw_only=True):
    """A row of a ranking: of a cause in words, or of a site. `share` is the length of its bar, from 0 to 100."""

    words: Both = Both("", "")
    name: str = ""
    count: str
    share: int
    rate: str = ""


class Bar(Record, frozen=True, kw_only=True):
    """A row of the trend's table."""

    label: str
    accepted: str
    rejected: str
    unfinished: str


class Rate(Record, frozen=True, kw_only=True):
    """A gemeente, and how many logins of its people succeeded."""

    name: str
    count: str
    rate: str


class Roaming(Record, frozen=True, kw_only=True):
    """How often people of one gemeente were at another."""

    home: str
    visited: str
    count: str


class Colour(Record, frozen=True):
    """What a colour of the map means."""

    colour: str
    words: str


LEGEND = (
    Colour(charts.BEST, "95% of meer"), Colour(charts.GOOD, "90 tot 95%"), Colour(charts.FAIR, "80 tot 90%"),
    Colour(charts.POOR, "minder dan 80%"), Colour(charts.NO_DATA, "geen pogingen"),
)  # fmt: skip


class View(Record, frozen=True, kw_only=True):
    """The page."""

    period: str
    periods: tuple[tuple[str, Both], ...] = CHOICES
    figures: tuple[Figure, ...]
    trend: str
    bars: tuple[Bar, ...]
    causes: tuple[Ranked, ...]
    sites: tuple[Ranked, ...]
    map: str
    rates: tuple[Rate, ...]
    legend: tuple[Colour, ...] = LEGEND
    heat_map: str
    visits: tuple[Roaming, ...]
    table_title: Both = Both("Dezelfde cijfers in een tabel", "The same figures in a table")
    trend_title: Both
    map_title: Both = Both(
        "Hoeveel pogingen lukken, per gemeente van de gebruiker", "Success rate by the user's gemeente"
    )
    visits_title: Both = Both(
        "Pogingen bij een andere gemeente dan de eigen", "Attempts at another gemeente than the own one"
    )


class Counts(Record, frozen=True, kw_only=True):
    """What the page is made of: by moment and outcome, by home and visited, by cause, by visited and site."""

    moments: tuple[Count, ...]
    roaming: tuple[Count, ...]
    causes: tuple[Count, ...]
    sites: tuple[Count, ...]


@get("/overzicht", opt=only(*LOOKERS), include_in_schema=False)
async def overview(
    request: Request[Any, Any, Any], visit: NamedDependency[Visit], room: NamedDependency[Room]
) -> Response[str]:
    """The figures of a period; there is nothing of a person in the address."""
    period = known(str(request.query_params.get("sinds", "")))
    return await to_thread.run_sync(_shown, visit, room, period)


def _shown(visit: Visit, room: Room, period: str) -> Response[str]:
    question = Question(since=whole_days(period, room.now()))

    def by(*groups: str) -> tuple[Count, ...]:
        return tuple(room.helpdesk.stats(visit.viewer, question, groups, REASON, where=visit.where))

    counts = Counts(
        moments=by("hour" if period in HOURLY else "day", "outcome"),
        roaming=by("home", "visited"),
        causes=by("cause"),
        sites=by("visited", "site"),
    )
    shown = view(period, counts, room.places, room.titles)
    return html("overview", visit, "/overzicht", view=shown, outages=room.banner.said(visit))


def view(period: str, counts: Counts, places: Places, titles: Mapping[str, Both]) -> View:
    """The page of those counts; `titles` are the causes in words."""
    hours = period in HOURLY
    moments = _moments(counts.moments)
    roaming = [count for count in counts.roaming if count.by[0] and count.by[1] and count.by[0] != count.by[1]]
    rates = _rates(counts.roaming)
    return View(
        period=period,
        figures=_figures(moments),
        trend=charts.trend(tuple(moments), hours=hours) if moments else Markup(""),
        bars=tuple(_bar(moment, hours=hours) for moment in moments),
        trend_title=Both("Pogingen per uur", "Attempts by the hour")
        if hours
        else Both("Pogingen per dag", "Attempts by the day"),
        causes=_causes(counts.causes, titles),
        sites=_sites(counts.sites, places),
        map=charts.success_map(_coloured(rates, places)) if rates else Markup(""),
        rates=tuple(_rate(slug, logins, accepted, places) for slug, (logins, accepted) in rates.items()),
        heat_map=charts.heat_map(_cells(roaming, places)) if roaming else Markup(""),
        visits=tuple(_roamed(count, places) for count in roaming[: _WIDEST * 4]),
    )


def _moments(counts: Iterable[Count]) -> list[charts.Bar]:
    found: dict[str, Counter[str]] = {}
    for count in counts:
        moment, outcome = count.by
        found.setdefault(moment, Counter())[outcome] += count.logins
    return [
        charts.Bar(_local(moment), *(of[outcome] for outcome in (Outcome.ACCEPT, Outcome.REJECT, Outcome.UNFINISHED)))
        for moment, of in sorted(found.items())
    ]


def _local(moment: str) -> datetime:
    """A day of the Netherlands (2026-11-23), or an hour in UTC with its offset, on Dutch clocks and without offset."""
    when = datetime.fromisoformat(moment)
    return when.astimezone(NETHERLANDS).replace(tzinfo=None) if when.tzinfo else when


def _bar(bar: charts.Bar, *, hours: bool) -> Bar:
    return Bar(
        label=f"{bar.begin:%d-%m %H:%M}" if hours else f"{bar.begin:%d-%m-%Y}",
        accepted=number(bar.accepted),
        rejected=number(bar.rejected),
        unfinished=number(bar.unfinished),
    )


def _figures(bars: Sequence[charts.Bar]) -> tuple[Figure, ...]:
    accepted, rejected, unfinished = (
        sum(getattr(bar, name) for bar in bars) for name in ("accepted", "rejected", "unfinished")
    )
    total = accepted + rejected + unfinished
    return (
        Figure(number(total), Both("pogingen", "attempts")),
        Figure(percent(accepted / total) if total else "-", Both("gelukt", "succeeded")),
        Figure(number(rejected), Both("geweigerd", "refused")),
        Figure(number(unfinished), Both("niet afgemaakt", "not finished")),
    )


def _causes(counts: Iterable[Count], titles: Mapping[str, Both]) -> tuple[Ranked, ...]:
    """Failures by cause; a cause that the catalogue no longer has is called by its id."""
    failed = [(count.by[0], count.logins - count.accepted) for count in counts if count.logins > count.accepted]
    top = sorted(failed, key=lambda pair: -pair[1])[:_TOP]
    unknown = Both("Oorzaak niet bekend", "Cause not known")
    return tuple(
        Ranked(
            words=titles.get(cause, Both(cause, cause)) if cause else unknown,
            count=number(failures),
            share=_share(failures, top[0][1]),
        )
        for cause, failures in top
    )


def _sites(counts: Sequence[Count], places: Places) -> tuple[Ranked, ...]:
    top = [count for count in counts if count.by[0]][:_TOP]
    return tuple(
        Ranked(
            name=", ".join(part for part in (places.name(count.by[0]), places.site_name(*count.by)) if part),
            count=number(count.logins),
            share=_share(count.logins, top[0].logins),
            rate=percent(count.accepted / count.logins),
        )
        for count in top
    )


def _rates(counts: Iterable[Count]) -> dict[str, tuple[int, int]]:
    """Logins and successes by home, the most first."""
    logins: Counter[str] = Counter()
    accepted: Counter[str] = Counter()
    for count in counts:
        if home := count.by[0]:
            logins[home] += count.logins
            accepted[home] += count.accepted
    return {home: (total, accepted[home]) for home, total in logins.most_common()}


def _rate(slug: str, logins: int, accepted: int, places: Places) -> Rate:
    return Rate(name=places.name(slug), count=number(logins), rate=percent(accepted / logins))


def _coloured(rates: dict[str, tuple[int, int]], places: Places) -> tuple[charts.Rate, ...]:
    return tuple(
        charts.Rate(code, round(accepted / logins, 3))
        for slug, (logins, accepted) in sorted(rates.items())
        if (code := _codes().get(places.name(slug)) or _codes().get(slug))
    )


@cache
def _codes() -> dict[str, str]:
    """The CBS code of each gemeente by name, and by slug where no other one has that: Bergen is in two provinces."""
    listed = listed_gemeenten().items()
    often = Counter(slug_of(one.name) for _, one in listed)
    slugs = {slug: code for code, one in listed if often[slug := slug_of(one.name)] == 1}
    return slugs | {one.name: code for code, one in listed}


def _cells(counts: Sequence[Count], places: Places) -> tuple[charts.Visits, ...]:
    """The cells of the heat map, of the gemeenten with the most."""
    by_home: Counter[str] = Counter()
    by_visited: Counter[str] = Counter()
    for count in counts:
        by_home[count.by[0]] += count.logins
        by_visited[count.by[1]] += count.logins
    homes = {slug for slug, _ in by_home.most_common(_WIDEST)}
    visited = {slug for slug, _ in by_visited.most_common(_WIDEST)}
    return tuple(
        charts.Visits(places.name(count.by[0]), places.name(count.by[1]), count.logins)
        for count in counts
        if count.by[0] in homes and count.by[1] in visited
    )


def _roamed(count: Count, places: Places) -> Roaming:
    return Roaming(home=places.name(count.by[0]), visited=places.name(count.by[1]), count=number(count.logins))


def _share(part: int, whole: int) -> int:
    return max(1, round(100 * part / whole)) if whole else 0
