"""SIGKILL at every step of whatever changes a store: nothing is lost, nothing is there twice, readers see all."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("store_crash.py")


@pytest.mark.parametrize(
    ("job", "stride", "steps"),
    [("add", 1, 6), ("compact", 3, 12), ("close", 11, 30), ("gather", 7, 30), ("expire", 29, 80), ("erase", 17, 50)],
)
def test_whoever_is_killed_leaves_a_store_that_goes_on(tmp_path: Path, job: str, stride: int, steps: int) -> None:
    ran = subprocess.run(
        [sys.executable, SCRIPT, job, tmp_path, str(stride)], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert told["wrong"] == [], ran.stderr
    assert told["steps"] >= steps
    assert told["want"]["strays"] == told["want"]["missing"] == []
    assert told["want"]["left"] == told["want"]["unfinished"] == 0
