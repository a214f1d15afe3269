"""Address arithmetic for views, on text and integers: a core has thousands of sessions, and `ipaddress` is slow."""

from __future__ import annotations

from functools import lru_cache
from socket import AF_INET, AF_INET6, inet_ntop, inet_pton
from typing import NamedTuple

from ggi_net.errors import RenderError

_HINT = "`ggi estate validate` lists every such finding with its place"


class Network(NamedTuple):
    """A prefix: `family` 4 or 6, the network's first address as a number, and the prefix length."""

    family: int
    first: int
    length: int

    def host(self, number: int) -> str:
        """The address `number` places after the first, in canonical text (RFC 5952)."""
        value = self.first + number
        if self.family == 6:
            return inet_ntop(AF_INET6, value.to_bytes(16, "big"))
        return inet_ntop(AF_INET, value.to_bytes(4, "big"))

    @property
    def text(self) -> str:
        """The prefix in canonical text."""
        return f"{self.host(0)}/{self.length}"

    @property
    def netmask(self) -> str:
        """The IPv4 mask in dotted form, for platforms that write it so."""
        return inet_ntop(AF_INET, (0xFFFFFFFF ^ (0xFFFFFFFF >> self.length)).to_bytes(4, "big"))

    @property
    def wildcard(self) -> str:
        """The inverse of the IPv4 mask in dotted form, for access lists that are written with it."""
        return inet_ntop(AF_INET, (0xFFFFFFFF >> self.length).to_bytes(4, "big"))

    def covers(self, other: Network) -> bool:
        """Whether `other` lies inside this prefix."""
        if other.family != self.family or other.length < self.length:
            return False
        shift = (128 if self.family == 6 else 32) - self.length
        return other.first >> shift == self.first >> shift


@lru_cache(maxsize=1 << 16)
def network(prefix: str) -> Network:
    """Parse `2001:db8::/64` or `198.18.0.0/24`; host bits are masked away. Raises RenderError."""
    family, value, length = _parse(prefix)
    shift = (128 if family == 6 else 32) - length
    return Network(family, value >> shift << shift, length)


@lru_cache(maxsize=1 << 16)
def host(address: str) -> str:
    """The canonical text of an address given with or without its prefix length. Raises RenderError."""
    family, value, _ = _parse(address if "/" in address else f"{address}/0")
    return Network(family, value, 0).host(0)


def family_of(address: str) -> int:
    """4 or 6, by the form of the address or prefix."""
    return 6 if ":" in address else 4


def _parse(prefix: str) -> tuple[int, int, int]:
    address, _, length = prefix.partition("/")
    family = family_of(address)
    try:
        value = int.from_bytes(inet_pton(AF_INET6 if family == 6 else AF_INET, address), "big")
        bits = int(length)
    except (OSError, ValueError):
        raise RenderError(f"'{prefix}' is not a prefix or address", hint=_HINT) from None
    if not 0 <= bits <= (128 if family == 6 else 32):
        raise RenderError(f"'{prefix}' has an impossible prefix length", hint=_HINT)
    return family, value, bits
