"""Equal logins right after each other, folded into one: 41 attempts in 3 minutes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from ggi_net.authlog.login import Login

PAUSE = timedelta(minutes=5)
"""The longest pause between two logins of one fold."""
MOST: Final = 20_000
"""So many logins are looked at for folds: a device that tries all month must not make a search slow."""


def newest(ask: Callable[[int], list[Login]], limit: int) -> list[Login]:
    """The newest `limit` folds, newest first. `ask` gives the newest so many logins, newest first.

    It is asked for more until there are enough folds. They are fewer when MOST logins have no more; the oldest one may
    have begun before what was looked at.
    """
    number, most = 2 * limit, max(MOST, 2 * limit)
    while True:
        found = ask(number)
        folds = fold(found)
        if len(found) < number or len(folds) > limit or number == most:
            return folds[:limit]
        number = min(4 * number, most)


def fold(logins: Iterable[Login]) -> list[Login]:
    """The logins with repeats folded: equal in device, identity, cause, outcome and operator, each
    within 5 minutes of the last. A login without a device is never folded.

    A fold has the id and the lines of its first attempt, `attempts` of all, and ends with the last. The result is in
    the order in which the logins came, which may be oldest or newest first.
    """
    given = list(logins)
    last: dict[tuple[object, ...], tuple[list[int], datetime]] = {}
    folds: list[list[int]] = []
    for position in sorted(range(len(given)), key=lambda i: (given[i].begin, given[i].id)):
        login = given[position]
        key = _key(login)
        group, end = last.get(key, ([], login.begin))
        if not group or not login.mac or login.begin - end > PAUSE:
            group = []
            folds.append(group)
        group.append(position)
        last[key] = (group, max(end, login.end))
    folds.sort(key=min)
    return [_folded([given[position] for position in group]) for group in folds]


def _key(login: Login) -> tuple[object, ...]:
    return (login.mac, login.outer, login.inner, login.cause, login.outcome, login.operator)


def _folded(group: list[Login]) -> Login:
    first = group[0]
    if len(group) == 1:
        return first
    return msgspec.structs.replace(
        first, end=max(login.end for login in group), attempts=sum(login.attempts for login in group)
    )
