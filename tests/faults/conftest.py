"""The tests of what goes wrong during a push, one file per driver; `promises.yml` lists the faults."""

import sys
from pathlib import Path

import pytest

# The small simulated devices of the unit tests serve here, too.
sys.path.append(str(Path(__file__).parent.parent / "unit"))


# What it asserts is shown as in a test.
pytest.register_assert_rewrite("subject")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "fault(*names): which faults of promises.yml a test is about")
