"""Old logs read by real Celery workers over a real Redis: the same lines as one process stores, once."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from shutil import which
from typing import TYPE_CHECKING

import pytest
from ingest_logs import ABOUT, lines, new_store, once, parts, stored, text

from ggi_net.authlog.ingest import backfill, tasks
from ggi_net.authlog.ingest.backfill import Celery
from ggi_net.authlog.ingest.once import ingest
from ggi_net.authlog.ingest.tasks import Input
from ggi_net.errors import BackfillFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = [pytest.mark.live, pytest.mark.needs("redis-server")]


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def wait_until(done: Callable[[], object], seconds: float = 60) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if done():
            return True
        time.sleep(0.02)
    return False


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder, port = tmp_path_factory.mktemp("redis"), free_port()
    command = [which("redis-server") or "", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        assert wait_until(lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0)
        yield f"redis://127.0.0.1:{port}/0"
        server.terminate()


class Worker:
    """`ggi logs worker`."""

    def __init__(self, broker: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ggi_net", "logs", "worker", "--processes", "1"],
            env={**os.environ, "GGI_LOGS_BROKER": broker},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return new_store(tmp_path, monkeypatch)


def test_without_worker_it_says_so(store: Path, tmp_path: Path, broker: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backfill, "_PING", 0.5)
    log = tmp_path / "a.log"
    log.write_bytes(text(lines(3)))
    with pytest.raises(BackfillFailed, match="no worker answers"):
        ingest([Input(log, ABOUT)], *parts(store), Celery(store, broker))


def test_without_broker_it_says_so_and_shows_no_password(store: Path, tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_bytes(text(lines(3)))
    with pytest.raises(BackfillFailed, match="can't be reached") as caught:
        ingest([Input(log, ABOUT)], *parts(store), Celery(store, f"redis://:hunter2@127.0.0.1:{free_port()}/0"))
    assert "hunter2" not in str(caught.value)


def test_two_workers_of_which_one_is_killed(
    store: Path, tmp_path: Path, broker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A day in a file each, and one large file in spans."""
    monkeypatch.setattr(backfill, "_LOOK", 0.5)
    monkeypatch.setattr(tasks, "SPAN", 200_000)
    monkeypatch.setattr(tasks, "_WINDOW", 2_000)
    days = [tmp_path / f"radius.log-202611{day:02}" for day in range(1, 9)]
    for number, path in enumerate(days):
        path.write_bytes(text(lines(2000, number * 2000)))
    large = tmp_path / "large.log"
    large.write_bytes(text(lines(20_000, 100_000)))
    workers = [Worker(broker) for _ in range(2)]
    killed = []

    def progress(done: int, size: int) -> None:
        if not killed and done > size / 5:
            killed.append(done)
            workers[0].kill()

    try:
        inputs = [Input(path, ABOUT) for path in (*days, large)]
        runner = Celery(store, broker)
        assert wait_until(lambda: len(runner._app.control.ping(timeout=0.5)) == 2)
        report = ingest(inputs, *parts(store), runner, progress)
    finally:
        workers[1].stop()
    assert killed
    assert not report.troubled
    expected = once([line for n in range(8) for line in lines(2000, n * 2000)] + lines(20_000, 100_000))
    assert stored(store) == expected
