"""The organisations: where they are, how many people they have, and which servers they run."""

from __future__ import annotations

import csv
import io
import math
import random
from bisect import bisect
from collections import Counter
from itertools import accumulate
from typing import NamedTuple

from ggi_net.files import read_bytes
from ggi_net.paths import reference_folder
from ggi_net.source.gemeenten import LIST, slug_of

ROAMING_KM = 15.0
"""How far visitors come from: at this distance, a third of those who come from next door."""
NPS_SHARE = 0.3
HOSTAPD_SHARE = 0.15
LOGINS_PER_PERSON = 4
"""On a day, for all devices and all that they do again."""


class Town(NamedTuple):
    """A gemeente. `people` have an account there, `sites` are numbered from 1, each with `RADIOS` access points.

    `nps`: its home server is Microsoft's. `hostapd`: its access points' log is kept. `skew` is how far the clock of
    its servers is off, in seconds.
    """

    number: int
    name: str
    slug: str
    x: float
    y: float
    weight: float
    people: int
    sites: int
    nps: bool
    hostapd: bool
    skew: int


RADIOS = 8


class World:
    """All gemeenten, and who goes where."""

    def __init__(self, logins: int, seed: int, gemeenten: int = 0) -> None:
        """Make a world for `logins` a day: of all gemeenten, or of so many around the one with most people.

        Raises FileError when the list of gemeenten can't be read.
        """
        chance = random.Random(seed)  # noqa: S311  a made-up world, the same for the same seed
        rows = list(csv.DictReader(io.StringIO(read_bytes(reference_folder() / LIST).decode())))
        weights = [chance.lognormvariate(0, 0.9) for _ in rows]
        often = Counter(slug_of(row["name"]) for row in rows)
        towns = [
            Town(
                number=index,
                name=row["name"],
                slug=_slug(row, often),
                x=float(row["lon"]) * 111.32 * math.cos(math.radians(52.2)),
                y=float(row["lat"]) * 111.32,
                weight=weight,
                people=0,
                sites=1 + min(7, int(weight * 1.5)),
                nps=chance.random() < NPS_SHARE,
                hostapd=chance.random() < HOSTAPD_SHARE,
                skew=round(chance.gauss(0, 0.8)),
            )
            for index, (row, weight) in enumerate(zip(rows, weights, strict=True))
        ]
        towns = _around_largest(towns, gemeenten or len(towns))
        total = sum(town.weight for town in towns)
        self.towns = [
            town._replace(number=number, people=max(3, round(logins * town.weight / total / LOGINS_PER_PERSON)))
            for number, town in enumerate(towns)
        ]
        self._homes = list(accumulate(town.weight for town in self.towns))
        self._visits = [self._neighbours(town) for town in self.towns]

    def home(self, share: float) -> Town:
        """The gemeente whose person logs in, for a number in [0, 1)."""
        return self.towns[bisect(self._homes, share * self._homes[-1], hi=len(self._homes) - 1)]

    def visited(self, home: Town, share: float) -> Town:
        """Where somebody of `home` goes who goes elsewhere, for a number in [0, 1): rather near, rather to a large
        one.
        """
        reach = self._visits[home.number]
        return self.towns[bisect(reach, share * reach[-1], hi=len(reach) - 1)]

    def _neighbours(self, home: Town) -> list[float]:
        return list(
            accumulate(
                0.0
                if town is home
                else town.weight * math.exp(-math.hypot(town.x - home.x, town.y - home.y) / ROAMING_KM)
                for town in self.towns
            )
        )


def _around_largest(towns: list[Town], count: int) -> list[Town]:
    largest = max(towns, key=lambda town: town.weight)
    near = sorted(towns, key=lambda town: math.hypot(town.x - largest.x, town.y - largest.y))[:count]
    return sorted(near, key=lambda town: town.number)


def _slug(row: dict[str, str], often: Counter[str]) -> str:
    """The slug of a gemeente's name; with the province where two have the same name (Bergen)."""
    slug = slug_of(row["name"])
    return slug if often[slug] == 1 else f"{slug}-{slug_of(row['province'])}"
