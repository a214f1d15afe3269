"""The documentation is true: its commands run as they stand, its links lead somewhere, its tables are current."""

from __future__ import annotations

import os
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ggi_net.cli.main import JOBS

PROJECT = Path(__file__).resolve().parents[2]
PAGES = sorted([*PROJECT.glob("*.md"), *(PROJECT / "docs").glob("*.md")])
WALK = [PROJECT / "README.md", PROJECT / "docs" / "operations.md"]


def blocks(page):
    """The shell blocks of a page; those of `make` are run by CI itself."""
    found = re.findall(r"^```sh\n(.*?)^```$", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    return [block for block in found if not block.startswith("make ")]


def test_the_commands_of_the_readme_and_of_operations_can_be_typed_as_they_stand(tmp_path):
    for name in ("inventory", "playbooks"):
        shutil.copytree(PROJECT / name, tmp_path / name)
    shutil.copy(PROJECT / "ansible.cfg", tmp_path)
    for name in ("ggi_net", "templates"):
        (tmp_path / name).symlink_to(PROJECT / name)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    script = "\n".join(["set -ex", *(block for page in WALK for block in blocks(page))])
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GGI_")}
    done = subprocess.run(
        ["/bin/bash", "-c", script],
        cwd=tmp_path,
        env=environment
        | {"GGI_STATE": str(tmp_path / "state"), "GGI_WATCH": "1"},  # else each wave takes the hold time
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    subprocess.run(
        [sys.executable, "-m", "ggi_net", "lab", "devices", "down", "--folder", tmp_path / "state/lab"], check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "GM0164" in done.stdout
    assert (tmp_path / "drift.html").exists()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files(page):
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_every_picture_is_shown_and_small():
    pictures = sorted((PROJECT / "docs" / "images").glob("*.png"))
    shown = {name for page in PAGES for name in re.findall(r"!\[[^]]+\]\((?:docs/)?images/([^)]+)\)", page.read_text())}
    assert {path.name for path in pictures} == shown
    assert [path.name for path in pictures if path.stat().st_size > 150_000] == []
    assert sum(path.stat().st_size for path in pictures) < 1_000_000


WALKED = (
    "Plan for Borne: 2 to create\n  + site/a\n  + site/b\nDone in 1.2 s at http://127.0.0.1:8000/x/, 2026-11-23 22:45\n"
)


@pytest.mark.parametrize(
    "said",
    [
        "Plan for Borne: 2 to create\n...\n  + site/b\n",
        "Done in 42.0 s at https://netbox.example/x/, 2027-01-01 09:00\n",
    ],
)
def test_a_page_may_leave_lines_out_and_be_of_another_day(said):
    runpy.run_path(str(PROJECT / "scripts/onboarding_walk.py"))["compare"](said, WALKED)


@pytest.mark.parametrize("said", ["Plan for Borne: 3 to create\n", "  + site/b\n  + site/a\n", "site/a\n"])
def test_a_page_must_not_say_what_was_not_printed(said):
    with pytest.raises(SystemExit, match="which is not, or not there"):
        runpy.run_path(str(PROJECT / "scripts/onboarding_walk.py"))["compare"](said, WALKED)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_is_named_exists(page):
    for name in re.findall(r"`ggi ([a-z]+)", page.read_text()):
        assert name in JOBS


def test_the_page_of_errors_is_what_the_errors_say():
    done = subprocess.run(
        [sys.executable, PROJECT / "scripts/errors_page.py", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_code_stands_for_one_error():
    from ggi_net.errors import GgiError

    def family(kind):
        return [kind, *(member for child in kind.__subclasses__() for member in family(child))]

    codes = [kind.code for kind in family(GgiError)]
    assert sorted(codes) == sorted(set(codes))


def test_every_package_that_a_skipped_test_names_is_installed_for_the_tests(packages):
    script = (PROJECT / "scripts/install-test-packages").read_text()
    installed = set(re.findall(r"[a-z0-9.-]+", script.partition("packages=(")[2].partition("\n)")[0]))
    assert {package for names in packages.values() for package in names.split()} <= installed


def test_the_makefile_explains_every_target():
    makefile = (PROJECT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.*)$", makefile, flags=re.MULTILINE)[1].split()
    command = ["make", "--no-print-directory", "help"]
    shown = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    assert [line.split()[1] for line in shown.stdout.splitlines()] == phony


def test_every_script_that_is_named_is_there():
    named = set()
    for page in (PROJECT / "Makefile", PROJECT / ".ci/run", PROJECT / "README.md", *(PROJECT / "docs").glob("*.md")):
        named.update(re.findall(r"\bscripts/[a-z_.-]*[a-z]", page.read_text()))
    assert named
    assert [script for script in sorted(named) if not (PROJECT / script).is_file()] == []


def test_lock_files_name_no_host_and_hash_everything():
    for lock in (PROJECT / "requirements.lock", PROJECT / "requirements-dev.lock"):
        text = lock.read_text()
        assert "://" not in text
        pinned = re.findall(
            r"^[A-Za-z0-9_.-]+(?:\[[a-z,]+\])?==\S+(?: ; .+)? \\\n    --hash=sha256:", text, flags=re.MULTILINE
        )
        assert len(pinned) == len(re.findall(r"^[A-Za-z0-9]", text, flags=re.MULTILINE))
