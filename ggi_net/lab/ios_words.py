"""What the simulated IOS-XE knows of its own language: sections, single-valued lines, defaults, display order.

Written from the behaviour of the real thing and not from the toolkit's own rules, so that a test on the simulated
device says something about those rules.
"""

from __future__ import annotations

import re

SECTIONS = (
    # (above: the header of the section that it may stand in; empty: the top level), header, prompt
    ("", r"interface \S+( \S+)?$", "config-if"),
    ("", r"vrf definition \S+$", "config-vrf"),
    ("vrf definition", r"address-family (ipv4|ipv6)$", "config-vrf-af"),
    ("", r"router bgp \d[\d.]*$", "config-router"),
    ("", r"router (ospf|ospfv3|isis|static)\b", "config-router"),
    ("router", r"address-family \S+", "config-router-af"),
    ("", r"ip access-list (standard|extended|role-based) \S+$", "config-ext-nacl"),
    ("", r"ipv6 access-list (role-based )?\S+$", "config-ipv6-acl"),
    ("", r"route-map \S+( (permit|deny)( \d+)?)?$", "config-route-map"),
    ("", r"line (con|vty|aux)\b", "config-line"),
    ("", r"class-map ", "config-cmap"),
    ("", r"policy-map ", "config-pmap"),
    ("policy-map", r"class ", "config-pmap-c"),
    ("class ", r"police\b", "config-pmap-c-police"),
    ("", r"aaa group server (tacacs\+|radius) ", "config-sg"),
    ("", r"aaa server radius dynamic-author$", "config-locsvr-da-radius"),
    ("", r"tacacs server \S+$", "config-server-tacacs"),
    ("", r"radius server \S+$", "config-radius-server"),
    ("radius server", r"backoff exponential", "config-backoff"),
    ("", r"key chain ", "config-keychain"),
    ("key chain", r"key \d+$", "config-keychain-key"),
    ("", r"crypto ikev2 proposal ", "config-ikev2-proposal"),
    ("", r"crypto ikev2 policy ", "config-ikev2-policy"),
    ("", r"crypto ikev2 profile ", "config-ikev2-profile"),
    ("", r"crypto ikev2 keyring ", "config-ikev2-keyring"),
    ("crypto ikev2 keyring", r"peer ", "config-ikev2-keyring-peer"),
    ("", r"crypto ipsec transform-set ", "cfg-crypto-trans"),
    ("", r"crypto ipsec profile ", "ipsec-profile"),
    ("", r"crypto pki trustpoint ", "ca-trustpoint"),
    ("", r"crypto pki certificate map ", "ca-certificate-map"),
    ("", r"crypto pki certificate chain ", "config-cert-chain"),
    ("", r"crypto pki profile enrollment ", "ca-profile-enroll"),
    ("", r"bfd-template ", "config-bfd"),
    ("", r"zone security ", "config-sec-zone"),
    ("", r"zone-pair security ", "config-sec-zone-pair"),
    ("", r"object-group ", "config-network-group"),
    ("", r"ip sla \d+$", "config-ip-sla"),
    ("ip sla", r"icmp-echo ", "config-ip-sla-echo"),
    ("", r"track \d+ (application|interface|ip|ipv6|list) ", "config-track"),
    ("", r"parser view ", "config-view"),
    ("", r"archive$", "config-archive"),
    ("archive", r"log config$", "config-archive-log-cfg"),
    ("", r"control-plane$", "config-cp"),
    ("", r"dot1x credentials ", "config-dot1x-creden"),
    ("", r"flow (record|monitor|exporter) ", "config-flow"),
    ("", r"event manager applet ", "config-applet"),
    ("", r"ip dhcp pool ", "dhcp-config"),
    ("", r"ipv6 dhcp pool ", "config-dhcpv6"),
    ("", r"vlan \d+$", "config-vlan"),
    ("", r"wlan \S+ \d+ \S+$", "config-wlan"),
    ("", r"wireless profile policy \S+$", "config-wireless-policy"),
    ("", r"wireless tag policy \S+$", "config-policy-tag"),
    ("", r"wireless tag site \S+$", "config-site-tag"),
    ("", r"ap filter name \S+$", "config-ap-filter"),
    ("interface", r"vrrp \d+ address-family ipv[46]$", "config-if-vrrp"),
    ("interface", r"service instance ", "config-if-srv"),
    ("", r"logging discriminator$", "config"),
    ("", r"tls-proxy ", "config-tls"),
    ("", r"logging tls-profile ", "config-tls-profile"),
)

