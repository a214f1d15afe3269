"""People and their devices: made of numbers, so that nobody has to be remembered."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ggi_net.authlog.generate.world import Town, World

_MASK = 0xFFFF_FFFF_FFFF_FFFF
_LETTERS = "abcdefghijklmnoprstvw"
_NAMES = (
    "jansen", "devries", "vandenberg", "bakker", "visser", "smit", "meijer", "deboer", "mulder", "degroot", "bos",
    "vos", "peters", "hendriks", "vanleeuwen", "dekker", "brouwer", "dewit", "dijkstra", "smits", "degraaf",
    "vandermeer", "kok", "jacobs", "vermeulen", "vandijk", "hoekstra", "kuipers", "verhoeven", "willems", "prins",
    "blom", "huisman", "peeters", "kuiper", "schouten", "vanveen", "postma", "elaydi", "yilmaz", "kaya", "demir",
    "pinas", "wong",
)  # fmt: skip
ROAMING_SHARE = 0.18
METHODS = (("PEAP", 0.68), ("TTLS", 0.88), ("TLS", 1.0))
"""EAP methods, with the share of people up to each."""


def scattered(*numbers: int) -> int:
    """64 bits that depend on every bit of the numbers (the mixing step of SplitMix64)."""
    mixed = 0x9E3779B97F4A7C15
    for number in numbers:
        mixed = (mixed ^ number) * 0xBF58476D1CE4E5B9 & _MASK
        mixed = (mixed ^ mixed >> 29) * 0x94D049BB133111EB & _MASK
        mixed ^= mixed >> 32
    return mixed


class Person(NamedTuple):
    """One person with one device on one day. `mac` as FreeRADIUS logs it; `fate` in [0, 1) decides on what is wrong
    with it.
    """

    home: Town
    visited: Town
    inner: str
    outer: str
    mac: str
    method: str
    site: int
    radio: int
    fate: float


def person(world: World, home: Town, number: int, seed: int, day: int) -> Person:
    """Person `number` of `home`, as of `day` (a proleptic Gregorian ordinal): today's place differs from
    yesterday's.
    """
    who = scattered(seed, home.number, number)
    today = scattered(who, day)
    name = f"{_LETTERS[who % 21]}.{_NAMES[(who >> 8) % 44]}{number // 7 or ''}"
    inner = f"{name}@{home.slug}.example"
    share = (who >> 16 & 0xFFFF) / 0x10000
    method = next(method for method, up_to in METHODS if share < up_to)
    if home.nps and method == "TTLS":
        method = "PEAP"  # NPS has no TTLS
    roams = (today & 0xFFFF) / 0x10000 < ROAMING_SHARE
    visited = world.visited(home, (today >> 16 & 0xFFFFF) / 0x100000) if roams else home
    device = f"{who & 0xFFFF_FFFF_FF:010X}"
    return Person(
        home=home,
        visited=visited,
        inner=inner,
        outer=inner if method == "TLS" else f"anonymous@{home.slug}.example",
        mac=f"02-{device[0:2]}-{device[2:4]}-{device[4:6]}-{device[6:8]}-{device[8:10]}",
        method=method,
        site=1 + (today >> 40) % visited.sites,
        radio=1 + (today >> 48) % 8,
        fate=(scattered(who, 7) & 0xFFFFFF) / 0x1000000,
    )
