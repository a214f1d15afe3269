"""Where records begin and end in the bytes of a log.

A record is a line, without its end (LF, or CR LF). A line of more than `LONGEST` bytes is no daemon's: it is cut
into pieces of that size, which are kept as they are and not read. So memory stays bounded and nothing is lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ggi_net.authlog.read.formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Places = NDArray[np.int64]

    from ggi_net.authlog.read.format import Format
    from ggi_net.authlog.read.source import Source

LONGEST = 1 << 20
PART = 8 << 20
LF, CR = 10, 13

_HEAD = 4096
"""How many bytes tell of what format a log is whose records span lines."""


class Cut(NamedTuple):
    """Where each record lies in the bytes, and which of them are pieces of one that is too long."""

    starts: Places
    ends: Places
    pieces: NDArray[np.bool_]


PLAIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:%+-"
"""What words consist of."""


def is_mark(letter: str) -> bool:
    """Whether an ASCII letter is none of a word."""
    return letter not in PLAIN


def format_of(data: bytes, about: Source) -> Format | None:
    """Return the format of a log whose records span lines; None for lines. Known from the source, or seen from the
    first bytes."""
    if about.format:
        return next((known for known in FORMATS if known.name == about.format), None)
    head = data[:_HEAD]
    return next((known for known in FORMATS if known.opens and known.opens.match(head)), None)


def parts(data: bytes, end: int) -> Iterator[tuple[int, int]]:
    """Yield where the first `end` bytes are divided, between lines: what is made of a part by the way takes several
    times its size."""
    begin = 0
    while end - begin > PART:
        stop = data.rfind(b"\n", begin, begin + PART) + 1 or data.find(b"\n", begin, end) + 1 or end
        yield begin, stop
        begin = stop
    if begin < end:
        yield begin, end


def lines_of(data: bytes, begin: int, end: int) -> Cut:
    """Return where the lines of `data` from `begin` to `end` are; the last one need not have an end."""
    letters = np.frombuffer(data, np.uint8)
    ends = _set(letters[begin:end] == LF) + begin
    if end > begin and data[end - 1] != LF:
        ends = np.append(ends, end)
    starts = np.full(len(ends), begin)
    starts[1:] = ends[:-1] + 1
    with_return = (ends > starts) & (ends < end) & (letters[ends - 1] == CR)
    cut = Cut(starts, ends - with_return, np.zeros(len(ends), bool))
    if len(ends) and int((cut.ends - starts).max()) > LONGEST:
        return _in_pieces(cut)
    return cut


def _set(flags: NDArray[np.bool_]) -> Places:
    """Return where flags are set, when few are: each eight of them are looked at as one number first."""
    whole = len(flags) // 8 * 8
    eights = np.flatnonzero(flags[:whole].view(np.uint64) != 0)
    within = np.flatnonzero(flags[:whole].reshape(-1, 8)[eights])
    return np.concatenate([eights[within >> 3] * 8 + (within & 7), np.flatnonzero(flags[whole:]) + whole])


def _in_pieces(cut: Cut) -> Cut:
    length = cut.ends - cut.starts
    counts = np.maximum(1, -(-length // LONGEST))
    line = np.repeat(np.arange(len(counts)), counts)
    begin = cut.starts[line] + (np.arange(len(line)) - np.repeat(np.cumsum(counts) - counts, counts)) * LONGEST
    return Cut(begin, np.minimum(begin + LONGEST, cut.ends[line]), counts[line] > 1)


def records_of(data: bytes, known: Format) -> Cut:
    """Return where the records of a format lie that says so; blank space between them belongs to none."""
    places = _boundaries(data, known)
    starts, ends = [], []
    for start, end in zip([0, *places], [*places, len(data)], strict=True):
        if data[start:end].strip():
            for piece in range(start, end, LONGEST):
                starts.append(piece)
                last = min(piece + LONGEST, end)
                ends.append(piece + len(data[piece:last].rstrip(b"\r\n")) if last == end else last)
    begin, stop = np.array(starts, np.int64), np.array(ends, np.int64)
    return Cut(begin, stop, stop - begin >= LONGEST)


def _boundaries(data: bytes, known: Format) -> list[int]:
    found = {match.start() for match in known.begins.finditer(data)} if known.begins else set()
    found |= {match.end() for match in known.ends.finditer(data)} if known.ends else set()
    return sorted(found - {0, len(data)})


def whole(data: bytes, about: Source) -> int:
    """Return how many of the first bytes of a growing log are whole records; the rest comes again, with more behind
    it.

    0 means that more is needed, unless there are `LONGEST` bytes already: then pieces of that size are given away.
    """
    known = format_of(data, about)
    if known is None:
        end = data.rfind(b"\n") + 1
    elif known.ends:
        end = max((match.end() for match in known.ends.finditer(data)), default=0)
    else:
        end = max(_boundaries(data, known), default=0)
    return end or len(data) // LONGEST * LONGEST
