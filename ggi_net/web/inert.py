"""Text that somebody else chose, shown so that it can do nothing.

A user name, the name of a network and what a server replies are the attacker's (RFC 2865 lets a User-Name be any
bytes). On a page they must not be markup, and must not turn, hide or stretch the text around them either: direction
overrides (Unicode Standard Annex 9), zero-width characters, stacked accents. What can't be seen as it is, is spelled
out and marked, so that a reader sees that something stood there.
"""

from __future__ import annotations

import unicodedata
from itertools import groupby
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and signs that are drawn as nothing."""
_ACCENTS = 2
"""More accents than this on one letter are no writing system's, but paint over the lines above and below."""
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def spelled(text: str) -> str:
    """`text` with every character that would not be seen written as an escape, as in a title or an attribute."""
    return text if text.isascii() and text.isprintable() else "".join(piece for piece, _ in _pieces(text))


def inert(text: str) -> Markup:
    """`text` for the body of a page: escapes as `spelled` makes them, each in an element that marks it."""
    if text.isascii() and text.isprintable():
        return escape(text)
    marked = Markup('<span class="esc">{}</span>')
    return Markup("").join(marked.format(piece) if unseen else escape(piece) for piece, unseen in _pieces(text))


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """Runs of `text` and whether each is an escape."""
    for unseen, run in groupby(_characters(text), key=lambda pair: pair[1]):
        yield "".join(piece for piece, _ in run), unseen


def _characters(text: str) -> Iterator[tuple[str, bool]]:
    accents = 0
    for character in text:
        accents = accents + 1 if unicodedata.combining(character) else 0
        if character.isprintable() and character not in _BLANK and accents <= _ACCENTS:
            yield character, False
        else:
            yield _SHORT.get(character) or character.encode("unicode_escape").decode(), True


def typed(text: str) -> str:
    """What somebody typed or pasted into a field, without what can't be seen: mail programs add such characters."""
    return "".join(character for character, unseen in _characters(text) if not unseen).strip()
