"""What somebody gets to see when a request is refused or goes wrong: words, no traceback; for a program by RFC 9457."""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import msgspec
from litestar import MediaType, Response
from litestar.exceptions import HTTPException, ValidationException

from ggi_net.errors import (
    AccessRefused,
    AnotherHost,
    FormRefused,
    GgiError,
    LogInRefused,
    LoginUnknown,
    NotLoggedIn,
    NotUnderstood,
    ProviderAway,
    ProviderRefused,
    ReasonMissing,
    RequestWrong,
    TooMany,
)
from ggi_net.model.types import Record
from ggi_net.web.csrf import SAFE
from ggi_net.web.pages.environment import page
from ggi_net.web.visit import Visit
from ggi_net.web.words import Both

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from litestar import Request
    from litestar.types import Scope, Send

API = "/api/"
"""What begins so is for programs: it has tokens and no cookies."""

log = logging.getLogger("ggi_net.web")
"""What was refused and what went wrong: the security log."""


class Refusal(Record, frozen=True, kw_only=True):
    """What is said, in both languages, with the HTTP status."""

    status: int
    title: Both
    text: Both
    code: str = ""


_REFUSALS: dict[type[GgiError], Refusal] = {
    AccessRefused: Refusal(
        status=403,
        title=Both("Deze pagina is niet voor uw functie", "This page is not for your role"),
        text=Both(
            "U bent ingelogd, maar deze pagina is voor anderen. Klopt dat niet? Vraag het uw beheerder.",
            "You are logged in, but this page is for others. If that is wrong, ask your administrator.",
        ),
    ),
    FormRefused: Refusal(
        status=403,
        title=Both("Het formulier is te oud", "The form is too old"),
        text=Both(
            "Open de pagina opnieuw en vul het formulier nog een keer in.",
            "Open the page again and fill in the form once more.",
        ),
    ),
    AnotherHost: Refusal(
        status=421,
        title=Both("Dit is een ander adres", "This is another address"),
        text=Both(
            "Deze website heeft een ander adres. Kijk of u het goed hebt getypt.",
            "This website has another address. Check what you typed.",
        ),
    ),
    NotLoggedIn: Refusal(
        status=401,
        title=Both("U bent niet ingelogd", "You are not logged in"),
        text=Both(
            "Log in en probeer het opnieuw.",
            "Log in and try again.",
        ),
    ),
    LogInRefused: Refusal(
        status=403,
        title=Both("Inloggen is niet gelukt", "Logging in did not work"),
        text=Both(
            "De naam of het wachtwoord klopt niet.",
            "The name or the password is not right.",
        ),
    ),
    LoginUnknown: Refusal(
        status=404,
        title=Both("Deze inlogpoging is er niet", "That login is not there"),
        text=Both(
            "Het nummer klopt niet, de poging is al verwijderd, of u mag hem niet zien.",
            "The number is wrong, the attempt has been removed already, or you may not see it.",
        ),
    ),
    ReasonMissing: Refusal(
        status=400,
        title=Both("Waarom zoekt u dit?", "Why do you look this up?"),
        text=Both(
            "Vul een reden in, bijvoorbeeld het nummer van de melding. Elke zoekvraag wordt met de reden bewaard.",
            "Give a reason, such as the number of the ticket. Each look-up is recorded with its reason.",
        ),
    ),
    NotUnderstood: Refusal(
        status=400,
        title=Both("Dat is niet te zoeken", "That can't be looked for"),
        text=Both(
            "Zoek op een gebruiker, het adres van een toestel, een gemeente, een locatie of een oorzaak.",
            "Look for a user, the address of a device, a gemeente, a site or a cause.",
        ),
    ),
    RequestWrong: Refusal(
        status=400,
        title=Both("Dat kan niet", "That can't be done"),
        text=Both(
            "Er is iets gevraagd wat deze website niet kent.",
            "Something was asked that this website does not know.",
        ),
    ),
    TooMany: Refusal(
        status=429,
        title=Both("Even wachten", "Please wait"),
        text=Both(
            "Er is te veel gevraagd in korte tijd. Wacht even en probeer het dan opnieuw.",
            "Too much was asked in a short time. Wait a moment and try again.",
        ),
    ),
    ProviderAway: Refusal(
        status=503,
        title=Both("Inloggen kan nu niet", "Logging in is not possible now"),
        text=Both(
            "De dienst waar u inlogt, geeft geen antwoord. Probeer het over een paar minuten opnieuw.",
            "The service that you log in at does not answer. Try again in a few minutes.",
        ),
    ),
    ProviderRefused: Refusal(
        status=403,
        title=Both("Inloggen is niet gelukt", "Logging in did not work"),
        text=Both(
            "Probeer het opnieuw. Lukt het weer niet, vraag dan uw beheerder of u toegang hebt.",
            "Try again. If it fails again, ask your administrator whether you have access.",
        ),
    ),
}
_MISSING = Refusal(
    status=404,
    title=Both("Deze pagina is er niet", "This page is not there"),
    text=Both(
        "Kijk of het adres goed is, of begin bij de eerste pagina.",
        "Check the address, or begin at the first page.",
    ),
)
_AWAY = Refusal(
    status=503,
    title=Both("Dit werkt nu even niet", "This does not work just now"),
    text=Both(
        "Probeer het over een paar minuten opnieuw. Uw beheerder kan zien wat er mis is.",
        "Try again in a few minutes. Your administrator can see what is wrong.",
    ),
)
_BROKEN = Refusal(
    status=500,
    title=Both("Er ging iets mis", "Something went wrong"),
    text=Both(
        "Dat ligt niet aan u. Uw beheerder kan zien wat er mis is.",
        "That is not your fault. Your administrator can see what is wrong.",
    ),
)


