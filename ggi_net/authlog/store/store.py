"""The store of lines and logins: one folder, shared by those who write and those who ask, on one machine or several.

    store/
      store.json       the layout's version, what tells the keys, how long things are kept
      manifest.json    which files count (`manifest.py`)
      hot/             what ingest workers committed (`hot.py`)
      carried/         lines of logins that may go on
      days/DATE/       sets of Parquet files for each day in UTC (`sets.py`)
      weeks/MONDAY/    the logins of closed days a second time, together (`weeks.py`)
      erased.json      who was erased, as keyed hashes (`erased.py`)

Any number may add and ask at once; one at a time rearranges (`lock.py`). Whoever asks sees the store as it was at one
moment, whatever is written meanwhile.
"""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple, Self

import msgspec

from ggi_net.authlog.store import close as closing
from ggi_net.authlog.store import compact, counts, groups, hot, manifest, search
from ggi_net.authlog.store.change import empty_trash, spill_folder, sweep
from ggi_net.authlog.store.crowds import Crowds
from ggi_net.authlog.store.engine import Engine
from ggi_net.authlog.store.erase import Eraser, subject
from ggi_net.authlog.store.identity import Identity
from ggi_net.authlog.store.lock import only_one
from ggi_net.authlog.store.retention import forget
from ggi_net.authlog.store.sets import Writer, prepare
from ggi_net.authlog.store.view import View, looking
from ggi_net.authlog.store.weeks import gather

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pyarrow as pa

    from ggi_net.authlog.groups import Group
    from ggi_net.authlog.helpdesk import Count
    from ggi_net.authlog.line import Line
    from ggi_net.authlog.login import Login
    from ggi_net.authlog.question import Question
    from ggi_net.authlog.store.compact import Taken
    from ggi_net.authlog.store.erase import Proof
    from ggi_net.authlog.store.identity import Retention
    from ggi_net.authlog.store.keys import Keys
    from ggi_net.authlog.store.owners import Assembler
    from ggi_net.authlog.store.retention import Forgotten

SETTLED: Final = timedelta(seconds=30)
"""How old a hot file is before a compaction takes it: one that is being listed elsewhere shall not go at once."""
_TICK: Final = 2.5
"""Seconds, more than file servers take to give a folder another time (some count whole seconds, or two): what came
within one tick has the same one."""


class _Seen(NamedTuple):
    """What was seen last. `state` is that of the files, since `since`; `settled` when the `names` of what is hot were
    read so long after that it would have another state if there were more. To read them takes a millisecond."""

    state: tuple[Sequence[int], ...]
    since: float
    settled: bool
    names: frozenset[str]
    view: View


def _no_logins(_: Sequence[Line]) -> Sequence[Login]:
    """The assembler of who neither asks nor compacts."""
    return ()


