"""Passwords and keys that daemons write into their logs, taken out before anything is stored.

A log of a RADIUS server that writes whole packets holds what opens them: User-Password in clear text, MS-MPPE keys
and EAP-MSK, from which the radio's keys are made, and EAP messages, which carry the password of EAP-GTC and TTLS-PAP
as it is. A debug log of a supplicant has the password in a hex dump. Of an EAP message its first five bytes stay:
code, number, length and method (RFC 3748, 4).
"""

from __future__ import annotations

import re
from functools import lru_cache

from ggi_net.secrets import MASK

_SECRET = re.compile(
    r"Password|Passwd|MPPE-(?:Send|Recv)-Key|EAP-E?MSK|PMK|PSK|Secret|Session-Key|Private-Key|CHAP2?-Response|"
    r"CHAP-(?:NT|LM)-Enc-PW|CHAP2?-CPW|CHAP-MPPE-Keys|CHAP2?-Success|Digest-Response|Leap-"
)
"""Parts of names of attributes (FreeRADIUS' dictionaries, NPS' sdoias.h) whose values are secret."""
_PAIR = re.compile(r'("[^"=]{0,64}?(?:psk|key|secret|passw)[^"=]{0,64}=).*', re.IGNORECASE | re.DOTALL)
"""A value of `Cisco-AVPair` and its like that holds a secret behind its own name."""
_EAP_HEAD = len("0x") + 2 * 5
_DUMP = re.compile(r"^(.{0,200}? - hexdump(?:_ascii)?\(len=\d{1,9}\):)(.*)", re.DOTALL)
_DUMP_REST = re.compile(r"^ {5}(?:[0-9a-f]{2} ){1,16}.*", re.DOTALL)


def attributes(text: str) -> str:
    """A record of `Name = value` lines without the values that are secret."""
    lines = text.split("\n")
    for place, line in enumerate(lines):
        name, sign, value = line.partition("= ")
        if sign and (what := _what(name)):
            lines[place] = name + sign + _concealed(what, value)
    return "\n".join(lines)


def elements(text: str) -> str:
    """A record of XML elements without the values that are secret."""
    parts = text.split("<")
    for place, part in enumerate(parts):
        head, sign, value = part.partition(">")
        if value and head[:1] != "/" and _what(head[:80]) == "secret":
            parts[place] = head + sign + MASK
    return "<".join(parts)


@lru_cache(maxsize=4096)
def _what(name: str) -> str:
    """What an attribute may hold, by its name: nothing that is secret, a secret, an EAP message, or a pair."""
    if _SECRET.search(name):
        return "secret"
    if "EAP-Message" in name:
        return "eap"
    return "pair" if "AVPair" in name or "AV-Pair" in name else ""


def _concealed(what: str, value: str) -> str:
    if what == "eap":
        return value if len(value.rstrip()) <= _EAP_HEAD else value[:_EAP_HEAD] + MASK
    return MASK if what == "secret" else _PAIR.sub(rf"\1{MASK}", value)


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
