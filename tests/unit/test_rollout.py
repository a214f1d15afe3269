"""A run over many devices: approved by its diff, in waves, within a budget, and no device is ever left half done."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
import sys
import time
from datetime import UTC, datetime
from itertools import combinations, pairwise
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from paper import QUICK, Paper, killed_at

from ggi_net.errors import ApprovalMissing, ArtifactsStale, DeviceLocked, NothingKept, RunUnknown
from ggi_net.model.waves import partners_of, waves
from ggi_net.onboard.generate import make_estate
from ggi_net.paths import demo_folder
from ggi_net.push import windows
from ggi_net.push.journal import Journal, Status, read_entry
from ggi_net.push.rollout import stopped
from ggi_net.push.rollout_jobs import resumed_jobs, rollback_of_devices, rollback_of_run
from ggi_net.push.rollout_settle import settle_all, unsettled
from ggi_net.push.rollout_state import diff_file, locked, read_run, run_folder, runs
from ggi_net.push.summary import exit_status, summary_lines, totals
from ggi_net.source.files import load_estate

ESTATE = load_estate(demo_folder())
MANY = make_estate(12, 3)
ALMELO = [device.name for device in ESTATE.gemeente("almelo").devices]
HERE = Path(__file__).parent


@pytest.fixture
def paper(tmp_path):
    return Paper(ESTATE, tmp_path)


def statuses(run):
    return {name: str(device.status) for name, device in run.state.devices.items()}


def resume(paper, run, **options):
    """Go on with a run, as `ggi push --resume` does."""
    state = read_run(paper.journal, run)
    journal = Journal(paper.journal, state.asked.reason, run)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ggi_net.push.rollout_jobs._jobs", paper.jobs_of)
        found = paper.rollout(resumed_jobs(paper.estate, state, journal, paper.connections), run, **options)
    found.run(state)
    return found


class TestWaves:
    def test_all_devices_get_there_wave_by_wave(self, paper):
        run = paper.push()
        assert set(paper.all_running().values()) == {"new"}
        assert set(statuses(run).values()) == {"changed"}
        assert [name for name, _ in paper.watcher.waves] == ["comparing", *waves(ESTATE)]
        assert run.state.waves == waves(ESTATE)
        ends = {name: max((end for d in names for _, end in paper.busy(d))) for name, names in waves(ESTATE).items()}
        begins = {name: min(b for d in names for b, _ in paper.busy(d)) for name, names in waves(ESTATE).items()}
        order = list(waves(ESTATE))
        assert all(ends[one] <= begins[next_one] for one, next_one in pairwise(order))

    def test_partners_are_never_changed_at_the_same_time(self, paper):
        for name in paper.names:
            paper.order(name, "slow", "0.02")
        paper.push()
        for one, others in partners_of(ESTATE).items():
            for other in others:
                [(begin, end)], [(start, stop)] = paper.busy(one), paper.busy(other)
                assert end <= start or stop <= begin

    def test_only_what_differs_is_in_a_wave_and_nothing_is_sent_to_the_rest(self, paper):
        paper.push(devices=ALMELO[:2])
        logs = {name: paper.busy(name) for name in ALMELO[:2]}
        run = paper.push()
        assert {n for names in run.state.waves.values() for n in names} == set(paper.names) - {*ALMELO[:2]}
        assert {statuses(run)[name] for name in ALMELO[:2]} == {"unchanged"}
        assert {name: paper.busy(name) for name in ALMELO[:2]} == logs

    @settings(max_examples=60, deadline=None)
    @given(st.sets(st.sampled_from(list(MANY.devices)), min_size=1))
    def test_whatever_the_limit_no_wave_holds_partners_and_every_device_is_in_one(self, names):
        found = waves(MANY, [MANY.placed(name) for name in MANY.devices if name in names])
        assert sorted(name for wave in found.values() for name in wave) == sorted(names)
        partners = partners_of(MANY)
        for wave in found.values():
            assert not [pair for pair in combinations(wave, 2) if pair[1] in partners.get(pair[0], ())]

    def test_what_cannot_be_compared_is_left_out_and_the_others_go_on(self, paper):
        paper.order("ce-losser-01", "away")
        run = paper.push()
        assert statuses(run)["ce-losser-01"] == "failed"
        assert "ce-losser-01" not in {name for names in run.state.waves.values() for name in names}
        assert {s for name, s in statuses(run).items() if name != "ce-losser-01"} == {"changed"}
        assert exit_status(run.state) == 1


class TestBudget:
    def test_after_the_first_failure_nothing_new_starts(self, paper):
        canary = waves(ESTATE)["canary"][0]
        paper.order(canary, "refuses")
        run = paper.push(workers=1)
        assert statuses(run)[canary] == "failed"
        assert "with a budget of 0" in stopped(run.state).message
        assert f"ggi push --resume {run.journal.run}" in stopped(run.state).hint
        assert set(statuses(run).values()) == {"failed", "not started"}
        assert set(paper.all_running().values()) == {"old"}
        assert exit_status(run.state) == 1

    def test_the_devices_at_hand_finish(self, paper):
        names = waves(ESTATE)["canary"]
        paper.order(names[0], "refuses")
        for name in names:
            paper.order(name, "slow", "0.1" if name in names[1:] else "0.5")  # it refuses when the others have begun
        run = paper.push(workers=20)
        assert {statuses(run)[name] for name in names[1:]} == {"changed"}
        assert {status for name, status in statuses(run).items() if name not in names} == {"not started"}

    def test_as_many_as_the_budget_allows_may_fail(self, paper):
        failing = [waves(ESTATE)["canary"][0], waves(ESTATE)["rest_1"][0]]
        for name in failing:
            paper.order(name, "refuses")
        run = paper.push(max_failures=2)
        assert stopped(run.state) is None
        assert {name for name, status in statuses(run).items() if status == "failed"} == set(failing)
        assert set(paper.all_running().values()) == {"old", "new"}

    def test_a_change_that_does_not_hold_is_rolled_back_and_counts(self, paper):
        canary = waves(ESTATE)["canary"][0]
        paper.order(canary, "breaks")
        run = paper.push("bad", workers=1)
        assert statuses(run)[canary] == "rolled back"
        assert "it is broken" in run.state.devices[canary].note
        assert run.state.devices[canary].armed > 0
        assert set(paper.all_running().values()) == {"old"}

    def test_a_device_is_held_back_when_nobody_knows_how_its_partner_is(self, paper):
        paper.order("ce-almelo-02", "away once changed")
        impatient = msgspec.structs.replace(QUICK, grace=0.5 - QUICK.rollback)
        run = paper.push(devices=ALMELO, max_failures=9, policy=impatient)
        assert statuses(run)["ce-almelo-02"] == "unknown"
        assert statuses(run)["ce-almelo-01"] == "held back"
        assert "ce-almelo-02" in run.state.devices["ce-almelo-01"].note
        assert paper.running("ce-almelo-01") == "old"


class TestApproval:
    def test_devices_with_the_same_diff_are_asked_about_once(self, paper):
        asked = []

        def approve(groups):
            asked.extend(groups)
            return {group.name: "me" for group in groups}

        texts = {name: "special" if name == "ce-losser-01" else "new" for name in paper.names}
        run = paper.rollout(paper.jobs(texts), approve=approve)
        run.run()
        assert [len(group.plans) for group in asked] == [len(paper.names) - 1, 1]
        assert asked[0].size == (1, 1)
        assert "-old\n+new" in asked[0].diff
        assert [(a.by, len(a.devices)) for a in run.state.approvals] == [("me", len(paper.names) - 1), ("me", 1)]

    def test_what_is_not_approved_is_not_changed(self, paper):
        def approve(groups):
            return {group.name: "me" for group in groups if "ce-losser-01" not in group.plans}

        texts = {name: "special" if name == "ce-losser-01" else "new" for name in paper.names}
        run = paper.rollout(paper.jobs(texts), approve=approve)
        run.run()
        assert statuses(run)["ce-losser-01"] == "not approved"
        assert paper.running("ce-losser-01") == "old"
        assert exit_status(run.state) == 0

    def test_where_nobody_can_be_asked_nothing_is_changed(self, paper):
        def approve(_):
            raise ApprovalMissing("nobody")

        run = paper.rollout(paper.jobs(dict.fromkeys(ALMELO, "new")), approve=approve)
        with pytest.raises(ApprovalMissing):
            run.run()
        assert set(paper.all_running().values()) == {"old"}
        assert set(statuses(run).values()) == {"not approved"}

    def test_a_diff_that_moved_since_it_was_approved_is_refused(self, paper):
        """Somebody changes a device between the approval and its turn."""

        def approve(groups):
            state = json.loads(paper.file("ce-losser-01").read_text())
            paper.file("ce-losser-01").write_text(json.dumps(state | {"running": "hostname x\nby hand\n"}))
            return {group.name: "me" for group in groups}

        run = paper.rollout(paper.jobs(dict.fromkeys(["ce-losser-01"], "new")), approve=approve)
        run.run()
        assert run.state.devices["ce-losser-01"].code == "GGI1611"
        assert paper.running("ce-losser-01") == "by hand"

    def test_what_was_approved_is_not_asked_again_on_resume_but_another_diff_is(self, paper):
        paper.order("ce-almelo-werf-01", "refuses")
        first = paper.push(devices=ALMELO, workers=1)
        assert stopped(first.state)
        paper.obey("ce-almelo-werf-01", "refuses")
        state = json.loads(paper.file("ce-almelo-01").read_text())
        paper.file("ce-almelo-01").write_text(json.dumps(state | {"running": "hostname ce-almelo-01\nother\n"}))
        asked = []

        def approve(groups):
            asked.extend(groups)
            return {group.name: "me" for group in groups}

        resume(paper, first.journal.run, approve=approve)
        assert [group.devices for group in asked] == [("ce-almelo-01",)]
        assert {paper.running(name) for name in ALMELO} == {"new"}


class TestCheckMode:
    def test_changes_and_records_nothing(self, paper):
        before = {path: path.read_bytes() for path in paper.folder.rglob("*") if path.is_file()}
        run = paper.push(check=True)
        assert set(statuses(run).values()) == {"would change"}
        assert {path: path.read_bytes() for path in paper.folder.rglob("*") if path.is_file()} == before
        assert exit_status(run.state) == 0
        assert run.state.plan

    def test_the_plan_of_a_check_is_that_of_the_push(self, paper):
        assert paper.push(check=True).state.plan == paper.push().state.plan


class TestWindows:
    @pytest.fixture
    def closed(self, tmp_path):
        """Almelo may be changed in an hour that is not now."""
        weekday = (datetime.now(UTC).weekday() + 3) % 7
        day = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[weekday]
        almelo = ESTATE.gemeente("almelo")
        other = msgspec.structs.replace(almelo, options={**almelo.options, "maintenance.window": f"{day} 19:00-23:00"})
        gemeenten = tuple(other if g.slug == "almelo" else g for g in ESTATE.gemeenten)
        from dataclasses import replace

        return Paper(replace(ESTATE, gemeenten=gemeenten), tmp_path)

    def test_outside_its_window_a_device_is_postponed_and_the_next_is_named(self, closed):
        run = closed.push()
        assert {statuses(run)[name] for name in ALMELO} == {"postponed"}
        assert "outside its window" in run.state.devices["ce-almelo-01"].note
        assert "19:00" in run.state.devices["ce-almelo-01"].note
        assert {closed.running(name) for name in ALMELO} == {"old"}
        assert {closed.running(name) for name in closed.names if name not in ALMELO} == {"new"}
        assert exit_status(run.state) == 4

    def test_when_it_opens_the_run_goes_on_with_what_was_approved_and_asks_nothing(self, closed, monkeypatch):
        run = closed.push()

        def nobody(_):
            raise AssertionError("it was approved")

        monkeypatch.setattr("ggi_net.push.rollout.closed_until", lambda *_: "")
        again = resume(closed, run.journal.run, approve=nobody)
        assert {closed.running(name) for name in ALMELO} == {"new"}
        assert exit_status(again.state) == 0

    def test_a_reason_overrides_it_and_is_kept(self, closed):
        run = closed.push(now="the line is down")
        assert {closed.running(name) for name in ALMELO} == {"new"}
        assert read_run(closed.journal, run.journal.run).asked.now == "the line is down"

    def test_a_window_that_closes_during_the_run_postpones_what_is_left(self, paper, monkeypatch):
        turns = []

        def closed(_, device):
            turns.append(device)
            return "outside its window" if device == "ce-almelo-01" and turns.count(device) == 3 else ""

        monkeypatch.setattr("ggi_net.push.rollout.closed_until", closed)
        assert statuses(paper.push(devices=ALMELO))["ce-almelo-01"] == "postponed"

    def test_the_federation_has_no_window(self, closed):
        assert windows.closed_until(closed.estate, "core-asd-01") == ""


CONTROLLER = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from paper import Paper
from test_rollout import ALMELO, ESTATE
paper = Paper(ESTATE, Path(sys.argv[2]), ALMELO)
paper.watcher.says = lambda text: print(text, file=sys.stderr)
print("ready", flush=True)
paper.push(devices=ALMELO, run=sys.argv[3])
"""
RUN = "20261128T101500Z-abc123"


