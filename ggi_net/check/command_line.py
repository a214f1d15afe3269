"""The structural check of a configuration that is entered line by line: there is no such device here to ask.

What a device would refuse or misunderstand, and what it would take although it can't be meant: a word that belongs
elsewhere, a reference to nothing, an object that nobody uses. What a platform's lines are, is data (`Language`).
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from ggi_net.check.result import Finding
from ggi_net.config.tree import Node, parse
from ggi_net.errors import ConfigurationBroken, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

LONGEST_LINE = 254
"""What the command line takes."""

_BANNER = re.compile(r"banner \S+(?: (?P<delimiter>\S+))?\s*")
_END_OF_TEXT = "EOF"


class Section(NamedTuple):
    """A section: the pattern of its header, the first words of its lines, and the sections inside it."""

    header: re.Pattern[str]
    words: frozenset[str]
    sections: tuple[Section, ...] = ()


class Named(NamedTuple):
    """A line that defines or uses a named object of `kind`; the group `name` is its name.

    `below` is the beginning of the header that the line stands under; empty for any place.
    """

    kind: str
    line: re.Pattern[str]
    below: str = ""


class Language(NamedTuple):
    """What the check knows of a platform's command line.

    `top`: the whole configuration. `defines`: lines that define something, at the top level where no `below` is said.
    `refers`: lines that use something; the kind `access list` stands for one of either family. `first_defined`: kinds
    whose use the device refuses, or takes without effect, as long as the object isn't there. `built_in`: objects that
    every device has. `used_by_being`: kinds that need nobody to refer to them. `repeatable`: beginnings of lines that
    may stand twice in a section. `indent`: spaces a level. `rules`: what the lines mean together; each takes the root
    of a configuration and gives what is wrong with it.
    """

    top: Section
    defines: tuple[Named, ...]
    refers: tuple[Named, ...]
    rules: tuple[Callable[[Node], Iterator[Finding]], ...]
    first_defined: frozenset[str] = frozenset()
    built_in: Mapping[str, set[str]] = {}
    used_by_being: frozenset[str] = frozenset()
    repeatable: tuple[str, ...] = ("remark ",)
    indent: int = 1


class _At(NamedTuple):
    """A node with its parent's text and its depth."""

    node: Node
    parent: str
    depth: int


def section(header: str, words: str, *sections: Section) -> Section:
    """A section with the words of its lines, separated by spaces."""
    return Section(re.compile(header), frozenset(words.split()), sections)


def named(kind: str, line: str, below: str = "") -> Named:
    """A line that defines or uses a named object."""
    return Named(kind, re.compile(line), below)


def finding(node: Node, message: str) -> Finding:
    """A finding at the line of `node`."""
    return Finding(message=message, line=node.number)


def check(text: str, language: Language) -> list[Finding]:
    """Everything that is wrong with the configuration `text`, by line."""
    found = [*_characters(text), *_banners(text)]
    try:
        root = parse(text)
    except ConfigurationBroken as error:
        line = error.place.line if error.place else None
        return [*found, Finding(message=error.message, line=line)]
    nodes = list(_walk(root, "", 0))
    found += _indentation(nodes, text.split("\n"), language.indent)
    found += _grammar(root, language.top, "the top level")
    found += _references(nodes, language)
    found += _duplicates(root, language.repeatable)
    for rule in (_end, *language.rules):
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
            in_banner, delimiter = True, started["delimiter"] or _END_OF_TEXT
        elif "?" in line and not line.lstrip().startswith("!"):
            yield Finding(message="'?' asks the device for help instead of being taken", line=number)


def _banners(text: str) -> Iterator[Finding]:
    """`^C` that is typed, as two characters, makes `^` the delimiter and `C` part of the text."""
    for number, line in enumerate(text.split("\n"), 1):
        started = _BANNER.fullmatch(line)
        if started and started["delimiter"] and len(started["delimiter"]) != 1:
            yield Finding(message=f"the banner's delimiter '{started['delimiter']}' is not one character", line=number)


