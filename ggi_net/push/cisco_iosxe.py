"""The driver for Cisco IOS-XE: netmiko's session, our own comparison, one command at a time."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Any

from netmiko.cisco import CiscoIosSSH

from ggi_net.config.ruleset import load_rules
from ggi_net.config.statement import Reader
from ggi_net.errors import DeviceRefused, PushError
from ggi_net.push.cli import Cli, PinnedHostKey, artifact_of
from ggi_net.push.commands import commands, tree_diff
from ggi_net.push.driver import Change, Identity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ggi_net.push.driver import Target
    from ggi_net.secrets import Resolver

_SERIAL = re.compile(r"^Processor board ID (\S+)", re.MULTILINE)
_ERROR = re.compile(r"^\s*(%.*)$", re.MULTILINE)
_HARMLESS = re.compile(
    r"% (Warning|Generating|The key|Please|Interface \S+ IPv[46] disabled|.*already|Note)", re.IGNORECASE
)
_AT_ONCE = 16
_SAVE = "do write memory"


class _Shell(PinnedHostKey, CiscoIosSSH):  # type: ignore[misc]  # netmiko has no type information
    """netmiko's IOS session, which accepts the one host key that it was given and no other."""


class IosSession:
    """A session with one IOS-XE router."""

    def __init__(self, target: Target, resolver: Resolver) -> None:
        self._target = target
        self._resolver = resolver
        self._rules = load_rules(target.platform.drift).of(artifact_of(target).file)
        self._text = resolver.resolve(artifact_of(target).text)
        self._running = ""
        self._cli = Cli(target, resolver, _Shell, "cisco_xe", _enable)

    def identify(self) -> Identity:
        """The name in the prompt and the serial number of the chassis."""
        found = _SERIAL.search(self._cli.command("show version"))
        return Identity(self._cli.shell.base_prompt, found.group(1) if found else "")

    def running(self) -> str:
        """The running configuration as the device shows it; raise PushError for a truncated one."""
        text = self._cli.command("show running-config")
        if not re.search(r"^end\s*\Z", text, re.MULTILINE):
            raise PushError(f"{self._target.device}: the running configuration came in incomplete", hint="try again")
        return text

    def compare(self) -> Change:
        """Compare the running configuration with the intended one by meaning."""
        self._running = self.running()
        lines, diff = self._plan(self._text, self._running)
        if not lines and self._plan(self._running, self._cli.command("show startup-config"))[0]:
            lines, diff = [_SAVE], "startup-config: not what runs now; a push was cut off before it was saved\n"
        return Change(self._resolver.masker(diff), tuple(lines))

    def change(self, change: Change) -> None:
        """Enter the commands and save; on the first that is refused go back to what was running before."""
        try:
            self._enter([str(step) for step in change.steps])
        except DeviceRefused as error:
            outcome = self._go_back()
            raise DeviceRefused(
                f"{error.message}; {outcome}", hint="correct what the device refuses, then push again"
            ) from None
        answer = self._cli.command("write memory")
        if "[OK]" not in answer:
            raise DeviceRefused(
                f"{self._target.device}: the configuration runs but was not saved: {self._cli.said(answer)}"
            )

    def close(self) -> None:
        """End the session."""
        self._cli.close()

    def _plan(self, intended: str, running: str) -> tuple[list[str], str]:
        reader = Reader(self._rules, secrets.token_bytes(32))
        wanted = reader.intended(intended, f"{self._target.device}/{artifact_of(self._target).file}")
        there = reader.running(running, f"running-config of {self._target.device}", wanted)
        return commands(wanted, there, self._rules), tree_diff(wanted, there, self._rules)

    def _go_back(self) -> str:
        """Bring back what ran before; return what came of it."""
        before = self._running
        lines, _ = self._plan(before, self.running())
        try:
            self._enter(lines)
        except DeviceRefused as error:
            return f"and going back failed as well: {error.message.partition(': ')[2]}"
        left, _ = self._plan(before, self.running())
        return "its old configuration is back" if not left else f"{len(left)} commands short of its old configuration"

    def _enter(self, lines: Sequence[str]) -> None:
        """Enter lines in configuration mode; raise DeviceRefused with the line that the device refused."""
        self._cli.command("configure terminal")
        for batch in batches(lines):
            texts = self._cli.send("".join(f"{line}\n" for line in batch), 1 if _is_text(batch[0]) else len(batch))
            for line, answer in zip(batch, texts, strict=False):
                refusal = _ERROR.search(answer)
                if refusal and not _HARMLESS.match(refusal.group(1)):
                    self._cli.command("end")
                    said = self._cli.said(refusal.group(1))
                    raise DeviceRefused(f"{self._target.device} refused '{self._cli.said(line)}': {said}")
        self._cli.command("end")
        if any(line.startswith("hostname ") for line in lines):
            self._cli.renamed()


def _enable(shell: Any) -> None:
    """Take the rights of the enable mode where the login did not give them."""
    if not shell.check_enable_mode():
        shell.enable()


def batches(lines: Sequence[str]) -> Iterator[list[str]]:
    """`lines` in groups that may be sent in one go: a line that opens a section, or a text, always goes alone.

    What follows a refused line must not end up in the wrong section, so a section's answer is awaited first.
    """
    group: list[str] = []
    text = ""
    for line, following in zip(lines, [*lines[1:], ""], strict=False):
        if text:
            group.append(line)
            if text in line:
                yield group
                group, text = [], ""
            continue
        opens = _depth(following) > _depth(line)
        text = _ending(line)
        if (opens or text) and group:
            yield group
            group = []
        group.append(line)
        if not text and (opens or len(group) == _AT_ONCE or _depth(following) < _depth(line)):
            yield group
            group = []
    if group:
        yield group


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _is_text(line: str) -> bool:
    return bool(_ending(line))


def _ending(line: str) -> str:
    """What ends the text that `line` begins (a banner, a certificate); empty for any other line."""
    words = line.split()
    if words[:1] == ["banner"] and len(words) > 2:
        return words[2][0]
    return "quit" if words[:1] == ["certificate"] else ""
