"""The page of one login, which can be shared by its number: that tells nothing of a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from anyio import to_thread
from litestar import Request, Response, get, post
from litestar.di import NamedDependency  # noqa: TC002  litestar reads the annotations
from litestar.params import FromPath  # noqa: TC002
from msgspec import structs

from ggi_net.authlog.story import story
from ggi_net.web.inert import typed
from ggi_net.web.live_test import SECONDS
from ggi_net.web.pages.answer import answer, row, since_then
from ggi_net.web.pages.look import Form, Found
from ggi_net.web.pages.room import SHORTEST_REASON, Room, carry, html, onto
from ggi_net.web.sessions import Sessions  # noqa: TC001
from ggi_net.web.visit import LOOKERS, Visit, only
from ggi_net.web.words import Both, counted

if TYPE_CHECKING:
    from ggi_net.authlog.login import Login

ATTEMPT = "/poging/{number:str}"


@get(ATTEMPT, opt=only(*LOOKERS), include_in_schema=False)
async def one(number: FromPath[str], visit: NamedDependency[Visit], room: NamedDependency[Room]) -> Response[str]:
    """A login; whoever gave no reason in this session is asked for one first."""
    if len(visit.reason) < SHORTEST_REASON:
        return html("reason", visit, path=f"/poging/{number}")
    return await to_thread.run_sync(_explained, visit, room, number)


@post(ATTEMPT, opt=only(*LOOKERS), include_in_schema=False)
async def because(
    request: Request[Any, Any, Any],
    number: FromPath[str],
    visit: NamedDependency[Visit],
    sessions: NamedDependency[Sessions],
) -> Response[str]:
    """Take the reason."""
    reason = typed(str((await request.form()).get("reason", "")))
    await to_thread.run_sync(carry, sessions, visit, reason)
    return onto(f"/poging/{number}")


def shown(visit: Visit, room: Room, form: Form, found: Found) -> Response[str]:
    """The answer page."""
    now, chosen = room.now(), found.chosen
    cause = room.catalogue[chosen.cause] if chosen.cause else None
    told = story(chosen, room.catalogue, room.places)
    made = structs.replace(
        answer(chosen, told, cause, room.places, now),
        since_then=since_then(chosen, found.logins, now),
        patterns=tuple(room.around(chosen)),
        test_realm=chosen.realm if room.tests and room.tests.covers(chosen.realm) else "",
        test_seconds=SECONDS,
    )
    others = [row(login, _title(room, login), room.places, now) for login in found.logins if login.id != chosen.id]
    caption = counted(len(others), Both("andere poging", "other attempt"), Both("andere pogingen", "other attempts"))
    return html(
        "answer",
        visit,
        search=form,
        answer=made,
        others=others,
        others_caption=caption,
        outages=room.banner.said(visit),
    )


def _title(room: Room, login: Login) -> Both:
    """The cause of a login in a few words; empty where it is not known or there is none."""
    return room.titles[login.cause] if login.cause else Both("", "")


def _explained(visit: Visit, room: Room, number: str) -> Response[str]:
    login = room.helpdesk.explain(visit.viewer, number, visit.reason, where=visit.where)
    return shown(visit, room, Form(asked=login.id, reason=visit.reason), Found(chosen=login, logins=(login,)))
