"""Sources that depend on the value: which record of the estate a field of a view record comes from, case by case."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ggi_net.render.asked import Answer, Asked, Computed, Option, Source
from ggi_net.render.views import base, govroam, network, radius, wlan

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ggi_net.render.trace import Field

STANDARD = "standard/{device.standard}"
GOVROAM = f"{STANDARD}/govroam"
ITSELF = Source("")
NEAR_PORT = "{device.origin}/port/{parent}"


def interfaces(asked: Asked) -> tuple[Field, ...]:
    """The VLANs and uplinks whose interfaces were printed."""
    return asked.world.named({network.Lan: "name", network.Uplink: "name"}, asked.text)


def addresses(asked: Asked) -> tuple[Answer, ...]:
    """A firewall's addresses are those of records elsewhere in the view, but for the offices' prefixes."""
    kinds = {
        base.PrefixRef: "prefix",
        base.Server: "address",
        govroam.PeerHost: "address",
        radius.AccessPoints: "prefix",
        wlan.RadiusServer: "address",
    }
    return asked.world.named(kinds, asked.record.addresses) or (Source("sites", "{owner}"),)


def sub_interface(asked: Asked) -> tuple[Answer, ...]:
    """A tunnel is named by its tag; a sub-interface by its port too."""
    tag = Source("/vrfs.{vrf}.tag") if hasattr(asked.record, "vrf") else Source("tag")
    tunnelled = asked.link.line.kind == "untrusted"
    return (tag,) if tunnelled else (Source("/{near}.port"), tag)


def uplink_mtu(asked: Asked) -> Answer:
    """A tunnel's MTU is the toolkit's, another uplink has that of its port."""
    if asked.record.kind == "ipsec":
        return Computed("what fits in an IPsec tunnel over any line (IPSEC_MTU)")
    return Source("mtu", NEAR_PORT)


def link_words(asked: Asked) -> tuple[Answer, ...]:
    """A link is described by its name, its other end and what is known of its line."""
    line = asked.link.line
    words = [f"line.{word}" for word in ("provider", "reference") if getattr(line, word)]
    return tuple(Source(f"/{word}") for word in ("name", "{far}.device", *words))


def location(asked: Asked) -> tuple[Answer, ...]:
    """The parts of a place that are written."""
    site = asked.world.placed.site
    words = [word for word in ("name", "address", "city") if getattr(site, word)]
    return tuple(Source(word, "{owner}/site/{site}") for word in words)


def transport(asked: Asked) -> Answer:
    """How a member speaks with the federation is its own option, not the device's."""
    gemeente = asked.world.estate.gemeente(asked["whose"].partition("/")[2])
    name = "govroam.radius_transport"
    if name in gemeente.options:
        return Source(f"/options.{name}")
    return Source("default", f"standard/{gemeente.standard}/option/{name}")


def by_role(ce: Answer | tuple[Answer, ...], core: Answer | tuple[Answer, ...]) -> Any:
    """A source that is another one at a core than at a gateway."""
    return lambda asked: core if asked.world.view.role == "core" else ce


def description(asked: Asked) -> Answer:
    """A port without a description is described by its kind, a VLAN by its name."""
    record = asked.record
    if isinstance(record, network.Lan):
        return Source("name" if record.description == record.vlan else "description")
    return Source("kind" if record.description == getattr(record, "kind", "internet") else "description")


def services(asked: Asked) -> tuple[Answer, ...]:
    """The services of a flow that have the printed port, or the protocol where no port was printed."""
    rule, standard = asked.record, asked.world.estate.standards[asked.world.view.standard]
    wanted = set(re.findall(r"[0-9]+(?:-[0-9]+)?", asked.text)) & set(rule.ports)
    ports = {f"{rule.protocol}/{port}" for port in wanted or rule.ports} or {rule.protocol}
    return tuple(
        Source("ports", f"{STANDARD}/service/{service.name}")
        for service in standard.services
        if service.name in rule.services and ports & set(service.ports)
    )


