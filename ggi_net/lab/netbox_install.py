"""NetBox's own Python environment: found interpreter, made once, whole or not at all."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ggi_net.errors import LabFailure
from ggi_net.files import write_atomic
from ggi_net.lab.netbox_shared import BRANCHING, NETBOX, locked, quiet, run, shared_folder, surroundings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OLDEST = (3, 12)
"""What NetBox 4.7 needs (its settings.py refuses less)."""

_NAMES = ("python3.13", "python3.12", "python3.14", "python3")
_PROBE = "import sys, venv, ensurepip; print(*sys.version_info[:2])"
# What NetBox asks for, but with psycopg's ready-made wheel: its `c` extra wants a compiler and PostgreSQL's headers.
_REQUIREMENTS = """
import importlib.metadata as metadata
for name in ("netbox", "netboxlabs-netbox-branching"):
    for line in metadata.requires(name) or ():
        if "extra ==" not in line:
            print(line.replace("psycopg[c,", "psycopg[binary,"))
"""


def interpreter() -> Path:
    """A Python that NetBox can run on: on the PATH, else among pyenv's. Raises LabFailure when there is none."""
    for path in _candidates():
        try:
            done = subprocess.run([path, "-c", _PROBE], capture_output=True, text=True, timeout=20, check=False)
        except (OSError, subprocess.TimeoutExpired):
            continue
        if done.returncode == 0 and tuple(map(int, done.stdout.split())) >= OLDEST:
            return path
    raise LabFailure(
        f"no Python 3.12 or newer with venv, which NetBox {NETBOX} needs, on the PATH or among pyenv's versions",
        hint="install one: `pyenv install 3.12`, or `apt-get install python3.13-venv` on Debian 13",
    )


def _candidates() -> Iterator[Path]:
    if sys.version_info >= OLDEST:
        yield Path(sys.executable)
    for name in _NAMES:
        if found := shutil.which(name):
            yield Path(found)
    versions = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    if not os.access(versions, os.R_OK | os.X_OK):  # not there, or another user's
        return
    for minor in ("3.13", "3.12", "3.14"):
        yield from sorted(versions.glob(f"{minor}.*/bin/python"), reverse=True)


def environment(say: Callable[[str], None] = quiet) -> Path:
    """The `python` of NetBox's environment; made when it isn't there yet (about a minute, from PyPI).

    Raises LabFailure when there is no interpreter, or pip fails.
    """
    folder = shared_folder() / "venv"
    python, complete = folder / "bin" / "python", folder / ".complete"
    wanted = f"netbox {NETBOX}\nbranching {BRANCHING}\n"
    if _is_complete(complete, wanted):
        return python
    with locked(shared_folder() / "venv.lock"):
        if _is_complete(complete, wanted):
            return python
        found = interpreter()
        say(f"installing NetBox {NETBOX} from PyPI, once (about a minute)")
        shutil.rmtree(folder, ignore_errors=True)
        outside = surroundings()
        run([found, "-m", "venv", folder], "making NetBox's Python environment", environment=outside)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
        own = [f"netbox=={NETBOX}", f"netboxlabs-netbox-branching=={BRANCHING}"]
        run([*pip, "--no-deps", *own], "installing NetBox", environment=outside)
        needed = run([python, "-c", _REQUIREMENTS], "reading what NetBox needs", environment=outside)
        run([*pip, *needed.splitlines()], "installing what NetBox needs", environment=outside)
        write_atomic(complete, wanted)
    return python


def _is_complete(mark: Path, wanted: str) -> bool:
    """Whether the environment was completed, and still has its interpreter (which an upgrade can take away)."""
    return mark.is_file() and mark.read_text() == wanted and (mark.parent / "bin" / "python").exists()
