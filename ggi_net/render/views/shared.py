"""What many views of one estate have in common, computed once: national services, options, zones and flows."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from ggi_net.model.gemeente import Gemeente
from ggi_net.model.standard import OptionKind
from ggi_net.render.guard import plain
from ggi_net.render.views.address import family_of, host, network
from ggi_net.render.views.base import Address, PrefixRef, Server, Snmp
from ggi_net.source.options import option_values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ggi_net.model.estate import Estate
    from ggi_net.model.gemeente import Organisation
    from ggi_net.model.standard import Flow, Pool, Standard

T = TypeVar("T")
_KEPT = 4


class Shared:
    """Facts of one estate that do not depend on the device; every attribute is plain view data."""

    def __init__(self, estate: Estate) -> None:
        self.estate = estate
        services = estate.federation.services
        self.management_networks = prefix_refs(services.management, "federation#services.management")
        self.ntp = _servers(services.ntp, "ntp")
        self.dns = _servers(services.dns, "dns")
        self.tacacs = _servers(services.tacacs, "tacacs")
        self.syslog = _servers(services.syslog, "syslog")
        self._made: dict[str, Any] = {}
        self._flows: dict[tuple[str, tuple[tuple[str, str], ...]], tuple[Flow, ...]] = {}
        self._bogons: dict[str, dict[int, tuple[PrefixRef, ...]]] = {}
        self._national: dict[tuple[str, str], tuple[PrefixRef, ...]] = {}

    def once(self, key: str, make: Callable[[], T]) -> T:
        """What `make` gives, made at the first call with `key` (one key, one type) and kept with the estate."""
        if key not in self._made:
            self._made[key] = make()
        found: T = self._made[key]
        return found

    def options(self, gemeente: Gemeente | None, standard: Standard) -> dict[str, Any]:
        """Every option that the standard declares with its value for `gemeente` (None: the defaults), text folded."""
        if gemeente is None:
            values = {option.name: option.default for option in standard.options}
        else:
            values = option_values(gemeente, standard)
        for option in standard.options:
            if option.kind is OptionKind.TEXT:
                values[option.name] = plain(str(values[option.name]))
        return values

    def snmp(self, standard: Standard) -> Snmp:
        """The national monitoring user with the standard's algorithms."""
        return Snmp(
            origin=f"standard/{standard.version}/crypto",
            user="ggi-monitor",
            auth=standard.crypto.snmp_auth,
            auth_key="secret://federation/snmp/auth",
            privacy=standard.crypto.snmp_privacy,
            privacy_key="secret://federation/snmp/privacy",
        )

    def flows(self, standard: Standard, options: dict[str, Any]) -> tuple[Flow, ...]:
        """The flows of the standard that exist with these option values, in the standard's order."""
        chosen = tuple((f.when, repr(options[f.when])) for f in standard.flows if f.when)
        key = (standard.version, chosen)
        if key not in self._flows:
            self._flows[key] = tuple(flow for flow in standard.flows if flow_exists(flow, options))
        return self._flows[key]

    def bogons(self, standard: Standard) -> dict[int, tuple[PrefixRef, ...]]:
        """Address space that has no place in the plan, by family."""
        if standard.version not in self._bogons:
            refs = prefix_refs(standard.bgp.bogons, f"standard/{standard.version}/bgp#bogons")
            self._bogons[standard.version] = {f: tuple(ref for ref in refs if ref.family == f) for f in (6, 4)}
        return self._bogons[standard.version]

    def not_the_internet(self, standard: Standard) -> tuple[PrefixRef, ...]:
        """The space of the plan in force, the gemeentecloud, the management networks and the bogons, IPv6 first."""
        return self.once(f"not-internet/{standard.version}", lambda: self._not_the_internet(standard))

    def _not_the_internet(self, standard: Standard) -> tuple[PrefixRef, ...]:
        ranges = standard.address_plan.ranges[self.estate.ranges]
        refs = [
            self._pool(standard, f"{table}.{zone}", pool)
            for table, pools in (("blocks", ranges.blocks), ("ipv4", ranges.ipv4))
            for zone, pool in pools.items()
        ]
        refs += [
            self._pool(standard, f"{table}.{number}", pool)
            for table, listed in (("links", ranges.links), ("loopbacks", ranges.loopbacks))
            for number, pool in enumerate(listed)
        ]
        refs += self._cloud(tuple(sorted(self.estate.federation.services.cloud))) + self.management_networks
        return tuple(sorted([*refs, *self.bogons(standard)[4]], key=_ipv6_first))

    def internet(self, standard: Standard) -> tuple[PrefixRef, ...]:
        """Global unicast IPv6 space and all of IPv4."""
        made = (("2000::/3", "0.0.0.0/0"), f"standard/{standard.version}/zone/internet#name")
        return self.once(f"internet/{standard.version}", lambda: prefix_refs(*made))

    def default_routes(self, standard: Standard) -> tuple[PrefixRef, ...]:
        """The default route of both families, IPv6 first."""
        vrf = next((vrf.name for vrf in standard.vrfs if vrf.accept == "default"), "")
        made = (("::/0", "0.0.0.0/0"), f"standard/{standard.version}/vrf/{vrf}#accept")
        return self.once(f"default/{standard.version}", lambda: prefix_refs(*made))

    def cloud(self, services: Iterable[str]) -> tuple[PrefixRef, ...]:
        """The prefixes of the named services in the gemeentecloud, IPv6 first; a service that isn't there has none."""
        names = tuple(services)
        return self.once(f"cloud/{'/'.join(names)}", lambda: self._cloud(names))

    def _cloud(self, names: tuple[str, ...]) -> tuple[PrefixRef, ...]:
        known = self.estate.federation.services.cloud
        origin = "federation#services.cloud"
        found = [ref for name in names for ref in prefix_refs(known.get(name, ()), f"{origin}.{name}")]
        return tuple(sorted(found, key=_ipv6_first))

    def national(self, standard: Standard, vrf: str) -> tuple[PrefixRef, ...]:
        """The pools of the plan whose addresses other gemeenten may announce in `vrf`, IPv6 first."""
        key = (standard.version, vrf)
        if key not in self._national:
            ranges = standard.address_plan.ranges[self.estate.ranges]
            self._national[key] = tuple(
                self._pool(standard, f"{table}.{zone.name}", pool)
                for table, pools in (("blocks", ranges.blocks), ("ipv4", ranges.ipv4))
                for zone in standard.zones
                if zone.vrf == vrf and (pool := pools.get(zone.name))
            )
        return self._national[key]

    def _pool(self, standard: Standard, place: str, pool: Pool) -> PrefixRef:
        """A pool of the plan in force; `place` is where it stands within its ranges."""
        plan = f"standard/{standard.version}/address-plan#ranges.{self.estate.ranges}"
        return prefix_ref(pool.prefix, f"{plan}.{place}.prefix")


