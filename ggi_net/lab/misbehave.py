"""What a simulated device can be told to do wrong, whatever it simulates.

Two kinds: a `Fault` happens at one command; the fields of `Misbehaviour` are a state that lasts until it is changed.
A test sets both on the device object (`device.wrong`), from any thread and while the device runs.
"""

from __future__ import annotations

import asyncio
import re
import threading
import time
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable


class Does(StrEnum):
    """What happens at a command.

    `cut before`: the connection ends, the command is not carried out. `cut instead`: it is carried out, but instead of
    an answer the connection ends. `cut after`: the answer and the prompt still come. `truncate`: half of the answer
    comes, then the connection ends. `shorten`: half of the answer comes, then the prompt, as if that were all.
    `wrong prompt`: the answer comes with another prompt. `refuse`: an error of the vendor's, nothing is carried out.
    `wait`: the answer takes `seconds`. `reboot`: the device restarts instead and is away for `seconds`.
    """

    CUT_BEFORE = "cut before"
    CUT_INSTEAD = "cut instead"
    CUT_AFTER = "cut after"
    TRUNCATE = "truncate"
    SHORTEN = "shorten"
    WRONG_PROMPT = "wrong prompt"
    REFUSE = "refuse"
    WAIT = "wait"
    REBOOT = "reboot"


@dataclass
class Fault:
    """Something that goes wrong at a command.

    `on`: a regular expression that is searched in the line as it was entered. `skip`: so many such commands go well
    first. `times`: how often it happens then; 0 is every time. `text`: the wrong prompt, or what a refused command is
    answered with instead of the vendor's usual words.
    """

    does: Does
    on: str = ""
    skip: int = 0
    times: int = 1
    seconds: float = 0.0
    text: str = ""

    def strikes(self, line: str) -> bool:
        """Whether it happens at this line; counts what it has seen."""
        if self.times < 0 or not re.search(self.on, line):
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.times:
            self.times = self.times - 1 or -1
        return True


class Connection(Protocol):
    """What can be cut: an SSH connection."""

    def abort(self) -> None:
        """End it at once."""
        ...


def matching(pattern: str) -> Callable[[str], bool]:
    """A condition on a configuration: `pattern` is found in it (`^` and `$` stand for the ends of a line)."""
    return lambda text: re.search(pattern, text, re.MULTILINE) is not None


def lacking(pattern: str) -> Callable[[str], bool]:
    """A condition on a configuration: `pattern` is not found in it."""
    return lambda text: re.search(pattern, text, re.MULTILINE) is None


@dataclass
class Misbehaviour:
    """One device's faults and states.

    `logins`: how many more logins are accepted; None is all. `disk_full`: nothing more can be written. `locked_by`:
    somebody else's name, who holds the lock of the configuration. `clock_seconds`: how far the device's clock is off.
    `cut_off`: the configurations with which management does not work: connections end, and no new one is taken for as
    long as it runs. `locks_out`: those with which no login is accepted (AAA). `breaks_bgp`: those with which no BGP
    session comes up. `deaf_seconds`: how long a session takes to show its first prompt; what is typed before is lost.
    """

    faults: list[Fault] = field(default_factory=list)
    logins: int | None = None
    disk_full: bool = False
    locked_by: str = ""
    clock_seconds: float = 0.0
    cut_off: Callable[[str], bool] | None = None
    locks_out: Callable[[str], bool] | None = None
    breaks_bgp: Callable[[str], bool] | None = None
    deaf_seconds: float = 0.0
    _away_until: float = 0.0
    _connections: set[Connection] = field(default_factory=set)
    _loop: asyncio.AbstractEventLoop | None = None
    _thread: int = 0

    def at(self, line: str) -> Fault | None:
        """The fault that happens at this command, if any."""
        return next((fault for fault in self.faults if fault.strikes(line)), None)

    def refuses(self, line: str) -> bool:
        """Whether a line is refused that the device enters by itself, out of a file."""
        return any(fault.does is Does.REFUSE and fault.strikes(line) for fault in self.faults)

    def connected(self, connection: Connection) -> None:
        """Remember a connection, so that it can be cut. Called in the device's event loop."""
        self._loop, self._thread = asyncio.get_running_loop(), threading.get_ident()
        self._connections.add(connection)

    def disconnected(self, connection: Connection) -> None:
        """Forget a connection that has ended."""
        self._connections.discard(connection)

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._connections)

    def cut(self) -> None:
        """End every connection now, without a word."""
        if self._loop is None:
            return
        if threading.get_ident() == self._thread:
            self._abort()
        else:
            self._loop.call_soon_threadsafe(self._abort)

    def _abort(self) -> None:
        for connection in list(self._connections):
            connection.abort()

    def go_away(self, seconds: float) -> None:
        """End every connection, and take no new one for some seconds."""
        self._away_until = time.monotonic() + seconds
        self.cut()

    def reachable(self, running: Callable[[], str]) -> bool:
        """Whether the device can be connected to while it runs that configuration."""
        if time.monotonic() < self._away_until:
            return False
        return self.cut_off is None or not self.cut_off(running())

    def admits(self, running: Callable[[], str]) -> bool:
        """Whether a login with the right credentials is accepted by a device that runs that configuration."""
        if self.locks_out is not None and self.locks_out(running()):
            return False
        if self.logins is None:
            return True
        self.logins -= 1
        return self.logins >= 0


def refusing(begin: str) -> Fault:
    """The fault that refuses every command that begins so, also where it is negated or set."""
    return Fault(Does.REFUSE, rf"^\s*(?:(?:no|default|set|delete) )?{re.escape(begin)}", times=0)
