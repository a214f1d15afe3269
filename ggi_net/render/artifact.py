"""The result of rendering: one file for one device."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Artifact:
    """One rendered file. `file` is its name in the device's folder; `text` ends in a newline."""

    device: str
    platform: str
    file: str
    text: str

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the text, in hexadecimal."""
        return hashlib.sha256(self.text.encode()).hexdigest()
