"""Entries of the audit log in words: what was done, on which conditions, and what came of it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from ggi_net.authlog.audit_entry import What
from ggi_net.authlog.helpdesk import Group
from ggi_net.authlog.question import Role
from ggi_net.model.types import Record
from ggi_net.web.ending import ENDINGS
from ggi_net.web.pages.frame import ROLES
from ggi_net.web.words import OUTCOMES, Both, mac, moment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ggi_net.authlog.audit_check import Shown
    from ggi_net.authlog.places import Places

WHATS = {
    What.SEARCH: Both("gezocht", "searched"),
    What.LOGIN: Both("poging bekeken", "looked at an attempt"),
    What.STATS: Both("cijfers bekeken", "looked at figures"),
    What.TEST: Both("inloggen geprobeerd", "tested logging in"),
    What.AUDIT: Both("dit logboek gelezen", "read this log"),
    What.ERASE: Both("persoon gewist", "erased a person"),
    What.EXPIRED: Both("oude regels verwijderd", "removed old entries"),
    What.TORN: Both("regel afgebroken bij het schrijven", "an entry was cut off while written"),
    What.CUT: Both("er ontbreken regels", "entries are missing"),
}

CONDITIONS = {
    "user": Both("gebruiker", "user"),
    "mac": Both("toestel", "device"),
    "about": Both("over", "about"),
    "realm": Both("organisatie", "realm"),
    "gemeente": Both("gemeente", "gemeente"),
    "site": Both("locatie", "site"),
    "ap": Both("toegangspunt", "access point"),
    "nas": Both("toegangspunt", "access point"),
    "outcome": Both("uitslag", "result"),
    "cause": Both("oorzaak", "cause"),
    "since": Both("vanaf", "from"),
    "until": Both("tot", "until"),
    "limit": Both("hooguit", "at most"),
    "by": Both("geteld per", "counted by"),
    "login": Both("poging", "attempt"),
    "who": Both("medewerker", "who looked"),
    "what": Both("wat", "what"),
    "reason": Both("reden bevat", "reason contains"),
    "up_to": Both("tot en met nummer", "up to number"),
    "after_days": Both("bewaard, in dagen", "kept, in days"),
}
"""What a look-up was limited to."""

GROUPS = {
    Group.HOME: Both("eigen gemeente", "home gemeente"),
    Group.VISITED: Both("bezochte gemeente", "visited gemeente"),
    Group.SITE: Both("locatie", "site"),
    Group.OPERATOR: Both("bezochte organisatie", "operator"),
    Group.REALM: Both("organisatie", "realm"),
    Group.AP: Both("toegangspunt", "access point"),
    Group.NAS: Both("naam van het toegangspunt", "name of the access point"),
    Group.OUTCOME: Both("uitslag", "result"),
    Group.CAUSE: Both("oorzaak", "cause"),
    Group.BROKEN: Both("waar het misging", "where it failed"),
    Group.EAP: Both("manier van inloggen", "EAP method"),
    Group.DAY: Both("dag", "day"),
    Group.HOUR: Both("uur", "hour"),
}
"""What was counted by."""

NOTES = {
    **{str(ending): said[1] for ending, said in ENDINGS.items()},
    "verified: whole": Both("gecontroleerd: heel", "verified: as it was written"),
    "verified: broken": Both("gecontroleerd: niet heel", "verified: damaged"),
    "refused: the role sees no logins": Both(
        "geweigerd: deze rol mag geen pogingen zien", "refused: the role sees no logins"
    ),
    "refused: no auditor": Both("geweigerd: geen auditor", "refused: no auditor"),
}
"""What came of it, where the log says more than a number."""

_WORDS: Mapping[str, Mapping[str, Both]] = {
    "outcome": {str(outcome): said for outcome, said in OUTCOMES.items()},
    "what": {str(what): said for what, said in WHATS.items()},
}


class Condition(Record, frozen=True, kw_only=True):
    """One of the conditions of a look-up. `value` is hostile text; its `en` is empty where it is the same."""

    name: Both
    value: Both


class Row(Record, frozen=True, kw_only=True):
    """An entry in words. `who`, `where`, `asked`, `reason` and `note` are hostile text."""

    number: int
    when: Both
    who: str
    role: Both
    where: str
    what: Both
    asked: tuple[Condition, ...]
    reason: str
    rows: str
    note: Both


def rows(found: Sequence[Shown], places: Places, causes: Mapping[str, Both], now: datetime) -> tuple[Row, ...]:
    """Entries as the page lists them; `causes` are those of the catalogue in words."""
    return tuple(_row(shown, places, causes, now) for shown in found)


def _row(shown: Shown, places: Places, causes: Mapping[str, Both], now: datetime) -> Row:
    entry = shown.entry
    asked = {**shown.about, **entry.asked}
    return Row(
        number=entry.number,
        when=moment(entry.time, now),
        who=entry.who,
        role=ROLES[Role(entry.role)] if entry.role in list(Role) else _same(entry.role),
        where=entry.where,
        what=WHATS[entry.what],
        asked=tuple(
            Condition(name=CONDITIONS.get(name, _same(name)), value=_value(name, asked, places, causes, now))
            for name in asked
        ),
        reason=entry.reason,
        rows="" if entry.rows is None else str(entry.rows),
        note=NOTES.get(entry.note, _same(entry.note)),
    )


def _value(name: str, asked: Mapping[str, str], places: Places, causes: Mapping[str, Both], now: datetime) -> Both:
    """A condition in words; what there are no words for stays as it was asked."""
    value = asked[name]
    match name:
        case "since" | "until":
            return _same(moment(datetime.fromisoformat(value), now).nl)
        case "by":
            groups = [GROUPS[Group(group)] if group in list(Group) else _same(group) for group in value.split(",")]
            return Both(", ".join(group.nl for group in groups), ", ".join(group.en or group.nl for group in groups))
        case "mac" | "ap":
            return _same(value if value.startswith("#") else mac(value))
        case "gemeente":
            return _same(places.name(value))
        case "site":
            return _same(places.site_name(asked.get("gemeente", ""), value))
        case "cause":
            return causes.get(value, _same(value))
        case _:
            return _WORDS.get(name, {}).get(value, _same(value))


def _same(text: str) -> Both:
    """A text that is the same in every language."""
    return Both(text, "")
