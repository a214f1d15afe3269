"""One log file, open: its content uncompressed, addressed by byte.

An open file goes on being readable when it is renamed, replaced or removed, as rotation does.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import stat
import time
import zlib
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, Self, cast

from ggi_net.authlog.ingest import utf16
from ggi_net.errors import LogUnreadable, Place

if TYPE_CHECKING:
    from pathlib import Path

_MAGIC = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz", b"\x28\xb5\x2f\xfd": "zstd"}
"""How a compressed file begins (RFC 1952; the bzip2, xz and Zstandard formats). Names of files lie."""
_MAGIC |= utf16.MARKS  # read in the same way: as a stream that gives other bytes than the file has

_BROKEN = (EOFError, OSError, ValueError, zlib.error, lzma.LZMAError)
"""What the decompressors raise for a file that is cut off or damaged; Arrow's own error is a ValueError."""

_STEP = 1 << 20
_BACK = 4096
"""How many bytes before those that were asked for last can be asked for without decompressing anew."""

SETTLED = 3600.0


class Inode(NamedTuple):
    """What a file is to the operating system; a renamed file keeps it."""

    device: int
    number: int


class LogFile:
    """A log file that is open for reading. `compression` is empty for plain text.

    `trouble` says why the content ends before the file does; empty when all is well.
    """

    def __init__(self, path: Path) -> None:
        """Open `path`; raise LogUnreadable when it is gone, forbidden, or no ordinary file."""
        self.path = path
        self.trouble = ""
        try:
            # A named pipe without writer would wait for ever.
            self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError as error:
            raise unreadable(path, error) from None
        try:
            found = os.fstat(self._fd)
            head = os.pread(self._fd, 6, 0) if stat.S_ISREG(found.st_mode) else None
        except OSError as error:
            self.close()
            raise unreadable(path, error) from None
        if head is None:
            self.close()
            raise LogUnreadable("not an ordinary file", place=Place(str(path)), hint="name the log files themselves")
        self.inode = Inode(found.st_dev, found.st_ino)
        self.compression = next((name for magic, name in _MAGIC.items() if head.startswith(magic)), "")
        self._stream: BinaryIO | None = None
        self._head = b""
        self._kept = b""
        self._at = 0
        self._ended = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._fd)

    @property
    def bytes_on_disk(self) -> int:
        """How large the file is now; of plain text this is the length of its content."""
        return os.fstat(self._fd).st_size

    @property
    def written(self) -> float:
        """When the file was last written, in seconds since 1970."""
        return os.fstat(self._fd).st_mtime

    @property
    def complete(self) -> bool:
        """Whether what was read last is all that will come, so that a last line without its end is a line.

        So it is with a compressed file whose proper end was reached, and with text that nobody wrote to for an hour.
        """
        if self.compression and self.compression not in utf16.MARKS.values():
            return self._ended and not self.trouble
        return time.time() - self.written > SETTLED

    def at(self, offset: int, size: int) -> bytes:
        """The content from byte `offset`: `size` bytes, fewer only at the end. Raises LogUnreadable."""
        if self.compression:
            return self._uncompressed(offset, size)
        try:
            data = os.pread(self._fd, size, offset)
            while 0 < len(data) < size:  # a network file system may give less than there is
                more = os.pread(self._fd, size - len(data), offset + len(data))
                if not more:
                    break
                data += more
        except OSError as error:
            raise unreadable(self.path, error) from None
        return data

    def _uncompressed(self, offset: int, size: int) -> bytes:
        """As `at`. The beginning and what was read last are kept: a decompressor can't go back."""
        if offset + size <= len(self._head):
            return self._head[offset : offset + size]
        if self._stream is None or offset < self._at - len(self._kept):
            os.lseek(self._fd, 0, os.SEEK_SET)
            self._stream, self._at, self._ended, self.trouble = self._decompressor(), 0, False, ""
            self._kept = b""
        while self._at < offset and not self._ended:
            self._kept = self._kept[-_BACK:] + self._next(min(_STEP, offset - self._at))
        before = self._at - len(self._kept)
        parts = [self._kept]
        missing = offset + size - self._at
        while missing > 0 and not self._ended:
            parts.append(self._next(min(_STEP, missing)))
            missing -= len(parts[-1])
        kept = b"".join(parts)
        if before == 0:
            self._head = kept[:_BACK]
        self._kept = kept[max(0, offset - before - _BACK) :]
        return kept[max(0, offset - before) : offset - before + size]

    def _next(self, most: int) -> bytes:
        """The next piece of the content; notes the end and whatever is wrong."""
        stream = cast("BinaryIO", self._stream)
        try:
            part: bytes = stream.read1(most) if hasattr(stream, "read1") else stream.read(most)
        except _BROKEN as error:
            self._ended = True
            self.trouble = (
                "ends before its proper end: still being written, or cut off"
                if isinstance(error, EOFError) or "runcated" in str(error)
                else f"damaged: {self.compression} can't go on after byte {self._at} of the content"
            )
            return b""
        self._ended = not part
        self._at += len(part)
        return part

    def _decompressor(self) -> BinaryIO:
        file = os.fdopen(os.dup(self._fd), "rb")
        if self.compression == "gzip":
            return cast("BinaryIO", gzip.GzipFile(fileobj=file))
        if self.compression in utf16.MARKS.values():
            return cast("BinaryIO", utf16.Utf16Stream(file, self.compression))
        if self.compression == "bzip2":
            return cast("BinaryIO", bz2.BZ2File(file))
        if self.compression == "xz":
            return cast("BinaryIO", lzma.LZMAFile(file))
        import pyarrow as pa

        return cast("BinaryIO", pa.CompressedInputStream(pa.PythonFile(file, "r"), "zstd"))


def unreadable(path: Path, error: OSError) -> LogUnreadable:
    """The operating system's refusal in words."""
    hints = {
        FileNotFoundError: "it was moved or removed; name its folder with a pattern (`radius.log*`) to follow rotation",
        PermissionError: "let the user that runs this read it: logs of daemons often belong to group `adm`",
    }
    return LogUnreadable(
        f"can't be read: {(error.strerror or str(error)).lower()}",
        place=Place(str(path)),
        hint=hints.get(type(error), "check the disk and the path"),
    )
