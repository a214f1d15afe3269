"""The store of lines and logins: what is added can be found, once, whatever is rearranged meanwhile."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from store_help import KEYS, NOON, answers, assemble, line

from ggi_net.authlog.question import Question, Scope
from ggi_net.authlog.store import manifest
from ggi_net.authlog.store.columns import table_of
from ggi_net.authlog.store.keys import Keys
from ggi_net.authlog.store.store import Store
from ggi_net.errors import (
    StoreDamaged,
    StoreKeyMissing,
    StoreKeyWrong,
    StoreLocked,
    StoreMissing,
    StoreNewer,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ggi_net.authlog.line import Line

LATER = NOON + timedelta(hours=1)
ALL = Question(limit=10_000)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "store", KEYS, assemble, create=True, threads=1) as opened:
        yield opened


def add(store: Store, lines: Sequence[Line], begin: int | None = None, end: int | None = None) -> None:
    """Commit lines of one source."""
    first = lines[0].offset if begin is None else begin
    store.add(table_of(lines), lines[0].source, first, lines[-1].offset + 100 if end is None else end)


def raws(store: Store) -> list[str]:
    """The texts of all lines that logins have, from the store."""
    return sorted(
        each.raw for login in store.logins(ALL) for each in (store.login(login.id) or pytest.fail("gone")).lines
    )


def test_what_was_added_can_be_found_at_once_and_after_each_step(store: Store) -> None:
    lines = [line(0), line(1, at=NOON + timedelta(seconds=2)), line(2, mac="02aabbccdd02", user="P@hof.example")]
    add(store, lines)
    want = answers(assemble(lines), ALL)
    for step in ("hot", "compacted", "compacted again"):
        found = store.logins(ALL)
        assert [login.id for login in found] == [login.id for login in want], step
        assert found == [msgspec.structs.replace(login, lines=()) for login in want], step
        assert [store.login(login.id) for login in want] == want, step
        store.compact(LATER, finish=True)
    assert store.login("0" * 26) is None
    assert store.login("' OR 1=1 --") is None


def test_the_position_follows_what_is_committed(store: Store) -> None:
    assert store.position("a") == 0
    assert not store.seen("a")
    store.add(table_of([]), "a", 0, 70)
    store.add(table_of([line(1, source="a")]), "a", 70, 200)
    store.add(table_of([line(3, source="a")]), "a", 300, 400)
    assert store.position("a") == 200, "not behind a gap"
    store.compact(LATER, finish=True)
    assert store.position("a") == 200
    store.add(table_of([line(2, source="a")]), "a", 200, 300)
    assert store.position("a") == 400
    assert store.seen("a")
    assert not store.seen("b")


def test_the_same_bytes_again_change_nothing(store: Store) -> None:
    lines = [line(n, at=NOON + timedelta(seconds=n)) for n in range(3)]
    add(store, lines)
    add(store, lines)
    add(store, lines[:2])
    want = sorted(each.raw for each in lines)
    assert raws(store) == want
    store.compact(LATER, finish=True)
    assert raws(store) == want
    add(store, lines)
    assert raws(store) == want
    store.compact(LATER, finish=True)
    assert raws(store) == want


@pytest.mark.parametrize("between", [False, True], ids=["hot", "compacted between"])
def test_a_line_that_two_logs_have_is_there_once_and_one_that_repeats_stays(store: Store, between: bool) -> None:
    """The n-th of one log is the n-th of the other; the log that has most of them counts."""
    one, two = "rad1:/var/log/radius.log", "syslog:collector"
    add(store, [line(n, source=one, raw="x") for n in range(2)])
    if between:
        store.compact(LATER, finish=True)
    add(store, [line(n, source=two, raw="x") for n in range(2)])
    assert raws(store) == ["x", "x"]
    if between:
        store.compact(LATER, finish=True)
    add(store, [line(2, source=two, raw="x")], 200, 300)
    assert raws(store) == ["x", "x", "x"]
    store.compact(LATER, finish=True)
    assert raws(store) == ["x", "x", "x"]


def test_lines_of_one_log_that_come_out_of_order_are_all_kept(store: Store) -> None:
    add(store, [line(5, raw="x")])
    store.compact(LATER, finish=True)
    add(store, [line(2, raw="x")])
    assert raws(store) == ["x", "x"]
    store.compact(LATER, finish=True)
    assert raws(store) == ["x", "x"]


def test_lines_that_come_late_join_their_login(store: Store) -> None:
    """A home organisation's log may come an hour after the others."""
    first = [line(n, at=NOON + timedelta(minutes=10 * n)) for n in range(3)]
    add(store, first)
    store.compact(LATER, finish=True)
    late = line(0, at=NOON + timedelta(minutes=10, seconds=5), source="home", inner="j@almelo.example")
    add(store, [late])
    store.compact(LATER, finish=True)
    assert [store.login(login.id) for login in store.logins(ALL)] == answers(assemble([*first, late]), ALL)


