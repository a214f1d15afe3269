"""What many logins around one say together: one realm, one site, one access point, one device, one person, everybody.

The rules are data (`patterns.yml`): who must act, how many must fail, how many of the others may. Their sentences carry
their numbers. A rule speaks only when enough devices fail, most of those seen since it began, and others are fine.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from ggi_net.authlog.breaks import Break, break_around, spans
from ggi_net.authlog.groups import KIND, Around
from ggi_net.authlog.line import Hop
from ggi_net.authlog.login import Outcome
from ggi_net.authlog.places import Places
from ggi_net.authlog.words import Both, inert, minute
from ggi_net.model.types import Record
from ggi_net.source.yamlfile import load

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence

    from ggi_net.authlog.groups import Counts, Group
    from ggi_net.authlog.login import Login


class Pattern(Record, frozen=True, kw_only=True):
    """What a rule says. `failed` of `total` are devices (attempts, where a rule says so); `since` is when it began."""

    rule: str
    owner: str
    text: Both
    failed: int
    total: int
    since: datetime


class Rule(Record, frozen=True, kw_only=True):
    """A rule of `patterns.yml`, which says what its numbers mean."""

    owner: str
    minutes: int
    minimum: int
    share: float = 0.0
    others: float = 1.0
    places: int = 1
    explains: tuple[str, ...] = ()
    nl: str
    en: str


@cache
def rules() -> dict[str, Rule]:
    """The rules by id, in the order in which they are said."""
    return load(Path(__file__).with_name("patterns.yml"), dict[str, Rule])


def patterns(login: Login, counts: Counts, places: Places | None = None) -> list[Pattern]:
    """What the logins around a failed one say, the most general first; nothing for one that succeeded.

    A device that two organisations share is said of a success, too.
    """
    search = Around(login, counts, places or Places())
    found: list[Pattern] = []
    explained: set[str] = set()
    for name, rule in rules().items():
        if name in explained or (login.outcome is Outcome.ACCEPT and name != "two-organisations"):
            continue
        pattern = _RULES[name](search, name, rule)
        if pattern is not None:
            found.append(pattern)
            explained |= set(rule.explains)
    return found


def _federation(search: Around, name: str, rule: Rule) -> Pattern | None:
    """Many sites for many realms: the federation is silent or refuses."""
    if search.login.broken is not Hop.FEDERATION:
        return None
    ways = ("realm", "operator", "visited", "outcome")
    bad = [
        group for outcome in (Outcome.REJECT, Outcome.UNFINISHED)
        for group in search.around(rule.minutes, by=(*ways, "broken"), outcome=outcome)
        if group.broken is Hop.FEDERATION and search.roams(group)
    ]  # fmt: skip
    operators, realms = {group.operator for group in bad}, {group.realm for group in bad}
    if min(len(operators), len(realms)) < rule.places:
        return None
    since = min(group.first for group in bad)
    failed = sum(group.logins for group in bad)
    later = search.around(rule.minutes, by=ways, outcome=Outcome.ACCEPT, since=since)
    fine = sum(group.logins for group in later if search.roams(group))
    if not _enough(rule, failed, failed + fine):
        return None
    return _said(name, rule, failed, failed + fine, since, operators=len(operators), realms=len(realms))


def _home_realm(search: Around, name: str, rule: Rule) -> Pattern | None:
    """The same cause for many devices of one realm, at several places, while other realms are fine."""
    return _of_realm(search, name, rule, _realm_around(search, rule))


def _home_away(search: Around, name: str, rule: Rule) -> Pattern | None:
    """The same of its devices elsewhere, while those at home are fine or not seen."""
    if not search.roams(search.login):
        return None
    return _of_realm(search, name, rule, [group for group in _realm_around(search, rule) if search.roams(group)])


def _realm_around(search: Around, rule: Rule) -> Sequence[Group]:
    """The groups of the user's realm; none of a login that tells no realm, or nothing of why it failed."""
    login = search.login
    return search.around(rule.minutes, realm=login.realm) if login.realm and (login.cause or login.broken) else ()


def _of_realm(search: Around, name: str, rule: Rule, groups: Sequence[Group]) -> Pattern | None:
    login = search.login
    if not login.home and login.broken is not Hop.HOME and all(g.outcome is not Outcome.ACCEPT for g in groups):
        return None  # nobody was ever let in: there is no such organisation
    found = _broke(groups, login, rule)
    if found is None:
        return None
    where = {(group.operator, group.site) for group in groups if group.device in found.failed}
    if len(where) < rule.places:
        return None
    everybody = search.around(rule.minutes, by=("realm", "outcome"), since=found.since)
    if not _fine([group for group in everybody if group.realm != login.realm], rule, _realm):
        return None
    return _broken(name, rule, found, realm=inert(login.realm), places=len(where))


