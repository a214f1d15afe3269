"""What the structural check knows of the EOS command line: sections and their words, definitions and references.

Only what the toolkit's own templates use is listed: a word that is missing here is a word that nobody has read in the
user manual (EOS 4.30 and later) for this purpose yet.
"""

from __future__ import annotations

from ggi_net.check.command_line import named as _named
from ggi_net.check.command_line import section as _section

TOP = _section(
    "",
    "aaa banner dns enable end hostname ip ipv6 logging no ntp service snmp-server spanning-tree tacacs-server track "
    "username",
    _section(r"aaa group server tacacs\+ \S+", "server"),
    _section(
        r"interface \S+",
        "bfd description encapsulation ip ipv6 mtu no vrf vrrp",
    ),
    _section(r"ip access-list \S+", "deny permit remark"),
    _section(r"ipv6 access-list \S+", "deny permit remark"),
    _section(r"ip prefix-list \S+", "seq"),
    _section(r"ipv6 prefix-list \S+", "seq"),
    _section("management console", "idle-timeout"),
    _section(
        "management security",
        "password",
        _section(r"ssl profile \S+", "certificate cipher-list crl tls trust"),
    ),
    _section(
        "management ssh",
        "cipher hostkey idle-timeout ip ipv6 key-exchange mac shutdown",
        _section(r"vrf \S+", "no"),
    ),
    _section(r"route-map \S+ (permit|deny) \d+", "description match set"),
    _section(
        r"router bgp \d+",
        "no router-id",
        _section(r"vrf \S+", "neighbor rd router-id", _section(r"address-family ipv[46]", "neighbor network")),
    ),
    _section("router general", "", _section(r"vrf \S+", "leak")),
    _section("system control-plane", "ip ipv6"),
    _section(r"vrf instance \S+", "description"),
)
"""The whole configuration."""

DEFINITIONS = (
    _named("AAA group", r"aaa group server tacacs\+ (?P<name>\S+)"),
    _named("IPv4 access list", r"ip access-list (?P<name>\S+)"),
    _named("IPv6 access list", r"ipv6 access-list (?P<name>\S+)"),
    _named("IPv4 prefix list", r"ip prefix-list (?P<name>\S+)"),
    _named("IPv6 prefix list", r"ipv6 prefix-list (?P<name>\S+)"),
    _named("NTP key", r"ntp authentication-key (?P<name>\d+) "),
    _named("SNMP group", r"snmp-server group (?P<name>\S+) v3 priv "),
    _named("SNMP view", r"snmp-server view (?P<name>\S+) "),
    _named("SSL profile", r"ssl profile (?P<name>\S+)", "management security"),
    _named("TACACS+ server", r"tacacs-server host (?P<name>\S+)"),
    _named("interface", r"interface (?P<name>\S+)"),
    _named("route map", r"route-map (?P<name>\S+) (?:permit|deny) "),
    _named("track", r"track (?P<name>\S+) "),
    _named("vrf", r"vrf instance (?P<name>\S+)"),
)
"""Lines that define something."""

REFERENCES = (
    _named("AAA group", r"aaa (?:authentication|authorization|accounting) .* group (?P<name>\S+)"),
    _named("IPv4 access list", r"ip access-group (?P<name>\S+) "),
    _named("IPv6 access list", r"ipv6 access-group (?P<name>\S+) "),
    _named("IPv4 access list", r"snmp-server ipv4 access-list (?P<name>\S+)"),
    _named("IPv6 access list", r"snmp-server ipv6 access-list (?P<name>\S+)"),
    _named("IPv4 prefix list", r"match ip address prefix-list (?P<name>\S+)", "route-map "),
    _named("IPv6 prefix list", r"match ipv6 address prefix-list (?P<name>\S+)", "route-map "),
    _named("NTP key", r"ntp trusted-key (?P<name>\d+)"),
    _named("NTP key", r"ntp server .* key (?P<name>\d+)"),
    _named("SNMP group", r"snmp-server user \S+ (?P<name>\S+) v3 "),
    _named("SNMP view", r"snmp-server group .* read (?P<name>\S+)"),
    _named("SSL profile", r"logging .* ssl-profile (?P<name>\S+)"),
    _named("TACACS+ server", r"server (?P<name>\S+) vrf ", "aaa group server "),
    _named("interface", r"interface (?P<name>[A-Za-z]+[\d/]+)\.\d+"),
    _named("interface", r"track \S+ interface (?P<name>\S+)"),
    _named("interface", r"(?:ip|logging|ntp|snmp-server) .*(?:source|local)-interface (?:vrf \S+ )?(?P<name>\S+)$"),
    _named("route map", r"leak routes source-vrf \S+ subscribe-policy (?P<name>\S+)", "vrf "),
    _named("route map", r"neighbor \S+ route-map (?P<name>\S+) (?:in|out)"),
    _named("track", r"vrrp \d+ tracked-object (?P<name>\S+)", "interface "),
    _named("vrf", r"leak routes source-vrf (?P<name>\S+)", "vrf "),
    _named("vrf", r"(?:ip|ipv6|logging|ntp|server|snmp-server|tacacs-server) .*\bvrf (?!default$)(?P<name>\S+)"),
    _named("vrf", r"vrf (?!instance )(?P<name>\S+)"),
)
"""Lines that use something."""

FIRST_DEFINED = frozenset({"vrf"})
"""Kinds whose use the device takes without effect as long as the object isn't there; a session is applied as one."""

BUILT_IN = {"interface": {"Management1"}}
"""Objects that every device has."""

USED_BY_BEING = frozenset({"interface"})
"""Kinds that need nobody to refer to them."""
