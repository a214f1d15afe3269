"""The structural check of a Junos configuration: there is no Junos here to ask, so its rules are written down.

What a device would refuse or misunderstand when the text is loaded, and what it would take although it can't be meant:
a statement in the wrong place, a reference to nothing, an object that nobody uses, a session without a policy.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from ggi_net.check import junos_words as words
from ggi_net.check.junos_meaning import RULES, finding
from ggi_net.check.result import Finding
from ggi_net.config.braces import parse_braces
from ggi_net.errors import ConfigurationBroken, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ggi_net.check.junos_words import Named, Section
    from ggi_net.config.tree import Node

_COMMENTS = ("##",)
_FILE = "configuration"


class _At(NamedTuple):
    """A node with its path and its depth."""

    node: Node
    path: str
    depth: int


def check(text: str) -> list[Finding]:
    """Everything that is wrong with the configuration `text`, by line."""
    found = list(_characters(text))
    try:
        root = parse_braces(text, _COMMENTS, file=_FILE)
    except ConfigurationBroken as error:
        line = error.place.line if error.place else None
        return [*found, Finding(message=error.message, line=line)]
    nodes = list(_walk(root, "", 0))
    found += _form(nodes, text.split("\n"))
    found += _grammar(root, words.TOP, "")
    found += _duplicates(root)
    found += _references(nodes)
    for rule in RULES:
        found += rule(root)
    return sorted(found, key=lambda one: (one.line or 0, one.message))


def _walk(node: Node, above: str, depth: int) -> Iterator[_At]:
    for child in node.children:
        path = f"{above} / {child.text}" if above else child.text
        yield _At(child, path, depth)
        yield from _walk(child, path, depth + 1)


def _characters(text: str) -> Iterator[Finding]:
    """What does not belong into a file that is typed into a terminal: a Ctrl-D in it would end it early."""
    if not text.endswith("\n"):
        yield Finding(message="the last line does not end", line=text.count("\n") + 1)
    for number, line in enumerate(text.split("\n"), 1):
        for character in sorted(set(line)):
            if not (character.isascii() and character.isprintable()):
                yield Finding(message=f"the character {character!a} has no place in a configuration", line=number)


def _form(nodes: Iterable[_At], lines: list[str]) -> Iterator[Finding]:
    """Statements without their semicolon, and indentation that lies about the section."""
    for node, _, depth in nodes:
        line = lines[node.number - 1]
        indent = len(line) - len(line.lstrip(" "))
        if indent != 4 * depth:
            yield finding(node, f"indented by {indent} where its section stands at {4 * depth}")
        opens = line.rstrip().endswith("{")
        if not opens and not node.text.endswith(";"):
            yield finding(node, "a statement ends in a semicolon")
        elif not opens and node.text.count(";") > 1 and '"' not in node.text:
            yield finding(node, "two statements on one line")


def _grammar(node: Node, section: Section, path: str) -> Iterator[Finding]:
    """Statements and sections that don't belong where they stand, and statements that stand there twice."""
    place = f"'{path}'" if path else "the top level"
    once: dict[str, Node] = {}
    for child in node.children:
        text, is_section = child.text.rstrip(";"), not child.text.endswith(";")
        first = text.partition(" ")[0]
        below = next((s for s in section.sections if is_section and s.header.fullmatch(text)), None)
        inner = f"{path} / {text}" if path else text
        if below is not None:
            if not child.children:
                yield finding(child, f"'{text}' is empty: the device does not keep it")
            yield from _grammar(child, below, inner)
        elif first not in section.words and not words.LISTS.search(path):
            known = section.words | {s.header.pattern.partition(" ")[0] for s in section.sections}
            yield finding(child, f"'{first}' is no statement of {place}{nearest(first, known)}")
        elif is_section:
            yield finding(child, f"'{first}' opens no section in {place}")
        elif first in section.once:
            if first in once:
                yield finding(child, f"'{first}' stands already on line {once[first].number}; the last one would count")
            once.setdefault(first, child)


def _duplicates(root: Node) -> Iterator[Finding]:
    """The same section or statement twice in one section: the second is either dead or was meant to be another."""
    for node in (root, *root.walk()):
        seen: dict[str, int] = {}
        for child in node.children:
            if child.text in seen:
                yield finding(child, f"'{child.text}' stands already on line {seen[child.text]}")
            seen.setdefault(child.text, child.number)


def _references(nodes: list[_At]) -> Iterator[Finding]:
    """References to nothing, and objects that nobody uses."""
    defined: defaultdict[str, dict[str, Node]] = defaultdict(dict)
    for at in nodes:
        for kind, name in _matches(_DEFINES, at):
            defined[kind].setdefault(name, at.node)
    used: defaultdict[str, set[str]] = defaultdict(set)
    for at in nodes:
        for kind, name in _matches(_REFERS, at):
            used[kind].add(name)
            if name not in defined[kind] and name not in words.BUILT_IN.get(kind, ()):
                yield finding(at.node, f"{kind} '{name}' is not defined{nearest(name, defined[kind])}")
    for kind, names in defined.items():
        if kind not in words.USED_BY_BEING:
            for name, node in names.items():
                if name not in used[kind]:
                    yield finding(node, f"{kind} '{name}' is used nowhere")


def _by_first_word(named: Iterable[Named]) -> dict[str, tuple[Named, ...]]:
    """The patterns by the top section of the lines that they can match; those for any section under ''."""
    found: defaultdict[str, list[Named]] = defaultdict(list)
    for entry in named:
        first = re.match(r"[a-z-]+(?= / )", entry.path.pattern)
        found[first[0] if first else ""].append(entry)
    return {word: tuple(entries) for word, entries in found.items()}


def _matches(table: dict[str, tuple[Named, ...]], at: _At) -> Iterator[tuple[str, str]]:
    top = at.path.partition(" / ")[0]
    for entry in (*table.get(top, ()), *table.get("", ())):
        match = entry.path.match(at.path)
        if match:
            for name in match["name"].strip("[]").split():
                yield entry.kind, name


_DEFINES = _by_first_word(words.DEFINITIONS)
_REFERS = _by_first_word(words.REFERENCES)
