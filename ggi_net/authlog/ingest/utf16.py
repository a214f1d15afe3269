"""Text in UTF-16, as Windows writes it, read as UTF-8.

Event Viewer's exports and what PowerShell writes with `>` begin with a byte order mark and have two bytes a
character. The bytes that this gives are the content of the log: positions count in them.
"""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import BinaryIO

MARKS = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
"""How such a file begins, and how it goes on."""


class Utf16Stream:
    """A file in UTF-16, without its mark, as a stream of UTF-8. Half of a pair stays what it is: three bytes that are
    not UTF-8.
    """

    def __init__(self, file: BinaryIO, encoding: str) -> None:
        """Read `file` from its beginning; `encoding` is one of MARKS."""
        self._file = file
        file.read(2)
        self._decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")
        self._ready = b""

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; none when nothing more is there now. What is added later comes with a later call."""
        while not self._ready:
            more = self._file.read(max(2, size))
            if not more:
                return b""
            self._ready = self._decoder.decode(more).encode("utf-8", "surrogatepass")
        part, self._ready = self._ready[:size], self._ready[size:]
        return part
