"""A day of logins, second by second."""

from __future__ import annotations

import heapq
import random
from typing import TYPE_CHECKING

from ggi_net.authlog.generate import mix
from ggi_net.authlog.generate.chain import Chain
from ggi_net.authlog.generate.files import Files
from ggi_net.authlog.generate.lines import Attempt
from ggi_net.authlog.generate.people import Person, person
from ggi_net.authlog.generate.rhythm import minutes
from ggi_net.authlog.generate.settings import write_settings
from ggi_net.authlog.generate.stamps import length, midnight, stamp
from ggi_net.authlog.generate.world import World
from ggi_net.errors import LogFolderInUse, Place, TooFewLogins
from ggi_net.model.types import Record

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date
    from pathlib import Path

FEWEST = 12
"""Gemeenten in a region: enough for all that happens on the day."""
TRUTH = "truth.csv"
_TRUTH = "login,attempt,time,outer,inner,mac,home,visited,nas,method,outcome,cause,incident"


class Summary(Record, frozen=True, kw_only=True):
    """What was made: `logins` that people began, `attempts` with all that devices tried again, and their logs."""

    logins: int
    attempts: int
    lines: int
    bytes: int
    files: int


def generate(
    folder: Path,
    day: date,
    logins: int,
    seed: int = 1,
    progress: Callable[[], object] = lambda: None,
    *,
    gemeenten: int = 0,
) -> Summary:
    """Write the logs of `day` (local time) into the empty or new `folder`: a folder per gemeente, one of the
    federation, the truth, and what `ggi logs` needs to know of them (`logs.yml`, `places.json`).

    `gemeenten` is how many there are: a region, in which few logins are dense; all by default. `progress` is called
    after each of the 1,440 minutes. Memory doesn't grow with `logins`. Equal arguments give equal files. Raises
    TooFewLogins, LogFolderInUse, FileError or DiskFull.
    """
    if logins < 1:
        raise TooFewLogins(f"{logins} logins are no day", hint="ask for one login or more")
    if 0 < gemeenten < FEWEST:
        raise TooFewLogins(f"{gemeenten} gemeenten are no region", hint=f"ask for {FEWEST} or more")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise LogFolderInUse("is there, and not an empty folder", place=Place(str(folder)))
    files = Files(folder)
    files.write(TRUTH, _TRUTH)
    world = World(logins, seed, gemeenten)
    made = _Day(world, files, day, seed)
    for minute, count in enumerate(minutes(logins, day.weekday())):
        made.minute(minute, count)
        progress()
    made.finish()
    files.close()
    write_settings(folder, world)
    return Summary(logins=logins, attempts=made.attempts, lines=files.lines, bytes=files.bytes, files=len(files))


class _Day:
    def __init__(self, world: World, files: Files, day: date, seed: int) -> None:
        self._world, self._files, self._seed = world, files, seed
        self._ordinal, self._begin = day.toordinal(), midnight(day)
        self._minute = length(day) / 1440
        self._chance = random.Random(seed ^ self._ordinal)  # noqa: S311  made-up logs, the same for the same seed
        self._fates = mix.Fates(mix.faults(), mix.incidents(world, self._chance))
        self._chain = Chain(files)
        self._again: list[tuple[int, int, int, int, Person]] = []
        self._logins = 0
        self.attempts = 0

    def minute(self, number: int, count: int) -> None:
        """Let `count` people log in, in the order of time, and devices go on between them."""
        chance = self._chance.random
        for offset in sorted(chance() for _ in range(count)):
            second = self._begin + int((number + offset) * self._minute)
            self._repeats(second)
            self._chain.until(second)
            self._logins += 1
            home = self._world.home(chance())
            who = person(self._world, home, int(chance() * home.people), self._seed, self._ordinal)
            self._try(self._logins, 1, second, who)

    def finish(self) -> None:
        """Let devices go on to the end of the day, and write the rest."""
        self._repeats(self._begin + int(self._minute * 1440))
        self._chain.finish()

    def _repeats(self, until: int) -> None:
        while self._again and self._again[0][0] <= until:
            second, _, login, number, who = heapq.heappop(self._again)
            self._chain.until(second)
            self._try(login, number, second, who)

    def _try(self, login: int, number: int, second: int, who: Person) -> None:
        self.attempts += 1
        fault, incident = self._fates.of(who, second - self._begin, self._chance.random())
        attempt = Attempt(who, fault, second, self.attempts)
        outcome = self._chain.run(attempt)
        fault = attempt.fault
        self._files.write(
            TRUTH,
            f"{login},{number},{stamp(second).iso},{attempt.outer},{who.inner},{who.mac},{who.home.slug},{who.visited.slug},"
            f"{attempt.nas},{who.method},{outcome},{mix.cause_of(fault, who)},{incident if fault else ''}",
        )
        if fault and outcome != "accept" and number <= fault.again.times:
            again = second + fault.again.after + int(self._chance.random() * 4)
            heapq.heappush(self._again, (again, self.attempts, login, number + 1, who))