class TestCutOff:
    @pytest.mark.parametrize("moment", range(1, 70, 3))
    def test_a_controller_that_was_killed_is_resumed_and_every_device_is_whole(self, tmp_path, moment):
        """Killed before, or after, the n-th file that it or a device renames into place."""
        paper = Paper(ESTATE, tmp_path, ALMELO[:3])
        killed = killed_at(moment, lambda: paper.push(run=RUN, workers=2))
        assert set(paper.all_running().values()) <= {"old", "new"}
        try:
            read_run(paper.journal, RUN)
        except RunUnknown:
            assert set(paper.all_running().values()) == {"old"}
            return
        again = resume(paper, RUN)
        assert killed or not again.jobs
        assert set(paper.all_running().values()) == {"new"}
        assert not [name for name in paper.names if json.loads(paper.file(name).read_text())["armed"]]
        assert {d.status for d in read_run(paper.journal, RUN).devices.values()} <= {"changed", "unchanged"}
        entries = [read_entry(run_folder(paper.journal, RUN) / f"{name}.json") for name in paper.names]
        assert {entry.outcome for entry in entries} <= {"changed", "unchanged"}
        assert set(statuses(paper.push()).values()) == {"unchanged"}

    def test_the_moments_reach_to_the_end_of_a_run(self, tmp_path):
        paper = Paper(ESTATE, tmp_path, ALMELO[:3])
        assert killed_at(58, lambda: paper.push(run=RUN, workers=2))
        paper = Paper(ESTATE, tmp_path / "other", ALMELO[:3])
        assert not killed_at(75, lambda: paper.push(run=RUN, workers=2))

    def test_settling_asks_each_device_what_became_of_it(self, tmp_path, monkeypatch):
        """Without going on with the run: what is armed goes back, and every entry gets its outcome."""
        monkeypatch.setattr(
            "ggi_net.push.rollout_settle.targets",
            lambda _, artifacts, __: [
                job.target for job in paper.jobs({group[0].device: "new" for group in artifacts})
            ],
        )
        became = set()
        for moment in range(24, 56, 2):
            paper = Paper(ESTATE, tmp_path / str(moment), ALMELO[:3])
            killed_at(moment, lambda paper=paper: paper.push(run=RUN, workers=2))
            waiting = unsettled(paper.journal, RUN)
            journal, resolver = Journal(paper.journal, "settle"), paper.rollout([]).resolver
            settled = settle_all(ESTATE, journal, resolver, paper.connections, waiting)
            assert not any(one.error for one in settled)
            assert unsettled(paper.journal) == []
            for entry in (entry for one in settled for entry in one.entries):
                became.add(entry.outcome)
                assert paper.running(entry.device) == {"changed": "new", "rolled back": "old"}[entry.outcome]
                assert read_run(paper.journal, RUN).devices[entry.device].status == entry.outcome
        assert became == {"changed", "rolled back"}

    def test_a_device_that_cannot_be_asked_stays_unsettled(self, paper, monkeypatch):
        impatient = msgspec.structs.replace(QUICK, grace=0.5 - QUICK.rollback)
        paper.order("ce-almelo-werf-01", "away once changed")
        run = paper.push(devices=["ce-almelo-werf-01"], policy=impatient)
        monkeypatch.setattr(
            "ggi_net.push.rollout_settle.targets",
            lambda *_: [job.target for job in paper.jobs({"ce-almelo-werf-01": "new"})],
        )
        waiting = unsettled(paper.journal)
        [settled] = settle_all(ESTATE, run.journal, run.resolver, paper.connections, waiting)
        assert "it is away" in settled.error
        assert unsettled(paper.journal) == waiting

    def test_ctrl_c_lets_the_devices_at_hand_finish_and_starts_no_other(self, tmp_path):
        paper = Paper(ESTATE, tmp_path, ALMELO)
        for name in ALMELO:
            paper.order(name, "slow", "0.6")
        with subprocess.Popen(
            [sys.executable, "-c", CONTROLLER, HERE, tmp_path, RUN],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        ) as controller:  # fmt: skip
            until = time.monotonic() + 30
            while "new" not in paper.all_running().values():
                assert time.monotonic() < until
                time.sleep(0.02)
            controller.send_signal(signal.SIGINT)
            errors = controller.communicate(timeout=30)[1]
        assert "the devices at hand finish, no other starts" in errors
        assert f"ggi push --resume {RUN}" in errors
        state = read_run(paper.journal, RUN)
        assert {d.status for d in state.devices.values()} == {Status.CHANGED, Status.WAITING}
        assert {name: paper.running(name) for name in ALMELO} == {
            name: "new" if d.status is Status.CHANGED else "old" for name, d in state.devices.items()
        }
        resume(paper, RUN)
        assert set(paper.all_running().values()) == {"new"}

    def test_a_run_of_another_estate_is_not_resumed(self, paper):
        canary = waves(ESTATE)["canary"][0]
        paper.order(canary, "refuses")
        run = paper.push(workers=1)
        other = Paper(MANY, paper.folder / "other")
        state = read_run(paper.journal, run.journal.run)
        with pytest.raises(ArtifactsStale, match="another state of the estate"):
            resumed_jobs(MANY, state, run.journal, other.connections)

    def test_a_run_that_is_under_way_is_not_resumed(self, paper):
        run = paper.push(devices=ALMELO)
        with locked(run.folder), pytest.raises(DeviceLocked, match="under way"):
            paper.push(devices=ALMELO, run=run.journal.run)


