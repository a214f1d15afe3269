"""What the structural check knows of the IOS-XE command line: sections and their words, definitions and references.

Only what the toolkit's own templates use is listed: a word that is missing here is a word that nobody has read in
the command reference (IOS XE 17.9 and later) for this purpose yet.
"""

from __future__ import annotations

from ggi_net.check.command_line import named as _named
from ggi_net.check.command_line import section as _section

TOP = _section(
    "",
    "aaa ap banner dot1x enable end fhrp hostname ip ipv6 login logging no ntp password radius-server security service "
    "snmp snmp-server username wireless",
    _section(r"aaa group server tacacs\+ \S+", "server ip"),
    _section(r"aaa group server radius \S+", "server ip ipv6 deadtime"),
    _section(r"ap filter name \S+", "ap tag"),
    _section("archive", "path maximum", _section("log config", "logging notify hidekeys")),
    _section(r"class-map (type inspect )?match-(any|all) \S+", "description match"),
    _section("control-plane", "service-policy"),
    _section("crypto ikev2 fragmentation", ""),
    _section(r"crypto ikev2 policy \S+", "match proposal"),
    _section(r"crypto ikev2 profile \S+", "authentication dpd identity lifetime match pki"),
    _section(r"crypto ikev2 proposal \S+", "encryption group prf"),
    _section(r"crypto ipsec profile \S+", "set"),
    _section(r"crypto ipsec transform-set \S+ .*", "mode"),
    _section(r"crypto pki trustpoint \S+", "eckeypair enrollment hash revocation-check source vrf"),
    _section(
        r"interface \S+",
        "bfd description encapsulation ip ipv6 mtu no switchport tunnel vrf zone-member",
        _section(r"vrrp \d+ address-family ipv[46]", "address exit-vrrp preempt priority track"),
    ),
    _section(r"ip access-list (standard|extended) \S+", "deny permit remark"),
    _section(r"ip sla \d+", "", _section(r"icmp-echo .*", "frequency threshold timeout vrf")),
    _section(r"ipv6 access-list \S+", "deny permit remark"),
    _section(r"line (con|aux|vty) [\d ]+", "access-class exec-timeout ipv6 logging no transport"),
    _section(r"logging tls-profile \S+", "ciphersuite client-id-trustpoint tls-version"),
    _section(
        r"policy-map type inspect \S+",
        "",
        _section(r"class type inspect \S+", "inspect pass"),
        _section("class class-default", "drop"),
    ),
    _section(r"policy-map \S+", "", _section(r"class \S+", "police")),
    _section(r"radius server \S+", "address key retransmit timeout"),
    _section(r"route-map \S+ (permit|deny) \d+", "description match set"),
    _section(
        r"router bgp \d+",
        "bgp exit-address-family no",
        _section(r"address-family ipv[46] vrf \S+", "neighbor network"),
    ),
    _section(r"tacacs server \S+", "address key single-connection timeout"),
    _section(r"track \d+ .*", "object"),
    _section(r"vlan \d+", "name"),
    _section(
        r"vrf definition \S+",
        "description exit-address-family rd",
        _section(r"address-family ipv[46]", "import route-target"),
    ),
    _section(r"wireless profile policy \S+", "aaa-override accounting-list no session-timeout vlan"),
    _section(r"wireless tag policy \S+", "wlan"),
    _section(r"wireless tag site \S+", ""),
    _section(r"wlan \S+ \d+ \S+", "no peer-blocking security"),
    _section(r"zone security \S+", "description"),
    _section(r"zone-pair security \S+ source \S+ destination \S+", "service-policy"),
)
"""The whole configuration. `exit-address-family` stands beside its section, as the device prints it."""


