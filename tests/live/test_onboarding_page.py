"""docs/onboarding.md is true: its commands run on a real NetBox as they stand, and print what the page says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ggi_net.lab.netbox import Instance

WALK = Path(__file__).resolve().parents[2] / "scripts" / "onboarding_walk.py"


def test_the_walk_can_be_walked(clean_netbox: Instance) -> None:
    done = subprocess.run(
        [sys.executable, WALK, clean_netbox.folder], capture_output=True, text=True, timeout=1800, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
