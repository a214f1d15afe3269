"""The standard's pools, filled with what an estate uses: where every new number comes from."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from ggi_net.errors import PoolExhausted, StandardError
from ggi_net.model.allocate import NumberPool, PrefixPool, address_text, bounds, overlap, take_common, within
from ggi_net.model.gemeente import Block
from ggi_net.model.network import LinkVrf, Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ggi_net.model.estate import Estate
    from ggi_net.model.gemeente import Organisation
    from ggi_net.model.network import End, Link
    from ggi_net.model.standard import Pool, Standard

ROUTERS = (Role.CORE, Role.CE)


class Number(StrEnum):
    """What kind of number was taken."""

    ASN = "asn"
    PREFIX = "prefix"
    ADDRESS = "address"
    TAG = "tag"


class Taken(NamedTuple):
    """A number that was taken: what for, of which kind, out of what, and which.

    `parent` is the prefix that it was cut from, or the two ports of a tag. `unit` is the length of what is kept for
    it: a /26 of a small site has the /24 around it to itself.
    """

    ref: str
    number: Number
    parent: str
    unit: int
    value: str


class Pools:
    """Every pool of one set of ranges. What is taken from one counts as used from then on.

    `touched` holds the names of the pools that something was taken from, `used` of each what was in use before, and
    `taken` what was taken. A number that `given` holds, by what it is for, is taken as it stands there.
    """

    def __init__(
        self,
        standard: Standard,
        ranges: str,
        organisations: Iterable[Organisation],
        given: Mapping[str, str] | None = None,
    ) -> None:
        plan = standard.address_plan
        chosen = plan.ranges[ranges]
        self.plan = plan
        self.given = given or {}
        self.touched: set[str] = set()
        self.taken: list[Taken] = []
        self.used: defaultdict[str, list[str]] = defaultdict(list)
        self._tags: dict[tuple[str, str], NumberPool] = {}
        self._asn = NumberPool("ASN", chosen.asn.first, chosen.asn.last)
        self._blocks = {zone: _pool(f"blocks of {zone}", pool, pool.reserve) for zone, pool in chosen.blocks.items()}
        self._ipv4 = {zone: _pool(zone, pool, pool.length) for zone, pool in chosen.ipv4.items()}
        self._links = [(_pool("links", pool, None), pool.length) for pool in chosen.links]
        self._loopbacks = [(_pool("loopbacks", pool, None), pool.length) for pool in chosen.loopbacks]
        self._reserves = {zone: pool.reserve or pool.length for zone, pool in chosen.blocks.items()}
        self._lengths = {zone: pool.length for zone, pool in chosen.blocks.items()}
        for pool, length in self._loopbacks:
            # The all-zeros address is the subnet-router anycast address (RFC 4291 2.6.1) and looks like a network.
            pool.use(f"{pool.prefix.partition('/')[0]}/{length}")
        for organisation in organisations:
            self.add(organisation)

    def add(self, organisation: Organisation) -> None:
        """Count all that an organisation has as used."""
        self._asn.use(organisation.asn)
        self.used["ASN"].append(str(organisation.asn))
        for block in getattr(organisation, "blocks", ()):
            if block.zone in self._blocks:
                self._blocks[block.zone].use(block.prefix)
                self.used[f"blocks of {block.zone}"].append(block.prefix)
        for site in organisation.sites:
            for vlan in site.vlans:
                for prefix in vlan.prefixes:
                    self._add_vlan_prefix(prefix)
            for device in site.devices:
                if device.role in ROUTERS:
                    self._add_all("loopbacks", self._loopbacks, device.management)
        for link in organisation.links:
            self._add_link(link)

    def asn(self, ref: str) -> int:
        """The next free private ASN, for what `ref` says (as in all methods that take)."""
        self.touched.add("ASN")
        number = int(self.given[ref]) if ref in self.given else self._asn.take()
        self.taken.append(Taken(ref, Number.ASN, "", 0, str(number)))
        return number

    def block(self, zone: str, ref: str) -> Block:
        """The next free block for a zone."""
        if zone not in self._blocks:
            raise StandardError(f"the standard's address plan has no blocks for zone '{zone}'")
        return Block(prefix=self._prefix(self._blocks[zone], self._lengths[zone], ref), zone=zone)

    def ipv4(self, zone: str, size: str, ref: str) -> str:
        """The next free IPv4 prefix for a zone's VLAN at a site of that size."""
        if zone not in self._ipv4:
            raise StandardError(f"the standard's address plan has no IPv4 pool for zone '{zone}'")
        return self._prefix(self._ipv4[zone], self.plan.size_lengths[size][zone], ref)

    def loopbacks(self, ref: str) -> tuple[str, ...]:
        """The next free management loopback of each family, IPv6 first."""
        return tuple(
            self._prefix(pool, length, f"{ref}/{pool.version}", Number.ADDRESS) for pool, length in self._loopbacks
        )

    def link_vrf(self, end: End, core: End, ref: str) -> LinkVrf:
        """A tag that is free on both ports, and the next free link prefix of each family."""
        return LinkVrf(tag=self.tag(end, core, ref), prefixes=self.link_prefixes(ref))

    def link_prefixes(self, ref: str) -> tuple[str, ...]:
        """The next free link prefix of each family, IPv6 first."""
        return tuple(self._prefix(pool, length, f"{ref}/{pool.version}") for pool, length in self._links)

    def tag(self, end: End, core: End, ref: str) -> int:
        """The lowest tag that is free on both ports of a link, the core's first."""
        ports = [self._port(core.device, core.port), self._port(end.device, end.port)]
        self.touched.update(pool.name for pool in ports)
        given = self.given.get(f"{ref}/tag")
        if given is not None:
            for pool in ports:
                pool.use(int(given))
        tag = take_common(*ports) if given is None else int(given)
        parent = f"{core.device} {core.port} {end.device} {end.port}"
        self.taken.append(Taken(f"{ref}/tag", Number.TAG, parent, 0, str(tag)))
        return tag

    def vlan_prefix(self, blocks: Iterable[PrefixPool], ref: str) -> str | None:
        """The first free prefix for a VLAN in a gemeente's blocks; None when they are full."""
        given = self.given.get(ref)
        for pool in blocks:
            if given is not None and not within(given, pool.prefix):
                continue
            try:
                return self._prefix(pool, self.plan.vlan_length, ref)
            except PoolExhausted:
                continue
        return None

    def _prefix(self, pool: PrefixPool, length: int, ref: str, number: Number = Number.PREFIX) -> str:
        self.touched.add(pool.name)
        value = self.given.get(ref)
        if value is None:
            value = pool.take(length)
        else:
            pool.use(value)
        self.taken.append(Taken(ref, number, pool.prefix, min(length, pool.unit or length), value))
        return value

    def has_tag(self, end: End, tag: int) -> bool:
        """Whether a tag is in use on a port."""
        return tag in self._port(end.device, end.port)

    def use_tag(self, end: End, tag: int) -> None:
        """Count a tag as used on a port."""
        self._port(end.device, end.port).use(tag)

    def reserve(self, zone: str) -> int:
        """The prefix length that a gemeente's blocks of a zone may grow to."""
        return self._reserves[zone]

    def basis(self, pools: Iterable[str]) -> dict[str, str]:
        """SHA-256 of what was in use of each named pool before anything was taken."""
        return {name: hashlib.sha256(" ".join(sorted(self.used[name])).encode()).hexdigest() for name in sorted(pools)}

    def _port(self, device: str, port: str) -> NumberPool:
        found = self._tags.get((device, port))
        if found is None:
            tags = self.plan.link_tags
            found = self._tags[device, port] = NumberPool(f"tags on {device} {port}", tags.first, tags.last)
        return found

    def _add_vlan_prefix(self, prefix: str) -> None:
        if ":" in prefix:
            return
        for zone, pool in self._ipv4.items():
            if overlap(prefix, pool.prefix):
                pool.use(prefix)
                self.used[zone].append(prefix)

    def _add_link(self, link: Link) -> None:
        for carried in link.vrfs.values():
            self._add_all("links", self._links, carried.prefixes)
            for end in (link.end, link.core):
                pool = self._port(end.device, end.port)
                pool.use(carried.tag)
                self.used[pool.name].append(str(carried.tag))

    def _add_all(self, name: str, pools: list[tuple[PrefixPool, int]], prefixes: Iterable[str]) -> None:
        for prefix in prefixes:
            for pool, _ in pools:
                pool.use(prefix)
            self.used[name].append(prefix)


