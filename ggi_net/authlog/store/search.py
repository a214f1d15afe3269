"""Asking the store for logins: from a question to SQL, days and hot files together."""

# ruff: noqa: S608  paths of the store, names of columns and numbers stand in the texts; values are bound
from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import msgspec

from ggi_net.authlog.logins.ids import day_of
from ggi_net.authlog.store.columns import LINES, LOGINS, line_of, login_of, naive, number, place
from ggi_net.authlog.store.owners import named

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ggi_net.authlog.line import Line
    from ggi_net.authlog.login import Login
    from ggi_net.authlog.question import Question
    from ggi_net.authlog.store.keys import Keys
    from ggi_net.authlog.store.manifest import File, FileSet
    from ggi_net.authlog.store.view import View

_LOGIN: Final = ", ".join(f'"{name}"' for name in LOGINS.names)
_LINE: Final = ", ".join(f'"{name}"' for name in LINES.names)
_NEWEST: Final = 'ORDER BY "begin" DESC, id'
_MANY: Final = 64
"""Places from which on it is quicker to look at all: somebody asked for an identity that many devices use."""
_PARTS: Final = 16
"""In how many parts a login can be stored."""
_DAY: Final = timedelta(days=1)
_SKEW: Final = timedelta(hours=1)
"""How far the clock of a line may be off that of its login."""


