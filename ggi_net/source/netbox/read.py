"""Reading all that the estate is made of, by the best way that is there, as it was at one moment.

The plugin's export is one transaction, so it is consistent by itself. The other ways take many requests: afterwards
the change log is asked what was written meanwhile, that is read again, and so on until nothing was. The tables are then
what NetBox held when the log was asked last.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeVar

from ggi_net.errors import (
    CertificateRefused,
    NetBoxAway,
    NetBoxError,
    NetBoxTooOld,
    Place,
    ReadInconsistent,
    TokenRefused,
)
from ggi_net.source.netbox.changes import Position, now, since
from ggi_net.source.netbox.client import PAGE
from ggi_net.source.netbox.export import PLUGIN, Export
from ggi_net.source.netbox.graphql import GraphQl
from ggi_net.source.netbox.rest import IDS, Rest
from ggi_net.source.netbox.tables import BY_NAME, TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Set

    from ggi_net.source.netbox.changes import Since
    from ggi_net.source.netbox.client import NetBox
    from ggi_net.source.netbox.tables import Row, Rows, Table, Tables

THREADS = 4
"""Requests at a time: more only wait for NetBox's processors, and take them from its other users."""

ROUNDS = 20
"""How often what was written during a read is read again before giving up."""

MOST_CHANGES = 5000
"""Changed objects beyond which reading everything is quicker than reading them by id."""

_ANY_WAY = (NetBoxAway, CertificateRefused, TokenRefused, NetBoxTooOld, ReadInconsistent)
"""What is no reason to try another way."""

J = TypeVar("J")
R = TypeVar("R")


class Way(Protocol):
    """One of the ways to rows: all of them give the same."""

    def some(self, table: Table, ids: Iterable[int]) -> list[Row]:
        """The rows with these ids, at most `IDS` of them; those that NetBox does not have are left out."""


class Paging(Way, Protocol):
    """A way that reads a table in pages."""

    def page(self, table: Table, start: int, before: int) -> list[Row]:
        """The first rows with `start` <= id < `before`, by ascending id."""


WAYS: dict[str, Callable[[NetBox], Way]] = {"plugin": Export, "graphql": GraphQl, "rest": Rest}
"""Best first."""


@dataclass(frozen=True)
class Reading:
    """What was read: the tables, where that is in the change log, by which way, in how many seconds.

    `notes` say why a better way was not taken, or why all was read; `changed` and `deleted` are the ids by table of
    what a read since another found, and None after a full read.
    """

    tables: Tables
    position: Position
    way: str
    seconds: float
    notes: tuple[str, ...] = ()
    changed: dict[str, set[int]] | None = None
    deleted: dict[str, set[int]] | None = None


def read(client: NetBox, way: str | None = None) -> Reading:
    """Read everything, by `way` (a key of `WAYS`) or else by the best that is there.

    Raises a NetBoxError; ReadInconsistent when NetBox is being written to without a pause.
    """
    began = time.monotonic()
    notes: list[str] = []
    plugins = client.get("status").get("plugins", {})  # and whatever is wrong with URL or token comes out here
    for name in [way] if way else WAYS:
        if name == "plugin" and PLUGIN not in plugins and not way:
            continue
        try:
            tables, position = _read_by(client, name)
        except _ANY_WAY:
            raise
        except NetBoxError as error:
            if way or name == "rest":
                raise
            notes.append(f"not by {name}: {error.message}")
        else:
            return Reading(tables, position, name, time.monotonic() - began, tuple(notes))
    raise AssertionError("the last way either returns or raises")


def update(client: NetBox, before: Reading) -> Reading:
    """Read what was written since `before`; read everything when that can't be known, with a note that says so.

    Its result equals that of `read`. What NetBox writes without an entry in its change log (a script that uses the
    ORM's bulk methods, SQL) and a change of what the token may see are found by a full read only.
    """
    began = time.monotonic()
    try:
        caught = _catch_up(client, WAYS[before.way](client), before.tables, before.position)
    except _ANY_WAY as error:
        if before.way != "plugin" or not isinstance(error, ReadInconsistent):
            raise
        caught = _Caught(before.tables, before.position, lost=error.message)  # its full read is of one moment
    except NetBoxError as error:  # the plugin was taken out, GraphQL was switched off
        caught = _Caught(before.tables, before.position, lost=error.message)
    if caught.lost:
        again = read(client)
        notes = (f"read in full: {caught.lost}", *again.notes)
        return Reading(again.tables, again.position, again.way, time.monotonic() - began, notes)
    return Reading(
        caught.tables,
        caught.position,
        before.way,
        time.monotonic() - began,
        changed=caught.changed,
        deleted=caught.deleted,
    )


def _read_by(client: NetBox, name: str) -> tuple[Tables, Position]:
    if name == "plugin":
        export = _export(client)
        position = now(client)  # before: what is written in between is then read once more, not missed
        return export.all(), position
    way = GraphQl(client) if name == "graphql" else Rest(client)
    position = now(client)
    counts = dict(zip(TABLES, _parallel(lambda table: client.count_and_last(table.path), TABLES), strict=True))
    tables = _all_pages(way, counts)
    for _ in range(ROUNDS):
        caught = _catch_up(client, way, tables, position)
        if caught.lost:
            break
        tables, position = caught.tables, caught.position
        odd = [table for table in TABLES if len(tables[table.name]) != counts[table][0]]
        counts |= dict(zip(odd, _parallel(lambda table: client.count_and_last(table.path), odd), strict=True))
        if all(len(tables[table.name]) == counts[table][0] for table in odd):
            return tables, position
    raise ReadInconsistent(
        caught.lost
        or "; ".join(
            f"NetBox counts {counts[table][0]} {table.path.rpartition('/')[2]}, but {len(tables[table.name])} arrived"
            for table in odd
        ),
        place=Place(f"{client.url}/api/"),
    )


