"""The logins of a set in memory, column by column, oldest first: for the rules over many logins, at each answer.

A set never changes, so what is in memory stays right as long as the manifest names the set. Asked as files, one answer
took five queries of 5 ms; here all of them take less than one.
"""

# ruff: noqa: S608  paths of the store and names of columns stand in the texts
from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pyarrow as pa

from ggi_net.authlog.store.columns import naive
from ggi_net.authlog.store.search import identities, macs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from ggi_net.authlog.question import Question
    from ggi_net.authlog.store.keys import Keys
    from ggi_net.authlog.store.manifest import FileSet
    from ggi_net.authlog.store.view import View

MOST: Final = 1_000_000
"""Logins that are kept in memory, of about 150 bytes each."""

KIND: Final = ("realm", "operator", "visited", "site", "outcome", "cause", "broken")
"""What a group is told apart by where persons are not asked for."""
PERSON: Final = {
    "ap": "ap",
    "device": "CASE WHEN mac != '' THEN mac WHEN mac_hash = 0 THEN '' ELSE printf('%016x', mac_hash) END",
    "user": "CASE WHEN \"inner\" != '' THEN \"inner\" WHEN inner_hash = 0 THEN '' ELSE printf('%016x', inner_hash) END",
}
"""Devices and persons: as long as that is kept as they are, then as hashes, which tell them apart as well."""
_HASHES: Final = ("outer_hash", "inner_hash", "mac_hash")
_COLUMNS: Final = ", ".join(
    ['"begin"', "attempts", "home", *KIND, *_HASHES, *(f'{sql} AS "{name}"' for name, sql in PERSON.items())]
)
Coded = tuple["NDArray[np.int32]", list[str]]
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class Met(NamedTuple):
    """Some logins that are equal in `values` (of KIND, then of PERSON if that was asked for)."""

    values: tuple[str, ...]
    logins: int
    first: datetime
    last: datetime


class Crowd:
    """The logins of one set, or those that are hot."""

    def __init__(self, table: pa.Table) -> None:
        """`table` has the columns of a crowd in the order of `begin`."""
        self._begin: NDArray[np.int64] = table.column("begin").cast(pa.int64()).to_numpy()
        self._attempts: NDArray[np.int32] = table.column("attempts").to_numpy()
        self._hashes = {name: table.column(name).to_numpy() for name in _HASHES}
        self._person = {name: table.column(name).combine_chunks() for name in PERSON}
        coded = {name: _coded(table.column(name)) for name in ("home", *KIND)}
        self._codes = {name: coded[name][0] for name in ("home", "realm", "visited", "site")}
        self._code_of = {name: {value: code for code, value in enumerate(coded[name][1])} for name in self._codes}
        self._kind, self._kinds = _kinds([coded[name] for name in KIND])

    def __len__(self) -> int:
        return len(self._begin)

    def met(self, question: Question, keys: Keys, *, persons: bool) -> Iterator[Met]:
        """Its logins that are an answer (to a question that `answerable` is true of), those that are equal together."""
        part = slice(
            int(np.searchsorted(self._begin, _number(question.since))) if question.since else 0,
            int(np.searchsorted(self._begin, _number(question.until))) if question.until else len(self),
        )
        rows = part.start + np.flatnonzero(self._fitting(question, keys, part))
        return self._persons(rows) if persons else self._many(rows)

    def _fitting(self, question: Question, keys: Keys, part: slice) -> NDArray[np.bool_]:
        fits = np.ones(part.stop - part.start, np.bool_)
        for name in ("realm", "site"):
            if asked := getattr(question, name):
                fits &= self._is(name, asked, part)
        if question.gemeente:
            fits &= self._is("home", question.gemeente, part) | self._is("visited", question.gemeente, part)
        if question.mac:
            fits &= np.isin(self._hashes["mac_hash"][part], np.array(macs(question, keys), np.uint64))
        if question.user:
            names = np.array(identities(question, keys), np.uint64)
            fits &= np.isin(self._hashes["outer_hash"][part], names) | np.isin(self._hashes["inner_hash"][part], names)
        return fits

    def _is(self, column: str, asked: str, part: slice) -> NDArray[np.bool_]:
        code = self._code_of[column].get(asked.lower(), -1)
        found: NDArray[np.bool_] = self._codes[column][part] == code
        return found

    def _persons(self, rows: NDArray[np.int64]) -> Iterator[Met]:
        """Few rows: one after the other."""
        person = [column.take(pa.array(rows)).to_pylist() for column in self._person.values()]
        found: dict[tuple[Any, ...], list[int]] = {}
        for kind, begin, attempts, *whose in zip(
            self._kind[rows].tolist(), self._begin[rows].tolist(), self._attempts[rows].tolist(), *person, strict=True
        ):
            known = found.setdefault((kind, *whose), [0, begin, begin])
            known[0] += attempts
            known[2] = begin
        for (kind, *whose), (logins, first, last) in found.items():
            yield Met((*self._kinds[kind], *whose), logins, _moment(first), _moment(last))

    def _many(self, rows: NDArray[np.int64]) -> Iterator[Met]:
        """Many rows of few kinds."""
        kind, begin = self._kind[rows], self._begin[rows]
        logins = np.bincount(kind, weights=self._attempts[rows], minlength=len(self._kinds))
        first, last = np.zeros(len(self._kinds), np.int64), np.zeros(len(self._kinds), np.int64)
        first[kind[::-1]] = begin[::-1]
        last[kind] = begin
        for one in np.flatnonzero(np.bincount(kind, minlength=len(self._kinds))).tolist():
            yield Met(self._kinds[one], int(logins[one]), _moment(int(first[one])), _moment(int(last[one])))


