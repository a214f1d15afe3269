"""Reading a configuration: what was read before makes it quicker and never different."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ggi_net.config import statement
from ggi_net.config.compare import Kind, differences
from ggi_net.config.ruleset import load_rules
from ggi_net.config.statement import Reader
from ggi_net.errors import ConfigurationBroken

RULES = load_rules("cisco_iosxe").of("running.cfg")
SECTIONS = (
    "interface Gi1\n description one\n no shutdown\n!\n",
    "interface Gi1\n description one\n\n no shutdown\n",
    "interface Gi2\n ip address 192.0.2.1 255.255.255.0\n",
    "ntp server 192.0.2.1\n",
    "username ops secret 9 $9$abcdefghijklmn$0123456789\n",
    "router bgp 64512\n neighbor 192.0.2.1 password 0 hid\n address-family ipv4\n  neighbor 192.0.2.1 activate\n",
    "banner motd ^C\ninterface Gi1\n description one\n no shutdown\n!\nntp server 192.0.2.1\n^C\n",
    "banner motd ^C\n not closed\n",
    "crypto pki certificate chain ONE\n certificate ca 01\n  30820122\n interface Gi1\n  quit\nntp server 192.0.2.1\n",
    "crypto pki certificate chain ONE\n certificate ca 01\nntp server 192.0.2.1\n  quit\n",
    "   deep\n",
    "!\n",
    "\n",
)


def read(text: str, key: bytes = b"k") -> object:
    """All that is read, or the error."""
    try:
        return shown(Reader(RULES, key).intended(text, "running.cfg"))
    except ConfigurationBroken as error:
        return str(error)


def shown(of: statement.Statement) -> object:
    """A statement as something that can be compared, its own line number aside."""
    about = (of.raw, of.shown, of.identity, of.path, of.block, of.written, of.below)
    return *about, [(child.number, shown(child)) for child in of.children]


@given(st.lists(st.lists(st.sampled_from(SECTIONS), max_size=6), min_size=2, max_size=4))
def test_what_was_read_before_changes_nothing(files: list[list[str]]) -> None:
    fresh = []
    for text in map("".join, files):
        statement._sections.cache_clear()
        fresh.append(read(text))
    statement._sections.cache_clear()
    assert [read("".join(text)) for text in files] == fresh
    assert [read("".join(text)) for text in files] == fresh


def test_a_secret_is_read_under_each_key_anew() -> None:
    text = SECTIONS[5]
    assert read(text, b"one") != read(text, b"two")
    assert read(SECTIONS[0], b"one") == read(SECTIONS[0], b"two")


def test_the_same_line_twice_is_two_statements() -> None:
    twice = Reader(RULES, b"k").intended(SECTIONS[3] * 2, "running.cfg").children
    assert [one.number for one in twice] == [1, 2]
    assert twice[0] is not twice[1]


@pytest.mark.parametrize("lines_before", [0, 3])
def test_a_difference_says_its_lines(lines_before: int) -> None:
    """Also in a section that was read before at another place."""
    reader = Reader(RULES, b"k")
    intended = reader.intended(SECTIONS[3] * lines_before + SECTIONS[0], "running.cfg")
    running = reader.running("!\n" * 7 + "interface Gi1\n description two\n no shutdown\n mtu 1500\n", "", intended)
    found = differences(intended, running, RULES, "running.cfg")
    assert [(one.kind, one.line, one.running_line) for one in found if one.section] == [
        (Kind.CHANGED, lines_before + 2, 9),
        (Kind.EXTRA, lines_before + 1, 11),
    ]
