"""What a push to Junos promises for each fault of promises.yml, on a simulated device with its own timers."""

from __future__ import annotations

import dataclasses
import traceback

import pytest
from devices import CAREFUL
from harness import SEND
from junos_devices import CHANGED, TEXT, artifacts, junos_bench
from leaks import Secrets
from msgspec.structs import replace
from subject import HASTY, MINUTE, NEW, Subject, awaited

from ggi_net.errors import GgiError
from ggi_net.lab.misbehave import Does, Fault, matching
from ggi_net.push import cli
from ggi_net.push.journal import Status
from ggi_net.secrets import REFERENCE

VERIFYING = r"^show (chassis|configuration)"
"""The commands of a session that has not locked the configuration: in that one they begin with `run`."""


class Junos(Subject):
    """It starts with what it runs, and its configuration has a lock."""

    def starts(self):
        return self.runs()

    def held(self):
        return self.device.holder is not None

    def commits(self):
        return list(self.device.commits)

    def set_minute(self, seconds):
        self.device.minute = seconds


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    with junos_bench(tmp_path_factory.mktemp("junos"), minute=MINUTE) as bench:
        yield Junos(bench, TEXT, CHANGED, artifacts)


@pytest.fixture
def lab(shared):
    with shared.well():
        yield shared


@pytest.mark.fault("lost-before")
def test_a_connection_that_is_lost_before_the_change_changes_nothing(lab):
    lab.wrong.faults = [Fault(Does.CUT_BEFORE, "^load override")]
    lab.holds(lab.push_in_vain(), Status.FAILED, code="GGI1602")


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
def test_a_connection_that_is_lost_in_the_middle_leaves_the_old_configuration(lab, does, on, skip):
    lab.wrong.faults = [Fault(does, on, skip=skip)]
    lab.holds(lab.push(), Status.ROLLED_BACK, code="GGI1613")


@pytest.mark.fault("lost-after")
def test_a_change_whose_connection_is_lost_is_confirmed_over_a_new_one(lab):
    lab.wrong.faults = [Fault(Does.CUT_AFTER, "^commit confirmed")]
    lab.has_changed(lab.push())
    assert lab.push().status is Status.UNCHANGED


@pytest.mark.fault("killed")
def test_a_push_that_is_killed_at_any_step_leaves_one_of_the_two_and_the_next_push_works(lab):
    assert lab.dies_at_every_step()[SEND] >= 4


@pytest.mark.fault("truncated")
@pytest.mark.parametrize("on", ["show configuration$", "show system commit$", "show bgp summary$"])
@pytest.mark.parametrize("does", [Does.SHORTEN, Does.TRUNCATE])
def test_an_answer_that_is_cut_short_is_never_taken_for_the_whole(lab, does, on):
    lab.wrong.faults = [Fault(does, on)]
    lab.holds(lab.push_in_vain(), Status.FAILED, code="GGI1601" if does is Does.SHORTEN else "GGI1602")


@pytest.mark.fault("wrong-prompt")
def test_a_prompt_of_somebody_else_ends_the_push(lab, monkeypatch):
    monkeypatch.setattr(cli, "QUIET_SECONDS", 0.5)
    lab.wrong.faults = [Fault(Does.WRONG_PROMPT, "^commit confirmed", text="\nloader> ")]
    outcome = lab.push()
    assert "loader>" in outcome.error
    lab.holds(outcome, Status.ROLLED_BACK, code="GGI1613")


@pytest.mark.fault("refused-line")
def test_a_line_that_is_refused_is_named_and_nothing_was_active(lab):
    lab.wrong.faults = [Fault(Does.REFUSE, "to the other core", times=0)]
    outcome = lab.push_in_vain()
    assert "refused 'description \"to the other core\";': syntax error" in outcome.error
    lab.holds(outcome, Status.FAILED, code="GGI1603")


@pytest.mark.fault("refused-line")
def test_a_refused_line_with_a_secret_is_not_shown(lab):
    lab.wrong.faults = [Fault(Does.REFUSE, "authentication-key", times=0)]
    outcome = lab.push()
    assert "authentication-key" in outcome.error
    assert "$9$" not in outcome.error + outcome.diff
    lab.holds(outcome, Status.FAILED, code="GGI1603")


@pytest.mark.fault("reboot")
def test_a_device_that_restarts_while_armed_comes_up_with_the_old_configuration(lab):
    lab.wrong.faults = [Fault(Does.REBOOT, VERIFYING, skip=1, seconds=0.3)]
    lab.holds(lab.push(policy=replace(CAREFUL, verify=1.5)), Status.ROLLED_BACK, code="GGI1613")


@pytest.mark.fault("login-refused")
def test_without_a_new_login_nothing_is_confirmed(lab):
    lab.wrong.logins = 1
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
def test_a_disk_that_fills_up_on_the_way_keeps_the_old_configuration(lab):
    full = "error: could not write configuration: No space left on device\nerror: commit failed"
    lab.wrong.faults = [Fault(Does.REFUSE, "^commit confirmed", text=full)]
    outcome = lab.push()
    assert "No space left on device" in outcome.error
    lab.holds(outcome, Status.FAILED, code="GGI1603")


