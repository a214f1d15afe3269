"""Weeks: the logins of closed days a second time, a week's together, so that a search opens a fifth of the files.

A week is a copy: nothing is only there. As soon as one of its days changes, it counts no more (`change.py`), and the
next compaction writes it anew.
"""

# ruff: noqa: S608  paths of the store, names of columns and numbers stand in the texts
from __future__ import annotations

import secrets
from datetime import date, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Final

from ggi_net.authlog.store.change import replace
from ggi_net.authlog.store.manifest import FileSet, Week
from ggi_net.authlog.store.retention import limits
from ggi_net.authlog.store.sets import BY_KEY, BY_PLACE, INDEX_ORDER, LOGIN_COLUMNS, LOGIN_ORDER, write_files
from ggi_net.files import flush

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from ggi_net.authlog.store.identity import Retention
    from ggi_net.authlog.store.manifest import Day, File, Manifest
    from ggi_net.authlog.store.sets import Cut
    from ggi_net.authlog.store.view import View

_AT_ONCE: Final = 1 << 19
"""Rows that are sorted at once: the files of each day are in order, so that a stretch of them is read for it."""


def gather(view: View, retention: Retention, now: datetime) -> Manifest:
    """Bring together each week that is over and of which all days are closed. Raises DiskFull or StoreDamaged.

    A week in which retention has reached some days and not the others waits: it would be written anew every day.
    """
    manifest = view.manifest
    for monday, days in _weeks(view.manifest, now):
        sets = [one for day in days for one in day.sets if one.logins]
        of = tuple(one.logins[0].path for one in sets)
        ages = {sum(most < day.forgotten for most in limits(retention)) for day in days}
        done = any(week.of == of for week in manifest.weeks)
        if len(sets) > 1 and len(ages) == 1 and all(day.closed for day in days) and not done:
            rest = (week for week in manifest.weeks if not set(of).intersection(week.of))
            week = Week(of=of, together=_together(view, f"weeks/{monday}/{secrets.token_hex(8)}", sets))
            manifest = replace(view.folder, manifest, now, weeks=(*rest, week))
    return manifest


def _weeks(manifest: Manifest, now: datetime) -> Iterator[tuple[date, list[Day]]]:
    """The days of each week that is over, with the date of its Monday."""
    for monday, names in groupby(sorted(manifest.days), _monday):
        if now.date() >= monday + timedelta(days=7):
            yield monday, [manifest.days[name] for name in names]


def _monday(name: str) -> date:
    day = date.fromisoformat(name)
    return day - timedelta(days=day.weekday())


def _together(view: View, stem: str, sets: Sequence[FileSet]) -> FileSet:
    logins = [file for one in sets for file in one.logins]
    index = [file for one in sets for file in one.index]
    columns = f"SELECT {LOGIN_COLUMNS}"
    written = FileSet(
        key=sets[0].key,
        begin=min(one.begin for one in sets),
        end=max(one.end for one in sets),
        line_count=0,
        login_count=sum(one.login_count for one in sets),
        logins=tuple(_sorted(view, logins, f"{stem}-logins", columns, LOGIN_ORDER, BY_PLACE)),
        index=tuple(_sorted(view, index, f"{stem}-index", "SELECT DISTINCT key, place", INDEX_ORDER, BY_KEY)),
    )
    flush((view.folder / stem).parent)
    flush(view.folder / "weeks")
    return written


def _sorted(view: View, files: Sequence[File], stem: str, select: str, order: str, cut: Cut) -> Iterator[File]:
    """The rows of some files, in files of their own, of which each has all rows with its values of the cut's column."""
    [(rows,)] = view.engine.rows(f"SELECT count(*) FROM {view.rows_in(files)}")
    count = cut.files(rows)
    step = max(1, _AT_ONCE // cut.rows)
    for begin in range(0, count, step):
        numbers = range(begin, min(begin + step, count))
        first, last = cut.values(numbers[0], count)[0], cut.values(numbers[-1], count)[1]
        near = [file for file in files if file.first <= last and first <= file.last]
        try:
            view.engine.run(
                f"CREATE TABLE week_part AS {select} FROM {view.rows_in(near)} "
                f"WHERE {cut.where(first, last)} ORDER BY {order}"
            )
            yield from write_files(view.engine, view.folder, "week_part", stem, cut, count, numbers)
        finally:
            view.engine.run("DROP TABLE IF EXISTS week_part")
