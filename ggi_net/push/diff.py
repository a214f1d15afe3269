"""Diffs for people: unified, short, and without secrets."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from ggi_net.source.yamlfile import printable

if TYPE_CHECKING:
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
