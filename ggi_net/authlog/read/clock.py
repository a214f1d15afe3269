"""Times as logs write them, into microseconds of UTC; many at once.

A time is read in two steps. `Form` reads the digits of times that are written alike, as rows of one matrix of
bytes. `Times.utc` brings those without an offset into UTC by the zone of the log, with regard to the order of its
lines: in the hour that comes twice when summer time ends, the clock's jump back divides the first pass from the
second.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from ggi_net.authlog.read.shape import CLASSES, TIMES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ggi_net.authlog.read.source import Source

    Micros = NDArray[np.int64]
    Flags = NDArray[np.bool_]

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH_KEYS = np.array([m[0].encode()[0] << 16 | m[1].encode()[0] << 8 | m[2].encode()[0] for m in _MONTHS])
_BY_KEY = np.argsort(_MONTH_KEYS)

SECOND = 1_000_000
DAY = 86_400 * SECOND
SLACK = 120 * SECOND
"""How much later than its reference a line may be: clocks differ, and a file is written for a moment after its last
change."""

_KINDS = [(kind, re.compile(CLASSES[kind])) for kind in TIMES]
_ISO_PARTS = re.compile(r".{19}(?:[.,]([0-9]+))?(Z|[+-].*)?", re.DOTALL)


@dataclass(frozen=True)
class Form:
    """One way to write a time: its class (see Shape), its length, the digits of its fraction, and its offset as
    written.

    Times of one form have every part at the same place.
    """

    kind: str
    width: int
    fraction: int = 0
    offset: str = ""

    @property
    def in_utc(self) -> bool:
        """Whether it says the offset, so that no zone is needed."""
        return self.kind == "epoch" or bool(self.offset)

    def micros(self, rows: NDArray[np.uint8], reference: datetime) -> tuple[Micros, Flags]:
        """Return microseconds since 1970, and which rows are such a time; `rows` is (n, width) bytes.

        They are of UTC when the form is `in_utc`, else of the local clock. A date without a year gets the latest one
        that does not put it more than a week after `reference`, a time of the same clock.
        """
        if self.kind == "epoch":
            return self._epoch(rows)
        month_at, day_at, clock_at, year_at = {"ctime": (4, 8, 11, 20), "rfc3164": (0, 4, 7, -1), "iso": (5, 8, 11, 0)}[
            self.kind
        ]
        hour, ok = _number(rows, clock_at, 2)
        minute, valid = _number(rows, clock_at + 3, 2)
        ok &= valid & (rows[:, clock_at + 2] == 58) & (rows[:, clock_at + 5] == 58)
        second, valid = _number(rows, clock_at + 6, 2)
        ok &= valid & (hour < 24) & (minute < 60) & (second < 60)
        day, valid = _number(rows, day_at, 2, padded=self.kind != "iso")
        ok &= valid
        if self.kind == "iso":
            month, valid = _number(rows, month_at, 2)
            ok &= valid & (rows[:, 4] == 45) & (rows[:, 7] == 45) & ((rows[:, 10] == 84) | (rows[:, 10] == 32))
        else:
            key = (
                (rows[:, month_at].astype(np.int64) << 16)
                | (rows[:, month_at + 1].astype(np.int64) << 8)
                | rows[:, month_at + 2]
            )
            place = np.minimum(np.searchsorted(_MONTH_KEYS, key, sorter=_BY_KEY), 11)
            month = _BY_KEY[place] + 1
            ok &= _MONTH_KEYS[month - 1] == key
            if self.kind == "ctime":
                ok &= (
                    (rows[:, 0] - np.uint8(65) < 26)
                    & (rows[:, 1] - np.uint8(97) < 26)
                    & (rows[:, 2] - np.uint8(97) < 26)
                )
            for gap in (month_at + 3, day_at + 2, *((3, year_at - 1) if year_at > 0 else ())):
                ok &= rows[:, gap] == 32
        within = hour * 3600 + minute * 60 + second
        if self.kind == "rfc3164":
            time, valid = _with_year(month, day, within * SECOND, reference)
            return time, ok & valid
        year, valid = _number(rows, year_at, 4)
        days, exists = _days(year, month, day)
        ok &= valid & exists & (year >= 1970) & (year < 2200)
        time = days * DAY + within * SECOND
        if self.kind == "iso":
            tail, valid = self._tail(rows)
            ok &= valid
            time += tail
        return time, ok

    def _tail(self, rows: NDArray[np.uint8]) -> tuple[Micros, Flags]:
        """Return what fraction and offset add to an ISO time."""
        ok = np.ones(len(rows), bool)
        added = np.zeros(len(rows), np.int64)
        if self.fraction:
            ok &= (rows[:, 19] == 46) | (rows[:, 19] == 44)
            digits, valid = _number(rows, 20, min(self.fraction, 6))
            ok &= valid
            added += digits * 10 ** (6 - min(self.fraction, 6))
            if self.fraction > 6:
                ok &= _number(rows, 26, self.fraction - 6)[1]
        if self.offset:
            end = self.width - len(self.offset)
            for place, letter in enumerate(self.offset.encode()):
                ok &= rows[:, end + place] == letter
            if self.offset != "Z":
                hours, minutes = int(self.offset[1:3]), int(self.offset[-2:])
                ok &= hours < 24 and minutes < 60
                added -= (hours * 3600 + minutes * 60) * SECOND * (-1 if self.offset[0] == "-" else 1)
        return added, ok

    def _epoch(self, rows: NDArray[np.uint8]) -> tuple[Micros, Flags]:
        whole = self.width - (self.fraction + 1 if self.fraction else 0)
        seconds, ok = _number(rows, 0, whole)
        time = seconds * SECOND
        if self.fraction:
            ok &= rows[:, whole] == 46
            digits, valid = _number(rows, whole + 1, min(self.fraction, 6))
            ok &= valid
            time += digits * 10 ** (6 - min(self.fraction, 6))
        return time, ok


def form_of(text: str, kind: str = "") -> Form | None:
    """Return the form of a time as written, of class `kind` if that is known; None when it is no time."""
    for name, pattern in _KINDS:
        if kind in ("", name) and pattern.fullmatch(text):
            if name == "iso":
                parts = _ISO_PARTS.fullmatch(text)
                return Form(name, len(text), len(parts[1] or ""), parts[2] or "") if parts else None
            return Form(name, len(text), len(text.partition(".")[2]))
    return None


class Times:
    """The times of the lines of a block, as they become known."""

    def __init__(self, about: Source) -> None:
        self.local_reference = about.reference.astimezone(ZoneInfo(about.zone)).replace(tzinfo=None)
        self._about = about
        self._known: list[tuple[Micros, Micros, bool]] = []

    def put(self, lines: Micros, micros: Micros, *, in_utc: bool) -> None:
        """Take the times of some lines, by their places: of UTC, or of the log's own clock."""
        self._known.append((lines, micros, in_utc))

    def read(self, lines: Micros, texts: list[str]) -> None:
        """Read the times of some lines as they are written; one that makes no sense stays unknown."""
        forms: dict[Form, list[int]] = {}
        for place, text in enumerate(texts):
            if text and (form := form_of(text)):
                forms.setdefault(form, []).append(place)
        for form, places in forms.items():
            joined = "".join(texts[place] for place in places).encode("ascii")
            micros, ok = form.micros(
                np.frombuffer(joined, np.uint8).reshape(len(places), form.width), self.local_reference
            )
            self.put(lines[places][ok], micros[ok], in_utc=form.in_utc)

    def utc(self, count: int) -> Micros:
        """Return microseconds of UTC of all lines; of one whose time is not known, those of the reference."""
        reference = int(self._about.reference.timestamp() * SECOND)
        out = np.full(count, reference)
        local = np.zeros(count, bool)
        for lines, micros, in_utc in self._known:
            out[lines] = micros
            local[lines] = not in_utc
        if local.any():
            out[local] = _from_local(out[local], ZoneInfo(self._about.zone), reference)
        return out


