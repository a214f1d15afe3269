"""Rows that are worked off from the front: what is complete comes out, the rest waits for what is still to come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
D = TypeVar("D")


class Rolling(Generic[T, D]):
    """Items of one row in time, and how far apart two can be and still have to do with each other.

    `work` makes pairs of something done out of a stretch of items in order: the moment that it is of, and the items
    that it was made from, with itself. A stretch ends at a pause of `gap` seconds. One that is longer than `most`
    seconds is cut there: what was done in its last `gap` seconds is forgotten, and its items begin the next stretch.
    So what comes out depends on the items only, not on when they came in.
    """

    def __init__(
        self,
        *,
        gap: float,
        most: float,
        at: Callable[[T], float],
        order: Callable[[T], tuple[object, ...]],
        work: Callable[[list[T]], list[tuple[float, list[T], D]]],
    ) -> None:
        self._gap, self._most, self._at, self._order, self._work = gap, most, at, order, work
        self._items: list[T] = []

    def add(self, item: T) -> None:
        """Put an item in, in any order; none is older than what came out already."""
        self._items.append(item)

    @property
    def begin(self) -> float | None:
        """The moment of the oldest item that waits."""
        return min(map(self._at, self._items)) if self._items else None

    def done(self, known: float) -> list[D]:
        """What is complete when every item before the moment `known` is here."""
        found: list[D] = []
        self._items.sort(key=self._order)
        while self._items:
            size, whole = self._stretch(known)
            if not size:
                break
            stretch, rest = self._items[:size], self._items[size:]
            results = self._work(stretch)
            if whole:
                self._items = rest
                found += [result for _, _, result in results]
                continue
            until = self._at(stretch[0]) + self._most - self._gap
            early = [result for result in results if result[0] <= until]
            late = [result for result in results if result[0] > until]
            if not early:
                early, late = late, []
            self._items = sorted((item for _, items, _ in late for item in items), key=self._order) + rest
            found += [result for _, _, result in early]
        return found

    def _stretch(self, known: float) -> tuple[int, bool]:
        """How many items the first stretch has, 0 while that is not sure, and whether it ends by itself."""
        begin = previous = self._at(self._items[0])
        for number, item in enumerate(self._items):
            at = self._at(item)
            if at - previous > self._gap:
                return (number, True) if known > previous + self._gap else (0, False)
            if at - begin > self._most:
                return (number, False) if known > begin + self._most else (0, False)
            previous = at
        return (len(self._items), True) if known > previous + self._gap else (0, False)