def test_lines_of_open_logins_wait_and_stay_visible(store: Store) -> None:
    now = datetime.now(NOON.tzinfo)
    first = [line(0, at=now), line(1, mac="02aabbccdd02", at=now - timedelta(minutes=30))]
    add(store, first)
    store.compact(now + timedelta(seconds=40))
    assert len(store.logins(ALL)) == 2
    second = line(2, at=now + timedelta(seconds=30))
    add(store, [second])
    want = answers(assemble([*first, second]), ALL)
    assert [store.login(login.id) for login in store.logins(ALL)] == want
    store.compact(now + timedelta(seconds=80))
    assert [store.login(login.id) for login in store.logins(ALL)] == want
    store.compact(now + timedelta(minutes=10))
    assert [store.login(login.id) for login in store.logins(ALL)] == want


def test_many_small_sets_become_one(store: Store) -> None:
    lines = [line(n, at=NOON + timedelta(minutes=2 * n)) for n in range(9)]
    for each in lines:
        add(store, [each])
        store.compact(LATER, finish=True)
    assert len(manifest.read(store._folder).days["2026-11-23"].sets) < 8
    store.compact(LATER + timedelta(hours=1), finish=True)
    assert len(list((store._folder / "days/2026-11-23").glob("*-logins-0.parquet"))) < 8, "the trash was emptied"
    assert [store.login(login.id) for login in store.logins(ALL)] == answers(assemble(lines), ALL)


def test_hostile_texts_are_stored_exactly(store: Store) -> None:
    user = "\x1b[31m'; DROP TABLE set_logins; --\n\x00é\U0001f600@a.example"
    raw = "=cmd|' /C calc'!A0\r\n" + "\u202e" + "x" * 70_000
    add(store, [line(0, user=user, raw=raw, reason="%s{}\\", source='it\'s "here"\n')])
    for _ in range(2):
        [found] = store.logins(Question(user=user.upper()))
        kept = store.login(found.id)
        assert kept
        assert (kept.lines[0].raw, kept.lines[0].outer, kept.outer) == (raw, user, user)
        assert store.logins(Question(site="' OR true --")) == []
        assert store.logins(Question(nas="' OR true --")) == []
        store.compact(LATER, finish=True)


def test_no_key_and_no_value_of_one_is_in_the_store(store: Store) -> None:
    add(store, [line(0)])
    store.compact(LATER, finish=True)
    for path in store._folder.rglob("*"):
        assert not path.is_file() or b"0123456789abcdef-2026" not in path.read_bytes()


