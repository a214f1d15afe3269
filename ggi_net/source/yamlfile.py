"""Reading one YAML or JSON file into a record, with errors that name file, line and column.

The normal path is PyYAML's C parser (or msgspec for JSON) and `msgspec.convert`; the position of a wrong value
is looked up only when there is something wrong.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import yaml

from ggi_net.errors import DuplicateKey, GgiError, Place, SyntaxProblem, UnknownKey, WrongValue, nearest
from ggi_net.files import read_bytes

if TYPE_CHECKING:
    from pathlib import Path

T = TypeVar("T")

_UNKNOWN = re.compile(r"Object contains unknown field `(?P<key>.*)`", re.DOTALL)
_AT = re.compile(r" - at `(?P<path>\$.*)`\Z", re.DOTALL)
_STEP = re.compile(r"\.(?P<key>[A-Za-z_][A-Za-z0-9_-]*)|\[(?P<index>\d+)\]|\[(?P<any>\.\.\.)\]")


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
    """The plain data in `content`; raise SyntaxProblem with line and column."""
    if path.suffix == ".json":
        try:
            return msgspec.json.decode(content)
        except msgspec.DecodeError as error:
            raise _json_problem(content, path, error) from None
    loader = _Loader(content)
    loader.path = path
    try:
        return loader.get_single_data()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(str(path), mark.line + 1, mark.column + 1) if mark else Place(str(path))
        raise SyntaxProblem(f"not well-formed YAML: {printable(error.problem or error.context)}", place=place) from None
    except yaml.reader.ReaderError as error:
        line = content[: max(error.position, 0)].count(b"\n") + 1
        raise SyntaxProblem(f"not well-formed YAML: {printable(error.reason)}", place=Place(str(path), line)) from None
    except (ValueError, RecursionError, TypeError) as error:
        raise SyntaxProblem(f"not usable as YAML: {printable(error)}", place=Place(str(path))) from None
    finally:
        loader.dispose()


def convert(data: Any, kind: type[T], path: Path, content: bytes) -> T:
    """Turn plain `data`, parsed from `content`, into a `kind`; raise UnknownKey or WrongValue with their place."""
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        raise explain(str(error), kind, path, content) from None


def explain(message: str, kind: Any, path: Path, content: bytes) -> GgiError:
    """The error for people behind msgspec's `message` about `content` of `path`."""
    at = _AT.search(message)
    steps = at.group("path") if at else "$"
    problem = message[: at.start()] if at else message
    unknown = _UNKNOWN.search(problem)
    if unknown:
        key = unknown.group("key")
        fields = sorted(_fields(kind, steps))
        return UnknownKey(
            f"unknown key '{printable(key)}'{nearest(key, fields)}",
            place=locate(path, content, steps, key),
            hint=f"known keys here: {', '.join(fields)}",
        )
    where = f" in {steps[2:]}" if len(steps) > 2 else ""
    hint = "; ".join(_descriptions(kind, steps))
    return WrongValue(f"{printable(problem, 300)}{where}", place=locate(path, content, steps), hint=hint or None)


def locate(path: Path, content: bytes, steps: str, key: str | None = None) -> Place:
    """The place of the value at msgspec path `steps` (`$.sites[0].name`), or of `key` in the mapping there."""
    try:
        node = yaml.compose(content, Loader=yaml.CSafeLoader)
    except yaml.YAMLError:
        return Place(str(path))
    if node is None:
        return Place(str(path), 1)
    for step in _STEP.finditer(steps):
        following = _child(node, step)
        if following is None:
            break
        node = following
    if key is not None and isinstance(node, yaml.MappingNode):
        node = next((name for name, _ in node.value if name.value == key), node)
    return Place(str(path), node.start_mark.line + 1, node.start_mark.column + 1)


def _child(node: yaml.Node, step: re.Match[str]) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode) and step.group("key"):
        return next((value for name, value in node.value if name.value == step.group("key")), None)
    if isinstance(node, yaml.SequenceNode) and step.group("index"):
        index = int(step.group("index"))
        return node.value[index] if index < len(node.value) else None
    return None


def _type_at(kind: Any, steps: str) -> Any:
    """msgspec's description of the type at path `steps` below `kind`; None where the path can't be followed."""
    info: Any = msgspec.inspect.type_info(kind)
    for step in _STEP.finditer(steps):
        info = _inner(info, step)
        if info is None:
            return None
    return info


def _inner(info: Any, step: re.Match[str]) -> Any:
    while isinstance(info, msgspec.inspect.Metadata):
        info = info.type
    if isinstance(info, msgspec.inspect.UnionType):
        info = next((t for t in info.types if not isinstance(t, msgspec.inspect.NoneType)), None)
    if isinstance(info, msgspec.inspect.StructType):
        return next((f.type for f in info.fields if f.encode_name == step.group("key")), None)
    if isinstance(info, msgspec.inspect.DictType):
        return info.value_type
    if isinstance(info, msgspec.inspect.VarTupleType | msgspec.inspect.ListType):
        return info.item_type
    return None


def _fields(kind: Any, steps: str) -> list[str]:
    info = _type_at(kind, steps)
    while isinstance(info, msgspec.inspect.Metadata):
        info = info.type
    return [field.encode_name for field in info.fields] if isinstance(info, msgspec.inspect.StructType) else []


def _descriptions(kind: Any, steps: str) -> list[str]:
    info = _type_at(kind, steps)
    if isinstance(info, msgspec.inspect.Metadata) and info.extra_json_schema:
        text = info.extra_json_schema.get("description")
        return [f"expected {text}"] if text else []
    return []


def _json_problem(content: bytes, path: Path, error: msgspec.DecodeError) -> SyntaxProblem:
    found = re.search(r"byte (\d+)", str(error))
    line = content[: int(found.group(1))].count(b"\n") + 1 if found else None
    return SyntaxProblem(f"not well-formed JSON: {printable(error)}", place=Place(str(path), line))
