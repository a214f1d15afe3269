"""A machine of the twin: a process with namespaces of its own, which is everything else's first process there.

When it ends, the kernel ends all that runs in it. It ends with the process that started it, however that ends.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from ggi_net.lab import namespaces as ns
from ggi_net.lab.twin.inside import REAL, STAND_INS, STATE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

REBOOT = 3
"""The exit status of a machine that wants to be started again."""

_ROOT = Path(__file__).resolve().parents[3]
_PYTHON = "import sys; sys.path.insert(0, {root!r}); "
_SHELL = """#!/bin/sh
# A session of the twin's management account: in the main namespace, like any session on a real device.
if [ $# -eq 0 ]; then set -- -l; fi
me=$(id -u)
exec /usr/bin/sudo -n -- /usr/bin/nsenter --net=/proc/1/ns/net -- \\
	/usr/bin/setpriv --reuid="$me" --regid="$me" --init-groups -- /bin/bash "$@"
"""
_ZEBRA = '#!/bin/sh\n# VRFs are namespaces here.\nexec "$@" --vrfwnetns\n'

OWN_TEMPORARY = ("/tmp", "/var/tmp")  # noqa: S108  what is there is the device's own
"""Folders that each device has to itself, so nothing of this machine can be seen in them."""


def start_host(name: str) -> int:
    """Start a host that is nothing but a network and a host name; return its process id. Raises OSError."""
    return _fork(name, ns.NEWNET | ns.NEWUTS, lambda: None, _sleep)


def start_machine(name: str, folder: Path, units: Sequence[str]) -> tuple[int, int]:
    """Start a machine with its files in `folder`; return its process id and a handle to write to once it is wired.

    It starts the `units` then; what came of it is in `booted` below its /run/ggi-twin. Raises OSError.
    """
    wired, tell = os.pipe()
    home = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    try:
        ns.unshare(ns.NEWPID)
        try:
            kinds = ns.NEWNET | ns.NEWUTS | ns.NEWNS
            pid = _fork(name, kinds, lambda: _own_system(folder), lambda: _be_first(wired, units))
        finally:
            ns.setns(home, ns.NEWPID)
    finally:
        os.close(home)
        os.close(wired)
    return pid, tell


def _fork(name: str, kinds: int, prepare: Callable[[], None], live: Callable[[], None]) -> int:
    """A child in new namespaces of these kinds, once it has prepared itself; raise OSError with what kept it."""
    ready, started = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(ready)
        _child(name, kinds, prepare, live, started)
    os.close(started)
    with os.fdopen(ready, "rb") as words:
        said = words.read(1000).decode()
    if said != "ready":
        os.waitpid(pid, 0)
        raise OSError(0, f"{name}: no system of its own: {said or 'it ended'}")
    return pid


def _child(name: str, kinds: int, prepare: Callable[[], None], live: Callable[[], None], started: int) -> NoReturn:
    try:
        ns.die_with_parent(signal.SIGKILL)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        os.setsid()
        ns.unshare(kinds)
        ns.set_host_name(name)
        prepare()
        os.write(started, b"ready")
        os.close(started)
        live()
    except OSError as error:
        with suppress(OSError):
            os.write(started, str(error).encode())
    finally:
        os._exit(1)


def _sleep() -> None:
    while True:
        signal.pause()


def _own_system(folder: Path) -> None:
    """A file system of its own: this machine's, with changes in `folder`, and stand-ins over some programs."""
    ns.own_mounts()
    for place, part in (("/etc", "etc"), ("/var/lib", "lib")):
        ns.overlay(place, str(folder / part))
    ns.bind(str(folder / "log"), "/var/log")
    ns.mount("proc", "/proc", "proc")
    for part in ("kernel", "fs", "vm"):  # this machine's own settings
        ns.bind(f"/proc/sys/{part}", f"/proc/sys/{part}")
        ns.mount("none", f"/proc/sys/{part}", flags=ns.REMOUNT | ns.BIND | ns.RDONLY)
    ns.unmount("/sys")
    ns.mount("sysfs", "/sys", "sysfs")
    ns.mount("tmpfs", "/run", "tmpfs", options="mode=755")
    for path in ("/run/lock", "/run/netns", "/run/network", str(STATE), REAL):
        Path(path).mkdir()
    _stand_ins()
    for place in OWN_TEMPORARY:
        ns.mount("tmpfs", place, "tmpfs", options="mode=1777")


def _stand_ins() -> None:
    """Put the stand-ins over the programs that they stand in for, which are kept; all of them in PATH as well."""
    tools = STATE / "tools"
    tools.mkdir()
    begin = _PYTHON.format(root=str(_ROOT))
    for path in STAND_INS:
        code = f"{begin}from ggi_net.lab.twin.inside import run; run({path!r})"
        tool = _script(tools / Path(path).name, f'#!/bin/sh\nexec {sys.executable} -IS -c "{code}" "$0" "$@"\n')
        if Path(path).exists():
            kept = Path(REAL, tool.name)
            kept.touch()
            ns.bind(path, str(kept))
            ns.bind(str(tool), path)
    _script(tools / "ggi-shell", _SHELL)
    _script(STATE / "zebra", _ZEBRA)
    ns.bind(str(tools), "/usr/local/sbin")


def _script(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o755)
    return path


def _be_first(wired: int, units: Sequence[str]) -> None:
    """Boot once the wires are there; then bury the dead until told to end."""
    signal.signal(signal.SIGHUP, lambda *_: os._exit(REBOOT))
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    os.read(wired, 1)
    code = (
        f"{_PYTHON.format(root=str(_ROOT))}from ggi_net.lab.twin.inside.boot import main; sys.exit(main(sys.argv[1:]))"
    )
    with (STATE / "boot.log").open("wb") as log:
        boot = subprocess.Popen(
            [sys.executable, "-IS", "-c", code, *units], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/"
        )
    while True:
        try:
            pid, status = os.wait()
        except ChildProcessError:
            signal.pause()
            continue
        if pid == boot.pid:
            boot.returncode = os.waitstatus_to_exitcode(status)
            (STATE / "booted").write_text(f"{boot.returncode}\n")