_recent: list[Shared] = []


def shared(estate: Estate) -> Shared:
    """The shared facts of `estate`, kept for the few estates that were used last (records can't be hashed)."""
    for found in _recent:
        if found.estate is estate:
            return found
    made = Shared(estate)
    _recent.insert(0, made)
    del _recent[_KEPT:]
    return made


def flow_exists(flow: Flow, options: dict[str, Any]) -> bool:
    """Whether `flow` exists: unconditional, or its option equals the wanted value, or contains it when it is a list."""
    if not flow.when:
        return True
    value = options[flow.when]
    return bool(flow.equals in value if isinstance(value, list | tuple) else value == flow.equals)


def origin_of(organisation: Organisation) -> str:
    """The reference of an organisation in the estate: `gemeente/<slug>`, or `federation`."""
    return f"gemeente/{organisation.slug}" if isinstance(organisation, Gemeente) else "federation"


def prefix_ref(prefix: str, origin: str) -> PrefixRef:
    """A prefix as view data, in canonical text."""
    found = network(prefix)
    address = found.host(0)
    return PrefixRef(
        origin=origin,
        prefix=f"{address}/{found.length}",
        family=found.family,
        address=address,
        netmask=found.netmask if found.family == 4 else "",
        wildcard=found.wildcard if found.family == 4 else "",
        length=found.length,
    )


def address_ref(address: str, origin: str) -> Address:
    """An address with its length as view data, in canonical text."""
    text, found = host(address), network(address)
    return Address(
        origin=origin,
        address=text,
        cidr=f"{text}/{found.length}",
        netmask=found.netmask if found.family == 4 else "",
        family=found.family,
    )


def address_refs(addresses: Iterable[str], origin: str) -> tuple[Address, ...]:
    """Addresses as view data, IPv6 first."""
    return tuple(sorted((address_ref(a, origin) for a in addresses), key=_ipv6_first))


def prefix_refs(prefixes: Iterable[str], origin: str) -> tuple[PrefixRef, ...]:
    """Prefixes as view data, IPv6 first, else in the order given."""
    return _kept_refs(tuple(prefixes), origin)


@lru_cache(maxsize=1 << 14)  # the gateways of a gemeente all name the prefixes of all its sites
def _kept_refs(prefixes: tuple[str, ...], origin: str) -> tuple[PrefixRef, ...]:
    return tuple(sorted((prefix_ref(p, origin) for p in prefixes), key=_ipv6_first))


def _ipv6_first(item: Address | PrefixRef | Server) -> bool:
    return item.family == 4


def _servers(addresses: Iterable[str], name: str) -> tuple[Server, ...]:
    found = (
        Server(origin=f"federation#services.{name}", address=host(a), family=family_of(a), name=name) for a in addresses
    )
    return tuple(sorted(found, key=_ipv6_first))
