"""`ggi check`: a verdict for every artifact, with the daemon's words, the artifact's line and the template's."""

from __future__ import annotations

import json

import pytest

from ggi_net.check import run as room
from ggi_net.check.result import Status
from ggi_net.check.run import check_device, check_folder, with_templates
from ggi_net.check.validators import VALIDATORS
from ggi_net.check.validators.base import Validator
from ggi_net.cli.main import main
from ggi_net.errors import CheckError, FileMissing
from ggi_net.paths import demo_folder
from ggi_net.render.artifact import Artifact
from ggi_net.render.engine import render_estate
from ggi_net.source.files import load_estate

ESTATE = load_estate(demo_folder())
CISCO = "ce-almelo-werf-01"


@pytest.fixture
def folder(tmp_path):
    render_estate(ESTATE, ESTATE.select(device=[CISCO]), tmp_path)
    return tmp_path


def spoil(folder, old, new):
    file = folder / CISCO / "running.cfg"
    file.write_text(file.read_text().replace(old, new))


def run(*arguments):
    with pytest.raises(SystemExit) as end:
        main(["check", *map(str, arguments)])
    return end.value.code


def test_what_was_rendered_is_accepted(folder, capsys):
    assert run(folder) == 0
    assert "1 accepted, 0 refused, 0 skipped" in capsys.readouterr().out


def test_a_refusal_names_line_and_words_and_makes_the_exit_status_one(folder, capsys):
    lines = (folder / CISCO / "running.cfg").read_text().splitlines()
    number = next(n for n, line in enumerate(lines, 1) if line.startswith("router bgp "))
    spoil(folder, "router bgp ", "ruter bgp ")
    assert run(folder) == 1
    shown = capsys.readouterr().out
    assert f"{CISCO}/running.cfg:{number}: iosxe says: " in shown
    assert "0 accepted, 1 refused" in shown


def test_the_estate_adds_the_template_line_where_the_line_is_still_what_it_renders(folder):
    verdicts = check_folder(folder)
    assert verdicts[0].status is Status.OK
    spoil(folder, "router bgp ", "ruter bgp ")
    spoil(folder, "no service pad\n", "")
    spoil(folder, "!\n", "no service pad\n!\n")
    [plain] = check_folder(folder)
    [mapped] = with_templates([plain], ESTATE, folder)
    assert [f.line for f in mapped.findings] == [f.line for f in plain.findings]
    assert not any(f.template for f in plain.findings)


def test_a_finding_in_an_unchanged_line_leads_to_its_template(folder, monkeypatch):
    text = (folder / CISCO / "running.cfg").read_text()
    number = text.splitlines().index("no service pad") + 1

    def complain(scratch, path):
        return [room.Finding(message="don't like it", line=number), room.Finding(message="nor the whole")]

    monkeypatch.setitem(VALIDATORS, "iosxe", Validator("iosxe", complain))
    [verdict] = with_templates(check_folder(folder), ESTATE, folder)
    first, second = verdict.findings
    assert first.template is not None
    assert first.template.file.endswith("cisco_iosxe/running.cfg/services.j2")
    assert second.template is None


def test_json_has_a_verdict_for_every_artifact(folder, capsys):
    run(folder, "--json")
    [verdict] = json.loads(capsys.readouterr().out)
    assert (verdict["device"], verdict["file"], verdict["status"]) == (CISCO, "running.cfg", "ok")


def test_a_daemon_that_is_not_installed_is_skipped_with_its_package(folder, monkeypatch, capsys):
    monkeypatch.setitem(VALIDATORS, "iosxe", Validator("iosxe", lambda *_: [], "iosxe-daemon", "cisco-iosxe"))
    assert run(folder) == 0
    assert "iosxe-daemon is not installed (Debian package cisco-iosxe)" in capsys.readouterr().out


def test_a_machine_without_namespaces_skips_what_needs_them(folder, monkeypatch):
    monkeypatch.setitem(VALIDATORS, "iosxe", Validator("iosxe", lambda *_: [], "sh", "dash", isolated=True))
    monkeypatch.setattr(room, "isolation_problem", lambda: "no user and network namespaces here: refused")
    [verdict] = check_folder(folder)
    assert (verdict.status, verdict.reason) == (Status.SKIPPED, "no user and network namespaces here: refused")


def test_a_platform_that_names_an_unknown_validator_is_an_error(monkeypatch):
    monkeypatch.delitem(VALIDATORS, "iosxe")
    with pytest.raises(CheckError, match="names validator 'iosxe'"):
        check_device((Artifact(CISCO, "cisco_iosxe", "running.cfg", "x\n"),))


def test_a_folder_without_artifacts_is_named(tmp_path):
    with pytest.raises(FileMissing, match="no rendered artifacts here"):
        check_folder(tmp_path)
