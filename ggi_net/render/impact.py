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
    from collections.abc import Callable, Iterable, Iterator

_CONTEXT = 2
"""Lines shown around a change."""


class Group(Record, frozen=True, kw_only=True):
    """Devices in which one artifact changes in the same way at one place or more; `gemeenten` counts them by owner.

    `diff` is a unified diff as it is for the first device. Names and addresses beside the change may differ.
    """

    file: str
    diff: str
    devices: tuple[str, ...]
    gemeenten: dict[str, int]


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


class _Key(NamedTuple):
    """What makes two changes the same: the file, and what `_sameness` says of the lines."""

    file: str
    lines: tuple[str, ...]


class _Difference(NamedTuple):
    changes: dict[_Key, str]
    failure: str = ""


def impact(
    old: Estate, new: Estate, *, workers: int | None = None, progress: Callable[[int], None] | None = None
) -> Impact:
    """Compare all artifacts of `old` and `new`; `progress` is told how many devices were done."""
    devices = [placed for name, placed in new.devices.items() if name in old.devices]
    for estate in (old, new):
        prepare(estate, devices)
    found: dict[_Key, list[str]] = {}
    shown: dict[_Key, tuple[str, str]] = {}
    changed = set()
    failures: dict[str, str] = {}
    for name, result in fork_each(lambda n: _difference(old, new, n), batches(new, devices), workers or cores()):
        if isinstance(result, Died):
            failures[name] = f"the worker that rendered it ended with {result.how}"
        elif result.failure:
            failures[name] = result.failure
        elif result.changes:
            changed.add(name)
            for key, diff in result.changes.items():
                found.setdefault(key, []).append(name)
                shown[key] = min(shown.get(key, (name, diff)), (name, diff))
        if progress:
            progress(1)
    added = tuple(name for name in new.devices if name not in old.devices)
    removed = tuple(name for name in old.devices if name not in new.devices)
    groups = [
        Group(file=key.file, diff=shown[key][1], devices=tuple(sorted(names)), gemeenten=_by_gemeente(new, names))
        for key, names in found.items()
    ]
    return Impact(
        compared=len(devices),
        changed=len(changed),
        added=added,
        removed=removed,
        gemeenten=dict(
            sorted((Counter(_by_gemeente(new, [*changed, *added])) + Counter(_by_gemeente(old, removed))).items())
        ),
        groups=tuple(sorted(groups, key=lambda group: (-len(group.devices), group.file, group.devices, group.diff))),
        failures=dict(sorted(failures.items())),
    )


def under_standard(estate: Estate, standard: str) -> Estate:
    """`estate` as if every organisation followed `standard`: an installed version, or a folder that holds one.

    Raises StandardUnknown, StandardError or FileError; OptionUndeclared or OptionRefused for a choice of a gemeente
    that the standard does not allow.
    """
    installed = standards_folder() / standard
    found = load_standard(Path(standard) if Path(standard).is_dir() and not installed.is_dir() else installed)
    followed = {"standard": found.version}
    gemeenten = tuple(msgspec.structs.replace(gemeente, **followed) for gemeente in estate.gemeenten)
    for gemeente in gemeenten:
        check_options(gemeente, found, estate.sources[gemeente.slug])
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
        before, after = (
            {a.file: a.text.splitlines() for a in render_device(estate, estate.devices[name])} for estate in (old, new)
        )
    except GgiError as error:
        return _Difference({}, str(error))
    changes: dict[_Key, str] = {}
    own = re.compile(rf"\b{re.escape(name)}\b(\.{re.escape(new.devices[name].organisation.domain)})?")
    for file in dict.fromkeys([*before, *after]):
        then, now = before.get(file, []), after.get(file, [])
        if then != now:
            heads = (file if file in before else "/dev/null", file if file in after else "/dev/null")
            for key, diff in _hunks(file, heads, then, now, own):
                changes.setdefault(key, diff)
    return _Difference(changes)


def _hunks(
    file: str, heads: tuple[str, str], then: list[str], now: list[str], own: re.Pattern[str]
) -> Iterator[tuple[_Key, str]]:
    """Each changed place with the diff to show for it; `own` finds the device's own name."""
    for kind, first, last, start, stop in difflib.SequenceMatcher(None, then, now).get_opcodes():
        if kind == "equal":
            continue
        gone, come = then[first:last], now[start:stop]
        above, below = then[max(0, first - _CONTEXT) : first], then[last : last + _CONTEXT]
        around = len(above) + len(below)
        lines = [
            f"--- {heads[0]}",
            f"+++ {heads[1]}",
            f"@@ -{first - len(above) + 1},{len(gone) + around} +{start - len(above) + 1},{len(come) + around} @@",
            *(f" {line}" for line in above),
            *(f"-{line}" for line in gone),
            *(f"+{line}" for line in come),
            *(f" {line}" for line in below),
        ]
        gone, come = ([own.sub("<device>", line) for line in side] for side in (gone, come))
        yield _Key(file, _sameness(gone, come)), "\n".join(lines)


def _sameness(gone: list[str], come: list[str]) -> tuple[str, ...]:
    """What two devices must have in common for a change to be the same one.

    A line that is replaced by another: its first word, and the words that change with the word before them; so a timer
    of a thousand neighbours with a thousand addresses changes once. Otherwise all lines.
    """
    if len(gone) != len(come):
        return (*(f"-{line}" for line in gone), *(f"+{line}" for line in come))
    return tuple(
        dict.fromkeys(_changed_words(before.split(), after.split()) for before, after in zip(gone, come, strict=True))
    )


def _changed_words(before: list[str], after: list[str]) -> str:
    found = before[:1]
    for kind, first, last, start, stop in difflib.SequenceMatcher(None, before, after).get_opcodes():
        if kind != "equal":
            found += [*before[max(first - 1, 0) : first], "-", *before[first:last], "+", *after[start:stop]]
    return " ".join(found)


def _by_gemeente(estate: Estate, names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(estate.devices[name].organisation.slug for name in names).items()))
