"""The pages over logins in memory, and a browser at their door."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path  # noqa: TC003
from typing import TYPE_CHECKING

import msgspec
from argon2 import PasswordHasher
from litestar import MediaType, Response, get, post
from litestar.di import NamedDependency  # noqa: TC002
from litestar.testing import TestClient

from ggi_net.authlog import access
from ggi_net.authlog.audit import Audit
from ggi_net.authlog.audit_check import Shown, Wanted, search
from ggi_net.authlog.helpdesk import Count, Helpdesk
from ggi_net.authlog.question import Question, Role
from ggi_net.web.accounts import Accounts
from ggi_net.web.app import create_app
from ggi_net.web.database import Database
from ggi_net.web.pages.environment import page
from ggi_net.web.settings import Settings
from ggi_net.web.tokens import Tokens
from ggi_net.web.visit import LOOKERS, Visit, only
from ggi_net.web.words import Both

if TYPE_CHECKING:
    from collections.abc import Sequence

    import httpx

    from ggi_net.authlog.login import Login

ORIGIN = "https://helpdesk.example"
PASSWORD = "vier losse woorden samen"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""Argon2 that takes no time: what is tested is what is around it."""


class Memory:
    """Logins in a list: a store as the helpdesk expects it."""

    def __init__(self, logins: Sequence[Login] = ()) -> None:
        self.kept = list(logins)
        self.asked: list[Question] = []
        self.broken = False

    def logins(self, question: Question) -> list[Login]:
        return [msgspec.structs.replace(login, lines=()) for login in self._matching(question)][: question.limit]

    def login(self, login_id: str) -> Login | None:
        self._check()
        return next((login for login in self.kept if login.id == login_id), None)

    def counts(self, question: Question, by: Sequence[str]) -> list[Count]:
        found = Counter(tuple(str(getattr(login, name, "")) for name in by) for login in self._matching(question))
        return [Count(by=values, logins=number) for values, number in found.most_common()]

    def _matching(self, question: Question) -> list[Login]:
        self._check()
        self.asked.append(question)
        user = question.user.casefold()
        return [
            login
            for login in self.kept
            if access.answers(question, login)
            and (not user or user in (login.outer.casefold(), login.inner.casefold()))
            and (not question.realm or question.realm.casefold() == login.realm.casefold())
            and (not question.mac or question.mac == login.mac)
        ]

    def _check(self) -> None:
        if self.broken:
            raise RuntimeError("SELECT identity FROM hot: the inside of the store")


class Front:
    """The application with its rooms, and a browser."""

    def __init__(self, folder: Path, *, logins: Sequence[Login] = (), provider=None, causes=(), **settings) -> None:
        given = {"address": ORIGIN, "proxies": ("127.0.0.1",), "state": str(folder / "web"), **settings}
        self.settings = msgspec.convert(given, Settings)
        self.source = Memory(logins)
        self.audit = Audit(folder / "audit", "a secret of the tests")
        self.helpdesk = Helpdesk(self.source, self.audit)
        self.database = Database(folder / "web")
        self.accounts = Accounts(self.database, CHEAP)
        self.tokens = Tokens(self.database)
        self.app = create_app(
            self.settings,
            self.helpdesk,
            pages=[start, framed, search_page, auditors, broken, forgotten],
            causes=causes,
            database=self.database,
            accounts=self.accounts,
            provider=provider,
        )

    def browser(self, address: str = "192.0.2.7") -> TestClient:
        """A browser at an address, that follows nothing by itself."""

        async def at(scope, receive, send):
            if scope["type"] == "http":
                scope["client"] = (address, 50_000)
            await self.app(scope, receive, send)

        browser = TestClient(at, base_url=self.settings.origin, raise_server_exceptions=False)
        browser.follow_redirects = False
        return browser

    def add(self, name: str = "j.bakker", role: Role = Role.HELPDESK, gemeenten: tuple[str, ...] = ("almelo",)) -> str:
        """An account with the usual password; its name."""
        self.accounts.add(name, PASSWORD, role, gemeenten if role is Role.HELPDESK else ())
        return name

    def entries(self) -> list[Shown]:
        """The audit log, newest first."""
        return search(self.audit, Wanted())


def token_of(answer: httpx.Response) -> str:
    """The token in the form of a page."""
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', answer.text)
    assert found, answer.text
    return found[1]


def log_in(browser: TestClient, name: str = "j.bakker", password: str = PASSWORD, **more: str) -> httpx.Response:
    """What the log-in form answers."""
    csrf = token_of(browser.get("/inloggen"))
    return browser.post("/inloggen", data={"csrf": csrf, "name": name, "password": password, **more})


@get("/", opt=only(*LOOKERS), sync_to_thread=False)
def start(visit: NamedDependency[Visit]) -> str:
    """A page: who is there, and the token for a form."""
    return f'{visit.viewer.name} {visit.viewer.role} {visit.where} name="csrf" value="{visit.csrf}"'


@get("/kader", opt=only(*LOOKERS), sync_to_thread=False)
def framed(visit: NamedDependency[Visit]) -> Response[str]:
    """A page with all that is around a page."""
    said = {"title": Both(f"Dag {visit.viewer.name}", "Hello"), "text": None, "code": ""}
    return Response(page("error", visit.frame("/kader"), problem=said), media_type=MediaType.HTML)


@post("/zoek", opt=only(*LOOKERS), sync_to_thread=True)
def search_page(visit: NamedDependency[Visit], helpdesk: NamedDependency[Helpdesk]) -> str:
    """A form that looks something up."""
    return str(len(helpdesk.search(visit.viewer, Question(), "M2611-0042", where=visit.where)))


@get("/audit", opt=only(Role.AUDITOR), sync_to_thread=False)
def auditors(visit: NamedDependency[Visit]) -> str:
    """A page of another role."""
    return visit.viewer.name


@get("/kapot", opt=only(*LOOKERS), sync_to_thread=False)
def broken() -> str:
    """A page with a fault in it."""
    raise ValueError("a secret of the inside")


@get("/vergeten", sync_to_thread=False)
def forgotten() -> str:
    """A page whose author forgot to say who may see it."""
    return "everything"
