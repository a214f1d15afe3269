"""The lines of one device, cut into its attempts.

A device makes one attempt at a time, and an attempt has at most one answer in each row of equal lines (the same log,
the same hop). So the answers of one row number the attempts; those of another row belong to the attempts that they are
nearest to; requests go before the answer that follows them, and what is left over never had an answer.
"""

from __future__ import annotations

from collections import defaultdict
from math import inf
from typing import TYPE_CHECKING

from ggi_net.authlog.line import Kind, Product
from ggi_net.authlog.logins.attempt import Attempt
from ggi_net.authlog.logins.cutter import Cutter
from ggi_net.authlog.logins.times import FAR, NEAR, SLACK, WINDOW

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ggi_net.authlog.line import Line
    from ggi_net.authlog.logins.event import Event, Track


def attempts_of(events: Sequence[Event]) -> list[Attempt]:
    """The attempts in the events of one device, in the order of time. `events` are sorted by their `order`.

    Events that belong to no attempt are left out: accounting without a login, and notices of the radio or the device
    that tell of no fault.
    """
    plain = _plain(events)
    if plain is not None:
        return [plain] if _is_login(plain) else []
    return [attempt for attempt in Cutter(_tracks(events)).attempts() if _is_login(attempt)]


def _tracks(events: Iterable[Event]) -> dict[Track, list[list[Event]]]:
    """The rows: events of one track, where lines with one session number stand together."""
    found: defaultdict[Track, list[list[Event]]] = defaultdict(list)
    for event in sorted(events, key=lambda event: (event.time, event.line.offset)):
        row = found[event.track]
        if row and _one_packet(row[-1][0], event):
            row[-1].append(event)
        else:
            row.append([event])
    return found


def _one_packet(first: Event, event: Event) -> bool:
    """Whether two lines are about one packet: FreeRADIUS numbers these, and has two lines for some."""
    line = event.line
    return (
        line.product is Product.FREERADIUS
        and bool(line.session)
        and line.session == first.line.session
        and event.at - first.at <= NEAR
    )


def _plain(events: Sequence[Event]) -> Attempt | None:
    """The attempt that all events are of, when they can be of one only, as most are."""
    if events[-1].at - events[0].at > (WINDOW if len(events[0].device) == 1 else FAR):
        return None
    attempt = Attempt()
    rows: dict[Track, Event] = {}
    first, last, asked, requests = inf, -inf, -inf, 0
    for event in events:
        at, kind = event.at, event.line.kind
        if kind is Kind.RESULT or kind is Kind.REQUEST:
            before = rows.setdefault(event.track, event)
            if before is not event and not _one_packet(before, event):
                return None
        if attempt.cost(event) is None:
            return None
        attempt.add(event)
        if kind is Kind.RESULT:
            first, last = min(first, at), max(last, at)
        elif kind is Kind.REQUEST or kind is Kind.INNER:
            asked = max(asked, at)
            requests += kind is Kind.REQUEST
    if last == -inf:
        return None if requests > 1 and attempt.end - attempt.begin > NEAR else attempt
    in_order = asked <= last + SLACK and (attempt.request is None or attempt.request <= first + SLACK)
    return attempt if in_order and last - first <= NEAR else None


def _is_login(attempt: Attempt) -> bool:
    """Whether somebody tried to log in: a line that is no mere notice, or a notice of a server or of a fault."""
    for event in attempt.events:
        line = event.line
        if line.kind in (Kind.REQUEST, Kind.RESULT, Kind.INNER):
            return True
        if line.kind is Kind.NOTICE and _tells_of_login(line):
            return True
    return False


def _tells_of_login(line: Line) -> bool:
    """Whether a notice alone says that somebody tried: a device that just leaves is no login."""
    if line.product is Product.HOSTAPD:
        return bool(line.server or line.outer)
    if line.product is Product.WPA_SUPPLICANT:
        return bool(line.reason) and not line.reason.startswith("CTRL-EVENT-DISCONNECTED")
    return line.product is not Product.UNKNOWN
