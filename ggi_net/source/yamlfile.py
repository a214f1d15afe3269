"""Reading one YAML or JSON file into a record, with errors that name file, line and column.

The normal path is PyYAML's C parser (or msgspec for JSON) and `msgspec.convert`; the position of a wrong value
is looked up only when there is something wrong.
"""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import yaml

from ggi_net.errors import DuplicateKey, Place, SyntaxProblem
from ggi_net.files import read_bytes

if TYPE_CHECKING:
    from pathlib import Path

T = TypeVar("T")

SIZE_LIMIT = 32 * 1024 * 1024
DEPTH_LIMIT = 100
EXPANSION_LIMIT = 100_000

STEP = re.compile(r"\.(?P<key>[A-Za-z_][A-Za-z0-9_-]*)|\[(?P<index>\d+)\]|\[#(?P<nth>\d+)\]|\[(?P<any>\.\.\.)\]")
"""A step of a path such as msgspec's `$.sites[0].name`; `[#2]` is the third value of a mapping, `[...]` one unnamed."""

_ONE_AT_A_TIME = threading.Lock()
"""msgspec works out what a record looks like when one is first read; two threads that do so at once crash Python."""

_BRACKETS = re.compile(rb"[\[{\]}]")
_DASHES = re.compile(rb"(?:[-?:] ){%d}" % DEPTH_LIMIT)


class _Loader(yaml.CSafeLoader):
    """PyYAML's safe loader in C, refusing a key that stands twice in one mapping."""

    path: Path

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        mapping = super().construct_mapping(node, deep=deep)
        if len(mapping) != len(node.value):
            seen: set[str] = set()
            for key, _ in node.value:
                if key.value in seen:
                    mark = key.start_mark
                    raise DuplicateKey(
                        f"key '{printable(key.value)}' stands here twice",
                        place=Place(str(self.path), mark.line + 1, mark.column + 1),
                    )
                seen.add(key.value)
        return mapping


