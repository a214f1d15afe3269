"""What the store forgets: in time, by tier and gemeente, and one person on request."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from store_help import KEYS, NOON, answers, assemble, line

from ggi_net.authlog.question import Question
from ggi_net.authlog.store import manifest
from ggi_net.authlog.store.columns import table_of
from ggi_net.authlog.store.erase import unfinished
from ggi_net.authlog.store.identity import Retention
from ggi_net.authlog.store.store import Store
from ggi_net.errors import ErasureRefused

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ggi_net.authlog.line import Line

ALL = Question(limit=10_000)
JAN, MAC = "j.jansen@almelo.example", "02aabbccdd01"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "store", KEYS, assemble, create=True, threads=1) as opened:
        yield opened


def add(store: Store, lines: Sequence[Line]) -> None:
    store.add(table_of(lines), lines[0].source, lines[0].offset, lines[-1].offset + 100)


def holds(store: Store, *texts: str) -> bool:
    """Whether any live file has one of the texts, whatever the column."""
    paths = [str(store._folder / file.path) for file in manifest.read(store._folder).files()]
    paths += [str(path) for path in (store._folder / "hot").glob("*.parquet")]
    for path in paths:
        rows = store._engine.rows(f"SELECT * FROM read_parquet('{path}')")
        if any(text in str(value).lower() for row in rows for value in row for text in texts):
            return True
    return any(text in path.read_text() for path in store._folder.rglob("*.json") for text in texts)


class TestTiers:
    def test_plain_values_go_first_and_the_hashes_still_find(self, store: Store) -> None:
        add(store, [line(0, cui="c0ffee")])
        store.compact(NOON + timedelta(days=2), finish=True)
        assert store.expire(NOON + timedelta(days=30)).plain == 0
        assert store.expire(NOON + timedelta(days=31)).plain == 1
        assert not holds(store, "jansen", MAC, "c0ffee")
        for question in (Question(user=JAN.upper()), Question(mac=MAC)):
            [found] = store.logins(question)
            assert (found.outer, found.mac, found.realm, found.home) == ("", "", "almelo.example", "almelo")
            kept = store.login(found.id)
            assert kept
            assert kept.lines == ()
        assert list((store._folder / "days").rglob("*-lines-*")) == []
        assert store.expire(NOON + timedelta(days=40)) == (0, 0, 0, 0)

    def test_the_rest_goes_after_the_time_of_the_duty(self, store: Store) -> None:
        add(store, [line(0)])
        store.compact(NOON + timedelta(days=2), finish=True)
        store.expire(NOON + timedelta(days=183))
        assert len(store.logins(ALL)) == 1
        assert store.expire(NOON + timedelta(days=184)).days == 1
        assert store.logins(ALL) == []
        assert list((store._folder / "days").rglob("*.parquet")) == []

    def test_a_gemeente_may_choose_less(self, store: Store) -> None:
        lines = [
            line(0),
            line(1, user="p@hof.example", mac="02aabbccdd02"),
            line(2, user="x@unknown", realm="", mac="02aabbccdd03"),
            line(3, mac="", user="alone@almelo.example"),
        ]
        add(store, lines)
        store.compact(NOON + timedelta(days=2), finish=True)
        store.retention = Retention(gemeenten={"almelo": 7, "enschede": 9})
        assert store.expire(NOON + timedelta(days=7)) == (0, 0, 0, 0)
        assert store.expire(NOON + timedelta(days=8)) == (0, 2, 1, 0)
        assert not holds(store, "almelo.example")
        assert sorted(login.home for login in store.logins(ALL)) == ["", "hof"]
        store.expire(NOON + timedelta(days=10))
        assert [login.home for login in store.logins(ALL)] == ["hof"], "the home's time counts, where it is known"
        assert sum(count.logins for count in store.counts(ALL, ["home"])) == 1

    def test_old_lines_that_come_late_are_forgotten_again(self, store: Store) -> None:
        add(store, [line(0)])
        store.compact(NOON + timedelta(days=2), finish=True)
        store.expire(NOON + timedelta(days=31))
        add(store, [line(5, at=NOON + timedelta(minutes=5))])
        for _ in range(2):
            store.compact(NOON + timedelta(days=31), finish=True)
            assert len(store.logins(ALL)) == 2, "what is left of the first one stays"
        store.expire(NOON + timedelta(days=31))
        assert not holds(store, "jansen", MAC)
        assert len(store.logins(Question(user=JAN))) == 2


class TestErasing:
    OTHER = (
        line(10, user="p@hof.example", mac="02aabbccdd02", at=NOON + timedelta(minutes=5)),
        line(11, user="aj.jansen@almelo.example", mac="02aabbccdd03", at=NOON + timedelta(minutes=6)),
    )
    OWN = (
        line(0, inner="J.Jansen@Almelo.example", user="anonymous@almelo.example"),
        line(1, user="", at=NOON + timedelta(seconds=1), raw=f"no name here, but of the login {MAC}"),
        line(2, mac="", user="", realm="", raw="could not parse <J.JANSEN@almelo.example>."),
    )

    @pytest.mark.parametrize("where", ["hot", "compacted", "closed", "both"])
    def test_one_person_goes_and_the_others_stay(self, store: Store, where: str) -> None:
        add(store, [*self.OWN, *self.OTHER])
        if where != "hot":
            store.compact(NOON + timedelta(days=3 if where == "closed" else 0), finish=True)
        if where == "both":
            add(store, [line(20, at=NOON + timedelta(hours=1), user=JAN)])
        at = NOON + timedelta(days=4)
        proof = store.erase(identity=JAN, reason="request 2026-17", now=at)
        rest = answers(assemble(self.OTHER), ALL)
        assert [store.login(login.id) for login in store.logins(ALL)] == rest
        assert not holds(store, '"j.jansen', "<j.jansen", "'j.jansen", "anonymous")
        assert proof.ended
        assert proof.left == 0
        assert proof.lines == (4 if where == "both" else 3)
        assert JAN not in str(proof)
        assert unfinished(store._folder) == []
        store.compact(at, finish=True)
        assert [store.login(login.id) for login in store.logins(ALL)] == rest

    def test_old_logs_do_not_bring_a_person_back_and_new_visits_count(self, store: Store) -> None:
        add(store, [*self.OWN, *self.OTHER])
        store.compact(NOON, finish=True)
        at = NOON + timedelta(days=1)
        store.erase(identity=JAN, reason="17", now=at)
        again = [line(n, source="copy", user=JAN, at=NOON + timedelta(minutes=n)) for n in range(3)]
        again += [line(3, source="copy", mac="", user="", raw=f"text of {JAN}: bad")]
        new = line(4, source="copy", user=JAN, at=at + timedelta(minutes=1))
        add(store, [*again, new])
        for _ in range(2):
            assert [login.begin for login in store.logins(Question(user=JAN))] == [new.time]
            store.compact(at + timedelta(days=1), finish=True)

    def test_a_device(self, store: Store) -> None:
        other = line(9, mac="02aabbccdd02", user="p@hof.example")
        add(store, [line(0), line(1, mac="", user="", raw="station 02-AA-BB-CC-DD-01 left"), other])
        store.compact(NOON, finish=True)
        proof = store.erase(mac="02:AA:BB:CC:DD:01", reason="17", now=NOON + timedelta(days=1))
        assert (proof.lines, proof.logins, proof.left) == (2, 1, 0)
        assert [store.login(login.id) for login in store.logins(ALL)] == assemble([other])
        before = {file.path for one in proof.removed for file in one.files}
        assert before
        assert not any((store._folder / path).exists() for path in before)

    def test_what_is_hashed_only_goes_as_well(self, store: Store) -> None:
        add(store, [line(0), *self.OTHER])
        store.compact(NOON + timedelta(days=2), finish=True)
        store.expire(NOON + timedelta(days=31))
        proof = store.erase(identity=JAN, reason="17", now=NOON + timedelta(days=32))
        assert proof.logins == 1
        assert store.logins(Question(user=JAN)) == []
        assert len(store.logins(ALL)) == 2

    @pytest.mark.parametrize("identity", ["anonymous@almelo.example", "@almelo.example", "", " "])
    def test_nobody_in_particular_is_refused(self, store: Store, identity: str) -> None:
        with pytest.raises(ErasureRefused):
            store.erase(identity=identity, reason="17")

    def test_no_mac_is_refused(self, store: Store) -> None:
        with pytest.raises(ErasureRefused):
            store.erase(mac="02:AA:BB", reason="17")
        with pytest.raises(ErasureRefused):
            store.erase(identity=JAN, mac=MAC, reason="17")

    def test_a_login_over_midnight_goes_from_both_days(self, store: Store) -> None:
        midnight = NOON + timedelta(hours=12)
        lines = [line(n, at=midnight + timedelta(seconds=40 * n - 80)) for n in range(5)]
        lines[3:] = [line(n, user="", at=midnight + timedelta(seconds=40 * n - 80), raw=f"{n}") for n in (3, 4)]
        add(store, [*lines, self.OTHER[0]])
        store.compact(midnight + timedelta(hours=3), finish=True)
        proof = store.erase(identity=JAN, reason="17", now=midnight + timedelta(days=9))
        assert (proof.lines, proof.logins, proof.left) == (5, 1, 0)
        store.compact(midnight + timedelta(days=9), finish=True)
        assert [store.login(login.id) for login in store.logins(ALL)] == assemble([self.OTHER[0]])
