"""Which sets are in memory: those that are asked for often, as long as they stand in the manifest."""

# ruff: noqa: S608  paths of the store and names of columns stand in the texts
from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING, Final

from ggi_net.authlog.store.crowd import ORDER, SELECT, Crowd

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ggi_net.authlog.store.manifest import FileSet
    from ggi_net.authlog.store.view import Hot, View

MOST: Final = 1_000_000
"""Logins that are kept in memory, of about 300 bytes each."""
OFTEN: Final = 12
"""How often a set is asked for as files first: whoever asks once shall not wait for all of it to be read. One answer of
the helpdesk asks about ten times."""
_HOT: Final = "hot_logins"


class Crowds:
    """The crowds of a store. Threads may share them."""

    def __init__(self) -> None:
        self._view: View | None = None
        self._kept: dict[str, Crowd] = {}
        self._hot: tuple[Hot, Crowd] | None = None
        self._asked: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._reading = threading.Lock()

    @property
    def kept(self) -> int:
        """How many logins are in memory."""
        return sum(map(len, self._kept.values()))

    def of(self, view: View, sets: Sequence[FileSet]) -> list[Crowd] | None:
        """Those of some sets; None when these are too many, or asked for too seldom. Raises what the engine raises."""
        if sum(one.login_count for one in sets) > MOST:
            return None
        return self._found(view, {one.logins[0].path: view.rows_in(one.logins) for one in sets if one.logins})

    def prepare(self, view: View, sets: Sequence[FileSet]) -> None:
        """Read some sets, unless they are too many, before anybody asks for them. Raises what the engine raises."""
        if sum(one.login_count for one in sets) > MOST:
            return
        with self._lock:
            if self._view is not view:
                self._forget(view)
            missing = [one for one in sets if one.logins and one.logins[0].path not in self._kept]
        with self._reading:
            self._keep(view, {one.logins[0].path: _read(view, view.rows_in(one.logins)) for one in missing})

    def hot(self, view: View, hot: Hot) -> Crowd:
        """That of what is hot."""
        known = self._hot
        if known is None or known[0] is not hot:
            with view.engine.given(_HOT, hot.table):
                known = self._hot = hot, _read(view, _HOT)
        return known[1]

    def _found(self, view: View, rows: dict[str, str]) -> list[Crowd] | None:
        with self._lock:
            if self._view is not view:
                self._forget(view)
            found = {name: self._kept.pop(name) for name in rows if name in self._kept}
            self._kept |= found  # what was asked for last stands last
            missing = [name for name in rows if name not in found]
            self._asked.update(missing)
            seldom = any(self._asked[name] <= OFTEN for name in missing)
        if missing:
            if seldom or not self._reading.acquire(blocking=False):
                return None
            try:
                found |= {name: _read(view, rows[name]) for name in missing}
            finally:
                self._reading.release()
            self._keep(view, found)
        return [found[name] for name in rows]

    def _forget(self, view: View) -> None:
        """Let go of what the manifest no longer names: somebody may have been erased from it."""
        self._view = view
        if self._hot is not None and self._hot[0] is not view.last_hot:
            self._hot = None
        named = {one.logins[0].path for one in view.sets() if one.logins}
        self._kept = {path: crowd for path, crowd in self._kept.items() if path in named}
        self._asked = Counter({path: number for path, number in self._asked.items() if path in named})

    def _keep(self, view: View, found: dict[str, Crowd]) -> None:
        with self._lock:
            if self._view is view:
                self._kept |= found
                while self.kept > MOST:
                    del self._kept[next(iter(self._kept))]


def _read(view: View, rows: str) -> Crowd:
    return Crowd(view.engine.table(f"SELECT {SELECT} FROM {rows} ORDER BY {ORDER}"))
