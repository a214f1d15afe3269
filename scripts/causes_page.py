#!/usr/bin/env python3
"""Write docs/causes.md from the catalogue of causes: every cause in the words of the helpdesk, Dutch first.

Usage: scripts/causes_page.py [--check]    with --check: write nothing, exit 1 when the page is not current
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ggi_net.authlog.causes.catalogue import Catalogue
from ggi_net.authlog.causes.cause import Layer, Owner, Severity
from ggi_net.files import write_if_changed

if TYPE_CHECKING:
    from ggi_net.authlog.causes.cause import Cause, Pattern, Words

PAGE = Path(__file__).resolve().parent.parent / "docs" / "causes.md"

INTRODUCTION = """# Oorzaken

Alle oorzaken waardoor iemand niet op govroam komt, in de woorden van de helpdesk: eerst Nederlands, dan Engels. Bij
elke oorzaak staat wie iets moet doen, wat, en wat u de beller nog kunt vragen. Eronder staan de teksten in de logs
waaraan de oorzaak te herkennen is.

*Every cause that keeps somebody off govroam, in the helpdesk's words: Dutch first, then English. Below each are the
texts in the logs by which it is recognised; `*` stands for what varies.*

This page is written by `make docs` from `ggi_net/authlog/causes/data`.
"""

LAYERS = {
    Layer.USER_NAME: "De gebruikersnaam",
    Layer.PASSWORD: "Het wachtwoord",
    Layer.ACCOUNT: "Het account",
    Layer.SERVER_CERTIFICATE: "Het toestel vertrouwt de server niet",
    Layer.USER_CERTIFICATE: "Het certificaat op het toestel",
    Layer.METHOD: "De manier van inloggen",
    Layer.CONVERSATION: "Het gesprek hield op",
    Layer.ACCESS_POINT: "Het toegangspunt",
    Layer.TRANSPORT: "De verbinding tussen servers",
    Layer.FEDERATION: "De weg via het landelijke knooppunt",
    Layer.HOME_SERVER: "De server van de eigen organisatie",
    Layer.NETWORK: "Het netwerk na het inloggen",
}
OWNERS = {
    Owner.USER: "de gebruiker (the user)",
    Owner.VISITED: "de locatie (the visited site)",
    Owner.FEDERATION: "het landelijke knooppunt (the federation)",
    Owner.HOME: "de eigen organisatie (the home organisation)",
    Owner.NOBODY: "niemand (nobody)",
}
SEVERITIES = {
    Severity.INFO: "ter informatie (information)",
    Severity.USER: "één gebruiker (one user)",
    Severity.MANY_USERS: "meer gebruikers (many users)",
    Severity.OUTAGE: "storing (outage)",
}


def page() -> str:
    """The whole page: a section per layer, a cause per heading."""
    catalogue = Catalogue.load()
    parts = [INTRODUCTION, _contents(catalogue)]
    for layer, title in LAYERS.items():
        parts.append(f"## {title}\n")
        parts += [_cause(cause) for cause in catalogue if cause.layer is layer]
    return "\n".join(parts)


def _contents(catalogue: Catalogue) -> str:
    rows = [
        f"| [{cause.id}](#{cause.id}) | {cause.nl.title} | {OWNERS[cause.owner].partition(' (')[0]} |"
        for layer in LAYERS
        for cause in catalogue
        if cause.layer is layer
    ]
    return "\n".join(["| oorzaak | in het kort | wie moet iets doen |", "| --- | --- | --- |", *rows, ""])


def _cause(cause: Cause) -> str:
    lines = [
        f"### {cause.id}\n",
        f"Wie: {OWNERS[cause.owner]}. Gevolg: {SEVERITIES[cause.severity]}.\n",
        *_words(cause.nl, "Vraag"),
        *_words(cause.en, "Ask"),
        f"Sources: {'; '.join(cause.sources)}.\n",
        "| pattern | found in | text | evidence |",
        "| --- | --- | --- | --- |",
        *(_pattern(pattern) for pattern in cause.patterns),
        "",
    ]
    return "\n".join(lines)


def _words(words: Words, ask: str) -> list[str]:
    steps = [f"{number}. {step}" for number, step in enumerate(words.advice, 1)]
    return [f"**{words.title}**\n", f"{words.explanation}\n", *steps, f"\n*{ask}: {words.ask}*\n"]


def _pattern(pattern: Pattern) -> str:
    what = (
        f"`{pattern.reason}`"
        if pattern.reason
        else f"reason code {pattern.code}"
        if pattern.code
        else _conditions(pattern)
    )
    where = f"{pattern.product.value or 'any'} {pattern.version}".strip()
    cells = (
        pattern.id,
        where,
        what.replace("|", "\\|"),
        f"{pattern.evidence.value}: {pattern.source}".replace("|", "\\|"),
    )
    return f"| {' | '.join(cells)} |"


def _conditions(pattern: Pattern) -> str:
    named = ("attempt", "outer", "address", "kind", "hop", "result", "server")
    return ", ".join(f"{name} {value}" for name in named if (value := getattr(pattern, name)))


def main() -> int:
    """Write the page, or with --check compare it."""
    if sys.argv[1:] == ["--check"]:
        if PAGE.exists() and PAGE.read_text() == page():
            return 0
        sys.stderr.write("docs/causes.md is not what ggi_net/authlog/causes/data says: run `make docs`\n")
        return 1
    write_if_changed(PAGE, page().encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
