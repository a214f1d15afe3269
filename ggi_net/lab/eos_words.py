"""What the simulated EOS knows of its own language: sections, single-valued lines, defaults, names of numbers.

Written from the behaviour of the real thing and not from the toolkit's own rules, so that a test on the simulated
device says something about those rules.
"""

from __future__ import annotations

import re

SECTIONS = (
    # (above: the header of the section that it may stand in; empty: the top level), header, prompt
    ("", r"vrf instance \S+$", "config-vrf"),
    ("", r"interface \S+$", "config-if"),
    ("", r"(ip|ipv6) access-list \S+$", "config-acl"),
    ("", r"(ip|ipv6) prefix-list \S+$", "config-ip-pfx"),
    ("", r"route-map \S+( (permit|deny)( \d+)?)?$", "config-route-map"),
    ("", r"router bgp \d[\d.]*$", "config-router-bgp"),
    ("router bgp", r"vrf \S+$", "config-router-bgp-vrf"),
    ("router bgp", r"address-family (ipv4|ipv6)$", "config-router-bgp-af"),
    ("vrf ", r"address-family (ipv4|ipv6)$", "config-router-bgp-vrf-af"),
    ("", r"router general$", "config-router-general"),
    ("router general", r"vrf \S+$", "config-router-general-vrf"),
    ("", r"management (ssh|telnet|console|api http-commands|api gnmi)$", "config-mgmt"),
    ("management ssh", r"vrf \S+$", "config-mgmt-ssh-vrf"),
    ("management telnet", r"vrf \S+$", "config-mgmt-telnet-vrf"),
    ("", r"management security$", "config-mgmt-security"),
    ("management security", r"ssl profile \S+$", "config-mgmt-sec-ssl-profile"),
    ("", r"system control-plane$", "config-system-cp"),
    ("", r"aaa group server tacacs\+ \S+$", "config-sg-tacacs+"),
    ("", r"daemon \S+$", "config-daemon"),
)

SINGLE = tuple(
    re.compile(pattern)
    for pattern in (
        r"(hostname|description|mtu|encapsulation|dns domain|rd|router-id|idle-timeout|cipher|mac|key-exchange) ",
        r"(vrf) (?!instance)",
        r"(hostkey server|cipher-list|tls versions|password minimum length|spanning-tree mode) ",
        r"(ip address) (?!.* secondary$)",
        r"(ip access-group|ipv6 access-group) \S+ (vrf \S+ )?(in|out)$",
        r"(ip verify unicast source|ipv6 verify unicast source|ipv6 nd router-preference|bfd interval) ",
        r"(vrrp \d+ (?:priority-level|preempt delay minimum|tracked-object \S+)) ",
        r"(vrrp \d+ ipv4) (?!version |.* secondary$)",
        r"(neighbor \S+) (remote-as|description|password|ttl|timers|send-community|maximum-routes)\b",
        r"(neighbor \S+ route-map) \S+ (in|out)$",
        r"(enable password|service routing protocols model|ntp trusted-key|snmp-server location|track \S+) ?",
        r"(snmp-server contact|snmp-server user \S+|snmp-server group \S+|snmp-server view \S+ \S+) ?",
        r"(ntp authentication-key \d+|tacacs-server host \S+|username \S+) ",
        r"(logging (?:buffered|monitor|trap|format \S+)) ",
        r"(aaa (?:authentication|authorization|accounting) (?:login|enable|exec|system|commands all) \S+) ",
        r"(set (?:local-preference|metric|large-community)|match (?:ip|ipv6) address) ",
    )
)
"""Lines of which a section has one: the groups are what stays the same when the value changes."""

ON_BY_DEFAULT = re.compile(
    r"(lldp run|ip icmp redirect|ipv6 icmp redirect|aaa root|logging console|bgp default ipv4-unicast|switchport"
    r"|snmp-server vrf default)$"
)
"""What is on unless told otherwise: only its `no` form is shown (`no lldp run`)."""

HIDDEN_FORMS = re.compile(r"(?!)")

NOT_SHOWN = re.compile(
    r"(ipv6 nd router-preference medium|bfd interval 300 min-rx 300 multiplier 3|logging trap informational"
    r"|logging monitor warnings|service routing protocols model multi-agent)$"
)
"""Defaults, which are not shown when they are entered."""

WORDS = frozenset(
    """
    aaa address-family agent authentication banner bfd bgp certificate cipher cipher-list class-map clock crl daemon
    deny description dns dot1x enable encapsulation exec hardware hostkey hostname idle-timeout interface ip ipv6
    key-exchange leak lldp logging mac management match mtu neighbor network no ntp password permit platform
    policy-map priority protocol queue-monitor rd redistribute remark route-map router router-id route-target seq
    server service set sflow shutdown snmp-server spanning-tree speed ssl switchport system tacacs-server timers tls
    track transceiver trust username vlan vrf vrrp
    """.split()  # noqa: SIM905  a page of words reads better without quotes
)
"""The words that a line may begin with; anything else is an invalid input."""

PORTS = {
    "20": "ftp-data", "21": "ftp", "22": "ssh", "23": "telnet", "25": "smtp", "49": "tacacs", "53": "domain",
    "80": "www", "110": "pop3", "123": "ntp", "161": "snmp", "179": "bgp", "443": "https", "500": "isakmp",
    "3784": "bfd", "3785": "bfd-echo",
}  # fmt: skip
PROTOCOLS = {"112": "vrrp", "47": "gre"}
ICMP = {"8": "echo", "0": "echo-reply", "3": "unreachable", "11": "ttl-exceeded"}
ICMPV6 = {"128": "echo-request", "129": "echo-reply", "2": "packet-too-big"}
"""The names that access lists show for numbers."""

ORDER = (
    r"(no )?aaa root",
    r"enable ",
    r"username ",
    r"(no )?lldp ",
    r"(no )?logging ",
    r"hostname ",
    r"(ip domain|ip name-server|dns )",
    r"track ",
    r"(no )?snmp-server ",
    r"spanning-tree ",
    r"vrf instance ",
    r"banner ",
    r"management (console|security)",
    r"tacacs-server ",
    r"aaa group",
    r"aaa ",
    r"interface Ethernet",
    r"interface ",
    r"ipv6 access-list",
    r"ip access-list",
    r"(no )?ip (routing|icmp)",
    r"(no )?ipv6 icmp",
    r"ip prefix-list",
    r"ipv6 prefix-list",
    r"ipv6 ",
    r"system ",
    r"ntp ",
    r"route-map ",
    r"router ",
    r"ip ",
    r"management ",
    r"",
)
"""Where `show running-config` prints a line of the top level."""
