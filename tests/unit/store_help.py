"""A small stand-in for what makes logins of lines, lines and logins to fill a store with, and a slow reference."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ggi_net.authlog.line import Hop, Kind, Line, Product, Result
from ggi_net.authlog.login import Login, Outcome
from ggi_net.authlog.logins.ids import Ids
from ggi_net.authlog.store.keys import Keys

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ggi_net.authlog.question import Question

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
KEYS = Keys({"secret://logs/store/2026": "0123456789abcdef-2026"})
WINDOW = timedelta(seconds=60)


def assemble(lines: Sequence[Line]) -> list[Login]:
    """Lines of one MAC, each at most a minute after the one before, are a login; others belong to none."""
    ids = Ids(b"0123456789abcdef")
    by_mac: defaultdict[str, list[Line]] = defaultdict(list)
    for line in sorted(lines, key=lambda line: (line.time, line.source, line.offset)):
        if line.mac:
            by_mac[line.mac].append(line)
    found = []
    for mac, own in sorted(by_mac.items()):
        group: list[Line] = []
        for line in own:
            if group and line.time - group[-1].time > WINDOW:
                found.append(_login(ids, mac, group))
                group = []
            group.append(line)
        found.append(_login(ids, mac, group))
    return found


def _login(ids: Ids, mac: str, lines: list[Line]) -> Login:
    first = {name: next((v for line in lines if (v := getattr(line, name))), "") for name in ("outer", "inner", "realm",
             "operator", "ap", "nas", "reason", "cui")}  # fmt: skip
    results = [line.result for line in lines if line.result]
    outcome = Outcome(results[-1].value) if results else Outcome.UNFINISHED
    return Login(
        id=ids.id(lines[0].time.timestamp(), mac, first["operator"]), begin=lines[0].time, end=lines[-1].time,
        outcome=outcome, mac=mac, home=first["realm"].partition(".")[0], visited=first["operator"].partition(".")[0],
        site=f"{first['ap'][:2]}-site" if first["ap"] else "", cause="password" if outcome is Outcome.REJECT else "",
        seen=(Hop.VISITED,), missing=(Hop.HOME,), lines=tuple(lines), **first,
    )  # fmt: skip


def line(
    number: int, *, user: str = "j.jansen@almelo.example", mac: str = "02aabbccdd01", at: datetime = NOON,
    source: str = "rad1:/var/log/radius.log", result: Result = Result.ACCEPT, **more: object,
) -> Line:  # fmt: skip
    """A line of a log."""
    values: dict[str, object] = {
        "time": at, "product": Product.FREERADIUS, "kind": Kind.RESULT, "hop": Hop.VISITED, "result": result,
        "host": "rad1", "outer": user, "realm": user.rpartition("@")[2], "mac": mac, "operator": "enschede.example",
        "ap": "0a0000000001", "nas": "AP-hal", "source": source, "offset": number * 100,
        "raw": f"{at} Login {result} {user} {mac}",
    }  # fmt: skip
    return Line(**{**values, **more})  # type: ignore[arg-type]


def answers(logins: Iterable[Login], question: Question) -> list[Login]:
    """What a question is answered with: a look at every login."""
    found = [login for login in logins if _meets(login, question)]
    found.sort(key=lambda login: login.id)
    found.sort(key=lambda login: login.begin, reverse=True)
    return found[: question.limit]


def _meets(login: Login, question: Question) -> bool:
    scope = question.scope
    own = login.home in scope.gemeenten
    if not scope.everybody and not own and login.visited not in scope.gemeenten:
        return False
    if question.user:
        wanted = question.user.casefold()
        inner = login.inner.casefold() == wanted and (scope.inner or own)
        if login.outer.casefold() != wanted and not inner:
            return False
    for name in ("mac", "realm", "site", "ap", "nas", "cause"):
        asked = getattr(question, name)
        if asked and getattr(login, name).lower() != asked.lower():
            return False
    if question.gemeente and question.gemeente.lower() not in (login.home, login.visited):
        return False
    if question.outcome and login.outcome is not question.outcome:
        return False
    if question.since and login.begin < question.since:
        return False
    return not (question.until and login.begin >= question.until)
