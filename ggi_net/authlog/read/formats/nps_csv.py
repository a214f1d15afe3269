"""Log file of Microsoft NPS with commas: the database-compatible format, and the older IAS format.

Database-compatible: columns in a fixed order, texts in double quotes. IAS: six fields (NAS-IP-Address, User-Name,
date, time, service, computer), then pairs of an attribute's number and its value; a text that holds a comma or can't
be printed is in hexadecimal. NPS can change its format while it runs, so one file can have both. Times are local,
without a zone.

Only what stands before the first text that a device chose is beyond doubt. Where the columns behind it are not what
they must be (a number, a known count), the record is kept, and only those before are read.

Sources: Microsoft Learn, "Interpret NPS Database Format Log Files" (cc771748), "Interpret IAS Format Log Files"
(dd197432), "Iasparse Examples" (cc781314); the header of the columns: "Troubleshoot Always On VPN", NPS logs.
"""

from __future__ import annotations

import csv
import re
from operator import itemgetter
from typing import TYPE_CHECKING

from ggi_net.authlog.line import Product
from ggi_net.authlog.read import nps
from ggi_net.authlog.read.format import Format
from ggi_net.secrets import MASK

if TYPE_CHECKING:
    from ggi_net.authlog.read.format import Said

_COLUMNS = (
    "Computer-Name", "Event-Source", "Record-Date", "Record-Time", "Packet-Type", "User-Name",
    "Fully-Qualifed-User-Name", "Called-Station-Id", "Calling-Station-Id", "Callback-Number", "Framed-IP-Address",
    "NAS-Identifier", "NAS-IP-Address", "NAS-Port", "Client-Vendor", "Client-IP-Address", "Client-Friendly-Name",
    "Event-Timestamp", "Port-Limit", "NAS-Port-Type", "Connect-Info", "Framed-Protocol", "Service-Type",
    "Authentication-Type", "NP-Policy-Name", "Reason-Code", "Class", "Session-Timeout", "Idle-Timeout",
    "Termination-Action", "EAP-Friendly-Name", "Acct-Status-Type", "Acct-Delay-Time", "Acct-Input-Octets",
    "Acct-Output-Octets", "Acct-Session-Id", "Acct-Authentic", "Acct-Session-Time", "Acct-Input-Packets",
    "Acct-Output-Packets", "Acct-Terminate-Cause", "Acct-Multi-Session-Id", "Acct-Link-Count",
    "Acct-Interim-Interval", "Tunnel-Type", "Tunnel-Medium-Type", "Tunnel-Client-Endpt", "Tunnel-Server-Endpt",
    "Acct-Tunnel-Conn", "Tunnel-Pvt-Group-ID", "Tunnel-Assignment-ID", "Tunnel-Preference", "MS-Acct-Auth-Type",
    "MS-Acct-EAP-Type", "MS-RAS-Version", "MS-RAS-Vendor", "MS-CHAP-Error", "MS-CHAP-Domain",
    "MS-MPPE-Encryption-Types", "MS-MPPE-Encryption-Policy", "Proxy-Policy-Name", "Provider-Type", "Provider-Name",
    "Remote-Server-Address", "MS-RAS-Client-Name", "MS-RAS-Client-Version",
)  # fmt: skip
_SAFE = 5
"""The columns before the first one that a device fills: computer, service, date, time, packet type."""
_FEWEST = 27
"""Up to Class: older servers end earlier. More columns than are known mean that a name has shifted them."""
_NUMBERS = tuple(
    _COLUMNS.index(name)
    for name in ("NAS-Port", "Client-Vendor", "NAS-Port-Type", "Framed-Protocol", "Service-Type",
                 "Authentication-Type", "Reason-Code", "Acct-Status-Type")
)  # fmt: skip

_READ = ("Record-Date", "Record-Time", *sorted(nps.READ & set(_COLUMNS)))
_read_of = itemgetter(*(_COLUMNS.index(name) for name in _READ))
_numbers_of = itemgetter(*_NUMBERS)

