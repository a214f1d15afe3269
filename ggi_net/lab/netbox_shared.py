"""What all NetBox labs of a user share: where it is, its versions; and locks, which end with their holder."""

from __future__ import annotations

import fcntl
import os
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ggi_net.errors import LabFailure
from ggi_net.paths import state_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

NETBOX = "4.7.3"
BRANCHING = "1.2.2"
OWN_PLUGIN = "ggi_netbox"

_held: list[int] = []


def shared_folder() -> Path:
    """Holds NetBox's own Python environment and the seed: the dump of a migrated, empty database."""
    return state_folder() / "netbox" / NETBOX


def quiet(_: str) -> None:
    """Tell nobody about progress."""


def surroundings() -> dict[str, str]:
    """This process's environment variables, without those that are about its own Python."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file `path`, waiting for another holder, who may remove it: then a new one is made."""
    while True:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except FileNotFoundError:  # another `down` removed the folder in between
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            if _names(path, handle):
                _held.append(handle)
                yield
                return
        finally:
            if handle in _held:
                _held.remove(handle)
            os.close(handle)


def _names(path: Path, handle: int) -> bool:
    """Whether `path` is still the file that was opened."""
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False


def run(
    command: Sequence[object],
    what: str,
    *,
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    user: str | None = None,
    feed: str | None = None,
) -> str:
    """Run a command to its end and return what it printed; raise LabFailure with its last lines when it fails.

    `feed` goes to its standard input (where no process list shows it); `what` says what it was for. The command
    shares the locks that are held: if this process is killed, they hold until the command has ended too.
    """
    try:
        done = subprocess.run(
            [str(word) for word in command], input=feed or "", env=environment, cwd=cwd or "/", pass_fds=_held,
            user=user, group=user, extra_groups=[] if user else None, capture_output=True, text=True, check=False,
        )  # fmt: skip
    except FileNotFoundError:
        raise LabFailure(f"{what}: {command[0]} is not there") from None
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()[-5:]
        raise LabFailure(f"{what} failed (status {done.returncode}): " + "\n  ".join(said or ["it gave no reason"]))
    return done.stdout
