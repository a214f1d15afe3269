"""Linux namespaces: make them, enter them, mount in them. Needs root, and nothing but the standard library.

Python 3.11 has none of setns, unshare and mount, so they are called through the C library. Programs inside a device of
the twin and inside the virtual machine of the tests use this file too.
"""

from __future__ import annotations

import ctypes
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

NEWNS, NEWUTS, NEWPID, NEWNET = 0x00020000, 0x04000000, 0x20000000, 0x40000000
RDONLY, REMOUNT, BIND, REC, PRIVATE = 0x1, 0x20, 0x1000, 0x4000, 1 << 18
"""Flags of unshare(2) and mount(2)."""

_DETACH = 2
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)


def unshare(flags: int) -> None:
    """Leave the namespaces of these kinds for new ones; for NEWPID, only children are in it. Raises OSError."""
    _call("unshare", flags)


def setns(handle: int, kind: int) -> None:
    """Enter the namespace that an open file stands for. Raises OSError."""
    _call("setns", handle, kind)


def enter(path: str, kind: int) -> None:
    """Enter the namespace at `path` (below /proc or /run/netns). Raises OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        setns(handle, kind)
    finally:
        os.close(handle)


@contextmanager
def inside(path: str) -> Iterator[None]:
    """Be in the network namespace at `path` for a while: sockets made there belong to it for ever."""
    home = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        enter(path, NEWNET)
        try:
            yield
        finally:
            setns(home, NEWNET)
    finally:
        os.close(home)


def set_host_name(name: str) -> None:
    """Name this UTS namespace. Raises OSError."""
    _call("sethostname", name.encode(), len(name))


def mount(source: str, place: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    """mount(2). Raises OSError."""
    _call("mount", source.encode(), place.encode(), kind.encode(), ctypes.c_ulong(flags), options.encode())


def unmount(place: str) -> None:
    """Detach what is mounted at `place`. Raises OSError."""
    _call("umount2", place.encode(), _DETACH)


def bind(source: str, place: str) -> None:
    """Show `source` at `place` as well. Raises OSError."""
    mount(source, place, flags=BIND)


def own_mounts() -> None:
    """In a new mount namespace: keep every mount from here on to it. Raises OSError."""
    mount("none", "/", flags=REC | PRIVATE)


def overlay(place: str, changes: str) -> None:
    """Let changes to the tree at `place` go to the folder `changes`, which has `upper` and `work`. Raises OSError."""
    mount("overlay", place, "overlay", options=f"lowerdir={place},upperdir={changes}/upper,workdir={changes}/work")


def die_with_parent(signal: int) -> None:
    """Let the kernel send this process `signal` when the thread that started it ends. Raises OSError."""
    _call("prctl", _PR_SET_PDEATHSIG, signal, 0, 0, 0)


def _call(name: str, *arguments: object) -> None:
    if getattr(_LIBC, name)(*arguments):
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
