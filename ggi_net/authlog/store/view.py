"""A look at a store: its manifest and hot files as they were at one moment, and what is hot, put together."""

from __future__ import annotations

import time
from datetime import UTC, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from ggi_net.authlog.store import hot, manifest
from ggi_net.authlog.store.columns import LINES, lines_of, logins_table
from ggi_net.authlog.store.engine import FileGone, parquet
from ggi_net.authlog.store.erased import Erased
from ggi_net.authlog.store.fresh import fresh
from ggi_net.errors import Place, StoreDamaged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

    from ggi_net.authlog.login import Login
    from ggi_net.authlog.question import Question
    from ggi_net.authlog.store.engine import Engine
    from ggi_net.authlog.store.keys import Keys
    from ggi_net.authlog.store.manifest import File, FileSet, Manifest
    from ggi_net.authlog.store.owners import Assembler

T = TypeVar("T")

SKEW: Final = timedelta(hours=1)
"""How far the clock of a line may be off that of its login."""
LATELY: Final = 30.0
"""Seconds: how old what many hot logins say may be. To put thousands of lines together takes half a second, and more of
them come every second."""
_TRIES: Final = 8
"""How often a reader begins again because files were replaced under its hands."""


class Hot(NamedTuple):
    """What is hot, put together: `table` (LOGINS and HASHES) for queries, and the logins with their lines by id; of
    which `files`, and when (`time.monotonic`)."""

    table: pa.Table
    logins: dict[str, Login]
    files: frozenset[Path]
    at: float


class View:
    """The store at one moment."""

    def __init__(
        self, engine: Engine, folder: Path, keys: Keys, assembler: Assembler, before: View | None = None
    ) -> None:
        """Look at it; hot files that the look `before` has read are not read again. The order matters: what leaves the
        hot files stands in a manifest already."""
        self.engine = engine
        self.folder = folder
        self.keys = keys
        self.assembler = assembler
        files = hot.listed(folder / "hot")
        self.manifest: Manifest = manifest.read(folder)
        self.hot_files = hot.live(files, self.manifest)
        self.erased = Erased.read(folder)
        self.tables: dict[Path, pa.Table] = {}
        if before is not None and before.erased == self.erased:
            self.tables = {file.path: before.tables[file.path] for file in self.hot_files if file.path in before.tables}
        same = before is not None and (before.manifest.generation, before.erased) == (
            self.manifest.generation,
            self.erased,
        )
        self._before: Hot | None = before.last_hot if before is not None and same else None

    @property
    def same_as(self) -> tuple[object, ...]:
        """What two looks at the same have in common."""
        return self.manifest.generation, tuple(file.path.name for file in self.hot_files), self.erased

    def sets(self) -> list[FileSet]:
        """All sets, the newest day first."""
        return [one for name in sorted(self.manifest.days, reverse=True) for one in self.manifest.days[name].sets]

    def together(self, sets: Iterable[FileSet]) -> list[FileSet]:
        """Fewer sets with the same logins: the week that has those of several days, in their place."""
        days = {one.logins[0].path: one for one in sets if one.logins}
        found = []
        for week in self.manifest.weeks:
            asked = days.keys() & set(week.of)
            if len(asked) > 1:
                found.append(week.together)
                for path in asked:
                    del days[path]
        return [*days.values(), *found]

    @cached_property
    def arrived(self) -> pa.Table:
        """The lines of hot files, without those of who was erased."""
        for file in self.hot_files:
            if file.path not in self.tables:
                self.tables[file.path] = hot.read([file.path])
        tables = [self.tables[file.path] for file in self.hot_files]
        return self.erased.without(pa.concat_tables([LINES.empty_table(), *tables]).combine_chunks(), self.keys)

    @cached_property
    def carried(self) -> pa.Table:
        """The lines of logins that may go on, which were hot before."""
        read = hot.read([self.folder / file.path for file in self.manifest.carried])
        return self.erased.without(read, self.keys)

    def fresh(self) -> tuple[pa.Table, pa.Table]:
        """What of `arrived` is new, and the copies among the others."""
        return fresh(self.engine, self.arrived, self.carried, meeting(self.sets(), self.arrived), str(self.folder))

    def rows_in(self, files: Iterable[File]) -> str:
        """The rows of some files, as a table in a FROM."""
        return parquet([str(self.folder / file.path) for file in files])

    def mentions(self, question: Question) -> bool:
        """Whether hot lines can have an answer; if none tells of who is asked for, nothing is put together."""
        if question.until and not self.may_be_hot(question.until):
            return False
        if question.mac:
            return question.mac.lower() in self.hot_macs
        if question.user:
            return not _names(question.user).isdisjoint(self.hot_identities)
        return bool(self.arrived.num_rows or self.carried.num_rows)

    def may_be_hot(self, moment: datetime) -> bool:
        """Whether a login that began at that moment or before can have hot lines."""
        return self.hot_begin is not None and self.hot_begin <= moment + SKEW

    @cached_property
    def hot_begin(self) -> datetime | None:
        """When the first hot line was written; None when none is hot."""
        first = [pc.min(table.column("time")).as_py() for table in (self.arrived, self.carried) if table.num_rows]
        return min(first).replace(tzinfo=UTC) if first else None

    @cached_property
    def hot_macs(self) -> frozenset[str]:
        """Every MAC address that a hot line has."""
        return _macs((self.arrived, self.carried))

    @cached_property
    def hot_identities(self) -> frozenset[str]:
        """Every identity that a hot line has, as `_identities` says it."""
        return _identities((self.arrived, self.carried))

    @cached_property
    def hot(self) -> Hot:
        """What is hot, put together."""
        files, now = frozenset(file.path for file in self.hot_files), time.monotonic()
        lines = pa.concat_tables([self.carried, self.fresh()[0]]).sort_by([("time", "ascending")])
        logins = self.assembler(lines_of(lines))
        return Hot(logins_table(logins, self.keys), {login.id: login for login in logins}, files, now)

    @property
    def last_hot(self) -> Hot | None:
        """What is hot as it was put together last, maybe for the look before this one."""
        found: Hot | None = self.__dict__.get("hot", self._before)
        return found

    def hot_for(self, question: Question) -> Hot:
        """What is hot, for a question about one device or person: what was put together last, unless lines that came
        since tell of them. For any other question all of it."""
        last = self.last_hot
        if last is None or not (question.mac or question.user) or not self._lately(last):
            return self.hot
        new = [self.tables[file.path] for file in self.hot_files if file.path not in last.files]
        others = (
            question.mac.lower() not in _macs(new)
            if question.mac
            else _names(question.user).isdisjoint(_identities(new))
        )
        return last if others else self.hot

    def hot_lately(self) -> Hot:
        """What is hot now or was half a minute ago: enough for what many logins say together."""
        last = self.last_hot
        return last if last is not None and self._lately(last) else self.hot

    def _lately(self, hot: Hot) -> bool:
        return time.monotonic() - hot.at < LATELY


