"""Pushing and collecting: the toolkit beside nornir with netmiko and an Ansible playbook, on simulated routers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

from bench.measure import note, run
from bench.push_devices import ADDED
from bench.push_peers import Peers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.measure import Ran

DEVICES = 500
FEWER = 40
"""So many for Ansible, whose rate does not depend on how many there are: all of them would take it many minutes."""
WORKERS = 20
SECONDS = 0.5
"""The device time: what a router takes for the one command that matters, whoever sends it."""

_PROJECT = Path(__file__).parent.parent
_SLOW = {"push": f"^{ADDED[0]}", "careful": f"^{ADDED[0]}", "collect": "^show running-config"}
_JOBS = {"ours": ("push", "collect"), "nornir": ("push", "careful", "collect"), "ansible": ("push", "collect")}
"""What each tool does; `careful` is what a push of ours does."""


class Figure(NamedTuple):
    """What one tool took for one job. Seconds; `memory` in MiB, all its processes at their peak."""

    devices: int
    seconds: float
    cpu: float
    memory: float

    @property
    def rate(self) -> float:
        """Devices per second."""
        return self.devices / self.seconds


class Figures(NamedTuple):
    """What one run measured, by tool and job. `armed`: the seconds that each device was armed."""

    ours: dict[str, Figure]
    nornir: dict[str, Figure]
    ansible: dict[str, Figure]
    armed: list[float]

    @property
    def armed_median(self) -> float:
        """The device in the middle."""
        return median(self.armed)


def in_scratch(devices: int = DEVICES, fewer: int = FEWER) -> Figures:
    """Measure everything once."""
    folder = Path(tempfile.mkdtemp(prefix="ggi-bench-"))
    try:
        peers = Peers(folder)
        armed: list[float] = []

        def ours(what: str, connections: Path, workers: int) -> tuple[Ran, float]:
            ran, said = _ours(what, connections, workers, folder, devices)
            armed.extend(said.get("armed", ()))
            return ran, said["seconds"]

        found = {
            name: {what: _measured(name, what, tool, count, folder) for what in _JOBS[name]}
            for name, tool, count in (
                ("ours", ours, devices), ("nornir", peers.nornir, devices), ("ansible", peers.ansible, fewer),
            )
        }  # fmt: skip
        return Figures(**found, armed=armed)
    finally:
        shutil.rmtree(folder)


def _ours(what: str, connections: Path, workers: int, folder: Path, devices: int) -> tuple[Ran, dict[str, Any]]:
    job = {"connections": str(connections), "devices": devices, "workers": workers, "what": what}
    command = [sys.executable, "-m", "bench.push_ours"]
    ran = run(command, json.dumps({**job, "folder": str(folder)}), environment=os.environ, folder=_PROJECT)
    said = json.loads(ran.output)
    if said["done"] != devices:
        raise SystemExit(f"bench: the toolkit: {said['done']} of {devices}: {said.get('errors', [''])[:1]}")
    return ran, said


def _measured(
    name: str, what: str, tool: Callable[[str, Path, int], tuple[Ran, float]], devices: int, folder: Path
) -> Figure:
    with _fleet(what, devices, folder / "lab") as connections:
        ran, seconds = tool(what, connections, WORKERS)
    figure = Figure(devices, seconds, ran.cpu, ran.memory)
    cpu = ran.cpu / devices * 1000
    note(f"{name}, {what}: {devices} devices in {seconds:.1f} s, {figure.rate:.1f}/s, {cpu:.0f} ms of CPU each")
    return figure


@contextmanager
def _fleet(what: str, devices: int, folder: Path) -> Iterator[Path]:
    """Fresh routers; fails when after a push not every one of them has the lines, running and saved."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.push_fleet"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        cwd=_PROJECT,
    )  # fmt: skip
    assert process.stdin
    assert process.stdout
    try:
        job = {"folder": str(folder), "devices": devices, "slow": _SLOW[what], "seconds": SECONDS, "added": ADDED}
        process.stdin.write(json.dumps(job) + "\n")
        process.stdin.flush()
        connections = process.stdout.readline().strip()
        if not connections:
            raise SystemExit("bench: the simulated routers did not start")
        yield Path(connections)
        said, _ = process.communicate(timeout=60)
        done = json.loads(said)["done"]
        if what != "collect" and done != devices:
            raise SystemExit(f"bench: only {done} of {devices} routers have the change, running and saved")
    finally:
        process.kill()
        process.wait()
