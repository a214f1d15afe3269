"""Received messages on disk, in files that the ingest follows: nothing is acknowledged before it is safely there.

`FOLDER/PEER/PROTOCOL-TIME.log`, a line for each message. A file is begun anew when it is large or old; the others are
never written again, and the ingest removes them when all of their lines are stored.
"""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections import deque
from typing import TYPE_CHECKING

from ggi_net.authlog.ingest.resend import TAIL
from ggi_net.errors import FileError, Place
from ggi_net.files import flush

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

FILE_SIZE = 64 << 20
FILE_AGE = 3600.0
RETRY = 1.0
_UNSAFE = re.compile(r"[^0-9A-Za-z.:_-]")


class Log:
    """The spool of one peer by one protocol.

    `tail` are the last lines that are on disk. `uncertain` is set while the peer may send some of them again.
    """

    def __init__(self, folder: Path, protocol: str) -> None:
        self._folder = folder
        self._protocol = protocol.replace("-", "_")  # which stands before the first dash of a name
        self._handle = -1
        self._length = 0
        self._begun = 0.0
        self.waiting: list[bytes] = []
        self.lock = asyncio.Lock()
        self.tail: deque[bytes] = deque(maxlen=TAIL)
        self.uncertain = False
        self._recover()

    def write(self, lines: bytes) -> None:
        """Append whole lines and flush them to disk. Raises OSError; then none of them is there."""
        if self._handle < 0 or self._length > FILE_SIZE or time.monotonic() - self._begun > FILE_AGE:
            self._begin()
        try:
            rest = memoryview(lines)
            while rest:
                rest = rest[os.write(self._handle, rest) :]
            os.fdatasync(self._handle)
        except OSError:
            os.ftruncate(self._handle, self._length)
            raise
        self._length += len(lines)

    def close(self) -> None:
        """Close the file at hand."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def _begin(self) -> None:
        self.close()
        self._folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
        for number in range(10_000):
            path = self._folder / f"{self._protocol}-{stamp}-{number:04}.log"
            try:
                self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o640)
            except FileExistsError:
                continue
            break
        flush(self._folder)
        self._length, self._begun = 0, time.monotonic()

    def _recover(self) -> None:
        """Take up what an earlier process left: a half-written last line goes, the last whole ones are the tail."""
        found: list[bytes] = []
        for path in reversed(files_of(self._folder, self._protocol)):
            with path.open("r+b") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - TAIL * 1024))
                data = file.read()
                whole = data.rfind(b"\n") + 1
                if whole < len(data):
                    file.truncate(size - len(data) + whole)
            found = [line + b"\n" for line in data[:whole].split(b"\n")[:-1]] + found
            if len(found) >= TAIL:
                break
        self.tail.extend(found)
        self.uncertain = bool(found)


class Spool:
    """All spool files below one folder. `say` gets what people should know, such as that the disk is full."""

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        self._folder = folder
        self._say = say
        self._logs: dict[tuple[str, str], Log] = {}
        self._dirty: dict[Log, asyncio.Future[None]] = {}
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._writer: asyncio.Task[None] | None = None
        try:
            folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        except OSError as error:
            raise FileError(
                f"can't be made: {error.strerror}", place=Place(str(folder)), hint="check your rights"
            ) from None

    def log(self, peer: str, protocol: str) -> Log:
        """The spool of `peer`, whatever it calls itself. Raises OSError."""
        name = _UNSAFE.sub("_", peer).lstrip(".")[:100] or "_"
        key = (name, protocol)
        if key not in self._logs:
            self._logs[key] = Log(self._folder / name, protocol)
        return self._logs[key]

    async def keep(self, log: Log, lines: Sequence[bytes]) -> None:
        """Return once the lines are on disk. While the disk is full this waits, and so does the sender."""
        if not lines:
            return
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())
        log.waiting.extend(lines)
        done = self._dirty.get(log)
        if done is None:
            done = self._dirty[log] = asyncio.get_running_loop().create_future()
        self._wake.set()
        self._idle.clear()
        await asyncio.shield(done)

    async def close(self) -> None:
        """Write what waits, then close the files."""
        await self._idle.wait()
        if self._writer:
            self._writer.cancel()
        for log in self._logs.values():
            log.close()

    async def _write(self) -> None:
        """Write what came in while the last batch was flushed: one flush for many messages."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._dirty:
                log, done = next(iter(self._dirty.items()))
                del self._dirty[log]
                lines, log.waiting = log.waiting, []
                await self._until_written(log, lines)
                done.set_result(None)
            self._idle.set()

    async def _until_written(self, log: Log, lines: list[bytes]) -> None:
        data = b"".join(lines)
        complained = False
        while True:
            try:
                await asyncio.to_thread(log.write, data)
            except OSError as error:
                if not complained:
                    self._say(f"the spool can't be written ({error.strerror}): senders wait until it can")
                    complained = True
                await asyncio.sleep(RETRY)
                continue
            log.tail.extend(lines)
            if complained:
                self._say("the spool can be written again")
            return


def files_of(folder: Path, protocol: str = "*") -> list[Path]:
    """The spool files of one peer, oldest first."""
    return sorted(folder.glob(f"{protocol}-*.log"), key=lambda path: path.name.partition("-")[2])


def finished(path: Path) -> bool:
    """Whether nothing is written to a spool file any more, nor looked up in it: two newer ones are there."""
    protocol = path.name.partition("-")[0]
    later = [other for other in files_of(path.parent, protocol) if other.name > path.name]
    return len(later) > 1
