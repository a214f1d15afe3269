"""The logins of a set in memory, column by column, oldest first: to find some, and to count them in groups.

One answer of the helpdesk asks about ten times: for a person, for one login, and for what many logins around it say. As
queries of files these take 3 to 5 ms of processor each, here a tenth of one.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial, reduce
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ggi_net.authlog.groups import KIND
from ggi_net.authlog.store.columns import HASHES, LOGINS, naive, number
from ggi_net.authlog.store.search import identities, macs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ggi_net.authlog.question import Question
    from ggi_net.authlog.store.keys import Keys

PERSON: Final = {
    "ap": "ap",
    "device": "CASE WHEN mac != '' THEN mac WHEN mac_hash = 0 THEN '' ELSE printf('%016x', mac_hash) END",
    "user": "CASE WHEN \"inner\" != '' THEN \"inner\" WHEN inner_hash = 0 THEN '' ELSE printf('%016x', inner_hash) END",
}
"""Devices and persons: as long as that is kept as they are, then as hashes, which tell them apart as well."""
SELECT: Final = ", ".join(
    [f'"{name}"' for name in (*LOGINS.names, *HASHES.names)]
    + [f'{sql} AS "{name}"' for name, sql in PERSON.items() if name not in LOGINS.names]
)
"""What a crowd is made of, from a table with LOGINS and HASHES."""
ORDER: Final = '"begin", id DESC'

CODED: Final = (*KIND, "home", "ap", "nas")
"""Columns of texts that are compared by numbers."""
Rows = slice | NDArray[np.int64]
"""Rows of a crowd: a stretch of time, or some of it."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class Met(NamedTuple):
    """Some logins that are equal in `values`, of what was asked for."""

    values: tuple[str, ...]
    logins: int
    first: datetime
    last: datetime


