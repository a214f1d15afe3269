"""Blocks are committed while the next one is read: in order, few at once, and nothing behind a failure."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from ggi_net.authlog.ingest.writer import AT_ONCE, Writer
from ggi_net.errors import DiskFull, LogUnreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Slow:
    """A store whose disk has each block when it is let, in any order, and fails at one block."""

    def __init__(self, fails_at: int = -1) -> None:
        self.let = threading.Semaphore(0)
        self.begun = threading.Semaphore(0)
        self.committed: list[tuple[int, int]] = []
        self._fails_at = fails_at

    def ranges(self, source: str) -> Sequence[tuple[int, int]]:
        raise AssertionError(source)

    def add(self, table: Any, source: str, begin: int, end: int, *, turn: Callable[[], object] | None = None) -> None:
        assert table == (source, begin)
        self.begun.release()
        assert self.let.acquire(timeout=30)
        if begin == self._fails_at:
            raise DiskFull("no space left on the disk")
        if turn:
            turn()
        self.committed.append((begin, end))


def test_blocks_are_committed_in_order_and_all_of_them_at_the_end() -> None:
    store = Slow()
    store.let.release(20)
    with Writer(store, "log") as writer:
        for begin in range(20):
            writer.add(("log", begin), begin, begin + 1)
    assert store.committed == [(begin, begin + 1) for begin in range(20)]


def test_the_next_block_is_read_while_one_is_written() -> None:
    store = Slow()
    with Writer(store, "log") as writer:
        writer.add(("log", 0), 0, 1)
        writer.add(("log", 1), 1, 2)
        assert store.begun.acquire(timeout=30)
        assert store.committed == []
        store.let.release(2)
    assert store.committed == [(0, 1), (1, 2)]


def test_no_more_blocks_are_under_way_than_memory_is_meant_for() -> None:
    store = Slow()
    added = []

    def read() -> None:
        with Writer(store, "log") as writer:
            for begin in range(12):
                writer.add(("log", begin), begin, begin + 1)
                added.append(begin)

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(AT_ONCE):
        assert store.begun.acquire(timeout=30)
    for committed in range(12):
        assert len(added) <= committed + AT_ONCE
        store.let.release()
        if committed + AT_ONCE < 12:
            assert store.begun.acquire(timeout=30)
    reader.join(30)
    assert len(store.committed) == 12


def test_a_block_that_is_on_the_disk_first_waits_for_those_before_it() -> None:
    first, second = threading.Event(), threading.Event()
    committed = []

    class Unequal(Slow):
        def add(
            self, table: Any, source: str, begin: int, end: int, *, turn: Callable[[], object] | None = None
        ) -> None:
            if begin == 0:
                assert first.wait(30)
            else:
                second.set()
            if turn:
                turn()
            committed.append(begin)

    with Writer(Unequal(), "log") as writer:
        writer.add(None, 0, 1)
        writer.add(None, 1, 2)
        assert second.wait(30)
        assert committed == []
        first.set()
    assert committed == [0, 1]


def test_what_the_store_raises_stops_the_reading_and_nothing_behind_it_is_committed() -> None:
    store = Slow(fails_at=1)
    store.let.release(20)
    added = []

    def read() -> None:
        with Writer(store, "log") as writer:
            for begin in range(20):
                writer.add(("log", begin), begin, begin + 1)
                added.append(begin)

    with pytest.raises(DiskFull, match="no space left"):
        read()
    assert len(added) <= AT_ONCE + 1
    assert store.committed == [(0, 1)]


def test_the_last_block_that_fails_is_told_at_the_end() -> None:
    store = Slow(fails_at=0)
    store.let.release()
    with pytest.raises(DiskFull), Writer(store, "log") as writer:
        writer.add(("log", 0), 0, 1)


def test_when_the_reading_fails_what_was_read_is_committed_first() -> None:
    """Whoever claims the log next shall not find a commit coming in behind its back."""
    store = Slow()

    def read() -> None:
        with Writer(store, "log") as writer:
            writer.add(("log", 0), 0, 1)
            writer.add(("log", 1), 1, 2)
            store.let.release(2)
            raise LogUnreadable("can't be read")

    with pytest.raises(LogUnreadable):
        read()
    assert store.committed == [(0, 1), (1, 2)]
