"""The view of a gemeente's RADIUS server: visited site (SP), home organisation (IdP), or both."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ggi_net.errors import RenderError
from ggi_net.model.gemeente import Gemeente, GovroamRole
from ggi_net.render.guard import plain
from ggi_net.render.views import govroam_firewall as firewall
from ggi_net.render.views.base import View, ViewRecord
from ggi_net.render.views.govroam import (
    HOPS,
    Attribute,
    LocalAddress,
    Peer,
    Refusal,
    answered_realms,
    attributes,
    dotted,
    local_addresses,
    peer,
    port_name,
    refusals,
    secret,
    udp_secret,
)
from ggi_net.render.views.govroam_firewall import HostRule
from ggi_net.render.views.host import host_part
from ggi_net.render.views.shared import prefix_refs

if TYPE_CHECKING:
    from typing import Any

    from ggi_net.model.estate import Estate, Placed
    from ggi_net.model.network import Site

_SERVER_NAME = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")


class AccessPoints(ViewRecord):
    """The access points of one site in one address family: RADIUS clients that share a secret and a visitor VLAN."""

    name: str
    site: str
    family: int
    prefix: str
    vlan: int
    secret: str


class Realm(ViewRecord):
    """A realm that this server answers for; `inner` is its name as a regular expression."""

    name: str
    inner: str


class Directory(ViewRecord):
    """The LDAP directory of the home organisation: `url`, `base`, the name that FreeRADIUS binds as, its password."""

    url: str
    base: str
    identity: str
    password: str


class RadiusView(View):
    """A RADIUS server.

    sp, idp: its roles. radsec: a local radsecproxy speaks TLS with the federation; else udp, by FreeRADIUS itself.
    operator: the visited organisation's name without the namespace digit (RFC 5580 4.1).
    access_points: its RADIUS clients. realms: those that it answers for; empty for a visited site only.
    proxies: the federation's, in the order in which they are tried, rotated so that gemeenten spread over them.
    eap_default, eap_tls, eap_peap, eap_ttls: the methods offered. file_backend, directories: where users are looked up.
    session_timeout, log_days: seconds and days. inbound, outbound: its own firewall.
    The fields that end in `_secret` are references.
    """

    sp: bool
    idp: bool
    radsec: bool
    udp: bool
    ssid: str
    operator: str
    port: str
    addresses: tuple[LocalAddress, ...]
    radsec_port: int
    hops: int
    access_points: tuple[AccessPoints, ...]
    realms: tuple[Realm, ...]
    proxies: tuple[Peer, ...]
    refusals: tuple[Refusal, ...]
    border: tuple[Attribute, ...]
    reply: tuple[Attribute, ...]
    reject: tuple[Attribute, ...]
    proxy_states: int
    session_timeout: int
    log_days: int
    eap_default: str
    eap_tls: bool
    eap_peap: bool
    eap_ttls: bool
    passwords: bool
    file_backend: bool
    directories: tuple[Directory, ...]
    local_secret: str
    cui_secret: str
    log_secret: str
    inbound: tuple[HostRule, ...]
    outbound: tuple[HostRule, ...]


def build(estate: Estate, placed: Placed) -> RadiusView:
    """The view of one RADIUS server; raise RenderError when its gemeente's part in govroam contradicts itself."""
    gemeente = placed.organisation
    if not isinstance(gemeente, Gemeente):
        raise RenderError("a RADIUS server of the federation", hint="give it role 'federation-proxy'")
    host = host_part(estate, placed)
    options: dict[str, Any] = host["options"]
    standard = estate.standard_of(gemeente)
    rules = standard.govroam
    sp = GovroamRole.SP in gemeente.govroam.roles
    realms = answered_realms(estate, gemeente)
    if not sp and not realms:
        raise RenderError(
            f"gemeente '{gemeente.slug}' has a RADIUS server but no part in govroam",
            hint="give it role 'sp', or role 'idp' and realms, or remove the server",
        )
    tls = options["govroam.radius_transport"] == "radsec"
    methods = set(options["govroam.eap_methods"]) if realms else set()
    if realms and not methods:
        raise RenderError("option 'govroam.eap_methods' is empty", hint="name at least one method")
    passwords = bool(methods & {"peap", "ttls"})
    ldap = passwords and options["govroam.idp_backend"] == "ldap"
    proxies = _proxies(estate, placed, tls=tls)
    access_points = _access_points(gemeente, placed) if sp else ()
    view = RadiusView(
        **host,
        sp=sp,
        idp=bool(realms),
        radsec=tls,
        udp=not tls,
        ssid=rules.ssid,
        operator=gemeente.domain,
        port=port_name(placed),
        addresses=local_addresses(placed),
        radsec_port=rules.radsec_port,
        hops=HOPS,
        access_points=access_points,
        realms=tuple(
            Realm(origin=f"gemeente/{gemeente.slug}#govroam", name=name, inner=dotted(name)) for name in realms
        ),
        proxies=proxies,
        refusals=refusals(standard),
        border=attributes(standard, rules.border_attributes),
        reply=attributes(standard, rules.reply_attributes),
        reject=attributes(standard, rules.reject_attributes),
        proxy_states=rules.max_proxy_state,
        session_timeout=min(options["govroam.session_timeout"], rules.session_timeout_maximum),
        log_days=options["govroam.log_retention_days"],
        eap_default=next((m for m in ("peap", "ttls", "tls") if m in methods), ""),
        eap_tls="tls" in methods,
        eap_peap="peap" in methods,
        eap_ttls="ttls" in methods,
        passwords=passwords,
        file_backend=passwords and not ldap,
        directories=(_directory(gemeente, options),) if ldap else (),
        local_secret=secret(gemeente.slug, "radius", "local"),
        cui_secret=secret(gemeente.slug, "radius", "cui"),
        log_secret=secret(gemeente.slug, "radius", "log"),
        inbound=(),
        outbound=(),
    )
    view.inbound = _inbound(view)
    view.outbound = _outbound(view, gemeente)
    return view


