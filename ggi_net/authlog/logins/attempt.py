"""An attempt while it is put together, and whether something else can belong to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ggi_net.authlog.line import Hop, Kind, Result
from ggi_net.authlog.logins.event import MAC_DIGITS, ORDER, VENDOR_DIGITS, vendor

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ggi_net.authlog.logins.event import Event

RANK = {
    Hop.VISITED: 0, Hop.ACCESS_POINT: 1, Hop.FEDERATION: 2, Hop.UNKNOWN: 3, Hop.HOME: 4, Hop.DEVICE: 5,
}  # fmt: skip
"""Whose answer counts: what the visited server said is what the device got."""

OTHER_NAME = 1.0
"""What another local part of the identity costs, in seconds: servers hide and rewrite it, so it excludes nothing."""
SAME_CUI = -0.5
"""What the same Chargeable-User-Identity is worth (RFC 4372), in seconds."""


class Attempt:
    """Events of one attempt, and what they say together.

    `request` and `answer` are when it was first asked, and when the outermost server answered, None when no line tells.
    `result` is that answer. `device` is the MAC, or a hash of it.
    """

    __slots__ = (
        "_accepted_at", "_first", "_name", "_rank", "_rejected_at", "answer", "ap", "begin", "cui", "device", "end",
        "events", "operator", "realm", "request", "result", "sessions", "tracks", "vendor",
    )  # fmt: skip

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self.events: list[Event] = []
        self.tracks: set[tuple[object, ...]] = set()
        self.sessions: set[tuple[str, str]] = set()
        self.begin = self.end = 0.0
        self.request: float | None = None
        self.answer: float | None = None
        self.result = Result.NONE
        self.realm = self.operator = self.ap = self.cui = self.device = self.vendor = self._name = ""
        self._rank = 99
        self._accepted_at = 99
        self._rejected_at = -1
        for event in events:
            self.add(event)

    @property
    def when(self) -> float:
        """The moment to compare with others: of the answer, else of the request, else of the first line."""
        if self.answer is not None:
            return self.answer
        return self.begin if self.request is None else self.request

    @property
    def order(self) -> tuple[float, float, str, int]:
        """Attempts sorted by this are in the order of their moments; in one second, in that of the lines of a log."""
        line = self._first.line
        return (self.when, self._first.time, line.source, line.offset)

    def add(self, event: Event) -> None:
        """Take an event in."""
        line, at, kind = event.line, event.at, event.line.kind
        if not self.events:
            self.begin = self.end = at
            self._first = event
        elif at < self.begin:
            self.begin = at
        elif at > self.end:
            self.end = at
        self.events.append(event)
        if kind is Kind.REQUEST:
            self.tracks.add(event.track)
            if self.request is None or at < self.request:
                self.request = at
        elif kind is Kind.RESULT:
            self.tracks.add(event.track)
            rank = RANK[event.hop]
            if rank < self._rank:
                self._rank, self.answer, self.result, self._first = rank, at, line.result, event
            if line.result is Result.ACCEPT:
                self._accepted_at = min(self._accepted_at, ORDER[event.hop])
            else:
                self._rejected_at = max(self._rejected_at, ORDER[event.hop])
        if line.session:
            self.sessions.add((line.host, line.session))
        self.operator = self.operator or event.operator
        self.realm = self.realm or line.realm
        self.ap = self.ap or line.ap
        self.cui = self.cui or line.cui
        if not self._name and line.outer:
            self._name = _local(line.outer)
        if len(self.device) != MAC_DIGITS:
            self._learn_device(event)

    def _learn_device(self, event: Event) -> None:
        mac = event.device[0] if len(event.device) == 1 else event.line.mac
        if mac and (not self.device or len(mac) == MAC_DIGITS):
            self.device = mac
        if mac and not self.vendor:
            self.vendor = mac[:VENDOR_DIGITS] if len(mac) == MAC_DIGITS else vendor(event.line)

    def take(self, other: Attempt) -> None:
        """Take in all of another."""
        for event in other.events:
            self.add(event)

    def cost(self, event: Event) -> float | None:
        """What it costs in seconds, beside the distance in time, that an event belongs here; None: it can't."""
        line = event.line
        if line.kind is Kind.RESULT and not self._can_be(line.result, ORDER[event.hop]):
            return None
        name = _local(line.outer) if self._name and line.outer else ""
        return self._cost(event.operator, line.realm, line.ap, line.cui, name)

    def cost_of(self, other: Attempt) -> float | None:
        """The same for another attempt, of which a host knows less."""
        if other.result and self.result and not self._agrees(other):
            return None
        if len(self.device) == len(other.device) == MAC_DIGITS and self.device != other.device:
            return None
        if self.vendor and other.vendor and self.vendor != other.vendor:
            return None
        shared = self.sessions & other.sessions
        cost = self._cost(other.operator, other.realm, other.ap, other.cui, other._name)
        return cost if cost is None or not shared else cost - 10.0

    def _agrees(self, other: Attempt) -> bool:
        return all(
            self._can_be(event.line.result, ORDER[event.hop])
            for event in other.events
            if event.line.kind is Kind.RESULT
        )

    def _can_be(self, result: Result, hop: int) -> bool:
        """Whether an answer fits: a yes that came from further away may have become a no, never the other way."""
        if not self.result or result is self.result:
            return True
        if result is Result.REJECT:
            return hop < self._accepted_at < ORDER[Hop.UNKNOWN]
        return self._rejected_at < hop < ORDER[Hop.UNKNOWN]

    def _cost(self, operator: str, realm: str, ap: str, cui: str, name: str) -> float | None:
        if operator and self.operator and operator != self.operator:
            return None
        if ap and self.ap and ap != self.ap:
            return None
        if realm != self.realm and realm and self.realm and not _related(realm, self.realm):
            return None
        cost = 0.0
        if name and self._name and name != self._name:
            cost += OTHER_NAME
        if cui and self.cui:
            cost += SAME_CUI if cui == self.cui else OTHER_NAME
        return cost


def when(attempt: Attempt) -> float:
    """The moment of an attempt."""
    return attempt.when


def _local(identity: str) -> str:
    """What stands before the last @, in lower case; empty where a server hides it."""
    return identity.rpartition("@")[0].lower()


def _related(one: str, other: str) -> bool:
    """Whether a realm is below the other, as that of an inner identity may be."""
    return one.endswith("." + other) or other.endswith("." + one)