@pytest.mark.fault("locked")
def test_somebody_elses_lock_is_respected_and_named(lab):
    lab.wrong.locked_by = "alice"
    outcome = lab.push()
    assert "alice" in outcome.error
    lab.holds(outcome, Status.FAILED, code="GGI1608")


@pytest.mark.fault("locked")
def test_changes_that_somebody_left_uncommitted_are_not_lost(lab):
    left = lab.device.session(single=False)
    left.enter("configure")
    left.enter("set system domain-name left.example")
    outcome = lab.push()
    assert "not committed" in outcome.error
    assert lab.device.modified
    left.enter("rollback 0")
    left.enter("exit")
    lab.holds(outcome, Status.FAILED, code="GGI1608")


@pytest.mark.fault("clock")
def test_a_clock_that_is_wrong_and_jumps_does_not_move_the_rollback(lab):
    lab.wrong.clock_seconds, lab.wrong.cut_off = -400 * 86400.0, matching(NEW)
    lab.set_minute(1.5)
    with lab.pushing(HASTY):
        lab.wrong.clock_seconds = 400 * 86400.0
        awaited(lambda: lab.device.pending is None)
        back, armed = lab.device.commits[:2]
        assert 1.4 <= back.when - armed.when <= 6.0
    assert lab.runs() == "old"
    assert lab.written().outcome == Status.ROLLED_BACK


@pytest.mark.fault("cut-off")
def test_a_change_that_cuts_management_off_comes_back_without_any_connection(lab):
    lab.wrong.cut_off = matching(NEW)
    lab.set_minute(1.0)
    outcome = lab.push(policy=HASTY)
    assert (lab.device.commits[0].user, lab.device.commits[0].client) == ("root", "other")
    lab.holds(outcome, Status.ROLLED_BACK, code="GGI1613")


@pytest.mark.fault("breaks-bgp")
def test_a_session_that_goes_down_undoes_the_change(lab):
    lab.wrong.breaks_bgp = matching(NEW)
    outcome = lab.push(policy=HASTY)
    assert "BGP sessions are down that were up: mgmt/192.0.2.0" in outcome.error
    lab.holds(outcome, Status.ROLLED_BACK, code="GGI1613")


@pytest.mark.fault("breaks-bgp")
def test_a_device_that_goes_back_while_it_is_asked_to_does_not_go_forward_again(lab):
    """What is number 1 of the archive before the device went back is the old configuration, after it the new one."""
    lab.wrong.breaks_bgp = matching(NEW)
    lab.set_minute(2.5)
    lab.wrong.faults = [Fault(Does.WAIT, r"show system rollback 1$", seconds=3.0)]
    outcome = lab.push(policy=HASTY)
    assert [commit.client for commit in lab.device.commits[:2]] == ["other", "cli"]
    lab.holds(outcome, Status.ROLLED_BACK, code="GGI1613")


@pytest.mark.fault("breaks-bgp")
def test_a_prefix_that_is_no_longer_announced_undoes_the_change(lab):
    outcome = lab.push(TEXT.replace("        198.51.100.0/24;\n", ""), HASTY)
    assert "prefixes in mgmt are no longer announced: 198.51.100.0/24" in outcome.error
    lab.holds(outcome, Status.ROLLED_BACK, code="GGI1613")


@pytest.mark.fault("refused-whole")
def test_what_the_device_refuses_as_a_whole_was_never_active(lab):
    outcome = lab.push_in_vain(CHANGED.replace("import in;", "import nowhere;"))
    assert "refused `commit check`: error: Policy error: Policy nowhere referenced but not defined" in outcome.error
    lab.holds(outcome, Status.FAILED, code="GGI1603")


@pytest.mark.fault("verify-times-out")
def test_a_verification_that_does_not_succeed_in_time_takes_the_change_back(lab):
    lab.wrong.faults = [Fault(Does.SHORTEN, "^show configuration$", times=6)]
    outcome = lab.push(policy=HASTY)
    assert "came in incomplete" in outcome.error
    lab.holds(outcome, Status.ROLLED_BACK, code="GGI1613")


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
def test_no_failure_says_a_secret(lab, monkeypatch, fault):
    """Not in what is shown, not in the journal, not in any error that is made on the way, nor in what led to it."""
    values = {reference: lab.bench.resolver.value(reference) for reference in REFERENCE.findall(TEXT)}
    made, usual = [], GgiError.__init__
    monkeypatch.setattr(GgiError, "__init__", lambda self, *a, **k: (made.append(self), usual(self, *a, **k))[1])
    monkeypatch.setattr(cli, "QUIET_SECONDS", 0.5)
    text = fault.text.replace(VALUE, values["secret://test/bgp/core"])
    lab.wrong.faults = [dataclasses.replace(fault, text=text)]
    outcome = lab.push()
    assert outcome.error
    assert made
    said = [outcome.error, outcome.diff, *("".join(traceback.format_exception(e)) + repr(e) for e in made)]
    secrets = Secrets(values)
    assert secrets.within("".join(said).encode()) == set()
    assert secrets.in_files(lab.bench.folder / "journal") == {}
