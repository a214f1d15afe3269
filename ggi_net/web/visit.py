"""One request of somebody: who it is, from where, and the token for the forms of its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litestar.types import Scope  # noqa: TC002  litestar reads the annotations

from ggi_net.authlog.question import Role, Viewer
from ggi_net.errors import AccessRefused, FormRefused, NotLoggedIn
from ggi_net.model.types import Record
from ggi_net.web.csrf import FIELD, SAFE
from ggi_net.web.pages.frame import Frame
from ggi_net.web.sessions import Session

if TYPE_CHECKING:
    from litestar.connection import ASGIConnection
    from litestar.handlers.base import BaseRouteHandler

    from ggi_net.web.csrf import Csrf

LOOKERS = (Role.HELPDESK, Role.OPERATOR, Role.ENGINEER)
"""Those who may look at logins."""


class Visit(Record, frozen=True, kw_only=True):
    """Who asks for a page, and from where.

    `csrf` goes into a hidden field of that name in every form that is posted. `where` is what the audit log says:
    the door and the address. `cookie` is the one that `csrf` was made of.
    """

    address: str
    csrf: str = ""
    cookie: str = ""
    session: Session | None = None

    @property
    def viewer(self) -> Viewer:
        """Who asks. Raises NotLoggedIn."""
        if self.session is None:
            raise NotLoggedIn("nobody is logged in")
        return self.session.viewer

    @property
    def where(self) -> str:
        """The door and the address."""
        return f"web {self.address}"

    def frame(self, here: str) -> Frame:
        """What is around the page at the path `here`."""
        viewer = self.session.viewer if self.session else None
        return Frame(here=here, viewer=viewer, csrf=self.csrf, can_leave=viewer is not None)

    @property
    def reason(self) -> str:
        """The reason that was given last, to begin the next look-up with."""
        return self.session.reason if self.session else ""


def only(*roles: Role) -> dict[str, Any]:
    """`opt` of a page for these roles: `@get("/", opt=only(*LOOKERS))`."""
    return {"roles": frozenset(roles)}


def anybody() -> dict[str, Any]:
    """`opt` of a page that needs no log-in. Forms are checked all the same."""
    return {"roles": None}


def for_programs() -> dict[str, Any]:
    """`opt` of what is for programs: they have tokens, which the API's guard asks for, no cookies and no forms."""
    return {"roles": None, "token": True}


def provide_visit(scope: Scope) -> Visit:
    """The dependency `visit` of every page."""
    visit: Visit = scope["state"]["visit"]
    return visit


class Admission:
    """The guard of every page: one that doesn't say who may see it is shown to nobody."""

    def __init__(self, csrf: Csrf) -> None:
        self._csrf = csrf

    async def __call__(self, connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
        """Raise NotLoggedIn, AccessRefused or FormRefused."""
        if handler.opt.get("token"):
            return
        roles = handler.opt.get("roles", frozenset())
        visit = provide_visit(connection.scope)
        if roles is not None and visit.viewer.role not in roles:
            raise AccessRefused("this page is not for your role")
        if connection.scope.get("method") not in SAFE:
            await self._check_form(connection, visit)

    async def _check_form(self, request: Any, visit: Visit) -> None:
        """`request` is a Request; guards are also made for web sockets, which these pages don't have."""
        if not self._csrf.own(request.headers):
            raise FormRefused("the form comes from another site")
        form = await request.form()
        if not self._csrf.fits(visit.cookie, form.get(FIELD)):
            raise FormRefused("the form has no token, or an old one")
