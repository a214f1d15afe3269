"""Logins of a stretch of time in groups: what the rules over many logins compare."""

# ruff: noqa: S608  paths of the store and names of columns stand in the texts; values are bound
from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Final

from ggi_net.authlog.line import Hop
from ggi_net.authlog.login import Outcome
from ggi_net.authlog.patterns import Group
from ggi_net.authlog.store.search import condition, logins_of, within

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ggi_net.authlog.question import Question
    from ggi_net.authlog.store.view import View

_WHERE: Final = ("realm", "operator", "visited", "site", "outcome", "cause", "broken")
_PERSONS: Final = {
    "ap": "ap",
    "device": "CASE WHEN mac != '' THEN mac WHEN mac_hash = 0 THEN '' ELSE printf('%016x', mac_hash) END",
    "user": "CASE WHEN \"inner\" != '' THEN \"inner\" WHEN inner_hash = 0 THEN '' ELSE printf('%016x', inner_hash) END",
}
"""Devices and persons: as long as that is kept as they are, then as hashes, which tell them apart as well."""


def groups(view: View, question: Question, *, persons: bool) -> list[Group]:
    """The logins of a question (without its limit), with or without who they are of.

    Raises FileGone, FileNotFoundError or StoreDamaged.
    """
    sets = [one for one in view.sets() if within(one, question)]
    files, places = logins_of(view, question, sets)
    found: list[Group] = []
    if files:
        found += _grouped(view, question, view.rows_in(files), places, persons=persons)
    if view.mentions(question):
        with view.engine.given("hot_logins", view.hot.table):
            found += _grouped(view, question, "hot_logins", None, persons=persons)
    return found


def _grouped(
    view: View, question: Question, rows: str, places: Sequence[int] | None, *, persons: bool
) -> Iterator[Group]:
    columns = {name: name for name in _WHERE} | (_PERSONS if persons else {})
    where = condition(question, view.keys, places=places)
    listed = ", ".join(f'{sql} AS "{name}"' for name, sql in columns.items())
    for *values, logins, first, last in view.engine.rows(
        f'SELECT {listed}, CAST(sum(attempts) AS BIGINT), min("begin"), max("begin") FROM {rows} '
        f"WHERE {where.sql} GROUP BY ALL",
        where.values,
    ):
        said = dict(zip(columns, values, strict=True))
        outcome, broken = Outcome(said.pop("outcome")), Hop(said.pop("broken"))
        yield Group(
            **said, outcome=outcome, broken=broken, logins=logins,
            first=first.replace(tzinfo=UTC), last=last.replace(tzinfo=UTC),
        )  # fmt: skip
