"""A moment as each product writes it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Amsterdam")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Stamp(NamedTuple):
    """One second: ISO 8601 in UTC, asctime(3), RFC 3164, and date and time of NPS; all but the first are local."""

    iso: str
    asctime: str
    syslog: str
    nps: str


def midnight(day: date) -> int:
    """When `day` begins in the Netherlands, in seconds since 1970."""
    return int(datetime(day.year, day.month, day.day, tzinfo=ZONE).timestamp())


def length(day: date) -> int:
    """How many seconds `day` has: an hour less or more when the clock changes."""
    return midnight(day + timedelta(days=1)) - midnight(day)


@lru_cache(maxsize=4096)
def stamp(second: int) -> Stamp:
    """A second since 1970 in all forms."""
    utc = datetime.fromtimestamp(second, UTC)
    here = utc.astimezone(ZONE)
    clock = here.strftime("%H:%M:%S")
    month = _MONTHS[here.month - 1]
    return Stamp(
        iso=utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
        asctime=f"{_DAYS[here.weekday()]} {month} {here.day:2d} {clock} {here.year}",
        syslog=f"{month} {here.day:2d} {clock}",
        nps=f"{here:%m/%d/%Y},{clock}",
    )
