"""What others chose is shown so that it can do nothing."""

from __future__ import annotations

import unicodedata
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from people import HOSTILE

from ggi_net.web.inert import inert, spelled, typed
from ggi_net.web.pages.environment import FOLDER, environment

ANYTHING = st.text(alphabet=st.characters(), max_size=60)


class Read(HTMLParser):
    """The text of some HTML, and its elements."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.elements: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.feed(str(html))
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, attrs))

    def handle_data(self, data):
        self.text += data


@given(ANYTHING)
def test_nothing_but_its_text_and_marks_of_escapes(text):
    read = Read(inert(text))
    assert all(element == ("span", [("class", "esc")]) for element in read.elements)
    assert read.text == spelled(text)


@given(ANYTHING)
def test_every_character_can_be_seen(text):
    shown = spelled(text)
    assert shown.isprintable()
    assert all(unicodedata.category(character)[0] not in "CZ" or character == " " for character in shown)


@given(ANYTHING)
def test_it_can_be_printed_on_a_page(text):
    inert(text).encode()
    spelled(text).encode()


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126)))
def test_ordinary_text_stays(text):
    assert spelled(text) == text
    assert typed(text) == text.strip()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31m", "\\x1b[31m"),
        ("a\nb\r\tc", "a\\nb\\r\\tc"),
        ("a\u202eb", "a\\u202eb"),
        ("a\u200bb\ufeff", "a\\u200bb\\ufeff"),
        ("\u2800\u3164", "\\u2800\\u3164"),
        ("a\udcff", "a\\udcff"),
        ("\U000e0041", "\\U000e0041"),
        ("caf\u00e9 e\u0301", "caf\u00e9 e\u0301"),
        ("z" + "\u0323" * 4, "z\u0323\u0323\\u0323\\u0323"),
        ("\\x1b", "\\x1b"),
    ],
)
def test_what_can_not_be_seen_is_spelled_out(text, shown):
    assert spelled(text) == shown


def test_an_escape_differs_from_the_same_text_typed():
    assert inert("\x1b") != inert("\\x1b")


def test_what_is_pasted_loses_what_can_not_be_seen():
    assert typed(" j.jansen\u200b@almelo.example\u00a0\n") == "j.jansen@almelo.example"


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_template_prints_everything_inert(text):
    made = environment().from_string('<p>{{ text }}</p><input value="{{ text|attr }}">').render(text=text)
    read = Read(made)
    assert [tag for tag, _ in read.elements if tag != "span"] == ["p", "input"]
    assert read.text == spelled(text)
    assert read.elements[-1] == ("input", [("value", spelled(text))])


def test_every_attribute_of_every_template_is_made_for_attributes():
    """A mark of an escape is an element, which would end an attribute's value; nor may a quote be missing."""
    for path in FOLDER.glob("*.j2"):
        inside = False
        for part in _parts(path.read_text()):
            if part.startswith("{{"):
                assert not inside or part.removesuffix("}}").rstrip().endswith("|attr"), f"{path.name}: {part}"
            elif not part.startswith("{%"):
                inside = _inside_tag(part, inside)


def _parts(text: str) -> list[str]:
    import re

    return re.split(r"(\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\})", text, flags=re.DOTALL)


def _inside_tag(text: str, inside: bool) -> bool:
    for character in text:
        inside = character == "<" or (inside and character != ">")
    return inside


def test_no_template_has_script_or_style():
    for path in FOLDER.glob("*.j2"):
        text = path.read_text().lower()
        assert "<script" not in text, path.name
        assert "<style" not in text, path.name
        assert " style=" not in text, path.name
        assert "|safe" not in text, path.name
        assert "javascript:" not in text, path.name
