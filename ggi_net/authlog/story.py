"""What happened to a login, told in words: a title, a summary, a step for each hop, what is missing, what to ask next.

The command line and the page show this one record.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from ggi_net.authlog.causes.cause import Cause, Owner
from ggi_net.authlog.line import Hop, Kind, Result
from ggi_net.authlog.login import Outcome
from ggi_net.authlog.logins.event import Reading
from ggi_net.authlog.logins.trail import CHAIN, is_silence
from ggi_net.authlog.places import Places
from ggi_net.authlog.words import HOPS, Both, clock, day, inert, span_of
from ggi_net.model.types import Record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ggi_net.authlog.causes.catalogue import Catalogue
    from ggi_net.authlog.line import Line
    from ggi_net.authlog.login import Login


class Status(StrEnum):
    """How it went at a hop."""

    OK = "ok"
    """It did its work: let in, or asked further and passed the answer on."""
    REFUSED = "refused"
    SILENT = "silent"
    ABSENT = "absent"
    """Its log should have the attempt and is not here."""


class Step(Record, frozen=True, kw_only=True):
    """What happened at one hop.

    `time` is on Dutch clocks, empty when no line tells; `lines` are positions in the lines of the login.
    """

    hop: Hop
    status: Status
    text: Both
    host: str = ""
    time: str = ""
    lines: tuple[int, ...] = ()


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
    """Tell a login; `places` has the names of gemeenten and sites, and tells hops where lines don't."""
    where = places or Places()
    cause = catalogue[login.cause] if login.cause and login.outcome is not Outcome.ACCEPT else None
    by_hop = _by_hop(login.lines, where)
    summary = [_begin(login, where)]
    if login.attempts > 1:
        times = span_of(login.end - login.begin)
        summary.append(Both(
            f"Het probeerde dat {login.attempts} keer in {times.nl}.",
            f"It tried that {login.attempts} times in {times.en}.",
        ))  # fmt: skip
    summary.append(_end(login, where))
    title = _SUCCESS
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
        steps=tuple(_steps(login, by_hop, where)),
        missing=tuple(_missing(hop, login, where) for hop in login.missing),
        owner=cause.owner if cause is not None else None,
        advice=_advice(cause) if cause is not None else (),
        ask=Both(cause.nl.ask, cause.en.ask) if cause is not None else None,
    )


def _advice(cause: Cause) -> tuple[Both, ...]:
    return tuple(Both(dutch, english) for dutch, english in zip(cause.nl.advice, cause.en.advice, strict=True))


def _by_hop(lines: Sequence[Line], places: Places) -> dict[Hop, list[int]]:
    """Positions of the lines by the hop that they were written at."""
    reading = Reading(places, {})
    found: dict[Hop, list[int]] = {}
    for position, line in enumerate(lines):
        found.setdefault(reading.event(line).hop, []).append(position)
    return found


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


def _end(login: Login, places: Places) -> Both:
    if login.outcome is Outcome.ACCEPT:
        return Both("Het werd toegelaten.", "It was let in.")
    who = _who(login.broken, login, places)
    if login.broken is Hop.DEVICE:
        return Both("Het toestel brak het inloggen zelf af.", "The device itself broke the login off.")
    if who is None:
        if login.outcome is Outcome.UNFINISHED:
            return Both("Het inloggen werd niet afgemaakt.", "The login was not finished.")
        return Both("Het inloggen werd geweigerd.", "The login was refused.")
    if login.outcome is Outcome.UNFINISHED or _silent(login):
        return Both(f"Er kwam geen antwoord van {who.nl}.", f"There was no answer from {who.en}.")
    return Both(f"{who.nl[0].upper()}{who.nl[1:]} weigerde.", f"{who.en[0].upper()}{who.en[1:]} refused.")


def _silent(login: Login) -> bool:
    """Whether the broken hop was silent: another one says so, and it has no answer of its own."""
    return any(is_silence(line) for line in login.lines) and login.broken not in login.seen


