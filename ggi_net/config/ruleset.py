"""What a platform's configuration means, as data: `config/rules/<name>.yml`, one file per platform.

A rule is a regular expression. Those that say `path` are searched in the path of a line: the texts of the sections
above it and its own, outermost first, joined by ` / ` (`router bgp 64512 / neighbor 192.0.2.1 remote-as 64513`).
The path of a section is that of its header. The same rules serve drift (does the difference matter?) and push
(which commands bring the device there?), so the two can't disagree.
"""

from __future__ import annotations

import re
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from ggi_net.errors import DriftError, FileMissing, Place, WrongValue
from ggi_net.model.types import Record
from ggi_net.source.yamlfile import load

if TYPE_CHECKING:
    from collections.abc import Callable

Pattern = Annotated[str, Meta(min_length=1)]

REMEMBERED = 1 << 14
"""How many lines of a kind of file are remembered at most: many times those of one device."""


class Syntax(StrEnum):
    """How a file is cut into sections."""

    INDENT = "indent"
    """A line that stands deeper belongs to the line above it: IOS-XE, FRR, YAML-like files."""
    BRACES = "braces"
    """`header { ... }`: nftables, swanctl, FreeRADIUS, radsecproxy, chrony's kin."""
    LINES = "lines"
    """Every line for itself: sshd_config, chrony.conf, keys."""


class SecretForms(StrEnum):
    """Whose ways of showing a secret a platform has; see the module of that name."""

    ARISTA = "arista"
    CISCO = "cisco"
    JUNIPER = "juniper"


class Replacement(Record, frozen=True, kw_only=True):
    """Other lines of the same section with an equal `key` make way for the new line by themselves.

    `line` is matched at the start of a line; its groups (all of them, or the whole match when it has none) are the
    key. `^(description) ` says that a section has one description. `negate`: the device refuses the new line as long
    as the old one is there (the sequence number of a prefix list), so the old one is taken away first. `guard` (it may
    use the groups of `line`) is entered before that and taken away at the end, so that there is always something: a
    prefix list without entries lets everything through.
    """

    line: Pattern
    negate: bool = False
    guard: str = ""


class Negation(Record, frozen=True, kw_only=True):
    """How a line is taken away when `no <line>` is not it: `command` may use the groups of `line` (`\\1`)."""

    line: Pattern
    command: str


class Equivalent(Record, frozen=True, kw_only=True):
    """A line that matches `line` as a whole means the same as `means`, which may use its groups (`\\1`)."""

    line: Pattern
    means: str


class Numbered(Record, frozen=True, kw_only=True):
    """A section whose entries carry numbers, so that it can be changed entry by entry while it is in force.

    `section` is matched with the whole header. `entry`: how an entry is entered with a number (`{number} {entry}`).
    `renumber`: the command that gives its entries other numbers, to which the first one and the step are added (it may
    use the groups of `section`); empty where there is none. `loose`: the beginning of entries that mean nothing to a
    packet, which some releases do not number.
    """

    section: Pattern
    entry: str
    renumber: str = ""
    loose: str = ""


class Refresh(Record, frozen=True, kw_only=True):
    """After a change that has a command that begins with `line`, the device is told `commands` to make use of it."""

    line: Pattern
    commands: tuple[str, ...]


