"""Comparing statements: what is missing, extra, changed or out of order, and nothing that has no meaning."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from difflib import SequenceMatcher
from enum import StrEnum
from typing import TYPE_CHECKING

from ggi_net.config.ruleset import matches
from ggi_net.model.types import Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ggi_net.config.ruleset import FileRules
    from ggi_net.config.statement import Statement

_ALIKE = 0.7


class Kind(StrEnum):
    """What is different."""

    MISSING = "missing"
    EXTRA = "extra"
    CHANGED = "changed"
    ORDER = "order"
    SECRET = "secret"  # noqa: S105  the name of a kind of difference
    MODE = "mode"
    OWNER = "owner"
    FILE_MISSING = "file missing"


class Difference(Record, frozen=True, kw_only=True):
    """One difference in one artifact; no text in it holds a secret.

    `section`: the headers above the line, outermost first. `line` counts in the intended artifact: of the intended
    line, or for an extra line that of the section it stands in (0: unknown). `running_line` counts in what the device
    has. `shown_by`: the command that showed it, when the file on the device is as intended but the daemon runs
    something else.
    """

    kind: Kind
    file: str
    section: tuple[str, ...] = ()
    intended: str = ""
    running: str = ""
    line: int = 0
    running_line: int = 0
    shown_by: str = ""


def differences(intended: Statement, running: Statement, rules: FileRules, file: str) -> list[Difference]:
    """Every difference between two configurations of one file, in the order of the intended one."""
    return list(_section(intended, running, rules, file, (), (0, 0)))


def _section(
    intended: Statement,
    running: Statement,
    rules: FileRules,
    file: str,
    section: tuple[str, ...],
    at: tuple[int, int],
) -> Iterator[Difference]:
    """The differences within a section, whose header is in these lines of the two files."""
    if alike(intended, running):
        return
    same, missing, extra = pair(intended, running, rules)
    for mine, theirs in same:
        yield from _section(mine, theirs, rules, file, (*section, mine.shown), _lines(mine, theirs, at))
    moved = Counter(s.identity for s in missing) & Counter(s.identity for s in extra)
    for identity in moved:
        mine = next(s for s in missing if s.identity == identity)
        theirs = next(s for s in extra if s.identity == identity)
        missing.remove(mine)
        extra.remove(theirs)
        line, running_line = _lines(mine, theirs, at)
        yield Difference(
            kind=Kind.ORDER, file=file, section=section, intended=mine.shown, running=theirs.shown,
            line=line, running_line=running_line,
        )  # fmt: skip
        yield from _section(mine, theirs, rules, file, (*section, mine.shown), (line, running_line))
    changed = _changed(missing, extra, rules)
    for mine in missing:
        theirs_or_none = changed.get(id(mine))
        if theirs_or_none is None:
            yield Difference(
                kind=Kind.MISSING, file=file, section=section, intended=_with_inner(mine), line=at[0] + mine.number
            )
        else:
            yield from _change(mine, theirs_or_none, rules, file, section, at)
    taken = {id(theirs) for theirs in changed.values()}
    for theirs in extra:
        if id(theirs) not in taken:
            yield Difference(
                kind=Kind.EXTRA, file=file, section=section, running=_with_inner(theirs), line=at[0],
                running_line=at[1] + theirs.number,
            )  # fmt: skip


def alike(intended: Statement, running: Statement) -> bool:
    """Whether two sections hold the same statements in the same order, as nearly all do: then nothing differs."""
    return intended.below == running.below


def pair(
    intended: Statement, running: Statement, rules: FileRules
) -> tuple[list[tuple[Statement, Statement]], list[Statement], list[Statement]]:
    """The statements of a section that both sides have, those that running lacks, and those that it has too many."""
    mine, theirs = intended.children, running.children
    if rules.order_matters(intended.path):
        matcher = SequenceMatcher(None, [s.identity for s in mine], [s.identity for s in theirs], autojunk=False)
        blocks = matcher.get_matching_blocks()
        same = [(mine[b.a + i], theirs[b.b + i]) for b in blocks for i in range(b.size)]
        taken = {id(s) for both in same for s in both}
        extra = [s for s in theirs if id(s) not in taken]
        missing = [s for s in mine if id(s) not in taken]
    else:
        there: defaultdict[str, list[Statement]] = defaultdict(list)
        for statement in theirs:
            there[statement.identity].append(statement)
        same, missing = [], []
        for statement in mine:
            if there[statement.identity]:
                same.append((statement, there[statement.identity].pop(0)))
            else:
                missing.append(statement)
        left = {id(s) for rest in there.values() for s in rest}
        extra = [s for s in theirs if id(s) in left]
    return same, [s for s in missing if not _met(s, theirs, rules)], [s for s in extra if not _idle(s, rules)]


def replacement_key(statement: Statement, rules: FileRules) -> tuple[str, ...]:
    """What a statement has in common with those that it replaces; empty when it replaces none, as sections do."""
    if statement.children or matches(rules.sections, statement.path):
        return ()
    for replacement in rules.replacements:
        found = re.match(replacement.line, statement.shown)
        if found:
            return (replacement.line, *(found.groups() or (found.group(),)))
    return ()


def _met(statement: Statement, running: Sequence[Statement], rules: FileRules) -> bool:
    """Whether an intended statement that isn't shown holds nevertheless, unless its contrary is shown."""
    if not matches(rules.implied, statement.path):
        return False
    contrary = statement.raw.removeprefix(rules.negation) if rules.negation else statement.raw
    return contrary == statement.raw or not any(other.raw == contrary for other in running)


