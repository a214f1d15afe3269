"""Rendering one device: an error names device, artifact, template, line and the missing key."""

from __future__ import annotations

import re
from types import SimpleNamespace as Record

import pytest

from ggi_net.errors import PlatformUnknown, RenderError, TemplateProblem, UnsafeValue
from ggi_net.paths import demo_folder, templates_folder
from ggi_net.render import device as room
from ggi_net.render.device import applies, render_device, render_text, view_of
from ggi_net.render.environment import make_environment
from ggi_net.render.platform import ArtifactKind, load_platform
from ggi_net.source.files import load_estate

KIND = ArtifactKind(file="a.conf", template="main.j2")
VIEW = Record(name="x", peers=[Record(address="192.0.2.1")], evil="a\nb", none=None)


def render(folder, source, **partials):
    (folder / "main.j2").write_text(source)
    for name, text in partials.items():
        (folder / f"{name}.j2").write_text(text)
    return render_text(make_environment(folder), KIND, "ce-x-01", VIEW)


def test_blocks_leave_no_trace_and_the_last_newline_stays(tmp_path):
    source = "{#@ gtsm #}\n{% for peer in device.peers %}\n  {% if peer %}\n peer {{ peer.address }}\n"
    source += "  {% endif %}\n{% endfor %}\nend\n"
    assert render(tmp_path, source) == " peer 192.0.2.1\nend\n"


@pytest.mark.parametrize(
    ("source", "error", "line", "words"),
    [
        ("a\n{{ device.nosuch }}\n", TemplateProblem, 2, "the view has no 'nosuch'"),
        ("a\n\n{% if device.peers[0].nosuch %}x{% endif %}\n", TemplateProblem, 3, "the view has no 'nosuch'"),
        ("{{ nosuch }}\n", TemplateProblem, 1, "the view has no 'nosuch'"),
        ("a\n{% for x in device.peers %}\n", TemplateProblem, 2, "endfor"),
        ("a\nb {{ device.evil }}\n", UnsafeValue, 2, "can't go into a configuration"),
        ("a\n{{ device.none }}\n", UnsafeValue, 2, "None"),
        ("a\n{{ device.name + 1 }}\n", TemplateProblem, 2, "TypeError"),
        ("a\n{{ device.peers[0].address|int // 0 }}\n", TemplateProblem, 2, "ZeroDivisionError"),
    ],
)
def test_a_problem_names_device_artifact_template_and_line(tmp_path, source, error, line, words):
    with pytest.raises(error, match=re.escape(words)) as problem:
        render(tmp_path, source)
    assert problem.value.message.startswith("ce-x-01: a.conf: ")
    assert (problem.value.place.file, problem.value.place.line) == (str(tmp_path / "main.j2"), line)


def test_a_problem_in_an_included_template_names_that_one(tmp_path):
    with pytest.raises(TemplateProblem) as problem:
        render(tmp_path, "{% include 'part.j2' %}\n", part="\n\n{{ device.nosuch }}\n")
    assert (problem.value.place.file, problem.value.place.line) == (str(tmp_path / "part.j2"), 3)


def test_a_template_that_is_not_there_is_named(tmp_path):
    with pytest.raises(TemplateProblem, match=r"no template 'nosuch\.j2'"):
        render(tmp_path, "{% include 'nosuch.j2' %}\n")


def test_an_artifact_may_depend_on_the_view():
    kind = ArtifactKind(file="a", template="t", when="peers")
    assert applies(kind, VIEW)
    assert not applies(kind, Record(peers=()))
    assert applies(KIND, Record())


def test_a_view_that_cannot_be_built_says_so_in_words(monkeypatch):
    estate = load_estate(demo_folder())

    def broken(estate, placed):
        return {}["no such link"]

    monkeypatch.setattr(room, "build_view", broken)
    with pytest.raises(RenderError, match="ce-losser-01: its view can't be built: KeyError") as problem:
        view_of(estate, estate.placed("ce-losser-01"))
    assert problem.value.place.file == __file__


@pytest.mark.parametrize("name", [path.parent.name for path in sorted(templates_folder().glob("*/platform.yml"))])
def test_a_platform_is_complete(name):
    platform = load_platform(name)
    assert platform.name == name
    assert platform.artifacts
    files = [kind.file for kind in platform.artifacts]
    assert len(set(files)) == len(files)
    for kind in platform.artifacts:
        assert (templates_folder() / kind.template).is_file(), kind.template


def test_an_unknown_platform_is_named_with_the_nearest():
    with pytest.raises(PlatformUnknown, match="did you mean 'cisco_iosxe'"):
        load_platform("cisco_iosx")


def test_rendering_is_repeatable():
    estate = load_estate(demo_folder())
    first, second = (
        [artifact for placed in load.devices.values() for artifact in render_device(load, placed)]
        for load in (estate, load_estate(demo_folder()))
    )
    assert first == second
