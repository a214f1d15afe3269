"""What the drivers share that talk to a command line through netmiko: connecting, sending, and what may be shown."""

from __future__ import annotations

import re
import threading
import time
from typing import TYPE_CHECKING, Any

import paramiko
from netmiko.exceptions import NetmikoBaseException, NetmikoTimeoutException, ReadException

from ggi_net.errors import DeviceUnreachable, PushError
from ggi_net.push.ssh import SESSION_BROKE, TIMEOUT_SECONDS, connected, guarded, known_host
from ggi_net.source.yamlfile import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from ggi_net.push.connections import Connection
    from ggi_net.push.driver import Target
    from ggi_net.render.artifact import Artifact
    from ggi_net.secrets import Resolver

READ_SECONDS = 60.0
_KEEPALIVE_SECONDS = 15
_PAUSE_SECONDS = 0.2
"""How long nothing may come until it is asked whether that goes on for too long."""
QUIET_SECONDS = 3.0
_TAIL = 300
_PROMPT_KEEPS = 16
"""So many characters of a name stand in every prompt; IOS cuts longer names in its configuration mode."""
_SOME_PROMPT = re.compile(r"^\S{1,80}[#>$%]", re.MULTILINE)
_ENDS_IN_PROMPT = re.compile(rf"(?:{_SOME_PROMPT.pattern}) ?\Z", re.MULTILINE)
BROKEN = (NetmikoBaseException, *SESSION_BROKE, ValueError)
"""What netmiko raises when a session breaks, or when no prompt comes back."""


class PinnedHostKey:
    """To be put before one of netmiko's classes: it accepts the one host key that it was given and no other."""

    def __init__(self, connection: Connection, **arguments: Any) -> None:
        self._known = known_host(connection)
        self._came = threading.Event()
        super().__init__(**arguments)

    def _build_ssh_client(self) -> paramiko.SSHClient:
        client = paramiko.SSHClient()
        name, key = self._known
        client.get_host_keys().add(name, key.get_name(), key)
        client.set_missing_host_key_policy(paramiko.RejectPolicy())
        return client

    def establish_connection(self, *arguments: Any, **more: Any) -> None:
        """Connect, and let it be told from then on when something comes."""
        super().establish_connection(*arguments, **more)  # type: ignore[misc]  # netmiko's class, after this
        self.remote_conn.in_buffer.set_event(self._came)  # type: ignore[attr-defined]  # netmiko's

    def read_channel(self) -> str:
        """What came, as soon as something does: netmiko would look for it every 10 ms. Empty when nothing came.

        What netmiko read beyond a pattern, and has put back, is there at once.
        """
        if not self._read_buffer:  # type: ignore[attr-defined]  # netmiko's
            self._came.wait(_PAUSE_SECONDS)
        return str(super().read_channel())  # type: ignore[misc]  # netmiko's class, after this

    def normalize_linefeeds(self, a_string: str) -> str:
        """What netmiko makes of line ends, without an expression that looks for each: most are of one kind."""
        plain = a_string.replace("\r\n", "\n")
        return str(super().normalize_linefeeds(a_string)) if "\r" in plain else plain  # type: ignore[misc]  # netmiko's class, after this


