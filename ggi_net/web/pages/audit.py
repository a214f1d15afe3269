"""The auditor's page: who looked up what and why, and whether the log is as it was written."""

from __future__ import annotations

from typing import Any

from anyio import to_thread
from litestar import Request, Response, get, post
from litestar.di import NamedDependency  # noqa: TC002  litestar reads the annotations
from msgspec import structs

from ggi_net.authlog.asked import mac
from ggi_net.authlog.audit_check import Verdict, Wanted
from ggi_net.authlog.question import Role
from ggi_net.model.types import Record
from ggi_net.web.inert import typed
from ggi_net.web.pages.audit_words import Row, rows
from ggi_net.web.pages.period import CHOICES, known, since
from ggi_net.web.pages.room import Room, html
from ggi_net.web.visit import Visit, only
from ggi_net.web.words import Both, counted

AUDITORS = (Role.AUDITOR, Role.ENGINEER)
_MOST = 200
"""Entries on one page."""


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


def caption(number: int, limit: int) -> Both:
    """What stands above the list."""
    words = counted(number, Both("regel", "entry"), Both("regels", "entries"))
    if number < limit:
        return words
    return Both(f"De nieuwste {words.nl}; er kunnen er meer zijn", f"The newest {words.en}; there may be more")


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
    entries = rows(found, room.places, room.titles, now)
    listed = structs.replace(view, searched=True, entries=entries, caption=caption(len(found), _MOST))
    return html("audit", visit, "/audit", view=listed)
