"""Who takes part: the gemeenten, and the federation that runs the core and the RADIUS proxies."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

from ggi_net.model.network import Device, Link, Site
from ggi_net.model.types import Asn, CbsCode, DomainName, Host, Prefix, Record, Slug, Text, VersionName


class GovroamRole(StrEnum):
    """What an organisation does in govroam (RFC 7593)."""

    IDP = "idp"
    SP = "sp"

    @property
    def label(self) -> str:
        """As people write it."""
        return {"idp": "IdP", "sp": "SP"}[self.value]


class Govroam(Record, frozen=True, kw_only=True):
    """An organisation's part in govroam.

    `realms` are its users' realms. `idp` is the slug of the gemeente whose servers answer for those realms;
    empty means its own. `federation` proxies route each realm to the RADIUS servers of that gemeente.
    """

    roles: tuple[GovroamRole, ...] = ()
    realms: tuple[DomainName, ...] = ()
    idp: Slug | None = None


class Block(Record, frozen=True, kw_only=True):
    """A prefix allocated to the gemeente as a whole, from which its sites get theirs."""

    prefix: Prefix
    zone: Slug


class Organisation(Record, frozen=True, kw_only=True):
    """What gemeenten and the federation share: a name, a domain, sites and links."""

    slug: Slug
    name: Text
    domain: DomainName
    standard: VersionName
    asn: Asn
    sites: tuple[Site, ...] = ()
    links: tuple[Link, ...] = ()

    @property
    def devices(self) -> tuple[Device, ...]:
        """All devices of all sites, in file order."""
        return tuple(device for site in self.sites for device in site.devices)


class Gemeente(Organisation, frozen=True, kw_only=True):
    """A municipality.

    `options` are its local choices, validated against the standard; `spec` is the id of the onboarding spec behind it.
    """

    code: CbsCode
    province: Text
    govroam: Govroam = Govroam()
    options: dict[str, Any] = msgspec.field(default_factory=dict)
    blocks: tuple[Block, ...] = ()
    spec: str = ""


class NationalServices(Record, frozen=True, kw_only=True):
    """Addresses of what the federation offers every device, and the networks that may manage them."""

    ntp: tuple[Host, ...]
    dns: tuple[Host, ...]
    syslog: tuple[Host, ...]
    tacacs: tuple[Host, ...]
    management: tuple[Prefix, ...]
    cloud: dict[Slug, tuple[Prefix, ...]]


class Federation(Organisation, frozen=True, kw_only=True):
    """The national organisation: cores, RADIUS proxies and services."""

    services: NationalServices
