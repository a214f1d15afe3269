"""Lines for the tests of causes: made by hand, or read from what a daemon writes."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

from ggi_net.authlog import read
from ggi_net.authlog.causes.catalogue import Catalogue
from ggi_net.authlog.line import Hop, Kind, Line, Product, Result

CATALOGUE = Catalogue.load()
PATTERNS = [(cause, pattern) for cause in CATALOGUE for pattern in cause.patterns]
NOW = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
SAYS_NOTHING = {"kind": Kind.NOTICE, "result": Result.NONE}


@cache
def lines_of(text: str, hop: Hop = Hop.UNKNOWN) -> list[Line]:
    """What the reader makes of a log with this text."""
    return read.records(text.encode() + b"\n", read.Source(name="test.log", reference=NOW, hop=hop))


def line(reason: str = "", **given: object) -> Line:
    """A rejection by FreeRADIUS, unless told otherwise."""
    usual = {"time": NOW, "product": Product.FREERADIUS, "kind": Kind.RESULT, "result": Result.REJECT}
    return Line(**{**usual, "reason": reason, **given})


def said(line: Line) -> str:
    """The cause that one line says; empty when none."""
    match = CATALOGUE.match(line)
    return match.cause.id if match else ""


def found(*lines: Line) -> str:
    """The cause that the lines of a login say; empty when none."""
    match = CATALOGUE.cause_of(lines)
    return match.cause.id if match else ""
