"""Starting simulated devices: one SSH server per device on loopback, in this process."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import asyncssh

from ggi_net.errors import SystemFailure
from ggi_net.lab import ios_session, linux
from ggi_net.lab.ios import IosDevice
from ggi_net.lab.linux import LinuxDevice
from ggi_net.model.types import Record
from ggi_net.push.connections import Connection, Connections, write_connections
from ggi_net.secrets import LabSecrets

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from ggi_net.model.estate import Placed

USER = "ggi"
LOOPBACK = "127.0.0.1"


class Blueprint(Record, frozen=True, kw_only=True):
    """What a simulated device is made from.

    `driver` is the push driver that it answers to. `refuses`: the beginning of commands that it refuses, to try out
    what happens then.
    """

    name: str
    driver: str
    serial: str = ""
    ports: tuple[str, ...] = ()
    refuses: tuple[str, ...] = ()


def blueprint(placed: Placed, refuses: tuple[str, ...] = ()) -> Blueprint:
    """The blueprint of a device of the estate."""
    from ggi_net.render.platform import platform

    device = placed.device
    driver = platform(device.platform).driver
    ports = tuple(port.name for port in device.ports)
    return Blueprint(name=device.name, driver=driver, serial=device.serial, ports=ports, refuses=refuses)


class _Login(asyncssh.SSHServer):
    """Who may log in: the lab's one user, by password or by the lab's key."""

    def __init__(self, password: str, key: asyncssh.SSHKey, sessions: set[asyncssh.SSHServerConnection]) -> None:
        self._password = password
        self._key = key.export_public_key()
        self._sessions = sessions
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Remember the connection, so that the fleet can end it."""
        self._connection = conn
        self._sessions.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        if self._connection is not None:
            self._sessions.discard(self._connection)

    def begin_auth(self, username: str) -> bool:
        """Always ask."""
        return True

    def password_auth_supported(self) -> bool:
        """Yes."""
        return True

    def validate_password(self, username: str, password: str) -> bool:
        """The lab's password only."""
        return username == USER and secrets.compare_digest(password.encode(), self._password.encode())

    def public_key_auth_supported(self) -> bool:
        """Yes."""
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """The lab's key only."""
        return username == USER and key.export_public_key() == self._key


class Fleet:
    """Simulated devices in a state folder of their own, which is removed when they stop.

    `connections_file` is in that folder, mode 0600, together with the login key and the lab's secrets.
    """

    def __init__(self, blueprints: Iterable[Blueprint], folder: Path) -> None:
        self.blueprints = tuple(blueprints)
        self.folder = folder.resolve()  # the hosts run their commands in folders of their own
        self.devices: dict[str, IosDevice | LinuxDevice] = {}
        self.connections = Connections(devices={})
        self._servers: list[asyncssh.SSHAcceptor] = []
        self._sessions: set[asyncssh.SSHServerConnection] = set()

    @property
    def connections_file(self) -> Path:
        """The connections file for `ggi push` and `ggi drift`."""
        return self.folder / "connections.json"

    async def start(self) -> None:
        """Start every device; write the connections file last, so that who finds it finds the devices."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        tools = self.folder / "tools"
        linux.make_tools(tools)
        LabSecrets.create(self.folder / "secrets.seed")
        login = asyncssh.generate_private_key("ssh-ed25519")
        key_file = self.folder / "login.key"
        key_file.touch(0o600)
        key_file.write_bytes(login.export_private_key())
        password = secrets.token_urlsafe(18)
        found: dict[str, Connection] = {}
        for plan in self.blueprints:
            host_key = asyncssh.generate_private_key("ssh-ed25519")
            device = self._make(plan, password, tools)
            port = await self._listen(device, host_key, password, login)
            public = " ".join(host_key.export_public_key().decode().split()[:2])
            on_linux = isinstance(device, LinuxDevice)
            found[plan.name] = Connection(
                host=LOOPBACK,
                port=port,
                host_key=public,
                username=USER,
                password="" if on_linux else password,
                enable="" if on_linux else password,
                key=str(key_file) if on_linux else "",
                root=str(device.root) if isinstance(device, LinuxDevice) else "",
            )
            self.devices[plan.name] = device
        self.connections = Connections(devices=found, secrets=f"lab:{self.folder / 'secrets.seed'}")
        write_connections(self.connections_file, self.connections)

    async def stop(self) -> None:
        """Stop every device and remove the folder."""
        for server in self._servers:
            server.close()
        open_sessions = list(self._sessions)
        for session in open_sessions:
            session.abort()
        for session in open_sessions:
            await session.wait_closed()
        for server in self._servers:
            await server.wait_closed()
        own = asyncio.current_task()
        rest = [task for task in asyncio.all_tasks() if task is not own]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _make(self, plan: Blueprint, password: str, tools: Path) -> IosDevice | LinuxDevice:
        if plan.driver == "cisco_iosxe":
            return IosDevice(plan.name, plan.serial, plan.ports, password, plan.refuses)
        device = LinuxDevice(plan.name, plan.serial, self.folder / "hosts" / plan.name, tools)
        device.make()
        device.refuse(*plan.refuses)
        return device

    async def _listen(
        self, device: IosDevice | LinuxDevice, host_key: asyncssh.SSHKey, password: str, login: asyncssh.SSHKey
    ) -> int:
        if isinstance(device, IosDevice):

            async def shell(process: asyncssh.SSHServerProcess[str]) -> None:
                await ios_session.serve(process, device)

            server = await asyncssh.create_server(
                lambda: _Login(password, login, self._sessions), LOOPBACK, 0,
                server_host_keys=[host_key], process_factory=shell,
                line_editor=False, backlog=100, login_timeout=60,
            )  # fmt: skip
        else:

            async def command(process: asyncssh.SSHServerProcess[bytes]) -> None:
                await linux.serve(process, device)

            server = await asyncssh.create_server(
                lambda: _Login(password, login, self._sessions), LOOPBACK, 0,
                server_host_keys=[host_key], process_factory=command,
                sftp_factory=lambda channel: linux.RootedSFTP(channel, device.root), encoding=None,
                backlog=100, login_timeout=60,
            )  # fmt: skip
        self._servers.append(server)
        return int(server.get_port())


@contextmanager
def running_fleet(blueprints: Iterable[Blueprint], folder: Path) -> Iterator[Fleet]:
    """A fleet that runs in a thread of this process for the length of the `with` block."""
    fleet = Fleet(blueprints, folder)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="ggi-lab", daemon=True)
    thread.start()
    try:
        try:
            asyncio.run_coroutine_threadsafe(fleet.start(), loop).result(60)
        except (OSError, TimeoutError) as error:
            raise SystemFailure(f"the simulated devices can't start: {error}", hint="see `ulimit -n`") from None
        yield fleet
    finally:
        asyncio.run_coroutine_threadsafe(fleet.stop(), loop).result(60)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


__all__ = ["Blueprint", "Fleet", "blueprint", "running_fleet"]
