"""The audit log in words: moments on Dutch clocks, conditions and columns in Dutch with English beside."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from people import HOSTILE, NOW, PLACES
from site_of_pages import AUDITOR, HELPDESK, Account, Site, day

from ggi_net.authlog.audit_check import Shown, Wanted, verify
from ggi_net.authlog.audit_entry import Entry, What
from ggi_net.authlog.audit_retention import expire
from ggi_net.authlog.helpdesk import Group
from ggi_net.authlog.login import Outcome
from ggi_net.authlog.question import Question, Role, Viewer
from ggi_net.web.ending import ENDINGS, Ending
from ggi_net.web.pages.audit_words import CONDITIONS, GROUPS, WHATS, rows
from ggi_net.web.words import Both

CAUSES = {
    "wrong-password": Both("Het wachtwoord op dit toestel klopt niet", "The password on this device is not right")
}


def said(*, about=None, **fields):
    entry = Entry(**{"number": 1, "time": NOW, "what": What.SEARCH, **fields})
    (row,) = rows([Shown(entry=entry, about=about or {})], PLACES, CAUSES, NOW)
    return row


def conditions(**asked):
    return {condition.name.nl: condition.value for condition in said(asked=asked).asked}


def test_there_are_words_for_everything():
    assert set(WHATS) == set(What)
    assert set(GROUPS) == set(Group)
    asked = {*Question.__struct_fields__, *Wanted.__struct_fields__} - {"scope"}
    assert asked <= set(CONDITIONS)


def test_a_moment_is_on_dutch_clocks():
    asked = conditions(since="2026-11-16T13:40:00Z", until="2026-11-22T23:00:00+00:00")
    assert asked == {"vanaf": Both("ma 16 november 14:40", ""), "tot": Both("vandaag 00:00", "")}


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("by", "home,outcome", Both("eigen gemeente, uitslag", "home gemeente, result")),
        ("by", "home,colour", Both("eigen gemeente, colour", "home gemeente, colour")),
        ("outcome", Outcome.REJECT, Both("geweigerd", "refused")),
        ("cause", "wrong-password", CAUSES["wrong-password"]),
        ("cause", "gone", Both("gone", "")),
        ("gemeente", "almelo", Both("Almelo", "")),
        ("mac", "3c22fb4a9e01", Both("3c:22:fb:4a:9e:01", "")),
        ("mac", "#" + "ab" * 16, Both("#" + "ab" * 16, "")),
        ("what", "login", Both("poging bekeken", "looked at an attempt")),
    ],
)
def test_a_condition_is_said_in_words(name, value, words):
    assert list(conditions(**{name: value}).values()) == [words]


def test_a_site_is_called_by_its_name():
    assert conditions(gemeente="almelo", site="stadhuis")["locatie"].nl == "Stadhuis Almelo"


@pytest.mark.parametrize("ending", Ending)
def test_what_came_of_a_login_test_is_said(ending):
    assert said(what=What.TEST, note=ending).note == ENDINGS[ending][1]


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_what_was_asked_stays_what_it_was(name):
    (condition,) = said(about={"user": name}).asked
    assert condition.value == Both(name, "")


def test_the_page_has_no_moment_of_a_machine(tmp_path):
    site = Site(tmp_path, day(), Account(Ending.REJECTED))
    helper = site.client(HELPDESK)
    helper.ask("j.jansen@almelo.example")
    helper.get("/overzicht")
    helper.post("/proef", {"realm": "almelo.example", "login": ""})
    auditor = site.client(AUDITOR)
    auditor.post("/audit", {"since": "maand", "do": "search"}, at="/audit")
    page = auditor.post("/audit", {"since": "maand", "do": "search"}, at="/audit").text
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))
    assert not re.search(r"\d{4}-\d{2}-\d{2}T\d", text)
    assert "geteld per counted by: eigen gemeente, bezochte gemeente home gemeente, visited gemeente" in text
    assert "De eigen gemeente weigert het proefaccount." in text
    assert "vanaf from: za 21 november 09:30" in text


def test_a_moment_without_an_offset_is_in_utc():
    (moment,) = conditions(since=datetime(2026, 11, 22, 8, tzinfo=UTC).replace(tzinfo=None).isoformat()).values()
    assert moment.nl == "gisteren 09:00"
    assert said(time=NOW - timedelta(days=1)).when.nl == "gisteren 09:30"


def test_a_log_that_was_shortened_after_its_time_says_so(tmp_path):
    moments = [NOW - timedelta(days=400), NOW]
    site = Site(tmp_path, day(), now=lambda: moments[0])
    site.client(HELPDESK).ask("j.jansen@almelo.example")
    moments.pop(0)
    site.client(HELPDESK).ask("j.jansen@almelo.example")
    site.audit.keep_days = 90
    expire(site.audit, Viewer(name="root", role=Role.ENGINEER), where="cli")
    page = site.client(AUDITOR).post("/audit", {"do": "verify"}, at="/audit").text
    assert "Het logboek is heel" in page
    assert "van 1 dag." in page
    anchor = verify(site.audit).anchor
    assert anchor
    assert f"tot en met nummer {anchor.number} zijn verwijderd" in page
    found = site.client(AUDITOR).post("/audit", {"since": "maand", "do": "search"}, at="/audit").text
    assert "oude regels verwijderd" in found
