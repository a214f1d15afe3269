"""Counting logins: from small files that were written with the sets where they tell enough, else from the logins."""

# ruff: noqa: S608  paths of the store, names of columns and numbers stand in the texts; values are bound
from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from ggi_net.authlog.helpdesk import Count, Group
from ggi_net.authlog.moments import NETHERLANDS
from ggi_net.authlog.store.search import condition, logins_of, within
from ggi_net.authlog.store.sets import COUNTED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from ggi_net.authlog.question import Question
    from ggi_net.authlog.store.view import View

_FEW: Final = frozenset({*COUNTED, "day", "hour"})
"""What the small files can be grouped by."""

_COLUMNS: Final = {
    "day": "strftime({moment} AT TIME ZONE 'UTC' AT TIME ZONE 'Europe/Amsterdam', '%Y-%m-%d')",
    "hour": "strftime(date_trunc('hour', {moment}), '%Y-%m-%dT%H:00:00+00:00')",
}


def counts(view: View, question: Question, by: Sequence[str]) -> list[Count]:
    """The logins of a question by `by` (some of `helpdesk.Group`), largest first; without its limit.

    A `day` is one of the Netherlands (2026-11-23), an `hour` begins at a moment in UTC (2026-11-23T11:00:00+00:00).
    Raises FileGone, FileNotFoundError or StoreDamaged.
    """
    logins: Counter[tuple[str, ...]] = Counter()
    accepted: Counter[tuple[str, ...]] = Counter()
    for values, number, yes in _counted(view, question, [Group(name) for name in by]):
        logins[values] += number
        accepted[values] += yes
    found = [Count(by=values, logins=number, accepted=accepted[values]) for values, number in logins.items()]
    return sorted(found, key=lambda count: (-count.logins, count.by))


def _counted(view: View, question: Question, by: Sequence[Group]) -> Iterator[tuple[tuple[str, ...], int, int]]:
    kind = _kind(question, by)
    sets = [one for one in view.sets() if within(one, question)]
    if kind == "logins":
        files, places = logins_of(view, question, sets)
    else:
        files, places = [file for one in sets for file in getattr(one, kind)], None
    if files:
        yield from _grouped(view, question, by, kind, view.rows_in(files), places)
    if view.mentions(question):
        with view.engine.given("hot_logins", view.hot.table):
            yield from _grouped(view, question, by, "logins", "hot_logins", None)


def _grouped(
    view: View, question: Question, by: Sequence[Group], kind: str, rows: str, places: Sequence[int] | None
) -> Iterator[tuple[tuple[str, ...], int, int]]:
    """What `rows`, a table in a FROM, has of each group."""
    moment = '"begin"' if kind == "logins" else "moment"
    number = "count(*)" if kind == "logins" else "sum(logins)"
    columns = [_COLUMNS.get(name, name).format(moment=moment) for name in by]
    where = condition(question, view.keys, begin=moment, places=places)
    grouping = f" GROUP BY {', '.join(str(one + 1) for one in range(len(by)))}" if by else ""
    found = view.engine.rows(
        f"SELECT {', '.join([*columns, number, f'''{number} FILTER (outcome = 'accept')'''])} "
        f"FROM {rows} WHERE {where.sql}{grouping}",
        where.values,
    )
    for *values, logins, yes in found:
        if logins:
            yield tuple(values), logins, yes or 0


def _kind(question: Question, by: Sequence[Group]) -> str:
    """The smallest files that tell what is asked."""
    rows = question.user or question.mac or question.realm or question.ap or question.nas
    if rows or not _FEW.issuperset(by):
        return "logins"
    ends = [moment for moment in (question.since, question.until) if moment]
    if "hour" not in by and all(map(_is_midnight, ends)):
        return "days"
    return "hours" if all(map(_is_hour, ends)) else "logins"


def _is_midnight(moment: datetime) -> bool:
    here = moment.astimezone(NETHERLANDS)
    return here.hour == 0 and _is_hour(here)


def _is_hour(moment: datetime) -> bool:
    return moment.minute == moment.second == moment.microsecond == 0
