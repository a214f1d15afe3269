"""Starting simulated devices: one SSH server per device on loopback, in this process."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

import asyncssh

from ggi_net.errors import SystemFailure
from ggi_net.model.types import Record
from ggi_net.push.connections import Connection, Connections, write_connections
from ggi_net.secrets import LabSecrets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from ggi_net.lab.misbehave import Misbehaviour
    from ggi_net.model.estate import Placed

SIMULATORS = {
    "linux": "ggi_net.lab.linux:simulate",
    "cisco_iosxe": "ggi_net.lab.ios:simulate",
    "juniper_junos": "ggi_net.lab.junos:simulate",
    "arista_eos": "ggi_net.lab.eos:simulate",
}
"""By push driver: the module and function that make a simulated device of a Blueprint, given the fleet's Ground."""

USER = "ggi"
LOOPBACK = "127.0.0.1"


class Blueprint(Record, frozen=True, kw_only=True):
    """What a simulated device is made from.

    `driver` is the push driver that it answers to. `refuses`: the beginning of commands that it refuses, to try out
    what happens then. `minute`: how many seconds a minute of the device's timers lasts.
    """

    name: str
    driver: str
    serial: str = ""
    ports: tuple[str, ...] = ()
    refuses: tuple[str, ...] = ()
    minute: float = 60.0


@dataclass(frozen=True)
class Ground:
    """What the devices of a fleet share: its folder, and the password of the lab's user (and of `enable`)."""

    folder: Path
    password: str


class Simulated(Protocol):
    """A simulated device. `root` is the folder that stands for its `/`, None for one that has no files to be seen.

    A device with such a folder is logged in to with the lab's key, any other with the lab's password.
    """

    wrong: Misbehaviour

    @property
    def root(self) -> Path | None:
        """The folder that stands for `/`."""
        ...

    def acceptor(self) -> dict[str, Any]:
        """The arguments of `asyncssh.create_server` that let it serve the device."""
        ...

    def show_running(self) -> str:
        """The configuration that it runs now."""
        ...


def blueprint(placed: Placed, refuses: tuple[str, ...] = ()) -> Blueprint:
    """The blueprint of a device of the estate."""
    from ggi_net.render.platform import platform

    device = placed.device
    driver = platform(device.platform).driver
    ports = tuple(port.name for port in device.ports)
    return Blueprint(name=device.name, driver=driver, serial=device.serial, ports=ports, refuses=refuses)


class Login(asyncssh.SSHServer):
    """Who may log in: the lab's one user, by password or by the lab's key."""

    def __init__(
        self, device: Simulated, password: str, key: asyncssh.SSHKey, sessions: set[asyncssh.SSHServerConnection]
    ) -> None:
        self._device = device
        self._password = password
        self._key = key.export_public_key()
        self._sessions = sessions
        self._connection: asyncssh.SSHServerConnection | None = None
        self._admitted: bool | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Remember the connection, so that the fleet can end it; end it at once when the device can't be reached."""
        self._connection = conn
        self._sessions.add(conn)
        self._device.wrong.connected(conn)
        if not self._device.wrong.reachable(self._device.show_running):
            conn.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        if self._connection is not None:
            self._sessions.discard(self._connection)
            self._device.wrong.disconnected(self._connection)

    def begin_auth(self, username: str) -> bool:
        """Always ask."""
        return True

    def password_auth_supported(self) -> bool:
        """Yes."""
        return True

    def validate_password(self, username: str, password: str) -> bool:
        """The lab's password only."""
        right = username == USER and secrets.compare_digest(password.encode(), self._password.encode())
        return right and self._admits()

    def public_key_auth_supported(self) -> bool:
        """Yes."""
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """The lab's key only."""
        return username == USER and key.export_public_key() == self._key and self._admits()

    def _admits(self) -> bool:
        """Whether the device takes this login; a client may offer its key before it signs with it."""
        if self._admitted is None:
            self._admitted = self._device.wrong.admits(self._device.show_running)
        return self._admitted


class Fleet:
    """Simulated devices in a state folder of their own, which is removed when they stop.

    `connections_file` is in that folder, mode 0600, together with the login key and the lab's secrets.
    """

    def __init__(self, blueprints: Iterable[Blueprint], folder: Path) -> None:
        self.blueprints = tuple(blueprints)
        self.folder = folder.resolve()  # the hosts run their commands in folders of their own
        self.devices: dict[str, Any] = {}
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
        LabSecrets.create(self.folder / "secrets.seed")
        login = asyncssh.generate_private_key("ssh-ed25519")
        key_file = self.folder / "login.key"
        key_file.touch(0o600)
        key_file.write_bytes(login.export_private_key())
        ground = Ground(self.folder, secrets.token_urlsafe(18))
        found: dict[str, Connection] = {}
        for plan in self.blueprints:
            host_key = asyncssh.generate_private_key("ssh-ed25519")
            device = simulate(plan, ground)
            port = await self._listen(device, host_key, ground.password, login)
            public = " ".join(host_key.export_public_key().decode().split()[:2])
            password = "" if device.root else ground.password
            found[plan.name] = Connection(
                host=LOOPBACK, port=port, host_key=public, username=USER, password=password, enable=password,
                key=str(key_file) if device.root else "", root=str(device.root or ""),
            )  # fmt: skip
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
        if any(device.root for device in self.devices.values()):
            from ggi_net.lab.linux import end_processes

            await asyncio.to_thread(end_processes, self.folder)
        shutil.rmtree(self.folder, ignore_errors=True)

    async def _listen(self, device: Simulated, host_key: asyncssh.SSHKey, password: str, login: asyncssh.SSHKey) -> int:
        server = await asyncssh.create_server(
            lambda: Login(device, password, login, self._sessions), LOOPBACK, 0,
            server_host_keys=[host_key], backlog=100, login_timeout=60, **device.acceptor(),
        )  # fmt: skip
        self._servers.append(server)
        return int(server.get_port())


def simulate(plan: Blueprint, ground: Ground) -> Simulated:
    """A device made from its blueprint; raise SystemFailure when nothing simulates its driver."""
    where = SIMULATORS.get(plan.driver)
    if where is None:
        raise SystemFailure(f"{plan.name}: nothing simulates '{plan.driver}' devices")
    module, _, name = where.partition(":")
    make: Callable[[Blueprint, Ground], Simulated] = getattr(import_module(module), name)
    return make(plan, ground)


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


__all__ = ["SIMULATORS", "Blueprint", "Fleet", "Ground", "Login", "Simulated", "blueprint", "running_fleet"]