class Problem(Record, frozen=True, kw_only=True):
    """An error as programs get it (RFC 9457). `code` is the toolkit's own."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = ""
    code: str = ""


def of(error: Exception) -> Refusal:
    """What is said about an error."""
    if isinstance(error, HTTPException):
        if error.status_code in (404, 405):
            return msgspec.structs.replace(_MISSING, status=error.status_code)
        wrong = 400 <= error.status_code < 500
        return msgspec.structs.replace(_REFUSALS[RequestWrong] if wrong else _BROKEN, status=error.status_code)
    if isinstance(error, RecursionError):  # JSON that is nested a thousand times
        return _REFUSALS[RequestWrong]
    if isinstance(error, GgiError):
        found = next((_REFUSALS[kind] for kind in type(error).__mro__ if kind in _REFUSALS), _AWAY)
        return msgspec.structs.replace(found, code=error.code)
    return _BROKEN


def shown(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """The exception handler of the whole application."""
    if isinstance(error, NotLoggedIn) and not request.scope["path"].startswith(API):
        query = {"next": request.scope["raw_path"].decode("ascii", "replace")} if request.method in SAFE else {}
        return Response(
            b"",
            status_code=303,
            media_type=MediaType.TEXT,
            headers={"location": "/inloggen" + (f"?{urlencode(query)}" if query else "")},
        )
    status, headers, body = _answer(error, request.scope)
    return Response(body, status_code=status, headers=dict(headers[1:]), media_type=headers[0][1].partition(";")[0])


def refusal(error: GgiError, scope: Scope) -> Callable[[Send], Awaitable[None]]:
    """The same for what is refused before the application is reached."""
    status, headers, body = _answer(error, scope)

    async def answer(send: Send) -> None:
        raw = [(name.encode(), value.encode()) for name, value in headers]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    return answer


def _answer(error: Exception, scope: Scope) -> tuple[int, list[tuple[str, str]], bytes]:
    said = of(error)
    _note(error, said, scope)
    headers = [("content-type", "text/html; charset=utf-8")]
    if scope["path"].startswith(API):
        headers = [("content-type", "application/problem+json")]
        body = msgspec.json.encode(_problem(error, said))
        if said.status == 401:
            headers.append(("www-authenticate", 'Bearer realm="ggi"'))
    else:
        frame = (scope["state"].get("visit") or Visit(address="")).frame("")
        body = page("error", frame, problem=said).encode()
    if isinstance(error, TooMany):
        headers.append(("retry-after", str(math.ceil(error.wait))))
    if isinstance(error, HTTPException) and error.headers and "allow" in {name.lower() for name in error.headers}:
        headers += [(name, value) for name, value in error.headers.items() if name.lower() == "allow"]
    return said.status, headers, body


def _problem(error: Exception, said: Refusal) -> Problem:
    """What programs get. What went wrong inside is not passed on; what is wrong with a request is."""
    detail = said.text.en
    if said.status < 500 and isinstance(error, GgiError):
        detail = error.message
    elif said.status < 500 and isinstance(error, ValidationException) and isinstance(error.extra, list):
        detail = "; ".join(f"{one.get('key') or 'body'}: {one.get('message')}" for one in error.extra[:5])[:500]
    elif said.status == 400 and isinstance(error, HTTPException):
        detail = error.detail[:500]
    return Problem(title=said.title.en, status=said.status, detail=detail, code=said.code)


def _note(error: Exception, said: Refusal, scope: Scope) -> None:
    """One line in the security log: what, where, who; never the query or the form, in which a person may stand."""
    visit = scope["state"].get("visit")
    caller = scope["state"].get("caller")
    who = visit.session.viewer.name if visit and visit.session else caller.viewer.name if caller else "-"
    address = visit.address if visit else "-"
    place = f"{scope.get('method')} {scope['path'][:100]!a} from {address} by {who!a}"
    code = error.code if isinstance(error, GgiError) else type(error).__name__
    if said.status >= 500:
        log.error(
            "failed %s: %s: %s", code, place, error.message if isinstance(error, GgiError) else "", exc_info=error
        )
    elif said.status not in (404, 405) and not isinstance(error, NotLoggedIn):
        log.warning("refused %s %s: %s", said.status, code, place)
