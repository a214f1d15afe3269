"""Logging in and out: with a local account, or at a provider of log-ins (OpenID Connect)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from anyio import to_thread
from litestar import MediaType, Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency  # noqa: TC002  litestar reads the annotations

from ggi_net.errors import GgiError, LogInRefused, ProviderAway, ProviderRefused, TooMany
from ggi_net.web import refusal
from ggi_net.web.back_channel import back_channel
from ggi_net.web.cookies import DEVICE_COOKIE, FLOW_COOKIE, SESSION_COOKIE, cookies_of
from ggi_net.web.limits import Limit, neighbourhood
from ggi_net.web.oidc import FLOW_SECONDS
from ggi_net.web.onward import onward
from ggi_net.web.pages.environment import page
from ggi_net.web.sessions import LOCAL, PROVIDER
from ggi_net.web.visit import Visit, anybody

if TYPE_CHECKING:
    from litestar.handlers import HTTPRouteHandler

    from ggi_net.authlog.question import Viewer
    from ggi_net.web.accounts import Accounts
    from ggi_net.web.oidc import Provider
    from ggi_net.web.sessions import Sessions

LOG_IN = "/inloggen"
AT_PROVIDER = "/inloggen/oidc"
CALLBACK = "/inloggen/oidc/terug"
"""Where people come back to from the provider: its settings must name this address."""
LOG_OUT = "/uitloggen"
_YEAR = 365 * 24 * 3600

log = logging.getLogger("ggi_net.web")


class Door:
    """The pages of logging in and out; either way of logging in may be missing."""

    def __init__(
        self, origin: str, sessions: Sessions, accounts: Accounts | None, provider: Provider | None, limit: Limit
    ) -> None:
        self._origin = origin
        self._sessions = sessions
        self._accounts = accounts
        self._provider = provider
        self._limit = limit

    def routes(self) -> list[HTTPRouteHandler]:
        """The handlers."""

        @get(LOG_IN, opt=anybody(), include_in_schema=False)
        async def form(request: Request[Any, Any, Any], visit: NamedDependency[Visit]) -> Response[str]:
            wanted = onward(request.query_params.get("next"))
            return to(wanted) if visit.session else self._form(visit, wanted)

        @post(LOG_IN, opt=anybody(), include_in_schema=False)
        async def log_in(request: Request[Any, Any, Any], visit: NamedDependency[Visit]) -> Response[str]:
            sent = await request.form()
            device = cookies_of(request.scope).get(DEVICE_COOKIE, "")
            name, password, wanted = (str(sent.get(field, "")) for field in ("name", "password", "next"))
            return await to_thread.run_sync(self._log_in, visit, name, password, wanted, device)

        @post(LOG_OUT, opt=anybody(), include_in_schema=False)
        async def log_out(visit: NamedDependency[Visit]) -> Response[str]:
            return await to_thread.run_sync(self._log_out, visit)

        handlers = [form, log_in, log_out]
        return handlers + (self._provider_routes(self._provider) if self._provider else [])

    def _provider_routes(self, provider: Provider) -> list[HTTPRouteHandler]:
        # A link and no form: a browser holds to form-action on the whole way, and the provider may lead on to others.
        @get(AT_PROVIDER, opt=anybody(), include_in_schema=False)
        async def begin(request: Request[Any, Any, Any], visit: NamedDependency[Visit]) -> Response[str]:
            self._limit.take(neighbourhood(visit.address))
            url, flow = await to_thread.run_sync(provider.begin, request.query_params.get("next"))
            return to(url, _cookie(FLOW_COOKIE, flow, FLOW_SECONDS))

        @get(CALLBACK, opt=anybody(), include_in_schema=False)
        async def back(request: Request[Any, Any, Any], visit: NamedDependency[Visit]) -> Response[str]:
            flow = cookies_of(request.scope).get(FLOW_COOKIE, "")
            return await to_thread.run_sync(self._back, provider, visit, dict(request.query_params), flow)

        return [begin, back, back_channel(provider, self._sessions)]

    def _log_in(self, visit: Visit, name: str, password: str, wanted: str, device: str) -> Response[str]:
        accounts = self._accounts
        if accounts is None:
            raise LogInRefused("there are no local accounts here")
        try:
            self._limit.take(neighbourhood(visit.address))
            viewer = accounts.log_in(name, password, device=device)
        except (LogInRefused, TooMany) as error:
            # What is no account may be a password that was typed into the wrong field.
            log.warning(
                "refused %s: log-in from %s as %s", error.code, visit.address, name if name in accounts else "-"
            )
            return self._form(visit, onward(wanted), name=name[:100], error=error)
        answer = self._logged_in(visit, viewer, LOCAL, onward(wanted))
        answer.set_cookie(_cookie(DEVICE_COOKIE, accounts.device(viewer.name), _YEAR))
        return answer

    def _back(self, provider: Provider, visit: Visit, query: dict[str, str], flow: str) -> Response[str]:
        try:
            found = provider.finish(query, flow)
        except (ProviderRefused, ProviderAway) as error:
            log.warning("refused %s: %s, log-in from %s", error.code, error.message, visit.address)
            answer = self._form(visit, "/", error=error)
        else:
            log.info("subject %a of %s is %a here", found.subject, provider.name, found.viewer.name)
            answer = self._logged_in(visit, found.viewer, PROVIDER, found.next, id_token=found.id_token)
        answer.set_cookie(_cookie(FLOW_COOKIE, "", 0))
        return answer

    def _logged_in(
        self, visit: Visit, viewer: Viewer, source: str, wanted: str, *, id_token: str = ""
    ) -> Response[str]:
        """A new session, never the one that the browser had before (session fixation)."""
        if visit.session:
            self._sessions.end(visit.session)
        number = self._sessions.begin(viewer, source, id_token=id_token)
        log.info("logged in %a (%s, %s) from %s", viewer.name, viewer.role, source, visit.address)
        return to(wanted, _cookie(SESSION_COOKIE, number))

    def _log_out(self, visit: Visit) -> Response[str]:
        where = LOG_IN
        if visit.session:
            self._sessions.end(visit.session)
            log.info("logged out %a from %s", visit.session.viewer.name, visit.address)
            if visit.session.source == PROVIDER and self._provider:
                where = self._ended_at(self._provider, visit.session.id_token) or where
        answer = to(where, _cookie(SESSION_COOKIE, "", 0))
        answer.headers["clear-site-data"] = '"cache"'
        return answer

    def _ended_at(self, provider: Provider, id_token: str) -> str:
        """Where the provider ends its own session; empty when it can't be asked now: here it has ended in any case."""
        try:
            return provider.end_url(id_token, self._origin + LOG_IN)
        except ProviderAway as error:
            log.warning("%s: %s; the session there was not ended", error.code, error.message)
            return ""

    def _form(self, visit: Visit, wanted: str, *, name: str = "", error: GgiError | None = None) -> Response[str]:
        said = refusal.of(error) if error else None
        body = page(
            "sign_in",
            visit.frame(LOG_IN),
            error=said.text if said else None,
            provider=self._provider.name if self._provider else "",
            accounts=self._accounts is not None,
            name=name,
            next=wanted,
            at_provider=f"{AT_PROVIDER}?{urlencode({'next': wanted})}",
        )
        return Response(body, status_code=said.status if said else 200, media_type=MediaType.HTML)


def to(url: str, *cookies: Cookie) -> Response[str]:
    """Lead on to `url` with a GET (RFC 9110, section 15.4.4)."""
    return Response("", status_code=303, headers={"location": url}, cookies=cookies, media_type=MediaType.TEXT)


def _cookie(name: str, value: str, seconds: int | None = None) -> Cookie:
    """A cookie for so many seconds, else until the browser is closed; 0 takes it away."""
    return Cookie(key=name, value=value, max_age=seconds, secure=True, httponly=True, samesite="lax", path="/")
