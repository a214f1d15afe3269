"""The push protocol for one device, one implementation for every platform.

connect -> the right device? -> lock -> what an earlier push left -> ready? -> compare -> (check mode stops here)
-> arm the rollback on the device and change -> verify over NEW connections -> confirm -> record.

Whatever cuts this off, the device decides: a change that was not confirmed goes back by itself.
"""

from __future__ import annotations

import hashlib
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

import msgspec

from ggi_net.errors import (
    ChangeMoved,
    ConfirmFailed,
    DeviceUnreachable,
    DriftUnaccepted,
    GgiError,
    NotReady,
    PushError,
    RolledBack,
    StateUnknown,
)
from ggi_net.model.types import Record
from ggi_net.push.driver import open_right
from ggi_net.push.journal import GOOD, Journal, JournalEntry, Status, Step
from ggi_net.push.settle import settle
from ggi_net.push.ssh import SESSION_BROKE
from ggi_net.push.verify import first_change, recover, verify
from ggi_net.source.yamlfile import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ggi_net.push.driver import Change, Health, Session, Target
    from ggi_net.secrets import Resolver

WORKERS = 20
DRIFT = "drift"
SESSIONS = "sessions"
ACCEPTABLE = (DRIFT, SESSIONS)
"""What `Policy.accept` may name: changes made since the last push; a device none of whose BGP sessions is up."""

_SPARE_BYTES = 1 << 20
_MARGIN_SECONDS = 5.0
"""So long before the device goes back by itself nobody confirms any more."""


class Policy(Record, frozen=True, kw_only=True):
    """How careful a push is. Seconds unless the name says otherwise.

    `rollback`: after which an unconfirmed change goes back. `verify`: how long the verification may take to succeed.
    `watch`: how long everything must then stay well; None is the BGP hold time of the device, after which a session
    that no longer hears its neighbor is gone. `grace`: how long the device may take to come back after the rollback.
    """

    rollback: int = 180
    verify: float = 60.0
    watch: float | None = None
    grace: float = 90.0
    accept: frozenset[str] = frozenset()


class Outcome(Record, frozen=True, kw_only=True):
    """One device's outcome. `diff` has its secrets masked; `code` is the error's; `armed` the seconds it was armed.

    `drift` is what was changed on the device since the last push, as a diff from there to what was pushed then.
    """

    device: str
    status: Status
    diff: str = ""
    drift: str = ""
    error: str = ""
    code: str = ""
    seconds: float = 0.0
    armed: float = 0.0

    @property
    def plan(self) -> str:
        """What names this change of this device: who approves it approves that diff and no other."""
        return plan_of(self.diff)


def plan_of(diff: str) -> str:
    """The name of a diff: the first half of its SHA-256 in hexadecimal."""
    return hashlib.sha256(diff.encode()).hexdigest()[:32]