DEFINITIONS = (
    _named("AAA group", r"aaa group server (?:tacacs\+|radius) (?P<name>\S+)"),
    _named("AP filter", r"ap filter name (?P<name>\S+)"),
    _named("accounting list", r"aaa accounting identity (?P<name>\S+) "),
    _named("authentication list", r"aaa authentication dot1x (?P<name>\S+) "),
    _named("IPv4 access list", r"ip access-list (?:standard|extended) (?P<name>\S+)"),
    _named("IPv6 access list", r"ipv6 access-list (?P<name>\S+)"),
    _named("IPv4 prefix list", r"ip prefix-list (?P<name>\S+) "),
    _named("IPv6 prefix list", r"ipv6 prefix-list (?P<name>\S+) "),
    _named("IKEv2 policy", r"crypto ikev2 policy (?P<name>\S+)"),
    _named("IKEv2 profile", r"crypto ikev2 profile (?P<name>\S+)"),
    _named("IKEv2 proposal", r"crypto ikev2 proposal (?P<name>\S+)"),
    _named("IPsec profile", r"crypto ipsec profile (?P<name>\S+)"),
    _named("NTP key", r"ntp authentication-key (?P<name>\d+) "),
    _named("RADIUS server", r"radius server (?P<name>\S+)"),
    _named("SNMP group", r"snmp-server group (?P<name>\S+) v3 priv "),
    _named("SNMP view", r"snmp-server view (?P<name>\S+) "),
    _named("TACACS+ server", r"tacacs server (?P<name>\S+)"),
    _named("TLS profile", r"logging tls-profile (?P<name>\S+)"),
    _named("VLAN", r"vlan (?P<name>\d+)"),
    _named("WLAN", r"wlan (?P<name>\S+) \d+ "),
    _named("class map", r"class-map match-\S+ (?P<name>\S+)"),
    _named("inspection class map", r"class-map type inspect match-\S+ (?P<name>\S+)"),
    _named("inspection policy map", r"policy-map type inspect (?P<name>\S+)"),
    _named("policy map", r"policy-map (?P<name>(?!type )\S+)"),
    _named("policy profile", r"wireless profile policy (?P<name>\S+)"),
    _named("policy tag", r"wireless tag policy (?P<name>\S+)"),
    _named("site tag", r"wireless tag site (?P<name>\S+)"),
    _named("interface", r"interface (?P<name>\S+)"),
    _named("probe", r"ip sla (?P<name>\d+)"),
    _named("route map", r"route-map (?P<name>\S+) (?:permit|deny) "),
    _named("track", r"track (?P<name>\d+) "),
    _named("transform set", r"crypto ipsec transform-set (?P<name>\S+) "),
    _named("trustpoint", r"crypto pki trustpoint (?P<name>\S+)"),
    _named("vrf", r"vrf definition (?P<name>\S+)"),
    _named("zone", r"zone security (?P<name>\S+)"),
)
"""Top-level lines that define something."""

