"""SSH to a device with the one host key that it must show; no other key, and no question to the user."""

from __future__ import annotations

import base64
import binascii
import logging
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
    """An SSH session with a Linux host: commands and SFTP. Use it in a `with` block."""

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
            )  # fmt: skip

        try:
            guarded(device, connection, connect)
            guarded(device, connection, self._open_sftp)
        except PushError:
            self._client.close()
            raise

    def _open_sftp(self) -> None:
        self.sftp = self._client.open_sftp()
        channel = self.sftp.get_channel()
        if channel is not None:
            channel.settimeout(COMMAND_SECONDS)

    def run(self, command: str) -> Answer:
        """Run a command; raise DeviceUnreachable when the session breaks."""
        try:
            stdin, stdout, stderr = self._client.exec_command(command, timeout=COMMAND_SECONDS)
            stdin.close()
            output, errors = stdout.read(), stderr.read()
            return Answer(
                stdout.channel.recv_exit_status(), output.decode(errors="replace"), errors.decode(errors="replace")
            )
        except (OSError, EOFError, paramiko.SSHException) as error:
            raise DeviceUnreachable(f"{self._device}: the session broke: {printable(error)}") from None

    def read(self, path: str) -> bytes | None:
        """The content of a file; None when there is none. Raise DeviceUnreachable or DriftError's kin."""
        try:
            with self.sftp.open(path, "rb") as file:
                file.prefetch()
                return file.read()
        except FileNotFoundError:
            return None
        except (EOFError, paramiko.SSHException) as error:
            raise DeviceUnreachable(f"{self._device}: the session broke: {printable(error)}") from None
        except OSError as error:
            raise PushError(
                f"{self._device}: {path} can't be read: {printable(error.strerror or error)}",
                hint="does the login have the right?",
            ) from None

    def close(self) -> None:
        """End the session."""
        self._client.close()

    def __enter__(self) -> Host:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
