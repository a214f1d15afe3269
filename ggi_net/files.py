"""Writing files so that nothing is lost: beside, then renamed; a reader sees the old file or the new one, whole."""

from __future__ import annotations

import errno
import os
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING

from ggi_net.errors import DiskFull, FileError, FileMissing, Place

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def read_bytes(path: Path) -> bytes:
    """Return the content of `path`; raise FileMissing or FileError."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise FileMissing("no such file", place=Place(str(path)), hint="check the path") from None
    except OSError as error:
        raise FileError(f"can't be read: {error.strerror}", place=Place(str(path))) from None


def write_atomic(
    path: Path,
    content: bytes | memoryview | str,
    *,
    mode: int = 0o644,
    durable: bool = True,
    turn: Callable[[], object] | None = None,
) -> None:
    """Write `content` beside `path` and rename it into place, making parent folders.

    `durable` also flushes file and folder to disk; leave it out for files that a second run re-makes. `turn` is called
    when the file is written and not in its place yet: it may wait until that may be, or raise why it must not.
    Raises DiskFull or FileError; then `path` is as it was and nothing is left beside it.
    """
    data = content.encode() if isinstance(content, str) else content
    beside = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(3)}")
    try:
        try:
            handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(handle, rest) :]
            if durable:
                os.fsync(handle)
        finally:
            os.close(handle)
        if turn is not None:
            turn()
        beside.replace(path)
        if durable:
            flush(path.parent)
    except OSError as error:
        raise _as_error(error, path) from None
    finally:
        with suppress(NotADirectoryError):  # a file stands where a folder is needed: nothing was written beside it
            beside.unlink(missing_ok=True)


def remove_file(path: Path) -> None:
    """Remove `path` for good, if it is there; raise FileError."""
    try:
        path.unlink()
        flush(path.parent)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise FileError(
            f"can't be removed: {error.strerror}", place=Place(str(path)), hint="check the path and your rights"
        ) from None


def flush(path: Path) -> None:
    """Have the disk hold a file, or the names in a folder, without which a new file or a rename in it may not survive a
    power cut (fsync(2)). Raises OSError."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_if_changed(path: Path, content: bytes, *, mode: int = 0o644) -> bool:
    """Write `content` unless `path` holds it already; return whether it was written."""
    try:
        if path.read_bytes() == content:
            return False
    except FileNotFoundError:
        pass
    except OSError as error:
        raise _as_error(error, path) from None
    write_atomic(path, content, mode=mode, durable=False)
    return True


def _as_error(error: OSError, path: Path) -> FileError | DiskFull:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull("no space left on the disk", place=Place(str(path)))
    return FileError(
        f"can't be written: {error.strerror}", place=Place(str(path)), hint="check the path and your rights"
    )
