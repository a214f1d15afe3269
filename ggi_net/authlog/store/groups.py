"""Logins of a stretch of time in groups: what the rules over many logins compare."""

# ruff: noqa: S608  paths of the store and names of columns stand in the texts; values are bound
from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any, Final

from ggi_net.authlog.groups import Group
from ggi_net.authlog.line import Hop
from ggi_net.authlog.login import Outcome
from ggi_net.authlog.store.crowd import PERSON, Met
from ggi_net.authlog.store.search import condition, logins_of, within

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ggi_net.authlog.question import Question
    from ggi_net.authlog.store.crowds import Crowds
    from ggi_net.authlog.store.view import View

_OUTCOMES: Final = {outcome.value: outcome for outcome in Outcome}
_HOPS: Final = {hop.value: hop for hop in Hop}


def groups(view: View, crowds: Crowds, question: Question, by: Sequence[str]) -> list[Group]:
    """The logins of a question (without its limit) in groups that are equal in `by`, as `groups.Counts` says.

    Raises FileGone, FileNotFoundError or StoreDamaged.
    """
    return [_group(met, by) for met in _together(_met(view, crowds, question, by))]


def _met(view: View, crowds: Crowds, question: Question, by: Sequence[str]) -> Iterator[Met]:
    sets = [one for one in view.sets() if within(one, question)]
    crowd = crowds.of(view, sets)
    if crowd is not None:
        for one in crowd:
            yield from one.met(question, view.keys, by)
    else:
        files, places = logins_of(view, question, sets)
        if files:
            yield from _queried(view, question, view.rows_in(files), places, by)
    if view.mentions(question):
        yield from crowds.hot(view, view.hot_lately()).met(question, view.keys, by)


def _together(some: Iterable[Met]) -> Iterable[Met]:
    """Those that are equal as one."""
    found: dict[tuple[str, ...], Met] = {}
    for met in some:
        known = found.get(met.values)
        found[met.values] = (
            met
            if known is None
            else Met(met.values, met.logins + known.logins, min(met.first, known.first), max(met.last, known.last))
        )
    return found.values()


def _queried(
    view: View, question: Question, rows: str, places: Sequence[int] | None, by: Sequence[str]
) -> Iterator[Met]:
    """The same by a query, of files mostly: where there are more logins than memory is for, or nobody asked before."""
    columns = [f'{PERSON[name]} AS "{name}"' if name in PERSON else f'"{name}"' for name in by]
    where = condition(question, view.keys, places=places)
    for *values, logins, first, last in view.engine.rows(
        f'SELECT {", ".join(columns)}, CAST(sum(attempts) AS BIGINT), min("begin"), max("begin") FROM {rows} '
        f"WHERE {where.sql} GROUP BY ALL",
        where.values,
    ):
        yield Met(tuple(values), logins, first.replace(tzinfo=UTC), last.replace(tzinfo=UTC))


def _group(met: Met, by: Sequence[str]) -> Group:
    values: dict[str, Any] = dict(zip(by, met.values, strict=True))
    values["outcome"] = _OUTCOMES[values["outcome"]]
    if "broken" in values:
        values["broken"] = _HOPS[values["broken"]]
    values["logins"], values["first"], values["last"] = met.logins, met.first, met.last
    return Group(**values)
