"""API tokens: 256 random bits for one program, shown once. Only a hash is kept, with the role and an end."""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from typing import TYPE_CHECKING

import msgspec

from ggi_net.authlog.question import Role, Viewer
from ggi_net.errors import AccountProblem, NotLoggedIn
from ggi_net.model.types import Record
from ggi_net.web.accounts import check_role

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from ggi_net.web.database import Database

PREFIX = "ggi_"
"""So that a token that was published by mistake is found by those who look for such."""
LONGEST_DAYS = 366
_TOKEN = re.compile(r"ggi_[A-Za-z0-9_-]{43}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._@-]{0,63}")
_TOUCHED = 60.0
"""Seconds after which the use of a token is noted again."""


class Token(Record, frozen=True, kw_only=True):
    """A token without its secret. Times are seconds since 1970; 0 is never."""

    id: str
    name: str
    role: Role
    gemeenten: tuple[str, ...] = ()
    created: float = 0
    expires: float = 0
    last_used: float = 0
    revoked: bool = False


class Tokens:
    """All tokens."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    def add(self, name: str, role: Role, gemeenten: tuple[str, ...], days: int) -> tuple[Token, str]:
        """Make one that is good for so many days; return it and its secret, of which there is no other copy.

        Raises AccountProblem.
        """
        check_role(role, gemeenten)
        if not _NAME.fullmatch(name):
            raise AccountProblem(
                f"'{name[:80]}' can't be the name of a token", hint="letters, digits, spaces and . _ @ -"
            )
        if not 1 <= days <= LONGEST_DAYS:
            raise AccountProblem(f"a token is good for 1 to {LONGEST_DAYS} days")
        secret = PREFIX + secrets.token_urlsafe(32)
        now = self._clock()
        token = Token(
            id=secrets.token_hex(4),
            name=name,
            role=role,
            gemeenten=gemeenten,
            created=now,
            expires=now + days * 86400.0,
        )
        with self._database.open() as database:
            database.execute(
                "INSERT INTO tokens (id, hash, name, role, gemeenten, created, expires) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (token.id, _hash(secret), name, role, msgspec.json.encode(gemeenten).decode(), now, token.expires),
            )
        return token, secret

    def revoke(self, token_id: str) -> Token:
        """End one; return it. Raises AccountProblem."""
        with self._database.open() as database:
            database.execute("UPDATE tokens SET revoked = 1 WHERE id = ?", (token_id,))
            row = database.execute("SELECT * FROM tokens WHERE id = ?", (token_id,)).fetchone()
        if row is None:
            raise AccountProblem(f"no token '{token_id[:40]}'", hint="`ggi web token list`")
        return _token(row)

    def all(self) -> list[Token]:
        """Every token, newest first."""
        with self._database.open() as database:
            return [_token(row) for row in database.execute("SELECT * FROM tokens ORDER BY created DESC")]

    def viewer(self, secret: str) -> Viewer:
        """Who the program is that shows this secret. Raises NotLoggedIn."""
        now = self._clock()
        row = None
        if _TOKEN.fullmatch(secret):
            with self._database.open() as database:
                row = database.execute("SELECT * FROM tokens WHERE hash = ?", (_hash(secret),)).fetchone()
                if row is not None and now - row["last_used"] > _TOUCHED:
                    database.execute("UPDATE tokens SET last_used = ? WHERE id = ?", (now, row["id"]))
        if row is None or row["revoked"] or row["expires"] <= now:
            raise NotLoggedIn("the token is not known, or not good any more")
        token = _token(row)
        return Viewer(name=f"{token.name} (token {token.id})", role=token.role, gemeenten=token.gemeenten)


def _token(row: sqlite3.Row) -> Token:
    return Token(
        id=row["id"],
        name=row["name"],
        role=Role(row["role"]),
        gemeenten=msgspec.json.decode(row["gemeenten"], type=tuple[str, ...]),
        created=row["created"],
        expires=row["expires"],
        last_used=row["last_used"],
        revoked=bool(row["revoked"]),
    )


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
