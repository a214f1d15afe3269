"""What a validator is, and reading complaints out of a daemon's output."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from ggi_net.check.result import Finding
from ggi_net.check.scratch import TIMEOUT_SECONDS, Outcome, Scratch

Check = Callable[[Scratch, str], list[Finding]]
"""Takes the scratch place of a device and the artifact's path on the device; gives what the daemon complains about."""


class Validator(NamedTuple):
    """A daemon's own check. `binary` must be installed (Debian package `package`), both empty when it is our own code.

    `isolated`: it needs a network namespace of its own, and is skipped where the machine allows none.
    """

    name: str
    check: Check
    binary: str = ""
    package: str = ""
    isolated: bool = False


def complaints(outcome: Outcome, pattern: str, *, path: str = "", ignore: str = "") -> list[Finding]:
    """The lines of the output that match `pattern` (groups `line` and `message`), once each.

    A line that matches `ignore`, or names another file than `path` in a group `file`, is left out. A command that did
    not end in time is a complaint; so is a failing exit status without any recognised line, with the output's end.
    """
    if outcome.status is None:
        return [Finding(message=f"the check did not end in {TIMEOUT_SECONDS:.0f} seconds")]
    found: dict[Finding, None] = {}
    for line in outcome.output.splitlines():
        match = re.search(pattern, line)
        if not match or (ignore and re.search(ignore, line)):
            continue
        groups = match.groupdict()
        number = groups.get("line")
        own = not path or groups.get("file") in (None, path)
        message = groups["message"].strip() if own else line.strip()
        found[Finding(message=message, line=int(number) if number and own else None)] = None
    return list(found)


def refused(outcome: Outcome, findings: list[Finding]) -> list[Finding]:
    """`findings`, or the end of the output when there are none and the command failed."""
    if findings or outcome.status == 0:
        return findings
    words = [line.strip() for line in outcome.output.splitlines() if line.strip()]
    return [Finding(message=" / ".join(words[-3:]) or f"exit status {outcome.status} without a word")]
