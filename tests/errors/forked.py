"""`ggi` in a process of its own, without the second that its imports take: a server that has imported it forks.

All else is as if it had been started: arguments, folder, what it prints and how it ends.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import select
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

ROOMS = ("source", "onboard", "render", "config", "check", "push", "drift")
JOBS = ("estate", "onboard", "render", "check", "explain", "impact", "push", "rollback", "drift", "lab")
PATIENCE_SECONDS = 60


class Forks:
    """The server, and the environment of all that it runs; `close` ends it."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
        )

    def run(self, arguments: Sequence[str], folder: Path, *, output: Path) -> subprocess.CompletedProcess[bytes]:
        """Run `ggi` in a folder, to its end. What it prints goes through files in the folder `output`."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        output.mkdir()
        request = {"arguments": arguments, "folder": str(folder), "output": str(output)}
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._process.stdin.flush()
        if not select.select([self._process.stdout], [], [], PATIENCE_SECONDS)[0]:
            self.close()
            raise TimeoutError(arguments)
        status = int(self._process.stdout.readline())
        out, err = ((output / name).read_bytes() for name in ("out", "err"))
        return subprocess.CompletedProcess(arguments, status, out, err)

    def close(self) -> None:
        """End the server and what it runs."""
        self._process.kill()
        self._process.communicate()


def _requests() -> None:
    """Fork for each request and tell how it ended; returns in the fork only, which is then as if just started."""
    for line in sys.stdin:
        pid = os.fork()
        if pid:
            sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}\n")
            sys.stdout.flush()
            continue
        request = json.loads(line)
        for number, path in enumerate((os.devnull, f"{request['output']}/out", f"{request['output']}/err")):
            opened = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            os.dup2(opened, number)
            os.close(opened)
        os.chdir(request["folder"])
        sys.argv = ["ggi", *request["arguments"]]
        return
    os._exit(0)


def _import() -> None:
    for job in JOBS:
        importlib.import_module(f"ggi_net.cli.{job}")
    for room in ROOMS:
        package = importlib.import_module(f"ggi_net.{room}")
        for found in pkgutil.walk_packages(getattr(package, "__path__", ()), f"ggi_net.{room}."):
            importlib.import_module(found.name)


if __name__ == "__main__":
    from ggi_net.cli.main import main

    _import()
    _requests()
    main()