def _idle(statement: Statement, rules: FileRules) -> bool:
    """Whether an extra section is one that can't be removed and isn't in use."""
    if not matches(rules.fixed, statement.path):
        return False
    return all(matches(rules.idle, child.path) for child in statement.children)


def _changed(missing: list[Statement], extra: list[Statement], rules: FileRules) -> dict[int, Statement]:
    """Pairs of a missing and an extra statement that are one change, by `id` of the missing one."""
    found: dict[int, Statement] = {}
    free = list(extra)
    for tell in (_same_skeleton, lambda a, b: _same_key(a, b, rules), _same_but_last, _alike):
        for mine in missing:
            if id(mine) in found:
                continue
            theirs = next((s for s in free if tell(mine, s)), None)
            if theirs is not None:
                found[id(mine)] = theirs
                free.remove(theirs)
    return found


def _same_skeleton(mine: Statement, theirs: Statement) -> bool:
    return mine.shown == theirs.shown


def _same_key(mine: Statement, theirs: Statement, rules: FileRules) -> bool:
    key = replacement_key(mine, rules)
    return bool(key) and key == replacement_key(theirs, rules)


def _same_but_last(mine: Statement, theirs: Statement) -> bool:
    before, _, _ = mine.shown.rpartition(" ")
    return bool(before) and before == theirs.shown.rpartition(" ")[0]


def _alike(mine: Statement, theirs: Statement) -> bool:
    if mine.shown.split()[0] != theirs.shown.split()[0] or bool(mine.children) != bool(theirs.children):
        return False
    matcher = SequenceMatcher(None, mine.shown, theirs.shown, autojunk=False)
    return matcher.real_quick_ratio() >= _ALIKE and matcher.quick_ratio() >= _ALIKE and matcher.ratio() >= _ALIKE


def _lines(mine: Statement, theirs: Statement, at: tuple[int, int]) -> tuple[int, int]:
    """The lines of two statements in their files, by those of the section that they stand in."""
    return at[0] + mine.number, at[1] + theirs.number


def _change(
    mine: Statement,
    theirs: Statement,
    rules: FileRules,
    file: str,
    section: tuple[str, ...],
    at: tuple[int, int],
) -> Iterator[Difference]:
    line, running_line = _lines(mine, theirs, at)
    same_text = mine.shown == theirs.shown
    kind = Kind.SECRET if same_text and mine.block == theirs.block else Kind.CHANGED
    shown = [_with_block(s) if same_text and kind is Kind.CHANGED else s.shown for s in (mine, theirs)]
    yield Difference(
        kind=kind, file=file, section=section, intended=shown[0], running=shown[1],
        line=line, running_line=running_line,
    )  # fmt: skip
    yield from _section(mine, theirs, rules, file, (*section, mine.shown), (line, running_line))


def _with_block(statement: Statement) -> str:
    return "\n".join((statement.shown, *(statement.block or ())))


def _with_inner(statement: Statement, depth: int = 0) -> str:
    """A statement with everything below it, as text."""
    lines = [" " * depth + _with_block(statement)]
    lines.extend(_with_inner(child, depth + 1) for child in statement.children)
    return "\n".join(lines)