def _from_local(local: Micros, zone: ZoneInfo, reference: int) -> Micros:
    days = local // DAY
    first, last = int(days.min()), int(days.max())
    wanted = range(first, last + 1) if last - first < 800 else np.unique(days).tolist()
    out = local.copy()
    offsets = {day: _offset(day * DAY, zone) for day in {*wanted, *(day + 1 for day in wanted)}}
    if len(set(offsets.values())) == 1:
        return local - next(iter(offsets.values()))
    for day in wanted:
        here = days == day
        before, after = offsets[day], offsets[day + 1]
        if before == after:
            out[here] -= before
            continue
        change = _change(day, before, zone)
        if before < after:  # the clock goes forward: the hour that doesn't exist is read as it was before the change
            out[here] -= np.where(local[here] < change + after, before, after)
            continue
        out[here] -= np.where(local[here] < change + after, before, after)
        twice = here & (local >= change + after) & (local < change + before)
        second = _second_pass(local, twice, change + after, change + before, change, reference)
        out[twice] = np.where(second[twice], local[twice] - after, local[twice] - before)
    return out


def _second_pass(local: Micros, twice: Flags, begin: int, end: int, change: int, reference: int) -> Flags:
    """Return which of the times that come twice are of the second pass; all in the order of the lines.

    `begin` and `end` bound the hour by the local clock, `change` is the moment in UTC at which the second pass
    begins.
    """
    places = np.flatnonzero(twice)
    second = np.zeros(len(local), bool)
    if not len(places) or reference < change - SLACK:
        return second  # the log ends before the second pass
    jumps = np.flatnonzero(
        (local[1:] < local[:-1] - 1800 * SECOND) & (local[:-1] >= begin) & (local[:-1] < end + SLACK) & twice[1:]
    )
    if len(jumps):
        second[jumps[0] + 1 :] = True
    elif (local[: places[0]] < begin).any():
        pass  # the log comes from before the hour, and its clock never went back
    elif (local[places[-1] + 1 :] >= end).any():
        second[:] = True  # it goes on after the hour, without the first pass
    else:
        first_time = local - (end - change)
        second = np.abs(first_time + (end - begin) - reference) <= np.abs(first_time - reference)
    return second & twice


