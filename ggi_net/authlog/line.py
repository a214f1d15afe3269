"""What one log line says. Every format is read into this one record, and into columns of the same names.

Every text in it is hostile: a device that is not logged in yet chose the user name.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from ggi_net.model.types import Record


class Product(StrEnum):
    """The daemon that wrote a line; empty when nobody knows."""

    UNKNOWN = ""
    FREERADIUS = "freeradius"
    RADSECPROXY = "radsecproxy"
    FTICKS = "fticks"
    NPS = "nps"
    HOSTAPD = "hostapd"
    WPA_SUPPLICANT = "wpa_supplicant"


class Kind(StrEnum):
    """What a line is about."""

    REQUEST = "request"
    """A conversation begins: the first Access-Request of an attempt."""
    RESULT = "result"
    """A server's answer for the outer identity, as it passed that server."""
    INNER = "inner"
    """The home server's answer for the inner identity; the reason stands here."""
    NOTICE = "notice"
    """What a daemon has to say of an attempt or of itself, such as a TLS alert or a server that is silent."""
    ACCOUNTING = "accounting"
    """A session began, goes on or ended, with the visitor's address."""
    UNPARSED = "unparsed"
    """No format knows the line; it is kept and counted."""


class Hop(StrEnum):
    """Where in the chain of an attempt a line was written (RFC 7593); empty when the line doesn't tell."""

    UNKNOWN = ""
    DEVICE = "device"
    ACCESS_POINT = "access_point"
    VISITED = "visited"
    FEDERATION = "federation"
    HOME = "home"


class Result(StrEnum):
    """What a server answered; empty when the line is no answer."""

    NONE = ""
    ACCEPT = "accept"
    REJECT = "reject"


class Line(Record, frozen=True, kw_only=True):
    """One line, or one record of a format whose records span lines. An empty text: the line doesn't say.

    `time` is when it was written, in UTC. `source` is the log it was read from and `offset` the byte in it at which
    the line begins; `raw` is the line as it stood, without its end; when it is not valid UTF-8, its bytes read as
    Latin-1, and `latin1` is set. `host` is the server that wrote it.

    `outer` and `inner` are the identities as written, `realm` the part of `outer` behind the last @ in lower case.
    `mac` (the device) and `ap` (the radio) are 12 hexadecimal digits in lower case; where the log has only a hash of
    it, as F-Ticks do, `mac` is the 64 digits of that or, without the vendor's part, 54. `operator` is the realm of
    the visited organisation, without the leading 1 of RFC 5580. `client` and `server` are the neighbours that the
    server names: who asked it, whom it asked. `session` is the daemon's own number of the conversation, unique in one
    run of it. `reason` is what the server says of a failure, `code` its number where the product has numbers (NPS).
    Neither ever holds a word that came from the user name: causes are found in them. `address` is the visitor's, from
    accounting.
    """

    time: datetime
    product: Product = Product.UNKNOWN
    kind: Kind = Kind.UNPARSED
    hop: Hop = Hop.UNKNOWN
    result: Result = Result.NONE
    host: str = ""
    outer: str = ""
    inner: str = ""
    realm: str = ""
    mac: str = ""
    ap: str = ""
    ssid: str = ""
    nas: str = ""
    operator: str = ""
    client: str = ""
    server: str = ""
    cui: str = ""
    state: str = ""
    session: str = ""
    eap: str = ""
    tls: str = ""
    vlan: str = ""
    address: str = ""
    reason: str = ""
    code: str = ""
    source: str = ""
    offset: int = 0
    raw: str = ""
    latin1: bool = False


TEXT_COLUMNS = (
    "product", "kind", "hop", "result", "host", "outer", "inner", "realm", "mac", "ap", "ssid", "nas", "operator",
    "client", "server", "cui", "state", "session", "eap", "tls", "vlan", "address", "reason", "code", "source", "raw",
)  # fmt: skip
"""The columns of a table of lines that hold text. With `time` (TIMESTAMP in UTC, microseconds), `offset` (BIGINT) and
`latin1` (BOOLEAN) they are all columns, in the order of the record."""

REPEATED = frozenset(TEXT_COLUMNS) - {"raw", "outer", "inner", "mac", "session", "cui", "state"}
"""The columns of text in which few values come again and again. To look for repetitions in the others would take as
long as all the rest."""