class TestOpening:
    def test_a_folder_without_a_store(self, tmp_path: Path) -> None:
        with pytest.raises(StoreMissing):
            Store.open(tmp_path, KEYS)

    def test_a_key_with_another_value(self, store: Store) -> None:
        with pytest.raises(StoreKeyWrong) as told:
            Store.open(store._folder, Keys({KEYS.current: "another value of the key"}))
        assert "another value" not in str(told.value)

    def test_a_key_that_is_still_needed(self, store: Store) -> None:
        add(store, [line(0)])
        store.compact(LATER, finish=True)
        with pytest.raises(StoreKeyMissing):
            Store.open(store._folder, Keys({"secret://logs/store/2027": "0123456789abcdef-2027"}))

    def test_a_new_key_finds_what_the_old_one_hashed(self, store: Store) -> None:
        add(store, [line(0)])
        store.compact(LATER, finish=True)
        both = Keys({"secret://logs/store/2027": "0123456789abcdef-2027", KEYS.current: "0123456789abcdef-2026"})
        with Store.open(store._folder, both, assemble, threads=1) as rotated:
            add(rotated, [line(1, at=NOON + timedelta(minutes=10))])
            rotated.compact(LATER, finish=True)
            assert len(rotated.logins(Question(user="J.Jansen@almelo.example"))) == 2
            assert len(rotated.logins(Question(mac="02aabbccdd01"))) == 2

    def test_a_key_that_is_too_short(self) -> None:
        with pytest.raises(StoreKeyMissing):
            Keys({"secret://x": "short"})

    def test_a_store_of_a_newer_version(self, store: Store) -> None:
        path = store._folder / "manifest.json"
        path.write_bytes(
            path.read_bytes().replace(f'"version":{manifest.VERSION}'.encode(), b'"version":99,"more":1', 1)
        )
        with pytest.raises(StoreNewer):
            Store.open(store._folder, KEYS)


class TestDamage:
    def test_a_file_that_is_gone_is_named(self, store: Store) -> None:
        add(store, [line(0)])
        store.compact(LATER, finish=True)
        [path] = store._folder.glob("days/*/*-logins-0.parquet")
        path.unlink()
        with pytest.raises(StoreDamaged) as told:
            store.logins(ALL)
        assert told.value.place
        assert told.value.place.file == str(path)

    @pytest.mark.parametrize("content", [b"", b"PAR1 no", b"x" * 5000], ids=["empty", "cut", "other"])
    def test_a_file_that_is_damaged_is_named(self, store: Store, content: bytes) -> None:
        add(store, [line(0)])
        store.compact(LATER, finish=True)
        [path] = store._folder.glob("days/*/*-logins-0.parquet")
        path.write_bytes(content)
        with pytest.raises(StoreDamaged) as told:
            store.logins(ALL)
        assert told.value.place
        assert told.value.place.file == str(path)

    def test_a_damaged_hot_file_is_named(self, store: Store) -> None:
        add(store, [line(0)])
        [path] = store._folder.glob("hot/*.parquet")
        path.write_bytes(b"x" * 99)
        with pytest.raises(StoreDamaged) as told:
            store.logins(ALL)
        assert told.value.place
        assert told.value.place.file == str(path)


def test_only_one_rearranges_and_the_other_is_told_who(store: Store) -> None:
    from ggi_net.authlog.store.lock import only_one

    with only_one(store._folder, "compacting"), pytest.raises(StoreLocked, match=r"process \d+ \(compacting\)"):
        store.compact(LATER)


def test_whoever_asks_sees_only_what_the_scope_admits(store: Store) -> None:
    lines = [
        line(0, user="a@almelo.example", inner="secret@almelo.example"),
        line(1, user="a@hof.example", mac="02aabbccdd02", inner="other@hof.example"),
    ]
    add(store, lines)
    own = Scope(everybody=False, inner=False, gemeenten=("almelo",))
    for _ in range(2):
        assert [login.home for login in store.logins(Question(scope=own))] == ["almelo"]
        assert len(store.logins(Question(user="secret@almelo.example", scope=own))) == 1
        assert store.logins(Question(user="other@hof.example", scope=own)) == []
        visited = Scope(everybody=False, inner=False, gemeenten=("enschede",))
        assert len(store.logins(Question(scope=visited))) == 2
        assert store.logins(Question(user="other@hof.example", scope=visited)) == []
        assert store.logins(Question(scope=Scope(everybody=False))) == []
        store.compact(LATER, finish=True)


