"""Who reads what: a lock for each source, so that several processes and machines can share a store.

The lock is the kernel's (flock(2)), which lets go of it when its holder dies, also by SIGKILL; NFS version 4 passes
it on to the server, which does the same for a machine that dies when its lease ends. No clock is compared.
"""

from __future__ import annotations

import fcntl
import os
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ggi_net.errors import FileError, Place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Claim:
    """A source that this process reads, until released."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def release(self) -> None:
        """Let others have it."""
        os.close(self._handle)


class Claims:
    """The claims in one folder, which all that share a store share. Names are letters, digits and dots."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def take(self, name: str) -> Claim | None:
        """Claim `name`; None when somebody else has it. Raises FileError."""
        return self._lock(name, fcntl.LOCK_EX | fcntl.LOCK_NB)

    @contextmanager
    def held(self, name: str) -> Iterator[None]:
        """Hold `name` for a moment, once others have let go of it. Raises FileError."""
        claim = self._lock(name, fcntl.LOCK_EX)
        try:
            yield
        finally:
            if claim:
                claim.release()

    def holder(self, name: str) -> str:
        """Who claimed `name` last, for a message; empty when nobody did."""
        try:
            return self._path(name).read_text("utf-8", "replace").strip()[:100]
        except FileNotFoundError:
            return ""

    def _lock(self, name: str, how: int) -> Claim | None:
        path = self._path(name)
        try:
            handle = _open(path)
        except OSError as error:
            raise FileError(
                f"can't be locked: {error.strerror}", place=Place(str(path)), hint="check your rights on the store"
            ) from None
        try:
            # Python lets no child inherit it, so it can't outlive this process.
            fcntl.flock(handle, how)
        except BlockingIOError:
            os.close(handle)
            return None
        os.truncate(handle, 0)
        os.pwrite(handle, f"{socket.gethostname()} process {os.getpid()}\n".encode(), 0)
        return Claim(handle)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.lock"


def _open(path: Path) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
    try:
        return os.open(path, flags, 0o640)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, flags, 0o640)
