"""The keys that identities and MAC addresses are hashed with before they are written beside the logins.

A hash without a key would hide nothing: there are not so many MAC addresses and names that one can't try them all.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from ggi_net.errors import StoreKeyMissing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ggi_net.secrets import Backend

SHORTEST: Final = 16
"""Characters that the value of a key has at least."""

_IDENTITY, _MAC, _CHECK, _IDS = b"identity", b"mac", b"check", b"ids"


class Keys:
    """The keys of a store, each with a name: the first hashes what is written, all of them find what was.

    Names are references (`secret://logs/store/2026`); they stand in the store, values never do.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        """Take the values by name, the current one first. Raises StoreKeyMissing for none, or one that is too short."""
        if not values:
            raise StoreKeyMissing("no key to hash identities with")
        for name, value in values.items():
            if len(value) < SHORTEST:
                raise StoreKeyMissing(
                    f"the value of {name} is shorter than {SHORTEST} characters", hint="make a longer one, at random"
                )
        self._keys = {
            name: hashlib.blake2b(value.encode(), digest_size=32, person=b"ggi-log-store").digest()
            for name, value in values.items()
        }
        self.current = next(iter(self._keys))

    @classmethod
    def of(cls, backend: Backend, references: Sequence[str]) -> Keys:
        """The keys that `references` name, the current one first; raises SecretError or StoreKeyMissing."""
        return cls({reference: backend.value(reference) for reference in references})

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the keys, the current one first."""
        return tuple(self._keys)

    @property
    def ids(self) -> bytes:
        """What the ids of logins are made with: of the oldest key, so that a new one changes no id."""
        oldest = self._keys[self.names[-1]]
        return hashlib.blake2b(b"logins", key=oldest, digest_size=32, person=_IDS).digest()

    def identity(self, text: str, name: str = "") -> int:
        """The hash of an identity without regard to case, by the key `name`, else the current one; 0 for none."""
        return self._hash(_IDENTITY, text.casefold(), name)

    def mac(self, digits: str, name: str = "") -> int:
        """The hash of a MAC address; 0 for none."""
        return self._hash(_MAC, digits.lower(), name)

    def check(self, name: str) -> str:
        """What tells whether a key is the one that a store was written with, and nothing else of it."""
        return f"{self._hash(_CHECK, 'ggi', name):016x}"

    def _hash(self, purpose: bytes, text: str, name: str) -> int:
        """64 bits of keyed BLAKE2b (RFC 7693), never 0 for a text. Of 100 million, two meet in 1 of 3,700 stores."""
        if not text:
            return 0
        key = self._keys[name or self.current]
        digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8, key=key, person=purpose).digest()
        return int.from_bytes(digest, "big") or 1
