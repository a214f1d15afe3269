"""From a view record's `origin` to the place in the estate's or the standard's files that it was read from.

An origin is a path of kinds and names: `gemeente/almelo/link/almelo-01-asd`, `federation/device/core-asd-01`,
`gemeente/almelo/site/stadhuis/vlan/100`, `standard/2026.1/flow/office-to-cloud`, `standard/2026.1/bgp`.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import yaml

from ggi_net.errors import FileError, Place
from ggi_net.files import read_bytes
from ggi_net.paths import standards_folder
from ggi_net.source.standard import SUBJECTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ggi_net.model.estate import Estate

_NAMES = ("name", "slug", "id", "vid", "prefix")
"""The keys that name an item of a list."""


class Found(NamedTuple):
    """A place, and whether the field asked for is written there: a default is not."""

    place: Place
    written: bool


def place_of(estate: Estate, origin: str, field: str = "") -> Place | None:
    """Where that record stands, or its `field` when the file has a key of that name; None when unknown."""
    found = find(estate, origin, field)
    return found.place if found else None


def find(estate: Estate, origin: str, field: str = "", text: str = "") -> Found | None:
    """Where `field` of a record is written, else the record; None when the record is not in the files.

    A field goes down by dots through mappings and lists (`vrfs.datanet.prefixes`, `ports.0.name`). Of a list, the item
    that `text` names is found: the item itself, or the prefix that holds the address.
    """
    kind, _, rest = origin.partition("/")
    steps = rest.split("/") if rest else []
    if kind == "standard" and steps:
        version, *steps = steps
        files = [standards_folder() / version / f"{subject}.yml" for subject in _subjects(steps)]
    else:
        slug = estate.federation.slug if kind == "federation" else steps.pop(0) if steps else ""
        if kind == "federation" and steps[:1] == [slug]:
            steps = steps[1:]
        source = estate.sources.get(slug, "")
        if "://" in source:  # a page of NetBox, which has the whole organisation
            return Found(Place(source), written=True)
        files = [Path(source)] if source else []
        steps = _with_port(steps)
    for file in files:
        found = _find(file, tuple(steps), field, text)
        if found is not None:
            return found
    return None


def _with_port(steps: list[str]) -> list[str]:
    """The kinds and names of a path with the name of a port in one piece: `ge-0/0/0` has slashes of its own."""
    at = next((index for index in range(0, len(steps), 2) if steps[index] == "port"), len(steps))
    return steps if at == len(steps) else [*steps[: at + 1], "/".join(steps[at + 1 :])]


def _subjects(steps: list[str]) -> Iterator[str]:
    """The files of a standard that may hold it: the one that the first step names, else all."""
    first = steps[0] if steps else ""
    named = [subject for subject in SUBJECTS if first in (subject, subject.removesuffix("s"))]
    yield from named or SUBJECTS


def _find(file: Path, steps: tuple[str, ...], field: str, text: str) -> Found | None:
    tree = _tree(file)
    if tree is None:
        return None
    if steps and file.stem in (steps[0], f"{steps[0]}s"):
        # The file is itself the list, or the record, of that kind.
        node = _anywhere(tree, steps[1]) if len(steps) > 1 else tree
        steps = steps[2:]
    else:
        node = tree
    for kind, name in zip(steps[::2], (*steps[1::2], ""), strict=False):
        node = _step(node, kind, name) if node is not None else None
    if node is None:
        return None
    key = _descend(node, field.split("."), text) if field else None
    mark = (key or node).start_mark
    return Found(Place(str(file), mark.line + 1, mark.column + 1), written=key is not None or not field)


def _descend(node: yaml.Node, steps: list[str], text: str) -> yaml.Node | None:
    """The key, or the item of a list, that `steps` lead to; a key may itself hold dots, as an option's name."""
    if isinstance(node, yaml.SequenceNode):
        index = int(steps[0]) if steps[0].isdecimal() else len(node.value)
        item = node.value[index] if index < len(node.value) else None
        return _descend(item, steps[1:], text) if item is not None and steps[1:] else item
    for count in range(len(steps), 0, -1):
        for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
            if key.value == ".".join(steps[:count]):
                return _descend(value, steps[count:], text) if steps[count:] else _item(value, text) or key
    return None


def _item(node: yaml.Node, text: str) -> yaml.Node | None:
    """The item of a list of scalars that `text` names, on a line of its own; None when the list is on one line."""
    if not isinstance(node, yaml.SequenceNode) or node.start_mark.line == node.end_mark.line:
        return None
    return next((item for item in node.value if isinstance(item, yaml.ScalarNode) and _holds(item.value, text)), None)


def _holds(written: str, text: str) -> bool:
    """Whether a list's item is `text`, or the prefix that the address `text` is in."""
    if written == text:
        return True
    try:
        return ip_address(text.partition("/")[0]) in ip_network(written, strict=False)
    except ValueError:
        return False


def _step(node: yaml.Node, kind: str, name: str) -> yaml.Node | None:
    """The item `name` of the list or mapping that holds records of `kind`, searched from `node` downward."""
    for holder in _walk(node):
        for key, value in holder.value if isinstance(holder, yaml.MappingNode) else ():
            if key.value in (kind, f"{kind}s"):
                found = _named(value, name) if name else value
                if found is not None:
                    return found
    return None


def _named(node: yaml.Node, name: str) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        named: list[yaml.Node] = [value for key, value in node.value if key.value == name]
        return named[0] if named else None
    items: list[yaml.Node] = node.value if isinstance(node, yaml.SequenceNode) else []
    return next((item for item in items if _is(item, name)), None)


def _anywhere(tree: yaml.Node, name: str) -> yaml.Node | None:
    """The item of that name in the nearest list or mapping that has one."""
    return next((found for holder in _walk(tree) if (found := _named(holder, name)) is not None), None)


def _is(item: yaml.Node, name: str) -> bool:
    if isinstance(item, yaml.MappingNode):
        return any(key.value in _NAMES and value.value == name for key, value in item.value)
    return isinstance(item, yaml.ScalarNode) and bool(item.value == name)


def _walk(node: yaml.Node) -> Iterator[yaml.Node]:
    """`node` and all below it, level by level."""
    level = [node]
    while level:
        yield from level
        level = [child for parent in level for child in _children(parent)]


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [value for _, value in node.value]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _tree(file: Path) -> yaml.Node | None:
    try:
        return _composed(read_bytes(file))
    except FileError:
        return None  # the estate came from elsewhere, or the file has gone since


@lru_cache(maxsize=64)
def _composed(content: bytes) -> yaml.Node | None:
    try:
        return yaml.compose(content, Loader=yaml.CSafeLoader)
    except yaml.YAMLError:
        return None
