"""What happens to every request before a page is looked for, and to every answer on its way out."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

from ggi_net.errors import AnotherHost, GgiError
from ggi_net.web.cookies import FORM_COOKIE, SESSION_COOKIE, cookies_of, header, set_cookie
from ggi_net.web.headers import headers_for
from ggi_net.web.limits import Limit, neighbourhood
from ggi_net.web.refusal import API, refusal
from ggi_net.web.static_files import STATIC
from ggi_net.web.visit import Visit

if TYPE_CHECKING:
    from collections.abc import Callable

    from litestar.types import ASGIApp, Message, Receive, Scope, Send

    from ggi_net.web.csrf import Csrf
    from ggi_net.web.sessions import Sessions
    from ggi_net.web.settings import Settings

_NUMBER = re.compile(r"[A-Za-z0-9_-]{43}")


class Gate:
    """Host check, rate, session, security headers. It stands around the whole application, so that also a page that
    isn't there, and an error, go through it."""

    def __init__(
        self, app: ASGIApp, settings: Settings, sessions: Sessions, csrf: Csrf, provider: Callable[[], str]
    ) -> None:
        self._app = app
        self._host = settings.host
        self._tls = settings.origin.startswith("https:")
        self._sessions = sessions
        self._csrf = csrf
        self._provider = provider
        self._limit = Limit(settings.rates.pages)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path, client = scope["path"], scope.get("client")
        visit = Visit(address=client[0] if client else "unknown")
        scope["state"]["visit"] = visit

        async def outward(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = headers_for(
                    path, message["status"], tls=self._tls, query=scope["query_string"], provider=self._provider()
                )
                own = {name for name, _ in said}
                kept = [pair for pair in message["headers"] if pair[0].lower() not in own]
                message["headers"] = [*kept, *said, *given]
            await send(message)

        given: list[tuple[bytes, bytes]] = []
        try:
            if header(scope, b"host").lower() != self._host:
                raise AnotherHost("that is not the name of this site")
            if not path.startswith(STATIC):
                self._limit.take(neighbourhood(visit.address))
            if not path.startswith((STATIC, API)):
                visit, fresh = self._recognised(visit, cookies_of(scope))
                scope["state"]["visit"] = visit
                if fresh:
                    name, value = set_cookie(FORM_COOKIE, visit.cookie)
                    given.append((name.encode(), value.encode()))
        except GgiError as error:
            await refusal(error, scope)(outward)
            return
        await self._app(scope, receive, outward)

    def _recognised(self, visit: Visit, cookies: dict[str, str]) -> tuple[Visit, bool]:
        """The visit with its session, and whether the browser gets a cookie for forms."""
        number = cookies.get(SESSION_COOKIE, "")
        session = self._sessions.find(number) if _NUMBER.fullmatch(number) else None
        if session:
            return Visit(address=visit.address, session=session, cookie=number, csrf=self._csrf.token(number)), False
        browser = cookies.get(FORM_COOKIE, "")
        fresh = not _NUMBER.fullmatch(browser)
        browser = secrets.token_urlsafe(32) if fresh else browser
        return Visit(address=visit.address, cookie=browser, csrf=self._csrf.token(browser)), fresh
