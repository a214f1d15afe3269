"""The zone firewall of a gateway: which flows of the standard cross it, between which interfaces and addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ggi_net.render.guard import plain
from ggi_net.render.views.base import PrefixRef, ViewRecord

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ggi_net.model.standard import Flow, Standard
    from ggi_net.render.views.shared import Shared


class Zone(ViewRecord):
    """A zone as this gateway sees it.

    Its near side are `interfaces` of the site; its far side are addresses behind `uplinks`: those in
    `remote6`/`remote4` and not in `excluded6`/`excluded4` (empty but for zone `internet`). Either side may be empty.
    """

    name: str
    vrf: str
    description: str
    interfaces: tuple[str, ...]
    uplinks: tuple[str, ...]
    remote6: tuple[PrefixRef, ...]
    remote4: tuple[PrefixRef, ...]
    excluded6: tuple[PrefixRef, ...]
    excluded4: tuple[PrefixRef, ...]


class Rule(ViewRecord):
    """What a flow allows of one protocol: `protocol` is `tcp`, `udp`, `esp`, `gre`, `icmp` or `any`.

    `ports` are destination ports or ranges (`443`, `500-501`), for tcp and udp only. `comment` is `<flow>: <reason>`.
    """

    flow: str
    services: tuple[str, ...]
    protocol: str
    ports: tuple[str, ...]
    reason: str
    bio2: str
    comment: str


class Pair(ViewRecord):
    """The flows from zone `source` to zone `destination` in one direction across this gateway.

    `direction`: `out` (site to core: the destination is the far side of its zone), `in` (core to site: the source
    is the far side), or `local` (between interfaces of the site). `name` is `<source>-<destination>-<direction>`.
    `source_zone`/`destination_zone` are the zones' records; a packet matches when it comes in on `inputs`, goes out
    on `outputs`, and its far address is in the far side of that zone.
    """

    name: str
    source: str
    destination: str
    direction: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    far: Zone | None
    rules: tuple[Rule, ...]


def rules_of(flow: Flow, standard: Standard) -> tuple[Rule, ...]:
    """The rules of one flow, one per protocol, in the order tcp, udp, esp, gre, icmp, any; `any` swallows the rest."""
    ports: dict[str, list[str]] = {}
    declared = {service.name: service for service in standard.services}
    for name in flow.services:
        for port in declared[name].ports:
            protocol, _, number = port.partition("/")
            ports.setdefault(protocol, []).append(number)
    if "any" in ports:
        ports = {"any": []}
    reason = plain(flow.reason, 100)
    return tuple(
        Rule(
            origin=f"standard/{standard.version}/flow/{flow.id}",
            flow=flow.id,
            services=flow.services,
            protocol=protocol,
            ports=tuple(sorted(set(ports[protocol]) - {""}, key=_first_port)),
            reason=reason,
            bio2=plain(flow.bio2),
            comment=f"{flow.id}: {reason}"[:120],
        )
        for protocol in ("tcp", "udp", "esp", "gre", "icmp", "any")
        if protocol in ports
    )


def flow_rules(
    common: Shared, standard: Standard, options: dict[str, Any]
) -> tuple[tuple[Flow, tuple[Rule, ...]], ...]:
    """The flows that exist with these option values, each with its rules."""
    every = common.once(
        f"rules/{standard.version}", lambda: {flow.id: rules_of(flow, standard) for flow in standard.flows}
    )
    return tuple((flow, every[flow.id]) for flow in common.flows(standard, options))


def pairs_of(zones: Iterable[Zone], flows: Iterable[tuple[Flow, tuple[Rule, ...]]]) -> tuple[Pair, ...]:
    """Every pair of zones that some flow connects at this gateway, near to far, far to near and near to near.

    Traffic between VRFs is possible between interfaces of the site only; a far side is reached within its VRF.
    """
    known = {zone.name: zone for zone in zones}
    rules: dict[tuple[str, str, str], list[Rule]] = {}
    for flow, allowed in flows:
        source, destination = known[flow.source], known[flow.destination]
        for direction in _directions(source, destination):
            rules.setdefault((flow.source, flow.destination, direction), []).extend(allowed)
    return tuple(_pair(known[s], known[d], direction, tuple(found)) for (s, d, direction), found in rules.items())


def _directions(source: Zone, destination: Zone) -> list[str]:
    same_vrf = source.vrf == destination.vrf
    found = []
    if source.interfaces and destination.uplinks and same_vrf and (destination.remote6 or destination.remote4):
        found.append("out")
    if source.uplinks and destination.interfaces and same_vrf and (source.remote6 or source.remote4):
        found.append("in")
    if source.interfaces and destination.interfaces and (source is not destination or len(source.interfaces) > 1):
        found.append("local")
    return found


def _pair(source: Zone, destination: Zone, direction: str, rules: tuple[Rule, ...]) -> Pair:
    return Pair(
        origin=rules[0].origin,
        name=f"{source.name}-{destination.name}-{direction}",
        source=source.name,
        destination=destination.name,
        direction=direction,
        inputs=source.uplinks if direction == "in" else source.interfaces,
        outputs=destination.uplinks if direction == "out" else destination.interfaces,
        far={"in": source, "out": destination, "local": None}[direction],
        rules=rules,
    )


def _first_port(port: str) -> int:
    return int(port.partition("-")[0])
