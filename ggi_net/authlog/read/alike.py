"""The fast way: lines that are alike are read together.

A log has millions of lines and a few dozen forms. So a line is read the slow way (`one.py`), and what was found in
it is learned as a `Pattern`: text that stands still, and holes where a time or a value stood. Of all other lines of
the block, those with the same text around the holes are then read at once, by arithmetic on the places of their
marks.

That gives what the slow way gives. A mark is a byte that is no letter, digit or one of `._:%+-` (`cut.py`). A line
is taken only when

1. it has as many marks as the line that was learned from, and the same text outside the holes: so a hole holds one
   word without a mark, or an identity: two words with an @ between them;
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

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ggi_net.authlog.read import clock
from ggi_net.authlog.read.block import MOST, Block, Words, are_hexadecimal, key_of, lowered, of_rows
from ggi_net.authlog.read.cut import PLAIN, is_mark
from ggi_net.authlog.read.formats import FORMATS
from ggi_net.authlog.read.names import words_of
from ggi_net.authlog.read.one import columns as columns_of

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

    from ggi_net.authlog.read.cut import Places
    from ggi_net.authlog.read.one import Found
    from ggi_net.authlog.read.source import Source

    Flags = NDArray[np.bool_]

_GIVES = {"outer": ("outer", "realm"), "called": ("ap", "ssid"), "_pid": (), "_time": (), "_": ()}
"""The columns that a field gives; others give the one of their name, or none if it begins with an underscore."""
_WORD = re.compile(rf"[{re.escape(PLAIN)}]+")
_NAMED = {
    word
    for form in FORMATS
    for shape in form.shapes
    for word in _WORD.findall(re.sub(r"\{\w+(:\w+)?!?\}", " ", shape.text))
}
"""The words that forms name."""
_TABLE_BITS = 16
_MIX = 0x9E3779B97F4A7C15
_MAC = re.compile(r"[0-9A-Fa-f]{2}([-:.])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}")
_STATION = re.compile(rf"{_MAC.pattern}(:.{{1,64}})?")
_HASHED = re.compile(r"((?:[0-9A-Fa-f]{2}[-:.]){3})[0-9a-f]{54,64}|[0-9a-f]{64}")
_DIGITS = [place for place in range(17) if place % 3 != 2]
_VENDOR = [0, 1, 3, 4, 6, 7]
_GAPS = [2, 5, 8, 11, 14]
_IS_GAP = np.isin(np.arange(256), [ord(letter) for letter in "-:."])


class Notation(NamedTuple):
    """How a value is written, as far as columns depend on it. `width` is that of a hash, or of the part before an
    SSID."""

    kind: str
    separator: str = ""
    skip: int = 0
    width: int = 0


class Hole(NamedTuple):
    """Where something differs from line to line: a time of a form, or a value up to the `mark`th mark of the line.

    `text` stands between it and the hole before, or the line's begin.
    """

    name: str
    text: bytes
    form: clock.Form | None = None
    notation: Notation = Notation("")
    mark: int = 0


@dataclass(frozen=True)
class Pattern:
    """A form of whole lines: `marks` marks, `holes`, and `tail` behind the last of them; `columns` stand still."""

    marks: int
    holes: tuple[Hole, ...]
    tail: bytes
    columns: dict[str, str] = field(hash=False, compare=False)
    reason: NDArray[np.uint64] = field(hash=False, compare=False)


class Taken(NamedTuple):
    """Lines that a pattern took: their places among the lines of the block, their columns, and their times, if any
    stands there."""

    lines: Places
    columns: dict[str, pa.Array | str]
    times: Places | None
    in_utc: bool


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
            holes.append(Hole(name, between, None, notation, sum(map(is_mark, text[:stop]))))
            others[name] = "q7q@q7.q7" if notation.kind == "identity" else "q7.q7"
            for column in _GIVES.get(name, (name,)):
                columns.pop(column, None)
        end = stop
    if not _still(found, columns, others, about):
        return None
    reason = np.array(sorted({key_of(word) for word in words_of(columns["reason"]) if word}), np.uint64)
    return Pattern(sum(map(is_mark, text)), tuple(holes), text[end:].encode(), columns, reason)


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
    if marks or value in _NAMED:
        return None
    if name == "mac":
        if mac := _MAC.fullmatch(value):
            return Notation("mac", mac[1])
        hashed = _HASHED.fullmatch(value)
        return Notation("hash", "", len(hashed[1] or ""), len(value)) if hashed else None
    if name == "called":
        station = _STATION.fullmatch(value)
        return Notation("called", station[1], 18 if station[2] else 17) if station else None
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


class _Candidates:
    """Lines that fit so far: their places, that of their first mark, and up to where each was looked at."""

    def __init__(self, block: Block, lines: Places) -> None:
        self.lines = lines
        self.first = block.cut.first[lines]
        self.at = block.cut.starts[lines]
        self.held: list[Words | Places] = []

    def keep(self, ok: Flags) -> None:
        """Leave out those that don't fit."""
        if not ok.all():
            self.lines, self.first, self.at = self.lines[ok], self.first[ok], self.at[ok]
            self.held = [held.only(ok) if isinstance(held, Words) else held[ok] for held in self.held]


