"""From lines to logins: the lines of one attempt at all hops become one record.

What belongs together is found by the MAC, by the daemon's own number of a conversation, by State, and where a hop has
no readable MAC by realm, operator, answer, vendor and the order in time. Clocks that differ are corrected first. The
same lines give the same logins in whatever order and in however many batches they come.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ggi_net.authlog.line import Hop, Kind
from ggi_net.authlog.logins.adopt import REACH, Adoption
from ggi_net.authlog.logins.build import Builder
from ggi_net.authlog.logins.cut import attempts_of
from ggi_net.authlog.logins.duplicates import once
from ggi_net.authlog.logins.event import EPOCH, Reading
from ggi_net.authlog.logins.ids import Ids
from ggi_net.authlog.logins.meet import meet
from ggi_net.authlog.logins.rolling import Rolling
from ggi_net.authlog.logins.times import FAR, NEAR, WINDOW
from ggi_net.authlog.skew import skew

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ggi_net.authlog.causes.catalogue import Catalogue
    from ggi_net.authlog.line import Line
    from ggi_net.authlog.login import Login
    from ggi_net.authlog.logins.attempt import Attempt
    from ggi_net.authlog.logins.event import Device, Event
    from ggi_net.authlog.logins.meet import Met
    from ggi_net.authlog.places import Places

_LONGEST_DEVICE = 3 * WINDOW
"""A device that never stops trying is worked off in stretches of so many seconds."""
_LONGEST_REALM = 120.0
"""The same for a realm that somebody always logs in with."""
_FORGET = 600.0


def assemble(
    lines: Iterable[Line],
    places: Places,
    catalogue: Catalogue,
    *,
    key: bytes,
    clocks: Mapping[str, float] | None = None,
) -> list[Login]:
    """The logins in `lines`, which come in any order; oldest first.

    `key` makes the ids. `clocks` is how many seconds the clock of each host is ahead; it is estimated from the lines
    when it is not given.
    """
    everything = list(lines)
    assembly = Assembly(places, catalogue, key=key, clocks=skew(everything) if clocks is None else clocks)
    found = assembly.add(everything)
    found += assembly.rest()
    found.sort(key=lambda login: (login.begin, login.id))
    return found


class Assembly:
    """The same for lines that come in chunks, each line not older than those of earlier chunks (by its written time).

    A login comes out when no later line can change it, some minutes behind; `rest` gives what is left at the end.
    """

    def __init__(self, places: Places, catalogue: Catalogue, *, key: bytes, clocks: Mapping[str, float]) -> None:
        self._places = places
        self._realms_of = _only_realms(places)
        self._reading = Reading(places, clocks)
        self._builder = Builder(places, catalogue, Ids(key), clocks)
        self._ahead = max([0.0, *clocks.values()])
        self._lines: list[Line] = []
        self._adoption = Adoption()
        self._devices: dict[Device, Rolling[Event, Attempt]] = {}
        self._realms: dict[str, Rolling[Attempt, Met]] = {}

    def add(self, lines: Sequence[Line]) -> list[Login]:
        """Take lines in; return the logins that are complete."""
        self._lines += lines
        if not self._lines:
            return []
        self._lines.sort(key=_line_order)
        second = self._lines[-1].time.replace(microsecond=0)
        ready = [line for line in self._lines if line.time < second]
        self._lines = [line for line in self._lines if line.time >= second]
        return self._advance(ready, (second - EPOCH).total_seconds() - self._ahead)

    def rest(self) -> list[Login]:
        """No more lines will come: return the remaining logins."""
        ready, self._lines = self._lines, []
        return self._advance(ready, math.inf)

    def _advance(self, lines: list[Line], known: float) -> list[Login]:
        """Go on with lines; all lines before the moment `known` are here."""
        events = [self._reading.event(line) for line in once(lines)]
        for event in (*self._adoption.take(events), *self._adoption.settled(known)):
            if event.device and event.line.kind is not Kind.UNPARSED:
                self._device(event.device).add(event)
        if known < math.inf:
            self._adoption.forget(known - _FORGET)
        known = self._cut(known - REACH)
        return self._meet(known)

    def _device(self, device: Device) -> Rolling[Event, Attempt]:
        row = self._devices.get(device)
        if row is None:
            row = self._devices[device] = Rolling(
                gap=WINDOW, most=_LONGEST_DEVICE, at=_event_at, order=_event_order, work=_cut_stretch
            )
        return row

    def _cut(self, known: float) -> float:
        """Cut what is complete of each device into attempts; return the moment before which all attempts are known."""
        begins = [known]
        for device, row in list(self._devices.items()):
            for attempt in row.done(known):
                self._realm(self._realm_of(attempt)).add(attempt)
            begin = row.begin
            if begin is None:
                del self._devices[device]
            else:
                begins.append(begin)
        return min(begins)

    def _realm_of(self, attempt: Attempt) -> str:
        """The realm of an attempt. Inner identities say it, too, or whose server tells it.

        Where that is not known, a server is not heard on users of others: that would make up who somebody was.
        """
        if attempt.realm:
            return attempt.realm
        if inner := next((e.line.inner.rpartition("@")[2].lower() for e in attempt.events if "@" in e.line.inner), ""):
            return inner
        server = next((e.line.host for e in attempt.events if e.hop is Hop.HOME and e.line.host), "")
        if not server or any(event.hop is Hop.VISITED for event in attempt.events):
            return ""
        return self._realms_of.get(self._places.server(server).gemeente, f"@{server}")

    def _realm(self, realm: str) -> Rolling[Attempt, Met]:
        row = self._realms.get(realm)
        if row is None:
            row = self._realms[realm] = Rolling(
                gap=FAR + NEAR, most=_LONGEST_REALM, at=_attempt_at, order=_attempt_order, work=_meet_stretch
            )
        return row

    def _meet(self, known: float) -> list[Login]:
        found: list[Login] = []
        for realm, row in list(self._realms.items()):
            found += [self._builder.login(met.attempt) for met in row.done(known)]
            if row.begin is None:
                del self._realms[realm]
        return found


def _line_order(line: Line) -> tuple[object, ...]:
    return (line.time, line.source, line.offset, line.raw)


def _event_at(event: Event) -> float:
    return event.at


def _event_order(event: Event) -> tuple[object, ...]:
    return event.order


def _attempt_at(attempt: Attempt) -> float:
    return attempt.when


def _attempt_order(attempt: Attempt) -> tuple[object, ...]:
    return attempt.order


def _cut_stretch(events: list[Event]) -> list[tuple[float, list[Event], Attempt]]:
    return [(attempt.end, attempt.events, attempt) for attempt in attempts_of(events)]


def _meet_stretch(attempts: list[Attempt]) -> list[tuple[float, list[Attempt], Met]]:
    return [(met.attempt.when, met.parts, met) for met in meet(attempts)]


def _only_realms(places: Places) -> dict[str, str]:
    """The realm of each gemeente that has but one."""
    found: dict[str, list[str]] = {}
    for realm, gemeente in places.realms.items():
        found.setdefault(gemeente, []).append(realm)
    return {gemeente: realms[0] for gemeente, realms in found.items() if len(realms) == 1}
