"""SSH to a device with the one host key that it must show; no other key, and no question to the user."""

from __future__ import annotations

import base64
import binascii
import logging
import shlex
import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import paramiko

from ggi_net.errors import DeviceUnreachable, HostKeyRefused, PushError
from ggi_net.source.yamlfile import printable

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from ggi_net.push.connections import Connection
    from ggi_net.secrets import Resolver

logging.getLogger("paramiko").addHandler(logging.NullHandler())  # it would print tracebacks of what is raised as well

SESSION_BROKE = (OSError, EOFError, paramiko.SSHException)
"""What paramiko raises when a connection ends where no end was expected."""

TIMEOUT_SECONDS = 20.0
COMMAND_SECONDS = 120.0
KEEPALIVE_SECONDS = 15


@dataclass(frozen=True)
class Answer:
    """What a command gave: its exit status and both outputs."""

    status: int
    output: str
    errors: str


def known_host(connection: Connection) -> tuple[str, paramiko.PKey]:
    """The name and key under which SSH looks the host up; raise PushError for a key that can't be read."""
    kind, _, text = connection.host_key.partition(" ")
    try:
        key = paramiko.PKey.from_type_string(kind, base64.b64decode(text, validate=True))
    except (binascii.Error, paramiko.SSHException, ValueError, LookupError):
        raise PushError(
            f"the host key of {connection.host}:{connection.port} can't be read",
            hint="it has the form `ssh-ed25519 AAAA...`, as ssh-keyscan prints it",
        ) from None
    name = connection.host if connection.port == paramiko.config.SSH_PORT else f"[{connection.host}]:{connection.port}"
    return name, key


def connected(connection: Connection) -> socket.socket:
    """A TCP connection to the device; raise OSError.

    Without Nagle's algorithm (RFC 896): it would keep each of the small messages that SSH begins with until the device
    has acknowledged the one before, which many do only after 40 ms.
    """
    made = socket.create_connection((connection.host, connection.port), TIMEOUT_SECONDS)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


def guarded(device: str, connection: Connection, connect: Callable[[], object]) -> None:
    """Run `connect`; turn whatever SSH and the network answer into DeviceUnreachable or HostKeyRefused."""
    where = f"{device} ({connection.host}:{connection.port})"
    try:
        connect()
    except paramiko.BadHostKeyException:
        raise HostKeyRefused(
            f"{where} shows another host key than the one that is known",
            hint="find out why before you accept the new key: another device may answer at that address",
        ) from None
    except paramiko.AuthenticationException:
        raise DeviceUnreachable(f"{where} refuses the login", hint="check user, password or key") from None
    except (paramiko.SSHException, EOFError) as error:
        if "not found in known_hosts" in str(error):
            raise HostKeyRefused(f"{where} shows a host key of another kind than the one that is known") from None
        raise DeviceUnreachable(
            f"{where}: no SSH session: {printable(error)}", hint="is it up, and is SSH on?"
        ) from None
    except OSError as error:
        reason = error.strerror or str(error) or type(error).__name__
        raise DeviceUnreachable(f"{where} can't be reached: {printable(reason)}", hint="is it up?") from None


class Host:
    """An SSH session with a Linux host, in which commands are run as root. Use it in a `with` block."""

    def __init__(self, device: str, connection: Connection, resolver: Resolver) -> None:
        self._device = device
        self._client = paramiko.SSHClient()
        name, key = known_host(connection)
        self._client.get_host_keys().add(name, key.get_name(), key)
        self._client.set_missing_host_key_policy(paramiko.RejectPolicy())
        password = resolver.plain(connection.password) if connection.password else None

        def connect() -> None:
            self._client.connect(
                connection.host, connection.port, connection.username or None, password=password,
                key_filename=connection.key or None, look_for_keys=not (password or connection.key),
                allow_agent=not (password or connection.key),
                timeout=TIMEOUT_SECONDS, banner_timeout=TIMEOUT_SECONDS, auth_timeout=TIMEOUT_SECONDS,
                sock=connected(connection),
            )  # fmt: skip

        try:
            guarded(device, connection, connect)
        except PushError:
            self._client.close()
            raise
        transport = self._client.get_transport()
        assert transport is not None  # noqa: S101  it connected
        transport.set_keepalive(KEEPALIVE_SECONDS)
        self._transport = transport

    def run(self, script: str, *arguments: str, given: bytes = b"", seconds: float = COMMAND_SECONDS) -> Answer:
        """Run a shell script with arguments, `given` on its standard input; wait for it as long as it says something.

        Nothing secret may stand in script or arguments: others on the host see them. Raises DeviceUnreachable when the
        session breaks, or the script is silent for `seconds`.
        """
        try:
            channel = self.start(script, *arguments, seconds=seconds)
            with suppress(OSError):  # a script that refuses its input says why
                channel.sendall(given)
                channel.shutdown_write()
            output, errors = channel.makefile("rb").read(), channel.makefile_stderr("rb").read()
            status = channel.recv_exit_status()
            channel.close()
        except SESSION_BROKE as error:
            raise self._broke(printable(error) or "nothing was said any more") from None
        if status < 0:
            raise self._broke("the command's end was not told")
        return Answer(status, output.decode(errors="replace"), errors.decode(errors="replace"))

    def start(self, script: str, *arguments: str, seconds: float = COMMAND_SECONDS) -> paramiko.Channel:
        """The channel of a script that was started; raise what `SESSION_BROKE` lists."""
        channel = self._transport.open_session(timeout=seconds)
        channel.settimeout(seconds)
        words = [*self._as_root(), "sh", "-c", script, "ggi", *arguments]
        channel.exec_command(shlex.join(words))
        return channel

    def _as_root(self) -> list[str]:
        return [] if self._transport.get_username() == "root" else ["sudo", "-n", "--"]

    def _broke(self, why: str) -> DeviceUnreachable:
        return DeviceUnreachable(f"{self._device}: the session broke: {why}", hint="is it up?")

    def close(self) -> None:
        """End the session."""
        self._client.close()

    def __enter__(self) -> Host:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