@dataclass
class Push:
    """One push to one device, as it goes.

    `check`: only look; nothing is locked, settled or recorded. `hold`: do all but the change, which is still to be
    approved. `back_to`: take back what that run did, instead of pushing the target's artifacts. `approved`: the plan
    that was approved; another change is refused. `tell` is called at each step.
    """

    target: Target
    resolver: Resolver
    journal: Journal
    policy: Policy = field(default_factory=Policy)
    check: bool = False
    hold: bool = False
    back_to: str = ""
    approved: str = ""
    tell: Callable[[str, str], None] = lambda device, step: None
    diff: str = field(default="", init=False)
    drift: str = field(default="", init=False)
    armed_seconds: float = field(default=0.0, init=False)
    _entry: JournalEntry | None = field(default=None, init=False)

    def run(self) -> Outcome:
        """Do it. Never raises for what the device, its files or the network do: the outcome tells."""
        started, clock = datetime.now(UTC), time.monotonic()
        status = Status.FAILED
        failure: GgiError | None = None
        try:
            status = self._push(started)
        except StateUnknown as error:
            status, failure = Status.UNKNOWN, error
        except RolledBack as error:
            status, failure = Status.ROLLED_BACK, error
        except ConfirmFailed as error:
            status, failure = Status.CHANGED, error
        except GgiError as error:
            failure = error
        except SESSION_BROKE as error:
            failure = DeviceUnreachable(
                f"{self.target.device}: the session broke: {printable(error)}", hint="push again"
            )
        seconds = time.monotonic() - clock
        text = self.resolver.masker(str(failure)) if failure else ""
        if not self.check and status is not Status.WOULD_CHANGE:
            entry = self._entry or self._new_entry(started)
            entry = msgspec.structs.replace(
                entry, seconds=round(seconds, 3), outcome=status, diff=self.diff, error=text, step=Step.DONE,
                code=failure.code if failure else "", armed_seconds=round(self.armed_seconds, 3),
            )  # fmt: skip
            try:
                if status in GOOD:
                    self.journal.keep(self.target.artifacts)
                self.journal.write(entry)
            except GgiError as error:
                text = text or f"the device is {status}, but the journal failed: {error}"
                status, failure = Status.FAILED, failure or error
        return Outcome(
            device=self.target.device, status=status, diff=self.diff, drift=self.drift, error=text,
            code=failure.code if failure else "", seconds=seconds, armed=self.armed_seconds,
        )  # fmt: skip

    def _push(self, started: datetime) -> Status:
        self.tell(self.target.device, "connect")
        session = open_right(self.target, self.resolver)
        try:
            if not self.check:
                session.lock(self.journal.holder)
                settle(self.target, session, self.journal)
            health = session.health()
            self.tell(self.target.device, "compare")
            change = self.goal(session)
            self.diff = change.diff
            self._look_for_drift(session, change)
            if change.empty:
                return Status.UNCHANGED
            if self.check:
                return Status.WOULD_CHANGE
            self._may(change, health)
            if self.hold:
                return Status.WOULD_CHANGE
            self._change(session, change, health, started)
        finally:
            session.close()
        return Status.CHANGED

    @property
    def _watch(self) -> float:
        return self.target.hold_seconds if self.policy.watch is None else self.policy.watch

    def goal(self, session: Session) -> Change:
        """What is still to be changed until the device runs what this push is about."""
        return session.before(self.back_to) if self.back_to else session.compare(self.target.artifacts)

    def _look_for_drift(self, session: Session, change: Change) -> None:
        """Compare with what the last push left; raise DriftUnaccepted when that is not what runs."""
        if self.back_to:
            return
        last = next((entry for entry in self.journal.entries(self.target.device) if entry.outcome in GOOD), None)
        if last is None:
            return
        if last.artifacts != digests(self.target):
            there = self.journal.stored(last) if last.platform == self.target.platform.name else ()
            if not there:
                return
            change = session.compare(there)
        self.drift = change.diff
        if self.drift and not self.check and DRIFT not in self.policy.accept:
            raise DriftUnaccepted(
                f"{self.target.device}: changed by somebody since run {last.run}: {first_change(self.drift)}"
            )

    def _may(self, change: Change, health: Health) -> None:
        """Raise ChangeMoved, NotReady or PushError unless the change may be made now."""
        device = self.target.device
        if self.policy.rollback < self._watch + 2 * _MARGIN_SECONDS:
            raise PushError(
                f"{device}: a rollback after {self.policy.rollback} s leaves no time to watch for {self._watch:.0f} s",
                hint="give the rollback more time; nothing was changed",
            )
        if self.approved and plan_of(change.diff) != self.approved:
            raise ChangeMoved(f"{device}: {first_change(change.diff)}: not what was approved")
        needed = _SPARE_BYTES + 3 * sum(len(artifact.text) for artifact in self.target.artifacts)
        if health.free_bytes is not None and health.free_bytes < needed:
            raise NotReady(
                f"{device}: {health.free_bytes // 1024} KiB are free where configuration is kept, "
                f"{needed // 1024} KiB are needed",
                hint="make room on the device, then push again; nothing was changed",
            )
        if health.sessions and not any(health.sessions.values()) and SESSIONS not in self.policy.accept:
            raise NotReady(
                f"{device}: none of its {len(health.sessions)} BGP sessions is up, so nobody could see what a change "
                "breaks",
                hint="bring one up first, or push with --accept sessions; nothing was changed",
            )

    def _change(self, session: Session, change: Change, health: Health, started: datetime) -> None:
        """Arm and change, verify over new connections, confirm; raise RolledBack, StateUnknown or what refused it."""
        clock, seconds = time.monotonic(), self.policy.rollback
        limit = clock + seconds - _MARGIN_SECONDS
        until = datetime.now(UTC) + timedelta(seconds=seconds)
        self.journal.keep(self.target.artifacts)
        self._record(started, Step.CHANGE, armed=until.isoformat(timespec="seconds"))
        try:
            session.change(change, self.journal.run, seconds)
            self._record(started, Step.VERIFY)
            verify(
                self.target, self.resolver, self.goal, health,
                until=min(time.monotonic() + self.policy.verify, limit), last=limit,
                watch=self._watch if health.sessions else 0.0,
            )  # fmt: skip
            self._record(started, Step.CONFIRM)
            self._confirm(session, limit)
        except (GgiError, *SESSION_BROKE) as error:
            self.tell(self.target.device, "roll back")
            recover(
                self.target, self.resolver, self.goal, session, self.journal.run, error,
                until=clock + seconds + self.policy.grace,
            )  # fmt: skip
        finally:
            self.armed_seconds = time.monotonic() - clock

    def _confirm(self, session: Session, limit: float) -> None:
        """Confirm on the locked session or, when that is gone, on a new one; see that it was in time."""
        try:
            session.confirm(self.journal.run)
        except (DeviceUnreachable, *SESSION_BROKE):
            again = open_right(self.target, self.resolver)
            try:
                again.lock(self.journal.holder)
                if again.armed() is None and not self.goal(again).empty:
                    raise RolledBack(f"{self.target.device}: it went back before it could be confirmed") from None
                again.confirm(self.journal.run)
            finally:
                again.close()
        if time.monotonic() > limit and not self.goal(session).empty:
            raise RolledBack(f"{self.target.device}: the confirmation came too late")

    def _record(self, started: datetime, step: Step, *, armed: str = "") -> None:
        """Write down that `step` begins, before it does."""
        entry = self._entry or self._new_entry(started)
        self._entry = msgspec.structs.replace(entry, step=step, armed=armed or entry.armed, diff=self.diff)
        self.journal.write(self._entry)
        self.tell(self.target.device, step)

    def _new_entry(self, started: datetime) -> JournalEntry:
        artifacts = digests(self.target)
        if self.back_to:
            artifacts = artifacts_before(self.journal, self.target.device, self.back_to)
        return JournalEntry(
            run=self.journal.run, device=self.target.device, organisation=self.target.organisation,
            user=self.journal.user, started=started.isoformat(timespec="seconds"), seconds=0.0,
            reason=self.journal.reason, outcome=Status.BEGUN, diff=self.diff, artifacts=artifacts,
            platform=self.target.platform.name, back_to=self.back_to,
        )  # fmt: skip


