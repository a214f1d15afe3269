"""How a numbered list in force becomes another one, entry by entry, without a moment in which it is neither.

An access list takes effect with every line that is entered, and a list that is deleted lets everything through. So a
list is never deleted and entered again: new entries are put in their places first, in their order, and those that are
no longer meant are taken away after that, last one first.

Then every packet is at each moment judged as by the old list or as by the new one. While entries are put in, the list
has all old entries and the first of the new ones, in an order that both lists agree with. If the first entry that
matches is an old one, no old entry before it matches: the old list says the same. If it is a new one, no entry of the
new list before it matches, since those are there already: the new list says the same. While entries are taken away,
the same holds the other way round, and what nothing matches is refused by both.

Only an entry that both lists have, at another place, is out of force between two lines that are sent together: a
device takes no entry twice. Entries that refuse are the last to be moved (`keep`), so what is out of force for that
moment is, as a rule, an entry that allows.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ggi_net.config.ruleset import Numbered
    from ggi_net.config.statement import Statement

_NUMBER = re.compile(r"(?:sequence )?(\d+) ")
_STEP = 10
_HEAVY = 1000
"""An entry that is better kept where it is weighs as much as so many others."""


def edits(mine: Statement, theirs: Statement, rule: Numbered) -> Iterator[str]:
    """The commands that make the list `theirs` the list `mine`; `rule` is that of its section.

    Every entry of `theirs` must have been written with its number.
    """
    numbers = [number_of(entry) for entry in theirs.children]
    kept = _kept(mine.children, theirs.children, rule)
    placed = _places(len(mine.children), kept, numbers)
    if placed is None and rule.renumber:
        step = _STEP * (len(mine.children) + 1)
        name = re.fullmatch(rule.section, theirs.raw)
        yield f"{name.expand(rule.renumber) if name else ''} {step} {step}"
        numbers = [step * at for at in range(1, len(numbers) + 1)]
        placed = _places(len(mine.children), kept, numbers)
    while placed is None:
        kept = _without_the_narrowest(kept, numbers)
        placed = _places(len(mine.children), kept, numbers)
    stays = {theirs_at for _, theirs_at in kept}
    leaving = {entry.identity: entry for at, entry in enumerate(theirs.children) if at not in stays}
    yield theirs.raw
    for at, number in placed.items():
        entry = mine.children[at]
        moved = leaving.pop(entry.identity, None)
        if moved:
            yield f" no {moved.raw}"
        yield f" {rule.entry.format(number=number, entry=entry.raw)}"
    yield from (f" no {entry.raw}" for entry in reversed(leaving.values()))
    yield " exit"


def number_of(entry: Statement) -> int:
    """The number that an entry was written with; 0 without one."""
    found = _NUMBER.match(entry.written)
    return int(found.group(1)) if found else 0


def _kept(mine: Sequence[Statement], theirs: Sequence[Statement], rule: Numbered) -> list[tuple[int, int]]:
    """The positions, in both lists, of the entries that stay where they are: the heaviest common subsequence."""
    best = [[0] * (len(theirs) + 1) for _ in range(len(mine) + 1)]
    for i in reversed(range(len(mine))):
        weight = _HEAVY if re.match(rule.keep, mine[i].raw) else 1
        for j in reversed(range(len(theirs))):
            both = weight + best[i + 1][j + 1] if mine[i].identity == theirs[j].identity else 0
            best[i][j] = max(both, best[i + 1][j], best[i][j + 1])
    found, i, j = [], 0, 0
    while i < len(mine) and j < len(theirs):
        if mine[i].identity == theirs[j].identity and best[i][j] > max(best[i + 1][j], best[i][j + 1]):
            found.append((i, j))
            i, j = i + 1, j + 1
        elif best[i + 1][j] >= best[i][j + 1]:
            i += 1
        else:
            j += 1
    return found


def _places(count: int, kept: list[tuple[int, int]], numbers: list[int]) -> dict[int, int] | None:
    """The number of each entry that is put in, by its position; None when there is no room between those that stay."""
    used, found = set(numbers), {}
    ends = [(-1, 0), *((mine, numbers[theirs]) for mine, theirs in kept)]
    for (before, low), (after, high) in pairwise(ends):
        new = range(before + 1, after)
        free = [number for number in range(low + 1, high) if number not in used]
        if len(free) < len(new):
            return None
        for nth, at in enumerate(new, 1):
            found[at] = free[nth * (len(free) + 1) // (len(new) + 1) - 1]
    last, _ = ends[-1]
    top = max(numbers, default=0) // _STEP * _STEP
    for nth, at in enumerate(range(last + 1, count), 1):
        found[at] = top + nth * _STEP
    return found


def _without_the_narrowest(kept: list[tuple[int, int]], numbers: list[int]) -> list[tuple[int, int]]:
    """Those that stay without the one before which there is least room."""
    lows = [0, *(numbers[theirs] for _, theirs in kept)]
    room = [numbers[theirs] - low for (_, theirs), low in zip(kept, lows, strict=False)]
    gone = room.index(min(room))
    return kept[:gone] + kept[gone + 1 :]
