"""Prefixes: well formed, inside the plan, never overlapping."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ggi_net.model.allocate import bounds
from ggi_net.source.rules.base import NO_PREFIX, ROUTERS, Raw, Spot, prefix_problem, span_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ggi_net.model.gemeente import Federation, Gemeente, Organisation
    from ggi_net.model.network import Device, Site
    from ggi_net.model.standard import Pool, Ranges
    from ggi_net.source.rules.base import Facts, Span


def malformed(facts: Facts) -> Iterator[Raw]:
    """A prefix that is none or has host bits; an address that is none; a router outside its line's network."""
    for organisation in facts.estate.organisations():
        for prefix, spot in _written(organisation):
            problem = prefix_problem(prefix)
            if problem:
                yield Raw("GGI1311", f"{prefix} {problem}", spot, "correct the prefix")
        for s, site in enumerate(organisation.sites):
            for d, device in enumerate(site.devices):
                yield from _device_addresses(device, Spot(organisation.slug, f"$.sites[{s}].devices[{d}]"))
    yield from _services(facts.estate.federation)


def _device_addresses(device: Device, spot: Spot) -> Iterator[Raw]:
    yield from _addresses(device.management, spot._replace(key="management"))
    for p, port in enumerate(device.ports):
        at = Spot(spot.slug, f"{spot.steps}.ports[{p}]")
        yield from _addresses(port.addresses, at._replace(key="addresses"))
        for host in port.gateways:
            if prefix_problem(f"{host}/{128 if ':' in host else 32}"):
                yield Raw("GGI1311", f"{host} is not an address", at._replace(key="gateways"), "correct the address")
            elif not _inside(f"{host}/{128 if ':' in host else 32}", list(port.addresses)):
                message = f"gateway {host} lies in no network of {device.name} port {port.name}"
                yield Raw(
                    "GGI1313", message, at._replace(key="gateways"), "correct the gateway, or the port's addresses"
                )


def _addresses(addresses: Iterable[str], spot: Spot) -> Iterator[Raw]:
    for address in addresses:
        if prefix_problem(address) == NO_PREFIX:
            yield Raw("GGI1311", f"{address} is not an address with its length", spot, "correct the address")


def _services(federation: Federation) -> Iterator[Raw]:
    services = federation.services
    for name, hosts in (
        ("ntp", services.ntp),
        ("dns", services.dns),
        ("syslog", services.syslog),
        ("tacacs", services.tacacs),
    ):
        for host in hosts:
            if prefix_problem(f"{host}/{128 if ':' in host else 32}"):
                spot = Spot(federation.slug, "$.services", name)
                yield Raw("GGI1311", f"{host} is not an address", spot, "correct the address")
    prefixes = [(prefix, Spot(federation.slug, "$.services", "management")) for prefix in services.management]
    for name, found in services.cloud.items():
        prefixes += [(prefix, Spot(federation.slug, "$.services.cloud", name)) for prefix in found]
    for prefix, spot in prefixes:
        problem = prefix_problem(prefix)
        if problem:
            yield Raw("GGI1311", f"{prefix} {problem}", spot, "correct the prefix")


def _written(organisation: Organisation) -> Iterator[tuple[str, Spot]]:
    slug = organisation.slug
    for s, site in enumerate(organisation.sites):
        for v, vlan in enumerate(site.vlans):
            for p, prefix in enumerate(vlan.prefixes):
                yield prefix, Spot(slug, f"$.sites[{s}].vlans[{v}].prefixes[{p}]")
    for n, link in enumerate(organisation.links):
        for vrf, carried in link.vrfs.items():
            for p, prefix in enumerate(carried.prefixes):
                yield prefix, Spot(slug, f"$.links[{n}].vrfs.{vrf}.prefixes[{p}]")
    for b, block in enumerate(getattr(organisation, "blocks", ())):
        yield block.prefix, Spot(slug, f"$.blocks[{b}].prefix")


def overlapping(facts: Facts) -> Iterator[Raw]:
    """Two prefixes with an address in common, among all that is on something, and among the blocks."""
    yield from _sweep(facts.leaves)
    yield from _sweep(facts.blocks)


def _sweep(spans: Iterable[Span]) -> Iterator[Raw]:
    """Sort, then compare each with the one so far that reaches furthest: n log n for the whole country."""
    furthest: Span | None = None
    for span in sorted(spans, key=lambda s: (s.version, s.first, -s.last)):
        if furthest is not None and span.version == furthest.version and span.first <= furthest.last:
            yield Raw(
                "GGI1312",
                f"{span.text} ({span.what}) overlaps {furthest.text} ({furthest.what})",
                span.spot,
                "give one of the two another prefix",
            )
        if furthest is None or span.version != furthest.version or span.last > furthest.last:
            furthest = span


def outside_plan(facts: Facts) -> Iterator[Raw]:
    """A gemeente's prefix outside the standard's pools or outside the gemeente's own block."""
    for gemeente in facts.estate.gemeenten:
        ranges = facts.estate.ranges_of(gemeente)
        for index, block in enumerate(gemeente.blocks):
            spot = Spot(gemeente.slug, f"$.blocks[{index}]")
            pool = ranges.blocks.get(block.zone)
            if pool is None:
                yield Raw(
                    "GGI1313",
                    f"the plan has no blocks for zone '{block.zone}'",
                    spot,
                    f"zones with blocks: {', '.join(ranges.blocks)}",
                )
            elif not _inside(block.prefix, [pool.prefix]):
                yield Raw("GGI1313", f"block {block.prefix} lies outside the plan", spot, f"the pool is {pool.prefix}")
        for s, site in enumerate(gemeente.sites):
            yield from _vlans_outside(gemeente, s, site, ranges)
    for organisation in facts.estate.organisations():
        yield from _infrastructure_outside(organisation, facts.estate.ranges_of(organisation))


