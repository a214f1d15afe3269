"""A run: many devices brought to what is intended, or back, without ever risking more than a wave at a time.

compare all -> change groups -> approval -> waves: canary, a tenth, the rest -> each device by the push protocol.

`ggi push`, `ggi rollback` and the playbooks are doors to this. Nothing is changed that was not approved; no wave
holds two devices that stand in for each other; when more devices failed than the budget allows, nothing new starts;
whatever cuts a run off, it can go on where it stopped.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

import msgspec

from ggi_net.errors import ApprovalMissing, Interrupted, RunStopped
from ggi_net.model.waves import partners_of, waves
from ggi_net.push.groups import ChangeGroup, change_groups
from ggi_net.push.journal import Status
from ggi_net.push.netbox_record import deliver, owe
from ggi_net.push.rollout_state import Approval, DeviceState, RunBook, RunState, locked
from ggi_net.push.run import WORKERS, Outcome, Push, digests, push_all
from ggi_net.push.windows import closed_until
from ggi_net.render.store import estate_digest

if TYPE_CHECKING:
    from pathlib import Path

    from ggi_net.model.estate import Estate
    from ggi_net.push.driver import Target
    from ggi_net.push.journal import Journal
    from ggi_net.push.rollout_state import Asked
    from ggi_net.secrets import Resolver
    from ggi_net.source.netbox.client import NetBox

COMPARING = "comparing"


@dataclass(frozen=True)
class Job:
    """What a run does to one device: bring it to the target's artifacts, or take back what run `back_to` did."""

    target: Target
    back_to: str = ""


Approve = Callable[[Sequence[ChangeGroup]], Mapping[str, str]]
"""Gets the groups that nobody approved yet; returns by the name of each that is approved now who did.

Raises ApprovalMissing when there is nobody to ask.
"""


class Watcher(Protocol):
    """Who is told how a run goes. The methods but `begins` are called by several threads."""

    def begins(self, what: str, devices: Sequence[str]) -> None:
        """The comparison, or a wave of that name, begins with these devices."""
        ...

    def step(self, device: str, step: str) -> None:
        """A device is at that step of the protocol."""
        ...

    def ends(self, outcome: Outcome) -> None:
        """A device has had its turn."""
        ...

    def says(self, text: str) -> None:
        """A line for people."""
        ...


