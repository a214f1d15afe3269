"""What a push to EOS promises for each fault of promises.yml, on a simulated device with its own commit timer."""

from __future__ import annotations

import threading
import time

import pytest
from eos_devices import CAREFUL, CHANGED, NAME, TEXT, artifacts, eos_bench
from harness import CALL, SEND, Job, killed, moments
from msgspec.structs import replace

from ggi_net.lab.misbehave import Does, Fault, Misbehaviour, matching
from ggi_net.push.driver import open_right
from ggi_net.push.journal import Journal, Status

NEW = r"to the other core"
MINUTE = 60.0
HASTY = replace(CAREFUL, verify=0.3)
SAVED = ("disk_full", "faults", "logins", "locked_by", "clock_seconds", "cut_off", "breaks_bgp")


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    with eos_bench(tmp_path_factory.mktemp("eos"), minute=MINUTE) as found:
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
    device, fine = bench.device, Misbehaviour()
    for name in SAVED:
        setattr(device.wrong, name, getattr(fine, name))
    device.timer.minute = device.minute = MINUTE
    awaited(lambda: device.wrong.connections == 0)


def awaited(condition, seconds=10.0):
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.01)


def runs(device):
    """Which of the two configurations the device runs as a whole: `old`, `new`, or `neither`."""
    shown = device.show_running()
    signs = {NEW in shown, "aes256-ctr aes128-ctr" in shown}
    return {frozenset({True}): "new", frozenset({False}): "old"}.get(frozenset(signs), "neither")


def starts(device):
    """Which of the two it starts with."""
    return "new" if NEW in device.show_startup() else "old"


def written(bench):
    """What the journal says of the last push."""
    return next(iter(Journal(bench.folder / "journal", "").entries(NAME)))


def holds(bench, outcome, status, *, code=""):
    """The device runs the old configuration as a whole, the journal says so, and the next push works."""
    device = bench.device
    assert (outcome.status, outcome.code) == (status, code), outcome.error
    assert runs(device) == starts(device) == "old"
    assert device.pending is None
    assert written(bench).outcome == status
    well(bench)
    assert not any(config.inside for config in device.configs.values())
    after = bench.push(artifacts(CHANGED), policy=CAREFUL)
    assert after.status is Status.CHANGED, after.error
    assert runs(device) == starts(device) == "new"


def committed(device):
    """The commits that the device still knows of, to see whether there was another one."""
    return [name for name, config in device.configs.items() if config.state == "committed"]


@pytest.mark.fault("lost-before")
def test_a_connection_that_is_lost_before_the_change_changes_nothing(bench):
    bench.device.wrong.faults = [Fault(Does.CUT_BEFORE, "^show bgp summary")]
    before = committed(bench.device)
    outcome = bench.push(artifacts(CHANGED), policy=CAREFUL)
    assert committed(bench.device) == before
    holds(bench, outcome, Status.FAILED, code="GGI1602")


@pytest.mark.fault("lost-during")
@pytest.mark.parametrize(
    ("does", "on", "skip"),
    [
        (Does.CUT_BEFORE, "^copy running-config", 0),
        (Does.CUT_BEFORE, "other core", 1),
        (Does.CUT_BEFORE, "^commit timer", 0),
        (Does.CUT_INSTEAD, "^commit timer", 0),
        (Does.TRUNCATE, "^commit timer", 0),
    ],
)
def test_a_connection_that_is_lost_in_the_middle_leaves_the_old_configuration(bench, does, on, skip):
    bench.device.wrong.faults = [Fault(does, on, skip=skip)]
    holds(bench, bench.push(artifacts(CHANGED), policy=CAREFUL), Status.ROLLED_BACK, code="GGI1613")


@pytest.mark.fault("lost-after")
def test_a_change_whose_connection_is_lost_is_confirmed_over_a_new_one(bench):
    bench.device.wrong.faults = [Fault(Does.CUT_BEFORE, "^configure session .* commit$")]
    outcome = bench.push(artifacts(CHANGED), policy=CAREFUL)
    assert outcome.status is Status.CHANGED, outcome.error
    assert runs(bench.device) == starts(bench.device) == "new"
    assert bench.device.pending is None
    assert bench.push(artifacts(CHANGED), policy=CAREFUL).status is Status.UNCHANGED