class BlockPool:
    """The IPv6 prefixes of one gemeente's zone: a site's part of the block, and the next block when one is full."""

    def __init__(self, pools: Pools, gemeente: str, zone: str, blocks: list[Block], used: Iterable[str]) -> None:
        self.blocks = blocks
        self._zone = zone
        self._gemeente = gemeente
        self._pools = pools
        self._used = list(used)
        self._cut = [self._pool_of(block) for block in blocks]

    def take(self, ref: str) -> str:
        """A VLAN's prefix in the first site part that is free; grows the blocks inside the reserve when they are full.

        Raises PoolExhausted when the reserve is full as well.
        """
        while True:
            found = self._pools.vlan_prefix(self._cut, ref)
            if found is not None:
                return found
            grown = self._grow()
            self.blocks.append(grown)
            self._cut.append(self._pool_of(grown))

    def _grow(self) -> Block:
        if not self.blocks:
            return self._pools.block(self._zone, f"gemeente/{self._gemeente}/block/{self._zone}")
        first = self.blocks[0].prefix
        version, low, _ = bounds(first)
        length = int(first.partition("/")[2])
        reserve = self._pools.reserve(self._zone)
        whole = f"{address_text(version, low)}/{reserve}"
        room = PrefixPool(
            f"reserve of {self._gemeente} for {self._zone}", whole, [block.prefix for block in self.blocks]
        )
        return Block(prefix=room.take(length), zone=self._zone)

    def _pool_of(self, block: Block) -> PrefixPool:
        inside = [prefix for prefix in self._used if within(prefix, block.prefix)]
        name = f"{self._zone} block of {self._gemeente}"
        return PrefixPool(name, block.prefix, inside, unit=self._pools.plan.site_length)


