"""The number of a login: stable, and telling nothing of the person."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

_CROCKFORD = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_TO_CROCKFORD = _CROCKFORD * 8
"""A digit for each byte, of five of its bits."""
_SECONDS_A_DAY = 86_400
_DAY_DIGITS = 4
_HASH_DIGITS = 22
_REMEMBERED = 100_000
_REMEMBERED_SECONDS = 3600


class Ids:
    """Makes ids with a secret `key` of 16 to 64 bytes."""

    def __init__(self, key: bytes) -> None:
        self._key = hashlib.blake2b(key, digest_size=64).digest()
        self._given: dict[tuple[int, *tuple[str, ...]], int] = {}
        self._most = _REMEMBERED

    def id(self, moment: float, *parts: str) -> str:
        """26 characters: the day in four, then a keyed hash of the second and `parts`, such as device and operator.

        The same ones get the same id again in another run; within one run the second login with the same parts in one
        second gets another one.
        """
        second = int(moment)
        count = self._count(second, parts)
        text = "".join(f"{len(part)}:{part}" for part in (str(second), str(count), *parts))
        hashed = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), key=self._key, digest_size=_HASH_DIGITS)
        return _day(second // _SECONDS_A_DAY) + hashed.digest().translate(_TO_CROCKFORD).decode()

    def _count(self, second: int, parts: tuple[str, ...]) -> int:
        """How many logins of that second had those parts already."""
        if len(self._given) >= self._most:
            self._given = {key: count for key, count in self._given.items() if key[0] > second - _REMEMBERED_SECONDS}
            self._most = max(_REMEMBERED, 2 * len(self._given))
        count = self._given.get((second, *parts), -1) + 1
        self._given[second, *parts] = count
        return count


def day_of(login_id: str) -> datetime | None:
    """The day (UTC, midnight) that an id is of; None for what is no id."""
    letters = _CROCKFORD.decode()
    if len(login_id) != _DAY_DIGITS + _HASH_DIGITS or any(letter not in letters for letter in login_id):
        return None
    days = 0
    for letter in login_id[:_DAY_DIGITS]:
        days = days * 32 + letters.index(letter)
    return datetime.fromtimestamp(days * _SECONDS_A_DAY, UTC)


def _day(number: int) -> str:
    letters = _CROCKFORD.decode()
    return "".join(letters[number >> shift & 31] for shift in (15, 10, 5, 0))
