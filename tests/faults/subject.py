"""The device under test: a simulated gateway that runs one of two configurations, and is told to do something wrong."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from devices import CAREFUL, GATEWAY, GatewayBench
from harness import CALL, SEND, Job, killed, moments
from msgspec.structs import replace

from ggi_net.lab.misbehave import Misbehaviour
from ggi_net.push.journal import Journal, JournalEntry, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ggi_net.push.driver import Target
    from ggi_net.push.run import Outcome, Policy
    from ggi_net.render.artifact import Artifact

    _Artifacts = Callable[[str], tuple[Artifact, ...]]

NEW = "to the other core"
"""Stands in the new configuration, and not in the old one."""
ALSO_NEW = "aes256-ctr aes128-ctr"
"""So does this, far from it: a device that has only one of them runs neither."""
MINUTE = 60.0
HASTY = replace(CAREFUL, verify=0.3)


class Subject(ABC):
    """The one device of a bench. A platform says where it keeps what it runs, who is in it, and what was committed."""

    def __init__(self, bench: GatewayBench, old: str, new: str, artifacts: _Artifacts) -> None:
        self.bench = bench
        self.old = old
        self.new = new
        self._artifacts = artifacts

    @property
    def device(self) -> Any:
        """The simulated device."""
        return self.bench.device

    @property
    def wrong(self) -> Misbehaviour:
        """What it is told to do wrong."""
        found: Misbehaviour = self.device.wrong
        return found

    @abstractmethod
    def starts(self) -> str:
        """Which of the two it starts with."""

    @abstractmethod
    def held(self) -> bool:
        """Whether somebody has its configuration for himself."""

    @abstractmethod
    def commits(self) -> list[Any]:
        """The commits that it knows of, to see whether there was another one."""

    @abstractmethod
    def set_minute(self, seconds: float) -> None:
        """Let a minute of its timers last so long."""

    def runs(self) -> str:
        """Which of the two it runs as a whole: `old`, `new`, or `neither`."""
        return which(self.device.show_running())

    def heal(self) -> None:
        """Nothing is wrong any more, and nobody is connected."""
        heal(self.wrong)
        self.set_minute(MINUTE)
        awaited(lambda: self.wrong.connections == 0)

    @contextmanager
    def well(self) -> Iterator[Subject]:
        """It runs the old configuration and does nothing wrong; afterwards it does nothing wrong again."""
        self.heal()
        outcome = self.push(self.old, replace(CAREFUL, accept=frozenset({"drift", "sessions"})))
        assert outcome.status in (Status.CHANGED, Status.UNCHANGED), outcome.error
        yield self
        self.heal()

    def push(self, text: str = "", policy: Policy = CAREFUL) -> Outcome:
        """Push a configuration, the new one unless told otherwise."""
        return self.bench.push(self._artifacts(text or self.new), policy=policy)

    def push_in_vain(self, text: str = "") -> Outcome:
        """Push, and see that the device committed nothing."""
        before = self.commits()
        outcome = self.push(text)
        assert self.commits() == before
        return outcome

    @contextmanager
    def pushing(self, policy: Policy) -> Iterator[list[Outcome]]:
        """Push the new configuration meanwhile; the outcome is in the list afterwards. It begins when it is armed."""
        outcomes: list[Outcome] = []
        push = threading.Thread(target=lambda: outcomes.append(self.push(policy=policy)))
        push.start()
        awaited(lambda: self.device.pending is not None)
        yield outcomes
        push.join(30)

    def target(self, text: str = "") -> Target:
        """What a push needs to know."""
        return self.bench.target(self._artifacts(text or self.new))

    def written(self) -> JournalEntry:
        """What the journal says of the last push."""
        return next(iter(Journal(self.bench.folder / "journal", "").entries(GATEWAY)))

    def has_changed(self, outcome: Outcome) -> None:
        """It runs the new configuration as a whole, and nothing is open any more."""
        assert outcome.status is Status.CHANGED, outcome.error
        assert (self.runs(), self.starts(), self.device.pending) == ("new", "new", None)

    def holds(self, outcome: Outcome, status: Status, *, code: str) -> None:
        """It runs the old configuration as a whole, the journal says so, and the next push works."""
        assert (outcome.status, outcome.code) == (status, code), outcome.error
        assert (self.runs(), self.starts(), self.device.pending) == ("old", "old", None)
        assert self.written().outcome == status
        self.heal()
        assert not self.held()
        self.has_changed(self.push())

    def dies_at_every_step(self) -> dict[str, int]:
        """Kill a push at each of its moments, and push again; returns how many moments there are of each kind."""
        counts = moments(self._job(self.new))
        for kind, number in [(each, n + 1) for each in (CALL, SEND) for n in range(counts[each])]:
            step, before = f"{kind} {number}", self.runs()
            wanted, text = ("new", self.new) if before == "old" else ("old", self.old)
            killed(self._job(text), kind, number)
            awaited(lambda: not self.held())
            now = self.runs()
            assert now in ("old", "new"), step
            assert now == before or self.device.pending or self.written().step == "confirm", step
            outcome = self.push(text)
            assert outcome.status in (Status.CHANGED, Status.UNCHANGED), f"{step}: {outcome.error}"
            assert (self.runs(), self.starts(), self.device.pending) == (wanted, wanted, None), step
        return counts

    def _job(self, text: str) -> Job:
        """A push for another process."""
        return Job(self.target(text), self.bench.fleet.connections.secrets, self.bench.folder / "journal", CAREFUL)


def which(text: str) -> str:
    """Which of the two configurations a text is as a whole: `old`, `new`, or `neither`."""
    signs = {NEW in text, ALSO_NEW in text}
    return {frozenset({True}): "new", frozenset({False}): "old"}.get(frozenset(signs), "neither")


def heal(wrong: Misbehaviour) -> None:
    """Undo what a test told a device to do wrong."""
    for name, value in vars(Misbehaviour()).items():
        if not name.startswith("_"):
            setattr(wrong, name, value)


def awaited(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait until something is so; fail when it does not come."""
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.01)
