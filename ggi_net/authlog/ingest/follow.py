"""Follows logs that grow, are rotated, truncated, replaced and removed.

Looking costs one system call for each open log, five times a second; a commit costs the disk some flushes, so logs are
committed at most every second, and less often when there are many.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from ggi_net.authlog.ingest.logfile import SETTLED, Inode, LogFile
from ggi_net.authlog.ingest.reading import BLOCK, Tally, store_span
from ggi_net.authlog.ingest.spool import finished
from ggi_net.authlog.ingest.tasks import Input, left_behind, run, tasks_of
from ggi_net.errors import FileError, LogError, LogUnreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from ggi_net.authlog.ingest.claims import Claim
    from ggi_net.authlog.ingest.reading import Store
    from ggi_net.authlog.ingest.sources import Known, Sources

LOOK = 0.2
RESCAN = 1.0
PER_LOG = 0.02
"""Seconds between two commits, for each log that grows: at most fifty commits a second."""

NOTE = 60.0
"""Seconds after which the last bytes of a log are noted, by which it is known again."""

AWAY = 60.0
"""How long a log is read on after its file was renamed or removed and nobody writes to it any more."""

MARK = 64


class Signature(NamedTuple):
    """What changes when a file does."""

    inode: Inode
    size: int
    written: int


class Followed:
    """One log that is open and claimed."""

    def __init__(self, file: LogFile, known: Known, one: Input, claim: Claim, position: int) -> None:
        self.file = file
        self.known = known
        self.input = one
        self.claim = claim
        self.position = position
        self.mark = b""
        self.committed = self.noted = self.grown = time.monotonic()
        self.stuck = 0
        self.remember()

    def remember(self) -> None:
        """Keep the bytes before the position: they tell whether it is still the same content."""
        start = max(0, self.position - MARK)
        self.mark = self.file.at(start, self.position - start)

    @property
    def replaced(self) -> bool:
        """Whether the file was truncated, or truncated and written anew."""
        start = max(0, self.position - MARK)
        return self.file.at(start, self.position - start) != self.mark

    def overdue(self, clock: float) -> bool:
        """Whether a last line without its end waits for longer than anybody takes to write one."""
        return bool(self.stuck) and clock - self.grown > SETTLED

    @property
    def size(self) -> int:
        """How long the log is now."""
        return self.file.bytes_on_disk

    def close(self) -> None:
        """Let go of file and claim."""
        self.file.close()
        self.claim.release()


class Follower:
    """Follows all logs of some inputs. `say` gets what people should know; `total` counts what was stored."""

    def __init__(
        self,
        inputs: Callable[[], Iterable[Input]],
        sources: Sources,
        store: Store,
        say: Callable[[str], None],
        spool: Path | None = None,
    ) -> None:
        self.total = Tally()
        self._inputs = inputs
        self._sources = sources
        self._store = store
        self._say = say
        self._spool = spool
        self._followed: dict[Inode, Followed] = {}
        self._seen: dict[Path, Signature] = {}
        self._said: dict[Path, str] = {}
        self._scanned = float("-inf")

    def run(self, stop: Callable[[], bool], idle: Callable[[], None] = lambda: None) -> None:
        """Follow until `stop`; then store what is there and let go. `idle` is called after each look."""
        try:
            while not stop():
                self.look()
                idle()
                time.sleep(LOOK)
            self.look(now=True)
        finally:
            self.close()

    def close(self) -> None:
        """Note how far each log was read, and let go of all."""
        for log in self._followed.values():
            self._note(log)
            log.close()
        self._followed.clear()

    @property
    def count(self) -> int:
        """How many logs are open."""
        return len(self._followed)

    def look(self, *, now: bool = False) -> None:
        """Look once: store what has grown, if it is time or `now`; from time to time look for new files."""
        clock = time.monotonic()
        growing = [log for log in self._followed.values() if log.size != log.position + log.stuck or log.overdue(clock)]
        wait = max(1.0, PER_LOG * len(growing))
        for log in growing:
            log.grown = clock
            if now or clock - log.committed >= wait or log.size - log.position >= BLOCK:
                self._advance(log)
        if now or clock - self._scanned >= RESCAN:
            self._scan()
            self._scanned = time.monotonic()

    def _advance(self, log: Followed) -> None:
        """Store what a log has more; begin it anew when its content was replaced."""
        try:
            if log.size < log.position or log.replaced:
                self._replaced(log)
                return
            span = log.known.spans[-1]
            tally = store_span(log.file, span, log.input.about, self._store, begin=log.position)
        except LogUnreadable as error:
            self._trouble(log.file.path, error.message)
            self._drop(log)
            return
        log.position += tally.bytes
        log.stuck = tally.left
        log.committed = time.monotonic()
        log.remember()
        self.total.add(tally)
        if log.committed - log.noted >= NOTE and tally.bytes:
            self._note(log)

    def _replaced(self, log: Followed) -> None:
        """What was not read yet may stand in a copy that rotation made before it truncated the file."""
        self._drop(log)
        self._seen.pop(log.file.path, None)
        self._behind(log.input)
        self._scanned = float("-inf")

    def _behind(self, one: Input) -> None:
        """Store what rotated files of a log hold which was not read."""
        for path in left_behind(one.path, self._sources, self._store):
            self._whole(one._replace(path=path))

    def _whole(self, one: Input) -> None:
        """Store a file that nobody writes to."""
        try:
            for task in tasks_of(one, self._sources, self._store):
                done = run(task, self._sources, self._store)
                self.total.add(done.tally)
                if done.trouble:
                    self._trouble(one.path, done.trouble)
        except (LogError, FileError) as error:
            self._trouble(one.path, error.message)

    def _scan(self) -> None:
        """Look at every file that the inputs name now."""
        present, paths = set(), set()
        for one in self._inputs():
            paths.add(one.path)
            signature = _signature(one.path)
            if signature is None:
                self._look_at(one)
                continue
            present.add(signature.inode)
            log = self._followed.get(signature.inode)
            if log is not None:
                log.file.path = one.path
                log.input = one
                continue
            before = self._seen.get(one.path)
            if before != signature:
                if before is not None and before.inode != signature.inode:
                    self._behind(one)
                if self._look_at(one):
                    self._seen[one.path] = signature
        for path in self._seen.keys() - paths:
            del self._seen[path]
        clock = time.monotonic()
        for inode, log in list(self._followed.items()):
            if inode not in present and clock - log.grown > AWAY:
                self._drop(log)
            elif self._spool and log.position == log.size and self._spool in log.file.path.parents:
                self._tidy(log)

    def _look_at(self, one: Input) -> bool:
        """Open a file that was not open; whether there is no need to look again until it changes."""
        try:
            file = LogFile(one.path)
        except LogUnreadable as error:
            self._trouble(one.path, error.message)
            return False
        self._said.pop(one.path, None)
        if file.compression:
            file.close()
            self._whole(one)
            return True
        try:
            return self._take_up(file, one)
        except (LogError, FileError) as error:
            file.close()
            self._trouble(one.path, error.message)
            return False

    def _take_up(self, file: LogFile, one: Input) -> bool:
        known = self._sources.recognise(file, self._store)
        if known is None:
            file.close()
            return True
        if any(span.position(self._store) < (span.end or 0) for span in known.spans[:-1]):
            file.close()
            self._whole(one)
            return False
        span = known.spans[-1]
        claim = self._sources.claims.take(span.claim)
        if claim is None:
            file.close()
            return False
        now = self._sources.known(file, self._store)
        position = span.position(self._store)
        if now is None or now.spans != known.spans or position > file.bytes_on_disk:
            # Somebody divided it just now; or this is an older copy of a log that was read further.
            claim.release()
            file.close()
            return position > file.bytes_on_disk
        log = Followed(file, known, one, claim, position)
        self._followed[file.inode] = log
        self._advance(log)
        return True

    def _tidy(self, log: Followed) -> None:
        """Remove a spool file whose lines are all stored."""
        if finished(log.file.path):
            log.file.path.unlink(missing_ok=True)
            self._drop(log)

    def _drop(self, log: Followed) -> None:
        self._note(log)
        log.close()
        self._followed.pop(log.file.inode, None)

    def _note(self, log: Followed) -> None:
        log.noted = time.monotonic()
        try:
            if log.position and not log.replaced:
                self._sources.reached(log.known, log.file, log.position)
        except (LogError, FileError) as error:
            self._trouble(log.file.path, error.message)

    def _trouble(self, path: Path, message: str) -> None:
        """Say what is wrong with a file, once."""
        if self._said.get(path) != message:
            self._said[path] = message
            self._say(f"{path}: {message}")


def _signature(path: Path) -> Signature | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return Signature(Inode(found.st_dev, found.st_ino), found.st_size, found.st_mtime_ns)
