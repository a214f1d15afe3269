"""Renders the demo estate into `expected/`, one folder a device: `make golden`. Names of devices limit it to those."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ggi_net.files import write_if_changed
from ggi_net.paths import demo_folder
from ggi_net.render.device import render_device
from ggi_net.source.files import load_estate

if TYPE_CHECKING:
    from ggi_net.render.artifact import Artifact

EXPECTED = Path(__file__).parent / "expected"
ESTATE = load_estate(demo_folder())


def rendered(device: str) -> dict[str, Artifact]:
    """The artifacts of a device of the demo estate, by file."""
    return {artifact.file: artifact for artifact in render_device(ESTATE, ESTATE.placed(device))}


def expected(device: str) -> dict[str, str]:
    """The golden artifacts of a device, by file."""
    folder = EXPECTED / device
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text() for path in files}


def regenerate(devices: list[str]) -> None:
    """Bring `expected/` in line with what is rendered now: of `devices`, or of all and nothing else."""
    for device in devices or ESTATE.devices:
        artifacts = rendered(device)
        for artifact in artifacts.values():
            if write_if_changed(EXPECTED / device / artifact.file, artifact.text.encode()):
                print(f"{device}/{artifact.file}")  # noqa: T201
        for file in expected(device).keys() - artifacts.keys():
            (EXPECTED / device / file).unlink()
    for folder in EXPECTED.iterdir():
        if not devices and folder.name not in ESTATE.devices:
            shutil.rmtree(folder)


if __name__ == "__main__":
    regenerate(sys.argv[1:])
