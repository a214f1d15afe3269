"""The records of the data network's views: VRFs, interfaces, BGP sessions and tunnels, for gateways and cores alike."""

from __future__ import annotations

from ggi_net.render.views.base import Address, PrefixRef, ViewRecord

IPSEC_MTU = 1400
"""What fits in a 1500 byte packet after IPv6, UDP encapsulation, ESP with AES-GCM, and padding, rounded down."""

VRRP_GROUP = {6: 6, 4: 4}
"""The virtual router id per family; a VLAN is a network of its own, so every VLAN uses the same two."""

VRRP_LINK_LOCAL = "fe80::6"
"""The virtual link-local address of IPv6 groups (RFC 9568, 5.2.9: it comes first)."""


class Port(ViewRecord):
    """A physical interface that carries no address of its own: the parent of VLAN sub-interfaces."""

    name: str
    kind: str
    mtu: int
    description: str


class Outside(ViewRecord):
    """A port on the internet, in the device's default routing table.

    `gateways6`/`gateways4` hold at most one next hop each.
    """

    name: str
    mtu: int
    description: str
    addresses: tuple[Address, ...]
    gateways6: tuple[str, ...]
    gateways4: tuple[str, ...]


class Virtual(ViewRecord):
    """A VRRPv3 address that the gateways of a site share. `link_local` is set for IPv6 only."""

    family: int
    group: int
    address: str
    cidr: str
    link_local: str


class Lan(ViewRecord):
    """A VLAN sub-interface of the site.

    `addresses`: the device's own, one per prefix, IPv6 first. `virtual`: the shared gateway addresses; empty when
    the site has one gateway, whose own address then is the gateway. `priority`: VRRP, highest wins.
    `preferred`: whether this is the site's first gateway (router preference in router advertisements).
    """

    name: str
    parent: str
    tag: int
    zone: str
    vrf: str
    vlan: str
    description: str
    mtu: int
    addresses: tuple[Address, ...]
    prefixes6: tuple[PrefixRef, ...]
    prefixes4: tuple[PrefixRef, ...]
    virtual: tuple[Virtual, ...]
    priority: int
    preferred: bool


class Uplink(ViewRecord):
    """One VRF on one link, at this end.

    `kind`: `vlan` (sub-interface of `parent` with 802.1Q id `tag`) or `ipsec` (tunnel interface with id `tag` over
    port `parent`). `addresses` are this end's, `peer` the name of the device at the other end.
    """

    name: str
    kind: str
    parent: str
    tag: int
    vrf: str
    link: str
    peer: str
    description: str
    mtu: int
    addresses: tuple[Address, ...]


class Neighbor(ViewRecord):
    """A BGP session, one per link, VRF and family.

    `address` is the peer's, `local` ours, on `interface`. `password` is a secret reference, the same at both ends.
    `local_preference` is set on what comes in, `med` on what goes out. `policy` names the lists of what the peer may
    announce (see `Accepted` and `Customer`).
    """

    address: str
    local: str
    family: int
    interface: str
    link: str
    peer: str
    description: str
    remote_asn: int
    password: str
    maximum_prefix: int
    local_preference: int
    med: int
    policy: str


class Accepted(ViewRecord):
    """An entry of an inbound prefix list: `prefix`, and subnets of it up to length `longest` (equal: it alone)."""

    prefix: str
    family: int
    address: str
    netmask: str
    length: int
    longest: int


def accepted(ref: PrefixRef, longest: int) -> Accepted:
    """A prefix list entry for `ref` and its subnets up to length `longest`."""
    return Accepted(
        origin=ref.origin,
        prefix=ref.prefix,
        family=ref.family,
        address=ref.address,
        netmask=ref.netmask,
        length=ref.length,
        longest=max(longest, ref.length),
    )


class Tunnel(ViewRecord):
    """One IPsec tunnel: an IKEv2 connection with one child, for one VRF on one link.

    Each VRF has an IKE identity of its own (`<vrf>.<fqdn>`, a subjectAltName of the device's certificate), because
    with 0.0.0.0/0 and ::/0 in every child nothing else tells a responder which VRF is meant.
    `interface` and `tag` are the tunnel interface and its id; `local`/`remote` the outer addresses on port `outside`.
    `initiator` is true at the gateway, false at the core.
    """

    name: str
    link: str
    vrf: str
    interface: str
    tag: int
    outside: str
    local: str
    remote: str
    family: int
    local_id: str
    remote_id: str
    initiator: bool


class Vrf(ViewRecord):
    """A VRF of the standard as this device has it.

    `route_target` is also the route distinguisher (`<national ASN>:<table>`). `community` is the large community
    that names traffic class and gemeente (RFC 8092). `loopbacks`: the device's own addresses in the VRF.
    `own6`/`own4`: exactly what the device announces. `accept6`/`accept4`: what it takes from a core, after its own
    prefixes and the bogons have been refused.
    """

    name: str
    table: int
    description: str
    route_target: str
    asn: int
    router_id: str
    community: str
    loopbacks: tuple[Address, ...]
    lans: tuple[Lan, ...]
    uplinks: tuple[Uplink, ...]
    neighbors: tuple[Neighbor, ...]
    own6: tuple[PrefixRef, ...]
    own4: tuple[PrefixRef, ...]
    accept6: tuple[Accepted, ...]
    accept4: tuple[Accepted, ...]


class Leak(ViewRecord):
    """A static route in `vrf` to `prefix` behind `interface`, which is in VRF `target`: where a flow crosses VRFs."""

    vrf: str
    prefix: str
    address: str
    netmask: str
    family: int
    interface: str
    target: str
    flow: str
