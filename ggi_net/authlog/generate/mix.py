"""What goes wrong, as data (`mix.yml`), and the incidents of the day, which many people feel."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from ggi_net.model.types import Record
from ggi_net.source.yamlfile import load

if TYPE_CHECKING:
    import random

    from ggi_net.authlog.generate.people import Person
    from ggi_net.authlog.generate.world import World

_MIX = Path(__file__).with_name("mix.yml")


class Again(Record, frozen=True):
    """How a device goes on by itself: `times` more, `after` so many seconds each."""

    times: int = 0
    after: int = 10


class Fault(Record, frozen=True, kw_only=True):
    """One thing that can be wrong; see `mix.yml`. A device that has none logs in."""

    cause: str
    share: float = 0.0
    where: Literal["visited", "federation", "inner", "outer", "silent", "gone"]
    methods: tuple[str, ...] = ()
    inner: dict[str, str] = msgspec.field(default_factory=dict)
    outer: dict[str, str] = msgspec.field(default_factory=dict)
    nps: int = 0
    nps_cause: str = ""
    user: str = ""
    refusal: tuple[str, str] = ("", "")
    again: Again = Again()


GONE = Fault(cause="device-stopped-halfway", where="gone")
"""The device went away, or never answered: nobody says why."""
GONE_SEEN = "signal-lost"
"""What an access point whose log is kept says of it."""
GONE_SHARE = 0.015
SILENT = Fault(cause="home-silent", where="silent", again=Again(times=2, after=35))
DISTRUST = Fault(
    cause="device-distrusts-server",
    where="outer",
    outer={
        "PEAP": "eap_peap: (TLS) Alert read:fatal:unknown CA",
        "TTLS": "eap_ttls: (TLS) Alert read:fatal:unknown CA",
        "TLS": "eap_tls: (TLS) Alert read:fatal:unknown CA",
    },
    again=Again(times=2, after=30),
)


def faults() -> tuple[Fault, ...]:
    """What `mix.yml` has."""
    return load(_MIX, tuple[Fault, ...])


def cause_of(fault: Fault | None, who: Person) -> str:
    """The id that the catalogue has for it, as far as the products on its way can tell; empty for none."""
    if fault is None:
        return ""
    if fault is GONE and who.visited.hostapd:
        return GONE_SEEN
    return fault.nps_cause if who.home.nps and fault.nps_cause else fault.cause


class Incident(Record, frozen=True, kw_only=True):
    """Something that many people of one home feel, from second `begin` of the day to `end`; `share` of their
    devices.
    """

    name: str
    home: int
    begin: int
    end: int
    share: float
    fault: Fault


def incidents(world: World, chance: random.Random) -> tuple[Incident, ...]:
    """Two of the day: a home server is silent in the morning, and another one got a certificate that devices don't
    know.
    """
    large = sorted((town for town in world.towns if not town.nps), key=lambda town: -town.weight)[:20]
    silent, renewed = (town.number for town in chance.sample(large, 2))
    return (
        Incident(name="home server down", home=silent, begin=36_000, end=37_800, share=1.0, fault=SILENT),
        Incident(name="new certificate", home=renewed, begin=32_400, end=86_400, share=0.6, fault=DISTRUST),
    )


class Fates:
    """Who has which fault."""

    def __init__(self, known: tuple[Fault, ...], today: tuple[Incident, ...]) -> None:
        self._known = known
        self._today = {incident.home: incident for incident in today}

    def of(self, who: Person, second: int, passing: float) -> tuple[Fault | None, str]:
        """What befalls a device at a second of the day, and by which incident; `passing` in [0, 1) decides on what
        comes and goes.
        """
        low = 0.0
        for fault in self._known:
            low += fault.share
            if who.fate < low:
                if who.method in fault.methods and (
                    fault.nps or not who.home.nps or fault.where in ("visited", "federation")
                ):
                    return fault, ""
                break
        incident = self._today.get(who.home.number)
        if incident and incident.begin <= second < incident.end and (who.fate * 1009) % 1 < incident.share:
            return incident.fault, incident.name
        return (GONE, "") if passing < GONE_SHARE else (None, "")
