"""The local journal: who pushed what to which device, when, why, and how it ended. One JSON file per device and run.

Files are named `<run>/<device>.json` in the journal folder, so that nothing is ever overwritten or lost to a race.
Diffs in it have their secrets masked, and only the owner of the folder can read it.
"""

from __future__ import annotations

import getpass
import os
import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from ggi_net.files import write_atomic
from ggi_net.model.types import Record
from ggi_net.paths import state_folder

if TYPE_CHECKING:
    from pathlib import Path


class JournalEntry(Record, frozen=True, kw_only=True):
    """What happened to one device in one run. `artifacts` are the SHA-256 of what was pushed, by file."""

    run: str
    device: str
    organisation: str
    user: str
    started: str
    seconds: float
    reason: str
    outcome: str
    diff: str
    artifacts: dict[str, str]
    error: str = ""


class Journal:
    """One run's part of the journal."""

    def __init__(self, folder: Path, reason: str) -> None:
        self.folder = folder
        self.reason = reason
        self.user = os.environ.get("SUDO_USER") or getpass.getuser()
        self.run = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"

    def write(self, entry: JournalEntry) -> Path:
        """Add one device's entry; raise DiskFull or FileError."""
        path = self.folder / self.run / f"{entry.device}.json"
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_atomic(path, msgspec.json.format(msgspec.json.encode(entry), indent=1) + b"\n", mode=0o600)
        return path


def journal_folder() -> Path:
    """Where the journal is unless told otherwise."""
    return state_folder() / "journal"
