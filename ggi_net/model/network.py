"""The data network: sites, VLANs, devices and the links to the national core."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from ggi_net.model.types import (
    Address,
    Host,
    HostKey,
    HostName,
    PlatformName,
    PortName,
    Prefix,
    Record,
    Slug,
    Text,
    VlanId,
)


class Role(StrEnum):
    """What a device is for; NetBox's device role."""

    CORE = "core"
    CE = "ce"
    RADIUS = "radius"
    FEDERATION_PROXY = "federation-proxy"
    WLAN = "wlan"


class PortKind(StrEnum):
    """Which side of the device a port is on; for a radio the band that it is in."""

    LAN = "lan"
    ACCESS = "access"
    INTERNET = "internet"
    CORE = "core"
    RADIO_2GHZ = "radio-2ghz"
    RADIO_5GHZ = "radio-5ghz"


RADIOS = (PortKind.RADIO_2GHZ, PortKind.RADIO_5GHZ)
"""The kinds of port that are radios of an access point."""


class LineKind(StrEnum):
    """Whether the access line may carry our traffic as it is, or only inside IPsec."""

    TRUSTED = "trusted"
    UNTRUSTED = "untrusted"


class Vlan(Record, frozen=True, kw_only=True):
    """A VLAN at one site with the prefixes on it; the gateway is the first host of each prefix."""

    vid: VlanId
    name: Slug
    zone: Slug
    prefixes: tuple[Prefix, ...] = ()
    description: Text = ""


class Port(Record, frozen=True, kw_only=True):
    """A physical interface. `addresses` and `gateways` are for ports of kind `internet` only."""

    name: PortName
    kind: PortKind
    addresses: tuple[Address, ...] = ()
    gateways: tuple[Host, ...] = ()
    mtu: Annotated[int, Meta(ge=1280, le=9216)] = 1500
    description: Text = ""


class Device(Record, frozen=True, kw_only=True):
    """A device that the toolkit renders for.

    `management` are the addresses that it is managed at: a loopback in VRF `mgmt` for a router, the address in
    the site's `mgmt` VLAN for a server or an access point. IPv6 first; a router's IPv4 one is its router-id as well.
    `unit` counts the gateways of one site, from 1: the first is preferred. `host_key` is the SSH host key that it
    must show to whoever manages it.
    """

    name: HostName
    role: Role
    platform: PlatformName
    management: tuple[Address, ...] = ()
    unit: Annotated[int, Meta(ge=1, le=9)] = 1
    serial: Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{0,40}\Z")] = ""
    host_key: HostKey = ""
    ports: tuple[Port, ...] = ()
    description: Text = ""


class Site(Record, frozen=True, kw_only=True):
    """A building. `main` marks the one where the gemeente's gateways and RADIUS servers stand."""

    slug: Slug
    name: Text
    main: bool = False
    address: Text = ""
    city: Text = ""
    vlans: tuple[Vlan, ...] = ()
    devices: tuple[Device, ...] = ()


class End(Record, frozen=True, kw_only=True):
    """One end of a link."""

    device: HostName
    port: PortName


class Line(Record, frozen=True, kw_only=True):
    """The access line under a link, as the provider knows it."""

    kind: LineKind = LineKind.TRUSTED
    provider: Text = ""
    reference: Text = ""


class LinkVrf(Record, frozen=True, kw_only=True):
    """One VRF on a link.

    `tag` is the 802.1Q VLAN id on a trusted line, the tunnel interface's id on an untrusted one.
    Of each prefix (/31 or /127, RFC 3021 and 6164) the lower address is the core's, the higher the other end's;
    between two cores the lower address is that of `core`.
    """

    tag: VlanId
    prefixes: tuple[Prefix, ...]


class Link(Record, frozen=True, kw_only=True):
    """A link between `end` (a CE, or a core in the federation's own file) and `core`, with the VRFs that it carries."""

    name: Slug
    end: End
    core: End
    line: Line = Line()
    vrfs: dict[Slug, LinkVrf]
    description: Text = ""
