"""Renders the demo estate into `expected/` and its variants into `expected-<platform>/`, one folder a device.

The devices of its WLAN side go into `expected-wlan/`.

`make golden` runs it. Names of devices limit it to those.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from variants import PLATFORMS, moved, on_platform
from wlan_estate import DEVICES, wlan_estate

from ggi_net.files import write_if_changed
from ggi_net.paths import demo_folder
from ggi_net.render.device import render_device
from ggi_net.source.files import load_estate

if TYPE_CHECKING:
    from ggi_net.render.artifact import Artifact

HERE = Path(__file__).parent
ESTATE = load_estate(demo_folder())
ESTATES = {"expected": ESTATE} | {f"expected-{name}": on_platform(ESTATE, name) for name in PLATFORMS}
with tempfile.TemporaryDirectory() as scratch:
    ESTATES["expected-wlan"] = wlan_estate(Path(scratch) / "estate")
"""The estate that each folder of golden files is rendered from."""

DIFFERENT = {"expected": tuple(ESTATE.devices), "expected-wlan": tuple(DEVICES)}
CASES = [(folder, name) for folder in ESTATES for name in DIFFERENT.get(folder) or moved(ESTATES[folder])]
"""The devices of each folder: all of the demo estate, and of a variant only those that differ from it."""


def rendered(folder: str, device: str) -> dict[str, Artifact]:
    """The artifacts of a device of the folder's estate, by file."""
    estate = ESTATES[folder]
    return {artifact.file: artifact for artifact in render_device(estate, estate.placed(device))}


def expected(folder: str, device: str) -> dict[str, str]:
    """The golden artifacts of a device, by file."""
    there = HERE / folder / device
    files = (path for path in there.rglob("*") if path.is_file())
    return {path.relative_to(there).as_posix(): path.read_text() for path in files}


def stored() -> list[tuple[str, str]]:
    """The devices that golden files are there of, by folder."""
    return sorted((path.parent.name, path.name) for path in HERE.glob("expected*/*"))


def regenerate(devices: list[str]) -> None:
    """Bring the golden files in line with what is rendered now: of `devices`, or of all and nothing else."""
    for folder, device in CASES:
        if devices and device not in devices:
            continue
        artifacts = rendered(folder, device)
        for artifact in artifacts.values():
            if write_if_changed(HERE / folder / device / artifact.file, artifact.text.encode()):
                print(f"{folder}/{device}/{artifact.file}")  # noqa: T201
        for file in expected(folder, device).keys() - artifacts.keys():
            (HERE / folder / device / file).unlink()
    for folder, device in set() if devices else set(stored()) - set(CASES):
        shutil.rmtree(HERE / folder / device)


if __name__ == "__main__":
    regenerate(sys.argv[1:])
