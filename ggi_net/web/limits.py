"""How much one address or account may ask in a minute, in bounded memory (a token bucket for each)."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING

from ggi_net.errors import TooMany

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST = 20_000
"""Buckets that are remembered; the ones that were not used for longest go first. A full bucket needs no memory."""


class Limit:
    """At most `per_minute` requests of each name in a minute, at most half of them at once."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = per_minute / 60
        self._size = max(1.0, per_minute / 2)
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, name: str) -> None:
        """Count one request of `name`. Raises TooMany."""
        now = self._clock()
        with self._lock:
            level, then = self._buckets.pop(name, (self._size, now))
            level = min(self._size, level + (now - then) * self._rate)
            if level < 1:
                self._buckets[name] = (level, now)
                error = TooMany("too many requests")
                error.wait = (1 - level) / self._rate
                raise error
            self._buckets[name] = (level - 1, now)
            if len(self._buckets) > _MOST:
                self._buckets.popitem(last=False)

    def __len__(self) -> int:
        return len(self._buckets)


def neighbourhood(address: str) -> str:
    """What counts as one address: an IPv4 address, the /64 of an IPv6 one, which one person has all of."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((int(found) >> 64 << 64, 64)))
    return str(found)