def _export(client: NetBox) -> Export:
    """The plugin's export; raise NetBoxError when it is not there or is another version's."""
    export = Export(client)
    if not export.fits():
        raise NetBoxError(
            "the plugin that is installed there is of another version",
            place=Place(f"{client.url}/api/plugins/ggi/export/"),
            hint="install the same version of the toolkit in NetBox as here",
        )
    return export


def _all_pages(way: Paging, counts: dict[Table, tuple[int, int]]) -> Tables:
    """Every table: its ids in ranges of about a page each, the largest tables first, some ranges at a time."""
    ranges: list[tuple[Table, int, int]] = []
    for table in sorted(TABLES, key=lambda table: -counts[table][0]):
        count, last = counts[table]
        if count:
            width = max(PAGE, -(-last * PAGE // count))
            ranges += [(table, start, min(start + width, last + 1)) for start in range(1, last + 1, width)]
    found: dict[str, dict[int, list[Row]]] = {table.name: {} for table in TABLES}
    for (table, start, _), rows in zip(ranges, _parallel(lambda job: _range(way, *job), ranges), strict=True):
        found[table.name][start] = rows
    return {name: {row[0]: row for start in sorted(parts) for row in parts[start]} for name, parts in found.items()}


def _range(way: Paging, table: Table, start: int, before: int) -> list[Row]:
    """The rows with `start` <= id < `before`, in as many pages as NetBox makes of them."""
    found: list[Row] = []
    while start < before and (page := way.page(table, start, before)):
        found += page
        start = page[-1][0] + 1
    return found


@dataclass(frozen=True)
class _Caught:
    """Tables brought up to a position. `lost` says why they could not be."""

    tables: Tables
    position: Position
    changed: dict[str, set[int]] = field(default_factory=dict)
    deleted: dict[str, set[int]] = field(default_factory=dict)
    lost: str = ""


def _catch_up(client: NetBox, way: Way, tables: Tables, position: Position) -> _Caught:
    """Read again what was written since `position`, until nothing was; raise ReadInconsistent when it does not end."""
    changed: dict[str, set[int]] = {}
    deleted: dict[str, set[int]] = {}
    for _ in range(ROUNDS):
        found = since(client, position)
        if sum(map(len, found.changed.values())) > MOST_CHANGES:
            return _Caught(tables, position, lost="more was written than is worth reading one by one")
        if found.lost:
            return _Caught(tables, position, lost=found.lost)
        position = found.position
        if found.quiet:
            return _Caught(tables, position, changed, deleted)
        tables = _applied(client, way, tables, found, changed, deleted)
    raise ReadInconsistent(
        f"NetBox was written to each of the {ROUNDS} times that what had changed was read again",
        place=Place(f"{client.url}/api/"),
    )


def _applied(
    client: NetBox,
    way: Way,
    tables: Tables,
    found: Since,
    changed: dict[str, set[int]],
    deleted: dict[str, set[int]],
) -> Tables:
    """The tables with what `found` lists read again; notes in `changed` and `deleted` what that came to."""
    jobs = [(BY_NAME[name], part) for name, ids in found.changed.items() for part in _parts(sorted(ids), IDS)]
    new: dict[str, Rows] = {name: dict(tables[name]) for name in found.changed.keys() | found.deleted.keys()}
    for (table, ids), rows in zip(jobs, _parallel(lambda job: way.some(*job), jobs), strict=True):
        arrived = {row[0]: row for row in rows}
        if missing := set(ids) - arrived.keys():
            # GraphQL leaves out what the token may not see; REST tells a lack of rights from a lack of objects.
            arrived |= {row[0]: row for row in Rest(client).some(table, missing)}
        _put(new[table.name], ids, arrived)
        _note(changed, table.name, arrived.keys())
        _note(deleted, table.name, set(ids) - arrived.keys())
    for name, gone in found.deleted.items():
        _put(new[name], gone, {})
        _note(deleted, name, gone)
    for name in changed.keys() & deleted.keys():
        changed[name] -= deleted[name]
    return tables | {name: dict(sorted(rows.items())) for name, rows in new.items()}


def _note(noted: dict[str, set[int]], name: str, ids: Set[int]) -> None:
    if ids:
        noted.setdefault(name, set()).update(ids)


def _put(rows: Rows, ids: Iterable[int], arrived: Rows) -> None:
    for number in ids:
        if number in arrived:
            rows[number] = arrived[number]
        else:
            rows.pop(number, None)


def _parts(ids: list[int], size: int) -> Iterable[list[int]]:
    return (ids[at : at + size] for at in range(0, len(ids), size))


def _parallel(run: Callable[[J], R], jobs: Iterable[J]) -> list[R]:
    """The results of the jobs in their order; the first error ends those that have not begun."""
    pool = ThreadPoolExecutor(THREADS)
    try:
        return list(pool.map(run, jobs))
    finally:
        pool.shutdown(cancel_futures=True)
