"""Lines that two log servers have: one login has them once."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ggi_net.authlog.line import Line

Fingerprint = tuple[object, ...]


def fingerprint(line: Line) -> Fingerprint:
    """What two copies of a line have in common; log servers differ in the header, and in fractions of seconds."""
    return (
        line.host, line.time.replace(microsecond=0), line.kind, line.result, line.mac, line.outer, line.inner,
        line.session, line.reason, line.client, line.server, line.product, line.state, line.code, line.operator,
        line.hop, line.cui,
    )  # fmt: skip


def once(lines: Sequence[Line]) -> list[Line]:
    """The lines without copies.

    A line that one log has twice was written twice: two attempts in a second can look alike. So of equal lines there
    are as many as in the log that has most of them; of logs with as many, the one with the finer clock.
    """
    first: dict[Fingerprint, Line] = {}
    more: defaultdict[Fingerprint, list[Line]] = defaultdict(list)
    for line in lines:
        key = fingerprint(line)
        if first.setdefault(key, line) is not line:
            more[key].append(line)
    if not more:
        return list(first.values())
    kept: list[Line] = []
    for key, line in first.items():
        if others := more.get(key):
            kept.extend(_most([line, *others]))
        else:
            kept.append(line)
    return kept


def _most(lines: list[Line]) -> list[Line]:
    """Of equal lines those of the log that has most of them; a line that was read twice from one place counts once."""
    by_source: defaultdict[str, dict[int, Line]] = defaultdict(dict)
    for line in lines:
        by_source[line.source].setdefault(line.offset, line)
    best = min(
        by_source.items(),
        key=lambda item: (-len(item[1]), -max(line.time.microsecond for line in item[1].values()), item[0]),
    )
    return list(best[1].values())
