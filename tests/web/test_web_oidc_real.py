"""Logging in at a certified OpenID Connect provider (oidc-provider on loopback), as a browser does it."""

from __future__ import annotations

import html
import re
import socket
import threading
from contextlib import ExitStack
from urllib.parse import parse_qs, urlsplit

import pytest
import uvicorn
from front import ORIGIN, PASSWORD, Front, token_of
from oidc_provider import SECRET, Person, running, settings

from ggi_net.authlog.question import Role
from ggi_net.web.back_channel import BACK_CHANNEL
from ggi_net.web.oidc import Provider

pytestmark = pytest.mark.needs("node")


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    yield from running(tmp_path_factory.mktemp("provider"), ORIGIN)


@pytest.fixture(scope="module")
def provider(real):
    return Provider(settings(real.issuer), SECRET, f"{ORIGIN}/inloggen/oidc/terug", b"k" * 32)


@pytest.fixture(scope="module")
def front(tmp_path_factory, provider):
    return Front(tmp_path_factory.mktemp("front"), provider=provider, rates={"pages": 100_000, "log_ins": 100_000})


@pytest.fixture
def browser(front):
    with front.browser() as browser:
        yield browser


def begin(browser, wanted="/"):
    page = browser.get("/inloggen", params={"next": wanted})
    there = re.search(r'href="(/inloggen/oidc[^"]*)"', page.text)
    answer = browser.get(html.unescape(there[1]) if there else "/inloggen/oidc")
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def log_in(browser, person, name, wanted="/"):
    back = person.comes_back(begin(browser, wanted), name)
    assert back.startswith(f"{ORIGIN}/inloggen/oidc/terug?")
    return browser.get(back.removeprefix(ORIGIN)), back


def test_somebody_logs_in_and_is_who_the_provider_says(browser):
    with Person() as person:
        answer, _ = log_in(browser, person, "j.bakker", wanted="/?x=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/?x=1")
    assert browser.get("/").text.startswith("j.bakker helpdesk web 192.0.2.7")


def test_what_is_asked_is_the_code_flow_with_pkce_state_and_nonce(browser):
    asked = {name: values[0] for name, values in parse_qs(urlsplit(begin(browser)).query).items()}
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert {len(asked[name]) for name in ("state", "nonce", "code_challenge")} == {43}
    again = {name: values[0] for name, values in parse_qs(urlsplit(begin(browser)).query).items()}
    assert all(again[name] != asked[name] for name in ("state", "nonce", "code_challenge"))


def test_another_group_is_another_role(browser):
    with Person() as person:
        log_in(browser, person, "f.beheer")
    assert browser.get("/").text.startswith("f.beheer operator")


def test_who_has_no_role_here_stays_out(browser):
    with Person() as person:
        answer, _ = log_in(browser, person, "niemand")
    assert answer.status_code == 403
    assert "Inloggen is niet gelukt" in answer.text or "Probeer het opnieuw" in answer.text
    assert browser.get("/").status_code == 303


def test_a_code_is_good_once_and_in_the_browser_that_began(front, browser):
    with Person() as person:
        _, back = log_in(browser, person, "j.bakker")
        with front.browser() as thief:
            assert thief.get(back.removeprefix(ORIGIN)).status_code == 403, "without the cookie of the flow"
            begin(thief)
            assert thief.get(back.removeprefix(ORIGIN)).status_code == 403, "with one of another flow"
        assert browser.get(back.removeprefix(ORIGIN)).status_code == 403, "a second time"


def test_logging_out_ends_the_session_at_the_provider_too(browser):
    with Person() as person:
        log_in(browser, person, "j.bakker")
        assert person.is_logged_in(begin(browser))
        answer = browser.post("/uitloggen", data={"csrf": token_of(browser.get("/"))})
        there = answer.headers["location"]
        assert "id_token_hint=" in there
        assert urlsplit(there).netloc == urlsplit(begin(browser)).netloc
        assert person.logs_out(there).startswith(f"{ORIGIN}/inloggen")
        assert browser.get("/").status_code == 303
        assert not person.is_logged_in(begin(browser))


def test_forms_may_lead_to_the_provider_and_nowhere_else(browser, real):
    policy = browser.get("/inloggen").headers["content-security-policy"]
    assert f"form-action 'self' {real.issuer};" in policy


