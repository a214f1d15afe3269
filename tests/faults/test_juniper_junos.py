"""What a push to Junos promises for each fault of promises.yml, on a simulated device with its own timers."""

from __future__ import annotations

import dataclasses
import re
import threading
import time
import traceback

import pytest
from harness import CALL, SEND, Job, killed, moments
from junos_devices import CAREFUL, CHANGED, NAME, TEXT, artifacts, junos_bench
from leaks import Secrets
from msgspec.structs import replace

from ggi_net.errors import GgiError
from ggi_net.lab.misbehave import Does, Fault, Misbehaviour, matching
from ggi_net.push import cli
from ggi_net.push.journal import Journal, Status
from ggi_net.secrets import REFERENCE

NEW = r"to the other core"
MINUTE = 60.0
HASTY = replace(CAREFUL, verify=0.3)
VERIFYING = r"^show (chassis|configuration)"
"""The commands of a session that has not locked the configuration: in that one they begin with `run`."""


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    with junos_bench(tmp_path_factory.mktemp("junos"), minute=MINUTE) as found:
        yield found


@pytest.fixture
def bench(shared):
    """A device that runs TEXT and does nothing wrong."""
    well(shared)
    outcome = shared.push(artifacts(), policy=replace(CAREFUL, accept=frozenset({"drift", "sessions"})))
    assert outcome.status in (Status.CHANGED, Status.UNCHANGED), outcome.error
    yield shared
    well(shared)


def well(bench):
    """Undo what a test told the device to do wrong."""
    device = bench.device
    wrong, fine = device.wrong, Misbehaviour()
    for name in ("faults", "logins", "disk_full", "locked_by", "clock_seconds", "cut_off", "breaks_bgp"):
        setattr(wrong, name, getattr(fine, name))
    device.minute = MINUTE
    awaited(lambda: wrong.connections == 0)


def awaited(condition, seconds=10.0):
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.01)


def runs(device):
    """Which of the two configurations the device runs as a whole: `old`, `new`, or `neither`."""
    signs = {bool(re.search(NEW, device.running)), "aes256-ctr aes128-ctr" in device.running}
    return {frozenset({True}): "new", frozenset({False}): "old"}.get(frozenset(signs), "neither")


def written(bench):
    """What the journal says of the last push."""
    return next(iter(Journal(bench.folder / "journal", "").entries(NAME)))


def holds(bench, outcome, status, *, code=""):
    """The device runs the old configuration as a whole, the journal says so, and the next push works."""
    assert (outcome.status, outcome.code) == (status, code), outcome.error
    assert runs(bench.device) == "old"
    assert bench.device.pending is None
    assert written(bench).outcome == status
    well(bench)
    assert bench.device.holder is None
    after = bench.push(artifacts(CHANGED), policy=CAREFUL)
    assert after.status is Status.CHANGED, after.error
    assert runs(bench.device) == "new"


@pytest.mark.fault("lost-before")
def test_a_connection_that_is_lost_before_the_change_changes_nothing(bench):
    bench.device.wrong.faults = [Fault(Does.CUT_BEFORE, "^load override")]
    committed = len(bench.device.commits)
    outcome = bench.push(artifacts(CHANGED), policy=CAREFUL)
    assert len(bench.device.commits) == committed
    holds(bench, outcome, Status.FAILED, code="GGI1602")


@pytest.mark.fault("lost-during")
@pytest.mark.parametrize(
    ("does", "on", "skip"),
    [
        (Does.CUT_BEFORE, "^policy-options", 1),
        (Does.CUT_BEFORE, "^commit check", 0),
        (Does.CUT_BEFORE, "^commit confirmed", 0),
        (Does.CUT_INSTEAD, "^commit confirmed", 0),
        (Does.TRUNCATE, "^commit confirmed", 0),
    ],
)
def test_a_connection_that_is_lost_in_the_middle_leaves_the_old_configuration(bench, does, on, skip):
    bench.device.wrong.faults = [Fault(does, on, skip=skip)]
    holds(bench, bench.push(artifacts(CHANGED), policy=CAREFUL), Status.ROLLED_BACK, code="GGI1613")


