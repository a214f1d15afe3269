"""What somebody wants to know of the logins, and who asks."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from ggi_net.authlog.login import Outcome
from ggi_net.model.types import Record


class Question(Record, frozen=True, kw_only=True):
    """Which logins: all conditions that are given hold. Texts are compared without regard to case.

    `user` is an identity, inner or outer; `mac` 12 hexadecimal digits; `ap` as well, the radio of an access point.
    `realm` is the user's; `gemeente` the slug of the home or the visited one; `site` and `nas` where it was. `since`
    and `until` are in UTC, the second one exclusive. Newest first, at most `limit`.
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
