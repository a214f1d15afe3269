"""What lines of hostapd and of wpa_supplicant have in common: they come from one source tree.

A line begins with none, one or two stamps (seconds since 1970, from `-t`), and the interface. Both name the interface
as the machine does, so it says nothing of where the machine is; it is left out. Words in quotes were chosen by
somebody else: a user name, a network's name, the subject of a certificate. They never get into a reason.
"""

from __future__ import annotations

import re

LINE = re.compile(r"(?:(\d{9,10}\.\d{6}): )?(?:\d{9,10}\.\d{6}: )?(?:[a-z][A-Za-z0-9._-]{0,31}: )?")
"""What stands before the words of a line; its group is when it was written."""
MAC = r"([0-9a-f]{2}(?::[0-9a-f]{2}){5})"

_QUOTED = re.compile(r"(['\"]).*\1", re.DOTALL)
_TROUBLE = re.compile(
    r"fail|not |n't |no response|time-?d? ?out|deauth|disassoc|disconnect|invalid|mismatch|reject|"
    r"drop|unknown|differ|deni|error|too |abort|disabled|supplicant used|retry limit",
    re.IGNORECASE,
)


_LONGEST = 300


def trouble(words: str) -> str:
    """`words` when they tell of a failure, without what is in quotes; else an empty text."""
    said = _QUOTED.sub("", words).strip()[:_LONGEST]
    return said if _TROUBLE.search(said) else ""
