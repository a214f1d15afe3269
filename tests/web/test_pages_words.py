"""Moments, durations and numbers in the words of who reads them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ggi_net.authlog.line import Hop, Product
from ggi_net.authlog.login import Outcome
from ggi_net.authlog.question import Role
from ggi_net.web import words
from ggi_net.web.hops import STATES, State
from ggi_net.web.pages.frame import ROLES

NOW = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("time", "dutch", "english"),
    [
        (datetime(2026, 11, 23, 8, 4, tzinfo=UTC), "vandaag 09:04", "today 09:04"),
        (datetime(2026, 11, 22, 23, 30, tzinfo=UTC), "vandaag 00:30", "today 00:30"),
        (datetime(2026, 11, 22, 22, 30, tzinfo=UTC), "gisteren 23:30", "yesterday 23:30"),
        (datetime(2026, 11, 16, 7, 0, tzinfo=UTC), "ma 16 november 08:00", "Mon 16 November 08:00"),
        (datetime(2026, 7, 1, 7, 0, tzinfo=UTC), "wo 1 juli 09:00", "Wed 1 July 09:00"),
        (datetime(2025, 12, 31, 7, 0, tzinfo=UTC), "wo 31 december 2025 08:00", "Wed 31 December 2025 08:00"),
        (datetime(2026, 11, 23, 8, 4, tzinfo=UTC).replace(tzinfo=None), "vandaag 09:04", "today 09:04"),
    ],
)
def test_a_moment_is_said_as_people_do(time, dutch, english):
    assert words.moment(time, NOW) == words.Both(dutch, english)


@pytest.mark.parametrize(
    ("seconds", "dutch"),
    [(0, "1 seconde"), (1, "1 seconde"), (59, "59 seconden"), (60, "1 minuut"), (180, "3 minuten"), (3600, "1 uur"),
     (7200, "2 uur"), (172800, "2 dagen")],
)  # fmt: skip
def test_a_duration_has_one_unit(seconds, dutch):
    assert words.duration(timedelta(seconds=seconds)).nl == dutch


def test_attempts_are_counted():
    assert words.attempts(1, timedelta(minutes=3)) == words.Both("1 poging", "1 attempt")
    assert words.attempts(41, timedelta(minutes=3)) == words.Both(
        "41 pogingen in 3 minuten", "41 attempts in 3 minutes"
    )
    assert words.attempts(12345, timedelta(hours=2)).en == "12,345 attempts in 2 hours"


@given(st.floats(0, 1))
def test_a_share_is_never_rounded_to_all_or_nothing(share):
    said = words.percent(share)
    assert (said == "100%") == (share == 1)
    assert (said == "0%") == (share == 0)


def test_a_mac_address_is_written_as_on_the_device():
    assert words.mac("3c22fb4a9e01") == "3c:22:fb:4a:9e:01"
    assert words.mac("") == ""
    assert words.mac("ab" * 32) == "abababababab…"


def test_there_are_words_for_everything():
    assert set(words.OUTCOMES) == set(Outcome)
    assert set(words.HOPS) == set(Hop) - {Hop.UNKNOWN}
    assert set(words.PRODUCTS) == set(Product)
    assert set(ROLES) == set(Role)
    assert set(STATES) == set(State)