class TestClosing:
    """A day that is over is put together again from all of its lines."""

    MIDNIGHT = NOON + timedelta(hours=12)
    NEXT = MIDNIGHT + timedelta(days=1, hours=3)

    def test_each_line_and_each_login_is_there_once(self, store: Store) -> None:
        lines = [
            line(n, at=self.MIDNIGHT + timedelta(seconds=20 * n - 300), mac=f"02aabbccdd{n % 3:02}") for n in range(30)
        ]
        lines += [line(n, at=NOON + timedelta(minutes=n)) for n in range(30, 50)]
        for first in range(0, 50, 17):
            add(store, lines[first : first + 17])
            store.compact(self.MIDNIGHT, finish=True)
        want = answers(assemble(lines), ALL)
        for now in (self.MIDNIGHT + timedelta(hours=2, minutes=1), self.NEXT, self.NEXT):
            store.compact(now, finish=True)
            assert [store.login(login.id) for login in store.logins(ALL)] == want
        days = manifest.read(store._folder).days
        assert [(name, day.closed, len(day.sets)) for name, day in sorted(days.items())] == [
            ("2026-11-23", True, 1), ("2026-11-24", True, 1),
        ]  # fmt: skip
        assert sum(one.line_count for day in days.values() for one in day.sets) == 50

    def test_lines_that_come_after_it_open_it_again(self, store: Store) -> None:
        first, late = line(0), line(1, at=NOON + timedelta(seconds=30))
        add(store, [first])
        store.compact(self.NEXT, finish=True)
        add(store, [late])
        store.compact(self.NEXT, finish=True)
        assert [store.login(login.id) for login in store.logins(ALL)] == assemble([first, late])
        assert manifest.read(store._folder).days["2026-11-23"].closed

    def test_windows_do_not_cut_logins(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("ggi_net.authlog.store.close._WINDOW", 10)
        lines = [line(n, at=NOON + timedelta(seconds=25 * n), mac=f"02aabbccdd{n % 5:02}") for n in range(40)]
        lines += [line(100 + n, at=NOON + timedelta(hours=1, seconds=200 * n)) for n in range(10)]
        add(store, lines)
        store.compact(self.NEXT, finish=True)
        found = [store.login(login.id) for login in store.logins(ALL)]
        assert sorted(each.offset for login in found for each in login.lines) == [each.offset for each in lines]
        want = answers(assemble(lines), ALL)
        assert found[:10] == want[:10]


class TestManyAtOnce:
    """Processes that add, one that compacts and expires, and readers beside them."""

    def test_each_line_is_found_once_by_whoever_asks_at_any_moment(self, tmp_path: Path) -> None:
        folder = tmp_path / "store"
        Store.open(folder, KEYS, assemble, create=True, threads=1).close()
        script = Path(__file__).with_name("store_writer.py")
        writers = [subprocess.Popen([sys.executable, script, folder, str(n), "6"]) for n in range(2)]
        seen = 0
        with (
            Store.open(folder, KEYS, assemble, threads=1) as reader,
            Store.open(folder, KEYS, assemble, threads=1) as compactor,
        ):
            while any(writer.poll() is None for writer in writers):
                compactor.compact(LATER, finish=True)
                found = reader.logins(ALL)
                assert len({login.id for login in found}) == len(found) >= seen
                seen = len(found)
                if found:
                    assert reader.login(found[0].id)
            assert [writer.returncode for writer in writers] == [0, 0]
            compactor.compact(LATER, finish=True)
            assert sorted(login.mac for login in reader.logins(ALL)) == sorted(
                f"02aabb{writer:02}{n:04}" for writer in range(2) for n in range(6)
            )
