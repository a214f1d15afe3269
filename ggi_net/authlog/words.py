"""Dutch and English side by side, for whoever answers the phone. Short words, no blame (language level B1)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ggi_net.authlog.line import Hop
from ggi_net.authlog.moments import NETHERLANDS
from ggi_net.model.types import Record

LONGEST = 80
"""Characters of a foreign text in a sentence."""


class Both(Record, frozen=True):
    """The same said in Dutch and in English."""

    nl: str
    en: str


HOPS = {
    Hop.DEVICE: Both("het toestel", "the device"),
    Hop.ACCESS_POINT: Both("het toegangspunt", "the access point"),
    Hop.VISITED: Both("de bezochte gemeente", "the visited gemeente"),
    Hop.FEDERATION: Both("het landelijke knooppunt", "the federation"),
    Hop.HOME: Both("de eigen gemeente", "the home gemeente"),
}
"""The hops, in the order that an attempt crosses them."""


def spelled(text: str) -> str:
    """A foreign text with its control and direction characters spelled out: it can't steer a terminal."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def inert(text: str) -> str:
    """A foreign text as part of a sentence: one line, nothing that steers a terminal or turns the direction, cut."""
    text = spelled(text)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def clock(time: datetime) -> str:
    """Hour, minute and second on Dutch clocks."""
    return f"{time.replace(tzinfo=time.tzinfo or UTC).astimezone(NETHERLANDS):%H:%M:%S}"


def minute(time: datetime) -> str:
    """Hour and minute on Dutch clocks."""
    return clock(time)[:5]


def day(time: datetime) -> Both:
    """The day on Dutch clocks: `23 november`, `23 November`."""
    there = time.replace(tzinfo=time.tzinfo or UTC).astimezone(NETHERLANDS)
    month = _MONTHS[there.month - 1]
    return Both(f"{there.day} {month[0]}", f"{there.day} {month[1]}")


def span(seconds: float) -> Both:
    """How long, in one unit that fits."""
    for least, size, one, many in _UNITS:
        if seconds >= least:
            number = round(seconds / size)
            word = one if number == 1 else many
            return Both(f"{number} {word[0]}", f"{number} {word[1]}")
    return Both("minder dan een seconde", "less than a second")


def span_of(time: timedelta) -> Both:
    """The same for a difference of two moments."""
    return span(time.total_seconds())


_MONTHS = (
    ("januari", "January"), ("februari", "February"), ("maart", "March"), ("april", "April"), ("mei", "May"),
    ("juni", "June"), ("juli", "July"), ("augustus", "August"), ("september", "September"), ("oktober", "October"),
    ("november", "November"), ("december", "December"),
)  # fmt: skip
_UNITS = (
    # From so many seconds on, in units of so many.
    (129_600, 86_400, ("dag", "day"), ("dagen", "days")),
    (5_400, 3_600, ("uur", "hour"), ("uur", "hours")),
    (90, 60, ("minuut", "minute"), ("minuten", "minutes")),
    (1, 1, ("seconde", "second"), ("seconden", "seconds")),
)
