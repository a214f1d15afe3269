"""A real NetBox for tests: one for each worker of a test run, started when the first test asks for it.

`netbox` is that NetBox as the tests before left it; `clean_netbox` is the same, empty. Both are
`ggi_net.lab.netbox.Instance`: `url`, `token`, `sql()`, `save(name)` and `restore(name)`.
"""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from ggi_net.errors import LabFailure
from ggi_net.lab import netbox_install, netbox_postgres, netbox_redis
from ggi_net.lab.netbox import Instance, up

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_GUARD = "import sys, pathlib, ggi_net.lab.netbox as n; sys.stdin.read(); n.down(pathlib.Path(sys.argv[1]))"


def require_netbox() -> None:
    """Skip the test where a NetBox can't run, with what to install as the reason (in CI a skip fails)."""
    try:
        netbox_install.interpreter()
        netbox_postgres.program("initdb")
        netbox_redis.program("redis-server")
    except LabFailure as error:
        pytest.skip(f"{error.message}; {error.hint}")


class Guard:
    """Takes the NetBox in a folder down when this process ends, however it does; `end()` does it now."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _GUARD, folder], stdin=subprocess.PIPE, start_new_session=True
        )

    def end(self) -> None:
        self._process.stdin.close()
        assert self._process.wait(120) == 0


@pytest.fixture(scope="session")
def netbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    require_netbox()
    folder = tmp_path_factory.getbasetemp() / "netbox"
    guard = Guard(folder)
    try:
        yield up(folder, search=False)[0]  # nobody searches, and writes take half the time
    finally:
        guard.end()


@pytest.fixture
def clean_netbox(netbox: Instance) -> Instance:
    netbox.reset()
    return netbox
