"""The ways in which EOS shows a secret that it was given in clear.

The key of a BGP session (`password 7`) is DES in CBC mode under a key made of the neighbor's address and a published
constant: an obfuscation that anybody can undo, which is why it can be compared (K. Koehntopp, "Arista Type 7
Passwords", 2021). The keys of TACACS+ and NTP are Cisco's type 7, passwords of accounts SHA-512 crypt. SNMPv3 keys are
tied to the device's engine id (RFC 3414, A.2; RFC 7860).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import TYPE_CHECKING

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

from ggi_net.config import cisco, juniper

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.modes import CBC

_SEED = bytes.fromhex("d5a8c91ef5d58a23")
_SIGNATURE = bytes.fromhex("4c88bb")
_BLOCK = 8
_EXPANDED = 1 << 20
"""To so many bytes a passphrase of SNMPv3 is repeated before it is hashed."""


def behind(value: str, kind: str, known: set[str], of: str) -> str:
    """The secret that `value` of type `kind` shows, as far as that can be told; `known` are those that may be meant.

    `of` is the neighbor whose key it is; empty for other secrets. Type 8a is encrypted under a key that only the device
    has: it is taken for what is meant, since a difference that every device shows every night is one nobody reads.
    """
    if kind == "8a":
        return next(iter(known), value)
    if kind == "7":
        return (decode_bgp(value, of) if of else cisco.decode_type7(value)) or value
    if kind == "sha512":
        return next((secret for secret in known if juniper.shows(value, secret)), value)
    if kind.startswith("localized:"):
        engine = kind.partition(":")[2]
        return next((keys for keys in known if _same_keys(value, localized(keys, engine))), value)
    return value


def localized(keys: str, engine: str) -> str:
    """`keys` (`sha256 <passphrase> priv aes <passphrase>`) as they are shown for an engine id in hexadecimal."""
    name, auth, word, cipher, privacy = keys.split()
    size = {"aes": 16, "aes192": 24, "aes256": 32}.get(cipher, 16)
    made = [_localized(passphrase, engine, name) for passphrase in (auth, privacy)]
    return f"{name} {made[0].hex()} {word} {cipher} {made[1][:size].hex()}"


def _localized(passphrase: str, engine: str, name: str) -> bytes:
    text = passphrase.encode()
    key = hashlib.new(name, (text * (_EXPANDED // len(text) + 1))[:_EXPANDED]).digest()
    return hashlib.new(name, key + bytes.fromhex(engine) + key).digest()


def _same_keys(shown: str, made: str) -> bool:
    """Whether both are the same keys; some releases write `0x` before each."""
    return hmac.compare_digest(shown.replace(" 0x", " ").lower().encode(), made.encode())


def encode_bgp(secret: str, neighbor: str) -> str:
    """`secret` as `neighbor <neighbor> password 7` shows it."""
    data = secret.encode()
    padding = -(len(data) + 4) % _BLOCK
    whole = _SIGNATURE + bytes([padding << 4 | 0xE]) + data + bytes(padding)
    encryptor = _cipher(neighbor).encryptor()
    return base64.b64encode(encryptor.update(whole) + encryptor.finalize()).decode()


def decode_bgp(shown: str, neighbor: str) -> str | None:
    """The key behind what `neighbor <neighbor> password 7` shows; None when it is not of that neighbor."""
    try:
        data = base64.b64decode(shown, validate=True)
        if not data or len(data) % _BLOCK:
            return None
        decryptor = _cipher(neighbor).decryptor()
        whole = decryptor.update(data) + decryptor.finalize()
        end = len(whole) - (whole[3] >> 4)
        return whole[4:end].decode() if whole.startswith(_SIGNATURE) and end >= 4 else None
    except (binascii.Error, ValueError):
        return None


def _cipher(neighbor: str) -> Cipher[CBC]:
    """DES under the key of one neighbor; three times the same key makes plain DES of triple DES."""
    key = bytearray(_SEED)
    for place, byte in enumerate(f"{neighbor}_passwd".encode()):
        key[place % _BLOCK] ^= byte
    return Cipher(TripleDES(bytes(byte & 0x7F for byte in key) * 3), modes.CBC(bytes(_BLOCK)))
