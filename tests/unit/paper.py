"""Devices on paper: a file each, a driver that keeps the push contract on it, and orders for what shall go wrong.

Quick enough to roll out over hundreds, and what they run outlives a controller that is killed. Used by the tests of
runs; the drivers of real platforms have their own.
"""

from __future__ import annotations

import fcntl
import itertools
import json
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ggi_net.errors import DeviceLocked, DeviceRefused, DeviceUnreachable, NothingKept
from ggi_net.push import driver
from ggi_net.push.connections import Connection, Connections
from ggi_net.push.diff import unified
from ggi_net.push.driver import Armed, Change, Health, Identity, Target
from ggi_net.push.journal import Journal
from ggi_net.push.rollout import Job, Rollout, approve_all
from ggi_net.push.rollout_state import Asked
from ggi_net.push.run import Policy
from ggi_net.render.artifact import Artifact
from ggi_net.render.platform import ArtifactKind, Platform
from ggi_net.secrets import MappingSecrets, Masker, Resolver

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

driver.DRIVERS["paper"] = "paper:PaperSession"
PAPER = Platform(
    name="paper", title="Paper", driver="paper", drift="frr", artifacts=(ArtifactKind(file="conf", template="x"),)
)
QUICK = Policy(rollback=11, verify=0.3, watch=0, grace=0.5)


