"""What RADIUS servers and federation proxies have in common: peers, realms, refusals, attributes by number."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ggi_net.errors import RenderError
from ggi_net.model.gemeente import Gemeente, GovroamRole
from ggi_net.render.guard import plain
from ggi_net.render.views.address import network
from ggi_net.render.views.base import ViewRecord
from ggi_net.render.views.shared import address_refs, origin_of, shared

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ggi_net.model.estate import Estate, Placed
    from ggi_net.model.gemeente import Organisation
    from ggi_net.model.standard import Standard

SECRET_LIMIT = 79
"""The longest reference that fits every platform's secret field before it is resolved."""

HOPS = 8
"""The TTL that the first proxy gives a request: visited site, two proxies, home, and as many again to spare."""

# IANA, "RADIUS Attribute Types"; radsecproxy knows attributes by number only.
_NUMBERS = {
    "User-Name": 1,
    "Reply-Message": 18,
    "State": 24,
    "Class": 25,
    "Session-Timeout": 27,
    "Proxy-State": 33,
    "Tunnel-Type": 64,
    "Tunnel-Medium-Type": 65,
    "EAP-Message": 79,
    "Message-Authenticator": 80,
    "Tunnel-Private-Group-Id": 81,
    "Chargeable-User-Identity": 89,
    "Error-Cause": 101,
}
# RFC 2548, vendor Microsoft.
_VENDOR_NUMBERS = {"MS-MPPE-Send-Key": "311:16", "MS-MPPE-Recv-Key": "311:17"}


class Attribute(ViewRecord):
    """A RADIUS attribute: its `name`, its `number` (`89`, or `311:16` for a vendor's) as radsecproxy writes it.

    `rule` is what FreeRADIUS' attribute filter lets through: any value, or for a time at most the standard's.
    """

    name: str
    number: str
    vendor: bool
    rule: str


class Refusal(ViewRecord):
    """A user name that is refused: `pattern` as POSIX writes it, `slashed` the same between slashes, the reason."""

    id: str
    pattern: str
    slashed: str
    reason: str


class PeerHost(ViewRecord):
    """An address of a peer: `address`, `bracketed` as radsecproxy writes it, `family` 4 or 6."""

    address: str
    bracketed: str
    family: int


class LocalAddress(PeerHost):
    """An address of the server itself: `cidr` with its prefix length, and the `gateway` of its VLAN."""

    cidr: str
    gateway: str


class Peer(ViewRecord):
    """A RADIUS server at the other end: `certificate` is a regular expression for the name in its certificate.

    `secret` is the reference of the shared secret over UDP; empty over TLS.
    """

    name: str
    fqdn: str
    certificate: str
    hosts: tuple[PeerHost, ...]
    secret: str


def refusals(standard: Standard) -> tuple[Refusal, ...]:
    """The standard's refusals in its order; raise RenderError for a pattern that a configuration can't hold.

    radsecproxy splits at white space and reads `%` as the start of a hexadecimal byte; FreeRADIUS reads `${`, and
    an unescaped slash would end the expression.
    """
    found = []
    for refusal in standard.govroam.refusals:
        if re.search(r"[\s%\"'#{}]", refusal.pattern):
            raise RenderError(
                f"refusal '{refusal.id}' of standard {standard.version} has a pattern that radsecproxy can't read",
                hint="write it without white space, quotes, braces, '%' and '#'",
            )
        found.append(
            Refusal(
                origin=f"standard/{standard.version}/refusal/{refusal.id}",
                id=refusal.id,
                pattern=refusal.pattern,
                slashed=refusal.pattern.replace("/", "\\/"),
                reason=plain(refusal.reason),
            )
        )
    return tuple(found)


