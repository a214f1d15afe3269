"""A format of logs, as a declaration: the engine does the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import re
    from collections.abc import Callable

    from ggi_net.authlog.line import Product
    from ggi_net.authlog.read.shape import Shape

Said = dict[str, str]
"""What a record says: texts by the name of a column of a line, as the daemon wrote them; a key that is missing is an
empty text.

The engine puts values into the form of the columns: `mac` in any notation, `operator` with the leading 1 of RFC 5580,
`outer` gives `realm`, too. Three keys are no columns: `called` is a Called-Station-Id and gives `ap` and `ssid`;
`time` is a time as `clock.py` reads it (ISO 8601 with or without offset, asctime(3), RFC 3164, seconds since 1970);
keys that begin with an underscore are dropped.
`kind`, `hop` and `result` are values of their enumerations. `product` comes from the format.
"""


def as_said(said: Said) -> Said:
    """Return what was said as it is: for formats whose fields are columns already."""
    return said


@dataclass(frozen=True, kw_only=True)
class Format:
    """How one daemon writes.

    `shapes` are the forms of its lines, tried in order. `refine` makes columns out of what a shape found; it may read
    and change only the fields that do not vary (see Shape), and add others. `parse` reads what no shape takes: a line
    without its envelope, or a record; None means: not mine. It never raises. `programs` are the names that stand in
    the daemon's name in syslog. What another program wrote there is not tried; what a program of this name wrote and
    nothing reads is a notice, with what `notice` makes of its text. A format without programs recognises its lines by
    themselves, from whomever.

    A format whose records span lines has `opens`, which matches at the first byte of such a log, and says where
    records lie: before each match of `begins`, behind each match of `ends`. One of the two is enough; with `ends`,
    the last record is read as soon as it is whole, and need not wait for the next. `parse` gets each record, line
    ends included. All three match bytes.

    `conceal` is for daemons that write passwords and keys into their logs. It returns the text of `raw` without them,
    for what the format took, and for all that stands in a log that `opens` says is of this format. It is the one
    exception to "`raw` is as it stood". A line that is read by a shape must hold what is concealed in none of the
    words that `alike.py` takes: letters, digits and `._:%+-`, with an @ in an identity.
    """

    name: str
    product: Product
    shapes: tuple[Shape, ...] = ()
    refine: Callable[[Said], Said] = as_said
    parse: Callable[[str], Said | None] | None = None
    conceal: Callable[[str], str] | None = None
    programs: tuple[str, ...] = ()
    notice: Callable[[str], Said] | None = None
    opens: re.Pattern[bytes] | None = None
    begins: re.Pattern[bytes] | None = None
    ends: re.Pattern[bytes] | None = None
