"""The bytes of a block of lines, of which words are taken at many places at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ggi_net.authlog.read.cut import Cut, Places

    Flags = NDArray[np.bool_]

MOST = 1000
"""The longest line whose words are taken."""
MARGIN = 2 * MOST
"""Lines that begin nearer than this to the end of the block are left alone: what is looked for would reach over it."""

_LOW8 = np.array([(1 << 8 * min(count, 8)) - 1 for count in range(MOST + 1)], np.uint64)
_LOW4 = np.array([(1 << 8 * min(max(count - 8, 0), 4)) - 1 for count in range(MOST + 1)], np.uint32)
_LOWER = bytes(range(256)).lower()
_NO_DIGIT = bytes(chr(letter) not in "0123456789abcdef" for letter in range(256))


class Words(NamedTuple):
    """Words of a block: where each lies, and its first eight bytes as a number (see `key_of`)."""

    starts: Places
    lengths: Places
    keys: NDArray[np.uint64]

    def only(self, ok: Flags) -> Words:
        """Return some of them."""
        return Words(self.starts[ok], self.lengths[ok], self.keys[ok])


class Block:
    """Bytes, and where in them lines and marks are."""

    def __init__(self, data: bytes, cut: Cut) -> None:
        self._data = data
        self.bytes = np.frombuffer(data, np.uint8)
        self.cut = cut
        self._buffer = pa.py_buffer(data)

    def can_take(self) -> Flags:
        """Return which lines may be taken."""
        long = self.cut.ends - self.cut.starts > MOST
        found: Flags = ~(long | self.cut.pieces | (self.cut.starts > len(self._data) - MARGIN))
        return found

    def text(self, line: int) -> str:
        """Return a line, as Latin-1: enough to see whether it can be learned from."""
        return self._data[self.cut.starts[line] : self.cut.ends[line]].decode("latin-1")

    def rows(self, places: Places, width: int) -> NDArray[np.uint8]:
        """Return the `width` bytes at each place, as rows."""
        every = np.ndarray((len(self._data) - width, width), np.uint8, self._data, 0, (1, 1))
        return every[places]

    def texts(self, places: Places, width: int) -> NDArray[np.bytes_]:
        """Return the text of `width` bytes at each place."""
        every = np.ndarray((len(self._data) - width,), f"S{width}", self._data, 0, (1,))
        return every[places]

    def words(self, starts: Places, ends: Places) -> Words:
        """Return the words between places."""
        every = np.ndarray((len(self._data) - 8,), "<u8", self._data, 0, (1,))
        lengths = ends - starts
        return Words(starts, lengths, every[starts] & _LOW8[lengths])

    def array(self, words: Words) -> pa.Array:
        """Return words as an array of texts, by way of views (Arrow's string_view): up to 12 bytes stand in a view
        itself.
        """
        fours = np.ndarray((len(self._data) - 4,), "<u4", self._data, 0, (1,))
        views = np.empty((len(words.starts), 4), np.uint32)
        views[:, 0] = words.lengths
        views.view(np.uint64)[:, 1] = words.starts << 32
        views[:, 1] = words.keys
        short = np.flatnonzero(words.lengths <= 12)
        if len(short):
            lengths = words.lengths[short]
            views[short, 2] = words.keys[short] >> np.uint64(32)
            views[short, 3] = fours[words.starts[short] + 8] & _LOW4[lengths]
        buffers = [None, pa.py_buffer(views), self._buffer]
        return pa.Array.from_buffers(pa.string_view(), len(views), buffers).cast(pa.string())


def key_of(word: str) -> int:
    """Return the first eight bytes of a word as a number."""
    return int.from_bytes(word.encode()[:8], "little")


def lowered(rows: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return rows of ASCII in lower case."""
    return np.frombuffer(rows.tobytes().translate(_LOWER), np.uint8).reshape(rows.shape)


def are_hexadecimal(rows: NDArray[np.uint8]) -> Flags:
    """Return which rows have nothing but hexadecimal digits in lower case."""
    wrong = np.frombuffer(rows.tobytes().translate(_NO_DIGIT), f"S{rows.shape[1]}")
    found: Flags = wrong == b""
    return found


def of_rows(rows: NDArray[np.uint8]) -> pa.Array:
    """Return rows of ASCII as an array of texts."""
    count, width = rows.shape
    offsets = np.arange(0, (count + 1) * width, width, dtype=np.int32)
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(rows)))
