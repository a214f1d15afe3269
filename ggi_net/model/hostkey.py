"""SSH host keys as text (`ssh-ed25519 AAAA...`): whether they hold what they say, and their fingerprints."""

from __future__ import annotations

import base64
import binascii
import hashlib


def well_formed(key: str) -> bool:
    """Whether what follows the algorithm's name is a whole key of it.

    That is a list of strings, each with its length in 32 bits before it (RFC 4251, section 5), of which the first is
    that name (RFC 4253, section 6.6).
    """
    kind, _, text = key.partition(" ")
    try:
        rest = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    parts = []
    while rest:
        end = 4 + int.from_bytes(rest[:4], "big")
        if end > len(rest):
            return False
        parts.append(rest[4:end])
        rest = rest[end:]
    return len(parts) > 1 and parts[0] == kind.encode()


def fingerprint(key: str) -> str:
    """The fingerprint of a well-formed key as `ssh-keygen -l` prints it: `SHA256:` and base64 without padding."""
    digest = hashlib.sha256(base64.b64decode(key.partition(" ")[2])).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")
