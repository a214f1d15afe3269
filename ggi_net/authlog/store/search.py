"""Asking the store for logins: from a question to SQL, days and hot files together."""

# ruff: noqa: S608  paths of the store, names of columns and numbers stand in the texts; values are bound
from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import msgspec

from ggi_net.authlog.logins.ids import day_of
from ggi_net.authlog.question import Question
from ggi_net.authlog.store.columns import LINES, LOGINS, line_of, login_of, naive, number, place
from ggi_net.authlog.store.engine import parquet
from ggi_net.authlog.store.owners import named
from ggi_net.authlog.store.view import SKEW

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ggi_net.authlog.line import Line
    from ggi_net.authlog.login import Login
    from ggi_net.authlog.store.crowds import Crowds
    from ggi_net.authlog.store.keys import Keys
    from ggi_net.authlog.store.manifest import File, FileSet
    from ggi_net.authlog.store.view import View

Placed = tuple["FileSet", list[int]]
"""A set, and the places in it that an answer can stand at."""

_LOGIN: Final = ", ".join(f'"{name}"' for name in LOGINS.names)
_LINE: Final = ", ".join(f'"{name}"' for name in LINES.names)
_NEWEST: Final = 'ORDER BY "begin" DESC, id'
_MANY: Final = 1000
"""Places of all sets from which on it is quicker to look at all: an identity that many devices use was asked for."""
_SETS: Final = 12
"""How many sets are asked at first for one device or person; then as many as the missing ones need at that rate."""
_PARTS: Final = 16
"""In how many parts a login can be stored."""
_DAY: Final = timedelta(days=1)
_SECOND: Final = timedelta(seconds=1)


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
        found.add(_is_one_of("place", places) if places else "false")
    own = question.scope.gemeenten
    if question.mac:
        found.add(_is_one_of("mac_hash", macs(question, keys)))
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


def _is_one_of(column: str, numbers: Sequence[int]) -> str:
    """That a column has one of some numbers. Said of one with =, which DuckDB checks before it reads other columns."""
    return f"{column} = {numbers[0]}" if len(numbers) == 1 else f"{column} IN ({_numbers(numbers)})"


def _numbers(hashes: Iterable[int]) -> str:
    return ", ".join(map(str, hashes))


def _one_of(column: str, values: Sequence[str]) -> str:
    """That a column has one of so many values, which are to be bound."""
    return f"{column} IN ({', '.join('?' * len(values))})" if values else "false"


def find(view: View, crowds: Crowds, question: Question) -> list[Login]:
    """The answers, newest first. Raises FileGone, FileNotFoundError or StoreDamaged."""
    sets = [one for one in view.sets() if within(one, question)]
    crowd = crowds.of(view, sets)
    if crowd is None:
        rows = _stored(view, question, sets)
    else:
        rows = [row for one in crowd for row in one.newest(question, view.keys)]
    rows += _hot(view, crowds, question)
    rows.sort(key=lambda row: row[0])
    rows.sort(key=lambda row: row[1], reverse=True)
    first = {row[0]: row for row in reversed(rows)}  # parts of one login until its day is closed
    return [login_of(row) for row in list(reversed(first.values()))[: question.limit]]


def _stored(view: View, question: Question, sets: list[FileSet]) -> list[tuple[Any, ...]]:
    """The answers among the sets, the newest sets first until there are enough."""
    placed = places_of(view, question, sets)
    found: list[tuple[Any, ...]] = []
    if placed is None:  # anywhere: a day is a lot to look at
        where, most = condition(question, view.keys), 1
        rest = _newest_first(sets)
        while rest and len(found) < question.limit:
            group, rest = _first(rest, most)
            found += _select(view, where, [file for one in group for file in one.logins], question.limit)
            most *= 2
        return found
    asked, most = 0, _SETS
    places = {id(one): some for one, some in placed}  # to hash a set is to hash all of its files
    rest = _newest_first([one for one, _ in placed])
    while rest and len(found) < question.limit:
        group, rest = _first(rest, most)
        near = sorted({place for one in group for place in places[id(one)]})
        files = [file for one in group for file in at(places[id(one)], one.logins)]
        found += _select(view, condition(question, view.keys, places=near), files, question.limit)
        asked += len(group)
        most = 1 + (question.limit - len(found)) * asked // len(found) if found else 2 * asked
    return found


def at(places: Iterable[int], files: Sequence[File]) -> list[File]:
    """Which of the files of a set, in their order, have the rows at some places."""
    found = {bisect_right(files, place, key=_begin) - 1 for place in places} if files else ()
    return [files[number] for number in sorted(found)]


def _begin(file: File) -> int:
    return file.first


def _select(view: View, where: Condition, files: Sequence[File], limit: int) -> list[tuple[Any, ...]]:
    """The newest rows of some files that meet the condition."""
    if not files:
        return []
    return view.engine.rows(
        f"SELECT {_LOGIN} FROM {view.rows_in(files)} WHERE {where.sql} {_NEWEST} LIMIT {int(limit)}", where.values
    )


def places_of(view: View, question: Question, sets: Sequence[FileSet]) -> list[Placed] | None:
    """Where the logins of a device or a person can stand, in as few sets as have them; None when that is anywhere."""
    if question.mac:
        places = sorted({place(hashed) for hashed in macs(question, view.keys)})
        return [(one, places) for one in view.together(sets)]
    return indexed(view, identities(question, view.keys), view.together(sets)) if question.user else None


