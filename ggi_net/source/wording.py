"""msgspec's messages in words for people: what is wrong, where it stands, and what would be right."""

from __future__ import annotations

import re
from types import GenericAlias
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import inspect

from ggi_net.errors import GgiError, UnknownKey, WrongValue, nearest
from ggi_net.source.yamlfile import STEP, locate, printable

if TYPE_CHECKING:
    from pathlib import Path

_AT = re.compile(r" - at (?P<key>`key` in )?`(?P<path>\$.*)`\Z", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<key>.*)`", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(?P<key>.*)`")
_TYPE = re.compile(r"Expected `(?P<expected>[^`]+)`, got `(?P<got>\w+)`\Z")
_BOUND = re.compile(r"Expected `(?:int|float)` (?P<sign><=|>=|<|>) (?P<bound>-?\d+)\Z")
_LENGTH = re.compile(r"Expected `(?P<what>str|array|object)` of length (?P<sign><=|>=) (?P<bound>\d+)\Z")

_WORDS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number with a fraction",
    "bool": "true or false",
    "object": "a mapping (`key: value` lines)",
    "array": "a list",
    "null": "nothing",
    "datetime": "a date",
}


def explain(message: str, kind: Any, path: Path, content: bytes, data: Any) -> GgiError:
    """The error for people behind msgspec's `message` about `data`, which was parsed from `content` of `path`."""
    at = _AT.search(message)
    steps = _resolved(at.group("path") if at else "$", kind, data)
    problem = message[: at.start()] if at else message
    info = bare(type_at(kind, steps))
    unknown = _UNKNOWN.search(problem)
    if unknown:
        key = unknown.group("key")
        fields = _fields(info)
        return UnknownKey(
            f"unknown key '{printable(key)}'{nearest(key, fields)}",
            place=locate(path, content, steps, key),
            hint=f"known keys here: {', '.join(sorted(fields))}",
        )
    where = f"{_shown(steps, data)}: " if len(steps) > 1 else ""
    value = value_at(data, steps)
    if at and at.group("key"):
        key_type = info.key_type if isinstance(info, inspect.DictType) else None
        key = next((k for k in value if not _fits(k, key_type)), "?") if isinstance(value, dict) else "?"
        expected = _description(key_type)
        return WrongValue(
            f"{where}the key '{printable(key)}' is not {expected or 'text'}",
            place=locate(path, content, steps, str(key)),
            hint="correct the key",
        )
    text, hint = _worded(problem, type_at(kind, steps), info, value)
    return WrongValue(f"{where}{text}", place=locate(path, content, steps), hint=hint or None)


def _worded(problem: str, annotated: Any, info: Any, value: Any) -> tuple[str, str]:
    """The message and, where there is one, the hint."""
    expected = _description(annotated)
    missing = _MISSING.search(problem)
    if missing:
        return f"'{missing.group('key')}' is missing", f"add `{missing.group('key')}: ...`"
    wrong = _TYPE.search(problem)
    if wrong:
        names = [name for name in wrong.group("expected").split(" | ") if name != "null"]
        wanted = " or ".join(_WORDS.get(name, name) for name in names)
        got = _WORDS.get(wrong.group("got"), wrong.group("got"))
        if isinstance(value, bool):
            got = str(value).lower()
        elif isinstance(value, str | int | float):
            got += f" ({printable(value)})"
        hint = ""
        if "str" in names and isinstance(value, int | float):
            hint = "quote it, so that YAML takes it as text"
        if names == ["int"] and isinstance(value, str) and value.isdigit():
            hint = "remove the quotes"
        return f"expected {wanted}, found {got}", hint
    bound = _BOUND.search(problem)
    if bound:
        low, high = _limits(annotated)
        return (
            f"{printable(value)} is out of range",
            f"it takes {low} to {high}" if high is not None else f"at least {low}",
        )
    if problem.startswith("Invalid enum value"):
        allowed = [str(member) for member in info.cls] if isinstance(info, inspect.EnumType) else []
        return f"'{printable(value)}' is not allowed{nearest(str(value), allowed)}", f"allowed: {', '.join(allowed)}"
    length = _LENGTH.search(problem)
    if length:
        return _length(length.group("what"), length.group("sign"), int(length.group("bound")))
    if "matching regex" in problem:
        return f"'{printable(value)}' is not {expected or 'of the right form'}", ""
    return printable(problem, 300), f"expected {expected}" if expected else ""


