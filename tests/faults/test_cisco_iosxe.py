"""Cisco IOS-XE: a simulated router with the real one's lock, archive and timed rollback, in all that can go wrong."""

from __future__ import annotations

import queue
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING

import msgspec
import pytest
from devices import IOS, ROUTER
from harness import Job, killed, moments
from subject import heal

from ggi_net.lab.fleet import running_fleet
from ggi_net.lab.misbehave import Does, Fault, matching, refusing
from ggi_net.push import cli
from ggi_net.push.cisco_iosxe import IosSession
from ggi_net.push.driver import Target, open_right
from ggi_net.push.journal import Journal, entries
from ggi_net.push.run import Outcome, Policy, Push, Status
from ggi_net.render.artifact import Artifact
from ggi_net.secrets import Resolver, open_backend

if TYPE_CHECKING:
    from pathlib import Path

    from ggi_net.lab.fleet import Fleet

OLD = """\
hostname ce-test-01
aaa new-model
archive
 path bootflash:ggi-archive
vrf definition datanet
 rd 64512:1
ip prefix-list own seq 5 permit 192.0.2.0/24
ip access-list extended edge
 permit tcp any any eq 22
 deny ip any any
interface GigabitEthernet1
 description to the core
 no shutdown
interface GigabitEthernet2
 description management
 no shutdown
router bgp 64512
 address-family ipv4 vrf datanet
  network 192.0.2.0 mask 255.255.255.0
  neighbor 198.51.100.1 remote-as 64513
  neighbor 198.51.100.1 prefix-list own out
  neighbor 198.51.100.2 remote-as 64513
 exit-address-family
ip ssh version 2
line con 0
line vty 0 4
 transport input ssh
end
"""
NEW = OLD.replace("to the core", "elsewhere").replace("eq 22\n", "eq 22\n permit icmp any any\n")
NEW = NEW.replace("192.0.2.0/24", "192.0.2.0/24\nip prefix-list own seq 10 permit 203.0.113.0/24")
CUT_OFF = NEW.replace(" description management\n no shutdown", " description management\n shutdown")
ROUTERS = [msgspec.structs.replace(ROUTER, name=f"ce-test-0{at}", serial=f"TEST-{at}") for at in range(1, 5)]
MANAGEMENT_IS_SHUT = matching(r"^interface GigabitEthernet2\n(?: .*\n)*? shutdown")
NEW_RUNS = matching("description elsewhere")


def unnumbered(running: str) -> str:
    """A running configuration without the numbers of access lists' entries, and without its size."""
    return re.sub(r"^ \d+ |^Current configuration.*", " ", running, flags=re.MULTILINE)


class Bench(SimpleNamespace):
    """One router of a running fleet; `journal` is a folder of the test's own."""

    def target(self, text: str = NEW) -> Target:
        artifacts = (Artifact(self.name, "cisco_iosxe", "running.cfg", text.replace("ce-test-01", self.name)),)
        return Target(
            self.name, self.device.serial, IOS, artifacts, self.connection, organisation="test",
            announces={"datanet": frozenset({"192.0.2.0/24"})}, hold_seconds=30,
        )  # fmt: skip

    def push(self, text: str = NEW, **policy: float) -> Outcome:
        settings = {"rollback": 180, "verify": 2, "watch": 0, "grace": 20} | policy
        return Push(self.target(text), self.resolver, Journal(self.journal, "a fault"), Policy(**settings)).run()

    def session(self, run: str = "20261128T101500Z-aaaaaa"):
        session = open_right(self.target(), self.resolver)
        session.lock(f"somebody@elsewhere, run {run}")
        return session

    def stage(self, text: str) -> str:
        """Let the router run and start with `text`; what it shows of it."""
        self.device.replace(text.replace("ce-test-01", self.name))
        self.device.startup = self.device.show_running()
        return self.device.startup

    def runs(self) -> str:
        """Which of the two it runs as a whole."""
        now = unnumbered(self.device.show_running())
        return {unnumbered(self.old): "old", unnumbered(self.new): "new"}.get(now, "neither")

    def outcome(self) -> str:
        """How the newest push ended by the journal."""
        return next(entries(self.journal, self.name)).outcome

    def heal(self) -> None:
        """Nothing is wrong any more."""
        heal(self.device.wrong)


