"""What a login says: the fields of a record out of all lines of an attempt."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from ggi_net.authlog.line import Hop, Kind, Result
from ggi_net.authlog.login import Login, Outcome
from ggi_net.authlog.logins.attempt import RANK
from ggi_net.authlog.logins.event import EPOCH, ORDER, PHASE
from ggi_net.authlog.logins.trail import is_roaming, trail

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ggi_net.authlog.causes.catalogue import Catalogue
    from ggi_net.authlog.line import Line
    from ggi_net.authlog.logins.attempt import Attempt
    from ggi_net.authlog.logins.event import Event
    from ggi_net.authlog.logins.ids import Ids
    from ggi_net.authlog.places import Places

_ECHOES = (
    "home server says so", "refused by the home organisation", "eap: failed continuing",
    "eap_peap: the users session was previously rejected", "eap_ttls: the users session was previously rejected",
    "authentication failed", "eap authentication failed",
)  # fmt: skip
"""Reasons that only repeat that somebody else refused (FreeRADIUS src/main/auth.c, rlm_eap; hostapd)."""

_REASON_ORDER = {
    Hop.HOME: 0, Hop.UNKNOWN: 1, Hop.FEDERATION: 2, Hop.VISITED: 3, Hop.DEVICE: 4, Hop.ACCESS_POINT: 5,
}  # fmt: skip


class Builder:
    """Makes logins of attempts."""

    def __init__(self, places: Places, catalogue: Catalogue, ids: Ids, skew: Mapping[str, float]) -> None:
        self._places, self._catalogue, self._ids, self._skew = places, catalogue, ids, skew

    def login(self, attempt: Attempt) -> Login:
        """The login; lines in the order of the way, then of time."""
        events = sorted(
            attempt.events, key=lambda e: (ORDER[e.hop], e.time, PHASE[e.line.kind], e.line.source, e.line.offset)
        )
        lines = tuple(_with_hop(event) for event in events)
        said = _said(events)
        outcome = _outcome(attempt, events)
        begin, end = self._moments(events)
        operator = attempt.operator
        realm = said["realm"] or attempt.realm
        visited, home = self._places.visited(operator), self._places.home(realm)
        spot = self._places.spot(nas=said["nas"], ap=said["ap"], client=said["client"], gemeente=visited)
        way = trail(
            [(event.hop, event.line) for event in events], outcome, roaming=is_roaming(visited, home, operator, realm)
        )
        match = None if outcome is Outcome.ACCEPT else self._catalogue.cause_of(lines)
        mac = attempt.device
        whose = mac or "/".join(attempt.events[0].device)
        return Login(
            id=self._ids.id(_named_by(events), whose, said["outer"], realm, operator),
            begin=EPOCH + timedelta(seconds=begin),
            end=EPOCH + timedelta(seconds=end),
            outcome=outcome,
            outer=said["outer"],
            inner=self._places.identity(said["inner"], home),
            realm=realm,
            mac=mac,
            ap=said["ap"],
            ssid=said["ssid"],
            nas=said["nas"],
            operator=operator,
            visited=visited or spot.gemeente,
            home=home,
            site=spot.site,
            cui=said["cui"],
            eap=said["eap"],
            tls=said["tls"],
            reason="" if outcome is Outcome.ACCEPT else _reason(events),
            cause=match.cause.id if match else "",
            broken=(match.cause.broken if match else Hop.UNKNOWN) or way.broken,
            seen=way.seen,
            missing=way.missing,
            lines=lines,
        )

    def _moments(self, events: Sequence[Event]) -> tuple[float, float]:
        """Begin and end by the clock of the visited organisation; accounting comes after the login."""
        times = [e.time for e in events if e.line.kind is not Kind.ACCOUNTING] or [e.time for e in events]
        host = next((e.line.host for e in events if e.hop is Hop.VISITED), "")
        ahead = self._skew.get(host, 0.0)
        return round(min(times) + ahead, 6), round(max(times) + ahead, 6)


def _with_hop(event: Event) -> Line:
    """The line; what the places say of its hop is filled in."""
    return event.line if event.line.hop is event.hop else msgspec.structs.replace(event.line, hop=event.hop)


def _named_by(events: Sequence[Event]) -> float:
    """The second that names a login: as the outermost server wrote it, whatever is known of clocks."""
    event = min(events, key=lambda e: (PHASE[e.line.kind] >= PHASE[Kind.ACCOUNTING], RANK[e.hop], e.line.time))
    return (event.line.time - EPOCH).total_seconds()


def _said(events: Sequence[Event]) -> dict[str, str]:
    """What the lines say: the visited server's word counts most, but of identities the one that says most.

    `events` are in the order of the way.
    """
    said = dict.fromkeys(("outer", "inner", "realm", "ap", "ssid", "nas", "client", "cui", "eap", "tls"), "")
    visited = [event for event in events if event.hop is Hop.VISITED]
    others = [event for event in events if event.hop is not Hop.VISITED]
    for event in (*reversed(others), *reversed(visited)):
        line = event.line
        if line.ap:
            said["ap"] = line.ap
        if line.ssid:
            said["ssid"] = line.ssid
        if line.nas:
            said["nas"] = line.nas
        if line.client and event.hop is Hop.VISITED:
            said["client"] = line.client
        if line.cui:
            said["cui"] = line.cui
        if line.tls:
            said["tls"] = line.tls
        if line.eap and (line.kind is Kind.RESULT or not said["eap"]):
            said["eap"] = line.eap
        if line.inner and (event.hop is Hop.HOME or not said["inner"]):
            said["inner"] = line.inner
        if line.outer and line.kind is not Kind.INNER and (not line.outer.startswith("@") or not said["outer"]):
            said["outer"] = line.outer
            said["realm"] = line.realm
    return said


def _outcome(attempt: Attempt, events: Sequence[Event]) -> Outcome:
    if attempt.result is Result.ACCEPT:
        return Outcome.ACCEPT
    if attempt.result is Result.REJECT:
        return Outcome.REJECT
    inner = [e.line.result for e in events if e.line.kind is Kind.INNER]
    return Outcome.REJECT if inner and inner[-1] is Result.REJECT else Outcome.UNFINISHED


def _reason(events: Sequence[Event]) -> str:
    """What the server that knows best says of the failure; inside the tunnel it is said first."""
    best, echo = (9, 9, ""), ""
    for event in events:
        line = event.line
        if not line.reason:
            continue
        if line.reason.lower().startswith(_ECHOES):
            echo = echo or line.reason
            continue
        rank = (0 if line.kind is Kind.INNER else 1 + _REASON_ORDER[event.hop], line.kind is not Kind.RESULT)
        if rank < best[:2]:
            best = (*rank, line.reason)
    return best[2] or echo
