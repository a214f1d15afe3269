"""The whole application over a small day of logins, and a client that is logged in to it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
from anyio import from_thread
from people import NOW, PLACES, login

from ggi_net.authlog import access
from ggi_net.authlog.audit import Audit
from ggi_net.authlog.causes.catalogue import Catalogue
from ggi_net.authlog.helpdesk import Count, Helpdesk
from ggi_net.authlog.line import Hop
from ggi_net.authlog.login import Outcome
from ggi_net.authlog.question import Role, Viewer
from ggi_net.web.app import create_app
from ggi_net.web.cookies import SESSION_COOKIE
from ggi_net.web.database import Database
from ggi_net.web.ending import Ending
from ggi_net.web.ending import Outcome as Came
from ggi_net.web.pages.all import PAGES
from ggi_net.web.pages.banner import Banner
from ggi_net.web.pages.room import Room
from ggi_net.web.pages.sealed import Sealer
from ggi_net.web.sessions import LOCAL, Sessions
from ggi_net.web.settings import Settings
from ggi_net.web.words import Both

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ggi_net.authlog.login import Login
    from ggi_net.authlog.question import Question

HELPDESK = Viewer(name="s.bakker", role=Role.HELPDESK, gemeenten=("almelo",))
AUDITOR = Viewer(name="a.controle", role=Role.AUDITOR)
ADDRESS = "http://127.0.0.1:8443"
NUMBER = login().id


def day() -> list:
    """What happened: j.jansen's old password, somebody of Hengelo at Almelo, a success."""
    begin = login().begin
    return [
        login(),
        login(
            id="2A9Z0C4H8K3M7N1P5Q6R8S2T05", begin=begin - timedelta(hours=3), outcome=Outcome.ACCEPT, cause="",
            attempts=1,
        ),
        login(
            id="2A9Z0C4H8K3M7N1P5Q6R8S2T06", begin=begin - timedelta(hours=1), outer="anonymous@hengelo.example",
            inner="", realm="hengelo.example", mac="a4c3f0112233", home="hengelo", visited="almelo", site="stadhuis",
            operator="almelo.example", cause="", broken=Hop.UNKNOWN, lines=(),
        ),
    ]  # fmt: skip


class Day:
    """A source of logins: a few, in memory."""

    def __init__(self, logins: Sequence[Login]) -> None:
        self.counted = 0
        self._logins = sorted(logins, key=lambda login: login.begin, reverse=True)

    def logins(self, question: Question) -> list[Login]:
        found = [login for login in self._logins if access.admits(question.scope, login) and _fits(question, login)]
        return [msgspec.structs.replace(login, lines=()) for login in found[: question.limit]]

    def login(self, login_id: str) -> Login | None:
        return next((login for login in self._logins if login.id == login_id), None)

    def counts(self, question: Question, by: Sequence[str]) -> list[Count]:
        found: dict[tuple[str, ...], list[Login]] = {}
        self.counted += 1
        for one in self.logins(msgspec.structs.replace(question, limit=10**6)):
            found.setdefault(tuple(_group(one, name) for name in by), []).append(one)
        counted = [
            Count(by=values, logins=len(logins), accepted=sum(one.outcome is Outcome.ACCEPT for one in logins))
            for values, logins in found.items()
        ]
        return sorted(counted, key=lambda count: (-count.logins, count.by))


def _fits(question: Question, login: Login) -> bool:
    same = {
        "mac": login.mac,
        "realm": login.realm,
        "site": login.site,
        "ap": login.ap,
        "nas": login.nas,
        "cause": login.cause,
    }
    return (
        all(
            not getattr(question, name) or getattr(question, name).lower() == value.lower()
            for name, value in same.items()
        )
        and (not question.user or question.user.lower() in (login.inner.lower(), login.outer.lower()))
        and (not question.gemeente or question.gemeente in (login.home, login.visited))
        and (question.outcome is None or question.outcome is login.outcome)
        and (question.since is None or login.begin >= question.since)
        and (question.until is None or login.begin < question.until)
    )


def _group(login: Login, name: str) -> str:
    if name == "hour":
        return login.begin.strftime("%Y-%m-%dT%H:00:00+00:00")
    if name == "day":
        return login.begin.strftime("%Y-%m-%d")
    return str(getattr(login, name))


class Site:
    """The application, its audit log, and clients."""

    def __init__(
        self,
        folder: Path,
        logins: Sequence[Login],
        tests: Any = None,
        now: Any = lambda: NOW,
        around: Any = lambda login: [],
    ) -> None:
        settings = Settings(state=str(folder / "state"), address=ADDRESS)
        self.audit = Audit(folder / "audit", clock=now)
        self.source = Day(logins)
        self.helpdesk = Helpdesk(self.source, self.audit)
        database = Database(settings.state_folder)
        self.sessions = Sessions(database, settings.sessions)
        catalogue = Catalogue.load()
        titles = {cause.id: Both(cause.nl.title, cause.en.title) for cause in catalogue}
        room = Room(
            helpdesk=self.helpdesk, places=PLACES, catalogue=catalogue, titles=titles,
            banner=Banner(self.source, PLACES, catalogue, now),
            sealer=Sealer(database.key("questions"), lambda: now().timestamp()), tests=tests, now=now,
            around=around,
        )  # fmt: skip
        self.app = create_app(settings, self.helpdesk, pages=PAGES, provided={"room": room}, database=database)

    def client(self, viewer: Viewer | None) -> Client:
        """Somebody's browser."""
        return Client(self.app, self.sessions.begin(viewer, LOCAL) if viewer else "")


class Client:
    """A browser without a screen: keeps its cookie, sends forms with their token, follows redirects when asked."""

    def __init__(self, app: Any, number: str) -> None:
        self._app = app
        self._headers = {"cookie": f"{SESSION_COOKIE}={number}"} if number else {}

    def get(self, path: str) -> httpx.Response:
        """A page."""
        return self._send("GET", path)

    def post(self, path: str, fields: dict[str, str], *, at: str = "/hulp") -> httpx.Response:
        """Send a form with the token of the page `at`."""
        token = re.search(r'name="csrf" value="([0-9a-f]+)"', self.get(at).text)
        return self._send("POST", path, data={**fields, "csrf": token[1] if token else ""})

    def follow(self, answer: httpx.Response) -> httpx.Response:
        """The page that an answer leads to."""
        assert answer.status_code == 303, answer.text
        return self.get(answer.headers["location"])

    def ask(self, asked: str, *, reason: str = "MELDING-2041", since: str = "2d") -> httpx.Response:
        """Search, and open the answer."""
        return self.follow(self.post("/", {"asked": asked, "reason": reason, "since": since}))

    def _send(self, method: str, path: str, **sent: Any) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self._app)
            async with httpx.AsyncClient(transport=transport, base_url=ADDRESS, headers=self._headers) as client:
                return await client.request(method, path, **sent)

        with from_thread.start_blocking_portal() as portal:
            return portal.call(send)


class Account:
    """A login test that does nothing."""

    def __init__(self, ending: Ending) -> None:
        self.ending = ending
        self.ran: list[str] = []

    def covers(self, realm: str) -> bool:
        return realm == "almelo.example"

    def run(self, realm: str) -> Came:
        self.ran.append(realm)
        return Came(ending=self.ending, seconds=1.25)
