# ruff: noqa: S608  only names of columns and tables stand in the texts
"""Forgetting in time: first what names people as it stands, later the logins, earlier where a gemeente chose less."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
import pyarrow as pa

from ggi_net.authlog.store.change import replace
from ggi_net.authlog.store.columns import HASHES, LOGINS, PLAIN_TEXTS
from ggi_net.authlog.store.sets import COPY_COLUMNS, LINE_COLUMNS, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from ggi_net.authlog.store.engine import Engine
    from ggi_net.authlog.store.identity import Retention
    from ggi_net.authlog.store.manifest import Day, FileSet, Manifest
    from ggi_net.authlog.store.sets import Writer

_WHOSE: Final = "coalesce(nullif(home, ''), visited)"
"""Whose login it is, for how long it is kept: the user's gemeente, else the one that was visited."""
_HASHED: Final = ", ".join(
    f"'' AS \"{name}\"" if name in PLAIN_TEXTS else f'"{name}"' for name in (*LOGINS.names, *HASHES.names)
)
"""A login without what names people as it stands."""
_NAMED: Final = " OR ".join(f"\"{name}\" != ''" for name in PLAIN_TEXTS)


class Forgotten(NamedTuple):
    """What was removed: whole days, lines, logins, and logins of which the plain values went."""

    days: int
    lines: int
    logins: int
    plain: int


def forget(
    engine: Engine, folder: Path, writer: Writer, retention: Retention, old: Manifest, now: datetime
) -> tuple[Manifest, Forgotten]:
    """Remove what is older than `retention` allows, day by day; each day changes at once.

    Raises DiskFull or StoreDamaged; the days before are done then.
    """
    total = Forgotten(0, 0, 0, 0)
    for name in sorted(old.days):
        age = (now.date() - date.fromisoformat(name)).days
        day = old.days[name]
        if age > max(retention.hashed, *retention.gemeenten.values(), retention.plain):
            rest = {other: kept for other, kept in old.days.items() if other != name}
            old = replace(folder, old, now, days=rest)
            rows = [(one.line_count, one.login_count) for one in day.sets]
            total = _sum(total, Forgotten(1, sum(lines for lines, _ in rows), sum(logins for _, logins in rows), 0))
        elif any(day.forgotten <= most < age for most in limits(retention)):
            forgetting = _Forgetting(engine, folder, writer, retention, name, age)
            sets, done = forgetting.again(day)
            old = replace(folder, old, now, days=old.days | {name: _forgotten(day, sets, age)})
            total = _sum(total, done)
    return old, total


def limits(retention: Retention) -> Iterator[int]:
    """The ages in days after which something has to go."""
    yield from (retention.plain, retention.hashed, *retention.gemeenten.values())


def _forgotten(day: Day, sets: tuple[FileSet, ...], age: int) -> Day:
    lent = day.lent if any(one.line_count for one in sets) else ()
    return msgspec.structs.replace(day, sets=sets, forgotten=age, lent=lent)


class _Forgetting:
    """What has to go from one day at its age."""

    def __init__(self, engine: Engine, folder: Path, writer: Writer, retention: Retention, name: str, age: int) -> None:
        self._engine, self._folder, self._writer, self._name = engine, folder, writer, name
        self._plain = age > retention.plain
        self._others = age <= retention.hashed
        self._kept = pa.table(
            {
                "gemeente": pa.array(retention.gemeenten, pa.string()),
                "kept": pa.array((age <= days for days in retention.gemeenten.values()), pa.bool_()),
            }
        )

    def again(self, day: Day) -> tuple[tuple[FileSet, ...], Forgotten]:
        """The sets without what has to go."""
        sets, total = [], Forgotten(0, 0, 0, 0)
        with self._engine.given("chosen", self._kept):
            for one in day.sets:
                left = self._one(one) if self._touched(one) else one
                if left:
                    sets.append(left)
                lines, logins = (left.line_count, left.login_count) if left else (0, 0)
                plain = logins if self._plain and one.line_count else 0
                total = _sum(total, Forgotten(0, one.line_count - lines, one.login_count - logins, plain))
        return tuple(sets), total

    def _touched(self, one: FileSet) -> bool:
        """Whether anything of the set has to go."""
        logins = rows_of("logins", [one], self._folder)
        [(number,)] = self._engine.rows(
            f"SELECT count(*) FROM {logins} WHERE NOT ({self._stays}) OR ({str(self._plain).lower()} AND ({_NAMED}))"
        )
        return bool(number) or (self._plain and bool(one.lines or one.copies))

    def _one(self, one: FileSet) -> FileSet | None:
        logins = f"FROM {rows_of('logins', [one], self._folder)} WHERE {self._stays}"
        gone = f"FROM {rows_of('logins', [one], self._folder)} WHERE NOT ({self._stays})"
        lines = (
            "no_lines"
            if self._plain
            else f"{rows_of('lines', [one], self._folder)} WHERE login NOT IN (SELECT number {gone}) "
            f"AND (login != 0 OR realm = '' OR realm NOT IN (SELECT realm {gone}))"
        )
        copies = "no_copies" if self._plain else rows_of("copies", [one], self._folder)
        return self._writer.write(
            self._name,
            key=one.key,
            lines=f"SELECT {LINE_COLUMNS} FROM {lines}",
            logins=f"SELECT {_HASHED if self._plain else '*'} {logins}",
            copies=f"SELECT {COPY_COLUMNS} FROM {copies}",
        )

    @property
    def _stays(self) -> str:
        return f"coalesce((SELECT kept FROM chosen WHERE gemeente = {_WHOSE}), {str(self._others).lower()})"


def _sum(one: Forgotten, more: Forgotten) -> Forgotten:
    return Forgotten(*(a + b for a, b in zip(one, more, strict=True)))
