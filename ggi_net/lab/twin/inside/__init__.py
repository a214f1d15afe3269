"""What runs inside a device of the twin in place of what this kernel or a machine without systemd lacks.

Programs are called by the names of the real ones, which are kept at `REAL`. Standard library only: they start often.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import NoReturn

from ggi_net.lab.namespaces import NEWNET, enter
from ggi_net.lab.twin.interfaces import MAIN, Interface, parse, vrfs

REAL = "/run/ggi-twin/real"
"""Where the programs are that the stand-ins stand in for."""

STATE = Path("/run/ggi-twin")
INTERFACES = Path("/etc/network/interfaces")

STAND_INS = {
    "/usr/bin/systemctl": "systemctl",
    "/usr/bin/vtysh": "vtysh",
    "/usr/share/ifupdown2/__main__.py": "ifupdown",
    "/usr/sbin/keepalived": "keepalived",
    "/usr/sbin/nft": "nft",
    "/usr/sbin/radvd": "radvd",
    "/usr/sbin/sshd": "sshd",
    "/usr/sbin/sysctl": "sysctl",
}
"""By the path of the real program: the module of this package that answers to it."""


def run(path: str) -> None:
    """Be the program at `path`, by the name that comes as first argument: `main` of its module gets the rest."""
    module = import_module(f"ggi_net.lab.twin.inside.{STAND_INS[path]}")
    sys.exit(module.main([Path(sys.argv[1]).name, *sys.argv[2:]]))


def wanted_interfaces() -> list[Interface]:
    """What the device's own file says; nothing when it can't be read."""
    try:
        return parse(INTERFACES.read_text())
    except (OSError, ValueError):
        return []


def namespaces() -> list[str]:
    """The device's network namespaces: the main one, then one for each VRF that is there."""
    there = sorted(path.name for path in Path("/run/netns").glob("*"))
    order = [name for name in vrfs(wanted_interfaces()) if name in there]
    return [MAIN, *order, *(name for name in there if name not in order)]


def namespace_path(name: str) -> str:
    """Where a namespace can be entered."""
    return "/proc/1/ns/net" if name == MAIN else f"/run/netns/{name}"


def in_namespace(
    name: str, *command: str, text: str | None = None, show: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run a command in one of the device's namespaces; `show` lets its output through instead of keeping it."""
    return subprocess.run(
        ["/usr/bin/nsenter", f"--net={namespace_path(name)}", "--", *command],
        input=text, text=True, check=False, capture_output=not show,
        stdin=None if text is not None or show else subprocess.DEVNULL,
    )  # fmt: skip


def real(program: str) -> str:
    """The real program of that name, wherever it is kept."""
    kept = f"{REAL}/{program}"
    return kept if Path(kept).exists() else program


def become(program: str, *arguments: str, namespace: str = "") -> NoReturn:
    """Be the real program of that name from here on, in another namespace where one is given."""
    if namespace:
        enter(namespace_path(namespace), NEWNET)
    os.execv(real(program), [real(program), *arguments])  # noqa: S606  what takes the place of a program has to


def complain(*words: str) -> None:
    """Say something on standard error."""
    sys.stderr.write(" ".join(words).rstrip() + "\n")
