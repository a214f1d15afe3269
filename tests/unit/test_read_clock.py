"""Times of logs: every notation, years that are missing, time zones, and the hour that comes twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ggi_net.authlog.read import Source, records
from ggi_net.authlog.read.clock import Times, form_of

ZONE = "Europe/Amsterdam"


def utc(text: str, reference: str = "2026-11-24T00:00", zone: str = ZONE) -> str:
    """One time as written, as a time of UTC."""
    return several([text], reference, zone)[0]


def several(texts: list[str], reference: str = "2026-11-24T00:00", zone: str = ZONE) -> list[str]:
    about = Source(name="log", reference=datetime.fromisoformat(reference).replace(tzinfo=UTC), zone=zone)
    times = Times(about)
    times.read(np.arange(len(texts)), texts)
    return [(datetime(1970, 1, 1) + timedelta(microseconds=m)).isoformat() for m in times.utc(len(texts)).tolist()]  # noqa: DTZ001


NOTATIONS = {
    "Mon Nov 23 15:49:27 2026": "2026-11-23T14:49:27",
    "Tue Jun  2 15:49:27 2026": "2026-06-02T13:49:27",
    "Nov 23 15:49:27": "2026-11-23T14:49:27",
    "Nov  3 15:49:27": "2026-11-03T14:49:27",
    "2026-11-23T15:49:27": "2026-11-23T14:49:27",
    "2026-11-23 15:49:27": "2026-11-23T14:49:27",
    "2026-11-23T15:49:27Z": "2026-11-23T15:49:27",
    "2026-11-23T15:49:27.123456+01:00": "2026-11-23T14:49:27.123456",
    "2026-11-23T15:49:27,5-0330": "2026-11-23T19:19:27.500000",
    "2026-11-23T15:49:27.123456789Z": "2026-11-23T15:49:27.123456",
    "1795445367": "2026-11-23T14:49:27",
    "1795445367.25": "2026-11-23T14:49:27.250000",
}


@pytest.mark.parametrize("text", NOTATIONS)
def test_every_notation_is_read(text: str) -> None:
    assert utc(text) == NOTATIONS[text]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "Mon Nov 31 15:49:27 2026",
        "Mon Nox 23 15:49:27 2026",
        "Nov 23 24:00:00",
        "Nov 23 15:60:00",
        "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "1826-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "0000-01-01T00:00:00",
        "2026-11-23T15:49:27+25:00",
        "2026-11-23T15:49:60Z",
        "Feb 30 00:00:00",
        "٢٠٢٦-11-23T15:49:27Z",
    ],
)
def test_a_time_that_makes_no_sense_is_that_of_the_reference(text: str) -> None:
    assert utc(text, "2026-11-24T01:02:03") == "2026-11-24T01:02:03"


@pytest.mark.parametrize(
    ("text", "reference", "expected"),
    [
        ("Dec 31 23:59:58", "2027-01-01T00:10", "2026-12-31T22:59:58"),
        ("Jan  1 00:00:02", "2026-12-31T23:10", "2026-12-31T23:00:02"),
        ("Jan  1 00:30:00", "2026-12-31T22:00", "2026-12-31T23:30:00"),
        ("Feb 29 12:00:00", "2026-03-01T00:00", "2024-02-29T11:00:00"),
        ("Feb 29 12:00:00", "2028-03-01T00:00", "2028-02-29T11:00:00"),
        ("Dec  1 12:00:00", "2026-11-24T12:00", "2026-12-01T11:00:00"),
        ("Dec  2 12:00:00", "2026-11-24T12:00", "2025-12-02T11:00:00"),
        ("Nov 24 12:00:00", "2026-11-24T12:00", "2026-11-24T11:00:00"),
        ("Jun  1 12:00:00", "2026-01-10T00:00", "2025-06-01T10:00:00"),
    ],
)
def test_a_year_that_is_missing_is_the_latest_that_the_reference_allows(
    text: str, reference: str, expected: str
) -> None:
    """Lines are older than the log's last change, but for clocks that differ; a week is more than these do."""
    assert utc(text, reference) == expected