def _proxies(estate: Estate, placed: Placed, *, tls: bool) -> tuple[Peer, ...]:
    """The federation's proxies; gemeenten with odd numbers try the second first, which shares the load."""
    found = [
        peer(proxy, udp_secret(placed.organisation.slug, proxy.device.name, tls=tls))
        for proxy in estate.federation_proxies
    ]
    if not found:
        raise RenderError("the federation has no proxies", hint="add devices with role 'federation-proxy'")
    turn = placed.organisation.asn % len(found)
    return tuple(found[turn:] + found[:turn])


def _access_points(gemeente: Gemeente, placed: Placed) -> tuple[AccessPoints, ...]:
    """Per site with visitors, the networks that its access points are managed in (zone mgmt)."""
    found: list[AccessPoints] = []
    for site in gemeente.sites:
        visitors = _vlan(site, "govroam")
        if visitors is None:
            continue
        origin = f"gemeente/{gemeente.slug}/site/{site.slug}"
        prefixes = [p for vlan in site.vlans if vlan.zone == "mgmt" for p in vlan.prefixes]
        for number, prefix in enumerate(prefix_refs(prefixes, origin), start=1):
            found.append(
                AccessPoints(
                    origin=origin,
                    name=f"ap-{site.slug}-{number}",
                    site=site.slug,
                    family=prefix.family,
                    prefix=prefix.prefix,
                    vlan=visitors,
                    secret=secret(gemeente.slug, "radius", f"ap-{site.slug}"),
                )
            )
    if not found:
        raise RenderError(
            f"gemeente '{gemeente.slug}' is a visited site, but no site has both a govroam and a mgmt VLAN",
            hint=f"add the VLANs, or take role 'sp' from the gemeente of {placed.device.name}",
        )
    return tuple(found)


def _vlan(site: Site, zone: str) -> int | None:
    return next((vlan.vid for vlan in site.vlans if vlan.zone == zone), None)


def _directory(gemeente: Gemeente, options: dict[str, Any]) -> Directory:
    name = options["govroam.ldap_server"] or f"ldap.{gemeente.domain}"
    if not _SERVER_NAME.fullmatch(name):
        raise RenderError(
            f"option 'govroam.ldap_server' is '{plain(name)}', which is not a domain name",
            hint="name the directory as its certificate does, such as ldap.almelo.example",
        )
    base = options["govroam.ldap_base"] or ",".join(f"dc={label}" for label in gemeente.domain.split("."))
    return Directory(
        origin=f"gemeente/{gemeente.slug}#options",
        url=f"ldaps://{name}",
        base=base,
        identity=f"cn=govroam,{base}",
        password=secret(gemeente.slug, "ldap", "govroam"),
    )


def _inbound(view: RadiusView) -> tuple[HostRule, ...]:
    access_points = [(ap.family, ap.prefix) for ap in view.access_points]
    proxies = firewall.peer_pairs(view.proxies)
    origin = f"gemeente/{view.organisation}#govroam"
    found = firewall.managed(view)
    found += firewall.rules(origin, access_points, "udp", firewall.RADIUS_PORTS, "access points of this gemeente")
    if view.idp and view.radsec:
        found += firewall.rules(
            origin, proxies, "tcp", str(view.radsec_port), "logins elsewhere of users of this gemeente"
        )
    if view.idp and view.udp:
        found += firewall.rules(origin, proxies, "udp", "1812", "logins elsewhere of users of this gemeente")
    return tuple(found)


def _outbound(view: RadiusView, gemeente: Gemeente) -> tuple[HostRule, ...]:
    proxies = firewall.peer_pairs(view.proxies)
    origin = f"gemeente/{view.organisation}#govroam"
    found = firewall.used(view)
    if view.sp and view.radsec:
        found += firewall.rules(origin, proxies, "tcp", str(view.radsec_port), "visitors log in at home")
    if view.sp and view.udp:
        found += firewall.rules(origin, proxies, "udp", "1812", "visitors log in at home")
    if view.directories:
        offices = [p for site in gemeente.sites for vlan in site.vlans if vlan.zone == "office" for p in vlan.prefixes]
        networks = firewall.prefix_pairs(prefix_refs(offices, origin))
        found += firewall.rules(origin, networks, "tcp", "636", "the directory of this gemeente")
    return tuple(found)
