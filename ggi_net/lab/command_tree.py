"""The running configuration of a simulated command-line device: a tree, changed line by line.

What IOS-XE and EOS have in common is here; what a line means to one of them is data (`Language`) and a few methods.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from ggi_net.config.tree import Node

if TYPE_CHECKING:
    from collections.abc import Iterable

_NUMBER = re.compile(r"\d+")
_ENTRY = re.compile(r"(?:sequence )?(\d+) ")
_LISTS = ("ip access-list ", "ipv6 access-list ")
_REMEMBERED = 1 << 14
"""Of so many lines is remembered where they are shown: many devices have most of them in common."""
_INVALID = "% Invalid input detected at '^' marker."
_MADE_WAY_FOR = ("description", "password", "neighbor", "key")
"""Lines of which the first words are enough to take them away."""


class Refused(Exception):
    """What a device prints instead of taking a line; `column` is where its caret points."""

    def __init__(self, message: str, column: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.column = column


class Language(NamedTuple):
    """What a device knows of its own language.

    `sections`: the beginning of the header above (empty: the top level), the header, the word in the prompt. `single`:
    lines of which a section has one; the groups are what stays the same when the value changes. `on_by_default`: what
    is on unless told otherwise, so that its `no` form is shown, but for those in `hidden`. `order`: where a line of
    the top level is shown. `words`: what a line may begin with. `in_use`: headers that are not given up as long as a
    line like the second refers to their name. `leaves`: lines that leave a section. `lines`: lines of a section (its
    header, the line) that are the header of another one elsewhere. `vrf`: the line that moves an interface to another
    VRF, after which it has no addresses.
    """

    sections: tuple[tuple[str, re.Pattern[str], str], ...]
    single: tuple[re.Pattern[str], ...]
    on_by_default: re.Pattern[str]
    hidden: re.Pattern[str]
    order: tuple[re.Pattern[str], ...]
    words: frozenset[str]
    in_use: tuple[tuple[str, str], ...]
    leaves: tuple[str, ...]
    lines: tuple[tuple[str, str], ...]
    vrf: str


def sections(found: Iterable[tuple[str, str, str]]) -> tuple[tuple[str, re.Pattern[str], str], ...]:
    """The sections of a language with their headers compiled."""
    return tuple((above, re.compile(header), prompt) for above, header, prompt in found)


class CommandTree:
    """What a device runs, and how it takes a line. `ports` are the interfaces that can't be removed."""

    language: ClassVar[Language]
    nameless: ClassVar[str]
    """What the device calls itself without a `hostname`."""

    serial: str
    ports: tuple[str, ...]
    running: Node

    @property
    def hostname(self) -> str:
        """The name in the prompt."""
        found = next(self.running.starting("hostname"), None)
        return found.text.partition(" ")[2] if found else self.nameless

    def configure(self, section: list[Node], line: str) -> list[Node]:
        """Take one configuration `line` in `section` (the nodes from the root to where the session is).

        Returns the section that the session is in afterwards; raises Refused.
        """
        words = line.split()
        negated = words[0] in ("no", "default")
        text = " ".join(words[1:] if negated else words)
        if text in self.language.leaves:
            return section[:-1] if len(section) > 1 else section
        own = any(section[-1].text.startswith(h) and text.startswith(line) for h, line in self.language.lines)
        for depth in range(len(section), 0, -1):
            parents = section[:depth]
            if not own and self._prompt(parents, text):
                return self._section(parents, text, negated=negated)
        if not text or not (text.split()[0] in self.language.words or _ENTRY.match(text + " ")):
            raise Refused(_INVALID, 3 if negated else 0)
        if not self._special(section, text, negated=negated):
            if negated:
                self._remove(section, text)
            else:
                self._add(section, text)
        return section

    def set_banner(self, text: str, lines: tuple[str, ...]) -> None:
        """Take a banner (`banner login`) with its lines."""
        self.running.children[:] = [n for n in self.running.children if n.text != text]
        self.running.children.append(Node(text, block=lines))

    def prompt_of(self, section: list[Node]) -> str:
        """The word in the prompt of a configuration session in `section`."""
        for depth in range(len(section) - 1, 0, -1):
            found = self._prompt(section[:depth], section[depth].text)
            if found:
                return found
        return "config"

    def _special(self, section: list[Node], text: str, *, negated: bool) -> bool:
        """Take a line that means more than that it is there; False for one that does not."""
        return False

    def _stored(self, section: list[Node], text: str) -> str:
        """`text` as the device keeps it: a secret is never kept as it was typed."""
        return text

    def _numbered(self, owner: Node, text: str) -> str:
        """An access list's entry with its number: ten more than the last where none was given."""
        given = _ENTRY.match(text)
        used = {entry_number(n): n.text for n in owner.children if _ENTRY.match(n.text)}
        if given is None:
            return self._entry(owner, max(used, default=0) + 10, text)
        full = self._entry(owner, int(given.group(1)), text[given.end() :])
        if used.get(int(given.group(1)), full) != full:
            raise Refused("% Duplicate sequence number")
        return full

    def _entry(self, owner: Node, number: int, text: str) -> str:
        """How an access list shows an entry."""
        return f"{number} {text}"

    def _section(self, parents: list[Node], text: str, *, negated: bool) -> list[Node]:
        owner = parents[-1]
        node = next((n for n in owner.children if n.text == text), None)
        if negated:
            if (text.startswith("interface ") and text.split()[1] in self.ports) or text.startswith("line "):
                raise Refused(_INVALID, 3)
            if self._in_use(text):
                raise Refused(f"% {text.split()[0].capitalize()} {text.split()[-1]} is being used, cannot remove")
            name = text if node else f"{text} "
            owner.children[:] = [n for n in owner.children if n.text != text and not n.text.startswith(name)]
            return parents
        if node is None:
            node = Node(text)
            owner.children.append(node)
        return [*parents, node]

    def _in_use(self, header: str) -> bool:
        """Whether some line refers to what `header` defines, and the device would not give it up."""
        for pattern, reference in self.language.in_use:
            found = re.match(pattern, header)
            if found:
                user = re.compile(reference.format(re.escape(found[1])))
                return any(user.fullmatch(node.text) for node in self.running.walk())
        return False

    def _add(self, section: list[Node], text: str) -> None:
        owner = section[-1]
        if self.language.on_by_default.match(text):
            owner.children[:] = [n for n in owner.children if n.text != f"no {text}"]
            return
        if owner.text.startswith(_LISTS):
            text = self._numbered(owner, text)
            if any(_content(n.text) == _content(text) for n in owner.children):
                return
        text = self._stored(section, text)
        if owner.text.startswith("interface ") and text.startswith(self.language.vrf):
            if any(n.text == text for n in owner.children):
                return
            owner.children[:] = [n for n in owner.children if not re.match(r"ipv?6? address ", n.text)]
        owner.children[:] = [n for n in owner.children if n.text != f"no {text}" and not self._replaces(text, n.text)]
        if text not in (n.text for n in owner.children):
            owner.children.append(Node(text))

    def _remove(self, section: list[Node], text: str) -> None:
        owner = section[-1]
        exact = [n for n in owner.children if n.text == text or self._stored(section, text) == n.text]
        gone = exact or [n for n in owner.children if n.text.startswith(f"{text} ")]
        if not gone and owner.text.startswith(_LISTS):
            gone = [n for n in owner.children if _content(n.text) == text]
        if not gone:
            single = next((found for s in self.language.single if (found := s.match(text))), None)
            if single and single.group(1).split()[0] in _MADE_WAY_FOR:
                gone = [n for n in owner.children if self._replaces(text, n.text)]
        owner.children[:] = [n for n in owner.children if not any(n is g for g in gone)]
        if self.language.on_by_default.match(text) and not self.language.hidden.match(f"no {text}"):
            owner.children[:] = [n for n in owner.children if n.text != f"no {text}"]
            owner.children.append(Node(f"no {text}"))

    def _prompt(self, parents: list[Node], text: str) -> str:
        above = parents[-1].text
        for where, header, prompt in self.language.sections:
            if (above.startswith(where) if where else not above) and header.match(text):
                return prompt
        return ""

    def _replaces(self, new: str, old: str) -> bool:
        """Whether the line `old` makes way when `new` is entered."""
        for single in self.language.single:
            mine = single.match(new)
            if mine:
                theirs = single.match(old)
                return theirs is not None and mine.groups() == theirs.groups()
        return False

    def _shown_at(self, node: Node) -> tuple[int, list[tuple[str, int]]]:
        """Where a line of the top level is shown."""
        return self._place(node.text)

    @classmethod
    @lru_cache(maxsize=_REMEMBERED)
    def _place(cls, text: str) -> tuple[int, list[tuple[str, int]]]:
        """Where a line is shown: by kind, then by name."""
        rank = next(i for i, pattern in enumerate(cls.language.order) if pattern.match(text))
        parts = _NUMBER.split(text)
        numbers = [int(n) for n in _NUMBER.findall(text)] + [0]
        return rank, list(zip(parts, numbers, strict=True))


def entry_number(node: Node) -> int:
    """The number of an access list's entry; 0 without one."""
    found = _ENTRY.match(node.text)
    return int(found.group(1)) if found else 0


def _content(entry: str) -> str:
    """An access list's entry without its number: a second one with the same content changes nothing."""
    return _ENTRY.sub("", entry, count=1)
