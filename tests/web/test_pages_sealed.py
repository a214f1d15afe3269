"""A question in an address: for who asked, for a day, and nobody can read or change it."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ggi_net.web.pages.sealed import LASTS, Sealer

KEY = bytes(range(32))


def sealer(now: float = 0.0) -> Sealer:
    return Sealer(KEY, lambda: now)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=300), st.sampled_from(["2d", "week"]))
def test_it_comes_back_as_it_was_asked(text, since):
    asked = sealer().open(sealer().seal(text, since, "s.bakker"), "s.bakker")
    assert asked
    assert (asked.text, asked.since) == (text, since)


def test_it_ends_after_a_working_day():
    letters = sealer().seal("j.jansen", "2d", "s.bakker")
    assert sealer(LASTS - 1).open(letters, "s.bakker")
    assert sealer(LASTS).open(letters, "s.bakker") is None


def test_nobody_else_can_open_it():
    letters = sealer().seal("j.jansen", "2d", "s.bakker")
    assert sealer().open(letters, "m.visser") is None
    assert Sealer(bytes(32), lambda: 0.0).open(letters, "s.bakker") is None


def test_the_same_question_has_another_address_each_time():
    assert sealer().seal("j.jansen", "2d", "s.bakker") != sealer().seal("j.jansen", "2d", "s.bakker")


def test_nothing_of_it_can_be_read():
    letters = sealer().seal("j.jansen@almelo.example", "2d", "s.bakker")
    assert b"jansen" not in base64.urlsafe_b64decode(letters + "==")


@given(st.integers(0, 200), st.integers(1, 255))
def test_a_changed_one_opens_nothing(at, flip):
    octets = bytearray(base64.urlsafe_b64decode(sealer().seal("j.jansen", "2d", "s.bakker") + "=="))
    octets[at % len(octets)] ^= flip
    assert sealer().open(base64.urlsafe_b64encode(octets).decode().rstrip("="), "s.bakker") is None


@pytest.mark.parametrize("letters", ["", "A", "=", "é", "A" * 1000, "../..", "%00"])
def test_what_is_none_opens_nothing(letters):
    assert sealer().open(letters, "s.bakker") is None
