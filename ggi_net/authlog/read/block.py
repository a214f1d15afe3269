"""The bytes of a block of lines, of which words are taken at many places at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ggi_net.authlog.read.cut import Cut, Places

    Flags = NDArray[np.bool_]

PAD = 1100
"""More than any text that is looked for: so that one can be looked for at the end, too."""

_LOW8 = np.array([(1 << 8 * count) - 1 for count in range(9)], np.uint64)
_LOW4 = np.array([(1 << 8 * count) - 1 for count in range(5)], np.uint32)
_HEX = np.zeros(256, np.uint8)
for _digit in b"0123456789abcdefABCDEF":
    _HEX[_digit] = ord(chr(_digit).lower())


class Block:
    """Bytes, and where in them lines and marks are."""

    def __init__(self, data: bytes, cut: Cut) -> None:
        self._data = data + bytes(PAD)
        self.bytes = np.frombuffer(self._data, np.uint8)
        self.cut = cut
        self.marks = np.append(cut.marks, len(data))
        self._eights = np.ndarray((len(self._data) - 8,), "<u8", self._data, 0, (1,))
        self._fours = np.ndarray((len(self._data) - 8,), "<u4", self._data, 0, (1,))

    def text(self, line: int) -> str:
        """Return a line, as Latin-1: enough to see whether it can be learned from."""
        return self._data[self.cut.starts[line] : self.cut.ends[line]].decode("latin-1")

    def rows(self, places: Places, width: int) -> NDArray[np.uint8]:
        """Return the `width` bytes at each place, as rows."""
        every = np.ndarray((len(self._data) - width, width), np.uint8, self._data, 0, (1, 1))
        return every[places]

    def equal(self, places: Places, text: bytes) -> Flags:
        """Return at which places `text` stands."""
        every = np.ndarray((len(self._data) - len(text),), f"S{len(text)}", self._data, 0, (1,))
        found: Flags = every[places] == text
        return found

    def keys(self, starts: Places, lengths: Places) -> NDArray[np.uint64]:
        """Return the first eight bytes of words as numbers (see `key_of`)."""
        keys: NDArray[np.uint64] = self._eights[starts] & _LOW8[np.minimum(lengths, 8)]
        return keys

    def texts(self, starts: Places, ends: Places) -> pa.Array:
        """Return texts as an array, by way of views of the bytes (Arrow's string_view): up to 12 bytes stand in a
        view itself."""
        lengths = ends - starts
        inline = lengths <= 12
        head = self.keys(starts, lengths).view(np.uint32).reshape(-1, 2)
        rest = self._fours[starts + 8] & _LOW4[np.clip(lengths - 8, 0, 4)]
        views = np.empty((len(starts), 4), np.uint32)
        views[:, 0] = lengths
        views[:, 1] = head[:, 0]
        views[:, 2] = np.where(inline, head[:, 1], 0)
        views[:, 3] = np.where(inline, rest, starts)
        buffers = [None, pa.py_buffer(views), pa.py_buffer(self._data)]
        return pa.Array.from_buffers(pa.string_view(), len(starts), buffers).cast(pa.string())


def key_of(word: str) -> int:
    """Return the first eight bytes of a word as a number."""
    return int.from_bytes(word.encode()[:8], "little")


def hexadecimal(rows: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], Flags]:
    """Return rows of hexadecimal digits in lower case, and which rows have nothing else."""
    lower = _HEX[rows]
    ok: Flags = (lower != 0).all(axis=1)
    return lower, ok


def of_rows(rows: NDArray[np.uint8]) -> pa.Array:
    """Return rows of ASCII as an array of texts."""
    count, width = rows.shape
    offsets = np.arange(0, (count + 1) * width, width, dtype=np.int32)
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(rows)))
