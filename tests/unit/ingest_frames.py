"""RELP as a sender writes it."""

from __future__ import annotations


def relp(number: int, name: str, data: bytes = b"") -> bytes:
    """A frame: transaction number, command, data."""
    return b"%d %s %d%s\n" % (number, name.encode(), len(data), b" " + data if data else b"")
