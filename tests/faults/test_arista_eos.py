"""What a push to EOS promises for each fault of promises.yml, on a simulated device with its own commit timer."""

from __future__ import annotations

import time

import pytest
from devices import CAREFUL
from eos_devices import CHANGED, TEXT, artifacts, eos_bench
from harness import CALL, SEND
from msgspec.structs import replace
from subject import HASTY, MINUTE, NEW, Subject, awaited, which

from ggi_net.lab.misbehave import Does, Fault, matching
from ggi_net.push.driver import open_right
from ggi_net.push.journal import Status


class Eos(Subject):
    """Whoever is in a configuration session keeps others out."""

    def starts(self):
        return which(self.device.show_startup())

    def held(self):
        return any(config.inside for config in self.device.configs.values())

    def commits(self):
        return [name for name, config in self.device.configs.items() if config.state == "committed"]

    def set_minute(self, seconds):
        self.device.timer.minute = self.device.minute = seconds


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    with eos_bench(tmp_path_factory.mktemp("eos"), minute=MINUTE) as bench:
        yield Eos(bench, TEXT, CHANGED, artifacts)


@pytest.fixture
def lab(shared):
    with shared.well():
        yield shared


@pytest.mark.fault("lost-before")
def test_a_connection_that_is_lost_before_the_change_changes_nothing(lab):
    lab.wrong.faults = [Fault(Does.CUT_BEFORE, "^show bgp summary")]
    lab.holds(lab.push_in_vain(), Status.FAILED, code="GGI1602")


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
def test_a_connection_that_is_lost_in_the_middle_leaves_the_old_configuration(lab, does, on, skip):
    lab.wrong.faults = [Fault(does, on, skip=skip)]
    lab.holds(lab.push(), Status.ROLLED_BACK, code="GGI1613")


@pytest.mark.fault("lost-after")
def test_a_change_whose_connection_is_lost_is_confirmed_over_a_new_one(lab):
    lab.wrong.faults = [Fault(Does.CUT_BEFORE, "^configure session .* commit$")]
    lab.has_changed(lab.push())
    assert lab.push().status is Status.UNCHANGED


@pytest.mark.fault("lost-after")
def test_a_confirmation_whose_answer_is_lost_is_found_to_be_in_force(lab):
    lab.wrong.faults = [Fault(Does.CUT_INSTEAD, "^configure session .* commit$")]
    lab.has_changed(lab.push())


@pytest.mark.fault("killed")
def test_a_push_that_is_killed_at_any_step_leaves_one_of_the_two_and_the_next_push_works(lab):
    counts = lab.dies_at_every_step()
    assert counts[CALL] > 10
    assert counts[SEND] > 6


@pytest.mark.fault("truncated")
@pytest.mark.parametrize(
    "on", ["show running-config$", "show configuration sessions", "show bgp summary", "show session-config$"]
)
@pytest.mark.parametrize("does", [Does.SHORTEN, Does.TRUNCATE])
def test_an_answer_that_is_cut_short_is_never_taken_for_the_whole(lab, does, on):
    lab.wrong.faults = [Fault(does, on)]
    lab.holds(lab.push_in_vain(), Status.FAILED, code="GGI1601" if does is Does.SHORTEN else "GGI1602")


@pytest.mark.fault("wrong-prompt")
def test_a_prompt_of_somebody_else_ends_the_push(lab):
    lab.wrong.faults = [Fault(Does.WRONG_PROMPT, "^show session-config$", skip=1, text="\nAboot$ ")]
    outcome = lab.push()
    assert "Aboot$" in outcome.error
    lab.holds(outcome, Status.ROLLED_BACK, code="GGI1613")


@pytest.mark.fault("refused-line")
@pytest.mark.parametrize(("skip", "status"), [(0, Status.FAILED), (1, Status.FAILED)], ids=["tried", "made"])
def test_a_line_that_is_refused_is_named_and_nothing_was_active(lab, skip, status):
    """The first time it is entered is when the change is tried, the second when it is made."""
    lab.wrong.faults = [Fault(Does.REFUSE, "to the other core", skip=skip)]
    outcome = lab.push_in_vain()
    assert "refused 'description to the other core': % Invalid input (at token 1: 'to')" in outcome.error
    lab.holds(outcome, status, code="GGI1603")


