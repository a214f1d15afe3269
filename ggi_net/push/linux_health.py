"""How a Debian host does: what its platform's `verify` names, asked of the daemons themselves."""

from __future__ import annotations

import base64
import binascii
import json
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ggi_net.errors import PushError, SecretError
from ggi_net.push.driver import Health
from ggi_net.push.linux_radius import login, status_server
from ggi_net.render.platform import What

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ggi_net.push.driver import Target
    from ggi_net.push.ssh import Host
    from ggi_net.render.platform import Look
    from ggi_net.secrets import Resolver

_SUMMARY = "vtysh -c 'show bgp vrf all summary json'"
_ASK = """\
for command; do
	said=$(sh -c "$command" 2>&1 </dev/null)
	status=$?
	printf '%s %s\\n' "$status" "$(printf %s "$said" | base64 -w 0)"
done
"""
_FAMILIES = {"ipv4Unicast": "ipv4", "ipv6Unicast": "ipv6"}


@dataclass(frozen=True)
class Said:
    """What a command said: exit status, and both outputs in one."""

    status: int
    text: str


def health(host: Host, target: Target, root: str, resolver: Resolver) -> Health:
    """The health of a host; raise PushError when it can't be asked."""
    texts = {artifact.file: artifact.text for artifact in target.artifacts}
    looks = [
        look
        for look in target.platform.verify
        if not look.file or (look.file in texts and look.holds in texts[look.file])
    ]
    services = [look.name for look in looks if look.what is What.SERVICE]
    with_bgp = any(look.what is What.BGP for look in looks)
    asked = [f"df -P -k {shlex.quote(f'{root}/var/lib')}"]
    asked += [f"systemctl is-active {shlex.quote(name)}" for name in services]
    free, *rest = ask(host, target.device, [*asked, *([_SUMMARY] if with_bgp else [])])
    faults = [
        f"{name} is {said.text.strip() or 'not active'}"
        for name, said in zip(services, rest, strict=False)
        if said.status
    ]
    neighbors: list[Neighbor] = []
    if with_bgp:
        if rest[-1].status:
            faults.append("FRR does not answer")
        else:
            neighbors = list(_neighbors(_decoded(target, rest[-1].text)[0]))
    faults += list(_radius(host, target, looks, resolver))
    sessions: dict[str, bool] = {}
    for neighbor in neighbors:
        name = f"{neighbor.vrf}/{neighbor.address}"
        sessions[name] = sessions.get(name, False) or neighbor.up
    announced = _announced(host, target, [n for n in neighbors if n.up]) if target.announces else {}
    return Health(sessions, announced, _free_bytes(free), tuple(faults))


@dataclass(frozen=True)
class Neighbor:
    """A BGP neighbor in one VRF and address family."""

    vrf: str
    family: str
    address: str
    up: bool


def ask(host: Host, device: str, commands: Sequence[str]) -> list[Said]:
    """What each command says, all asked at once; raise PushError for an answer that is not whole."""
    answer = host.run(_ASK, *commands)
    said = []
    try:
        for line in answer.output.splitlines():
            status, _, text = line.partition(" ")
            said.append(Said(int(status), base64.b64decode(text, validate=True).decode(errors="replace")))
    except (ValueError, binascii.Error):
        said = []
    if len(said) != len(commands):
        raise PushError(f"{device}: its answer came in incomplete", hint="try again")
    return said


def _free_bytes(said: Said) -> int | None:
    fields = said.text.splitlines()[-1].split() if said.status == 0 and said.text.strip() else []
    return int(fields[3]) * 1024 if len(fields) > 3 and fields[3].isdigit() else None


def _neighbors(summary: Mapping[str, Any]) -> Iterator[Neighbor]:
    for vrf, families in summary.items():
        for key, family in _FAMILIES.items():
            found = families.get(key, {}) if isinstance(families, dict) else {}
            for address, peer in found.get("peers", {}).items():
                yield Neighbor(vrf, family, address, peer.get("state") == "Established")


def _announced(host: Host, target: Target, neighbors: Sequence[Neighbor]) -> dict[str, frozenset[str]]:
    """By VRF what all neighbors of an address family are told, of both families together."""
    if not neighbors:
        return {}
    words = [f"show bgp vrf {n.vrf} {n.family} unicast neighbors {n.address} advertised-routes json" for n in neighbors]
    [said] = ask(host, target.device, ["vtysh " + " ".join(f"-c {shlex.quote(word)}" for word in words)])
    answers = _decoded(target, said.text)
    if said.status or len(answers) != len(neighbors):
        raise PushError(f"{target.device}: FRR did not say what it announces", hint="try again")
    told: dict[tuple[str, str], frozenset[str]] = {}
    for neighbor, answer in zip(neighbors, answers, strict=True):
        routes = frozenset(answer.get("advertisedRoutes", {}))
        key = (neighbor.vrf, neighbor.family)
        told[key] = told[key] & routes if key in told else routes
    return {vrf: frozenset().union(*(routes for (name, _), routes in told.items() if name == vrf)) for vrf, _ in told}


def _decoded(target: Target, text: str) -> list[dict[str, Any]]:
    """The JSON objects of a text, one after the other."""
    decoder = json.JSONDecoder()
    found: list[Any] = []
    rest = text.strip()
    try:
        while rest:
            value, end = decoder.raw_decode(rest)
            found.append(value)
            rest = rest[end:].lstrip()
    except ValueError:
        found = [None]
    if not all(isinstance(value, dict) for value in found):
        raise PushError(f"{target.device}: FRR's answer can't be read", hint="try again")
    return found or [{}]


def _radius(host: Host, target: Target, looks: Sequence[Look], resolver: Resolver) -> Iterator[str]:
    """What is wrong with RADIUS, in words. A secret that is missing is the controller's trouble: it is raised."""

    def value(reference: str) -> str:
        return resolver.value(reference.replace("{organisation}", target.organisation))

    for look in looks:
        if look.what is What.STATUS_SERVER and (wrong := status_server(host, look.port, value(look.secret))):
            yield f"{look.name} does not answer a Status-Server at port {look.port}: {wrong}"
        if look.what is What.LOGIN:
            try:
                account = value(look.account)
            except SecretError:
                account = ""
            if " " not in account:
                reference = look.account.replace("{organisation}", target.organisation)
                yield f"a login was not tested: {reference} is not `user password` in the secrets backend"
            elif wrong := login(host, look.port, value(look.secret), account, look.trusted):
                yield f"a login through {look.name} failed: {wrong}"