@pytest.mark.fault("lost-after")
def test_a_change_whose_connection_is_lost_is_confirmed_over_a_new_one(bench):
    bench.device.wrong.faults = [Fault(Does.CUT_AFTER, "^commit confirmed")]
    outcome = bench.push(artifacts(CHANGED), policy=CAREFUL)
    assert outcome.status is Status.CHANGED, outcome.error
    assert runs(bench.device) == "new"
    assert bench.device.pending is None
    assert bench.push(artifacts(CHANGED), policy=CAREFUL).status is Status.UNCHANGED


@pytest.mark.fault("killed")
def test_a_push_that_is_killed_at_any_step_leaves_one_of_the_two_and_the_next_push_works(bench):
    device = bench.device
    counts = moments(job(bench, CHANGED))
    assert counts[SEND] >= 4
    texts = {"old": TEXT, "new": CHANGED}
    for kind, number in [(CALL, n + 1) for n in range(counts[CALL])] + [(SEND, n + 1) for n in range(counts[SEND])]:
        before = runs(device)
        wanted = CHANGED if before == "old" else TEXT
        killed(job(bench, wanted), kind, number)
        awaited(lambda: device.holder is None)
        assert runs(device) in texts, f"{kind} {number}"
        assert runs(device) == before or device.pending or written(bench).step == "confirm", f"{kind} {number}"
        outcome = bench.push(artifacts(wanted), policy=CAREFUL)
        assert outcome.status in (Status.CHANGED, Status.UNCHANGED), f"{kind} {number}: {outcome.error}"
        assert texts[runs(device)] == wanted
        assert device.pending is None


def job(bench, text):
    """A push for another process."""
    journal = bench.folder / "journal"
    return Job(bench.target(artifacts(text)), bench.fleet.connections.secrets, journal, policy=CAREFUL)


@pytest.mark.fault("truncated")
@pytest.mark.parametrize("on", ["show configuration$", "show system commit$", "show bgp summary$"])
@pytest.mark.parametrize("does", [Does.SHORTEN, Does.TRUNCATE])
def test_an_answer_that_is_cut_short_is_never_taken_for_the_whole(bench, does, on):
    bench.device.wrong.faults = [Fault(does, on)]
    committed = len(bench.device.commits)
    outcome = bench.push(artifacts(CHANGED), policy=CAREFUL)
    assert len(bench.device.commits) == committed
    holds(bench, outcome, Status.FAILED, code="GGI1601" if does is Does.SHORTEN else "GGI1602")


@pytest.mark.fault("wrong-prompt")
def test_a_prompt_of_somebody_else_ends_the_push(bench, monkeypatch):
    monkeypatch.setattr(cli, "QUIET_SECONDS", 0.5)
    bench.device.wrong.faults = [Fault(Does.WRONG_PROMPT, "^commit confirmed", text="\nloader> ")]
    outcome = bench.push(artifacts(CHANGED), policy=CAREFUL)
    assert "loader>" in outcome.error
    holds(bench, outcome, Status.ROLLED_BACK, code="GGI1613")


@pytest.mark.fault("refused-line")
def test_a_line_that_is_refused_is_named_and_nothing_was_active(bench):
    bench.device.wrong.faults = [Fault(Does.REFUSE, "to the other core", times=0)]
    committed = len(bench.device.commits)
    outcome = bench.push(artifacts(CHANGED), policy=CAREFUL)
    assert "refused 'description \"to the other core\";': syntax error" in outcome.error
    assert len(bench.device.commits) == committed
    holds(bench, outcome, Status.FAILED, code="GGI1603")


@pytest.mark.fault("refused-line")
def test_a_refused_line_with_a_secret_is_not_shown(bench):
    bench.device.wrong.faults = [Fault(Does.REFUSE, "authentication-key", times=0)]
    outcome = bench.push(artifacts(CHANGED), policy=CAREFUL)
    assert "authentication-key" in outcome.error
    assert "$9$" not in outcome.error + outcome.diff
    holds(bench, outcome, Status.FAILED, code="GGI1603")