@pytest.mark.fault("lost-after")
def test_a_confirmation_whose_answer_is_lost_is_found_to_be_in_force(bench):
    bench.device.wrong.faults = [Fault(Does.CUT_INSTEAD, "^configure session .* commit$")]
    outcome = bench.push(artifacts(CHANGED), policy=CAREFUL)
    assert outcome.status is Status.CHANGED, outcome.error
    assert runs(bench.device) == starts(bench.device) == "new"


@pytest.mark.fault("killed")
def test_a_push_that_is_killed_at_any_step_leaves_one_of_the_two_and_the_next_push_works(bench):
    device = bench.device
    counts = moments(job(bench, CHANGED))
    assert counts[CALL] > 10
    assert counts[SEND] > 6
    for kind, number in [(CALL, n + 1) for n in range(counts[CALL])] + [(SEND, n + 1) for n in range(counts[SEND])]:
        before = runs(device)
        wanted = CHANGED if before == "old" else TEXT
        killed(job(bench, wanted), kind, number)
        awaited(lambda: not any(config.inside for config in device.configs.values()))
        now = runs(device)
        assert now in ("old", "new"), f"{kind} {number}"
        assert now == before or device.pending or written(bench).step == "confirm", f"{kind} {number}"
        outcome = bench.push(artifacts(wanted), policy=CAREFUL)
        assert outcome.status in (Status.CHANGED, Status.UNCHANGED), f"{kind} {number}: {outcome.error}"
        assert runs(device) == starts(device) == ("new" if wanted == CHANGED else "old"), f"{kind} {number}"
        assert device.pending is None


def job(bench, text):
    """A push for another process."""
    journal = bench.folder / "journal"
    return Job(bench.target(artifacts(text)), bench.fleet.connections.secrets, journal, policy=CAREFUL)


@pytest.mark.fault("truncated")
@pytest.mark.parametrize(
    "on", ["show running-config$", "show configuration sessions", "show bgp summary", "show session-config$"]
)
@pytest.mark.parametrize("does", [Does.SHORTEN, Does.TRUNCATE])
def test_an_answer_that_is_cut_short_is_never_taken_for_the_whole(bench, does, on):
    bench.device.wrong.faults = [Fault(does, on)]
    before = committed(bench.device)
    outcome = bench.push(artifacts(CHANGED), policy=CAREFUL)
    assert committed(bench.device) == before
    holds(bench, outcome, Status.FAILED, code="GGI1601" if does is Does.SHORTEN else "GGI1602")


@pytest.mark.fault("wrong-prompt")
def test_a_prompt_of_somebody_else_ends_the_push(bench):
    bench.device.wrong.faults = [Fault(Does.WRONG_PROMPT, "^show session-config$", skip=1, text="\nAboot$ ")]
    outcome = bench.push(artifacts(CHANGED), policy=CAREFUL)
    assert "Aboot$" in outcome.error
    holds(bench, outcome, Status.ROLLED_BACK, code="GGI1613")


@pytest.mark.fault("refused-line")
@pytest.mark.parametrize(("skip", "status"), [(0, Status.FAILED), (1, Status.FAILED)], ids=["tried", "made"])
def test_a_line_that_is_refused_is_named_and_nothing_was_active(bench, skip, status):
    """The first time it is entered is when the change is tried, the second when it is made."""
    bench.device.wrong.faults = [Fault(Does.REFUSE, "to the other core", skip=skip)]
    before = committed(bench.device)
    outcome = bench.push(artifacts(CHANGED), policy=CAREFUL)
    assert "refused 'description to the other core': % Invalid input (at token 1: 'to')" in outcome.error
    assert committed(bench.device) == before
    holds(bench, outcome, status, code="GGI1603")


