"""Free text is folded to harmless ASCII; whatever else is printed is refused when it could leave its line."""

from __future__ import annotations

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ggi_net.errors import UnsafeValue
from ggi_net.render.guard import guarded, plain

HARMLESS = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 _.,:/()+=@-")


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Servicedesk Almelo, tel. 0546-541111 (24/7)", "Servicedesk Almelo, tel. 0546-541111 (24/7)"),
        ("Súdwest-Fryslân", "Sudwest-Fryslan"),
        ("’s-Hertogenbosch", "s-Hertogenbosch"),
        ("Ĳsselstein straße – Ø", "IJsselstein strasse - O"),
        ("one\r\n  two\tthree\x00four\u2028five", "one two three four five"),
        ('"; } ! # $(reboot) `x` \\n', "(reboot) x n"),
        ("\u202eevil\u202c 🏛", "evil"),
        ("   ", ""),
        ("", ""),
    ],
)
def test_text_is_folded(text, folded):
    assert plain(text) == folded


@given(st.text(), st.integers(min_value=0, max_value=120))
def test_folded_text_is_short_harmless_and_stays_as_it_is(text, limit):
    folded = plain(text, limit)
    assert set(folded) <= HARMLESS
    assert len(folded) <= limit
    assert folded == folded.strip() == " ".join(folded.split())
    assert plain(folded, limit) == folded
    assert guarded(folded) is folded


@pytest.mark.parametrize("value", ["", "a b", 0, -1, "secret://almelo/bgp/x", "~!@#$%^&*(){}[]"])
def test_text_on_one_line_and_whole_numbers_pass(value):
    assert guarded(value) is value


@pytest.mark.parametrize(
    "value", ["a\nb", "a\rb", "a\tb", "\x00", "\x7f", "é", "\u2028", None, True, 1.5, ["x"], ("x",), b"x"]
)
def test_all_else_is_refused(value):
    with pytest.raises(UnsafeValue, match="can't go into a configuration"):
        guarded(value)


def test_a_string_that_pretends_is_taken_at_its_word():
    class Sly(str):
        def isascii(self):
            return True

        def isprintable(self):
            return True

    assert type(guarded(Sly("fine"))) is str
    with pytest.raises(UnsafeValue):
        guarded(Sly("a\nb"))


def test_a_missing_key_is_named_instead():
    with pytest.raises(jinja2.UndefinedError, match="'nosuch' is undefined"):
        guarded(jinja2.StrictUndefined(name="nosuch"))


def test_the_refusal_shows_the_value_in_ascii_and_short():
    with pytest.raises(UnsafeValue) as refused:
        guarded("é\n" * 500)
    assert refused.value.message.isascii()
    assert len(refused.value.message) < 120
