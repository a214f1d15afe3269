"""A simulated Debian host: SSH commands run by a real shell inside a root folder of its own.

Its PATH holds only the simulated tools and a few harmless ones of this machine, so that no command of the toolkit can
reach a daemon here; a tool that is called by its absolute path is looked up in that PATH as well.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncssh

from ggi_net.lab import stubs
from ggi_net.lab.misbehave import Does, Misbehaviour

if TYPE_CHECKING:
    from ggi_net.lab.fleet import Blueprint, Ground
    from ggi_net.lab.misbehave import Fault

_TOOLS = (
    "cat", "rm", "mv", "cp", "mkdir", "test", "true", "false", "sha256sum", "chmod", "ls", "echo", "env", "ln",
    "awk", "base64", "cut", "flock", "grep", "sed", "setsid", "timeout", "tr", "wc",
)  # fmt: skip
_WRAPPED = {
    "sh": r"""\
[ "$1" = -c ] || exec /bin/sh "$@"
command=$(printf %s "$2" | {sed} -E "{absolute}")
shift 2
exec /bin/sh -c "$command" "$@"
""",
    "sudo": 'shift 2; exec "$@"',
    "hostname": """\
echo hostname >>"$GGI_LAB_ROOT/.ggi-lab/calls"
exec cat "$GGI_LAB_ROOT/etc/hostname"
""",
    "df": """\
[ -e "$GGI_LAB_ROOT/.ggi-lab/full" ] && free=0 || free=1048576
echo "Filesystem 1024-blocks Used Available Capacity Mounted on"
echo "/dev/vda1 4194304 $((4194304 - free)) $free 75% /"
""",
    "sync": "exit 0",
    "sleep": """\
IFS= read -r thousandths <"$GGI_LAB_ROOT/.ggi-lab/second" || exit 1
all=$(($1 * thousandths))
exec {sleep} "$((all / 1000)).$(printf %03d $((all % 1000)))"
""",
    "head": """\
[ ! -e "$GGI_LAB_ROOT/.ggi-lab/full" ] || { echo "head: write error: No space left on device" >&2; exit 1; }
exec {head} "$@"
""",
    "chown": """\
[ "$1" != -- ] || shift
inode=$({stat} -L -c %i -- "$2") && printf '%s %s\\n' "$inode" "$1" >>"$GGI_LAB_ROOT/.ggi-lab/owners"
""",
    "stat": """\
while [ "$1" != -- ]; do shift; done
shift
touched=$GGI_LAB_ROOT/.ggi-lab/owners
[ -e "$touched" ] || touched=/dev/null
{stat} -L -c '%i %a %n' -- "$@" | {awk} -v notes="$touched" '
	BEGIN { while ((getline line <notes) > 0) { split(line, note, " "); owner[note[1]] = note[2] } }
	{ inode = $1; mode = $2; sub(/^[^ ]+ [^ ]+ /, "")
		print mode, (inode in owner ? owner[inode] : "root:root"), $0 }'
""",
}
"""Tools of the host that are not quite this machine's. Owners are only noted, by inode, so that root is not needed."""

_ABSOLUTE = re.compile(r"(^|[^\w.$}/-])/(?:usr/)?(?:local/)?(?:s?bin|lib)/(?:[\w.-]+/)*([\w.-]+)")
_ABSOLUTE_FOR_SED = r"s,(^|[^[:alnum:]_.\$}/-])/(usr/)?(local/)?(s?bin|lib)/([[:alnum:]_.-]+/)*([[:alnum:]_.-]+),\1\6,g"
_CHUNK = 1 << 16


@dataclass
class LinuxDevice:
    """One host: its name and the folder that is its `/`. `minute`: how many seconds a minute of its timers lasts."""

    name: str
    serial: str
    root: Path
    tools: Path
    minute: float = 60.0
    wrong: Misbehaviour = field(default_factory=Misbehaviour)

    def acceptor(self) -> dict[str, Any]:
        """What asyncssh needs to know to serve the host: commands, as bytes."""

        async def command(process: asyncssh.SSHServerProcess[bytes]) -> None:
            await serve(process, self)

        return {"process_factory": command, "encoding": None}

    def show_running(self) -> str:
        """Every file below /etc that is in its place, one after the other."""
        files = sorted(path for path in (self.root / "etc").rglob("*") if path.is_file())
        texts = []
        for path in files:
            with suppress(FileNotFoundError):  # it was renamed just now
                texts.append("" if path.name.startswith(".ggi-") else path.read_text(errors="replace"))
        return "".join(texts)

    def make(self) -> None:
        """Lay out an empty installation."""
        for folder in ("etc", ".ggi-lab", "var/lib"):
            (self.root / folder).mkdir(parents=True)
        (self.root / "etc/hostname").write_text(self.name + "\n")
        (self.root / ".ggi-lab/second").write_text(f"{max(1, round(self.minute * 1000 / 60))}\n")

    def refuse(self, *commands: str) -> None:
        """Make every command that begins with one of these fail from now on; none: take everything again."""
        (self.root / ".ggi-lab/refuses").write_text("".join(f"{command}\n" for command in commands))

    @property
    def calls(self) -> list[str]:
        """Every command of a daemon's tool that the host was given so far."""
        file = self.root / ".ggi-lab/calls"
        return file.read_text().splitlines() if file.exists() else []

    @property
    def environment(self) -> dict[str, str]:
        """What every process of the host has in its environment, and by which it is known."""
        return {
            "PATH": str(self.tools), "GGI_LAB_ROOT": str(self.root), "LC_ALL": "C.UTF-8", "HOME": str(self.root),
        }  # fmt: skip

    def reboot(self, seconds: float = 0.0) -> None:
        """Restart: everything that ran is gone, the boot unit runs, then the daemons start with their files."""
        self.wrong.go_away(seconds)
        end_processes(self.root)
        guard = self.root / "var/lib/ggi/push/guard"
        if guard.exists():
            subprocess.run(["/bin/sh", guard, "boot"], env=self.environment, cwd=self.root, check=True)
        subprocess.run(["/bin/sh", "-c", "vtysh -b"], env=self.environment, cwd=self.root, check=True)

    def note_state(self) -> None:
        """Tell the simulated tools what is wrong with the host at this moment."""
        state = {
            "full": self.wrong.disk_full,
            "bgp-down": self.wrong.breaks_bgp is not None and self.wrong.breaks_bgp(self.show_running()),
        }
        for name, there in state.items():
            file = self.root / ".ggi-lab" / name
            if there:
                file.touch()
            else:
                file.unlink(missing_ok=True)


