"""A maintenance window: when the devices of a gemeente may be changed.

    always
    mon-thu 19:00-23:00
    mon-fri 22:00-05:00; sun 00:00-24:00

Times are those of the clock in the Netherlands. A window that ends at or before the time that it begins at ends on the
next day. When the clocks change, the clock decides: a time that is skipped is in no window, and one that comes twice
is in the window both times.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Iterator

ALWAYS = "always"
ZONE = "Europe/Amsterdam"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_DAY = "|".join(DAYS)
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_SPAN = rf"(?:{_DAY})(?:-(?:{_DAY}))? {_CLOCK}-(?:{_CLOCK}|24:00)"
PATTERN = rf"^(?:{ALWAYS}|{_SPAN}(?:; {_SPAN})*)$"
"""As a regular expression that Python and JSON Schema (ECMA 262) read alike."""
FORM = f"`{ALWAYS}`, or days and times such as `mon-thu 19:00-23:00` or `sat 22:00-06:00; sun 22:00-06:00`"

_DAY_MINUTES = 24 * 60
_DAYS_AHEAD = 16
"""A window of one hour a week that the clocks skip opens two weeks after the one before."""


@dataclass(frozen=True)
class Span:
    """Some hours of some weekdays. Minutes from midnight; `end` is past `start`, and past a day when it is the next."""

    days: frozenset[int]
    start: int
    end: int

    def holds(self, day: date, minute: int) -> bool:
        """Whether the span is open at that minute of that day: it began then, or on the day before."""
        today = day.weekday() in self.days and self.start <= minute < self.end
        return today or ((day.weekday() - 1) % 7 in self.days and minute < self.end - _DAY_MINUTES)


@dataclass(frozen=True)
class Window:
    """The spans in which devices may be changed; no span at all means always."""

    text: str
    spans: tuple[Span, ...] = ()

    def open_at(self, moment: datetime) -> bool:
        """Whether devices may be changed at that moment (with its time zone)."""
        clock = _clock(moment)
        return not self.spans or any(span.holds(clock.date(), clock.hour * 60 + clock.minute) for span in self.spans)

    def opening(self, moment: datetime) -> datetime:
        """When the window is open next, from `moment` on, in UTC; `moment` itself when it is open."""
        if self.open_at(moment):
            return moment.astimezone(UTC)
        today = _clock(moment).date()
        begins = {span.start for span in self.spans}
        days = [today + timedelta(days=number) for number in range(_DAYS_AHEAD)]
        possible = (at for day in days for at in _moments(day, begins) if at > moment and self.open_at(at))
        return min(possible)


def window(text: str) -> Window:
    """Read a window; raise ValueError with what is wrong with it."""
    if text == ALWAYS:
        return Window(text)
    if not re.fullmatch(PATTERN, text) or text.endswith("\n"):
        raise ValueError(f"it takes {FORM}")
    return Window(text, tuple(_span(part) for part in text.split("; ")))


def _span(text: str) -> Span:
    days, _, times = text.partition(" ")
    start, end = (_minute(part) for part in times.split("-"))
    if start == end:
        raise ValueError(f"'{text}' ends when it begins; a whole day is 00:00-24:00")
    return Span(_weekdays(days), start, end if end > start else end + _DAY_MINUTES)


def _minute(text: str) -> int:
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)


def _weekdays(text: str) -> frozenset[int]:
    """`fri-mon` goes over the weekend."""
    first, _, last = text.partition("-")
    begin, end = DAYS.index(first), DAYS.index(last or first)
    return frozenset((begin + step) % 7 for step in range((end - begin) % 7 + 1))


def _moments(day: date, minutes: set[int]) -> Iterator[datetime]:
    """The moments of a day, in UTC, at which a window that begins at one of those minutes may open.

    A minute comes twice when the clocks are put back over it. They are changed at 01:00 UTC (directive 2000/84/EC):
    forward into a window, or back into one that had ended.
    """
    for minute in minutes:
        shown = datetime.combine(day, time()) + timedelta(minutes=minute)
        yield from (shown.replace(tzinfo=_zone(), fold=fold).astimezone(UTC) for fold in (0, 1))
    yield datetime.combine(day, time(1), UTC)


def shown(moment: datetime) -> str:
    """A moment on the clock of the Netherlands, for people: `mon 2026-11-30 19:00`."""
    clock = _clock(moment)
    return f"{DAYS[clock.weekday()]} {clock:%Y-%m-%d %H:%M}"


def _clock(moment: datetime) -> datetime:
    """What the clock shows at that moment, without its zone and second."""
    return moment.astimezone(_zone()).replace(tzinfo=None, fold=0, second=0, microsecond=0)


@cache
def _zone() -> ZoneInfo:
    return ZoneInfo(ZONE)
