"""Namespaces from inside the virtual machine: enter them, run in them, open sockets in them.

Python 3.11 has neither setns nor mount, so they are called through the C library.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

_LIBC = ctypes.CDLL(None, use_errno=True)
_NEWNS, _NEWUTS, _NEWNET = 0x00020000, 0x04000000, 0x40000000
_REC, _PRIVATE, _DETACH = 0x4000, 1 << 18, 2
_HOME = os.open("/proc/self/ns/net", os.O_RDONLY)
_START = time.monotonic()


def say(text):
    """A line of progress with the seconds since the job's start."""
    sys.stdout.write(f"[{time.monotonic() - _START:6.1f}] {text}\n")
    sys.stdout.flush()


def sh(*command, text=None, ok=(0,), enter=None):
    """Run a command and return what it printed; stop the job with its words when it fails."""
    done = subprocess.run(command, input=text, capture_output=True, text=True, preexec_fn=enter)
    if done.returncode not in ok:
        raise SystemExit(f"{' '.join(command)}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def ip(lines, namespace=None):
    """Give `ip` a batch of commands."""
    where = ["-n", namespace] if namespace else []
    sh("ip", *where, "-batch", "-", text="\n".join(lines) + "\n")


@contextmanager
def inside(namespace):
    """Sockets made in this block belong to `namespace` for ever."""
    handle = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    try:
        _call("setns", handle, _NEWNET)
        yield
    finally:
        _call("setns", _HOME, _NEWNET)
        os.close(handle)


class Body:
    """A process that holds a network, a mount and a host-name namespace: a device's own system.

    /etc is the machine's with changes of its own on top; /run, /var/tmp and /sys are its own.
    """

    def __init__(self, name):
        self.name = name
        ready, started = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            self._live(started)
        os.close(started)
        words = os.read(ready, 1000).decode()
        os.close(ready)
        if words != "ready":
            raise SystemExit(f"{name}: no system of its own: {words}")

    def _live(self, started):
        try:
            handle = os.open(f"/run/netns/{self.name}", os.O_RDONLY)
            _call("setns", handle, _NEWNET)
            _call("unshare", _NEWNS | _NEWUTS)
            _call("sethostname", self.name.encode(), len(self.name))
            _mount("none", "/", "", _REC | _PRIVATE)
            for layer in ("upper", "work"):
                Path("/tmp", self.name, layer).mkdir(parents=True)
            layers = f"lowerdir=/etc,upperdir=/tmp/{self.name}/upper,workdir=/tmp/{self.name}/work"
            _mount("overlay", "/etc", "overlay", options=layers)
            for place in ("/run", "/var/tmp"):
                _mount("tmpfs", place, "tmpfs")
            _call("umount2", b"/sys", _DETACH)
            _mount("sysfs", "/sys", "sysfs")
            os.write(started, b"ready")
            os.close(started)
            while True:
                signal.pause()
        except OSError as error:
            os.write(started, str(error).encode())
        finally:
            os._exit(1)

    def path(self, name):
        """A path of the device, as seen from outside it."""
        return Path(f"/proc/{self.pid}/root", name.lstrip("/"))

    def enter(self):
        """Move the calling process, a fresh child with one thread, into the device."""
        handles = [(os.open(f"/proc/{self.pid}/ns/{kind}", os.O_RDONLY), flag)
                   for kind, flag in (("net", _NEWNET), ("uts", _NEWUTS), ("mnt", _NEWNS))]  # fmt: skip
        for handle, flag in handles:
            _call("setns", handle, flag)
        os.chdir("/")


def _call(name, *arguments):
    if getattr(_LIBC, name)(*arguments):
        raise OSError(ctypes.get_errno(), f"{name}: {os.strerror(ctypes.get_errno())}")


def _mount(source, place, kind, flags=0, options=""):
    _call("mount", source.encode(), place.encode(), kind.encode(), ctypes.c_ulong(flags), options.encode())