def _macs(tables: Iterable[pa.Table]) -> frozenset[str]:
    return frozenset(text for table in tables for text in pc.unique(table.column("mac")).to_pylist())


def _identities(tables: Sequence[pa.Table]) -> frozenset[str]:
    """The identities without regard to case, and of an account of a Windows domain also what follows the domain."""
    columns = [table.column(name) for table in tables for name in ("outer", "inner")]
    found = {text.casefold() for column in columns for text in pc.unique(column).to_pylist()}
    return frozenset(found | {text[text.index("\\") :] for text in found if "\\" in text})


def _names(user: str) -> set[str]:
    """What of `_identities` can be a person: lines may have an account where logins have its identity (`Places`)."""
    return {user.casefold(), f"\\{user.casefold().partition('@')[0]}"}


def meeting(sets: Iterable[FileSet], lines: pa.Table) -> list[FileSet]:
    """The sets whose times meet those of `lines`."""
    if not lines.num_rows:
        return []
    times = pc.min_max(lines.column("time"))
    first, last = times["min"].as_py(), times["max"].as_py()
    return [one for one in sets if one.begin.replace(tzinfo=None) <= last and first <= one.end.replace(tzinfo=None)]


def looking(look: Callable[[], View], ask: Callable[[View], T]) -> T:
    """Ask a look at the store, again when files were replaced meanwhile; raise StoreDamaged for one that is gone."""
    for again in range(_TRIES):
        view = look()
        try:
            return ask(view)
        except (FileGone, FileNotFoundError) as error:
            path = error.path if isinstance(error, FileGone) else error.filename
            if look().same_as == view.same_as or again == _TRIES - 1:
                raise StoreDamaged("the file is gone", place=Place(str(path))) from None
            time.sleep(0.01 * again)
    raise AssertionError
