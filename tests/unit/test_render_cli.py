"""`ggi render` as a user meets it: summary, exit status, failures in words, a full disk."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ggi_net.check.scratch import isolation_problem
from ggi_net.cli.main import main
from ggi_net.errors import RenderError
from ggi_net.render import engine
from ggi_net.render.store import read_artifacts, read_manifest

GGI = Path(sys.executable).parent / "ggi"


def run(capsys, *arguments):
    with pytest.raises(SystemExit) as end:
        main(["render", *map(str, arguments)])
    return end.value.code, capsys.readouterr()


def test_a_gemeente_is_rendered_and_rendered_again(tmp_path, capsys):
    status, said = run(capsys, "--gemeente", "losser", "--out", tmp_path)
    assert status == 0
    assert f"2 devices rendered to {tmp_path} (1 freeradius, 1 frr)" in said.out
    assert " 0 unchanged, 0 removed; 0 devices failed" in said.out
    assert set(read_artifacts(tmp_path)) == {"ce-losser-01", "radius-losser-01"}
    status, said = run(capsys, "--gemeente", "losser", "--out", tmp_path)
    assert status == 0
    assert said.out.splitlines()[1].startswith("0 files written, ")


def test_a_device_that_fails_is_named_and_makes_the_exit_status_one(tmp_path, capsys, monkeypatch):
    real = engine.render_device

    def failing(estate, placed):
        if placed.device.name == "ce-losser-01":
            raise RenderError("[bold]its view[/bold] can't be built")
        return real(estate, placed)

    monkeypatch.setattr(engine, "render_device", failing)
    status, said = run(capsys, "-g", "losser", "-o", tmp_path)
    assert status == 1
    assert "GGI1401 ce-losser-01: [bold]its view[/bold] can't be built" in said.err
    assert "1 device failed" in said.out
    assert set(read_manifest(tmp_path).devices) == {"radius-losser-01"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--gemeente", "loser"], "no gemeente 'loser' in the estate, did you mean 'losser'?"),
        (["--device", "ce-loser-01"], "no device 'ce-loser-01' in the estate, did you mean 'ce-losser-01'?"),
        (["--estate", "/nonexistent"], "no such folder"),
    ],
)
def test_a_wrong_name_is_answered_with_the_nearest(tmp_path, capsys, arguments, words):
    status, said = run(capsys, *arguments, "--out", tmp_path)
    assert status == 1
    assert words in said.err
    assert "Traceback" not in said.err


@pytest.mark.needs("unshare")
def test_a_full_disk_leaves_whole_files_and_the_next_run_completes(tmp_path):
    if isolation_problem():
        pytest.skip(isolation_problem())
    script = """
        mount -t tmpfs -o size=16m tmpfs "$1" && head -c 16674816 /dev/zero >"$1/others"
        "$2" render --out "$1"; echo "status $?"
        find "$1" -name '.*' -type f
        rm "$1/others" && "$2" render --out "$1" && "$2" render --out "$1"
    """
    command = ["unshare", "-r", "-m", "sh", "-c", script, "sh", str(tmp_path), str(GGI)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    first, *rest = done.stdout.splitlines()
    assert first == "status 1"
    assert "no space left on the disk" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(rest) == 4
    assert rest[3].startswith("0 files written")
    assert done.returncode == 0
