"""Whoever asks finds what was added a moment ago, and doesn't list the folder of hot files each time for that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from store_help import KEYS, NOON, assemble, line

from ggi_net.authlog.question import Question
from ggi_net.authlog.store import store as module
from ggi_net.authlog.store.columns import table_of
from ggi_net.authlog.store.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


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
