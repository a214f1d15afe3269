"""A live login test of a realm, on record before its result is shown."""

from __future__ import annotations

from typing import Any

from anyio import to_thread
from litestar import Request, Response, post
from litestar.di import NamedDependency  # noqa: TC002  litestar reads the annotations

from ggi_net.authlog.asked import login_id
from ggi_net.errors import ReasonMissing
from ggi_net.web.ending import Ending, Outcome
from ggi_net.web.inert import typed
from ggi_net.web.pages.room import SHORTEST_REASON, Room, html
from ggi_net.web.visit import LOOKERS, Visit, only
from ggi_net.web.words import Both, clock


@post("/proef", opt=only(*LOOKERS), status_code=200, include_in_schema=False)
async def test(
    request: Request[Any, Any, Any], visit: NamedDependency[Visit], room: NamedDependency[Room]
) -> Response[str]:
    """Log in there now, with the test account."""
    sent = await request.form()
    realm, number = typed(str(sent.get("realm", ""))), login_id(str(sent.get("login", "")))
    if len(visit.reason) < SHORTEST_REASON:
        raise ReasonMissing("no reason was given")
    return await to_thread.run_sync(_tested, visit, room, realm, number)


def _tested(visit: Visit, room: Room, realm: str, number: str) -> Response[str]:
    outcome = room.tests.run(realm) if room.tests else Outcome(ending=Ending.NO_ACCOUNT)
    room.helpdesk.tested(visit.viewer, realm, visit.reason, where=visit.where, result=outcome.ending)
    seconds = f"{outcome.seconds:.1f}"
    return html(
        "test", visit, outcome=outcome, realm=realm, login=number, when=clock(room.now().replace(microsecond=0)),
        seconds=Both(seconds.replace(".", ","), seconds),
    )  # fmt: skip