class Crowd:
    """The logins of one set, or those that are hot."""

    def __init__(self, table: pa.Table) -> None:
        """`table` has the columns SELECT in the order ORDER."""
        columns = {name: _coded(table.column(name)) for name in table.column_names}
        self._logins = [columns[name] for name in LOGINS.names]
        self._person = {name: table.column(name).combine_chunks() for name in PERSON}
        self._begin: NDArray[np.int64] = table.column("begin").cast(pa.int64()).to_numpy()
        self._attempts: NDArray[np.int32] = table.column("attempts").to_numpy()
        self._numbers = {name: table.column(name).to_numpy() for name in HASHES.names}
        self._codes = {name: columns[name].indices.to_numpy() for name in CODED}
        self._code = {name: _numbered(columns[name].dictionary.to_pylist()) for name in CODED}
        self._lower_nas = pc.utf8_lower(columns["nas"].dictionary)
        self._kind, self._kinds = _kinds([(self._codes[name], list(self._code[name])) for name in KIND])
        self._coarser: dict[tuple[str, ...], tuple[NDArray[np.int64], list[tuple[str, ...]]]] = {}

    def __len__(self) -> int:
        return len(self._begin)

    def newest(self, question: Question, keys: Keys) -> list[tuple[Any, ...]]:
        """The values of LOGINS of the answers, newest first, at most as many as the question's limit."""
        return self._taken(self._answers(question, keys)[::-1][: question.limit])

    def login(self, login_id: str) -> list[tuple[int, tuple[Any, ...]]]:
        """The place and the values of LOGINS of each part of a login."""
        rows = np.flatnonzero(self._numbers["number"] == np.uint64(number(login_id)))
        found = zip(self._numbers["place"][rows].tolist(), self._taken(rows), strict=True)
        return [(place, values) for place, values in found if values[0] == login_id]

    def met(self, question: Question, keys: Keys, by: Sequence[str]) -> Iterator[Met]:
        """Its logins that are an answer, those that are equal in `by` (as `groups.Counts` says) together."""
        rows = self._answers(question, keys)
        person = [self._person[name] for name in by if name in PERSON]
        coarser, kinds = self._by(tuple(name for name in by if name in KIND))
        kind = coarser[self._kind[rows]]
        return self._persons(rows, kind, kinds, person) if person else self._many(rows, kind, kinds)

    def _by(self, columns: tuple[str, ...]) -> tuple[NDArray[np.int64], list[tuple[str, ...]]]:
        """The number of each kind when only some columns tell them apart, and the values of these numbers."""
        if columns not in self._coarser:
            at = [KIND.index(name) for name in columns]
            numbers: dict[tuple[str, ...], int] = {}
            coarser = [numbers.setdefault(tuple(kind[one] for one in at), len(numbers)) for kind in self._kinds]
            self._coarser[columns] = np.array(coarser, np.int64), list(numbers)
        return self._coarser[columns]

    def _taken(self, rows: NDArray[np.int64]) -> list[tuple[Any, ...]]:
        """The values of LOGINS of some rows."""
        if not len(rows):
            return []
        index = pa.array(rows)
        # Of texts that repeat, the codes are taken first and then their texts.
        taken = (
            column.dictionary.take(column.indices.take(index)) if _is_coded(column) else column.take(index)
            for column in self._logins
        )  # fmt: skip
        return list(zip(*(values.to_pylist() for values in taken), strict=True))

    def _answers(self, question: Question, keys: Keys) -> NDArray[np.int64]:
        """The rows that are answers, as `search.condition` says it in SQL, oldest first."""
        begin = int(np.searchsorted(self._begin, _microseconds(question.since))) if question.since else 0
        end = int(np.searchsorted(self._begin, _microseconds(question.until))) if question.until else len(self)
        rows: Rows = slice(begin, max(begin, end))
        for fits in self._conditions(question, keys):
            kept = np.flatnonzero(fits(rows))
            rows = kept + rows.start if isinstance(rows, slice) else rows[kept]
        return np.arange(rows.start, rows.stop) if isinstance(rows, slice) else rows

    def _conditions(self, question: Question, keys: Keys) -> Iterator[Callable[[Rows], NDArray[np.bool_]]]:
        """What has to hold for a row; first what holds for few, so that the others are asked about those only."""
        own = question.scope.gemeenten
        if question.mac:
            yield partial(self._has, "mac_hash", macs(question, keys))
        if question.user:
            names = identities(question, keys)
            shown = None if question.scope.inner else own
            yield lambda rows: self._has("outer_hash", names, rows) | self._inner(names, shown, rows)
        for name in ("site", "ap", "realm", "cause"):
            if asked := getattr(question, name):
                yield partial(self._is, name, (asked.lower(),))
        if question.nas:
            yield partial(self._on, question.nas.lower())
        if question.gemeente:
            yield partial(self._between, (question.gemeente.lower(),))
        if not question.scope.everybody:
            yield partial(self._between, own)
        if question.outcome:
            yield partial(self._is, "outcome", (question.outcome.value,))

    def _has(self, column: str, asked: Sequence[int], rows: Rows) -> NDArray[np.bool_]:
        """Whether each row has one of some hashes."""
        hashes = self._numbers[column][rows]
        return _any(hashes, (hashes == np.uint64(one) for one in asked))

    def _inner(self, names: Sequence[int], shown: Sequence[str] | None, rows: Rows) -> NDArray[np.bool_]:
        """Whether each row has one of some inner identities and that may be told; `shown` None: of everybody."""
        found = self._has("inner_hash", names, rows)
        return found if shown is None else found & self._is("home", shown, rows)

    def _between(self, gemeenten: Sequence[str], rows: Rows) -> NDArray[np.bool_]:
        """Whether each row is of a user of one of some gemeenten, or of a visitor there."""
        return self._is("home", gemeenten, rows) | self._is("visited", gemeenten, rows)

    def _on(self, lower_nas: str, rows: Rows) -> NDArray[np.bool_]:
        """Whether each row came from access points that call themselves so, in any case."""
        codes = self._codes["nas"][rows]
        return _any(codes, (codes == code for code in _where(self._lower_nas, lower_nas)))

    def _is(self, column: str, asked: Sequence[str], rows: Rows) -> NDArray[np.bool_]:
        """Whether each row has one of some values."""
        codes, code = self._codes[column][rows], self._code[column]
        return _any(codes, (codes == code[value] for value in asked if value in code))

    def _persons(
        self,
        rows: NDArray[np.int64],
        kind: NDArray[np.int64],
        kinds: Sequence[tuple[str, ...]],
        person: Sequence[pa.Array],
    ) -> Iterator[Met]:
        """Few rows: one after the other."""
        whose = [column.take(pa.array(rows)).to_pylist() for column in person]
        begin, attempts = self._begin[rows].tolist(), self._attempts[rows].tolist()
        found: dict[tuple[Any, ...], list[int]] = {}
        for values, time, number_of in zip(zip(kind.tolist(), *whose, strict=True), begin, attempts, strict=True):
            known = found.setdefault(values, [0, time, time])
            known[0] += number_of
            known[2] = time
        firsts, lasts = (_moments(np.array([known[at] for known in found.values()], np.int64)) for at in (1, 2))
        for ((one, *who), (logins, *_)), first, last in zip(found.items(), firsts, lasts, strict=True):
            yield Met((*kinds[one], *who), logins, first, last)

    def _many(
        self, rows: NDArray[np.int64], kind: NDArray[np.int64], kinds: Sequence[tuple[str, ...]]
    ) -> Iterator[Met]:
        """Many rows of few kinds."""
        begin = self._begin[rows]
        logins = np.bincount(kind, weights=self._attempts[rows], minlength=len(kinds))
        first, last = np.zeros(len(kinds), np.int64), np.zeros(len(kinds), np.int64)
        first[kind[::-1]] = begin[::-1]
        last[kind] = begin
        some = np.flatnonzero(np.bincount(kind, minlength=len(kinds)))
        numbers = logins[some].astype(np.int64).tolist()
        for one, *met in zip(some.tolist(), numbers, _moments(first[some]), _moments(last[some]), strict=True):
            yield Met(kinds[one], *met)


