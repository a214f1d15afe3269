"""Lines of logins with a known truth, as the daemons of a federation write them: for tests of putting them together."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import msgspec

from ggi_net.authlog.line import Hop, Kind, Line, Product, Result
from ggi_net.authlog.places import Places, Server, Spot

NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
GEMEENTEN = ("almelo", "borne", "deventer", "enschede", "hengelo", "losser")
WRONG_PASSWORD = "mschap: MS-CHAP2-Response is incorrect"
KEY = b"0123456789abcdef"

PLACES = Places(
    names={slug: slug.title() for slug in GEMEENTEN},
    sites={f"{slug}/stadhuis": f"Stadhuis {slug.title()}" for slug in GEMEENTEN},
    realms={f"{slug}.example": slug for slug in GEMEENTEN},
    operators={f"{slug}.example": slug for slug in GEMEENTEN},
    servers={f"sp-{slug}": Server(gemeente=slug, hops=(Hop.VISITED,)) for slug in GEMEENTEN}
    | {f"idp-{slug}": Server(gemeente=slug, hops=(Hop.HOME,)) for slug in GEMEENTEN}
    | {"flr1": Server(gemeente="federation", hops=(Hop.FEDERATION,))},
    nas={f"ap-{n}.{slug}.example": Spot(gemeente=slug, site="stadhuis") for slug in GEMEENTEN for n in (1, 2)},
)


@dataclass
class Try:
    """One attempt as it was. `at` is when the device asked; the answer comes `seconds` later."""

    mac: str
    user: str
    realm: str
    operator: str
    at: datetime
    result: Result = Result.ACCEPT
    reason: str = ""
    ap: str = "02aabbccdd01"
    seconds: float = 0.2
    lines: list[Line] = field(default_factory=list)

    @property
    def outer(self) -> str:
        return f"anonymous@{self.realm}.example"


def hashed(mac: str, host: str) -> str:
    """As radsecproxy hashes a MAC with a key, behind the vendor's part."""
    return hashlib.sha256(f"{host}{mac}".encode()).hexdigest()[:54]


class Writer:
    """Writes what every hop logs of an attempt. `clocks`: how many seconds a host is ahead."""

    def __init__(self, clocks: dict[str, float] | None = None) -> None:
        self.clocks = clocks or {}
        self.offsets: dict[str, int] = {}
        self.numbers: dict[str, int] = {}

    def write(self, attempt: Try) -> list[Line]:
        """All lines of an attempt, which remembers them."""
        visited, home, end = (
            f"sp-{attempt.operator}",
            f"idp-{attempt.realm}",
            attempt.at + timedelta(seconds=attempt.seconds),
        )
        operator, outer = f"{attempt.operator}.example", attempt.outer
        common = {"outer": outer, "realm": f"{attempt.realm}.example", "mac": attempt.mac}
        where = {"ap": attempt.ap, "ssid": "govroam", "nas": f"ap-1.{operator}"}
        answer = {"kind": Kind.RESULT, "result": attempt.result}
        free = {"product": Product.FREERADIUS}
        json = free | common | where | {"operator": operator}
        step = timedelta(milliseconds=4)
        roaming = attempt.operator != attempt.realm
        self._line(attempt, visited, "json", attempt.at, hop=Hop.VISITED, kind=Kind.REQUEST, **json)
        self._line(attempt, home, "json", attempt.at + step, hop=Hop.HOME, kind=Kind.REQUEST, **json)
        number = self.numbers[home] = self.numbers.get(home, 0) + 7
        inner = {"inner": f"{attempt.user}@{attempt.realm}.example"}
        said = inner | {"kind": Kind.INNER, "result": attempt.result, "reason": attempt.reason}
        self._line(attempt, home, "json", end - 4 * step, hop=Hop.HOME, **json | said)
        self._line(
            attempt, home, "log", _whole(end - 4 * step), hop=Hop.HOME, session=str(number - 1),
            **free | said | {"mac": attempt.mac},
        )  # fmt: skip
        self._line(attempt, home, "log", _whole(end - 3 * step), session=str(number), **free | common | answer)
        reason = {"reason": attempt.reason} if attempt.reason else {}
        self._line(attempt, home, "json", end - 3 * step, hop=Hop.HOME, eap="PEAP", **json | inner | answer | reason)
        if roaming:
            said = {"product": Product.RADSECPROXY, "outer": "@" + common["realm"], "realm": common["realm"]}
            self._hashed(
                attempt, "flr1", end - 2 * step, said | answer | {"operator": operator, "client": attempt.operator}
            )
            said = {"product": Product.FTICKS, "realm": common["realm"]}
            self._hashed(attempt, "flr1", end - 2 * step, said | answer | {"operator": operator})
        passed = {"reason": "refused by the home organisation"} if attempt.result is Result.REJECT else {}
        self._line(attempt, visited, "json", end, hop=Hop.VISITED, **json | answer | passed)
        return attempt.lines

    def _hashed(self, attempt: Try, host: str, time: datetime, said: dict[str, str]) -> None:
        product = said["product"]
        mac = hashed(attempt.mac, f"{host}{product}")
        vendor = "-".join(attempt.mac[at : at + 2] for at in (0, 2, 4))
        self._line(
            attempt,
            host,
            str(product),
            _whole(time),
            hop=Hop.FEDERATION,
            mac=mac,
            raw=f"stationid {vendor}-{mac} {time}",
            **said,
        )

    def _line(
        self, attempt: Try, host: str, log: str, time: datetime, **said: str | Hop | Kind | Result | Product
    ) -> None:
        source = f"{host}.{log}"
        offset = self.offsets[source] = self.offsets.get(source, 0) + 100
        written = time + timedelta(seconds=self.clocks.get(host, 0.0))
        said.setdefault("raw", f"{source} {offset}")
        attempt.lines.append(Line(time=written, host=host, source=source, offset=offset, **said))


