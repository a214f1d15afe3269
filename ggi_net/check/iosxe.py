"""The structural check of an IOS-XE configuration: there is no IOS-XE here to ask, so its rules are written down.

What a device would refuse or misunderstand when the text is entered line by line, and what it would take although it
can't be meant: a reference to nothing, an object that nobody uses, a session without a filter, a secret in clear.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from ggi_net.check import iosxe_words as words
from ggi_net.check.iosxe_meaning import RULES, finding
from ggi_net.check.result import Finding
from ggi_net.config.tree import Node, parse
from ggi_net.errors import ConfigurationBroken, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ggi_net.check.iosxe_words import Named, Section

LONGEST_LINE = 254
"""What the command line takes."""

_BANNER = re.compile(r"banner \S+ (?P<delimiter>\S+)\s*")
_REPEATABLE = ("exit-address-family", "exit-vrrp", "remark ")


class _At(NamedTuple):
    """A node with its parent's text and its depth."""

    node: Node
    parent: str
    depth: int


def check(text: str) -> list[Finding]:
    """Everything that is wrong with the configuration `text`, by line."""
    found = [*_characters(text), *_banners(text)]
    try:
        root = parse(text)
    except ConfigurationBroken as error:
        line = error.place.line if error.place else None
        return [*found, Finding(message=error.message, line=line)]
    nodes = list(_walk(root, "", 0))
    lines = text.split("\n")
    found += _indentation(nodes, lines)
    found += _grammar(root, words.TOP, "the top level")
    found += _references(nodes)
    for rule in (_duplicates, _end, *RULES):
        found += rule(root)
    return sorted(found, key=lambda one: (one.line or 0, one.message))


def _walk(node: Node, parent: str, depth: int) -> Iterator[_At]:
    for child in node.children:
        yield _At(child, parent, depth)
        yield from _walk(child, child.text, depth + 1)


# -- characters and text -------------------------------------------------------------------------------


def _characters(text: str) -> Iterator[Finding]:
    """Lines that the command line cuts, and characters that it acts on instead of taking them (`?` asks for help)."""
    if not text.endswith("\n"):
        yield Finding(message="the last line does not end", line=text.count("\n") + 1)
    in_banner = False
    delimiter = ""
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > LONGEST_LINE:
            yield Finding(message=f"{len(line)} characters; the device takes {LONGEST_LINE}", line=number)
        for character in sorted(set(line)):
            if not (character.isascii() and character.isprintable()):
                yield Finding(message=f"the character {character!a} has no place in a configuration", line=number)
        started = _BANNER.fullmatch(line)
        if in_banner:
            in_banner = delimiter not in line
        elif started:
            in_banner, delimiter = True, started["delimiter"]
        elif "?" in line and not line.lstrip().startswith("!"):
            yield Finding(message="'?' asks the device for help instead of being taken", line=number)


def _banners(text: str) -> Iterator[Finding]:
    """`^C` that is typed, as two characters, makes `^` the delimiter and `C` part of the text."""
    for number, line in enumerate(text.split("\n"), 1):
        started = _BANNER.fullmatch(line)
        if started and len(started["delimiter"]) != 1:
            yield Finding(message=f"the banner's delimiter '{started['delimiter']}' is not one character", line=number)


def _indentation(nodes: Iterable[_At], lines: list[str]) -> Iterator[Finding]:
    for node, _, depth in nodes:
        line = lines[node.number - 1]
        indent = len(line) - len(line.lstrip(" "))
        if indent != depth:
            yield finding(node, f"indented by {indent} where its section stands at {depth}")


def _end(root: Node) -> Iterator[Finding]:
    ends = [node for node in root.children if node.text == "end"]
    if not ends:
        yield Finding(message="no 'end'", line=root.children[-1].number if root.children else 1)
    elif ends[0] is not root.children[-1]:
        yield finding(ends[0], "'end' is not the last line; what follows is never read")


# -- structure -----------------------------------------------------------------------------------------


def _grammar(node: Node, section: Section, place: str) -> Iterator[Finding]:
    """Lines that don't belong where they stand: unknown words, and lines below one that opens no section."""
    for child in node.children:
        below = next((s for s in section.sections if s.header.fullmatch(child.text)), None)
        first = child.text.partition(" ")[0]
        if below is not None:
            yield from _grammar(child, below, f"'{child.text}'")
        elif first not in section.words:
            known = section.words | {s.header.pattern.partition(" ")[0] for s in section.sections}
            yield finding(child, f"'{first}' is no command of {place}{nearest(first, known)}")
        elif child.children:
            yield finding(child.children[0], f"indented below '{child.text}', which opens no section")


def _duplicates(root: Node) -> Iterator[Finding]:
    """The same section or line twice in one section: the second is either dead or was meant to be another."""
    for node in (root, *root.walk()):
        seen: dict[str, int] = {}
        for child in node.children:
            if child.text in seen and not child.text.startswith(_REPEATABLE):
                yield finding(child, f"'{child.text}' stands already on line {seen[child.text]}")
            seen.setdefault(child.text, child.number)


def _references(nodes: list[_At]) -> Iterator[Finding]:
    """References to nothing, objects that nobody uses, and objects that are used before they are there."""
    defined: defaultdict[str, dict[str, Node]] = defaultdict(dict)
    for node, _, depth in nodes:
        if depth == 0:
            for kind, name in _matches(_DEFINES, node, ""):
                defined[kind].setdefault(name, node)
    used: defaultdict[str, set[str]] = defaultdict(set)
    for node, parent, _ in nodes:
        for kind, name in _matches(_REFERS, node, parent):
            kinds = ("IPv4 access list", "IPv6 access list") if kind == "access list" else (kind,)
            targets = [defined[k][name] for k in kinds if name in defined[k]]
            for k in kinds:
                used[k].add(name)
            if not targets and name not in words.BUILT_IN.get(kind, ()):
                known = [known for k in kinds for known in defined[k]]
                yield finding(node, f"{kind} '{name}' is not defined{nearest(name, known)}")
            elif targets and kind in words.FIRST_DEFINED and targets[0].number > node.number:
                yield finding(node, f"{kind} '{name}' is used before it is defined on line {targets[0].number}")
    for kind, names in defined.items():
        if kind not in words.USED_BY_BEING:
            for name, node in names.items():
                if name not in used[kind]:
                    yield finding(node, f"{kind} '{name}' is used nowhere")


def _by_first_word(named: Iterable[Named]) -> dict[str, tuple[Named, ...]]:
    """The patterns by the first word of the lines that they can match; those without a fixed one under ''."""
    found: defaultdict[str, list[Named]] = defaultdict(list)
    for entry in named:
        first = re.match(r"[a-z0-9-]+(?=[ \\])", entry.line.pattern)
        found[first[0] if first else ""].append(entry)
    return {word: tuple(entries) for word, entries in found.items()}


def _matches(table: dict[str, tuple[Named, ...]], node: Node, parent: str) -> Iterator[tuple[str, str]]:
    first = node.text.partition(" ")[0]
    for entry in (*table.get(first, ()), *table.get("", ())):
        match = entry.line.match(node.text)
        if match and parent.startswith(entry.below):
            yield entry.kind, match["name"]


_DEFINES = _by_first_word(words.DEFINITIONS)
_REFERS = _by_first_word(words.REFERENCES)
