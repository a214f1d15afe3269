"""A gemeente as flat objects, one a reference, and the differences between two gemeenten."""

from __future__ import annotations

from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Any

import msgspec

from ggi_net.model.types import Record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ggi_net.model.gemeente import Gemeente


class Action(StrEnum):
    """What happens to an object."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


class Field(Record, frozen=True, kw_only=True):
    """One field's old and new value; `source` says which pool a new number came from."""

    name: str
    old: Any = None
    new: Any = None
    source: str = ""


class Change(Record, frozen=True, kw_only=True):
    """What happens to one object: `kind` is its type, `ref` its reference such as `gemeente/hengelo/block/...`."""

    action: Action
    kind: str
    ref: str
    fields: tuple[Field, ...]


_CHILDREN = {"sites", "links", "blocks", "options"}


def objects(gemeente: Gemeente | None) -> dict[str, dict[str, Any]]:
    """Every object of a gemeente by reference, parents first: its own fields as plain data, without its children."""
    if gemeente is None:
        return {}
    data = plain(gemeente)
    root = f"gemeente/{gemeente.slug}"
    found = {root: {name: value for name, value in data.items() if name not in _CHILDREN}}
    for name, value in data.get("options", {}).items():
        found[f"{root}/option/{name}"] = {"value": value}
    for block in data.get("blocks", ()):
        found[f"{root}/block/{block['prefix']}"] = block
    for site in data.get("sites", ()):
        _site(root, site, found)
    for link in data.get("links", ()):
        ref = f"{root}/link/{link['name']}"
        found[ref] = {name: value for name, value in link.items() if name != "vrfs"}
        for vrf, carried in link["vrfs"].items():
            found[f"{ref}/vrf/{vrf}"] = carried
    return found


def plain(value: Any) -> Any:
    """A record as plain data without what equals its default: equal records give equal data.

    (`msgspec.to_builtins` leaves out what *is* the default: one number 1500 but not another.)
    """
    if isinstance(value, msgspec.Struct):
        given = {field.name: (getattr(value, field.name), field) for field in msgspec.structs.fields(value)}
        return {name: plain(one) for name, (one, field) in given.items() if not _is_default(one, field)}
    if isinstance(value, dict):
        return {plain(name): plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return tuple(plain(one) for one in value)
    return value.value if isinstance(value, Enum) else value


def _is_default(value: Any, field: msgspec.structs.FieldInfo) -> bool:
    if field.default_factory is not msgspec.NODEFAULT:
        return bool(value == field.default_factory())
    return field.default is not msgspec.NODEFAULT and bool(value == field.default)


def _site(root: str, site: dict[str, Any], found: dict[str, dict[str, Any]]) -> None:
    ref = f"{root}/site/{site['slug']}"
    found[ref] = {name: value for name, value in site.items() if name not in ("vlans", "devices")}
    for vlan in site.get("vlans", ()):
        found[f"{ref}/vlan/{vlan['vid']}"] = vlan
    for device in site.get("devices", ()):
        name = f"{root}/device/{device['name']}"
        found[name] = {"site": site["slug"], **{key: value for key, value in device.items() if key != "ports"}}
        for port in device.get("ports", ()):
            found[f"{name}/port/{port['name']}"] = port


def compare(
    before: Gemeente | None, after: Gemeente | None, sources: Mapping[str, Mapping[str, str]]
) -> tuple[Change, ...]:
    """The changes from `before` to `after`: deletions last, the rest in `after`'s order.

    `sources` tells by reference and field which pool a new value came from.
    """
    old, new = objects(before), objects(after)
    changes = []
    for ref, fields in new.items():
        was = old.get(ref, {})
        different = tuple(
            Field(name=name, old=was.get(name), new=fields.get(name), source=sources.get(ref, {}).get(name, ""))
            for name in {**fields, **was}
            if was.get(name) != fields.get(name)
        )
        if different:
            action = Action.UPDATE if ref in old else Action.CREATE
            changes.append(Change(action=action, kind=kind_of(ref), ref=ref, fields=different))
    for ref, fields in reversed(old.items()):
        if ref not in new:
            gone = tuple(Field(name=name, old=value) for name, value in fields.items())
            changes.append(Change(action=Action.DELETE, kind=kind_of(ref), ref=ref, fields=gone))
    return tuple(changes)


def kind_of(ref: str) -> str:
    """The type in a reference: the word before the last name (`.../device/ce-hengelo-01` is a device)."""
    words = ref.split("/")
    if "block" in words:
        return "block"
    return words[-2]
