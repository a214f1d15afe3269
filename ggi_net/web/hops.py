"""The hop drawing: the stations that an attempt crosses, and how far this one came.

It is a list in words that the stylesheet draws as a line of stations. Whoever can't see the drawing hears the list.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from ggi_net.authlog.line import Hop
from ggi_net.authlog.login import Outcome
from ggi_net.model.types import Record
from ggi_net.web.words import HOPS, Both, mac

if TYPE_CHECKING:
    from ggi_net.authlog.login import Login
    from ggi_net.authlog.places import Places

ORDER = tuple(HOPS)


class State(StrEnum):
    """What is known of one station."""

    PASSED = "passed"
    BROKEN = "broken"
    BEYOND = "beyond"
    """The attempt did not come this far, or nothing says that it did."""
    ABSENT = "absent"
    """It should be in this station's log, which is not here."""
    SKIPPED = "skipped"
    """Somebody who is at home doesn't need it."""


STATES = {
    State.PASSED: Both("tot hier goed", "fine up to here"),
    State.BROKEN: Both("hier gaat het mis", "this is where it fails"),
    State.BEYOND: Both("niet gezien", "not seen"),
    State.ABSENT: Both("logboek ontbreekt", "no log here"),
    State.SKIPPED: Both("niet nodig", "not needed"),
}


class Station(Record, frozen=True, kw_only=True):
    """One station of the drawing: which it is, whose (hostile text), and what is known of it."""

    hop: Hop
    title: Both
    name: str
    state: State

    @property
    def words(self) -> Both:
        """Its state as people read it."""
        return STATES[self.state]


def stations(login: Login, places: Places) -> tuple[Station, ...]:
    """The stations of `login` in order."""
    return tuple(
        Station(hop=hop, title=HOPS[hop], name=_name(hop, login, places), state=_state(hop, login)) for hop in ORDER
    )


def _state(hop: Hop, login: Login) -> State:
    if hop is login.broken and login.outcome is not Outcome.ACCEPT:
        return State.BROKEN
    if hop is Hop.FEDERATION and login.home and login.home == login.visited and hop not in login.seen:
        return State.SKIPPED
    if hop in login.missing:
        return State.ABSENT
    crossed = login.outcome is Outcome.ACCEPT or hop in login.seen
    if not crossed and login.broken in ORDER:
        crossed = ORDER.index(hop) < ORDER.index(login.broken)
    return State.PASSED if crossed else State.BEYOND


def _name(hop: Hop, login: Login, places: Places) -> str:
    """Whose station it is, as far as the log or the estate says."""
    if hop is Hop.DEVICE:
        return mac(login.mac)
    if hop is Hop.ACCESS_POINT:
        return login.nas or mac(login.ap)
    if hop is Hop.VISITED:
        return places.name(login.visited) or login.operator
    if hop is Hop.HOME:
        return places.name(login.home) or login.realm
    return ""
