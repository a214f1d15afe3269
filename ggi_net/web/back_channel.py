"""Who logs out at the provider is logged out here: OpenID Connect Back-Channel Logout 1.0.

The provider itself posts a token that says whose session ended. It comes from no browser, so there is neither a cookie
nor a form; what counts is its signature.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import msgspec
from anyio import to_thread
from joserfc.util import urlsafe_b64decode
from litestar import MediaType, Request, Response, post

from ggi_net.errors import ProviderAway, ProviderRefused
from ggi_net.model.types import Record
from ggi_net.web.oidc import LEEWAY
from ggi_net.web.visit import for_programs

if TYPE_CHECKING:
    from litestar.handlers import HTTPRouteHandler

    from ggi_net.web.oidc import Provider
    from ggi_net.web.sessions import Sessions

BACK_CHANNEL = "/inloggen/oidc/uitgelogd"
_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_TYPES = ("logout+jwt", "jwt")
_LONGEST = 255

log = logging.getLogger("ggi_net.web")


class Ended(Record, frozen=True, kw_only=True):
    """Whose session ended at the provider, which one (either may be empty, not both), and when (Unix time)."""

    subject: str
    sid: str
    at: float


def ended(provider: Provider, token: str) -> Ended:
    """What a logout token says (section 2.6). Raises ProviderRefused, ProviderAway."""
    claims = provider.trusted(token)
    head = msgspec.json.decode(urlsafe_b64decode(token.partition(".")[0].encode()))
    if str(head.get("typ", "JWT")).lower().removeprefix("application/") not in _TYPES:
        raise ProviderRefused("the token is of another type")
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(_EVENT), dict):
        raise ProviderRefused("the token tells of no log-out")
    if "nonce" in claims:
        raise ProviderRefused("the token is one of a log-in")
    subject, sid = (claims.get(name, "") for name in ("sub", "sid"))
    if not all(isinstance(text, str) and len(text) <= _LONGEST for text in (subject, sid)) or not (subject or sid):
        raise ProviderRefused("the token names nobody")
    return Ended(subject=subject, sid=sid, at=float(claims["iat"]))


def back_channel(provider: Provider, sessions: Sessions) -> HTTPRouteHandler:
    """The handler of what the provider posts."""

    @post(BACK_CHANNEL, opt=for_programs(), status_code=200, include_in_schema=False)
    async def logged_out(request: Request[Any, Any, Any]) -> Response[str]:
        token = str((await request.form()).get("logout_token", ""))
        return await to_thread.run_sync(_logged_out, provider, sessions, token)

    return logged_out


def _logged_out(provider: Provider, sessions: Sessions, token: str) -> Response[str]:
    try:
        found = ended(provider, token)
    except (ProviderRefused, ProviderAway) as error:
        log.warning("refused %s: %s, a log-out that %s is said to tell of", error.code, error.message, provider.name)
        status = 400 if isinstance(error, ProviderRefused) else 503
        return Response('{"error": "invalid_request"}', status_code=status, media_type=MediaType.JSON)
    # Those that began later are of another log-in: a token that is sent again ends nothing.
    number = sessions.end_at_provider(found.subject, found.sid, found.at + LEEWAY)
    log.info("subject %a logged out at %s: %d sessions ended here", found.subject, provider.name, number)
    return Response("", media_type=MediaType.TEXT)
