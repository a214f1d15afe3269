"""What stands before every page: headers, hosts, forms, roles, sizes, rates. Nothing gets around it."""

from __future__ import annotations

import re

import pytest
from front import ORIGIN, PASSWORD, Front, log_in, token_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ggi_net.authlog.question import Role
from ggi_net.web.onward import onward
from ggi_net.web.static_files import address


@pytest.fixture(scope="module")
def front(tmp_path_factory):
    made = Front(tmp_path_factory.mktemp("front"), rates={"pages": 100_000, "log_ins": 100_000})
    made.add()
    made.add("a.auditor", Role.AUDITOR)
    return made


@pytest.fixture(scope="module")
def started(front):
    with front.browser() as browser:
        yield browser


@pytest.fixture
def browser(started):
    started.cookies.clear()
    return started


@pytest.fixture
def inside(browser):
    assert log_in(browser).status_code == 303
    return browser


# -- headers -------------------------------------------------------------------------------------------

EVERYTHING = [
    ("GET", "/", 303), ("GET", "/inloggen", 200), ("GET", "/nergens", 404), ("POST", "/inloggen", 403),
    ("PUT", "/", 405), ("GET", "/static/pages.css", 200), ("GET", address("pages.css"), 200),
    ("GET", "/static/pages.css?v=0", 200), ("GET", "/static/../app.py", 404),
    ("GET", "/static/%2e%2e/app.py", 404),
    ("GET", "/api/openapi.json", 200), ("GET", "/api/v1/causes", 401), ("GET", "/vergeten", 303), ("OPTIONS", "/", 303),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "status"), EVERYTHING)
def test_every_answer_tells_the_browser_what_it_may_not_do(browser, method, path, status):
    answer = browser.request(method, path)
    assert answer.status_code == status
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["style-src"] == "'self'"
    assert policy["form-action"] == "'self'"
    assert (policy["frame-ancestors"], policy["base-uri"]) == ("'none'", "'none'")
    assert "script-src" not in policy
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert "max-age=31536000" in answer.headers["strict-transport-security"]
    assert answer.headers["permissions-policy"]
    kept = {address("pages.css"): "public, max-age=31536000, immutable"}
    if status == 200 and path.startswith("/static/"):
        assert answer.headers["cache-control"] == kept.get(path, "no-cache")
    else:
        assert answer.headers["cache-control"] == "no-store"
    assert "server" not in answer.headers


def test_a_fault_of_ours_has_the_headers_too_and_tells_nothing_of_the_inside(inside, caplog):
    answer = inside.get("/kapot")
    assert answer.status_code == 500
    assert "content-security-policy" in answer.headers
    assert "Traceback" not in answer.text
    assert "secret of the inside" not in answer.text
    assert "Er ging iets mis" in answer.text
    assert "Something went wrong" in answer.text
    assert "secret of the inside" in caplog.text, "the server's own log has it"


# -- hosts ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", ["evil.example", "helpdesk.example.evil.example", "helpdesk.example:444", "127.0.0.1", ""]
)
def test_a_request_for_another_site_is_refused(browser, host):
    answer = browser.get("/inloggen", headers={"host": host})
    assert answer.status_code == 421
    assert "csrf" not in answer.text or 'value=""' in answer.text
    assert host == "" or host not in answer.text


def test_a_forwarded_host_is_not_believed(browser):
    answer = browser.get("/", headers={"x-forwarded-host": "evil.example", "forwarded": "host=evil.example"})
    assert answer.headers["location"].startswith("/inloggen")


# -- cookies -------------------------------------------------------------------------------------------


def test_the_cookies_hold_to_this_host_and_are_out_of_reach_of_scripts(browser):
    browser.get("/inloggen")
    answer = log_in(browser)
    given = [value for name, value in answer.headers.multi_items() if name == "set-cookie"]
    assert {cookie.partition("=")[0] for cookie in given} == {"__Host-ggi", "__Host-ggi-device"}
    for cookie in given:
        attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert {"secure", "httponly", "path=/", "samesite=lax"} <= attributes
        assert not any(part.startswith("domain") for part in attributes)
        assert cookie.startswith("__Host-ggi-device=") or not any(part.startswith("max-age") for part in attributes)


