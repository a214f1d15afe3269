"""The application: the pages, the API, and what stands before them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litestar import Litestar
from litestar.di import Provide
from litestar.static_files import create_static_files_router

from ggi_net.web import refusal, static_files
from ggi_net.web.accounts import Accounts
from ggi_net.web.api import api, complete, description
from ggi_net.web.csrf import Csrf
from ggi_net.web.database import Database
from ggi_net.web.gate import Gate
from ggi_net.web.limits import Limit
from ggi_net.web.login import Door
from ggi_net.web.sessions import Sessions
from ggi_net.web.tokens import Tokens
from ggi_net.web.visit import Admission, anybody, provide_visit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from litestar.types import ControllerRouterHandler

    from ggi_net.authlog.causes.cause import Cause
    from ggi_net.authlog.helpdesk import Helpdesk
    from ggi_net.web.oidc import Provider
    from ggi_net.web.settings import Settings
    from ggi_net.web.upkeep import Upkeep

LARGEST_BODY = 64 * 1024
"""Octets of the largest request: nothing that is sent here is larger than a form."""


def create_app(
    settings: Settings,
    helpdesk: Helpdesk,
    *,
    pages: Sequence[ControllerRouterHandler] = (),
    provided: Mapping[str, object] | None = None,
    causes: Sequence[Cause] = (),
    database: Database | None = None,
    accounts: Accounts | None = None,
    provider: Provider | None = None,
    upkeep: Upkeep | None = None,
) -> Litestar:
    """The pages as an ASGI application.

    `provider` is the one of log-ins, if there is one, `causes` the catalogue. `pages` are the handlers of pages; each
    says who may see it (`opt=only(...)` of visit.py), and gets what it names of `visit` (Visit), `helpdesk` (Helpdesk),
    `settings`, `sessions`, and the values that are `provided` by name. `upkeep` goes on as long as the application.
    """
    state = database or Database(settings.state_folder)
    sessions = Sessions(state, settings.sessions)
    csrf = Csrf(state.key("forms"), settings.origin)
    if settings.accounts and accounts is None:
        accounts = Accounts(state)
    door = Door(
        settings.origin,
        sessions,
        accounts,
        provider,
        Limit(settings.rates.log_ins),
    )
    values = {"helpdesk": helpdesk, "settings": settings, "sessions": sessions, **(provided or {})}
    static = create_static_files_router(
        path=static_files.STATIC,
        directories=[static_files.FOLDER],
        opt=anybody(),
        include_in_schema=False,
        send_as_attachment=False,
    )
    app = Litestar(
        route_handlers=[static, *door.routes(), *pages, api(Tokens(state), settings.rates, causes)],
        dependencies={
            "visit": Provide(provide_visit, sync_to_thread=False),
            **{name: Provide(_given(value), sync_to_thread=False, use_cache=True) for name, value in values.items()},
        },
        guards=[Admission(csrf)],
        exception_handlers={Exception: refusal.shown},
        request_max_body_size=LARGEST_BODY,
        multipart_form_part_limit=20,
        openapi_config=description(settings.origin),
        include_in_schema=False,
        on_startup=[upkeep.start] if upkeep else [],
        on_shutdown=[upkeep.stop] if upkeep else [],
        logging_config=None,
        debug=False,
    )
    complete(app.openapi_schema)
    # Around everything, so that what Litestar refuses by itself (a page that isn't there) goes through it as well.
    app.asgi_handler = Gate(app.asgi_handler, settings, sessions, csrf, lambda: provider.origins if provider else "")
    return app


def _given(value: object) -> Any:
    def give() -> Any:
        return value

    return give