class Crowds:
    """The crowds of a store. Threads may share them."""

    def __init__(self) -> None:
        self._view: View | None = None
        self._sets: dict[str, Crowd] = {}
        self._hot: tuple[View, Crowd] | None = None
        self._lock = threading.Lock()

    def of(self, view: View, sets: Sequence[FileSet]) -> list[Crowd] | None:
        """Those of some sets; None when they are too many logins to be kept. Raises what the engine raises.

        Nothing stays of a set that the manifest no longer names: somebody may have been erased from it.
        """
        if sum(one.login_count for one in sets) > MOST:
            return None
        with self._lock:
            if self._view is not view:
                named = {one.logins[0].path for one in view.sets() if one.logins}
                self._view, self._sets = view, {path: crowd for path, crowd in self._sets.items() if path in named}
            found = []
            for one in sets:
                if one.logins:
                    path = one.logins[0].path
                    found.append(self._sets.get(path) or _read(view, view.rows_in(one.logins)))
                    self._sets.pop(path, None)  # so that it stands last: those in front go first
                    self._sets[path] = found[-1]
            self._make_room()
            return found

    @property
    def kept(self) -> int:
        """How many logins of sets are in memory."""
        return sum(map(len, self._sets.values()))

    def _make_room(self) -> None:
        """Let go of those that were not asked for longest."""
        while self.kept > MOST:
            del self._sets[next(iter(self._sets))]

    def hot(self, view: View) -> Crowd:
        """That of what is hot."""
        with self._lock:
            if self._hot is None or self._hot[0] is not view:
                with view.engine.given("hot_logins", view.hot.table):
                    self._hot = view, _read(view, "hot_logins")
            return self._hot[1]


def answerable(question: Question) -> bool:
    """Whether a crowd has what is asked for, of whoever asks for everything."""
    plain = question.scope.everybody and question.scope.inner
    return plain and not (question.ap or question.nas or question.cause or question.outcome)


def together(some: Iterable[Met]) -> Iterator[Met]:
    """What several crowds have, each kind once."""
    found: dict[tuple[str, ...], Met] = {}
    for met in some:
        known = found.get(met.values)
        if known:
            met = Met(met.values, met.logins + known.logins, min(met.first, known.first), max(met.last, known.last))
        found[met.values] = met
    yield from found.values()


def _read(view: View, rows: str) -> Crowd:
    return Crowd(view.engine.table(f'SELECT {_COLUMNS} FROM {rows} ORDER BY "begin"'))


def _coded(column: pa.ChunkedArray) -> Coded:
    """A column as numbers of its values, and the values."""
    encoded = column.combine_chunks().dictionary_encode()
    return encoded.indices.to_numpy(), encoded.dictionary.to_pylist()


def _kinds(columns: Sequence[Coded]) -> tuple[NDArray[np.int64], list[tuple[str, ...]]]:
    """Several columns as one of numbers, and the values that each number stands for."""
    kind = np.zeros(len(columns[0][0]), np.int64)
    for codes, values in columns:
        kind = np.unique(kind * len(values) + codes, return_inverse=True)[1].reshape(-1)
    rows = np.unique(kind, return_index=True)[1]
    return kind, list(zip(*([values[code] for code in codes[rows].tolist()] for codes, values in columns), strict=True))


def _number(moment: datetime) -> int:
    """A moment as the columns have it: microseconds since 1970."""
    return (naive(moment).replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND


def _moment(number: int) -> datetime:
    return _EPOCH + timedelta(microseconds=number)
