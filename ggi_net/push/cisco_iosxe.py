"""The driver for Cisco IOS-XE: the device's own timed rollback, and our own comparison.

The sources are Cisco's configuration guides for IOS XE 17: "Configuration Rollback Confirmed Change", "Configuration
Replace and Configuration Rollback", "Exclusive Configuration Change Access". docs/cisco-iosxe.md says what of this is
still to be tried on a real router.

The comparison is ours and not `show archive config differences`. That one would need the whole intended configuration
as a file on the disk of the device, every secret in it in clear; and it compares texts: a secret that is shown hashed,
the number of an access list's entry or a default that is not shown would be a difference for ever.
"""

from __future__ import annotations

import re
import secrets
from functools import lru_cache
from itertools import dropwhile
from typing import TYPE_CHECKING, Any, TypeVar

from ggi_net.config.ruleset import load_rules
from ggi_net.config.statement import Reader
from ggi_net.errors import ConfirmFailed, DeviceLocked, DeviceRefused, NothingKept, PushError, RolledBack
from ggi_net.push.batches import batches, is_text
from ggi_net.push.cisco_bgp import NEIGHBORS, read_neighbors, read_prefixes
from ggi_net.push.cli import Cli, artifact_of
from ggi_net.push.commands import commands, tree_diff
from ggi_net.push.driver import Armed, Change, Health, Identity
from ggi_net.push.ios_shell import IosShell
from ggi_net.source.yamlfile import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ggi_net.config.ruleset import FileRules
    from ggi_net.config.statement import Statement
    from ggi_net.push.driver import Target
    from ggi_net.render.artifact import Artifact
    from ggi_net.secrets import Resolver

_DISK = "bootflash:"
_ABOUT = ("!", "Building configuration", "Current configuration", "Using ")
_KEPT = re.compile(r"\bggi-(\d{8}T\d{6}Z-[0-9a-f]{6})\.cfg\b")
_AT_WORK = 64
"""Of so many routers is remembered what they should run; `push.run` works at 20 at a time."""
_KEEPS = 10
"""So many configurations of before a push are kept on the device."""
_SHORTEST_MINUTES = 2
"""In its last minute the router writes a warning into the session that armed it, in the middle of what it answers."""
_LONGEST_MINUTES = 120
_NAME = re.compile(r"^(\S+) uptime is ", re.MULTILINE)
_SERIAL = re.compile(r"^Processor board ID (\S+)", re.MULTILINE)
_FREE = re.compile(r"\((\d+) bytes free\)")
_ERROR = re.compile(r"^\s*(%.*)$", re.MULTILINE)
_HARMLESS = re.compile(
    r"% (Warning|Generating|The key|Please|Interface \S+ IPv[46] disabled|.*already|Note)", re.IGNORECASE
)
_IN_CONFIGURATION = re.compile(r"^Enter configuration commands", re.MULTILINE)
_NONE_PENDING = re.compile(r"No Rollback Confirmed Change pending|Archive feature not enabled", re.IGNORECASE)
_ROLLBACK_USER = re.compile(r"^User: (\S+)", re.MULTILINE)
_USER_LINE = re.compile(
    r"^(?P<own>\*)?\s*\d+ +(?P<line>(?:vty|con|aux) +\d+) +(?P<user>\S+) .*?(?P<from>\S*)$", re.MULTILINE
)
_ROLLBACK_SECONDS = 300.0
_SHOWN = 400
_Read = TypeVar("_Read")


