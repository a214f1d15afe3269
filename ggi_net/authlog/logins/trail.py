"""How far an attempt came: which logs tell of it, which should, and at which hop it went wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ggi_net.authlog.line import Hop, Kind, Result
from ggi_net.authlog.login import Outcome
from ggi_net.model.types import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ggi_net.authlog.line import Line

CHAIN = (Hop.DEVICE, Hop.ACCESS_POINT, Hop.VISITED, Hop.FEDERATION, Hop.HOME)
"""The hops on the way of a request."""

SILENT = (
    "missing response", "no response from", "no answer", "did not respond", "failed to respond", "lack of any response",
)  # fmt: skip
"""What servers say of the next one when it is silent: radsecproxy, hostapd, our own FreeRADIUS policy, FreeRADIUS."""
_SILENT_CODES = ("no-answer", "117", "118")
"""The same as our policy's word and as NPS reason codes (the remote RADIUS server did not respond, or not in time)."""
_REFUSED_HERE = ("rejected: ", "refused, ")
"""How FreeRADIUS's own filters (policy.d/filter) and ours begin what they say of a request that went no further."""
_DEVICE_REFUSES = ("alert read", "eap-tls-cert-error", "certificate verification failed")
"""That the device refuses the server: a TLS alert that the home server read, or what wpa_supplicant says."""
SELF = "_self_"
"""radsecproxy's name for itself where another one is named as the server that answered."""


class Trail(Record, frozen=True, kw_only=True):
    """`seen` and `missing` are in the order of the way, `broken` is empty where it went well or nobody can tell."""

    seen: tuple[Hop, ...] = ()
    missing: tuple[Hop, ...] = ()
    broken: Hop = Hop.UNKNOWN


def trail(lines: Sequence[tuple[Hop, Line]], outcome: Outcome, *, roaming: bool) -> Trail:
    """The trail of an attempt whose lines were written at those hops; `roaming`: not at the user's own organisation."""
    seen = tuple(hop for hop in CHAIN if any(at is hop for at, _ in lines))
    if outcome is Outcome.ACCEPT:
        return Trail(seen=seen, missing=_lacking(seen, [Hop.VISITED, *_beyond(roaming), Hop.HOME]))
    broken = _broken(lines, seen, outcome, roaming=roaming)
    return Trail(seen=seen, missing=_lacking(seen, _expected(lines, seen, outcome, roaming=roaming)), broken=broken)


def is_roaming(visited: str, home: str, operator: str, realm: str) -> bool:
    """Whether the user was at another organisation than the own one."""
    if visited and home:
        return visited != home
    return not (operator and (realm == operator or realm.endswith("." + operator)))


def _device_refuses(line: Line) -> bool:
    return any(words in line.reason.lower() for words in _DEVICE_REFUSES)


def is_silence(line: Line) -> bool:
    """Whether a server says that the next one is silent."""
    return line.code in _SILENT_CODES or any(words in line.reason.lower() for words in SILENT)


def refuses_itself(line: Line) -> bool:
    """Whether a server that could have asked further refused by itself."""
    if line.result is not Result.REJECT or is_silence(line):
        return False
    return line.server == SELF or bool(line.code) or line.reason.lower().startswith(_REFUSED_HERE)


def _beyond(roaming: bool) -> list[Hop]:
    return [Hop.FEDERATION] if roaming else []


def _lacking(seen: tuple[Hop, ...], expected: Iterable[Hop]) -> tuple[Hop, ...]:
    return tuple(hop for hop in expected if hop not in seen)


def _expected(
    lines: Sequence[tuple[Hop, Line]], seen: tuple[Hop, ...], outcome: Outcome, *, roaming: bool
) -> list[Hop]:
    """The hops that surely had the attempt, and log what they have."""
    further = [hop for hop in (Hop.FEDERATION, Hop.HOME) if hop in seen]
    if any(hop is Hop.VISITED and (refuses_itself(line) or is_silence(line)) for hop, line in lines):
        return [Hop.VISITED]
    if outcome is Outcome.UNFINISHED:
        return [Hop.VISITED] if further else []
    if any(hop is Hop.FEDERATION and (refuses_itself(line) or is_silence(line)) for hop, line in lines):
        return [Hop.VISITED, Hop.FEDERATION]
    return [Hop.VISITED, *_beyond(roaming), Hop.HOME]


def _broken(lines: Sequence[tuple[Hop, Line]], seen: tuple[Hop, ...], outcome: Outcome, *, roaming: bool) -> Hop:
    """The hop that refused or was silent, by what the one that is furthest on the way says."""
    answers = {hop: line for hop, line in lines if line.kind is Kind.RESULT}
    at_home = [line for hop, line in lines if hop is Hop.HOME and line.kind in (Kind.RESULT, Kind.INNER)]
    if any(_device_refuses(line) for hop, line in lines if hop in (Hop.DEVICE, Hop.HOME)):
        return Hop.DEVICE
    if any(line.result is Result.REJECT for line in at_home):
        return Hop.HOME
    silence = [hop for hop, line in lines if is_silence(line)]
    if silence and not at_home:
        return (
            _next(max(silence, key=CHAIN.index), roaming=roaming) if all(h in CHAIN for h in silence) else Hop.UNKNOWN
        )
    for hop in (Hop.FEDERATION, Hop.VISITED):
        line = answers.get(hop)
        if line is None or line.result is not Result.REJECT:
            continue
        if refuses_itself(line):
            return hop
        if at_home:
            return hop if hop is Hop.FEDERATION or Hop.FEDERATION in seen or not roaming else Hop.UNKNOWN
        return Hop.HOME if hop is Hop.FEDERATION or not roaming else Hop.UNKNOWN
    return Hop.UNKNOWN


def _next(hop: Hop, *, roaming: bool) -> Hop:
    """The hop that a server asks."""
    if hop is Hop.VISITED:
        return Hop.FEDERATION if roaming else Hop.HOME
    return CHAIN[min(CHAIN.index(hop) + 1, len(CHAIN) - 1)]
