"""The fast way: lines that are alike are read together.

A log has millions of lines and a few dozen forms. So a line is read the slow way (`one.py`), and what was found in
it is learned as a `Pattern`: text that stands still, and holes where a time or a value stood. Of all other lines of
the block, those with the same text around the holes are then taken at once, by compiled loops (`take.py`).

That gives what the slow way gives. A mark is a byte that is no letter, digit or one of `._:%+-` (`cut.py`). A line
is taken only when

1. it has the same text as the line that was learned from outside the holes, and each hole holds one word without a
   mark, or an identity: two words with an @ between them;
2. no word in a hole is one that a form names, or that stands in the reason of this line.

The forms (`shape.py`, `envelope.py`) tell words apart only by the marks between them and by the words that they
name. To them, the line and the one that was learned from are the same, and what they find lies at the same places.
What `values.py` would treat in another way than there (a MAC in another notation, an operator that is no realm) is
not taken either. All that is not taken is read the slow way, one by one; lines that are not plain ASCII always are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from ggi_net.authlog.read import clock
from ggi_net.authlog.read.cut import PLAIN, is_mark
from ggi_net.authlog.read.formats import FORMATS
from ggi_net.authlog.read.names import words_of
from ggi_net.authlog.read.one import columns as columns_of

if TYPE_CHECKING:
    from ggi_net.authlog.read.one import Found
    from ggi_net.authlog.read.source import Source

MOST = 1000
"""The longest line that is learned from, or taken."""

_GIVES = {"outer": ("outer", "realm"), "called": ("ap", "ssid"), "_pid": (), "_time": (), "_": ()}
"""The columns that a field gives; others give the one of their name, or none if it begins with an underscore."""
_WORD = re.compile(rf"[{re.escape(PLAIN)}]+")
NAMED = {
    word
    for form in FORMATS
    for shape in form.shapes
    for word in _WORD.findall(re.sub(r"\{\w+(:\w+)?!?\}", " ", shape.text))
}
"""The words that forms name."""
_MAC = re.compile(r"[0-9A-Fa-f]{2}([-:.])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}")
_STATION = re.compile(rf"{_MAC.pattern}(:.{{1,64}})?")
_HASHED = re.compile(r"((?:[0-9A-Fa-f]{2}[-:.]){3})[0-9a-f]{54,64}|[0-9a-f]{64}")


class Notation(NamedTuple):
    """How a value is written, as far as columns depend on it: of which `kind` it is (word, identity, mac, station: a
    MAC with an SSID behind it, hash), what stands between the digits of a MAC, and how long a hash is, `skip` letters
    of the vendor's part included."""

    kind: str
    separator: str = ""
    skip: int = 0
    width: int = 0


class Hole(NamedTuple):
    """Where something differs from line to line: a time of a form, or a value.

    `text` stands between it and the hole before, or the line's begin.
    """

    name: str
    text: bytes
    form: clock.Form | None = None
    notation: Notation = Notation("")


@dataclass(frozen=True)
class Pattern:
    """A form of whole lines: `holes`, and `tail` behind the last of them. `columns` stand still; `reason` has the keys
    of the words in the reason."""

    holes: tuple[Hole, ...]
    tail: bytes
    reason: frozenset[int]
    columns: dict[str, str] = field(hash=False, compare=False)


def learned(text: str, found: Found, about: Source) -> Pattern | None:
    """Return the pattern of a line that was read; None when it has none."""
    if found.shape is None or found.match is None or len(text) > MOST or not (text.isascii() and text.isprintable()):
        return None
    conceal = found.format.conceal if found.format else None
    if conceal and conceal(text) != text:
        return None
    columns = dict(found.columns)
    others: dict[str, str] = {}
    holes: list[Hole] = []
    end = 0
    for name, start, stop, is_time in _spans(found, about):
        value = text[start:stop]
        between = text[end:start].encode()
        if is_time:
            form = clock.form_of(value)
            if form is None:
                return None
            holes.append(Hole(name, between, form))
        else:
            notation = _notation(name, value)
            alone = all(not 0 <= place < len(text) or is_mark(text[place]) for place in (start - 1, stop))
            if notation is None or not alone:
                continue  # it stands still in this pattern
            holes.append(Hole(name, between, None, notation))
            others[name] = "q7q@q7.q7" if notation.kind == "identity" else "q7.q7"
            for column in _GIVES.get(name, (name,)):
                columns.pop(column, None)
        end = stop
    if not _still(found, columns, others, about):
        return None
    reason = frozenset(key_of(word) for word in words_of(columns["reason"]) if word)
    return Pattern(tuple(holes), text[end:].encode(), reason, columns)


def _spans(found: Found, about: Source) -> list[tuple[str, int, int, bool]]:
    """Return the fields of a line that may differ from line to line, in order: name, begin, end, and whether it is
    a time."""
    shape, match, envelope = found.shape, found.match, found.envelope
    if shape is None or match is None or envelope is None:
        return []
    spans = [
        ("_time" if name == "time" and shape.times else name, start, end, name in ("time", "_time"))
        for name, start, end in envelope.fields
        if name != "host" or not about.hops
    ]
    for name in (*shape.varying, *shape.times):
        start, end = match.span(name)
        if shape.varying.get(name) == "tail":
            words = _WORD.finditer(match.string, start, end)
            spans += [("_", envelope.at + word.start(), envelope.at + word.end(), False) for word in words]
        elif end > start and not (name == "host" and about.hops):
            spans.append((name, envelope.at + start, envelope.at + end, name in shape.times))
    return sorted(spans, key=lambda span: span[1])


def _notation(name: str, value: str) -> Notation | None:
    """Return how a value is written; None when it can't be a hole."""
    marks = [letter for letter in value if is_mark(letter)]
    if name in ("outer", "inner") and marks == ["@"]:
        return Notation("identity")
    if marks or value in NAMED:
        return None
    if name == "mac":
        if mac := _MAC.fullmatch(value):
            return Notation("mac", mac[1])
        hashed = _HASHED.fullmatch(value)
        return Notation("hash", "", len(hashed[1] or ""), len(value)) if hashed else None
    if name == "called":
        station = _STATION.fullmatch(value)
        return Notation("station" if station[2] else "mac", station[1]) if station else None
    if name == "operator" and value[0] != "1":
        return None
    if name == "host" and (value[-1] == ":" or value == "-"):
        return None
    return Notation("word")


def _still(found: Found, columns: dict[str, str], others: dict[str, str], about: Source) -> bool:
    """Whether the columns that stand still would be the same with other values in the holes."""
    shape, match, envelope, known = found.shape, found.match, found.envelope, found.format
    if shape is None or match is None or envelope is None or known is None:
        return False
    said = match.groupdict("")
    if said.get("realm") and "realm" not in others:
        return False  # it would be taken from the identity
    changed = {name: other for name, other in others.items() if name in said}
    made = columns_of(known.refine({**shape.says, **said, **changed}), known, envelope, about)
    return all(made[name] == value for name, value in columns.items())


def key_of(word: str) -> int:
    """Return the first eight letters of an ASCII word as a number. To tell words apart by it errs to the safe side:
    words that begin alike are taken for the same."""
    key = 0
    for letter in word.encode("ascii")[:8]:
        key = key << 7 | letter
    return key