def attributes(standard: Standard, names: Iterable[str]) -> tuple[Attribute, ...]:
    """Attributes with their numbers; raise RenderError for one that has none here."""
    found = []
    for name in names:
        vendor = _VENDOR_NUMBERS.get(name)
        number = vendor or str(_NUMBERS.get(name, ""))
        if not number:
            raise RenderError(
                f"standard {standard.version} names RADIUS attribute '{plain(name)}', whose number is not known here",
                hint="add its number to ggi_net/render/views/govroam.py",
            )
        limit = standard.govroam.session_timeout_maximum
        found.append(
            Attribute(
                origin=f"standard/{standard.version}/govroam",
                name=name,
                number=number,
                vendor=vendor is not None,
                rule=f"<= {limit}" if name == "Session-Timeout" else "=* ANY",
            )
        )
    return tuple(found)


def peer(placed: Placed, secret: str = "") -> Peer:
    """The other end, reached at its management addresses."""
    device, organisation = placed.device, placed.organisation
    origin = f"{origin_of(organisation)}/device/{device.name}"
    fqdn = f"{device.name}.{organisation.domain}"
    return Peer(
        origin=origin,
        name=device.name,
        fqdn=fqdn,
        certificate=f"^{dotted(fqdn)}$",
        hosts=peer_hosts(device.management, f"{origin}#management"),
        secret=secret,
    )


def peer_hosts(management: Iterable[str], origin: str) -> tuple[PeerHost, ...]:
    """Addresses without their length, IPv6 first."""
    return tuple(
        PeerHost(origin=origin, address=a.address, bracketed=bracketed(a.address), family=a.family)
        for a in address_refs(management, origin)
    )


def bracketed(address: str) -> str:
    """An address as radsecproxy writes it: IPv6 in brackets."""
    return f"[{address}]" if ":" in address else address


def dotted(name: str) -> str:
    """A domain name as an extended regular expression; `[.]` means the same to POSIX, PCRE and Python."""
    return name.replace(".", "[.]")


def secret(organisation: str, kind: str, name: str) -> str:
    """The reference `secret://<organisation>/<kind>/<name>`; raise RenderError when it would be too long."""
    reference = f"secret://{organisation}/{kind}/{name}"
    if len(reference) > SECRET_LIMIT:
        raise RenderError(
            f"the secret reference '{reference}' is longer than {SECRET_LIMIT} characters",
            hint="shorten the slug or the device's name",
        )
    return reference


def answered_realms(estate: Estate, organisation: Organisation) -> tuple[str, ...]:
    """The realms whose users log in at this organisation's servers; none when it is no home organisation."""
    if not isinstance(organisation, Gemeente) or GovroamRole.IDP not in organisation.govroam.roles:
        return ()
    return estate.answering.get(organisation.slug, ())


def uses_tls(estate: Estate, gemeente: Gemeente) -> bool:
    """Whether the gemeente speaks RadSec with the federation, or else RADIUS over UDP."""
    options = shared(estate).options(gemeente, estate.standard_of(gemeente))
    return bool(options["govroam.radius_transport"] == "radsec")


def udp_secret(gemeente: str, proxy: str, *, tls: bool) -> str:
    """The reference of the secret that a gemeente shares with one federation proxy; empty over TLS."""
    return "" if tls else secret(gemeente, "radius", proxy)


def local_addresses(placed: Placed) -> tuple[LocalAddress, ...]:
    """The server's own addresses in the site's mgmt VLAN, IPv6 first; the gateway is the first host of each prefix."""
    origin = f"{origin_of(placed.organisation)}/device/{placed.device.name}#management"
    if not placed.device.management:
        raise RenderError("the server has no management address", hint="add its addresses in the site's mgmt VLAN")
    return tuple(
        LocalAddress(
            origin=origin,
            address=address.address,
            bracketed=bracketed(address.address),
            family=address.family,
            cidr=address.cidr,
            gateway=network(address.cidr).host(1),
        )
        for address in address_refs(placed.device.management, origin)
    )


def port_name(placed: Placed) -> str:
    """The name of the server's one interface; raise RenderError when the estate has none."""
    if not placed.device.ports:
        raise RenderError("the server has no port", hint="add a port of kind 'lan' to the device")
    return placed.device.ports[0].name
