"""The pages over the store of logins: all that the settings name, opened."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from ggi_net.authlog.desk import open_desk
from ggi_net.authlog.ingest.settings import read_settings
from ggi_net.errors import ProviderAway, WebSettings
from ggi_net.secrets import Resolver, open_backend
from ggi_net.web.app import create_app
from ggi_net.web.database import Database
from ggi_net.web.limits import Limit
from ggi_net.web.live_test import LiveTest
from ggi_net.web.login import CALLBACK
from ggi_net.web.oidc import Provider
from ggi_net.web.pages.all import PAGES
from ggi_net.web.pages.banner import Banner
from ggi_net.web.pages.period import DEFAULT, since
from ggi_net.web.pages.room import Room
from ggi_net.web.pages.sealed import Sealer
from ggi_net.web.upkeep import Upkeep
from ggi_net.web.words import Both

if TYPE_CHECKING:
    from collections.abc import Callable

    from litestar import Litestar

    from ggi_net.web.settings import Settings


AROUND = timedelta(days=1)
"""How long before a login the rules over many logins look."""


def site(settings: Settings, say: Callable[[str], None]) -> Litestar:
    """The application. `say` gets what an administrator should know. Raises GgiError for what is missing or damaged."""
    if not settings.logs:
        raise WebSettings("no logs were named", hint="give `logs: logs.yml` in the settings, or --logs")
    desk = open_desk(read_settings(Path(settings.logs)), say)
    helpdesk = desk.helpdesk.paced(Limit(settings.rates.look_ups).take)
    secrets = Resolver(open_backend(settings.secrets))
    database = Database(settings.state_folder)
    titles = {cause.id: Both(cause.nl.title, cause.en.title) for cause in desk.catalogue}
    banner = Banner(desk.store, desk.places, desk.catalogue, _now)
    upkeep = Upkeep(lambda: desk.store.prepare(since(DEFAULT, _now()) - AROUND), banner.refresh)
    upkeep.once()
    room = Room(
        helpdesk=helpdesk,
        places=desk.places,
        catalogue=desk.catalogue,
        titles=titles,
        banner=banner,
        sealer=Sealer(database.key("questions"), time.time),
        tests=LiveTest(settings.login_tests, secrets) if settings.login_tests else None,
        now=_now,
        around=desk.around,
    )
    provider = None
    if settings.oidc:
        seal = database.key("log-ins under way")
        provider = Provider(settings.oidc, secrets.value(settings.oidc.client_secret), settings.origin + CALLBACK, seal)
        try:
            provider.metadata()
        except ProviderAway as error:
            say(str(error))  # it may come back; others log in meanwhile
    return create_app(
        settings,
        helpdesk,
        provider=provider,
        pages=PAGES,
        provided={"room": room},
        causes=tuple(desk.catalogue),
        database=database,
        upkeep=upkeep,
    )


def _now() -> datetime:
    return datetime.now(UTC)
