"""The driver for Cisco IOS-XE: netmiko's session, our own comparison, one command at a time."""

from __future__ import annotations

import re
import secrets
import time
from typing import TYPE_CHECKING, Any

import paramiko
from netmiko.cisco import CiscoIosSSH
from netmiko.exceptions import NetmikoBaseException, NetmikoTimeoutException, ReadException

from ggi_net.config.ruleset import load_rules
from ggi_net.config.statement import Reader
from ggi_net.errors import DeviceRefused, DeviceUnreachable, PushError
from ggi_net.push.commands import commands, tree_diff
from ggi_net.push.driver import Change, Identity
from ggi_net.push.ssh import TIMEOUT_SECONDS, guarded, known_host
from ggi_net.source.yamlfile import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ggi_net.push.connections import Connection
    from ggi_net.push.driver import Target
    from ggi_net.render.artifact import Artifact
    from ggi_net.secrets import Resolver

_PROMPT = re.compile(r"^[^\s(]+\([^()\s]+\)#", re.MULTILINE)
_SERIAL = re.compile(r"^Processor board ID (\S+)", re.MULTILINE)
_ERROR = re.compile(r"^\s*(%.*)$", re.MULTILINE)
_HARMLESS = re.compile(
    r"% (Warning|Generating|The key|Please|Interface \S+ IPv[46] disabled|.*already|Note)", re.IGNORECASE
)
_READ_SECONDS = 60.0
_PAUSE_SECONDS = 0.005
_AT_ONCE = 16
_SAVE = "do write memory"


class _Shell(CiscoIosSSH):  # type: ignore[misc]  # netmiko has no type information
    """netmiko's IOS session, which accepts the one host key that it was given and no other."""

    def __init__(self, connection: Connection, **arguments: Any) -> None:
        self._known = known_host(connection)
        super().__init__(**arguments)

    def _build_ssh_client(self) -> paramiko.SSHClient:
        client = paramiko.SSHClient()
        name, key = self._known
        client.get_host_keys().add(name, key.get_name(), key)
        client.set_missing_host_key_policy(paramiko.RejectPolicy())
        return client


class IosSession:
    """A session with one IOS-XE router."""

    def __init__(self, target: Target, resolver: Resolver) -> None:
        self._target = target
        self._resolver = resolver
        self._rules = load_rules(target.platform.drift).of(artifact_of(target).file)
        self._text = resolver.resolve(artifact_of(target).text)
        self._running = ""
        self._shell: Any = None
        connection = target.connection
        guarded(target.device, connection, lambda: self._connect(connection))

    def _connect(self, connection: Connection) -> None:
        try:
            self._shell = _Shell(
                connection,
                device_type="cisco_xe", host=connection.host, port=connection.port, username=connection.username,
                password=self._resolver.plain(connection.password) if connection.password else "",
                secret=self._resolver.plain(connection.enable) if connection.enable else "",
                use_keys=bool(connection.key), key_file=connection.key or None, allow_agent=False,
                conn_timeout=TIMEOUT_SECONDS, auth_timeout=TIMEOUT_SECONDS, banner_timeout=TIMEOUT_SECONDS,
            )  # fmt: skip
            if not self._shell.check_enable_mode():
                self._shell.enable()
        except paramiko.AuthenticationException:
            raise
        except (NetmikoTimeoutException, ReadException) as error:
            if isinstance(error.__context__, paramiko.SSHException | OSError):
                raise error.__context__ from None
            raise DeviceUnreachable(
                f"{self._target.device}: no session: {_first_line(error)}", hint="is it up, and is SSH on?"
            ) from None
        except ValueError:
            raise DeviceUnreachable(
                f"{self._target.device}: the enable password is refused", hint="check `enable` in the connections file"
            ) from None

    def identify(self) -> Identity:
        """The name in the prompt and the serial number of the chassis."""
        found = _SERIAL.search(self._command("show version"))
        return Identity(self._shell.base_prompt, found.group(1) if found else "")

    def running(self) -> str:
        """The running configuration as the device shows it; raise PushError for a truncated one."""
        text = self._command("show running-config")
        if not re.search(r"^end\s*\Z", text, re.MULTILINE):
            raise PushError(f"{self._target.device}: the running configuration came in incomplete", hint="try again")
        return text

    def compare(self) -> Change:
        """Compare the running configuration with the intended one by meaning."""
        self._running = self.running()
        lines, diff = self._plan(self._text, self._running)
        if not lines and self._plan(self._running, self._command("show startup-config"))[0]:
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
        answer = self._command("write memory")
        if "[OK]" not in answer:
            raise DeviceRefused(
                f"{self._target.device}: the configuration runs but was not saved: {self._said(answer)}"
            )

    def close(self) -> None:
        """End the session."""
        if self._shell is not None:
            self._shell.disconnect()

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
        try:
            self._shell.config_mode()
            for batch in batches(lines):
                self._shell.write_channel("".join(f"{line}\n" for line in batch))
                texts = self._answers(1 if _is_text(batch[0]) else len(batch))
                for line, answer in zip(batch, texts, strict=False):
                    refusal = _ERROR.search(answer)
                    if refusal and not _HARMLESS.match(refusal.group(1)):
                        self._shell.exit_config_mode()
                        said = self._said(refusal.group(1))
                        raise DeviceRefused(f"{self._target.device} refused '{self._said(line)}': {said}")
            self._shell.exit_config_mode()
            if any(line.startswith("hostname ") for line in lines):
                self._shell.set_base_prompt()
        except (NetmikoBaseException, OSError, EOFError, ValueError) as error:
            raise DeviceUnreachable(
                f"{self._target.device}: the session broke in the middle of the change: {_first_line(error)}",
                hint="push again: it goes on from whatever the device has now",
            ) from None

    def _answers(self, count: int) -> list[str]:
        """What the device printed for each of `count` inputs, up to the prompt that followed it."""
        text, limit = "", time.monotonic() + _READ_SECONDS
        while len(_PROMPT.findall(text)) < count:
            new = self._shell.read_channel()
            text += new
            if not new:
                if self._shell.remote_conn.closed or time.monotonic() > limit:
                    raise TimeoutError("no prompt came back")
                time.sleep(_PAUSE_SECONDS)
        return _PROMPT.split(text)

    def _command(self, command: str) -> str:
        try:
            return str(self._shell.send_command(command, read_timeout=_READ_SECONDS))
        except (NetmikoBaseException, OSError, EOFError, ValueError) as error:
            raise DeviceUnreachable(f"{self._target.device}: no answer to `{command}`: {_first_line(error)}") from None

    def _said(self, text: str) -> str:
        return printable(self._resolver.masker(text.strip()), 160)


def artifact_of(target: Target) -> Artifact:
    """The one artifact of a router that is configured by commands; raise PushError when there are more or none."""
    if len(target.artifacts) != 1:
        raise PushError(
            f"{target.device}: {len(target.artifacts)} artifacts where one is expected", hint="render again"
        )
    return target.artifacts[0]


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


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return printable(lines[0] if lines else type(error).__name__, 160)