def traffic_class(asked: Asked) -> tuple[Answer, ...]:
    """A community is made of the national ASN, the traffic class and the gemeente's number."""
    number = int(asked.record.community.split(":")[1])
    name = next(name for name, found in asked.world.view.bgp.community_classes.items() if found == number)
    whose = asked["whose"] if asked["whose"].startswith("gemeente") else asked["owner"]
    code = (
        (Source("code", whose),) if whose.startswith("gemeente") and not asked.record.community.endswith(":0") else ()
    )
    return (Source("asn", "federation"), Source(f"community_classes.{name}", f"{STANDARD}/bgp"), *code)


def longest(asked: Asked) -> Answer:
    """How long the prefixes may be that an entry takes."""
    if asked.record.longest == asked.record.length:
        return ITSELF
    if asked.record.family == 6:
        return Source("vlan_length", f"{STANDARD}/address-plan")
    return Computed("the longest IPv4 prefix that a gateway takes: a VLAN is never smaller (LONGEST_IPV4)")


def realm(asked: Asked) -> Answer:
    """A server may answer for the realms of other gemeenten too."""
    name = asked.record.name
    whose = next(g.slug for g in asked.world.estate.gemeenten if name in g.govroam.realms)
    return Source("govroam.realms", f"gemeente/{whose}")


def attribute(asked: Asked) -> tuple[Answer, ...]:
    """The first of the standard's lists that names the attribute."""
    rules = asked.world.estate.standards[asked.world.view.standard].govroam
    lists = ("reply_attributes", "reject_attributes", "border_attributes")
    return tuple(Source(name) for name in lists if asked.record.name in getattr(rules, name))[:1]


def vlan_of(zone: str, name: str) -> Callable[[Asked], tuple[Answer, ...]]:
    """A field of the VLANs of a zone at the record's site: of all of them their prefixes, of the first its id."""

    def found(asked: Asked) -> tuple[Answer, ...]:
        organisation = asked.world.placed.organisation
        site = next(site for site in organisation.sites if site.slug == asked.record.site)
        vlans = [vlan.vid for vlan in site.vlans if vlan.zone == zone]
        return tuple(
            Source(name, f"{{owner}}/site/{site.slug}/vlan/{vid}") for vid in vlans[: 1 if name == "vid" else None]
        )

    return found


def directory_name(asked: Asked) -> Answer:
    """The directory is named by its option, or else by the gemeente's domain."""
    chosen = asked.world.view.options["govroam.ldap_server"]
    return Option("govroam.ldap_server") if chosen else Source("domain", "{owner}")


def directory_base(asked: Asked) -> Answer:
    """The directory's base is an option, or else made of the gemeente's domain."""
    chosen = asked.world.view.options["govroam.ldap_base"]
    return Option("govroam.ldap_base") if chosen else Source("domain", "{owner}")


def host_ports(asked: Asked) -> Answer:
    """The RadSec port is the standard's, others are well known."""
    if asked.record.ports == str(getattr(asked.world.view, "radsec_port", "")):
        return Source("radsec_port", GOVROAM)
    return Computed("the well-known port of what the rule is for")


def leaked(asked: Asked) -> tuple[Field, ...]:
    """The prefix that is routed between two VRFs."""
    return asked.world.named({base.PrefixRef: "prefix"}, asked.record.prefix)


def banner(asked: Asked) -> tuple[Answer, ...]:
    """The banner is in the language of an option; one of its lines names the owner."""
    named = (Source("name", "{owner}"),) if asked.world.view.organisation_name in asked.text else ()
    return (Option("banner.language"), *named)


def through(kinds: Mapping[Any, str]) -> Callable[[Asked], tuple[Field, ...]]:
    """The records of those kinds whose field was printed."""
    return lambda asked: asked.world.named(kinds, asked.text)