class Cli:
    """An open session with a device's command line.

    `shell` is netmiko's own session, a class that begins with PinnedHostKey, called with `device_type`. `prepare` is
    called once with it, when the login has succeeded. Raises DeviceUnreachable or HostKeyRefused.
    """

    shell: Any = None

    def __init__(
        self,
        target: Target,
        resolver: Resolver,
        shell: type[Any],
        device_type: str,
        prepare: Callable[[Any], object] = lambda shell: None,
    ) -> None:
        self.device = target.device
        self.expect(re.compile(""))
        self._resolver = resolver
        guarded(target.device, target.connection, lambda: self._connect(target.connection, shell, device_type))
        try:
            prepare(self.shell)
        except BROKEN as error:
            self.close()
            raise DeviceUnreachable(
                f"{self.device}: no session: {first_line(error)}",
                hint="is the `enable` password in the connections file right?",
            ) from None
        self.expect(_prompt(str(self.shell.base_prompt)))

    def _connect(self, connection: Connection, shell: type[Any], device_type: str) -> None:
        try:
            self.shell = shell(
                connection,
                device_type=device_type, host=connection.host, port=connection.port, username=connection.username,
                password=self._resolver.plain(connection.password) if connection.password else "",
                secret=self._resolver.plain(connection.enable) if connection.enable else "",
                use_keys=bool(connection.key), key_file=connection.key or None, allow_agent=False,
                conn_timeout=TIMEOUT_SECONDS, auth_timeout=TIMEOUT_SECONDS, banner_timeout=TIMEOUT_SECONDS,
                keepalive=_KEEPALIVE_SECONDS, sock=connected(connection),
            )  # fmt: skip
        except paramiko.AuthenticationException:
            raise
        except (NetmikoTimeoutException, ReadException) as error:
            if isinstance(error.__context__, paramiko.SSHException | OSError):
                raise error.__context__ from None
            raise DeviceUnreachable(
                f"{self.device}: no session: {first_line(error)}", hint="is it up, and is SSH on?"
            ) from None
        except NetmikoBaseException as error:
            raise DeviceUnreachable(f"{self.device}: no session: {first_line(error)}") from None

    def renamed(self) -> None:
        """Learn the prompt anew: the device may have got another name."""
        try:
            self.shell.set_base_prompt()
        except BROKEN as error:
            raise DeviceUnreachable(f"{self.device}: no prompt: {first_line(error)}") from None
        self.expect(_prompt(str(self.shell.base_prompt)))

    def expect(self, prompt: re.Pattern[str]) -> None:
        """Have a prompt be what this expression finds at the beginning of a line."""
        self.prompt = prompt
        self._ends = self._ending("")

    def _ending(self, expect: str) -> re.Pattern[str]:
        """What an answer ends with: a prompt, or what is expected instead."""
        return re.compile(rf"(?:{self.prompt.pattern}{f'|{expect}' if expect else ''})\Z", re.MULTILINE)

    def command(self, command: str, *, expect: str = "", seconds: float = READ_SECONDS) -> str:
        """What the device prints for a command, without echo and prompt.

        `expect` is a regular expression that ends the answer as well as a prompt does: a question. Raises
        DeviceUnreachable when neither comes within `seconds`.
        """
        ends = self._ending(expect) if expect else self._ends

        def end(text: str) -> re.Match[str] | None:
            return ends.search(text, max(len(text) - _TAIL, 0))

        text = self._exchange(f"{command}\n", end, seconds)
        found = end(text)
        return (text[: found.start()] if found else text).partition("\n")[2]

    def send(self, text: str, count: int, *, seconds: float = READ_SECONDS) -> list[str]:
        """Write `text` at once; what the device printed up to each of the `count` prompts that follow, echo included.

        Raises DeviceUnreachable when they don't all come within `seconds`.
        """
        came = self._exchange(text, lambda text: len(self.prompt.findall(text)) >= count, seconds)
        return self.prompt.split(came)[:count]

    def _exchange(self, text: str, complete: Callable[[str], object], seconds: float) -> str:
        """Write, and read until `complete`; netmiko makes line ends plain."""
        try:
            self.shell.write_channel(text)
            return self._read(complete, seconds)
        except BROKEN as error:
            what = self.said(text.strip().splitlines()[0] if text.strip() else "return")
            raise DeviceUnreachable(f"{self.device}: no answer to `{what}`: {first_line(error)}") from None

    def _read(self, complete: Callable[[str], object], seconds: float) -> str:
        text, since = "", time.monotonic()
        limit, quiet = since + seconds, since
        while not complete(text):
            new = self.shell.read_channel()
            now = time.monotonic()
            if new:
                text, quiet = text + new, now
                continue
            if self.shell.remote_conn.closed or self.shell.remote_conn.eof_received:
                raise EOFError("the device ended the connection")
            if now > quiet + QUIET_SECONDS and _ENDS_IN_PROMPT.search(text):
                raise ValueError(self._strange(text))
            if now > limit:
                raise TimeoutError("no prompt came back")
        return text

    def _strange(self, text: str) -> str:
        """What is wrong with the prompts in `text`."""
        prompts = [found.group() for found in _SOME_PROMPT.finditer(text)]
        other = next((prompt for prompt in prompts if not self.prompt.match(prompt)), "")
        return f"it shows '{self.said(other)}' for a prompt" if other else "it did not answer everything"

    def said(self, text: str) -> str:
        """A device's or an artifact's words for a message: on one line, short, secrets masked."""
        return printable(self._resolver.masker(text.strip()), 160)

    def close(self) -> None:
        """End the session at once, without waiting for the device; never raises."""
        if self.shell is not None:
            self.shell.paramiko_cleanup()


def _prompt(name: str) -> re.Pattern[str]:
    """The prompt of a device in any of its modes."""
    return re.compile(rf"^{re.escape(name[:_PROMPT_KEEPS])}[^\s()]*(?:\([^()\s]+\))?[#>%] ?", re.MULTILINE)


def artifact_of(target: Target) -> Artifact:
    """The one artifact of a router that is configured by commands; raise PushError when there are more or none."""
    if len(target.artifacts) != 1:
        raise PushError(
            f"{target.device}: {len(target.artifacts)} artifacts where one is expected", hint="render again"
        )
    return target.artifacts[0]


def first_line(error: BaseException) -> str:
    """The first line of what an exception says, for a message."""
    lines = str(error).strip().splitlines()
    return printable(lines[0] if lines else type(error).__name__, 160)
