"""Measuring: CPU of this process and its children, wall time, and the memory of a process tree."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_CHILD_SUBREAPER = 36
"""prctl(2): who loses its parent becomes a child of this process."""


@dataclass
class Cost:
    """Seconds of processor (this process and its ended children, user and system) and of the clock."""

    cpu: float = 0.0
    wall: float = 0.0


@contextmanager
def cost(total: Cost) -> Iterator[None]:
    """Add what the block costs to `total`."""
    cpu, wall = _cpu(), time.perf_counter()
    try:
        yield
    finally:
        total.cpu += _cpu() - cpu
        total.wall += time.perf_counter() - wall


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def peak_memory(command: Sequence[str], every: float = 0.1) -> float:
    """Run `command`; the most MiB that it and its children held at one moment, shared pages counted once (PSS)."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, sum(_pss(pid) for pid in _tree(process.pid)))
        time.sleep(every)
    if process.returncode:
        raise SystemExit(f"bench: {' '.join(command)} ended with status {process.returncode}")
    return peak / 1024


class Ran(NamedTuple):
    """What a command and everything that it started took: `memory` is the most MiB at one moment (PSS)."""

    wall: float
    cpu: float
    memory: float
    output: str


def run(command: Sequence[str], text: str, *, environment: Mapping[str, str], folder: Path, every: float = 1.0) -> Ran:
    """Run `command` with `text` as its input, and measure it.

    Daemons that it leaves behind count as well: they become children of this process and are ended when it is done.
    """
    _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    others = set(_children(os.getpid()))
    before, start = _cpu(), time.perf_counter()
    with tempfile.TemporaryFile("w+") as source, tempfile.TemporaryFile("w+") as sink:
        source.write(text)
        source.seek(0)
        process = subprocess.Popen(command, stdin=source, stdout=sink, env=dict(environment), cwd=folder)
        peak = 0.0
        while process.poll() is None:
            own = (pid for child in set(_children(os.getpid())) - others for pid in _tree(child))
            peak = max(peak, sum(_pss(pid) for pid in own))
            with suppress(subprocess.TimeoutExpired):
                process.wait(every)
        wall = time.perf_counter() - start
        for pid in set(_children(os.getpid())) - others:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        sink.seek(0)
        output = sink.read()
    if process.returncode:
        raise SystemExit(f"bench: {command[0]} ended with status {process.returncode}: {output[-2000:]}")
    return Ran(wall, _cpu() - before, peak / 1024, output)


def _children(pid: int) -> list[int]:
    return [
        int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()
    ]


def _tree(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(grandchild for child in children for grandchild in _tree(int(child)))]


def _pss(pid: int) -> int:
    """KiB of a process, each shared page divided among those who share it; 0 when it has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def note(text: str) -> None:
    """Progress, on standard error."""
    print(f"bench: {text}", file=sys.stderr, flush=True)


def machine() -> str:
    """What the figures were measured on."""
    model = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        "unknown processor",
    )
    return f"{len(os.sched_getaffinity(0))} cores of {model}, Linux {os.uname().release}"
