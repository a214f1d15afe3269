"""The logins of a week's closed days stand together a second time, and never longer than in their days."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from store_help import KEYS, NOON, answers, assemble, line

from ggi_net.authlog.question import Question
from ggi_net.authlog.store import manifest, sets, weeks
from ggi_net.authlog.store.columns import table_of
from ggi_net.authlog.store.identity import Retention
from ggi_net.authlog.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DAY = timedelta(days=1)
OVER = NOON + 9 * DAY
"""NOON is on a Monday."""
JAN, MAC = "j.jansen@almelo.example", "02aabbccdd01"
LINES = [
    line(n, at=NOON + n * DAY / 2, mac=f"02aabbccdd{n % 3:02}", user=JAN if n % 3 else "p@hof.example")
    for n in range(6)
]  # fmt: skip
QUESTIONS = (Question(user=JAN), Question(mac=MAC), Question(user=JAN, since=NOON + DAY), Question(user=JAN, limit=1))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "store", KEYS, assemble, create=True, threads=1) as opened:
        opened.add(table_of(LINES), "log", 0, 1)
        opened.compact(OVER, finish=True)
        yield opened


def gathered(store: Store) -> tuple[manifest.Week, ...]:
    return manifest.read(store._folder).weeks


def on_disk(store: Store, text: str) -> list[str]:
    """The files of days and weeks, whether or not they count, in which a login names somebody."""
    found = (path for top in ("days", "weeks") for path in (store._folder / top).rglob("*-logins-*.parquet"))
    mentioning = '"outer" || "inner" || mac'
    return [
        str(path)
        for path in found
        if store._engine.rows(f"SELECT 1 FROM read_parquet('{path}') WHERE contains({mentioning}, ?)", [text])
    ]


def test_a_search_for_somebody_reads_the_week_and_not_its_days(store: Store) -> None:
    for path in store._folder.glob("days/*/*-logins-*"):
        path.unlink()
    for question in QUESTIONS:
        found = [login.id for login in store.logins(question)]
        assert found == [login.id for login in answers(assemble(LINES), question)], question


def test_large_days_and_weeks_are_cut_by_place_and_searched_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (sets, weeks):
        monkeypatch.setattr(module, "BY_PLACE", sets.BY_PLACE._replace(rows=1))
        monkeypatch.setattr(module, "BY_KEY", sets.BY_KEY._replace(rows=1))
    monkeypatch.setattr(weeks, "_AT_ONCE", 2)
    with Store.open(tmp_path / "store", KEYS, assemble, create=True, threads=2) as store:
        store.add(table_of(LINES), "log", 0, 1)
        store.compact(OVER, finish=True)
        [week] = gathered(store)
        days = [one for day in manifest.read(store._folder).days.values() for one in day.sets]
        for one in (*days, week.together):
            assert len(one.logins) >= one.login_count
            places = [
                (file, row[0])
                for file in one.logins
                for row in store._engine.rows(f"SELECT place FROM {store._view().rows_in([file])}")
            ]
            assert len(places) == one.login_count
            assert all(file.first <= place <= file.last for file, place in places)
        assert len(week.together.logins) == 8
        for question in QUESTIONS:
            found = [login.id for login in store.logins(question)]
            assert found == [login.id for login in answers(assemble(LINES), question)], question
        for login in assemble(LINES):
            assert store.login(login.id) == login


def test_only_weeks_that_are_over_are_gathered_and_only_once(store: Store, tmp_path: Path) -> None:
    [week] = gathered(store)
    store.compact(OVER + DAY, finish=True)
    assert gathered(store) == (week,)
    with Store.open(tmp_path / "other", KEYS, assemble, create=True, threads=1) as other:
        other.add(table_of(LINES), "log", 0, 1)
        other.compact(NOON + 6.4 * DAY, finish=True)
        assert gathered(other) == ()


def test_a_week_goes_when_a_day_changes_and_comes_again_when_that_is_closed(store: Store) -> None:
    [old] = gathered(store)
    late = line(50, at=NOON + timedelta(seconds=20), mac="02aabbccdd00", user="p@hof.example", raw="late")
    store.add(table_of([late]), "late", 0, 1)
    store.compact(OVER, finish=True)
    [new] = gathered(store)
    assert new.of != old.of
    assert sum(one.login_count for day in manifest.read(store._folder).days.values() for one in day.sets) == 6
    assert new.together.login_count == 6
    [login] = store.logins(Question(mac="02aabbccdd00", until=NOON + timedelta(hours=1)))
    assert [each.raw for each in store.login(login.id).lines] == [LINES[0].raw, "late"]  # type: ignore[union-attr]


def test_nobody_who_was_erased_stays_in_a_week(store: Store) -> None:
    assert any("weeks" in path for path in on_disk(store, JAN))
    store.erase(identity=JAN, reason="17", now=OVER)
    assert on_disk(store, JAN) == []
    assert store.logins(Question(user=JAN)) == []
    store.compact(OVER + DAY, finish=True)
    [week] = gathered(store)
    assert week.together.login_count == 2
    assert on_disk(store, JAN) == []


def test_a_week_forgets_with_its_days_and_waits_until_all_have(store: Store) -> None:
    store.expire(NOON + 32 * DAY)
    assert not any("weeks" in path for path in on_disk(store, ""))
    store.compact(NOON + 32 * DAY, finish=True)
    assert gathered(store) == (), "its last day still has names"
    store.expire(NOON + 34 * DAY)
    store.compact(NOON + 34 * DAY, finish=True)
    [week] = gathered(store)
    assert on_disk(store, MAC) == []
    assert len(store.logins(Question(user=JAN))) == len(answers(assemble(LINES), Question(user=JAN)))
    store.retention = Retention(gemeenten={"almelo": 33})
    store.expire(NOON + 40 * DAY)
    assert week not in gathered(store)
    assert store.logins(Question(user=JAN)) == []


def test_a_store_without_weeks_from_before_is_read_and_gets_them(store: Store) -> None:
    path = store._folder / "manifest.json"
    now = manifest.read(store._folder)
    before = manifest.Manifest(version=1, generation=now.generation + 1, days=now.days, sources=now.sources)
    manifest.write(store._folder, before)
    assert b"weeks" not in path.read_bytes()
    want = [login.id for login in answers(assemble(LINES), Question(user=JAN))]
    assert [login.id for login in store.logins(Question(user=JAN))] == want
    store.compact(OVER, finish=True)
    assert manifest.read(store._folder).version == manifest.VERSION
    assert len(gathered(store)) == 1
    assert [login.id for login in store.logins(Question(user=JAN))] == want
