"""From when to when a population failed: the stretch of time around a login in which most devices that were seen fail.

Who asks the next day sees as well what came before and after, when all was fine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    Span = tuple[datetime, datetime]
    Point = tuple[datetime, float]


SEVERAL = 3


@dataclass(frozen=True)
class Break:
    """A population while something was broken: the devices that failed and did not come in, and those that did.

    `over` is when the first of at least `SEVERAL` devices came in afterwards, None when they didn't.
    """

    since: datetime
    over: datetime | None
    failed: tuple[str, ...]
    fine: tuple[str, ...]

    @property
    def total(self) -> int:
        """All devices that were seen."""
        return len(self.failed) + len(self.fine)


def break_around(moment: datetime, bad: Mapping[str, Span], good: Mapping[str, Span], share: float) -> Break | None:
    """The stretch around `moment` in which the most devices fail, and at least about `share` of those seen; or None.

    `bad` and `good` are when each device first and last failed, and came in. A device that came in after it failed is
    fine; one that came in before or after the stretch was not seen to be fine in it.
    """
    weight = share / (1 - share)
    before: list[Point] = []
    after: list[Point] = []
    for device, (first, _) in bad.items():
        (before if first <= moment else after).append((first, 1.0))
        if came_in := _came_in(bad[device], good.get(device)):
            (before if came_in <= moment else after).append((came_in, -1.0 - weight))
    for device, (first, last) in good.items():
        if device in bad:
            continue
        if first <= moment:
            before.append((last if last <= moment else first, -weight))
        if last > moment:
            after.append((first if first > moment else last, -weight))
    begin, end = _furthest(sorted(before, reverse=True)), _furthest(sorted(after))
    if begin is None:
        return None
    end = end or moment
    failing = {device: first for device, (first, _) in bad.items() if begin <= first <= end}
    lucky = {d for d in failing if (at := _came_in(bad[d], good.get(d))) is not None and at <= end}
    fine = {d for d, span in good.items() if d not in failing and any(begin <= at <= end for at in span)}
    failed = tuple(sorted(failing.keys() - lucky))
    if not failed:
        return None
    later = sorted(first if first > end else last for first, last in good.values() if last > end)
    over = later[0] if len(later) >= SEVERAL else None
    return Break(min(failing[device] for device in failed), over, failed, tuple(sorted(fine | lucky)))


def _came_in(bad: Span, good: Span | None) -> datetime | None:
    """When a device came in after it failed, as far as that is known."""
    if good is None or good[1] <= bad[1]:
        return None
    return good[0] if good[0] > bad[1] else good[1]


def _furthest(points: Sequence[Point]) -> datetime | None:
    """Up to which of the points, from the first on, their sum is largest; None where it is never above nothing."""
    best, total, found = 0.0, 0.0, None
    for at, weight in points:
        total += weight
        if total > best:
            best, found = total, at
    return found


def spans(moments: Iterable[tuple[str, datetime, datetime]]) -> dict[str, Span]:
    """The first and the last moment of each device."""
    found: dict[str, Span] = {}
    for device, first, last in moments:
        known = found.get(device)
        found[device] = (min(first, known[0]), max(last, known[1])) if known else (first, last)
    return found
