"""`ggi push`, `ggi drift` and `ggi lab` as an operator runs them, killed in the middle as well."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ggi_net.lab.server import down

GGI = [sys.executable, "-m", "ggi_net"]
DEVICES = ["--device", "flr-asd-01", "--device", "ce-almelo-werf-01"]


class Operator:
    """Runs `ggi` with a state folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lab = folder / "state" / "lab"
        self.environment = {**os.environ, "GGI_STATE": str(folder / "state"), "NO_COLOR": "1", "COLUMNS": "200"}
        self.environment["GGI_CONNECTIONS"] = str(self.lab / "connections.json")

    def start(self, *arguments: str) -> subprocess.Popen:
        pipe = subprocess.PIPE
        return subprocess.Popen(
            [*GGI, *arguments], env=self.environment, cwd=self.folder, stdout=pipe, stderr=pipe, text=True
        )

    def run(self, *arguments: str, status: int = 0) -> str:
        process = self.start(*arguments)
        output, errors = process.communicate(timeout=120)
        assert process.returncode == status, (arguments, output, errors)
        assert "Traceback" not in errors
        return output + errors


@pytest.fixture(scope="module")
def operator(tmp_path_factory):
    found = Operator(tmp_path_factory.mktemp("operator"))
    try:
        found.run("lab", "devices", "up", *DEVICES)
        found.run("render", "--out", "out", *DEVICES)
        yield found
    finally:
        down(found.lab)


def test_the_day_of_an_operator(operator):
    assert "2 would change" in operator.run("push", "out", "--check")
    assert operator.run("drift", "--out", "out", status=2)
    assert "2 changed" in operator.run("push", "out", "--reason", "change 117")
    assert "2 unchanged" in operator.run("push", "out", "--check", "--diff")
    assert "2 clean" in operator.run("drift", "--out", "out")
    operator.run("lab", "tamper", "flr-asd-01")
    report = operator.run("drift", "--html", "drift.html", "--json", "drift.json", status=2)
    assert "1 clean, 1 drift, 0 unknown" in report
    assert "radsecproxy.conf" in report
    assert "flr-asd-01" in (operator.folder / "drift.html").read_text()
    assert "1 changed" in operator.run("push", "out")
    assert "2 clean" in operator.run("drift", "--out", "out")


@pytest.mark.parametrize("after", [0.8, 1.4, 2.4])
def test_a_killed_push_is_completed_by_the_next(operator, after):
    """Whatever it was doing: after SIGKILL a second run completes, and a third finds nothing to do."""
    operator.run("lab", "devices", "down")
    operator.run("lab", "devices", "up", *DEVICES)
    process = operator.start("push", "out")
    time.sleep(after)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    operator.run("push", "out")
    assert "2 unchanged" in operator.run("push", "out")
    assert "2 clean" in operator.run("drift", "--out", "out")


def test_an_interrupted_push_lets_the_devices_at_hand_finish(operator):
    operator.run("lab", "devices", "down")
    operator.run("lab", "devices", "up", *DEVICES)
    process = operator.start("push", "out")
    time.sleep(2)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, "run the same command again" in errors) == (130, True)
    assert "2 unchanged" in operator.run("push", "out", "--check")


def test_an_artifact_that_was_changed_by_hand_is_refused(operator):
    file = operator.folder / "out" / "flr-asd-01" / "radsecproxy.conf"
    before = file.read_bytes()
    file.write_bytes(before + b"# by hand\n")
    try:
        assert "changed since it was rendered" in operator.run("push", "out", status=1)
    finally:
        file.write_bytes(before)


def test_no_secret_is_in_the_state_folder_or_the_artifacts_but_where_it_belongs(operator):
    from ggi_net.secrets import REFERENCE, LabSecrets

    lab = LabSecrets.read(operator.lab / "secrets.seed")
    references = {
        r for f in (operator.folder / "out").rglob("*") if f.is_file() for r in REFERENCE.findall(f.read_text())
    }
    assert references
    values = [lab.value(reference) for reference in references]
    on_devices = operator.lab / "hosts"
    for file in operator.folder.rglob("*"):
        if file.is_file() and on_devices not in file.parents:
            text = file.read_text(errors="replace")
            assert not any(value in text for value in values), file