REFERENCES = (
    _named("AAA group", r"aaa (?:authentication|authorization|accounting) .* group (?P<name>\S+)"),
    _named("IPv4 access list", r"ip access-group (?P<name>\S+) ", "interface "),
    _named("IPv6 access list", r"ipv6 traffic-filter (?P<name>\S+) ", "interface "),
    _named("IPv4 access list", r"access-class (?P<name>\S+) ", "line "),
    _named("IPv6 access list", r"ipv6 access-class (?P<name>\S+) ", "line "),
    _named("IPv4 access list", r"login quiet-mode access-class (?P<name>\S+)"),
    _named("IPv4 access list", r"snmp-server (?:group|user) .* access ipv6 \S+ (?P<name>\S+)"),
    _named("IPv6 access list", r"snmp-server (?:group|user) .* access ipv6 (?P<name>\S+)"),
    _named("IPv4 access list", r"ntp access-group ipv4 \S+ (?P<name>\S+)"),
    _named("IPv6 access list", r"ntp access-group ipv6 \S+ (?P<name>\S+)"),
    _named("access list", r"match access-group name (?P<name>\S+)", "class-map "),
    _named("IPv4 prefix list", r"match ip address prefix-list (?P<name>\S+)", "route-map "),
    _named("IPv6 prefix list", r"match ipv6 address prefix-list (?P<name>\S+)", "route-map "),
    _named("route map", r"import map (?P<name>\S+)", "address-family "),
    _named("route map", r"neighbor \S+ route-map (?P<name>\S+) (?:in|out)"),
    _named("IKEv2 proposal", r"proposal (?P<name>\S+)", "crypto ikev2 policy "),
    _named("IKEv2 profile", r"set ikev2-profile (?P<name>\S+)", "crypto ipsec profile "),
    _named("IPsec profile", r"tunnel protection ipsec profile (?P<name>\S+)", "interface "),
    _named("NTP key", r"ntp trusted-key (?P<name>\d+)"),
    _named("NTP key", r"ntp server .* key (?P<name>\d+)"),
    _named("SNMP group", r"snmp-server user \S+ (?P<name>\S+) v3 "),
    _named("SNMP view", r"snmp-server group .* read (?P<name>\S+)"),
    _named("AP filter", r"ap filter priority \d+ filter-name (?P<name>\S+)"),
    _named("RADIUS server", r"server name (?P<name>\S+)", "aaa group server radius "),
    _named("TACACS+ server", r"server name (?P<name>\S+)", "aaa group server tacacs+ "),
    _named("VLAN", r"interface Vlan(?P<name>\d+)"),
    _named("VLAN", r"vlan (?P<name>\d+)", "wireless profile policy "),
    _named("WLAN", r"wlan (?P<name>\S+) policy ", "wireless tag policy "),
    _named("accounting list", r"accounting-list (?P<name>\S+)", "wireless profile policy "),
    _named("authentication list", r"security dot1x authentication-list (?P<name>\S+)", "wlan "),
    _named("TLS profile", r"logging host .* transport tls profile (?P<name>\S+)"),
    _named("class map", r"class (?P<name>(?!type |class-default)\S+)", "policy-map "),
    _named("inspection class map", r"class type inspect (?P<name>\S+)", "policy-map type inspect "),
    _named("inspection policy map", r"service-policy type inspect (?P<name>\S+)", "zone-pair "),
    _named("policy map", r"service-policy input (?P<name>\S+)", "control-plane"),
    _named("policy profile", r"wlan \S+ policy (?P<name>\S+)", "wireless tag policy "),
    _named("policy tag", r"tag policy (?P<name>\S+)", "ap filter name "),
    _named("site tag", r"tag site (?P<name>\S+)", "ap filter name "),
    _named("interface", r"(?:ip|ipv6) (?:tacacs|radius) source-interface (?P<name>\S+)"),
    _named("interface", r"wireless management interface (?P<name>\S+)"),
    _named("interface", r"ip domain lookup .*source-interface (?P<name>\S+)"),
    _named("interface", r"logging source-interface (?P<name>\S+)"),
    _named("interface", r"ntp (?:server .* )?source (?P<name>\S+)"),
    _named("interface", r"source interface (?P<name>\S+)", "crypto pki trustpoint "),
    _named("interface", r"ip(?:v6)? route (?:vrf \S+ )?[\d.:/A-F]+ (?:[\d.]+ )?(?P<name>[A-Z][a-z]\S+)"),
    _named("interface", r"interface (?P<name>[A-Za-z]+[\d/]+)\.\d+"),
    _named("probe", r"ip sla schedule (?P<name>\d+) "),
    _named("probe", r"track \d+ ip sla (?P<name>\d+) "),
    _named("track", r"object (?P<name>\d+)", "track "),
    _named("track", r"track (?P<name>\d+) ", "vrrp "),
    _named("transform set", r"set transform-set (?P<name>\S+)", "crypto ipsec profile "),
    _named("trustpoint", r"pki trustpoint (?P<name>\S+)", "crypto ikev2 profile "),
    _named("trustpoint", r"client-id-trustpoint (?P<name>\S+)", "logging tls-profile "),
    _named("vrf", r"(?:ip )?vrf forwarding (?P<name>\S+)"),
    _named("vrf", r"address-family ipv[46] vrf (?P<name>\S+)", "router bgp "),
    _named("vrf", r"(?:logging|ntp|ip|ipv6) .*\bvrf (?!forwarding )(?P<name>\S+)"),
    _named("vrf", r"vrf (?P<name>(?!forwarding |definition )\S+)"),
    _named("zone", r"zone-member security (?P<name>\S+)", "interface "),
    _named("zone", r"zone-pair security \S+ source (?P<name>\S+) "),
    _named("zone", r"zone-pair security .* destination (?P<name>\S+)"),
)
"""Lines that use something; the kind `access list` stands for one of either family."""

FIRST_DEFINED = frozenset(
    {
        "vrf",
        "zone",
        "class map",
        "inspection class map",
        "policy map",
        "inspection policy map",
        "IKEv2 proposal",
        "IKEv2 profile",
        "IPsec profile",
        "transform set",
        "trustpoint",
    }
)
"""Kinds whose use the device refuses, or takes without effect, as long as the object isn't there."""

BUILT_IN = {"zone": {"self"}, "interface": {"Null0"}}
"""Objects that every device has."""

USED_BY_BEING = frozenset({"interface", "IKEv2 policy"})
"""Kinds that need nobody to refer to them."""
