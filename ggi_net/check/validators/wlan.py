"""hostapd, which has no check mode: it reads the whole file, then stops because its interface isn't there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ggi_net.check.result import Finding
from ggi_net.check.validators.base import Validator, complaints, refused

if TYPE_CHECKING:
    from ggi_net.check.scratch import Outcome, Scratch

_DRIVER, _INTERFACE = "wired", "none"
_READ = f"{_DRIVER} driver initialization failed"
"""What it says when it has read the file: with this driver it looks for its interface first, and for no radio."""

_AFTERWARDS = r"errors found in|^Failed to |CTRL-EVENT|wasn't started|^ELOOP|AP-DISABLED|interface state"
_PORT = r"[1-9]\d{0,4}"
_TAKEN = {
    "ssid": r".{1,32}",
    "country_code": r"[A-Z]{2}",
    "channel": r"acs_survey|[1-9]\d{0,2}",
    "wpa": r"[0-3]",
    "ieee80211w": r"[0-2]",
    "auth_server_port": _PORT,
    "acct_server_port": _PORT,
}
"""Items that must be there, with the values that mean something: hostapd reads any text as a number."""


def hostapd(scratch: Scratch, path: str) -> list[Finding]:
    """What it refuses, by line where it says one; or else the values that it takes and makes nothing of."""
    text = scratch.path(path).read_text()
    swapped = re.sub(r"^driver=.*$", f"driver={_DRIVER}", text, count=1, flags=re.MULTILINE)
    swapped = re.sub(r"^interface=.*$", f"interface={_INTERFACE}", swapped, count=1, flags=re.MULTILINE)
    outcome = scratch.run(["hostapd", str(scratch.write("/run-check/hostapd.conf", swapped))])
    return _meaningless(text) if _READ in outcome.output else refused(outcome, _said(outcome))


def _said(outcome: Outcome) -> list[Finding]:
    return complaints(outcome, r"^(?:Line (?P<line>\d+): )?(?P<message>\S.*)", ignore=_AFTERWARDS)


def _meaningless(text: str) -> list[Finding]:
    missing = dict.fromkeys(_TAKEN)
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        item, _, value = line.partition("=")
        missing.pop(item, None)
        if item in _TAKEN and not re.fullmatch(_TAKEN[item], value):
            found.append(Finding(message=f"'{value}' is no {item}", line=number))
    return found + [Finding(message=f"no {item}") for item in missing]


VALIDATORS = (Validator("hostapd", hostapd, "hostapd", "hostapd", isolated=True),)
