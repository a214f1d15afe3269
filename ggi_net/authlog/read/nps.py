"""What Microsoft NPS says of a request, whichever of its logs says it.

NPS writes Security events, and a log file in one of three formats; all name the same things. A Dutch server writes
its reasons in Dutch: the number decides, the words are shown.

Sources: Microsoft Learn, "Interpret NPS Database Format Log Files" (cc771748), "Interpret IAS Format Log Files"
(dd197432), "NPS Authentication Status" (cc735320), "NPS Reason Codes" (dd197570), AUTHENTICATION_TYPE (sdoias.h), RFC
2865 (Packet-Type, Class).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ggi_net.authlog.line import Hop, Kind, Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ggi_net.authlog.read.format import Said

_PACKETS = {
    "2": (Kind.RESULT, Result.ACCEPT),
    "3": (Kind.RESULT, Result.REJECT),
    "4": (Kind.ACCOUNTING, Result.NONE),
}
"""Packet-Type, a RADIUS code. Every other one is a notice: 11, an Access-Challenge, and 1, an Access-Request, too. A
conversation has many of them, and the log has no State by which the first one could be told from the others."""

_EVENTS = {
    "6272": (Kind.RESULT, Result.ACCEPT),
    "6273": (Kind.RESULT, Result.REJECT),
    "6276": (Kind.RESULT, Result.ACCEPT),
    "6277": (Kind.RESULT, Result.ACCEPT),
    "6278": (Kind.RESULT, Result.ACCEPT),
}
"""Security events: granted, denied, and granted with a restricted network (quarantine, probation) or the full one.
Every other one, such as 6274, a request that was dropped without an answer, is a notice."""

_METHODS = {
    "1": "PAP", "2": "CHAP", "3": "MS-CHAP", "4": "MS-CHAPv2", "5": "EAP", "7": "none", "8": "custom",
    "9": "MS-CHAP-CPW", "10": "MS-CHAPv2-CPW", "11": "PEAP",
}  # fmt: skip
"""Authentication-Type of the log files."""

_EAP_WORDS = (("ttls", "TTLS"), ("peap", "PEAP"), ("smart", "TLS"), ("certif", "TLS"), ("mschap", "MSCHAPv2"))
"""Words in the name of an EAP method that stay the same when Windows speaks Dutch."""

_PROXY = "2"
"""Provider-Type: another RADIUS server decides, this one only forwards."""


READ = frozenset(
    {
        "Packet-Type", "Reason-Code", "Provider-Type", "Computer-Name", "User-Name", "Fully-Qualifed-User-Name",
        "SAM-Account-Name", "Calling-Station-Id", "Called-Station-Id", "NAS-Identifier", "NAS-IP-Address",
        "Client-Friendly-Name", "Client-IP-Address", "Remote-Server-Address", "Class", "Acct-Session-Id",
        "Authentication-Type", "EAP-Friendly-Name", "Tunnel-Pvt-Group-ID", "Framed-IP-Address",
    }
)  # fmt: skip
"""The attributes that `of_packet` reads."""


def of_packet(said: Mapping[str, str]) -> Said:
    """What a record of a log file says; `said` are its attributes, by the names that DTS-compliant files have for them.

    NPS writes a record for each packet. Request and answer are joined by Class, which NPS makes up for each request
    (it holds the server's address, the time it started and a number): it stands in `session`. The answer names
    neither device nor radio.
    """
    kind, result = _PACKETS.get(said.get("Packet-Type", ""), (Kind.NOTICE, Result.NONE))
    proxied = said.get("Provider-Type") == _PROXY
    return {
        "kind": kind,
        "result": result,
        "hop": Hop.VISITED if proxied else Hop.HOME,
        "host": said.get("Computer-Name", ""),
        "outer": said.get("User-Name", ""),
        "inner": said.get("Fully-Qualifed-User-Name", "") or said.get("SAM-Account-Name", ""),
        "mac": said.get("Calling-Station-Id", ""),
        "called": said.get("Called-Station-Id", ""),
        "nas": said.get("NAS-Identifier", "") or said.get("NAS-IP-Address", ""),
        "client": said.get("Client-Friendly-Name", "") or said.get("Client-IP-Address", ""),
        "server": said.get("Remote-Server-Address", "") if proxied else "",
        "session": said.get("Class", "") or said.get("Acct-Session-Id", ""),
        "eap": method(_METHODS.get(said.get("Authentication-Type", ""), ""), said.get("EAP-Friendly-Name", "")),
        "vlan": said.get("Tunnel-Pvt-Group-ID", "") if result is Result.ACCEPT else "",
        "address": said.get("Framed-IP-Address", "") if kind is Kind.ACCOUNTING else "",
        "code": _code(said.get("Reason-Code", "")),
    }


def of_event(number: str, said: Mapping[str, str]) -> Said:
    """What a Security event says; `said` is its data by name. NPS writes `-` for what it doesn't know."""
    told = {name: value for name, value in said.items() if value not in ("", "-")}
    kind, result = _EVENTS.get(number, (Kind.NOTICE, Result.NONE))
    proxied = "radius" in told.get("AuthenticationProvider", "").lower()
    return {
        "kind": kind,
        "result": result,
        "hop": Hop.VISITED if proxied else Hop.HOME,
        "outer": told.get("SubjectUserName", ""),
        "inner": told.get("FullyQualifiedSubjectUserName", ""),
        "mac": told.get("CallingStationID", ""),
        "called": told.get("CalledStationID", ""),
        "nas": told.get("NASIdentifier", "") or told.get("NASIPv4Address", "") or told.get("NASIPv6Address", ""),
        "client": told.get("ClientName", "") or told.get("ClientIPAddress", ""),
        "server": told.get("AuthenticationServer", "") if proxied else "",
        "session": told.get("AccountSessionIdentifier", ""),
        "eap": method(told.get("AuthenticationType", ""), told.get("EAPType", "")),
        "reason": "" if result is Result.ACCEPT else told.get("Reason", ""),
        "code": _code(told.get("ReasonCode", "")),
    }


def _code(text: str) -> str:
    """A reason code, when it is one and tells of a failure: 0 is success."""
    return text if text.isascii() and text.isdigit() and text != "0" else ""


def method(kind: str, eap: str) -> str:
    """How a device logged in, in the words that FreeRADIUS has for it: PEAP, TTLS, TLS."""
    if kind == "PEAP":
        return kind
    name = eap.lower().replace("-", "").replace(" ", "")
    return next((word for part, word in _EAP_WORDS if part in name), kind)


def time_of(text: str) -> str:
    """A time of a log file (`11/23/2026 15:21:44.008`, month first, whatever the language of the server) as in ISO
    8601.
    """
    date, _, time = text.strip().partition(" ")
    month, _, rest = date.partition("/")
    day, _, year = rest.partition("/")
    return f"{year}-{month}-{day}T{time}"