@given(
    st.datetimes(datetime(1975, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001
    st.sampled_from([ZONE, "UTC", "America/Sao_Paulo", "Asia/Kolkata"]),
)
def test_local_times_are_what_the_zone_says(moment: datetime, zone: str) -> None:
    """Except for the hour that comes twice, which the next tests are about."""
    moment = moment.replace(microsecond=0)
    first, second = (moment.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) for fold in (0, 1))
    read = utc(moment.strftime("%Y-%m-%dT%H:%M:%S").zfill(19), "2200-01-01T00:00", zone)
    assert read in (first.replace(tzinfo=None).isoformat(), second.replace(tzinfo=None).isoformat())
    if first <= second and moment == first.astimezone(ZoneInfo(zone)).replace(tzinfo=None):
        assert read == first.replace(tzinfo=None).isoformat() or first < second


def test_the_hour_that_does_not_exist_is_read_as_before_the_change() -> None:
    assert several(["2026-03-29T01:59:59", "2026-03-29T02:30:00", "2026-03-29T03:00:00"]) == [
        "2026-03-29T00:59:59",
        "2026-03-29T01:30:00",
        "2026-03-29T01:00:00",
    ]


TWICE = {
    "a jump back divides the passes": (
        ["02:10:00", "02:59:59", "02:00:00", "02:59:00", "03:00:00"],
        "2026-11-24T00:00",
        ["00:10:00", "00:59:59", "01:00:00", "01:59:00", "02:00:00"],
    ),
    "it came from before, and never jumped": (
        ["01:59:00", "02:10:00", "02:20:00"],
        "2026-11-24T00:00",
        ["23:59:00", "00:10:00", "00:20:00"],
    ),
    "it goes on after it": (
        ["02:10:00", "02:20:00", "03:00:10"],
        "2026-11-24T00:00",
        ["01:10:00", "01:20:00", "02:00:10"],
    ),
    "it ended before the second pass": (["02:10:00", "02:20:00"], "2026-10-25T00:21", ["00:10:00", "00:20:00"]),
    "it arrived in the first pass": (["02:59:58"], "2026-10-25T00:59:59", ["00:59:58"]),
    "it arrived in the second pass": (["02:59:58"], "2026-10-25T01:59:59", ["01:59:58"]),
    "lines a little out of order are no jump": (
        ["01:59:59", "02:10:00", "02:09:58", "02:30:00"],
        "2026-11-24T00:00",
        ["23:59:59", "00:10:00", "00:09:58", "00:30:00"],
    ),
}


@pytest.mark.parametrize(("clock", "reference", "expected"), TWICE.values(), ids=TWICE)
def test_the_hour_that_comes_twice(clock: list[str], reference: str, expected: list[str]) -> None:
    found = several([f"2026-10-25T{time}" for time in clock], reference)
    assert [time.partition("T")[2] for time in found] == expected


def test_the_hour_that_comes_twice_where_the_year_is_missing() -> None:
    log = "".join(f"Oct 25 02:{m}:00 h radsecproxy[1]: x\n" for m in (*range(10, 60, 10), *range(10, 60, 10)))
    about = Source(name="log", reference=datetime(2026, 10, 26, tzinfo=UTC))
    times = [line.time.strftime("%H:%M") for line in records(log.encode(), about)]
    assert times == [f"{hour:02}:{m}" for hour in (0, 1) for m in range(10, 60, 10)]


@given(st.text(max_size=40))
def test_no_text_breaks_it(text: str) -> None:
    assert utc(text)


@given(st.lists(st.sampled_from(list(NOTATIONS)), max_size=30))
def test_many_are_read_like_one(texts: list[str]) -> None:
    assert several(texts) == [utc(text) for text in texts]


def test_a_form_is_known_by_its_look() -> None:
    assert form_of("Mon Nov 23 15:49:27 2026") == form_of("Tue Dec  1 00:00:00 1999")
    assert form_of("2026-11-23T15:49:27Z") != form_of("2026-11-23T15:49:27+01:00")
