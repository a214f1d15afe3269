"""Texts with `*` for what varies, and an index that finds those that match in linear time.

No regular expressions, so that no text can make the matching slow: the parts between the stars are looked for from
left to right. A text must match as a whole; a word that somebody slipped into the middle decides nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_LEAD = re.compile(
    r"(?:\(\d{1,10}\) +)?"
    r"(?:(?:rlm_\w{1,20} \([\w.-]{1,40}\)|(?!ERROR:|WARNING:)[\w.-]{1,40}): +(?:(?:ERROR|WARNING): +)?)+"
    r"(?:\(TLS\) +(?:[\w.-]{1,40} - +)?)?",
    re.ASCII,
)
"""What daemons write in front of what they say: request numbers, names of modules, of instances, of functions.

Without a name, `ERROR: (TLS)` stays: FreeRADIUS says so of its own connections to other servers, not of a login.
"""

_FIRST = 6
"""Characters by which texts are indexed."""

FEWEST = 8
"""A pattern with fewer fixed characters would match too much."""


def bare(said: str) -> str:
    """`said` without the names of modules and functions in front, which differ between configurations and versions."""
    found = _LEAD.match(said)
    return said[found.end() :] if found else said


def fixed(pattern: str) -> int:
    """How many characters of a pattern don't vary."""
    return len(pattern) - pattern.count("*")


def normal(pattern: str) -> str:
    """A pattern without names in front, as long as enough is left to go by."""
    short = bare(pattern)
    return short if fixed(short) >= FEWEST else pattern


class Phrase:
    """One pattern, ready to be compared."""

    def __init__(self, pattern: str) -> None:
        self.first, *rest = pattern.split("*")
        self._middle = [part for part in rest[:-1] if part]
        self._last = rest[-1] if rest else None

    def matches(self, said: str) -> bool:
        """Whether the whole of `said` has this form."""
        if self._last is None:
            return said == self.first
        end = len(said) - len(self._last)
        if end < len(self.first) or not said.startswith(self.first) or not said.endswith(self._last):
            return False
        at = len(self.first)
        for part in self._middle:
            at = said.find(part, at, end)
            if at < 0:
                return False
            at += len(part)
        return True


class Phrases:
    """Many patterns, each with a number."""

    def __init__(self, patterns: Iterable[tuple[int, str]]) -> None:
        self._whole: dict[str, list[int]] = {}
        self._begin: dict[str, list[tuple[Phrase, int]]] = {}
        self._other: list[tuple[Phrase, int]] = []
        for number, text in patterns:
            pattern = normal(text)
            phrase = Phrase(pattern)
            if "*" not in pattern:
                self._whole.setdefault(pattern, []).append(number)
            elif len(phrase.first) >= _FIRST:
                self._begin.setdefault(phrase.first[:_FIRST], []).append((phrase, number))
            else:
                self._other.append((phrase, number))

    def find(self, said: str) -> set[int]:
        """The numbers of all patterns that `said` matches."""
        short = bare(said)
        found = set(self._matching(short))
        if short != said:
            found.update(self._matching(said))
        return found

    def _matching(self, said: str) -> Iterator[int]:
        yield from self._whole.get(said, ())
        for phrase, number in self._begin.get(said[:_FIRST], ()):
            if phrase.matches(said):
                yield number
        for phrase, number in self._other:
            if phrase.matches(said):
                yield number
