"""The site's side of a gateway: its VLANs as sub-interfaces, and the address that its gateways share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ggi_net.errors import RenderError, nearest
from ggi_net.model.network import PortKind
from ggi_net.render.guard import plain
from ggi_net.render.views.address import network
from ggi_net.render.views.ends import sub_interface
from ggi_net.render.views.network import VRRP_GROUP, VRRP_LINK_LOCAL, Lan, Virtual
from ggi_net.render.views.shared import address_refs, origin_of, prefix_refs

if TYPE_CHECKING:
    from ggi_net.model.estate import Placed
    from ggi_net.model.network import Device, Vlan


def gateways(placed: Placed) -> list[Device]:
    """The routers of the site with the role of `placed`, the preferred one first."""
    found = [device for device in placed.site.devices if device.role is placed.device.role]
    return sorted(found, key=lambda device: device.unit)


def make_lans(placed: Placed, vrf_of: dict[str, str]) -> tuple[Lan, ...]:
    """The site's VLANs on the gateway's LAN port; raise RenderError when there are VLANs and no such port."""
    parents = [port for port in placed.device.ports if port.kind is PortKind.LAN]
    if placed.site.vlans and not parents:
        raise RenderError("the site has VLANs but the gateway has no port of kind 'lan'", hint="add one to `ports`")
    return tuple(_lan(placed, vlan, parents[0].name, parents[0].mtu, vrf_of) for vlan in placed.site.vlans)


def _lan(placed: Placed, vlan: Vlan, parent: str, mtu: int, vrf_of: dict[str, str]) -> Lan:
    device = placed.device
    origin = f"{origin_of(placed.organisation)}/site/{placed.site.slug}/vlan/{vlan.vid}"
    shares = len(gateways(placed)) > 1
    networks = [network(prefix) for prefix in vlan.prefixes]
    own = [f"{net.host(1 + device.unit if shares else 1)}/{net.length}" for net in networks]
    prefixes = prefix_refs(vlan.prefixes, f"{origin}#prefixes")
    return Lan(
        origin=origin,
        name=sub_interface(device.platform, parent, vlan.vid),
        parent=parent,
        tag=vlan.vid,
        zone=vlan.zone,
        vrf=_vrf_of(vlan, vrf_of),
        vlan=vlan.name,
        description=plain(vlan.description) or vlan.name,
        mtu=mtu,
        addresses=address_refs(own, f"{origin}#prefixes"),
        prefixes6=tuple(p for p in prefixes if p.family == 6),
        prefixes4=tuple(p for p in prefixes if p.family == 4),
        virtual=tuple(
            Virtual(
                origin=f"{origin}#prefixes",
                family=net.family,
                group=VRRP_GROUP[net.family],
                address=net.host(1),
                cidr=f"{net.host(1)}/{net.length}",
                link_local=VRRP_LINK_LOCAL if net.family == 6 else "",
            )
            for net in sorted(networks, key=lambda net: -net.family)
            if shares
        ),
        priority=200 - 10 * device.unit,
        preferred=device.unit == 1 or not shares,
    )


def _vrf_of(vlan: Vlan, vrf_of: dict[str, str]) -> str:
    try:
        return vrf_of[vlan.zone]
    except KeyError:
        near = nearest(vlan.zone, vrf_of)
        raise RenderError(f"VLAN {vlan.vid} is in zone '{vlan.zone}', which the standard does not have{near}") from None
