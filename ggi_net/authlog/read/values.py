"""The forms that values of a line take in its columns. Every function takes any text and returns an empty one for
nonsense."""

from __future__ import annotations

import re

_MAC = re.compile(r"[0-9a-fA-F]{12}|[0-9a-fA-F]{2}(?:[-:. ][0-9a-fA-F]{2}){5}|[0-9a-fA-F]{4}(?:[-.:][0-9a-fA-F]{4}){2}")
_HASHED = re.compile(r"(?:[0-9a-fA-F]{2}[-:.]){3}([0-9a-fA-F]{54,64})|([0-9a-fA-F]{64})")
_STATION = re.compile(rf"({_MAC.pattern})(?::(.{{0,64}}))?", re.DOTALL)
_NO_HEX = str.maketrans("", "", "-:. ")


def mac(text: str) -> str:
    """Return 12 hexadecimal digits in lower case for a MAC in any notation.

    radsecproxy can log a hash instead (its `FTicksMAC` and `LogMAC`): then the digits of the hash. They are 64, or
    the first 54 of them where it writes the vendor's three bytes in front (`02-00-00-956b...`), which are left out
    here.
    """
    if _MAC.fullmatch(text):
        return text.translate(_NO_HEX).lower()
    if hashed := _HASHED.fullmatch(text):
        return (hashed[1] or hashed[2]).lower()
    return ""


def station(text: str) -> tuple[str, str]:
    """Return the radio and the SSID of a Called-Station-Id (RFC 3580, 3.20): `02-AA-BB-CC-DD-01:govroam`.

    The radio may be in any notation. Without an SSID behind it, the second text is empty.
    """
    found = _STATION.fullmatch(text)
    return (mac(found[1]), found[2] or "") if found else ("", "")


def operator(text: str) -> str:
    """Return the realm in an Operator-Name: what follows the `1` of namespace REALM (RFC 5580, 4.1), in lower case.

    Names of the other namespaces are no realms: an empty text.
    """
    return text[1:].lower() if text.startswith("1") else ""


def realm(identity: str) -> str:
    """Return what stands behind the last @, in lower case (RFC 7542, 2.2)."""
    return identity.rpartition("@")[2].lower() if "@" in identity else ""