@pytest.mark.fault("refused-line")
def test_a_line_that_the_device_takes_for_something_else_is_seen_before_it_is_active(lab):
    """It answers nothing and does nothing: only what the session would run shows it."""
    lab.wrong.faults = [Fault(Does.REFUSE, "to the other core", times=0, text=" ")]
    outcome = lab.push_in_vain()
    assert "lines short of what is meant, the first 'interface Ethernet1'" in outcome.error
    lab.holds(outcome, Status.FAILED, code="GGI1603")


@pytest.mark.fault("refused-line")
def test_a_refused_line_with_a_secret_is_not_shown(lab):
    other = CHANGED.replace("test/bgp/core", "test/bgp/other")
    lab.wrong.faults = [Fault(Does.REFUSE, "password 0", times=0)]
    outcome = lab.push(other)
    assert "refused 'neighbor 192.0.2.0 password <secret>'" in outcome.error
    assert lab.bench.resolver.plain("secret://test/bgp/other") not in outcome.error + outcome.diff
    lab.holds(outcome, Status.FAILED, code="GGI1603")


@pytest.mark.fault("reboot")
def test_a_device_that_restarts_while_armed_comes_up_with_the_old_configuration(lab):
    lab.wrong.faults = [Fault(Does.REBOOT, "^show version", skip=1, seconds=0.3)]
    lab.holds(lab.push(policy=replace(CAREFUL, verify=1.5)), Status.ROLLED_BACK, code="GGI1613")


@pytest.mark.fault("reboot")
def test_what_ran_unsaved_before_the_change_is_what_a_restart_brings_back(lab):
    """Somebody had changed something and not saved it: without more, a restart would have lost it."""
    other = TEXT.replace("to the core", "to a core")
    session = lab.device.session(single=True)
    for line in ("configure", "interface Ethernet1", "description to a core", "end"):
        session.enter(line)
    session.end()
    lab.wrong.faults = [Fault(Does.REBOOT, "^show version", skip=1, seconds=0.3)]
    outcome = lab.push(policy=replace(CAREFUL, verify=1.5, accept=frozenset({"drift"})))
    assert outcome.status is Status.ROLLED_BACK, outcome.error
    lab.heal()
    session = open_right(lab.target(other), lab.bench.resolver)
    change = session.compare(artifacts(other))
    session.close()
    assert change.empty


@pytest.mark.fault("login-refused")
def test_without_a_new_login_nothing_is_confirmed(lab):
    lab.wrong.logins = 2
    with lab.pushing(HASTY) as outcomes:
        awaited(lambda: lab.device.pending is None)
        assert lab.runs() == "old"
        lab.wrong.logins = None
    lab.holds(outcomes[0], Status.ROLLED_BACK, code="GGI1613")


@pytest.mark.fault("disk-full")
def test_a_full_disk_is_seen_before_anything_is_changed(lab):
    lab.wrong.disk_full = True
    lab.holds(lab.push_in_vain(), Status.FAILED, code="GGI1610")


@pytest.mark.fault("disk-full")
def test_a_disk_that_fills_up_before_the_change_is_made_keeps_the_old_configuration(lab):
    full = "% Error copying system:/running-config to flash:/x (No space left on device)"
    lab.wrong.faults = [Fault(Does.REFUSE, "^copy running-config flash:", text=full)]
    outcome = lab.push()
    assert "No space left on device" in outcome.error
    lab.holds(outcome, Status.FAILED, code="GGI1603")


@pytest.mark.fault("disk-full")
def test_a_change_that_can_not_be_saved_is_kept_and_said_to_be_unsaved(lab):
    full = "% Error copying system:/running-config to flash:/startup-config (No space left on device)"
    lab.wrong.faults = [Fault(Does.REFUSE, "^write memory", text=full)]
    outcome = lab.push()
    assert (outcome.status, outcome.code) == (Status.CHANGED, "GGI1617")
    assert "could not be saved" in outcome.error
    assert lab.runs() == "new"
    assert lab.device.pending is None


