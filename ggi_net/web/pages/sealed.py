"""A question in the address of its answer, so that the browser's Back and Reload work, and nobody can read it there.

An address stands in histories, in logs of proxies and on screens; a name must not. So the question goes into it
encrypted (AES-256-GCM), for the one who asked it and for one working day. The server keeps nothing.
"""

from __future__ import annotations

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from typing import TYPE_CHECKING

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ggi_net.model.types import Record

if TYPE_CHECKING:
    from collections.abc import Callable

LASTS = 10 * 3600
"""Seconds that the address of an answer is good for; the longest session is as long."""
_NONCE = 12
_BLOCK = 64
"""Questions are filled up to a multiple of this many bytes: the length of an address tells no name's."""


class Asked(Record, frozen=True, kw_only=True, array_like=True):
    """What was asked: the text as typed, the period, and until when (POSIX time) its address is good."""

    text: str
    since: str
    until: int


class Sealer:
    """Makes and opens such addresses with a key of 32 bytes."""

    def __init__(self, key: bytes, clock: Callable[[], float]) -> None:
        self._cipher = AESGCM(key)
        self._clock = clock

    def seal(self, text: str, since: str, viewer: str) -> str:
        """The question as letters for an address that only `viewer` can use."""
        plain = msgspec.json.encode(Asked(text=text, since=since, until=int(self._clock()) + LASTS))
        plain += b" " * (-len(plain) % _BLOCK)
        nonce = os.urandom(_NONCE)
        return urlsafe_b64encode(nonce + self._cipher.encrypt(nonce, plain, viewer.encode())).decode().rstrip("=")

    def open(self, letters: str, viewer: str) -> Asked | None:
        """The question, unless it is somebody else's, too old, or none."""
        try:
            sealed = urlsafe_b64decode(letters + "=" * (-len(letters) % 4))
            plain = self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], viewer.encode())
        except (NotBase64, InvalidTag, ValueError):
            return None
        asked = msgspec.json.decode(plain, type=Asked)
        return asked if self._clock() < asked.until else None
