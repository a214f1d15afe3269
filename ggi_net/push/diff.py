"""Diffs for people: unified, short, and without secrets."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from ggi_net.secrets import MASK
from ggi_net.source.yamlfile import printable

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable

    from ggi_net.secrets import Masker

_CONTEXT = 2


def unified(name: str, running: str, intended: str, mask: Masker) -> str:
    """The unified diff of one file from running to intended; `intended` and `running` may hold secrets."""
    lines = difflib.unified_diff(
        [printable(line.expandtabs(4), 400) for line in mask(running).splitlines()],
        [printable(line.expandtabs(4), 400) for line in mask(intended).splitlines()],
        f"running/{name}",
        f"intended/{name}",
        lineterm="",
        n=_CONTEXT,
    )
    text = "\n".join(lines)
    return text + "\n" if text else ""


def of_device(name: str, diff: str, secrets: Iterable[re.Pattern[str]], mask: Masker) -> str:
    """The unified diff that a device made, for people; empty when there is nothing in it.

    `secrets` find the secrets of a line in whatever form the device shows them, as those of the comparison rules do.
    """
    lines = [line for line in diff.splitlines() if line.strip() and line[:3] not in ("---", "+++")]
    if not lines:
        return ""
    patterns = tuple(secrets)
    shown = (printable(mask(line[:1] + without_secret(line[1:], patterns)), 400) for line in lines)
    return "".join(f"{line}\n" for line in (f"--- running/{name}", f"+++ intended/{name}", *shown))


def without_secret(line: str, secrets: Iterable[re.Pattern[str]]) -> str:
    """A line of a configuration with what the first pattern that matches calls `secret` (and its `type`) masked."""
    content = line.lstrip(" ")
    for pattern in secrets:
        found = pattern.search(content)
        if found and found["secret"]:
            start = found.start("type") if found.groupdict().get("type") else found.start("secret")
            content = f"{content[:start]}{MASK}{content[found.end('secret') :]}"
            break
    return " " * (len(line) - len(line.lstrip(" "))) + content