def logins_of(view: View, question: Question, sets: Sequence[FileSet]) -> tuple[list[File], list[int] | None]:
    """The files with logins that can be answers, and the places where those can stand; None for anywhere."""
    placed = places_of(view, question, sets)
    if placed is None:
        return [file for one in sets for file in one.logins], None
    files = [file for one, places in placed for file in at(places, one.logins)]
    return files, sorted({place for _, places in placed for place in places})


def indexed(view: View, numbers: Sequence[int], sets: Sequence[FileSet]) -> list[Placed] | None:
    """The places that the indexes of the sets know for logins or identities; None when they are too many."""
    keys = [one & 0xFFFFFFFF for one in numbers]
    paths = [[str(view.folder / file.path) for file in at([key >> 16 for key in keys], one.index)] for one in sets]
    if not any(paths):
        return []
    listed = parquet([path for some in paths for path in some], filename=True)
    rows = view.engine.rows(
        f"SELECT DISTINCT filename, place FROM {listed} WHERE {_is_one_of('key', keys)} LIMIT {_MANY + 1}"
    )
    if len(rows) > _MANY:
        return None
    known: defaultdict[str, list[int]] = defaultdict(list)
    for path, one in rows:
        known[path].append(one)
    placed = [
        (one, sorted({place for path in some for place in known[path]})) for one, some in zip(sets, paths, strict=True)
    ]
    return [(one, places) for one, places in placed if places]


def _hot(view: View, crowds: Crowds, question: Question) -> list[tuple[Any, ...]]:
    """The answers among what is hot."""
    return crowds.hot(view, view.hot_for(question)).newest(question, view.keys) if view.mentions(question) else []


def within(one: FileSet, question: Question) -> bool:
    """Whether a set can have logins of the time that is asked for."""
    return not (question.since and one.end < question.since) and not (question.until and one.begin >= question.until)


def _newest_first(sets: Iterable[FileSet]) -> Sequence[FileSet]:
    return sorted(sets, key=lambda one: one.end, reverse=True)


def _first(sets: Sequence[FileSet], most: int) -> tuple[Sequence[FileSet], Sequence[FileSet]]:
    """The first `most` of some sets, newest first, and the rest; more when the next one is of the same time."""
    oldest = min(one.begin for one in sets[:most])
    while most < len(sets) and sets[most].end >= oldest:
        oldest = min(oldest, sets[most].begin)
        most += 1
    return sets[:most], sets[most:]


def one(view: View, crowds: Crowds, login: str) -> Login | None:
    """The login with that id and its lines, as far as they are still kept; None when there is none.

    Raises FileGone, FileNotFoundError or StoreDamaged.
    """
    day, wanted = day_of(login), number(login)
    if day is None:
        return None
    near = [one for one in view.sets() if day - _DAY <= one.end and one.begin < day + 2 * _DAY]
    crowd = crowds.of(view, near)
    if crowd is None:
        rows, places = _indexed(view, near, login)
    else:
        parts = [part for one in crowd for part in one.login(login)]
        rows, places = [row for _, row in parts], sorted({place for place, _ in parts})
    found = [login_of(row) for row in rows]
    if found:
        found[0] = msgspec.structs.replace(found[0], lines=_lines(view, found[0], wanted, places))
    last = found[0].begin + _SECOND if found else day + _DAY  # an id tells the day, and its parts began in one second
    if view.may_be_hot(last):
        hot = view.hot_for(_whose(view, found, login))
        found += [hot.logins[login]] if login in hot.logins else []
    return _whole(view, found) if len(found) > 1 else next(iter(found), None)


def _whose(view: View, stored: Sequence[Login], login: str) -> Question:
    """The device or the person of a login, as far as it is known where it stands already."""
    last = view.last_hot
    for known in (*stored, *([last.logins[login]] if last and login in last.logins else [])):
        return Question(mac=known.mac, user="" if known.mac else known.inner or known.outer)
    return Question()


def _indexed(view: View, sets: Sequence[FileSet], login: str) -> tuple[list[tuple[Any, ...]], list[int]]:
    """The parts of a login among the sets, and the places where it can stand."""
    placed = indexed(view, [number(login)], sets) or []
    places = sorted({place for _, some in placed for place in some})
    if not places:
        return [], []
    where = Condition()
    where.add(f"{_is_one_of('place', places)} AND id = ?", login)
    return _select(view, where, [file for one, some in placed for file in at(some, one.logins)], _PARTS), places


def _whole(view: View, parts: Sequence[Login]) -> Login:
    """One login of parts of which some came late: put together again from the lines of all."""
    lines = sorted((line for part in parts for line in part.lines), key=lambda line: line.time)
    again = [login for login in view.assembler(lines) if login.id == parts[0].id]
    return again[0] if again else msgspec.structs.replace(parts[0], lines=tuple(lines))


def _lines(view: View, login: Login, wanted: int, places: Sequence[int]) -> tuple[Line, ...]:
    """The lines of a login in the order of its story, from the sets that have lines of its time."""
    sets = [one for one in view.sets() if login.begin - SKEW <= one.end and one.begin <= login.end + SKEW]
    lent = [line for day in view.manifest.days.values() for line in day.lent if line.login == wanted]
    places = sorted({*places, *(line.place for line in lent)})
    files = [file for one in sets for file in at(places, one.lines)]
    if not files:
        return ()
    where = Condition()
    where.add(_is_one_of("place", places))
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