def _vlans_outside(gemeente: Gemeente, s: int, site: Site, ranges: Ranges) -> Iterator[Raw]:
    for v, vlan in enumerate(site.vlans):
        blocks = [block.prefix for block in gemeente.blocks if block.zone == vlan.zone]
        pool = ranges.ipv4.get(vlan.zone)
        for p, prefix in enumerate(vlan.prefixes):
            spot = Spot(gemeente.slug, f"$.sites[{s}].vlans[{v}].prefixes[{p}]")
            if ":" in prefix:
                if not _inside(prefix, blocks):
                    allowed = ", ".join(blocks) or "none"
                    message = f"{prefix} lies outside the {vlan.zone} block of {gemeente.slug}"
                    yield Raw("GGI1313", message, spot, f"its blocks in that zone: {allowed}")
            elif pool is not None and not _inside(prefix, [pool.prefix]):
                message = f"{prefix} lies outside the plan for zone {vlan.zone}"
                yield Raw("GGI1313", message, spot, f"the pool is {pool.prefix}")


def _infrastructure_outside(organisation: Organisation, ranges: Ranges) -> Iterator[Raw]:
    for s, site in enumerate(organisation.sites):
        for d, device in enumerate(site.devices):
            if device.role in ROUTERS:
                for p, address in enumerate(device.management):
                    spot = Spot(organisation.slug, f"$.sites[{s}].devices[{d}].management[{p}]")
                    yield from _outside(address, ranges.loopbacks, f"loopback {address} of {device.name}", spot)
    for n, link in enumerate(organisation.links):
        for vrf, carried in link.vrfs.items():
            for p, prefix in enumerate(carried.prefixes):
                spot = Spot(organisation.slug, f"$.links[{n}].vrfs.{vrf}.prefixes[{p}]")
                yield from _outside(prefix, ranges.links, f"{prefix} of link {link.name}", spot)


def _outside(prefix: str, pools: tuple[Pool, ...], what: str, spot: Spot) -> Iterator[Raw]:
    if not _inside(prefix, [pool.prefix for pool in pools]):
        allowed = ", ".join(pool.prefix for pool in pools)
        yield Raw("GGI1313", f"{what} lies outside the plan", spot, f"the pools are {allowed}")


def _inside(prefix: str, outers: list[str]) -> bool:
    """Whether a prefix lies in one of `outers`; what does not parse counts as inside, its own rule reports it."""
    try:
        version, first, last = bounds(prefix)
        spans = [bounds(outer) for outer in outers]
    except ValueError:
        return True
    return any(version == kind and low <= first and last <= high for kind, low, high in spans)


def federation_in_pools(facts: Facts) -> Iterator[Raw]:
    """A prefix of the federation's own sites inside a pool that gemeenten are numbered from."""
    federation = facts.estate.federation
    ranges = facts.estate.ranges_of(federation)
    pools = [
        *((pool.prefix, f"blocks of {zone}") for zone, pool in ranges.blocks.items()),
        *((pool.prefix, zone) for zone, pool in ranges.ipv4.items()),
        *((pool.prefix, "links") for pool in ranges.links),
        *((pool.prefix, "loopbacks") for pool in ranges.loopbacks),
    ]
    spans = [span for prefix, name in pools for span in span_of(prefix, f"pool {name}", Spot(federation.slug))]
    for s, site in enumerate(federation.sites):
        for v, vlan in enumerate(site.vlans):
            for p, prefix in enumerate(vlan.prefixes):
                spot = Spot(federation.slug, f"$.sites[{s}].vlans[{v}].prefixes[{p}]")
                for own in span_of(prefix, "", spot):
                    for pool in spans:
                        if own.version == pool.version and own.first <= pool.last and pool.first <= own.last:
                            message = f"{prefix} of the federation lies in {pool.what} ({pool.text})"
                            yield Raw("GGI1313", message, spot, "number the federation outside the gemeenten's pools")


def server_addresses(facts: Facts) -> Iterator[Raw]:
    """A server or access point whose management address is not in its site's VLANs, or is one of a gateway's."""
    for organisation in facts.estate.organisations():
        for s, site in enumerate(organisation.sites):
            prefixes = [prefix for vlan in site.vlans if vlan.zone == "mgmt" for prefix in vlan.prefixes]
            gateways = sum(device.role in ROUTERS for device in site.devices)
            for d, device in enumerate(site.devices):
                if device.role in ROUTERS:
                    continue
                for p, address in enumerate(device.management):
                    spot = Spot(organisation.slug, f"$.sites[{s}].devices[{d}].management[{p}]")
                    yield from _server_address(address, prefixes, gateways, device.name, spot)


def _server_address(address: str, prefixes: list[str], gateways: int, name: str, spot: Spot) -> Iterator[Raw]:
    host = address.partition("/")[0]
    try:
        number = bounds(f"{host}/{128 if ':' in host else 32}")[1]
        spans = [bounds(prefix) for prefix in prefixes]
    except ValueError:
        return
    version = 6 if ":" in host else 4
    home = next((span for span in spans if span[0] == version and span[1] <= number <= span[2]), None)
    if home is None:
        allowed = ", ".join(prefixes) or "none"
        yield Raw("GGI1313", f"{address} of {name} lies in no mgmt VLAN of its site", spot, f"its prefixes: {allowed}")
    elif number <= home[1] + (1 + gateways if gateways > 1 else 1):
        yield Raw("GGI1318", f"{address} of {name} is the gateway's", spot, "give the server another address")


RULES = (malformed, overlapping, outside_plan, federation_in_pools, server_addresses)