@pytest.mark.fault("reboot")
def test_a_device_that_restarts_while_armed_comes_up_with_the_old_configuration(bench):
    bench.device.wrong.faults = [Fault(Does.REBOOT, VERIFYING, skip=1, seconds=0.3)]
    outcome = bench.push(artifacts(CHANGED), policy=replace(CAREFUL, verify=1.5))
    holds(bench, outcome, Status.ROLLED_BACK, code="GGI1613")


@pytest.mark.fault("login-refused")
def test_without_a_new_login_nothing_is_confirmed(bench):
    device, outcomes = bench.device, []
    device.wrong.logins = 1
    push = threading.Thread(target=lambda: outcomes.append(bench.push(artifacts(CHANGED), policy=HASTY)))
    push.start()
    awaited(lambda: device.pending is not None)
    awaited(lambda: device.pending is None)
    assert runs(device) == "old"
    device.wrong.logins = None
    push.join(30)
    holds(bench, outcomes[0], Status.ROLLED_BACK, code="GGI1613")


@pytest.mark.fault("disk-full")
def test_a_full_disk_is_seen_before_anything_is_changed(bench):
    bench.device.wrong.disk_full = True
    committed = len(bench.device.commits)
    outcome = bench.push(artifacts(CHANGED), policy=CAREFUL)
    assert len(bench.device.commits) == committed
    holds(bench, outcome, Status.FAILED, code="GGI1610")


@pytest.mark.fault("disk-full")
def test_a_disk_that_fills_up_on_the_way_keeps_the_old_configuration(bench):
    full = "error: could not write configuration: No space left on device\nerror: commit failed"
    bench.device.wrong.faults = [Fault(Does.REFUSE, "^commit confirmed", text=full)]
    outcome = bench.push(artifacts(CHANGED), policy=CAREFUL)
    assert "No space left on device" in outcome.error
    holds(bench, outcome, Status.FAILED, code="GGI1603")


@pytest.mark.fault("locked")
def test_somebody_elses_lock_is_respected_and_named(bench):
    bench.device.wrong.locked_by = "alice"
    outcome = bench.push(artifacts(CHANGED), policy=CAREFUL)
    assert "alice" in outcome.error
    holds(bench, outcome, Status.FAILED, code="GGI1608")


@pytest.mark.fault("locked")
def test_changes_that_somebody_left_uncommitted_are_not_lost(bench):
    left = bench.device.session(single=False)
    left.enter("configure")
    left.enter("set system domain-name left.example")
    outcome = bench.push(artifacts(CHANGED), policy=CAREFUL)
    assert "not committed" in outcome.error
    assert bench.device.modified
    left.enter("rollback 0")
    left.enter("exit")
    holds(bench, outcome, Status.FAILED, code="GGI1608")


@pytest.mark.fault("clock")
def test_a_clock_that_is_wrong_and_jumps_does_not_move_the_rollback(bench):
    device = bench.device
    device.wrong.clock_seconds, device.minute = -400 * 86400.0, 1.5
    device.wrong.cut_off = matching(NEW)
    push = threading.Thread(target=lambda: bench.push(artifacts(CHANGED), policy=HASTY))
    push.start()
    awaited(lambda: device.pending is not None)
    device.wrong.clock_seconds = 400 * 86400.0
    awaited(lambda: device.pending is None)
    assert 1.4 <= device.commits[0].when - device.commits[1].when <= 6.0
    push.join(30)
    assert runs(device) == "old"
    assert written(bench).outcome == Status.ROLLED_BACK


@pytest.mark.fault("cut-off")
def test_a_change_that_cuts_management_off_comes_back_without_any_connection(bench):
    device = bench.device
    device.wrong.cut_off, device.minute = matching(NEW), 1.0
    outcome = bench.push(artifacts(CHANGED), policy=HASTY)
    assert (device.commits[0].user, device.commits[0].client) == ("root", "other")
    holds(bench, outcome, Status.ROLLED_BACK, code="GGI1613")