_ATTRIBUTES = {
    "1": "User-Name", "4": "NAS-IP-Address", "8": "Framed-IP-Address", "25": "Class", "30": "Called-Station-Id",
    "31": "Calling-Station-Id", "32": "NAS-Identifier", "44": "Acct-Session-Id", "81": "Tunnel-Pvt-Group-ID",
    "4108": "Client-IP-Address", "4127": "Authentication-Type", "4128": "Client-Friendly-Name",
    "4129": "SAM-Account-Name", "4130": "Fully-Qualifed-User-Name", "4132": "EAP-Friendly-Name", "4136": "Packet-Type",
    "4142": "Reason-Code", "4155": "Provider-Type", "4157": "Remote-Server-Address",
}  # fmt: skip
"""The numbers of attributes in the IAS format: those of RADIUS, and from 4096 on those of IAS itself (sdoias.h)."""

_SECRETS = frozenset(
    {"2", "3", "69", "4107", "4119", "4122", "4123", "4124", "4125", "4126", "4140", "4141", "4144", "4146", "8107"}
)
"""Passwords, what can be used to guess them, shared secrets and keys."""

_SERVICES = r"(?:IAS|NPS|RAS|iasrad)"
_DATABASE = re.compile(rf'"[^"\r\n]{{0,255}}","{_SERVICES}",\d\d/\d\d/\d{{4}},\d\d:\d\d:\d\d,\d{{1,3}},')
_IAS = re.compile(
    rf"[^,\r\n]{{0,64}},[^,\r\n]{{0,520}},(\d\d/\d\d/\d{{4}}),(\d\d:\d\d:\d\d),{_SERVICES},([^,\r\n]{{0,255}}),"
)
_HEXADECIMAL = re.compile(r"0x((?:[0-9a-fA-F]{2}){1,255})")


def read(text: str) -> Said | None:
    """What a record says; None for what is not one."""
    line = text.lstrip("\ufeff").rstrip("\r\n")
    if _DATABASE.match(line):
        return _database(line)
    if (found := _IAS.match(line)) is not None:
        return _ias(line, found)
    return None


def _database(line: str) -> Said | None:
    try:
        fields = next(csv.reader([line]), [])
    except csv.Error:
        fields = []  # a field longer than csv takes
    missing = len(_COLUMNS) - len(fields)
    if 0 <= missing <= len(_COLUMNS) - _FEWEST:
        fields += [""] * missing
    if len(fields) != len(_COLUMNS) or not _are_digits("".join(_numbers_of(fields))):
        safe = [field.strip('"') for field in line.split(",", _SAFE)[:_SAFE]]
        fields = safe + [""] * (len(_COLUMNS) - _SAFE)
    said = dict(zip(_READ, _read_of(fields), strict=True))
    if '"0x' in line:
        said = {name: _plain(value) for name, value in said.items()}
    return {**nps.of_packet(said), "time": nps.time_of(f"{said['Record-Date']} {said['Record-Time']}")}


def _are_digits(text: str) -> bool:
    return not text or (text.isascii() and text.isdigit())


def _ias(line: str, header: re.Match[str]) -> Said:
    fields = line.split(",")
    said = {"NAS-IP-Address": fields[0], "User-Name": _plain(fields[1]), "Computer-Name": header[3]}
    pairs = fields[6:]
    for number, value in zip(pairs[::2], pairs[1::2], strict=False):
        if name := _ATTRIBUTES.get(number):
            said.setdefault(name, _plain(value))
    return {**nps.of_packet(said), "time": nps.time_of(f"{header[1]} {header[2]}")}


def conceal(text: str) -> str:
    """A record of the IAS format without passwords and keys; the database-compatible one has no column for them."""
    if _IAS.match(text) is None:
        return text
    fields = text.split(",")
    for place in range(7, len(fields), 2):
        if fields[place - 1] in _SECRETS:
            fields[place] = MASK
    return ",".join(fields)


def _plain(value: str) -> str:
    """A text as the device sent it. NPS writes in hexadecimal what has a comma or can't be printed, and nothing
    else.
    """
    if not value.startswith("0x") or (found := _HEXADECIMAL.fullmatch(value)) is None:
        return value
    data = bytes.fromhex(found[1])
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return text if "," in text or '"' in text or not text.isprintable() else value


FORMAT = Format(
    name="nps_csv",
    product=Product.NPS,
    parse=read,
    conceal=conceal,
    opens=re.compile(rf"(?:\xef\xbb\xbf)?(?:{_DATABASE.pattern}|{_IAS.pattern})".encode("latin-1")),
    ends=re.compile(rb"\n"),
)
"""Its records are lines. It says how a log begins so that such a log is read as nothing else: twice as fast."""