class PaperSession:
    """A session with the device whose file is named by its connection."""

    def __init__(self, target: Target, resolver: Resolver) -> None:
        del resolver
        self._name = target.device
        self._file = Path(target.connection.root)
        self._handle: int | None = None
        if self._order("away"):
            raise DeviceUnreachable(f"{self._name} can't be reached: it is away")
        self._read()

    def _order(self, what: str) -> bool:
        return self._file.with_suffix(f".{what}").exists()

    def _read(self) -> dict:
        state = json.loads(self._file.read_text())
        if state["armed"] and self._order("away once changed"):
            raise DeviceUnreachable(f"{self._name} can't be reached: it is away")
        if state.get("armed") and time.time() > state["armed"]["until"]:
            state |= {"running": state["kept"][state["armed"]["run"]], "armed": None}
            self._write(state)
        return state

    def _write(self, state: dict) -> None:
        beside = self._file.with_suffix(".new")
        beside.write_text(json.dumps(state))
        beside.replace(self._file)

    def _log(self, what: str) -> None:
        with self._file.with_suffix(".log").open("a") as log:
            log.write(f"{time.monotonic():.6f} {what}\n")

    def identify(self) -> Identity:
        return Identity(self._name)

    def lock(self, holder: str) -> None:
        self._handle = os.open(self._file.with_suffix(".lock"), os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DeviceLocked(f"{self._name}: locked by {holder}") from None

    def armed(self) -> Armed | None:
        found = self._read().get("armed")
        return Armed(found["run"]) if found else None

    def health(self) -> Health:
        broken = self._order("breaks") and "bad" in self._read()["running"]
        return Health(faults=("it is broken",) if broken else ())

    def compare(self, artifacts: Sequence[Artifact]) -> Change:
        return self._to(artifacts[0].text)

    def before(self, run: str) -> Change:
        try:
            return self._to(self._read()["kept"][run])
        except KeyError:
            raise NothingKept(f"{self._name}: nothing of before run {run}") from None

    def _to(self, text: str) -> Change:
        running = self._read()["running"]
        return Change(unified("conf", running, text, Masker()), (text,) if running != text else ())

    def change(self, change: Change, run: str, seconds: int) -> None:
        self._log("begin")
        if self._order("refuses"):
            self._pause()
            self._log("end")
            raise DeviceRefused(f"{self._name} refused it")
        state = self._read()
        state["kept"][run] = state["running"]
        state |= {"running": change.steps[0], "armed": {"run": run, "until": time.time() + seconds}}
        self._write(state)
        self._pause()

    def _pause(self) -> None:
        if (pause := self._file.with_suffix(".slow")).exists():
            time.sleep(float(pause.read_text()))

    def confirm(self, run: str) -> None:
        del run
        self._write(self._read() | {"armed": None})
        self._log("end")

    def revert(self) -> None:
        state = self._read()
        self._write(state | {"running": state["kept"][state["armed"]["run"]], "armed": None})
        self._log("end")

    def close(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


class Deaf:
    """A watcher that keeps what it is told."""

    def __init__(self) -> None:
        self.waves: list[tuple[str, list[str]]] = []
        self.said: list[str] = []

    def begins(self, what: str, devices: Sequence[str]) -> None:
        self.waves.append((what, list(devices)))

    def step(self, device: str, step: str) -> None:
        pass

    def ends(self, outcome: object) -> None:
        pass

    def says(self, text: str) -> None:
        self.said.append(text)


class Paper:
    """The devices of an estate on paper, each running `old`, and runs over them."""

    def __init__(self, estate, folder: Path, devices: Sequence[str] = ()) -> None:
        self.estate = estate
        self.folder = folder
        self.names = list(devices) or list(estate.devices)
        self.journal = folder / "journal"
        self.watcher = Deaf()
        for name in self.names:
            file = self.file(name)
            file.parent.mkdir(exist_ok=True, parents=True)
            if not file.exists():
                file.write_text(json.dumps({"running": f"hostname {name}\nold\n", "kept": {}, "armed": None}))
        self.connections = Connections(
            devices={
                name: Connection(host="192.0.2.1", host_key="ssh-ed25519 AAAA", root=str(self.file(name)))
                for name in self.names
            }
        )

    def file(self, name: str) -> Path:
        return self.folder / "devices" / f"{name}.json"

    def order(self, name: str, what: str, text: str = "") -> None:
        """Tell a device what to do wrong."""
        self.file(name).with_suffix(f".{what}").write_text(text)

    def obey(self, name: str, what: str) -> None:
        """Tell a device to do that right again."""
        self.file(name).with_suffix(f".{what}").unlink()

    def running(self, name: str) -> str:
        """The last line that a device runs."""
        return json.loads(self.file(name).read_text())["running"].splitlines()[-1]

    def all_running(self) -> dict[str, str]:
        return {name: self.running(name) for name in self.names}

    def busy(self, name: str) -> list[tuple[float, float]]:
        """From when to when the device was being changed, by its own log."""
        log = self.file(name).with_suffix(".log")
        lines = [line.split() for line in log.read_text().splitlines()] if log.exists() else []
        begun = [float(at) for at, what in lines if what == "begin"]
        return list(zip(begun, [float(at) for at, what in lines if what == "end"], strict=True))

    def jobs(self, texts: dict[str, str]) -> list[Job]:
        """Bring each device to its text, below its name."""
        return [
            Job(
                Target(
                    name, "", PAPER, (Artifact(name, "paper", "conf", f"hostname {name}\n{text}\n"),),
                    self.connections.of(name), self.estate.placed(name).organisation.slug,
                )
            )
            for name, text in texts.items()
        ]  # fmt: skip

    def jobs_of(self, estate, artifacts, back_to, connections) -> list[Job]:
        """As `rollout_jobs._jobs`, of which the estate knows no platform 'paper'."""
        del estate, connections
        found = self.jobs({name: group[0].text.splitlines()[1] for name, group in artifacts.items()})
        return [Job(job.target, back_to.get(job.target.device, "")) for job in found]

    def rollout(self, jobs: Sequence[Job], run: str = "", **options) -> Rollout:
        asked = Asked(
            reason="a test", policy=options.pop("policy", QUICK), max_failures=options.pop("max_failures", 0),
            now=options.pop("now", ""), rollback=any(job.back_to for job in jobs),
        )  # fmt: skip
        given = {"approve": approve_all("tester"), "watcher": self.watcher} | options
        return Rollout(
            self.estate, jobs, Resolver(MappingSecrets({}, "")), Journal(self.journal, "a test", run), asked, **given
        )

    def push(self, text: str = "new", devices: Sequence[str] = (), **options) -> Rollout:
        """Push the same text to devices (all); return the run when it is over."""
        found = self.rollout(self.jobs(dict.fromkeys(devices or self.names, text)), **options)
        found.run()
        return found


def killed_at(moment: int, work: Callable[[], object]) -> bool:
    """Do `work` in a process of its own that is killed at its n-th moment; whether it was.

    Moments are before and after each file that is renamed into place: what lies between two of them leaves no trace.
    """
    child = os.fork()
    if child == 0:
        count, rename = itertools.count(1), Path.replace

        def passes() -> None:
            if next(count) == moment:
                os.kill(os.getpid(), signal.SIGKILL)

        def replace(self: Path, target: Path) -> Path:
            passes()
            found = rename(self, target)
            passes()
            return found

        Path.replace = replace
        try:
            work()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
