"""The API: a token and a reason for each call, the same access as on the pages, and what its description promises."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
import schemathesis
from front import ORIGIN, Front
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from people import HOSTILE, line, login
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection
from typer.testing import CliRunner

from ggi_net.authlog.causes.catalogue import Catalogue
from ggi_net.authlog.line import Hop, Kind
from ggi_net.authlog.question import Role
from ggi_net.cli.web import app as cli
from ggi_net.errors import AccountProblem, NotLoggedIn
from ggi_net.web.database import Database
from ggi_net.web.tokens import Tokens

REASON = "TOPdesk M2611-0042"
LOGINS = [
    login(lines=(line(0, hop=Hop.VISITED), line(1, hop=Hop.HOME, kind=Kind.INNER, inner="j.jansen@almelo.example"))),
    login(
        id="2A9Z0C4H8K3M7N1P5Q6R8S2T4W",
        home="hengelo",
        visited="enschede",
        realm="hengelo.example",
        inner="k@hengelo.example",
    ),
    *(
        login(id=f"2A9Z0C4H8K3M7N1P5Q6R8{number:05d}", outer=text.encode(errors="replace").decode(), inner="")
        for number, text in enumerate(HOSTILE.values())
    ),
]


@pytest.fixture(scope="module")
def front(tmp_path_factory):
    rates = {"pages": 100_000, "api": 100_000, "log_ins": 100_000}
    return Front(tmp_path_factory.mktemp("front"), logins=LOGINS, rates=rates, causes=tuple(Catalogue.load()))


@pytest.fixture(scope="module")
def token(front):
    return front.tokens.add("TOPdesk", Role.HELPDESK, ("almelo",), 30)[1]


class Program:
    """A program with a token."""

    def __init__(self, client, token: str, reason: str = REASON) -> None:
        self._client = client
        self.headers = {"authorization": f"Bearer {token}", "ggi-reason": reason}

    def get(self, path: str, **query):
        return self._client.get(f"/api/v1{path}", headers=self.headers, params=query)

    def search(self, **body):
        return self._client.post("/api/v1/logins", headers=self.headers, json={"reason": REASON, **body})


@pytest.fixture(scope="module")
def client(front):
    with front.browser() as client:
        yield client


@pytest.fixture
def program(client, token):
    client.cookies.clear()
    return Program(client, token)


def problem(answer, status: int) -> dict:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found = answer.json()
    assert found["status"] == status
    assert found["title"]
    return found


# -- asking --------------------------------------------------------------------------------------------


def test_a_search_finds_and_is_on_record(front, program):
    found = program.search(user="j.jansen@almelo.example").json()
    assert [one["id"] for one in found["logins"]] == [LOGINS[0].id]
    assert "lines" not in found["logins"][0]
    shown = front.entries()[0]
    assert shown.entry.who.startswith("TOPdesk (token ")
    assert (shown.entry.reason, shown.entry.rows, shown.entry.where) == (REASON, 1, "api 192.0.2.7")
    assert shown.about == {"user": "j.jansen@almelo.example"}


@pytest.mark.parametrize("mac", ["3C-22-FB-4A-9E-01", "3c:22:fb:4a:9e:01", "3c22.fb4a.9e01", "3c22fb4a9e01"])
def test_a_mac_address_is_understood_in_any_notation(front, program, mac):
    assert program.search(mac=mac).json()["logins"]
    assert front.source.asked[-1].mac == "3c22fb4a9e01"


def test_one_login_comes_with_its_evidence(front, program):
    found = program.get(f"/logins/{LOGINS[0].id}").json()
    assert len(found["lines"]) == 2
    assert front.entries()[0].entry.asked == {"login": LOGINS[0].id}


def test_access_is_that_of_the_tokens_role(front, client):
    _, secret = front.tokens.add("Enschede", Role.HELPDESK, ("enschede",), 30)
    visited = Program(client, secret)
    found = visited.get(f"/logins/{LOGINS[0].id}").json()
    assert "inner" not in found
    assert len(found["lines"]) == 1
    assert visited.search(user="j.jansen@almelo.example").json()["logins"] == []
    _, secret = front.tokens.add("Hengelo", Role.HELPDESK, ("borne",), 30)
    problem(Program(client, secret).get(f"/logins/{LOGINS[0].id}"), 404)
    _, secret = front.tokens.add("controle", Role.AUDITOR, (), 30)
    problem(Program(client, secret).search(), 403)


def test_logins_are_counted(front, program):
    found = program.get("/stats", by="visited").json()
    assert found["by"] == ["visited"]
    assert sum(count["logins"] for count in found["counts"]) == len(LOGINS) - 1
    assert front.entries()[0].entry.asked["by"] == "visited"


def test_the_catalogue_needs_a_token_and_no_reason(client, token):
    answer = client.get("/api/v1/causes", headers={"authorization": f"bearer {token}"})
    assert answer.status_code == 200
    first = answer.json()[0]
    assert first["nl"]["title"]
    assert first["en"]["advice"]
    assert "patterns" not in first


def test_hostile_text_comes_as_it_is_and_as_json_only(program):
    answer = program.search(limit=1000)
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.headers["x-content-type-options"] == "nosniff"
    given = {one.get("outer", "") for one in json.loads(answer.content)["logins"]}
    assert HOSTILE["newline"] in given
    assert HOSTILE["markup"] in given


def test_a_reason_in_a_header_may_have_any_letters(front, client, token):
    headers = {"authorization": f"Bearer {token}", "ggi-reason": "beller José, ’s middags".encode()}
    assert client.get(f"/api/v1/logins/{LOGINS[0].id}", headers=headers).status_code == 200
    assert front.entries()[0].entry.reason == "beller José, ’s middags"


# -- what is refused -----------------------------------------------------------------------------------


def test_without_a_reason_nothing_is_looked_up(front, client, token):
    entries = len(front.entries())
    for headers in ({}, {"ggi-reason": ""}, {"ggi-reason": " "}, {"ggi-reason": "x" * 201}):
        answer = client.get(f"/api/v1/logins/{LOGINS[0].id}", headers={"authorization": f"Bearer {token}", **headers})
        problem(answer, 400)
    answer = client.post("/api/v1/logins", headers={"authorization": f"Bearer {token}"}, json={"user": "x"})
    assert "reason" in problem(answer, 400)["detail"]
    assert len(front.entries()) == entries


BAD_TOKENS = [
    "",
    "Bearer",
    "Bearer ",
    "Bearer x",
    "Basic ggi_x",
    "Bearer ggi_" + "A" * 43,
    "Bearer \xe9",
    "ggi_" + "A" * 43,
]


@pytest.mark.parametrize("header", BAD_TOKENS)
def test_without_a_good_token_nothing_is_said(client, header):
    for path in ("/logins/x", "/stats?by=day", "/causes"):
        answer = client.get(f"/api/v1{path}", headers={"authorization": header.encode("latin-1"), "ggi-reason": REASON})
        found = problem(answer, 401)
        assert found["code"] == "GGI2214"
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_session_of_the_pages_is_no_token(front, client):
    from front import log_in

    front.add("k.mens")
    log_in(client, "k.mens")
    answer = client.post("/api/v1/logins", json={"reason": REASON})
    problem(answer, 401)
    client.cookies.clear()


@pytest.mark.parametrize(
    "body",
    [
        {"reason": REASON, "mac": "no mac"}, {"reason": REASON, "limit": 0}, {"reason": REASON, "limit": 10**9},
        {"reason": REASON, "outcome": "maybe"}, {"reason": REASON, "since": "yesterday"},
        {"reason": REASON, "scope": {}}, {"reason": REASON, "since": "2026-11-23T09:00:00"}, {"reason": 7},
        {"reason": REASON, "user": "x" * 301}, [], None,
    ],
)  # fmt: skip
def test_a_body_of_another_form_is_refused_with_its_reason(client, token, body):
    answer = client.post("/api/v1/logins", headers={"authorization": f"Bearer {token}"}, json=body)
    assert problem(answer, 400)["detail"]


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff\xfe", b'{"reason": "\\ud800 x"}', b"[" * 10_000, b'{"reason":"ab","reason":1}']
)
def test_octets_that_are_no_json_are_refused(client, token, content):
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    problem(client.post("/api/v1/logins", headers=headers, content=content), 400)


def test_the_inside_is_not_told(front, program):
    front.source.broken = True
    try:
        found = problem(program.search(), 500)
    finally:
        front.source.broken = False
    assert "SELECT" not in json.dumps(found)
    assert front.entries()[0].entry.rows is None, "it is on record that somebody asked"


def test_who_asks_too_much_waits(tmp_path):
    front = Front(tmp_path, rates={"api": 10, "log_ins": 10})
    _, secret = front.tokens.add("TOPdesk", Role.OPERATOR, (), 30)
    with front.browser() as client:
        program = Program(client, secret)
        statuses = [program.search().status_code for _ in range(8)]
        assert statuses == [200] * 5 + [429] * 3
        assert int(program.search().headers["retry-after"]) >= 1
        wrong = Program(client, "ggi_" + "A" * 43)
        assert [wrong.search().status_code for _ in range(8)] == [401] * 5 + [429] * 3


# -- tokens --------------------------------------------------------------------------------------------


class Clock:
    now = 1_795_000_000.0

    def __call__(self) -> float:
        return self.now


def test_a_token_is_random_kept_as_a_hash_and_ends(tmp_path):
    clock = Clock()
    tokens = Tokens(Database(tmp_path), clock)
    made, secret = tokens.add("TOPdesk", Role.HELPDESK, ("almelo",), 30)
    assert re.fullmatch(r"ggi_[A-Za-z0-9_-]{43}", secret)
    assert secret.encode() not in b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert tokens.viewer(secret).gemeenten == ("almelo",)
    assert tokens.all()[0].last_used == clock.now
    clock.now += 30 * 86400
    with pytest.raises(NotLoggedIn):
        tokens.viewer(secret)
    assert tokens.all()[0].id == made.id


def test_a_revoked_token_is_no_good_at_once(tmp_path):
    tokens = Tokens(Database(tmp_path))
    made, secret = tokens.add("TOPdesk", Role.OPERATOR, (), 30)
    _, other = tokens.add("TOPdesk", Role.OPERATOR, (), 30)
    tokens.revoke(made.id)
    with pytest.raises(NotLoggedIn):
        tokens.viewer(secret)
    assert tokens.viewer(other)
    with pytest.raises(AccountProblem):
        tokens.revoke("nope")


@pytest.mark.parametrize(
    ("name", "role", "gemeenten", "days"),
    [
        ("", Role.OPERATOR, (), 1), ("x\n", Role.OPERATOR, (), 1), ("x", Role.ENGINEER, (), 1),
        ("x", Role.HELPDESK, (), 1), ("x", Role.OPERATOR, (), 0), ("x", Role.OPERATOR, (), 367),
    ],
)  # fmt: skip
def test_a_token_that_would_not_be_safe_is_not_made(tmp_path, name, role, gemeenten, days):
    with pytest.raises(AccountProblem):
        Tokens(Database(tmp_path)).add(name, role, gemeenten, days)


@given(secret=st.text(st.characters(), max_size=100))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_no_token(front, secret):
    with pytest.raises(NotLoggedIn):
        front.tokens.viewer(secret)


def test_tokens_are_kept_by_the_command_line_and_shown_once(tmp_path):
    def ggi(*arguments: str):
        return CliRunner().invoke(cli, arguments, env={"GGI_STATE": str(tmp_path), "COLUMNS": "200"})

    made = ggi("token", "add", "TOPdesk", "--role", "helpdesk", "-g", "almelo", "--days", "30")
    secret = made.stdout.strip()
    tokens = Tokens(Database(tmp_path / "web"))
    viewer = tokens.viewer(secret)
    assert viewer.role is Role.HELPDESK
    listed = ggi("token", "list").output
    assert "TOPdesk" in listed
    assert secret not in listed
    assert ggi("token", "revoke", tokens.all()[0].id).exit_code == 0
    assert "revoked" in ggi("token", "list").output


def test_the_documented_command_makes_a_token(tmp_path):
    page = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
    command = shlex.split(re.search(r"^ggi (web .*token add .*)$", page, re.MULTILINE)[1])
    (tmp_path / "web.yml").write_text("logs: logs.yml\nstate: .\n")
    made = CliRunner().invoke(cli, [str(tmp_path / word) if word == "web.yml" else word for word in command[1:]])
    assert made.exit_code == 0, made.output
    assert Tokens(Database(tmp_path)).viewer(made.stdout.strip()).gemeenten == ("almelo",)


# -- its description -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def described(client):
    return client.get("/api/openapi.json").json()


def test_the_description_is_complete(described):
    assert described["openapi"].startswith("3.1")
    assert (described["info"]["title"], described["info"]["version"]) == ("ggi helpdesk", "1.0")
    assert described["servers"] == [{"url": ORIGIN}]
    assert set(described["paths"]) == {"/api/v1/logins", "/api/v1/logins/{login_id}", "/api/v1/stats", "/api/v1/causes"}
    for path in described["paths"].values():
        for operation in path.values():
            assert operation["summary"]
            assert operation["description"]
            assert operation["security"] == [{"token": []}]
            assert {"200", "400", "401", "403", "429", "503"} <= set(operation["responses"])
            problems = operation["responses"]["403"]["content"]
            assert set(problems) == {"application/problem+json"}


def test_the_description_has_examples(described):
    body = described["paths"]["/api/v1/logins"]["post"]["requestBody"]["content"]["application/json"]
    assert "j.jansen@almelo.example" in json.dumps(body)


@pytest.fixture(scope="module")
def loaded(front):
    return schemathesis.openapi.from_asgi("/api/openapi.json", front.app, headers={"host": "helpdesk.example"})


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["good", "bad"])
@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/api/v1/logins", "POST"),
        ("/api/v1/logins/{login_id}", "GET"),
        ("/api/v1/stats", "GET"),
        ("/api/v1/causes", "GET"),
    ],
)
def test_every_answer_is_as_described(loaded, token, path, method, mode):
    """Schemathesis makes requests that fit the description, and some that don't, and compares the answers with it."""

    @given(case=loaded[path][method].as_strategy(generation_mode=mode))
    @settings(
        max_examples=25, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate], database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def check(case):
        # What it takes for a violation may be none: a query parameter that nobody asks for is none to us.
        case.call_and_validate(
            headers={"Authorization": f"Bearer {token}", "host": "helpdesk.example"},
            excluded_checks=[negative_data_rejection],
        )

    check()