class Condition:
    """A part of a WHERE with its values."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self.values: list[Any] = []

    def add(self, sql: str, *values: object) -> None:
        """All that is added has to hold."""
        self._parts.append(f"({sql})")
        self.values += values

    @property
    def sql(self) -> str:
        """The whole."""
        return " AND ".join(self._parts) or "true"


def condition(
    question: Question, keys: Keys, *, begin: str = '"begin"', places: Sequence[int] | None = None
) -> Condition:
    """What has to hold for a stored login to be an answer. `begin` is the column of its time, `places` where it is."""
    found = Condition()
    if places is not None:
        found.add(f"place IN ({_numbers(places)})" if places else "false")
    own = question.scope.gemeenten
    if question.mac:
        found.add(f"mac_hash IN ({_numbers(macs(question, keys))})")
    if question.user:
        names = _numbers(identities(question, keys))
        inner = f"inner_hash IN ({names})"
        shown = "true" if question.scope.inner else _one_of("home", own)
        found.add(f"outer_hash IN ({names}) OR ({inner} AND {shown})", *(() if question.scope.inner else own))
    if not question.scope.everybody:
        found.add(f"{_one_of('home', own)} OR {_one_of('visited', own)}", *own, *own)
    for column in ("realm", "site", "ap", "cause"):
        if asked := getattr(question, column):
            found.add(f"{column} = ?", asked.lower())
    if question.nas:
        found.add("lower(nas) = lower(?)", question.nas)
    if question.gemeente:
        found.add("home = ? OR visited = ?", *[question.gemeente.lower()] * 2)
    if question.outcome:
        found.add("outcome = ?", question.outcome.value)
    if question.since:
        found.add(f"{begin} >= ?", naive(question.since))
    if question.until:
        found.add(f"{begin} < ?", naive(question.until))
    return found


def macs(question: Question, keys: Keys) -> list[int]:
    """The hashes of the MAC address that is asked for."""
    return [keys.mac(question.mac, key) for key in keys.names]


def identities(question: Question, keys: Keys) -> list[int]:
    """The hashes of the identity that is asked for."""
    return [keys.identity(question.user, key) for key in keys.names]


def _numbers(hashes: Iterable[int]) -> str:
    return ", ".join(map(str, hashes))


def _one_of(column: str, values: Sequence[str]) -> str:
    """That a column has one of so many values, which are to be bound."""
    return f"{column} IN ({', '.join('?' * len(values))})" if values else "false"


def find(view: View, question: Question) -> list[Login]:
    """The answers, newest first. Raises FileGone, FileNotFoundError or StoreDamaged."""
    sets = [one for one in view.sets() if within(one, question)]
    rows = _stored(view, question, sets) + _hot(view, question)
    rows.sort(key=lambda row: row[0])
    rows.sort(key=lambda row: row[1], reverse=True)
    first = {row[0]: row for row in reversed(rows)}  # parts of one login until its day is closed
    return [login_of(row) for row in list(reversed(first.values()))[: question.limit]]


def _stored(view: View, question: Question, sets: list[FileSet]) -> list[tuple[Any, ...]]:
    """The answers among the sets: of one device or person at once, of many day by day until there are enough."""
    places = places_of(view, question, sets)
    where = condition(question, view.keys, places=places)
    if places is not None:
        return _select(view, where, at(places, sets), question.limit)
    found: list[tuple[Any, ...]] = []
    for group in _by_time(sets):
        if len(found) >= question.limit:
            break
        found += _select(view, where, [file for one in group for file in one.logins], question.limit)
    return found


def at(places: Sequence[int], sets: Iterable[FileSet], kind: str = "logins") -> list[File]:
    """The files of a kind that can have rows at some places."""
    files = (file for one in sets for file in getattr(one, kind))
    return [file for file in files if any(file.first <= place <= file.last for place in places)]


def _select(view: View, where: Condition, files: Sequence[File], limit: int) -> list[tuple[Any, ...]]:
    """The newest rows of some files that meet the condition."""
    if not files:
        return []
    return view.engine.rows(
        f"SELECT {_LOGIN} FROM {view.rows_in(files)} WHERE {where.sql} {_NEWEST} LIMIT {int(limit)}", where.values
    )


def places_of(view: View, question: Question, sets: Sequence[FileSet]) -> list[int] | None:
    """Where the logins of a device or a person can stand; None when that is anywhere."""
    if question.mac:
        return sorted({place(hashed) for hashed in macs(question, view.keys)})
    if question.user:
        found = indexed(view, identities(question, view.keys), sets)
        return found if len(found) <= _MANY else None
    return None


def indexed(view: View, numbers: Iterable[int], sets: Sequence[FileSet]) -> list[int]:
    """The places that the indexes of some sets know for logins or identities."""
    files = [file for one in sets for file in one.index]
    if not files:
        return []
    keys = _numbers(one & 0xFFFFFFFF for one in numbers)
    rows = view.engine.rows(f"SELECT DISTINCT place FROM {view.rows_in(files)} WHERE key IN ({keys}) LIMIT {_MANY + 1}")
    return sorted(row[0] for row in rows)


def _hot(view: View, question: Question) -> list[tuple[Any, ...]]:
    """The answers among what is hot."""
    if not view.mentions(question):
        return []
    where = condition(question, view.keys)
    with view.engine.given("hot_logins", view.hot.table):
        return view.engine.rows(
            f"SELECT {_LOGIN} FROM hot_logins WHERE {where.sql} {_NEWEST} LIMIT {int(question.limit)}", where.values
        )


def within(one: FileSet, question: Question) -> bool:
    """Whether a set can have logins of the time that is asked for."""
    return not (question.since and one.end < question.since) and not (question.until and one.begin >= question.until)


def _by_time(sets: Sequence[FileSet]) -> Iterator[list[FileSet]]:
    """Groups of sets, each older than the one before: first a day, then twice as much each time."""
    group: list[FileSet] = []
    most = 1
    for one in sorted(sets, key=lambda one: one.end, reverse=True):
        if len(group) >= most and one.end < min(other.begin for other in group):
            yield group
            group, most = [], most * 2
        group.append(one)
    if group:
        yield group


def one(view: View, login: str) -> Login | None:
    """The login with that id and its lines, as far as they are still kept; None when there is none.

    Raises FileGone, FileNotFoundError or StoreDamaged.
    """
    day, wanted = day_of(login), number(login)
    if day is None:
        return None
    near = [one for one in view.sets() if day - _DAY <= one.end and one.begin < day + 2 * _DAY]
    found = []
    if places := indexed(view, [wanted], near):
        where = Condition()
        where.add(f"place IN ({_numbers(places)}) AND id = ?", login)
        rows = _select(view, where, at(places, near), _PARTS)
        found = [login_of(row) for row in rows]
    if found:
        found[0] = msgspec.structs.replace(found[0], lines=_lines(view, found[0], wanted, places))
    if login in view.hot.logins:
        found.append(view.hot.logins[login])
    return _whole(view, found) if len(found) > 1 else next(iter(found), None)


def _whole(view: View, parts: Sequence[Login]) -> Login:
    """One login of parts of which some came late: put together again from the lines of all."""
    lines = sorted((line for part in parts for line in part.lines), key=lambda line: line.time)
    again = [login for login in view.assembler(lines) if login.id == parts[0].id]
    return again[0] if again else msgspec.structs.replace(parts[0], lines=tuple(lines))


def _lines(view: View, login: Login, wanted: int, places: Sequence[int]) -> tuple[Line, ...]:
    """The lines of a login in the order of its story, from the sets that have lines of its time."""
    sets = [one for one in view.sets() if login.begin - _SKEW <= one.end and one.begin <= login.end + _SKEW]
    lent = [line for day in view.manifest.days.values() for line in day.lent if line.login == wanted]
    places = sorted({*places, *(line.place for line in lent)})
    files = at(places, sets, "lines")
    if not files:
        return ()
    where = Condition()
    where.add(f"place IN ({_numbers(places)})")
    where.add(
        " OR ".join(["login = ?", *['source = ? AND "offset" = ?'] * len(lent)]),
        wanted,
        *(value for line in lent for value in (line.source, line.offset)),
    )
    rows = view.engine.rows(f"SELECT {_LINE}, nth FROM {view.rows_in(files)} WHERE {where.sql}", where.values)
    turn = {(line.source, line.offset): line.nth for line in lent}
    lines = [(line_of(row[:-1]), row[-1]) for row in rows]
    lines.sort(key=lambda found: (turn.get(named(found[0]), found[1]), found[0].time, *named(found[0])))
    return tuple(line for line, _ in lines)
