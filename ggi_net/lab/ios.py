"""A simulated IOS-XE router: what it runs, what it starts with, and what waits for a confirmation."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ggi_net.config.tree import Node
from ggi_net.lab import ios_bgp
from ggi_net.lab.command_tree import Refused
from ggi_net.lab.ios_archive import DISK, RUNNING, STARTUP, Flash, Rollback, Timer
from ggi_net.lab.ios_diff import ABOUT, tree
from ggi_net.lab.ios_running import RunningConfiguration
from ggi_net.lab.misbehave import Misbehaviour, refusing
from ggi_net.lab.shell import acceptor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ggi_net.lab.fleet import Blueprint, Ground
    from ggi_net.lab.ios_session import IosSession

_DEEPEST = 100
"""Deeper than any line stands."""


@dataclass
class IosDevice(RunningConfiguration):
    """One router. `minute`: how many seconds a minute of its timers lasts.

    `sessions` are those that are open, `lock` is the one that has the configuration for itself. `resets` counts how
    often BGP sessions were reset, `refreshes` how often their routes were asked for again.
    """

    name: str
    serial: str
    ports: tuple[str, ...]
    password: str
    minute: float = 60.0
    wrong: Misbehaviour = field(default_factory=Misbehaviour)
    running: Node = field(default_factory=lambda: Node(""))
    startup: str = ""
    started: float = field(default_factory=time.time)
    sessions: list[IosSession] = field(default_factory=list)
    lock: IosSession | None = None
    rollback: Rollback | None = None
    resets: int = 0
    refreshes: int = 0

    def __post_init__(self) -> None:
        """Start as a router does that was staged for remote management and no more."""
        self.flash = Flash(self.wrong)
        self.timer = Timer(self.wrong, self.minute)
        self.running.children[:] = self._bare(shut=True)
        for line in (f"hostname {self.name}", "aaa new-model", "ip ssh version 2"):
            self.running.children.append(Node(line))
        self.running.children.append(Node("archive", children=[Node(f"path {DISK}ggi-archive")]))
        self.running.children.append(Node("line vty 0 4", children=[Node("transport input ssh")]))
        self.startup = self.show_running()

    def _bare(self, *, shut: bool) -> list[Node]:
        """What a router has without any configuration."""
        inner = ("no ip address", "shutdown") if shut else ("no ip address",)
        ports = [Node(f"interface {port}", children=[Node(line) for line in inner]) for port in self.ports]
        return [*ports, Node("line con 0")]

    @property
    def root(self) -> None:
        """A router shows no folder."""

    def acceptor(self) -> dict[str, Any]:
        """What asyncssh needs to know to serve the router."""
        return acceptor(self)

    def session(self, *, single: bool) -> IosSession:
        """A new session; a single command is carried out with all rights."""
        from ggi_net.lab.ios_session import IosSession

        return IosSession(self, privileged=single)

    def restart(self) -> None:
        """Come up with the startup configuration; whatever waited for a confirmation waits no more."""
        self.lock = self.rollback = None
        self.replace(self.startup)

    def replace(self, text: str, refuses: Callable[[str], bool] | None = None) -> list[str]:
        """Run what is in `text` and nothing else, as after `configure replace` or a start.

        Returns the lines that are not taken; `refuses` is asked about each that does not run already.
        """
        from ggi_net.lab.ios_session import IosSession

        fresh = IosDevice(self.name, self.serial, self.ports, self.password)
        fresh.running.children[:] = self._bare(shut=False)
        session = IosSession(fresh, privileged=True)
        runs = set(_paths(tree(self.show_running()))) if refuses else set()
        sections, refused, below = [[fresh.running]], [], _DEEPEST
        for line in text.splitlines():
            depth = len(line) - len(line.lstrip(" "))
            if not session.awaits_text:
                if line.startswith(ABOUT):
                    continue
                below = below if depth > below else _DEEPEST
                session.section = sections[min(depth, len(sections) - 1)]
                path = (*(node.text for node in session.section[1:]), line.strip())
                if depth > below or (refuses and path not in runs and refuses(line)) or session.enter(line):
                    refused.append(line.strip())
                    below = min(below, depth)
            else:
                session.enter(line)
            sections[depth + 1 :] = [session.section]
        self.running.children[:] = fresh.running.children
        return refused

    def settle(self) -> None:
        """Let happen what is due: an unconfirmed change goes back."""
        if self.rollback and self.timer.now() >= self.rollback.due:
            self.go_back()

    def go_back(self) -> None:
        """Run again what ran before the change that waits for its confirmation."""
        if self.rollback:
            text, self.rollback = self.rollback.text, None
            self.replace(text)

    @property
    def archive(self) -> str:
        """Where configurations are archived; empty without `archive` or its `path`."""
        section = next(self.running.starting("archive"), Node(""))
        path = next(section.starting("path"), None)
        return path.text.partition(" ")[2] if path else ""

    def read(self, url: str) -> str | None:
        """What a file holds; None when there is none."""
        if url == RUNNING:
            return self.show_running()
        return self.startup if url == STARTUP else self.flash.files.get(url.removeprefix(DISK))

    def back_up(self) -> str:
        """Keep what runs in the archive; returns the file. Raises Refused."""
        if not self.archive:
            raise Refused("%Turn config archive on before using Rollback Confirmed Change")
        if self.rollback:
            raise Refused("%Rollback Confirmed Change is already pending")
        file = f"{self.archive}-{self.timer.stamp()}-{len(self.flash.files)}"
        if not self.flash.write(file.removeprefix(DISK), self.show_running()):
            raise Refused(f"%Error opening {self.archive} (Not enough space)\n%Failed to back up the running config")
        return file

    def arm(self, minutes: int, user: str) -> str:
        """Keep what runs, to go back to it after some minutes; returns the file that it is kept in. Raises Refused."""
        file = self.back_up()
        self.rollback = Rollback(user, file, self.read(file) or "")
        self.wait_again(minutes)
        return file

    def wait_again(self, minutes: int) -> None:
        """Let the change that waits for its confirmation wait so long from now on."""
        if self.rollback:
            self.rollback.minutes, self.rollback.due = minutes, self.timer.after(minutes)
            self.rollback.since = self.timer.shown()

    def neighbors(self) -> str:
        """What `show bgp all neighbors` prints."""
        broken = self.wrong.breaks_bgp is not None and self.wrong.breaks_bgp(self.show_running())
        return ios_bgp.show_neighbors(self.running, broken=broken)

    def show_running(self) -> str:
        """The running configuration in the order in which IOS shows it."""
        self.settle()
        return super().show_running()

    def show_version(self) -> str:
        """The part of `show version` that tools read."""
        minutes = int(time.time() - self.started) // 60
        return (
            "Cisco IOS XE Software, Version 17.12.04 (simulated)\n"
            f"{self.hostname} uptime is {minutes} minutes\n"
            f"cisco C8200L-1N-4T (1RU) processor with 3763577K/6147K bytes of memory.\n"
            f"Processor board ID {self.serial}"
        )


def _paths(node: Node, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Each line below a node, with the headers of its sections."""
    for child in node.children:
        path = (*above, child.text)
        yield path
        yield from _paths(child, path)


def simulate(plan: Blueprint, ground: Ground) -> IosDevice:
    """A router made from its blueprint."""
    wrong = Misbehaviour(faults=[refusing(begin) for begin in plan.refuses])
    return IosDevice(plan.name, plan.serial, plan.ports, ground.password, plan.minute, wrong)
