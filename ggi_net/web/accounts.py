"""Local accounts, for those without a provider of log-ins: argon2id (RFC 9106), in the database of the pages.

Who guesses passwords is slowed down by name and by address, also for names that don't exist, and always hears the same
after the same time. Guessing closes an account for strangers only: a browser that has logged in to it before holds a
device cookie (OWASP) and has a count of its own, so nobody can lock others out.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import threading
import time
import unicodedata
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from ggi_net.authlog.question import Role, Viewer
from ggi_net.errors import AccountProblem, LogInRefused, PasswordRefused, TooMany, nearest
from ggi_net.model.types import Record
from ggi_net.web.csrf import same
from ggi_net.web.sessions import end_all_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from ggi_net.web.database import Database

SHORTEST, LONGEST = 12, 256
"""Characters of a password (NIST SP 800-63B: length counts, rules for kinds of characters don't)."""
NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}")
ROLES = (Role.HELPDESK, Role.OPERATOR, Role.AUDITOR)
"""The roles that an account or a token may have; an engineer uses the machine itself."""

_FREE = 5
"""Wrong passwords before it gets slow."""
_FIRST_WAIT, _LONGEST_WAIT = 15.0, 15 * 60.0
"""Seconds to wait after one more, doubled for each until the longest."""
_FORGOTTEN = 24 * 3600.0
"""Seconds after which wrong passwords don't count any more."""
_AT_ONCE = 2
"""Passwords that are checked at the same time: each takes 64 MiB."""
_TRIED_FIRST = frozenset(
    {"password", "wachtwoord", "welkom", "welcome", "qwerty", "qwertyuiop", "govroam", "gemeente", "helpdesk"}
)


class Account(Record, frozen=True, kw_only=True):
    """A local account, without its password. Times are seconds since 1970; 0 is never."""

    name: str
    role: Role
    gemeenten: tuple[str, ...] = ()
    disabled: bool = False
    created: float = 0
    last_login: float = 0


