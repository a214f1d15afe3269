"""What a running twin tells of itself, and how to look into it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from ggi_net.lab.twin.inside import REAL
from ggi_net.model.types import Record

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


class State(Record, frozen=True, kw_only=True):
    """`pids`: the first process of each machine and host that runs. `ready`: everything has been started."""

    ready: bool = False
    pids: dict[str, int] = msgspec.field(default_factory=dict)


def entering(pid: int) -> list[str]:
    """The beginning of a command that runs in all namespaces of a machine, or in the network of a host."""
    kinds = ["--net", "--uts"]
    if Path(f"/proc/{pid}/ns/mnt").readlink() != Path("/proc/self/ns/mnt").readlink():
        kinds += ["--mount", "--pid", "--wd=/"]
    return ["nsenter", f"--target={pid}", *kinds, "--"]


def inside(pid: int, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a command there, and keep what it says."""
    return subprocess.run([*entering(pid), *command], capture_output=True, text=True, check=False, timeout=60)


def established(pid: int, peers: Collection[str]) -> dict[str, bool]:
    """Each BGP neighbor of a router that is in the twin, as `<vrf>/<address>`, and whether the session is up."""
    answer = inside(pid, [f"{REAL}/vtysh", "-c", "show bgp vrf all summary json"]).stdout
    try:
        vrfs = json.loads(answer[answer.index("{") :])
    except ValueError:  # not started yet
        return {}
    return {
        f"{vrf}/{address}": peer.get("state") == "Established"
        for vrf, families in vrfs.items()
        for family in families.values()
        if isinstance(family, dict)
        for address, peer in family.get("peers", {}).items()
        if address in peers
    }
