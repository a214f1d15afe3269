"""How a numbered list in force becomes another one, entry by entry, without a moment in which it is neither.

An access list takes effect with every line that is entered, and a list that is deleted lets everything through. So a
list is never deleted and entered again. The new list is built from its top: each entry is put behind the one that is
to stand before it, and one that stands too low is moved up. What is no longer meant is taken away after that, last
entry first.

Then every packet is at each moment judged as by the old list or as by the new one. Call the entries that are in their
new place already placed. If the first entry that matches a packet is placed, so is every entry that the new list has
before it, and stands before it: the new list says the same. If it is not placed, every entry that the old list has
before it still stands before it, since entries move up only, and over nothing that is placed: the old list says the
same. While entries are taken away, the last first, all of the new list is placed, and what nothing matches is refused
by both lists.

Only an entry that moves is out of force between two lines that are sent together: a device takes no entry twice.
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


def edits(mine: Statement, theirs: Statement, rule: Numbered) -> Iterator[str]:
    """The commands that make the list `theirs` the list `mine`; `rule` is that of its section.

    Every entry of `theirs` must have been written with its number, but for those that mean nothing to a packet
    (`Numbered.loose`): where these have none, they are only added and taken away.
    """
    bare = [entry for entry in theirs.children if not number_of(entry)]
    there = [entry for entry in theirs.children if number_of(entry)]
    meant = [entry for entry in mine.children if not (bare and is_loose(entry, rule))]
    numbers = [number_of(entry) for entry in there]
    kept = _kept(meant, there)
    placed = _places(len(meant), kept, numbers)
    made_room: list[str] = []
    if placed is None and len(numbers) == 1 and not rule.renumber:
        kept = []  # the only entry may move down: it passes over nothing that the old list has
        placed = _places(len(meant), kept, numbers)
    if placed is None:
        step = _STEP * (len(meant) + 1)
        first = step if rule.renumber else max(numbers) + step
        numbers = [first + step * at for at in range(len(numbers))]
        if rule.renumber:
            name = re.fullmatch(rule.section, theirs.raw)
            yield f"{name.expand(rule.renumber) if name else ''} {first} {step}"
        else:
            made_room = list(_spread(there, numbers, rule))
        placed = _places(len(meant), kept, numbers) or {}
    stays = {theirs_at for _, theirs_at in kept}
    leaving = {entry.identity: entry for at, entry in enumerate(there) if at not in stays}
    yield theirs.raw
    yield from made_room
    for at, number in placed.items():
        entry = meant[at]
        moved = leaving.pop(entry.identity, None)
        if moved:
            yield f" no {moved.raw}"
        yield f" {rule.entry.format(number=number, entry=entry.raw)}"
    yield from (f" no {entry.raw}" for entry in reversed(leaving.values()))
    if bare:
        yield from _loose(mine, bare, rule)
    yield " exit"


def _loose(mine: Statement, bare: Sequence[Statement], rule: Numbered) -> Iterator[str]:
    """Add and take away what stands in a list without a number."""
    wanted = {entry.identity: entry for entry in mine.children if is_loose(entry, rule)}
    has = {entry.identity for entry in bare}
    yield from (f" {entry.raw}" for identity, entry in wanted.items() if identity not in has)
    yield from (f" no {entry.raw}" for entry in bare if entry.identity not in wanted)


def is_loose(entry: Statement, rule: Numbered) -> bool:
    """Whether an entry means nothing to a packet."""
    return bool(rule.loose) and entry.raw.startswith(rule.loose)


def _spread(theirs: Sequence[Statement], numbers: list[int], rule: Numbered) -> Iterator[str]:
    """Give each entry its number of `numbers`, the last first, so that none passes over another one."""
    for number, entry in zip(reversed(numbers), reversed(theirs), strict=True):
        yield f" no {entry.raw}"
        yield f" {rule.entry.format(number=number, entry=entry.raw)}"


def number_of(entry: Statement) -> int:
    """The number that an entry was written with; 0 without one."""
    found = _NUMBER.match(entry.written)
    return int(found.group(1)) if found else 0


def _kept(mine: Sequence[Statement], theirs: Sequence[Statement]) -> list[tuple[int, int]]:
    """The positions, in both lists, of the entries that stay: above them stands nothing that is to stand below them."""
    at = {entry.identity: position for position, entry in enumerate(mine)}
    found: list[tuple[int, int]] = []
    for theirs_at, entry in enumerate(theirs):
        mine_at = at.get(entry.identity, -1)
        if mine_at > (found[-1][0] if found else -1):
            found.append((mine_at, theirs_at))
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
