"""A configuration as statements: lines with a path, a meaning to compare by, and a form that people may see.

Two statements mean the same when their `identity` is equal. A secret takes part in the identity by its keyed hash
only; where the device shows a secret in a form of its own (type 7, 8 or 9), the hash is that of the secret behind it.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

import msgspec

from ggi_net.config import arista, cisco, juniper, tree
from ggi_net.config.braces import parse_braces, parse_lines
from ggi_net.config.ruleset import REMEMBERED, FileRules, SecretForms, Syntax, search
from ggi_net.secrets import MASK, keyed_hash

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ggi_net.config.ruleset import Equivalent
    from ggi_net.config.tree import Node


Meaning = tuple[str, "tuple[Meaning, ...]"]
"""What a line and those below it mean: its identity, and the meanings of its children in order."""


class Statement(msgspec.Struct, eq=False, gc=False):
    """One line with the lines below it.

    `shown` may be seen by anybody; `raw` is the line in the form that the device is given, secrets and all, and stays
    in memory; `written` is the line as it was found. `path` is that of the rules. `below` is what the children mean:
    two sections are compared by it at once, however much is in them.
    """

    raw: str
    shown: str
    identity: str
    path: str
    number: int = 0
    block: tuple[str, ...] | None = None
    children: tuple[Statement, ...] = ()
    written: str = ""
    below: tuple[Meaning, ...] = ()

    def walk(self) -> Iterator[Statement]:
        """Every statement below this one, in order."""
        for child in self.children:
            yield child
            yield from child.walk()


class Reader:
    """Turns configurations of one file into statements under one keyed hash, so that they can be compared."""

    def __init__(self, rules: FileRules, key: bytes) -> None:
        self._rules = rules
        self._key = key
        self._ignored = search(rules.ignored)
        self._lines = _lines(rules.secrets, rules.equivalents)

    def intended(self, text: str, file: str) -> Statement:
        """The statements of an artifact whose references are resolved; raise ConfigurationBroken."""
        return self._statements(self._parse(text, file), {})

    def running(self, text: str, file: str, intended: Statement) -> Statement:
        """The statements of what a device has; `intended` helps to recognise secrets that are shown hashed."""
        known: dict[str, set[str]] = {}
        for statement in intended.walk():
            if statement.shown == statement.raw:
                continue
            _, found = self._lines.read(statement.raw)
            if found:
                known.setdefault(statement.shown, set()).add(found["secret"])
        return self._statements(self._parse(text, file), known)

    def _parse(self, text: str, file: str) -> Node:
        if self._rules.syntax is Syntax.INDENT:
            other = tuple(c for c in self._rules.comments if c != "!")
            kept = ["" if line.lstrip().startswith(other) else line for line in text.split("\n")] if other else [text]
            return tree.parse("\n".join(kept), file=file)
        if self._rules.syntax is Syntax.BRACES:
            return parse_braces(text, self._rules.comments, file=file)
        return parse_lines(text, self._rules.comments)

    def _statements(self, node: Node, known: Mapping[str, set[str]], path: str = "") -> Statement:
        made = self._statement(node, known, path)
        if node.children:
            children = [self._statements(inner, known, made.path) for inner in node.children]
            made.children = tuple([child for child in children if not self._ignored(child.path)])
            made.below = tuple([(child.identity, child.below) for child in made.children])
        return made

    def _statement(self, node: Node, known: Mapping[str, set[str]], above: str) -> Statement:
        text, found = self._lines.read(node.text)
        shown = identity = text
        if found:
            start, end = found.span("secret")
            if found.groupdict().get("type"):
                start = found.start("type")
            shown = f"{text[:start]}{MASK}{text[end:]}"
            behind = self._behind(found, known.get(shown, set()))
            identity = f"{shown} {keyed_hash(self._key, behind)}"
        if node.block is not None:
            identity += "\n" + "\n".join(line.rstrip() for line in node.block)
        return Statement(
            raw=text,
            shown=shown,
            identity=identity,
            path=f"{above} / {shown}" if above else shown,
            number=node.number,
            block=node.block,
            written=node.text,
        )

    def _behind(self, found: re.Match[str], known: set[str]) -> str:
        """The secret that a line shows, where that can be told; else what it shows. `known` are those it may mean."""
        groups, value = found.groupdict(), found["secret"]
        kind = groups.get("type") or ""
        match self._rules.secret_forms:
            case SecretForms.ARISTA:
                return arista.behind(value, kind, known, groups.get("of") or "")
            case SecretForms.JUNIPER:
                return juniper.behind(value, known)
            case SecretForms.CISCO:
                return cisco.behind(value, kind, known)


class _Lines:
    """Reads lines by the rules of a file. Lines without a secret are remembered: most stand on every device."""

    def __init__(self, secrets: tuple[str, ...], equivalents: tuple[Equivalent, ...]) -> None:
        self._secrets = tuple(re.compile(pattern) for pattern in secrets)
        self._same = tuple((re.compile(e.line), e.means) for e in equivalents)
        self._plain: dict[str, str] = {}

    def read(self, line: str) -> tuple[str, re.Match[str] | None]:
        """A line in its usual form, and where its secret stands (the group `secret`) when it has one."""
        text = self._plain.get(line)
        if text is not None:
            return text, None
        text = " ".join(line.split())
        for pattern, means in self._same:
            found = pattern.fullmatch(text)
            if found:
                text = found.expand(means)
        for pattern in self._secrets:
            found = pattern.search(text)
            if found and found["secret"]:
                return text, found
        if len(self._plain) >= REMEMBERED:
            self._plain.clear()
        self._plain[line] = text
        return text, None


@cache
def _lines(secrets: tuple[str, ...], equivalents: tuple[Equivalent, ...]) -> _Lines:
    return _Lines(secrets, equivalents)
