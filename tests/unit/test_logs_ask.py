"""`ggi logs search`, `explain`, `stats`, `causes` and `places`, on a store of real lines."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ggi_net.authlog.login import Login, Outcome
from ggi_net.cli.logs_ask import _csv
from ggi_net.cli.main import main

LOGS = Path(__file__).parents[1] / "logs" / "scenarios"
CHOSEN = ("01-ok-ttls-pap-sp-freeradius", "05-wrong-password-peap-sp-freeradius", "08-no-realm-sp-freeradius")
HOPS = {"sp-hengelo": "visited", "flr1": "federation", "idp-almelo": "home"}
HOSTILE = (
    'Mon Nov 23 15:59:28 2026 : Auth: (39) Login incorrect (pap: no): [=cmd|"\x1b[31m"@evil.example] '
    "(from client ap port 0 cli 02-00-00-00-0F-0F) \n"
)
LOGIN_LOG = {
    "time": "2026-11-23T15:05:00Z", "host": "sp-hengelo", "role": "sp", "event": "result", "result": "reject",
    "outer": "a.bos@almelo.example", "inner": "", "realm": "almelo.example", "mac": "02-00-00-00-0A-0A",
    "called_station": "02-AA-BB-CC-DD-01:govroam", "nas": "ap1.visited.example", "client": "access-point",
    "operator": "1hengelo.example", "cui": "", "refusal": "", "eap_type": "", "tls_version": "", "vlan": "",
    "address": "", "reason": "pap: Cleartext password does not match =22known good=22 password",
}  # fmt: skip
"""As our own configuration writes them, with the name of the access point and the address of its radio."""
PERIOD = ("--since", "2026-11-20", "--until", "2026-11-27")


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A store of three scenarios and one hostile line, its settings, and all that the commands keep."""
    base = tmp_path_factory.mktemp("asked")
    (base / "hostile.log").write_text(HOSTILE)
    sources = [
        {"files": [f"{LOGS}/{scenario}/{host}.*"], "host": host, "hop": hop}
        for scenario in CHOSEN
        for host, hop in HOPS.items()
    ]
    (base / "govroam.json").write_text(json.dumps(LOGIN_LOG, separators=(",", ":")) + "\n")
    sources.append(
        {"files": [str(base / "hostile.log"), str(base / "govroam.json")], "host": "sp-hengelo", "hop": "visited"}
    )
    places = {
        "names": {"almelo": "Almelo", "hengelo": "Hengelo"},
        "realms": {"almelo.example": "almelo"},
        "operators": {"almelo.example": "almelo", "hengelo.example": "hengelo"},
        "servers": {"sp-hengelo": {"gemeente": "hengelo", "hops": ["visited"]}},
    }
    (base / "places.json").write_text(json.dumps(places))
    settings = {
        "store": str(base / "store"), "sources": sources, "places": str(base / "places.json"),
        "audit": {"folder": str(base / "audit")},
    }  # fmt: skip
    (base / "logs.yml").write_text(json.dumps(settings))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GGI_STATE", str(base / "state"))
        with pytest.raises(SystemExit) as stopped:
            main(["logs", "ingest", "--settings", str(base / "logs.yml")])
        assert not stopped.value.code
    return base


@pytest.fixture
def ggi(base, capsys, monkeypatch):
    """Run `ggi logs`; the exit status, what was printed and what was said beside it."""
    monkeypatch.setenv("GGI_STATE", str(base / "state"))
    monkeypatch.setenv("GGI_LOGS", str(base / "logs.yml"))
    monkeypatch.setenv("GGI_REASON", "T2026-1")
    monkeypatch.setenv("COLUMNS", "200")

    def run(*words):
        capsys.readouterr()
        with pytest.raises(SystemExit) as stopped:
            main(["logs", *words])
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return stopped.value.code or 0, printed.out, printed.err

    return run


def rows(ggi, *words):
    status, said, errors = ggi("search", *words, *PERIOD, "--format", "json")
    assert status == 0, errors
    return [json.loads(line) for line in said.splitlines()]


@pytest.mark.parametrize(
    "words",
    [
        ("user@almelo.example",), ("02-00-00-00-02-05",), ("0200.0000.0205",), ("--user", "USER@almelo.example"),
        ("--mac", "02:00:00:00:02:05"), ("almelo.example",), ("Almelo",), ("--gemeente", "hengelo"),
        ("mislukt",), ("--result", "reject"), ("--cause", "wrong-password"), ("wrong-password",),
        ("--nas", "ap1.visited.example"),
        ("--realm", "@almelo.example", "--result", "reject"), ("02AABBCCDD01",), ("--ap", "02aabbccdd01"),
    ],
)  # fmt: skip
def test_a_login_is_found_by_all_that_is_known_of_it(ggi, words):
    assert "wrong-password" in [login.get("cause") for login in rows(ggi, *words)]


def test_nothing_else_is_found(ggi):
    assert [login["cause"] for login in rows(ggi, "02-00-00-00-02-05")] == ["wrong-password"]
    assert rows(ggi, "other@almelo.example") == []
    assert rows(ggi, "user@almelo.example", "--cause", "no-realm") == []
    status, said, _ = ggi("search", "user@almelo.example", "--since", "2026-11-24", "--until", "2026-11-27")
    assert (status, said) == (0, "no logins\n")


