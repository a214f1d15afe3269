"""The processes of a NetBox lab: started detached, known by pid file and folder, stopped to the last child.

Each part has a folder of its own, which is its working folder, and its first process leads a session. A process is
the lab's only when both are so: a reused process id is never taken for it.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ggi_net.errors import LabFailure, Place

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

LOOPBACK = "127.0.0.1"
_STOP_SECONDS = 10
# The process notes its own id before it becomes the program: whoever started it may be killed at any moment.
_SHIM = 'umask 077; echo $$ >pid.new && mv pid.new pid && exec "$@" >>log 2>&1'


@dataclass(frozen=True)
class Part:
    """One program that runs: in `folder`, as `user` (None: as oneself)."""

    name: str
    folder: Path
    command: Sequence[object]
    environment: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None

    @property
    def log(self) -> Path:
        """What it prints."""
        return self.folder / "log"


def start(part: Part) -> None:
    """Start a part, ending what is left of an earlier one; it outlives this process."""
    stop(part.folder, signal.SIGKILL)
    (part.folder / "pid").unlink(missing_ok=True)
    subprocess.run(
        ["setsid", "--fork", "sh", "-c", _SHIM, "sh", *map(str, part.command)],
        stdin=subprocess.DEVNULL, cwd=part.folder, check=True, user=part.user, group=part.user,
        extra_groups=[] if part.user else None,
        env={"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "HOME": str(part.folder)}
        | dict(part.environment),
    )  # fmt: skip


def wait_for(part: Part, ready: Callable[[], bool], seconds: float) -> None:
    """Wait until a part that was started is `ready`; raise LabFailure with its last words when it ends or is late."""
    limit = time.monotonic() + seconds
    while not ready():
        late = time.monotonic() > limit
        if late or ((part.folder / "pid").exists() and not lives(part.folder)):
            said = [line for line in _tail(part.log) if line.strip()][-3:]
            why = f"was not ready in {seconds:.0f} s" if late else "ended"
            raise LabFailure(
                f"{part.name} {why}: " + ("\n  ".join(said) or "it gave no reason"), place=Place(str(part.log))
            )
        time.sleep(0.05)


def lives(folder: Path) -> bool:
    """Whether the first process of the part in `folder` runs."""
    leader = _leader(folder)
    return leader is not None and _belongs(leader, leader, folder)


def running(folder: Path) -> list[int]:
    """The ids of the processes of the part in `folder`; some can outlive the first one for a while."""
    leader = _leader(folder)
    if leader is None:
        return []
    everyone = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [pid for pid in everyone if _belongs(pid, leader, folder)]


def _leader(folder: Path) -> int | None:
    try:
        return int((folder / "pid").read_text())
    except (OSError, ValueError):
        return None


def _belongs(pid: int, leader: int, folder: Path) -> bool:
    """Whether a process works in `folder` and is of the leader's session; PostgreSQL's children make their own."""
    try:
        cwd = Path(f"/proc/{pid}/cwd").readlink()
        if not cwd.is_relative_to(folder):
            return False
        name, _, rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
        return int(rest.split()[3]) == leader or name.endswith("(postgres")
    except OSError:  # gone, or somebody else's
        return False


def stop(folder: Path, number: signal.Signals) -> None:
    """End the part in `folder` by a signal to its first process; what is left after 10 s, or of SIGKILL, is killed."""
    leader = _leader(folder)
    ended = set(running(folder))
    if leader is not None and lives(folder) and number != signal.SIGKILL:
        _send(leader, number)
        limit = time.monotonic() + _STOP_SECONDS
        while running(folder) and time.monotonic() < limit:
            time.sleep(0.02)
    while left := running(folder):
        ended.update(left)
        for pid in left:
            _send(pid, signal.SIGKILL)
        time.sleep(0.02)
    limit = time.monotonic() + _STOP_SECONDS
    while any(map(_holds_files, ended)) and time.monotonic() < limit:
        time.sleep(0.02)


def _holds_files(pid: int) -> bool:
    """Whether a process that ends may still have a socket or a file open: its first thread loses its folder
    before the other ones have closed what they share."""
    try:
        threads = [entry.name for entry in Path(f"/proc/{pid}/task").iterdir()]
        _, _, rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
    except OSError:  # gone
        return False
    return threads != [str(pid)] or rest.split()[0] not in "ZX"


def _send(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _tail(path: Path) -> list[str]:
    try:
        return path.read_text(errors="replace")[-4000:].splitlines()
    except OSError:
        return []


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody listens on."""
    sockets = [socket.create_server((LOOPBACK, 0)) for _ in range(count)]
    ports: list[int] = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def is_free(port: int) -> bool:
    """Whether nobody listens on a port of loopback."""
    try:
        socket.create_server((LOOPBACK, port)).close()
    except OSError:
        return False
    return True


def answers(port: int) -> bool:
    """Whether somebody listens on a port of loopback."""
    try:
        socket.create_connection((LOOPBACK, port), timeout=1).close()
    except OSError:
        return False
    return True
