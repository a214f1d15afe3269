"""The local journal: who pushed what to which device, when, why, and how it ended.

    <run>/<device>.json     one entry per device and run, rewritten at every step that changes the device
    artifacts/<sha256>      what was pushed, with references where the secrets stand

Nothing is ever overwritten by another run or lost to a race. Diffs in it have their secrets masked, and only the owner
of the folder can read it. An entry whose outcome is `begun` belongs to a push that is under way, or was cut off.
"""

from __future__ import annotations

import getpass
import os
import secrets
import socket
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from ggi_net.errors import FileError, GgiError, Place
from ggi_net.files import read_bytes, write_atomic
from ggi_net.model.types import Record
from ggi_net.paths import state_folder
from ggi_net.render.artifact import Artifact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path


class Status(StrEnum):
    """How a push to one device ended, or how far it is.

    `failed`: the device runs what it ran before, as a whole. `rolled back`: so it does, after the change was made and
    taken back. `unknown`: nobody has seen yet which of the two it runs; one that nobody confirmed goes back by itself.
    The last four are of devices to which a run did nothing: the run ended or stopped before their turn came, they are
    outside their maintenance window, nobody approved the change, or what stands in for them is in an unknown state.
    """

    UNCHANGED = "unchanged"
    WOULD_CHANGE = "would change"
    CHANGED = "changed"
    FAILED = "failed"
    ROLLED_BACK = "rolled back"
    UNKNOWN = "unknown"
    BEGUN = "begun"
    WAITING = "not started"
    POSTPONED = "postponed"
    DECLINED = "not approved"
    HELD = "held back"


GOOD = (Status.CHANGED, Status.UNCHANGED)
"""The device runs the artifacts of the entry."""
OPEN = (Status.BEGUN, Status.UNKNOWN)
"""Somebody has to look what became of it."""


class Step(StrEnum):
    """Where a push is, of those steps after which the device may differ."""

    CHANGE = "change"
    VERIFY = "verify"
    CONFIRM = "confirm"
    DONE = "done"


class JournalEntry(Record, frozen=True, kw_only=True):
    """What happened to one device in one run.

    `artifacts`: the SHA-256 of what was pushed, by file; of a rollback what the device ran before by the journal, if
    it knows. `back_to`: the run that a rollback undoes. `platform`: the name of the device's platform.
    `armed`: until when (RFC 3339) the device would have gone back by itself. `armed_seconds`: how long it was armed.
    """

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
    code: str = ""
    step: str = Step.DONE
    platform: str = ""
    back_to: str = ""
    armed: str = ""
    armed_seconds: float = 0.0


_ENTRY = msgspec.json.Decoder(JournalEntry)
"""Made here and not when many threads first read one: see `source.yamlfile`."""


class Journal:
    """One run's part of the journal: a new run, or (`run`) one that goes on."""

    def __init__(self, folder: Path, reason: str, run: str = "") -> None:
        self.folder = folder
        self.reason = reason
        self.user = os.environ.get("SUDO_USER") or getpass.getuser()
        self.run = run or new_run(datetime.now(UTC))

    @property
    def holder(self) -> str:
        """What a locked device tells others about this run."""
        return f"{self.user}@{socket.gethostname()}, run {self.run}"

    def write(self, entry: JournalEntry) -> Path:
        """Write one device's entry, of this run or (to settle it) of an earlier one; raise DiskFull or FileError."""
        path = self.folder / entry.run / f"{entry.device}.json"
        _private(path.parent)
        write_atomic(path, msgspec.json.format(msgspec.json.encode(entry), indent=1) + b"\n", mode=0o600)
        return path

    def keep(self, artifacts: Iterable[Artifact]) -> None:
        """Store what is about to be pushed under its digest; raise DiskFull or FileError."""
        folder = self.folder / "artifacts"
        _private(folder)
        for artifact in artifacts:
            path = folder / artifact.digest
            if not path.exists():
                write_atomic(path, artifact.text, mode=0o600, durable=False)

    def stored(self, entry: JournalEntry) -> tuple[Artifact, ...]:
        """What was pushed by an entry; empty where the journal no longer has all of it."""
        return self.kept(entry.device, entry.platform, entry.artifacts)

    def kept(self, device: str, platform: str, digests: Mapping[str, str]) -> tuple[Artifact, ...]:
        """The artifacts of a device that have these digests by file; empty where one is missing or damaged."""
        found = []
        for file, digest in digests.items():
            try:
                text = read_bytes(self.folder / "artifacts" / digest).decode()
            except FileError:
                return ()
            artifact = Artifact(device, platform, file, text)
            if artifact.digest != digest:
                return ()
            found.append(artifact)
        return tuple(found)

    def entries(self, device: str) -> Iterator[JournalEntry]:
        """The entries about a device, newest first."""
        return entries(self.folder, device)


def new_run(now: datetime) -> str:
    """A name for a run: the second, then the microsecond and four random bits. So names are in the order of time."""
    return f"{now:%Y%m%dT%H%M%SZ}-{now.microsecond << 4 | secrets.randbits(4):06x}"


def entries(folder: Path, device: str) -> Iterator[JournalEntry]:
    """The entries about a device, newest first; runs are named by their time. One that can't be read is passed over."""
    for path in sorted(folder.glob(f"*/{device}.json"), reverse=True):
        try:
            yield read_entry(path)
        except GgiError:
            continue


def read_entry(path: Path) -> JournalEntry:
    """One entry; raise FileMissing, or FileError when it is damaged."""
    try:
        return _ENTRY.decode(read_bytes(path))
    except msgspec.MsgspecError:
        raise FileError("a damaged journal entry", place=Place(str(path))) from None


def journal_folder() -> Path:
    """Where the journal is unless told otherwise."""
    return state_folder() / "journal"


def _private(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
