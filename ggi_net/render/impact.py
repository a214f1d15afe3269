"""What a change would do: the devices whose artifacts differ between two estates or standards, by identical diff."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from ggi_net.errors import GgiError
from ggi_net.model.estate import Estate
from ggi_net.model.types import Record
from ggi_net.paths import standards_folder
from ggi_net.render.device import render_device
from ggi_net.render.engine import batches, prepare
from ggi_net.render.pool import Died, cores, fork_each
from ggi_net.source.options import check_options
from ggi_net.source.standard import load_standard

if TYPE_CHECKING:
    from collections.abc import Callable

_HUNK = re.compile(r"^@@ .*", re.MULTILINE)


class Change(Record, frozen=True, kw_only=True):
    """One artifact's difference, as a unified diff with the file's name only; added and removed files included."""

    file: str
    diff: str


class Group(Record, frozen=True, kw_only=True):
    """Devices whose artifacts change in the same way. `gemeenten` counts them by organisation."""

    devices: tuple[str, ...]
    gemeenten: dict[str, int]
    changes: tuple[Change, ...]


class Impact(Record, frozen=True, kw_only=True):
    """`compared` devices are in both estates; `groups` hold those that change, the largest first.

    `gemeenten` counts changed, added and removed devices by organisation; `failures` couldn't be rendered.
    """

    compared: int
    changed: int
    added: tuple[str, ...]
    removed: tuple[str, ...]
    gemeenten: dict[str, int]
    groups: tuple[Group, ...]
    failures: dict[str, str]


class _Difference(NamedTuple):
    changes: tuple[Change, ...]
    key: tuple[tuple[str, str], ...]
    failure: str = ""


def impact(
    old: Estate, new: Estate, *, workers: int | None = None, progress: Callable[[int], None] | None = None
) -> Impact:
    """Compare all artifacts of `old` and `new`; `progress` is told how many devices were done."""
    devices = [placed for name, placed in new.devices.items() if name in old.devices]
    for estate in (old, new):
        prepare(estate, devices)
    found: dict[tuple[tuple[str, str], ...], list[str]] = {}
    shown: dict[tuple[tuple[str, str], ...], tuple[Change, ...]] = {}
    failures: dict[str, str] = {}
    for name, result in fork_each(lambda n: _difference(old, new, n), batches(new, devices), workers or cores()):
        if isinstance(result, Died):
            failures[name] = f"the worker that rendered it ended with {result.how}"
        elif result.failure:
            failures[name] = result.failure
        elif result.changes:
            found.setdefault(result.key, []).append(name)
            shown.setdefault(result.key, result.changes)
        if progress:
            progress(1)
    added = tuple(name for name in new.devices if name not in old.devices)
    removed = tuple(name for name in old.devices if name not in new.devices)
    groups = [
        Group(devices=tuple(sorted(names)), gemeenten=_by_gemeente(new, names), changes=shown[key])
        for key, names in found.items()
    ]
    touched = [name for group in groups for name in group.devices]
    return Impact(
        compared=len(devices),
        changed=len(touched),
        added=added,
        removed=removed,
        gemeenten=dict(
            sorted((Counter(_by_gemeente(new, [*touched, *added])) + Counter(_by_gemeente(old, removed))).items())
        ),
        groups=tuple(sorted(groups, key=lambda group: (-len(group.devices), group.devices))),
        failures=dict(sorted(failures.items())),
    )


def under_standard(estate: Estate, standard: str) -> Estate:
    """`estate` as if every organisation followed `standard`: an installed version, or a folder that holds one.

    Raises StandardUnknown, StandardError or FileError; OptionUndeclared or OptionRefused for a choice of a gemeente
    that the standard does not allow.
    """
    installed = standards_folder() / standard
    found = load_standard(installed if installed.is_dir() else Path(standard))
    followed = {"standard": found.version}
    gemeenten = tuple(msgspec.structs.replace(gemeente, **followed) for gemeente in estate.gemeenten)
    for gemeente in gemeenten:
        check_options(gemeente, found, Path(estate.sources[gemeente.slug]))
    return Estate(
        name=estate.name,
        ranges=estate.ranges,
        standards={found.version: found},
        federation=msgspec.structs.replace(estate.federation, **followed),
        gemeenten=gemeenten,
        sources=estate.sources,
    )


def _difference(old: Estate, new: Estate, name: str) -> _Difference:
    try:
        before, after = ({a.file: a.text for a in render_device(estate, estate.devices[name])} for estate in (old, new))
    except GgiError as error:
        return _Difference((), (), str(error))
    changes, key = [], []
    for file in dict.fromkeys([*before, *after]):
        then, now = before.get(file, ""), after.get(file, "")
        if then != now:
            changes.append(Change(file=file, diff=_diff(file, file in before, then, file in after, now, context=3)))
            # Line numbers and context may differ between devices that change in the same way.
            bare = _diff(file, file in before, then, file in after, now, context=0)
            key.append((file, _HUNK.sub("@@", bare)))
    return _Difference(tuple(changes), tuple(key))


def _diff(file: str, was: bool, then: str, is_: bool, now: str, *, context: int) -> str:
    names = (file if was else "/dev/null", file if is_ else "/dev/null")
    return "\n".join(difflib.unified_diff(then.splitlines(), now.splitlines(), *names, n=context, lineterm=""))


def _by_gemeente(estate: Estate, names: list[str] | tuple[str, ...]) -> dict[str, int]:
    return dict(sorted(Counter(estate.devices[name].organisation.slug for name in names).items()))
