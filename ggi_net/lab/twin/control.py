"""A twin from outside: bring it up, take it down, look at it, run something in it.

A twin is a folder. `server.pid` in it names the process that has everything; when that is gone, so is the twin.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

import ggi_net
from ggi_net.errors import FileMissing, LabFailure, NotInEstate, Place, nearest
from ggi_net.files import write_atomic
from ggi_net.lab.twin import body
from ggi_net.lab.twin.inside.systemctl import CHECKS, UNCHECKED
from ggi_net.lab.twin.layout import Layout
from ggi_net.lab.twin.plan import Machine, Plan
from ggi_net.lab.twin.state import State, entering, established
from ggi_net.model.types import Record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ggi_net.lab.twin.plan import Design

PROGRAMS = {
    "ip": "iproute2", "ping": "iputils-ping", "nft": "nftables", "nsenter": "util-linux", "sshd": "openssh-server",
    "sudo": "sudo", "vtysh": "frr", "frr-reload.py": "frr-pythontools", "keepalived": "keepalived", "radvd": "radvd",
    "freeradius": "freeradius", "radsecproxy": "radsecproxy", "charon-systemd": "charon-systemd",
    "swanctl": "strongswan-swanctl", "chronyd": "chrony", "rsyslogd": "rsyslog rsyslog-gnutls",
}  # fmt: skip
"""What a twin runs, and the Debian package of each."""

NOT_HERE = (
    "VRFs are network namespaces, VLAN interfaces and IPsec lines plain wires: this kernel has no VRF, VLAN and ESP",
    "strongswan agrees on each tunnel with its other end, certificates included, but the kernel refuses the keys",
    f"{' and '.join(CHECKS)} check their configuration and do not run",
    f"{' and '.join(UNCHECKED)} do not run, and accept any configuration",
    "the visitors' way to the internet (from a VRF into the main table, NAT) is not there",
    "all of these run with the same artifacts in the virtual machine of tests/live/datanet",
)
"""What is not as on a real device, for people."""

VISITS = "GGI_TWIN_VISITS"
"""What the environment of a process that was let into a twin names its folder by, so that it ends with the twin."""

_DISK = "its folder must be where overlayfs can keep changes (ext4, xfs, btrfs, tmpfs); --folder names another place"
_MODULE = "ggi_net.lab.twin.server"
_PATIENCE_SECONDS = 450
_BEYOND_PATH = ("/usr/sbin", "/sbin", "/usr/lib/frr")


class MachineStatus(Record, frozen=True, kw_only=True):
    """How one machine does: `runs`, and its BGP sessions within the twin: how many are up, of how many."""

    machine: Machine
    runs: bool
    sessions_up: int = 0
    sessions: int = 0


def refuse_unless_possible() -> None:
    """Raise LabFailure when this user or this machine can't have a twin."""
    if os.geteuid() != 0:
        raise LabFailure(
            "only root can bring a twin up: it makes network namespaces and runs daemons as their own users",
            hint="`ggi lab devices up` starts simulated devices without root",
        )
    path = os.pathsep.join([os.environ.get("PATH", ""), *_BEYOND_PATH])
    missing = [package for program, package in PROGRAMS.items() if not shutil.which(program, path=path)]
    if missing:
        raise LabFailure("programs are missing", hint=f"apt-get install {' '.join(missing)}")
    installed = Path(ggi_net.__file__).resolve()
    if hidden := next((place for place in body.OWN_TEMPORARY if installed.is_relative_to(place)), ""):
        raise LabFailure(
            f"the toolkit is installed below {hidden}, and the devices of a twin, which run it, each have their own",
            hint="install it elsewhere",
        )


def up(design: Design, folder: Path) -> Path:
    """Start the twin of a design; return its connections file once every machine runs and BGP has converged.

    Raises LabFailure when one runs there already, or something does not start.
    """
    refuse_unless_possible()
    if any(sign in str(folder) for sign in ",:\\"):
        raise LabFailure("a twin's folder has no comma, colon or backslash in its name", place=Place(str(folder)))
    if running(folder):
        raise LabFailure("a twin runs there already", place=Place(str(folder)), hint="`ggi lab down` ends it first")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    write_atomic(folder / "plan.json", msgspec.json.encode(design.plan), mode=0o600)
    connections = Layout(design, folder).make()
    try:
        _start(folder)
    except BaseException:
        down(folder)
        raise
    return connections