@dataclass
class Rollout:
    """One run over the devices of `jobs`. `check`: only compare; nothing is locked, changed or recorded.

    `netbox`: where the outcome of each device is recorded as well; None where the estate does not come from NetBox.
    """

    estate: Estate
    jobs: Sequence[Job]
    resolver: Resolver
    journal: Journal
    asked: Asked
    approve: Approve
    watcher: Watcher
    check: bool = False
    workers: int = WORKERS
    netbox: NetBox | None = None
    _book: RunBook = field(init=False)
    _groups: list[ChangeGroup] = field(default_factory=list, init=False)
    _outcomes: dict[str, Outcome] = field(default_factory=dict, init=False)
    _partners: Mapping[str, set[str]] = field(default_factory=dict, init=False)
    _failures: int = field(default=0, init=False)
    _stop: str = field(default="", init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    @property
    def folder(self) -> Path:
        """The run's part of the journal."""
        return self.journal.folder / self.journal.run

    @property
    def groups(self) -> list[ChangeGroup]:
        """What was found to change, each different change once."""
        return self._groups

    @property
    def outcomes(self) -> list[Outcome]:
        """The outcome of each device so far, in the order of the jobs."""
        return [self._outcomes[job.target.device] for job in self.jobs if job.target.device in self._outcomes]

    @property
    def state(self) -> RunState:
        """How far the run is."""
        return self._book.state

    def run(self, earlier: RunState | None = None) -> RunState:
        """Do it; with `earlier`, the state of the run so far, only for the devices that it left.

        Returns how it ended, which `stopped` tells when the budget of failures is spent: nothing is raised for what
        happens to devices. Raises ApprovalMissing when nobody could be asked, DeviceLocked when the run is under way,
        Interrupted after Ctrl-C once the devices at hand have finished, or FileError.
        """
        if self.check:
            self._book = RunBook(self._begun(earlier), None)
            self._compare()
            return self.state
        with locked(self.folder):
            self._book = RunBook(self._begun(earlier), self.folder)
            self.journal.keep(artifact for job in self.jobs for artifact in job.target.artifacts)
            self._book.save(stopped="", ended="")
            try:
                self._compare()
                self._ask()
                self._push()
            except KeyboardInterrupt:
                self._book.refresh()
                self._book.save(stopped="interrupted")
                raise Interrupted(
                    f"run {self.journal.run} was interrupted; the devices at hand have finished",
                    hint=f"run the same command again, or go on with `ggi push --resume {self.journal.run}`",
                ) from None
            self._book.save(stopped=self._stop, ended="" if self._stop else _now())
            deliver(self.journal.folder, self.netbox, self.watcher.says)
        return self.state

    def _begun(self, earlier: RunState | None) -> RunState:
        devices = {
            job.target.device: DeviceState(
                artifacts=digests(job.target), platform=job.target.platform.name, back_to=job.back_to
            )
            for job in self.jobs
        }
        if earlier is not None:
            return msgspec.structs.replace(earlier, asked=self.asked, estate=estate_digest(self.estate))
        return RunState(
            run=self.journal.run, user=self.journal.user, started=_now(), asked=self.asked,
            estate=estate_digest(self.estate), devices=devices,
        )  # fmt: skip

    # -- compare and approve -----------------------------------------------------------------------------

    def _compare(self) -> None:
        """Compare every device, settle what an earlier push left, and put what would be changed into groups."""
        self.watcher.begins(COMPARING, [job.target.device for job in self.jobs])
        pushes = [self._push_of(job, hold=not self.check) for job in self.jobs]
        found = push_all(
            pushes, workers=self.workers, progress=self.watcher.ends,
            interrupted=lambda: self.watcher.says(_STOPPING),
        )  # fmt: skip
        for outcome in found:
            self._outcomes[outcome.device] = outcome
            self._book.outcome(outcome)
        would = [outcome for outcome in found if outcome.status is Status.WOULD_CHANGE]
        closed = {outcome.device: self._closed(outcome.device) for outcome in would}
        self._groups = change_groups(would, {name: why for name, why in closed.items() if why})
        if not self.check:
            for outcome in would:
                self._note(outcome.device, Status.WAITING)
            self._book.save()

    def _ask(self) -> None:
        """Have approved what is not yet; a device whose change nobody approves is left as it is."""
        before = self.state.devices
        asked = [g for g in self._groups if any(before[name].approved != plan for name, plan in g.plans.items())]
        try:
            given = self.approve(asked) if asked else {}
        except (ApprovalMissing, KeyboardInterrupt):
            self._approved(asked, {})
            raise
        self._approved(asked, given)

    def _approved(self, asked: Sequence[ChangeGroup], given: Mapping[str, str]) -> None:
        new = []
        for group in asked:
            by = given.get(group.name, "")
            for name, plan in group.plans.items():
                self._book.device(name, approved=plan if by else "")
                self._note(name, Status.WAITING if by else Status.DECLINED)
            if by:
                new.append(Approval(group=group.name, devices=group.devices, by=by, at=_now()))
        self._book.save(approvals=(*self.state.approvals, *new))

    # -- waves -------------------------------------------------------------------------------------------

    def _push(self) -> None:
        """Push wave by wave to what was approved and is in its window."""
        approved = [job for job in self.jobs if self.state.devices[job.target.device].approved]
        jobs = {job.target.device: job for job in approved if self._waits(job.target.device)}
        ready = [name for name in jobs if not self._postponed(name)]
        planned = waves(self.estate, [self.estate.placed(name) for name in ready])
        self._partners = partners_of(self.estate)
        self._book.save(waves=planned)
        for wave, names in planned.items():
            if self._stop:
                break
            self.watcher.begins(wave, names)
            push_all(
                [_Turn(self, jobs[name]) for name in names], workers=self.workers,
                interrupted=lambda: self.watcher.says(_STOPPING),
            )  # fmt: skip
            self._book.save()

    def _waits(self, device: str) -> bool:
        return self.state.devices[device].status is Status.WAITING

    def _postponed(self, device: str) -> bool:
        """Whether the device is outside its window; it is noted when it is."""
        why = self._closed(device)
        if why:
            self._leave(device, Status.POSTPONED, why)
        return bool(why)

    def _closed(self, device: str) -> str:
        return "" if self.asked.now else closed_until(self.estate, device)

    def turn(self, job: Job) -> Outcome:
        """Push to one device unless something is against it; called by a thread of the wave."""
        device = job.target.device
        with self._lock:
            if self._stop:
                return self._outcomes[device]
            unknown = sorted(
                name for name in self._partners.get(device, ())
                if name in self._outcomes and self._outcomes[name].status is Status.UNKNOWN
            )  # fmt: skip
        if unknown:
            return self._leave(device, Status.HELD, f"nobody knows how {unknown[0]} is, which stands in for it")
        if self._postponed(device):
            return self._outcomes[device]
        owe(self.folder, device, self.netbox)
        outcome = self._push_of(job, approved=self.state.devices[device].approved).run()
        with self._lock:
            self._outcomes[device] = outcome
            self._book.outcome(outcome)
            self._failures += bool(outcome.error)
            if self._failures > self.asked.max_failures and not self._stop:
                self._stop = f"{self._failures} failed, with a budget of {self.asked.max_failures}"
        self.watcher.ends(outcome)
        return outcome

    def _leave(self, device: str, status: Status, why: str) -> Outcome:
        """Note why nothing is done to a device."""
        with self._lock:
            outcome = self._note(device, status, why)
        self.watcher.says(f"{device}: {status}: {why}")
        return outcome

    def _note(self, device: str, status: Status, why: str = "") -> Outcome:
        outcome = self._outcomes[device] = msgspec.structs.replace(self._outcomes[device], status=status)
        self._book.device(device, status=status, note=why, code="")
        return outcome

    def _push_of(self, job: Job, *, hold: bool = False, approved: str = "") -> Push:
        return Push(
            job.target, self.resolver, self.journal, self.asked.policy, check=self.check, hold=hold,
            back_to=job.back_to, approved=approved, tell=self.watcher.step,
        )  # fmt: skip


@dataclass(frozen=True)
class _Turn:
    """One device's turn in a wave."""

    rollout: Rollout
    job: Job

    @property
    def target(self) -> Target:
        return self.job.target

    def run(self) -> Outcome:
        return self.rollout.turn(self.job)


_STOPPING = "interrupted: the devices at hand finish, no other starts"


def stopped(state: RunState) -> RunStopped | None:
    """The error of a run that was stopped; None of one that was not."""
    if not state.stopped:
        return None
    return RunStopped(
        f"run {state.run} was stopped: {state.stopped}",
        hint=f"correct the cause; `ggi push --resume {state.run}` goes on with the devices that are left",
    )


def approve_all(by: str) -> Approve:
    """Approves whatever comes, in the name of `by`."""
    return lambda groups: {group.name: by for group in groups}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
