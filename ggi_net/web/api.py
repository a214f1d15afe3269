"""The API for service-desk systems: the same questions as on the pages, by the same rule, on the same record.

An identity never stands in an address, where proxies and histories would keep it: a search is a POST.
"""

from __future__ import annotations

from collections.abc import Sequence  # noqa: TC003  litestar reads the annotations
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from litestar import Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, Example, OpenAPI, SecurityScheme, Server
from litestar.params import Body, FromQuery, HeaderParameter, PathParameter, QueryParameter, SkipValidation
from litestar.types import Scope  # noqa: TC002  litestar reads the annotations
from msgspec import Meta

from ggi_net.authlog.asked import mac
from ggi_net.authlog.causes.cause import Cause, Layer, Owner, Severity, Words
from ggi_net.authlog.helpdesk import REASON, REASON_LIMIT, Count, Group, Helpdesk
from ggi_net.authlog.line import Hop
from ggi_net.authlog.login import Login, Outcome
from ggi_net.authlog.question import Question, Viewer
from ggi_net.errors import NotLoggedIn, RequestWrong
from ggi_net.model.types import Record, Slug
from ggi_net.web.limits import Limit, neighbourhood
from ggi_net.web.refusal import API, Problem
from ggi_net.web.visit import anybody, for_programs, provide_visit

if TYPE_CHECKING:
    from litestar.connection import ASGIConnection
    from litestar.handlers.base import BaseRouteHandler
    from litestar.types import Guard

    from ggi_net.web.settings import Rates
    from ggi_net.web.tokens import Tokens

VERSION = "1.0"
MOST = 1000
"""Logins in one answer."""
_TAG = ["helpdesk"]

Text = Annotated[str, Meta(max_length=300)]
Mac = Annotated[
    str,
    Meta(
        pattern=r"^((HH){6}|(HH-){5}HH|(HH:){5}HH|(HH\.){5}HH|(HH ){5}HH|(HHHH[.:-]){2}HHHH)?$".replace(
            "H", "[0-9A-Fa-f]"
        ),
        description="12 hexadecimal digits in any of the usual notations",
    ),
]
Moment = Annotated[datetime, Meta(tz=True)]
Reason = Annotated[
    str,
    HeaderParameter(
        name="Ggi-Reason",
        min_length=2,
        max_length=REASON_LIMIT,
        pattern=r"^[!-~\x80-\xff][ -~\x80-\xff]*[!-~\x80-\xff]$",
        description="Why this is looked up, such as the number of the ticket. It is recorded.",
        examples=[Example(value="TOPdesk M2611-0042")],
    ),
]


class Search(Record, frozen=True, kw_only=True):
    """Which logins, and why. All conditions that are given hold.

    `reason` is recorded: the number of the ticket, or a few words. `user` is an identity, `mac` the address of a device
    and `ap` of an access point in any notation; `realm` is the user's, `gemeente` the slug of the home or the visited
    one. `since` and `until` carry a time zone; `until` is exclusive. Newest first, at most `limit`.
    """

    reason: Annotated[str, Meta(min_length=2, max_length=REASON_LIMIT, pattern=REASON)]
    user: Text = ""
    mac: Mac = ""
    ap: Mac = ""
    realm: Text = ""
    gemeente: Text = ""
    site: Text = ""
    nas: Text = ""
    outcome: Outcome | None = None
    cause: Text = ""
    since: Moment | None = None
    until: Moment | None = None
    limit: Annotated[int, Meta(ge=1, le=MOST)] = 100

    def question(self) -> Question:
        """The same for the helpdesk."""
        given = msgspec.structs.asdict(self)
        del given["reason"]
        return Question(**given | {"mac": mac(self.mac), "ap": mac(self.ap)})


class Found(Record, frozen=True, kw_only=True):
    """What was found, newest first, without the evidence, which `GET /api/v1/logins/{id}` has.

    `more`: the limit was reached.
    """

    logins: list[Login]
    more: bool = False


class Counts(Record, frozen=True, kw_only=True):
    """Logins counted by `by`, largest first; each count names the values in that order."""

    by: list[str]
    counts: list[Count]


