"""Namespaces from inside the virtual machine: enter them, run in them, open sockets in them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import namespaces as ns

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
    with ns.inside(f"/run/netns/{namespace}"):
        yield


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
            ns.enter(f"/run/netns/{self.name}", ns.NEWNET)
            ns.unshare(ns.NEWNS | ns.NEWUTS)
            ns.set_host_name(self.name)
            ns.own_mounts()
            for layer in ("upper", "work"):
                Path("/tmp", self.name, layer).mkdir(parents=True)
            ns.overlay("/etc", f"/tmp/{self.name}")
            for place in ("/run", "/var/tmp"):
                ns.mount("tmpfs", place, "tmpfs")
            ns.unmount("/sys")
            ns.mount("sysfs", "/sys", "sysfs")
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
                   for kind, flag in (("net", ns.NEWNET), ("uts", ns.NEWUTS), ("mnt", ns.NEWNS))]  # fmt: skip
        for handle, flag in handles:
            ns.setns(handle, flag)
        os.chdir("/")