def _start(folder: Path) -> None:
    """Start the twin's process and wait until it says that everything has started."""
    log = folder / "server.log"
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", _MODULE, str(folder)],
            stdin=subprocess.DEVNULL, stdout=errors, stderr=errors, start_new_session=True, cwd="/",
        )  # fmt: skip
    write_atomic(folder / "server.pid", f"{process.pid}\n", mode=0o600)
    limit = time.monotonic() + _PATIENCE_SECONDS
    while not state_of(folder).ready:
        if process.poll() is not None or time.monotonic() > limit:
            said = log.read_text(errors="replace").strip()
            raise LabFailure(f"the twin did not start: {said or 'no reason given'}", hint=_DISK)
        time.sleep(0.05)


def down(folder: Path) -> bool:
    """End the twin in `folder` and all that runs in it, and remove the folder; return whether one was there."""
    pid = running(folder)
    _end([*([pid] if pid else []), *_visitors(folder)])
    there = folder.exists()
    shutil.rmtree(folder, ignore_errors=True)
    return bool(pid) or there


def running(folder: Path) -> int:
    """The id of the process of the twin in `folder`; 0 when there is none (a reused id is not taken for it)."""
    try:
        pid = int((folder / "server.pid").read_text())
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError):
        return 0
    return pid if _MODULE.encode() in command and os.fsencode(folder) in command else 0


def state_of(folder: Path) -> State:
    """What the twin in `folder` last told of itself; nothing when it has not."""
    try:
        return msgspec.json.decode((folder / "state.json").read_bytes(), type=State)
    except (OSError, msgspec.MsgspecError):
        return State()


def plan_of(folder: Path) -> Plan:
    """The plan of the twin that runs in `folder`; raise FileMissing when none does."""
    if not running(folder):
        raise FileMissing("no twin runs there", place=Place(str(folder)), hint="start one with `ggi lab up`")
    return msgspec.json.decode((folder / "plan.json").read_bytes(), type=Plan)


def status(folder: Path) -> list[MachineStatus]:
    """How each machine of the twin in `folder` does; raise FileMissing when none runs there."""
    plan, pids = plan_of(folder), state_of(folder).pids
    found = []
    for machine in plan.machines:
        pid = pids.get(machine.name, 0)
        sessions = established(pid, plan.addresses) if pid and machine.router else {}
        found.append(
            MachineStatus(machine=machine, runs=bool(pid), sessions_up=sum(sessions.values()), sessions=len(sessions))
        )
    return found


def command(folder: Path, name: str, words: Sequence[str]) -> list[str]:
    """The command line that runs `words` on a machine or host of the twin; raise NotInEstate for one that isn't."""
    plan_of(folder)
    pids = state_of(folder).pids
    if name not in pids:
        raise NotInEstate(
            f"the twin has no '{name}' that runs{nearest(name, pids)}", hint="`ggi lab status` lists what there is"
        )
    return [*entering(pids[name]), *words]


def reboot(folder: Path, name: str) -> None:
    """Let a machine of the twin end with everything in it and start again; return when it has started."""
    plan = plan_of(folder)
    if name not in {machine.name for machine in plan.machines}:
        raise NotInEstate(f"no machine '{name}' in the twin", hint="`ggi lab status` lists them")
    if any(machine.name == name and machine.shell for machine in plan.machines):
        raise LabFailure(f"{name} is a simulated device with a stand-in for its traffic; only real ones restart")
    old = state_of(folder).pids.get(name, 0)
    if not old:
        raise LabFailure(f"{name} does not run")
    os.kill(old, signal.SIGHUP)
    limit = time.monotonic() + _PATIENCE_SECONDS
    while True:
        new = state_of(folder).pids.get(name, 0)
        if new not in (0, old) and Path(f"/proc/{new}/root/run/ggi-twin/booted").exists():
            return
        if time.monotonic() > limit:
            raise LabFailure(f"{name} did not start again")
        time.sleep(0.05)


def _visitors(folder: Path) -> list[int]:
    """Processes that `ggi lab exec` started in the twin, and what they started: their environment says so.

    This process and those that it descends from are left out.
    """
    mark = os.fsencode(f"{VISITS}={folder}")
    own, above = set(), os.getpid()
    while above:
        own.add(above)
        above = int(Path(f"/proc/{above}/stat").read_text().rpartition(")")[2].split()[1])
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if int(entry.name) not in own and mark in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
    return found


def _end(pids: Sequence[int]) -> None:
    """Ask processes to end, and make those that have not after a while."""
    for number, seconds in ((signal.SIGTERM, 10.0), (signal.SIGKILL, 10.0)):
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        limit = time.monotonic() + seconds
        while any(Path(f"/proc/{pid}").exists() for pid in pids) and time.monotonic() < limit:
            time.sleep(0.02)


__all__ = ["NOT_HERE", "command", "down", "reboot", "running", "status", "up"]
