"""`ggi impact`: which devices change, grouped by what changes in them."""

from __future__ import annotations

import json
import shutil

import pytest

from ggi_net.errors import RenderError, StandardUnknown
from ggi_net.model.gemeente import Gemeente
from ggi_net.paths import demo_folder, standards_folder
from ggi_net.render import impact as room
from ggi_net.render.artifact import Artifact
from ggi_net.render.impact import impact, under_standard
from ggi_net.source.files import load_estate


@pytest.fixture(scope="module")
def estate():
    return load_estate(demo_folder())


def with_contact(tmp_path, contact):
    """The demo estate with another contact for Almelo."""
    folder = tmp_path / "estate"
    shutil.copytree(demo_folder(), folder)
    file = folder / "gemeenten" / "almelo.yml"
    file.write_text(file.read_text().replace("servicedesk Almelo", contact))
    return folder


def fake(estate, placed):
    """Two artifacts: one with the gemeente's contact under a line that differs per device, one that never changes."""
    owner = placed.organisation
    contact = owner.options.get("mgmt.contact", "-") if isinstance(owner, Gemeente) else "federation"
    head = f"hostname {placed.device.name}\n"
    filler = "!\n" * len(placed.device.name)
    text = f"{head}{filler}contact {contact}\nstandard {owner.standard}\n"
    return [Artifact(placed.device.name, "x", "a.conf", text), Artifact(placed.device.name, "x", "b.conf", head)]


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(room, "render_device", fake)


def test_nothing_changes_between_an_estate_and_itself(estate):
    found = impact(estate, estate)
    assert (found.compared, found.changed, found.groups) == (len(estate.devices), 0, ())


@pytest.mark.parametrize("workers", [1, 2])
def test_devices_that_change_alike_are_one_group_whatever_surrounds_the_change(estate, tmp_path, workers):
    found = impact(estate, load_estate(with_contact(tmp_path, "helpdesk")), workers=workers)
    almelo = tuple(sorted(device.name for device in estate.gemeente("almelo").devices))
    [group] = found.groups
    assert group.devices == almelo
    assert group.gemeenten == {"almelo": len(almelo)} == found.gemeenten
    assert group.file == "a.conf"
    assert group.diff.splitlines() == [
        "--- a.conf",
        "+++ a.conf",
        f"@@ -{len(almelo[0])},4 +{len(almelo[0])},4 @@",
        " !",
        " !",
        "-contact servicedesk Almelo",
        "+contact helpdesk",
        " standard 2026.1",
    ]


def test_the_devices_own_name_makes_no_difference(estate, monkeypatch):
    def named(estate, placed):
        name = placed.device.name
        return [Artifact(name, "x", "a.conf", f"# {name}: estate {estate.name}\nsame\n")]

    monkeypatch.setattr(room, "render_device", named)
    other = load_estate(demo_folder())
    object.__setattr__(other, "name", "other")
    [group] = impact(estate, other).groups
    assert len(group.devices) == len(estate.devices)


def test_each_changed_place_of_a_file_is_a_change_of_its_own(estate, monkeypatch):
    def twice(estate, placed):
        timer = "timers 10 30" if estate.name == "demo" else "timers 10 45"
        own = "only here" if estate.name != "demo" and placed.device.name == "ce-losser-01" else "nowhere"
        lines = ["a", timer, "b", "c", "d", timer, "e", "f", own]
        return [Artifact(placed.device.name, "x", "a.conf", "\n".join(lines) + "\n")]

    monkeypatch.setattr(room, "render_device", twice)
    other = load_estate(demo_folder())
    object.__setattr__(other, "name", "other")
    timers, own = impact(estate, other).groups
    assert len(timers.devices) == len(estate.devices)
    assert "-timers 10 30\n+timers 10 45" in timers.diff
    assert own.devices == ("ce-losser-01",)


def test_names_and_addresses_beside_the_change_may_differ_but_not_the_command(estate, monkeypatch):
    def timers(estate, placed):
        address = placed.device.management[0]
        seconds = 30 if estate.name == "demo" else 45
        command = "keepalive" if placed.device.name == "ce-losser-01" else "timers"
        return [
            Artifact(
                placed.device.name, "x", "a.conf", f"neighbor {address} {command} {seconds} # {placed.site.name}\n"
            )
        ]

    monkeypatch.setattr(room, "render_device", timers)
    other = load_estate(demo_folder())
    object.__setattr__(other, "name", "other")
    most, one = impact(estate, other).groups
    assert len(most.devices) == len(estate.devices) - 1
    assert one.devices == ("ce-losser-01",)


def test_a_device_that_comes_or_goes_is_counted_for_its_gemeente(estate, tmp_path):
    folder = tmp_path / "estate"
    shutil.copytree(demo_folder(), folder)
    (folder / "gemeenten" / "losser.yml").unlink()
    smaller = load_estate(folder)
    gone = tuple(device.name for device in estate.gemeente("losser").devices)
    assert impact(estate, smaller).removed == gone
    assert impact(smaller, estate).added == gone
    assert impact(smaller, estate).gemeenten == {"losser": len(gone)}


def test_an_artifact_that_appears_is_a_diff_against_nothing(estate, monkeypatch):
    def more(estate, placed):
        artifacts = fake(estate, placed)
        return artifacts if estate.name == "demo" else artifacts[:1]

    monkeypatch.setattr(room, "render_device", more)
    other = load_estate(demo_folder())
    object.__setattr__(other, "name", "without b.conf")
    group = impact(other, estate).groups[0]
    assert group.file == "b.conf"
    assert group.diff.startswith("--- /dev/null\n+++ b.conf\n")


def test_a_device_that_cannot_be_rendered_is_named_and_the_rest_compared(estate, monkeypatch):
    def failing(estate, placed):
        if placed.device.name == "ce-losser-01":
            raise RenderError("no such thing")
        return fake(estate, placed)

    monkeypatch.setattr(room, "render_device", failing)
    found = impact(estate, estate)
    assert list(found.failures) == ["ce-losser-01"]
    assert "no such thing" in found.failures["ce-losser-01"]


def test_two_standards_are_compared_on_one_estate(estate, tmp_path):
    draft = tmp_path / "2026.2"
    shutil.copytree(standards_folder() / "2026.1", draft)
    found = impact(under_standard(estate, "2026.1"), under_standard(estate, str(draft)))
    assert found.changed == len(estate.devices)
    [group] = found.groups
    assert "-standard 2026.1\n+standard 2026.2" in group.diff


def test_a_standard_that_is_not_there_is_named(estate):
    with pytest.raises(StandardUnknown, match=r"2026\.9"):
        under_standard(estate, "2026.9")


def test_the_command_shows_each_diff_once_and_prints_json(tmp_path, capsys):
    from ggi_net.cli.main import main

    arguments = ["impact", str(demo_folder()), str(with_contact(tmp_path, "bel [bold]x[/bold]"))]
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 0
    shown = capsys.readouterr().out
    assert shown.count("+contact bel [bold]x[/bold]") == 1
    with pytest.raises(SystemExit):
        main([*arguments, "--json"])
    changed = json.loads(capsys.readouterr().out)["changed"]
    assert changed > 1
    assert f"{changed} of " in shown.splitlines()[-1]
