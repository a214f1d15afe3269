"""The commands that bring a running configuration to the intended one, section by section.

New lines are sent in the order of the intended configuration, in which nothing is used before it is there; what must
go is taken away after that, last line first. A section whose order has a meaning and differs is changed entry by entry
where its entries have numbers (`access_lists`), refilled where something refers to it, and else made anew.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from ggi_net.config.compare import alike, pair, replacement_key
from ggi_net.config.ruleset import matches
from ggi_net.config.tree import Node, serialise
from ggi_net.push.access_lists import edits, is_loose, number_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ggi_net.config.ruleset import FileRules
    from ggi_net.config.statement import Statement


def commands(intended: Statement, running: Statement, rules: FileRules) -> list[str]:
    """What to enter in configuration mode, each line indented below its section; empty when both mean the same.

    What the device has but never shows (`implied`) can't be compared; it is sent along with any other change.
    """
    if next(_section(intended, running, rules), None) is None:
        return []
    return list(_section(intended, running, msgspec.structs.replace(rules, implied=())))


def tree_diff(intended: Statement, running: Statement, rules: FileRules) -> str:
    """The difference for people: `+` lines to come, `-` lines to go, below the headers of their sections."""
    return "".join(f"{line}\n" for line in _diff(intended, running, rules, 0))


def _section(intended: Statement, running: Statement, rules: FileRules) -> Iterator[str]:
    """The commands within one section that both sides have."""
    if alike(intended, running):
        return
    same, missing, extra = pair(intended, running, rules)
    there = {id(mine): theirs for mine, theirs in same}
    new = {id(statement) for statement in missing}
    again = any(matches(rules.resets, statement.path) for statement in missing)
    for mine in intended.children:
        if id(mine) in new:
            yield from _replacing(mine, extra, rules)
        elif id(mine) in there and mine.children:
            theirs = there[id(mine)]
            if rules.order_matters(mine.path) and _differs(mine, theirs, rules):
                yield from _in_order(mine, theirs, rules)
                continue
            inner = list(_section(mine, theirs, rules))
            if inner:
                yield mine.raw
                yield from (f" {line}" for line in (_shut(mine, inner) if matches(rules.shut, mine.path) else inner))
                yield " exit"
        elif id(mine) in there and there[id(mine)].children:
            yield from _emptied(there[id(mine)], rules)
        elif again:
            yield from _enter(mine, rules)
    for theirs in reversed(extra):
        if matches(rules.fixed, theirs.path):
            yield from _emptied(theirs, rules)
        else:
            yield negate(theirs, rules)


def _shut(section: Statement, inner: list[str]) -> Iterator[str]:
    """The commands within a section that is changed only while it is shut, and opened again if it is to be open."""
    opened = "no shutdown"
    yield "shutdown"
    yield from (line for line in inner if line != opened)
    yield from (opened for child in section.children if child.raw == opened)


def _in_order(mine: Statement, theirs: Statement, rules: FileRules) -> Iterator[str]:
    """A section of which the order has a meaning, when it differs."""
    numbered = next((rule for rule in rules.numbered if re.fullmatch(rule.section, mine.raw)), None)
    if numbered and all(number_of(entry) or is_loose(entry, numbered) for entry in theirs.children):
        yield from edits(mine, theirs, numbered)
    elif matches(rules.refilled, mine.path):
        yield from _refilled(mine, theirs, rules)
    else:
        yield negate(theirs, rules)
        yield from _enter(mine, rules)


def _refilled(mine: Statement, theirs: Statement, rules: FileRules) -> Iterator[str]:
    """A section that keeps its header, and at each moment all but one of its lines.

    The lines that stand in the right order from the first on stay. Every other that is meant is entered at the end,
    after it was taken away from where it was. What is not meant goes last.
    """
    at = {statement.identity: (position, statement) for position, statement in enumerate(theirs.children)}
    wanted = {child.identity for child in mine.children}
    last, in_order = -1, True
    yield mine.raw
    for child in mine.children:
        position, there = at.get(child.identity, (-1, None))
        in_order = in_order and position > last
        last = position
        if there and (in_order or matches(rules.fixed, child.path)):
            inner = list(_section(child, there, rules))
            if inner:
                yield f" {child.raw}"
                yield from (f"  {line}" for line in inner)
                yield "  exit"
            continue
        if there:
            yield f" {negate(there, rules)}"
        yield from (f" {line}" for line in _enter(child, rules))
    yield from (
        f" {negate(statement, rules)}" for statement in reversed(theirs.children) if statement.identity not in wanted
    )
    yield " exit"


def _emptied(section: Statement, rules: FileRules) -> Iterator[str]:
    lines = [negate(s, rules) for s in reversed(section.children) if not matches(rules.idle, s.path)]
    if lines:
        yield section.raw
        yield from (f" {line}" for line in lines)
        yield " exit"


def _differs(mine: Statement, theirs: Statement, rules: FileRules) -> bool:
    return bool(list(_section(mine, theirs, msgspec.structs.replace(rules, ordered=True))))


def _replacing(mine: Statement, extra: list[Statement], rules: FileRules) -> Iterator[str]:
    """Enter `mine`; take from `extra` what it replaces, and away from the device what must go first."""
    key = replacement_key(mine, rules)
    what = mine.raw.removeprefix(rules.negation) if rules.negation else ""
    guards = []
    for theirs in list(extra):
        if key and key == replacement_key(theirs, rules):
            rule = next(r for r in rules.replacements if r.line == key[0])
            if rule.guard:
                guards.append(re.sub(f"{rule.line}.*", rule.guard, mine.raw))
                yield guards[-1]
            if rule.negate:
                yield negate(theirs, rules)
            extra.remove(theirs)
        elif what and what != mine.raw and (theirs.raw == what or theirs.raw.startswith(f"{what} ")):
            extra.remove(theirs)
    yield from _enter(mine, rules)
    yield from (f"{rules.negation}{guard}" for guard in guards)


def _enter(statement: Statement, rules: FileRules) -> Iterator[str]:
    """A statement with everything below it, as it is entered."""
    if statement.block is not None:
        text = Node("", children=[Node(statement.raw, block=statement.block)])
        yield from serialise(text, end=rules.text_end).splitlines()
        return
    yield statement.raw
    for child in statement.children:
        yield from (f" {line}" for line in _enter(child, rules))
    if statement.children or matches(rules.sections, statement.path):
        yield " exit"


def negate(statement: Statement, rules: FileRules) -> str:
    """The command that takes a line away."""
    for negation in rules.negations:
        found = re.fullmatch(negation.line, statement.raw)
        if found:
            return found.expand(negation.command)
    if statement.raw.startswith(rules.negation):
        return statement.raw.removeprefix(rules.negation)
    return rules.negation + statement.raw


def _diff(intended: Statement, running: Statement, rules: FileRules, depth: int) -> Iterator[str]:
    if alike(intended, running):
        return
    same, missing, extra = pair(intended, running, rules)
    there = {id(mine): theirs for mine, theirs in same}
    new = {id(statement) for statement in missing}
    for mine in intended.children:
        if id(mine) in there:
            inner = list(_diff(mine, there[id(mine)], rules, depth + 1))
            if inner:
                yield f"  {' ' * depth}{mine.shown}"
                yield from inner
        elif id(mine) in new:
            yield from _lines("+", mine, depth)
    for theirs in extra:
        yield from _lines("-", theirs, depth)


def _lines(sign: str, statement: Statement, depth: int) -> Iterator[str]:
    yield f"{sign} {' ' * depth}{statement.shown}"
    for line in statement.block or ():
        yield f"{sign} {' ' * depth} {line}"
    for child in statement.children:
        yield from _lines(sign, child, depth + 1)
