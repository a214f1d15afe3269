"""Where things are: whose realm it is, which site an access point stands at, which hop a server is.

Made from an estate, and written as `places.json` for those who read logs where no estate is. What the estate doesn't
know stays empty.
"""

from __future__ import annotations

import ipaddress
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from ggi_net.authlog.line import Hop
from ggi_net.files import write_atomic
from ggi_net.model.gemeente import GovroamRole
from ggi_net.model.network import Role
from ggi_net.model.types import Record
from ggi_net.source.gemeenten import folded
from ggi_net.source.yamlfile import load

if TYPE_CHECKING:
    from pathlib import Path

    from ggi_net.model.estate import Estate, Placed
    from ggi_net.model.gemeente import Gemeente

LOG_DAYS = "govroam.log_retention_days"
"""The option by which a gemeente chooses how long its logins are kept."""
WINDOWS_DOMAIN = "govroam.windows_domain"
"""The option by which a gemeente says which Windows domain its users have."""
VISINST_BYTES = 40
"""radsecproxy cuts the operator in F-Ticks at so many bytes, the leading 1 included."""


class Spot(Record, frozen=True, kw_only=True):
    """A place: the slugs of a gemeente and of its site, empty where not known."""

    gemeente: str = ""
    site: str = ""


class Server(Record, frozen=True, kw_only=True):
    """A RADIUS server: whose it is, where it stands, and the hops that it can be."""

    gemeente: str = ""
    site: str = ""
    hops: tuple[Hop, ...] = ()


NOWHERE = Spot()
NO_SERVER = Server()


class Places(Record, frozen=True, kw_only=True, dict=True):
    """What is where.

    `names` has the name of each gemeente by slug, `sites` that of each site by `gemeente/site`. `realms` and
    `operators` (domains, as in Operator-Name) lead to a gemeente, `servers` (by name and by fully qualified name) to a
    server, `nas` (name, or name of a group of clients as `gemeente/name`) and `networks` (of access points) to a spot.
    `radios` has the spots of access points that are known by their MAC. `log_days` has how many days the logins of
    gemeenten are kept that chose that. `domains` (Windows domains, as `gemeente/domain` in lower case: two gemeenten
    may call theirs the same) lead to the realm of its users.
    """

    names: dict[str, str] = msgspec.field(default_factory=dict)
    sites: dict[str, str] = msgspec.field(default_factory=dict)
    realms: dict[str, str] = msgspec.field(default_factory=dict)
    operators: dict[str, str] = msgspec.field(default_factory=dict)
    servers: dict[str, Server] = msgspec.field(default_factory=dict)
    nas: dict[str, Spot] = msgspec.field(default_factory=dict)
    networks: dict[str, Spot] = msgspec.field(default_factory=dict)
    radios: dict[str, Spot] = msgspec.field(default_factory=dict)
    log_days: dict[str, int] = msgspec.field(default_factory=dict)
    domains: dict[str, str] = msgspec.field(default_factory=dict)

    def named(self, text: str) -> tuple[Spot, ...]:
        """The gemeenten and the sites of that name, however its accents, hyphens and apostrophes were typed."""
        return tuple(self._by_folded.get(folded(text), ()))

    def home(self, realm: str) -> str:
        """The gemeente whose users have that realm; a realm below a known one is of the same gemeente."""
        realm = realm.lower()
        for _ in range(4):
            if found := self.realms.get(realm):
                return found
            realm = realm.partition(".")[2]
            if "." not in realm:
                break
        return ""

    def identity(self, written: str, gemeente: str) -> str:
        """An identity as its owner types it: `ALMELO\\j.jansen`, as NPS of that gemeente writes it, is of its realm."""
        domain, backslash, name = written.partition("\\")
        realm = self.domains.get(f"{gemeente}/{domain.lower()}", "") if backslash and "@" not in name else ""
        return f"{name}@{realm}" if realm and name else written

    def operator(self, name: str) -> str:
        """The operator in lower case without the leading 1 of RFC 5580; one that F-Ticks cut is made whole."""
        name = name.lower()
        if name not in self.operators and name[:1] == "1" and (name[1:] in self.operators or not self.operators):
            name = name[1:]
        return self._cut.get(name, name)

    def visited(self, operator: str) -> str:
        """The gemeente that is that operator."""
        return self.operators.get(operator, "")

    def server(self, host: str) -> Server:
        """The server with that name, fully qualified or not."""
        host = host.lower()
        return self.servers.get(host) or self.servers.get(host.partition(".")[0], NO_SERVER)

    def operator_of(self, host: str) -> str:
        """The operator whose server that is; empty for one of the federation."""
        return self._operator_by_gemeente.get(self.server(host).gemeente, "")

    def spot(self, *, nas: str = "", ap: str = "", client: str = "", gemeente: str = "") -> Spot:
        """Where an access point stands: by its radio, by what it calls itself, by what its server calls it."""
        if ap in self.radios:
            return self.radios[ap]
        nas = nas.lower()
        if found := self.nas.get(nas) or self.nas.get(f"{gemeente}/{client.lower()}"):
            return found
        return self._of_address(nas) or self._of_address(client) or NOWHERE

    def name(self, slug: str) -> str:
        """The name of a gemeente, else the slug."""
        return self.names.get(slug, slug)

    def site_name(self, gemeente: str, site: str) -> str:
        """The name of a site, else the slug."""
        return self.sites.get(f"{gemeente}/{site}", site)

    @cached_property
    def _by_folded(self) -> dict[str, list[Spot]]:
        """Gemeenten, then sites, by each way to write them; `Bergen (NH.)` is Bergen, too."""
        spots = [(Spot(gemeente=slug), slug, name) for slug, name in self.names.items()]
        for key, name in self.sites.items():
            gemeente, _, site = key.partition("/")
            spots.append((Spot(gemeente=gemeente, site=site), site, name))
        found: dict[str, list[Spot]] = {}
        for spot, slug, name in spots:
            for written in {folded(slug), folded(name), folded(name.partition("(")[0])} - {""}:
                found.setdefault(written, []).append(spot)
        return found

    @cached_property
    def _cut(self) -> dict[str, str]:
        """Operators that F-Ticks cut, where what is left of them is of one only."""
        found: dict[str, set[str]] = {}
        for operator in self.operators:
            if len(operator) >= VISINST_BYTES:
                found.setdefault(operator[: VISINST_BYTES - 1], set()).add(operator)
        return {cut: whole.pop() for cut, whole in found.items() if len(whole) == 1 and cut not in self.operators}

    @cached_property
    def _operator_by_gemeente(self) -> dict[str, str]:
        return {gemeente: operator for operator, gemeente in reversed(self.operators.items())}

    @cached_property
    def _by_length(self) -> dict[tuple[int, int], dict[int, Spot]]:
        """The networks by family and length, so that a look-up takes as many steps as there are lengths."""
        found: dict[tuple[int, int], dict[int, Spot]] = {}
        for text, spot in self.networks.items():
            network = ipaddress.ip_network(text)
            found.setdefault((network.version, network.prefixlen), {})[int(network.network_address)] = spot
        return dict(sorted(found.items(), reverse=True))

    def _of_address(self, text: str) -> Spot | None:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return None
        for (version, length), networks in self._by_length.items():
            if version == address.version:
                shift = address.max_prefixlen - length
                if spot := networks.get(int(address) >> shift << shift):
                    return spot
        return None


