"""A simulated EOS device: what it runs, what it starts with, its configuration sessions and the commit timer.

Words and behaviour are those of Arista's user manual ("Configure Session") and of what users have written down of them;
where these leave something open, docs/arista-eos.md says so. Nothing runs in the background: whoever asks the device
something lets what is due happen first.
"""

from __future__ import annotations

import difflib
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ggi_net.config.tree import Node
from ggi_net.lab.eos_running import EosConfiguration, copied
from ggi_net.lab.ios_archive import Flash, Timer
from ggi_net.lab.misbehave import Misbehaviour, refusing
from ggi_net.lab.shell import acceptor

if TYPE_CHECKING:
    from ggi_net.lab.eos_session import EosSession
    from ggi_net.lab.fleet import Blueprint, Ground

DISK = "flash:"
MODEL = "DCS-7020SR-24C2-R"
VERSION = "4.32.3M"
MOST_PENDING = 5


@dataclass
class ConfigSession:
    """A configuration session: what would run, and who is in it. `state`: pending, committed or aborted."""

    name: str
    tree: EosConfiguration
    state: str = "pending"
    inside: list[EosSession] = field(default_factory=list)


@dataclass
class CommitTimer:
    """A commit that waits for its confirmation; `before` is what ran until then."""

    session: str
    due: float
    before: Node


class EosDevice(EosConfiguration):
    """One device. `minute`: how many seconds a minute of its timers lasts."""

    def __init__(
        self, name: str, serial: str, ports: tuple[str, ...], password: str, minute: float, wrong: Misbehaviour
    ) -> None:
        """Start as a device does that was staged for remote management and no more."""
        super().__init__(serial, ports)
        self.name = name
        self.password = password
        self.minute = minute
        self.wrong = wrong
        self.flash = Flash(wrong)
        self.timer = Timer(wrong, minute)
        self.started = time.monotonic()
        self.sessions: list[EosSession] = []
        self.configs: dict[str, ConfigSession] = {}
        self.pending: CommitTimer | None = None
        self.running.children.append(Node(f"hostname {name}"))
        self.running.children.append(Node("management ssh", children=[Node("idle-timeout 10")]))
        self.startup = copied(self.running)

    @property
    def root(self) -> None:
        """A router shows no folder."""

    def acceptor(self) -> dict[str, Any]:
        """What asyncssh needs to know to serve the device."""
        return acceptor(self)

    def session(self, *, single: bool) -> EosSession:
        """A new session; a single command is carried out with all rights."""
        from ggi_net.lab.eos_session import EosSession

        return EosSession(self, privileged=single)

    def restart(self) -> None:
        """Come up with the startup configuration; sessions, and what waited for a confirmation, are gone."""
        self.pending = None
        self.configs.clear()
        self.running = copied(self.startup)

    def settle(self) -> None:
        """Let happen what is due: an unconfirmed commit goes back."""
        if self.pending and self.timer.now() >= self.pending.due:
            self.go_back()

    def go_back(self) -> None:
        """Run again what ran before the commit that waits for its confirmation."""
        if self.pending:
            self.running, self.pending = self.pending.before, None

    def show_running(self) -> str:
        """The running configuration in the order in which EOS shows it."""
        self.settle()
        return self.shown(self, "show running-config")

    def show_startup(self) -> str:
        """What it starts with."""
        return self.shown(EosConfiguration(self.serial, self.ports, self.startup), "show startup-config")

    def shown(self, tree: EosConfiguration, command: str) -> str:
        """A configuration with what EOS puts around it."""
        head = f"! Command: {command}\n! device: {self.hostname} ({MODEL}, EOS-{VERSION})\n!\n"
        return f"{head}! boot system {DISK}/EOS.swi\n!\n{tree.body()}end"

    def open(self, name: str, session: EosSession) -> ConfigSession | None:
        """The configuration session with that name, a new one where there is none; None when there are too many."""
        found = self.configs.get(name)
        if found is None or found.state != "pending":
            if sum(config.state == "pending" for config in self.configs.values()) >= MOST_PENDING:
                return None
            found = ConfigSession(name, EosConfiguration(self.serial, self.ports, self.running))
            self.configs[name] = found
        found.inside.append(session)
        return found

    def commit(self, config: ConfigSession, seconds: float | None) -> None:
        """Run what a session says; `seconds`: how long it stays without being confirmed."""
        if seconds is not None:
            self.pending = CommitTimer(config.name, self.timer.now() + seconds * self.minute / 60, self.running)
        self.running = copied(config.tree.running)
        config.state = "committed"
        for other in [c for c in self.configs.values() if c.state == "committed" and c is not config]:
            del self.configs[other.name]

    def read(self, text: str) -> EosConfiguration:
        """The configuration that is written in a file; a line that EOS does not take is passed over."""
        from ggi_net.lab.eos_session import EosSession

        tree = EosConfiguration(self.serial, self.ports)
        reader = EosSession(self, privileged=True, tree=tree)
        for line in text.splitlines():
            if not reader.awaits_text:
                if line.strip().startswith("!") or line == "end":
                    continue
                if not line.startswith(" "):
                    reader.section = [tree.running]
            reader.enter(line)
        reader.end()
        return tree

    def diffs(self, tree: EosConfiguration, name: str) -> str:
        """What `show session-config diffs` prints."""
        lines = difflib.unified_diff(
            self.body().splitlines(), tree.body().splitlines(), "system:/running-config",
            f"session:/{name}-session-config", lineterm="", n=3,
        )  # fmt: skip
        return "\n".join(line.rstrip() for line in lines)

    @property
    def broken(self) -> bool:
        """Whether no BGP session comes up."""
        return self.wrong.breaks_bgp is not None and self.wrong.breaks_bgp(self.show_running())

    def show_version(self) -> str:
        """The part of `show version` that tools read."""
        return (
            f"Arista {MODEL}\nHardware version: 12.03\nSerial number: {self.serial}\n"
            f"Software image version: {VERSION}\nUptime: {int(time.monotonic() - self.started)} seconds"
        )


def simulate(plan: Blueprint, ground: Ground) -> EosDevice:
    """A device made from its blueprint."""
    wrong = Misbehaviour(faults=[refusing(begin) for begin in plan.refuses])
    return EosDevice(plan.name, plan.serial, plan.ports, ground.password, plan.minute, wrong)
