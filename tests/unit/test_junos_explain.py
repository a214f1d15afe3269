"""`ggi explain` of a Junos gateway: each line has its template line and clause, each value its place in the files."""

from __future__ import annotations

import re
import shutil
from functools import cache
from pathlib import Path

import pytest

from ggi_net.onboard.hardware import USUAL
from ggi_net.paths import demo_folder
from ggi_net.render.device import render_device
from ggi_net.render.explain import explain, explain_file
from ggi_net.source.files import load_estate

DEVICES = ("ce-enschede-01", "ce-enschede-bibliotheek-01")
"""One of two gateways with VRRP, and one with IPsec on an internet line."""

TEMPLATES_OWN = {
    '" prefer" if loop.first else ""',
    '"" if family == 4 else "6"',
    '"224.0.0.18/32" if family == 4 else "ff02::12/128"',
    '", neighbour discovery" if family == 6 else ""',
    '"any" if direction == "out" else "not-" ~ pair.far.name',
    '"ttl-except" if family == 4 else "hop-limit-except"',
    "32 if family == 4 else 128",
    "family",
    "header",
    "loop.index",
    "name",
    "number",
    "port",
    "rate",
    "transport",
}
"""What the templates print without reading any record: words of Junos, numbers in a list."""


@pytest.fixture(scope="module")
def estate(tmp_path_factory):
    """The demo estate as files in which the IOS-XE gateways run Junos."""
    folder = tmp_path_factory.mktemp("junos") / "estate"
    shutil.copytree(demo_folder(), folder)
    words = {"cisco_iosxe": "juniper_junos", **dict(zip(USUAL["cisco_iosxe"], USUAL["juniper_junos"], strict=True))}
    for file in folder.rglob("*.yml"):
        file.write_text(re.sub("|".join(words), lambda found: words[found[0]], file.read_text()))
    return load_estate(folder)


@cache
def lines(file):
    return Path(file).read_text().splitlines()


@pytest.mark.parametrize("device", DEVICES)
def test_each_line_has_its_template_line_and_clause_and_each_value_its_field(estate, device):
    told = computed = 0
    for found in explain_file(estate, device, "junos.conf"):
        assert found.templates, found
        assert found.clause, found
        for value in found.values:
            if not value.origin:
                assert value.expression in TEMPLATES_OWN, found
                continue
            computed += value.note.startswith("computed")
            told += not value.note
            if not value.note:
                assert value.place, found
                key = re.match(
                    r'"?([A-Za-z0-9_.-]+)"?:( |$)',
                    lines(value.place.file)[value.place.line - 1][value.place.column - 1 :],
                )
                assert key, value
                assert value.field == key[1] or value.field.endswith(f".{key[1]}"), value
    assert computed * 20 < told


def test_a_port_whose_name_has_slashes_is_found(estate):
    [artifact] = render_device(estate, estate.placed(DEVICES[0]))
    number = artifact.text.splitlines().index("    ge-0/0/1 {") + 1
    [value] = explain(estate, DEVICES[0], "junos.conf", number).values
    assert (value.origin, value.field) == ("gemeente/enschede/device/ce-enschede-01/port/ge-0/0/1", "name")
    assert "{name: ge-0/0/1, kind: lan}" in lines(value.place.file)[value.place.line - 1]
