"""What is pushed to: the artifacts of each device, with what the estate says about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ggi_net.model.network import Role
from ggi_net.push.driver import Target
from ggi_net.render.platform import platform
from ggi_net.render.views import build_view
from ggi_net.render.views.ce import CeView

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ggi_net.model.estate import Estate, Placed
    from ggi_net.push.connections import Connections
    from ggi_net.render.artifact import Artifact

_SPEAKERS = (Role.CE, Role.CORE)


def targets(estate: Estate, artifacts: Iterable[Sequence[Artifact]], connections: Connections) -> list[Target]:
    """The targets for the artifacts of each device; raise NotInEstate for one without estate record or connection."""
    found = []
    for group in artifacts:
        if not group:
            continue
        placed = estate.placed(group[0].device)
        speaks = placed.device.role in _SPEAKERS
        found.append(
            Target(
                device=placed.device.name,
                serial=placed.device.serial,
                platform=platform(placed.device.platform),
                artifacts=tuple(group),
                connection=connections.reaching(placed.device),
                host_key=placed.device.host_key,
                organisation=placed.organisation.slug,
                announces=announced_by(estate, placed),
                hold_seconds=estate.standard_of(placed.organisation).bgp.hold_seconds if speaks else 0,
            )
        )
    return found


def announced_by(estate: Estate, placed: Placed) -> Mapping[str, frozenset[str]]:
    """By VRF the prefixes that a gateway announces to the core; empty for any other device."""
    if placed.device.role is not Role.CE:
        return {}
    view = build_view(estate, placed)
    vrfs = view.vrfs if isinstance(view, CeView) else ()
    return {vrf.name: frozenset(ref.prefix for ref in (*vrf.own6, *vrf.own4)) for vrf in vrfs}
