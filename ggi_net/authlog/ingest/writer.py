"""Commits blocks beside the reading of the next one: the disk takes as long to have a block as to read one does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from concurrent.futures import Future

    from ggi_net.authlog.ingest.reading import Store


class Writer:
    """Commits the blocks of one source in their order, each when the one before is on the disk.

    At most one waits while one is written, so memory is bounded. Leaving the context waits for all, also when the
    reading failed: nothing is committed once the claim on the source is gone. What the store raises, the next `add`
    or the end of the context raises; what came behind it is not committed.
    """

    def __init__(self, store: Store, source: str) -> None:
        self._store = store
        self._source = source
        self._pool = ThreadPoolExecutor(1)
        self._last: Future[None] | None = None
        self._before: Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()
        if self._last is not None:
            self._last.result()

    def add(self, table: Any, begin: int, end: int) -> None:
        """Have the lines of bytes `begin` to `end` committed, soon."""
        if self._before is not None:
            self._before.result()
        self._before = self._last
        self._last = self._pool.submit(self._commit, self._last, table, begin, end)

    def _commit(self, before: Future[None] | None, table: Any, begin: int, end: int) -> None:
        if before is not None:
            before.result()  # raises what kept it from being stored: there is no gap
        self._store.add(table, self._source, begin, end)
