"""Which of two rows in time belong together: the nearest first, each once."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MOST = 64
"""Candidates before an item, and behind it, at most."""

A = TypeVar("A")
B = TypeVar("B")


class Rows(Generic[A, B]):
    """Two rows in time, the left one sorted, and what it costs in seconds to pair two of them; None forbids it."""

    def __init__(
        self,
        left: Sequence[A],
        right: Sequence[B],
        *,
        left_at: Callable[[A], float],
        right_at: Callable[[B], float],
        cost: Callable[[A, B], float | None],
    ) -> None:
        self._left, self._right, self._extra = left, right, cost
        self._left_at = [left_at(item) for item in left]
        self._right_at = [right_at(item) for item in right]

    def pairs(self, reach: float) -> list[tuple[int, int]]:
        """Pairs of positions in both rows, at most `reach` seconds apart, in the order of the right one; each once.

        The cheapest pairs are taken first; of equal ones those that come first in both rows, so that of attempts
        within one second the first stays with the first. Of many within reach only the nearest are looked at.
        """
        found: list[tuple[float, int, int]] = []
        lefts = self._left_at
        for j, at in enumerate(self._right_at):
            low, high = bisect_left(lefts, at - reach), bisect_right(lefts, at + reach)
            if high - low > 2 * MOST:
                middle = bisect_left(lefts, at)
                low, high = max(low, middle - MOST), min(high, middle + MOST)
            for i in range(low, high):
                cost = self._cost(i, j)
                if cost is not None:
                    found.append((cost, i, j))
        found.sort()
        used: set[int] = set()
        pairs: dict[int, int] = {}
        for _, i, j in found:
            if i not in used and j not in pairs:
                used.add(i)
                pairs[j] = i
        return self._uncrossed(pairs)

    def _cost(self, i: int, j: int) -> float | None:
        extra = self._extra(self._left[i], self._right[j])
        return None if extra is None else round(abs(self._left_at[i] - self._right_at[j]) + extra, 3)

    def _uncrossed(self, pairs: dict[int, int]) -> list[tuple[int, int]]:
        """The pairs in the order of time on both sides, where that costs nothing."""
        right = sorted(pairs)
        left = [pairs[j] for j in right]
        k = 0
        while k + 1 < len(left):
            if left[k] > left[k + 1] and self._better_swapped(left[k], left[k + 1], right[k], right[k + 1]):
                left[k], left[k + 1] = left[k + 1], left[k]
                k = max(k - 1, 0)
            else:
                k += 1
        return list(zip(left, right, strict=True))

    def _better_swapped(self, i: int, i_next: int, j: int, j_next: int) -> bool:
        now = (self._cost(i, j) or 0.0) + (self._cost(i_next, j_next) or 0.0)
        first, second = self._cost(i_next, j), self._cost(i, j_next)
        return first is not None and second is not None and first + second <= now + 1e-9
