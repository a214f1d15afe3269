"""This device's end of its links: ports, sub-interfaces, BGP sessions and IPsec tunnels. Both ends share this."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ggi_net.errors import RenderError
from ggi_net.model.network import LineKind, PortKind
from ggi_net.render.guard import plain
from ggi_net.render.platform import platform as load
from ggi_net.render.views.address import family_of, host, network
from ggi_net.render.views.base import Address
from ggi_net.render.views.network import IPSEC_MTU, Neighbor, Outside, Port, Tunnel, Uplink
from ggi_net.render.views.shared import address_refs, origin_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ggi_net.model.estate import Estate, OwnedLink, Placed
    from ggi_net.model.network import End, Link
    from ggi_net.model.network import Port as ModelPort

LONGEST_SECRET = 79
"""What FRR takes as a BGP password, less one: a reference stands where the password will."""


def here(link: Link, device: str) -> End:
    """The end of `link` that is on `device`."""
    return link.core if link.core.device == device else link.end


def there(link: Link, device: str) -> End:
    """The end of `link` that is not on `device`."""
    return link.end if link.core.device == device else link.core


def sub_interface(platform: str, parent: str, tag: int) -> str:
    """The name of an 802.1Q sub-interface; raise RenderError when it is longer than the platform takes."""
    name, longest = f"{parent}.{tag}", load(platform).longest_interface
    if longest and len(name) > longest:
        raise RenderError(
            f"interface '{name}' has a name of {len(name)} characters, the device takes {longest}",
            hint="give the port a shorter name on the device and in the estate",
        )
    return name


def tunnel_interface(platform: str, tag: int) -> str:
    """The name of a tunnel interface as the platform writes it."""
    return load(platform).tunnel.format(tag=tag)


def link_origin(owned: OwnedLink) -> str:
    """`gemeente/<slug>/link/<name>`, or `federation/link/<name>`."""
    return f"{origin_of(owned.organisation)}/link/{owned.link.name}"


def session_key(owned: OwnedLink) -> str:
    """The reference of the session password of a link, the same at both ends; raise RenderError when it is too long."""
    slug, name = owned.organisation.slug, owned.link.name
    for short in (name, name.removeprefix(f"{slug}-")):
        reference = f"secret://{slug}/bgp/{short}"
        if len(reference) <= LONGEST_SECRET:
            return reference
    raise RenderError(f"the name of link '{name}' is too long for a secret's reference", hint="shorten the link's name")


def make_ports(placed: Placed, kinds: tuple[PortKind, ...]) -> tuple[Port, ...]:
    """The device's ports of those kinds, as parents of sub-interfaces."""
    origin = f"{origin_of(placed.organisation)}/device/{placed.device.name}"
    return tuple(
        Port(
            origin=f"{origin}/port/{port.name}",
            name=port.name,
            kind=port.kind.value,
            mtu=port.mtu,
            description=plain(port.description) or port.kind.value,
        )
        for port in placed.device.ports
        if port.kind in kinds
    )


def make_outsides(placed: Placed) -> tuple[Outside, ...]:
    """The device's ports on the internet."""
    origin = f"{origin_of(placed.organisation)}/device/{placed.device.name}"
    return tuple(
        Outside(
            origin=f"{origin}/port/{port.name}",
            name=port.name,
            mtu=port.mtu,
            description=plain(port.description) or port.kind.value,
            addresses=address_refs(port.addresses, f"{origin}/port/{port.name}#addresses"),
            gateways6=tuple(host(g) for g in port.gateways if family_of(g) == 6)[:1],
            gateways4=tuple(host(g) for g in port.gateways if family_of(g) == 4)[:1],
        )
        for port in placed.device.ports
        if port.kind is PortKind.INTERNET
    )


def make_uplink(placed: Placed, owned: OwnedLink, vrf: str) -> Uplink:
    """This device's interface for one VRF of a link; raise RenderError when its port is not there."""
    link, device = owned.link, placed.device
    end, carried = here(link, device.name), link.vrfs[vrf]
    port = port_of(placed, end, link)
    tunnelled = link.line.kind is LineKind.UNTRUSTED
    peer = there(link, device.name).device
    origin = link_origin(owned)
    number = 0 if end is link.core else 1
    prefixes = sorted(carried.prefixes, key=family_of, reverse=True)
    if tunnelled:
        name = tunnel_interface(device.platform, carried.tag)
    else:
        name = sub_interface(device.platform, end.port, carried.tag)
    return Uplink(
        origin=origin,
        name=name,
        kind="ipsec" if tunnelled else "vlan",
        parent=end.port,
        tag=carried.tag,
        vrf=vrf,
        link=link.name,
        peer=peer,
        description=_description(link, peer, vrf),
        mtu=IPSEC_MTU if tunnelled else port.mtu,
        addresses=tuple(_address(prefix, number, f"{origin}#vrfs.{vrf}.prefixes") for prefix in prefixes),
    )


