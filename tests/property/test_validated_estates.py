"""Whatever is changed in the demo estate: it is refused with a place, it has findings, or every device renders."""

import copy
import shutil

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ggi_net.errors import GgiError
from ggi_net.paths import demo_folder
from ggi_net.render.device import render_device
from ggi_net.source.validate import validate

FILES = ("federation.yml", "gemeenten/almelo.yml", "gemeenten/losser.yml")
DATA = {name: yaml.safe_load((demo_folder() / name).read_text()) for name in FILES}

NASTY = [
    *(None, "", [], {}, 0, -1, 10**20, 1.5, True),
    *("a b", "line\nline", "\u202e", "🏛", "{{ 7 * 7 }}", "[bold]x[/]", "../../etc/passwd", "%s", "-"),
    *("::/0", "0.0.0.0/0", "fe80::1/64", "999.1.1.1/24", "1.2.3.4", "2001:db8::1/129", "almelo", "untrusted"),
]


def paths(data, at=()):
    if at:
        yield at
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        yield from paths(value, (*at, key))


PLACES = [(name, at) for name in FILES for at in paths(DATA[name])]


@pytest.fixture(scope="module")
def estate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("estate") / "estate"
    shutil.copytree(demo_folder(), folder)
    return folder


@settings(max_examples=200, deadline=None)
@given(where=st.sampled_from(PLACES), action=st.sampled_from([*NASTY, "delete", "repeat"]))
def test_a_change_is_refused_or_found_or_harmless(estate, where, action):
    name, at = where
    data = copy.deepcopy(DATA[name])
    parent = data
    for key in at[:-1]:
        parent = parent[key]
    if action == "delete":
        del parent[at[-1]]
    elif action == "repeat" and isinstance(parent, list):
        parent.append(copy.deepcopy(parent[at[-1]]))
    else:
        parent[at[-1]] = action
    path = estate / name
    before = path.read_bytes()
    path.write_text(yaml.safe_dump(data, allow_unicode=True))
    try:
        loaded, findings = validate(estate)
    finally:
        path.write_bytes(before)
    for finding in findings:
        assert finding.message.isprintable()
        assert finding.place is not None
    if not findings:
        for placed in loaded.devices.values():
            try:
                render_device(loaded, placed)
            except GgiError as error:
                pytest.fail(f"validation found nothing, rendering says: {error}")