@pytest.mark.fault("refused-line")
def test_a_line_that_the_device_takes_for_something_else_is_seen_before_it_is_active(bench):
    """It answers nothing and does nothing: only what the session would run shows it."""
    bench.device.wrong.faults = [Fault(Does.REFUSE, "to the other core", times=0, text=" ")]
    before = committed(bench.device)
    outcome = bench.push(artifacts(CHANGED), policy=CAREFUL)
    assert "lines short of what is meant, the first 'interface Ethernet1'" in outcome.error
    assert committed(bench.device) == before
    holds(bench, outcome, Status.FAILED, code="GGI1603")


@pytest.mark.fault("refused-line")
def test_a_refused_line_with_a_secret_is_not_shown(bench):
    other = CHANGED.replace("test/bgp/core", "test/bgp/other")
    bench.device.wrong.faults = [Fault(Does.REFUSE, "password 0", times=0)]
    outcome = bench.push(artifacts(other), policy=CAREFUL)
    assert "refused 'neighbor 192.0.2.0 password <secret>'" in outcome.error
    assert bench.resolver.plain("secret://test/bgp/other") not in outcome.error + outcome.diff
    holds(bench, outcome, Status.FAILED, code="GGI1603")


@pytest.mark.fault("reboot")
def test_a_device_that_restarts_while_armed_comes_up_with_the_old_configuration(bench):
    bench.device.wrong.faults = [Fault(Does.REBOOT, "^show version", skip=1, seconds=0.3)]
    outcome = bench.push(artifacts(CHANGED), policy=replace(CAREFUL, verify=1.5))
    holds(bench, outcome, Status.ROLLED_BACK, code="GGI1613")


@pytest.mark.fault("reboot")
def test_what_ran_unsaved_before_the_change_is_what_a_restart_brings_back(bench):
    """Somebody had changed something and not saved it: without more, a restart would have lost it."""
    other = TEXT.replace("to the core", "to a core")
    session = bench.device.session(single=True)
    for line in ("configure", "interface Ethernet1", "description to a core", "end"):
        session.enter(line)
    session.end()
    bench.device.wrong.faults = [Fault(Does.REBOOT, "^show version", skip=1, seconds=0.3)]
    policy = replace(CAREFUL, verify=1.5, accept=frozenset({"drift"}))
    outcome = bench.push(artifacts(CHANGED), policy=policy)
    assert outcome.status is Status.ROLLED_BACK, outcome.error
    well(bench)
    with_session(bench, other, lambda found: found.compare(artifacts(other)).empty)


def with_session(bench, text, holds_true):
    session = open_right(bench.target(artifacts(text)), bench.resolver)
    try:
        assert holds_true(session)
    finally:
        session.close()


@pytest.mark.fault("login-refused")
def test_without_a_new_login_nothing_is_confirmed(bench):
    device, outcomes = bench.device, []
    device.wrong.logins = 2
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
    before = committed(bench.device)
    outcome = bench.push(artifacts(CHANGED), policy=CAREFUL)
    assert committed(bench.device) == before
    holds(bench, outcome, Status.FAILED, code="GGI1610")


@pytest.mark.fault("disk-full")
def test_a_disk_that_fills_up_before_the_change_is_made_keeps_the_old_configuration(bench):
    full = "% Error copying system:/running-config to flash:/x (No space left on device)"
    bench.device.wrong.faults = [Fault(Does.REFUSE, "^copy running-config flash:", text=full)]
    outcome = bench.push(artifacts(CHANGED), policy=CAREFUL)
    assert "No space left on device" in outcome.error
    holds(bench, outcome, Status.FAILED, code="GGI1603")


@pytest.mark.fault("disk-full")
def test_a_change_that_can_not_be_saved_is_kept_and_said_to_be_unsaved(bench):
    full = "% Error copying system:/running-config to flash:/startup-config (No space left on device)"
    bench.device.wrong.faults = [Fault(Does.REFUSE, "^write memory", text=full)]
    outcome = bench.push(artifacts(CHANGED), policy=CAREFUL)
    assert (outcome.status, outcome.code) == (Status.CHANGED, "GGI1617")
    assert "could not be saved" in outcome.error
    assert runs(bench.device) == "new"
    assert bench.device.pending is None


@pytest.mark.fault("locked")
def test_somebody_who_is_in_a_configuration_session_is_respected_and_named(bench):
    bench.device.wrong.locked_by = "alice"
    outcome = bench.push(artifacts(CHANGED), policy=CAREFUL)
    assert "alice (vty1) is in configuration session 'sess-1'" in outcome.error
    holds(bench, outcome, Status.FAILED, code="GGI1608")