class Said(Record, frozen=True, kw_only=True):
    """A cause in words: what it is, what to do, what to ask the caller."""

    title: str
    explanation: str
    advice: list[str]
    ask: str


class KnownCause(Record, frozen=True, kw_only=True):
    """An entry of the catalogue. `owner` is who must act, `broken` the hop at which it goes wrong."""

    id: Slug
    layer: Layer
    owner: Owner
    severity: Severity
    broken: Hop = Hop.UNKNOWN
    nl: Said
    en: Said


class Caller(Record, frozen=True, kw_only=True):
    """A program that showed its token, and where it is."""

    viewer: Viewer
    where: str


def token_guard(tokens: Tokens, rates: Rates) -> Guard:
    """Lets in who shows a token; who guesses is slowed down."""
    calls, guesses = Limit(rates.api), Limit(rates.log_ins)

    def admit(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        address = provide_visit(connection.scope).address
        try:
            viewer = tokens.viewer(_shown(connection.headers.get("authorization", "")))
        except NotLoggedIn:
            guesses.take(neighbourhood(address))
            raise
        calls.take(viewer.name)
        connection.scope["state"]["caller"] = Caller(viewer=viewer, where=f"api {address}")

    return admit


def _shown(header: str) -> str:
    """The token of an Authorization header (RFC 6750). Raises NotLoggedIn."""
    scheme, _, secret = header.partition(" ")
    if scheme.lower() != "bearer":
        raise NotLoggedIn("no token: send `Authorization: Bearer ggi_...`")
    return secret.strip()


def provide_caller(scope: Scope) -> Caller:
    """The dependency `caller`; there is none unless the guard let somebody in."""
    caller: Caller = scope["state"]["caller"]
    return caller


_PROBLEMS = {
    status: ResponseSpec(
        data_container=Problem, description=said, media_type="application/problem+json", generate_examples=False
    )
    for status, said in {
        400: "The request can't be understood; `detail` says why.",
        401: "No token, or one that is not good (any more).",
        403: "The role of the token may not see this.",
        404: "No such login, or none that the token may see.",
        413: "The request is too large.",
        429: "Too many requests; `Retry-After` says how many seconds to wait.",
        503: "The store or the audit log can't be used now; nothing was answered.",
    }.items()
}  # fmt: skip


def _problems(*statuses: int) -> dict[int, ResponseSpec]:
    return {status: _PROBLEMS[status] for status in (400, 401, 403, 429, 503, *statuses)}


@post(
    "/logins", status_code=200, sync_to_thread=True, tags=_TAG, responses=_problems(413), operation_id="searchLogins",
    summary="Search logins",
    description="The logins of a user, device, realm, gemeente, site or cause. A POST: no name stands in an address.",
)  # fmt: skip
def search_logins(
    caller: NamedDependency[Caller],
    helpdesk: NamedDependency[Helpdesk],
    data: Annotated[
        Search,
        Body(
            examples=[
                Example(
                    summary="Why could j.jansen not log in?",
                    value={"reason": "TOPdesk M2611-0042", "user": "j.jansen@almelo.example", "outcome": "reject"},
                )
            ]
        ),
    ],
) -> Found:
    """Search."""
    logins = helpdesk.search(caller.viewer, data.question(), data.reason, where=caller.where)
    return Found(logins=logins, more=len(logins) >= data.limit)


@get(
    "/logins/{login_id:str}", sync_to_thread=True, tags=_TAG, responses=_problems(404), operation_id="getLogin",
    summary="One login with its evidence",
    description="All that is known of one login, with the log lines that the token may see, in the order of the story.",
)  # fmt: skip
def get_login(
    caller: NamedDependency[Caller],
    helpdesk: NamedDependency[Helpdesk],
    login_id: Annotated[str, PathParameter(description="The id of a login: 26 letters and digits.", max_length=64)],
    reason: Reason,
) -> Login:
    """Explain."""
    return helpdesk.explain(caller.viewer, login_id, _utf8(reason), where=caller.where)


@get(
    "/stats", sync_to_thread=True, tags=_TAG, responses=_problems(), operation_id="countLogins",
    summary="Count logins",
    description="How many logins there were and how many succeeded, by gemeente, site, cause, day and more.",
)  # fmt: skip
def count_logins(
    caller: NamedDependency[Caller],
    helpdesk: NamedDependency[Helpdesk],
    reason: Reason,
    by: Annotated[
        list[Group],
        QueryParameter(description="What to count by, in this order; may be repeated.", min_items=1, max_items=3),
    ],
    gemeente: Annotated[
        str, QueryParameter(max_length=50, description="The slug of the home or the visited gemeente.")
    ] = "",
    site: Annotated[str, QueryParameter(max_length=50, description="The slug of a site.")] = "",
    realm: Annotated[str, QueryParameter(max_length=253, description="The realm of the users.")] = "",
    cause: Annotated[str, QueryParameter(max_length=50, description="The id of a cause.")] = "",
    outcome: FromQuery[Outcome | None] = None,
    since: FromQuery[datetime | None] = None,
    until: FromQuery[datetime | None] = None,
) -> Counts:
    """Count."""
    question = Question(
        gemeente=gemeente, site=site, realm=realm, cause=cause, outcome=outcome, since=_utc(since), until=_utc(until)
    )
    groups = [group.value for group in by]
    return Counts(by=groups, counts=helpdesk.stats(caller.viewer, question, groups, _utf8(reason), where=caller.where))


@get(
    "/causes", sync_to_thread=False, tags=_TAG, responses=_problems(), operation_id="listCauses",
    summary="The catalogue of causes",
    description="What each cause means and what to do, in Dutch and English. It tells of nobody and needs no reason.",
)  # fmt: skip
def list_causes(causes: NamedDependency[SkipValidation[Sequence[Cause]]]) -> list[KnownCause]:
    """List the catalogue."""
    return [
        KnownCause(
            id=cause.id,
            layer=cause.layer,
            owner=cause.owner,
            severity=cause.severity,
            broken=cause.broken,
            nl=_said(cause.nl),
            en=_said(cause.en),
        )
        for cause in causes
    ]


def api(tokens: Tokens, rates: Rates, causes: Sequence[Cause]) -> Router:
    """The API below /api/v1."""
    return Router(
        path=f"{API}v1",
        route_handlers=[search_logins, get_login, count_logins, list_causes],
        guards=[token_guard(tokens, rates)],
        opt=for_programs(),
        dependencies={
            "caller": Provide(provide_caller, sync_to_thread=False),
            "causes": Provide(lambda: causes, sync_to_thread=False),
        },
        include_in_schema=True,
        security=[{"token": []}],
    )


def description(origin: str) -> OpenAPIConfig:
    """The OpenAPI description, at /api/openapi.json, without a page to try it on: such pages need scripts."""
    return OpenAPIConfig(
        title="ggi helpdesk",
        version=VERSION,
        description=(
            "Why somebody could not get on govroam, for service-desk systems. Each call carries a token "
            "(`ggi web token add`) and a reason; each is recorded with both. What is empty is left out of an answer."
        ),
        servers=[Server(url=origin)],
        components=Components(
            security_schemes={
                "token": SecurityScheme(type="http", scheme="bearer", description="A token of `ggi web token add`.")
            }
        ),
        render_plugins=[JsonRenderPlugin(path="/openapi.json")],
        openapi_router=Router(path=API.rstrip("/"), route_handlers=[], opt=anybody(), include_in_schema=False),
        use_handler_docstrings=False,
    )


def complete(schema: OpenAPI) -> None:
    """Say in the description what Litestar leaves out: that a request has no other fields than those."""
    for name, one in (schema.components.schemas or {}).items() if schema.components else ():
        if name.endswith(Search.__name__):
            one.additional_properties = False


def _said(words: Words) -> Said:
    return Said(title=words.title, explanation=words.explanation, advice=list(words.advice), ask=words.ask)


def _utf8(header: str) -> str:
    """A header in UTF-8, whose octets HTTP takes for Latin-1."""
    return header.encode("latin-1").decode(errors="replace")


def _utc(moment: datetime | None) -> datetime | None:
    if moment is not None and moment.tzinfo is None:
        raise RequestWrong("a moment without a time zone; write it as 2026-11-28T09:00:00Z")
    return moment
