"""A line as the joining sees it: when it was, at which hop, of which device, in which row of equal lines."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from ggi_net.authlog.line import Hop, Kind, Line, Product

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ggi_net.authlog.places import Places

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MAC_DIGITS = 12
VENDOR_DIGITS = 6
_VENDOR_BEFORE_HASH = 9
"""radsecproxy can leave the vendor's part before the hash of a MAC, as `02-00-00-`: so many characters."""
_REMEMBERED = 10_000
_HEX = frozenset("0123456789abcdef")

PHASE = {
    Kind.REQUEST: 0, Kind.NOTICE: 1, Kind.INNER: 2, Kind.RESULT: 3, Kind.ACCOUNTING: 4, Kind.UNPARSED: 5,
}  # fmt: skip
"""The order in which lines of one attempt are written."""

ORDER = {
    Hop.DEVICE: 0, Hop.ACCESS_POINT: 1, Hop.VISITED: 2, Hop.FEDERATION: 3, Hop.HOME: 4, Hop.UNKNOWN: 5,
}  # fmt: skip
"""The hops on the way of a request."""

Track = tuple[str, str, Hop, Kind]
"""A row of equal lines: of one host, in one log, at one hop, of one kind."""
Device = tuple[str, ...]
"""(MAC), (host, hash of it), (host, identity, access point) or (); a device that logs itself is (host, log, "")."""

_PROXIED = ("home server says so", "home server failed to respond", "home server did not respond")
"""FreeRADIUS says of a request that it sent on (src/main/auth.c)."""


class Event(msgspec.Struct, gc=False, eq=False):
    """A line with what joining needs of it.

    `time` is when it was written, in seconds of 1970 by a clock that is right; `at` is the same for comparing: a time
    in whole seconds was on average half a second later. `track` is the row that it stands in: an attempt has one
    result in each. `device` is who it is about, empty when the line doesn't say; what stands there can be replaced.
    """

    line: Line
    time: float
    at: float
    hop: Hop
    operator: str
    device: Device
    track: Track

    @property
    def order(self) -> tuple[float, int, str, int]:
        """Events sorted by this are in the order in which they were written, as far as that is known."""
        return (self.at, PHASE[self.line.kind], self.line.source, self.line.offset)


class Reading:
    """Makes events of lines; `skew` is how many seconds the clock of each host is ahead."""

    def __init__(self, places: Places, skew: Mapping[str, float]) -> None:
        self._places = places
        self._skew = skew
        self._servers: dict[str, tuple[tuple[Hop, ...], str, str]] = {}
        self._operators: dict[str, str] = {"": ""}
        self._own: dict[str, str] = {}
        self._tracks: dict[Track, Track] = {}

    def event(self, line: Line) -> Event:
        """The event of a line."""
        time = (line.time - EPOCH).total_seconds()
        if self._skew:
            time -= self._skew.get(line.host, 0.0)
        server = self._servers.get(line.host)
        if server is None:
            server = self._servers[line.host] = self._server(line.host)
        hops, gemeente, own_operator = server
        hop = line.hop or self._hop(line, hops, gemeente)
        operator = self._operators.get(line.operator)
        if operator is None:
            operator = self._places.operator(line.operator)
            if len(self._operators) < _REMEMBERED:
                self._operators[line.operator] = operator
        if not operator and hop is Hop.VISITED:
            operator = own_operator
        track = (line.host, line.source, hop, line.kind)
        return Event(
            line,
            time,
            time if line.time.microsecond else time + 0.5,
            hop,
            operator,
            self._own_device(line) if hop is Hop.DEVICE else _device(line),
            self._tracks.setdefault(track, track),
        )

    def _own_device(self, line: Line) -> Device:
        """The device that logs itself: it says once which MAC it has."""
        if line.mac and len(self._own) < _REMEMBERED:
            self._own[line.source] = line.mac
        mac = line.mac or self._own.get(line.source, "")
        return (mac,) if len(mac) == MAC_DIGITS else _device(line)

    def _server(self, host: str) -> tuple[tuple[Hop, ...], str, str]:
        server = self._places.server(host)
        return server.hops, server.gemeente, self._places.operator_of(host)

    def _hop(self, line: Line, hops: tuple[Hop, ...], gemeente: str) -> Hop:
        """At which hop a line was written that doesn't say it itself."""
        if line.kind is Kind.INNER or line.product is Product.NPS:
            return Hop.HOME
        if line.product is Product.HOSTAPD:
            return Hop.ACCESS_POINT
        if line.product is Product.WPA_SUPPLICANT:
            return Hop.DEVICE
        if len(hops) == 1:
            return hops[0]
        if line.product is Product.RADSECPROXY and hops:
            # In front of our FreeRADIUS servers: it asks `home`, and `visited` asks it.
            return {"home": Hop.HOME}.get(line.server) or {"visited": Hop.VISITED}.get(line.client, Hop.UNKNOWN)
        if line.kind is Kind.RESULT and line.product is Product.FREERADIUS:
            if line.reason.lower().startswith(_PROXIED):
                return Hop.VISITED
            if hops:
                return self._either(line, gemeente)
        return Hop.UNKNOWN

    def _either(self, line: Line, gemeente: str) -> Hop:
        """The hop of a server that lets visitors in and answers for its own users: who asked it tells."""
        if self._places.spot(client=line.client, gemeente=gemeente).gemeente:
            return Hop.VISITED
        return Hop.HOME if self._places.home(line.realm) == gemeente else Hop.UNKNOWN


def _device(line: Line) -> Device:
    """Who a line is about: a MAC, a hash of it that one host knows, an identity that one host knows, or nobody."""
    mac = line.mac
    if len(mac) == MAC_DIGITS:
        return (mac,)
    if mac:
        return (line.host, mac)
    if identity := line.outer or line.inner:
        return (line.host, identity, line.nas or line.client)
    if line.product is Product.WPA_SUPPLICANT:
        return (line.host, line.source, "")
    return ()


def vendor(line: Line) -> str:
    """The vendor's part of a line's MAC, which may stand before a hash; empty where it is hashed, too."""
    mac = line.mac
    if len(mac) <= MAC_DIGITS:
        return mac[:VENDOR_DIGITS]
    end = line.raw.find(mac)
    part = line.raw[end - _VENDOR_BEFORE_HASH : end] if end >= _VENDOR_BEFORE_HASH else ""
    digits = part.lower().replace("-", "").replace(":", "").replace(".", "")
    return digits if len(digits) == VENDOR_DIGITS and _HEX.issuperset(digits) else ""
