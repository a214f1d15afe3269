"""What happened at each hop of a login, in words."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from ggi_net.authlog.line import Hop, Kind, Result
from ggi_net.authlog.login import Outcome
from ggi_net.authlog.logins.event import Reading
from ggi_net.authlog.logins.trail import CHAIN, is_roaming, is_silence, trail
from ggi_net.authlog.words import HOPS, Both, clock, inert
from ggi_net.model.types import Record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ggi_net.authlog.line import Line
    from ggi_net.authlog.login import Login
    from ggi_net.authlog.places import Places


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


class Way:
    """A login on its way: who stopped it (`stopped`, empty where nobody can tell), and whether by being silent."""

    def __init__(self, login: Login, places: Places) -> None:
        self._login, self._places = login, places
        reading = Reading(places, {})
        self._hops = [reading.event(line).hop for line in login.lines]
        self.stopped = self._stopped()
        self.silent = self._is_silent()

    def steps(self) -> tuple[Step, ...]:
        """A step for each hop that is known to have had the attempt, was silent, or has no log here."""
        return tuple(self._step(hop) for hop in CHAIN if self._known(hop))

    def who(self, hop: Hop) -> Both | None:
        """The server of a hop in words, with the name of its organisation; None for no hop."""
        if hop is Hop.UNKNOWN:
            return None
        names = {
            Hop.VISITED: (self._login.visited, self._login.operator),
            Hop.HOME: (self._login.home, self._login.realm),
        }
        if hop not in names:
            return HOPS[hop]
        slug, domain = names[hop]
        name = self._places.name(slug) or inert(domain)
        return Both(f"de server van {name or HOPS[hop].nl}", f"the server of {name or HOPS[hop].en}")

    def _stopped(self) -> Hop:
        login = self._login
        if login.outcome is Outcome.ACCEPT:
            return Hop.UNKNOWN
        roaming = is_roaming(login.visited, login.home, login.operator, login.realm)
        lines = list(zip(self._hops, login.lines, strict=True))
        # What the catalogue blames on the device was mostly refused by a server.
        blamed = login.broken if login.broken is not Hop.DEVICE else Hop.UNKNOWN
        return trail(lines, login.outcome, roaming=roaming).broken or blamed

    def _is_silent(self) -> bool:
        """Whether another hop says that this one is silent, and it has no answer of its own."""
        answered = any(line.kind is Kind.RESULT for line in self._lines(self.stopped))
        return not answered and any(is_silence(line) for line in self._login.lines)

    def _known(self, hop: Hop) -> bool:
        return hop in (*self._hops, *self._login.seen, *self._login.missing, self.stopped)

    def _lines(self, hop: Hop) -> list[Line]:
        return [line for at, line in zip(self._hops, self._login.lines, strict=True) if at is hop]

    def _step(self, hop: Hop) -> Step:
        lines = self._lines(hop)
        if hop is self.stopped:
            status = Status.SILENT if self.silent else Status.REFUSED
        else:
            status = Status.ABSENT if hop in self._login.missing else Status.OK
        first = min(lines, key=lambda line: line.time) if lines else None
        return Step(
            hop=hop,
            status=status,
            text=self._text(hop, status, lines),
            host=inert(first.host) if first else "",
            time=clock(first.time) if first else "",
            lines=tuple(position for position, at in enumerate(self._hops) if at is hop),
        )

    def _text(self, hop: Hop, status: Status, lines: Sequence[Line]) -> Both:
        who = self.who(hop) or HOPS[Hop.DEVICE]
        if status is Status.ABSENT:
            return Both(f"Van {who.nl} is hier geen log.", f"There is no log of {who.en} here.")
        if status is Status.SILENT:
            words = _SILENT
        elif status is Status.REFUSED:
            words = _BROKE_OFF if hop is Hop.DEVICE else _REFUSED
        else:
            words = _passed(hop, lines)
        return Both(f"{capital(who.nl)} {words.nl}.", f"{capital(who.en)} {words.en}.")


_SILENT = Both("gaf geen antwoord", "did not answer")
_REFUSED = Both("weigerde", "refused")
_BROKE_OFF = Both("brak het inloggen zelf af", "itself broke the login off")
_ASKED_IN_VAIN = Both("vroeg het verder, maar kreeg geen antwoord", "asked further, but got no answer")
_ACCEPTED = {
    Hop.HOME: Both("keurde het inloggen goed", "approved of the login"),
    Hop.FEDERATION: Both("gaf dat antwoord door", "passed that answer on"),
    Hop.DEVICE: Both("kreeg toegang", "was let in"),
}
_LET_IN = Both("liet het toestel toe", "let the device in")
_REJECTED = {
    Hop.HOME: Both("sloot de poging af", "ended the attempt"),
    Hop.DEVICE: Both("kreeg geen toegang", "was not let in"),
}
_PASSED_ON = Both("gaf de weigering door", "passed the refusal on")
_ASKED = {
    Hop.DEVICE: Both("vroeg toegang", "asked for access"),
    Hop.ACCESS_POINT: Both("stuurde de vraag door", "sent the request on"),
}
_GOT = Both("kreeg de vraag", "got the request")


def _passed(hop: Hop, lines: Sequence[Line]) -> Both:
    """What a hop did that works."""
    results = {line.result for line in lines if line.kind is Kind.RESULT}
    if any(is_silence(line) for line in lines):
        return _ASKED_IN_VAIN
    if Result.ACCEPT in results:
        return _ACCEPTED.get(hop, _LET_IN)
    if Result.REJECT in results:
        return _REJECTED.get(hop, _PASSED_ON)
    return _ASKED.get(hop, _GOT)


def capital(text: str) -> str:
    """The text with a capital in front."""
    return text[:1].upper() + text[1:]
