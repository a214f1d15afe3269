"""`ifup -a` and `ifreload -a` of a device on a kernel without VRF and VLAN interfaces.

A VRF is a network namespace of its name, with the VRF's own addresses on its loopback. A VLAN interface or tunnel is
a wire that the twin has put into the main namespace under that name; it is moved to the namespace of its VRF.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import asdict
from pathlib import Path

from ggi_net.lab.twin.inside import INTERFACES, complain, in_namespace, namespaces
from ggi_net.lab.twin.interfaces import MAIN, Interface, parse

_BEFORE = Path("/run/network/ggi-twin.json")


def main(arguments: list[str]) -> int:
    """Bring every interface to what the file says, as `-a` does; interfaces of the file of before are cleared."""
    try:
        wanted = parse(INTERFACES.read_text())
    except (OSError, ValueError) as error:
        complain(f"error: {INTERFACES}: {error}")
        return 1
    if {"-s", "--syntax-check"} & set(arguments):
        return 0
    if arguments[0] not in ("ifup", "ifreload") or "-a" not in arguments:
        complain(f"{arguments[0]}: only `ifup -a` and `ifreload -a` are in the twin")
        return 1
    before = [Interface(**item) for item in json.loads(_BEFORE.read_text())] if _BEFORE.exists() else []
    make_vrfs(wanted)
    where = _places()
    problems = [problem for item in _gone(before, wanted) if item.name in where for problem in _clear(item, where)]
    old = {item.name: item for item in before}
    for interface in wanted:
        problems += _bring(interface, old.get(interface.name), where)
    _BEFORE.parent.mkdir(exist_ok=True)
    _BEFORE.write_text(json.dumps([asdict(item) for item in wanted]))
    for problem in problems:
        complain(f"{arguments[0]}: {problem}")
    return 1 if problems else 0


def make_vrfs(wanted: list[Interface]) -> None:
    """Make the namespaces of the VRFs that are not there yet."""
    there = namespaces()
    for interface in wanted:
        if interface.table and interface.name not in there:
            in_namespace(MAIN, "ip", "netns", "add", interface.name)
            in_namespace(interface.name, "ip", "link", "set", "lo", "up")


def _places() -> dict[str, str]:
    """The namespace that each interface is in."""
    found = {}
    for name in namespaces():
        answer = in_namespace(name, "ip", "-j", "link").stdout
        found.update({link["ifname"]: name for link in json.loads(answer or "[]") if link["ifname"] != "lo"})
    return found


def _gone(before: list[Interface], wanted: list[Interface]) -> list[Interface]:
    names = {interface.name for interface in wanted}
    return [interface for interface in before if interface.name not in names]


def _clear(interface: Interface, where: dict[str, str]) -> list[str]:
    """Back to the main namespace, down and without addresses."""
    lines = [f"addr flush dev {interface.name}", f"link set {interface.name} down"]
    if where[interface.name] != MAIN:
        lines.append(f"link set {interface.name} netns 1")
    return _ip(where[interface.name], lines)


def _bring(interface: Interface, old: Interface | None, where: dict[str, str]) -> list[str]:
    device = "lo" if interface.table else interface.name
    place = interface.name if interface.table else interface.vrf
    if device != "lo" and device not in where:
        if not interface.addresses:  # the physical port below VLAN interfaces: nothing of it is in the twin
            return []
        _ip(place, [f"link add {device} type bridge"])  # what nobody is wired to: there, without a carrier
        where[device] = place
    problems = []
    if device != "lo" and where[device] != place:
        if place not in namespaces():
            return [f"{device}: there is no VRF {place}"]
        target = "1" if place == MAIN else place
        problems += _ip(where[device], [f"link set {device} netns {target}"])
        where[device], old = place, None
    for command in interface.before:
        done = in_namespace(place, *shlex.split(command))
        problems += [f"{device}: {command}: {done.stderr.strip()}"] if done.returncode else []
    lines = [f"link set {device} {'' if device == 'lo' else f'mtu {interface.mtu} '}up"]
    lines += [f"addr replace {address} dev {device}{_nodad(address)}" for address in interface.addresses]
    stale = [address for address in (old.addresses if old else []) if address not in interface.addresses]
    lines += [f"addr del {address} dev {device}" for address in stale]
    lines += [f"route replace default via {gateway} dev {device}" for gateway in interface.gateways]
    return problems + _ip(place, lines)


def _nodad(address: str) -> str:
    return " nodad" if ":" in address else ""


def _ip(place: str, lines: list[str]) -> list[str]:
    done = in_namespace(place, "ip", "-force", "-batch", "-", text="\n".join(lines) + "\n")
    return [line for line in done.stderr.splitlines() if line.startswith(("Error", "RTNETLINK", "Cannot"))]
