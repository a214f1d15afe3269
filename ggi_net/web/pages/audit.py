"""The auditor's page: who looked up what and why, and whether the log is as it was written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from anyio import to_thread
from litestar import Request, Response, get, post
from litestar.di import NamedDependency  # noqa: TC002  litestar reads the annotations
from msgspec import structs

from ggi_net.authlog.asked import mac
from ggi_net.authlog.audit_check import Verdict, Wanted
from ggi_net.authlog.audit_entry import What
from ggi_net.authlog.question import Role
from ggi_net.model.types import Record
from ggi_net.web.inert import typed
from ggi_net.web.pages.frame import ROLES
from ggi_net.web.pages.period import CHOICES, known, since
from ggi_net.web.pages.room import Room, html
from ggi_net.web.visit import Visit, only
from ggi_net.web.words import Both, counted, moment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from ggi_net.authlog.audit_check import Shown

AUDITORS = (Role.AUDITOR, Role.ENGINEER)
_MOST = 200
"""Entries on one page."""

WHATS = {
    What.SEARCH: Both("gezocht", "searched"),
    What.LOGIN: Both("poging bekeken", "looked at an attempt"),
    What.STATS: Both("cijfers bekeken", "looked at figures"),
    What.TEST: Both("inloggen geprobeerd", "tested logging in"),
    What.AUDIT: Both("dit logboek gelezen", "read this log"),
    What.ERASE: Both("persoon gewist", "erased a person"),
    What.TORN: Both("regel afgebroken bij het schrijven", "an entry was cut off while written"),
    What.CUT: Both("er ontbreken regels", "entries are missing"),
}


ASKED = {
    "user": "gebruiker", "mac": "toestel", "about": "over", "since": "vanaf", "until": "tot", "by": "geteld per",
    "login": "poging", "site": "locatie", "ap": "toegangspunt", "outcome": "uitslag", "cause": "oorzaak",
    "limit": "hooguit",
}  # fmt: skip
"""Conditions of a question in words; the others are called the same in Dutch."""


class Row(Record, frozen=True, kw_only=True):
    """An entry in words. `who`, `where`, `asked`, `reason` and `note` are hostile text."""

    number: int
    when: Both
    who: str
    role: Both
    where: str
    what: Both
    asked: tuple[tuple[str, str], ...]
    reason: str
    rows: str
    note: str


class View(Record, frozen=True, kw_only=True):
    """The page: what was asked, and what was found."""

    who: str = ""
    about: str = ""
    reason: str = ""
    since: str = "maand"
    choices: tuple[tuple[str, Both], ...] = CHOICES
    searched: bool = False
    entries: tuple[Row, ...] = ()
    caption: Both = Both("", "")
    verdict: Verdict | None = None
    error: Both | None = None


def rows(found: Sequence[Shown], now: datetime) -> tuple[Row, ...]:
    """Entries as the page lists them."""
    return tuple(_row(shown, now) for shown in found)


def caption(number: int, limit: int) -> Both:
    """What stands above the list."""
    words = counted(number, Both("regel", "entry"), Both("regels", "entries"))
    if number < limit:
        return words
    return Both(f"De nieuwste {words.nl}; er kunnen er meer zijn", f"The newest {words.en}; there may be more")


def _row(shown: Shown, now: datetime) -> Row:
    entry = shown.entry
    known = entry.role in list(Role)
    return Row(
        number=entry.number,
        when=moment(entry.time, now),
        who=entry.who,
        role=ROLES[Role(entry.role)] if known else Both(entry.role, entry.role),
        where=entry.where,
        what=WHATS[entry.what],
        asked=tuple((ASKED.get(name, name), value) for name, value in (*shown.about.items(), *entry.asked.items())),
        reason=entry.reason,
        rows="" if entry.rows is None else str(entry.rows),
        note=entry.note,
    )


@get("/audit", opt=only(*AUDITORS), include_in_schema=False)
async def newest(visit: NamedDependency[Visit]) -> Response[str]:
    """The form; nothing is read before somebody asks."""
    return html("audit", visit, "/audit", view=View())


@post("/audit", opt=only(*AUDITORS), status_code=200, include_in_schema=False)
async def read(
    request: Request[Any, Any, Any], visit: NamedDependency[Visit], room: NamedDependency[Room]
) -> Response[str]:
    """Search the log, or verify it. A post: what is asked about may be a name."""
    sent = await request.form()
    who, about, reason, period = (typed(str(sent.get(name, ""))) for name in ("who", "about", "reason", "since"))
    view = View(who=who, about=about, reason=reason, since=known(period))
    if sent.get("do") == "verify":
        verdict = await to_thread.run_sync(lambda: room.helpdesk.verified(visit.viewer, where=visit.where))
        return html("audit", visit, "/audit", view=structs.replace(view, verdict=verdict))
    now = room.now()
    wanted = Wanted(who=who, about=mac(about) or about, reason=reason, since=since(view.since, now), limit=_MOST)
    found = await to_thread.run_sync(lambda: room.helpdesk.audited(visit.viewer, wanted, where=visit.where))
    listed = structs.replace(view, searched=True, entries=rows(found, now), caption=caption(len(found), _MOST))
    return html("audit", visit, "/audit", view=listed)