def _who(hop: Hop, login: Login, places: Places) -> Both | None:
    """The server of a hop in words."""
    if hop is Hop.VISITED:
        name = places.name(login.visited) or inert(login.operator)
        return Both(f"de server van {name}", f"the server of {name}") if name else Both(
            "de server van de bezochte gemeente", "the server of the visited gemeente"
        )  # fmt: skip
    if hop is Hop.HOME:
        name = places.name(login.home) or inert(login.realm)
        return Both(f"de server van {name}", f"the server of {name}") if name else Both(
            "de server van de eigen gemeente", "the server of the home gemeente"
        )  # fmt: skip
    if hop is Hop.UNKNOWN:
        return None
    return HOPS[hop]


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
            found.append(Both(
                f"Let op de tijden: de klok van {one} loopt {time.nl} {way.nl} op die van {other}.",
                f"Mind the times: the clock of {one} is {time.en} {way.en} that of {other}.",
            ))  # fmt: skip
    return found


def _steps(login: Login, by_hop: dict[Hop, list[int]], places: Places) -> list[Step]:
    steps: list[Step] = []
    for hop in CHAIN:
        positions = by_hop.get(hop, [])
        broken = hop is login.broken and login.outcome is not Outcome.ACCEPT
        if not positions and not broken and hop not in login.missing:
            continue
        lines = [login.lines[position] for position in positions]
        status = _status(hop, login, lines, broken=broken)
        first = min(lines, key=lambda line: line.time) if lines else None
        steps.append(Step(
            hop=hop,
            status=status,
            text=_text(hop, status, login, lines, places),
            host=inert(first.host) if first else "",
            time=clock(first.time) if first else "",
            lines=tuple(positions),
        ))  # fmt: skip
    return steps


def _status(hop: Hop, login: Login, lines: Sequence[Line], *, broken: bool) -> Status:
    if broken:
        return (
            Status.SILENT
            if not lines or (login.outcome is Outcome.UNFINISHED and hop is not Hop.DEVICE)
            else Status.REFUSED
        )
    return Status.OK if lines else Status.ABSENT


def _text(hop: Hop, status: Status, login: Login, lines: Sequence[Line], places: Places) -> Both:
    who = _who(hop, login, places) or HOPS[Hop.DEVICE]
    name = Both(who.nl[0].upper() + who.nl[1:], who.en[0].upper() + who.en[1:])
    if status is Status.ABSENT:
        return Both(f"Van {who.nl} is hier geen log.", f"There is no log here of {who.en}.")
    if status is Status.SILENT:
        return Both(f"{name.nl} gaf geen antwoord.", f"{name.en} did not answer.")
    if status is Status.REFUSED:
        if hop is Hop.DEVICE:
            return Both("Het toestel brak het inloggen af.", "The device broke the login off.")
        return Both(f"{name.nl} weigerde.", f"{name.en} refused.")
    results = {line.result for line in lines if line.kind is Kind.RESULT}
    if any(is_silence(line) for line in lines):
        return Both(
            f"{name.nl} vroeg het verder, maar kreeg geen antwoord.", f"{name.en} asked further, but got no answer."
        )
    if Result.ACCEPT in results:
        return Both(f"{name.nl} liet het toestel toe.", f"{name.en} let the device in.")
    if Result.REJECT in results:
        return Both(f"{name.nl} gaf de weigering door.", f"{name.en} passed the refusal on.")
    return Both(f"{name.nl} kreeg de vraag.", f"{name.en} got the request.")


def _missing(hop: Hop, login: Login, places: Places) -> Both:
    if hop is Hop.HOME:
        name = places.name(login.home) or inert(login.realm)
        return Both(
            f"De log van de eigen gemeente ({name}) is hier niet. Wat daar gebeurde, is dus niet te zien.",
            f"The home organisation's log ({name}) is not here, so what happened there can't be seen.",
        )
    of, of_english = HOPS[hop].nl, HOPS[hop].en
    return Both(
        f"De log van {of} is hier niet. Wat daar gebeurde, is dus niet te zien.",
        f"The log of {of_english} is not here, so what happened there can't be seen.",
    )
