"""The logins around one, in groups: what a store is asked for, for the rules over many logins."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol

from ggi_net.authlog.line import Hop
from ggi_net.authlog.login import Outcome
from ggi_net.authlog.logins.trail import is_roaming
from ggi_net.authlog.question import Question
from ggi_net.model.types import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ggi_net.authlog.login import Login
    from ggi_net.authlog.places import Places


KIND: Final = ("realm", "operator", "visited", "site", "outcome", "cause", "broken")
"""What tells nobody's login apart."""
PERSONS: Final = (*KIND, "ap", "device", "user")
"""With devices and persons: many groups, so only for a question about few logins."""


class Group(Record, frozen=True, kw_only=True):
    """Logins that are equal in what was asked for, with how many there are and when the first and the last began.

    `user` is the inner identity, `device` the MAC or its hash. What was not asked for is empty.
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

    def groups(self, question: Question, by: Sequence[str]) -> list[Group]:
        """The logins of a question (without its limit) in groups that are equal in `by`: some of PERSONS, in their
        order, the outcome among them."""
        ...


def groups_of(logins: Iterable[Login], by: Sequence[str]) -> list[Group]:
    """The groups of logins that are at hand."""
    attributes = {"device": "mac", "user": "inner"}
    found: dict[tuple[Any, ...], list[Login]] = {}
    for login in logins:
        found.setdefault(tuple(getattr(login, attributes.get(name, name)) for name in by), []).append(login)
    return [
        Group(
            **dict(zip(by, values, strict=True)), logins=sum(login.attempts for login in some),
            first=min(login.begin for login in some), last=max(login.begin for login in some),
        )
        for values, some in found.items()
    ]  # fmt: skip


class Around:
    """One login, and the logins around it, asked for once."""

    def __init__(self, login: Login, counts: Counts, places: Places) -> None:
        self.login, self.places = login, places
        self._counts = counts
        self._homes: dict[str, str] = {}
        self._asked: dict[tuple[Question, Sequence[str]], list[Group]] = {}

    def around(
        self,
        minutes: int,
        *,
        by: Sequence[str] = PERSONS,
        outcome: Outcome | None = None,
        since: datetime | None = None,
        realm: str = "",
        gemeente: str = "",
        site: str = "",
        user: str = "",
        mac: str = "",
    ) -> list[Group]:
        """The groups of a question about the time around the login, from `since` on if that is given."""
        margin = timedelta(minutes=minutes)
        question = Question(
            since=since or self.login.begin - margin, until=self.login.end + margin, realm=realm, gemeente=gemeente,
            site=site, user=user, mac=mac, outcome=outcome,
        )  # fmt: skip
        if (question, by) not in self._asked:
            self._asked[question, by] = self._counts.groups(question, by)
        return self._asked[question, by]

    def roams(self, of: Group | Login) -> bool:
        """Whether the user is at another organisation than the own one: the federation is on the way only then."""
        if of.realm not in self._homes:
            self._homes[of.realm] = self.places.home(of.realm)
        return is_roaming(of.visited, self._homes[of.realm], of.operator, of.realm)

    @property
    def place(self) -> str:
        """The visited site in words."""
        gemeente = self.places.name(self.login.visited)
        site = self.places.site_name(self.login.visited, self.login.site)
        return ", ".join(part for part in (site, gemeente) if part)
