"""The search field: what people type, and the moments they name."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ggi_net.authlog.asked import asked, login_id, mac
from ggi_net.authlog.login import Outcome
from ggi_net.authlog.moments import clock, moment
from ggi_net.authlog.places import Places
from ggi_net.authlog.question import Question
from ggi_net.errors import MomentUnclear, NotUnderstood

NAMES = Places(
    names={"almelo": "Almelo", "den-haag": "Den Haag", "s-hertogenbosch": "'s-Hertogenbosch"},
    realms={"almelo.example": "almelo", "tweede.almelo.example": "almelo", "denhaag.example": "den-haag"},
    sites={"almelo/stadhuis": "Stadhuis Almelo"},
)
NOW = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
WINDOWS = Places(domains={"almelo/intra": "almelo.example", "den-haag/intra": "denhaag.example"})
"""Two gemeenten that call their Windows domain the same."""


@pytest.mark.parametrize(
    ("own", "users"),
    [
        (["almelo"], ["j.jansen@almelo.example", "INTRA\\j.jansen"]),
        (["den-haag"], ["j.jansen@denhaag.example", "INTRA\\j.jansen"]),
        (["losser"], ["INTRA\\j.jansen"]),
        ([], ["j.jansen@almelo.example", "j.jansen@denhaag.example", "INTRA\\j.jansen"]),
    ],
)
def test_an_account_of_a_windows_domain_is_somebody_of_the_own_gemeente(own, users):
    assert [question.user for question in asked("INTRA\\j.jansen", WINDOWS, own=own)] == users


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("j.jansen@almelo.example", [Question(user="j.jansen@almelo.example")]),
        ("  J.Jansen@Almelo.example ", [Question(user="J.Jansen@Almelo.example")]),
        ("ALMELO\\jansen", [Question(user="ALMELO\\jansen")]),
        ("host/pc1.almelo.example", [Question(user="host/pc1.almelo.example")]),
        ("02-00-00-00-02-1F", [Question(mac="02000000021f"), Question(ap="02000000021f")]),
        ("02:00:00:00:02:1f", [Question(mac="02000000021f"), Question(ap="02000000021f")]),
        ("0200.0000.021F", [Question(mac="02000000021f"), Question(ap="02000000021f")]),
        ("0200-0000-021F", [Question(mac="02000000021f"), Question(ap="02000000021f")]),
        ("02 00 00 00 02 1f", [Question(mac="02000000021f"), Question(ap="02000000021f")]),
        ("02000000021f", [Question(mac="02000000021f"), Question(ap="02000000021f")]),
        ("almelo.example", [Question(realm="almelo.example"), Question(nas="almelo.example")]),
        ("@almelo.example", [Question(realm="almelo.example"), Question(nas="@almelo.example")]),
        ("Almelo", [Question(gemeente="almelo")]),
        ("den haag", [Question(gemeente="den-haag")]),
        ("'s-Hertogenbosch mislukt", [Question(gemeente="s-hertogenbosch", outcome=Outcome.REJECT)]),
        ("stadhuis almelo", [Question(gemeente="almelo", site="stadhuis")]),
        ("mislukt", [Question(outcome=Outcome.REJECT)]),
        ("wrong-password Almelo", [Question(gemeente="almelo", cause="wrong-password")]),
        (
            "j.jansen",
            [
                Question(user="j.jansen@almelo.example"), Question(user="j.jansen@tweede.almelo.example"),
                Question(user="j.jansen"), Question(realm="j.jansen"), Question(nas="j.jansen"),
            ],
        ),
    ],
)  # fmt: skip
def test_what_is_typed_is_understood(text, becomes):
    assert asked(text, NAMES, ("wrong-password",), own=("almelo",)) == becomes


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("súdwest-fryslân", "sudwest-fryslan"), ("Sudwest Fryslan", "sudwest-fryslan"),
        ("s-hertogenbosch", "s-hertogenbosch"), ("\u2019s Hertogenbosch", "s-hertogenbosch"),
        ("den-haag", "den-haag"), ("gemeente Den Haag", "den-haag"), ("Bergen (NH.)", "bergen-nh"),
        ("bergen nh", "bergen-nh"), ("Bergen", "bergen-nh"), ("IJsselstein", "ijsselstein"),
        ("\u0132sselstein", "ijsselstein"),
    ],
)  # fmt: skip
def test_a_gemeente_is_known_however_its_name_is_typed(text, slug):
    names = {"sudwest-fryslan": "Súdwest-Fryslân", "bergen-nh": "Bergen (NH.)", "ijsselstein": "IJsselstein"}
    assert asked(text, Places(names=NAMES.names | names)) == [Question(gemeente=slug)]


@pytest.mark.parametrize(
    ("word", "since", "until"),
    [
        ("vandaag", "2026-11-23 00:00:00", "2026-11-24 00:00:00"),
        ("gisteren", "2026-11-22 00:00:00", "2026-11-23 00:00:00"),
        ("Vanochtend", "2026-11-23 06:00:00", "2026-11-23 12:00:00"),
        ("gisteravond", "2026-11-22 18:00:00", "2026-11-23 00:00:00"),
    ],
)
def test_a_word_for_a_time_narrows_every_question(word, since, until):
    found = asked(f"j.jansen {word}", NAMES, own=["almelo"], since=NOW, now=NOW)
    assert found[0].user == "j.jansen@almelo.example"
    assert {(clock(one.since), clock(one.until)) for one in found} == {(since, until)}


def test_a_day_on_which_the_clock_is_set_back_has_25_hours():
    (found,) = asked("gisteren", NAMES, now=datetime(2026, 10, 26, 12, tzinfo=UTC))
    assert found.since == datetime(2026, 10, 24, 22, tzinfo=UTC)
    assert found.until == datetime(2026, 10, 25, 23, tzinfo=UTC)


def test_the_period_narrows_every_question():
    assert {question.since for question in asked("02000000021f", NAMES, since=NOW)} == {NOW}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("  ", "nothing to look for"),
        ("x" * 301, "that is too long to be a name"),
        ("where is everybody", "'where is everybody' is not the name of a gemeente or a site"),
    ],
)
def test_what_is_not_understood_is_said(text, message):
    with pytest.raises(NotUnderstood) as refused:
        asked(text, NAMES)
    assert refused.value.message == message


@given(st.text(max_size=400))
def test_whatever_is_typed_is_understood_or_refused(text):
    with suppress(NotUnderstood):
        assert asked(text, NAMES)


@given(st.binary(min_size=6, max_size=6), st.sampled_from(["{0}-{1}-{2}-{3}-{4}-{5}", "{0}:{1}:{2}:{3}:{4}:{5}",
       "{0}{1}.{2}{3}.{4}{5}", "{0}{1}{2}{3}{4}{5}", "{0}{1}-{2}{3}-{4}{5}"]), st.booleans())  # fmt: skip
def test_a_mac_is_the_same_in_every_notation(address, form, upper):
    text = form.format(*(f"{byte:02x}" for byte in address))
    assert mac(text.upper() if upper else text) == address.hex()


@pytest.mark.parametrize("text", ["02-00:00-00-02-1f", "02-00-00-00-02", "02-00-00-00-02-1f-aa", "almelo", ""])
def test_what_is_no_mac_is_none(text):
    assert mac(text) == ""


def test_the_id_of_a_login_is_known_by_its_form():
    assert login_id(" 01jdb3c6nqv2x8h5k7m9p0r4st ") == "01JDB3C6NQV2X8H5K7M9P0R4ST"
    assert login_id("01JDB3C6NQV2X8H5K7M9P0R4SU") == "", "U is no digit of Crockford's"


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("2d", "2026-11-21 15:30:00"),
        ("90 min", "2026-11-23 14:00:00"),
        ("3 uur", "2026-11-23 12:30:00"),
        ("1 week", "2026-11-16 15:30:00"),
        ("vandaag", "2026-11-23 00:00:00"),
        ("gisteren", "2026-11-22 00:00:00"),
        ("09:02", "2026-11-23 09:02:00"),
        ("2026-11-20", "2026-11-20 00:00:00"),
        ("2026-11-20 09:02", "2026-11-20 09:02:00"),
        ("20-11-2026 09:02", "2026-11-20 09:02:00"),
        ("2026-07-01 09:02", "2026-07-01 09:02:00"),
        ("2026-11-20T09:02:13Z", "2026-11-20 10:02:13"),
        ("2026-10-25 02:30", "2026-10-25 02:30:00"),
    ],
)
def test_moments(text, becomes):
    assert clock(moment(text, NOW)) == becomes


def test_an_hour_that_comes_twice_is_the_first_one():
    assert moment("2026-10-25 02:30", NOW) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "soon", "25:00", "99999d 3", "2026-13-01", "3 parsec", "0001-01-01"])
def test_what_is_no_moment_is_refused(text):
    with pytest.raises(MomentUnclear):
        moment(text, NOW)


@given(st.text(max_size=80))
def test_whatever_is_typed_is_a_moment_or_refused(text):
    with suppress(MomentUnclear):
        assert moment(text, NOW).tzinfo is UTC