@pytest.mark.fault("breaks-bgp")
def test_a_session_that_goes_down_undoes_the_change(bench):
    bench.device.wrong.breaks_bgp = matching(NEW)
    outcome = bench.push(artifacts(CHANGED), policy=HASTY)
    assert "BGP sessions are down that were up: mgmt/192.0.2.0" in outcome.error
    holds(bench, outcome, Status.ROLLED_BACK, code="GGI1613")


@pytest.mark.fault("breaks-bgp")
def test_a_device_that_goes_back_while_it_is_asked_to_does_not_go_forward_again(bench):
    """What is number 1 of the archive before the device went back is the old configuration, after it the new one."""
    device = bench.device
    device.wrong.breaks_bgp, device.minute = matching(NEW), 2.5
    device.wrong.faults = [Fault(Does.WAIT, r"show system rollback 1$", seconds=3.0)]
    outcome = bench.push(artifacts(CHANGED), policy=HASTY)
    assert [commit.client for commit in device.commits[:2]] == ["other", "cli"]
    holds(bench, outcome, Status.ROLLED_BACK, code="GGI1613")


@pytest.mark.fault("breaks-bgp")
def test_a_prefix_that_is_no_longer_announced_undoes_the_change(bench):
    outcome = bench.push(artifacts(TEXT.replace("        198.51.100.0/24;\n", "")), policy=HASTY)
    assert "prefixes in mgmt are no longer announced: 198.51.100.0/24" in outcome.error
    holds(bench, outcome, Status.ROLLED_BACK, code="GGI1613")


@pytest.mark.fault("refused-whole")
def test_what_the_device_refuses_as_a_whole_was_never_active(bench):
    committed = len(bench.device.commits)
    outcome = bench.push(artifacts(CHANGED.replace("import in;", "import nowhere;")), policy=CAREFUL)
    assert "refused `commit check`: error: Policy error: Policy nowhere referenced but not defined" in outcome.error
    assert len(bench.device.commits) == committed
    holds(bench, outcome, Status.FAILED, code="GGI1603")


@pytest.mark.fault("verify-times-out")
def test_a_verification_that_does_not_succeed_in_time_takes_the_change_back(bench):
    bench.device.wrong.faults = [Fault(Does.SHORTEN, "^show configuration$", times=6)]
    outcome = bench.push(artifacts(CHANGED), policy=HASTY)
    assert "came in incomplete" in outcome.error
    holds(bench, outcome, Status.ROLLED_BACK, code="GGI1613")


VALUE = "{value}"
"""Where a fault's text has a secret in clear."""


@pytest.mark.parametrize(
    "fault",
    [
        Fault(Does.REFUSE, "authentication-key", times=0),
        Fault(Does.CUT_BEFORE, "authentication-key", skip=1),
        Fault(Does.CUT_INSTEAD, "authentication-key"),
        Fault(Does.TRUNCATE, "show configuration$"),
        Fault(Does.WRONG_PROMPT, "^commit confirmed", text=f"\n{VALUE}> "),
        Fault(Does.REFUSE, "^commit check", text=f"error: {VALUE} is no key"),
    ],
)
def test_no_failure_says_a_secret(bench, monkeypatch, fault):
    """Not in what is shown, not in the journal, not in any error that is made on the way, nor in what led to it."""
    values = {reference: bench.resolver.value(reference) for reference in REFERENCE.findall(TEXT)}
    made, usual = [], GgiError.__init__
    monkeypatch.setattr(GgiError, "__init__", lambda self, *a, **k: (made.append(self), usual(self, *a, **k))[1])
    monkeypatch.setattr(cli, "QUIET_SECONDS", 0.5)
    text = fault.text.replace(VALUE, values["secret://test/bgp/core"])
    bench.device.wrong.faults = [dataclasses.replace(fault, text=text)]
    outcome = bench.push(artifacts(CHANGED), policy=CAREFUL)
    assert outcome.error
    assert made
    said = [outcome.error, outcome.diff, *("".join(traceback.format_exception(e)) + repr(e) for e in made)]
    secrets = Secrets(values)
    assert secrets.within("".join(said).encode()) == set()
    assert secrets.in_files(bench.folder / "journal") == {}
