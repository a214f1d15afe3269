"""Compaction: hot files become sets of their days, small sets become larger ones."""

# ruff: noqa: S608  only names of columns and dates stand in the texts
from __future__ import annotations

import secrets
from bisect import bisect_left
from collections import defaultdict
from contextlib import ExitStack
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ggi_net.authlog.store.change import replace
from ggi_net.authlog.store.columns import LINES
from ggi_net.authlog.store.manifest import Day, File, merged
from ggi_net.authlog.store.owners import Span, settle
from ggi_net.authlog.store.sets import COPY_COLUMNS, LINE_COLUMNS, LOGIN_COLUMNS, Writer, rows_of
from ggi_net.files import flush

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from ggi_net.authlog.store.engine import Engine
    from ggi_net.authlog.store.hot import HotFile
    from ggi_net.authlog.store.manifest import FileSet, Manifest
    from ggi_net.authlog.store.owners import Assembler, Settled
    from ggi_net.authlog.store.view import View

OPEN: Final = timedelta(minutes=3)
"""A login that had a line so recently may go on; its lines wait."""
_REACH: Final = timedelta(minutes=1)
"""How far apart lines of one login are."""
_ANEW: Final = 200_000
"""Lines of sets that are put together again at once because of late ones."""
BY_TIME: Final = [("time", "ascending"), ("source", "ascending"), ("offset", "ascending")]
_BATCH: Final = 64 << 20
"""Bytes of hot files that are taken at once: half a million lines, with which a compaction takes 4 GB. Fewer at
once would put logins together in more parts, until their day is closed."""
_SETS: Final = 8
"""Sets of about one size that a day may have before they become one."""


class Taken(NamedTuple):
    """What a step of compaction did: lines that are new, copies that were left out, logins that are complete."""

    lines: int
    copies: int
    logins: int


def batch(files: Sequence[HotFile], before: datetime | None) -> list[HotFile]:
    """The hot files to take next: those of before the moment `before` (all, when None), not too many at once."""
    found: list[HotFile] = []
    size = 0
    for file in files:
        try:
            about = file.path.stat()
        except FileNotFoundError:
            continue
        if before and about.st_mtime > before.timestamp():
            continue
        if found and size + about.st_size > _BATCH:
            break
        found.append(file)
        size += about.st_size
    return found


def take(view: View, writer: Writer, assembler: Assembler, now: datetime, *, finish: bool) -> tuple[Manifest, Taken]:
    """Bring the hot files of `view` into their days. With `finish` nothing waits for lines that may still come.

    Sets of the time of lines that came late are made anew with them, unless they are large: then the day's close does.
    """
    new, copies = view.fresh()
    old = view.manifest
    late = late_sets(old, new)
    lines = pa.concat_tables([view.carried, new, _lines(view, late)])
    span = None if finish else Span(now - OPEN, now + OPEN)
    settled = settle(lines.sort_by(BY_TIME), assembler, view.keys, span)
    days = {
        name: msgspec.structs.replace(day, sets=tuple(one for one in day.sets if one not in late))
        for name, day in old.days.items()
    }
    tables = {"taken_lines": settled.lines, "taken_logins": settled.logins, "taken_copies": copies}
    with ExitStack() as given:
        for name, table in tables.items():
            given.enter_context(view.engine.given(name, table))
        for name in sorted({*_days(settled, copies), *(one for one in days if days[one] != old.days[one])}):
            gone = [one for one in old.days[name].sets if one in late] if name in old.days else []
            one = writer.write(
                name,
                lines=f"SELECT * FROM taken_lines WHERE \"time\"::DATE = DATE '{name}'",
                logins=f"SELECT * FROM taken_logins WHERE \"begin\"::DATE = DATE '{name}'",
                copies=f"SELECT * FROM taken_copies WHERE \"time\"::DATE = DATE '{name}' "
                f"UNION ALL SELECT {COPY_COLUMNS} FROM {rows_of('copies', gone, view.folder)}",
            )
            day = days.get(name, Day())
            sets = (*day.sets, *([one] if one else []))
            days[name] = msgspec.structs.replace(day, sets=sets, closed=False, forgotten=0)
    sources = dict(old.sources)
    for file in view.hot_files:
        sources[file.digest] = merged(sources.get(file.digest, ()), (file.begin, file.end))
    manifest = replace(
        view.folder, old, now, gone=[f"hot/{file.path.name}" for file in view.hot_files], days=days, sources=sources,
        carried=_carry(view.folder, settled.pending),
    )  # fmt: skip
    return manifest, Taken(new.num_rows, copies.num_rows, settled.logins.num_rows)