class TestRollback:
    def back(self, paper, jobs):
        found = paper.rollout(jobs)
        found.run()
        return found

    @pytest.fixture
    def twice(self, paper, monkeypatch):
        """Almelo was pushed to twice."""
        first, second = paper.push("one", ALMELO), paper.push("two", ALMELO)

        monkeypatch.setattr("ggi_net.push.rollout_jobs._jobs", paper.jobs_of)
        return paper, first.journal, second.journal

    def test_of_a_run_brings_every_device_of_it_back(self, twice):
        paper, _, second = twice
        run = self.back(paper, rollback_of_run(ESTATE, second, second.run, paper.connections))
        assert {paper.running(name) for name in ALMELO} == {"one"}
        assert set(statuses(run).values()) == {"changed"}
        assert set(run.state.waves) == set(waves(ESTATE, ESTATE.select(gemeente=["almelo"])))

    def test_of_an_older_run_takes_back_what_came_after_it_as_well(self, twice):
        paper, first, _ = twice
        self.back(paper, rollback_of_run(ESTATE, first, first.run, paper.connections))
        assert {paper.running(name) for name in ALMELO} == {"old"}

    def test_of_a_device_goes_one_push_further_back_each_time(self, twice):
        paper, journal, _ = twice
        for expected in ("one", "old"):
            self.back(paper, rollback_of_devices(ESTATE, journal, ["ce-almelo-01"], paper.connections))
            assert paper.running("ce-almelo-01") == expected
        with pytest.raises(NothingKept, match="no push to ce-almelo-01"):
            rollback_of_devices(ESTATE, journal, ["ce-almelo-01"], paper.connections)
        assert paper.running("ce-almelo-02") == "two"

    def test_a_push_after_a_rollback_can_be_taken_back_again(self, twice):
        paper, _, second = twice
        self.back(paper, rollback_of_run(ESTATE, second, second.run, paper.connections))
        paper.push("three", ALMELO)
        self.back(paper, rollback_of_devices(ESTATE, second, ALMELO, paper.connections))
        assert {paper.running(name) for name in ALMELO} == {"one"}

    def test_of_a_run_that_changed_nothing_or_is_not_there_is_refused(self, twice):
        paper, _, second = twice
        nothing = paper.push("two", ALMELO).journal
        with pytest.raises(NothingKept, match="changed no device"):
            rollback_of_run(ESTATE, nothing, nothing.run, paper.connections)
        for name in ("20261128T101500Z-ffffff", "../devices", "artifacts"):
            with pytest.raises(RunUnknown):
                rollback_of_run(ESTATE, second, name, paper.connections)

    def test_check_mode_shows_it_and_changes_nothing(self, twice):
        paper, _, second = twice
        run = paper.rollout(rollback_of_run(ESTATE, second, second.run, paper.connections), check=True)
        run.run()
        assert "-two\n+one" in run.groups[0].diff
        assert {paper.running(name) for name in ALMELO} == {"two"}


