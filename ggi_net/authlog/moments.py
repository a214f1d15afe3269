"""Moments as people type them: `2d`, `09:00`, `gisteren`, `2026-11-23 09:00`; and as people read them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from ggi_net.errors import MomentUnclear

NETHERLANDS = ZoneInfo("Europe/Amsterdam")
"""The clock of everybody who asks."""

_AGO = re.compile(r"(\d{1,5})\s*([a-z]+)\Z")
_UNITS = {
    timedelta(seconds=1): ("s", "sec", "seconden", "seconds"),
    timedelta(minutes=1): ("m", "min", "minuten", "minutes"),
    timedelta(hours=1): ("h", "u", "uur", "uren", "hours"),
    timedelta(days=1): ("d", "dag", "dagen", "day", "days"),
    timedelta(weeks=1): ("w", "week", "weken", "weeks"),
}
_BY_WORD = {word: step for step, words in _UNITS.items() for word in words}
_DAYS = {
    "vandaag": timedelta(0), "today": timedelta(0), "gisteren": timedelta(days=1), "yesterday": timedelta(days=1),
    "eergisteren": timedelta(days=2),
}  # fmt: skip
_PARTS = {word: (ago.days, 0, 24) for word, ago in _DAYS.items()} | {
    "vannacht": (0, 0, 6), "vanochtend": (0, 6, 12), "vanmorgen": (0, 6, 12),
    "vanmiddag": (0, 12, 18), "vanavond": (0, 18, 24), "gisterochtend": (1, 6, 12), "gistermorgen": (1, 6, 12),
    "gistermiddag": (1, 12, 18), "gisteravond": (1, 18, 24),
}  # fmt: skip
"""How many days ago, from which hour until which one."""
_FORMS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%d-%m-%Y %H:%M", "%d-%m-%Y")


def moment(text: str, now: datetime) -> datetime:
    """The moment in UTC that `text` names, seen from `now` (aware): so long ago, a clock time of today, a day, or both.

    A text without an offset is by the clock of the Netherlands; of an hour that comes twice it is the first one.
    Raises MomentUnclear.
    """
    words = " ".join(text.lower().split())
    here = now.astimezone(NETHERLANDS)
    try:
        if ago := _AGO.match(words):
            if step := _BY_WORD.get(ago[2]):
                return (now - int(ago[1]) * step).astimezone(UTC)
        elif words in _DAYS:
            return _midnight(here - _DAYS[words])
        elif re.fullmatch(r"\d{1,2}:\d\d", words):
            hour, minute = map(int, words.split(":"))
            return here.replace(hour=hour, minute=minute, second=0, microsecond=0, fold=0).astimezone(UTC)
        else:
            return _written(words)
    except (ValueError, OverflowError):
        pass
    raise MomentUnclear(f"'{text[:60]}' is no moment")


def period(word: str, now: datetime) -> tuple[datetime, datetime] | None:
    """From when until when (UTC) a word says, on the clock of the Netherlands: `gisteren`, `vanochtend`; else None."""
    if word not in _PARTS:
        return None
    days, begin, end = _PARTS[word]
    midnight = _midnight(now.astimezone(NETHERLANDS) - timedelta(days=days)).astimezone(NETHERLANDS)
    # On its own clock: some days have 23 hours, others 25.
    since, until = (midnight + timedelta(hours=hour) for hour in (begin, end))
    return since.astimezone(UTC), until.astimezone(UTC)


def _midnight(here: datetime) -> datetime:
    return here.replace(hour=0, minute=0, second=0, microsecond=0, fold=0).astimezone(UTC)


def _written(words: str) -> datetime:
    for form in _FORMS:
        try:
            return datetime.strptime(words, form).replace(tzinfo=NETHERLANDS).astimezone(UTC)
        except ValueError:
            continue
    found = datetime.fromisoformat(words.upper())
    return (found if found.tzinfo else found.replace(tzinfo=NETHERLANDS)).astimezone(UTC)


def clock(when: datetime) -> str:
    """`when` (aware) by the clock of the Netherlands: `2026-11-23 15:49:28`."""
    return when.astimezone(NETHERLANDS).strftime("%Y-%m-%d %H:%M:%S")
