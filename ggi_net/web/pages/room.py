"""What the pages need beside the visit: the rooms that they ask, and the way to send a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping  # noqa: TC003
from dataclasses import dataclass
from datetime import datetime  # noqa: TC003
from typing import Any

from litestar import MediaType, Response

from ggi_net.authlog.causes.catalogue import Catalogue  # noqa: TC001
from ggi_net.authlog.helpdesk import Helpdesk  # noqa: TC001
from ggi_net.authlog.login import Login  # noqa: TC001
from ggi_net.authlog.places import Places  # noqa: TC001
from ggi_net.errors import GgiError  # noqa: TC001
from ggi_net.web import refusal
from ggi_net.web.live_test import LiveTest  # noqa: TC001
from ggi_net.web.pages.banner import Banner  # noqa: TC001
from ggi_net.web.pages.environment import page
from ggi_net.web.pages.sealed import Sealer  # noqa: TC001
from ggi_net.web.sessions import Sessions  # noqa: TC001
from ggi_net.web.visit import Visit  # noqa: TC001
from ggi_net.web.words import Both  # noqa: TC001

SHORTEST_REASON = 2


@dataclass(frozen=True, kw_only=True)
class Room:
    """Given to every page as `room`.

    `titles` are the causes in words. `tests` is None where no login tests are set up. `now` is aware. `around` says
    what is known beside a login's own lines.
    """

    helpdesk: Helpdesk
    places: Places
    catalogue: Catalogue
    titles: Mapping[str, Both]
    banner: Banner
    sealer: Sealer
    tests: LiveTest | None
    now: Callable[[], datetime]
    around: Callable[[Login], list[Both]]


def html(name: str, visit: Visit, here: str = "", *, status: int = 200, **data: Any) -> Response[str]:
    """A page; `here` is its entry in the menu."""
    return Response(page(name, visit.frame(here), **data), media_type=MediaType.HTML, status_code=status)


def onto(path: str) -> Response[str]:
    """Lead on to another page with a GET."""
    return Response("", status_code=303, headers={"location": path}, media_type=MediaType.TEXT)


def carry(sessions: Sessions, visit: Visit, reason: str) -> None:
    """Remember the reason for the rest of the session."""
    if visit.session and reason != visit.reason:
        sessions.carry(visit.session, reason)


def problem(error: GgiError) -> Both:
    """What a form says of an error."""
    return refusal.of(error).text
