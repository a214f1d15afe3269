"""How each device is reached: a file with host, port, login and the host key that it must show."""

from __future__ import annotations

import ipaddress
import stat
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from ggi_net.errors import HostKeyRefused, HostKeyUnknown, NotInEstate, Place, PushError, SecretInFile, nearest
from ggi_net.files import read_bytes, write_atomic
from ggi_net.model.types import HostKey, HostName, Record
from ggi_net.secrets import REFERENCE
from ggi_net.source.yamlfile import convert, locate, parse

if TYPE_CHECKING:
    from pathlib import Path

    from ggi_net.model.network import Device


class Login(Record, frozen=True, kw_only=True):
    """Who logs in, and with what. `password` and `enable` are references (`secret://federation/ssh/operator`).

    `key` is the path of a private key file. Without password and key those of the SSH agent and of `~/.ssh` are tried.
    """

    username: str = ""
    password: str = ""
    enable: str = ""
    key: str = ""


class Connection(Login, frozen=True, kw_only=True):
    """One device's management access over SSH. What is left out follows from the estate, and from the `defaults`.

    `host` defaults to the device's first management address, `host_key` to the one that the estate has: no other key
    is accepted. A device on loopback, as simulated ones are, may have its passwords here. `root` is the folder that
    stands for `/` on a simulated host; empty on a real one.
    """

    host: str = ""
    host_key: HostKey = ""
    port: Annotated[int, Meta(ge=1, le=65535)] = 22
    root: str = ""

    @property
    def simulated(self) -> bool:
        """Whether it ends on this machine."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


class Connections(Record, frozen=True, kw_only=True):
    """The connections of many devices.

    `defaults` is the login of each device that has none of its own, also of those that are not listed. `secrets` names
    the secrets backend to use with them, if any.
    """

    devices: dict[HostName, Connection] = msgspec.field(default_factory=dict)
    defaults: Login | None = None
    secrets: str = ""

    def of(self, device: str) -> Connection:
        """What the file says of one device; raise NotInEstate."""
        found = self.devices.get(device)
        if found is None and self.defaults is None:
            raise NotInEstate(
                f"no connection for device '{device}'{nearest(device, self.devices)}",
                hint="add the device to the connections file, or `defaults` with the login of all devices",
            )
        found = found or Connection()
        if self.defaults and not (found.username or found.password or found.enable or found.key):
            found = msgspec.structs.replace(found, **msgspec.structs.asdict(self.defaults))
        return found

    def reaching(self, device: Device) -> Connection:
        """The connection of a device of the estate, with its address; raise NotInEstate."""
        found = self.of(device.name)
        if found.host:
            return found
        if not device.management:
            raise NotInEstate(
                f"no address is known of device '{device.name}'",
                hint="give it a management address in the estate, or a `host` in the connections file",
            )
        return msgspec.structs.replace(found, host=device.management[0].partition("/")[0])


def trusted(device: str, connection: Connection, estate_key: str) -> Connection:
    """The connection with the one host key that the device must show: that of the file, else that of the estate.

    Raises HostKeyUnknown where neither has one, HostKeyRefused where they differ.
    """
    if not (connection.host_key or estate_key):
        raise HostKeyUnknown(
            f"{device}: no host key is known of {connection.host}:{connection.port}",
            hint=f"put it into the estate, or compare and accept it once with `ggi hostkeys learn {device}`",
        )
    if connection.host_key and estate_key and connection.host_key != estate_key:
        raise HostKeyRefused(
            f"{device}: the connections file has another host key than the estate",
            hint="find out which is the device's own, and correct the other; nothing was sent to it",
        )
    return msgspec.structs.replace(connection, host_key=connection.host_key or estate_key)


def read_connections(path: Path) -> Connections:
    """Read a connections file (YAML or JSON).

    Raises FileError, SecretInFile for a password that stands in it, or PushError when others can read the passwords of
    simulated devices.
    """
    content = read_bytes(path)
    found = convert(parse(content, path), Connections, path, content)
    plain = [name for name, connection in found.devices.items() if _plain(connection)]
    for name in plain:
        if not found.devices[name].simulated:
            key = _plain(found.devices[name])
            raise _secret_in_file(f"the {key} of {name}", locate(path, content, f"$.devices.{name}", key))
    if found.defaults and _plain(found.defaults):
        key = _plain(found.defaults)
        raise _secret_in_file(f"the default {key}", locate(path, content, "$.defaults", key))
    if plain and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise PushError(
            "others than you can read this file, and it holds passwords",
            place=Place(str(path)),
            hint=f"chmod 600 {path}",
        )
    return found


def _plain(login: Login) -> str:
    """The name of the first credential that is no reference; empty when there is none."""
    given = {"password": login.password, "enable": login.enable}
    return next((name for name, value in given.items() if value and not REFERENCE.fullmatch(value)), "")


def _secret_in_file(what: str, place: Place) -> SecretInFile:
    return SecretInFile(
        f"{what} stands here as it is",
        place=place,
        hint="put it into the secrets backend and its reference (`secret://federation/ssh/operator`) here",
    )


def write_connections(path: Path, connections: Connections) -> None:
    """Write a connections file that only its owner can read."""
    write_atomic(path, msgspec.json.format(msgspec.json.encode(connections), indent=1) + b"\n", mode=0o600)
