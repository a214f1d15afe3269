"""The shell of a simulated CLI device over SSH: echo, line editing, prompts, and what it was told to do wrong."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, Protocol

import asyncssh

from ggi_net.lab.misbehave import Does

if TYPE_CHECKING:
    from ggi_net.lab.misbehave import Misbehaviour

_END_OF_INPUT = "\x1a"
_END_OF_TEXT = "\x04"
_INTERRUPT = "\x03"
_BACKSPACES = "\x7f\x08"
_CUTS = (Does.CUT_AFTER, Does.TRUNCATE)


class CliSession(Protocol):
    """One user's session with a simulated device, one line at a time.

    `prompt` is what stands before the next line. `asked`: a password is awaited, so that the line is not echoed.
    `closed`: the session has said goodbye.
    """

    closed: bool

    @property
    def prompt(self) -> str:
        """What the device shows before the next line."""
        ...

    @property
    def asked(self) -> bool:
        """Whether the next line is a password."""
        ...

    def enter(self, line: str) -> str:
        """Carry out one line; return what the device prints for it, lines ended by `\\n`, without the next prompt.

        A line that Ctrl-D ended has it as its last character.
        """
        ...

    def refuse(self, line: str) -> str:
        """What the device prints for a line that it does not take."""
        ...

    def leave(self) -> None:
        """Ctrl-Z was typed: out of configuration mode."""
        ...

    def end(self) -> None:
        """The connection is gone, however that came: give up what the session holds."""
        ...


class CliDevice(Protocol):
    """A simulated device that is managed by a command line."""

    wrong: Misbehaviour

    def session(self, *, single: bool) -> CliSession:
        """A new session; `single` is one that gets one command and no shell."""
        ...

    def show_running(self) -> str:
        """The configuration that it runs now."""
        ...

    def restart(self) -> None:
        """Come up again as after a power cut, with what was saved."""
        ...


def reboot(device: CliDevice, seconds: float) -> None:
    """Restart a device; it is away for `seconds` and comes back with its startup configuration."""
    device.wrong.go_away(seconds)
    device.restart()


def acceptor(device: CliDevice) -> dict[str, Any]:
    """What asyncssh needs to know to serve the device."""

    async def shell(process: asyncssh.SSHServerProcess[str]) -> None:
        await serve(process, device)

    return {"process_factory": shell, "line_editor": False}


async def serve(process: asyncssh.SSHServerProcess[str], device: CliDevice) -> None:
    """Handle one SSH session: a single command, or a shell that echoes what it gets."""
    session = device.session(single=bool(process.command))
    terminal = _Terminal(process, device, session)
    try:
        if process.command:
            await terminal.line(process.command, prompt=False)
        else:
            await terminal.run()
    except (asyncssh.BreakReceived, asyncssh.TerminalSizeChanged, ConnectionError, _Gone):
        pass
    finally:
        session.end()
    process.exit(0)


class _Gone(Exception):
    """The connection was cut."""


class _Terminal:
    def __init__(self, process: asyncssh.SSHServerProcess[str], device: CliDevice, session: CliSession) -> None:
        self._process = process
        self._device = device
        self._session = session
        self._out = ""

    async def run(self) -> None:
        """Take lines until the session or the connection ends."""
        if self._device.wrong.deaf_seconds:
            await self._lose(self._device.wrong.deaf_seconds)
        self._print("\n" + self._session.prompt)
        self._flush()
        line = ""
        while not self._session.closed:
            data = await self._process.stdin.read(4096)
            if not data:
                return
            for character in data:
                if character in "\r\n":
                    self._print("\n")
                    await self.line(line)
                    line = ""
                elif character == _END_OF_TEXT:
                    self._print("\n")
                    await self.line(line + character)
                    line = ""
                elif character == _END_OF_INPUT:
                    self._session.leave()
                    self._print("^Z\n" + self._session.prompt)
                    line = ""
                elif character == _INTERRUPT:
                    self._print("^C\n" + self._session.prompt)
                    line = ""
                elif character in _BACKSPACES:
                    line = line[:-1]
                elif character.isprintable():
                    line += character
                    self._print("" if self._session.asked else character)
                if self._session.closed:
                    break
            self._flush()

    async def _lose(self, seconds: float) -> None:
        """Take no notice of what is typed for some seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while await self._process.stdin.read(4096):
                    pass

    async def line(self, line: str, *, prompt: bool = True) -> None:
        """Carry out one line, with what goes wrong at it."""
        session, wrong = self._session, self._device.wrong
        fault = None if session.asked or not line.strip() else wrong.at(line)
        does = fault.does if fault else None
        if fault and does is Does.WAIT:
            self._flush()
            await asyncio.sleep(fault.seconds)
        if fault and does is Does.REBOOT:
            reboot(self._device, fault.seconds)
            raise _Gone
        if does is Does.CUT_BEFORE:
            self._cut()
        refused = (fault.text or session.refuse(line)) if fault and does is Does.REFUSE else None
        said = session.enter(line) if refused is None else refused
        if not wrong.reachable(self._device.show_running):
            wrong.cut()
            raise _Gone
        if does is Does.CUT_INSTEAD:
            self._cut()
        if does in (Does.TRUNCATE, Does.SHORTEN):
            said = said[: len(said) // 2]
        self._print(f"{said}\n" if said and does is not Does.TRUNCATE else said)
        if prompt and does is not Does.TRUNCATE:
            self._print(fault.text if fault and does is Does.WRONG_PROMPT else session.prompt)
        self._flush()
        if does in _CUTS:
            self._cut()

    def _print(self, text: str) -> None:
        self._out += text.replace("\n", "\r\n")

    def _flush(self) -> None:
        self._process.stdout.write(self._out)
        self._out = ""

    def _cut(self) -> None:
        self._process.get_extra_info("connection").abort()
        raise _Gone