def pools_of(estate: Estate, standard: Standard, given: Mapping[str, str] | None = None) -> Pools:
    """The pools of `standard` in the estate's ranges, filled with everything that the estate has."""
    return Pools(standard, estate.ranges, estate.organisations(), given)


def free_server_addresses(vlan_prefixes: Iterable[str], taken: Iterable[str]) -> tuple[str, ...]:
    """The first free pair of server addresses in a VLAN: IPv6 from ::10 up, IPv4 from host 10 up, in step.

    The hosts below are the gateway's and the routers'. `taken` are addresses with or without a length.
    Raises PoolExhausted when a prefix has no host left.
    """
    used = {address.partition("/")[0] for address in taken}
    prefixes = list(vlan_prefixes)
    step = 0
    while True:
        found = []
        for prefix in prefixes:
            version, first, last = bounds(prefix)
            number = first + (16 if version == 6 else 10) + step
            if number >= last:
                raise PoolExhausted(f"VLAN prefix {prefix} has no address for a server left")
            found.append(f"{address_text(version, number)}/{prefix.partition('/')[2]}")
        if not any(address.partition("/")[0] in used for address in found):
            return tuple(found)
        step += 1


def _pool(name: str, pool: Pool, unit: int | None) -> PrefixPool:
    return PrefixPool(name, pool.prefix, unit=unit)