@pytest.mark.fault("locked")
def test_somebody_who_is_in_a_configuration_session_is_respected_and_named(lab):
    lab.wrong.locked_by = "alice"
    outcome = lab.push()
    assert "alice (vty1) is in configuration session 'sess-1'" in outcome.error
    lab.holds(outcome, Status.FAILED, code="GGI1608")


@pytest.mark.fault("locked")
def test_a_second_push_is_refused_as_long_as_the_first_is_there(lab):
    first = open_right(lab.target(TEXT), lab.bench.resolver)
    first.lock("alice@desk, run 20261128T101500Z-a1b2c3")
    outcome = lab.push()
    assert "is in configuration session 'ggi-lock-alice-desk-run-20261128T101500Z-a1b2c3'" in outcome.error
    first.close()
    lab.holds(outcome, Status.FAILED, code="GGI1608")


@pytest.mark.fault("locked")
def test_sessions_that_a_killed_push_left_behind_do_not_fill_the_device(lab):
    for number in range(5):
        left = lab.device.session(single=True)
        left.enter(f"configure session ggi-try-{number}")
        left.end()
    assert lab.push().status is Status.CHANGED


@pytest.mark.fault("clock")
def test_a_clock_that_is_wrong_and_jumps_does_not_move_the_rollback(lab):
    lab.wrong.clock_seconds, lab.wrong.cut_off = -400 * 86400.0, matching(NEW)
    lab.set_minute(1.5)
    with lab.pushing(HASTY):
        armed = time.monotonic()
        lab.wrong.clock_seconds = 400 * 86400.0
        awaited(lambda: lab.runs() == "old")
        assert 1.3 <= time.monotonic() - armed <= 3.0
    assert lab.written().outcome == Status.ROLLED_BACK


@pytest.mark.fault("cut-off")
def test_a_change_that_cuts_management_off_comes_back_without_any_connection(lab):
    lab.wrong.cut_off = matching(NEW)
    lab.set_minute(1.0)
    lab.holds(lab.push(policy=HASTY), Status.ROLLED_BACK, code="GGI1613")


@pytest.mark.fault("breaks-bgp")
def test_a_session_that_goes_down_undoes_the_change(lab):
    lab.wrong.breaks_bgp = matching(NEW)
    outcome = lab.push(policy=HASTY)
    assert "BGP sessions are down that were up: mgmt/192.0.2.0" in outcome.error
    lab.holds(outcome, Status.ROLLED_BACK, code="GGI1613")


@pytest.mark.fault("breaks-bgp")
def test_a_prefix_that_is_no_longer_announced_undoes_the_change(lab):
    outcome = lab.push(TEXT.replace("   seq 10 permit 198.51.100.0/24\n", ""), HASTY)
    assert "prefixes in mgmt are no longer announced: 198.51.100.0/24" in outcome.error
    lab.holds(outcome, Status.ROLLED_BACK, code="GGI1613")


@pytest.mark.fault("refused-whole")
def test_what_the_device_refuses_as_a_whole_was_never_active(lab):
    said = "% Cannot commit session: resources are exhausted"
    lab.wrong.faults = [Fault(Does.REFUSE, "^commit timer", text=said)]
    outcome = lab.push_in_vain()
    assert f"the commit is refused: {said}" in outcome.error
    lab.holds(outcome, Status.FAILED, code="GGI1603")


@pytest.mark.fault("verify-times-out")
def test_a_verification_that_does_not_succeed_in_time_takes_the_change_back(lab):
    lab.wrong.faults = [Fault(Does.SHORTEN, "^show running-config$", skip=2, times=6)]
    outcome = lab.push(policy=HASTY)
    assert "came in incomplete" in outcome.error
    lab.holds(outcome, Status.ROLLED_BACK, code="GGI1613")