def digests(target: Target) -> dict[str, str]:
    """The SHA-256 of each artifact, by file."""
    return {artifact.file: artifact.digest for artifact in target.artifacts}


def artifacts_before(journal: Journal, device: str, run: str) -> dict[str, str]:
    """What the device ran before `run` by the journal, as digests by file; empty where it does not know."""
    earlier = (entry for entry in journal.entries(device) if entry.run < run and entry.outcome in GOOD)
    found = next(earlier, None)
    return dict(found.artifacts) if found else {}


class Turn(Protocol):
    """A push, or what decides at the last moment whether it begins."""

    @property
    def target(self) -> Target:
        """The device."""
        ...

    def run(self) -> Outcome:
        """Do it; never raises for what the device, its files or the network do."""
        ...


def push_all(
    pushes: Sequence[Turn],
    *,
    workers: int = WORKERS,
    progress: Callable[[Outcome], None] = lambda _: None,
    interrupted: Callable[[], None] = lambda: None,
) -> list[Outcome]:
    """Run every push, `workers` at a time; one device's failure doesn't touch the others.

    `progress` is called once per device as it ends. An interrupt (Ctrl-C) calls `interrupted`, lets the devices at
    hand finish and starts no other.
    """
    outcomes: dict[str, Outcome] = {}
    pool = ThreadPoolExecutor(min(workers, max(len(pushes), 1)), thread_name_prefix="push")
    try:
        for future in as_completed([pool.submit(push.run) for push in pushes]):
            outcome = future.result()
            outcomes[outcome.device] = outcome
            progress(outcome)
    except KeyboardInterrupt:
        interrupted()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
    return [outcomes[push.target.device] for push in pushes]
