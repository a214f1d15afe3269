"""What happened to a login, told in words: a title, a summary, a step for each hop, what is missing, what to ask next.

The command line and the page show this one record.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from ggi_net.authlog.causes.cause import Cause, Owner
from ggi_net.authlog.line import Hop, Kind
from ggi_net.authlog.login import Outcome
from ggi_net.authlog.logins.steps import Status, Step, Way, capital
from ggi_net.authlog.places import Places
from ggi_net.authlog.words import HOPS, Both, clock, day, inert, span_of
from ggi_net.model.types import Record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ggi_net.authlog.causes.catalogue import Catalogue
    from ggi_net.authlog.line import Line
    from ggi_net.authlog.login import Login

__all__ = ["Status", "Step", "Story", "story"]


class Story(Record, frozen=True, kw_only=True):
    """A login in words.

    `owner` is who must act, `advice` what to do, `ask` what the helpdesk asks next; none where no cause is known.
    Nothing in it can steer a terminal; it is not escaped for HTML.
    """

    id: str
    title: Both
    summary: tuple[Both, ...]
    steps: tuple[Step, ...]
    missing: tuple[Both, ...] = ()
    owner: Owner | None = None
    advice: tuple[Both, ...] = ()
    ask: Both | None = None


CLOCK = timedelta(seconds=30)
"""How far answers to one attempt are apart when clocks differ; proxies and access points wait less."""
_SUCCESS = Both("Het inloggen is gelukt.", "The login succeeded.")
_NO_CAUSE = Both("De oorzaak staat niet in de logs die hier zijn.", "The cause is not in the logs that are here.")


def story(login: Login, catalogue: Catalogue, places: Places | None = None) -> Story:
    """Tell a login; `places` has the names of gemeenten and sites, and tells hops where lines don't.

    A login without its lines, as a search gives it, has a shorter story.
    """
    where = places or Places()
    way = Way(login, where)
    cause = catalogue[login.cause] if login.cause and login.outcome is not Outcome.ACCEPT else None
    title = _SUCCESS
    summary = [_begin(login, where), *_repeats(login), _end(login, way)]
    if cause is not None:
        title = Both(cause.nl.title, cause.en.title)
        summary.append(Both(cause.nl.explanation, cause.en.explanation))
    elif login.outcome is not Outcome.ACCEPT:
        title = _NO_CAUSE
        summary += [_NO_CAUSE, *_seen(login)]
    summary += _clocks(login.lines)
    return Story(
        id=login.id,
        title=title,
        summary=tuple(summary),
        steps=way.steps(),
        missing=tuple(_missing(hop, login, where) for hop in login.missing),
        owner=cause.owner if cause is not None else None,
        advice=_advice(cause) if cause is not None else (),
        ask=Both(cause.nl.ask, cause.en.ask) if cause is not None else None,
    )


def _advice(cause: Cause) -> tuple[Both, ...]:
    return tuple(Both(dutch, english) for dutch, english in zip(cause.nl.advice, cause.en.advice, strict=True))


def _begin(login: Login, places: Places) -> Both:
    date, time = day(login.begin), clock(login.begin)
    place = _place(login, places)
    return Both(
        f"Het toestel vroeg op {date.nl} om {time} toegang{' in ' + place if place else ''}.",
        f"The device asked for access on {date.en} at {time}{' in ' + place if place else ''}.",
    )


def _place(login: Login, places: Places) -> str:
    """The visited gemeente and site, else the operator."""
    if not login.visited:
        return inert(login.operator)
    name = places.name(login.visited)
    return f"{name} ({places.site_name(login.visited, login.site)})" if login.site else name


def _repeats(login: Login) -> list[Both]:
    if login.attempts < 2:
        return []
    time = span_of(login.end - login.begin)
    return [
        Both(
            f"Het probeerde dat {login.attempts} keer in {time.nl}.",
            f"It tried that {login.attempts} times in {time.en}.",
        )
    ]


def _end(login: Login, way: Way) -> Both:
    if login.outcome is Outcome.ACCEPT:
        return Both("Het werd toegelaten.", "It was let in.")
    who = way.who(way.stopped)
    if way.stopped is Hop.DEVICE:
        return Both("Het toestel brak het inloggen zelf af.", "The device itself broke the login off.")
    if who is not None and way.silent:
        return Both(f"Er kwam geen antwoord van {who.nl}.", f"There was no answer from {who.en}.")
    if login.outcome is Outcome.UNFINISHED:
        return Both("Het inloggen werd niet afgemaakt.", "The login was not finished.")
    if who is None:
        return Both("Het inloggen werd geweigerd.", "The login was refused.")
    return Both(f"{capital(who.nl)} weigerde.", f"{capital(who.en)} refused.")


def _seen(login: Login) -> list[Both]:
    """What was seen of a failure without a known cause."""
    if not login.reason:
        return []
    said = inert(login.reason)
    return [Both(f"Wel staat er: “{said}”.", f"They do say: “{said}”.")]


def _clocks(lines: Sequence[Line]) -> list[Both]:
    """That the clocks of servers differ: their answers to one attempt are further apart than a proxy waits."""
    answers = [line for line in lines if line.kind is Kind.RESULT and line.host]
    if not answers:
        return []
    right = min(answers, key=lambda line: line.hop is not Hop.VISITED)
    found: list[Both] = []
    for host in dict.fromkeys(line.host for line in answers if line.host != right.host):
        apart = min((line.time - right.time for line in answers if line.host == host), key=abs)
        if abs(apart) > CLOCK:
            one, other, time = inert(host), inert(right.host), span_of(abs(apart))
            way = Both("voor", "ahead of") if apart > timedelta() else Both("achter", "behind")
            found.append(
                Both(
                    f"Let op de tijden: de klok van {one} loopt {time.nl} {way.nl} op die van {other}.",
                    f"Mind the times: the clock of {one} is {time.en} {way.en} that of {other}.",
                )
            )
    return found


def _missing(hop: Hop, login: Login, places: Places) -> Both:
    if hop is Hop.HOME:
        name = places.name(login.home) or inert(login.realm)
        return Both(
            f"De log van de eigen gemeente ({name}) is hier niet. Wat daar gebeurde, is dus niet te zien.",
            f"The home organisation's log ({name}) is not here, so what happened there can't be seen.",
        )
    return Both(
        f"De log van {HOPS[hop].nl} is hier niet. Wat daar gebeurde, is dus niet te zien.",
        f"The log of {HOPS[hop].en} is not here, so what happened there can't be seen.",
    )
