"""Every bad input gives exactly the text that its case expects; README.md tells the format."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from forked import Forks

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CASES = sorted(p for p in (HERE / "cases").iterdir() if p.is_dir())
GGI = [sys.executable, "-c", "from ggi_net.cli.main import main; main()"]


class Scene:
    """A folder that each case fills anew: what `ggi` takes when nothing is named, it learns when it is imported."""

    def __init__(self, folder: Path) -> None:
        self.scratch = folder / "scratch"
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "GGI_STATE": str(self.scratch / "state"),
            "LC_ALL": "C.UTF-8",
            "COLUMNS": "200",
            "NO_COLOR": "1",
            "TERM": "dumb",
            "GGI_DATA": str(self.scratch / "data"),
            "PYTHONPATH": str(ROOT),
        }
        self.ggi = Forks(self.environment)


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    made = Scene(tmp_path_factory.mktemp("scene"))
    yield made
    made.ggi.close()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bad_input_is_explained(case: Path, tmp_path: Path, scene: Scene) -> None:
    scratch, environment = scene.scratch, scene.environment
    make_scratch(case, scratch)
    background = start_background(case, scratch, environment)
    try:
        before = (case / "before.txt").read_text().splitlines() if (case / "before.txt").exists() else []
        for number, line in enumerate(before):
            scene.ggi.run(shlex.split(line), scratch, output=tmp_path / f"before{number}").check_returncode()
        ran = scene.ggi.run(shlex.split((case / "command.txt").read_text()), scratch, output=tmp_path / "output")
    finally:
        if background:
            background.terminate()
            background.wait(10)
    shown = transcript(ran, scratch)
    assert "Traceback" not in shown
    expected = case / "expected.txt"
    if os.environ.get("UPDATE_EXPECTED"):
        expected.write_text(shown)
    assert shown == expected.read_text()


def test_a_name_says_its_area_and_every_case_is_complete() -> None:
    areas = {"spec", "estate", "options", "standard", "template", "device"}
    assert {case.name.split("-")[0] for case in CASES} <= areas
    for case in CASES:
        assert (case / "command.txt").is_file(), case.name
        assert (case / "expected.txt").is_file(), case.name
    assert len(CASES) >= 40


def make_scratch(case: Path, scratch: Path) -> None:
    if scratch.exists():
        shutil.rmtree(scratch)
    shutil.copytree(ROOT / "inventory" / "demo", scratch / "estate")
    shutil.copytree(ROOT / "inventory" / "specs", scratch / "specs")
    shutil.copytree(ROOT / "templates", scratch / "data" / "templates")
    shutil.copytree(ROOT / "inventory", scratch / "data" / "inventory")
    if (case / "edit.yml").exists():
        for edit in yaml.safe_load((case / "edit.yml").read_text()):
            change(scratch / edit["file"], edit)
    if (case / "files").exists():
        shutil.copytree(case / "files", scratch, dirs_exist_ok=True)


def change(path: Path, edit: dict) -> None:
    if edit.get("delete"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    elif "bytes" in edit:
        path.write_bytes(bytes.fromhex(edit["bytes"]))
    elif "append" in edit:
        path.write_text(path.read_text() + edit["append"])
    else:
        text = path.read_text()
        assert edit["replace"] in text, f"{path} does not hold {edit['replace']!r}"
        path.write_text(text.replace(edit["replace"], edit["with"]))


def start_background(case: Path, scratch: Path, environment: dict) -> subprocess.Popen | None:
    if not (case / "background.txt").exists():
        return None
    process = subprocess.Popen(
        [*GGI, *shlex.split((case / "background.txt").read_text())],
        cwd=scratch,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert process.stdout.readline(), "the background command ended without a word"
    return process


def transcript(ran: subprocess.CompletedProcess, scratch: Path) -> str:
    text = f"exit {ran.returncode}\n"
    for name, raw in (("stdout", ran.stdout), ("stderr", ran.stderr)):
        if raw:
            text += f"--- {name}\n{raw.decode()}"
            text += "" if raw.endswith(b"\n") else "\n"
    text = text.replace(f"{scratch.resolve()}/", "").replace(f"{scratch}/", "")
    text = re.sub(r"\d{8}T\d{6}Z-[0-9a-f]{6}", "{{RUN}}", text)
    text = re.sub(r"\b\d+\.\d s\b", "{{SECONDS}} s", text)
    return re.sub(r"((?:127\.0\.0\.1|::1\]?):)\d+", r"\1{{PORT}}", text)
