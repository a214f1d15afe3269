"""Which request an answer belongs to: from the last answer back, each takes the latest request before it."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from ggi_net.authlog.logins.times import SLACK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ggi_net.authlog.logins.attempt import Attempt
    from ggi_net.authlog.logins.event import Event, Track

    Pairs = list[tuple[Attempt, list[Event]]]

_STEPS = 64
"""Requests before an answer that are looked at."""


def before_own(
    attempts: Sequence[Attempt], of: Track, track: Track, row: list[list[Event]], reach: float
) -> tuple[Pairs, list[list[Event]]]:
    """Requests and answers of one server: which attempt gets which group of `row`, and the groups left over.

    `attempts` are in the order of their answers in the row `of`, `row` in that of the log; a request is at most `reach`
    seconds before its answer. In one log the order is that of the lines; of two logs of one server with whole seconds
    it is uncertain by a second.
    """
    same_log = of[1] == track[1]
    pairs: Pairs = []
    left = list(row)
    for position in range(len(attempts) - 1, -1, -1):
        attempt = attempts[position]
        if track in attempt.tracks or not left:
            continue
        answer = _answer(attempt, of, same_log=same_log)
        previous = _answer(attempts[position - 1], of, same_log=same_log) if position and same_log else None
        latest = answer if same_log else (answer[0] + SLACK, 0)
        end = bisect_right(left, latest, key=lambda group: _written(group[0], same_log=same_log))
        for k in range(end - 1, max(end - 1 - _STEPS, -1), -1):
            request = _written(left[k][0], same_log=same_log)
            if answer[0] - request[0] > reach or (previous is not None and request <= previous):
                break
            if attempt.cost(left[k][0]) is not None:
                pairs.append((attempt, left.pop(k)))
                break
    return pairs, left


def before_others(attempts: Sequence[Attempt], row: list[list[Event]], reach: float) -> tuple[Pairs, list[list[Event]]]:
    """The same for attempts, in the order of time, whose own server's answer was lost."""
    pairs: Pairs = []
    left = list(row)
    for attempt in reversed(attempts):
        end = bisect_right(left, attempt.when + SLACK, key=lambda group: group[0].at)
        for k in range(end - 1, max(end - 1 - _STEPS, -1), -1):
            if attempt.when - left[k][0].at > reach:
                break
            if attempt.cost(left[k][0]) is not None:
                pairs.append((attempt, left.pop(k)))
                break
    return pairs, left


def _answer(attempt: Attempt, track: Track, *, same_log: bool) -> tuple[float, int]:
    return min(_written(event, same_log=same_log) for event in attempt.events if event.track == track)


def _written(event: Event, *, same_log: bool) -> tuple[float, int]:
    """What to compare: in one log the moment and the order as written, of two logs the moment only."""
    return (event.time, event.line.offset) if same_log else (event.at, 0)
