"""What many views of one estate have in common, computed once: national services, options, zones and flows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ggi_net.model.gemeente import Gemeente
from ggi_net.model.standard import OptionKind
from ggi_net.render.guard import plain
from ggi_net.render.views.address import family_of, host, network
from ggi_net.render.views.base import Address, PrefixRef, Server, Snmp
from ggi_net.source.options import option_values

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ggi_net.model.estate import Estate
    from ggi_net.model.gemeente import Organisation
    from ggi_net.model.standard import Flow, Standard, Vrf

_KEPT = 4


class Shared:
    """Facts of one estate that do not depend on the device; every attribute is plain view data."""

    def __init__(self, estate: Estate) -> None:
        self.estate = estate
        services = estate.federation.services
        self.management_networks = prefix_refs(services.management, "federation/services/management")
        self.ntp = _servers(services.ntp, "ntp")
        self.dns = _servers(services.dns, "dns")
        self.tacacs = _servers(services.tacacs, "tacacs")
        self.syslog = _servers(services.syslog, "syslog")
        self._flows: dict[tuple[str, tuple[tuple[str, str], ...]], tuple[Flow, ...]] = {}
        self._national: dict[tuple[str, str], tuple[PrefixRef, ...]] = {}

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

    def national(self, standard: Standard, vrf: Vrf) -> tuple[PrefixRef, ...]:
        """The pools of the plan whose addresses other gemeenten may announce in `vrf`, IPv6 first."""
        key = (standard.version, vrf.name)
        if key not in self._national:
            ranges = standard.address_plan.ranges[self.estate.ranges]
            pools = [
                pool.prefix
                for table in (ranges.blocks, ranges.ipv4)
                for zone in standard.zones
                if zone.vrf == vrf.name and (pool := table.get(zone.name))
            ]
            self._national[key] = prefix_refs(pools, f"standard/{standard.version}/address-plan/{self.estate.ranges}")
        return self._national[key]


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
    return PrefixRef(
        origin=origin,
        prefix=found.text,
        family=found.family,
        address=found.host(0),
        netmask=found.netmask if found.family == 4 else "",
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
    return tuple(sorted((prefix_ref(p, origin) for p in prefixes), key=_ipv6_first))


def _ipv6_first(item: Address | PrefixRef | Server) -> bool:
    return item.family == 4


def _servers(addresses: Iterable[str], name: str) -> tuple[Server, ...]:
    found = (
        Server(origin=f"federation/services/{name}", address=host(a), family=family_of(a), name=name) for a in addresses
    )
    return tuple(sorted(found, key=_ipv6_first))