def test_a_log_in_gives_a_new_session_and_ends_the_old_one(browser):
    log_in(browser)
    first = browser.cookies["__Host-ggi"]
    csrf = token_of(browser.get("/"))
    browser.post("/inloggen", data={"csrf": csrf, "name": "j.bakker", "password": PASSWORD})
    second = browser.cookies["__Host-ggi"]
    assert second != first
    browser.cookies.clear()
    browser.cookies["__Host-ggi"] = first
    assert browser.get("/").status_code == 303


def test_a_session_that_a_stranger_made_up_is_never_adopted(browser):
    browser.cookies["__Host-ggi"] = "A" * 43
    csrf = token_of(browser.get("/inloggen"))
    answer = browser.post("/inloggen", data={"csrf": csrf, "name": "j.bakker", "password": PASSWORD})
    assert answer.status_code == 303
    assert "A" * 43 not in answer.headers["set-cookie"]


@given(
    cookie=st.binary(max_size=200).filter(
        lambda value: b"\n" not in value and b"\r" not in value and b"\0" not in value
    )
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_octets_as_a_cookie_are_no_session(browser, cookie):
    browser.cookies.clear()
    answer = browser.get("/", headers=[(b"cookie", b"__Host-ggi=" + cookie)])
    assert answer.status_code == 303


def test_logging_out_ends_the_session_on_the_server(inside):
    number = inside.cookies["__Host-ggi"]
    answer = inside.post("/uitloggen", data={"csrf": token_of(inside.get("/"))})
    assert (answer.status_code, answer.headers["location"]) == (303, "/inloggen")
    inside.cookies.clear()
    inside.cookies["__Host-ggi"] = number
    assert inside.get("/").status_code == 303


# -- forms ---------------------------------------------------------------------------------------------


def test_a_form_of_ours_is_taken(inside):
    assert inside.post("/zoek", data={"csrf": token_of(inside.get("/"))}, headers={"origin": ORIGIN}).text == "0"


FOREIGN = [
    ({}, {}),
    ({"csrf": ""}, {}),
    ({"csrf": "0" * 64}, {}),
    ({"csrf": "é" * 64}, {}),
    ("own", {"origin": "https://evil.example"}),
    ("own", {"origin": "null"}),
    ("own", {"origin": "http://helpdesk.example"}),
    ("own", {"origin": "https://helpdesk.example.evil.example"}),
    ("own", {"sec-fetch-site": "cross-site"}),
    ("own", {"sec-fetch-site": "same-site"}),
]


@pytest.mark.parametrize("path", ["/zoek", "/uitloggen", "/inloggen"])
@pytest.mark.parametrize(("sent", "headers"), FOREIGN)
def test_a_form_of_somebody_else_is_refused(inside, path, sent, headers):
    data = {"csrf": token_of(inside.get("/"))} if sent == "own" else sent
    answer = inside.post(path, data=data, headers=headers)
    assert answer.status_code == 403
    assert "Het formulier is te oud" in answer.text
    assert inside.get("/").status_code == 200, "and nothing happened"


def test_the_token_of_another_session_is_refused(front, inside):
    with front.browser() as other:
        log_in(other)
        stolen = token_of(other.get("/"))
    assert inside.post("/zoek", data={"csrf": stolen}).status_code == 403


def test_the_token_from_before_the_log_in_is_refused(browser):
    before = token_of(browser.get("/inloggen"))
    log_in(browser)
    assert browser.post("/zoek", data={"csrf": before}).status_code == 403


@pytest.mark.parametrize(
    "kind", ["application/json", "text/plain", "multipart/form-data", "multipart/form-data; boundary=x"]
)
def test_a_body_of_another_kind_is_no_form(inside, kind):
    csrf = token_of(inside.get("/"))
    body = f'{{"csrf": "{csrf}"}}' if kind == "application/json" else f"csrf={csrf}"
    assert inside.post("/zoek", content=body, headers={"content-type": kind}).status_code in (400, 403)


def test_a_body_that_is_too_large_is_refused(inside):
    csrf = token_of(inside.get("/"))
    assert inside.post("/zoek", data={"csrf": csrf, "more": "x" * 70_000}).status_code == 413

    def endless():
        for _ in range(20):
            yield b"x" * 10_000

    headers = {"content-type": "application/x-www-form-urlencoded"}
    assert inside.post("/zoek", content=endless(), headers=headers).status_code == 413


# -- roles ---------------------------------------------------------------------------------------------


def test_a_stranger_is_led_to_the_log_in_and_back(browser):
    answer = browser.get("/poging/2A9Z?x=1%2F2", headers={})
    assert answer.status_code == 404
    assert browser.get("/").headers["location"] == "/inloggen?next=%2F"
    assert log_in(browser, next="/audit?x=1").headers["location"] == "/audit?x=1"


def test_a_page_of_another_role_is_refused(front, inside):
    assert inside.get("/audit").status_code == 403
    with front.browser() as auditor:
        log_in(auditor, "a.auditor")
        assert auditor.get("/audit").text == "a.auditor"
        assert auditor.get("/").status_code == 403


def test_a_page_that_does_not_say_who_may_see_it_is_shown_to_nobody(front, inside):
    assert inside.get("/vergeten").status_code == 403


def test_every_page_says_who_may_see_it(front):
    from ggi_net.web.pages.all import PAGES

    own = [handler for route in front.app.routes for handler in getattr(route, "route_handlers", ())]
    assert len(own) > 10
    silent = {str(handler) for handler in [*own, *PAGES] if "roles" not in handler.opt}
    # What Litestar answers to OPTIONS is shown to nobody either.
    assert {name.rpartition(".")[2] for name in silent} == {"forgotten", "options_handler"}


# -- where one goes after logging in ---------------------------------------------------------------------

ELSEWHERE = [
    "https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example",
    "/\n/evil.example", "javascript:alert(1)", "data:text/html,x", "evil.example", " /x", "/x\r\nset-cookie: a=b",
    "/\u202e/x", "", "http:/x",
    "/inloggen?next=/inloggen", "/uitloggen", "/api/v1/causes", "///x", "/%0d%0aset-cookie:a=b\r\n", "/" + "x" * 600,
]  # fmt: skip


@pytest.mark.parametrize("wanted", ELSEWHERE)
def test_nobody_is_led_to_another_site(browser, wanted):
    assert log_in(browser, next=wanted).headers["location"] == "/"


@given(st.text(st.characters(), max_size=80) | st.from_regex(r"[/\\.:@a-z\t\n ]{1,20}", fullmatch=True))
def test_where_one_goes_is_always_a_path_of_these_pages(wanted):
    path = onward(wanted)
    assert re.fullmatch(r"/(?!/)[!-~]*", path)
    assert "\\" not in path


# -- rates ---------------------------------------------------------------------------------------------


def test_who_asks_too_much_waits_and_others_do_not(tmp_path):
    front = Front(tmp_path, rates={"pages": 20})
    with front.browser() as browser, front.browser("192.0.2.99") as other:
        answers = [browser.get("/inloggen") for _ in range(15)]
        assert [answer.status_code for answer in answers] == [200] * 10 + [429] * 5
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
        assert "Even wachten" in answers[-1].text
        assert "content-security-policy" in answers[-1].headers
        assert other.get("/inloggen").status_code == 200
        assert browser.get("/static/pages.css").status_code == 200


def test_the_security_log_says_what_was_refused_and_no_query(inside, caplog):
    inside.post("/zoek?user=j.jansen@almelo.example", data={"user": "j.jansen@almelo.example"})
    assert "refused 403 GGI2215: POST '/zoek' from 192.0.2.7 by 'j.bakker'" in caplog.text
    assert "jansen" not in caplog.text


def test_a_path_cannot_forge_a_line_of_the_security_log(inside, caplog):
    inside.get("/audit")
    inside.get("/vergeten%0arefused 403 GGI2203: GET '/' from 192.0.2.1 by 'chef'")
    inside.post("/zoek%1b[31m")
    assert all("\n" not in record.getMessage() and "\x1b" not in record.getMessage() for record in caplog.records)
