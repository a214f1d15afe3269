"""The small database of the pages: accounts, API tokens, sessions, failed log-ins, and the key of the forms.

SQLite, because several processes (`ggi web`, `ggi web account`) use it at once and none may lose what another wrote.
It holds no password, no token and no session as such, only what they are checked with.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections import deque
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from ggi_net.errors import Place, SystemFailure

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_TABLES = """
CREATE TABLE IF NOT EXISTS accounts (
  name TEXT PRIMARY KEY, password TEXT NOT NULL, role TEXT NOT NULL, gemeenten TEXT NOT NULL,
  disabled INTEGER NOT NULL DEFAULT 0, created REAL NOT NULL, last_login REAL NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS tokens (
  id TEXT PRIMARY KEY, hash BLOB UNIQUE NOT NULL, name TEXT NOT NULL, role TEXT NOT NULL, gemeenten TEXT NOT NULL,
  created REAL NOT NULL, expires REAL NOT NULL, last_used REAL NOT NULL DEFAULT 0, revoked INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS sessions (
  hash BLOB PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, gemeenten TEXT NOT NULL, source TEXT NOT NULL,
  created REAL NOT NULL, used REAL NOT NULL, reason TEXT NOT NULL DEFAULT '', id_token TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX IF NOT EXISTS sessions_name ON sessions (source, name);
CREATE TABLE IF NOT EXISTS failures (
  bucket BLOB PRIMARY KEY, count INTEGER NOT NULL, last REAL NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS keys (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
"""


class Database:
    """The database in `folder`, made when it isn't there. Raises SystemFailure when it can't be used.

    Threads may share it. Connections are kept: to open one takes a millisecond, and each request asks for its session.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "web.sqlite"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        self._free: deque[sqlite3.Connection] = deque()
        with self.open() as database:
            database.executescript(_TABLES)

    @contextmanager
    def open(self) -> Iterator[sqlite3.Connection]:
        """A connection for one piece of work: all of it is written at the end, or nothing."""
        try:
            database = self._taken()
            try:
                with database:
                    yield database
            except BaseException:
                database.close()
                raise
            self._free.append(database)
        except sqlite3.Error as error:
            raise SystemFailure(
                f"the database of the pages can't be used: {error}",
                place=Place(str(self.path)),
                hint="check the disk and the rights of the folder",
            ) from None

    def _taken(self) -> sqlite3.Connection:
        """A connection that nobody uses now."""
        with suppress(IndexError):
            return self._free.pop()
        database = sqlite3.connect(self.path, timeout=10, check_same_thread=False)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        database.row_factory = sqlite3.Row
        return database

    def key(self, name: str) -> bytes:
        """A random key of 32 octets that stays the same; made at first use."""
        with self.open() as database:
            database.execute("INSERT OR IGNORE INTO keys VALUES (?, ?)", (name, secrets.token_bytes(32)))
            value: bytes = database.execute("SELECT value FROM keys WHERE name = ?", (name,)).fetchone()["value"]
            return value
