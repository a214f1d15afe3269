"""Counted logins in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from ggi_net.authlog.words import inert
from ggi_net.cli.console import out

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ggi_net.authlog.desk import Desk
    from ggi_net.authlog.helpdesk import Count

_MOST = 20


def show_counts(groups: Sequence[str], found: Sequence[Count], desk: Desk) -> None:
    """Print the largest counts of some groups, with the share that succeeded."""
    total = sum(count.logins for count in found)
    table = Table(*groups, box=None, pad_edge=False)
    for name in ("logins", "share", "succeeded"):
        table.add_column(name, justify="right")
    for count in found[:_MOST]:
        words = (_word(group, value, desk) for group, value in zip(groups, count.by, strict=True))
        table.add_row(
            *(Text(inert(word)) for word in words), f"{count.logins:,}", f"{count.logins / total:.0%}",
            f"{count.accepted / count.logins:.1%}",
        )  # fmt: skip
    out.print(table if found else "no logins")
    if len(found) > _MOST:
        rest = sum(count.logins for count in found[_MOST:])
        out.print(f"[dim]and {len(found) - _MOST} others with {rest:,} logins[/]")
    out.print()


def _word(group: str, value: str, desk: Desk) -> str:
    if group in ("home", "visited"):
        return desk.places.name(value) or value or "-"
    if group == "cause" and value in desk.catalogue:
        return f"{desk.catalogue[value].nl.title} ({value})"
    return value or "-"
