"""wpa_supplicant, and eapol_test from the same source: the device's own view.

    wlan1: CTRL-EVENT-EAP-TLS-CERT-ERROR reason=1 depth=1 subject='/CN=...' err='unable to get local issuer certificate'

Its lines say why the device refuses the server, which no server can know. A debug log has the password and what the
tunnel hides in hex dumps: none is stored (see `secret_values.py`).

Sources: wpa_supplicant 2.10, src/common/wpa_ctrl.h, src/eap_peer/eap.c, src/crypto/tls_openssl.c,
src/eap_peer/eap_mschapv2.c, wpa_supplicant/events.c, wpa_supplicant/wpa_supplicant.c, wpa_supplicant/eapol_test.c.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ggi_net.authlog.line import Hop, Kind, Product, Result
from ggi_net.authlog.read import hostap, secret_values
from ggi_net.authlog.read.format import Format

if TYPE_CHECKING:
    from ggi_net.authlog.read.format import Said

_STARTED = "CTRL-EVENT-EAP-STARTED EAP authentication started"
_SUCCESS = "CTRL-EVENT-EAP-SUCCESS EAP authentication completed successfully"
_FAILURE = "CTRL-EVENT-EAP-FAILURE EAP authentication failed"

_BEGINNINGS = (
    "CTRL-EVENT-", "SSL: ", "TLS: ", "EAP-", "EAPOL test", "SME: ", "Trying to ", "Associated with ",
    "Authentication with ", "Own MAC ", "WPA: ",
)  # fmt: skip
"""How the lines begin that are read: most lines, of any daemon, are none of them."""
_METHOD = re.compile(r"CTRL-EVENT-EAP-METHOD EAP vendor \d{1,10} method \d{1,10} \(([A-Za-z0-9 -]{1,40})\) selected")
_CERTIFICATE = re.compile(
    r"(CTRL-EVENT-EAP-TLS-CERT-ERROR reason=\d{1,3} depth=-?\d{1,3}) subject='.*' (err='[^']{0,200}')", re.DOTALL
)
_VERIFIED = re.compile(r"(TLS: Certificate verification failed, error \d{1,5} \([^()]{1,100}\)) depth.*", re.DOTALL)
_ALERT = re.compile(r"SSL: (SSL3 alert: (?:read|write) \([a-zA-Z0-9 ]{1,60}\):[a-z]{1,20}:[a-zA-Z0-9 ]{1,60})")
_NAMED = re.compile(r"(TLS: (?:Domain|Domain suffix|altSubjectName|Subject) match) '.*' (not found)", re.DOTALL)
_VERSION = re.compile(r"SSL: Using TLS version (TLSv[0-9.]{1,5})")
_MSCHAP = re.compile(r"(EAP-MSCHAPV2: failure message): '.*' \((retry (?:not )?allowed, error \d{1,6})\)", re.DOTALL)
_DISCONNECTED = re.compile(
    rf"(CTRL-EVENT-DISCONNECTED) bssid={hostap.MAC} (reason=-?\d{{1,5}})( locally_generated=1)?.*", re.DOTALL
)
_DISABLED = re.compile(
    r"(CTRL-EVENT-SSID-TEMP-DISABLED) id=\d{1,10} ssid=\".*\" auth_failures=\d{1,10} duration=\d{1,10} "
    r"(reason=[A-Z0-9_]{1,40})",
    re.DOTALL,
)
_REJECTED = re.compile(
    rf"(CTRL-EVENT-(?:ASSOC|AUTH)-REJECT) (?:bssid=)?(?:{hostap.MAC} )?(?:[a-z_]{{1,20}}=\d{{1,5}} ){{0,3}}"
    r"(status_code=\d{1,5}).*",
    re.DOTALL,
)
_CONNECTED = re.compile(rf"CTRL-EVENT-CONNECTED - Connection to {hostap.MAC} .*", re.DOTALL)
_ASSOCIATING = re.compile(
    rf"(?:SME: )?Trying to (?:associate|authenticate) with {hostap.MAC} \(SSID='(.*)' freq=\d{{1,6}} MHz\)", re.DOTALL
)
_ASSOCIATED = re.compile(rf"Associated with {hostap.MAC}")
_TIMED_OUT = re.compile(rf"Authentication with {hostap.MAC} timed out\.")
_OWN = re.compile(rf"Own MAC address: {hostap.MAC}")
_PLAIN = frozenset(
    {
        "EAP-TLV: TLV Result - Failure",
        "WPA: 4-Way Handshake failed - pre-shared key may be incorrect",
        "SME: Authentication timed out",
        "SME: Association timed out",
        "EAPOL test timed out",
        "CTRL-EVENT-NETWORK-NOT-FOUND",
    }
)
"""Lines that say all there is to say of a failure, and nothing else."""


def read(text: str) -> Said | None:
    """What a line says; None for what no line of wpa_supplicant is."""
    start = hostap.LINE.match(text)
    if start is None:
        return None
    words = text[start.end() :]
    said = _said(words)
    if said is None:
        if not secret_values.is_hexdump(text):
            return None
        said = {"kind": Kind.NOTICE}
    return {"hop": Hop.DEVICE, "time": start[1] or "", **said}


def notice(text: str) -> Said:
    """What a line says of which no more is known."""
    start = hostap.LINE.match(text)
    return {"kind": Kind.NOTICE, "hop": Hop.DEVICE, "time": (start[1] or "") if start else ""}


def _said(words: str) -> Said | None:
    if not words.startswith(_BEGINNINGS):
        return None
    if words == _STARTED:
        return {"kind": Kind.REQUEST}
    if words.startswith(_SUCCESS):
        return {"kind": Kind.RESULT, "result": Result.ACCEPT}
    if words == _FAILURE:
        return {"kind": Kind.RESULT, "result": Result.REJECT, "reason": "EAP authentication failed"}
    if (plain := words.rstrip(" ")) in _PLAIN:
        return {"kind": Kind.NOTICE, "reason": plain}
    for read_event in (_radio, _tls, _event):
        if said := read_event(words):
            return {"kind": Kind.NOTICE, **said}
    return None


def _tls(words: str) -> Said | None:
    """What the device thinks of the server's certificate, and what either end says in an alert (read: the server's)."""
    if (found := _CERTIFICATE.fullmatch(words)) is not None:
        return {"reason": f"{found[1]} {found[2]}"}
    if (found := _ALERT.fullmatch(words) or _VERIFIED.fullmatch(words)) is not None:
        return {"reason": found[1]}
    if (found := _NAMED.fullmatch(words)) is not None:
        return {"reason": f"{found[1]} {found[2]}"}
    if (found := _VERSION.fullmatch(words)) is not None:
        return {"tls": found[1].replace("TLSv", "TLS ")}
    return None


def _event(words: str) -> Said | None:
    if (found := _METHOD.fullmatch(words)) is not None:
        return {"eap": found[1]}
    if (found := _MSCHAP.fullmatch(words)) is not None:
        return {"reason": f"{found[1]} ({found[2]})"}
    if (found := _DISABLED.fullmatch(words)) is not None:
        return {"reason": f"{found[1]} {found[2]}"}
    return None


def _radio(words: str) -> Said | None:
    """Which radio, and how it went with it."""
    if (found := _ASSOCIATING.fullmatch(words)) is not None:
        return {"called": f"{found[1]}:{found[2]}"}
    if (found := _ASSOCIATED.fullmatch(words) or _CONNECTED.fullmatch(words)) is not None:
        return {"called": found[1]}
    if (found := _DISCONNECTED.fullmatch(words)) is not None:
        return {"called": found[2], "reason": f"{found[1]} {found[3]}{found[4] or ''}"}
    if (found := _REJECTED.fullmatch(words)) is not None:
        return {"called": found[2] or "", "reason": f"{found[1]} {found[3]}"}
    if (found := _TIMED_OUT.fullmatch(words)) is not None:
        return {"called": found[1], "reason": "Authentication timed out"}
    if (found := _OWN.fullmatch(words)) is not None:
        return {"mac": found[1]}
    return None


FORMAT = Format(
    name="wpa_supplicant",
    product=Product.WPA_SUPPLICANT,
    parse=read,
    conceal=secret_values.hexdump,
    programs=("wpa_supplicant", "eapol_test"),
    notice=notice,
)