class IosSession:
    """A session with one IOS-XE router.

    The lock is the device's own (`configure terminal lock`): it lasts as long as the session is in configuration mode.
    It is given up when the change is armed, because the rollback needs the configuration for itself when its time
    comes, also when this session hangs. From then on the armed rollback keeps other pushes out.
    """

    def __init__(self, target: Target, resolver: Resolver) -> None:
        self._target = target
        self._resolver = resolver
        self._rules = load_rules(target.platform.drift).of(artifact_of(target).file)
        self._running = ""
        self._configures = False
        self._cli = Cli(target, resolver, IosShell, "cisco_xe", _enable)

    def identify(self) -> Identity:
        """The name of the router (a prompt has only the beginning of it) and the serial number of its chassis."""
        said = self._show("show version")
        name, serial = _NAME.search(said), _SERIAL.search(said)
        return Identity(name.group(1) if name else "", serial.group(1) if serial else "")

    def lock(self, holder: str) -> None:
        """Take the configuration for this session; raise DeviceLocked when somebody has it or has a change armed."""
        self._refuse_a_second_change(holder)
        said = self._cli.command("configure terminal lock")
        if not _IN_CONFIGURATION.search(said):
            raise DeviceLocked(f"{self._target.device}: {self._cli.said(_last_line(said))}")
        self._configures = True

    def armed(self) -> Armed | None:
        """The rollback that is pending; the device shows neither its run nor what is left of its time."""
        return Armed(run=max(self._kept(), default="")) if self._armed_by() else None

    def health(self) -> Health:
        """Its BGP sessions, what it announces where the target says what it should, and the room on its disk."""
        sessions: dict[str, bool] = {}
        announced: dict[str, dict[int, frozenset[str]]] = {}
        for neighbor in self._read_as(read_neighbors, NEIGHBORS):
            sessions[f"{neighbor.vrf}/{neighbor.address}"] = neighbor.up
            if neighbor.up and neighbor.vrf in self._target.announces:
                of_family = announced.setdefault(neighbor.vrf, {})
                prefixes = self._read_as(read_prefixes, neighbor.announced)
                version = neighbor.address.version
                of_family[version] = of_family.get(version, prefixes) & prefixes
        free = _FREE.search(self._show(f"dir {_DISK} | include bytes free"))
        return Health(
            sessions=sessions,
            announced={vrf: frozenset().union(*families.values()) for vrf, families in announced.items()},
            free_bytes=int(free.group(1)) if free else None,
        )

    def running(self) -> str:
        """The running configuration as the device shows it; raise PushError for a truncated one."""
        return self._whole(self._show("show running-config"), "running configuration")

    def compare(self, artifacts: Sequence[Artifact]) -> Change:
        """Compare the running configuration with the intended one by meaning."""
        [artifact] = artifacts
        self._running = self.running()
        return self._change(self._resolver.resolve(artifact.text), self._running)

    def before(self, run: str) -> Change:
        """Compare the running configuration with the one that was kept before push `run`."""
        if run not in self._kept():
            raise NothingKept(f"{self._target.device}: no configuration of before run {run} is on its disk")
        kept = self._read(run)
        self._running = self.running()
        return self._change(kept, self._running)

    def change(self, change: Change, run: str, seconds: int) -> None:
        """Keep what runs, arm the rollback, enter the commands, and let BGP make use of changed filters."""
        minutes = max(-(-seconds // 60), _SHORTEST_MINUTES)
        if minutes > _LONGEST_MINUTES:
            raise DeviceRefused(f"{self._target.device}: IOS-XE rolls back within {_LONGEST_MINUTES} minutes at most")
        self._keep(run)
        self._leave()
        self._arm(minutes)
        if self._plan(self._running, self.running())[0]:
            self.revert()
            raise DeviceRefused(f"{self._target.device}: somebody changed it at the same moment", hint="push again")
        steps = [str(step) for step in change.steps]
        try:
            self._enter(steps)
        except DeviceRefused as error:
            self._leave()
            self.revert()
            raise DeviceRefused(error.message, hint="correct what the device refuses, then push again") from None
        self._leave()
        if any(step.startswith("hostname ") for step in steps):
            self._cli.renamed()
        self._refresh(steps)

    def confirm(self, run: str) -> None:
        """Disarm and save; raise ConfirmFailed when it is not saved. Old configurations make room for newer ones.

        Raises RolledBack when nothing is armed any more and what runs is what ran before.
        """
        self._leave()
        said = self._cli.command("configure confirm")
        if _NONE_PENDING.search(said):
            if run in self._kept() and self.before(run).empty:
                raise RolledBack(f"{self._target.device}: it went back before it could be confirmed")
        elif _ERROR.search(said):
            raise PushError(f"{self._target.device}: the change can't be confirmed: {self._cli.said(_last_line(said))}")
        self._save()
        for old in sorted(self._kept())[:-_KEEPS]:
            self._cli.command(f"delete /force {_DISK}ggi-{old}.cfg")

    def revert(self) -> None:
        """Let the armed change go back now; return when the device says that it did."""
        self._leave()
        said = self._cli.command("configure revert now", seconds=_ROLLBACK_SECONDS)
        if self.armed() is not None:
            raise PushError(f"{self._target.device}: it does not go back at once: {self._cli.said(_last_line(said))}")
        self._cli.renamed()
        self._refresh()

    def close(self) -> None:
        """End the session, and with it the lock."""
        self._cli.close()

    def _refuse_a_second_change(self, holder: str) -> None:
        """Raise DeviceLocked when a change is armed by somebody who is still there.

        Only the user who armed it can confirm it or take it back. One of our own whose session is gone belongs to a
        push that was cut off; whose name stands in `holder`, it is the very push that asks.
        """
        user = self._armed_by()
        last = max(self._kept(), default="") if user else ""
        if not user or (last and last in holder):
            return
        users = list(_USER_LINE.finditer(self._show("show users")))
        own = next((other["user"] for other in users if other["own"]), "")
        others = [other for other in users if not other["own"] and other["user"] == user]
        if user != own or others:
            where = f" ({self._cli.said(others[0]['line'])} from {self._cli.said(others[0]['from'])})" if others else ""
            raise DeviceLocked(
                f"{self._target.device}: a change of {self._cli.said(user)}{where} waits for its confirmation"
            )

    def _armed_by(self) -> str:
        """The user whose change waits for its confirmation; empty when none waits."""
        said = self._show("show archive config rollback timer")
        if _NONE_PENDING.search(said):
            return ""
        found = _ROLLBACK_USER.search(said)
        if found is None:
            raise PushError(f"{self._target.device}: what is armed can't be told: {self._cli.said(_last_line(said))}")
        return found.group(1)

    def _read_as(self, read: Callable[[str], _Read], command: str) -> _Read:
        """What the answer to a command means; raise PushError when it holds what can't be read."""
        try:
            return read(self._show(command))
        except ValueError as error:
            raise PushError(
                f"{self._target.device}: the answer to `{command}` can't be read: {self._cli.said(str(error))}"
            ) from None

    def _show(self, command: str) -> str:
        return self._cli.command(f"do {command}" if self._configures else command)

    def _leave(self) -> None:
        """Out of configuration mode, which gives the lock up."""
        if self._configures:
            self._cli.command("end")
            self._configures = False

    def _kept(self) -> list[str]:
        """The pushes of which the device keeps what ran before."""
        return _KEPT.findall(self._show(f"dir {_DISK} | include ggi-"))

    def _read(self, run: str) -> str:
        return self._whole(self._show(f"more {_DISK}ggi-{run}.cfg"), f"configuration of before run {run}")

    def _whole(self, text: str, what: str) -> str:
        if not re.search(r"^end\s*\Z", text, re.MULTILINE):
            raise PushError(f"{self._target.device}: the {what} came in incomplete", hint="try again")
        return text

    def _keep(self, run: str) -> None:
        """Keep what runs under `run`, and as what the device starts with; see that it is what was compared."""
        name = f"ggi-{run}.cfg"
        do = "do " if self._configures else ""
        said = self._cli.command(f"{do}copy running-config {_DISK}{name}", expect=r"\]\? ?") + self._cli.command("")
        if "bytes copied" not in said:
            raise DeviceRefused(
                f"{self._target.device}: what runs can't be kept on its disk: {self._cli.said(_last_line(said))}",
                hint="nothing was changed",
            )
        if self._plan(self._read(run), self._running)[0]:
            raise DeviceRefused(
                f"{self._target.device}: somebody changed it at the same moment", hint="nothing was changed; push again"
            )
        if self._plan(self._running, self._show("show startup-config"))[0]:
            self._save()

    def _save(self) -> None:
        """Let the device start with what runs now; raise ConfirmFailed when it does not."""
        said = self._show("write memory")
        if "[OK]" not in said:
            raise ConfirmFailed(
                f"{self._target.device}: what runs could not be saved: {self._cli.said(_last_line(said))}",
                hint="make room on the device, then push again",
            )

    def _arm(self, minutes: int) -> None:
        """Enter configuration mode with the rollback armed; raise DeviceRefused when the device does not arm it."""
        said = self._cli.command(f"configure terminal revert timer {minutes}")
        if not _IN_CONFIGURATION.search(said):
            raise DeviceRefused(
                f"{self._target.device}: the rollback is refused: {self._cli.said(_last_line(said))}",
                hint="nothing was changed; it needs a configuration archive (`archive`, `path bootflash:ggi-archive`)",
            )
        self._configures = True
        if self.armed() is None:
            self._leave()
            raise DeviceRefused(f"{self._target.device}: the rollback is not armed", hint="nothing was changed")

    def _change(self, intended: str, running: str) -> Change:
        lines, diff = self._plan(intended, running)
        shown = [printable(line, _SHOWN) for line in self._resolver.masker(diff).splitlines()] if diff else []
        return Change("".join(f"{line}\n" for line in shown), tuple(lines))

    def _plan(self, intended: str, running: str) -> tuple[list[str], str]:
        if _bare(intended) == _bare(running):
            return [], ""
        reader, wanted = _read(self._rules, intended, f"{self._target.device}/{artifact_of(self._target).file}")
        there = reader.running(running, f"running-config of {self._target.device}", wanted)
        lines = commands(wanted, there, self._rules)
        return lines, tree_diff(wanted, there, self._rules) if lines else ""

    def _enter(self, lines: Sequence[str]) -> None:
        """Enter lines in configuration mode; raise DeviceRefused with the line that the device refused."""
        for batch in batches(lines):
            texts = self._cli.send("".join(f"{line}\n" for line in batch), 1 if is_text(batch[0]) else len(batch))
            for line, answer in zip(batch, texts, strict=False):
                refusal = _ERROR.search(answer)
                if refusal and not _HARMLESS.match(refusal.group(1)):
                    said = self._cli.said(refusal.group(1))
                    raise DeviceRefused(f"{self._target.device} refused '{self._cli.said(line)}': {said}")

    def _refresh(self, steps: Sequence[str] | None = None) -> None:
        """Let the device make use of what was changed without resetting anything; after a rollback, of all."""
        for refresh in self._rules.refreshes:
            if steps is None or any(re.match(refresh.line, step) for step in steps):
                for command in refresh.commands:
                    self._cli.command(command)


def _enable(shell: Any) -> None:
    """Take the rights of the enable mode where the login did not give them."""
    if not shell.privileged:
        shell.enable(check_state=False)


@lru_cache(maxsize=_AT_WORK)
def _read(rules: FileRules, intended: str, file: str) -> tuple[Reader, Statement]:
    """What a router should run, read once: it is compared before the change and, over a new connection, after it."""
    reader = Reader(rules, secrets.token_bytes(32))
    return reader, reader.intended(intended, file)


def _bare(text: str) -> list[str]:
    """The lines of a configuration without what the device says about it before the first: its size, when, by whom."""
    return list(dropwhile(lambda line: not line.strip() or line.startswith(_ABOUT), text.splitlines()))


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "no reason given"
