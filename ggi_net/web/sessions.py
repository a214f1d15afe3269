"""Sessions: who is logged in. They are kept here, so that logging out ends them; the browser has a random number.

Of the number only a hash is kept: whoever reads the database can't take over a session. (OWASP session management: 256
random bits, a new number at each log-in, an end after idle time and an end in any case.)
"""

from __future__ import annotations

import hashlib
import secrets
import time
from typing import TYPE_CHECKING, Any

import msgspec
from joserfc.util import urlsafe_b64decode

from ggi_net.authlog.question import Role, Viewer
from ggi_net.model.types import Record

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from ggi_net.web.database import Database
    from ggi_net.web.settings import SessionTimes

LOCAL, PROVIDER = "local", "oidc"
"""Where somebody logged in."""
_TOUCHED = 60.0
"""Seconds after which the use of a session is noted again."""
_MOST = 10
"""Sessions that one person can have at a time; the oldest one ends when there are more."""


class Session(Record, frozen=True, kw_only=True):
    """A session. `hash` finds it; `reason` is the one given last, carried to the next look-up.

    `id_token` is for logging out at the provider.
    """

    hash: bytes
    viewer: Viewer
    source: str
    reason: str = ""
    id_token: str = ""


class Sessions:
    """All sessions."""

    def __init__(self, database: Database, times: SessionTimes, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._idle = times.idle_minutes * 60.0
        self._longest = times.longest_minutes * 60.0
        self._clock = clock

    def begin(self, viewer: Viewer, source: str, *, id_token: str = "") -> str:
        """Begin a session and return its number for the browser; there is no other copy of it."""
        number = secrets.token_urlsafe(32)
        now = self._clock()
        gemeenten = msgspec.json.encode(viewer.gemeenten).decode()
        with self._database.open() as database:
            self._purge(database, now)
            database.execute(
                "INSERT INTO sessions (hash, name, role, gemeenten, source, created, used, id_token)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (_hash(number), viewer.name, viewer.role, gemeenten, source, now, now, id_token),
            )
            database.execute(
                "DELETE FROM sessions WHERE source = ?1 AND name = ?2 AND hash NOT IN"
                " (SELECT hash FROM sessions WHERE source = ?1 AND name = ?2 ORDER BY created DESC LIMIT ?3)",
                (source, viewer.name, _MOST),
            )
        return number

    def find(self, number: str) -> Session | None:
        """The session of that number, unless it has ended."""
        now = self._clock()
        with self._database.open() as database:
            row = database.execute("SELECT * FROM sessions WHERE hash = ?", (_hash(number),)).fetchone()
            if row is None or now - row["used"] > self._idle or now - row["created"] > self._longest:
                return None
            if now - row["used"] > _TOUCHED:
                database.execute("UPDATE sessions SET used = ? WHERE hash = ?", (now, row["hash"]))
        gemeenten = msgspec.json.decode(row["gemeenten"], type=tuple[str, ...])
        viewer = Viewer(name=row["name"], role=Role(row["role"]), gemeenten=gemeenten)
        return Session(
            hash=row["hash"], viewer=viewer, source=row["source"], reason=row["reason"], id_token=row["id_token"]
        )

    def carry(self, session: Session, reason: str) -> None:
        """Keep a reason for the next look-up of this session."""
        with self._database.open() as database:
            database.execute("UPDATE sessions SET reason = ? WHERE hash = ?", (reason, session.hash))

    def end(self, session: Session) -> None:
        """End it."""
        with self._database.open() as database:
            database.execute("DELETE FROM sessions WHERE hash = ?", (session.hash,))

    def end_at_provider(self, subject: str, sid: str, before: float) -> int:
        """End those that `subject` began at the provider until `before`, only those of its session `sid` if that is
        given; return how many. Either may be empty, not both.
        """
        with self._database.open() as database:
            rows = database.execute(
                "SELECT hash, id_token FROM sessions WHERE source = ? AND created <= ? AND id_token != ''",
                (PROVIDER, before),
            ).fetchall()
            ended = [(row["hash"],) for row in rows if _begun_by(row["id_token"], subject, sid)]
            database.executemany("DELETE FROM sessions WHERE hash = ?", ended)
        return len(ended)

    def _purge(self, database: sqlite3.Connection, now: float) -> None:
        database.execute("DELETE FROM sessions WHERE used < ? OR created < ?", (now - self._idle, now - self._longest))


def end_all_of(database: sqlite3.Connection, name: str) -> None:
    """End every session of a local account, in the transaction that closes it or changes its password."""
    database.execute("DELETE FROM sessions WHERE source = ? AND name = ?", (LOCAL, name))


class _Begun(msgspec.Struct, frozen=True):
    """What an ID token says of the provider's session."""

    sub: str
    sid: Any = ""


def _begun_by(id_token: str, subject: str, sid: str) -> bool:
    """Whether the log-in with that ID token, which was checked then, was of that person and session there."""
    begun = msgspec.json.decode(urlsafe_b64decode(id_token.split(".")[1].encode()), type=_Begun)
    if sid and begun.sid and isinstance(begun.sid, str):
        return begun.sid == sid and subject in ("", begun.sub)
    return bool(subject) and begun.sub == subject


def _hash(number: str) -> bytes:
    return hashlib.sha256(number.encode()).digest()
