"""What is pushed to and collected from: many routers with the configuration of one gateway of the demo estate.

They differ in their names and serial numbers. The change is the same for everybody: a few lines that are added.
"""

from __future__ import annotations

from functools import cache

from ggi_net.lab.fleet import Blueprint, blueprint
from ggi_net.paths import demo_folder
from ggi_net.render.artifact import Artifact
from ggi_net.render.device import render_device
from ggi_net.source.files import load_estate

MODEL = "ce-almelo-werf-01"
PLATFORM = "cisco_iosxe"
FILE = "running.cfg"
ADDED = (
    "logging host 192.0.2.201 vrf mgmt",
    "logging host 192.0.2.202 vrf mgmt",
    "ntp server vrf mgmt 192.0.2.203",
)


@cache
def _model() -> tuple[str, Blueprint]:
    placed = load_estate(demo_folder()).placed(MODEL)
    (artifact,) = render_device(load_estate(demo_folder()), placed)
    return artifact.text, blueprint(placed)


def names(count: int) -> list[str]:
    """The names of `count` routers."""
    return [f"ce-bench-{number:03d}" for number in range(1, count + 1)]


def serial(name: str) -> str:
    """The serial number of a router."""
    return name.upper()


def blueprints(count: int) -> list[Blueprint]:
    """What `count` simulated routers are made from."""
    ports = _model()[1].ports
    return [Blueprint(name=name, driver=PLATFORM, serial=serial(name), ports=ports) for name in names(count)]


def artifact(name: str, added: tuple[str, ...] = ()) -> Artifact:
    """What a router is to run, with references to its secrets; `added` stands at its end."""
    text = _model()[0].replace(f"\nhostname {MODEL}\n", f"\nhostname {name}\n")
    return Artifact(name, PLATFORM, FILE, text + "".join(f"{line}\n" for line in added))
