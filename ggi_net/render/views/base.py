"""What every device view holds: who the device is, how it is managed, and what it uses. `host.py` fills it."""

from __future__ import annotations

from typing import Any

import msgspec

from ggi_net.model.standard import Crypto


class ViewRecord(msgspec.Struct, gc=False, kw_only=True):
    """A part of a view. `origin` is the reference of the estate record that it comes from, for `ggi explain`.

    `gc=False` is safe because views never refer back to what holds them, and spares the collector thousands of objects.
    """

    origin: str


class Server(ViewRecord):
    """A server that the device uses: `address` without length, `family` 4 or 6, `name` for a comment."""

    address: str
    family: int
    name: str


class PrefixRef(ViewRecord):
    """A prefix: `prefix` in CIDR text, `family` 4 or 6; apart: `address`, `length` and `netmask` (IPv4, else empty).

    `wildcard` is the inverse of the mask, as IOS-XE's access lists write it.
    """

    prefix: str
    family: int
    address: str
    netmask: str
    wildcard: str
    length: int


class Address(ViewRecord):
    """An address of the device: `address` alone, `cidr` with length, `netmask` (IPv4, else empty), `family` 4 or 6."""

    address: str
    cidr: str
    netmask: str
    family: int


class Snmp(ViewRecord):
    """The SNMPv3 user (authPriv only); `auth_key` and `privacy_key` are secret references."""

    user: str
    auth: str
    auth_key: str
    privacy: str
    privacy_key: str


class View(ViewRecord):
    """The `Host` part that every device has; templates see it as `device`.

    name, fqdn, role, platform, serial, unit: as in the estate; `fqdn` is `<name>.<domain>`,
    `domain` the organisation's, `federation_domain` the federation's.
    organisation (slug), organisation_name, cbs (`GM0141`; empty for the federation), site (slug), site_name,
    standard (its version): where the device belongs.
    description, location, contact: free text, already folded to plain ASCII; may be empty.
    banner: the lines of the login banner in the language that option `banner.language` chooses.
    management: IPv6 first. management_vrf: the VRF that they are in; empty for a server in the mgmt VLAN.
    management_networks: who may reach SSH and SNMP. ntp, dns, tacacs, syslog: national servers, IPv6 first.
    syslog_local: the gemeente's own log servers (option `syslog.local_servers`).
    tacacs_key, ntp_key, emergency_password: secret references (`ntp_key` for platforms without NTS).
    emergency_user: the one local account.
    crypto: the suites of the standard (its record). options: every declared option with its value,
    text folded to plain ASCII.
    """

    name: str
    fqdn: str
    domain: str
    federation_domain: str
    role: str
    platform: str
    serial: str
    unit: int
    organisation: str
    organisation_name: str
    cbs: str
    site: str
    site_name: str
    standard: str
    description: str
    location: str
    contact: str
    banner: tuple[str, ...]
    management: tuple[Address, ...]
    management_vrf: str
    management_networks: tuple[PrefixRef, ...]
    ntp: tuple[Server, ...]
    dns: tuple[Server, ...]
    tacacs: tuple[Server, ...]
    syslog: tuple[Server, ...]
    syslog_local: tuple[Server, ...]
    tacacs_key: str
    ntp_key: str
    emergency_user: str
    emergency_password: str
    snmp: Snmp
    crypto: Crypto
    options: dict[str, Any]
