"""The text that a Junos device is given, made so that only what means something else shows up as a difference.

Junos writes a secret anew, with another salt, whenever it is given one in clear, and numbers users by itself. So a
secret that the device has already is handed back in the form in which the device shows it, and what it added is kept.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from ggi_net.config import juniper
from ggi_net.config.compare import pair
from ggi_net.config.ruleset import matches
from ggi_net.secrets import MASK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ggi_net.config.ruleset import FileRules
    from ggi_net.config.statement import Statement

_INDENT = "    "
_FORM = re.compile(r"\"?\$[0-9]\$[^\";\s]+\"?")
_IN_A_FORM = re.compile(r"\$[0-9]\$")
_HUNK = re.compile(r"(?=^\[edit)", re.MULTILINE)
_MADE_ANEW = "[edit snmp v3 "
"""Where the device makes its own keys of a password, each time that it is given one."""


def loadable(intended: Statement, running: Statement, rules: FileRules) -> str:
    """The text for `load override`; `running` are all statements of the device, also those that rules ignore."""
    return "".join(f"{line}\n" for line in _section(intended, running, rules, 0))


def _section(mine: Statement, theirs: Statement | None, rules: FileRules, depth: int) -> Iterator[str]:
    there = {}
    if theirs is not None:
        same, _, _ = pair(mine, theirs, msgspec.structs.replace(rules, implied=(), ordered_sections=()))
        there = {id(statement): other for statement, other in same}
    for statement in mine.children:
        yield from _statement(statement, there.get(id(statement)), rules, depth)
    if theirs is not None and not any(matches(rules.implied, statement.path) for statement in mine.children):
        for other in theirs.children:
            if matches(rules.ignored, other.path):
                yield f"{_INDENT * depth}{other.raw}"


def _statement(mine: Statement, theirs: Statement | None, rules: FileRules, depth: int) -> Iterator[str]:
    indent = _INDENT * depth
    if not mine.raw.endswith(";"):
        yield f"{indent}{mine.raw} {{"
        yield from _section(mine, theirs, rules, depth + 1)
        yield f"{indent}}}"
    elif MASK in mine.shown:
        yield indent + _secret((theirs or mine).raw, mine.shown, known=theirs is not None)
    else:
        yield indent + mine.raw


def _secret(raw: str, shown: str, *, known: bool) -> str:
    """A line with a secret: as the device shows it, or in a form that the device takes."""
    before, _, after = shown.partition(MASK)
    value = raw.removeprefix(before).removesuffix(after)
    if not known and not _IN_A_FORM.match(value):
        if before.startswith("encrypted-password "):
            value = juniper.hash_6(value)
        elif "-password " not in before:
            value = juniper.encode_9(value)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{before}"{escaped}"{after}'


def masked(diff: str) -> str:
    """A device's own diff without the forms of secrets, and without what it only wrote anew."""
    return "".join(hunk for hunk in _HUNK.split(without_forms(diff)) if not _says_nothing(hunk))


def without_forms(text: str) -> str:
    """A text with every secret masked that stands in it in a form of Junos."""
    return _FORM.sub(MASK, text)


def _says_nothing(hunk: str) -> bool:
    if not hunk.startswith(_MADE_ANEW):
        return False
    gone = sorted(line[1:].strip() for line in hunk.splitlines() if line.startswith("-"))
    come = sorted(line[1:].strip() for line in hunk.splitlines() if line.startswith("+"))
    return gone == come
