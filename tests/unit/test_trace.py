"""Tracing: the same text as ordinary rendering, and for each line the template line, value and record behind it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace as Record

import pytest

from ggi_net.errors import Place
from ggi_net.paths import demo_folder, standards_folder
from ggi_net.render.environment import make_environment
from ggi_net.render.origin import place_of
from ggi_net.render.trace import Chunk, make_traced, trace
from ggi_net.source.files import load_estate

MAIN = """{#@ one #}
! head

 of {{ device.name }}
{% for peer in device.peers %}
neighbor {{ peer.far.address }} as {{ peer.asn|upper }}
  literal
{% for prefix in peer.prefixes if prefix != 'q' %}
  permit {{ prefix }} {{ loop.index * 5 }}{{ ' last' if loop.last else peer.never.there }}
{% endfor %}
{% include "part.j2" %}
{% endfor %}
{% if device.flag and device.peers[0].asn %}
flagged
{% elif not device.flag %}
{%- set word = 'plain' %}
{{ word }} {{ "const" }}
{% else %}
never
{% endif %}
{% raw %}{{ raw }}{% endraw %}

end
"""
PART = "{#@ two #}\n in {{ peer.asn }}{# note #} {{ peer.text }}\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "main.j2").write_text(MAIN)
    (tmp_path / "part.j2").write_text(PART)
    return tmp_path


@pytest.fixture
def view():
    peers = [
        Record(origin=f"peer/{n}", far=Record(address=f"192.0.2.{n}"), asn=f"{n}", prefixes=["p", "q"], text="t")
        for n in (1, 2)
    ]
    return Record(origin="device", name="x", flag=False, peers=peers)


def test_the_traced_text_is_the_ordinary_text(folder, view):
    plain = make_environment(folder).get_template("main.j2").render(device=view)
    assert "".join(trace(make_traced(folder), "main.j2", view)) == plain


def test_every_piece_knows_its_template_line(folder, view):
    sources = {"main.j2": MAIN.splitlines(), "part.j2": PART.splitlines()}
    for chunk in trace(make_traced(folder), "main.j2", view):
        assert isinstance(chunk, Chunk)
        for number, text in enumerate(chunk.split("\n")):
            source = (
                sources[chunk.spot.template][chunk.spot.line - 1 + (0 if chunk.spot.expression else number)]
                if text
                else ""
            )
            assert (chunk.spot.expression in source) if chunk.spot.expression else (text in source)


def test_a_value_knows_the_record_it_was_read_from(folder, view):
    chunks = trace(make_traced(folder), "main.j2", view)
    read = {
        (chunk.spot.expression, str(chunk)): [(getattr(f.record, "origin", None), f.name) for f in chunk.fields]
        for chunk in chunks
        if chunk.spot.expression
    }
    assert read["peer.asn|upper", "2"][0] == ("peer/2", "asn")
    assert read["peer.far.address", "192.0.2.1"][:2] == [(None, "address"), ("peer/1", "far")]
    assert ("peer/2", "prefixes") in read["prefix", "p"]
    assert read["device.name", "x"][0] == ("device", "name")


def test_literal_text_knows_the_loop_or_condition_it_stands_in(folder, view):
    chunks = trace(make_traced(folder), "main.j2", view)
    [one, _] = [c for c in chunks if "literal" in c]
    assert next(f.record.origin for f in one.fields) == "peer/1"
    assert not next(c for c in chunks if "head" in c).fields


REMEMBERED = """{% set kept = device.peers[0].asn %}
{% for family, word in ((6, device.name), (4, device.text)) %}
{{ family }} {{ word }} {{ kept }}
{% include "part.j2" %}
{% endfor %}
{% set found = [] %}
{% for peer in device.peers %}
{% set _ = found.append(peer.asn) %}
{% endfor %}
{{ found|join }} {{ device.peers|map(attribute="text")|join }}
"""


def test_a_value_is_followed_through_variables_tables_lists_and_includes(tmp_path):
    (tmp_path / "main.j2").write_text(REMEMBERED)
    (tmp_path / "part.j2").write_text("{{ kept }}\n")
    peers = [Record(origin=f"peer/{n}", asn=f"{n}", text="t") for n in (1, 2)]
    view = Record(origin="device", name="x", text="y", peers=peers)
    chunks = trace(make_traced(tmp_path), "main.j2", view)
    assert "".join(chunks) == make_environment(tmp_path).get_template("main.j2").render(device=view)
    read = {
        (chunk.spot.template, chunk.spot.expression): [
            (f.record.origin, f.name) for f in chunk.fields if hasattr(f.record, "origin") and f.name
        ]
        for chunk in chunks
        if chunk.spot.expression
    }
    assert read["main.j2", "family"] == []
    assert read["main.j2", "word"] == [("device", "name"), ("device", "text")]
    assert read["main.j2", "kept"][0] == read["part.j2", "kept"][0] == ("peer/1", "asn")
    assert {("peer/1", "asn"), ("peer/2", "asn")} <= set(read["main.j2", "found|join"])
    assert read["main.j2", 'device.peers|map(attribute="text")|join'][:2] == [("peer/1", "text"), ("peer/2", "text")]


def test_a_missing_key_is_named_as_in_ordinary_rendering(tmp_path):
    import jinja2

    (tmp_path / "main.j2").write_text("a\n{{ device.nosuch }}\n")
    for environment in (make_environment(tmp_path), make_traced(tmp_path)):
        with pytest.raises(jinja2.UndefinedError, match="nosuch"):
            environment.get_template("main.j2").render(device=Record(origin="d"))


ALMELO = str(demo_folder() / "gemeenten" / "almelo.yml")
FEDERATION = str(demo_folder() / "federation.yml")
STANDARD = standards_folder() / "2026.1"


@pytest.mark.parametrize(
    ("origin", "field", "file", "words"),
    [
        ("gemeente/almelo", "", ALMELO, "slug: almelo"),
        ("gemeente/almelo", "asn", ALMELO, "asn: 4200900001"),
        ("gemeente/almelo/device/ce-almelo-02", "serial", ALMELO, "serial: ALM-0002"),
        ("gemeente/almelo/link/almelo-02-apd", "", ALMELO, "name: almelo-02-apd"),
        ("gemeente/almelo/link/almelo-02-apd", "no such key", ALMELO, "name: almelo-02-apd"),
        ("gemeente/almelo/link/almelo-02-apd/vrf/mgmt", "tag", ALMELO, "mgmt: {tag: 102"),
        ("gemeente/almelo/site/werf/vlan/340", "", ALMELO, "{vid: 340, name: govroam"),
        ("gemeente/almelo/option/mgmt.contact", "", ALMELO, "mgmt.contact: servicedesk"),
        ("federation", "asn", FEDERATION, "asn: 4200900000"),
        ("federation/device/core-apd-01", "", FEDERATION, "name: core-apd-01"),
        ("standard/2026.1/flow/office-to-mgmt", "", str(STANDARD / "flows.yml"), "id: office-to-mgmt"),
        ("standard/2026.1/bgp", "hold_seconds", str(STANDARD / "bgp.yml"), "hold_seconds: 30"),
        ("standard/2026.1/refusal/no-dot", "", str(STANDARD / "govroam.yml"), "id: no-dot"),
    ],
)
def test_an_origin_leads_to_its_line(origin, field, file, words):
    place = place_of(load_estate(demo_folder()), origin, field)
    assert isinstance(place, Place)
    assert place.file == file
    assert place.line is not None
    assert words in Path(file).read_text().splitlines()[place.line - 1]


@pytest.mark.parametrize(
    "origin", ["", "gemeente/nosuch/device/x", "gemeente/almelo/device/nosuch", "standard/1/flow/x"]
)
def test_an_origin_that_is_not_in_the_files_has_no_place(origin):
    assert place_of(load_estate(demo_folder()), origin) is None
