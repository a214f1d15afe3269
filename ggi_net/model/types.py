"""The forms of the values that records hold; msgspec enforces them when a file or an answer is decoded.

Every pattern ends in `\\Z`, because `$` also matches before a trailing newline, and a newline in a name
is how a hostile value would add a line to a configuration.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The base of every record: immutable, compared by value, refusing keys that it does not know.

    Subclasses say `frozen=True, kw_only=True` themselves: `kw_only` holds for the fields of one class only, and type
    checkers want `frozen` on each.
    """


Slug = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9]+(-[a-z0-9]+)*\Z",
        max_length=50,
        description="lower-case letters, digits and single hyphens",
    ),
]
"""A short name: lower-case letters, digits and single hyphens, as NetBox's slugs."""

PlatformName = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9]+(_[a-z0-9]+)*\Z",
        max_length=50,
        description="a platform such as frr or cisco_iosxe",
    ),
]
"""A platform, named as netmiko and NAPALM name it where they know it; also its template folder."""

HostName = Annotated[
    str,
    Meta(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z", description="one DNS label in lower case (RFC 1123)"),
]
"""One DNS label (RFC 1123), lower case."""

DomainName = Annotated[
    str,
    Meta(
        pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])\Z",
        max_length=253,
        description="a domain name of at least two labels in lower case",
    ),
]
"""A domain name or realm of at least two labels; international names in their `xn--` form (RFC 7542)."""

PortName = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z][A-Za-z0-9/_-]{0,31}\Z",
        description="an interface name without a sub-interface number",
    ),
]
"""An interface name as the device writes it, without a sub-interface number: `eth0`, `GigabitEthernet2`."""

HostKey = Annotated[
    str,
    Meta(
        pattern=r"^((ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]{60,2990}={0,2})?\Z",
        description="a public host key without comment, such as ssh-ed25519 AAAA...",
    ),
]
"""A device's public SSH host key as OpenSSH writes it (RFC 4253, section 6.6); empty where it is not known yet."""

Prefix = Annotated[str, Meta(pattern=r"^[0-9a-f.:]{2,39}/[0-9]{1,3}\Z", description="an IPv4 or IPv6 prefix")]
"""An IPv4 or IPv6 prefix in CIDR form; `estate validate` checks that it has no host bits."""

Address = Annotated[
    str, Meta(pattern=r"^[0-9a-f.:]{2,39}/[0-9]{1,3}\Z", description="an address with its prefix length")
]
"""A host address with its prefix length."""

Host = Annotated[
    str, Meta(pattern=r"^[0-9a-f.:]{2,39}\Z", description="an IPv4 or IPv6 address without a prefix length")
]
"""A host address without a prefix length."""

Text = Annotated[
    str,
    Meta(
        max_length=200,
        pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*\Z",
        description="one line of text without control characters",
    ),
]
"""One line of free text in any script; views fold it to plain ASCII before a device sees it."""

Asn = Annotated[int, Meta(ge=1, le=4294967294)]
"""An autonomous system number (RFC 6793); gemeenten have private 32-bit ones (RFC 6996)."""

VlanId = Annotated[int, Meta(ge=1, le=4094)]
"""An 802.1Q VLAN id."""

CbsCode = Annotated[str, Meta(pattern=r"^GM[0-9]{4}\Z", description="a CBS code such as GM0141")]
"""A gemeente's code with Statistics Netherlands (CBS)."""

VersionName = Annotated[str, Meta(pattern=r"^[0-9]{4}\.[0-9]{1,2}\Z", description="a version such as 2026.1")]
"""The version of a standard."""