class TestSummary:
    def test_one_line_for_each_device_with_the_place_of_its_diff(self, paper):
        paper.order("ce-losser-01", "breaks")
        run = paper.push("bad", ["ce-losser-01", *ALMELO], max_failures=1)
        lines = [line.plain for line in summary_lines(run.state, run.folder)]
        [line] = [line for line in lines if line.startswith("ce-losser-01: rolled back")]
        assert "it is broken" in line
        assert str(diff_file(run.folder, "ce-losser-01")) in line
        assert len(lines) == 2 + len(ALMELO)
        counts = f"{1 + len(ALMELO)} devices: 1 rolled back, {len(ALMELO)} changed; armed for "
        assert totals(run.state).startswith(counts)

    def test_what_is_kept_is_closed_for_others(self, paper):
        run = paper.push(devices=ALMELO)
        assert stat.S_IMODE(run.folder.stat().st_mode) == 0o700
        assert {stat.S_IMODE(path.stat().st_mode) for path in run.folder.iterdir()} == {0o600}
        assert runs(paper.journal) == [run.journal.run]


def test_hundreds_of_devices_cost_little(tmp_path):
    """Protocol, waves and journal: about 8 ms of one core for each device, and a quarter of a KiB of the run's file."""
    estate = make_estate(60, 5)
    paper = Paper(estate, tmp_path, list(estate.devices)[:300])
    clock = time.process_time()
    paper.push(policy=QUICK)
    assert time.process_time() - clock < 300 * 0.03
    assert (tmp_path / "journal" / runs(paper.journal)[0] / "_run.json").stat().st_size < 300 * 600
