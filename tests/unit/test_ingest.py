"""Logs into the store: every line once, whatever happens to the file, and to whoever reads it."""

from __future__ import annotations

import bz2
import gzip
import lzma
import multiprocessing
import os
import random
import shutil
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ingest_logs import ABOUT, lines, once, parts, read, stored, text

from ggi_net.authlog.ingest import reading, tasks
from ggi_net.authlog.ingest.discover import matching, rotated
from ggi_net.authlog.ingest.logfile import LogFile
from ggi_net.authlog.ingest.once import ingest, rounds
from ggi_net.authlog.ingest.pool import Pool
from ggi_net.authlog.ingest.reading import About
from ggi_net.authlog.ingest.tasks import Input, Task
from ggi_net.authlog.store.identity import Identity
from ggi_net.errors import LogUnreadable, NoLogs

if TYPE_CHECKING:
    from collections.abc import Callable


def zstd(data: bytes) -> bytes:
    import pyarrow as pa

    return pa.compress(data, "zstd", asbytes=True)


COMPRESSED: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstd,
}


class TestFiles:
    """Each line of a file is stored once, and the last one waits until it is whole."""

    def test_a_file_is_stored_once_however_often_it_is_read(self, store: Path, log: Path) -> None:
        rows = lines(50)
        log.write_bytes(text(rows))
        assert read(store, log).total.lines == 50
        assert read(store, log).total.lines == 0
        assert stored(store) == once(rows)

    def test_reading_goes_on_where_it_ended(self, store: Path, log: Path) -> None:
        log.write_bytes(text(lines(5)))
        read(store, log)
        with log.open("ab") as file:
            file.write(text(lines(7, 5)))
        assert read(store, log).total.lines == 7
        assert stored(store) == once(lines(12))

    def test_the_last_line_waits_for_its_end(self, store: Path, log: Path) -> None:
        whole = text(lines(3))
        log.write_bytes(whole[:-10])
        report = read(store, log)
        assert report.total.lines == 2
        assert report.of(str(log)).tally.left == len(text(lines(1, 2))) - 10
        log.write_bytes(whole)
        read(store, log)
        assert stored(store) == once(lines(3))

    def test_a_last_line_that_nobody_ends_is_stored_in_the_end(self, store: Path, log: Path) -> None:
        log.write_bytes(text(lines(3))[:-1])
        os.utime(log, (time.time() - 7200,) * 2)
        read(store, log)
        assert stored(store) == once(lines(3))

    def test_an_empty_file_and_a_first_line_without_end_are_no_trouble(self, store: Path, log: Path) -> None:
        log.touch()
        assert read(store, log).plain()["lines"] == 0
        log.write_bytes(b"Tue Nov 24 10:00")
        report = read(store, log)
        assert (report.total.lines, report.troubled) == (0, [])

    def test_what_nothing_can_parse_is_kept_and_counted(self, store: Path, log: Path) -> None:
        odd = "\x1b[2Jno daemon writes this'; DROP TABLE lines; --"
        log.write_bytes(text([*lines(2), odd]))
        report = read(store, log)
        assert report.total.unparsed == 1
        assert report.plain()["kinds"]["freeradius result"] == 2
        assert stored(store)[odd] == 1

    def test_large_files_are_stored_in_blocks(self, store: Path, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(reading, "BLOCK", 1000)
        log.write_bytes(text(lines(200)))
        read(store, log)
        assert stored(store) == once(lines(200))


class TestCompressed:
    """A compressed file is known by its first bytes, whatever its name."""

    @pytest.mark.parametrize("kind", COMPRESSED)
    def test_all_four_kinds_are_read(self, store: Path, log: Path, kind: str) -> None:
        path = log.with_name("radius.log.2" + kind)
        path.write_bytes(COMPRESSED[kind](text(lines(40))))
        read(store, path)
        assert stored(store) == once(lines(40))

    @pytest.mark.parametrize("kind", COMPRESSED)
    def test_several_pieces_one_after_the_other_are_one_log(self, store: Path, log: Path, kind: str) -> None:
        pack = COMPRESSED[kind]
        log.write_bytes(pack(text(lines(20))) + pack(text(lines(20, 20))))
        read(store, log)
        assert stored(store) == once(lines(40))

    @pytest.mark.parametrize("kind", COMPRESSED)
    def test_what_is_cut_off_is_read_as_far_as_it_goes_and_finished_later(
        self, store: Path, log: Path, kind: str
    ) -> None:
        rows = [f"{line} {random.Random(n).randbytes(40).hex()}" for n, line in enumerate(lines(9000))]
        packed = COMPRESSED[kind](text(rows))
        log.write_bytes(packed[: len(packed) * 3 // 4])
        report = read(store, log)
        assert report.troubled[0].trouble
        assert set(stored(store)) <= set(rows)
        log.write_bytes(packed)
        assert not read(store, log).troubled
        assert stored(store) == once(rows)

    def test_damage_is_said_and_what_stands_before_it_is_stored(self, store: Path, log: Path) -> None:
        rows = [f"{line} {random.Random(n).randbytes(40).hex()}" for n, line in enumerate(lines(9000))]
        packed = bytearray(gzip.compress(text(rows)))
        packed[len(packed) // 2] ^= 0xFF
        log.write_bytes(packed)
        report = read(store, log)
        assert "damaged" in report.troubled[0].trouble
        assert 0 < report.total.lines < 9000

    @settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    @given(
        data=st.binary(max_size=3000), reads=st.lists(st.tuples(st.integers(0, 3500), st.integers(1, 3500)), max_size=6)
    )
    def test_any_byte_can_be_read_in_any_order(self, tmp_path: Path, data: bytes, reads: list[tuple[int, int]]) -> None:
        path = tmp_path / "any.gz"
        path.write_bytes(gzip.compress(data))
        with LogFile(path) as file:
            for offset, size in reads:
                assert file.at(offset, size) == data[offset : offset + size]


class TestRotation:
    """The same content is known again under another name, in another file, and compressed."""

    def test_renamed_and_begun_anew(self, store: Path, log: Path) -> None:
        log.write_bytes(text(lines(5)))
        read(store, log)
        with log.open("ab") as file:
            file.write(text(lines(5, 5)))
        log.rename(log.with_name("radius.log.1"))
        log.write_bytes(text(lines(5, 10)))
        read(store, log)
        assert stored(store) == once(lines(15))

    def test_copied_and_truncated(self, store: Path, log: Path) -> None:
        log.write_bytes(text(lines(5)))
        read(store, log)
        with log.open("ab") as file:
            file.write(text(lines(5, 5)))
        shutil.copy(log, log.with_name("radius.log.1"))
        log.write_bytes(text(lines(50, 10)))
        read(store, log)
        assert stored(store) == once(lines(60))

    @pytest.mark.parametrize("kind", COMPRESSED)
    def test_compressed_after_rotation(self, store: Path, log: Path, kind: str) -> None:
        log.write_bytes(text(lines(5)))
        read(store, log)
        old = log.with_name(f"radius.log-20261124{kind}")
        old.write_bytes(COMPRESSED[kind](text(lines(9))))
        log.write_bytes(text(lines(3, 9)))
        read(store, log)
        assert stored(store) == once(lines(12))

    def test_rotated_several_times_while_nobody_looked(self, store: Path, log: Path) -> None:
        log.write_bytes(text(lines(5)))
        read(store, log)
        log.with_name("radius.log.4.gz").write_bytes(gzip.compress(text(lines(3, 900))))
        log.with_name("radius.log.3.gz").write_bytes(gzip.compress(text(lines(9))))
        log.with_name("radius.log.2.gz").write_bytes(gzip.compress(text(lines(9, 9))))
        log.with_name("radius.log.1").write_bytes(text(lines(9, 18)))
        log.write_bytes(text(lines(9, 27)))
        for age, name in enumerate(("", ".1", ".2.gz", ".3.gz", ".4.gz")):
            os.utime(log.with_name(f"radius.log{name}"), (time.time() - age * 100,) * 2)
        read(store, log)
        assert stored(store) == once(lines(36)), "what is older than what was read was not asked for"

    def test_the_old_files_of_a_log_that_was_never_read_are_not_asked_for(self, store: Path, log: Path) -> None:
        log.with_name("radius.log.1").write_bytes(text(lines(5)))
        log.write_bytes(text(lines(5, 5)))
        read(store, log)
        assert stored(store) == once(lines(5, 5))

    def test_a_copy_and_its_original_are_one_log(self, store: Path, log: Path) -> None:
        log.write_bytes(text(lines(20)))
        other = log.with_name("copy-of-it")
        other.write_bytes(text(lines(12)))
        packed = log.with_name("elsewhere.gz")
        packed.write_bytes(gzip.compress(text(lines(16))))
        read(store, other, packed, log)
        assert stored(store) == once(lines(20))

    def test_logs_that_begin_alike_are_two_once_they_differ(self, store: Path, log: Path) -> None:
        other = log.with_name("other.log")
        log.write_bytes(text(lines(1) + lines(5, 10)))
        other.write_bytes(text(lines(1) + lines(5, 20)))
        read(store, log, other)
        assert stored(store) == once(lines(1) + lines(1) + lines(5, 10) + lines(5, 20))

    def test_truncated_and_written_anew_to_more_than_was_there(self, store: Path, log: Path) -> None:
        log.write_bytes(text(lines(5)))
        read(store, log)
        log.write_bytes(text(lines(80, 5)))
        read(store, log)
        assert stored(store) == once(lines(85))

    def test_a_log_whose_first_page_never_changes_is_told_by_the_bytes_that_were_read_last(
        self, store: Path, log: Path
    ) -> None:
        banner = ["banner " + "x" * 90] * 50
        log.write_bytes(text(banner + lines(5)))
        read(store, log)
        log.write_bytes(text(banner + lines(50, 5)))
        read(store, log)
        assert stored(store) == once(banner * 2 + lines(55))

    @pytest.mark.parametrize(
        ("name", "is_one"),
        [
            ("radius.log.1", True), ("radius.log.12.gz", True), ("radius.log-20261124", True),
            ("radius.log-20261124.xz", True), ("radius-20261124.log", True), ("radius-20261124.log.gz", True),
            ("radius.log-20261124-1795422000.zst", True), ("radius.log.old", True), ("radius.log.1.bz2", True),
            ("radius.logger", False), ("radius2.log", False), ("radius.log.swp", False), ("radius-new.log", False),
            ("radius.log", False), ("radius.log" + "-1" * 110 + "x", False),
        ],
    )  # fmt: skip
    def test_names_that_rotation_gives(self, log: Path, name: str, is_one: bool) -> None:
        log.touch()
        log.with_name(name).touch()
        assert [path.name for path in rotated(log)] == ([name] if is_one else [])


class TestTrouble:
    """What can't be read is said, and the others go on."""

    def test_missing_forbidden_and_odd_files(self, store: Path, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        log.write_bytes(text(lines(5)))
        forbidden = log.with_name("forbidden.log")
        forbidden.write_bytes(text(lines(5, 50)))
        pipe = log.with_name("pipe")
        os.mkfifo(pipe)
        real = os.open

        def refuse(path: object, *rest: object, **more: object) -> int:
            if str(path) == str(forbidden):
                raise PermissionError(13, "Permission denied", path)
            return real(path, *rest, **more)  # type: ignore[arg-type]

        monkeypatch.setattr(os, "open", refuse)
        report = read(store, log.with_name("gone.log"), forbidden, pipe, log)
        troubles = {Path(one.path).name: one.trouble for one in report.troubled}
        assert troubles == {
            "gone.log": "can't be read: no such file or directory",
            "forbidden.log": "can't be read: permission denied",
            "pipe": "not an ordinary file",
        }
        assert stored(store) == once(lines(5))

    def test_patterns(self, log: Path) -> None:
        log.touch()
        log.with_name(".hidden").touch()
        (log.parent / "folder").mkdir()
        assert matching([str(log.parent)]) == [log]
        assert matching([f"{log.parent}/*.log", str(log)]) == [log]
        with pytest.raises(NoLogs, match="nothing is there"):
            matching([f"{log.parent}/other.log"])
        with pytest.raises(NoLogs, match="no file matches"):
            matching([f"{log.parent}/*.txt"])
        assert matching([f"{log.parent}/*.txt"], required=False) == []

    def test_a_file_that_was_replaced_before_its_turn_is_found_under_its_new_name(self, store: Path, log: Path) -> None:
        log.write_bytes(text(lines(5)))
        sources, committer = parts(store)
        todo = tasks.tasks_of(Input(log, ABOUT), sources, committer)
        log.rename(log.with_name("radius.log.1"))
        log.write_bytes(text(lines(5, 5)))
        assert tasks.run(todo[0], sources, committer).tally.lines == 5
        assert stored(store) == once(lines(5))

    def test_a_file_that_is_nowhere_any_more_is_said(self, store: Path, log: Path) -> None:
        log.write_bytes(text(lines(5)))
        sources, committer = parts(store)
        todo = tasks.tasks_of(Input(log, ABOUT), sources, committer)
        log.write_bytes(text(lines(5, 5)))
        with pytest.raises(LogUnreadable, match="was replaced"):
            tasks.run(todo[0], sources, committer)

    def test_the_bytes_of_an_open_file_stay_when_it_is_removed(self, log: Path) -> None:
        log.write_bytes(b"here\n")
        with LogFile(log) as file:
            log.unlink()
            assert file.at(0, 100) == b"here\n"


class TestSideBySide:
    """A large file is divided between records; a part is read by one process at a time."""

    @pytest.fixture
    def small(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tasks, "SPAN", 4000)
        monkeypatch.setattr(tasks, "_WINDOW", 64)
        monkeypatch.setattr(reading, "BLOCK", 1500)

    @pytest.mark.usefixtures("small")
    def test_spans_in_any_order_are_the_whole_log(self, store: Path, log: Path) -> None:
        log.write_bytes(text(lines(400)))
        sources, committer = parts(store)
        todo = tasks.tasks_of(Input(log, ABOUT), sources, committer)
        assert len(todo) > 5
        random.Random(5).shuffle(todo)
        for task in todo[:3]:
            tasks.run(task, sources, committer)
        before = sum(stored(store).values())
        assert 0 < before < 400
        assert read(store, log).total.lines == 400 - before
        assert stored(store) == once(lines(400))

    @pytest.mark.usefixtures("small")
    def test_a_divided_log_goes_on_growing(self, store: Path, log: Path) -> None:
        log.write_bytes(text(lines(400)))
        read(store, log)
        with log.open("ab") as file:
            file.write(text(lines(400, 400)))
        read(store, log)
        assert stored(store) == once(lines(800))

    @pytest.mark.usefixtures("small")
    def test_nobody_divides_what_is_being_read(self, store: Path, log: Path) -> None:
        log.write_bytes(text(lines(10)))
        sources, committer = parts(store)
        first = tasks.tasks_of(Input(log, ABOUT), sources, committer)[0]
        with log.open("ab") as file:
            file.write(text(lines(400, 10)))
        claim = sources.claims.take(first.span.claim)
        assert claim is not None
        now = tasks.tasks_of(Input(log, ABOUT), sources, committer)
        assert [(task.start, task.end) for task in now] == [(0, None)]
        assert tasks.run(now[0], sources, committer).busy.endswith(f"process {os.getpid()}")
        claim.release()
        assert len(tasks.tasks_of(Input(log, ABOUT), sources, committer)) > 5
        assert tasks.run(first, sources, committer).tally.lines == 0, "made before the log was divided"
        read(store, log)
        assert stored(store) == once(lines(410))

    def test_no_round_has_a_span_twice(self) -> None:
        about = About()
        one, two, three = (
            Task(path=path, source="s", start=start, end=None, size=1, about=about)
            for path, start in (("a", 0), ("b", 0), ("a", 9))
        )
        assert [list(each) for each in rounds([one, two, three])] == [[one, three], [two]]

    def test_a_pool_stores_what_one_process_does(self, store: Path, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("ggi_net.authlog.ingest.pool.WORTH_IT", 0)
        others = [log.with_name(f"radius-{n}.log") for n in range(4)]
        for number, path in enumerate(others):
            path.write_bytes(text(lines(500, number * 500)))
        report = ingest([Input(path, ABOUT) for path in others], *parts(store), Pool(store, 2))
        assert report.total.lines == 2000
        assert stored(store) == once(lines(2000))


def _reader(store: Path, paths: list[Path], block: int) -> None:
    reading.BLOCK = block
    read(store, *paths)


def _forked(store: Path, paths: list[Path], block: int) -> multiprocessing.Process:
    """A process that ingests, begun as fast as can be: there is nothing to import any more."""
    process = multiprocessing.get_context("fork").Process(target=_reader, args=(store, paths, block))
    process.start()
    return process


class TestKilled:
    """SIGKILL at any point: nothing is lost, nothing is stored twice."""

    def test_killed_again_and_again(self, store: Path, log: Path) -> None:
        log.write_bytes(text(lines(3000)))
        packed = log.with_name("packed.gz")
        packed.write_bytes(gzip.compress(text(lines(3000, 3000))))
        chance = random.Random(11)
        kills = 0
        for _ in range(25):
            process = _forked(store, [log, packed], 8000)
            process.join(chance.uniform(0.0, 0.25))
            if process.exitcode is None:
                process.kill()
                kills += 1
            process.join()
        read(store, log, packed)
        assert kills > 3
        assert stored(store) == once(lines(6000))

    def test_several_at_once_on_the_same_files(self, store: Path, log: Path) -> None:
        paths = [log.with_name(f"{n}.log") for n in range(6)]
        for number, path in enumerate(paths):
            path.write_bytes(text(lines(600, number * 600)))
        processes = [_forked(store, paths[n % 3 :] + paths[: n % 3], 8000 + 700 * n) for n in range(4)]
        processes[0].kill()
        for process in processes:
            process.join()
        read(store, *paths)
        assert stored(store) == once(lines(3600))

    def test_who_died_holds_nothing(self, store: Path) -> None:
        sources, _ = parts(store)

        def hold() -> None:
            sources.claims.take("abc-0")
            os.kill(os.getpid(), signal.SIGKILL)

        process = multiprocessing.get_context("fork").Process(target=hold)
        process.start()
        process.join()
        assert sources.claims.holder("abc-0").endswith(f"process {process.pid}")
        claim = sources.claims.take("abc-0")
        assert claim is not None
        assert sources.claims.take("abc-0") is None
        claim.release()


class TestCommand:
    """`ggi logs ingest`, and what a store needs from time to time."""

    @pytest.fixture
    def run(self, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
        """Run `ggi logs` in this process: its exit status, and what it printed."""
        from ggi_net.cli.main import main

        def within(*arguments: object) -> tuple[int, str, str]:
            capsys.readouterr()
            with pytest.raises(SystemExit) as ended:
                main(["logs", *map(str, arguments)])
            said = capsys.readouterr()
            return int(ended.value.code or 0), said.out, " ".join(said.err.replace("│", " ").split())

        return within

    def test_summary_json_and_exit_status(
        self, store: Path, log: Path, run: Callable[..., tuple[int, str, str]]
    ) -> None:
        log.write_bytes(text([*lines(3), "who wrote this?"]))
        broken = log.with_name("broken.gz")
        broken.write_bytes(gzip.compress(text(lines(5)))[:-3])
        code, printed, said = run("ingest", "--store", store, "--json", log, broken)
        found = msgspec.json.decode(printed)
        assert (code, found["unparsed"]) == (1, 1)
        assert [one["trouble"][:4] for one in found["files"]] == ["", "ends"]
        assert "GGI2106" in said
        code, printed, _ = run("ingest", "--store", store, log)
        assert code == 0
        assert "0 lines stored of 1 files" in printed

    def test_settings_say_which_logs(
        self, store: Path, tmp_path: Path, log: Path, run: Callable[..., tuple[int, str, str]]
    ) -> None:
        log.write_bytes(text(lines(3)))
        settings_ = tmp_path / "logs.yml"
        settings_.write_text(f"store: {store}\nsources:\n- files: ['{log.parent}/*.log']\n  hop: home\n  host: idp\n")
        assert "3 lines stored" in run("ingest", "--settings", settings_)[1]

    @pytest.mark.parametrize(
        ("body", "words"),
        [
            ("store: s\nsources:\n- files: [a]\n  timezone: Mars\n", ":4:13: 'Mars' is no time zone"),
            ("store: s\nsources:\n- files: [a]\n  format: radsecproxi\n", "did you mean 'radsecproxy'?"),
            ("store: s\nsources:\n- files: []\n", "GGI1005"),
            ("store: s\nkeys: [hunter2hunter2hunter2]\n", "a key stands here as it is"),
            ("stoer: s\n", "GGI1004"),
        ],
    )
    def test_what_settings_can_have_wrong(
        self, tmp_path: Path, run: Callable[..., tuple[int, str, str]], body: str, words: str
    ) -> None:
        settings_ = tmp_path / "logs.yml"
        settings_.write_text(body)
        code, _, said = run("ingest", "--settings", settings_)
        assert code == 1
        assert words in said
        assert "hunter2" not in said

    def test_the_store_is_compacted_shown_erased_from_and_expired(
        self, store: Path, log: Path, run: Callable[..., tuple[int, str, str]]
    ) -> None:
        log.write_bytes(text([*lines(4), "who wrote this?"]) + b"half a li")
        run("ingest", "--store", store, log)
        found = msgspec.json.decode(run("status", "--store", store, "--json")[1])
        assert found["sources"][0]["behind"] == len(b"half a li")
        assert found["kinds"] == {"freeradius result": 4, "unknown unparsed": 1}
        assert "5 lines" in run("compact", "--store", store, "--finish")[1]
        found = msgspec.json.decode(run("status", "--store", store, "--json")[1])
        assert (found["hot_files"], sum(day["lines"] for day in found["days"])) == (0, 5)
        assert "who" not in run("status", "--store", store)[1]
        assert "left: 0" in run("erase", "--store", store, "--reason", "T1", "user2@almelo.example")[1]
        code, _, said = run("erase", "--store", store, "--reason", "T1", "anonymous@almelo.example")
        assert (code, said[:7]) == (1, "GGI2126")
        (proof,) = (store / "erasures").glob("*.json")
        assert "was stopped" not in run("status", "--store", store)[1]
        stopped = msgspec.json.decode(proof.read_bytes())
        proof.write_bytes(msgspec.json.encode({**stopped, "ended": None}))
        assert "was stopped (T1): ask for it again" in run("status", "--store", store)[1]
        assert "removed:" in run("expire", "--store", store)[1]
        assert read(store, log).total.lines == 0

    def test_what_gemeenten_chose_in_the_estate_is_how_long_theirs_is_kept(
        self, tmp_path: Path, store: Path, log: Path, run: Callable[..., tuple[int, str, str]]
    ) -> None:
        log.write_bytes(text(lines(4)))
        run("ingest", "--store", store, log)
        run("expire", "--store", store)
        settings_, places = tmp_path / "logs.yml", tmp_path / "places.json"
        for chosen, own, kept in (
            ({"almelo": 30, "losser": 60}, "", {"almelo": 30, "losser": 60}),
            ({"losser": 60}, "", {"losser": 60}),
            ({"losser": 60}, "retention: {gemeenten: {losser: 40}}\n", {"losser": 40}),
        ):
            places.write_bytes(msgspec.json.encode({"log_days": chosen}))
            settings_.write_text(f"store: {store}\nplaces: {places}\n{own}")
            assert run("expire", "--settings", settings_)[0] == 0
            assert Identity.read(store).retention.gemeenten == kept

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["ingest", "x.log"], "GGI2104 no store was named"),
            (["ingest", "--store", "{}"], "GGI2104 no logs were named"),
            (["ingest", "--store", "{}", "--timezone", "Mars/Olympus", "x"], "'Mars/Olympus' is no time zone"),
            (["ingest", "--store", "{}", "--format", "freeradus", "x"], "did you mean 'freeradius'?"),
            (["ingest", "--store", "{}", "--hop", "moon", "x"], "one of device, access_point"),
            (["ingest", "--store", "{}", "/nowhere/x.log"], "GGI2103 /nowhere/x.log: nothing is there"),
            (["listen"], "GGI2104 no folder for what is received"),
            (["listen", "--spool", "{}"], "name at least one address"),
            (["listen", "--spool", "{}", "--tcp", "::1:514"], "'::1:514' is not HOST:PORT"),
            (["listen", "--spool", "{}", "--tls", "127.0.0.1:0"], "TLS needs --certificate, --key and --ca"),
            (["status", "--store", "{}"], "GGI2120"),
        ],
    )
    def test_what_a_user_can_do_wrong(
        self,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        run: Callable[..., tuple[int, str, str]],
        arguments: list[str],
        words: str,
    ) -> None:
        monkeypatch.setenv("GGI_STATE", str(tmp_path))
        code, _, said = run(*(part.format(tmp_path / "s") for part in arguments))
        assert code != 0
        assert words in said
