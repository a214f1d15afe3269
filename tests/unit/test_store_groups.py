"""Groups of logins, as the rules over many logins ask for them, are those of a look at every login."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING

import pytest
from store_help import KEYS, NOON, answers, assemble, line

from ggi_net.authlog.groups import KIND, PERSONS, groups_of
from ggi_net.authlog.line import Result
from ggi_net.authlog.login import Outcome
from ggi_net.authlog.question import Question, Scope
from ggi_net.authlog.store import crowds
from ggi_net.authlog.store.columns import table_of
from ggi_net.authlog.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

QUESTIONS = (
    Question(),
    Question(since=NOON + timedelta(minutes=20), until=NOON + timedelta(minutes=50)),
    Question(realm="almelo.example"),
    Question(gemeente="enschede"),
    Question(mac="02aabbccdd03"),
    Question(user="u2@hengelo.example"),
    Question(realm="NERGENS.example"),
    Question(gemeente="Enschede", site="nergens"),
    Question(since=NOON + timedelta(days=1)),
)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Ninety logins of seven devices in three realms, a third of them compacted and the others hot."""
    number = count()
    made = Store.open(tmp_path / "store", KEYS, assemble, create=True)
    for part, source in enumerate(("a", "b", "c")):
        lines = [
            line(
                next(number), source=source, at=NOON + timedelta(minutes=2 * step + 60 * part),
                user=f"u{step % 4}@{('almelo', 'hengelo', 'borne')[step % 3]}.example", mac=f"02aabbccdd0{step % 7}",
                inner=f"u{step % 4}@{('almelo', 'hengelo', 'borne')[step % 3]}.example",
                result=Result.REJECT if step % 5 == 0 else Result.ACCEPT,
            )
            for step in range(30)
        ]  # fmt: skip
        made.add(table_of(lines), source, 0, next(number) * 100)
        if part == 0:
            made.compact(finish=True)
    return made


@pytest.mark.parametrize("question", QUESTIONS, ids=range(len(QUESTIONS)))
@pytest.mark.parametrize("by", [PERSONS, KIND, ("realm", "outcome"), ("outcome", "broken", "device")], ids=len)
@pytest.mark.parametrize("often", [0, 1000], ids=["from memory", "from files"])
def test_groups_are_those_of_a_look_at_every_login(
    store: Store, question: Question, by: Sequence[str], often: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crowds, "OFTEN", often)
    everything = store.logins(Question(limit=10_000))
    assert len(everything) == 90
    found: dict[tuple[str, ...], tuple[int, object, object]] = {}
    for group in store.groups(question, by):
        key = (group.realm, group.operator, group.visited, group.site, group.ap, group.device, group.user,
               group.outcome, group.cause, group.broken)  # fmt: skip
        logins, first, last = found.get(key, (0, group.first, group.last))
        found[key] = (logins + group.logins, min(first, group.first), max(last, group.last))
    wanted = groups_of(answers(everything, question), by)
    assert bool(found) == (QUESTIONS.index(question) < 6)
    assert found == {
        (g.realm, g.operator, g.visited, g.site, g.ap, g.device, g.user, g.outcome, g.cause, g.broken): (
            g.logins, g.first, g.last,
        )
        for g in wanted
    }  # fmt: skip


SEARCHES = (
    *QUESTIONS,
    Question(limit=7),
    Question(nas="AP-1"),
    Question(outcome=Outcome.REJECT, cause="NONE", limit=5),
    Question(outcome=Outcome.REJECT),
    Question(scope=Scope(everybody=False, inner=False, gemeenten=("almelo", "borne"))),
    Question(user="u2@hengelo.example", scope=Scope(everybody=False, inner=False, gemeenten=("enschede",))),
    Question(user="anonymous@hengelo.example", scope=Scope(everybody=False, inner=False, gemeenten=("enschede",))),
    Question(scope=Scope(everybody=False, inner=False)),
)


@pytest.mark.parametrize("question", SEARCHES, ids=range(len(SEARCHES)))
def test_a_search_in_memory_finds_what_a_search_of_files_finds(
    store: Store, question: Question, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.compact(finish=True)
    monkeypatch.setattr(crowds, "OFTEN", 1000)
    found = store.logins(question)
    explained = [store.login(login.id) for login in found[:3]]
    assert store._crowds.kept == 0
    monkeypatch.setattr(crowds, "OFTEN", 0)
    assert store.logins(question) == found
    assert [store.login(login.id) for login in found[:3]] == explained
    assert store._crowds.kept or not found


def test_sets_come_into_memory_when_they_are_asked_for_often(store: Store) -> None:
    store.compact(finish=True)
    kept = []
    for _ in range(crowds.OFTEN + 2):
        store.groups(Question(), KIND)
        kept.append(store._crowds.kept)
    assert kept == [0] * crowds.OFTEN + [90, 90]


def test_sets_come_into_memory_before_they_are_asked_for(store: Store) -> None:
    store.compact(finish=True)
    store.prepare(NOON + timedelta(days=1))
    assert store._crowds.kept == 0
    store.prepare(NOON)
    assert store._crowds.kept == 90
    store.add(table_of([line(9000, source="d", at=NOON, mac="02aabbccdd0f")]), "d", 0, 100)
    store.compact(finish=True)
    store.prepare(NOON)
    assert store._crowds.kept == 91
    assert [login.mac for login in store.logins(Question(mac="02aabbccdd0f"))] == ["02aabbccdd0f"]


def test_nothing_stays_in_memory_of_who_was_erased(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowds, "OFTEN", 0)
    store.compact(finish=True)
    of_one = Question(user="u2@hengelo.example")
    assert store.groups(of_one, PERSONS)
    assert store._crowds.kept == 90
    store.erase(identity="u2@hengelo.example", reason="AVG-17")
    assert store.groups(of_one, PERSONS) == []
    assert store.logins(of_one) == []
    assert store._crowds.kept < 90


def test_no_more_is_kept_in_memory_than_may_be(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowds, "OFTEN", 0)
    store.compact(finish=True)
    found = store.groups(Question(), PERSONS)
    assert store._crowds.kept == 90
    monkeypatch.setattr(crowds, "MOST", 89)
    store.prepare(NOON)
    assert set(store.groups(Question(), PERSONS)) == set(found)
