"""Which field of the estate or the standard each field of a view was made from; only `ggi explain` reads this.

A view field that has the same name in the record of its `origin` needs no entry. In a pattern, `{...}` is a field of
the same view record, of `device` (the view as a whole), or one of the words of `Asked`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from ggi_net.model.gemeente import Gemeente
from ggi_net.render.trace import Field
from ggi_net.render.views import base, core, firewall, govroam, network, own, proxy, radius
from ggi_net.render.views.ce import CeView
from ggi_net.render.views.ends import here, there
from ggi_net.render.views.govroam_firewall import HostRule
from ggi_net.render.views.shared import origin_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ggi_net.model.estate import Estate, Placed
    from ggi_net.model.network import Link


class Source(NamedTuple):
    """A field of `record`, or of the view record's own origin when that is empty.

    `field` goes down by dots (`vrfs.datanet.prefixes`); in the own origin it starts at the place that the origin
    names behind its `#`, or at the record's top with a leading `/`. An empty field is the origin's own place.
    """

    field: str
    record: str = ""


class Option(NamedTuple):
    """A local option: the gemeente's choice, or the standard's default."""

    name: str


class Computed(NamedTuple):
    """No field holds it: the toolkit itself decides it, and why. `by`: only where this was asked of the field."""

    reason: str
    by: str = ""


@dataclass(frozen=True)
class World:
    """What a source is resolved in: the estate, the device, and its view."""

    estate: Estate
    placed: Placed
    view: Any

    @cached_property
    def records(self) -> list[Any]:
        """Every record of the view."""
        return list(_records(self.view))

    def named(self, kinds: Mapping[Any, str], text: str) -> tuple[Field, ...]:
        """The records of those kinds whose field, as given for the kind, is one of the words of `text`."""
        words = set(re.split(r'[\s",{}]+', text))
        found = {
            id(record): Field(record, name, listed=True)
            for record in self.records
            for kind, name in kinds.items()
            if isinstance(record, kind) and getattr(record, name) in words
        }
        distinct = {(f.record.origin, getattr(f.record, f.name)): f for f in found.values()}
        return tuple(distinct.values())


@dataclass(frozen=True)
class Asked:
    """A question: where does this field of this view record, printed as `text`, come from?

    As a mapping it gives the words of patterns: the record's fields, and `device`, `owner` (the device's organisation),
    `whose` (the organisation of the record's origin), `key` (the last step of the origin); for a link also `near` and
    `far` (which end is this device's and which the other's), and `far_device`, `far_port` and `far_owner`.
    """

    world: World
    record: Any
    text: str = field(default="")

    def __getitem__(self, word: str) -> Any:
        if hasattr(self.record, word):
            return getattr(self.record, word)
        return getattr(self, f"_{word}")

    @property
    def _device(self) -> Any:
        return self.world.view

    @property
    def _owner(self) -> str:
        return origin_of(self.world.placed.organisation)

    @property
    def _whose(self) -> str:
        first, _, rest = self.record.origin.partition("#")[0].partition("/")
        return f"gemeente/{rest.partition('/')[0]}" if first == "gemeente" else first

    @property
    def _key(self) -> str:
        return str(re.split(r"[#./]", self.record.origin)[-1])

    @property
    def link(self) -> Link:
        """The link that the record is of."""
        owned = self.world.estate.links_of[self.world.view.name]
        return next(found.link for found in owned if found.link.name == self.record.link)

    @property
    def _near(self) -> str:
        return "core" if here(self.link, self.world.view.name) is self.link.core else "end"

    @property
    def _far(self) -> str:
        return "end" if self._near == "core" else "core"

    @property
    def _far_owner(self) -> str:
        name = there(self.link, self.world.view.name).device
        return origin_of(self.world.estate.placed(name).organisation)

    @property
    def _far_device(self) -> str:
        return f"{self._far_owner}/device/{there(self.link, self.world.view.name).device}"

    @property
    def _far_port(self) -> str:
        return f"{self._far_device}/port/{there(self.link, self.world.view.name).port}"


Answer = Source | Option | Computed | Field

STANDARD = "standard/{device.standard}"
GOVROAM = f"{STANDARD}/govroam"
ITSELF = Source("")
SECRET = Computed("the reference of a secret of the federation as a whole")
NEAR_PORT = "{device.origin}/port/{parent}"


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


def _records(value: Any) -> Iterator[Any]:
    if isinstance(value, base.ViewRecord):
        yield value
        for name in value.__struct_fields__:
            yield from _records(getattr(value, name))
    elif isinstance(value, tuple):
        for item in value:
            yield from _records(item)


def _interfaces(asked: Asked) -> tuple[Field, ...]:
    return asked.world.named({network.Lan: "name", network.Uplink: "name"}, asked.text)


def _addresses(asked: Asked) -> tuple[Answer, ...]:
    """A firewall's addresses are those of records elsewhere in the view, but for the offices' prefixes."""
    kinds = {
        base.PrefixRef: "prefix",
        base.Server: "address",
        govroam.PeerHost: "address",
        radius.AccessPoints: "prefix",
    }
    return asked.world.named(kinds, asked.record.addresses) or (Source("sites", "{owner}"),)


def _sub_interface(asked: Asked) -> tuple[Answer, ...]:
    """A tunnel is named by its tag; a sub-interface by its port too."""
    tag = Source("/vrfs.{vrf}.tag") if hasattr(asked.record, "vrf") else Source("tag")
    tunnelled = asked.link.line.kind == "untrusted"
    return (tag,) if tunnelled else (Source("/{near}.port"), tag)


def _uplink_mtu(asked: Asked) -> Answer:
    if asked.record.kind == "ipsec":
        return Computed("what fits in an IPsec tunnel over any line (IPSEC_MTU)")
    return Source("mtu", NEAR_PORT)


def _link_words(asked: Asked) -> tuple[Answer, ...]:
    line = asked.link.line
    words = [f"line.{word}" for word in ("provider", "reference") if getattr(line, word)]
    return tuple(Source(f"/{word}") for word in ("name", "{far}.device", *words))


def _location(asked: Asked) -> tuple[Answer, ...]:
    site = asked.world.placed.site
    words = [word for word in ("name", "address", "city") if getattr(site, word)]
    return tuple(Source(word, "{owner}/site/{site}") for word in words)


def _transport(asked: Asked) -> Answer:
    """How a member speaks with the federation is its own option, not the device's."""
    gemeente = asked.world.estate.gemeente(asked["whose"].partition("/")[2])
    name = "govroam.radius_transport"
    if name in gemeente.options:
        return Source(f"/options.{name}")
    return Source("default", f"standard/{gemeente.standard}/option/{name}")


def _by_role(ce: Answer | tuple[Answer, ...], core: Answer | tuple[Answer, ...]) -> Any:
    return lambda asked: core if asked.world.view.role == "core" else ce


def _described(asked: Asked) -> Answer:
    """A port without a description is described by its kind, a VLAN by its name."""
    record = asked.record
    if isinstance(record, network.Lan):
        return Source("name" if record.description == record.vlan else "description")
    return Source("kind" if record.description == getattr(record, "kind", "internet") else "description")


def _services(asked: Asked) -> tuple[Answer, ...]:
    """The services of a flow that have the printed port, or the protocol where no port was printed."""
    rule, standard = asked.record, asked.world.estate.standards[asked.world.view.standard]
    wanted = set(re.findall(r"[0-9]+(?:-[0-9]+)?", asked.text)) & set(rule.ports)
    ports = {f"{rule.protocol}/{port}" for port in wanted or rule.ports} or {rule.protocol}
    return tuple(
        Source("ports", f"{STANDARD}/service/{service.name}")
        for service in standard.services
        if service.name in rule.services and ports & set(service.ports)
    )


def _traffic_class(asked: Asked) -> tuple[Answer, ...]:
    """A community is made of the national ASN, the traffic class and the gemeente's number."""
    number = int(asked.record.community.split(":")[1])
    name = next(name for name, found in asked.world.view.bgp.community_classes.items() if found == number)
    whose = asked["whose"] if asked["whose"].startswith("gemeente") else asked["owner"]
    code = (
        (Source("code", whose),) if whose.startswith("gemeente") and not asked.record.community.endswith(":0") else ()
    )
    return (Source("asn", "federation"), Source(f"community_classes.{name}", f"{STANDARD}/bgp"), *code)


def _longest(asked: Asked) -> Answer:
    if asked.record.longest == asked.record.length:
        return ITSELF
    if asked.record.family == 6:
        return Source("vlan_length", f"{STANDARD}/address-plan")
    return Computed("the longest IPv4 prefix that a gateway takes: a VLAN is never smaller (LONGEST_IPV4)")


def _realm(asked: Asked) -> Answer:
    """A server may answer for the realms of other gemeenten too."""
    name = asked.record.name
    whose = next(g.slug for g in asked.world.estate.gemeenten if name in g.govroam.realms)
    return Source("govroam.realms", f"gemeente/{whose}")


def _attribute(asked: Asked) -> tuple[Answer, ...]:
    rules = asked.world.estate.standards[asked.world.view.standard].govroam
    lists = ("reply_attributes", "reject_attributes", "border_attributes")
    return tuple(Source(name) for name in lists if asked.record.name in getattr(rules, name))[:1]


def _vlan(zone: str) -> Callable[[Asked], tuple[Answer, ...]]:
    def found(asked: Asked) -> tuple[Answer, ...]:
        organisation = asked.world.placed.organisation
        site = next(site for site in organisation.sites if site.slug == asked.record.site)
        name = "vid" if zone == "govroam" else "prefixes"
        vlans = [vlan.vid for vlan in site.vlans if vlan.zone == zone]
        return tuple(
            Source(name, f"{{owner}}/site/{site.slug}/vlan/{vid}") for vid in vlans[: 1 if name == "vid" else None]
        )

    return found


def _directory_name(asked: Asked) -> Answer:
    chosen = asked.world.view.options["govroam.ldap_server"]
    return Option("govroam.ldap_server") if chosen else Source("domain", "{owner}")


def _directory_base(asked: Asked) -> Answer:
    chosen = asked.world.view.options["govroam.ldap_base"]
    return Option("govroam.ldap_base") if chosen else Source("domain", "{owner}")


def _host_ports(asked: Asked) -> Answer:
    if asked.record.ports == str(getattr(asked.world.view, "radsec_port", "")):
        return Source("radsec_port", GOVROAM)
    return Computed("the well-known port of what the rule is for")


def _leaked(asked: Asked) -> tuple[Field, ...]:
    return asked.world.named({base.PrefixRef: "prefix"}, asked.record.prefix)


def _banner(asked: Asked) -> tuple[Answer, ...]:
    named = (Source("name", "{owner}"),) if asked.world.view.organisation_name in asked.text else ()
    return (Option("banner.language"), *named)


def _through(kinds: Mapping[Any, str]) -> Callable[[Asked], tuple[Field, ...]]:
    return lambda asked: asked.world.named(kinds, asked.text)


_ORGANISATION_SECRET = Source("slug", "{owner}")
_FQDN = (Source("name"), Source("domain", "{whose}"))
_VRF: dict[str, Any] = {
    "route_target": (Source("asn", "federation"), Source("table")),
    "asn": Source("asn", "{owner}"),
    "router_id": Source("management", "{device.origin}"),
    "community": _traffic_class,
}
_ROUTER: dict[str, Any] = {
    "asn": Source("asn", "{owner}"),
    "router_id": Source("management", "{device.origin}"),
    "bgp": Source("", f"{STANDARD}/bgp"),
    "outer_peers6": _through({network.Tunnel: "remote"}),
    "outer_peers4": _through({network.Tunnel: "remote"}),
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
    network.Accepted: {"*": ITSELF, "longest": _longest},
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
        "location": _location,
        "contact": Option("mgmt.contact"),
        "banner": _banner,
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
    core.CoreView: {**_ROUTER, "nat4": _through({base.Address: "address"})},
    network.Port: {"description": _described},
    network.Outside: {"description": _described, "gateways6": Source("gateways"), "gateways4": Source("gateways")},
    network.Lan: {
        "name": (Source("name", NEAR_PORT), Source("vid")),
        "parent": Source("name", NEAR_PORT),
        "tag": Source("vid"),
        "vlan": Source("name"),
        "vrf": Source("vrf", f"{STANDARD}/zone/{{zone}}"),
        "description": _described,
        "mtu": Source("mtu", NEAR_PORT),
        "priority": Source("unit", "{device.origin}"),
        "preferred": Source("unit", "{device.origin}"),
    },
    network.Uplink: {
        "name": _sub_interface,
        "kind": Source("line.kind"),
        "parent": Source("{near}.port"),
        "tag": Source("vrfs.{vrf}.tag"),
        "vrf": Source("name", f"{STANDARD}/vrf/{{vrf}}"),
        "link": Source("name"),
        "peer": Source("{far}.device"),
        "description": _link_words,
        "mtu": _uplink_mtu,
        "addresses": Source("vrfs.{vrf}.prefixes"),
    },
    network.Neighbor: {
        "address": Source("prefixes"),
        "local": Source("prefixes"),
        "family": Source("prefixes"),
        "interface": _sub_interface,
        "link": Source("/name"),
        "peer": Source("/{far}.device"),
        "description": _link_words,
        "remote_asn": Source("asn", "{far_owner}"),
        "password": (Source("slug", "{whose}"), Source("/name")),
        "maximum_prefix": _by_role(
            Source("national_prefix_limit.{key}", f"{STANDARD}/bgp"),
            (Source("prefix_headroom", f"{STANDARD}/bgp"), Source("sites", "{far_owner}")),
        ),
        "local_preference": Computed("the first link of a gateway is preferred, each next one 10 less"),
        "med": Source("unit", "{device.origin}"),
        "policy": _by_role(Source("name", f"{STANDARD}/vrf/{{key}}"), Source("/{far}.device")),
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
        "uplinks": _interfaces,
    },
    core.Member: {"number": Source("code"), "community": _traffic_class, "uplinks": _interfaces},
    firewall.Zone: {"interfaces": _interfaces, "uplinks": _interfaces},
    firewall.Rule: {
        "flow": Source("id"),
        "protocol": _services,
        "ports": _services,
        "comment": (Source("id"), Source("reason")),
    },
    firewall.Pair: {
        "name": (Source("source"), Source("destination")),
        "direction": Computed("the ways across this gateway on which a flow can go"),
        "inputs": _interfaces,
        "outputs": _interfaces,
    },
    network.Leak: {
        "prefix": _leaked,
        "address": _leaked,
        "netmask": _leaked,
        "family": _leaked,
        "interface": _interfaces,
        "vrf": Source("name", f"{STANDARD}/vrf/{{vrf}}"),
        "target": Source("name", f"{STANDARD}/vrf/{{target}}"),
        "flow": Source("id"),
    },
    HostRule: {
        "addresses": _addresses,
        "family": _addresses,
        "protocol": Computed("the protocol of what the rule is for"),
        "ports": _host_ports,
        "reason": Computed("what the rule is for, in words"),
    },
    govroam.PeerHost: {"*": ITSELF},
    govroam.Peer: {"fqdn": _FQDN, "certificate": _FQDN, "secret": _ORGANISATION_SECRET},
    govroam.Attribute: {
        "name": _attribute,
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
        "family": _vlan("mgmt"),
        "prefix": _vlan("mgmt"),
        "vlan": _vlan("govroam"),
        "secret": (Source("slug", "{owner}"), Source("slug")),
    },
    radius.Realm: {"name": _realm, "inner": _realm},
    radius.Directory: {
        "url": _directory_name,
        "base": _directory_base,
        "identity": _directory_base,
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
        "tls": _transport,
    },
    proxy.Route: {"realm": Source("realms"), "home": Source("idp"), "servers": _through({govroam.Peer: "name"})},
}


def option_source(world: World, name: str) -> tuple[str, str]:
    """The record and field of an option's value for the device's organisation."""
    organisation = world.placed.organisation
    if isinstance(organisation, Gemeente) and name in organisation.options:
        return f"gemeente/{organisation.slug}", f"options.{name}"
    return f"standard/{world.view.standard}/option/{name}", "default"
