"""Passwords and keys that daemons write into their logs, taken out before anything is stored.

A log of a RADIUS server that writes whole packets holds what opens them: User-Password in clear text, MS-MPPE keys
and EAP-MSK, from which the radio's keys are made, and EAP messages, which carry the password of EAP-GTC and TTLS-PAP
as it is. A debug log of a supplicant has the password in a hex dump. Of an EAP message its first five bytes stay:
code, number, length and method (RFC 3748, 4).
"""

from __future__ import annotations

import re

from ggi_net.secrets import MASK

_NAME = (
    r"[A-Za-z0-9_-]{0,64}(?:Password|Passwd|MPPE-(?:Send|Recv)-Key|EAP-E?MSK|PMK|PSK|Secret|Session-Key|Private-Key|"
    r"CHAP2?-Response|CHAP-(?:NT|LM)-Enc-PW|CHAP2?-CPW[0-9-]{0,4}|CHAP-MPPE-Keys|CHAP2?-Success|Digest-Response|Leap-[A-Za-z-]{1,32})"
)
_SECRET_LINE = re.compile(rf"^([ \t]+{_NAME}(?::[0-9]+)? [:+]?= ).*$", re.MULTILINE | re.IGNORECASE)
_EAP_LINE = re.compile(r"^([ \t]+EAP-Message [:+]?= 0x[0-9a-fA-F]{0,10})[0-9a-fA-F]*", re.MULTILINE)
_PAIR_LINE = re.compile(
    r"^([ \t]+[A-Za-z0-9-]{0,64}AV-?Pair [:+]?= \"[^\"=\r\n]{0,64}?(?:psk|key|secret|passw)[^\"=\r\n]{0,64}=).*$",
    re.MULTILINE | re.IGNORECASE,
)
_SECRET_ELEMENT = re.compile(rf"(<({_NAME})(?:[ \t][^<>]{{0,200}})?>)[^<]*", re.IGNORECASE)
_DUMP = re.compile(r"^(.{0,200}? - hexdump(?:_ascii)?\(len=\d{1,9}\):)(.*)", re.DOTALL)
_DUMP_REST = re.compile(r"^ {5}(?:[0-9a-f]{2} ){1,16}.*", re.DOTALL)


def attributes(text: str) -> str:
    """A record of `Name = value` lines without the values that are secret."""
    text = _SECRET_LINE.sub(rf"\1{MASK}", text)
    return _PAIR_LINE.sub(rf"\1{MASK}", _EAP_LINE.sub(rf"\1{MASK}", text))


def elements(text: str) -> str:
    """A record of XML elements without the values that are secret."""
    return _SECRET_ELEMENT.sub(rf"\1{MASK}", text)


def is_hexdump(text: str) -> bool:
    """Whether a line is a hex dump of hostapd or wpa_supplicant, or goes on with one."""
    if " - hexdump" in text:
        return _DUMP.match(text) is not None
    return text.startswith("     ") and _DUMP_REST.match(text) is not None


def hexdump(text: str) -> str:
    """A line without the bytes of a hex dump: its name and length stay. Every dump, since any may hold what a tunnel
    hides.
    """
    if (found := _DUMP.match(text)) is not None:
        return f"{found[1]} {MASK}" if found[2].strip() else text
    return f"     {MASK}" if _DUMP_REST.match(text) else text
