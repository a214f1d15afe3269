"""How far a gemeente is: in the estate, rendered, pushed, verified."""

import shutil

import msgspec
import pytest
from typer.testing import CliRunner

from ggi_net.cli.onboard import app
from ggi_net.errors import SpecError
from ggi_net.onboard.apply import apply_plan, plan_spec
from ggi_net.onboard.backend import Files
from ggi_net.onboard.spec import load_spec
from ggi_net.onboard.status import Claimed, Stage, stage_of
from ggi_net.paths import data_folder, demo_folder
from ggi_net.push.journal import Journal, JournalEntry
from ggi_net.push.status import Rendered, last_push, statuses
from ggi_net.render.engine import render_estate
from ggi_net.render.store import read_manifest

SPEC = data_folder() / "inventory" / "specs" / "hengelo.yml"


@pytest.fixture
def place(tmp_path):
    shutil.copytree(demo_folder(), tmp_path / "estate")
    return Files(tmp_path / "estate")


def of(place, folder, journal):
    estate = place.read()
    return {one.device: one for one in statuses(estate, estate.select(gemeente=["losser"], device=[]), folder, journal)}


def render(place, folder):
    estate = place.read()
    render_estate(estate, estate.select(gemeente=["losser"], device=[]), folder, progress=lambda _: None)


def pushed(folder, device, artifacts, outcome, error="", run="20261123T200000Z-aaaaaa"):
    journal = Journal(folder, "test")
    journal.run = run
    entry = JournalEntry(
        run=run, device=device, organisation="losser", user="ans", started="2026-11-23T20:00:00+00:00", seconds=1.0,
        reason="", outcome=outcome, diff="", artifacts=artifacts, error=error,
    )  # fmt: skip
    journal.write(entry)


def test_a_gemeente_is_absent_then_complete_then_incomplete_for_a_larger_spec(place, tmp_path):
    spec = load_spec(SPEC)
    state = stage_of("hengelo", place, spec).state
    assert state.stage is Stage.ABSENT
    assert "gemeente/hengelo/device/ce-hengelo-01" in state.missing
    apply_plan(plan_spec(spec, place), place)
    state = stage_of("hengelo", place, spec).state
    assert (state.stage, state.missing) == (Stage.COMPLETE, ())
    larger = tmp_path / "larger.yml"
    larger.write_text(SPEC.read_text().replace("name: Twentebad", "name: Zwembad Twente"))
    state = stage_of("hengelo", place, load_spec(larger)).state
    assert (state.stage, state.missing) == (
        Stage.INCOMPLETE,
        ("gemeente/hengelo", "gemeente/hengelo/site/zwembad"),
    )


def test_what_is_under_way_says_who_and_how_to_go_on(place):
    class UnderWay(Files):
        def claimed(self, gemeente):
            return Claimed(plan="f" * 64, by="ans@beheer1", since="2026-11-23T20:00:00+00:00")

    state = stage_of("hengelo", UnderWay(place.folder), None).state
    assert (state.stage, state.claimed.by, state.resume) == (Stage.UNDER_WAY, "ans@beheer1", "")


def test_the_spec_of_another_gemeente_is_refused(place):
    with pytest.raises(SpecError, match="this is the spec of 'hengelo', not of 'losser'"):
        stage_of("losser", place, load_spec(SPEC))


def test_a_device_is_rendered_pushed_and_verified(place, tmp_path):
    folder, journal = tmp_path / "artifacts", tmp_path / "journal"
    one = of(place, folder, journal)["ce-losser-01"]
    assert (one.rendered, one.pushed, one.verified) == (Rendered.NO, "", False)
    render(place, folder)
    assert of(place, folder, journal)["ce-losser-01"].rendered is Rendered.CURRENT
    files = read_manifest(folder).devices["ce-losser-01"].files
    pushed(journal, "ce-losser-01", files, "changed")
    one = of(place, folder, journal)["ce-losser-01"]
    assert (one.outcome, one.verified) == ("changed", True)
    assert not of(place, folder, journal)["radius-losser-01"].verified


def test_a_push_that_failed_or_was_of_something_else_verifies_nothing(place, tmp_path):
    folder, journal = tmp_path / "artifacts", tmp_path / "journal"
    render(place, folder)
    files = read_manifest(folder).devices["ce-losser-01"].files
    pushed(journal, "ce-losser-01", {**files, "frr.conf": "0" * 64}, "changed")
    assert not of(place, folder, journal)["ce-losser-01"].verified
    pushed(journal, "ce-losser-01", files, "failed", "GGI1604 it broke\n  hint: x", run="20261123T210000Z-bbbbbb")
    one = of(place, folder, journal)["ce-losser-01"]
    assert (one.outcome, one.error, one.verified) == ("failed", "GGI1604 it broke", False)
    pushed(journal, "ce-losser-01", files, "unchanged", run="20261123T220000Z-aaaaaa")
    assert of(place, folder, journal)["ce-losser-01"].verified


def test_artifacts_of_an_older_estate_or_changed_by_hand_are_told(place, tmp_path):
    folder, journal = tmp_path / "artifacts", tmp_path / "journal"
    render(place, folder)
    path = place.folder / "gemeenten" / "almelo.yml"
    path.write_text(path.read_text().replace("TG-ALM", "TG-AML"))
    assert of(place, folder, journal)["ce-losser-01"].rendered is Rendered.CURRENT, "another gemeente is no matter"
    path = place.folder / "gemeenten" / "losser.yml"
    text = path.read_text()
    assert "198.19.192.18/32" in text
    path.write_text(text.replace("198.19.192.18/32", "198.19.192.99/32"))
    assert of(place, folder, journal)["ce-losser-01"].rendered is Rendered.OUTDATED
    with (folder / "ce-losser-01" / "frr.conf").open("a") as file:
        file.write("! by hand\n")
    assert of(place, folder, journal)["ce-losser-01"].rendered is Rendered.EDITED


def test_an_entry_that_cannot_be_read_is_passed_over(tmp_path):
    pushed(tmp_path, "ce-losser-01", {}, "changed")
    broken = tmp_path / "20261124T000000Z-cccccc" / "ce-losser-01.json"
    broken.parent.mkdir()
    broken.write_text("{")
    assert last_push(tmp_path, "ce-losser-01").outcome == "changed"
    assert last_push(tmp_path, "ce-losser-02") is None


def test_the_command_prints_a_table_and_says_when_all_is_done(place, tmp_path):
    folder, journal = tmp_path / "artifacts", tmp_path / "journal"
    command = ["status", "losser", "-e", str(place.folder), "-a", str(folder), "--journal", str(journal)]
    answer = CliRunner().invoke(app, command)
    assert answer.exit_code == 1
    assert "losser in the estate: complete" in answer.output
    render(place, folder)
    for device, entry in read_manifest(folder).devices.items():
        pushed(journal, device, entry.files, "changed")
    answer = CliRunner().invoke(app, [*command, "--json"])
    assert answer.exit_code == 0
    said = msgspec.json.decode(answer.output)
    assert said["done"] is True
    assert {one["device"]: one["verified"] for one in said["devices"]} == {
        "ce-losser-01": True,
        "radius-losser-01": True,
    }