class FileRules(Record, frozen=True, kw_only=True):
    """The rules for the artifacts whose file name matches `file` (a shell pattern; the first that matches counts).

    `ordered`: whether the order of the lines of a section has a meaning where no rule below says otherwise.
    `ordered_sections`, `unordered_sections` (path of the header; `^$` is the top level): the exceptions.
    `ignored` (path): lines, with all below them, that are never compared: what the device adds by itself.
    `implied` (path): lines, with nothing below them, that the device does not show although it has them (defaults): no
    difference when only intended has them. `secrets` (line): the group `secret` is compared by keyed hash and never
    shown. `secret_forms`: how the device shows secrets (a rule's group `type` says which form, where there is one, and
    its group `of` whose secret it is, where the form depends on that).
    `comments`: what a comment line begins with. `shown_by`: for a file that a daemon loads, the command that
    prints what the daemon runs; it is compared as well, and what it prints may not differ either.
    `equivalents`: a line that matches the key (whole line) means the same as the value (may use `\\1`).
    `extends`: what is said here comes before what the rules that these are `like` say of the same `file`.
    `text_end`: the line that ends a banner; empty where a delimiter of one character is chosen.
    Only push reads the rest. `replacements` and `negations`: see there. `resets` (path): changing such a line makes
    the device forget the other lines of its section (`vrf forwarding` drops addresses), so they are sent again.
    `sections` (path): headers that open a section even when nothing is in it, so that it has to be left again.
    `fixed` (path): sections that exist whatever is sent (a physical interface): emptied line by line, not removed.
    `refilled` (path): sections with an order that can't be removed while something refers to them: what stands at the
    wrong place is taken away and entered again at the end, one line after the other.
    `numbered` and `refreshes`: see there.
    `shut` (path): sections that are changed only while they are shut.
    `idle` (path): lines of a fixed section that is not in use; a section with no others is as good as absent.
    """

    file: str
    extends: bool = False
    syntax: Syntax = Syntax.LINES
    ordered: bool = True
    ordered_sections: tuple[Pattern, ...] = ()
    unordered_sections: tuple[Pattern, ...] = ()
    ignored: tuple[Pattern, ...] = ()
    implied: tuple[Pattern, ...] = ()
    secrets: tuple[Pattern, ...] = ()
    secret_forms: SecretForms = SecretForms.CISCO
    comments: tuple[str, ...] = ("#",)
    shown_by: str = ""
    equivalents: tuple[Equivalent, ...] = ()
    text_end: str = ""
    negation: str = ""
    replacements: tuple[Replacement, ...] = ()
    negations: tuple[Negation, ...] = ()
    resets: tuple[Pattern, ...] = ()
    sections: tuple[Pattern, ...] = ()
    fixed: tuple[Pattern, ...] = ()
    refilled: tuple[Pattern, ...] = ()
    numbered: tuple[Numbered, ...] = ()
    refreshes: tuple[Refresh, ...] = ()
    shut: tuple[Pattern, ...] = ()
    idle: tuple[Pattern, ...] = ()

    def order_matters(self, path: str) -> bool:
        """Whether the order of the lines in the section at `path` (empty: the top level) has a meaning."""
        if self.ordered:
            return not matches(self.unordered_sections, path)
        return matches(self.ordered_sections, path)


class Rules(Record, frozen=True, kw_only=True):
    """The rules of one platform; after its own `files` come those of the rules that it is `like`."""

    name: str
    files: tuple[FileRules, ...]
    like: str = ""

    def of(self, file: str) -> FileRules:
        """The rules for one file; a file without any is compared line by line, in order."""
        return next((rules for rules in self.files if fnmatchcase(file, rules.file)), _PLAIN)


_PLAIN = FileRules(file="*")


def rules_folder() -> Path:
    """Where the rules files are: part of the package."""
    return Path(__file__).with_name("rules")


@cache
def load_rules(name: str) -> Rules:
    """The rules with that name; raise DriftError when there are none, WrongValue for a broken expression."""
    path = rules_folder() / f"{name}.yml"
    try:
        rules = load(path, Rules)
    except FileMissing:
        known = ", ".join(sorted(p.stem for p in rules_folder().glob("*.yml")))
        raise DriftError(f"no drift rules '{name}'", place=Place(str(path)), hint=f"rules: {known}") from None
    for file in rules.files:
        for pattern in _patterns(file):
            try:
                re.compile(pattern)
            except re.error as error:
                raise WrongValue(f"'{pattern}' is not a regular expression: {error}", place=Place(str(path))) from None
    if rules.like:
        base = load_rules(rules.like)
        files = tuple(_extended(file, base.of(file.file)) if file.extends else file for file in rules.files)
        return Rules(name=rules.name, files=(*files, *base.files))
    return rules


def _extended(file: FileRules, base: FileRules) -> FileRules:
    """The rules for one file: the lists that `file` has before those of `base`, and else what `base` says."""
    changed = {
        name: (*value, *getattr(base, name))
        for name, value in msgspec.structs.asdict(file).items()
        if isinstance(value, tuple) and value != getattr(_PLAIN, name)
    }
    return msgspec.structs.replace(base, **changed)


def matches(patterns: tuple[str, ...], path: str) -> bool:
    """Whether one of `patterns` is found in `path`."""
    return bool(patterns) and search(patterns)(path)


@cache
def search(patterns: tuple[str, ...]) -> Callable[[str], bool]:
    """What tells whether one of `patterns` is found in a path.

    It remembers: most paths stand on every device, and on both sides of a comparison.
    """
    if not patterns:
        return lambda _: False
    joined = re.compile("|".join(f"(?:{pattern})" for pattern in patterns))
    return lru_cache(maxsize=REMEMBERED)(lambda path: joined.search(path) is not None)


def _patterns(file: FileRules) -> tuple[str, ...]:
    return (
        *file.ordered_sections,
        *file.unordered_sections,
        *file.ignored,
        *file.implied,
        *file.secrets,
        *(equivalent.line for equivalent in file.equivalents),
        *(replacement.line for replacement in file.replacements),
        *(negation.line for negation in file.negations),
        *file.resets,
        *file.sections,
        *file.fixed,
        *file.refilled,
        *(numbered.section for numbered in file.numbered),
        *(refresh.line for refresh in file.refreshes),
        *file.shut,
        *file.idle,
    )