class Accounts:
    """All local accounts."""

    def __init__(
        self,
        database: Database,
        hasher: PasswordHasher | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._hasher = hasher or PasswordHasher()
        self._clock = clock
        self._key = database.key("device cookies")
        self._busy = threading.BoundedSemaphore(_AT_ONCE)

    @cached_property
    def _nobody(self) -> str:
        """What the password of a name that isn't there is compared with."""
        return self._hasher.hash("the password of nobody")

    def add(self, name: str, password: str, role: Role, gemeenten: tuple[str, ...] = ()) -> None:
        """Add one. Raises AccountProblem, PasswordRefused."""
        if not NAME.fullmatch(name):
            raise AccountProblem(
                f"'{name[:80]}' can't be the name of an account", hint="lower-case letters, digits and . _ @ + -"
            )
        check_role(role, gemeenten)
        row = (name, self._hashed(name, password), role, msgspec.json.encode(gemeenten).decode(), self._clock())
        with self._database.open() as database:
            done = database.execute(
                "INSERT OR IGNORE INTO accounts (name, password, role, gemeenten, created) VALUES (?, ?, ?, ?, ?)", row
            )
            if not done.rowcount:
                raise AccountProblem(f"the account '{name}' is there already", hint="`ggi web account list`")

    def change_password(self, name: str, password: str) -> None:
        """Give an account another password; its sessions end. Raises AccountProblem, PasswordRefused."""
        self._change(name, "password = ?", self._hashed(name, password))

    def disable(self, name: str, *, disabled: bool = True) -> None:
        """Close an account, or open it again; its sessions end. Raises AccountProblem."""
        self._change(name, "disabled = ?", int(disabled))

    def all(self) -> list[Account]:
        """Every account, by name."""
        with self._database.open() as database:
            return [_account(row) for row in database.execute("SELECT * FROM accounts ORDER BY name")]

    def __contains__(self, name: str) -> bool:
        with self._database.open() as database:
            return database.execute("SELECT 1 FROM accounts WHERE name = ?", (name,)).fetchone() is not None

    def log_in(self, name: str, password: str, *, device: str = "", address: str = "") -> Viewer:
        """Who has this name and password. `device` is the device cookie of the browser, `address` where it is.

        Raises LogInRefused, which says nothing of what was wrong, or TooMany.
        """
        name = name.strip().casefold()[:LONGEST]
        known = self.device(name) if device and same(device, self.device(name)) else ""
        nobody = self._nobody  # made at the first log-in, whoever's it is
        bucket = hashlib.sha256(f"{name}\0{known}".encode(errors="surrogatepass")).digest()
        with self._database.open() as database:
            # Counted before it is checked: many at once must not get more tries.
            self._wait(database, bucket)
            row = database.execute("SELECT * FROM accounts WHERE name = ?", (name,)).fetchone()
        with self._busy:
            right = self._verified(row["password"] if row else nobody, password)
        if not right or row is None or row["disabled"]:
            raise LogInRefused("the name or the password is not right, or the account is closed")
        with self._database.open() as database:
            database.execute("DELETE FROM failures WHERE bucket = ?", (bucket,))
            database.execute("UPDATE accounts SET last_login = ? WHERE name = ?", (self._clock(), name))
            if self._hasher.check_needs_rehash(row["password"]):
                again = self._hasher.hash(_normal(password))
                database.execute("UPDATE accounts SET password = ? WHERE name = ?", (again, name))
        found = _account(row)
        return Viewer(name=found.name, role=found.role, gemeenten=found.gemeenten)

    def device(self, name: str) -> str:
        """The device cookie for a browser that has logged in to this account."""
        return hmac.digest(self._key, name.encode(errors="surrogatepass"), "sha256").hex()

    def _wait(self, database: sqlite3.Connection, bucket: bytes) -> None:
        now = self._clock()
        database.execute("BEGIN IMMEDIATE")
        database.execute("DELETE FROM failures WHERE last < ?", (now - _FORGOTTEN,))
        row = database.execute("SELECT count, last FROM failures WHERE bucket = ?", (bucket,)).fetchone()
        count, last = (row["count"], row["last"]) if row else (0, 0.0)
        wait = min(_LONGEST_WAIT, _FIRST_WAIT * 2.0 ** min(count - _FREE, 10)) if count >= _FREE else 0.0
        if last + wait > now and wait:
            error = TooMany("too many wrong passwords")
            error.wait = last + wait - now
            raise error
        database.execute("INSERT OR REPLACE INTO failures VALUES (?, ?, ?)", (bucket, count + 1, now))

    def _verified(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, _normal(password)[: LONGEST * 4])
        except (VerificationError, InvalidHashError):
            return False

    def _hashed(self, name: str, password: str) -> str:
        normal = _normal(password)
        if len(normal) < SHORTEST:
            raise PasswordRefused(f"the password has fewer than {SHORTEST} characters")
        if len(normal) > LONGEST:
            raise PasswordRefused(f"the password has more than {LONGEST} characters")
        plain = normal.casefold()
        if len(set(plain)) < 5 or name in plain or plain in "abcdefghijklmnopqrstuvwxyz" or _common(plain):
            raise PasswordRefused("the password is easy to guess")
        return self._hasher.hash(normal)

    def _change(self, name: str, assignment: str, value: str | int) -> None:
        with self._database.open() as database:
            done = database.execute(f"UPDATE accounts SET {assignment} WHERE name = ?", (value, name))  # noqa: S608
            if not done.rowcount:
                names = [row["name"] for row in database.execute("SELECT name FROM accounts")]
                raise AccountProblem(f"no account '{name[:80]}'{nearest(name, names)}", hint="`ggi web account list`")
            end_all_of(database, name)


def check_role(role: Role, gemeenten: tuple[str, ...]) -> None:
    """Whether an account or a token can have that role. Raises AccountProblem."""
    if role not in ROLES:
        raise AccountProblem(f"nobody is an {role} on the pages", hint=f"one of {', '.join(ROLES)}")
    if (role is Role.HELPDESK) != bool(gemeenten):
        raise AccountProblem(
            "a helpdesk works for gemeenten, and nobody else does",
            hint="--gemeente SLUG with --role helpdesk, and only there; it may be repeated",
        )


def _account(row: sqlite3.Row) -> Account:
    return Account(
        name=row["name"],
        role=Role(row["role"]),
        gemeenten=msgspec.json.decode(row["gemeenten"], type=tuple[str, ...]),
        disabled=bool(row["disabled"]),
        created=row["created"],
        last_login=row["last_login"],
    )


def _normal(password: str) -> str:
    """The same password from every keyboard (NIST SP 800-63B: normalise before hashing)."""
    return unicodedata.normalize("NFKC", password)


def _common(plain: str) -> bool:
    """Whether a password is one of those that everybody tries first, with something added."""
    letters = re.sub(r"[^a-z]", "", plain)
    return plain.isdigit() or letters in _TRIED_FIRST
