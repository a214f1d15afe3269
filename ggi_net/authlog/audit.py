"""The audit log: who looked up what, when, from where, why, and how much came back. It only grows, and shows tampering.

    DIR/*.jsonl, head, anchor   the chain of entries (audit_chain.py)
    DIR/plain/2026-11-28.jsonl  the identities that were asked for, as they were typed; removed after some days
    DIR/key                     made here when the settings name no secret

Each entry holds the SHA-256 of the line before it and ends with an HMAC over itself. A head that was kept elsewhere
(`ggi audit head`) shows that the whole folder is an older copy. An entry is on the disk before its answer is given.

Of a person's identity an entry keeps a keyed hash: enough to find who looked up j.jansen, and useless to others. What
was typed stands beside the log for some days and then goes, like all other plain identities; in a line of a log that
only grows it could not. The hash proves that it is that text.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from ggi_net.authlog.audit_chain import Chain, End
from ggi_net.authlog.audit_entry import Anchor, Entry, Key, What, writable
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
_PERSONAL = ("user", "mac")
"""The conditions of a question that name a person or a device."""


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
                self.chain = Chain(folder, self.key)
                self.chain.begin(clock())
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
            end = self.chain.settled(now)
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
                self.chain.settled(now),
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
            return [path for path in self.chain.days()[:-1] if path.stem < oldest]

    def cut(self, paths: Sequence[Path], number: int, line_hash: str, viewer: Viewer, *, where: str) -> None:
        """Remove the files `paths`, the oldest ones, which end with entry `number`; an entry says so.

        The anchor is on the disk before the first file goes. Whoever was killed in between is finished by the next one.
        Raises AuditFailed.
        """
        with _explained(self.folder), self._locked():
            now = self._clock()
            asked = {"up_to": str(number), "after_days": str(self.keep_days)}
            self._add(self.chain.settled(now), now, viewer, what=What.EXPIRED, where=where, asked=asked)
            self.chain.write_anchor(Anchor(number=number, hash=line_hash, time=now))
            for path in paths:
                path.unlink(missing_ok=True)

    def head(self) -> bytes:
        """The sealed head as one line, to be kept elsewhere."""
        with _explained(self.folder):
            return self.chain.sealed_head()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        handle = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _add(self, end: End, now: datetime, viewer: Viewer, **said: Any) -> Entry:
        """Append what `viewer` did now, after `end`; `said` is what else an Entry has."""
        entry = Entry(
            number=end.number + 1, time=now, who=writable(viewer.name), role=viewer.role, before=end.hash, **said
        )
        self.chain.append(end, entry)
        return entry


def _conditions(question: Question | None) -> dict[str, str]:
    """What was asked, but for the scope, which follows from who asks."""
    given = msgspec.to_builtins(question) if question else {}
    return {name: str(value) for name, value in given.items() if name != "scope"}


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
