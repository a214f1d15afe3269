"""`ggi push`, `ggi drift` and `ggi lab` as an operator runs them, killed in the middle as well."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from terminal import Terminal
from typer.testing import CliRunner

from ggi_net.cli import journal, push, rollback
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
        self.environment["GGI_WATCH"] = "0"

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
    assert "nobody has approved" in operator.run("push", "out", status=1)
    assert "2 changed" in operator.run("push", "out", "--yes", "--reason", "change 117")
    assert "2 unchanged" in operator.run("push", "out", "--check", "--diff")
    assert "2 clean" in operator.run("drift", "--out", "out")
    operator.run("lab", "tamper", "flr-asd-01")
    report = operator.run("drift", "--html", "drift.html", "--json", "drift.json", status=2)
    assert "1 clean, 1 drift, 0 unknown" in report
    assert "radsecproxy.conf" in report
    assert "flr-asd-01" in (operator.folder / "drift.html").read_text()
    assert "changed by somebody since" in operator.run("push", "out", "--yes", status=1)
    assert "1 changed" in operator.run("push", "out", "--yes", "--accept", "drift", "--reason", "put back")
    assert "2 clean" in operator.run("drift", "--out", "out")


def test_the_journal_tells_of_every_run_and_a_rollback_takes_one_back(operator):
    listed = operator.run("journal").splitlines()
    [run] = [line.split()[0] for line in listed if "change 117" in line]
    assert [line.split()[0] for line in listed] == sorted((line.split()[0] for line in listed), reverse=True)
    told = operator.run("journal", run, "--diff")
    assert "flr-asd-01: changed (armed for " in told
    assert f"{run}/flr-asd-01.diff" in told
    assert "--yes" in told
    assert "wave canary: ce-almelo-werf-01, flr-asd-01" in told
    assert "+++ intended/radsecproxy.conf" in told
    assert "1 would change" in operator.run("rollback", "--device", "flr-asd-01", "--check")
    assert "1 changed" in operator.run("rollback", "--device", "flr-asd-01", "--yes")
    assert operator.run("drift", "--out", "out", "--device", "flr-asd-01", status=2)
    assert "2 would change" in operator.run("rollback", "--run", run, "--check")
    assert "every push has its outcome" in operator.run("journal", "--settle")


def test_at_a_terminal_each_change_is_shown_and_asked(operator):
    operator.run("lab", "tamper", "flr-asd-01")
    for answer, became in (("n", "1 not approved"), ("y", "1 changed")):
        user = Terminal([*GGI, "push", "out", "--accept", "drift"], operator.folder, **operator.environment)
        user.expect(r"change 1 of 1, plan [0-9a-f]{12}, \+\d+ -\d+ lines: flr-asd-01")
        user.expect(r"\+\+\+ intended/")
        user.say(r"Push this to 1 device\?", answer)
        user.expect(f"2 devices: .*{became}")
        assert user.end() == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((push, "-c", "{c}"), "name the folder DIR, or with --resume a run"),
        ((push, "-c", "{c}", "out", "--resume", "x"), "name the folder DIR, or with --resume a run"),
        ((push, "-c", "{c}", "out", "--accept", "anything"), "'anything' is none of drift, sessions"),
        ((rollback, "-c", "{c}"), "name a run with --run, or devices"),
        ((rollback, "-c", "{c}", "--run", "x", "--device", "flr-asd-01"), "name a run with --run, or devices"),
        ((journal, "--settle"), "--settle needs to know how devices are reached"),
    ],
)
def test_wrong_usage_is_explained(operator, arguments, said):
    command, *words = arguments
    known = [word.format(c=operator.environment["GGI_CONNECTIONS"]) for word in words]
    done = CliRunner().invoke(command.app, known, env={"COLUMNS": "200"})
    assert (done.exit_code, said in " ".join(done.output.replace("│", " ").split())) == (2, True), done.output


def test_a_killed_push_is_completed_by_its_resumption(operator):
    """After SIGKILL, here in the middle of a wave, the run goes on, and another finds nothing to do."""
    operator.run("lab", "devices", "down")
    operator.run("lab", "devices", "up", *DEVICES)
    process = operator.start("push", "out", "--yes", "--accept", "drift")
    for line in process.stderr:
        if line.startswith("wave canary"):
            break
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    run = operator.run("journal").split()[0]
    assert "cut off" in operator.run("journal", run)
    operator.run("push", "--resume", run, "--yes", "--accept", "drift")
    assert "2 unchanged" in operator.run("push", "out", "--yes")
    assert "2 clean" in operator.run("drift", "--out", "out")


def test_an_interrupted_push_lets_the_devices_at_hand_finish(operator):
    operator.run("lab", "devices", "down")
    operator.run("lab", "devices", "up", *DEVICES)
    process = operator.start("push", "out", "--yes", "--accept", "drift")
    for line in process.stderr:
        if line.startswith("wave canary"):
            break
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, "ggi push --resume" in errors) == (130, True)
    assert "would change" not in operator.run("push", "out", "--check").splitlines()[-1]


def test_an_artifact_that_was_changed_by_hand_is_refused(operator):
    file = operator.folder / "out" / "flr-asd-01" / "radsecproxy.conf"
    before = file.read_bytes()
    file.write_bytes(before + b"# by hand\n")
    try:
        assert "changed since it was rendered" in operator.run("push", "out", "--yes", status=1)
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