def late_sets(manifest: Manifest, lines: pa.Table) -> list[FileSet]:
    """The sets of the time of `lines` that still have all of their own lines and are not too large together."""
    if not lines.num_rows:
        return []
    times = sorted(pc.unique(lines.column("time").cast(pa.timestamp("s"), safe=False)).to_pylist())
    found, total = [], 0
    for day in manifest.days.values():
        for one in () if day.forgotten else day.sets:
            first = bisect_left(times, one.begin.replace(tzinfo=None) - _REACH)
            near = first < len(times) and times[first] <= one.end.replace(tzinfo=None) + _REACH
            if near and total + one.line_count <= _ANEW:
                found.append(one)
                total += one.line_count
    return found


def _lines(view: View, sets: Sequence[FileSet]) -> pa.Table:
    """All lines of some sets."""
    names = ", ".join(f'"{name}"' for name in LINES.names)
    return view.engine.table(f"SELECT {names} FROM {rows_of('lines', sets, view.folder)}").cast(LINES)


def _carry(folder: Path, pending: pa.Table) -> tuple[File, ...]:
    """Keep lines that wait in a file of their own."""
    if not pending.num_rows:
        return ()
    path = f"carried/{secrets.token_hex(8)}.parquet"
    (folder / "carried").mkdir(exist_ok=True)
    pq.write_table(pending, folder / path, compression="zstd")
    flush(folder / path)
    flush(folder / "carried")
    return (File(path=path, size=(folder / path).stat().st_size),)


def _days(settled: Settled, copies: pa.Table) -> list[str]:
    """The days that the rows are of."""
    found: set[date] = set()
    for table, column in ((settled.lines, "time"), (settled.logins, "begin"), (copies, "time")):
        found.update(pc.unique(table.column(column).cast(pa.date32())).to_pylist())
    return sorted(day.isoformat() for day in found)


def merge(engine: Engine, folder: Path, writer: Writer, old: Manifest, now: datetime) -> Manifest:
    """Make one set of many of about the same size, day by day."""
    for name, day in old.days.items():
        for group in _mergeable(day.sets):
            one = writer.write(name, key=group[0].key, **merging(group, folder))
            rest = tuple(one for one in day.sets if one not in group)
            day = msgspec.structs.replace(day, sets=(*rest, *([one] if one else [])))
            old = replace(folder, old, now, days=old.days | {name: day})
    return old


def merging(sets: Sequence[FileSet], folder: Path) -> dict[str, str]:
    """The queries for all that stands in some sets, for `Writer.write`."""
    return {
        "lines": f"SELECT {LINE_COLUMNS} FROM {rows_of('lines', sets, folder)}",
        "logins": f"SELECT {LOGIN_COLUMNS} FROM {rows_of('logins', sets, folder)}",
        "copies": f"SELECT {COPY_COLUMNS} FROM {rows_of('copies', sets, folder)}",
    }


def _mergeable(sets: Sequence[FileSet]) -> Iterator[list[FileSet]]:
    """Groups of sets that are too many: of one size and one key, all with lines or all without (`close.py`)."""
    groups: defaultdict[tuple[str, bool, int], list[FileSet]] = defaultdict(list)
    for one in sets:
        groups[one.key, one.line_count > 0, (one.line_count + one.login_count).bit_length() // 3].append(one)
    yield from (group for group in groups.values() if len(group) >= _SETS)
