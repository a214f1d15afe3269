"""From an older version of the contract to this one: no data is lost on the way.

Before the contract's objects are made, what was renamed gets its new name (a custom field's data goes along: NetBox
moves it). Afterwards values are moved to the fields that take over from others, and what was retired is hidden with
the data that it has. Each step looks at what is there, so that a run that was killed is completed by the next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ggi_net.errors import ContractOther, Place
from ggi_net.onboard.netbox.kinds import KINDS
from ggi_net.onboard.netbox.sync import BATCH
from ggi_net.onboard.netbox.values import plain_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ggi_net.onboard.netbox.contract import Change, Contract
    from ggi_net.source.netbox.client import NetBox

_FIELDS = KINDS["custom_field"].path
_HIDDEN = {"ui_visible": "hidden", "ui_editable": "hidden"}


def rename(netbox: NetBox, contract: Contract, version: int, message: str) -> int:
    """Rename what the versions after `version` renamed; return how many objects.

    Raises ContractOther when NetBox has the old and the new one, and NetBoxError.
    """
    steps = [
        (KINDS[kind], kind, old, new)
        for change in _after(contract, version)
        for kind, names in change.rename.items()
        for old, new in names.items()
    ]
    renamed = 0
    for chosen, kind, old, new in steps:
        found = {item[chosen.filter]: item for item in netbox.all(chosen.path, **{chosen.filter: [old, new]})}
        if old in found and new in found:
            raise ContractOther(
                f"the {kind.replace('_', ' ')} '{old}' is now called '{new}', but NetBox has both",
                place=Place(f"{netbox.url}/{chosen.path}/{found[old]['id']}/"),
                hint=f"bring what uses '{old}' to '{new}', delete '{old}', and run `ggi netbox init` again",
            )
        if old in found:
            said = {chosen.filter: new, "changelog_message": message}
            netbox.patch(f"{chosen.path}/{found[old]['id']}", said)
            renamed += 1
    return renamed


def move(netbox: NetBox, contract: Contract, version: int, message: str) -> int:
    """Move values to the fields that took over, and hide what was retired; return how many objects were changed.

    A value goes only where the new field has none. Raises NetBoxError.
    """
    changed = 0
    for change in _after(contract, version):
        fields = {item["name"]: item for item in netbox.all(_FIELDS, name=[*change.move, *change.move.values()])}
        for old, new in change.move.items():
            if old in fields:
                for model in set(fields[old]["object_types"]) & set(fields[new]["object_types"]):
                    changed += _move(netbox, model, old, new, message)
        changed += _hide(netbox, [*change.move, *change.retire], message)
    return changed


def _after(contract: Contract, version: int) -> Iterator[Change]:
    return (change for change in sorted(contract.changes, key=lambda one: one.version) if change.version > version)


def _move(netbox: NetBox, model: str, old: str, new: str, message: str) -> int:
    path = _path_of(netbox, model)
    moved: list[dict[str, Any]] = []
    for page in netbox.pages(path, fields="id,custom_fields"):
        for item in page:
            custom = item["custom_fields"]
            if custom.get(old) is not None and custom.get(new) is None:
                value = plain_value(custom[old])
                moved.append({"id": item["id"], "custom_fields": {new: value}, "changelog_message": message})
    for start in range(0, len(moved), BATCH):
        netbox.patch(path, moved[start : start + BATCH])
    return len(moved)


def _path_of(netbox: NetBox, model: str) -> str:
    """The REST path of a model: `dcim.device` -> `dcim/devices`."""
    app, _, name = model.partition(".")
    for item in netbox.all("core/object-types", app_label=app, model=name):
        return str(item["rest_api_endpoint"]).partition("/api/")[2].strip("/")
    raise ContractOther(f"NetBox has no objects of type {model}", place=Place(f"{netbox.url}/api/core/object-types/"))


def _hide(netbox: NetBox, names: list[str], message: str) -> int:
    hidden = 0
    for item in netbox.all(_FIELDS, name=names) if names else ():
        if any(plain_value(item[key]) != value for key, value in _HIDDEN.items()):
            netbox.patch(f"{_FIELDS}/{item['id']}", {**_HIDDEN, "changelog_message": message})
            hidden += 1
    return hidden
