"""Maintenance windows: read strictly, and right when the clocks change."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ggi_net.model.window import DAYS, PATTERN, shown, window

SPRING = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)  # 02:00 becomes 03:00
AUTUMN = datetime(2026, 10, 25, 1, 0, tzinfo=UTC)  # 03:00 becomes 02:00


def at(text):
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("text", "open_at", "closed_at"),
    [
        ("mon-thu 19:00-23:00", "2026-11-30T19:00+01:00", "2026-11-30T23:00+01:00"),
        ("mon-thu 19:00-23:00", "2026-12-03T22:59:59+01:00", "2026-12-04T20:00+01:00"),
        ("fri-mon 01:00-02:00", "2026-11-29T01:30+01:00", "2026-12-01T01:30+01:00"),
        ("sat 22:00-06:00", "2026-11-29T05:59+01:00", "2026-11-28T05:59+01:00"),
        ("sun 22:00-06:00", "2026-11-30T05:59+01:00", "2026-11-30T06:00+01:00"),
        ("sat 00:00-24:00", "2026-11-28T23:59+01:00", "2026-11-29T00:00+01:00"),
        ("mon 19:00-23:00", "2026-07-06T17:00+00:00", "2026-07-06T16:59+00:00"),
        ("tue 08:00-09:00; thu 08:00-09:00", "2026-12-03T08:00+01:00", "2026-12-02T08:00+01:00"),
    ],
)
def test_is_open_by_the_dutch_clock(text, open_at, closed_at):
    assert window(text).open_at(at(open_at))
    assert not window(text).open_at(at(closed_at))


def test_always_is_always():
    assert window("always").open_at(at("2026-03-29T01:30+00:00"))


@pytest.mark.parametrize(
    ("text", "moment", "opens"),
    [
        ("mon-thu 19:00-23:00", "2026-11-28T12:00+01:00", "2026-11-30T19:00+01:00"),
        ("mon-thu 19:00-23:00", "2026-11-30T23:00+01:00", "2026-12-01T19:00+01:00"),
        ("mon-thu 19:00-23:00", "2026-11-30T20:00+01:00", "2026-11-30T20:00+01:00"),
        ("sun 02:30-05:00", "2026-03-29T00:00+01:00", "2026-03-29T03:00+02:00"),  # 02:30 is skipped
        ("sun 02:00-03:00", "2026-03-29T00:00+01:00", "2026-04-05T02:00+02:00"),  # the whole window is
        ("sun 02:30-02:45", "2026-10-25T02:50+02:00", "2026-10-25T02:30+01:00"),  # it comes twice
    ],
)
def test_says_when_it_opens_next(text, moment, opens):
    found = window(text).opening(at(moment))
    assert found == at(opens)
    assert shown(found)[4:] == opens[:16].replace("T", " ")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it takes `always`, or days and times"),
        ("mon-thu", "it takes"),
        ("mon 9:00-11:00", "it takes"),
        ("mon 19:00-25:00", "it takes"),
        ("ma 19:00-23:00", "it takes"),
        ("mon 19:00-23:00\n", "it takes"),
        ("mon 19:00-23:00;tue 19:00-23:00", "it takes"),
        ("mon 19:00-19:00", "ends when it begins"),
    ],
)
def test_what_is_no_window_is_refused(text, reason):
    with pytest.raises(ValueError, match=reason):
        window(text)


DAY = st.sampled_from(DAYS)
CLOCK = st.tuples(st.integers(0, 23), st.integers(0, 59)).map(lambda t: f"{t[0]:02}:{t[1]:02}")
SPANS = st.tuples(DAY, DAY, CLOCK, CLOCK).filter(lambda s: s[2] != s[3]).map(lambda s: f"{s[0]}-{s[1]} {s[2]}-{s[3]}")
TEXTS = st.lists(SPANS, min_size=1, max_size=3).map("; ".join)
MOMENTS = st.tuples(st.sampled_from([SPRING, AUTUMN]), st.integers(-3 * 1440, 3 * 1440)).map(
    lambda pair: pair[0] + timedelta(minutes=pair[1])
)


@settings(max_examples=60)
@given(TEXTS, MOMENTS)
@example("sun-sun 01:00-02:30", AUTUMN - timedelta(minutes=20))
@example("sun-sun 02:30-02:45", AUTUMN)
@example("sun-sun 02:10-03:05", SPRING - timedelta(minutes=5))
def test_the_next_opening_is_the_first_minute_that_is_open(text, moment):
    """Around both changes of the clock, compared with looking minute by minute."""
    found = window(text)
    minutes = (moment + timedelta(minutes=number) for number in range(15 * 1440))
    assert found.opening(moment) == next(minute for minute in minutes if found.open_at(minute))


@settings(max_examples=15)
@given(TEXTS)
def test_in_an_ordinary_week_it_is_open_for_as_long_as_its_spans_say(text):
    found, start = window(text), at("2026-06-01T00:00+02:00")
    week = {minute for minute in range(7 * 1440) if found.open_at(start + timedelta(minutes=minute))}
    said = set()
    for span in found.spans:
        for day in span.days:
            said |= {(day * 1440 + minute) % (7 * 1440) for minute in range(span.start, span.end)}
    assert week == said


@given(TEXTS)
def test_whatever_is_written_right_is_read(text):
    assert re.match(PATTERN, text)
    assert window(text).text == text