LINES = (("wireless profile policy ", "vlan "),)
"""Lines of a section (its header, the line) that are the header of another one elsewhere."""

SINGLE = tuple(
    re.compile(pattern)
    for pattern in (
        r"(hostname|description|bandwidth|mtu|encapsulation|vrf forwarding|rd|version|keepalive) ",
        r"(ip mtu|ipv6 mtu|ip tcp adjust-mss|ipv6 tcp adjust-mss|load-interval|speed|duplex) ",
        r"(ip address) (?!.* secondary$)",
        r"(ip access-group|ipv6 traffic-filter) \S+ (in|out)$",
        r"(service-policy) (input|output) ",
        r"(ip verify unicast source|ipv6 verify unicast source) ",
        r"(bgp router-id|bgp log-neighbor-changes|timers bgp|maximum-paths|distance bgp) ",
        r"(neighbor \S+) (remote-as|description|password|timers|update-source|ttl-security) ",
        r"(neighbor \S+) (ebgp-multihop|maximum-prefix) ",
        r"(neighbor \S+ (?:route-map|prefix-list|filter-list)) .* (in|out)$",
        r"(tunnel (?:source|destination|mode|vrf|protection)) ",
        r"(vrrp \d+ (?:priority|description|timers)|priority|address-family-limit) ",
        r"(enable secret|enable password|ip domain name|ip domain-name|clock timezone|ntp source|logging trap) ?",
        r"(logging buffered|logging source-interface|logging facility|logging origin-id|snmp-server location) ?",
        r"(snmp-server contact|snmp-server chassis-id|ip ssh version|ip ssh time-out|login block-for) ?",
        r"(username \S+) ",
        r"(exec-timeout|transport input|transport output|access-class|login authentication|session-timeout) ?",
        r"(address ipv4|address ipv6|key|timeout|server-private|ip tacacs source-interface|port) ",
        r"(aaa (?:authentication|authorization|accounting) \S+ \S+) ",
        r"(enrollment|revocation-check|subject-name|rsakeypair|eckeypair|fqdn|lifetime|dpd|identity local) ",
        r"(match address local|match identity remote|authentication (?:local|remote)|pki trustpoint) ?",
        r"(interval|vlan|security pmf|peer-blocking|ap name-regex|tag policy|tag site) ",
    )
)
"""Lines of which a section has one: the groups are what stays the same when the value changes."""

ON_BY_DEFAULT = re.compile(
    r"(ip (http server|http secure-server|domain lookup|domain-lookup|source-route|bootp server|finger|gratuitous-arps"
    r"|forward-protocol nd|redirects|unreachables|proxy-arp|icmp rate-limit unreachable)"
    r"|ipv6 (redirects|unreachables|source-route)|cdp run|cdp enable|lldp run|mop enabled|logging console"
    r"|service (pad|dhcp|config|password-recovery|udp-small-servers|tcp-small-servers)|logging monitor"
    r"|platform punt-keepalive disable-kernel-core|aaa new-model|bgp default ipv4-unicast|login on-success log"
    r"|security (ft adaptive|wpa|wpa wpa2|wpa akm dot1x)"
    r"|bfd echo|synchronization|auto-summary|ip classless|exec|vstack|call-home|ip forward-protocol udp)$"
)
"""What is on unless told otherwise: only its `no` form is shown (`no ip http server`)."""

HIDDEN_FORMS = re.compile(r"no (shutdown|aaa new-model|ip classless|service config)$")

