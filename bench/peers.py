"""Python environments for the peers that the toolkit is measured beside, kept under the state folder."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import venv
from typing import TYPE_CHECKING

from bench.measure import note
from ggi_net.paths import state_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def environment(*packages: str) -> Path:
    """The folder of an environment with these packages (`name==version`); made when it isn't there."""
    name = hashlib.sha256(" ".join(packages).encode()).hexdigest()[:12]
    folder = state_folder() / "bench" / f"peers-{name}"
    complete = folder / ".complete"
    if not complete.exists():
        note(f"installing {', '.join(packages)}, once")
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=True)
        _install(folder, packages)
        complete.touch()
    return folder


def _install(folder: Path, packages: Sequence[str]) -> None:
    command = [folder / "bin" / "python", "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    subprocess.run([*command, *packages], check=True, stdout=sys.stderr)
