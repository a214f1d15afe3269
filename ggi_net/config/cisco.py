"""The ways in which IOS-XE shows a secret that it was given: type 7 (reversible), 8 and 9 (hashes with a salt).

Type 7 is an obfuscation with a published key (anybody can undo it); types 8 and 9 are PBKDF2-HMAC-SHA256 and scrypt
with Cisco's parameters and base-64 alphabet (NSA, "Cisco Password Types: Best Practices", 2022).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import string
from functools import lru_cache

_KEY = b"dsfd;kfoA,.iyewrkldJKDHSUBsgvca69834ncxv9873254k;fgg87"
_STANDARD = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"
_REMEMBERED = 1 << 10
"""So many hashes are remembered: each takes 10 ms, and a device that shows one shows it in every comparison."""
_CISCO = "./" + string.digits + string.ascii_uppercase + string.ascii_lowercase


def encode_type7(secret: str, seed: int) -> str:
    """`secret` as `password 7` shows it; `seed` (0 to 15) is the offset into the published key."""
    data = secret.encode()
    return f"{seed:02d}" + "".join(f"{byte ^ _KEY[(seed + i) % len(_KEY)]:02X}" for i, byte in enumerate(data))


def decode_type7(shown: str) -> str | None:
    """The secret behind a type-7 string; None when it is not one."""
    try:
        seed, data = int(shown[:2]), bytes.fromhex(shown[2:])
        return bytes(byte ^ _KEY[(seed + i) % len(_KEY)] for i, byte in enumerate(data)).decode()
    except ValueError:
        return None


@lru_cache(maxsize=_REMEMBERED)
def hash_type9(secret: str, salt: str) -> str:
    """`secret` as type 9 shows it: scrypt with N=16384, r=1, p=1, 32 bytes."""
    digest = hashlib.scrypt(secret.encode(), salt=salt.encode(), n=16384, r=1, p=1, dklen=32)
    return f"$9${salt}${_base64(digest)}"


@lru_cache(maxsize=_REMEMBERED)
def hash_type8(secret: str, salt: str) -> str:
    """`secret` as type 8 shows it: PBKDF2-HMAC-SHA256 with 20000 rounds, 32 bytes."""
    return f"$8${salt}${_base64(hashlib.pbkdf2_hmac('sha256', secret.encode(), salt.encode(), 20000, 32))}"


def shows(shown: str, secret: str) -> bool:
    """Whether `shown`, a type 7, 8 or 9 string or the secret as it was typed, stands for `secret`."""
    kind, _, rest = shown[1:].partition("$") if shown.startswith("$") else ("", "", "")
    salt = rest.partition("$")[0]
    if kind == "9":
        return hmac.compare_digest(shown, hash_type9(secret, salt))
    if kind == "8":
        return hmac.compare_digest(shown, hash_type8(secret, salt))
    return hmac.compare_digest(shown.encode(), secret.encode()) or decode_type7(shown) == secret


def behind(value: str, kind: str, known: set[str]) -> str:
    """The secret that `value` of type `kind` shows, as far as that can be told; `known` are those that may be meant.

    Type 6 is encrypted under a key that only the router has: it is taken for what was intended, since a difference
    that every router shows every night is one that nobody reads.
    """
    if kind == "6":
        return next(iter(known), value)
    if kind == "7":
        return decode_type7(value) or value
    if kind in ("8", "9"):
        return next((secret for secret in known if shows(value, secret)), value)
    return value


def _base64(digest: bytes) -> str:
    standard = base64.b64encode(digest).decode().rstrip("=")
    return standard.translate(str.maketrans(_STANDARD, _CISCO))
