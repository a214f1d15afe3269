"""The form of a line, declared once, and the regular expression that it means.

    Access-Accept for user {outer:last} stationid {mac}[[ cui {cui}]] from {server} to {client} ({_peer})

Text stands for itself, `{name}` for a field, `[[...]]` for a part that may be missing. A field has a class:

| class | takes |
| --- | --- |
| `word` (where none is named) | everything up to the next space |
| `last` | any text, up to the last place where what follows fits: for what a device chooses, since the landmarks \
that the daemon wrote behind it count, and forged ones in it don't |
| `first` | any text, up to the first place where what follows fits: for what a daemon says in front of a name |
| `bracketed` | any text in which `] (from client ` doesn't stand: it would be two lines in one |
| `quoted`, `part` | everything up to the next `"` or `#`; may be empty |
| `station` | a word, or a MAC in six words |
| `gap` | spaces |
| `tail` | any text without brackets and parentheses |
| `rest` | all that follows |
| `ctime`, `rfc3164`, `iso`, `epoch` | a time |

Each is bounded (a User-Name has 253 bytes, which daemons write as up to four characters each), so no line takes
more than linear time.

The fast way (`alike.py`) learns from lines that were read. There, the classes in `VARYING` differ from line to
line; the others, and those with a `!` behind their class, are taken as they stand, like the text between.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST = 1100
"""The most characters of a field: 253 bytes of four characters each, and what stands around them."""

CLASSES = {
    "word": f"[^ ]{{1,{MOST}}}",
    "last": f".{{0,{MOST}}}",
    "first": f".{{0,{MOST}}}?",
    "bracketed": rf"(?:(?!\] \(from client ).){{0,{MOST}}}",
    "quoted": f'[^"\\\\]{{0,{MOST}}}',
    "part": f"[^#]{{0,{MOST}}}",
    "station": f"[^ ]{{1,{MOST}}}(?: [0-9A-Fa-f]{{2}}){{0,5}}",
    "tail": f"[^()\\[\\]]{{0,{MOST}}}",
    "gap": " {1,40}",
    "rest": ".*",
    "ctime": r"[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2} [0-9]{4}",
    "rfc3164": r"[A-Z][a-z]{2} [ 0-9][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2}",
    "iso": r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?(?:Z|[+-][0-9]{2}:?[0-9]{2})?",
    "epoch": r"[0-9]{9,10}(?:\.[0-9]{1,9})?",
}
TIMES = ("ctime", "rfc3164", "iso", "epoch")
VARYING = ("word", "last", "bracketed", "quoted", "part", "station", "tail")

_PIECE = re.compile(r"(\[\[|\]\])|\{(\w+)(?::(\w+))?(!?)\}")


class Shape:
    """One form of a line. `says` are the columns that the form itself tells, such as `kind`.

    `varying` are the fields that differ from line to line, `times` those of times, both with their class.
    """

    def __init__(self, text: str, **says: str) -> None:
        self.text = text
        self.says: Mapping[str, str] = says
        self.times: dict[str, str] = {}
        self.varying: dict[str, str] = {}
        expression, end = [], 0
        for piece in _PIECE.finditer(text):
            expression.append(re.escape(text[end : piece.start()]))
            end = piece.end()
            bracket, name, kind, still = piece.groups()
            if bracket:
                expression.append("(?:" if bracket == "[[" else ")?")
                continue
            kind = kind or "word"
            expression.append(f"(?P<{name}>{CLASSES[kind]})")
            if kind in TIMES:
                self.times[name] = kind
            elif kind in VARYING and not still:
                self.varying[name] = kind
        expression.append(re.escape(text[end:]))
        self.pattern = re.compile("".join(expression), re.DOTALL)

    def match(self, text: str) -> re.Match[str] | None:
        """Return the match of the whole `text`, with a group per field, or None."""
        return self.pattern.fullmatch(text)
