"""What the audit log is made of: entries that are chained and sealed, and the head that says where the chain ends."""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

import msgspec

from ggi_net.authlog.asked import mac
from ggi_net.model.types import Record

START = "0" * 64
"""What stands for the line before the first one."""
_SEALED = re.compile(rb'(\{.*),"mac":"([0-9a-f]{64})"\}', re.DOTALL)


class What(StrEnum):
    """What an entry is about."""

    SEARCH = "search"
    LOGIN = "login"
    """One login with its evidence."""
    STATS = "stats"
    TEST = "test"
    """A live login test."""
    AUDIT = "audit"
    """Somebody read this log."""
    ERASE = "erase"
    """A person was erased who had asked for it: also what was typed here goes."""
    TORN = "torn"
    """A process died while it wrote; the octets that it left are no entry, and nothing was answered."""
    EXPIRED = "expired"
    """Entries were removed because they were kept as long as the settings say; `asked` says up to which."""
    CUT = "cut"
    """The log did not end where its head said: entries were taken out or exchanged, or a disk lost them."""


class Entry(Record, frozen=True, kw_only=True):
    """One entry. `asked` are the conditions that name nobody, `about` the keyed hashes of those that do.

    `where` is the door and the address (`web 192.0.2.7`, `api 192.0.2.9`, `cli`). `rows` is how many logins came back;
    None when the look-up failed or was refused. `before` is the SHA-256 of the line before.
    """

    number: int
    time: datetime
    what: What
    who: str = ""
    role: str = ""
    gemeenten: tuple[str, ...] = ()
    where: str = ""
    asked: dict[str, str] = msgspec.field(default_factory=dict)
    about: dict[str, str] = msgspec.field(default_factory=dict)
    reason: str = ""
    rows: int | None = None
    note: str = ""
    before: str = START


class Head(Record, frozen=True, kw_only=True):
    """The end of the chain: the number of the newest entry, 0 for none, and the SHA-256 of its line."""

    number: int
    hash: str
    time: datetime


class Anchor(Record, frozen=True, kw_only=True):
    """Where the chain begins since its oldest entries were removed: the number of the last of them, and the SHA-256 of
    its line. They were verified before they went, at `time`.
    """

    number: int
    hash: str
    time: datetime


T = TypeVar("T", Entry, Head, Anchor)


class Key:
    """What entries are sealed with, and what identities are hashed with."""

    def __init__(self, secret: bytes) -> None:
        self._seal = hmac.digest(secret, b"ggi audit seal", "sha256")
        self._hash = hmac.digest(secret, b"ggi audit identity", "sha256")

    def sealed(self, record: Entry | Head | Anchor) -> bytes:
        """The line of a record, without its end."""
        body = msgspec.json.encode(record)
        return body[:-1] + b',"mac":"' + self._mac(type(record), body) + b'"}'

    def entry(self, line: bytes) -> Entry | None:
        """The entry of a line; None when it was not written with this key."""
        return self._opened(line, Entry)

    def head(self, line: bytes) -> Head | None:
        """The head of a line; None when it was not written with this key."""
        return self._opened(line, Head)

    def anchor(self, line: bytes) -> Anchor | None:
        """The anchor of a line; None when it was not written with this key."""
        return self._opened(line, Anchor)

    def identity(self, text: str) -> str:
        """The keyed hash of an identity without regard to case, or of a MAC address in any notation."""
        plain = mac(text) or writable(text).strip().casefold()
        return hmac.digest(self._hash, plain.encode(), "sha256").hex()[:32]

    def _opened(self, line: bytes, kind: type[T]) -> T | None:
        found = _SEALED.fullmatch(line)
        if not found:
            return None
        body = found[1] + b"}"
        return msgspec.json.decode(body, type=kind) if hmac.compare_digest(self._mac(kind, body), found[2]) else None

    def _mac(self, kind: type, body: bytes) -> bytes:
        return hmac.digest(self._seal, kind.__name__.encode() + body, "sha256").hex().encode()


def writable(text: str) -> str:
    """`text` with octets that were no UTF-8 (a command line can have them) spelled out: JSON has no place for them."""
    return text.encode(errors="backslashreplace").decode()


def sha256(data: bytes) -> str:
    """The SHA-256 in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def torn_note(octets: bytes) -> str:
    """How an entry says which octets it closes; the line ends that were added to close them don't count."""
    left = octets.replace(b"\n", b"")
    return f"{len(left)} octets, sha256 {sha256(left)}"
