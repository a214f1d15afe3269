"""The audit log: who looked up what, when, from where, why, and how much came back. It only grows, and shows tampering.

    DIR/2026-11-28.jsonl        the entries of a day (UTC), one JSON object a line
    DIR/head                    the number and the hash of the newest entry
    DIR/anchor                  those of the last entry that was removed when its time was over (audit_retention.py)
    DIR/plain/2026-11-28.jsonl  the identities that were asked for, as they were typed; removed after some days
    DIR/key                     made here when the settings name no secret

Each entry holds the SHA-256 of the line before it and ends with an HMAC over itself: who has no key can't write one,
and who takes one out breaks the chain. The head misses entries that are cut off at the end; a head that was kept
elsewhere (`ggi audit head`) shows that the whole folder is an older copy. An entry is on the disk before its answer is
given. A line that a dying process left half-written is closed by an entry of its own, so the chain goes on.

Of a person's identity an entry keeps a keyed hash: enough to find who looked up j.jansen, and useless to others. What
was typed stands beside the log for some days and then goes, like all other plain identities; in a line of a log that
only grows it could not. The hash proves that it is that text.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta

from ggi_net.authlog.audit_entry import START, Anchor, Entry, Head, Key, What, sha256, torn_note, writable
from ggi_net.authlog.audit_plain import Plain
from ggi_net.authlog.question import Question, Role, Viewer
from ggi_net.errors import AuditFailed, DiskFull, FileError, FileMissing, Place
from ggi_net.files import read_bytes, write_atomic
from ggi_net.model.types import Record
from ggi_net.paths import state_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ggi_net.secrets import Backend

PLAIN_DAYS = 30
"""How long identities are kept as typed, unless the settings say otherwise."""
_DAY_FILE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\.jsonl")
_PERSONAL = ("user", "mac")
"""The conditions of a question that name a person or a device."""
_TAIL = 64 * 1024
"""More than the longest entry, in octets."""


class AuditSettings(Record, frozen=True, kw_only=True):
    """Where the audit log is. `key` is a reference (`secret://federation/audit/key`); empty: a key made in the folder.

    Identities that were asked for are kept as typed for `plain_days`, after that only their keyed hash. Entries are
    kept for `keep_days`; None: for good.
    """

    folder: str = ""
    key: str = ""
    plain_days: Annotated[int, Meta(ge=0, le=366)] = PLAIN_DAYS
    keep_days: Annotated[int, Meta(ge=30)] | None = None


def open_audit(settings: AuditSettings, backend: Backend) -> Audit:
    """The audit log that the settings name. Raises AuditFailed, SecretError."""
    folder = Path(settings.folder) if settings.folder else state_folder() / "audit"
    key = backend.value(settings.key) if settings.key else ""
    return Audit(folder, key, plain_days=settings.plain_days, keep_days=settings.keep_days)


class _End(NamedTuple):
    """Where the log ends: the last file, the last entry, the hash of its line, and what comes after it."""

    path: Path | None
    number: int
    hash: str
    rubbish: bytes
    open: bool
    """Whether the last file does not end with a line end."""


class Audit:
    """The log in `folder`, made when it isn't there. Several processes and threads may write to one.

    `key` is the secret to seal with; empty: the one in the folder, made at first use. Whoever can read that file can
    forge the log, so an installation of more than one person names a secret. Raises AuditFailed.
    """

    def __init__(
        self,
        folder: Path,
        key: str = "",
        *,
        plain_days: int = PLAIN_DAYS,
        keep_days: int | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.folder = folder
        self.keep_days = keep_days
        self._clock = clock
        with _explained(folder):
            (folder / "plain").mkdir(parents=True, exist_ok=True, mode=0o700)
            with self._locked():
                self.key = Key(key.encode() if key else self._own_key())
                if not self.days() and not (folder / "head").exists():
                    self._write_head(Head(number=0, hash=START, time=clock()))
            self.plain = Plain(folder / "plain", min(plain_days, keep_days or plain_days), self.key)

    def _own_key(self) -> bytes:
        file = self.folder / "key"
        try:
            return read_bytes(file)
        except FileMissing:
            made = secrets.token_hex(32).encode()
            write_atomic(file, made, mode=0o600)
            return made

    def record(
        self,
        what: What,
        viewer: Viewer,
        *,
        where: str,
        reason: str = "",
        rows: int | None = None,
        question: Question | None = None,
        asked: dict[str, str] | None = None,
        about: dict[str, str] | None = None,
        note: str = "",
    ) -> Entry:
        """Write one entry and return it; it is on the disk by then. Raises AuditFailed.

        `asked` and `about` are added to the conditions of `question`; `about` is what names a person, as typed.
        """
        conditions = {name: writable(text) for name, text in (_conditions(question) | (asked or {})).items()}
        personal = {name: conditions.pop(name) for name in _PERSONAL if name in conditions}
        personal |= {name: writable(text) for name, text in (about or {}).items()}
        with _explained(self.folder), self._locked():
            now = self._clock()
            end = self._settled(now)
            self.plain.keep(personal.values(), now)
            return self._add(
                end,
                now,
                viewer,
                what=what,
                gemeenten=viewer.gemeenten if viewer.role is Role.HELPDESK else (),
                where=where,
                asked=conditions,
                about={name: self.key.identity(text) for name, text in personal.items()},
                reason=writable(reason),
                rows=rows,
                note=writable(note),
            )

    def forget(self, identity: str, viewer: Viewer, *, where: str, reason: str) -> int:
        """Remove an identity as typed, when a person asks to be erased; return how often it stood there.

        An entry says that it was done, with the hash: the chain itself never had more. Raises AuditFailed.
        """
        with _explained(self.folder), self._locked():
            removed = self.plain.forget(identity)
            now = self._clock()
            self._add(
                self._settled(now),
                now,
                viewer,
                what=What.ERASE,
                where=where,
                about={"user": self.key.identity(identity)},
                reason=writable(reason),
                note=f"removed {removed} times as it was typed",
            )
            return removed

    def expire(self) -> None:
        """Remove the identities as typed whose days are over; the first look-up of a day does so as well."""
        with _explained(self.folder), self._locked():
            self.plain.expire(self._clock())

    def over(self) -> list[Path]:
        """The files of the days that were kept long enough, oldest first; never the newest one. Raises AuditFailed."""
        if self.keep_days is None:
            return []
        oldest = f"{self._clock() - timedelta(days=self.keep_days):%Y-%m-%d}"
        with _explained(self.folder):
            return [path for path in self.days()[:-1] if path.stem < oldest]

    def cut(self, paths: Sequence[Path], number: int, line_hash: str, viewer: Viewer, *, where: str) -> None:
        """Remove the files `paths`, the oldest ones, which end with entry `number`; an entry says so.

        The anchor is on the disk before the first file goes. Whoever was killed in between is finished by the next one.
        Raises AuditFailed.
        """
        with _explained(self.folder), self._locked():
            now = self._clock()
            asked = {"up_to": str(number), "after_days": str(self.keep_days)}
            self._add(self._settled(now), now, viewer, what=What.EXPIRED, where=where, asked=asked)
            anchor = Anchor(number=number, hash=line_hash, time=now)
            write_atomic(self.folder / "anchor", self.key.sealed(anchor) + b"\n", mode=0o600)
            for path in paths:
                path.unlink(missing_ok=True)

    def head(self) -> bytes:
        """The sealed head as one line, to be kept elsewhere."""
        with _explained(self.folder):
            return read_bytes(self.folder / "head").strip()

    def days(self) -> list[Path]:
        """The files of the days, oldest first."""
        return sorted(path for path in self.folder.iterdir() if _DAY_FILE.fullmatch(path.name))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        handle = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _end(self) -> _End:
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
                return _End(last, number, sha256(line), rubbish, still_open)
        return _End(last, 0, START, rubbish, still_open)

    def _last_entry(self, content: bytes) -> tuple[int, bytes, bytes]:
        """The number and the line of the last entry in `content`, and what comes after it."""
        lines = content.split(b"\n")
        for index in range(len(lines) - 1, -1, -1):
            if entry := self.key.entry(lines[index]):
                return entry.number, lines[index], b"\n".join(lines[index + 1 :])
        return 0, b"", content

    def _settled(self, now: datetime) -> _End:
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
            self._append(end, Entry(number=end.number + 1, time=now, what=What.TORN, note=note, before=end.hash))
        fault = "" if head and head.number < end.number else fault_of(head, end.number, end.hash)
        if fault:
            end = self._end()
            number = max(end.number, head.number if head else 0) + 1
            self._append(end, Entry(number=number, time=now, what=What.CUT, note=fault, before=end.hash))
        return self._end() if end.rubbish or fault else end

    def read_head(self) -> Head | None:
        """The head; None when it is gone or was not written with this key."""
        try:
            return self.key.head(read_bytes(self.folder / "head").strip())
        except FileMissing:
            return None

    def read_anchor(self) -> Anchor | None:
        """The anchor; None when nothing was removed, or it was not written with this key."""
        try:
            return self.key.anchor(read_bytes(self.folder / "anchor").strip())
        except FileMissing:
            return None

    def _add(self, end: _End, now: datetime, viewer: Viewer, **said: Any) -> Entry:
        """Append what `viewer` did now, after `end`; `said` is what else an Entry has."""
        entry = Entry(
            number=end.number + 1, time=now, who=writable(viewer.name), role=viewer.role, before=end.hash, **said
        )
        self._append(end, entry)
        return entry

    def _append(self, end: _End, entry: Entry) -> None:
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


def _conditions(question: Question | None) -> dict[str, str]:
    """What was asked, but for the scope, which follows from who asks."""
    given = msgspec.to_builtins(question) if question else {}
    return {name: str(value) for name, value in given.items() if name != "scope"}


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
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, FileError, DiskFull) as error:
        place = Place(str(getattr(error, "filename", None) or folder))
        said = error.strerror if isinstance(error, OSError) else error.message
        raise AuditFailed(
            f"can't be read or written: {said}",
            place=place,
            hint="check the disk and the rights; nothing is looked up that can't be recorded",
        ) from None
