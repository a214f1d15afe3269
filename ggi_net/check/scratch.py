"""The scratch place in which daemons check artifacts: a tree of their own, no network, no rights, a time limit.

The artifacts of one device lie in the tree where they would lie on the device. Absolute paths in their texts are moved
into the tree without changing a line number, and certificates that they name are replaced by throw-away ones. Secret
references stay as they are. Commands run as nobody in new user, network, mount and process namespaces, where the
machine allows it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

from ggi_net.check.pki import throwaway_pki

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TIMEOUT_SECONDS = 30.0
_NOBODY = 65534
_PKI = "/etc/ggi/pki"
_MOVED = ("/etc/ggi", "/var/log", "/var/lib", "/var/run", "/run")
_SHARED = ("/etc", "/etc/default")
"""Folders that hold other things as well: of these only the artifact's own path is moved, not the folder."""

_ISOLATED = ("unshare", "-U", "-r", "-n", "-m", "-p", "-f", "--kill-child", "sh", "-c")
_PRELUDE = 'mount -t tmpfs tmpfs /run && mkdir /run/sshd /run/network && ip link set lo up 2>/dev/null; exec "$@"'


class Outcome(NamedTuple):
    """What a command said: exit status (None when it did not end in time), and its output, scratch paths removed."""

    status: int | None
    output: str


class Scratch:
    """The tree for one device, removed when left. `texts`: artifact texts by their path on the device."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts

    def __enter__(self) -> Self:
        # Private to this user: artifacts hold no secret, but they describe a network.
        self.root = Path(tempfile.mkdtemp(prefix="ggi-check-"))
        _hand_over(self.root)
        moved = _moved_paths(self._texts)
        for path, text in self._texts.items():
            self.write(path, self._relocated(text, moved))
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.root, ignore_errors=True)

    def text(self, path: str) -> str:
        """The artifact at a path of the device as it was rendered."""
        return self._texts[path]

    def path(self, path: str) -> Path:
        """Where a path of the device is in the tree."""
        return self.root / path.lstrip("/")

    def write(self, path: str, content: str | bytes, mode: int = 0o644) -> Path:
        """Put a file into the tree at a path of the device; return where."""
        target = self.folder(path.rpartition("/")[0]) / path.rpartition("/")[2]
        target.write_bytes(content.encode() if isinstance(content, str) else content)
        target.chmod(mode)
        _hand_over(target)
        return target

    def folder(self, path: str) -> Path:
        """Make a folder at a path of the device; return where."""
        target = self.root
        for part in path.strip("/").split("/"):
            target /= part
            if not target.is_dir():
                target.mkdir()
                _hand_over(target)
        return target

    def run(
        self, command: Sequence[str], *, env: Mapping[str, str] | None = None, timeout: float = TIMEOUT_SECONDS
    ) -> Outcome:
        """Run `command` in the tree, as little as the machine allows; return its exit status and output."""
        full = [*_as_nobody(), *(_isolation() if isolation_problem() == "" else ()), *command]
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(self.root), "LC_ALL": "C", **(env or {})}
        with subprocess.Popen(
            full,
            cwd=self.root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as process:
            try:
                output, _ = process.communicate(timeout=timeout)
                status: int | None = process.returncode
            except subprocess.TimeoutExpired:
                process.kill()  # and with it, by --kill-child, all that it started
                output, _ = process.communicate()
                status = None
            except BaseException:
                process.kill()
                raise
        return Outcome(status, output.decode(errors="replace").replace(str(self.root), ""))

    def _relocated(self, text: str, moved: re.Pattern[str]) -> str:
        def move(found: re.Match[str]) -> str:
            self._provide(found.group())
            return f"{self.root}{found.group()}"

        return moved.sub(move, text)

    def _provide(self, path: str) -> None:
        """Make what a moved path names, when it isn't an artifact: a certificate or key, else the folder it is in."""
        if path in self._texts:
            return
        name = path.rpartition("/")[2]
        if path.startswith(f"{_PKI}/") and "." in name:
            self.write(path, throwaway_pki().for_file(name))
        else:
            self.folder(path.rpartition("/")[0] if "." in name else path)


def _hand_over(path: Path) -> None:
    """Give `path` to nobody, who runs the daemons when we are root."""
    if os.geteuid() == 0:
        os.chown(path, _NOBODY, _NOBODY)


def _moved_paths(texts: Mapping[str, str]) -> re.Pattern[str]:
    """A pattern for the absolute paths in a text that must be moved into the tree."""
    folders = {path.rpartition("/")[0] for path in texts} - set(_SHARED)
    starts = sorted({*_MOVED, *folders, *texts}, key=len, reverse=True)
    return re.compile(rf"(?<![\w./:-])(?:{'|'.join(map(re.escape, starts))})(?:/[\w.@+-]+)*(?![\w.-])")


def _as_nobody() -> tuple[str, ...]:
    if os.geteuid() != 0:
        return ()
    return ("setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups", "--")


def _isolation() -> tuple[str, ...]:
    return (*_ISOLATED, _PRELUDE, "sh")


@cache
def isolation_problem() -> str:
    """Why commands can't be isolated on this machine; empty when they can."""
    try:
        probe = subprocess.run(
            [*_as_nobody(), *_isolation(), "test", "-d", "/run/sshd"],
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"no user and network namespaces here: {error}"
    words = probe.stderr.strip().splitlines()
    return "" if probe.returncode == 0 else f"no user and network namespaces here: {words[-1] if words else 'refused'}"
