"""Rendering many devices onto disk: only what changed, each failure its own, interruptible, no half-written file."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ggi_net.errors import DiskFull, FileError, FileMissing, NotInEstate, RenderError
from ggi_net.paths import demo_folder
from ggi_net.render import engine
from ggi_net.render.artifact import Artifact
from ggi_net.render.engine import batches, render_estate
from ggi_net.render.store import MANIFEST, estate_digest, read_artifacts, read_manifest
from ggi_net.source.files import load_estate


@pytest.fixture(scope="module")
def estate():
    return load_estate(demo_folder())


def fake(estate, placed):
    name = placed.device.name
    return [Artifact(name, placed.device.platform, "a.conf", f"# {name}\n"), Artifact(name, "x", "sub/b.conf", "b\n")]


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Rendering itself is tested elsewhere: here each device has two small artifacts."""
    monkeypatch.setattr(engine, "render_device", fake)


def everything(estate):
    return estate.select()


def files_below(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_first_run_writes_all_and_the_second_nothing(estate, tmp_path):
    devices = everything(estate)
    first = render_estate(estate, devices, tmp_path, workers=1)
    assert (first.rendered, first.written, first.unchanged) == (len(devices), 2 * len(devices), 0)
    before = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*")}
    second = render_estate(estate, devices, tmp_path, workers=1)
    assert (second.rendered, second.written, second.unchanged) == (len(devices), 0, 2 * len(devices))
    assert {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*")} == before


def test_forked_workers_make_the_same_files(estate, tmp_path):
    render_estate(estate, everything(estate), tmp_path / "one", workers=1)
    render_estate(estate, everything(estate), tmp_path / "two", workers=2)
    assert files_below(tmp_path / "one") == files_below(tmp_path / "two")


def test_progress_counts_every_device(estate, tmp_path):
    seen = []
    render_estate(estate, everything(estate), tmp_path, workers=2, progress=seen.append)
    assert sum(seen) == len(estate.devices)


def test_manifest_tells_what_was_rendered_from_what(estate, tmp_path):
    render_estate(estate, estate.select(device=["ce-almelo-01"]), tmp_path)
    entry = read_manifest(tmp_path).devices["ce-almelo-01"]
    assert (entry.platform, entry.organisation, entry.standard) == ("frr", "almelo", "2026.1")
    assert entry.estate == estate_digest(estate)
    [a, b] = read_artifacts(tmp_path)["ce-almelo-01"]
    assert (a.file, a.text, b.file) == ("a.conf", "# ce-almelo-01\n", "sub/b.conf")
    assert entry.files == {"a.conf": a.digest, "sub/b.conf": b.digest}


def test_rendering_a_part_keeps_the_rest(estate, tmp_path):
    render_estate(estate, estate.select(device=["ce-almelo-01"]), tmp_path)
    render_estate(estate, estate.select(gemeente=["losser"]), tmp_path)
    assert set(read_manifest(tmp_path).devices) == {"ce-almelo-01", "ce-losser-01", "radius-losser-01"}


def test_an_artifact_that_the_device_no_longer_has_is_removed(estate, tmp_path, monkeypatch):
    chosen = estate.select(device=["ce-almelo-01", "ce-losser-01"])
    render_estate(estate, chosen, tmp_path)
    (tmp_path / "ce-almelo-01" / ".a.conf.123.abcdef").write_text("left by a killed run")
    monkeypatch.setattr(engine, "render_device", lambda e, p: fake(e, p)[:1])
    summary = render_estate(estate, estate.select(device=["ce-almelo-01"]), tmp_path)
    assert summary.removed == 2
    assert sorted(files_below(tmp_path)) == [
        "ce-almelo-01/a.conf",
        "ce-losser-01/a.conf",
        "ce-losser-01/sub/b.conf",
        MANIFEST,
    ]


def test_a_device_that_left_the_estate_is_removed_by_a_full_run_only(estate, tmp_path, monkeypatch):
    render_estate(estate, everything(estate), tmp_path)
    smaller = load_estate(demo_folder())
    monkeypatch.setitem(smaller.__dict__, "devices", {n: p for n, p in smaller.devices.items() if n != "ce-losser-01"})
    render_estate(smaller, smaller.select(device=["ce-almelo-01"]), tmp_path)
    assert (tmp_path / "ce-losser-01" / "a.conf").exists()
    render_estate(smaller, smaller.select(), tmp_path)
    assert not (tmp_path / "ce-losser-01").exists()
    assert "ce-losser-01" not in read_manifest(tmp_path).devices


@pytest.mark.parametrize("workers", [1, 2])
def test_a_device_that_fails_fails_alone_and_keeps_its_old_artifacts(estate, tmp_path, monkeypatch, workers):
    render_estate(estate, everything(estate), tmp_path)

    def failing(estate, placed):
        if placed.device.name == "ce-losser-01":
            raise RenderError("ce-losser-01: no such thing")
        return [Artifact(placed.device.name, "x", "a.conf", "new\n")]

    monkeypatch.setattr(engine, "render_device", failing)
    summary = render_estate(estate, everything(estate), tmp_path, workers=workers)
    assert [(f.device, "no such thing" in f.text) for f in summary.failures] == [("ce-losser-01", True)]
    assert summary.rendered == len(estate.devices) - 1
    assert (tmp_path / "ce-losser-01" / "a.conf").read_text() == "# ce-losser-01\n"
    assert set(read_manifest(tmp_path).devices) == set(estate.devices)


def test_a_worker_that_dies_costs_one_device(estate, tmp_path, monkeypatch):
    def deadly(estate, placed):
        if placed.device.name == "ce-losser-01":
            os.kill(os.getpid(), signal.SIGKILL)
        return fake(estate, placed)

    monkeypatch.setattr(engine, "render_device", deadly)
    summary = render_estate(estate, everything(estate), tmp_path, workers=2)
    assert [f.device for f in summary.failures] == ["ce-losser-01"]
    assert "SIGKILL" in summary.failures[0].text
    assert summary.rendered == len(estate.devices) - 1


def test_a_full_disk_stops_the_run_with_what_was_done_recorded(estate, tmp_path, monkeypatch):
    real = engine.write_if_changed

    def full(path, content, **more):
        if "ce-losser" in str(path):
            raise DiskFull("no space left on the disk")
        return real(path, content, **more)

    monkeypatch.setattr(engine, "write_if_changed", full)
    with pytest.raises(DiskFull):
        render_estate(estate, everything(estate), tmp_path, workers=1)
    assert read_manifest(tmp_path).devices
    read_artifacts(tmp_path)


def test_out_that_is_a_file_is_refused_in_words(estate, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError):
        render_estate(estate, everything(estate), tmp_path / "file")


def test_a_tampered_artifact_is_refused_unless_asked_for(estate, tmp_path):
    render_estate(estate, everything(estate), tmp_path)
    (tmp_path / "ce-losser-01" / "a.conf").write_text("mine\n")
    with pytest.raises(FileError, match="changed since it was rendered"):
        read_artifacts(tmp_path, ["ce-losser-01"])
    assert read_artifacts(tmp_path, ["ce-losser-01"], verify=False)["ce-losser-01"][0].text == "mine\n"


def test_what_was_not_rendered_is_named(estate, tmp_path):
    with pytest.raises(FileMissing, match="no rendered artifacts here"):
        read_manifest(tmp_path)
    render_estate(estate, everything(estate), tmp_path)
    with pytest.raises(NotInEstate, match="did you mean 'ce-losser-01'"):
        read_artifacts(tmp_path, ["ce-loser-01"])


@pytest.mark.parametrize("device", ["../elsewhere", "a/b", "..", "/etc", "x\n"])
@pytest.mark.parametrize("file", ["../../etc/passwd", "/etc/passwd", ".hidden", "a/../../b"])
def test_a_manifest_that_leads_out_of_its_folder_is_refused(estate, tmp_path, device, file):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "keep").write_text("")
    out = tmp_path / "out"
    out.mkdir()
    entry = {"platform": "x", "organisation": "x", "standard": "1", "estate": "0"}
    for devices in ({device: {**entry, "files": {"a": "0"}}}, {"ce-x": {**entry, "files": {file: "0"}}}):
        (out / MANIFEST).write_text(json.dumps({"devices": devices}))
        with pytest.raises(FileError, match="not a manifest"):
            read_artifacts(out)
        with pytest.raises(FileError, match="not a manifest"):
            render_estate(estate, everything(estate), out)
    assert (tmp_path / "elsewhere" / "keep").exists()


def test_heavy_devices_start_first_and_alone(estate, monkeypatch):
    monkeypatch.setattr(engine, "_HEAVY_LINKS", 3)
    found = batches(estate, everything(estate))
    assert {found[0], found[1]} == {("core-asd-01",), ("core-apd-01",)}
    assert sorted(name for batch in found for name in batch) == sorted(estate.devices)


INTERRUPTED = """
import sys, time
from pathlib import Path
from ggi_net.render import engine
from ggi_net.render.artifact import Artifact
from ggi_net.paths import demo_folder
from ggi_net.source.files import load_estate

def slow(estate, placed):
    time.sleep(0.03)
    return [Artifact(placed.device.name, "x", f"{n}.conf", "line\\n" * 2000) for n in range(5)]

engine.render_device = slow
engine._BATCH = 2
estate = load_estate(demo_folder())
done = lambda n: print("done", flush=True)
engine.render_estate(estate, estate.select(), Path(sys.argv[1]), workers=2, progress=done)
"""


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL, signal.SIGTERM])
def test_stopped_in_the_middle_nothing_is_half_written_and_the_next_run_completes(estate, tmp_path, monkeypatch, sent):
    run = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, tmp_path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert run.stdout is not None
    run.stdout.readline()
    run.send_signal(sent)
    assert run.wait(10) != 0
    run.stdout.read()  # ends when the last worker has left
    whole = b"line\n" * 2000
    present = [p for p in tmp_path.rglob("*.conf") if not p.name.startswith(".")]
    assert present
    assert all(p.read_bytes() == whole for p in present)
    assert len(present) < 5 * len(estate.devices)
    if sent is signal.SIGINT:
        assert read_artifacts(tmp_path)
    monkeypatch.setattr(
        engine,
        "render_device",
        lambda e, p: [Artifact(p.device.name, "x", f"{n}.conf", "line\n" * 2000) for n in range(5)],
    )
    summary = render_estate(estate, everything(estate), tmp_path)
    assert summary.rendered == len(estate.devices)
    assert summary.unchanged >= len(present)
    assert {name for name in files_below(tmp_path) if name != MANIFEST} == {
        f"{device}/{n}.conf" for device in estate.devices for n in range(5)
    }


def test_a_killed_parent_leaves_no_worker_behind(tmp_path):
    run = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, tmp_path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert run.stdout is not None
    run.stdout.readline()
    children = [int(c) for c in Path(f"/proc/{run.pid}/task/{run.pid}/children").read_text().split()]
    assert children
    run.kill()
    run.wait()
    deadline = time.monotonic() + 5
    while any(Path(f"/proc/{c}").exists() for c in children) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(Path(f"/proc/{c}").exists() for c in children)
