"""NetBox's change log: where a read stands in it, and what was written since.

NetBox numbers a change when it is made and shows it when its transaction ends. So an entry can show up below one that
was seen before, and whoever asks for `id > last` only would miss it for ever. A position therefore remembers the
numbers that were not there yet below it, and asks for those too, until they are old enough to belong to a transaction
that was undone.
"""

from __future__ import annotations

import time
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from ggi_net.source.netbox.tables import BY_MODEL

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ggi_net.source.netbox.client import NetBox

PATH = "core/object-changes"

WINDOW = 1000
"""How many entries before the newest are searched for missing numbers when a read begins."""

GAP_SECONDS = 3600.0
"""How long a missing number may still turn up: the longest transaction that is reckoned with (a branch's merge)."""

MOST_GAPS = 8
"""Ranges of missing numbers that are asked for one by one; beyond, one question covers them all."""

MOST_ENTRIES = 20_000
"""Entries beyond which reading everything is quicker than going through the log."""

_FIELDS = "id,time,request_id,action,changed_object_type,changed_object_id"
_EVERYTHING = frozenset({"extras.customfield"})
"""Changes that NetBox carries through to other objects without a change of theirs."""


class Gap(msgspec.Struct, frozen=True, array_like=True):
    """Numbers of changes, both ends included, that were not there when it was looked; since when, in Unix time."""

    first: int
    last: int
    since: float


class Position(msgspec.Struct, frozen=True, array_like=True):
    """A moment in the change log: its newest entry then (0 for none), by which the same log is known again."""

    id: int = 0
    time: str = ""
    request: str = ""
    gaps: tuple[Gap, ...] = ()


class Since(NamedTuple):
    """What was written since a position: by table the ids of what to read again and of what was deleted.

    `lost` says in words why that can't be known, so that all has to be read; it is empty otherwise.
    """

    position: Position
    changed: dict[str, set[int]]
    deleted: dict[str, set[int]]
    lost: str = ""

    @property
    def quiet(self) -> bool:
        """Nothing that is read here was written."""
        return not (self.changed or self.deleted or self.lost)


def now(client: NetBox) -> Position:
    """The position of this moment; take it before reading."""
    entries = client.get(PATH, ordering="-id", limit=WINDOW, fields="id,time,request_id")["results"]
    if not entries:
        return Position()
    newest = entries[0]
    ids = sorted(entry["id"] for entry in entries)
    return Position(newest["id"], newest["time"], newest["request_id"], tuple(_gaps(ids)))


def since(client: NetBox, position: Position) -> Since:
    """What was written after `position`."""
    if not position.id:
        return Since(
            position, {}, {}, lost="" if _is_empty(client) else "the change log was empty when it was read last"
        )
    entries: list[dict[str, Any]] = []
    for page in client.pages(PATH, position.id, fields=_FIELDS):
        entries += page
        if len(entries) > MOST_ENTRIES:
            return Since(position, {}, {}, lost="the change log has grown by more than is worth going through")
    if not entries or _mark(entries[0]) != (position.id, position.time, position.request):
        return Since(
            position, {}, {}, lost="NetBox's change log no longer has the change that the last read ended with"
        )
    open_gaps = [gap for gap in position.gaps if time.time() - gap.since < GAP_SECONDS]
    late = [entry for asked in _asked(open_gaps) for entry in _within(open_gaps, _between(client, asked))]
    gaps = [*_left(open_gaps, {entry["id"] for entry in late}), *_gaps([entry["id"] for entry in entries])]
    newest = entries[-1]
    return _sorted_out(Position(newest["id"], newest["time"], newest["request_id"], tuple(gaps)), [*late, *entries[1:]])


def _sorted_out(position: Position, entries: Iterable[dict[str, Any]]) -> Since:
    changed: dict[str, set[int]] = {}
    deleted: dict[str, set[int]] = {}
    for entry in entries:
        model = entry["changed_object_type"]
        if model in _EVERYTHING:
            return Since(position, {}, {}, lost="a custom field was changed, which changes objects all over NetBox")
        table = BY_MODEL.get(model)
        if table is None:
            continue
        gone = entry["action"]["value"] == "delete"
        (deleted if gone else changed).setdefault(table.name, set()).add(entry["changed_object_id"])
    for name, ids in deleted.items():
        if name in changed:
            changed[name] -= ids
    return Since(position, {name: ids for name, ids in changed.items() if ids}, deleted)


def _is_empty(client: NetBox) -> bool:
    return not client.get(PATH, limit=1, fields="id")["results"]


def _between(client: NetBox, gap: Gap) -> Iterable[dict[str, Any]]:
    """The entries with a number within `gap`."""
    pages = client.pages(PATH, gap.first, id__lte=gap.last, fields=_FIELDS)
    return (entry for page in pages for entry in page)


def _within(gaps: list[Gap], entries: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [entry for entry in entries if any(gap.first <= entry["id"] <= gap.last for gap in gaps)]


def _mark(entry: dict[str, Any]) -> tuple[int, str, str]:
    return entry["id"], entry["time"], entry["request_id"]


def _gaps(ids: list[int]) -> Iterable[Gap]:
    """The numbers that are missing between ascending `ids`."""
    noticed = time.time()
    return (Gap(one + 1, other - 1, noticed) for one, other in pairwise(ids) if other > one + 1)


def _asked(gaps: list[Gap]) -> list[Gap]:
    """The ranges to ask for: the gaps, or one range that covers them when they are many."""
    return gaps if len(gaps) <= MOST_GAPS else [Gap(gaps[0].first, gaps[-1].last, 0)]


def _left(gaps: list[Gap], found: set[int]) -> Iterable[Gap]:
    """What is left of gaps without the numbers that turned up."""
    for gap in gaps:
        edges = [gap.first - 1, *sorted(n for n in found if gap.first <= n <= gap.last), gap.last + 1]
        yield from (Gap(one + 1, other - 1, gap.since) for one, other in pairwise(edges) if other > one + 1)
