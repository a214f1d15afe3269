"""Taking user names out of what a daemon says, so that no device can make a server seem to say something."""

from __future__ import annotations

import re

_PLACES = tuple(
    re.compile(pattern, re.DOTALL)
    for pattern in (
        r"(User-Name \().*(\) is not the same as MS-CHAP Name \().*(\))",
        r"(Possible spoofing: Inner realm ).*( Outer realm ).*()",
    )
)
"""Where FreeRADIUS writes names without quotes: rlm_mschap, and the inner server's checks in
`process_authenticate`."""
_DOUBLE = re.compile(r'"(?!known good").*"', re.DOTALL)
_SINGLE = re.compile(r"(?<![A-Za-z0-9])'.*'", re.DOTALL)
_MARKS = "\"'()[]<>{}.,:;"


def without_names(reason: str, *names: str) -> str:
    """Return `reason` without what stands in quotes, where daemons are known to write names, and without the words
    that are one of `names` or its part before the @. The words `"known good"` of FreeRADIUS stay.
    """
    for pattern in _PLACES:
        reason = pattern.sub(r"\1\2\3", reason)
    if '"' in reason:
        reason = _DOUBLE.sub('""', reason)
    if "'" in reason:
        reason = _SINGLE.sub("''", reason)
    for name in names:
        if " " in name:
            reason = reason.replace(name, "")
    known = {part for name in names for part in (name, name.rpartition("@")[0]) if part}
    if any(word in known or word.strip(_MARKS) in known for word in reason.split(" ")):
        reason = " ".join(word for word in reason.split(" ") if word not in known and word.strip(_MARKS) not in known)
    return reason


def words_of(reason: str) -> set[str]:
    """Return the words of a reason that `without_names` would take out if they were a name."""
    return {form for word in reason.split(" ") for form in (word, word.strip(_MARKS))}