def make_neighbors(
    placed: Placed,
    owned: OwnedLink,
    uplink: Uplink,
    *,
    remote_asn: int,
    maximum_prefix: Mapping[int, int],
    local_preference: int,
    med: int,
    policy: str,
) -> tuple[Neighbor, ...]:
    """The sessions of one VRF of a link, one a family, IPv6 first. `maximum_prefix` is by family."""
    prefixes = owned.link.vrfs[uplink.vrf].prefixes
    other = 1 if here(owned.link, placed.device.name) is owned.link.core else 0
    return tuple(
        Neighbor(
            origin=f"{uplink.origin}#vrfs.{uplink.vrf}",
            address=net.host(other),
            local=net.host(1 - other),
            family=net.family,
            interface=uplink.name,
            link=uplink.link,
            peer=uplink.peer,
            description=uplink.description,
            remote_asn=remote_asn,
            password=session_key(owned),
            maximum_prefix=maximum_prefix[net.family],
            local_preference=local_preference,
            med=med,
            policy=policy,
        )
        for net in sorted(map(network, prefixes), key=lambda net: -net.family)
    )


def make_tunnels(estate: Estate, placed: Placed) -> tuple[Tunnel, ...]:
    """The device's IPsec tunnels: one per VRF of each link over an untrusted line, in the order of the links."""
    found: list[Tunnel] = []
    for owned in estate.links_of.get(placed.device.name, ()):
        if owned.link.line.kind is LineKind.UNTRUSTED:
            found.extend(_tunnels(estate, placed, owned))
    return tuple(found)


def _tunnels(estate: Estate, placed: Placed, owned: OwnedLink) -> list[Tunnel]:
    link, device = owned.link, placed.device
    near, far = here(link, device.name), there(link, device.name)
    peer = estate.placed(far.device)
    local, remote = _outer(port_of(placed, near, link), port_of(peer, far, link), link)
    return [
        Tunnel(
            origin=link_origin(owned),
            name=f"{link.name}-{vrf}",
            link=link.name,
            vrf=vrf,
            interface=tunnel_interface(device.platform, carried.tag),
            tag=carried.tag,
            outside=near.port,
            local=local,
            remote=remote,
            family=family_of(local),
            local_id=f"{vrf}.{device.name}.{placed.organisation.domain}",
            remote_id=f"{vrf}.{peer.device.name}.{peer.organisation.domain}",
            initiator=near is not link.core,
        )
        for vrf, carried in link.vrfs.items()
    ]


def _outer(near: ModelPort, far: ModelPort, link: Link) -> tuple[str, str]:
    """The outer addresses of a link: of the first family that both ports have, IPv6 preferred."""
    for family in (6, 4):
        ours = [host(a) for a in near.addresses if family_of(a) == family]
        theirs = [host(a) for a in far.addresses if family_of(a) == family]
        if ours and theirs:
            return ours[0], theirs[0]
    raise RenderError(
        f"link '{link.name}' needs an address of the same family on the internet ports of both ends",
        hint="add `addresses` to the ports of kind 'internet'",
    )


def port_of(placed: Placed, end: End, link: Link) -> ModelPort:
    """The port that `end` names; raise RenderError when the device does not have it."""
    for port in placed.device.ports:
        if port.name == end.port:
            return port
    raise RenderError(f"link '{link.name}' ends on port '{end.port}' of {end.device}, which it does not have")


def _description(link: Link, peer: str, vrf: str) -> str:
    line = plain(" ".join(part for part in (link.line.provider, link.line.reference) if part))
    return f"{link.name} {vrf} to {peer}" + (f", {line}" if line else "")


def _address(prefix: str, number: int, origin: str) -> Address:
    net = network(prefix)
    text = net.host(number)
    return Address(
        origin=origin,
        address=text,
        cidr=f"{text}/{net.length}",
        netmask=net.netmask if net.family == 4 else "",
        family=net.family,
    )