def _whole(time: datetime) -> datetime:
    return time.replace(microsecond=0)


def federation(number: int, seed: int, *, minutes: float = 60.0) -> list[Try]:
    """Attempts of many devices: roaming, retries every 3 seconds, two devices of one user at the same millisecond."""
    chance = random.Random(seed)
    tries: list[Try] = []
    while len(tries) < number:
        realm, operator = chance.choice(GEMEENTEN), chance.choice(GEMEENTEN)
        mac = f"{chance.choice(('a4c361', '3c22fb', 'dcb54f', '02f1aa'))}{chance.randrange(1 << 24):06x}"
        at = NOON + timedelta(milliseconds=chance.randrange(int(minutes * 60_000)))
        user = f"user{chance.randrange(400)}"
        bad = chance.random() < 0.25
        result, reason = (Result.REJECT, WRONG_PASSWORD) if bad else (Result.ACCEPT, "")
        one = Try(mac, user, realm, operator, at, result, reason, seconds=chance.choice((0.05, 0.2, 0.9, 2.5)))
        tries.append(one)
        kind = chance.random()
        if bad and kind < 0.3:
            tries += [
                Try(mac, user, realm, operator, at + timedelta(seconds=3 * n), result, reason, seconds=one.seconds)
                for n in range(1, chance.randrange(3, 20))
            ]
        elif kind < 0.1:
            tries.append(
                Try(
                    f"{mac[:6]}{chance.randrange(1 << 24):06x}",
                    user,
                    realm,
                    operator,
                    at,
                    result,
                    reason,
                    seconds=one.seconds,
                )
            )
        elif kind < 0.15:
            other = chance.choice([slug for slug in GEMEENTEN if slug != operator])
            tries += [
                Try(
                    mac,
                    user,
                    realm,
                    (operator, other)[n % 2],
                    at + timedelta(seconds=4 * n),
                    result,
                    reason,
                    "02aabbccdd02",
                    one.seconds,
                )
                for n in range(1, 6)
            ]
    return sorted(tries, key=lambda one: one.at)


def written(tries: list[Try], clocks: dict[str, float] | None = None) -> list[Line]:
    """All lines of attempts, in the order in which they began."""
    writer = Writer(clocks)
    return [line for one in tries for line in writer.write(one)]


def copied(line: Line, server: str) -> Line:
    """The line as another log server has it: its own header, another place, whole seconds."""
    return msgspec.structs.replace(
        line, source=f"{server}/{line.source}", offset=line.offset * 3, raw=f"<13>{line.raw}", time=_whole(line.time)
    )
