"""FreeRADIUS detail files: whole packets, an attribute a line (auth-, reply-, pre- and post-proxy-detail, and
accounting).

A record begins with a date and ends with an empty line. Its own `Timestamp` is in UTC, the date above it is not.
FreeRADIUS escapes line ends in texts, so no user name can begin a record.

An answer names no device. It has the Proxy-States of its request, which are in the log of requests beside it (RFC 2865,
5.33): they stand in `session`.

A detail file has keys and passwords. They are not stored: here, and only where a daemon writes such things, `raw` is
not what stood in the log (see `secret_values.py`).

Sources: FreeRADIUS 3.2, rlm_detail and its raddb/mods-available/detail and detail.log; RFC 2865, 2866, 3579, 4372,
5580.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ggi_net.authlog.line import Kind, Product, Result
from ggi_net.authlog.read import secret_values
from ggi_net.authlog.read.format import Format

if TYPE_CHECKING:
    from ggi_net.authlog.read.format import Said

_DATE = r"[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2} [0-9]{4}"
_HEAD = re.compile(rf"\s{{0,8}}({_DATE})\r?(?:\n|$)")
_ATTRIBUTE = re.compile(r"^[ \t]+([A-Za-z0-9-]{1,64})(?::[0-9]{1,2})? [:+]?= (.*?)\r?$", re.MULTILINE)
_ESCAPE = re.compile(r"\\(?:([0-7]{3})|(.))", re.DOTALL)
_CONTROL = {"n": "\n", "r": "\r", "t": "\t"}
_EAP = re.compile(r"0x0[12][0-9a-fA-F]{6}([0-9a-fA-F]{2})")
_METHODS = {
    "4": "MD5",
    "6": "GTC",
    "13": "TLS",
    "21": "TTLS",
    "25": "PEAP",
    "26": "MSCHAPv2",
    "43": "FAST",
    "52": "PWD",
}
_TEXTS = ("Chargeable-User-Identity",)
"""Attributes that are octets, but that hold texts with us; FreeRADIUS writes them in hexadecimal."""


def read(text: str) -> Said | None:
    """What a record says; None for what is not one."""
    if (head := _HEAD.match(text)) is None:
        return None
    said: dict[str, str] = {}
    proxies = []
    for name, value in _ATTRIBUTE.findall(text, head.end()):
        said.setdefault(name, _plain(name, value))
        if name == "Proxy-State":
            proxies.append(value)
    if not said:
        return None
    kind, result = _kind(said)
    return {
        "kind": kind,
        "result": result,
        "time": said.get("Timestamp", "") or head[1],
        "outer": said.get("User-Name", ""),
        "mac": said.get("Calling-Station-Id", ""),
        "called": said.get("Called-Station-Id", ""),
        "nas": said.get("NAS-Identifier", "") or said.get("NAS-IP-Address", "") or said.get("NAS-IPv6-Address", ""),
        "operator": said.get("Operator-Name", ""),
        "client": said.get("Packet-Src-IP-Address", "") or said.get("Client-IP-Address", ""),
        "cui": said.get("Chargeable-User-Identity", ""),
        "state": said.get("State", "").removeprefix("0x"),
        "session": said.get("Acct-Session-Id", "") if kind is Kind.ACCOUNTING else " ".join(proxies),
        "eap": _METHODS.get(_eap_type(said.get("EAP-Message", "")), ""),
        "tls": said.get("TLS-Session-Version", ""),
        "vlan": said.get("Tunnel-Private-Group-Id", ""),
        "address": said.get("Framed-IP-Address", "") or said.get("Framed-IPv6-Address", ""),
        "reason": said.get("Reply-Message", "") if result is Result.REJECT else "",
    }


def _kind(said: dict[str, str]) -> tuple[Kind, Result]:
    """A request with a State goes on with a conversation; one without begins it."""
    match said.get("Packet-Type", ""):
        case "Access-Request":
            return Kind.NOTICE if "State" in said else Kind.REQUEST, Result.NONE
        case "Access-Accept":
            return Kind.RESULT, Result.ACCEPT
        case "Access-Reject":
            return Kind.RESULT, Result.REJECT
        case "Accounting-Request":
            return Kind.ACCOUNTING, Result.NONE
        case "":
            return Kind.ACCOUNTING if "Acct-Status-Type" in said else Kind.NOTICE, Result.NONE
        case _:
            return Kind.NOTICE, Result.NONE


def _eap_type(message: str) -> str:
    """The method of an EAP request or response, the fifth byte, as a decimal number."""
    return str(int(found[1], 16)) if (found := _EAP.match(message)) else ""


def _plain(name: str, value: str) -> str:
    """A value as it was in the packet."""
    if len(value) > 1 and value[0] == value[-1] == '"':
        return _ESCAPE.sub(_unescaped, value[1:-1]) if "\\" in value else value[1:-1]
    if name in _TEXTS and value.startswith("0x"):
        try:
            return bytes.fromhex(value[2:]).decode()
        except ValueError:
            return value
    return value


def _unescaped(found: re.Match[str]) -> str:
    return chr(int(found[1], 8)) if found[1] else _CONTROL.get(found[2], found[2])


FORMAT = Format(
    name="detail",
    product=Product.FREERADIUS,
    parse=read,
    conceal=secret_values.attributes,
    opens=re.compile(rf"\s{{0,8}}{_DATE}\r?\n[ \t]+[A-Za-z0-9-]{{1,64}}(?::[0-9]{{1,2}})? [:+]?= ".encode()),
    begins=re.compile(rf"^{_DATE}\r?$".encode(), re.MULTILINE),
    ends=re.compile(rb"\n\r?\n"),
)
