"""Commits blocks beside the reading of the next one: the disk takes as long to have a block as to read one does."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from concurrent.futures import Future

    from ggi_net.authlog.ingest.reading import Store

AT_ONCE = 2
"""Blocks on their way to the disk: it takes two at a time in little more time than one. With more, they are in the way
of each other in the processors' caches."""


class Writer:
    """Commits the blocks of one source in their order, each when the one before is committed.

    They are written and flushed side by side, and only AT_ONCE of them, so memory is bounded. Leaving the context waits
    for all, also when the reading failed: nothing is committed once the claim on the source is gone. What the store
    raises, a later `add` or the end of the context raises; what came behind it is not committed.
    """

    def __init__(self, store: Store, source: str) -> None:
        self._store = store
        self._source = source
        self._pool = ThreadPoolExecutor(AT_ONCE)
        self._under_way: deque[Future[None]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()
        if self._under_way:
            self._under_way[-1].result()

    def add(self, table: Any, begin: int, end: int) -> None:
        """Have the lines of bytes `begin` to `end` committed, soon."""
        if len(self._under_way) == AT_ONCE:
            self._under_way.popleft().result()
        before = self._under_way[-1] if self._under_way else None
        self._under_way.append(self._pool.submit(self._commit, before, table, begin, end))

    def _commit(self, before: Future[None] | None, table: Any, begin: int, end: int) -> None:
        # What kept the one before from being committed keeps this one: there is no gap.
        turn = before.result if before else None
        self._store.add(table, self._source, begin, end, turn=turn)