def _at_site(search: Around, name: str, rule: Rule) -> Pattern | None:
    """One site, for so many realms, while the same realms or other sites are fine elsewhere."""
    login = search.login
    if not login.site or not login.visited:
        return None
    here = [
        g for g in search.around(rule.minutes, site=login.site, gemeente=login.visited) if g.visited == login.visited
    ]
    found = _broke(here, login, rule)
    if found is None:
        return None
    realms = {group.realm for group in here if group.device in found.failed}
    if len(realms) < rule.places:
        return None
    others = [
        group for group in search.around(rule.minutes, by=KIND, since=found.since)
        if (group.visited, group.site) != (login.visited, login.site)
    ]  # fmt: skip
    if not _fine(others, rule, _site):
        return None
    same = [group for group in others if group.realm in realms]
    failed = sum(group.logins for group in same if (group.cause, group.broken) == (login.cause, login.broken))
    if failed > rule.others * (failed + sum(group.logins for group in same if group.outcome is Outcome.ACCEPT)):
        return None  # their users fail elsewhere, too
    return _broken(name, rule, found, place=search.place, realms=len(realms))


def _one_access_point(search: Around, name: str, rule: Rule) -> Pattern | None:
    """One access point, while the others of its site are fine."""
    login = search.login
    if not login.ap or not login.site:
        return None
    site = [
        g for g in search.around(rule.minutes, site=login.site, gemeente=login.visited) if g.visited == login.visited
    ]
    found = _broke([group for group in site if group.ap == login.ap], login, rule)
    if found is None or not _fine([g for g in site if g.ap != login.ap and g.last >= found.since], rule, _access_point):
        return None
    shown = login.nas or login.ap
    return _broken(name, rule, found, access_point=inert(shown))


def _password_changed(search: Around, name: str, rule: Rule) -> Pattern | None:
    """All devices were fine; since a moment this one fails with one cause, and another one came in after it."""
    login = search.login
    mine, others = _of_person(search, rule)
    bad = [group for group in mine if group.outcome is Outcome.REJECT]
    good = [group for group in mine if group.outcome is Outcome.ACCEPT]
    if login.outcome is not Outcome.REJECT or login.broken is not Hop.HOME or not bad or not good:
        return None
    since, before = min(group.first for group in bad), max(group.last for group in good)
    later = [group for group in others if group.outcome is Outcome.ACCEPT and group.last > since]
    attempts = sum(group.logins for group in bad)
    one_cause = len({group.cause for group in bad}) == 1 and bool(login.cause)
    if before >= since or not later or attempts < rule.minimum or not one_cause:
        return None
    other = max(group.last for group in later)
    return _said(name, rule, attempts, attempts, since, other=minute(other))


def _one_device(search: Around, name: str, rule: Rule) -> Pattern | None:
    """This device fails, and others of the person came in later than it began."""
    mine, others = _of_person(search, rule)
    bad = [group for group in mine if group.outcome is not Outcome.ACCEPT]
    if not bad or any(group.outcome is Outcome.ACCEPT and group.last > min(b.first for b in bad) for group in mine):
        return None
    attempts, since = sum(group.logins for group in bad), min(group.first for group in bad)
    good = {group.device for group in others if group.outcome is Outcome.ACCEPT and group.last >= since}
    bad_others = {group.device for group in others if group.outcome is not Outcome.ACCEPT} - good
    if attempts < rule.minimum or not good or bad_others:
        return None
    return _said(name, rule, attempts, attempts, since, good=len(good))


def _account(search: Around, name: str, rule: Rule) -> Pattern | None:
    """No device of the person comes in, with two devices or at two places."""
    mine, others = _of_person(search, rule)
    groups = mine + others
    if not groups or any(group.outcome is Outcome.ACCEPT for group in groups) or search.login.broken is not Hop.HOME:
        return None
    attempts = sum(group.logins for group in groups)
    devices = {group.device for group in groups}
    where = {(group.operator, group.site) for group in groups}
    if attempts < rule.minimum or max(len(devices), len(where)) < rule.places:
        return None
    since = min(group.first for group in groups)
    return _said(name, rule, attempts, attempts, since, devices=len(devices), places=len(where))


