"""The state of a run: what was asked, what was approved by whom, in which waves, and how far each device is.

    <run>/_run.json       this: no device can have that name
    <run>/<device>.json   the journal's entry about a device (`journal`), which has the last word
    <run>/<device>.diff   what was, or is to be, changed on it

The first is written, beside and renamed, when the devices were compared, when something was approved, and before and
after each wave; what happened within a wave is in the entries. So a run that was killed can go on. While a run is
under way its folder is locked; the kernel frees the lock when the process ends, however it ends.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from ggi_net.errors import DeviceLocked, FileError, FileMissing, Place, RunUnknown, nearest
from ggi_net.files import read_bytes, write_atomic
from ggi_net.model.types import Record
from ggi_net.push.journal import GOOD, Status, read_entry
from ggi_net.push.run import Policy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ggi_net.push.run import Outcome

FILE = "_run.json"
_ATTEMPTS = 4
_PAUSE_SECONDS = 0.05
_DRIFT = "somebody changed it since the last push"
_RUN = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{6}")
_TRIED = (*GOOD, Status.FAILED, Status.ROLLED_BACK, Status.UNKNOWN, Status.BEGUN)


class Asked(Record, frozen=True, kw_only=True):
    """What a run is to do, and how careful it is.

    `rollback`: it takes earlier runs back. `max_failures`: so many devices may fail before nothing new starts. `now`:
    why maintenance windows don't count; empty when they do.
    """

    reason: str
    rollback: bool = False
    policy: Policy = Policy()
    max_failures: int = 0
    now: str = ""


class Approval(Record, frozen=True, kw_only=True):
    """Who approved which change of which devices, when (RFC 3339). `group` names the change."""

    group: str
    devices: tuple[str, ...]
    by: str
    at: str


class DeviceState(Record, frozen=True, kw_only=True):
    """How far one device of a run is.

    `artifacts`: the SHA-256 of what it is to run, by file, of which the journal keeps the text. `platform`: the name
    of its platform. `back_to`: the run that is taken back. `plan`: what names the change that it needs, `approved` the
    one that was approved. `note`: why it is as it is, in one line. Seconds: `seconds` in all, `armed` of them with the
    rollback armed.
    """

    artifacts: dict[str, str]
    platform: str
    back_to: str = ""
    status: Status = Status.WAITING
    plan: str = ""
    approved: str = ""
    note: str = ""
    code: str = ""
    seconds: float = 0.0
    armed: float = 0.0


class RunState(Record, frozen=True, kw_only=True):
    """One run.

    `estate`: the digest of the estate that it is about. `started`, `ended`: RFC 3339; `ended` is empty until every
    device had its turn. `stopped`: why nothing new was started any more. `waves`: the devices of each, in order.
    """

    run: str
    user: str
    started: str
    asked: Asked
    estate: str
    devices: dict[str, DeviceState]
    waves: dict[str, list[str]] = msgspec.field(default_factory=dict)
    approvals: tuple[Approval, ...] = ()
    stopped: str = ""
    ended: str = ""

    @property
    def plan(self) -> str:
        """The id of the plan: names what this run changes on all of its devices; empty when it changes nothing."""
        plans = [f"{name} {device.plan}\n" for name, device in sorted(self.devices.items()) if device.plan]
        return hashlib.sha256("".join(plans).encode()).hexdigest()[:12] if plans else ""

    def left(self) -> list[str]:
        """The devices that do not run what this run is about."""
        return [name for name, device in self.devices.items() if device.status not in GOOD]


class RunBook:
    """The state of a run as it changes; may be used by several threads. Without a folder it is in memory only."""

    def __init__(self, state: RunState, folder: Path | None) -> None:
        self.state = state
        self._folder = folder
        self._lock = threading.Lock()

    def save(self, **changed: Any) -> None:
        """Change fields of the run, and write it down with all that was noted about its devices."""
        with self._lock:
            self.state = msgspec.structs.replace(self.state, **changed)
            if self._folder:
                content = msgspec.json.format(msgspec.json.encode(self.state), indent=1)
                write_atomic(self._folder / FILE, content + b"\n", mode=0o600)

    def device(self, name: str, **changed: Any) -> None:
        """Note fields of a device, to be saved later."""
        with self._lock:
            devices = self.state.devices
            devices[name] = msgspec.structs.replace(devices[name], **changed)

    def refresh(self) -> None:
        """Take over what the entries know better."""
        if self._folder:
            self.state = with_entries(self.state, self._folder)

    def outcome(self, outcome: Outcome) -> None:
        """Note how a device is after it was compared or pushed to; its diff is kept at once."""
        changed: dict[str, Any] = {
            "status": outcome.status, "note": outcome.error.partition("\n")[0] or (_DRIFT if outcome.drift else ""),
            "code": outcome.code,
            "seconds": round(outcome.seconds, 3), "armed": round(outcome.armed, 3),
        }  # fmt: skip
        if outcome.diff:
            changed["plan"] = outcome.plan
            if self._folder:
                write_atomic(diff_file(self._folder, outcome.device), outcome.diff, mode=0o600, durable=False)
        self.device(outcome.device, **changed)


def run_folder(journal: Path, run: str) -> Path:
    """The folder of a run; raise RunUnknown when there is none of that name."""
    folder = journal / run
    if not _RUN.fullmatch(run) or not folder.is_dir():
        raise RunUnknown(
            f"no run '{run}' in the journal{nearest(run, runs(journal))}",
            place=Place(str(journal)),
            hint="`ggi journal` lists them",
        )
    return folder


def runs(journal: Path) -> list[str]:
    """The names of all runs, newest first."""
    return sorted((path.name for path in journal.glob("*Z-*") if _RUN.fullmatch(path.name)), reverse=True)


def read_run(journal: Path, run: str) -> RunState:
    """The state of a run as its file and its entries tell it; raise RunUnknown, or FileError for a damaged file."""
    folder = run_folder(journal, run)
    path = folder / FILE
    try:
        state = msgspec.json.decode(read_bytes(path), type=RunState)
    except FileMissing:
        raise RunUnknown(
            f"run '{run}' was cut off before it began: it changed nothing", place=Place(str(journal)), hint="push again"
        ) from None
    except msgspec.MsgspecError:
        raise FileError("a damaged file of a run", place=Place(str(path))) from None
    return with_entries(state, folder)


def with_entries(state: RunState, folder: Path) -> RunState:
    """The state with what the journal's entries know better: they are written first, and by others who settle them."""
    found = dict(state.devices)
    for name, device in state.devices.items():
        try:
            entry = read_entry(folder / f"{name}.json")
        except FileError:
            continue
        if entry.outcome in _TRIED and entry.outcome != device.status:
            found[name] = msgspec.structs.replace(
                device, status=Status(entry.outcome), note=entry.error.partition("\n")[0], code=entry.code,
                armed=entry.armed_seconds,
            )  # fmt: skip
    return msgspec.structs.replace(state, devices=found)


def diff_file(folder: Path, device: str) -> Path:
    """Where the diff of a device of a run is."""
    return folder / f"{device}.diff"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep others from going on with the same run; raise DeviceLocked when somebody does already."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for attempt in range(_ATTEMPTS):
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if attempt == _ATTEMPTS - 1:
                    raise DeviceLocked(f"run {folder.name} is under way", hint="wait until it has ended") from None
                time.sleep(_PAUSE_SECONDS)  # who only asked whether it is under way holds it for a moment
        yield
    finally:
        os.close(handle)


def under_way(folder: Path) -> bool:
    """Whether a process works on the run now."""
    try:
        with locked(folder):
            return False
    except DeviceLocked:
        return True
