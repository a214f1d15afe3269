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
from ggi_net.config.tree import Node
from ggi_net.secrets import MASK, keyed_hash

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ggi_net.config.ruleset import Equivalent


Meaning = tuple[str, "tuple[Meaning, ...]"]
"""What a line and those below it mean: its identity, and the meanings of its children in order."""


class Statement(msgspec.Struct, eq=False, gc=False):
    """One line with the lines below it.

    `shown` may be seen by anybody; `raw` is the line in the form that the device is given, secrets and all, and stays
    in memory; `written` is the line as it was found. `path` is that of the rules. `number` counts lines from that of
    the statement above, for one at the top from the start of the file. `below` is what the children mean: two sections
    are compared by it at once, however much is in them.
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
    """Turns configurations of one file into statements under one keyed hash, so that they can be compared.

    Of indented text, sections at the top without a secret are read once: most stand on many devices, and on one device
    before and after a change.
    """

    def __init__(self, rules: FileRules, key: bytes) -> None:
        self._rules = rules
        self._key = key
        self._ignored = search(rules.ignored)
        self._lines = _lines(rules.secrets, rules.equivalents)
        self._sections = _sections(rules)
        self._intended: Statement | None = None
        self._known: Mapping[str, set[str]] = {}

    def intended(self, text: str, file: str) -> Statement:
        """The statements of an artifact whose references are resolved; raise ConfigurationBroken."""
        return self._read(text, file, {})

    def running(self, text: str, file: str, intended: Statement) -> Statement:
        """The statements of what a device has; `intended` helps to recognise secrets that are shown hashed."""
        if self._intended is not intended:
            self._intended, self._known = intended, self._secrets(intended)
        return self._read(text, file, self._known)

    def _secrets(self, intended: Statement) -> dict[str, set[str]]:
        """The secrets of a configuration by the line that they stand in, as it is shown."""
        known: dict[str, set[str]] = {}
        for statement in intended.walk():
            if statement.shown == statement.raw:
                continue
            _, found = self._lines.read(statement.raw)
            if found:
                known.setdefault(statement.shown, set()).add(found["secret"])
        return known

    def _read(self, text: str, file: str, known: Mapping[str, set[str]]) -> Statement:
        match self._rules.syntax:
            case Syntax.INDENT:
                return self._indented(text.split("\n"), file, known)
            case Syntax.BRACES:
                return self._statements(parse_braces(text, self._rules.comments, file=file), known)
            case Syntax.LINES:
                return self._statements(parse_lines(text, self._rules.comments), known)

    def _indented(self, lines: list[str], file: str, known: Mapping[str, set[str]]) -> Statement:
        other = tuple(comment for comment in self._rules.comments if comment != "!")
        if other:
            lines = ["" if line.lstrip().startswith(other) else line for line in lines]
        children: list[Statement] = []
        at = 0
        while at < len(lines):
            end = tree.extent(lines, at)
            text = "\n".join(lines[at:end])
            found = self._sections.get(text)
            if found is None:
                section = Node("", at)
                after = tree.take_section(section, lines, at, file)
                found = self._statements(section, known).children
                if after == end and self._is_plain(found):
                    if len(self._sections) >= REMEMBERED:
                        self._sections.clear()
                    self._sections[text] = found
                end = after
            # Each its own: the same line may stand there twice.
            children += [msgspec.structs.replace(child, number=child.number + at) for child in found]
            at = end
        return _above(Statement(raw="", shown="", identity="", path=""), children)

    def _is_plain(self, statements: tuple[Statement, ...]) -> bool:
        """Whether none has a secret, below which their meaning hangs on the key and on what was intended."""
        return all(self._lines.read(each.raw)[1] is None for top in statements for each in (top, *top.walk()))

    def _statements(self, node: Node, known: Mapping[str, set[str]], path: str = "", number: int = 0) -> Statement:
        made = self._statement(node, known, path, number)
        if not node.children:
            return made
        children = [self._statements(inner, known, made.path, node.number) for inner in node.children]
        return _above(made, [child for child in children if not self._ignored(child.path)])

    def _statement(self, node: Node, known: Mapping[str, set[str]], above: str, number: int) -> Statement:
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
            number=node.number - number,
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


def _above(statement: Statement, children: list[Statement]) -> Statement:
    """A statement that has just been made, with those below it."""
    statement.children = tuple(children)
    statement.below = tuple([(child.identity, child.below) for child in children])
    return statement


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
def _sections(rules: FileRules) -> dict[str, tuple[Statement, ...]]:
    """What sections at the top mean by these rules, by their text."""
    return {}


@cache
def _lines(secrets: tuple[str, ...], equivalents: tuple[Equivalent, ...]) -> _Lines:
    return _Lines(secrets, equivalents)