def _two_organisations(search: Around, name: str, rule: Rule) -> Pattern | None:
    """A device that alternates between two operators within minutes."""
    login = search.login
    if not login.mac:
        return None
    by_operator: defaultdict[str, list[Group]] = defaultdict(list)
    for group in search.around(rule.minutes, mac=login.mac):
        if group.operator:
            by_operator[group.operator].append(group)
    often = {o: gs for o, gs in by_operator.items() if sum(g.logins for g in gs) >= rule.minimum}
    if len(often) < rule.places or login.operator not in often:
        return None
    spans = [(min(g.first for g in gs), max(g.last for g in gs)) for gs in often.values()]
    if max(begin for begin, _ in spans) > min(end for _, end in spans):
        return None
    names = sorted(search.places.name(search.places.visited(operator)) or inert(operator) for operator in often)
    groups = [group for gs in often.values() for group in gs]
    since = min(group.first for group in groups)
    minutes = max(1, round((max(group.last for group in groups) - since).total_seconds() / 60))
    logins = sum(group.logins for group in groups)
    return _said(
        name, rule, logins, logins, since, operators=(" en ".join(names), " and ".join(names)), logins=logins,
        minutes=minutes,
    )  # fmt: skip


_RULES: dict[str, Callable[[Around, str, Rule], Pattern | None]] = {
    "federation": _federation,
    "home-realm": _home_realm,
    "home-away": _home_away,
    "site-uplink": _at_site,
    "one-site": _at_site,
    "one-access-point": _one_access_point,
    "password-changed": _password_changed,
    "one-device": _one_device,
    "account": _account,
    "two-organisations": _two_organisations,
}


def _of_person(search: Around, rule: Rule) -> tuple[list[Group], list[Group]]:
    """The groups of this device and of the other devices of the same person."""
    login = search.login
    if not login.inner or not login.mac:
        return [], []
    groups = [g for g in search.around(rule.minutes, user=login.inner) if g.user.casefold() == login.inner.casefold()]
    return [g for g in groups if g.device == login.mac], [g for g in groups if g.device and g.device != login.mac]


def _broke(groups: Sequence[Group], login: Login, rule: Rule) -> Break | None:
    """Since when devices fail as this login does, where enough do, and most of those seen; None for too few."""
    bad = spans(
        (group.device, group.first, group.last)
        for group in groups
        if group.device and group.outcome is not Outcome.ACCEPT
        and (group.cause, group.broken) == (login.cause, login.broken)
    )  # fmt: skip
    good = spans(
        (group.device, group.first, group.last)
        for group in groups
        if group.device and group.outcome is Outcome.ACCEPT
    )  # fmt: skip
    found = break_around(login.begin, bad, good, rule.share)
    return found if found and _enough(rule, len(found.failed), found.total) and found.since <= login.begin else None


def _realm(group: Group) -> Hashable:
    return group.realm


def _site(group: Group) -> Hashable:
    return group.visited, group.site


def _access_point(group: Group) -> Hashable:
    return group.ap


def _enough(rule: Rule, failed: int, total: int) -> bool:
    return failed >= rule.minimum and failed >= rule.share * total


def _fine(others: Iterable[Group], rule: Rule, population: Callable[[Group], Hashable]) -> bool:
    """Whether the others are known well enough, and most of their populations are fine: with more logins that succeed
    than fail. One other that is broken, too, hides nothing, however often its devices try; a few who fail are none.
    """
    fine: Counter[Hashable] = Counter()
    bad: Counter[Hashable] = Counter()
    for group in others:
        (fine if group.outcome is Outcome.ACCEPT else bad)[population(group)] += group.logins
    broken = sum(number > fine[of] for of, number in bad.items() if fine[of] or number >= rule.minimum)
    known = len(fine.keys() | {of for of, number in bad.items() if number >= rule.minimum})
    return fine.total() >= rule.minimum and broken <= rule.others * known


def _broken(name: str, rule: Rule, found: Break, **values: int | str | tuple[str, str]) -> Pattern:
    """The pattern of a break, with when it was over."""
    said = _said(name, rule, len(found.failed), found.total, found.since, **values)
    if found.over is None:
        return said
    over = minute(found.over)
    text = Both(f"{said.text.nl} Vanaf {over} ging het weer.", f"{said.text.en} From {over} on it worked again.")
    return msgspec.structs.replace(said, text=text)


def _said(
    name: str, rule: Rule, failed: int, total: int, since: datetime, **values: int | str | tuple[str, str]
) -> Pattern:
    """The pattern with its sentence; a pair among the values is what to say in Dutch and in English."""
    given = {"failed": failed, "total": total, "since": minute(since)} | values
    dutch = {key: value[0] if isinstance(value, tuple) else value for key, value in given.items()}
    english = {key: value[1] if isinstance(value, tuple) else value for key, value in given.items()}
    text = Both(rule.nl.format(**dutch), rule.en.format(**english))
    return Pattern(rule=name, owner=rule.owner, text=text, failed=failed, total=total, since=since)