# SafeConstructor turns `2026-01-01` and `12:30` into dates and base-60 numbers; records want the text as written.
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def printable(text: object, limit: int = 60) -> str:
    """`text` made safe and short enough for an error message: control and direction characters escaped."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(text))
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def load(path: Path, kind: type[T]) -> T:
    """Read `path` (YAML, or JSON by its suffix) as a `kind`.

    Raises FileMissing, FileError, SyntaxProblem, DuplicateKey, UnknownKey or WrongValue, each with its place.
    """
    content = read_bytes(path)
    return convert(parse(content, path), kind, path, content)


def parse(content: bytes, path: Path) -> Any:
    """The plain data in `content`; raise SyntaxProblem or DuplicateKey with line and column."""
    if len(content) > SIZE_LIMIT:
        raise SyntaxProblem(
            f"larger than {SIZE_LIMIT >> 20} MiB", place=Place(str(path)), hint="split it: one file a gemeente"
        )
    if path.suffix == ".json":
        try:
            return msgspec.json.decode(content)
        except msgspec.DecodeError as error:
            raise _json_problem(content, path, error) from None
        except RecursionError:
            raise _too_deep(path, None) from None
    _check_depth(content, path)
    loader = None
    try:
        loader = _Loader(content)
        loader.path = path
        node = loader.get_single_node()
        if node is None:
            raise SyntaxProblem("the file is empty", place=Place(str(path)), hint="write it, or remove the file")
        if b"*" in content:
            _check_aliases(node, path)
        return loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(str(path), mark.line + 1, mark.column + 1) if mark else Place(str(path))
        text = printable(error.problem or error.context)
        if mark and "cannot start any token" in text and _character(content, mark) == "\t":
            text = "a tab, where YAML takes only spaces"
        raise SyntaxProblem(f"not well-formed YAML: {text}", place=place) from None
    except yaml.reader.ReaderError as error:
        line = content[: max(error.position, 0)].count(b"\n") + 1
        raise SyntaxProblem(
            f"not text in UTF-8: {printable(error.reason)}",
            place=Place(str(path), line),
            hint="save the file as UTF-8 text without control characters",
        ) from None
    except (ValueError, TypeError) as error:
        raise SyntaxProblem(f"not usable as YAML: {printable(error)}", place=Place(str(path))) from None
    finally:
        if loader is not None:
            loader.dispose()


def convert(data: Any, kind: type[T], path: Path, content: bytes) -> T:
    """Turn plain `data`, parsed from `content`, into a `kind`; raise UnknownKey or WrongValue with their place."""
    try:
        with _ONE_AT_A_TIME:
            return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        from ggi_net.source.wording import explain

        raise explain(str(error), kind, path, content, data) from None


def locate(path: Path, content: bytes, steps: str, key: str | None = None) -> Place:
    """The place of the value at path `steps` (`$.sites[0].name`), or of `key` in the mapping there."""
    try:
        node = yaml.compose(content, Loader=yaml.CSafeLoader)
    except yaml.YAMLError:
        return Place(str(path))
    return place_in(node, path, steps, key)


def place_in(node: yaml.Node | None, path: Path, steps: str, key: str | None = None) -> Place:
    """As `locate`, in a document that was composed before."""
    if node is None:
        return Place(str(path), 1)
    for step in STEP.finditer(steps):
        following = _child(node, step)
        if following is None:
            break
        node = following
    if key is not None and isinstance(node, yaml.MappingNode):
        node = next((name for name, _ in node.value if name.value == key), node)
    return Place(str(path), node.start_mark.line + 1, node.start_mark.column + 1)


def _child(node: yaml.Node, step: re.Match[str]) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        if step.group("key"):
            return next((value for name, value in node.value if name.value == step.group("key")), None)
        if step.group("nth") and int(step.group("nth")) < len(node.value):
            value: yaml.Node = node.value[int(step.group("nth"))][1]
            return value
    if isinstance(node, yaml.SequenceNode) and step.group("index"):
        index = int(step.group("index"))
        return node.value[index] if index < len(node.value) else None
    return None


def _character(content: bytes, mark: yaml.Mark) -> str:
    lines = content.decode(errors="replace").splitlines()
    return lines[mark.line][mark.column : mark.column + 1] if mark.line < len(lines) else ""


def _check_depth(content: bytes, path: Path) -> None:
    """Refuse nesting that no record has: the C parser would run out of stack on it."""
    depth = 0
    for bracket in _BRACKETS.finditer(content):
        depth += 1 if bracket.group() in b"[{" else -1
        if depth > DEPTH_LIMIT:
            raise _too_deep(path, content[: bracket.start()].count(b"\n") + 1)
    dashes = _DASHES.search(content)
    if dashes:
        raise _too_deep(path, content[: dashes.start()].count(b"\n") + 1)


def _too_deep(path: Path, line: int | None) -> SyntaxProblem:
    return SyntaxProblem(
        f"nested deeper than {DEPTH_LIMIT} levels", place=Place(str(path), line), hint="no record is nested that deep"
    )


def _check_aliases(root: yaml.Node, path: Path) -> None:
    """Refuse aliases that contain themselves, and those that grow a small file into a huge one ("billion laughs")."""
    sizes: dict[int, int] = {}
    open_nodes: set[int] = set()

    def size(node: yaml.Node) -> int:
        if id(node) in sizes:
            return sizes[id(node)]
        mark = node.start_mark
        place = Place(str(path), mark.line + 1, mark.column + 1)
        if id(node) in open_nodes:
            raise SyntaxProblem("an alias that contains itself", place=place, hint="write the value out")
        open_nodes.add(id(node))
        total = 1
        if isinstance(node, yaml.MappingNode):
            total += sum(size(name) + size(value) for name, value in node.value)
        elif isinstance(node, yaml.SequenceNode):
            total += sum(size(item) for item in node.value)
        open_nodes.discard(id(node))
        if total > EXPANSION_LIMIT:
            raise SyntaxProblem(
                f"aliases grow this into more than {EXPANSION_LIMIT} values", place=place, hint="write the values out"
            )
        sizes[id(node)] = total
        return total

    size(root)


def _json_problem(content: bytes, path: Path, error: msgspec.DecodeError) -> SyntaxProblem:
    found = re.search(r"byte (\d+)", str(error))
    line = content[: int(found.group(1))].count(b"\n") + 1 if found else None
    return SyntaxProblem(f"not well-formed JSON: {printable(error)}", place=Place(str(path), line))
