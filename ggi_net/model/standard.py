"""The national standard as data: everything that is the same for every gemeente, and what may be chosen."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from msgspec import Meta

from ggi_net.model.types import DomainName, Prefix, Record, Slug, VersionName

Count = Annotated[int, Meta(ge=0)]


class IntegerRange(Record, frozen=True, kw_only=True):
    """Inclusive bounds."""

    first: int
    last: int


class Pool(Record, frozen=True, kw_only=True):
    """Address space that allocations of `length` are cut from.

    `reserve` keeps a larger block free around each allocation (an allocated /48 that may grow to a /46).
    """

    prefix: Prefix
    length: Annotated[int, Meta(ge=8, le=128)]
    reserve: Annotated[int, Meta(ge=8, le=128)] | None = None


class Ranges(Record, frozen=True, kw_only=True):
    """One complete set of number ranges; the estate's `ranges` chooses which set is in force.

    `blocks`: per zone, one block a gemeente. `sites`: per zone, what a site's VLAN gets from the gemeente's block
    (IPv6) or from the pool (IPv4). `links` and `loopbacks` are the federation's own.
    """

    asn: IntegerRange
    blocks: dict[Slug, Pool]
    ipv4: dict[Slug, Pool]
    links: tuple[Pool, ...]
    loopbacks: tuple[Pool, ...]


class AddressPlan(Record, frozen=True, kw_only=True):
    """How addresses are structured, and the sets of ranges they come from.

    `site_length`/`vlan_length` cut a gemeente's IPv6 block per site and per VLAN. `vlans`: VLAN ids per zone.
    `link_tags`: per core port. `size_lengths`: the IPv4 prefix length of each zone by site size.
    """

    site_length: int
    vlan_length: int
    vlans: dict[Slug, IntegerRange]
    link_tags: IntegerRange
    size_lengths: dict[Slug, dict[Slug, int]]
    ranges: dict[Slug, Ranges]


class Vrf(Record, frozen=True, kw_only=True):
    """A VRF; `table` is its number on Linux and the second half of its route distinguisher and target."""

    name: Slug
    table: Annotated[int, Meta(ge=1, le=4000)]
    description: str
    families: tuple[Annotated[int, Meta(ge=4, le=6)], ...]
    accept: Slug
    """What a CE takes from the core: `national` (the standard's pools), `default` (a default route) or `services`."""


class Zone(Record, frozen=True, kw_only=True):
    """A zone of the firewall; `vrf` is the VRF that its LAN interfaces and uplinks are in."""

    name: Slug
    vrf: Slug
    description: str


class Service(Record, frozen=True, kw_only=True):
    """A named set of ports, as NetBox's service port mappings: `tcp/443`, `udp/500-501`, `esp`, `gre`, `icmp`."""

    name: Slug
    ports: tuple[Annotated[str, Meta(pattern=r"^((tcp|udp)/[0-9]{1,5}(-[0-9]{1,5})?|esp|gre|icmp|any)\Z")], ...]
    description: str = ""


class Flow(Record, frozen=True, kw_only=True):
    """Traffic that zone `source` may start towards zone `destination`.

    `when` names a declared option: the flow exists only where the option's value equals `equals`, or, for a
    list option, contains it.
    """

    id: Slug
    source: Slug
    destination: Slug
    services: tuple[Slug, ...]
    reason: str
    bio2: str = ""
    when: str = ""
    equals: Any = True


class OptionKind(StrEnum):
    """The types that an option may have."""

    CHOICE = "choice"
    CHOICES = "choices"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    TEXT = "text"
    ADDRESSES = "addresses"
    WINDOW = "window"


class Option(Record, frozen=True, kw_only=True):
    """A local choice that the standard declares."""

    name: Annotated[str, Meta(pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)+\Z")]
    kind: OptionKind
    default: Any
    help: str
    allowed: tuple[str, ...] = ()
    minimum: int | None = None
    maximum: int | None = None


class Clause(Record, frozen=True, kw_only=True):
    """A clause of the standard that templates name; `bio2` are its controls in BIO2 (numbers of ISO/IEC 27002:2022)."""

    id: Annotated[str, Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*\Z")]
    title: str
    bio2: tuple[str, ...] = ()
    source: str = ""
    why: str = ""


class IkeSuite(Record, frozen=True, kw_only=True):
    """IKEv2 and ESP proposals in the IKEv2 transform names of RFC 8247/8221, best first."""

    encryption: str
    integrity: str
    prf: str
    group: str


class Crypto(Record, frozen=True, kw_only=True):
    """The suites in force, by the NCSC guidance for TLS and IPsec."""

    ike: tuple[IkeSuite, ...]
    esp: tuple[IkeSuite, ...]
    ike_lifetime_seconds: Count
    esp_lifetime_seconds: Count
    tls_minimum: str
    tls_ciphers: tuple[str, ...]
    tls_ciphersuites: tuple[str, ...]
    tls_curves: tuple[str, ...]
    ssh_key_exchanges: tuple[str, ...]
    ssh_ciphers: tuple[str, ...]
    ssh_macs: tuple[str, ...]
    ssh_host_keys: tuple[str, ...]
    snmp_auth: str
    snmp_privacy: str


class Bgp(Record, frozen=True, kw_only=True):
    """Timers and limits of every eBGP session."""

    keepalive_seconds: Count
    hold_seconds: Count
    bfd_interval_ms: Count
    bfd_multiplier: Count
    prefix_headroom: Count
    national_prefix_limit: dict[Slug, Count]
    community_classes: dict[Slug, int]
    bogons: tuple[Prefix, ...]


class RealmRefusal(Record, frozen=True, kw_only=True):
    """A user name that is refused at the first hop.

    `pattern` is an extended regular expression (POSIX), matched without regard to case.
    """

    id: Slug
    pattern: str
    reason: str


class Akm(StrEnum):
    """How a device and an access point agree on keys (IEEE 802.11, AKM suites 00-0F-AC:1 and 00-0F-AC:5)."""

    DOT1X = "802.1x"
    DOT1X_SHA256 = "802.1x-sha256"


class FrameProtection(StrEnum):
    """Protected management frames (IEEE 802.11w): for those that can, or nobody without."""

    OPTIONAL = "optional"
    REQUIRED = "required"


Channel = Annotated[int, Meta(ge=1, le=177)]


class WlanStandard(Record, frozen=True, kw_only=True):
    """The air side of govroam. Ciphers by their names in IEEE 802.11; `channels_*` are those that may be chosen from.

    `fallback_seconds`: how long the second RADIUS server is used before the first one is tried again.
    """

    akms: tuple[Akm, ...]
    cipher: Literal["CCMP"]
    management_cipher: Literal["BIP-CMAC-128"]
    management_frames: FrameProtection
    client_isolation: bool
    channels_2ghz: tuple[Channel, ...]
    channels_5ghz: tuple[Channel, ...]
    fallback_seconds: Annotated[int, Meta(ge=60, le=3600)]
    accounting_interim_seconds: Annotated[int, Meta(ge=60, le=3600)]


class GovroamStandard(Record, frozen=True, kw_only=True):
    """The rules of govroam that every RADIUS server follows (GOVROAM rules; RFC 7593, 5580, 4372, 6614)."""

    ssid: str
    fticks_prefix: str
    country: str
    radsec_port: int
    refusals: tuple[RealmRefusal, ...]
    consumer_domains: tuple[DomainName, ...]
    reply_attributes: tuple[str, ...]
    reject_attributes: tuple[str, ...]
    border_attributes: tuple[str, ...]
    session_timeout_maximum: int
    max_proxy_state: int
    wlan: WlanStandard


class Standard(Record, frozen=True, kw_only=True):
    """One version of the national standard."""

    version: VersionName
    address_plan: AddressPlan
    vrfs: tuple[Vrf, ...]
    zones: tuple[Zone, ...]
    services: tuple[Service, ...]
    flows: tuple[Flow, ...]
    options: tuple[Option, ...]
    clauses: tuple[Clause, ...]
    crypto: Crypto
    bgp: Bgp
    govroam: GovroamStandard
