"""How each device is reached: a file with host, port, credentials and the host key that it must show."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from ggi_net.errors import NotInEstate, Place, PushError, nearest
from ggi_net.files import write_atomic
from ggi_net.model.types import HostName, Record
from ggi_net.source.yamlfile import load

if TYPE_CHECKING:
    from pathlib import Path


class Connection(Record, frozen=True, kw_only=True):
    """One device's management access over SSH.

    `password` and `enable` may be references (`secret://federation/ssh/operator`). `key` is the path of a private
    key file. `host_key` is the public host key in OpenSSH's form; no other key is accepted. `root` is the folder
    that stands for `/` on a simulated host; empty on a real one.
    """

    host: str
    host_key: Annotated[str, Meta(pattern=r"^(ssh|ecdsa)-[a-z0-9-]+ [A-Za-z0-9+/=]+\Z", description="a public key")]
    port: Annotated[int, Meta(ge=1, le=65535)] = 22
    username: str = ""
    password: str = ""
    enable: str = ""
    key: str = ""
    root: str = ""


class Connections(Record, frozen=True, kw_only=True):
    """The connections of many devices. `secrets` names the secrets backend to use with them, if any."""

    devices: dict[HostName, Connection]
    secrets: str = ""

    def of(self, device: str) -> Connection:
        """The connection of one device; raise NotInEstate."""
        try:
            return self.devices[device]
        except KeyError:
            raise NotInEstate(
                f"no connection for device '{device}'{nearest(device, self.devices)}",
                hint="add the device to the connections file, with its host key",
            ) from None


def read_connections(path: Path) -> Connections:
    """Read a connections file (YAML or JSON); raise FileError, or PushError when others can read its passwords."""
    found = load(path, Connections)
    has_password = any(c.password and not c.password.startswith("secret://") for c in found.devices.values())
    if has_password and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise PushError(
            "others than you can read this file, and it holds passwords",
            place=Place(str(path)),
            hint=f"chmod 600 {path}",
        )
    return found


def write_connections(path: Path, connections: Connections) -> None:
    """Write a connections file that only its owner can read."""
    write_atomic(path, msgspec.json.format(msgspec.json.encode(connections), indent=1) + b"\n", mode=0o600)
