"""The chain of the audit log: files of sealed entries, each with the hash of the line before it, and a head.

    DIR/2026-11-28.jsonl        the entries of a day (UTC), one JSON object a line
    DIR/head                    the number and the hash of the newest entry
    DIR/anchor                  those of the last entry that was removed when its time was over (audit_retention.py)

Who has no key can't write an entry, and who takes one out breaks the chain. The head misses entries that are cut off at
the end. A line that a dying process left half-written is closed by an entry of its own, so the chain goes on.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

from ggi_net.authlog.audit_entry import START, Anchor, Entry, Head, Key, What, sha256, torn_note
from ggi_net.errors import AuditFailed, FileMissing, Place
from ggi_net.files import flush, read_bytes, write_atomic

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

_DAY_FILE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\.jsonl")
_TAIL = 64 * 1024
"""More than the longest entry, in octets."""


class End(NamedTuple):
    """Where the log ends: the last file, the last entry, the hash of its line, and what comes after it."""

    path: Path | None
    number: int
    hash: str
    rubbish: bytes
    open: bool
    """Whether the last file does not end with a line end."""


class Chain:
    """The chain in `folder`, sealed with `key`. Whoever adds to it holds the folder's lock.

    What the system says of a file that can't be read or written comes out as it is (OSError, FileError, DiskFull).
    """

    def __init__(self, folder: Path, key: Key) -> None:
        self.folder = folder
        self.key = key

    def begin(self, now: datetime) -> None:
        """Write the head of a log without entries, when there is none."""
        if not self.days() and not (self.folder / "head").exists():
            self._write_head(Head(number=0, hash=START, time=now))

    def days(self) -> list[Path]:
        """The files of the days, oldest first."""
        return sorted(path for path in self.folder.iterdir() if _DAY_FILE.fullmatch(path.name))

    def _end(self) -> End:
        days = self.days()
        last = days[-1] if days else None
        rubbish, still_open = b"", False
        for path in reversed(days):
            content = _tail_of(path)
            number, line, after = self._last_entry(content)
            if not number and len(content) < path.stat().st_size:
                content = read_bytes(path)
                number, line, after = self._last_entry(content)
            if path == last:
                still_open = bool(content) and not content.endswith(b"\n")
            rubbish = after + rubbish
            if number:
                return End(last, number, sha256(line), rubbish, still_open)
        return End(last, 0, START, rubbish, still_open)

    def _last_entry(self, content: bytes) -> tuple[int, bytes, bytes]:
        """The number and the line of the last entry in `content`, and what comes after it."""
        lines = content.split(b"\n")
        for index in range(len(lines) - 1, -1, -1):
            if entry := self.key.entry(lines[index]):
                return entry.number, lines[index], b"\n".join(lines[index + 1 :])
        return 0, b"", content

    def settled(self, now: datetime) -> End:
        """The end of the log, after what a death or a thief left was put on record."""
        end, head = self._end(), self.read_head()
        if not end.number and not head:
            raise AuditFailed(
                "written with another key, or replaced",
                place=Place(str(self.folder)),
                hint="give the secret that it was begun with, or keep this folder and begin another one",
            )
        if end.rubbish.strip(b"\n"):
            note = torn_note(end.rubbish)
            self.append(end, Entry(number=end.number + 1, time=now, what=What.TORN, note=note, before=end.hash))
        fault = "" if head and head.number < end.number else fault_of(head, end.number, end.hash)
        if fault:
            end = self._end()
            number = max(end.number, head.number if head else 0) + 1
            self.append(end, Entry(number=number, time=now, what=What.CUT, note=fault, before=end.hash))
        return self._end() if end.rubbish or fault else end

    def sealed_head(self) -> bytes:
        """The head as it is written. Raises FileMissing."""
        return read_bytes(self.folder / "head").strip()

    def read_head(self) -> Head | None:
        """The head; None when it is gone or was not written with this key."""
        try:
            return self.key.head(self.sealed_head())
        except FileMissing:
            return None

    def read_anchor(self) -> Anchor | None:
        """The anchor; None when nothing was removed, or it was not written with this key."""
        try:
            return self.key.anchor(read_bytes(self.folder / "anchor").strip())
        except FileMissing:
            return None

    def write_anchor(self, anchor: Anchor) -> None:
        """Keep what the last entry was that is about to be removed."""
        write_atomic(self.folder / "anchor", self.key.sealed(anchor) + b"\n", mode=0o600)

    def append(self, end: End, entry: Entry) -> None:
        """Write the entry after `end`, and then the head."""
        today = self.folder / f"{entry.time:%Y-%m-%d}.jsonl"
        # What closes a day belongs to it; and when the clock was set back, the newest file stays the last one.
        path = end.path if end.path and (end.path > today or entry.what is What.TORN) else today
        line = self.key.sealed(entry)
        _write_through(path, (b"\n" if end.open and path == end.path else b"") + line + b"\n")
        self._write_head(Head(number=entry.number, hash=sha256(line), time=entry.time))

    def _write_head(self, head: Head) -> None:
        # Not flushed: a head that is older than the log says nothing wrong.
        write_atomic(self.folder / "head", self.key.sealed(head) + b"\n", mode=0o600, durable=False)


def fault_of(head: Head | None, number: int, line_hash: str) -> str:
    """What is wrong when a log whose entry `number` is the last one has that head; empty: nothing."""
    if head is None:
        return f"the log ended with entry {number}, and its head was gone"
    if (head.number, head.hash) == (number, line_hash):
        return ""
    return f"the log ended with entry {number}, its head said {head.number} {head.hash}"


def _tail_of(path: Path) -> bytes:
    """The end of a file, beginning with a whole line when there is one."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _TAIL))
        content = file.read()
    return content if size <= _TAIL else content.partition(b"\n")[2]


def _write_through(path: Path, data: bytes) -> None:
    new = not path.exists()
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(handle, rest) :]
        os.fsync(handle)
    finally:
        os.close(handle)
    if new:
        flush(path.parent)
