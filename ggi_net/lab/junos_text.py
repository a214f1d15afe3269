"""Junos configurations as text: how a device prints them, compares them, and takes single `set` and `delete` lines."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from ggi_net.config.braces import parse_braces
from ggi_net.config.juniper import decode_9, encode_9
from ggi_net.config.tree import Node

if TYPE_CHECKING:
    from collections.abc import Iterator

_COMMENTS = ("##", "#", "/*")
_SECRET = re.compile(
    r"(?P<before>(?:authentication-key|secret|pre-shared-key ascii-text|authentication-key \d+ type \S+ value) )"
    r"\"?(?P<secret>[^\";]+)\"?;"
)
_SNMP_PASSWORD = re.compile(r"(authentication|privacy)-password \"?([^\";]+)\"?;")
_REMARK = re.compile(r"(?<=;) ## .*$", re.MULTILINE)
_SHOWN_SECRET = re.compile(r"(\"\$[0-9]\$|encrypted-password )")
_QUOTED = re.compile(r"\"([^\s\";{}\[\]$]+)\"")
_ORDERED = re.compile(r"policy-statement |filter |from-zone |global$")
_SEVERAL = re.compile(
    r"(interface|address|route|route-filter|prefix-list-filter|application|oid|server|source-address|prefix|community"
    r"|[0-9a-f.:]+/\d+|[a-z]+-\d)"
)
"""The statements of which a section may have several: a new one does not replace the old."""


def parse(text: str) -> Node:
    """The tree of a configuration; raise ConfigurationBroken."""
    return parse_braces(_REMARK.sub("", text), _COMMENTS, file="terminal")


def serialise(root: Node) -> str:
    """The text of a tree, without a last line end."""
    return "\n".join(line for child in root.children for line in lines(child, 0))


def lines(node: Node, depth: int) -> Iterator[str]:
    """A statement or a section as the device prints it."""
    indent = "    " * depth
    if node.text.endswith(";"):
        yield f"{indent}{node.text}{' ## SECRET-DATA' if _SHOWN_SECRET.search(node.text) else ''}"
        return
    yield f"{indent}{node.text} {{"
    for child in node.children:
        yield from lines(child, depth + 1)
    yield f"{indent}}}"


def kept(node: Node, engine: str) -> Node:
    """A loaded tree as the device keeps it: secrets in its own forms, no empty sections, each section once.

    A password in clear (`plain-text-password-value`) is lost without a word, as it is on real devices.
    """
    merged: list[Node] = []
    for child in node.children:
        text = _statement(child.text, engine)
        if text.startswith("plain-text-password-value"):
            continue
        made = kept(Node(text, child.number, child.children), engine)
        same = next((other for other in merged if other.text == text), None)
        if same is not None:
            same.children = kept(Node(text, children=[*same.children, *made.children]), engine).children
        elif text.endswith(";") or made.children:
            merged.append(made)
    return Node(node.text, node.number, merged)


def _statement(text: str, engine: str) -> str:
    password = _SNMP_PASSWORD.fullmatch(text)
    if password:
        key = hashlib.sha256(f"{engine}/{password[2]}".encode()).hexdigest()
        return f'{password[1]}-key "{encode_9(key)}";'
    secret = _SECRET.fullmatch(text)
    if secret:
        value = secret["secret"]
        shown = value if value.startswith("$8$") or decode_9(value) is not None else encode_9(value)
        return f'{secret["before"]}"{shown}";'
    if text.startswith("encrypted-password "):
        return text
    return _QUOTED.sub(r"\1", text)


def compared(old: Node, new: Node, path: tuple[str, ...] = ()) -> Iterator[str]:
    """The lines of `show | compare`, from `old` to `new`."""
    there = {node.text: node for node in old.children}
    mine = {node.text: node for node in new.children}
    gone = [node for node in old.children if node.text not in mine]
    come = [node for node in new.children if node.text not in there]
    if _ORDERED.match(new.text):
        moved = [text for text in mine if text in there] != [text for text in there if text in mine]
        come += [node for node in new.children if moved and node.text in there]
        gone += [node for node in old.children if moved and node.text in mine]
    if gone or come:
        yield f"[edit{''.join(f' {step}' for step in path)}]"
        for sign, nodes in (("-", gone), ("+", come)):
            yield from (f"{sign}   {line}" for node in nodes for line in lines(node, 0))
    for text, node in mine.items():
        if text in there and node not in come:
            yield from compared(there[text], node, (*path, text))


def changed(root: Node, line: str) -> bool:
    """Carry out `set ...` or `delete ...` on a tree; return whether it was understood."""
    verb, _, rest = line.partition(" ")
    if verb not in ("set", "delete") or not rest:
        return False
    owner, left = root, rest
    while True:
        below = next(
            (c for c in owner.children if not c.text.endswith(";") and f"{left} ".startswith(f"{c.text} ")), None
        )
        if below is None:
            break
        if left == below.text:
            if verb == "delete":
                owner.children.remove(below)
            return True
        owner, left = below, left[len(below.text) + 1 :]
    first = left.partition(" ")[0]
    if verb == "delete" or not _SEVERAL.match(left):
        gone = [
            c for c in owner.children if c.text.rstrip(";") == left or c.text.rstrip(";").partition(" ")[0] == first
        ]
        owner.children[:] = [c for c in owner.children if c not in gone]
        if verb == "delete":
            return bool(gone)
    owner.children.append(Node(f"{left};"))
    return True
