"""The attempts of one device that are known so far, in the order of time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from typing import TYPE_CHECKING

from ggi_net.authlog.logins.attempt import Attempt, when
from ggi_net.authlog.logins.match import MOST

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ggi_net.authlog.logins.event import Event, Track


def around(attempts: Sequence[Attempt], at: float, reach: float) -> Sequence[Attempt]:
    """Those of `attempts`, which are in the order of time, whose moment is at most `reach` seconds from another one."""
    low, high = bisect_left(attempts, at - reach, key=when), bisect_right(attempts, at + reach, key=when)
    if high - low > 2 * MOST:
        middle = bisect_left(attempts, at, key=when)
        low, high = max(low, middle - MOST), min(high, middle + MOST)
    return attempts[low:high]


class Found:
    """Attempts, and which one has which number of a conversation."""

    def __init__(self) -> None:
        self._attempts: list[Attempt] = []
        self._by_session: defaultdict[tuple[str, str], list[Attempt]] = defaultdict(list)

    def __iter__(self) -> Iterator[Attempt]:
        return iter(self._attempts)

    def __len__(self) -> int:
        return len(self._attempts)

    def new(self, group: list[Event]) -> Attempt:
        """Another attempt, of these events."""
        attempt = Attempt()
        self.give(attempt, group)
        insort(self._attempts, attempt, key=when)
        return attempt

    def give(self, attempt: Attempt, group: list[Event]) -> None:
        """Give an attempt these events as well."""
        for event in group:
            attempt.add(event)
            if event.line.session:
                self._by_session[event.line.host, event.line.session].append(attempt)

    def sort(self) -> None:
        """Put them in order again after their moments changed."""
        self._attempts.sort(key=lambda attempt: attempt.order)

    def near(self, at: float, reach: float) -> Sequence[Attempt]:
        """The attempts within so many seconds of a moment."""
        return around(self._attempts, at, reach)

    def without(self, track: Track) -> list[Attempt]:
        """The attempts that have no line in a row."""
        return [attempt for attempt in self._attempts if track not in attempt.tracks]

    def of_session(self, event: Event, reach: float) -> Attempt | None:
        """The nearest attempt with the daemon's own number of the conversation, as an event has it."""
        line = event.line
        if not line.session:
            return None
        same = self._by_session.get((line.host, line.session), ())
        near = [attempt for attempt in same[-MOST:] if abs(attempt.when - event.at) <= reach]
        return min(near, key=lambda attempt: abs(attempt.when - event.at), default=None)