def _coded(column: pa.ChunkedArray) -> pa.Array:
    """A column in one piece; texts that repeat as numbers of their values."""
    whole = column.combine_chunks()
    return whole.dictionary_encode() if pa.types.is_string(whole.type) else whole


def _is_coded(column: pa.Array) -> bool:
    found: bool = pa.types.is_dictionary(column.type)
    return found


def _numbered(values: Iterable[str]) -> dict[str, int]:
    """The codes of the values of a column."""
    return {value: code for code, value in enumerate(values)}


def _any(like: NDArray[Any], found: Iterable[NDArray[np.bool_]]) -> NDArray[np.bool_]:
    """Where one of several holds."""
    return reduce(np.logical_or, found, np.zeros(len(like), np.bool_))


def _where(values: pa.Array, wanted: str) -> list[int]:
    """At which places a value stands."""
    found: list[int] = np.flatnonzero(pc.equal(values, wanted).to_numpy(zero_copy_only=False)).tolist()
    return found


def _kinds(
    columns: Sequence[tuple[NDArray[np.int32], list[str]]],
) -> tuple[NDArray[np.int64], list[tuple[str, ...]]]:
    """Several columns as one of numbers, and the values that each number stands for."""
    kind = np.zeros(len(columns[0][0]), np.int64)
    for codes, values in columns:
        kind = np.unique(kind * len(values) + codes, return_inverse=True)[1].reshape(-1)
    rows = np.unique(kind, return_index=True)[1]
    return kind, list(zip(*([values[code] for code in codes[rows].tolist()] for codes, values in columns), strict=True))


def _microseconds(moment: datetime) -> int:
    """A moment as the columns have it: microseconds since 1970."""
    return (naive(moment).replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND


def _moments(numbers: NDArray[np.int64]) -> list[datetime]:
    """The moments of a column, in UTC."""
    return [_EPOCH + timedelta(0, 0, number) for number in numbers.tolist()]
