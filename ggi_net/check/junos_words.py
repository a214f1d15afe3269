"""What the structural check knows of a Junos configuration: sections and their statements, definitions and references.

Only what the toolkit's own templates use is listed: a statement that is missing here is one that nobody has read in
the CLI reference (Junos 22.4 and later, SRX) for this purpose yet.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Section(NamedTuple):
    """A section: the pattern of its header, the first words of its statements, and the sections inside it.

    `once`: those of the words that a section can have once only; a second one would silently win.
    """

    header: re.Pattern[str]
    words: frozenset[str]
    once: frozenset[str]
    sections: tuple[Section, ...]


class Named(NamedTuple):
    """A line that defines or uses a named object of `kind`: `path` is matched with the line's path, group `name`.

    A reference may name several in brackets.
    """

    kind: str
    path: re.Pattern[str]


def _section(header: str, words: str, *sections: Section) -> Section:
    """A word with a `+` may stand in the section several times."""
    found = words.split()
    return Section(
        re.compile(header),
        frozenset(word.rstrip("+") for word in found),
        frozenset(word for word in found if not word.endswith("+")),
        sections,
    )


_PREFIXES = _section(r"(source|destination)-(address|prefix-list)", "")
_VRRP = _section(
    r"vrrp-(inet6-)?group \d+",
    "virtual-address virtual-inet6-address virtual-link-local-address priority accept-data",
    _section("preempt", "hold-time"),
    _section("track", "route+"),
)
_FAMILY = _section(
    r"family inet6?",
    "mtu rpf-check address+",
    _section("filter", "input"),
    _section(r"address \S+", "", _VRRP),
)
_FILTERS = _section(
    r"family inet6?",
    "",
    _section(
        r"filter \S+",
        "",
        _section(
            r"term \S+",
            "then",
            _section(
                "from",
                "protocol next-header port source-port destination-port icmp-type ttl-except hop-limit-except "
                "tcp-established",
                _PREFIXES,
            ),
            _section("then", "accept count discard policer"),
        ),
    ),
)
_AGGREGATE = _section("aggregate", "", _section(r"route \S+", "policy discard"))
_STATIC = _section("static", "route+")

SYSTEM = _section(
    "system",
    "host-name domain-name time-zone no-multicast-echo no-redirects no-redirects-ipv6 no-ping-record-route "
    "no-ping-time-stamp authentication-order max-configurations-on-flash max-configuration-rollbacks",
    _section("internet-options", "path-mtu-discovery tcp-drop-synfin-set no-source-quench"),
    _section("ports", "console auxiliary"),
    _section("name-server", ""),
    _section("root-authentication", "encrypted-password"),
    _section(
        "tacplus-server",
        "",
        _section(r"[0-9a-f.:]+", "routing-instance secret timeout single-connection source-address"),
    ),
    _section("accounting", "events", _section("destination", "tacplus")),
    _section(
        "login",
        "message",
        _section("retry-options", "tries-before-disconnect backoff-threshold backoff-factor lockout-period"),
        _section(r"class \S+", "idle-timeout permissions"),
        _section("password", "minimum-length format"),
        _section(r"user \S+", "class", _section("authentication", "encrypted-password")),
    ),
    _section(
        "services",
        "",
        _section(
            "ssh",
            "root-login protocol-version ciphers macs key-exchange client-alive-count-max client-alive-interval "
            "connection-limit rate-limit",
            _section("hostkey-algorithm", "no-ssh-dss no-ssh-rsa ssh-ed25519 ssh-ecdsa"),
        ),
    ),
    _section(
        "syslog",
        "time-format",
        _section(
            r"host \S+",
            "any port transport explicit-priority structured-data source-address routing-instance",
            _section("tlsdetails", "local-certificates", _section(r"trusted-ca-group \S+", "ca-profiles")),
        ),
        _section(r"file \S+", "any authorization change-log interactive-commands"),
    ),
    _section("ntp", "authentication-key+ server+ trusted-key source-address+"),
)

SECURITY = _section(
    "security",
    "",
    _section("log", "mode format"),
    _section(
        "pki",
        "",
        _section(
            r"ca-profile \S+",
            "ca-identity routing-instance",
            _section("revocation-check", "", _section("crl", "", _section("disable", "on-download-failure"))),
        ),
    ),
    _section(
        "ike",
        "",
        _section(
            r"proposal \S+",
            "authentication-method dh-group authentication-algorithm encryption-algorithm lifetime-seconds",
        ),
        _section(
            r"policy \S+",
            "proposals",
            _section("certificate", "local-certificate", _section("trusted-ca", "ca-profile")),
        ),
        _section(
            r"gateway \S+",
            "ike-policy address local-identity remote-identity external-interface local-address version",
            _section("dead-peer-detection", "always-send interval threshold"),
        ),
    ),
    _section(
        "ipsec",
        "anti-replay-window-size",
        _section(r"proposal \S+", "protocol encryption-algorithm lifetime-seconds"),
        _section(r"policy \S+", "proposals", _section("perfect-forward-secrecy", "keys")),
        _section(r"vpn \S+", "bind-interface df-bit establish-tunnels", _section("ike", "gateway ipsec-policy")),
    ),
    _section("address-book", "", _section("global", "address+", _section(r"address-set \S+", "address+"))),
    _section("forwarding-options", "", _section("family", "", _section("inet6", "mode"))),
    _section("alg", "dns ftp h323 mgcp msrpc pptp rsh rtsp sccp sip sql sunrpc talk tftp"),
    _section(
        "screen",
        "",
        _section(
            r"ids-option \S+",
            "",
            _section("ip", "bad-option source-route-option tear-drop"),
            _section("tcp", "syn-fin tcp-no-flag land"),
        ),
    ),
    _section("flow", "", _section("tcp-mss", "", _section("ipsec-vpn", "mss"))),
    _section(
        "policies",
        "",
        _section(
            r"(from-zone \S+ to-zone \S+|global)",
            "",
            _section(
                r"policy \S+",
                "description",
                _section("match", "source-address destination-address application"),
                _section("then", "permit deny", _section("log", "session-init")),
            ),
        ),
        _section("default-policy", "deny-all"),
    ),
    _section(
        "zones",
        "",
        _section(
            r"security-zone \S+",
            "description screen",
            _section(
                "host-inbound-traffic",
                "",
                _section("system-services", "ping ssh snmp ike"),
                _section("protocols", "bfd bgp router-discovery vrrp"),
            ),
            _section("interfaces", ""),
        ),
    ),
)

INTERFACES = _section(
    "interfaces",
    "",
    _section(r"\S+", "description vlan-tagging mtu", _section(r"unit \d+", "description vlan-id", _FAMILY)),
)

SNMP = _section(
    "snmp",
    "location contact routing-instance-access",
    _section(r"view \S+", "oid+"),
    _section(
        "v3",
        "",
        _section(
            "usm",
            "",
            _section(
                "local-engine",
                "",
                _section(
                    r"user \S+",
                    "",
                    _section(r"authentication-sha\d+", "authentication-password"),
                    _section(r"privacy-aes\d+", "privacy-password"),
                ),
            ),
        ),
        _section(
            "vacm",
            "",
            _section(
                "security-to-group",
                "",
                _section("security-model usm", "", _section(r"security-name \S+", "group")),
            ),
            _section(
                "access",
                "",
                _section(
                    r"group \S+",
                    "",
                    _section(
                        "default-context-prefix",
                        "",
                        _section("security-model usm", "", _section("security-level privacy", "read-view")),
                    ),
                ),
            ),
        ),
    ),
)

POLICY_OPTIONS = _section(
    "policy-options",
    "community+",
    _section(r"prefix-list \S+", ""),
    _section(
        r"policy-statement \S+",
        "then",
        _section(
            r"term \S+",
            "from then",
            _section("from", "policy protocol instance prefix-list-filter+ route-filter+"),
            _section("then", "accept reject local-preference metric community"),
        ),
    ),
)

_BGP = _section(
    "bgp",
    "",
    _section(
        r"group \S+",
        "type log-updown hold-time ttl",
        _section(
            r"neighbor \S+",
            "description local-address import export authentication-key peer-as",
            _section(r"family inet6?", "", _section("unicast", "", _section("prefix-limit", "maximum teardown"))),
            _section("bfd-liveness-detection", "minimum-interval multiplier"),
        ),
    ),
)

ROUTING_INSTANCES = _section(
    "routing-instances",
    "",
    _section(
        r"\S+",
        "description instance-type interface+",
        _section("routing-options", "router-id instance-import", _section(r"rib \S+", "", _AGGREGATE), _AGGREGATE),
        _section(
            "protocols",
            "",
            _BGP,
            _section("router-advertisement", "", _section(r"interface \S+", "virtual-router-only preference prefix+")),
        ),
    ),
)

TOP = _section(
    "",
    "",
    SYSTEM,
    SECURITY,
    INTERFACES,
    SNMP,
    _section("routing-options", "router-id autonomous-system", _section(r"rib inet6\.0", "", _STATIC), _STATIC),
    _section("protocols", "", _section("vrrp", "version-3")),
    POLICY_OPTIONS,
    _section(
        "firewall",
        "",
        _section(r"policer \S+", "then", _section("if-exceeding", "bandwidth-limit burst-size-limit")),
        _FILTERS,
    ),
    ROUTING_INSTANCES,
    _section(
        "applications",
        "",
        _section(r"application \S+", "protocol destination-port icmp-type icmp6-type"),
        _section(r"application-set \S+", "application+"),
    ),
)
"""The whole configuration."""

LISTS = re.compile(
    r"(^|/ )(system / name-server|interfaces|prefix-list \S+|(source|destination)-(address|prefix-list))$"
)
"""The sections whose statements begin with an address or a name instead of a word."""


def _named(kind: str, path: str) -> Named:
    return Named(kind, re.compile(path))


_NAME = r"(?P<name>[^\s;/]+(?:/\d+)?)"
_LIST = r"(?P<name>\[[^\]]*\]|[^\s;]+)"

DEFINITIONS = (
    _named("prefix list", rf"policy-options / prefix-list {_NAME}$"),
    _named("policy", rf"policy-options / policy-statement {_NAME}$"),
    _named("community", rf"policy-options / community {_NAME} members "),
    _named("IPv4 filter", rf"firewall / family inet / filter {_NAME}$"),
    _named("IPv6 filter", rf"firewall / family inet6 / filter {_NAME}$"),
    _named("policer", rf"firewall / policer {_NAME}$"),
    _named("zone", rf"security / zones / security-zone {_NAME}$"),
    _named("screen", rf"security / screen / ids-option {_NAME}$"),
    _named("address", rf"security / address-book / global / address {_NAME} "),
    _named("address", rf"security / address-book / global / address-set {_NAME}$"),
    _named("application", rf"applications / application(?:-set)? {_NAME}$"),
    _named("IKE proposal", rf"security / ike / proposal {_NAME}$"),
    _named("IKE policy", rf"security / ike / policy {_NAME}$"),
    _named("IKE gateway", rf"security / ike / gateway {_NAME}$"),
    _named("IPsec proposal", rf"security / ipsec / proposal {_NAME}$"),
    _named("IPsec policy", rf"security / ipsec / policy {_NAME}$"),
    _named("CA profile", rf"security / pki / ca-profile {_NAME}$"),
    _named("login class", rf"system / login / class {_NAME}$"),
    _named("routing instance", rf"routing-instances / {_NAME}$"),
    _named("SNMP view", rf"snmp / view {_NAME}$"),
    _named("SNMP group", rf"snmp / v3 / vacm / access / group {_NAME}$"),
    _named("SNMP user", rf"snmp / v3 / usm / local-engine / user {_NAME}$"),
    _named("NTP key", rf"system / ntp / authentication-key {_NAME} "),
)

REFERENCES = (
    _named("prefix list", rf".* / prefix-list-filter {_NAME} "),
    _named("prefix list", rf"firewall / .* / source-prefix-list / {_NAME};"),
    _named("policy", rf"routing-instances / .* / (?:import|export|instance-import|policy) {_LIST};"),
    _named("policy", rf"policy-options / .* / from policy {_LIST};"),
    _named("community", rf"policy-options / .* / community set {_NAME};"),
    _named("IPv4 filter", rf"interfaces / .* / family inet / filter / input {_NAME};"),
    _named("IPv6 filter", rf"interfaces / .* / family inet6 / filter / input {_NAME};"),
    _named("policer", rf"firewall / family .* / policer {_NAME};"),
    _named("zone", rf"security / policies / from-zone {_NAME} to-zone \S+$"),
    _named("zone", rf"security / policies / from-zone \S+ to-zone {_NAME}$"),
    _named("screen", rf"security / zones / .* / screen {_NAME};"),
    _named("address", rf"security / policies / .* / match / (?:source|destination)-address {_LIST};"),
    _named("address", rf"security / address-book / global / address-set \S+ / address {_NAME};"),
    _named("application", rf"security / policies / .* / match / application {_LIST};"),
    _named("application", rf"applications / application-set \S+ / application {_NAME};"),
    _named("IKE proposal", rf"security / ike / policy \S+ / proposals {_LIST};"),
    _named("IKE policy", rf"security / ike / gateway \S+ / ike-policy {_NAME};"),
    _named("IKE gateway", rf"security / ipsec / vpn \S+ / ike / gateway {_NAME};"),
    _named("IPsec proposal", rf"security / ipsec / policy \S+ / proposals {_LIST};"),
    _named("IPsec policy", rf"security / ipsec / vpn \S+ / ike / ipsec-policy {_NAME};"),
    _named("CA profile", rf"security / ike / .* / ca-profile {_NAME};"),
    _named("CA profile", rf"system / syslog / .* / ca-profiles {_LIST};"),
    _named("login class", rf"system / login / user \S+ / class {_NAME};"),
    _named("routing instance", rf".* routing-instance {_NAME}(?:;| )"),
    _named("routing instance", rf"policy-options / .* / instance {_NAME};"),
    _named("SNMP view", rf"snmp / .* / read-view {_NAME};"),
    _named("SNMP group", rf"snmp / .* / security-name \S+ / group {_NAME};"),
    _named("SNMP user", rf"snmp / .* / security-name {_NAME}$"),
    _named("NTP key", rf"system / ntp / server \S+ key {_NAME}[; ]"),
    _named("NTP key", rf"system / ntp / trusted-key {_NAME};"),
)

BUILT_IN = {"address": ("any",), "application": ("any",)}
"""What every device has."""

USED_BY_BEING = ("routing instance", "zone")
"""What works without anybody naming it."""
