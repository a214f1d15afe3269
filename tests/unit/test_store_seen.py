"""Whoever asks finds what was added a moment ago, and doesn't list the folder of hot files each time for that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from store_help import KEYS, NOON, assemble, line

from ggi_net.authlog.groups import KIND
from ggi_net.authlog.question import Question
from ggi_net.authlog.store import store as module
from ggi_net.authlog.store import view
from ggi_net.authlog.store.columns import table_of
from ggi_net.authlog.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pytest

    from ggi_net.authlog.line import Line
    from ggi_net.authlog.login import Login


def add(store: Store, number: int) -> None:
    store.add(table_of([line(number, at=NOON, mac=f"02aabbccdd{number:02x}")]), f"log {number}", 0, 100)


def test_what_was_added_is_found_however_soon_it_is_asked_for(tmp_path: Path) -> None:
    with Store.open(tmp_path / "store", KEYS, assemble, create=True) as store:
        for number in range(25):
            add(store, number)
            assert len(store.logins(Question())) == number + 1


def test_hot_files_are_listed_only_until_nothing_more_can_have_come_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store.open(tmp_path / "store", KEYS, assemble, create=True) as store:
        add(store, 1)
        while len(store.logins(Question())) == 1 and not store._seen.settled:
            pass
        monkeypatch.setattr(module.os, "scandir", None)
        assert len(store.logins(Question())) == 1
        monkeypatch.undo()
        add(store, 2)
        assert len(store.logins(Question())) == 2


def test_only_lines_of_who_is_asked_for_have_hot_lines_put_together_again(tmp_path: Path) -> None:
    put: list[int] = []

    def counting(lines: Sequence[Line]) -> list[Login]:
        put.append(len(lines))
        return assemble(lines)

    with Store.open(tmp_path / "store", KEYS, counting, create=True) as store:
        add(store, 1)
        (first,) = store.logins(Question(mac="02aabbccdd01"))
        add(store, 2)
        assert store.logins(Question(mac="02aabbccdd01")) == [first]
        assert store.login(first.id)
        assert sum(group.logins for group in store.groups(Question(), KIND)) == 1, "what was there a moment ago"
        assert put == [1]
        (second,) = store.logins(Question(mac="02aabbccdd02"))
        assert put == [1, 2]
        assert sum(group.logins for group in store.groups(Question(), KIND)) == 2
        assert {login.id for login in store.logins(Question())} == {first.id, second.id}
        add(store, 3)
        assert len(store.logins(Question())) == 3, "a list of all has what came now"
        add(store, 4)
        store.prepare(NOON)
        assert sum(group.logins for group in store.groups(Question(), KIND)) == 4
        assert put == [1, 2, 3, 4]


def test_what_many_hot_logins_say_is_never_older_than_half_a_minute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view, "LATELY", -1.0)
    with Store.open(tmp_path / "store", KEYS, assemble, create=True) as store:
        for number in (1, 2):
            add(store, number)
            assert sum(group.logins for group in store.groups(Question(), KIND)) == number