def test_the_list_says_what_was_the_matter(ggi):
    _, said, _ = ggi("search", "user@almelo.example", *PERIOD)
    assert "2026-11-23 15:49:28" in said
    assert "reject" in said
    assert "Het wachtwoord op dit toestel klopt niet" in said
    (login,) = rows(ggi, "02-00-00-00-02-05")
    assert login["id"] in said, "whole, so that it can be copied"


def test_a_spreadsheet_gets_no_formula(ggi):
    _, said, _ = ggi("search", "--realm", "evil.example", *PERIOD, "--format", "csv")
    (login,) = csv.DictReader(said.splitlines())
    assert login["outer"] == '\'=cmd|"\\x1b[31m"@evil.example'


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), ("@sum(1)", "'@sum(1)"), (" =1", "' =1"), ("\t1", "'\\t1"),
        ("\uff1d1", "'\uff1d1"), ('"=1"', "'\"=1\""), ("x;=1", "x;'=1"), ('x;"=1"', "x;'\"=1\""), ("a;b", "a;b"),
        ("x-y@z", "x-y@z"),
    ],
)  # fmt: skip
def test_no_cell_of_a_spreadsheet_is_a_formula_also_where_cells_end_with_a_semicolon(name, written):
    when = datetime(2026, 11, 23, tzinfo=UTC)
    found = Login(id="A", begin=when, end=when, outcome=Outcome.REJECT, outer=name)
    (row,) = csv.DictReader(_csv([found]).splitlines())
    assert row["outer"] == written


@pytest.mark.parametrize("form", ["text", "json", "csv"])
def test_no_name_steers_the_terminal(ggi, form):
    _, said, _ = ggi("search", "--realm", "evil.example", *PERIOD, "--format", form)
    assert "=cmd" in said
    assert "\x1b" not in said


def test_a_login_is_explained_hop_by_hop_with_its_lines(ggi):
    (login,) = rows(ggi, "02-00-00-00-02-05")
    status, said, _ = ggi("explain", login["id"])
    assert status == 0
    assert said.startswith("Het wachtwoord op dit toestel klopt niet")
    for part in (
        "The password on this device is not right",
        "De server van Almelo weigerde.",
        "Wie moet iets doen: de gebruiker.",
        "Vraag aan de beller:",
        "idp-almelo Mon Nov 23 15:49:28 2026 : Auth: (37)   Login incorrect (mschap: MS-CHAP2-Response is incorrect)",
    ):
        assert part in said
    _, said, _ = ggi("explain", login["id"].lower(), "--json")
    told = json.loads(said)
    assert told["story"]["owner"] == "user"
    assert len(told["login"]["lines"]) >= 6


def test_a_login_that_is_not_there_is_said(ggi):
    status, _, errors = ggi("explain", "0" * 26)
    assert status == 1
    assert "no such login" in errors


def test_logins_are_counted(ggi):
    _, said, _ = ggi("stats", *PERIOD, "--by", "cause", "--json")
    counted = {line["cause"]: line["logins"] for line in map(json.loads, said.splitlines())}
    assert counted["wrong-password"] == 2
    _, said, _ = ggi("stats", *PERIOD)
    assert "Almelo  Hengelo" in said
    assert "wrong-password" in said
    status, _, errors = ggi("stats", "--by", "user")
    assert status == 1
    assert "logins are not counted by user" in errors


def test_a_look_up_needs_a_reason_and_is_on_record(ggi, base, monkeypatch):
    rows(ggi, "user@almelo.example")
    assert "T2026-1" in "".join(path.read_text() for path in (base / "audit").glob("*.jsonl"))
    monkeypatch.delenv("GGI_REASON")
    status, said, errors = ggi("search", "user@almelo.example", *PERIOD)
    assert (status, said) == (1, "")
    assert "no reason was given" in errors


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("search", "--mac", "almelo"), "'almelo' is no MAC address"),
        (("search", "--result", "refused"), "one of accept, reject, unfinished"),
        (("search", "--cause", "wrong-pasword"), "did you mean 'wrong-password'?"),
        (("search", "--format", "xml"), "text, json or csv"),
    ],
)
def test_a_condition_that_can_not_be_is_wrong_usage(ggi, words, message):
    status, _, errors = ggi(*words)
    assert status == 2
    assert message in " ".join(errors.replace("│", " ").split())


def test_causes_are_listed_and_explained(ggi):
    _, said, _ = ggi("causes")
    assert "wrong-password" in said
    _, said, _ = ggi("causes", "wrong-password")
    assert said.startswith("Het wachtwoord op dit toestel klopt niet (nl)")
    assert "FR-009: Mon" in said


def test_places_are_written_for_those_who_read_logs(ggi, tmp_path):
    _, said, _ = ggi("places", "-o", str(tmp_path / "places.json"))
    assert "realms" in said
    assert json.loads((tmp_path / "places.json").read_text())["realms"]["almelo.example"] == "almelo"