def bench_of(fleet: Fleet, name: str, journal: Path) -> Bench:
    """A router of the fleet with nothing wrong with it, that runs and starts with the old configuration."""
    device = fleet.devices[name]
    bench = Bench(
        name=name, device=device, connection=fleet.connections.of(name), secrets=fleet.connections.secrets,
        resolver=Resolver(open_backend(fleet.connections.secrets)), journal=journal,
    )  # fmt: skip
    bench.heal()
    device.lock = device.rollback = None
    device.resets = device.refreshes = 0
    device.flash.files.clear()
    device.timer.minute = 60.0
    bench.new = bench.stage(NEW)
    bench.old = bench.stage(OLD)
    return bench


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    with running_fleet(ROUTERS, tmp_path_factory.mktemp("lab") / "lab") as running:
        yield running


@pytest.fixture
def lab(fleet, tmp_path, monkeypatch) -> Bench:
    monkeypatch.setattr(cli, "QUIET_SECONDS", 0.3)
    return bench_of(fleet, "ce-test-01", tmp_path / "journal")


@contextmanager
def recovers(lab: Bench):
    """After that the router runs one of the two, the journal says which, and the next push works."""
    yield
    runs, outcome = lab.runs(), lab.outcome()
    assert (runs, outcome) in [("old", "failed"), ("old", "rolled back"), ("new", "changed")]
    assert lab.device.rollback is None
    assert unnumbered(lab.device.startup) == unnumbered(lab.device.show_running())
    lab.heal()
    assert lab.push().status is (Status.UNCHANGED if runs == "new" else Status.CHANGED)
    assert lab.runs() == "new"
    assert lab.device.resets == 0


@pytest.mark.fault("lost-before")
@pytest.mark.parametrize("does", [Does.CUT_BEFORE, Does.CUT_INSTEAD])
@pytest.mark.parametrize("on", ["show running-config", "copy running-config"])
def test_lost_before_the_change(lab, does, on):
    with recovers(lab):
        lab.device.wrong.faults = [Fault(does, on)]
        assert lab.push().status in (Status.FAILED, Status.ROLLED_BACK)
        assert lab.runs() == "old"


@pytest.mark.fault("lost-during")
@pytest.mark.parametrize("does", [Does.CUT_BEFORE, Does.CUT_INSTEAD])
@pytest.mark.parametrize("on", ["revert timer", "seq 10 permit", "description elsewhere"])
def test_lost_in_the_middle_of_the_change(lab, does, on):
    with recovers(lab):
        lab.device.wrong.faults = [Fault(does, on)]
        outcome = lab.push()
        assert outcome.status is Status.ROLLED_BACK
        assert "runs again what it ran before" in outcome.error


@pytest.mark.fault("lost-after")
@pytest.mark.parametrize(
    ("does", "on"),
    [
        (Does.CUT_AFTER, "soft out"),
        (Does.CUT_BEFORE, "configure confirm"),
        (Does.CUT_INSTEAD, "configure confirm"),
        (Does.CUT_BEFORE, "write memory"),
        (Does.CUT_INSTEAD, "write memory"),
    ],
)
def test_lost_after_the_change(lab, does, on):
    with recovers(lab):
        lab.device.wrong.faults = [Fault(does, on)]
        assert lab.push().status is Status.CHANGED


@pytest.mark.fault("truncated")
@pytest.mark.parametrize("does", [Does.TRUNCATE, Does.SHORTEN])
@pytest.mark.parametrize("on", ["show running-config", "show startup-config", "more bootflash:", "dir bootflash:"])
def test_a_reply_that_is_cut_short(lab, does, on):
    with recovers(lab):
        lab.device.wrong.faults = [Fault(does, on)]
        lab.push()


@pytest.mark.fault("wrong-prompt")
@pytest.mark.parametrize("on", ["show running-config", "configure terminal lock", "description elsewhere"])
def test_a_prompt_that_is_not_its_own(lab, on):
    with recovers(lab):
        lab.device.wrong.faults = [Fault(Does.WRONG_PROMPT, on, text="somebody-else#")]
        outcome = lab.push()
        assert "somebody-else#" in outcome.error
        assert lab.runs() == "old"


@pytest.mark.fault("refused-line")
def test_a_refused_line_in_the_middle(lab):
    with recovers(lab):
        lab.device.wrong.faults = [refusing("permit icmp"), refusing("10 permit icmp"), refusing("15 permit icmp")]
        outcome = lab.push()
        assert (outcome.status, outcome.code) == (Status.FAILED, "GGI1603")
        assert "refused '15 permit icmp any any': % Invalid input detected" in outcome.error