class Store:
    """An open store. Threads may share it."""

    def __init__(self, folder: Path, keys: Keys, assembler: Assembler, *, memory: str, threads: int) -> None:
        self._folder = folder
        self._keys = keys
        self._assembler = assembler
        self._engine = Engine(spill_folder(folder), memory=memory, threads=threads)
        prepare(self._engine)
        self._writer = Writer(self._engine, folder, keys.current)
        self._seen: _Seen | None = None
        self._crowds = Crowds()

    @classmethod
    def open(
        cls,
        folder: Path,
        keys: Keys,
        assembler: Assembler = _no_logins,
        *,
        create: bool = False,
        memory: str = "1GiB",
        threads: int | None = None,
    ) -> Self:
        """Open the store in `folder`; with `create` make one if there is none.

        `assembler` makes logins of lines, for those who ask and those who compact; who only adds needs none. `memory`
        and `threads` are what DuckDB may use. Raises StoreMissing, StoreNewer, StoreDamaged, StoreKeyMissing,
        StoreKeyWrong, or FileError.
        """
        if create and not manifest.path_of(folder).exists():
            for name in ("hot", "carried", "days", "spill"):
                (folder / name).mkdir(parents=True, exist_ok=True)
            folder.chmod(0o750)
            with only_one(folder, "making a store"):
                if not manifest.path_of(folder).exists():
                    Identity.new(keys).write(folder)
                    manifest.write(folder, manifest.Manifest(version=manifest.VERSION))
        there = manifest.read(folder)
        Identity.read(folder).admit(folder, keys, {one.key for day in there.days.values() for one in day.sets})
        return cls(folder, keys, assembler, memory=memory, threads=threads or min(4, os.cpu_count() or 1))

    def close(self) -> None:
        """Let go of memory and files."""
        self._engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- who writes ------------------------------------------------------------------------------------

    def add(self, table: pa.Table, source: str, begin: int, end: int) -> None:
        """Commit the lines of bytes `begin` to `end` of `source`, a table with the columns of `line.py`.

        When it returns, they are on the disk and can be found. Added again, the same bytes change nothing. Raises
        DiskFull or FileError; then nothing of them is stored.
        """
        hot.commit(self._folder / "hot", table, source, begin, end)

    def position(self, source: str) -> int:
        """Up to which byte `source` is stored without a gap; 0 for a log that was never read."""
        return hot.position(source, *self._listed())

    def seen(self, source: str) -> bool:
        """Whether anything of `source` is stored."""
        return bool(hot.ranges_of(hot.digest(source), *self._listed()))

    def _listed(self) -> tuple[list[hot.HotFile], manifest.Manifest]:
        """Hot files first: what leaves them stands in a manifest already."""
        return hot.listed(self._folder / "hot"), manifest.read(self._folder)

    # -- who asks --------------------------------------------------------------------------------------

    def logins(self, question: Question) -> list[Login]:
        """The logins that meet the question, newest first, without their lines; hot ones included.

        Raises StoreDamaged when a file that would have to be read can't be: what is left is no answer.
        """
        return looking(self._view, lambda view: search.find(view, self._crowds, question))

    def login(self, login_id: str) -> Login | None:
        """The login with that id, with its lines as long as they are kept; None when there is none."""
        return looking(self._view, lambda view: search.one(view, self._crowds, login_id))

    def counts(self, question: Question, by: Sequence[str]) -> list[Count]:
        """The logins of a question counted by some of `helpdesk.Group`, without its limit; largest first."""
        return looking(self._view, lambda view: counts.counts(view, question, by))

    def groups(self, question: Question, by: Sequence[str]) -> list[Group]:
        """The logins of a question in groups that are equal in `by`, for the rules over many (`groups.Counts`)."""
        return looking(self._view, lambda view: groups.groups(view, self._crowds, question, by))

    def prepare(self, since: datetime) -> None:
        """Have in memory what questions about the time from `since` on look at, so that nobody has to wait for it."""
        looking(self._view, lambda view: self._prepare(view, since))

    def _prepare(self, view: View, since: datetime) -> None:
        self._crowds.prepare(view, [one for one in view.sets() if one.end >= since])
        if view.hot_begin is not None:
            self._crowds.hot(view, view.hot)

    def _view(self) -> View:
        """The store as it is now: the same object while nothing changes, so that what is hot is put together once."""
        now = time.monotonic()
        state = tuple(_state(self._folder / name) for name in ("hot", "manifest.json", "erased.json"))
        seen = self._seen
        same = seen is not None and seen.state == state
        if seen and same and seen.settled:
            return seen.view
        names = frozenset(entry.name for entry in os.scandir(self._folder / "hot") if entry.name[0] != ".")
        if seen and names == seen.names and state[1:] == seen.state[1:]:
            since = seen.since if same else now
            self._seen = _Seen(state, since, now - since > _TICK, names, seen.view)
        else:
            view = View(self._engine, self._folder, self._keys, self._assembler, seen.view if seen else None)
            self._seen = _Seen(state, now, False, names, view)
        return self._seen.view

    def _look(self) -> View:
        return View(self._engine, self._folder, self._keys, self._assembler)

    # -- who rearranges --------------------------------------------------------------------------------

    def compact(self, now: datetime | None = None, *, finish: bool = False) -> Taken:
        """Bring hot files into their days, make few sets of many, close days and gather weeks that are over,
        and empty the trash.

        `finish` takes the newest lines as well and waits for none that may still come: for logs that are complete.
        Raises StoreLocked, DiskFull or StoreDamaged; whatever was not done is done by the next one.
        """
        now = now or datetime.now(UTC)
        before = None if finish else now - SETTLED
        total = compact.Taken(0, 0, 0)
        with only_one(self._folder, "compacting"):
            sweep(self._folder, manifest.read(self._folder))
            while True:
                view = self._look()
                view.hot_files = compact.batch(view.hot_files, before)
                if not view.hot_files and not (view.manifest.carried and not total.lines):
                    break
                _, taken = compact.take(view, self._writer, self._assembler, now, finish=finish)
                total = compact.Taken(*(one + more for one, more in zip(total, taken, strict=True)))
                if not view.hot_files:
                    break
            compact.merge(self._engine, self._folder, self._writer, manifest.read(self._folder), now)
            for name in closing.due(manifest.read(self._folder), now):
                closing.close(self._look(), self._writer, self._assembler, name, now)
            gather(self._look(), self.retention, now)
            empty_trash(self._folder, manifest.read(self._folder), now)
        return total

    def expire(self, now: datetime | None = None) -> Forgotten:
        """Remove what is older than the store's retention allows, also from the disk; days change one by one.

        Raises StoreLocked, DiskFull or StoreDamaged; the next one goes on.
        """
        now = now or datetime.now(UTC)
        with only_one(self._folder, "expiring"):
            old = manifest.read(self._folder)
            left, done = forget(self._engine, self._folder, self._writer, self.retention, old, now)
            empty_trash(self._folder, left, now, at_once=[one.path for one in left.trash])
        return done

    def erase(self, *, identity: str = "", mac: str = "", reason: str, now: datetime | None = None) -> Proof:
        """Remove everything of one person or device from every file, and keep it from coming back with old logs.

        An identity is erased where it is written; the visits of its device under an anonymous name need an erasure of
        the device's MAC address. Give a `reason` that names nobody, such as the number of the request. Raises
        ErasureRefused for what is not one person's, StoreLocked, DiskFull, StoreDamaged; the same one again goes on.
        """
        kind, text = subject(identity=identity, mac=mac)
        with only_one(self._folder, "erasing"):
            sweep(self._folder, manifest.read(self._folder))
            eraser = Eraser(self._folder, self._writer, self._keys, kind, text)
            return eraser.run(self._look(), reason, now or datetime.now(UTC))

    @property
    def retention(self) -> Retention:
        """How long things are kept."""
        return Identity.read(self._folder).retention

    @retention.setter
    def retention(self, retention: Retention) -> None:
        msgspec.structs.replace(Identity.read(self._folder), retention=retention).write(self._folder)


def _state(path: Path) -> Sequence[int]:
    """What changes when a file is replaced."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return ()
    return found.st_ino, found.st_mtime_ns, found.st_size