def test_the_provider_changes_its_keys(browser, real, provider):
    with Person() as person:
        log_in(browser, person, "j.bakker")
        real.new_keys("second")
        real.reload()
        provider._keys_at -= 60  # longer ago than it waits between two readings
        answer, _ = log_in(browser, person, "j.bakker")
    assert answer.status_code == 303, answer.text
    assert answer.headers["location"] == "/"


# -- in a real browser, which holds to the policy of the pages on the whole way --------------------------------


@pytest.fixture(scope="module")
def open_site(tmp_path_factory):
    """The pages on loopback, with a provider of their own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        free.listen()
        origin = f"http://127.0.0.1:{free.getsockname()[1]}"
        provider = running(tmp_path_factory.mktemp("provider"), origin, BACK_CHANNEL)
        real = next(provider)
        front = Front(
            tmp_path_factory.mktemp("front"), address=origin, proxies=(), rates={"pages": 100_000},
            provider=Provider(settings(real.issuer), SECRET, f"{origin}/inloggen/oidc/terug", b"k" * 32),
        )  # fmt: skip
        front.add("p.peters", Role.HELPDESK, ("hengelo",))
        server = uvicorn.Server(uvicorn.Config(front.app, log_config=None, lifespan="off", http="h11"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [free]})
        thread.start()
        yield origin, real.issuer
        server.should_exit = True
        thread.join(20)
    next(provider, None)


@pytest.mark.needs("chromium")
def test_chromium_logs_in_at_the_provider_and_out_again(chromium, open_site):
    origin, _ = open_site
    # A profile without the checks of our own pages: the provider's ask for fonts from elsewhere, and don't get them.
    with chromium._chromium.new_context(java_script_enabled=False) as profile:
        profile.route(lambda url: not url.startswith("http://127.0.0.1:"), lambda route: route.abort())
        page = profile.new_page()
        page.goto(f"{origin}/kader")
        assert page.url == f"{origin}/inloggen?next=%2Fkader"
        page.get_by_text("Inloggen bij").click()
        page.locator("input[name=login]").fill("j.bakker")
        page.locator("input[name=password]").fill("x")
        page.locator("button[type=submit]").click()
        page.locator("button[type=submit]").click()  # consent
        page.wait_for_url(f"{origin}/kader")
        assert page.locator("h1").inner_text().startswith("Dag j.bakker")
        page.get_by_role("button", name="Uitloggen").click()
        page.wait_for_url("**/session/end?**")
        page.get_by_role("button", name="Yes").click()
        page.wait_for_url(f"{origin}/inloggen**")
        page.goto(f"{origin}/kader")
        assert page.url == f"{origin}/inloggen?next=%2Fkader"


@pytest.mark.needs("chromium")
def test_chromium_logs_in_with_a_local_account(chromium, open_site):
    origin, _ = open_site
    with chromium.tab(script=False) as page:
        page.goto(f"{origin}/kader")
        page.get_by_label("Naam").fill("p.peters")
        page.get_by_label("Wachtwoord").fill(PASSWORD)
        page.get_by_role("button", name="Inloggen").click()
        page.wait_for_url(f"{origin}/kader")
        assert page.locator("h1").inner_text().startswith("Dag p.peters")
        page.get_by_role("button", name="Uitloggen").click()
        page.wait_for_url(f"{origin}/inloggen")


@pytest.mark.needs("chromium")
def test_who_logs_out_at_the_provider_is_logged_out_here(chromium, open_site):
    origin, issuer = open_site
    with ExitStack() as stack:
        options = {"java_script_enabled": False}
        mine, others = (stack.enter_context(chromium._chromium.new_context(**options)).new_page() for _ in range(2))
        for page, name in ((mine, "j.bakker"), (others, "f.beheer")):
            page.context.route(lambda url: not url.startswith("http://127.0.0.1:"), lambda route: route.abort())
            page.goto(f"{origin}/kader")
            page.get_by_text("Inloggen bij").click()
            page.locator("input[name=login]").fill(name)
            page.locator("input[name=password]").fill("x")
            page.locator("button[type=submit]").click()
            page.locator("button[type=submit]").click()  # consent
            page.wait_for_url(f"{origin}/kader")
        mine.goto(f"{issuer}/session/end")  # not by our button
        mine.get_by_role("button", name="Yes").click()
        mine.wait_for_url(f"{issuer}/session/end/**")
        mine.goto(f"{origin}/kader")
        assert mine.url == f"{origin}/inloggen?next=%2Fkader"
        others.goto(f"{origin}/kader")
        assert others.url == f"{origin}/kader", "somebody else stays"
