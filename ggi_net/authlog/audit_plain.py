"""The identities that people asked for, as they typed them: kept for some days beside the audit log, never in it."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from ggi_net.files import read_bytes, write_atomic

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from ggi_net.authlog.audit_entry import Key


class Plain:
    """One file a day in `folder`, a JSON text a line. Whoever writes holds the lock of the log."""

    def __init__(self, folder: Path, days: int, key: Key) -> None:
        self._folder = folder
        self._days = days
        self._key = key

    def keep(self, texts: Iterable[str], now: datetime) -> None:
        """Write down what was typed; the first time on a day, remove what is too old."""
        today = self._folder / f"{now:%Y-%m-%d}.jsonl"
        if not today.exists():
            self.expire(now)
        lines = b"".join(msgspec.json.encode(text) + b"\n" for text in texts)
        if lines and self._days:
            with os.fdopen(os.open(today, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab") as file:
                file.write(lines)

    def expire(self, now: datetime) -> None:
        """Remove the files of the days that are over."""
        oldest = f"{now - timedelta(days=self._days):%Y-%m-%d}"
        for path in self._files():
            if path.stem < oldest:
                path.unlink(missing_ok=True)

    def names(self) -> dict[str, str]:
        """What is kept, by keyed hash."""
        found = {}
        for path in self._files():
            for line in read_bytes(path).splitlines():
                text = _text(line)
                if text is not None:
                    found[self._key.identity(text)] = text
        return found

    def forget(self, identity: str) -> int:
        """Remove one identity; return how often it stood there."""
        removed, wanted = 0, self._key.identity(identity)
        for path in self._files():
            texts = [_text(line) for line in read_bytes(path).splitlines()]
            kept = [text for text in texts if text is not None and self._key.identity(text) != wanted]
            if len(kept) < len(texts):
                removed += sum(text is not None for text in texts) - len(kept)
                write_atomic(path, b"".join(msgspec.json.encode(text) + b"\n" for text in kept), mode=0o600)
        return removed

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("*.jsonl"))


def _text(line: bytes) -> str | None:
    """The text of a line; None for one that a dying process left half-written: the entry has the hash."""
    try:
        return msgspec.json.decode(line, type=str)
    except msgspec.DecodeError:
        return None