@pytest.mark.fault("locked")
def test_a_second_push_is_refused_as_long_as_the_first_is_there(bench):
    first = open_right(bench.target(artifacts()), bench.resolver)
    first.lock("alice@desk, run 20261128T101500Z-a1b2c3")
    outcome = bench.push(artifacts(CHANGED), policy=CAREFUL)
    assert "is in configuration session 'ggi-lock-alice-desk-run-20261128T101500Z-a1b2c3'" in outcome.error
    first.close()
    holds(bench, outcome, Status.FAILED, code="GGI1608")


@pytest.mark.fault("locked")
def test_sessions_that_a_killed_push_left_behind_do_not_fill_the_device(bench):
    for number in range(5):
        left = bench.device.session(single=True)
        left.enter(f"configure session ggi-try-{number}")
        left.end()
    assert bench.push(artifacts(CHANGED), policy=CAREFUL).status is Status.CHANGED


@pytest.mark.fault("clock")
def test_a_clock_that_is_wrong_and_jumps_does_not_move_the_rollback(bench):
    device = bench.device
    device.wrong.clock_seconds = -400 * 86400.0
    device.timer.minute = device.minute = 1.5
    device.wrong.cut_off = matching(NEW)
    push = threading.Thread(target=lambda: bench.push(artifacts(CHANGED), policy=HASTY))
    push.start()
    awaited(lambda: device.pending is not None)
    armed = time.monotonic()
    device.wrong.clock_seconds = 400 * 86400.0
    awaited(lambda: runs(device) == "old")
    assert 1.3 <= time.monotonic() - armed <= 3.0
    push.join(30)
    assert written(bench).outcome == Status.ROLLED_BACK


@pytest.mark.fault("cut-off")
def test_a_change_that_cuts_management_off_comes_back_without_any_connection(bench):
    device = bench.device
    device.wrong.cut_off = matching(NEW)
    device.timer.minute = device.minute = 1.0
    holds(bench, bench.push(artifacts(CHANGED), policy=HASTY), Status.ROLLED_BACK, code="GGI1613")


@pytest.mark.fault("breaks-bgp")
def test_a_session_that_goes_down_undoes_the_change(bench):
    bench.device.wrong.breaks_bgp = matching(NEW)
    outcome = bench.push(artifacts(CHANGED), policy=HASTY)
    assert "BGP sessions are down that were up: mgmt/192.0.2.0" in outcome.error
    holds(bench, outcome, Status.ROLLED_BACK, code="GGI1613")


@pytest.mark.fault("breaks-bgp")
def test_a_prefix_that_is_no_longer_announced_undoes_the_change(bench):
    outcome = bench.push(artifacts(TEXT.replace("   seq 10 permit 198.51.100.0/24\n", "")), policy=HASTY)
    assert "prefixes in mgmt are no longer announced: 198.51.100.0/24" in outcome.error
    holds(bench, outcome, Status.ROLLED_BACK, code="GGI1613")


@pytest.mark.fault("refused-whole")
def test_what_the_device_refuses_as_a_whole_was_never_active(bench):
    said = "% Cannot commit session: resources are exhausted"
    bench.device.wrong.faults = [Fault(Does.REFUSE, "^commit timer", text=said)]
    before = committed(bench.device)
    outcome = bench.push(artifacts(CHANGED), policy=CAREFUL)
    assert f"the commit is refused: {said}" in outcome.error
    assert committed(bench.device) == before
    holds(bench, outcome, Status.FAILED, code="GGI1603")


@pytest.mark.fault("verify-times-out")
def test_a_verification_that_does_not_succeed_in_time_takes_the_change_back(bench):
    bench.device.wrong.faults = [Fault(Does.SHORTEN, "^show running-config$", skip=2, times=6)]
    outcome = bench.push(artifacts(CHANGED), policy=HASTY)
    assert "came in incomplete" in outcome.error
    holds(bench, outcome, Status.ROLLED_BACK, code="GGI1613")
