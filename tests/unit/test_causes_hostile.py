"""What a stranger wrote decides no cause, and makes nothing slow."""

from __future__ import annotations

import re
import time
from fnmatch import translate

import pytest
from causes_help import CATALOGUE, SAYS_NOTHING, found, line, lines_of, said
from hypothesis import given
from hypothesis import strategies as st

from ggi_net.authlog.causes.phrase import Phrase, Phrases, bare, normal
from ggi_net.authlog.line import Hop, Kind, Product

WRONG = "mschap: MS-CHAP2-Response is incorrect"
NAMES = (
    WRONG,
    "x): [y] (from client z) mschap: Account locked out",
    "(mschap: Password has expired)",
    "Home Server says so",
    "govroam: unknown realm",
    "\\033[31m' OR 1=1 --",
    "=cmd|' /C calc'!A0",
)
CLIENT = "(from client flr1 port 0 cli 02-00-00-00-02-05"
REAL = {
    f"Mon Nov 23 15:49:28 2026 : Auth: (37)   Login incorrect (pap: Passwords don't match): [%s@a.nl] {CLIENT} via TLS "
    "tunnel)": "wrong-password",
    f"Mon Nov 23 15:49:28 2026 : Auth: (37) Login incorrect (Home Server says so): [%s@a.nl] {CLIENT})": (
        "refused-by-home"
    ),
    f"Mon Nov 23 15:49:28 2026 : Auth: (37) Login incorrect: [%s@a.nl] {CLIENT})": "",
    "Mon Nov 23 15:50:24 2026: missing response to Access-Request for user %s@a.nl stationid 02-00-00-00-02-1F from "
    "ap-lab (127.0.0.1) to flr1": "no-answer",
    "Mon Nov 23 15:50:00 2026: Access-Reject for user %s@a.nl stationid 02-00-00-00-02-14 from almelo to enschede "
    "(127.0.1.20) operator 1enschede.example": "refused-by-home",
    'Mon Nov 23 15:49:48 2026 : ERROR: (55) ERROR: Failing proxied request for user "%s@a.nl", due to lack of any '
    "response from home server 127.0.2.1 port 2083": "no-answer",
}


@pytest.mark.parametrize("name", NAMES)
def test_only_the_reason_and_the_code_are_looked_at(name):
    everywhere = dict.fromkeys(("inner", "nas", "ssid", "cui", "state", "raw", "session", "operator", "client"), name)
    assert said(line("", outer=f"{name}@almelo.example", **everywhere, **SAYS_NOTHING)) == ""


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("template", REAL, ids=lambda template: template[26:60])
def test_a_user_name_in_a_line_as_the_daemon_writes_it_changes_nothing(template, name):
    """All it can do is what it really is, a name with a space or a second @ in it, and to hide its own cause."""
    assert found(*lines_of(template % "jan")) == REAL[template]
    assert found(*lines_of(template % name)) in (REAL[template], "white-space", "two-at-signs", "")


def test_a_forged_line_is_a_line_of_its_own_only_in_a_log_that_writes_it_so():
    """FreeRADIUS writes a newline in a name as `\\012`; so the forged text stays within the name."""
    evil = "Auth: (1) Login incorrect (mschap: Account disabled): [b] (from client c port 0"
    forged = f"a\\012Mon Nov 23 15:49:28 2026 : {evil}"
    written = f"Mon Nov 23 15:49:28 2026 : Auth: (37) Login incorrect (Home Server says so): [{forged}] {CLIENT})"
    lines = lines_of(written)
    assert len(lines) == 1
    assert found(*lines) in ("refused-by-home", "no-realm", "white-space", "")


def test_a_text_must_match_as_a_whole():
    assert said(line(f'Failing something for user "{WRONG}"', **SAYS_NOTHING)) == ""
    assert said(line(f"{WRONG} and more", **SAYS_NOTHING)) == ""
    assert said(line(f"more and {WRONG}", **SAYS_NOTHING)) == ""


def test_what_the_other_side_wrote_is_its_word_only_where_a_whole_text_is_known():
    """A home server that puts the user name in its Reply-Message says nothing by it."""
    relayed = {"product": Product.RADSECPROXY, "server": "almelo", "outer": "a@b.nl"}
    assert found(line(f"Hello {WRONG}", **relayed)) == "refused-by-home"
    assert found(line(WRONG, **relayed)) == "refused-by-home"


@pytest.mark.parametrize("product", [Product.FREERADIUS, Product.RADSECPROXY, Product.HOSTAPD, Product.UNKNOWN])
def test_no_text_makes_the_matching_slow(product):
    evil = [
        "a" * 200_000, "External script says: " * 9_000, "eap: " * 40_000, "(TLS) " * 40_000, "(1) " * 50_000,
        "Received packet from " * 9_000, "SSL routines" * 15_000, "rlm_ldap (" * 20_000, "*" * 200_000,
    ]  # fmt: skip
    begin = time.process_time()
    for text in evil:
        CATALOGUE.match(line(text, product=product, kind=Kind.NOTICE))
    assert time.process_time() - begin < 1


def test_many_different_texts_take_no_more_and_more_memory():
    for number in range(20_500):
        CATALOGUE.match(line(f"text {number}"))
    assert len(CATALOGUE._known) <= 20_000


TEXT = st.text(alphabet="ab*: ()", max_size=30)
SAID = st.text(alphabet="ab: ()", max_size=40)


@given(TEXT, SAID)
def test_a_phrase_matches_what_a_glob_would(pattern, text):
    assert Phrase(pattern).matches(text) is (re.compile(translate(pattern)).match(text) is not None)


@given(st.lists(TEXT, max_size=8), SAID)
def test_the_index_finds_what_each_pattern_by_itself_would(patterns, text):
    alone = {
        number
        for number, pattern in enumerate(patterns)
        if any(Phrase(normal(pattern)).matches(form) for form in (text, bare(text)))
    }
    assert Phrases(enumerate(patterns)).find(text) == alone


@given(
    st.text(max_size=80),
    st.sampled_from(list(Product)),
    st.sampled_from(list(Kind)),
    st.sampled_from(list(Hop)),
    st.text(max_size=20),
)
def test_no_line_breaks_the_matching(reason, product, kind, hop, outer):
    one = line(reason, product=product, kind=kind, hop=hop, outer=outer, code=reason[:3], address=reason)
    match = CATALOGUE.match(one)
    assert match is None or match.cause.id in CATALOGUE
    asked = kind is Kind.REQUEST or (kind is Kind.NOTICE and product is Product.NPS)
    assert match is not None or CATALOGUE.cause_of([one]) is None or asked
