"""A simulated Debian host: SSH commands run by a real shell and SFTP, both inside a root folder of its own.

Its PATH holds only the simulated tools and a few harmless ones of this machine, so that no command of the toolkit can
reach a daemon here; a tool that is called by its absolute path is looked up in that PATH as well.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncssh

from ggi_net.lab import stubs
from ggi_net.lab.misbehave import Misbehaviour

if TYPE_CHECKING:
    from ggi_net.lab.fleet import Blueprint, Ground

_TOOLS = (
    "sh", "cat", "rm", "mv", "cp", "mkdir", "test", "true", "false", "sha256sum", "chmod", "ls", "sleep", "echo",
    "env", "ln",
)  # fmt: skip
_ABSOLUTE = re.compile(r"(^|[;&|(]\s*|\bexec\s+)/(?:usr/)?(?:local/)?(?:s?bin|lib)/(?:[\w.-]+/)*([\w.-]+)")


@dataclass
class LinuxDevice:
    """One host: its name and the folder that is its `/`."""

    name: str
    serial: str
    root: Path
    tools: Path
    wrong: Misbehaviour = field(default_factory=Misbehaviour)

    def acceptor(self) -> dict[str, Any]:
        """What asyncssh needs to know to serve the host: commands and SFTP, as bytes."""

        async def command(process: asyncssh.SSHServerProcess[bytes]) -> None:
            await serve(process, self)

        return {
            "process_factory": command,
            "sftp_factory": lambda channel: RootedSFTP(channel, self.root),
            "encoding": None,
        }

    def show_running(self) -> str:
        """Every file below /etc, one after the other."""
        files = sorted(path for path in (self.root / "etc").rglob("*") if path.is_file())
        return "".join(path.read_text(errors="replace") for path in files)

    def make(self) -> None:
        """Lay out an empty installation."""
        (self.root / "etc").mkdir(parents=True)
        (self.root / ".ggi-lab").mkdir()
        (self.root / "etc/hostname").write_text(self.name + "\n")

    def refuse(self, *commands: str) -> None:
        """Make every command that begins with one of these fail from now on; none: take everything again."""
        (self.root / ".ggi-lab/refuses").write_text("".join(f"{command}\n" for command in commands))

    @property
    def calls(self) -> list[str]:
        """Every command of a daemon's tool that the host was given so far."""
        file = self.root / ".ggi-lab/calls"
        return file.read_text().splitlines() if file.exists() else []


def simulate(plan: Blueprint, ground: Ground) -> LinuxDevice:
    """A host with its folder below the fleet's; the first one makes the tools of all."""
    tools = ground.folder / "tools"
    if not tools.exists():
        make_tools(tools)
    device = LinuxDevice(plan.name, plan.serial, ground.folder / "hosts" / plan.name, tools)
    device.make()
    device.refuse(*plan.refuses)
    return device


def make_tools(folder: Path) -> None:
    """Fill `folder` with the PATH of a simulated host."""
    folder.mkdir(parents=True)
    runner = folder / ".stubs"
    interpreter = f"#!{sys.executable} -IS\n"
    runner.write_text(interpreter + Path(stubs.__file__).read_text())
    runner.chmod(0o700)
    for name in stubs.NAMES:
        (folder / name).symlink_to(runner.name)
    for name in _TOOLS:
        found = shutil.which(name)
        if found:
            (folder / name).symlink_to(found)


async def serve(process: asyncssh.SSHServerProcess[bytes], device: LinuxDevice) -> None:
    """Run one command and hand back its output and exit status; there is no interactive shell."""
    if not process.command:
        process.stderr.write(b"this simulated host runs commands only\n")
        process.exit(1)
        return
    command = _ABSOLUTE.sub(r"\1\2", process.command)
    environment = {
        "PATH": str(device.tools),
        "GGI_LAB_ROOT": str(device.root),
        "LC_ALL": "C.UTF-8",
        "HOME": str(device.root),
    }
    child = await asyncio.create_subprocess_exec(
        "/bin/sh", "-c", command, env=environment, cwd=device.root,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        output, errors = await child.communicate(b"")
    except asyncio.CancelledError:
        child.kill()
        await child.wait()
        raise
    try:
        process.stdout.write(output)
        process.stderr.write(errors)
        process.exit(child.returncode if child.returncode is not None and child.returncode >= 0 else 255)
    except BrokenPipeError:
        pass


class RootedSFTP(asyncssh.SFTPServer):
    """SFTP that takes paths as this machine has them and refuses what is outside the host's root folder."""

    def __init__(self, channel: asyncssh.SSHServerChannel[bytes], root: Path) -> None:
        super().__init__(channel)
        self._root = os.fsencode(root)

    def map_path(self, path: bytes) -> bytes:
        """The path on this machine; raise SFTPPermissionDenied outside the root."""
        full = os.path.normpath(path if path.startswith(b"/") else self._root + b"/" + path)
        if full == self._root.rpartition(b"/")[0]:  # `..` in a listing of the root
            return self._root
        if full != self._root and not full.startswith(self._root + b"/"):
            raise asyncssh.SFTPPermissionDenied("outside the simulated host")
        return full
