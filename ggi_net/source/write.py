"""Writing a gemeente as a file that people read: block style with one line for what is small, as the demo's files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec
import yaml

from ggi_net.files import read_bytes, write_atomic

if TYPE_CHECKING:
    from pathlib import Path

    from ggi_net.model.gemeente import Organisation

_LINE = 150
_OPEN = {"sites", "vlans", "devices", "ports", "links", "vrfs", "blocks"}
"""Keys whose value gets lines of its own; a value below them that fits one line is written on one."""

_ORDER = (
    *("slug", "name", "code", "province", "domain", "standard", "asn", "spec", "services"),
    *("govroam", "options", "blocks", "sites", "links"),
)
"""The order of an organisation's keys in a file: who it is, its choices, its numbers, its network."""

_ALONE = {"options", "govroam", "blocks", "sites", "links", "services"}
"""Top-level keys with an empty line before them."""


def to_yaml(organisation: Organisation) -> str:
    """The organisation as YAML that `load_estate` reads back as an equal record; defaults are left out."""
    lines: list[str] = []
    data = msgspec.to_builtins(organisation)
    for key in sorted(data, key=_ORDER.index):
        if key in _ALONE:
            lines.append("")
        lines += _entry(key, data[key], 0)
    return "\n".join(lines) + "\n"


def write_organisation(organisation: Organisation, path: Path) -> None:
    """Write the organisation to `path` (YAML, or JSON by its suffix) in one atomic write.

    The comment lines at the top of a YAML file that is there already are kept. Raises DiskFull or FileError.
    """
    if path.suffix == ".json":
        write_atomic(path, msgspec.json.encode(organisation) + b"\n")
        return
    write_atomic(path, _heading(path) + to_yaml(organisation))


def _heading(path: Path) -> str:
    if not path.exists():
        return ""
    found = re.match(r"(?:#.*\n)+", read_bytes(path).decode(errors="replace"))
    return found.group() if found else ""


def _entry(key: str, value: Any, depth: int) -> list[str]:
    pad = "  " * depth
    name = _flow(key)
    if not value or not (key in _OPEN or (depth == 0 and key in _ALONE)):
        return [f"{pad}{name}: {_flow(value)}"]
    return [f"{pad}{name}:", *_below(value, depth + 1)]


def _below(value: Any, depth: int) -> list[str]:
    """A mapping or list that has lines of its own."""
    pad = "  " * depth
    lines: list[str] = []
    if isinstance(value, dict):
        for key, inner in value.items():
            lines += _entry(key, inner, depth)
        return lines
    for item in value:
        flat = _flow(item)
        if not isinstance(item, dict) or (_OPEN.isdisjoint(item) and len(pad) + len(flat) < _LINE):
            lines.append(f"{pad}- {flat}")
            continue
        inner = [line for key, part in item.items() for line in _entry(key, part, depth + 1)]
        lines.append(f"{pad}- {inner[0].lstrip()}")
        lines += inner[1:]
    return lines


def _flow(value: Any) -> str:
    """A value on one line. PyYAML quotes what needs it; the `...` that it ends a plain scalar with is cut off."""
    text: str = yaml.dump(
        value, Dumper=yaml.CSafeDumper, default_flow_style=True, width=10**6, allow_unicode=True, sort_keys=False
    )
    return text.removesuffix("\n").removesuffix("\n...")
