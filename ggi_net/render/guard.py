"""Values on their way into a configuration: free text is folded, everything else is refused if it could add a line."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Any

from jinja2 import Undefined

from ggi_net.errors import UnsafeValue

_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 _.,:/()+=@-")
_FOLD = {
    "ß": "ss",
    "ø": "o",
    "Ø": "O",
    "æ": "ae",
    "Æ": "AE",
    "ĳ": "ij",
    "Ĳ": "IJ",
    "ł": "l",
    "–": "-",
    "—": "-",
    "’": "",
}


@lru_cache(maxsize=1 << 12)
def plain(text: str, limit: int = 80) -> str:
    """Fold free text to what no configuration language gives a meaning: ASCII letters, digits, ` _.,:/()+=@-`.

    Accents are dropped (Súdwest -> Sudwest), white space of any kind becomes one space, all else is left out, and
    the result is cut at `limit` characters. Views call it for every free-text field, so a template can't forget it.
    """
    if text.isascii() and _PLAIN.issuperset(text):
        folded = text
    else:
        spaced = "".join(" " if c.isspace() or unicodedata.category(c) == "Cc" else _FOLD.get(c, c) for c in text)
        folded = "".join(c for c in unicodedata.normalize("NFKD", spaced) if c in _PLAIN)
    return " ".join(folded.split())[:limit].rstrip()


def guarded(value: Any) -> Any:
    """Jinja's `finalize`: let through what stays on its line, in ASCII; raise UnsafeValue for the rest.

    The net under `plain` and the patterns of the records: whatever a template prints passes here.
    """
    if value.__class__ is str:
        if value.isascii() and (not value or value.isprintable()):
            return value
    elif value.__class__ is int:
        return value
    elif isinstance(value, str):
        return guarded(str(value))
    elif isinstance(value, Undefined):
        str(value)  # raises UndefinedError, which names the missing key
    hint = None if isinstance(value, str) else "print text or a whole number: a field of it, or what a view makes of it"
    raise UnsafeValue(f"a value that can't go into a configuration: {value!a:.60}", hint=hint)
