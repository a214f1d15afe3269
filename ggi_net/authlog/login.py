"""A login: one attempt of one device to get on the network, put together from the lines of every hop."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from ggi_net.authlog.line import Hop, Line
from ggi_net.model.types import Record


class Outcome(StrEnum):
    """How an attempt ended."""

    ACCEPT = "accept"
    REJECT = "reject"
    UNFINISHED = "unfinished"
    """Nobody said yes or no: the device went away, a server was silent, or an answer was lost."""


class Login(Record, frozen=True, kw_only=True):
    """One attempt, or several equal ones right after each other.

    `id` is stable: 26 characters (Crockford's base 32) made of the day, and a keyed hash of device, time and
    operator; it tells nothing of the person and can be put in a link or a ticket. `begin` and `end` are of the first
    and the last line, in UTC, by the clock of the visited organisation where known. `attempts` is how many were
    folded into this one.

    `visited` and `home` are the gemeenten (slugs) where it happened and whose user it is; empty when the estate
    doesn't know the realm. `site` is the slug of the visited site. `cause` is an id of the catalogue; empty for a
    success, and when no rule matches: then the evidence speaks. `broken` is the hop at which it went wrong. `seen`
    are the hops whose log has a line of it, `missing` those whose log should have one and is not here. `lines` are
    the evidence, in the order of the story; empty in answers of a search over many logins.
    """

    id: str
    begin: datetime
    end: datetime
    outcome: Outcome
    attempts: int = 1
    outer: str = ""
    inner: str = ""
    realm: str = ""
    mac: str = ""
    ap: str = ""
    ssid: str = ""
    nas: str = ""
    operator: str = ""
    visited: str = ""
    home: str = ""
    site: str = ""
    cui: str = ""
    eap: str = ""
    tls: str = ""
    reason: str = ""
    cause: str = ""
    broken: Hop = Hop.UNKNOWN
    seen: tuple[Hop, ...] = ()
    missing: tuple[Hop, ...] = ()
    lines: tuple[Line, ...] = ()
