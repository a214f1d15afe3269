"""A simulated Junos device: commits and their archive, one candidate, its lock, the timer of a confirmed commit."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ggi_net.config.tree import Node
from ggi_net.errors import ConfigurationBroken
from ggi_net.lab.junos_text import kept, parse, serialise
from ggi_net.lab.misbehave import Misbehaviour, refusing
from ggi_net.lab.shell import acceptor

if TYPE_CHECKING:
    from ggi_net.lab.fleet import Blueprint, Ground
    from ggi_net.lab.junos_session import JunosSession

VERSION = "22.4R3.25"
_ARCHIVE = 50
_SECTIONS = (
    "system", "security", "interfaces", "snmp", "routing-options", "protocols", "policy-options", "firewall",
    "routing-instances", "applications", "services", "chassis", "groups", "forwarding-options",
)  # fmt: skip
"""What a configuration may have at its top; anything else is a syntax error."""
_FIRST_UID = 2000
_POLICY = re.compile(r"(?:import|export|policy|from policy|instance-import) (?:\[ )?([^\];]+?)(?: \])?;")
_LIST = re.compile(r"prefix-list-filter (\S+) ")


class Refused(Exception):
    """What Junos prints instead of doing it."""


@dataclass
class Commit:
    """One entry of `show system commit`. `minutes`: of a confirmed commit; `pending`: it waits for its confirmation."""

    text: str
    user: str
    client: str
    when: float
    comment: str = ""
    minutes: int = 0
    pending: bool = False


@dataclass
class JunosDevice:
    """One device. `minute`: how many seconds a minute of its timers lasts; `commits`: the newest first.

    `member`: what a device of several routing engines shows before its prompts (`{primary:node0}`).
    """

    name: str
    serial: str
    ports: tuple[str, ...]
    password: str
    minute: float = 60.0
    wrong: Misbehaviour = field(default_factory=Misbehaviour)
    member: str = ""
    commits: list[Commit] = field(default_factory=list)
    candidate: Node = field(default_factory=lambda: Node(""))
    holder: JunosSession | None = None
    started: float = field(default_factory=time.time)
    _timer: asyncio.TimerHandle | None = None

    def __post_init__(self) -> None:
        """Start as a device does that was staged for remote management and no more."""
        staged = (
            f"system {{\n    host-name {self.name};\n    root-authentication {{\n"
            '        encrypted-password "$6$staged$staged";\n    }\n'
            "    login {\n        user ggi {\n            class super-user;\n        }\n    }\n"
            "    services {\n        ssh;\n    }\n}\n"
        )
        self._record(serialise(self._kept(parse(staged))), "root", "other")
        self.reset()

    @property
    def root(self) -> None:
        """A device shows no folder."""

    @property
    def running(self) -> str:
        """The active configuration, as text without the lines that the device adds around it."""
        return self.commits[0].text

    @property
    def pending(self) -> Commit | None:
        """The confirmed commit that waits for its confirmation."""
        return self.commits[0] if self.commits[0].pending else None

    @property
    def hostname(self) -> str:
        """The name in the prompt."""
        found = re.search(r"^    host-name (\S+);", self.running, re.MULTILINE)
        return found[1] if found else "Amnesiac"

    def acceptor(self) -> dict[str, Any]:
        """What asyncssh needs to know to serve the device."""
        return acceptor(self)

    def session(self, *, single: bool) -> JunosSession:
        """A new session."""
        from ggi_net.lab.junos_session import JunosSession

        return JunosSession(self)

    def show_running(self) -> str:
        """`show configuration`."""
        return self.shown(self.commits[0])

    def shown(self, commit: Commit) -> str:
        """A configuration of the archive as the device prints it."""
        return f"## Last commit: {self.stamp(commit.when)} by {commit.user}\nversion {VERSION};\n{commit.text}"

    def stamp(self, when: float) -> str:
        """A moment as the device's clock tells it."""
        return f"{datetime.fromtimestamp(when + self.wrong.clock_seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"

    # -- the candidate ---------------------------------------------------------------------------------

    def reset(self) -> None:
        """Make the candidate equal to what is active."""
        self.candidate = parse(self.running)

    @property
    def modified(self) -> bool:
        """Whether the candidate differs from what is active."""
        return serialise(self.candidate) != self.running

    def load(self, text: str, *, override: bool) -> list[str]:
        """Load a text into the candidate; return its errors in the device's words. What has no error is taken."""
        try:
            loaded = parse(text)
        except ConfigurationBroken as error:
            line = error.place.line if error.place else 0
            return [f"terminal:{line}:(1) syntax error: {error.message}"]
        errors = [
            f"terminal:{node.number}:(1) syntax error: {node.text.split()[0]}"
            for node in loaded.walk()
            if not node.text.endswith(";") and not node.children and not node.text.startswith("version")
        ]
        for node in list(loaded.children):
            if node.text.split()[0].rstrip(";") not in (*_SECTIONS, "version"):
                errors.append(f"terminal:{node.number}:(1) syntax error: {node.text.split()[0]}")
                loaded.children.remove(node)
        loaded.children = [node for node in loaded.children if not node.text.startswith("version ")]
        before = [] if override else self.candidate.children
        self.candidate = self._kept(Node("", children=[*before, *loaded.children]))
        return errors

    def rollback(self, number: int) -> None:
        """Make the candidate equal to a configuration of the archive."""
        if number >= len(self.commits):
            raise Refused(f"error: could not find rollback configuration {number}")
        self.candidate = parse(self.commits[number].text)

    # -- commits ---------------------------------------------------------------------------------------

    def check(self) -> None:
        """Check the candidate; raise Refused with the device's words."""
        names = {node.text for node in self.candidate.walk()}
        if not any(node.text == "root-authentication" for node in self._section("system")):
            raise Refused(
                "[edit]\n  'system'\n    Missing mandatory statement: 'root-authentication'\n"
                "error: commit failed: (missing mandatory statements)"
            )
        for node in self.candidate.walk():
            used = _POLICY.fullmatch(node.text)
            for name in used[1].split() if used else ():
                if f"policy-statement {name}" not in names:
                    raise Refused(
                        f"error: Policy error: Policy {name} referenced but not defined\n"
                        "error: configuration check-out failed"
                    )
            listed = _LIST.match(node.text)
            if listed and f"prefix-list {listed[1]}" not in names:
                raise Refused(
                    f"error: Policy error: prefix-list {listed[1]} referenced but not defined\n"
                    "error: configuration check-out failed"
                )

    def commit(self, user: str, *, minutes: int = 0, comment: str = "") -> None:
        """Make the candidate active; with `minutes` only until then. Whatever was pending is confirmed by it."""
        self.check()
        if self.wrong.disk_full:
            raise Refused("error: could not write configuration: No space left on device\nerror: commit failed")
        self.confirm()
        self.candidate = self._kept(self.candidate)
        self._record(serialise(self.candidate), user, "cli", minutes=minutes, comment=comment)
        if minutes:
            self._timer = asyncio.get_running_loop().call_later(minutes * self.minute, self._expire)

    def confirm(self) -> None:
        """End the wait of a confirmed commit: `commit` does so, and `commit check` as well."""
        self.commits[0].pending = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def restart(self) -> None:
        """Come up again: a commit that was not confirmed is rolled back."""
        self._end_of_sessions()
        if self.pending:
            self._expire()

    def _expire(self) -> None:
        """Nobody confirmed: make active what was before."""
        self.confirm()
        self._record(self.commits[1].text, "root", "other")
        if self.holder is None:
            self.reset()

    def _end_of_sessions(self) -> None:
        self.holder = None
        self.reset()

    def _record(self, text: str, user: str, client: str, *, minutes: int = 0, comment: str = "") -> None:
        made = Commit(text, user, client, time.time(), comment, minutes, pending=bool(minutes))
        self.commits.insert(0, made)
        del self.commits[_ARCHIVE:]

    def _kept(self, tree: Node) -> Node:
        """A tree as the device keeps it; a user gets a number when nobody gave it one."""
        made = kept(tree, self.serial)
        for login in next((n.children for n in made.children if n.text == "system"), []):
            if login.text == "login":
                users = [n for n in login.children if n.text.startswith("user ")]
                given = {int(c.text[4:-1]) for u in users for c in u.children if c.text.startswith("uid ")}
                for user in users:
                    if not any(c.text.startswith("uid ") for c in user.children):
                        number = next(n for n in range(_FIRST_UID, 65000) if n not in given)
                        given.add(number)
                        user.children.insert(0, Node(f"uid {number};"))
        return made

    def _section(self, name: str) -> list[Node]:
        return next((node.children for node in self.candidate.children if node.text == name), [])


def simulate(plan: Blueprint, ground: Ground) -> JunosDevice:
    """A device made from its blueprint."""
    wrong = Misbehaviour(faults=[refusing(begin) for begin in plan.refuses])
    return JunosDevice(plan.name, plan.serial, plan.ports, ground.password, plan.minute, wrong)
