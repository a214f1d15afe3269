"""What is known of a log before its first line is read."""

from __future__ import annotations

from datetime import datetime

import msgspec

from ggi_net.authlog.line import Hop
from ggi_net.model.types import Record


class Source(Record, frozen=True, kw_only=True):
    """A log: where it is from, and what its lines leave out.

    `name` stands in each line as its `source`. `reference` is a time near to that of the lines, in UTC: when the
    file was last changed, or when a line arrived. Dates without a year get the latest one that does not put them
    more than a week after it;
    a line without a time that makes sense gets the reference itself.
    `zone` is the time zone of times that are written without an offset.
    `host` and `hop` hold for lines that don't tell; `hops` are those of hosts in a log of several, and go before
    `hop`. `format` is the name of the format of a log whose records span lines; empty: it is seen from the bytes.
    """

    name: str
    reference: datetime
    zone: str = "Europe/Amsterdam"
    host: str = ""
    hop: Hop = Hop.UNKNOWN
    hops: dict[str, Hop] = msgspec.field(default_factory=dict)
    format: str = ""
