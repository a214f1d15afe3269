"""The push protocol against a device whose connection breaks at any moment, in any way: it is never left in between.

The device is a few lines that keep time as the drivers promise: armed, it goes back by itself. Each call of a session
may fail before it has its effect or after it, login included; the new configuration may cut the device off.
"""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ggi_net.errors import ConfirmFailed, DeviceLocked, DeviceRefused, DeviceUnreachable, NothingKept
from ggi_net.push import driver, run, verify
from ggi_net.push.connections import Connection
from ggi_net.push.driver import Armed, Change, Health, Identity, Target
from ggi_net.push.journal import GOOD, Journal, Status
from ggi_net.push.run import Policy, Push
from ggi_net.render.artifact import Artifact
from ggi_net.render.platform import Platform
from ggi_net.secrets import NoSecrets, Resolver

OLD, NEW = "old\n", "new\n"
PLATFORM = Platform(name="frr", title="x", driver="x", drift="frr", artifacts=())
POLICY = Policy(rollback=120, verify=30, watch=10, grace=60)
FAILURES = {
    "lost": DeviceUnreachable("ce: the session broke"),
    "broken": EOFError(),
    "refused": DeviceRefused("ce: refused"),
}


class Clock:
    """Time that passes only when somebody waits, and a little with every call."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Device:
    """What runs, what is kept of before a push, and what is armed. `plan`: by number of the call how it fails."""

    def __init__(self, clock: Clock, plan: dict[int, tuple[str, bool]], *, deaf: bool, sick: bool) -> None:
        self.clock = clock
        self.plan = plan
        self.deaf = deaf
        self.sick = sick
        self.calls = 0
        self.runs = OLD
        self.kept: dict[str, str] = {}
        self.armed: tuple[str, float] | None = None
        self.holder: Session | None = None

    def settle(self) -> None:
        """Go back if it is time to."""
        if self.armed and self.clock.now >= self.armed[1]:
            self.go_back()

    def go_back(self) -> None:
        assert self.armed
        self.runs = self.kept[self.armed[0]]
        self.armed = None

    def call(self, effect):
        self.calls += 1
        self.clock.now += 0.1
        self.settle()
        kind, after = self.plan.get(self.calls, ("", False))
        if kind and not after:
            raise FAILURES[kind]
        result = effect()
        if kind and kind != "refused":
            raise FAILURES[kind]
        return result


class Session:
    def __init__(self, device: Device) -> None:
        self.device = device
        device.settle()
        if device.deaf and device.runs == NEW:
            raise DeviceUnreachable("ce: can't be reached")

    def _call(self, effect):
        if self.device.deaf and self.device.runs == NEW and self.device.holder is not self:
            raise DeviceUnreachable("ce: the session broke")
        return self.device.call(effect)

    def identify(self) -> Identity:
        return self._call(lambda: Identity("ce"))

    def lock(self, holder: str) -> None:
        def effect() -> None:
            if self.device.holder not in (None, self):
                raise DeviceLocked("ce: somebody else")
            self.device.holder = self

        self._call(effect)

    def armed(self) -> Armed | None:
        return self._call(lambda: Armed(self.device.armed[0]) if self.device.armed else None)

    def health(self) -> Health:
        return self._call(lambda: Health({"v/1": not (self.device.sick and self.device.runs == NEW)}))

    def compare(self, artifacts) -> Change:
        return self._call(lambda: self._to(artifacts[0].text))

    def before(self, run_id: str) -> Change:
        def effect() -> Change:
            if run_id not in self.device.kept:
                raise NothingKept("ce: nothing kept")
            return self._to(self.device.kept[run_id])

        return self._call(effect)

    def _to(self, wanted: str) -> Change:
        same = wanted == self.device.runs
        return Change("" if same else f"-{self.device.runs}+{wanted}", () if same else (wanted,))

    def change(self, change: Change, run_id: str, seconds: int) -> None:
        def effect() -> None:
            self.device.kept[run_id] = self.device.runs
            self.device.armed = (run_id, self.device.clock.now + seconds)
            self.device.runs = change.steps[0]

        self._call(effect)

    def confirm(self, run_id: str) -> None:
        def effect() -> None:
            self.device.armed = None

        self._call(effect)

    def revert(self) -> None:
        self._call(lambda: self.device.go_back() if self.device.armed else None)

    def close(self) -> None:
        if self.device.holder is self:
            self.device.holder = None


def push(device: Device, folder: Path, reason: str, policy: Policy = POLICY) -> tuple[run.Outcome, Journal]:
    artifact = Artifact("ce", "frr", "frr.conf", NEW)
    connection = Connection(host="127.0.0.1", host_key="ssh-ed25519 AAAA")
    target = Target("ce", "", PLATFORM, (artifact,), connection)
    journal = Journal(folder, reason)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(driver, "open_session", lambda target, resolver: Session(device))
        for module in (run, verify):
            patch.setattr(module, "time", SimpleNamespace(monotonic=device.clock.monotonic, sleep=device.clock.sleep))
        return Push(target, Resolver(NoSecrets()), journal, policy).run(), journal


def entry_of(journal: Journal):
    return next((entry for entry in journal.entries("ce") if entry.run == journal.run), None)


moments = st.dictionaries(st.integers(1, 40), st.tuples(st.sampled_from(sorted(FAILURES)), st.booleans()), max_size=6)


@settings(max_examples=300, deadline=None)
@given(plan=moments, deaf=st.booleans(), sick=st.booleans())
def test_the_device_is_old_or_new_the_outcome_says_which_and_the_next_push_works(plan, deaf, sick):
    clock = Clock()
    device = Device(clock, plan, deaf=deaf, sick=sick)
    with tempfile.TemporaryDirectory() as folder:
        first, journal = push(device, Path(folder), "first")
        clock.sleep(POLICY.rollback + 1)
        device.settle()
        assert device.armed is None
        if deaf or sick:
            assert device.runs == OLD, "what does not work is never kept"
        if first.status is not Status.UNKNOWN:
            assert device.runs == (NEW if first.status in GOOD else OLD), first
        was = device.runs
        device.plan, device.deaf, device.sick = {}, False, False
        second, _ = push(device, Path(folder), "second")
        assert second.status is (Status.UNCHANGED if was == NEW else Status.CHANGED), second
        settled = entry_of(journal)
        if settled is not None:
            assert settled.outcome not in (Status.BEGUN, Status.UNKNOWN)
            assert (settled.outcome in GOOD) == (was == NEW)


@settings(max_examples=60, deadline=None)
@given(at=st.integers(1, 40), deaf=st.booleans())
def test_a_controller_that_dies_leaves_old_or_new_and_an_entry_that_is_settled_by_the_next(at, deaf):
    class Death(BaseException):
        pass

    clock = Clock()
    device = Device(clock, {}, deaf=deaf, sick=False)
    real = device.call

    def dying(effect):
        if device.calls + 1 == at:
            raise Death
        return real(effect)

    device.call = dying
    with tempfile.TemporaryDirectory() as folder:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Session, "close", lambda self: None)
            with suppress(Death):
                push(device, Path(folder), "dies")
        device.holder, device.call, device.deaf = None, real, False
        second, after = push(device, Path(folder), "second")
        assert second.status in GOOD, second
        assert device.runs == NEW
        clock.sleep(1000)
        device.settle()
        assert device.runs == NEW
        assert all(entry.outcome not in (Status.BEGUN, Status.UNKNOWN) for entry in after.entries("ce"))


def test_a_change_that_is_kept_but_not_saved_says_so(tmp_path, monkeypatch):
    device = Device(Clock(), {}, deaf=False, sick=False)

    def unsaved(self, run_id: str) -> None:
        self.device.armed = None
        raise ConfirmFailed("ce: it runs, but was not saved")

    monkeypatch.setattr(Session, "confirm", unsaved)
    outcome, _ = push(device, tmp_path, "x")
    assert (outcome.status, outcome.code) == (Status.CHANGED, "GGI1617")
    assert device.runs == NEW


def test_a_session_that_dies_within_its_hold_time_undoes_the_change(tmp_path, monkeypatch):
    device = Device(Clock(), {}, deaf=False, sick=False)
    changed: list[float] = []

    def health(self) -> Health:
        if self.device.runs == NEW:
            changed.append(self.device.clock.now)
        return Health({"v/1": not changed or self.device.clock.now < changed[0] + 25})

    monkeypatch.setattr(Session, "health", health)
    outcome, _ = push(device, tmp_path, "x", Policy(rollback=180, verify=5, watch=30))
    assert (outcome.status, outcome.code) == (Status.ROLLED_BACK, "GGI1613")
    assert "BGP sessions are down that were up: v/1" in outcome.error
    assert device.runs == OLD


def test_a_device_none_of_whose_sessions_is_up_is_left_alone_unless_that_is_accepted(tmp_path, monkeypatch):
    device = Device(Clock(), {}, deaf=False, sick=False)
    monkeypatch.setattr(Session, "health", lambda self: Health({"v/1": False}))
    outcome, _ = push(device, tmp_path, "x")
    assert (outcome.status, outcome.code, device.runs) == (Status.FAILED, "GGI1610", OLD)
    assert push(device, tmp_path, "x", Policy(accept=frozenset({"sessions"})))[0].status is Status.CHANGED


def test_a_full_disk_is_seen_before_anything_is_changed(tmp_path, monkeypatch):
    device = Device(Clock(), {}, deaf=False, sick=False)
    monkeypatch.setattr(Session, "health", lambda self: Health(free_bytes=1000))
    outcome, _ = push(device, tmp_path, "x")
    assert (outcome.status, outcome.code, device.kept) == (Status.FAILED, "GGI1610", {})


def test_what_somebody_changed_since_the_last_push_must_be_accepted(tmp_path):
    device = Device(Clock(), {}, deaf=False, sick=False)
    push(device, tmp_path, "first")
    device.runs = "by hand\n"
    outcome, _ = push(device, tmp_path, "second")
    assert (outcome.status, outcome.code, device.runs) == (Status.FAILED, "GGI1609", "by hand\n")
    assert "by hand" in outcome.drift
    accepted, _ = push(device, tmp_path, "third", Policy(watch=0, accept=frozenset({"drift"})))
    assert (accepted.status, device.runs) == (Status.CHANGED, NEW)


def test_only_what_was_approved_is_done(tmp_path, monkeypatch):
    device = Device(Clock(), {}, deaf=False, sick=False)
    monkeypatch.setattr(driver, "open_session", lambda target, resolver: Session(device))
    connection = Connection(host="127.0.0.1", host_key="ssh-ed25519 AAAA")
    target = Target("ce", "", PLATFORM, (Artifact("ce", "frr", "frr.conf", NEW),), connection)
    policy = Policy(watch=0)
    approved = Push(target, Resolver(NoSecrets()), Journal(tmp_path, ""), policy, check=True).run().plan
    device.runs = "something else\n"
    moved = Push(target, Resolver(NoSecrets()), Journal(tmp_path, ""), policy, approved=approved).run()
    assert (moved.status, moved.code, device.runs) == (Status.FAILED, "GGI1611", "something else\n")
    device.runs = OLD
    done = Push(target, Resolver(NoSecrets()), Journal(tmp_path, ""), policy, approved=approved).run()
    assert done.status is Status.CHANGED
