"""What one record says: the reference that every line is read by, or as if by."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from ggi_net.authlog.line import Hop, Kind
from ggi_net.authlog.read import values
from ggi_net.authlog.read.envelope import Envelope, opened
from ggi_net.authlog.read.formats import FORMATS

if TYPE_CHECKING:
    import re

    from ggi_net.authlog.read.format import Format, Said
    from ggi_net.authlog.read.shape import Shape
    from ggi_net.authlog.read.source import Source

COLUMNS = (
    "product", "kind", "hop", "result", "host", "outer", "inner", "realm", "mac", "ap", "ssid", "nas", "operator",
    "client", "server", "cui", "state", "session", "eap", "tls", "vlan", "address", "reason", "code",
)  # fmt: skip
"""The columns that a record fills; with source, offset, raw, latin1 and time they are a line."""
_AS_SAID = (
    "outer",
    "inner",
    "nas",
    "client",
    "server",
    "cui",
    "state",
    "session",
    "eap",
    "tls",
    "vlan",
    "address",
    "reason",
    "code",
)


class Found(NamedTuple):
    """What was found in a text: the columns, its time as written, and by what it was read."""

    columns: dict[str, str]
    time: str = ""
    format: Format | None = None
    envelope: Envelope | None = None
    shape: Shape | None = None
    match: re.Match[str] | None = None


@lru_cache(maxsize=1024)
def _ordered(program: str) -> tuple[tuple[Format, ...], Format | None]:
    """Return the formats by which a message of `program` may be written, and the one that is this program's."""
    own = next((known for known in FORMATS if any(name in program for name in known.programs)), None)
    others = tuple(known for known in FORMATS if known is not own and not (program and known.programs))
    return (own, *others) if own else others, own


def found_in(text: str, about: Source) -> Found:
    """Return what a line says."""
    envelope = opened(text)
    formats, own = _ordered(envelope.program)
    for known in formats:
        for shape in known.shapes:
            if match := shape.match(envelope.message):
                said = known.refine({**shape.says, **match.groupdict("")})
                return Found(
                    columns(said, known, envelope, about),
                    said.get("time") or envelope.time,
                    known,
                    envelope,
                    shape,
                    match,
                )
    for known in formats:
        if known.parse and (parsed := known.parse(envelope.message)) is not None:
            return Found(columns(parsed, known, envelope, about), parsed.get("time") or envelope.time, known, envelope)
    if own and own.notice and envelope.message.strip():
        said = own.notice(envelope.message)
        return Found(columns(said, own, envelope, about), said.get("time") or envelope.time, own, envelope)
    return Found(unparsed(about, envelope.host), envelope.time, None, envelope)


def found_in_record(text: str, known: Format, about: Source) -> Found:
    """Return what a record of a format says whose records span lines."""
    said = known.parse(text) if known.parse else None
    if said is None:
        return Found(unparsed(about), "", known)
    return Found(columns(said, known, Envelope(text), about), said.get("time", ""), known)


def unparsed(about: Source, host: str = "") -> dict[str, str]:
    """Return the columns of what nothing reads."""
    host = host or about.host
    return {**dict.fromkeys(COLUMNS, ""), "kind": Kind.UNPARSED, "host": host, "hop": about.hops.get(host, about.hop)}


def columns(said: Said, known: Format, envelope: Envelope, about: Source) -> dict[str, str]:
    """Return the columns of a line made of what a format found, each in its form."""
    get = said.get
    made = dict.fromkeys(COLUMNS, "")
    for name in _AS_SAID:
        if value := get(name):
            made[name] = value
    host = get("host") or envelope.host or about.host
    made["product"] = known.product
    made["host"] = host
    made["kind"] = get("kind") or Kind.NOTICE
    made["hop"] = get("hop") or about.hops.get(host, about.hop) or Hop.UNKNOWN
    made["result"] = get("result", "")
    made["realm"] = realm.lower() if (realm := get("realm")) else values.realm(made["outer"])
    if mac := get("mac"):
        made["mac"] = values.mac(mac)
    if called := get("called"):
        made["ap"], made["ssid"] = values.station(called)
    if operator := get("operator"):
        made["operator"] = values.operator(operator)
    return made
