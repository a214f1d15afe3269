"""Which field of the estate or the standard each field of a view was made from; only `ggi explain` reads this.

A view field that has the same name in the record of its `origin` needs no entry. In a pattern, `{...}` is a field of
the same view record, of `device` (the view as a whole), or one of the words of `Asked`.
"""

from __future__ import annotations

from typing import Any

from ggi_net.render import source_cases as cases
from ggi_net.render.asked import Answer, Asked, Computed, Option, Source
from ggi_net.render.source_cases import GOVROAM, ITSELF, NEAR_PORT, STANDARD
from ggi_net.render.trace import Field
from ggi_net.render.views import base, core, firewall, govroam, network, own, proxy, radius, wlan
from ggi_net.render.views.ce import CeView
from ggi_net.render.views.govroam_firewall import HostRule

SECRET = Computed("the reference of a secret of the federation as a whole")

_ORGANISATION_SECRET = Source("slug", "{owner}")
_FQDN = (Source("name"), Source("domain", "{whose}"))
_VRF: dict[str, Any] = {
    "route_target": (Source("asn", "federation"), Source("table")),
    "asn": Source("asn", "{owner}"),
    "router_id": Source("management", "{device.origin}"),
    "community": cases.traffic_class,
}
_ROUTER: dict[str, Any] = {
    "asn": Source("asn", "{owner}"),
    "router_id": Source("management", "{device.origin}"),
    "bgp": Source("", f"{STANDARD}/bgp"),
    "outer_peers6": cases.through({network.Tunnel: "remote"}),
    "outer_peers4": cases.through({network.Tunnel: "remote"}),
    "uplinks": Computed("its place among the device's uplinks", by="index"),
    "vrfs": Computed("its place among the standard's VRFs", by="index"),
    "has_ipsec": Computed("whether a link of the device runs over a line that is not trusted"),
}
_RADIUS: dict[str, Any] = {
    "port": Source("ports.0.name"),
    "radsec_port": Source("radsec_port", GOVROAM),
    "hops": Computed("the TTL that a first proxy gives a request (HOPS)"),
    "log_secret": _ORGANISATION_SECRET,
}

