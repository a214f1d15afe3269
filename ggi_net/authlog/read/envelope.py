"""What stands around a message: the daemon's own date, or the envelope that syslog put it in.

Sources: RFC 3164, 4.1 and RFC 5424, 6; the file forms that rsyslog (`RSYSLOG_TraditionalFileFormat`,
`RSYSLOG_FileFormat`), syslog-ng and OpenWrt's `logread` write; the priority stands only where a line was kept as it
came over the network or the socket.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from ggi_net.authlog.read.shape import CLASSES, MOST

if TYPE_CHECKING:
    from collections.abc import Iterable

_HOST = rf"(?P<host>[^ ]{{0,{MOST}}}[^ :])"
_TAG = r"(?P<program>[^ :\[\]]{1,128})(?:\[(?P<_pid>[^ \]]{0,32})\])?"
_DATA = r"(?:-|(?:\[[^\"\]]{1,200}(?:\"(?:[^\"\\]|\\.){0,2000}\"[^\"\]]{0,200}){0,50}\]){1,20})"

DAEMON = (
    ("freeradius", re.compile(rf"(?P<time>{CLASSES['ctime']}) : (?:[A-Za-z]{{1,20}}): (?P<message>.*)", re.DOTALL)),
    ("radsecproxy", re.compile(rf"(?P<time>{CLASSES['ctime']}): (?P<message>.*)", re.DOTALL)),
)
"""The dates that daemons write themselves, and who writes them so."""

_PRIORITY = r"(?:<(?P<_pri>[0-9]{1,3})>)?"
_TIME = rf"(?P<time>{CLASSES['rfc3164']}|{CLASSES['iso']})"
_MESSAGE = r"(?P<message>.*)"

SYSLOG = (
    re.compile(
        rf"<(?P<_pri>[0-9]{{1,3}})>1 (?P<time>-|{CLASSES['iso']}) (?P<host>[^ ]{{1,{MOST}}}) "
        r"(?P<program>[^ ]{1,128}) "
        rf"(?P<_pid>[^ ]{{1,128}}) (?P<_id>[^ ]{{1,64}}) {_DATA}(?: \ufeff?{_MESSAGE})?",
        re.DOTALL,
    ),
    re.compile(rf"{_PRIORITY}{_TIME} {_HOST} {_TAG}: {{0,8}}{_MESSAGE}", re.DOTALL),
    re.compile(rf"{_PRIORITY}{_TIME} {_TAG}: {{0,8}}{_MESSAGE}", re.DOTALL),
    re.compile(rf"(?P<time>{CLASSES['ctime']}) [a-z0-9]{{1,12}}\.[a-z]{{1,8}} {_TAG}: {{0,8}}{_MESSAGE}", re.DOTALL),
)


class Envelope(NamedTuple):
    """A message and what was around it. `at` is where in the line the message begins, `fields` where values of the
    line stand."""

    message: str
    at: int = 0
    time: str = ""
    host: str = ""
    program: str = ""
    fields: tuple[tuple[str, int, int], ...] = ()


def opened(text: str) -> Envelope:
    """Return the message in `text`, out of its envelope. In one of syslog, the daemon's own date may stand once
    more."""
    found = Envelope(text)
    if text[:1] == "<" or text[:1].isalnum():
        found = _first(SYSLOG, found)
        for program, pattern in DAEMON:
            if inner := pattern.fullmatch(text, found.at):
                return _filled(found, inner, found.program or program)
    return found


def _first(patterns: Iterable[re.Pattern[str]], bare: Envelope) -> Envelope:
    for pattern in patterns:
        if match := pattern.fullmatch(bare.message):
            return _filled(bare, match, match["program"])
    return bare


def _filled(outside: Envelope, match: re.Match[str], program: str) -> Envelope:
    """Return the envelope within `outside`; its time goes before that of `outside`, its host doesn't."""
    said = match.groupdict("")
    fields = [(name, *match.span(name)) for name in ("time", "host", "_pid") if said.get(name)]
    kept = [("_time" if name == "time" else name, start, end) for name, start, end in outside.fields]
    host = outside.host or said.get("host", "")
    return Envelope(
        said["message"],
        match.start("message") if match.start("message") >= 0 else match.end(),
        "" if said["time"] == "-" else said["time"],
        "" if host == "-" else host,
        "" if program == "-" else program,
        (*kept, *fields),
    )
