"""hostapd: the access point's own view, from syslog, from a file (`-f`, `-t`) or from its output.

    wlan0: STA 02:00:00:00:01:00 IEEE 802.1X: authentication failed - EAP type: 25 (PEAP)

Sources: hostapd 2.10, hostapd/main.c (`hostapd_logger_cb`), src/eapol_auth, src/ap (ieee802_1x.c, wpa_auth.c,
ieee802_11.c, sta_info.c, accounting.c), src/radius/radius_client.c, src/common/wpa_ctrl.h.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ggi_net.authlog.line import Hop, Kind, Product, Result
from ggi_net.authlog.read import hostap
from ggi_net.authlog.read.format import Format

if TYPE_CHECKING:
    from ggi_net.authlog.read.format import Said

_STATION = re.compile(
    rf"STA {hostap.MAC} (?:(IEEE 802\.1X|IEEE 802\.11|RADIUS|WPA|IAPP|MLME|DRIVER): )?(.*)", re.DOTALL
)
_ABOUT = re.compile(rf"((?:CTRL-EVENT-EAP|AP-STA|AP-REJECTED|CTRL-EVENT-SAE)-[A-Z0-9-]+) {hostap.MAC}(.*)", re.DOTALL)
_ANSWER = re.compile(r"(authenticated|authentication failed) - EAP type: \d{1,10} \(([^()]{1,40})\)(.*)", re.DOTALL)
_IDENTITY = re.compile(r"(?:STA identity|Identity received from STA:) '(.*)'", re.DOTALL)
_SILENT = re.compile(
    r"(?:RADIUS )?(No response from (?:Authentication|Accounting) server) ([0-9A-Fa-f.:\[\]]{2,60})(.*)", re.DOTALL
)
_ACCOUNTING = re.compile(r"(?:starting|stopped) accounting session ([0-9A-F-]{1,40})")
_VLAN = re.compile(r"VLAN ID (\d{1,4})")


def read(text: str) -> Said | None:
    """What a line says; None for what no line of hostapd begins with."""
    start = hostap.LINE.match(text)
    if start is None:
        return None
    words = text[start.end() :]
    said = _station(words) or _event(words) or _silent(words)
    if said is None:
        return None
    return {"hop": Hop.ACCESS_POINT, "time": start[1] or "", **said}


def notice(text: str) -> Said:
    """What a line says that is hostapd's own, and of no device."""
    start = hostap.LINE.match(text)
    words = text[start.end() :] if start else text
    return {
        "kind": Kind.NOTICE,
        "hop": Hop.ACCESS_POINT,
        "time": (start[1] or "") if start else "",
        "reason": hostap.trouble(words),
    }


def _station(words: str) -> Said | None:
    """A line of the logger, which names device and module."""
    if (found := _STATION.fullmatch(words)) is None:
        return None
    mac, _, message = found.groups()
    said: Said = {"kind": Kind.NOTICE, "mac": mac if mac != "00:00:00:00:00:00" else ""}
    if (answer := _ANSWER.match(message)) is not None:
        accepted = answer[1] == "authenticated"
        method = "" if answer[2] == "unknown" else answer[2]
        said |= {"kind": Kind.RESULT, "result": Result.ACCEPT if accepted else Result.REJECT, "eap": method}
        said["reason"] = "" if accepted else answer[1]
    elif (identity := _IDENTITY.fullmatch(message)) is not None:
        said["outer"] = identity[1]
    elif (accounting := _ACCOUNTING.fullmatch(message)) is not None:
        said |= {"kind": Kind.ACCOUNTING, "session": accounting[1]}
    elif (vlan := _VLAN.fullmatch(message)) is not None:
        said["vlan"] = vlan[1]
    elif silent := _silent(message):
        said |= silent
    else:
        said["reason"] = hostap.trouble(message)
    return said


def _event(words: str) -> Said | None:
    """A line of the control interface. The logger says the results, too: here they are notices, so that they count
    once.
    """
    if (found := _ABOUT.fullmatch(words)) is None:
        return None
    event, mac, _ = found.groups()
    kind = Kind.REQUEST if event == "CTRL-EVENT-EAP-STARTED" else Kind.NOTICE
    bad = any(word in event for word in ("FAILURE", "MISMATCH", "REJECTED", "DISCONNECTED", "UNKNOWN"))
    return {"kind": kind, "mac": mac, "reason": event if bad else ""}


def _silent(words: str) -> Said | None:
    """The RADIUS server doesn't answer."""
    if (found := _SILENT.fullmatch(words)) is None:
        return None
    return {"kind": Kind.NOTICE, "server": found[2], "reason": found[1]}


FORMAT = Format(name="hostapd", product=Product.HOSTAPD, parse=read, programs=("hostapd",), notice=notice)