WORDS = frozenset(
    """
    aaa aaa-override accept-lifetime access-class access-list accounting-list action address address-family
    address-family-limit advertise advertisement-interval aggregate-address alias anyconnect ap archive arp
    authentication authority authorization auto-enroll auto-summary automate-tester backoff bandwidth banner bfd
    bfd-template bgp boot call-home cdp certificate channel-group ciphersuite class class-map client
    client-id-trustpoint clock conform-action console control-plane crypto cryptographic-algorithm deadtime default
    default-action default-router delay deny description destination distance distribute-list dns-server
    domain-name dot1q dot1x dpd drop duplex eckeypair enable encapsulation encryption enrollment enrollment-type
    errdisable evaluate event exceed-action exec exec-timeout exit-address-family exit-vrf exit-vrrp export
    facility fair-queue fhrp file flow fqdn fragment frequency fvrf group hash hidekeys history hostname icmp-echo
    identity import inspect integrity interface interval ip ip-address ipv6 ivrf keepalive key key-string lease
    length license lifetime line lldp load-interval local-as log logging login logout-warning mac match maximum
    maximum-paths mib mode monitor mop mtu multilink name nat negotiation neighbor netconf-yang netmask network nls
    no notify ntp object object-group ocsp oer option parser pass password path peer peer-blocking percent permit
    pki platform pluggable police policy-map port pre-shared-key preempt prefix prf priority privilege proposal
    queue-limit radius radius-server random-detect range rate-limit rd redistribute redundancy reflect remark
    restconf retransmit revocation-check route-map route-target router rsakeypair sampling security send-lifetime
    sequence serial-number server server-private service service-policy session-limit session-timeout set shape
    shutdown single-connection snmp snmp-server source source-interface spanning-tree speed ssh statistics stopbits
    storm-control subject-alt-name subject-name switchport synchronization table-map tacacs tacacs-server tag
    telemetry template terminal threshold time-range timeout timer timers tls tls-proxy tls-version track transport
    trustpoint tunnel udld usage username validate version violate-action virtual-reassembly vlan vrf vrrp vrrpv3
    vstack vtp web width wireless wlan write-memory zone zone-member zone-pair
    """.split()  # noqa: SIM905  a page of words reads better without quotes
)
"""The words that a line may begin with; anything else is an invalid input."""

SHUT_FIRST = re.compile(r"(wlan \S+ \d+|wireless profile policy) ")
"""Sections that start shut, and take nothing else while they are open."""

IN_USE = (
    (r"policy-map (?:type inspect )?(\S+)$", "service-policy (?:type inspect |input |output ){}"),
    (r"class-map (?:type inspect )?match-\S+ (\S+)$", "class (?:type inspect )?{}"),
    (r"zone security (\S+)$", "zone-member security {0}|zone-pair security .*(?:source|destination) {0}(?: .*)?"),
    (r"crypto ipsec profile (\S+)$", "tunnel protection ipsec profile {}"),
    (r"crypto ikev2 profile (\S+)$", "set ikev2-profile {}"),
    (r"crypto ipsec transform-set (\S+) ", "set transform-set {}"),
)
"""Sections that are not given up as long as a line like the second refers to their name."""

ORDER = (
    r"(no )?service ",
    r"(no )?platform ",
    r"hostname ",
    r"vrf definition ",
    r"(no )?logging (buffered|console|monitor|discriminator)",
    r"enable ",
    r"(no )?aaa ",
    r"clock ",
    r"(no )?ip (source-route|domain|name-server|bootp|dhcp|gratuitous)",
    r"login ",
    r"(no )?ipv6 (unicast-routing|cef|source-route|dhcp)",
    r"parser ",
    r"key chain ",
    r"crypto pki ",
    r"license ",
    r"(no )?(spanning-tree|cdp|lldp|vstack)",
    r"username ",
    r"bfd-template ",
    r"crypto ikev2 ",
    r"(crypto|track|archive)",
    r"(class-map|policy-map|zone)",
    r"interface Loopback",
    r"interface Tunnel",
    r"interface ",
    r"router ",
    r"(no )?ip (forward-protocol|http|ftp|tftp|tacacs|radius|ssh)",
    r"ip route ",
    r"ip access-list standard",
    r"ip access-list",
    r"ip prefix-list",
    r"(no )?ip ",
    r"(no )?logging ",
    r"ipv6 route ",
    r"ipv6 prefix-list",
    r"route-map ",
    r"snmp-server ",
    r"tacacs server",
    r"radius",
    r"ipv6 access-list",
    r"control-plane",
    r"banner",
    r"line ",
    r"ntp ",
    r"",
)
"""Where `show running-config` prints a line of the top level."""
