"""Host keys: what a device shows at first contact, and writing down the one that was accepted."""

from __future__ import annotations

import json
import socket
import stat
from typing import TYPE_CHECKING

import msgspec
import paramiko
import yaml

from ggi_net.errors import FileError, HostKeyRefused, Place
from ggi_net.files import read_bytes, write_atomic
from ggi_net.model.hostkey import fingerprint, well_formed
from ggi_net.push.connections import Connection, Connections, read_connections
from ggi_net.push.ssh import TIMEOUT_SECONDS, guarded
from ggi_net.source.yamlfile import convert, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from ggi_net.model.estate import Placed
    from ggi_net.model.network import Device

_RSA = ("rsa-sha2-512", "rsa-sha2-256")


def shown_by(device: str, connection: Connection) -> str:
    """The host key that answers there (`ssh-ed25519 AAAA...`), for a person to judge; nobody logs in.

    Where a key is known already, one of the same algorithm is asked for. Raises DeviceUnreachable.
    """
    found: list[paramiko.PKey] = []

    def ask() -> None:
        with socket.create_connection((connection.host, connection.port), TIMEOUT_SECONDS) as link:
            transport = paramiko.Transport(link)
            try:
                options = transport.get_security_options()
                kind = connection.host_key.partition(" ")[0]
                first = [name for name in (_RSA if kind == "ssh-rsa" else (kind,)) if name in options.key_types]
                options.key_types = [*first, *(name for name in options.key_types if name not in first)]
                transport.start_client(timeout=TIMEOUT_SECONDS)
                found.append(transport.get_remote_server_key())
            finally:
                transport.close()

    guarded(device, connection, ask)
    return f"{found[0].get_name()} {found[0].get_base64()}"


def needs_accepting(device: Device, connection: Connection, key: str, *, replace: bool) -> bool:
    """Whether a person has to say that `key`, which the device shows, is its own: False where it is known already.

    `connection` is what the connections file has. Raises HostKeyRefused for another key than the estate's, and (unless
    `replace`) for another than the file's.
    """
    if device.host_key and key != device.host_key:
        raise _another(device.name, key, "the estate", device.host_key, "correct it in the estate first, if it is true")
    if connection.host_key and key != connection.host_key:
        if not replace:
            raise _another(device.name, key, "the connections file", connection.host_key, "--replace accepts a new key")
        return True
    return not (device.host_key or connection.host_key)


def _another(device: str, key: str, where: str, known: str, hint: str) -> HostKeyRefused:
    old = fingerprint(known) if well_formed(known) else "that can't be read"
    return HostKeyRefused(
        f"{device} shows the host key {fingerprint(key)}; {where} has another, {old}",
        hint=f"find out why before you go on: another device may answer at that address; {hint}",
    )


def write_host_key(path: Path, device: str, key: str) -> None:
    """Put a device's host key into a connections file and leave everything else in it as it stands, comments too.

    The device gets an entry when it has none. Raises FileError, for a file that is not laid out so that it can be done.
    """
    before = read_connections(path)
    entry = msgspec.structs.replace(before.devices.get(device, Connection()), host_key=key)
    text = _put_in(read_bytes(path).decode(), device, key, quoted=path.suffix == ".json")
    content = text.encode()
    try:
        after = convert(parse(content, path), Connections, path, content)
    except FileError:
        after = None
    if after != msgspec.structs.replace(before, devices={**before.devices, device: entry}):
        raise FileError(
            f"not laid out so that a host key of {device} can be put in",
            place=Place(str(path)),
            hint=f"write it yourself: `host_key: {key}`",
        )
    write_atomic(path, content, mode=stat.S_IMODE(path.stat().st_mode))


def _put_in(text: str, device: str, key: str, *, quoted: bool) -> str:
    """`text`, a connections file in YAML or (`quoted`) JSON, with that host key of the device."""

    def pair(name: str, value: str) -> str:
        return f"{json.dumps(name) if quoted else name}: {value}"

    value = json.dumps(key) if quoted else key
    root = yaml.compose(text, Loader=yaml.CSafeLoader)
    devices = _value(root, "devices")
    entry = _value(devices, device)
    old = _value(entry, "host_key")
    if old is not None:
        return text[: _index(text, old.start_mark)] + value + text[_index(text, old.end_mark) :]
    if entry is not None:
        return _with_first(text, entry, pair("host_key", value))
    new = f"{{{pair('host_key', value)}}}"
    if devices is not None:
        return _with_first(text, devices, pair(device, new))
    return _with_first(text, root, pair("devices", f"{{{pair(device, new)}}}"))


def _value(node: yaml.Node | None, key: str) -> yaml.Node | None:
    pairs = node.value if isinstance(node, yaml.MappingNode) else ()
    return next((value for name, value in pairs if name.value == key), None)


def _index(text: str, mark: yaml.Mark) -> int:
    """Where a mark is in `text`: its line and column count characters."""
    lines = text.splitlines(keepends=True)
    return sum(len(line) for line in lines[: mark.line]) + mark.column


def _with_first(text: str, mapping: yaml.Node | None, pair: str) -> str:
    """`text` with one more pair at the beginning of a mapping, in the style that the mapping has."""
    if not isinstance(mapping, yaml.MappingNode):
        return text
    at = _index(text, mapping.start_mark)
    if not mapping.flow_style:
        return f"{text[:at]}{pair}\n{' ' * mapping.start_mark.column}{text[at:]}"
    return f"{text[: at + 1]}{pair}{', ' if mapping.value else ''}{text[at + 1 :]}"


def known_hosts(devices: Iterable[Placed]) -> Iterator[str]:
    """The lines of an OpenSSH known_hosts file (sshd(8)) for the devices whose host key the estate has.

    Each goes by its name, its full name, and its management addresses.
    """
    for placed in devices:
        device = placed.device
        if device.host_key:
            addresses = (address.partition("/")[0] for address in device.management)
            names = (device.name, f"{device.name}.{placed.organisation.domain}", *addresses)
            yield f"{','.join(names)} {device.host_key}"
