"""The logins around one, in groups: what a store is asked for, for the rules over many logins."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from ggi_net.authlog.line import Hop
from ggi_net.authlog.login import Outcome
from ggi_net.authlog.logins.trail import is_roaming
from ggi_net.authlog.question import Question
from ggi_net.model.types import Record

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ggi_net.authlog.login import Login
    from ggi_net.authlog.places import Places


class Group(Record, frozen=True, kw_only=True):
    """Logins that are equal in all of these, with how many there are and when the first and the last of them began.

    `user` is the inner identity, `device` the MAC or its hash; both and `ap` are empty where persons are not asked for.
    """

    realm: str = ""
    operator: str = ""
    visited: str = ""
    site: str = ""
    ap: str = ""
    device: str = ""
    user: str = ""
    outcome: Outcome
    cause: str = ""
    broken: Hop = Hop.UNKNOWN
    logins: int
    first: datetime
    last: datetime


class Counts(Protocol):
    """What a store answers quickly."""

    def groups(self, question: Question, *, persons: bool) -> list[Group]:
        """The logins of a question (without its limit) in groups; without `persons` those of all devices together."""
        ...


def groups_of(logins: Iterable[Login], *, persons: bool) -> list[Group]:
    """The groups of logins that are at hand."""
    found: dict[tuple[object, ...], Group] = {}
    for login in logins:
        whose = (login.ap, login.mac, login.inner) if persons else ("", "", "")
        key = (
            login.realm, login.operator, login.visited, login.site, *whose, login.outcome, login.cause, login.broken,
        )  # fmt: skip
        known = found.get(key)
        found[key] = Group(
            realm=login.realm, operator=login.operator, visited=login.visited, site=login.site, ap=whose[0],
            device=whose[1], user=whose[2], outcome=login.outcome, cause=login.cause, broken=login.broken,
            logins=login.attempts + (known.logins if known else 0),
            first=min(login.begin, known.first) if known else login.begin,
            last=max(login.begin, known.last) if known else login.begin,
        )  # fmt: skip
    return list(found.values())


class Around:
    """One login, and the logins around it, asked for once."""

    def __init__(self, login: Login, counts: Counts, places: Places) -> None:
        self.login, self.places = login, places
        self._counts = counts
        self._asked: dict[Question, list[Group]] = {}

    def around(
        self,
        minutes: int,
        *,
        persons: bool = True,
        realm: str = "",
        gemeente: str = "",
        site: str = "",
        user: str = "",
        mac: str = "",
    ) -> list[Group]:
        """The groups of a question about the time around the login."""
        margin = timedelta(minutes=minutes)
        question = Question(
            since=self.login.begin - margin, until=self.login.end + margin, realm=realm, gemeente=gemeente, site=site,
            user=user, mac=mac,
        )  # fmt: skip
        if question not in self._asked:
            self._asked[question] = self._counts.groups(question, persons=persons)
        return self._asked[question]

    def roams(self, of: Group | Login) -> bool:
        """Whether the user is at another organisation than the own one: the federation is on the way only then."""
        return is_roaming(of.visited, self.places.home(of.realm), of.operator, of.realm)

    @property
    def place(self) -> str:
        """The visited site in words."""
        gemeente = self.places.name(self.login.visited)
        site = self.places.site_name(self.login.visited, self.login.site)
        return ", ".join(part for part in (site, gemeente) if part)