@pytest.mark.fault("reboot")
@pytest.mark.parametrize("on", ["description elsewhere", "soft out", "configure confirm"])
def test_it_restarts_while_it_is_armed(lab, on):
    with recovers(lab):
        lab.device.wrong.faults = [Fault(Does.REBOOT, on, seconds=0.3)]
        assert lab.push().status is Status.ROLLED_BACK


@pytest.mark.fault("login-refused")
def test_no_new_login_is_accepted(lab):
    with recovers(lab):
        lab.device.wrong.locks_out = NEW_RUNS
        outcome = lab.push(verify=0.3)
        assert outcome.status is Status.ROLLED_BACK
        assert "refuses the login" in outcome.error


@pytest.mark.fault("disk-full")
class TestDiskFull:
    def test_is_seen_before_anything_is_changed(self, lab):
        with recovers(lab):
            lab.device.wrong.disk_full = True
            assert lab.push().code == "GGI1610"

    @pytest.mark.parametrize("writes", [0, 1])
    def test_on_the_way_undoes_the_change(self, lab, monkeypatch, writes):
        room = iter([True] * writes)
        real = lab.device.flash.write
        with recovers(lab):
            with monkeypatch.context() as patch:
                patch.setattr(lab.device.flash, "write", lambda *file: next(room, False) and real(*file))
                outcome = lab.push()
            assert (outcome.status, outcome.code) == (Status.FAILED, "GGI1603")

    def test_when_it_is_saved_is_said(self, lab):
        lab.device.wrong.faults = [Fault(Does.REFUSE, "write memory", text="startup-config file open failed")]
        outcome = lab.push()
        assert (outcome.status, outcome.code, lab.runs()) == (Status.CHANGED, "GGI1617", "new")


@pytest.mark.fault("locked")
class TestLocked:
    def test_somebody_else_is_configuring(self, lab):
        with recovers(lab):
            lab.device.wrong.locked_by = "alice"
            outcome = lab.push()
            assert outcome.code == "GGI1608"
            assert "by user 'alice'" in outcome.error

    def test_another_push_compares(self, lab):
        with recovers(lab):
            session = lab.session()
            assert lab.push().code == "GGI1608"
            session.close()

    def test_another_push_has_armed_a_change(self, lab):
        with recovers(lab):
            session = lab.session()
            session.change(session.compare(lab.target().artifacts), "20261128T101500Z-aaaaaa", 60)
            outcome = lab.push()
            assert outcome.code == "GGI1608"
            assert "a change of ggi (vty 0 from 127.0.0.1) waits for its confirmation" in outcome.error
            assert lab.runs() == "new"
            session.revert()
            session.close()

    def test_somebody_changes_it_between_comparing_and_arming(self, lab):
        session = lab.session()
        change = session.compare(lab.target().artifacts)
        lab.device.running.children[0].text = "hostname ce-test-01"
        lab.device.configure([lab.device.running], "ip prefix-list theirs seq 5 permit 192.0.2.0/24")
        with pytest.raises(Exception, match="changed it at the same moment"):
            session.change(change, "20261128T101500Z-aaaaaa", 60)
        session.close()
        assert "theirs" in lab.device.show_running()
        assert "elsewhere" not in lab.device.show_running()


@pytest.mark.fault("clock", "cut-off")
@pytest.mark.parametrize("jump", [0, -7 * 86400, 7 * 86400])
def test_cut_off_it_goes_back_by_itself_whatever_its_clock_says(lab, jump):
    device = lab.device
    device.wrong.cut_off = MANAGEMENT_IS_SHUT
    device.wrong.clock_seconds = -jump
    device.timer.minute = 0.4
    with recovers(lab):
        armed = device.arm

        def arm(minutes: int, user: str) -> str:
            threading.Timer(0.2, lambda: setattr(device.wrong, "clock_seconds", jump)).start()
            return armed(minutes, user)

        device.arm = arm
        try:
            outcome = lab.push(CUT_OFF, verify=0.2)
        finally:
            del device.arm
        assert outcome.status is Status.ROLLED_BACK
        assert 0.4 * 3 <= outcome.armed < 6
        assert "runs again what it ran before, as seen over a new connection" in outcome.error
        device.timer.minute = 60.0


@pytest.mark.fault("locked")
def test_somebody_takes_it_back_before_it_is_confirmed(lab):
    with recovers(lab):
        push = Push(lab.target(), lab.resolver, Journal(lab.journal, ""), Policy(verify=2, watch=0, grace=20))
        push.tell = lambda device, step: lab.device.go_back() if step == "confirm" else None
        outcome = push.run()
        assert outcome.status is Status.ROLLED_BACK
        assert "went back before it could be confirmed" in outcome.error


