"""The answer page: what is the matter with one login, in words first, the evidence below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ggi_net.authlog.line import Hop
from ggi_net.authlog.login import Outcome
from ggi_net.model.types import Record
from ggi_net.web.hops import Station, stations
from ggi_net.web.words import HOPS, OUTCOMES, PRODUCTS, Both, attempts, clock, duration, mac, moment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from ggi_net.authlog.line import Line
    from ggi_net.authlog.login import Login
    from ggi_net.authlog.places import Places

TONES = {Outcome.ACCEPT: "good", Outcome.REJECT: "bad", Outcome.UNFINISHED: "unsure"}
_SUCCESS = (
    Both("Inloggen is gelukt.", "Logging in succeeded."),
    Both(
        "De naam en het wachtwoord zijn goed. Werkt het internet toch niet? Dan ligt het aan het netwerk op die plek.",
        "Name and password are right. If the internet doesn't work, it is the network of that place.",
    ),
)
_UNKNOWN = (
    Both("Het inloggen mislukt. De oorzaak is niet bekend.", "Logging in fails. The cause is not known."),
    Both(
        "Geen bekende oorzaak past op deze logregels. Geef het nummer van deze poging door aan de beheerder.",
        "No known cause fits these log lines. Give the number of this attempt to an engineer.",
    ),
)
_UNKNOWN_UNFINISHED = (
    Both("Het inloggen kwam niet af. De oorzaak is niet bekend.", "Logging in did not finish. The cause is not known."),
    _UNKNOWN[1],
)


class Box(Record, frozen=True, kw_only=True):
    """One thing to do: who acts (`who`), what to do (`do`), what to ask or tell the caller (`say`)."""

    kind: str
    title: Both
    text: Both


class Step(Record, frozen=True, kw_only=True):
    """A step of the story: when, on Dutch clocks and as a machine reads it, and what."""

    time: str
    clock: str
    text: Both


class Evidence(Record, frozen=True, kw_only=True):
    """A log line as it stood (hostile), and where it comes from."""

    time: str
    clock: str
    hop: Both
    product: str
    host: str
    raw: str
    latin1: bool = False


class Answer(Record, frozen=True, kw_only=True):
    """All that the page says of one login. `who` and `where` are hostile text."""

    id: str
    tone: str
    outcome: Both
    headline: Both
    explanation: Both
    who: str
    device: str
    when: Both
    repeated: Both | None = None
    where: str = ""
    since_then: Both | None = None
    patterns: tuple[Both, ...] = ()
    todo: tuple[Box, ...] = ()
    stations: tuple[Station, ...]
    notices: tuple[Both, ...] = ()
    story: tuple[Step, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    open_evidence: bool = False
    test_realm: str = ""
    test_seconds: int = 15


class Row(Record, frozen=True, kw_only=True):
    """A login in the list of others. `who`, `device` and `where` are hostile text."""

    id: str
    when: Both
    attempts: int
    repeated: Both
    tone: str
    outcome: Both
    who: str
    device: str
    where: str
    cause: Both


class CauseWords(Protocol):
    """What the page says of a cause."""

    title: Both
    explanation: Both
    todo: tuple[Box, ...]


def answer(login: Login, cause: CauseWords | None, places: Places, now: datetime) -> Answer:
    """The page of one login; `cause` None for a success and when no rule matched."""
    if login.outcome is Outcome.ACCEPT:
        headline, explanation = _SUCCESS
    elif cause is not None:
        headline, explanation = cause.title, cause.explanation
    else:
        headline, explanation = _UNKNOWN if login.outcome is Outcome.REJECT else _UNKNOWN_UNFINISHED
    return Answer(
        id=login.id,
        tone=TONES[login.outcome],
        outcome=OUTCOMES[login.outcome],
        headline=headline,
        explanation=explanation,
        who=who(login),
        device=mac(login.mac),
        when=moment(login.begin, now),
        repeated=attempts(login.attempts, login.end - login.begin) if login.attempts > 1 else None,
        where=where(login, places),
        todo=cause.todo if cause and login.outcome is not Outcome.ACCEPT else (),
        stations=stations(login, places),
        notices=_missing(login),
        evidence=tuple(_evidence(line) for line in login.lines),
        open_evidence=cause is None and login.outcome is not Outcome.ACCEPT,
    )


def row(login: Login, title: Both, places: Places, now: datetime) -> Row:
    """A login in a list; `title` is its cause in words."""
    return Row(
        id=login.id,
        when=moment(login.begin, now),
        attempts=login.attempts,
        repeated=attempts(login.attempts, login.end - login.begin),
        tone=TONES[login.outcome],
        outcome=OUTCOMES[login.outcome],
        who=who(login),
        device=mac(login.mac),
        where=where(login, places),
        cause=title,
    )


def newest_failed(found: Sequence[Login]) -> Login:
    """The login that a caller calls about: the newest one that failed, else the newest one. `found` is newest first."""
    return next((login for login in found if login.outcome is not Outcome.ACCEPT), found[0])


def since_then(chosen: Login, found: Sequence[Login], now: datetime) -> Both | None:
    """That it went well later, as far as `found` says for the same device or the same person."""
    for login in found:
        same = (login.mac and login.mac == chosen.mac) or (login.inner and login.inner == chosen.inner)
        if login.begin > chosen.begin and login.outcome is Outcome.ACCEPT and same:
            when = moment(login.begin, now)
            return Both(
                f"Daarna is het gelukt: {when.nl}. Vraag eerst of het probleem er nog is.",
                f"It succeeded afterwards: {when.en}. Ask first whether the trouble is still there.",
            )
    return None


def who(login: Login) -> str:
    """Whose attempt: the inner identity where it may be seen, else the outer one, else the device."""
    return login.inner or login.outer or mac(login.mac)


def where(login: Login, places: Places) -> str:
    """Where it happened, as far as known: the gemeente and the site, else the operator."""
    gemeente = places.name(login.visited) if login.visited else login.operator
    site = places.site_name(login.visited, login.site) if login.site else login.nas
    return ", ".join(part for part in (gemeente, site) if part)


def _missing(login: Login) -> tuple[Both, ...]:
    return tuple(
        Both(
            f"Het logboek van {HOPS[hop].nl} is hier niet. Wat daar gebeurde, is dus niet te zien.",
            f"The log of the {HOPS[hop].en} is not here, so what happened there can't be seen.",
        )
        for hop in login.missing
    )


def _evidence(line: Line) -> Evidence:
    return Evidence(
        time=line.time.isoformat(),
        clock=clock(line.time),
        hop=HOPS.get(line.hop, Both("onbekend", "unknown")) if line.hop is not Hop.UNKNOWN else Both("", ""),
        product=PRODUCTS[line.product],
        host=line.host,
        raw=line.raw,
        latin1=line.latin1,
    )
