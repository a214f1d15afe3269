# ruff: noqa: S608  only names of columns and moments stand in the texts
"""Closing a day: its logins are put together again from all of its lines, however late those came."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

import msgspec
import pyarrow as pa

from ggi_net.authlog.store.change import replace
from ggi_net.authlog.store.columns import LINES
from ggi_net.authlog.store.compact import BY_TIME, merging
from ggi_net.authlog.store.manifest import Day, Lent
from ggi_net.authlog.store.owners import Span, settle
from ggi_net.authlog.store.sets import COPY_COLUMNS, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ggi_net.authlog.store.manifest import FileSet, Manifest
    from ggi_net.authlog.store.owners import Assembler
    from ggi_net.authlog.store.sets import Writer
    from ggi_net.authlog.store.view import View

AFTER: Final = timedelta(hours=2)
"""How long after its end a day is closed: most late lines are here then."""
_MARGIN: Final = timedelta(minutes=10)
"""How far a login that began on a day is followed into the next one."""
_GOES_ON: Final = timedelta(minutes=3)
"""How long before the end of a window a login had its last line that may go on in the next window."""
_WINDOW: Final = 200_000
"""Lines that are put together at once."""

_COLUMNS: Final = ", ".join(f'"{name}"' for name in LINES.names)
_OWN: Final = ", ".join(f'own."{name}"' for name in LINES.names)
_LENT: Final = pa.schema(
    [
        ("source", pa.string()), ("offset", pa.int64()), ("place", pa.uint16()), ("login", pa.uint64()),
        ("nth", pa.int32()),
    ]
)  # fmt: skip


def due(manifest: Manifest, now: datetime) -> list[str]:
    """The days that are over and not closed, the oldest first."""
    return [
        name
        for name, day in sorted(manifest.days.items())
        if day.sets and not day.closed and now >= _midnight(name) + timedelta(days=1) + AFTER
    ]


def close(view: View, writer: Writer, assembler: Assembler, name: str, now: datetime) -> Manifest:
    """Close one day. Logins that began on it are followed a little into the next one, which keeps those lines.

    Raises DiskFull or StoreDamaged; then the day is as it was.
    """
    old, day = view.manifest, view.manifest.days[name]
    before, after = ((_midnight(name) + timedelta(days=step)).date().isoformat() for step in (-1, 1))
    ahead = old.days.get(after, Day())
    lined = [one for one in day.sets if one.line_count]
    closing = _Closing(view, writer, assembler, name, lined, ahead.sets, old.days.get(before, Day()).lent)
    sets, lent = closing.again() if lined else ((), ())
    rest = [one for one in day.sets if not one.line_count]  # their lines are forgotten, or they only have copies
    for key in sorted({one.key for one in rest}):
        sets = (*sets, *closing.merged([one for one in rest if one.key == key]))
    days = old.days | {name: msgspec.structs.replace(day, sets=sets, closed=True, lent=lent)}
    early = tuple(one for one in ahead.sets if one.line_count and one.begin < closing.end + _MARGIN)
    if early and lent != day.lent:  # the next day's logins may have been made of lines that are lent now
        anew, _ = _Closing(view, writer, assembler, after, early, (), lent).again()
        later = tuple(one for one in ahead.sets if one not in early)
        days[after] = msgspec.structs.replace(ahead, sets=(*later, *anew), closed=False)
    return replace(view.folder, old, now, days=days)


class _Closing:
    """The close of one day."""

    def __init__(
        self,
        view: View,
        writer: Writer,
        assembler: Assembler,
        name: str,
        sets: Sequence[FileSet],
        ahead: Sequence[FileSet],
        borrowed: Sequence[Lent],
    ) -> None:
        """Of the day `name` with `sets`, the next day's `ahead`, and its lines that logins of the day before have."""
        self._view, self._writer, self._assembler, self._name = view, writer, assembler, name
        self._engine = view.engine
        self._sets, self._ahead, self._borrowed = sets, ahead, borrowed
        self.end = _midnight(name) + timedelta(days=1)
        self._lines = (
            f"SELECT {_COLUMNS} FROM {rows_of('lines', self._sets, view.folder)} own "
            'ANTI JOIN borrowed ON borrowed.source = own.source AND borrowed."offset" = own."offset" '
            f"UNION ALL SELECT {_COLUMNS} FROM {rows_of('lines', self._ahead, view.folder)} "
            f"WHERE \"time\" < TIMESTAMP '{_sql(self.end + _MARGIN)}'"
        )

    def again(self) -> tuple[tuple[FileSet, ...], tuple[Lent, ...]]:
        """The day's set, made anew, and the lines of the next day that its logins have."""
        parts: list[FileSet | None] = []
        lent: list[Lent] = []
        rows = [msgspec.structs.asdict(line) for line in self._borrowed]
        with self._engine.given("borrowed", pa.Table.from_pylist(rows, schema=_LENT)):
            parts.append(self._kept())
            pending = LINES.empty_table()
            windows = list(self._windows())
            for number, (begin, end) in enumerate(windows):
                table = pa.concat_tables([pending, self._read(begin, end)]).sort_by(BY_TIME)
                last = number == len(windows) - 1
                span = None if last else Span(end - _GOES_ON, end)
                settled = settle(table, self._assembler, self._view.keys, span)
                pending = settled.pending
                with ExitStack() as given:
                    given.enter_context(self._engine.given("put_lines", settled.lines))
                    given.enter_context(self._engine.given("put_logins", settled.logins))
                    parts.append(self._put())
                    lent += self._lent()
        done = [part for part in parts if part]
        return self.merged(done), tuple(lent)

    def merged(self, sets: Sequence[FileSet]) -> tuple[FileSet, ...]:
        """One set of several that were hashed with one key."""
        if len(sets) < 2:
            return tuple(sets)
        one = self._writer.write(self._name, key=sets[0].key, **merging(sets, self._view.folder))
        return (one,) if one else ()

    def _kept(self) -> FileSet | None:
        """The lines that a login of the day before has, and where lines stand a second time."""
        return self._writer.write(
            self._name,
            lines=f"SELECT {_OWN}, borrowed.place, borrowed.login, borrowed.nth "
            f"FROM {rows_of('lines', self._sets, self._view.folder)} own "
            'JOIN borrowed ON borrowed.source = own.source AND borrowed."offset" = own."offset"',
            logins="SELECT * FROM no_logins",
            copies=f"SELECT {COPY_COLUMNS} FROM {rows_of('copies', self._sets, self._view.folder)}",
        )

    def _windows(self) -> Iterator[tuple[datetime, datetime]]:
        """Stretches of time with so many lines that they fit into memory."""
        minutes = self._engine.rows(
            f"SELECT date_trunc('minute', \"time\") AS minute, count(*) FROM ({self._lines}) GROUP BY 1 ORDER BY 1"
        )
        begin: datetime | None = None
        total = 0
        for minute, number in minutes:
            if begin is not None and total + number > _WINDOW:
                yield begin.replace(tzinfo=UTC), minute.replace(tzinfo=UTC)
                begin, total = None, 0
            begin = begin or minute
            total += number
        if begin is not None:
            yield begin.replace(tzinfo=UTC), self.end + _MARGIN

    def _read(self, begin: datetime, end: datetime) -> pa.Table:
        return self._engine.table(
            f"SELECT * FROM ({self._lines}) WHERE \"time\" >= TIMESTAMP '{_sql(begin)}' "
            f"AND \"time\" < TIMESTAMP '{_sql(end)}'"
        ).cast(LINES)

    def _put(self) -> FileSet | None:
        """Write what is put together of the day; logins without a line of it are the next day's."""
        return self._writer.write(
            self._name,
            lines=f"SELECT * FROM put_lines WHERE {self._own}",
            logins=f"SELECT * FROM put_logins WHERE {self._began}",
            copies="SELECT * FROM no_copies",
        )

    def _lent(self) -> Iterator[Lent]:
        """The lines of the next day that logins of this one have, and where they stand there."""
        rows = self._engine.rows(
            'SELECT put.source, put."offset", ahead.place, put.login, put.nth '
            f"FROM (SELECT * FROM put_lines WHERE NOT ({self._own}) AND login IN "
            f"(SELECT number FROM put_logins WHERE {self._began})) put "
            f"JOIN {rows_of('lines', self._ahead, self._view.folder)} ahead "
            'ON ahead.source = put.source AND ahead."offset" = put."offset" ORDER BY ALL'
        )
        return (Lent(*row) for row in rows)

    @property
    def _own(self) -> str:
        return f"\"time\" < TIMESTAMP '{_sql(self.end)}'"

    @property
    def _began(self) -> str:
        return f"number IN (SELECT login FROM put_lines WHERE {self._own})"


def _midnight(name: str) -> datetime:
    return datetime.combine(date.fromisoformat(name), time(), UTC)


def _sql(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(sep=" ")