def _offset(local: int, zone: ZoneInfo) -> int:
    """Return the offset of a local time in microseconds (its first pass)."""
    offset = (datetime(1970, 1, 1, tzinfo=zone) + timedelta(microseconds=local)).utcoffset()
    return int((offset or timedelta()).total_seconds()) * SECOND


def _change(day: int, before: int, zone: ZoneInfo) -> int:
    """Return the moment in UTC at which the offset stops being `before`, in the given local day."""
    low, high = day * DAY - before, (day + 1) * DAY + DAY // 2 - before
    while high - low > SECOND:
        middle = (low + high) // 2 // SECOND * SECOND
        at = datetime.fromtimestamp(middle // SECOND, zone).utcoffset()
        if at is not None and int(at.total_seconds()) * SECOND == before:
            low = middle
        else:
            high = middle
    return high // SECOND * SECOND


def _number(rows: NDArray[np.uint8], at: int, count: int, *, padded: bool = False) -> tuple[Micros, Flags]:
    """Return the number in `count` digits of each row, and where they are digits; `padded`: the first may be a
    space."""
    value = np.zeros(len(rows), np.int64)
    ok = np.ones(len(rows), bool)
    for place in range(at, at + count):
        digit = rows[:, place] - np.uint8(48)
        if padded and place == at:
            digit = np.where(rows[:, place] == 32, np.uint8(0), digit)
        ok &= digit <= 9
        value = value * 10 + digit
    return value, ok


def _days(year: Micros, month: Micros, day: Micros) -> tuple[Micros, Flags]:
    """Return days since 1970 of dates, and which dates exist."""
    valid = (month >= 1) & (month <= 12) & (day >= 1)
    months = (year - 1970) * 12 + np.where(valid, month - 1, 0)
    starts = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    ends = (months + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return starts + day - 1, valid & (day <= ends - starts)


def _with_year(month: Micros, day: Micros, within: Micros, reference: datetime) -> tuple[Micros, Flags]:
    """Return times in the latest year that does not put them later than a week after the reference, and which there
    are.
    """
    latest = int((reference - datetime(1970, 1, 1)) / timedelta(microseconds=1)) + 7 * DAY  # noqa: DTZ001  both local
    found = np.zeros(len(month), bool)
    best = np.zeros(len(month), np.int64)
    for year in range(reference.year + 1, reference.year - 5, -1):
        days, exists = _days(np.full(len(month), year), month, day)
        time = days * DAY + within
        fits = exists & ~found & (time <= latest)
        best[fits] = time[fits]
        found |= fits
        if found.all():
            break
    return best, found