def _length(what: str, sign: str, bound: int) -> tuple[str, str]:
    if what == "str":
        return f"the text is longer than {bound} characters", "shorten it"
    if sign == ">=":
        return "the list is empty" if bound == 1 else f"the list has fewer than {bound} items", "add what is missing"
    return f"the list has more than {bound} items", "remove what is too much"


def bare(info: Any) -> Any:
    """A type description without its annotations; of `X | None` the description of X."""
    while isinstance(info, inspect.Metadata):
        info = info.type
    if isinstance(info, inspect.UnionType):
        return bare(next((t for t in info.types if not isinstance(t, inspect.NoneType)), None))
    return info


def type_at(kind: Any, steps: str) -> Any:
    """msgspec's description of the type at path `steps` below `kind`; None where the path can't be followed."""
    info: Any = inspect.type_info(kind)
    for step in STEP.finditer(steps):
        info = _inner(bare(info), step)
        if info is None:
            return None
    return info


def value_at(data: Any, steps: str) -> Any:
    """The value at path `steps` of plain data; None where the path can't be followed."""
    for step in STEP.finditer(steps):
        if isinstance(data, dict) and step.group("key"):
            data = data.get(step.group("key"))
        elif isinstance(data, dict) and step.group("nth"):
            data = list(data.values())[int(step.group("nth"))]
        elif isinstance(data, list) and step.group("index"):
            data = data[int(step.group("index"))]
        else:
            return None
    return data


def _resolved(steps: str, kind: Any, data: Any) -> str:
    """Replace each `[...]`, msgspec's word for some value of a mapping, by the number of the value that is wrong."""
    found = "$"
    for step in STEP.finditer(steps):
        if not step.group("any"):
            found += step.group()
            continue
        mapping = value_at(data, found)
        inner = bare(type_at(kind, found + "[...]"))
        values = list(mapping.values()) if isinstance(mapping, dict) else []
        wrong = next((n for n, value in enumerate(values) if not _fits(value, inner)), 0)
        found += f"[#{wrong}]"
    return found


def _fits(value: Any, info: Any) -> bool:
    try:
        msgspec.convert(value, _annotation(info))
    except msgspec.ValidationError:
        return False
    return True


def _annotation(info: Any) -> Any:
    """A type for `msgspec.convert` from its description: enough for keys and values of the mappings in records."""
    if isinstance(info, inspect.Metadata):
        return _annotation(info.type)
    if isinstance(info, inspect.StructType | inspect.EnumType):
        return info.cls
    if isinstance(info, inspect.StrType):
        return Annotated[str, msgspec.Meta(pattern=info.pattern, max_length=info.max_length)]
    if isinstance(info, inspect.IntType):
        return Annotated[int, msgspec.Meta(ge=info.ge, le=info.le)]
    if isinstance(info, inspect.VarTupleType):
        return GenericAlias(tuple, (_annotation(info.item_type), ...))
    if isinstance(info, inspect.DictType):
        return GenericAlias(dict, (_annotation(info.key_type), _annotation(info.value_type)))
    return Any


def _inner(info: Any, step: re.Match[str]) -> Any:
    if isinstance(info, inspect.StructType):
        return next((f.type for f in info.fields if f.encode_name == step.group("key")), None)
    if isinstance(info, inspect.DictType):
        return info.value_type
    if isinstance(info, inspect.VarTupleType | inspect.ListType):
        return info.item_type
    return None


def _fields(info: Any) -> list[str]:
    return [field.encode_name for field in info.fields] if isinstance(info, inspect.StructType) else []


def _description(info: Any) -> str:
    if isinstance(info, inspect.Metadata) and info.extra_json_schema:
        return str(info.extra_json_schema.get("description", ""))
    if isinstance(info, inspect.UnionType):
        return next((text for text in map(_description, info.types) if text), "")
    return ""


def _limits(annotated: Any) -> tuple[int | None, int | None]:
    info = bare(annotated)
    return getattr(info, "ge", None), getattr(info, "le", None)


def _shown(steps: str, data: Any) -> str:
    """A path for people: `sites[0].name`, with the keys of mappings by name."""
    shown = "$"
    walked = "$"
    for step in STEP.finditer(steps):
        if step.group("nth"):
            mapping = value_at(data, walked)
            key = list(mapping)[int(step.group("nth"))] if isinstance(mapping, dict) else "?"
            shown += f".{printable(key)}"
        else:
            shown += step.group()
        walked += step.group()
    return shown[2:]
