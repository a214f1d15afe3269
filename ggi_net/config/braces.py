"""Files of `header { ... }` sections (nftables, swanctl, FreeRADIUS, radsecproxy) and of plain lines, as trees."""

from __future__ import annotations

from ggi_net.config.tree import Node
from ggi_net.errors import ConfigurationBroken, Place


def parse_braces(text: str, comments: tuple[str, ...], *, file: str = "configuration") -> Node:
    """The tree of `text`; raise ConfigurationBroken for a brace that has no partner.

    A section is a line that ends in an open brace, up to the line that begins with its closing one. Other braces, and
    those of a value (`elements = {`), are part of their line, which goes on until they are closed; so does a line
    that ends in a backslash.
    """
    root = Node("")
    path = [root]
    whole, first = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        content = line.strip()
        if not content or content.startswith(comments):
            continue
        first = first if whole else number
        whole = f"{whole} {content}" if whole else content
        if whole.endswith("\\"):
            whole = whole[:-1].rstrip()
            continue
        if _depth(whole) > 0 and (not whole.endswith("{") or _opens_value(whole)):
            continue
        _take(whole, first, path, file)
        whole = ""
    if len(path) > 1:
        raise ConfigurationBroken("a section without its closing brace", place=Place(file, path[-1].number))
    return root


def parse_lines(text: str, comments: tuple[str, ...]) -> Node:
    """A tree of one level: every line that is neither empty nor a comment."""
    lines = [(n, line.strip()) for n, line in enumerate(text.splitlines(), 1)]
    return Node("", children=[Node(line, n) for n, line in lines if line and not line.startswith(comments)])


def _take(content: str, number: int, path: list[Node], file: str) -> None:
    """Add one logical line to the section at the end of `path`, opening and closing sections as it says."""
    while content.startswith("}"):
        if len(path) == 1:
            raise ConfigurationBroken("a closing brace without its section", place=Place(file, number))
        path.pop()
        content = content[1:].lstrip(" ;")
    if not content:
        return
    depth = _depth(content)
    if depth > 0 and content.endswith("{"):
        node = Node(content[:-1].rstrip(), number)
        path[-1].children.append(node)
        path.append(node)
    elif depth < 0 and content.endswith("}"):
        _take(content[:-1].rstrip(), number, path, file)
        _take("}", number, path, file)
    else:
        path[-1].children.append(Node(content, number))


def _opens_value(content: str) -> bool:
    """Whether the brace at the end opens a value that goes on over lines (`elements = {`), not a section."""
    return content[:-1].rstrip().endswith("=")


def _depth(content: str) -> int:
    """How many braces stay open after `content`, leaving out what stands between quotes."""
    depth, quote, escaped = 0, "", False
    for character in content:
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = True
        elif quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character == "{":
            depth += 1
        elif character == "}":
            depth -= 1
    return depth
