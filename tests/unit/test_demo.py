"""The demo: it tells the truth, its end says whether all went as told, and it leaves other people's files alone."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest

from ggi_net.config.compare import Difference, Kind
from ggi_net.demo import MADE, MARK, stage, verify
from ggi_net.drift.result import DeviceResult, Finding, Report, State
from ggi_net.errors import DemoFailed, FileError
from ggi_net.onboard.plan import load_plan

DEED = "ce-x-01: somebody raised a limit (/etc/frr/frr.conf)"


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """A whole demo, run once: its folder and what it printed."""
    folder = tmp_path_factory.mktemp("demo") / "out"
    done = subprocess.run(command(folder), capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    return folder, done.stdout


def command(folder):
    return [sys.executable, "-m", "ggi_net", "demo", "--out", str(folder)]


class TestTheStory:
    def test_has_eight_steps(self, told):
        assert [line[:3] for line in told[1].splitlines() if line[1:3] == "/8"] == [f"{n}/8" for n in range(1, 9)]

    def test_leaves_a_plan_that_is_whole(self, told):
        assert load_plan(told[0] / "plan.json").gemeente == "hengelo"

    def test_leaves_the_artifacts_of_the_gemeente_and_the_federation(self, told):
        devices = {path.name for path in (told[0] / "artifacts").iterdir() if path.is_dir()}
        assert {"ce-hengelo-01", "radius-hengelo-01", "core-asd-01", "flr-apd-01"} <= devices
        assert not [name for name in devices if "almelo" in name]

    def test_finds_exactly_one_difference(self, told):
        report = msgspec.json.decode((told[0] / "drift.json").read_bytes(), type=Report)
        assert report.count(State.DRIFT) == 1
        assert report.count(State.UNKNOWN) == 0
        assert sum(len(device.findings) for device in report.devices) == 1

    def test_leaves_a_report_that_a_browser_can_show(self, told):
        page = (told[0] / "drift.html").read_text()
        HTMLParser().feed(page)
        assert "ce-hengelo-01" in page

    def test_journals_every_push(self, told):
        entries = [json.loads(path.read_text()) for path in (told[0] / "journal").rglob("*-*.json")]
        assert {"ce-hengelo-01", "core-asd-01"} <= {entry["device"] for entry in entries}
        assert not [entry for entry in entries if entry.get("error")]

    def test_the_simulated_devices_are_gone(self, told):
        assert not (told[0] / "lab").exists()

    def test_says_why_an_artifact_was_not_checked(self, told):
        lines = [line for line in told[1].splitlines() if " skipped" in line]
        assert all(line.partition(" skipped: ")[2] for line in lines)


class TestKilled:
    def test_in_the_middle_a_second_run_completes(self, tmp_path):
        folder = tmp_path / "out"
        first = subprocess.Popen(command(folder), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for line in first.stdout:
            if line.startswith("6/8"):
                break
        time.sleep(0.5)
        first.send_signal(signal.SIGKILL)
        first.communicate(timeout=30)
        assert first.returncode == -signal.SIGKILL
        second = subprocess.run(command(folder), capture_output=True, text=True, timeout=300, check=False)
        assert second.returncode == 0, second.stderr

    def test_interrupted_it_says_so(self, tmp_path):
        running = subprocess.Popen(command(tmp_path / "out"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for line in running.stdout:
            if line.startswith("6/8"):
                break
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=60)
        assert running.returncode == 130
        assert "GGI1903" in err
        assert "Traceback" not in err


class TestTheFolder:
    def test_of_somebody_else_is_left_alone(self, tmp_path):
        (tmp_path / "estate").mkdir()
        with pytest.raises(FileError, match="other things"), stage(tmp_path):
            pass
        assert (tmp_path / "estate").is_dir()

    def test_of_an_earlier_run_is_cleared_but_for_the_journal(self, tmp_path):
        with stage(tmp_path):
            for name in (*MADE, "journal"):
                (tmp_path / name).mkdir()
        with stage(tmp_path):
            assert sorted(path.name for path in tmp_path.iterdir()) == [MARK, "journal"]

    def test_is_for_one_demo_at_a_time(self, tmp_path):
        with stage(tmp_path), pytest.raises(FileError, match="another demo"), stage(tmp_path):
            pass

    def test_that_is_a_file_is_refused_in_words(self, tmp_path):
        (tmp_path / "out").write_text("")
        with pytest.raises(FileError), stage(tmp_path / "out"):
            pass

    def test_that_nobody_can_make_is_refused_in_words(self):
        with pytest.raises(FileError), stage(Path("/proc/ggi-demo")):
            pass


class TestVerify:
    def report(self, **findings):
        devices = tuple(
            DeviceResult(
                device=name.replace("_", "-"),
                organisation="x",
                platform="frr",
                state=State.DRIFT if files else State.CLEAN,
                findings=tuple(Finding(difference=Difference(kind=Kind.CHANGED, file=file)) for file in files),
            )
            for name, files in findings.items()
        )
        return Report(estate="x", started="2026-01-01T00:00:00+00:00", devices=devices)

    def test_accepts_exactly_the_deed(self):
        verify(self.report(ce_x_01=["frr.conf"], ce_x_02=[]), "ce-x-01", DEED)

    @pytest.mark.parametrize(
        "findings",
        [
            {"ce_x_01": []},
            {"ce_x_01": ["frr.conf", "frr.conf"]},
            {"ce_x_01": ["nftables.conf"]},
            {"ce_x_01": [], "ce_x_02": ["frr.conf"]},
            {"ce_x_01": ["frr.conf"], "ce_x_02": ["frr.conf"]},
        ],
        ids=["nothing", "twice", "another file", "another device", "more"],
    )
    def test_refuses_all_else(self, findings):
        with pytest.raises(DemoFailed):
            verify(self.report(**findings), "ce-x-01", DEED)

    def test_refuses_a_device_that_could_not_be_compared(self):
        report = self.report(ce_x_01=["frr.conf"])
        blind = DeviceResult(device="b", organisation="x", platform="frr", state=State.UNKNOWN, reason="gone")
        with pytest.raises(DemoFailed, match="b: gone"):
            verify(Report(estate="x", started="", devices=(*report.devices, blind)), "ce-x-01", DEED)