SOURCES: dict[type, dict[str, Any]] = {
    base.PrefixRef: {"*": ITSELF},
    base.Address: {"*": ITSELF},
    base.Server: {"*": ITSELF},
    network.Virtual: {
        "*": ITSELF,
        "group": Computed("a VLAN is a network of its own, so each uses the same VRRP groups (VRRP_GROUP)"),
        "link_local": Computed("the virtual link-local address of each VLAN (VRRP_LINK_LOCAL)"),
    },
    network.Accepted: {"*": ITSELF, "longest": cases.longest},
    own.Owned: {"*": ITSELF, "number": Source("code", "{whose}")},
    base.Snmp: {
        "user": Computed("the one monitoring user of all devices"),
        "auth": Source("snmp_auth"),
        "privacy": Source("snmp_privacy"),
        "auth_key": SECRET,
        "privacy_key": SECRET,
    },
    base.View: {
        "fqdn": (Source("name"), Source("domain", "{owner}")),
        "domain": Source("domain", "{owner}"),
        "federation_domain": Source("domain", "federation"),
        "organisation": Source("slug", "{owner}"),
        "organisation_name": Source("name", "{owner}"),
        "cbs": Source("code", "{owner}"),
        "site": Source("slug", "{owner}/site/{site}"),
        "site_name": Source("name", "{owner}/site/{site}"),
        "standard": Source("standard", "{owner}"),
        "location": cases.location,
        "contact": Option("mgmt.contact"),
        "banner": cases.banner,
        "management_vrf": Source("name", f"{STANDARD}/vrf/{{management_vrf}}"),
        "tacacs_key": SECRET,
        "ntp_key": SECRET,
        "emergency_user": Computed("the one local account, for emergencies"),
        "emergency_password": _ORGANISATION_SECRET,
        "crypto": Source("", f"{STANDARD}/crypto"),
    },
    CeView: {
        **_ROUTER,
        "national_asn": Source("asn", "federation"),
        "zones": Computed("whether the site has a VLAN in such a zone"),
    },
    core.CoreView: {**_ROUTER, "nat4": cases.through({base.Address: "address"})},
    network.Port: {"description": cases.description},
    network.Outside: {
        "description": cases.description,
        "gateways6": Source("gateways"),
        "gateways4": Source("gateways"),
    },
    network.Lan: {
        "name": (Source("name", NEAR_PORT), Source("vid")),
        "parent": Source("name", NEAR_PORT),
        "tag": Source("vid"),
        "vlan": Source("name"),
        "vrf": Source("vrf", f"{STANDARD}/zone/{{zone}}"),
        "description": cases.description,
        "mtu": Source("mtu", NEAR_PORT),
        "priority": Source("unit", "{device.origin}"),
        "preferred": Source("unit", "{device.origin}"),
    },
    network.Uplink: {
        "name": cases.sub_interface,
        "kind": Source("line.kind"),
        "parent": Source("{near}.port"),
        "tag": Source("vrfs.{vrf}.tag"),
        "vrf": Source("name", f"{STANDARD}/vrf/{{vrf}}"),
        "link": Source("name"),
        "peer": Source("{far}.device"),
        "description": cases.link_words,
        "mtu": cases.uplink_mtu,
        "addresses": Source("vrfs.{vrf}.prefixes"),
    },
    network.Neighbor: {
        "address": Source("prefixes"),
        "local": Source("prefixes"),
        "family": Source("prefixes"),
        "interface": cases.sub_interface,
        "link": Source("/name"),
        "peer": Source("/{far}.device"),
        "description": cases.link_words,
        "remote_asn": Source("asn", "{far_owner}"),
        "password": (Source("slug", "{whose}"), Source("/name")),
        "maximum_prefix": cases.by_role(
            Source("national_prefix_limit.{key}", f"{STANDARD}/bgp"),
            (Source("prefix_headroom", f"{STANDARD}/bgp"), Source("sites", "{far_owner}")),
        ),
        "local_preference": Computed("the first link of a gateway is preferred, each next one 10 less"),
        "med": Source("unit", "{device.origin}"),
        "policy": cases.by_role(Source("name", f"{STANDARD}/vrf/{{key}}"), Source("/{far}.device")),
    },
    network.Tunnel: {
        "name": (Source("name"), Source("name", f"{STANDARD}/vrf/{{vrf}}")),
        "link": Source("name"),
        "vrf": Source("name", f"{STANDARD}/vrf/{{vrf}}"),
        "interface": Source("vrfs.{vrf}.tag"),
        "tag": Source("vrfs.{vrf}.tag"),
        "outside": Source("{near}.port"),
        "local": Source("addresses", "{device.origin}/port/{outside}"),
        "family": Source("addresses", "{device.origin}/port/{outside}"),
        "remote": Source("addresses", "{far_port}"),
        "local_id": (Source("{near}.device"), Source("domain", "{owner}")),
        "remote_id": (Source("{far}.device"), Source("domain", "{far_owner}")),
        "initiator": Source("{near}.device"),
    },
    network.Vrf: _VRF,
    core.CoreVrf: _VRF,
    core.Customer: {
        "name": Source("name"),
        "device": Source("name"),
        "organisation": Source("slug", "{whose}"),
        "uplinks": cases.interfaces,
    },
    core.Member: {"number": Source("code"), "community": cases.traffic_class, "uplinks": cases.interfaces},
    firewall.Zone: {"interfaces": cases.interfaces, "uplinks": cases.interfaces},
    firewall.Rule: {
        "flow": Source("id"),
        "protocol": cases.services,
        "ports": cases.services,
        "comment": (Source("id"), Source("reason")),
    },
    firewall.Pair: {
        "name": (Source("source"), Source("destination")),
        "direction": Computed("the ways across this gateway on which a flow can go"),
        "inputs": cases.interfaces,
        "outputs": cases.interfaces,
    },
    network.Leak: {
        "prefix": cases.leaked,
        "address": cases.leaked,
        "netmask": cases.leaked,
        "family": cases.leaked,
        "interface": cases.interfaces,
        "vrf": Source("name", f"{STANDARD}/vrf/{{vrf}}"),
        "target": Source("name", f"{STANDARD}/vrf/{{target}}"),
        "flow": Source("id"),
    },
    HostRule: {
        "addresses": cases.addresses,
        "family": cases.addresses,
        "protocol": Computed("the protocol of what the rule is for"),
        "ports": cases.host_ports,
        "reason": Computed("what the rule is for, in words"),
    },
    govroam.PeerHost: {"*": ITSELF},
    govroam.Peer: {"fqdn": _FQDN, "certificate": _FQDN, "secret": _ORGANISATION_SECRET},
    govroam.Attribute: {
        "name": cases.attribute,
        "number": Computed("the attribute's number at IANA (RADIUS Attribute Types)"),
        "vendor": Computed("the attribute's number at IANA (RADIUS Attribute Types)"),
        "rule": lambda asked: (
            Source("session_timeout_maximum") if asked.record.rule.startswith("<=") else Computed("any value may pass")
        ),
    },
    govroam.Refusal: {"slashed": Source("pattern")},
    radius.AccessPoints: {
        "name": Source("slug"),
        "site": Source("slug"),
        "family": cases.vlan_of("mgmt", "prefixes"),
        "prefix": cases.vlan_of("mgmt", "prefixes"),
        "vlan": cases.vlan_of("govroam", "vid"),
        "secret": (Source("slug", "{owner}"), Source("slug")),
    },
    radius.Realm: {"name": cases.realm, "inner": cases.realm},
    radius.Directory: {
        "url": cases.directory_name,
        "base": cases.directory_base,
        "identity": cases.directory_base,
        "password": _ORGANISATION_SECRET,
    },
    radius.RadiusView: {
        **_RADIUS,
        "ssid": Source("ssid", GOVROAM),
        "operator": Source("domain", "{owner}"),
        "proxy_states": Source("max_proxy_state", GOVROAM),
        "session_timeout": (Option("govroam.session_timeout"), Source("session_timeout_maximum", GOVROAM)),
        "log_days": Option("govroam.log_retention_days"),
        "eap_default": Option("govroam.eap_methods"),
        "eap_tls": Option("govroam.eap_methods"),
        "eap_peap": Option("govroam.eap_methods"),
        "eap_ttls": Option("govroam.eap_methods"),
        "local_secret": _ORGANISATION_SECRET,
        "cui_secret": _ORGANISATION_SECRET,
        "sp": Source("govroam.roles", "{owner}"),
        "idp": Source("govroam.roles", "{owner}"),
        "radsec": Option("govroam.radius_transport"),
        "udp": Option("govroam.radius_transport"),
        "passwords": Option("govroam.eap_methods"),
        "file_backend": Option("govroam.idp_backend"),
    },
    proxy.ProxyView: {
        **_RADIUS,
        "country": Source("country", GOVROAM),
        "fticks_prefix": Source("fticks_prefix", GOVROAM),
        "fticks_secret": _ORGANISATION_SECRET,
    },
    proxy.Member: {
        "slug": Source("/slug"),
        "name": Source("/name"),
        "operator": Source("/domain"),
        "sp": Source("roles"),
        "idp": Source("roles"),
        "tls": cases.transport,
    },
    wlan.RadiusServer: {"address": Source("management"), "family": Source("management")},
    wlan.Radio: {"band": Source("kind")},
    wlan.WlanView: {
        "ssid": Source("ssid", GOVROAM),
        "country": Source("country", GOVROAM),
        "wlan": Source("wlan", GOVROAM),
        "port": Source("ports.0.name"),
        "management_vlan": cases.vlan_of("mgmt", "vid"),
        "visitor_vlan": cases.vlan_of("govroam", "vid"),
        "own_address": Source("management"),
        "radius_secret": (Source("slug", "{owner}"), Source("slug", "{owner}/site/{site}")),
        "session_timeout": (Option("govroam.session_timeout"), Source("session_timeout_maximum", GOVROAM)),
    },
    proxy.Route: {"realm": Source("realms"), "home": Source("idp"), "servers": cases.through({govroam.Peer: "name"})},
}


def answers(asked: Asked, name: str) -> tuple[Answer, ...]:
    """Where field `name` of the asked record comes from."""
    rule = _rule(asked.record, name) or Source(name)
    found = rule(asked) if not isinstance(rule, tuple) and callable(rule) else rule
    return (found,) if isinstance(found, Source | Option | Computed | Field) else tuple(found)


def is_told(record: Any, name: str, by: str) -> bool:
    """Whether the field says where a printed value comes from; a list of records only leads to its records.

    `by` is what was then asked of the field's value.
    """
    rule, value = _rule(record, name), getattr(record, name, None)
    if isinstance(rule, Computed) and rule.by:
        return rule.by == by
    leads = value == () or isinstance(value[0] if isinstance(value, tuple) else value, base.ViewRecord)
    return rule is not None or not leads


def _rule(record: Any, name: str) -> Any:
    for kind in type(record).__mro__:
        table = SOURCES.get(kind, {})
        if name in table or "*" in table:
            return table[name] if name in table else table["*"]
    return None
