"""The indentation tree of a command-line configuration: what IOS-XE, FRR and their kin print and take.

A line that stands deeper than the line before it belongs to that line. Comments (`!`) and empty lines are left out.
Two constructs are text rather than lines, and are kept verbatim as a node's `block`: a banner between its delimiters
(or, as EOS has it, up to a line `EOF`) and a certificate up to its `quit`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from ggi_net.errors import ConfigurationBroken, Place

if TYPE_CHECKING:
    from collections.abc import Iterator

_BANNER = re.compile(r"(banner (?:motd|login|exec|incoming|prompt-timeout)) +(\^C|\S)(.*)")
_OPEN_BANNER = re.compile(r"banner (?:motd|login)")
_END_OF_BANNER = "EOF"
_CERTIFICATE = re.compile(r"certificate (?:ca |self-signed |ra-general )?[0-9A-Fa-f]+")
_TEXTS = ("banner ", "certificate ")
_DELIMITERS = "#%~|$&@"
_WHITE = " \t\r"
_INSIDE = ("", " ", "!", "\t", "\r")
"""How a line begins that begins no section at the top."""
_DEEPEST = 16
"""More levels than any command line has."""


class Node(msgspec.Struct, eq=False, gc=False):
    """One line with the lines below it, in order.

    `text` has neither indentation nor trailing white space; `number` counts the lines of the source from 1. The root
    of a tree has an empty text and the number 0. `block` holds the verbatim lines of a banner or a certificate; the
    delimiter is no part of it, since a device prints its own (`^C`) whatever it was given.

    A tree has no way back up, so the garbage collector need not look at thousands of nodes again and again.
    """

    text: str
    number: int = 0
    children: list[Node] = msgspec.field(default_factory=list)
    block: tuple[str, ...] | None = None

    def walk(self) -> Iterator[Node]:
        """Every node below this one, in the order of the source."""
        for child in self.children:
            yield child
            yield from child.walk()

    def starting(self, words: str) -> Iterator[Node]:
        """The children whose text is `words` or begins with `words` and a space."""
        for child in self.children:
            if child.text == words or child.text.startswith(f"{words} "):
                yield child

    def same(self, other: Node) -> bool:
        """Whether both have the same text, block and children in the same order; line numbers don't count."""
        return (
            self.text == other.text
            and self.block == other.block
            and len(self.children) == len(other.children)
            and all(mine.same(theirs) for mine, theirs in zip(self.children, other.children, strict=True))
        )


def parse(text: str, *, file: str = "configuration") -> Node:
    """The tree of `text`; errors name `file` as their place.

    Raises ConfigurationBroken for indentation that leaves it open which section a line belongs to (an indented first
    line, a return to a depth that no open section has, a tab, too many levels) and for a banner or certificate that
    has no end.
    """
    root = Node("")
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        at = take_section(root, lines, at, file)
    return root


def extent(lines: list[str], at: int) -> int:
    """Where the section at the top that begins at `at` ends by its indentation; a text in it may go on after that."""
    end = at + 1
    while end < len(lines) and lines[end][:1] in _INSIDE:
        end += 1
    return end


def take_section(root: Node, lines: list[str], at: int, file: str) -> int:
    """Add the section at the top that begins at `at` to `root`; return where the next begins. Raises as `parse`."""
    path: list[tuple[int, Node]] = [(-1, root)]
    while at < len(lines):
        line = lines[at].rstrip(_WHITE)
        content = line.lstrip(" ")
        if not content or content[0] == "!":
            at += 1
            continue
        depth = len(line) - len(content)
        if not depth and len(path) > 1:
            break
        at += 1
        if content[0] == "\t":
            raise _broken("a tab in the indentation", file, at, "indent with spaces")
        node = Node(content, at)
        owner = _owner(path, depth, file, at)
        owner.children.append(node)
        path.append((depth, node))
        if not content.startswith(_TEXTS):
            continue
        if banner := _BANNER.fullmatch(content):
            at = _take_banner(node, banner, lines, at, file)
        elif _OPEN_BANNER.fullmatch(content):
            at = _take_text(node, lines, at, _END_OF_BANNER, f"a banner without its {_END_OF_BANNER}", file)
        elif _CERTIFICATE.fullmatch(content) and owner.text.startswith("crypto pki certificate chain "):
            at = _take_text(node, lines, at, "quit", "a certificate without its quit", file, strip=_WHITE)
    return at


def serialise(root: Node, *, indent: int = 1, end: str = "") -> str:
    """The text of a tree; `parse` reverses it.

    `indent`: spaces per level. `end`: the line that ends a banner; empty for a delimiter that it doesn't contain.
    """
    return "".join(f"{line}\n" for child in root.children for line in _lines(child, 0, indent, end))


def _owner(path: list[tuple[int, Node]], depth: int, file: str, number: int) -> Node:
    """The node that a line at `depth` belongs to; `path` is cut back to it."""
    closed = depth
    while path[-1][0] >= depth:
        closed, _ = path.pop()
    if closed != depth:
        raise _broken("indented less than its section and more than the one around it", file, number)
    owner = path[-1][1]
    if len(path) == 1 and depth:
        raise _broken("an indented line that belongs to no section", file, number)
    if len(path) > _DEEPEST:
        raise _broken(f"nested more than {_DEEPEST} levels deep", file, number)
    return owner


def _take_banner(node: Node, banner: re.Match[str], lines: list[str], at: int, file: str) -> int:
    """Move the banner's text into the node's block; return the index of the line after its end."""
    node.text, delimiter, text = banner.groups()
    taken = []
    while delimiter not in text:
        taken.append(text)
        if at == len(lines):
            raise _broken(f"a banner without its closing delimiter {delimiter}", file, node.number)
        text = lines[at].rstrip("\r")
        at += 1
    taken.append(text.split(delimiter, 1)[0])
    first = 0 if taken[0] else 1
    last = len(taken) if taken[-1] else -1
    node.block = tuple(taken[first:last])
    return at


def _take_text(node: Node, lines: list[str], at: int, end: str, lacking: str, file: str, *, strip: str = "") -> int:
    """Move the lines up to one that is `end` into the node's block; return the index of the line after it."""
    taken: list[str] = []
    for number in range(at, len(lines)):
        content = lines[number].strip(strip) if strip else lines[number].rstrip("\r")
        if content == end:
            node.block = tuple(taken)
            return number + 1
        taken.append(content)
    raise _broken(lacking, file, node.number)


def _lines(node: Node, depth: int, step: int, end: str) -> Iterator[str]:
    indent = " " * depth * step
    if node.block is None:
        yield indent + node.text
    elif not node.text.startswith("banner "):
        yield indent + node.text
        yield from (f"{indent} {line}" for line in node.block)
        yield f"{indent} quit"
    elif end:
        yield from (indent + node.text, *node.block, end)
    else:
        text = "".join(node.block)
        delimiter = next((d for d in _DELIMITERS if d not in text), "\x03")
        yield f"{indent}{node.text} {delimiter}"
        yield from node.block
        yield delimiter
    for child in node.children:
        yield from _lines(child, depth + 1, step, end)


def _broken(message: str, file: str, number: int, hint: str | None = None) -> ConfigurationBroken:
    return ConfigurationBroken(message, place=Place(file, number), hint=hint)