def _indentation(nodes: Iterable[_At], lines: list[str], step: int) -> Iterator[Finding]:
    for node, _, depth in nodes:
        line = lines[node.number - 1]
        indent = len(line) - len(line.lstrip(" "))
        if indent != depth * step:
            yield finding(node, f"indented by {indent} where its section stands at {depth * step}")


def _end(root: Node) -> Iterator[Finding]:
    ends = [node for node in root.children if node.text == "end"]
    if not ends:
        yield Finding(message="no 'end'", line=root.children[-1].number if root.children else 1)
    elif ends[0] is not root.children[-1]:
        yield finding(ends[0], "'end' is not the last line; what follows is never read")


# -- structure -----------------------------------------------------------------------------------------


def _grammar(node: Node, inside: Section, place: str) -> Iterator[Finding]:
    """Lines that don't belong where they stand: unknown words, and lines below one that opens no section."""
    for child in node.children:
        below = next((s for s in inside.sections if s.header.fullmatch(child.text)), None)
        first = child.text.partition(" ")[0]
        if below is not None:
            yield from _grammar(child, below, f"'{child.text}'")
        elif first not in inside.words:
            known = inside.words | {s.header.pattern.partition(" ")[0] for s in inside.sections}
            yield finding(child, f"'{first}' is no command of {place}{nearest(first, known)}")
        elif child.children:
            yield finding(child.children[0], f"indented below '{child.text}', which opens no section")


def _duplicates(root: Node, repeatable: tuple[str, ...]) -> Iterator[Finding]:
    """The same section or line twice in one section: the second is either dead or was meant to be another."""
    for node in (root, *root.walk()):
        seen: dict[str, int] = {}
        for child in node.children:
            if child.text in seen and not child.text.startswith(repeatable):
                yield finding(child, f"'{child.text}' stands already on line {seen[child.text]}")
            seen.setdefault(child.text, child.number)


def _references(nodes: list[_At], language: Language) -> Iterator[Finding]:
    """References to nothing, objects that nobody uses, and objects that are used before they are there."""
    defines, refers = _by_first_word(language.defines), _by_first_word(language.refers)
    inner = _by_first_word(entry for entry in language.defines if entry.below)
    defined: defaultdict[str, dict[str, Node]] = defaultdict(dict)
    for node, parent, depth in nodes:
        for kind, name in _matches(defines if depth == 0 else inner, node, parent):
            defined[kind].setdefault(name, node)
    used: defaultdict[str, set[str]] = defaultdict(set)
    for node, parent, _ in nodes:
        for kind, name in _matches(refers, node, parent):
            kinds = ("IPv4 access list", "IPv6 access list") if kind == "access list" else (kind,)
            targets = [defined[k][name] for k in kinds if name in defined[k]]
            for k in kinds:
                used[k].add(name)
            if not targets and name not in language.built_in.get(kind, ()):
                known = [known for k in kinds for known in defined[k]]
                yield finding(node, f"{kind} '{name}' is not defined{nearest(name, known)}")
            elif targets and kind in language.first_defined and targets[0].number > node.number:
                yield finding(node, f"{kind} '{name}' is used before it is defined on line {targets[0].number}")
    for kind, names in defined.items():
        if kind not in language.used_by_being:
            for name, node in names.items():
                if name not in used[kind]:
                    yield finding(node, f"{kind} '{name}' is used nowhere")


def _by_first_word(entries: Iterable[Named]) -> dict[str, tuple[Named, ...]]:
    """The patterns by the first word of the lines that they can match; those without a fixed one under ''."""
    found: defaultdict[str, list[Named]] = defaultdict(list)
    for entry in entries:
        first = re.match(r"[a-z0-9-]+(?=[ \\])", entry.line.pattern)
        found[first[0] if first else ""].append(entry)
    return {word: tuple(entries) for word, entries in found.items()}


def _matches(table: dict[str, tuple[Named, ...]], node: Node, parent: str) -> Iterator[tuple[str, str]]:
    first = node.text.partition(" ")[0]
    for entry in (*table.get(first, ()), *table.get("", ())):
        match = entry.line.match(node.text)
        if match and parent.startswith(entry.below):
            yield entry.kind, match["name"]
