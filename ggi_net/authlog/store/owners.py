"""Logins out of lines: what is settled, what may still go on, and which login owns which line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from ggi_net.authlog.line import Line
from ggi_net.authlog.login import Login
from ggi_net.authlog.store.columns import OWNERS, Hasher, lines_of, logins_table, number

if TYPE_CHECKING:
    from datetime import datetime

    from ggi_net.authlog.store.keys import Keys

Assembler = Callable[[Sequence[Line]], Sequence[Login]]
"""Makes logins of lines; each login has its lines."""

Key = tuple[str, int]
"""A line's name: its log and the byte at which it begins."""


class Settled(NamedTuple):
    """Logins that are complete.

    `lines` (LINES and OWNERS) are theirs and those that belong to no login; `logins` have LOGINS and HASHES; `pending`
    (LINES) are lines of logins that may go on.
    """

    lines: pa.Table
    logins: pa.Table
    pending: pa.Table


class Span(NamedTuple):
    """Times between which a line may be of a login that goes on. One outside, by a wrong clock, waits for nothing."""

    since: datetime
    until: datetime

    def holds(self, line: Line) -> bool:
        """Whether the line is of that time."""
        return self.since <= line.time <= self.until


def settle(table: pa.Table, assembler: Assembler, keys: Keys, open_in: Span | None) -> Settled:
    """Put the lines of `table` (LINES) together; logins with a line in `open_in` stay pending, all of their lines."""
    lines = lines_of(table)
    done, waiting = [], set[Key]()
    for login in assembler(lines):
        if open_in and any(open_in.holds(line) for line in login.lines):
            waiting.update(named(line) for line in login.lines)
        else:
            done.append(login)
    owned = owners(done, keys)
    names = [named(line) for line in lines]
    if open_in:
        waiting.update(name for name, line in zip(names, lines, strict=True) if open_in.holds(line))
    kept = pa.array([name not in waiting for name in names], pa.bool_())
    rest = [(name, line) for name, line in zip(names, lines, strict=True) if name not in waiting]
    return Settled(
        with_owners(table.filter(kept), rest, owned, keys),
        logins_table(done, keys),
        table.filter(pc.invert(kept)),
    )


def named(line: Line) -> Key:
    """The line's name."""
    return line.source, line.offset


class Owner(NamedTuple):
    """Whose a line is: the place and the number of the login, and which turn in its story."""

    place: int
    login: int
    nth: int


def owners(logins: Sequence[Login], keys: Keys) -> dict[Key, Owner]:
    """Which login has which line; no line is of two."""
    hashed = Hasher(keys)
    found: dict[Key, Owner] = {}
    for login in logins:
        own, mine = number(login.id), hashed.place(login)
        for nth, line in enumerate(login.lines):
            found.setdefault(named(line), Owner(mine, own, nth))
    return found


def with_owners(table: pa.Table, rows: Sequence[tuple[Key, Line]], owned: dict[Key, Owner], keys: Keys) -> pa.Table:
    """`table` with the columns OWNERS; `rows` are its lines with their names."""
    hashed = Hasher(keys)
    columns: dict[str, list[Any]] = {name: [] for name in OWNERS.names}
    for name, line in rows:
        place, login, nth = owned.get(name) or (hashed.place(line), 0, 0)
        columns["place"].append(place)
        columns["login"].append(login)
        columns["nth"].append(nth)
    for field in OWNERS:
        table = table.append_column(field, pa.array(columns[field.name], field.type))
    return table
