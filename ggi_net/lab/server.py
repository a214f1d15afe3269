"""Simulated devices in a process of their own: `ggi lab devices up` starts it, `down` ends it by its id.

A lab is a folder. `server.pid` in it names the process; `connections.json` appears once every device answers.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from ggi_net.errors import FileMissing, Place, SystemFailure
from ggi_net.files import write_atomic
from ggi_net.lab.fleet import Blueprint, Fleet

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_MODULE = "ggi_net.lab.server"
_PATIENCE_SECONDS = 60


def up(blueprints: Sequence[Blueprint], folder: Path) -> Path:
    """Start devices in a detached process; return their connections file.

    Raises SystemFailure when a lab runs there already or the devices don't come up.
    """
    if running(folder):
        raise SystemFailure(
            "a lab runs there already", place=Place(str(folder)), hint="`ggi lab devices down` ends it first"
        )
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    write_atomic(folder / "blueprints.json", msgspec.json.encode(list(blueprints)), mode=0o600)
    log = folder / "server.log"
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", _MODULE, str(folder)],
            stdin=subprocess.DEVNULL, stdout=errors, stderr=errors, start_new_session=True, cwd="/",
        )  # fmt: skip
    write_atomic(folder / "server.pid", f"{process.pid}\n", mode=0o600)
    connections = folder / "connections.json"
    limit = time.monotonic() + _PATIENCE_SECONDS
    while not connections.exists():
        if process.poll() is not None or time.monotonic() > limit:
            said = log.read_text(errors="replace").strip().splitlines()
            down(folder)
            raise SystemFailure(f"the simulated devices did not start: {said[-1] if said else 'no reason given'}")
        time.sleep(0.02)
    return connections


def down(folder: Path) -> bool:
    """End the lab in `folder` and remove the folder; return whether one was running."""
    pid = running(folder)
    if pid:
        os.kill(pid, signal.SIGTERM)
        limit = time.monotonic() + 10
        while _runs(pid, folder) and time.monotonic() < limit:
            time.sleep(0.02)
        if _runs(pid, folder):
            os.kill(pid, signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)
    return bool(pid)


def running(folder: Path) -> int:
    """The id of the process that runs the lab in `folder`; 0 when none does (a reused id is not taken for it)."""
    try:
        pid = int((folder / "server.pid").read_text())
    except (OSError, ValueError):
        return 0
    return pid if _runs(pid, folder) else 0


def _runs(pid: int, folder: Path) -> bool:
    """Whether process `pid` is the server of the lab in `folder`."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return _MODULE.encode() in command and os.fsencode(folder) in command


def connections_of(folder: Path) -> Path:
    """The connections file of the lab that runs in `folder`; raise FileMissing when none does."""
    if not running(folder):
        raise FileMissing("no lab runs there", place=Place(str(folder)), hint="start one with `ggi lab devices up`")
    return folder / "connections.json"


def serve(blueprints: Sequence[Blueprint], folder: Path, ready: Callable[[Path], None]) -> None:
    """Run devices in this process until it is interrupted or terminated; `ready` gets their connections file."""
    if running(folder) or folder.exists():
        raise SystemFailure("something is there already", place=Place(str(folder)), hint="give an empty --folder")
    asyncio.run(_serve(blueprints, folder, ready))


async def _serve(blueprints: Sequence[Blueprint], folder: Path, ready: Callable[[Path], None]) -> None:
    fleet = Fleet(blueprints, folder)
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await fleet.start()
    ready(fleet.connections_file)
    await stopped.wait()
    await fleet.stop()


if __name__ == "__main__":
    here = Path(sys.argv[1])
    made_from = msgspec.json.decode((here / "blueprints.json").read_bytes(), type=list[Blueprint])
    asyncio.run(_serve(made_from, here, lambda _: None))
