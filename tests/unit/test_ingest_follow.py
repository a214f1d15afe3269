"""Logs that grow: followed through rotation, truncation and death."""

from __future__ import annotations

import gzip
import multiprocessing
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from ingest_logs import ABOUT, lines, once, parts, read, stored, text

from ggi_net.authlog.ingest import follow, spool
from ggi_net.authlog.ingest.follow import Follower
from ggi_net.authlog.ingest.tasks import Input, inputs_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Lets time pass for the follower."""
    now = [1000.0]

    def later(seconds: float) -> None:
        now[0] += seconds

    monkeypatch.setattr(follow.time, "monotonic", lambda: now[0])
    return later


class Following:
    """A follower that looks when it is told to."""

    def __init__(
        self, store: Path, clock: Callable[[float], None], *patterns: object, spool: Path | None = None
    ) -> None:
        self.said: list[str] = []
        self.clock = clock
        names = [str(pattern) for pattern in patterns]
        self.it = Follower(lambda: inputs_of(names, ABOUT, required=False), *parts(store), self.said.append, spool)

    def look(self, seconds: float = 1.1) -> None:
        self.clock(seconds)
        self.it.look()


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


class TestFollowing:
    def test_what_is_added_is_stored_within_a_second(
        self, store: Path, log: Path, clock: Callable[[float], None]
    ) -> None:
        log.write_bytes(text(lines(3)))
        following = Following(store, clock, log)
        following.look()
        append(log, text(lines(3, 3)))
        following.look(0.3)
        assert stored(store) == once(lines(3)), "a commit costs the disk something: not five a second"
        following.look(0.8)
        assert stored(store) == once(lines(6))
        assert following.it.total.lines == 6

    def test_half_a_line_waits(self, store: Path, log: Path, clock: Callable[[float], None]) -> None:
        data = text(lines(4))
        log.write_bytes(data[:-20])
        following = Following(store, clock, log)
        following.look()
        following.look()
        assert stored(store) == once(lines(3))
        append(log, data[-20:])
        following.look()
        assert stored(store) == once(lines(4))

    def test_half_a_line_that_nobody_ends_is_a_line_after_an_hour(
        self, store: Path, log: Path, clock: Callable[[float], None]
    ) -> None:
        log.write_bytes(text(lines(4))[:-1])
        following = Following(store, clock, log)
        following.look()
        os.utime(log, (time.time() - 4000,) * 2)
        following.look(4000)
        assert stored(store) == once(lines(4))

    def test_a_file_that_comes_later(self, store: Path, log: Path, clock: Callable[[float], None]) -> None:
        following = Following(store, clock, f"{log.parent}/*.log")
        following.look()
        log.write_bytes(text(lines(3)))
        following.look()
        assert stored(store) == once(lines(3))

    def test_renamed_while_the_daemon_still_writes_to_the_old_one(
        self, store: Path, log: Path, clock: Callable[[float], None]
    ) -> None:
        log.write_bytes(text(lines(3)))
        following = Following(store, clock, log)
        following.look()
        with log.open("ab", buffering=0) as daemon:
            log.rename(log.with_name("radius.log.1"))
            log.write_bytes(text(lines(3, 6)))
            following.look()
            daemon.write(text(lines(3, 3)))
            following.look()
        assert stored(store) == once(lines(9))
        assert following.it.count == 2
        following.look(70)
        assert following.it.count == 1, "nobody writes to the old one any more"

    def test_copied_and_truncated_with_lines_that_were_not_read_yet(
        self, store: Path, log: Path, clock: Callable[[float], None]
    ) -> None:
        log.write_bytes(text(lines(3)))
        following = Following(store, clock, log)
        following.look()
        append(log, text(lines(3, 3)))
        shutil.copy(log, log.with_name("radius.log.1"))
        os.truncate(log, 0)
        append(log, text(lines(30, 6)))
        following.look()
        following.look()
        assert stored(store) == once(lines(36))

    def test_rotated_and_compressed_at_once(self, store: Path, log: Path, clock: Callable[[float], None]) -> None:
        log.write_bytes(text(lines(3)))
        following = Following(store, clock, f"{log}*")
        following.look()
        append(log, text(lines(3, 3)))
        log.with_name("radius.log.1.gz").write_bytes(gzip.compress(log.read_bytes()))
        log.unlink()
        log.write_bytes(text(lines(3, 6)))
        following.look()
        following.look()
        assert stored(store) == once(lines(9))

    def test_two_rotations_between_two_looks(self, store: Path, log: Path, clock: Callable[[float], None]) -> None:
        log.write_bytes(text(lines(3)))
        following = Following(store, clock, log)
        following.look()
        log.rename(log.with_name("radius.log.2"))
        log.with_name("radius.log.1").write_bytes(text(lines(3, 3)))
        log.write_bytes(text(lines(3, 6)))
        following.look()
        assert stored(store) == once(lines(9))

    def test_a_removed_log_is_let_go(self, store: Path, log: Path, clock: Callable[[float], None]) -> None:
        log.write_bytes(text(lines(3)))
        following = Following(store, clock, log)
        following.look()
        log.unlink()
        following.look(70)
        assert following.it.count == 0

    def test_what_somebody_else_reads_is_left_to_them_until_they_are_gone(
        self, store: Path, log: Path, clock: Callable[[float], None]
    ) -> None:
        log.write_bytes(text(lines(3)))
        one, other = (Following(store, clock, log) for _ in range(2))
        one.look()
        append(log, text(lines(3, 3)))
        other.look()
        assert (one.it.count, other.it.count) == (1, 0)
        one.it.close()
        other.look()
        assert stored(store) == once(lines(6))

    def test_trouble_is_said_once(self, store: Path, log: Path, clock: Callable[[float], None]) -> None:
        log.with_name("radius.log.2.gz").write_bytes(gzip.compress(text(lines(9)))[:-4])
        following = Following(store, clock, f"{log}*")
        for _ in range(3):
            following.look()
        assert len(following.said) == 1
        assert "ends before its proper end" in following.said[0]

    def test_many_logs_are_committed_less_often(
        self, store: Path, log: Path, clock: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(follow, "PER_LOG", 0.2)
        paths = [log.with_name(f"{n}.log") for n in range(10)]
        for number, path in enumerate(paths):
            path.write_bytes(text(lines(1, number)))
        following = Following(store, clock, f"{log.parent}/*.log")
        following.look()
        for number, path in enumerate(paths):
            append(path, text(lines(1, 1000 + number)))
        following.look(1.2)
        assert sum(stored(store).values()) == 10
        following.look(1.0)
        assert sum(stored(store).values()) == 20

    def test_spool_files_go_once_they_are_stored_and_two_newer_ones_are_there(
        self, store: Path, log: Path, clock: Callable[[float], None]
    ) -> None:
        folder = log.parent / "spool" / "peer"
        folder.mkdir(parents=True)
        for number in range(4):
            (folder / f"tcp-20261124T10000{number}-0000.log").write_bytes(text(lines(3, 3 * number)))
        following = Following(store, clock, f"{folder}/*.log", spool=folder.parent)
        following.look()
        following.look()
        assert len(spool.files_of(folder)) == 2
        assert stored(store) == once(lines(12))


def _follow(store: Path, pattern: str) -> None:
    follow.LOOK, follow.RESCAN = 0.005, 0.01
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    follower = Follower(lambda: inputs_of([pattern], ABOUT, required=False), *parts(store), lambda _: None)
    follower.run(lambda: False)


def test_killed_again_and_again_while_logs_grow_and_rotate(store: Path, log: Path) -> None:
    """A daemon that writes on, a logrotate of every kind, and a follower that is killed all the time."""
    chance = random.Random(3)
    written, kills = 0, 0
    log.touch()
    for round_ in range(20):
        process = multiprocessing.get_context("fork").Process(target=_follow, args=(store, str(log)))
        process.start()
        until = time.monotonic() + chance.uniform(0.02, 0.2)
        while time.monotonic() < until:
            count = chance.randint(1, 30)
            data = text(lines(count, written))
            written += count
            cut = chance.randint(0, len(data))
            append(log, data[:cut])
            append(log, data[cut:])
            time.sleep(0.004)
        if round_ % 4 == 1:
            _shift(log)
            log.rename(log.with_name("radius.log.1"))
            log.touch()
        elif round_ % 4 == 3:
            _shift(log)
            shutil.copy2(log, log.with_name("radius.log.1"))
            os.truncate(log, 0)
        process.kill()
        kills += 1
        process.join()
    read(store, log)
    assert (kills, stored(store)) == (20, once(lines(written)))


def _shift(log: Path) -> None:
    """As logrotate does: number up, compress what is older than one."""
    for number in range(20, 1, -1):
        older = log.with_name(f"radius.log.{number}.gz")
        if older.exists():
            older.rename(log.with_name(f"radius.log.{number + 1}.gz"))
    one = log.with_name("radius.log.1")
    if one.exists():
        packed = log.with_name("radius.log.2.gz")
        packed.write_bytes(gzip.compress(one.read_bytes()))
        shutil.copystat(one, packed)
        one.unlink()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopped_in_order_it_stores_what_is_there_and_exits_with_0(store: Path, log: Path, number: int) -> None:
    log.write_bytes(text(lines(3)))
    command = [sys.executable, "-m", "ggi_net", "logs", "ingest", "--follow", "--store", str(store), str(log)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert "following" in process.stderr.readline()
        append(log, text(lines(3, 3)))
        process.send_signal(number)
        assert "stopped in order: 6 lines stored" in process.stderr.read()
    assert process.returncode == 0
    assert stored(store) == once(lines(6))
    read(store, log)
    assert stored(store) == once(lines(6))


def test_looking_costs_little(store: Path, log: Path) -> None:
    """A second of looking at 50 quiet logs takes a small part of one CPU."""
    for number in range(50):
        log.with_name(f"{number}.log").write_bytes(text(lines(1, number)))
    inputs = [Input(path, ABOUT) for path in log.parent.iterdir()]
    follower = Follower(lambda: inputs, *parts(store), lambda _: None)
    follower.look()
    before = resource.getrusage(resource.RUSAGE_SELF)
    for _ in range(5):
        follower.look()
    follower._scan()
    after = resource.getrusage(resource.RUSAGE_SELF)
    follower.close()
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.03
