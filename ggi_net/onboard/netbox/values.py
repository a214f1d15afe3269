"""Values as NetBox gives them back, beside values as they are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from ggi_net.onboard.netbox.objects import Ref

if TYPE_CHECKING:
    from collections.abc import Mapping

_SETS = ("object_types", "import_targets", "export_targets")
"""Lists that NetBox gives back in an order of its own."""


def words(value: Any) -> str:
    """A value as people read it: an object by its name, a choice by its value."""
    if isinstance(value, Ref):
        return ", ".join(value.key)
    if isinstance(value, list):
        return f"[{', '.join(words(item) for item in value)}]"
    if isinstance(value, dict) and "display" in value:
        return str(value["display"])
    plain = plain_value(value)
    return plain if isinstance(plain, str) else msgspec.json.encode(plain).decode()


def differences(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What of `wanted` (ids for objects) differs from an object as NetBox returned it; of custom fields only those."""
    different: dict[str, Any] = {}
    for name, value in wanted.items():
        if name == "custom_fields":
            inner = differences(found.get(name) or {}, value)
            if inner:
                different[name] = inner
        elif not _same(name, plain_value(found.get(name)), value):
            different[name] = value
    return different


def _same(name: str, found: Any, wanted: Any) -> bool:
    if name in _SETS and isinstance(found, list):
        return sorted(found) == sorted(wanted)
    return bool(found == wanted)


def plain_value(value: Any) -> Any:
    """A value as it is written: of an object its id, of a choice its value."""
    if isinstance(value, dict):
        if "id" in value:
            return value["id"]
        if value.keys() == {"value", "label"}:
            return value["value"]
    if isinstance(value, list):
        return [plain_value(item) for item in value]
    return value


def merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Both mappings in one; their custom fields together."""
    custom = {**one.get("custom_fields", {}), **other.get("custom_fields", {})}
    return {**one, **other, **({"custom_fields": custom} if custom else {})}