@pytest.mark.fault("breaks-bgp")
class TestBgp:
    def test_a_session_that_was_up_is_down(self, lab):
        with recovers(lab):
            lab.device.wrong.breaks_bgp = NEW_RUNS
            outcome = lab.push(verify=0.2)
            assert outcome.status is Status.ROLLED_BACK
            assert "down that were up: datanet/198.51.100.1, datanet/198.51.100.2" in outcome.error

    def test_one_of_two_is_shut(self, lab):
        shut = "  neighbor 198.51.100.2 shutdown\n exit-address-family"
        with recovers(lab):
            outcome = lab.push(NEW.replace(" exit-address-family", shut), verify=0.2)
            assert "down that were up: datanet/198.51.100.2" in outcome.error

    def test_a_prefix_is_no_longer_announced(self, lab):
        with recovers(lab):
            outcome = lab.push(NEW.replace("permit 192.0.2.0/24", "deny 192.0.2.0/24"), verify=0.2)
            assert "no longer announced: 192.0.2.0/24" in outcome.error


@pytest.mark.fault("refused-whole")
def test_a_rollback_that_can_not_be_armed(lab):
    with recovers(lab):
        lab.old = lab.stage(OLD.replace("archive\n path bootflash:ggi-archive\n", ""))
        outcome = lab.push()
        assert (outcome.status, outcome.code) == (Status.FAILED, "GGI1603")
        assert "Turn config archive on before using Rollback Confirmed Change" in outcome.error
        assert lab.runs() == "old"
        lab.old = lab.stage(OLD)


@pytest.mark.fault("verify-times-out")
def test_a_verification_that_does_not_succeed_in_time(lab):
    with recovers(lab):
        lab.device.wrong.faults = [Fault(Does.SHORTEN, "show running-config", skip=2)]
        outcome = lab.push(verify=0)
        assert outcome.status is Status.ROLLED_BACK
        assert "came in incomplete" in outcome.error


def dies(bench: Bench, kind: str, number: int) -> str:
    """Push, die at that moment, and push again; what went wrong, empty when all is well."""
    bench.stage(OLD)
    journal = bench.journal / f"{kind}-{number}"
    job = Job(bench.target(), bench.secrets, journal)
    killed(job, kind, number)
    if bench.device.rollback is None and bench.runs() == "neither":
        return "left in between, with nothing armed"
    again = Push(bench.target(), bench.resolver, Journal(journal, "again"), job.policy).run()
    cut_off = list(entries(journal, bench.name))[1:]
    if again.status not in (Status.CHANGED, Status.UNCHANGED) or bench.runs() != "new":
        return f"the next push: {again.status} {again.error}"
    if bench.device.rollback or bench.device.startup != bench.device.show_running():
        return "the next push left something armed or unsaved"
    wrong = [entry.outcome for entry in cut_off if entry.outcome not in ("changed", "rolled back", "failed")]
    return f"the journal says {wrong}" if wrong else ""


@pytest.mark.fault("killed")
def test_killed_at_every_step(fleet, tmp_path):
    """On several routers at once, since a killed controller is mostly waited for."""
    benches = [bench_of(fleet, plan.name, tmp_path / plan.name) for plan in ROUTERS]
    counts = moments(Job(benches[0].target(), benches[0].secrets, tmp_path / "to-the-end"))
    steps = [(kind, number) for kind, count in counts.items() for number in range(1, count + 1)]
    assert len(steps) > 25
    free = queue.SimpleQueue[Bench]()
    for bench in benches:
        free.put(bench)

    def one(step: tuple[str, int]) -> str:
        bench = free.get()
        try:
            return dies(bench, *step)
        finally:
            free.put(bench)

    with ThreadPoolExecutor(len(benches)) as pool:
        found = dict(zip(steps, pool.map(one, steps), strict=True))
    assert {step: wrong for step, wrong in found.items() if wrong} == {}


@pytest.mark.fault("killed")
def test_killed_between_confirming_and_saving(lab, monkeypatch):
    class Killed(BaseException):
        pass

    def die(session) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(IosSession, "_save", die)
        with pytest.raises(Killed):
            lab.push()
    assert (lab.runs(), lab.outcome(), lab.device.rollback) == ("new", "begun", None)
    assert lab.push().status is Status.UNCHANGED
    assert lab.device.startup == lab.device.show_running()
    assert [entry.outcome for entry in entries(lab.journal, lab.name)] == ["unchanged", "changed"]