def places_of(estate: Estate) -> Places:
    """What an estate knows."""
    realms = {realm: gemeente.slug for gemeente in estate.gemeenten for realm in gemeente.govroam.realms}
    servers: dict[str, Server] = {}
    nas: dict[str, Spot] = {}
    networks: dict[str, Spot] = {}
    for placed in estate.devices.values():
        names = (placed.device.name, f"{placed.device.name}.{placed.organisation.domain}")
        spot = Spot(gemeente=placed.organisation.slug, site=placed.site.slug)
        if hops := _hops(estate, placed):
            servers |= dict.fromkeys(names, Server(gemeente=spot.gemeente, site=spot.site, hops=hops))
        if placed.device.role is Role.WLAN:
            nas |= dict.fromkeys(names, spot)
    for gemeente in estate.gemeenten:
        _access_points(gemeente, nas, networks)
    return Places(
        names={organisation.slug: organisation.name for organisation in estate.organisations()},
        sites={f"{o.slug}/{site.slug}": site.name for o in estate.organisations() for site in o.sites},
        realms=realms,
        operators={gemeente.domain: gemeente.slug for gemeente in estate.gemeenten},
        servers=servers,
        nas=nas,
        networks=networks,
        domains={
            f"{gemeente.slug}/{str(domain).lower()}": gemeente.govroam.realms[0]
            for gemeente in estate.gemeenten
            if (domain := gemeente.options.get(WINDOWS_DOMAIN)) and gemeente.govroam.realms
        },
        log_days={
            gemeente.slug: gemeente.options[LOG_DAYS] for gemeente in estate.gemeenten if LOG_DAYS in gemeente.options
        },
    )


def _hops(estate: Estate, placed: Placed) -> tuple[Hop, ...]:
    """Which hops of a login a device can be."""
    if placed.device.role is Role.FEDERATION_PROXY:
        return (Hop.FEDERATION,)
    gemeente = estate.by_slug.get(placed.organisation.slug)
    if placed.device.role is not Role.RADIUS or gemeente is None:
        return ()
    visited = (Hop.VISITED,) if GovroamRole.SP in gemeente.govroam.roles else ()
    home = (Hop.HOME,) if estate.answering.get(gemeente.slug) else ()
    return visited + home


def _access_points(gemeente: Gemeente, nas: dict[str, Spot], networks: dict[str, Spot]) -> None:
    """The networks that access points are managed in, and the names that the RADIUS server has for them."""
    for site in gemeente.sites:
        spot = Spot(gemeente=gemeente.slug, site=site.slug)
        prefixes = [prefix for vlan in site.vlans if vlan.zone == "mgmt" for prefix in vlan.prefixes]
        for number, prefix in enumerate(prefixes, start=1):
            nas[f"{gemeente.slug}/ap-{site.slug}-{number}"] = spot
            networks[str(ipaddress.ip_network(prefix, strict=False))] = spot


def read_places(path: Path) -> Places:
    """Read `places.json`; raise FileMissing, FileError or SyntaxProblem with the place."""
    return load(path, Places)


def write_places(places: Places, path: Path) -> None:
    """Write `places.json`; raise DiskFull or FileError."""
    write_atomic(path, msgspec.json.format(msgspec.json.encode(places), indent=1) + b"\n")
