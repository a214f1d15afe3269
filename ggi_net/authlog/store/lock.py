"""Who may rearrange the store: one at a time, on any of the machines that share it."""

from __future__ import annotations

import fcntl
import os
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ggi_net.errors import FileError, Place, StoreLocked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def only_one(folder: Path, job: str) -> Iterator[None]:
    """Hold the store's lock for `job`. Raises StoreLocked, which names the holder.

    The lock is the kernel's (flock(2)): it goes with its holder, however that ends. NFS version 4 does the same for a
    machine whose lease has ended.
    """
    path = folder / "rearranging.lock"
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    except OSError as error:
        raise FileError(
            f"can't be locked: {error.strerror}", place=Place(str(path)), hint="check your rights"
        ) from None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(handle, 200, 0).decode("utf-8", "replace").strip() or "somebody else"
            raise StoreLocked(f"in use by {holder}", place=Place(str(folder))) from None
        os.truncate(handle, 0)
        os.pwrite(handle, f"{socket.gethostname()}, process {os.getpid()} ({job})\n".encode(), 0)
        yield
    finally:
        os.close(handle)