def taken(pattern: Pattern, block: Block, lines: Places, reference: datetime) -> Taken:
    """Return what is of the pattern among `lines`: places of lines with as many marks, of which `Block.can_take`."""
    cut = block.cut
    left = _Candidates(block, lines)
    for hole in pattern.holes:
        if hole.text:
            left.keep(block.texts(left.at, len(hole.text)) == hole.text)
            left.at = left.at + len(hole.text)
        if hole.form:
            micros, ok = _times(block, hole.form, left.at, reference)
            left.held.append(micros)
            left.at = left.at + hole.form.width
        else:
            marks = left.first + hole.mark
            ends = cut.marks[marks] if hole.mark < pattern.marks else cut.ends[left.lines]
            words = block.words(left.at, ends)
            left.held.append(words)
            left.at = ends
            ok = _fits(pattern, hole, block, words, marks)
        left.keep(ok)
    ok = left.at + len(pattern.tail) == cut.ends[left.lines]
    if pattern.tail:
        ok &= block.texts(left.at, len(pattern.tail)) == pattern.tail
    left.keep(ok)
    return _filled(pattern, block, left.lines, left.held)


def _times(block: Block, form: clock.Form, places: Places, reference: datetime) -> tuple[Places, Flags]:
    """Return times of one form. Lines of the same second follow each other, so only what is new is read."""
    texts = block.texts(places, form.width)
    new = np.ones(len(texts), bool)
    new[1:] = texts[1:] != texts[:-1]
    rows = texts[new].view(np.uint8).reshape(-1, form.width)
    micros, ok = form.micros(rows, reference)
    same = np.cumsum(new) - 1
    return micros[same], ok[same]


def _fits(pattern: Pattern, hole: Hole, block: Block, words: Words, marks: Places) -> Flags:
    """Return which values may stand in a hole: each is a word that no form tells from the one that was learned from."""
    starts, lengths = words.starts, words.lengths
    ok: Flags = lengths > 0
    notation = hole.notation
    if notation.kind == "identity":
        at = block.cut.marks[marks - 1]
        ok &= (at >= starts) & (at < starts + lengths) & (block.bytes[at] == ord("@"))
        if len(pattern.reason):
            local = block.words(starts, np.where(ok, at, starts))
            ok &= ~np.isin(local.keys, pattern.reason) & ~np.isin(words.keys, pattern.reason)
        return ok
    ok &= ~_is_named(words.keys)
    if len(pattern.reason) and hole.name in ("outer", "inner"):
        ok &= ~np.isin(words.keys, pattern.reason)
    match notation.kind:
        case "mac" | "called":
            ok &= (lengths > 18) & (lengths <= 18 + 64) if notation.skip == 18 else lengths == 17
            rows = block.rows(starts, 18)
            for gap in _GAPS:
                ok &= rows[:, gap] == ord(notation.separator)
            ok &= are_hexadecimal(lowered(rows[:, _DIGITS]))
            if notation.skip == 18:
                ok &= rows[:, 17] == ord(":")
        case "hash":
            rows = block.rows(starts, notation.width)
            ok &= (lengths == notation.width) & are_hexadecimal(rows[:, notation.skip :])
            if notation.skip:
                ok &= are_hexadecimal(lowered(rows[:, _VENDOR]))
                for gap in _GAPS[:3]:
                    ok &= _IS_GAP[rows[:, gap]]
        case _ if hole.name == "operator":
            ok &= block.bytes[starts] == ord("1")
        case _ if hole.name == "host":
            ok &= (block.bytes[starts + lengths - 1] != ord(":")) & ((block.bytes[starts] != ord("-")) | (lengths > 1))
        case _ if hole.name == "_pid":
            ok &= lengths <= 32
    return ok


def _filled(pattern: Pattern, block: Block, lines: Places, held: list[Words | Places]) -> Taken:
    """Return the columns of the lines that were taken."""
    columns: dict[str, pa.Array | str] = dict(pattern.columns)
    times, in_utc = None, False
    named = {hole.name for hole in pattern.holes}
    for hole, values in zip(pattern.holes, held, strict=True):
        if not isinstance(values, Words):
            if hole.name == "time":
                times, in_utc = values, hole.form is not None and hole.form.in_utc
            continue
        starts, ends = values.starts, values.starts + values.lengths
        match hole.name:
            case "mac" if hole.notation.kind == "mac":
                columns["mac"] = of_rows(lowered(block.rows(starts, 17)[:, _DIGITS]))
            case "mac":
                columns["mac"] = block.array(block.words(starts + hole.notation.skip, ends))
            case "called":
                columns["ap"] = of_rows(lowered(block.rows(starts, 17)[:, _DIGITS]))
                with_ssid = hole.notation.skip == 18
                columns["ssid"] = block.array(block.words(starts + 18, ends)) if with_ssid else ""
            case "operator":
                columns["operator"] = pc.ascii_lower(block.array(block.words(starts + 1, ends)))
            case "realm":
                columns["realm"] = pc.ascii_lower(block.array(values))
            case "outer":
                columns["outer"] = block.array(values)
                if "realm" not in named and hole.notation.kind == "identity":
                    at = block.cut.marks[block.cut.first[lines] + hole.mark - 1]
                    columns["realm"] = pc.ascii_lower(block.array(block.words(at + 1, ends)))
                elif "realm" not in named:
                    columns["realm"] = ""
            case name if name[0] != "_":
                columns[name] = block.array(values)
    return Taken(lines, columns, times, in_utc)


def _is_named(keys: NDArray[np.uint64]) -> Flags:
    """Return which words, by their keys, may be ones that forms name; some more are said to be, which costs no more
    than time."""
    found: Flags = _NAMED_TABLE[(keys * np.uint64(_MIX)) >> np.uint64(64 - _TABLE_BITS)]
    if found.any():
        found[found] = np.isin(keys[found], _NAMED_KEYS)
    return found


def _table_of(words: set[str]) -> Flags:
    table = np.zeros(1 << _TABLE_BITS, bool)
    for word in words:
        table[(key_of(word) * _MIX & (1 << 64) - 1) >> (64 - _TABLE_BITS)] = True
    return table


_NAMED_TABLE = _table_of(_NAMED)
_NAMED_KEYS = np.array([key_of(word) for word in _NAMED], np.uint64)
