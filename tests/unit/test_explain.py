"""`ggi explain`: every line of every artifact of the demo estate is explained."""

from __future__ import annotations

import json
import re

import pytest

from ggi_net.cli.explain import split_target
from ggi_net.cli.main import main
from ggi_net.errors import NothingToExplain, NotInEstate, Place
from ggi_net.paths import demo_folder, shown, templates_folder
from ggi_net.render.device import render_device
from ggi_net.render.explain import clause_annotations, explain, explain_file
from ggi_net.source.files import load_estate

ESTATE = load_estate(demo_folder())


@pytest.mark.parametrize("device", ESTATE.devices)
def test_every_line_has_its_template_line_and_a_clause_or_a_value(device):
    for artifact in render_device(ESTATE, ESTATE.devices[device]):
        explanations = explain_file(ESTATE, device, artifact.file)
        assert [e.text for e in explanations] == artifact.text.splitlines()
        unexplained = [
            f"{e.file}:{e.line}: {e.text}"
            for e in explanations
            if e.text.strip() and not (e.templates and (e.clause or any(v.origin for v in (*e.values, *e.because))))
        ]
        assert unexplained == []


@pytest.mark.parametrize("device", ESTATE.devices)
def test_nearly_all_values_lead_to_a_line_of_a_file(device):
    values = [
        value
        for artifact in render_device(ESTATE, ESTATE.devices[device])
        for explanation in explain_file(ESTATE, device, artifact.file)
        for value in explanation.values
        if value.origin
    ]
    nowhere = {value.origin for value in values if value.place is None}
    assert nowhere == set()


def declared():
    return {clause.id for standard in ESTATE.standards.values() for clause in standard.clauses}


def annotated():
    templates = [path.relative_to(templates_folder()).as_posix() for path in templates_folder().rglob("*.j2")]
    return {name for template in templates for _, name in clause_annotations(template)}


def test_every_annotation_of_a_template_is_a_clause_of_the_standard():
    assert annotated() - declared() == set()


def test_every_clause_of_the_standard_is_served_by_a_template():
    assert declared() - annotated() == set()


def test_an_annotation_stands_on_a_line_of_its_own():
    for path in templates_folder().rglob("*.j2"):
        for line in path.read_text().splitlines():
            assert "{#@" not in line or re.fullmatch(r"\s*\{#@ [a-z0-9-]+ #\}", line), f"{path}: {line}"


def test_a_line_names_template_value_record_and_clause():
    text = next(a.text for a in render_device(ESTATE, ESTATE.placed("ce-almelo-werf-01")) if a.file == "running.cfg")
    number = text.splitlines().index("hostname ce-almelo-werf-01") + 1
    found = explain(ESTATE, "ce-almelo-werf-01", "running.cfg", number)
    assert found.templates[0].file.endswith("cisco_iosxe/running.cfg/services.j2")
    [value] = found.values
    assert (value.text, value.origin, value.field) == (
        "ce-almelo-werf-01",
        "gemeente/almelo/device/ce-almelo-werf-01",
        "name",
    )
    assert value.place is not None
    assert value.place.file.endswith("almelo.yml")
    assert found.clause is not None


def test_what_is_not_there_is_named():
    with pytest.raises(NotInEstate, match="did you mean 'ce-almelo-01'"):
        explain(ESTATE, "ce-almelo-1", "frr.conf", 1)
    with pytest.raises(NothingToExplain, match=r"did you mean 'running\.cfg'"):
        explain(ESTATE, "ce-almelo-werf-01", "runing.cfg", 1)
    for line in (0, 10**9):
        with pytest.raises(NothingToExplain, match="has no line"):
            explain(ESTATE, "ce-almelo-werf-01", "running.cfg", line)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("a.conf:12", ("a.conf", 12)),
        ("a.conf", ("a.conf", None)),
        ("a.conf:x", ("a.conf:x", None)),
        ("b/c:1", ("b/c", 1)),
    ],
)
def test_the_target_may_have_a_line(target, expected):
    assert split_target(target) == expected


def test_the_command_explains_a_line_a_file_and_in_json(capsys):
    def run(*arguments):
        with pytest.raises(SystemExit) as end:
            main(["explain", "ce-almelo-werf-01", *arguments])
        assert end.value.code == 0
        return capsys.readouterr().out

    rows = run("running.cfg").splitlines()
    at = next(at for at, row in enumerate(rows) if row.endswith("no service pad"))
    number = rows[at].split()[0]
    heading = next(row for row in reversed(rows[:at]) if row.startswith("templates/"))
    assert heading.split() == ["templates/cisco_iosxe/running.cfg/services.j2", "unused-services"]
    paragraph = run(f"running.cfg:{number}")
    assert "template  templates/cisco_iosxe/running.cfg/services.j2:" in paragraph
    assert "clause    unused-services" in paragraph
    assert "BIO2" in paragraph
    assert json.loads(run("running.cfg:5", "--json"))["line"] == 5
    assert len(json.loads(run("running.cfg", "--json"))) == len([row for row in rows if row.startswith(" ")])


def test_a_place_is_shown_by_its_path_in_the_project(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert shown(Place(str(templates_folder() / "frr/daemons/main.j2"), 3)) == "templates/frr/daemons/main.j2:3"
    assert shown(Place(str(tmp_path / "gemeenten/a.yml"), 2, 1)) == "gemeenten/a.yml:2:1"
    assert shown(Place("/elsewhere/a.yml", 2)) == "/elsewhere/a.yml:2"
    assert shown(Place("https://netbox.example/dcim/1")) == "https://netbox.example/dcim/1"


@pytest.mark.parametrize("width", [80, 140])
def test_on_a_terminal_a_row_of_the_table_is_one_line(width, monkeypatch, capsys):
    from rich.console import Console

    monkeypatch.setattr("ggi_net.cli.explain.out", Console(width=width, force_terminal=True, color_system=None))
    with pytest.raises(SystemExit):
        main(["explain", "ce-almelo-werf-01", "running.cfg"])
    rows = capsys.readouterr().out.splitlines()
    lines = [row for row in rows if row.startswith(" ")]
    assert [int(row.split()[0]) for row in lines] == list(range(1, len(lines) + 1))
    assert max(map(len, rows)) <= width


def test_an_address_is_printed_as_it_is(capsys):
    device, file, address = "radius-almelo-01", "nftables.conf", "2001:db8:c000:100::/64"
    text = next(a.text for a in render_device(ESTATE, ESTATE.placed(device)) if a.file == file)
    number = next(n for n, line in enumerate(text.splitlines(), 1) if address in line)
    with pytest.raises(SystemExit):
        main(["explain", device, f"{file}:{number}"])
    assert address in capsys.readouterr().out
