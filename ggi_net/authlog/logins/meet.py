"""Attempts that different logs tell of, brought together where no MAC says that they are one.

F-Ticks and radsecproxy with hashed MACs name the realm, the operator, the answer and the vendor of the device; a line
without any MAC the identity. What one such log says is matched with what is known already by those and by time, log by
log, in the order of the hops. What matches nothing is an attempt of its own.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from typing import TYPE_CHECKING

from ggi_net.authlog.line import Kind
from ggi_net.authlog.logins.attempt import RANK, Attempt
from ggi_net.authlog.logins.event import MAC_DIGITS
from ggi_net.authlog.logins.match import MOST, Rows
from ggi_net.authlog.logins.times import FAR, NEAR, WINDOW

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from ggi_net.authlog.line import Product

    Log = tuple[int, str, Product]


class Met:
    """An attempt as all logs tell it, and the parts that it was put together from."""

    __slots__ = ("attempt", "logs", "parts")

    def __init__(self, first: Attempt) -> None:
        self.attempt = first
        self.parts = [first]
        self.logs = {(event.line.host, event.line.product) for event in first.events}

    def take(self, part: Attempt) -> None:
        """Take another part in; the parts themselves stay as they are."""
        if len(self.parts) == 1:
            self.attempt = Attempt(self.attempt.events)
        self.attempt.take(part)
        self.parts.append(part)
        self.logs.update((event.line.host, event.line.product) for event in part.events)


def meet(attempts: Sequence[Attempt]) -> list[Met]:
    """Bring the attempts of one realm together; `attempts` are in any order. Returns them in the order of time."""
    known: list[Met] = []
    weak: defaultdict[Log, list[Attempt]] = defaultdict(list)
    notices: list[Attempt] = []
    for attempt in attempts:
        if len(attempt.device) == MAC_DIGITS:
            known.append(Met(attempt))
        elif all(event.line.kind is Kind.NOTICE for event in attempt.events):
            notices.append(attempt)
        else:
            first = min(attempt.events, key=lambda event: (RANK[event.hop], event.order))
            weak[RANK[first.hop], first.line.host, first.line.product].append(attempt)
    _sort(known)
    for log in sorted(weak):
        known += [Met(attempt) for attempt in _joined(known, log, sorted(weak[log], key=_order))]
        _sort(known)
    for attempt in sorted(notices, key=_order):
        near = _nearest(known, attempt)
        if near is None:
            insort(known, Met(attempt), key=_moment)
        else:
            near.take(attempt)
    _sort(known)
    return known


def _joined(known: list[Met], log: Log, row: list[Attempt]) -> list[Attempt]:
    """Match one log with what is known, the surest first; return what is left of it."""
    here = log[1:]
    for reach, key in ((NEAR, _exact), (NEAR, _same), (FAR, _same)):
        if not row:
            break
        free: defaultdict[Hashable, list[Met]] = defaultdict(list)
        for met in known:
            if here not in met.logs:
                free[key(met.attempt)].append(met)
        row = _matched(free, row, reach, key)
    return row


def _matched(
    free: dict[Hashable, list[Met]], row: list[Attempt], reach: float, key: Callable[[Attempt], Hashable]
) -> list[Attempt]:
    by_key: defaultdict[Hashable, list[Attempt]] = defaultdict(list)
    for attempt in row:
        by_key[key(attempt)].append(attempt)
    left: list[Attempt] = []
    for group, members in by_key.items():
        candidates = free.get(group, [])
        rows = Rows(
            candidates, members, left_at=lambda met: met.attempt.when, right_at=lambda attempt: attempt.when,
            cost=lambda met, attempt: met.attempt.cost_of(attempt),
        )  # fmt: skip
        pairs = rows.pairs(reach) if candidates else []
        taken = {j for _, j in pairs}
        for i, j in pairs:
            candidates[i].take(members[j])
        left += [attempt for j, attempt in enumerate(members) if j not in taken]
    return sorted(left, key=_order)


def _exact(attempt: Attempt) -> Hashable:
    """What most logs tell of an attempt."""
    return (attempt.operator, attempt.vendor, attempt.result)


def _same(_: Attempt) -> Hashable:
    return None


def _nearest(known: Sequence[Met], notice: Attempt) -> Met | None:
    """The attempt that a notice falls into, or is nearest to; one that got no yes is likelier to have caused it."""
    best: tuple[float, Met] | None = None
    low = bisect_left(known, notice.begin - FAR - WINDOW, key=_moment)
    high = bisect_right(known, notice.end + FAR + WINDOW, key=_moment)
    middle = bisect_left(known, notice.when, key=_moment)
    for met in known[max(low, middle - MOST) : min(high, middle + MOST)]:
        distance = max(met.attempt.begin - notice.end, notice.begin - met.attempt.end, 0.0)
        if distance > FAR:
            continue
        cost = met.attempt.cost_of(notice)
        if cost is None:
            continue
        total = distance + cost + (NEAR if met.attempt.result == "accept" else 0.0)
        if best is None or total < best[0]:
            best = (total, met)
    return best[1] if best else None


def _moment(met: Met) -> float:
    return met.attempt.when


def _order(attempt: Attempt) -> tuple[object, ...]:
    return attempt.order


def _sort(known: list[Met]) -> None:
    known.sort(key=lambda met: _order(met.attempt))