def simulate(plan: Blueprint, ground: Ground) -> LinuxDevice:
    """A host with its folder below the fleet's; the first one makes the tools of all."""
    tools = ground.folder / "tools"
    if not tools.exists():
        make_tools(tools)
    device = LinuxDevice(plan.name, plan.serial, ground.folder / "hosts" / plan.name, tools, plan.minute)
    device.make()
    device.refuse(*plan.refuses)
    return device


def end_processes(below: Path) -> None:
    """End every process of the hosts whose folders are `below` this one, also what outlives its connection."""
    mark = b"GGI_LAB_ROOT=" + os.fsencode(below)
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended, or it is somebody else's
            if any(
                part == mark or part.startswith(mark + b"/") for part in (folder / "environ").read_bytes().split(b"\0")
            ):
                os.kill(int(folder.name), signal.SIGKILL)


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
    for name, script in _WRAPPED.items():
        for tool in ("awk", "head", "sed", "sleep", "stat"):
            script = script.replace(f"{{{tool}}}", shutil.which(tool) or tool)
        script = script.replace("{absolute}", _ABSOLUTE_FOR_SED)
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o700)


async def serve(process: asyncssh.SSHServerProcess[bytes], device: LinuxDevice) -> None:
    """Run one command with what it is given; there is no interactive shell.

    As with sshd a command whose connection is lost goes on, with nothing on its standard input any more.
    """
    if not process.command:
        process.stderr.write(b"this simulated host runs commands only\n")
        process.exit(1)
        return
    wrong = device.wrong
    fault = wrong.at(process.command)
    await asyncio.sleep(fault.seconds if fault and fault.does is Does.WAIT else 0.0)
    if fault and fault.does in (Does.CUT_BEFORE, Does.REBOOT):
        if fault.does is Does.REBOOT:
            await asyncio.to_thread(device.reboot, fault.seconds)
        wrong.cut()
        return
    if fault and fault.does is Does.REFUSE:
        process.stderr.write((fault.text or "Permission denied").encode() + b"\n")
        process.exit(1)
        return
    await asyncio.to_thread(device.note_state)
    child = await asyncio.create_subprocess_exec(
        "/bin/sh", "-c", _ABSOLUTE.sub(r"\1\2", process.command), env=device.environment, cwd=device.root,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    given = asyncio.create_task(_give(process, child))
    try:
        await asyncio.gather(_hand_back(child, process, fault), _complain(child, process))
        status = await child.wait()
        with suppress(BrokenPipeError):
            process.exit(status if status >= 0 else 255)
    finally:
        given.cancel()
    if fault and fault.does is Does.CUT_AFTER:
        wrong.cut()


async def _give(process: asyncssh.SSHServerProcess[bytes], child: asyncio.subprocess.Process) -> None:
    """Pass on standard input until it ends, or the connection does."""
    assert child.stdin is not None  # noqa: S101  it is a pipe
    with suppress(asyncssh.Error, ConnectionError):
        while data := await process.stdin.read(_CHUNK):
            child.stdin.write(data)
            await child.stdin.drain()
    child.stdin.close()


async def _hand_back(
    child: asyncio.subprocess.Process, process: asyncssh.SSHServerProcess[bytes], fault: Fault | None
) -> None:
    """Pass on standard output as it comes; where the answer is to be spoilt, as a whole and spoilt."""
    assert child.stdout is not None  # noqa: S101  it is a pipe
    spoilt = fault and fault.does in (Does.CUT_INSTEAD, Does.TRUNCATE, Does.SHORTEN)
    with suppress(BrokenPipeError, asyncssh.Error):
        if not spoilt:
            while data := await child.stdout.read(_CHUNK):
                with suppress(BrokenPipeError):
                    process.stdout.write(data)
            return
    output = await child.stdout.read()
    assert fault is not None  # noqa: S101  it is what spoils
    if fault.does is not Does.CUT_INSTEAD:
        with suppress(BrokenPipeError):
            process.stdout.write(output[: len(output) // 2])
            await process.stdout.drain()
    if fault.does is not Does.SHORTEN:
        process.channel.get_connection().abort()


async def _complain(child: asyncio.subprocess.Process, process: asyncssh.SSHServerProcess[bytes]) -> None:
    """Pass on standard error."""
    assert child.stderr is not None  # noqa: S101  it is a pipe
    errors = await child.stderr.read()
    with suppress(BrokenPipeError):
        process.stderr.write(errors)
