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
    where: Literal["visited", "federation", "inner", "outer", "silent", "cut", "gone"]
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
CUT = Fault(cause="no-answer", where="cut", again=Again(times=2, after=35))
"""Nothing reaches the federation, nor comes from it."""
LOST = Fault(cause=GONE.cause, where="gone", again=Again(times=1, after=45))
"""Large messages get lost between an access point and its server: no conversation comes to its end."""
NO_DIRECTORY = Fault(
    cause="directory-unreachable",
    where="inner",
    methods=("PEAP", "TTLS"),
    inner={
        "PEAP": "mschap: No logon servers",
        "TTLS": "ldap: Bind with uid=user,dc=example to ldaps://dc1.example:636 failed: Can't contact LDAP server",
    },
    outer={
        "PEAP": "eap_peap: The users session was previously rejected: returning reject (again.)",
        "TTLS": "eap: Failed continuing EAP TTLS (21) session.  EAP sub-module failed",
    },
    nps=5,
    again=Again(times=2, after=25),
)


def faults() -> tuple[Fault, ...]:
    """What `mix.yml` has."""
    return load(_MIX, tuple[Fault, ...])


def cause_of(fault: Fault | None, who: Person) -> str:
    """The id that the catalogue has for it, as far as the products on its way can tell; empty for none."""
    if fault is None:
        return ""
    if fault.where == "gone" and who.visited.hostapd:
        return GONE_SEEN
    return fault.nps_cause if who.home.nps and fault.nps_cause else fault.cause


class Incident(Record, frozen=True, kw_only=True):
    """Something that many people feel, from second `begin` of the day to `end`; `share` of their devices.

    They are those of the gemeente `home`, or those at one `place`: the number of a gemeente, of its site, and of the
    site's access point (0: all); everybody when neither is given.
    """

    name: str
    begin: int
    end: int
    share: float = 1.0
    fault: Fault
    home: int | None = None
    place: tuple[int, int, int] | None = None

    def hits(self, who: Person, second: int) -> bool:
        """Whether it befalls a device at a second of the day."""
        if not self.begin <= second < self.end or (self.home is not None and who.home.number != self.home):
            return False
        if self.place and self.place not in (
            (who.visited.number, who.site, 0),
            (who.visited.number, who.site, who.radio),
        ):
            return False
        return (not self.fault.methods or who.method in self.fault.methods) and (who.fate * 1009) % 1 < self.share


def incidents(world: World, chance: random.Random) -> tuple[Incident, ...]:
    """Those of the day, in large gemeenten: of three homes, a site, an access point; once, of the whole federation."""
    by_size = sorted(world.towns, key=lambda town: -town.weight)
    freeradius = [town for town in by_size if not town.nps]
    large = max(1, len(by_size) // 50)
    renewed = chance.choice(freeradius[:large]).number
    others = [town.number for town in by_size if town.number != renewed]
    silent, alone, site, radio = chance.sample(others[: 4 * large], 4)
    return (
        Incident(name="federation unreachable", begin=52_200, end=54_000, fault=CUT),
        Incident(name="home server unreachable", home=silent, begin=32_400, end=39_600, fault=SILENT),
        Incident(name="new certificate", home=renewed, begin=32_400, end=86_400, share=0.8, fault=DISTRUST),
        Incident(name="directory down", home=alone, begin=45_000, end=50_400, fault=NO_DIRECTORY),
        Incident(name="site loses messages", place=(site, 1, 0), begin=30_000, end=36_000, fault=LOST),
        Incident(name="access point loses messages", place=(radio, 1, 1), begin=28_800, end=43_200, fault=LOST),
    )


class Fates:
    """Who has which fault."""

    def __init__(self, known: tuple[Fault, ...], today: tuple[Incident, ...]) -> None:
        self._known = known
        self._today = today

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
        for incident in self._today:
            if incident.hits(who, second):
                return incident.fault, incident.name
        return (GONE, "") if passing < GONE_SHARE else (None, "")
