"""The order in which patterns are tried when several match one line.

Those that say the reason come before those that say less (`Certainty`); a text before the outer identity; more fixed
text before less; and a pattern always before those it is `over`.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from ggi_net.authlog.causes.cause import Certainty
from ggi_net.authlog.causes.phrase import FEWEST, fixed
from ggi_net.errors import CatalogueError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ggi_net.authlog.causes.cause import Cause, Pattern
    from ggi_net.errors import Place

CERTAINTY = {certainty: number for number, certainty in enumerate(Certainty)}


def has_conditions(pattern: Pattern) -> bool:
    """Whether a pattern asks for more than a text or a code."""
    conditions = (pattern.kind, pattern.hop, pattern.result, pattern.outer, pattern.address)
    return bool(pattern.server) or any(condition is not None for condition in conditions)


def _check(causes: Sequence[Cause], pairs: Sequence[tuple[Pattern, Cause]], place: Place) -> None:
    """What a single record can't check of itself; raise CatalogueError."""
    for what, ids in (("cause", [cause.id for cause in causes]), ("pattern", [pattern.id for pattern, _ in pairs])):
        twice = sorted({one for one in ids if ids.count(one) > 1}) if len(set(ids)) != len(ids) else []
        if twice:
            raise CatalogueError(
                f"{what} '{twice[0]}' stands there twice", place=place, hint="give each an id of its own"
            )
    known = {pattern.id for pattern, _ in pairs}
    for pattern, cause in pairs:
        if pattern.reason and fixed(pattern.reason) < FEWEST:
            raise CatalogueError(
                f"pattern '{pattern.id}' of '{cause.id}' would match nearly everything",
                place=place,
                hint=f"{FEWEST} fixed characters or more",
            )
        if not pattern.reason and not pattern.code and pattern.attempt is None and not has_conditions(pattern):
            raise CatalogueError(
                f"pattern '{pattern.id}' of '{cause.id}' has no condition",
                place=place,
                hint="give it a reason, a code or a check",
            )
        if pattern.reason and pattern.code:
            raise CatalogueError(
                f"pattern '{pattern.id}' of '{cause.id}' has a reason and a code",
                place=place,
                hint="one of them is enough",
            )
        if unknown := [other for other in pattern.over if other not in known]:
            raise CatalogueError(
                f"pattern '{pattern.id}' is over '{unknown[0]}', which is not there",
                place=place,
                hint="name a pattern that is",
            )


def in_order(causes: Sequence[Cause], place: Place) -> list[tuple[Pattern, Cause]]:
    """All patterns in the order in which they are tried, each with its cause.

    Raises CatalogueError with `place` when they contradict each other: an id twice, or two each over the other.
    """
    pairs = [(pattern, cause) for cause in causes for pattern in cause.patterns]
    _check(causes, pairs, place)

    def key(number: int) -> tuple[int, bool, int, str]:
        pattern, cause = pairs[number]
        return CERTAINTY[cause.certainty], not (pattern.reason or pattern.code), -fixed(pattern.reason), pattern.id

    numbers = {pattern.id: number for number, (pattern, _) in enumerate(pairs)}
    waits = [0] * len(pairs)
    for pattern, _ in pairs:
        for other in pattern.over:
            waits[numbers[other]] += 1
    ready = [key(number) for number, count in enumerate(waits) if not count]
    heapq.heapify(ready)
    ordered = []
    while ready:
        pattern, cause = pairs[numbers[heapq.heappop(ready)[-1]]]
        ordered.append((pattern, cause))
        for other in pattern.over:
            waits[numbers[other]] -= 1
            if not waits[numbers[other]]:
                heapq.heappush(ready, key(numbers[other]))
    if len(ordered) < len(pairs):
        stuck = sorted(pattern.id for pattern, _ in pairs if waits[numbers[pattern.id]])
        raise CatalogueError(
            f"patterns {', '.join(stuck[:5])} are over each other in a circle", place=place, hint="take one `over` away"
        )
    return ordered
