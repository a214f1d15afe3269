"""What somebody wants to know of the logins, and who asks."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from ggi_net.authlog.login import Outcome
from ggi_net.model.types import Record


class Scope(Record, frozen=True, kw_only=True):
    """Whose logins may be seen: a condition like the others, so that no count tells of what is not shown.

    Logins of `everybody`, else those whose `home` or `visited` is one of `gemeenten`. Inner identities of everybody
    (`inner`), else of those whose `home` is one of `gemeenten`; for the other logins `user` is compared with the outer
    identity only, because a hit would tell who it was.
    """

    everybody: bool = True
    inner: bool = True
    gemeenten: tuple[str, ...] = ()


class Question(Record, frozen=True, kw_only=True):
    """Which logins: all conditions that are given hold. Texts are compared without regard to case.

    `user` is an identity, inner or outer; `mac` 12 hexadecimal digits; `ap` as well, the radio of an access point.
    `realm` is the user's; `gemeente` the slug of the home or the visited one; `site` and `nas` where it was. `since`
    and `until` are in UTC, the second one exclusive. Newest first, at most `limit`. `scope` is what whoever asks may
    see: `helpdesk.py` sets it.
    """

    user: str = ""
    mac: str = ""
    realm: str = ""
    gemeente: str = ""
    site: str = ""
    ap: str = ""
    nas: str = ""
    outcome: Outcome | None = None
    cause: str = ""
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 100
    scope: Scope = Scope()


class Role(StrEnum):
    """What somebody may see."""

    HELPDESK = "helpdesk"
    """Logins of its own realms anywhere; of others at its own sites, without the inner identity."""
    OPERATOR = "operator"
    """The federation: every login, without inner identities."""
    AUDITOR = "auditor"
    """Who looked up what; no logins."""
    ENGINEER = "engineer"
    """Whoever runs the toolkit on its own machine: everything."""


class Viewer(Record, frozen=True, kw_only=True):
    """Who asks. `gemeenten` are the slugs that a helpdesk works for."""

    name: str
    role: Role
    gemeenten: tuple[str, ...] = ()
