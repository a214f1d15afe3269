"""The answer page: what is the matter with one login, in words first, the evidence below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ggi_net.authlog.causes.cause import Owner
from ggi_net.authlog.line import Hop
from ggi_net.authlog.login import Outcome
from ggi_net.authlog.story import Step
from ggi_net.model.types import Record
from ggi_net.web.hops import Station, stations
from ggi_net.web.words import HOPS, OUTCOMES, PRODUCTS, Both, attempts, clock, mac, moment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from ggi_net.authlog.causes.cause import Cause
    from ggi_net.authlog.line import Line
    from ggi_net.authlog.login import Login
    from ggi_net.authlog.places import Places
    from ggi_net.authlog.story import Story

TONES = {Outcome.ACCEPT: "good", Outcome.REJECT: "bad", Outcome.UNFINISHED: "unsure"}
_SUCCESS = Both(
    "De naam en het wachtwoord zijn goed. Werkt het internet toch niet? Dan ligt het aan het netwerk op die plek.",
    "Name and password are right. If the internet doesn't work, it is the network of that place.",
)
_UNKNOWN = Both(
    "Geen bekende oorzaak past op deze logregels, en deze pagina gokt niet.",
    "No known cause fits these log lines, and this page doesn't guess.",
)
_WHO = Both("Wie moet iets doen?", "Who must act?")
_CALLER_DOES = Both("Wat doet de beller?", "What does the caller do?")
_ADMINISTRATOR_DOES = Both("Wat doet de beheerder daar?", "What does the administrator there do?")
_HELPS = Both("Wat helpt?", "What helps?")
_SAY = Both("Vraag aan de beller", "Ask the caller")
_OWNERS = {
    Owner.USER: Both("De beller.", "The caller."),
    Owner.VISITED: Both("De gemeente waar de beller was", "The gemeente where the caller was"),
    Owner.FEDERATION: Both("Het landelijke beheer van govroam", "The federation that runs govroam"),
    Owner.HOME: Both("De eigen gemeente van de beller", "The caller's own gemeente"),
    Owner.NOBODY: Both("Niemand hoeft iets te doen.", "Nobody has to do anything."),
}
_TASKS = {Owner.USER: _CALLER_DOES, Owner.NOBODY: _HELPS}
_PASS_ON = Both("Geef daar het nummer van deze poging door.", "Give the number of this attempt to them.")
_UNKNOWN_WHO = Both(
    "De beheerder van govroam bij uw gemeente. Geef het nummer van deze poging door.",
    "The administrator of govroam at your gemeente. Pass on the number of this attempt.",
)
_UNKNOWN_SAY = Both(
    "Wat staat er op het scherm van het toestel? En lukt het bij collega's op die plek wel?",
    "What does the screen of the device say? And does it work for colleagues at that place?",
)
_SUCCESS_SAY = Both(
    "Doet het internet het nu? Zo niet: hebben anderen op die plek dat ook?",
    "Does the internet work now? If not: do others at that place have the same?",
)


class Box(Record, frozen=True, kw_only=True):
    """One thing to do: who acts (`who`), what to do (`do`, in steps), what to ask the caller (`say`)."""

    kind: str
    title: Both
    texts: tuple[Both, ...]


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
    summary: tuple[Both, ...] = ()
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


def answer(login: Login, told: Story, cause: Cause | None, places: Places, now: datetime) -> Answer:
    """The page of one login and its story; `cause` None for a success and when no rule matched."""
    failed = login.outcome is not Outcome.ACCEPT
    explanation = _UNKNOWN if failed else _SUCCESS
    if cause and failed:
        explanation = Both(cause.nl.explanation, cause.en.explanation)
    return Answer(
        id=login.id,
        tone=TONES[login.outcome],
        outcome=OUTCOMES[login.outcome],
        headline=told.title,
        explanation=explanation,
        who=who(login),
        device=mac(login.mac),
        when=moment(login.begin, now),
        repeated=attempts(login.attempts, login.end - login.begin) if login.attempts > 1 else None,
        where=where(login, places),
        todo=_todo(told, login, places),
        stations=stations(login, places),
        notices=told.missing,
        summary=tuple(sentence for sentence in told.summary if sentence not in (explanation, told.title)),
        story=told.steps,
        evidence=tuple(_evidence(line) for line in login.lines),
        open_evidence=failed and cause is None,
    )


def _todo(told: Story, login: Login, places: Places) -> tuple[Box, ...]:
    if told.owner is None or told.ask is None:
        if login.outcome is Outcome.ACCEPT:
            return (Box(kind="say", title=_SAY, texts=(_SUCCESS_SAY,)),)
        return (
            Box(kind="who", title=_WHO, texts=(_UNKNOWN_WHO,)),
            Box(kind="say", title=_SAY, texts=(_UNKNOWN_SAY,)),
        )
    owner = _OWNERS[told.owner]
    if told.owner not in _TASKS:
        name = places.name({Owner.VISITED: login.visited, Owner.HOME: login.home}.get(told.owner, ""))
        named = f": {name}." if name else "."
        owner = Both(f"{owner.nl}{named} {_PASS_ON.nl}", f"{owner.en}{named} {_PASS_ON.en}")
    return (
        Box(kind="who", title=_WHO, texts=(owner,)),
        Box(kind="do", title=_TASKS.get(told.owner, _ADMINISTRATOR_DOES), texts=told.advice),
        Box(kind="say", title=_SAY, texts=(told.ask,)),
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
