"""Counted logins in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from ggi_net.authlog.words import spelled
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
        said = dict(zip(groups, count.by, strict=True))
        words = (_word(group, said, desk) for group in groups)
        table.add_row(
            *(Text(spelled(word)) for word in words), f"{count.logins:,}", f"{count.logins / total:.0%}",
            f"{count.accepted / count.logins:.1%}",
        )  # fmt: skip
    out.print(table if found else "no logins")
    if len(found) > _MOST:
        rest = sum(count.logins for count in found[_MOST:])
        out.print(f"[dim]and {len(found) - _MOST} others with {rest:,} logins[/]")
    out.print()


def _word(group: str, said: dict[str, str], desk: Desk) -> str:
    value = said[group]
    if group == "site" and value and said.get("visited"):
        return desk.places.site_name(said["visited"], value) or value
    if group in ("home", "visited"):
        return desk.places.name(value) or value or "-"
    if group == "cause" and value in desk.catalogue:
        return f"{desk.catalogue[value].nl.title} ({value})"
    if group == "cause":
        return value or "succeeded, or the cause is not known"
    return value or "-"
