#!/usr/bin/env python3
"""Write docs/errors.md from ggi_net/errors.py, which says it all: code, exit status, meaning, hint.

Usage: scripts/errors_page.py [--check]    with --check: write nothing, exit 1 when the page is not current
"""

from __future__ import annotations

import inspect
import sys
from pathlib import Path

from ggi_net import errors
from ggi_net.files import write_if_changed

PAGE = Path(__file__).resolve().parent.parent / "docs" / "errors.md"

INTRODUCTION = """# Errors

Every error that the toolkit can end with. A message starts with the code and, where there is one, the place (file,
line, column); a hint says what to do. Errors go to standard error; the exit status is 1 unless the table says another.

This page is written by `make docs` from `ggi_net/errors.py`.
"""


def page() -> str:
    """The whole page: a section per direct subclass of GgiError, in order of code."""
    rooms = sorted(errors.GgiError.__subclasses__(), key=lambda kind: kind.code)
    return "\n".join([INTRODUCTION, *(_section(room) for room in rooms), _findings()])


def _findings() -> str:
    rows = [f"| {code} | {meaning} |" for code, meaning in errors.FINDINGS.items()]
    return "\n".join(["## Findings of `ggi estate validate`", "", "| code | meaning |", "| --- | --- |", *rows, ""])


def _section(room: type[errors.GgiError]) -> str:
    rows = [_row(kind) for kind in sorted(_family(room), key=lambda kind: kind.code)]
    head = ["| code | name | meaning | what to do | exit |", "| --- | --- | --- | --- | --- |"]
    return "\n".join([f"## {room.code[:-2]}xx: {_first_line(room)}", "", *head, *rows, ""])


def _family(kind: type[errors.GgiError]) -> list[type[errors.GgiError]]:
    return [kind, *(member for child in kind.__subclasses__() for member in _family(child))]


def _row(kind: type[errors.GgiError]) -> str:
    advice = kind.default_hint or "see the hint"
    cells = (kind.code, f"`{kind.__name__}`", _meaning(kind), advice, str(kind.exit_status))
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _meaning(kind: type[errors.GgiError]) -> str:
    return " ".join((inspect.getdoc(kind) or "").split())


def _first_line(kind: type[errors.GgiError]) -> str:
    return _meaning(kind).partition(". ")[0].rstrip(".")


def main() -> int:
    """Write the page, or with --check compare it."""
    if sys.argv[1:] == ["--check"]:
        if PAGE.read_text() == page():
            return 0
        sys.stderr.write("docs/errors.md is not what ggi_net/errors.py says: run `make docs`\n")
        return 1
    write_if_changed(PAGE, page().encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
