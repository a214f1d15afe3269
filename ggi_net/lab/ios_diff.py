"""How a simulated IOS-XE compares two configurations: what a replacement enters, and what differs.

After Cisco's "Contextual Configuration Diff Utility". Lines are compared as they are shown, whatever they mean; lines
that stand in another order only are no difference here, where the real thing marks them by `!`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ggi_net.config.tree import Node, parse, serialise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ABOUT = ("!", "Building ", "Current ", "version ", "end")
"""Lines of the top level that say something about a configuration and are no part of it."""


def tree(text: str) -> Node:
    """The lines of a configuration file; raises ConfigurationBroken for one that is indented in another way."""
    root = parse(text)
    root.children[:] = [node for node in root.children if not node.text.startswith(ABOUT)]
    return root


def differences(old: Node, new: Node) -> list[str]:
    """What `show archive config differences` lists: what only `new` has, then what only `old` has."""
    return [*_only(new, old, _marked("+")), *_only(old, new, _marked("-"))]


def commands(old: Node, new: Node) -> list[str]:
    """What must be entered to get from `old` to `new`: first what takes lines away."""
    return [*_only(old, new, _negated), *_only(new, old, _marked(""))]


def _only(mine: Node, theirs: Node, say: Callable[[Node, int], Iterator[str]], depth: int = 0) -> Iterator[str]:
    """What is said of the lines that are not among `theirs`, below the headers of the sections that both have."""
    there = {(node.text, node.block): node for node in theirs.children}
    for node in mine.children:
        twin = there.get((node.text, node.block))
        if twin is None:
            yield from say(node, depth)
        elif below := list(_only(node, twin, say, depth + 1)):
            yield f"{' ' * depth}{node.text}"
            yield from below


def _marked(sign: str) -> Callable[[Node, int], Iterator[str]]:
    """Show a line and all below it, with `sign` before what is not indentation."""

    def say(node: Node, depth: int) -> Iterator[str]:
        for line in serialise(Node("", children=[node])).splitlines():
            words = line.lstrip(" ")
            yield f"{' ' * (depth + len(line) - len(words))}{sign}{words}"

    return say


def _negated(node: Node, depth: int) -> Iterator[str]:
    """The command that takes a line away, and all below it."""
    yield " " * depth + (node.text.removeprefix("no ") if node.text.startswith("no ") else f"no {node.text}")
