"""What a Junos device says in answer to show commands: its commits, its BGP sessions, its storage."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ggi_net.config.statement import Statement

_ENTRY = re.compile(r"^ *(\d+) +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \S+ by (.*)$")
_PENDING = "rollback pending"
_PEER = re.compile(r"^([0-9a-f.:]*[.:][0-9a-f.:]*)(?:\+\d+)? +\d+ ", re.MULTILINE | re.IGNORECASE)
_ESTABLISHED = re.compile(r"\bEstabl\b|\d+/\d+/\d+/\d+")
_ADVERTISED = re.compile(r"^\*? +([0-9a-f.:]+/\d+)|^\* ([0-9a-f.:]+/\d+)", re.MULTILINE)
_NEIGHBOR = re.compile(
    r"(?:routing-instances / (?P<instance>\S+) / )?protocols / bgp / group \S+ / neighbor (?P<address>[^\s;]+);?"
)
_UNITS = {"": 1, "B": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_FILESYSTEM = re.compile(r"^\S+ +\S+ +\S+ +([\d.]+)([BKMGT]?) +\d+% +(/\S*)$", re.MULTILINE)
_KEPT_IN = ("/config", "/.mount/config", "/cf", "/")
"""Where the configuration may be kept, the likeliest first."""


class Entry(NamedTuple):
    """An entry of `show system commit`: its number (0 is active now), its comment, and whether it waits."""

    number: int
    comment: str
    pending: bool


def commits(text: str) -> list[Entry]:
    """The entries of `show system commit`, the newest first.

    That a commit was a confirmed one stays in its line for good; only `rollback pending` says that it waits.
    """
    found: list[Entry] = []
    for line in text.splitlines():
        entry = _ENTRY.match(line)
        if entry:
            found.append(Entry(int(entry[1]), "", pending=False))
        elif found and line.strip() == _PENDING:
            found[-1] = found[-1]._replace(pending=True)
        elif found and line.startswith(" "):
            found[-1] = found[-1]._replace(comment=" ".join((found[-1].comment, line.strip())).strip())
    return found


def peers(text: str) -> dict[str, bool]:
    """The neighbors of `show bgp summary`, and whether each session is established."""
    lines = [line for line in text.splitlines() if _PEER.match(line)]
    return {_PEER.match(line)[1]: bool(_ESTABLISHED.search(line)) for line in lines}  # type: ignore[index]


def advertised(text: str) -> frozenset[str]:
    """The prefixes of `show route advertising-protocol bgp ...`."""
    return frozenset(found[1] or found[2] for found in _ADVERTISED.finditer(text))


def free_bytes(text: str) -> int | None:
    """What is free where the configuration is kept, by `show system storage`; None when it does not say."""
    free = {mount: float(number) * _UNITS[unit] for number, unit, mount in _FILESYSTEM.findall(text)}
    return next((int(free[mount]) for mount in _KEPT_IN if mount in free), None)


def neighbors(running: Statement) -> Iterator[tuple[str, str]]:
    """Each BGP neighbor that is configured: its routing instance (`default` for none) and its address."""
    for statement in running.walk():
        found = _NEIGHBOR.fullmatch(statement.path)
        if found:
            yield found["instance"] or "default", found["address"]
