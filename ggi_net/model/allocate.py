"""Taking the next free number from a pool: deterministic, first fit, never overlapping. Pure: it only counts.

A pool is made from what is in use, and each `take` adds to that, so that one pool serves one gemeente or the
whole country. First fit means: the lowest aligned free position, whatever the order of what is in use.
"""

from __future__ import annotations

import ipaddress
import socket
from bisect import bisect_right
from functools import lru_cache
from typing import TYPE_CHECKING

from ggi_net.errors import PoolExhausted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable


def parsed(prefix: str) -> tuple[int, int, int]:
    """(IP version, address, number of host bits) of an address with its length; raise ValueError if it is none.

    `inet_pton` and not `ipaddress`, which takes five times as long: an estate has some 300,000 prefixes.
    """
    address, _, length = prefix.partition("/")
    version = 6 if ":" in address else 4
    try:
        packed = socket.inet_pton(socket.AF_INET6 if version == 6 else socket.AF_INET, address)
    except OSError:
        raise ValueError(f"'{prefix}' is not a prefix") from None
    hosts = 8 * len(packed) - int(length)
    if hosts < 0:
        raise ValueError(f"'{prefix}' is not a prefix")
    return version, int.from_bytes(packed), hosts


@lru_cache(maxsize=1 << 16)
def bounds(prefix: str) -> tuple[int, int, int]:
    """(IP version, first address, last address) of a prefix; host bits are ignored; raise ValueError if it is none."""
    version, number, hosts = parsed(prefix)
    first = number >> hosts << hosts
    return version, first, first + (1 << hosts) - 1


def address_text(version: int, number: int) -> str:
    """The text of an address in its usual (RFC 5952) form."""
    return str(ipaddress.IPv6Address(number) if version == 6 else ipaddress.IPv4Address(number))


def usual(address: str) -> str:
    """An address, with or without a length, in its usual form: `2001:db8:0:0::2` as `2001:db8::2`; or ValueError.

    The form is that of RFC 5952, which NetBox and most daemons write as well.
    """
    host, slash, length = address.partition("/")
    version, number, _ = parsed(f"{host}/{length or 0}")
    return f"{address_text(version, number)}{slash}{int(length) if slash else ''}"


def within(inner: str, outer: str) -> bool:
    """Whether prefix `inner` lies inside prefix `outer`."""
    version, first, last = bounds(inner)
    kind, low, high = bounds(outer)
    return version == kind and low <= first and last <= high


def overlap(one: str, other: str) -> bool:
    """Whether two prefixes have an address in common."""
    version, first, last = bounds(one)
    kind, low, high = bounds(other)
    return version == kind and first <= high and low <= last


class PrefixPool:
    """Prefixes cut from one prefix.

    `name` is for people: it is in PoolExhausted. `unit` is the length of the block that every allocation keeps to
    itself (an allocated /48 that may grow to its /46); prefixes in use count as their whole unit.
    """

    def __init__(self, name: str, prefix: str, used: Iterable[str] = (), *, unit: int | None = None) -> None:
        self.name = name
        self.prefix = prefix
        self.version, self._first, self._last = bounds(prefix)
        self._bits = 128 if self.version == 6 else 32
        self.unit = unit
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._fit: dict[int, int] = {}
        for item in used:
            self.use(item)

    def use(self, prefix: str) -> None:
        """Count `prefix` as in use; what lies outside the pool, or overlaps what is in use already, is no error."""
        version, first, last = bounds(prefix)
        if version != self.version or last < self._first or first > self._last:
            return
        if self.unit is not None:
            hosts = self._bits - self.unit
            first = first >> hosts << hosts
            last = (last >> hosts << hosts) + (1 << hosts) - 1
        self._mark(first, last)

    def take(self, length: int) -> str:
        """The lowest free prefix of that length, from now on in use; raise PoolExhausted."""
        reserve = length if self.unit is None else min(length, self.unit)
        size = 1 << (self._bits - reserve)
        start = self._fit.get(reserve, self._first)
        while start + size - 1 <= self._last:
            clash = self._clash(start, start + size - 1)
            if clash is None:
                self._mark(start, start + size - 1)
                self._fit[reserve] = start + size
                return f"{address_text(self.version, start)}/{length}"
            start = (clash + size) // size * size
        raise PoolExhausted(f"pool {self.name} ({self.prefix}) has no free /{length} left")

    def _clash(self, first: int, last: int) -> int | None:
        """The end of the interval in use that overlaps `first`-`last`."""
        at = bisect_right(self._starts, last) - 1
        return self._ends[at] if at >= 0 and self._ends[at] >= first else None

    def _mark(self, first: int, last: int) -> None:
        """Add an interval, joining those that it touches, so that a filled pool stays a short list."""
        low = bisect_right(self._starts, first)
        if low and self._ends[low - 1] >= first - 1:
            low -= 1
            first = self._starts[low]
        high = bisect_right(self._starts, last + 1)
        if high > low:
            last = max(last, self._ends[high - 1])
        self._starts[low:high] = [first]
        self._ends[low:high] = [last]


class NumberPool:
    """Whole numbers from `first` to `last`, such as ASNs and VLAN ids."""

    def __init__(self, name: str, first: int, last: int, used: Collection[int] = ()) -> None:
        self.name = name
        self.first = first
        self.last = last
        self._used = set(used)
        self._fit = first

    def __contains__(self, number: int) -> bool:
        """Whether `number` is in use."""
        return number in self._used

    def use(self, number: int) -> None:
        """Count `number` as in use."""
        self._used.add(number)

    @property
    def lowest(self) -> int:
        """The lowest free number, which may be past the last."""
        while self._fit in self._used:
            self._fit += 1
        return self._fit

    def take(self) -> int:
        """The lowest free number, from now on in use; raise PoolExhausted."""
        number = self.lowest
        if number > self.last:
            raise PoolExhausted(f"pool {self.name} ({self.first}-{self.last}) has no free number left")
        self._used.add(number)
        return number


def take_common(*pools: NumberPool) -> int:
    """The lowest number that is free in every one of `pools`, from now on in use in all; raise PoolExhausted."""
    main = pools[0]
    for number in range(main.lowest, main.last + 1):
        if not any(number in pool for pool in pools):
            for pool in pools:
                pool.use(number)
            return number
    names = " and ".join(pool.name for pool in pools)
    raise PoolExhausted(f"pools {names} ({main.first}-{main.last}) have no number free in all")
