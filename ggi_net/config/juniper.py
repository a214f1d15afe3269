"""The ways in which Junos shows a secret that it was given: `$9$` (reversible), `$6$` (a hash) and `$8$` (a cipher).

`$9$` is an obfuscation whose tables are published (Crypt::Juniper documents them): each character of the secret is
written as the distances between the letters of a fixed alphabet. `$6$` is SHA-512-crypt (Drepper, "Unix crypt using
SHA-256 and SHA-512"). `$8$` is AES under the device's master password, which nobody else has.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import string
from itertools import pairwise

_FAMILIES = ("QzF3n6/9CAtpu0O", "B1IREhcSyrleKvMW8LXx", "7N-dVbwsY2g4oaJZGUDj", "iHkq.mPf5T")
"""The alphabet in its order; a first letter of the n-th family is followed by 3 - n letters that mean nothing."""
_ALPHABET = "".join(_FAMILIES)
_PLACE = {letter: place for place, letter in enumerate(_ALPHABET)}
_PADDING = {letter: 3 - family for family, letters in enumerate(_FAMILIES) for letter in letters}
_WEIGHTS = ((1, 4, 32), (1, 16, 32), (1, 8, 32), (1, 64), (1, 32), (1, 4, 16, 128), (1, 32, 64))
"""What the distances of a character count, by its place in the secret, over and over."""
_SALT = string.ascii_letters + string.digits
_CRYPT64 = "./" + string.digits + string.ascii_uppercase + string.ascii_lowercase
_ROUNDS = 5000


def encode_9(secret: str) -> str:
    """`secret` as Junos shows it when it has no master password, with a salt of its own each time."""
    salt = secrets.choice(_ALPHABET)
    written = salt + "".join(secrets.choice(_ALPHABET) for _ in range(_PADDING[salt]))
    before = salt
    for place, byte in enumerate(secret.encode()):
        left, distances = byte, []
        for weight in reversed(_WEIGHTS[place % len(_WEIGHTS)]):
            distance, left = divmod(left, weight)
            distances.append(distance)
        for distance in reversed(distances):
            before = _ALPHABET[(_PLACE[before] + distance + 1) % len(_ALPHABET)]
            written += before
    return f"$9${written}"


def decode_9(shown: str) -> str | None:
    """The secret behind a `$9$` string; None when it is not one."""
    written = shown.removeprefix("$9$")
    if written == shown or not written or any(letter not in _PLACE for letter in written):
        return None
    letters = written[0] + written[1 + _PADDING[written[0]] :]
    distances = [(_PLACE[b] - _PLACE[a]) % len(_ALPHABET) - 1 for a, b in pairwise(letters)]
    found = bytearray()
    while distances:
        weights = _WEIGHTS[len(found) % len(_WEIGHTS)]
        if len(distances) < len(weights):
            return None
        found.append(sum(d * w for d, w in zip(distances, weights, strict=False)) % 256)
        del distances[: len(weights)]
    try:
        return found.decode()
    except UnicodeDecodeError:
        return None


def hash_6(secret: str, salt: str = "") -> str:
    """`secret` as `encrypted-password` holds it: SHA-512-crypt of 5000 rounds, with a new salt unless one is given."""
    salt = salt or "".join(secrets.choice(_SALT) for _ in range(16))
    key, grain = secret.encode(), salt.encode()
    other = hashlib.sha512(key + grain + key).digest()
    first = hashlib.sha512(key + grain + _stretched(other, len(key)))
    length = len(key)
    while length:
        first.update(other if length & 1 else key)
        length >>= 1
    digest = first.digest()
    keys = _stretched(hashlib.sha512(key * len(key)).digest(), len(key))
    grains = _stretched(hashlib.sha512(grain * (16 + digest[0])).digest(), len(grain))
    for number in range(_ROUNDS):
        turn = keys if number & 1 else digest
        turn += grains if number % 3 else b""
        turn += keys if number % 7 else b""
        turn += digest if number & 1 else keys
        digest = hashlib.sha512(turn).digest()
    return f"$6${salt}${_crypt64(digest)}"


def shows(shown: str, secret: str) -> bool:
    """Whether `shown`, in one of Junos' forms or as it was typed, stands for `secret`."""
    if shown.startswith("$6$"):
        salt = shown.split("$")[2]
        return hmac.compare_digest(shown.encode(), hash_6(secret, salt).encode())
    return hmac.compare_digest((decode_9(shown) or shown).encode(), secret.encode())


def behind(value: str, known: set[str]) -> str:
    """The secret that `value` shows, as far as that can be told; `known` are those that may be meant.

    `$8$` is taken for what is meant, since a difference that every device shows every night is one that nobody reads.
    """
    if value.startswith("$8$"):
        return next(iter(known), value)
    if value.startswith("$6$"):
        return next((secret for secret in known if shows(value, secret)), value)
    return decode_9(value) or value


def _stretched(digest: bytes, length: int) -> bytes:
    return (digest * (length // len(digest) + 1))[:length]


def _crypt64(digest: bytes) -> str:
    """The digest in crypt's own base 64: three bytes at a time, taken 21 places apart."""
    written = ""
    for number in range(21):
        a, b, c = (number * 22 + 21 * place for place in range(3))
        three = digest[a % 63] << 16 | digest[b % 63] << 8 | digest[c % 63]
        written += _letters(three, 4)
    return written + _letters(digest[63], 2)


def _letters(value: int, count: int) -> str:
    return "".join(_CRYPT64[value >> 6 * place & 63] for place in range(count))
