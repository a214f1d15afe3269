"""The columns of what is stored, and the way from records to columns and back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from ggi_net.authlog.line import TEXT_COLUMNS, Hop, Kind, Line, Product, Result
from ggi_net.authlog.login import Login, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ggi_net.authlog.store.keys import Keys

_TIME: Final = pa.timestamp("us")
"""UTC without saying so: DuckDB calculates with it as it is."""

LINES: Final = pa.schema(
    [
        ("time", _TIME),
        *((name, pa.string()) for name in TEXT_COLUMNS[:-1]),
        ("offset", pa.int64()),
        ("raw", pa.string()),
        ("latin1", pa.bool_()),
    ]
)
"""A line, as `line.py` has it."""

OWNERS: Final = pa.schema([("place", pa.uint16()), ("login", pa.uint64()), ("nth", pa.int32())])
"""What a stored line has more: where it stands, the number of the login that it is evidence of (0 for none), and its
turn in that story."""

LOGIN_TEXTS: Final = (
    "outer", "inner", "realm", "mac", "ap", "ssid", "nas", "operator", "visited", "home", "site", "cui", "eap", "tls",
    "reason", "cause",
)  # fmt: skip
PLAIN_TEXTS: Final = ("outer", "inner", "mac", "cui")
"""What is personal data as it stands, and goes with the short-lived tier; the hashes stay."""

LOGINS: Final = pa.schema(
    [
        ("id", pa.string()), ("begin", _TIME), ("end", _TIME), ("outcome", pa.string()), ("attempts", pa.int32()),
        *((name, pa.string()) for name in LOGIN_TEXTS),
        ("broken", pa.string()), ("seen", pa.string()), ("missing", pa.string()),
    ]
)  # fmt: skip
"""A login, as `login.py` has it, without its lines."""

HASHES: Final = pa.schema(
    [
        ("place", pa.uint16()), ("number", pa.uint64()), ("outer_hash", pa.uint64()), ("inner_hash", pa.uint64()),
        ("mac_hash", pa.uint64()),
    ]
)  # fmt: skip
"""What a stored login has more: where its device's rows stand, and keyed hashes."""

_DIGITS: Final = {digit: number for number, digit in enumerate("0123456789ABCDEFGHJKMNPQRSTVWXYZ")}
"""Crockford's base 32, in which logins are numbered (`logins/ids.py`)."""

_PRODUCTS = {member.value: member for member in Product}
_KINDS = {member.value: member for member in Kind}
_HOPS = {member.value: member for member in Hop}
_RESULTS = {member.value: member for member in Result}
_OUTCOMES = {member.value: member for member in Outcome}
_LINE_FIELDS = tuple(LINES.names)
_LOGIN_FIELDS = tuple(LOGINS.names)


def number(login: str) -> int:
    """The 60 bits at the end of a login's id, by which its lines name it; 0 for what is no id."""
    found = 0
    for digit in login[-12:]:
        if digit not in _DIGITS:
            return 0
        found = found << 5 | _DIGITS[digit]
    return found


def place(hashed: int) -> int:
    """Where the rows of a device stand among the 65,536 places of a day: the first bits of its hash."""
    return hashed >> 48


def naive(moment: datetime) -> datetime:
    """UTC as it is stored."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def lines_of(table: pa.Table) -> list[Line]:
    """The lines of a table with the columns LINES."""
    columns = [table.column(name).to_pylist() for name in _LINE_FIELDS]
    return [line_of(row) for row in zip(*columns, strict=True)]


def line_of(row: Sequence[Any]) -> Line:
    """One line of the values of LINES, in their order."""
    values = dict(zip(_LINE_FIELDS, row, strict=True))
    values["time"] = values["time"].replace(tzinfo=UTC)
    values["product"] = _PRODUCTS[values["product"]]
    values["kind"] = _KINDS[values["kind"]]
    values["hop"] = _HOPS[values["hop"]]
    values["result"] = _RESULTS[values["result"]]
    return Line(**values)


def table_of(lines: Iterable[Line]) -> pa.Table:
    """A table of lines, as the readers make it."""
    columns: dict[str, list[Any]] = {name: [] for name in _LINE_FIELDS}
    for line in lines:
        for name in _LINE_FIELDS:
            columns[name].append(naive(line.time) if name == "time" else getattr(line, name))
    return pa.table(columns, schema=LINES)


def login_of(row: Sequence[Any], lines: tuple[Line, ...] = ()) -> Login:
    """One login of the values of LOGINS, in their order."""
    values = dict(zip(_LOGIN_FIELDS, row, strict=True))
    values["begin"] = values["begin"].replace(tzinfo=UTC)
    values["end"] = values["end"].replace(tzinfo=UTC)
    values["outcome"] = _OUTCOMES[values["outcome"]]
    values["broken"] = _HOPS[values["broken"]]
    values["seen"] = tuple(_hops(values["seen"]))
    values["missing"] = tuple(_hops(values["missing"]))
    return Login(**values, lines=lines)


def logins_table(logins: Sequence[Login], keys: Keys) -> pa.Table:
    """A table of logins with LOGINS and HASHES."""
    columns: dict[str, list[Any]] = {name: [] for name in (*_LOGIN_FIELDS, *HASHES.names)}
    hashed = Hasher(keys)
    for login in logins:
        for name in ("id", "attempts", *LOGIN_TEXTS):
            columns[name].append(getattr(login, name))
        columns["begin"].append(naive(login.begin))
        columns["end"].append(naive(login.end))
        columns["outcome"].append(login.outcome.value)
        columns["broken"].append(login.broken.value)
        columns["seen"].append(",".join(hop.value for hop in login.seen))
        columns["missing"].append(",".join(hop.value for hop in login.missing))
        columns["place"].append(hashed.place(login))
        columns["number"].append(number(login.id))
        columns["outer_hash"].append(hashed.identity(login.outer))
        columns["inner_hash"].append(hashed.identity(login.inner))
        columns["mac_hash"].append(hashed.mac(login.mac))
    return pa.table(columns, schema=pa.schema([*LOGINS, *HASHES]))


class Hasher:
    """Hashes by the current key, and remembers: one name stands in many logins."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._identities: dict[str, int] = {}
        self._macs: dict[str, int] = {}

    def identity(self, text: str) -> int:
        """The hash of an identity."""
        if text not in self._identities:
            self._identities[text] = self._keys.identity(text)
        return self._identities[text]

    def mac(self, text: str) -> int:
        """The hash of a MAC address."""
        if text not in self._macs:
            self._macs[text] = self._keys.mac(text)
        return self._macs[text]

    def place(self, row: Login | Line) -> int:
        """Where a login or a line stands: with its device, else with its identity."""
        return place(self.mac(row.mac) or self.identity(row.inner or row.outer))


def _hops(text: str) -> Iterator[Hop]:
    return (_HOPS[word] for word in text.split(",") if word)
