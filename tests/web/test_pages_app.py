"""The pages as the application answers them: from a question to its answer, on record, and for whom it is meant."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from people import HOSTILE, NOW, login
from site_of_pages import AUDITOR, HELPDESK, NUMBER, Account, Site, day

from ggi_net.authlog.audit_check import Wanted, search, verify
from ggi_net.authlog.question import Role, Viewer
from ggi_net.authlog.words import Both
from ggi_net.web.ending import Ending
from ggi_net.web.ending import Outcome as Came


@pytest.fixture
def site(tmp_path) -> Site:
    return Site(tmp_path, day())


class TestSearch:
    """From what was typed to the answer."""

    @pytest.mark.parametrize(
        "asked",
        [
            "j.jansen@almelo.example",
            "j.jansen",
            "3C-22-FB-4A-9E-01",
            "3c22.fb4a.9e01",
            "almelo.example",
            NUMBER,
            NUMBER.lower(),
        ],
    )
    def test_the_failed_login_is_explained(self, site, asked):
        page = site.client(HELPDESK).ask(asked)
        assert page.status_code == 200
        assert "Het wachtwoord op dit toestel klopt niet" in page.text
        assert "Vergeet het netwerk govroam" in page.text

    def test_no_identity_stands_in_an_address(self, site):
        client = site.client(HELPDESK)
        answer = client.post("/", {"asked": "j.jansen@almelo.example", "reason": "MELDING-2041", "since": "2d"})
        where = answer.headers["location"]
        assert re.fullmatch(r"/antwoord/[A-Za-z0-9_-]+", where)
        assert "jansen" not in where
        other = client.post("/", {"asked": "p.de.vries@almelo.example", "reason": "MELDING-2041", "since": "2d"})
        assert len(other.headers["location"]) == len(where), "the length tells whose name it is"
        assert client.follow(answer).headers["cache-control"] == "no-store"

    def test_the_address_of_an_answer_is_for_who_asked(self, site):
        answer = site.client(HELPDESK).post("/", {"asked": "j.jansen", "reason": "MELDING-2041", "since": "2d"})
        other = Viewer(name="m.visser", role=Role.HELPDESK, gemeenten=("almelo",))
        for letters in (answer.headers["location"], "/antwoord/AAAA", "/antwoord/%C3%A9", "/antwoord/" + "A" * 400):
            page = site.client(other).get(letters)
            assert page.status_code == 303
            assert page.headers["location"] == "/"

    def test_each_look_is_on_record_with_its_reason(self, site):
        site.client(HELPDESK).ask("j.jansen@almelo.example", reason="MELDING-7")
        entries = search(site.audit, Wanted())
        assert {entry.entry.what for entry in entries} == {"search", "login"}
        assert {entry.entry.reason for entry in entries} == {"MELDING-7"}
        assert {entry.entry.who for entry in entries} == {"s.bakker"}
        assert verify(site.audit).whole

    @pytest.mark.parametrize(
        ("fields", "words"),
        [
            ({"asked": "", "reason": "MELDING-7"}, "niet te zoeken"),
            ({"asked": "j.jansen", "reason": ""}, "reden"),
            ({"asked": "j.jansen", "reason": " x "}, "reden"),
        ],
    )
    def test_a_form_that_lacks_something_says_so_and_asks_nobody(self, site, fields, words):
        page = site.client(HELPDESK).post("/", {**fields, "since": "2d"})
        assert page.status_code == 400
        assert 'role="alert"' in page.text
        assert search(site.audit, Wanted()) == []

    def test_what_nobody_understands_is_said_beside_the_form(self, site):
        page = site.client(HELPDESK).ask("geen gemeente met deze naam")
        assert page.status_code == 400
        assert 'role="alert"' in page.text
        assert "geen gemeente met deze naam" in page.text

    def test_the_reason_is_remembered_and_can_be_changed(self, site):
        client = site.client(HELPDESK)
        client.ask("j.jansen", reason="MELDING-7")
        assert 'value="MELDING-7"' in client.get("/").text
        client.ask("j.jansen", reason="MELDING-8")
        assert 'value="MELDING-8"' in client.get("/").text

    def test_nothing_found_says_what_it_can_be(self, site):
        page = site.client(HELPDESK).ask("n.niemand@almelo.example")
        assert page.status_code == 200
        assert "geen inlogpoging van bekend" in page.text
        assert "Laat de beller de naam spellen" in page.text

    def test_the_period_counts(self, site):
        assert "klopt niet" in site.client(HELPDESK).ask("j.jansen", since="vandaag").text
        later = Site(site.audit.folder.parent / "later", day(), now=lambda: NOW + timedelta(days=4))
        assert "geen inlogpoging van bekend" in later.client(HELPDESK).ask("j.jansen", since="2d").text
        assert "klopt niet" in later.client(HELPDESK).ask("j.jansen", since="week").text
        assert "klopt niet" not in later.client(HELPDESK).ask("j.jansen", since="iets anders").text

    def test_a_visitor_is_shown_without_the_inner_name(self, tmp_path):
        hengelo = Viewer(name="h.hulp", role=Role.HELPDESK, gemeenten=("enschede",))
        page = Site(tmp_path, day()).client(hengelo).ask("3c22fb4a9e01")
        assert "klopt niet" in page.text
        assert "jansen" not in page.text
        assert "anonymous@almelo.example" in page.text

    def test_another_gemeente_finds_nothing(self, site):
        hengelo = Viewer(name="h.hulp", role=Role.HELPDESK, gemeenten=("hengelo",))
        page = site.client(hengelo).ask("3c22fb4a9e01")
        assert "geen inlogpoging van bekend" in page.text

    @pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
    def test_whatever_is_typed_gets_an_answer(self, site, name):
        client = site.client(HELPDESK)
        sent = client.post("/", {"asked": name.encode(errors="replace").decode(), "reason": "MELDING-7", "since": "2d"})
        page = client.follow(sent) if sent.status_code == 303 else sent
        assert page.status_code in (200, 400)
        assert "<script" not in page.text
        assert "Traceback" not in page.text


class TestShared:
    """A login by its number."""

    def test_a_reason_is_asked_for_first(self, site):
        client = site.client(HELPDESK)
        page = client.get(f"/poging/{NUMBER}")
        assert "Waarom bekijkt u deze poging?" in page.text
        assert "jansen" not in page.text
        assert search(site.audit, Wanted()) == []
        page = client.follow(client.post(f"/poging/{NUMBER}", {"reason": "MELDING-9"}, at=f"/poging/{NUMBER}"))
        assert "klopt niet" in page.text
        assert search(site.audit, Wanted())[0].entry.reason == "MELDING-9"

    def test_nobody_else_sees_it(self, site):
        hengelo = Viewer(name="h.hulp", role=Role.HELPDESK, gemeenten=("hengelo",))
        client = site.client(hengelo)
        page = client.follow(client.post(f"/poging/{NUMBER}", {"reason": "MELDING-9"}, at=f"/poging/{NUMBER}"))
        assert page.status_code == 404
        assert "jansen" not in page.text

    def test_who_is_not_logged_in_is_led_there(self, site):
        page = site.client(None).get(f"/poging/{NUMBER}")
        assert page.status_code in (303, 401)
        assert "jansen" not in page.text


class TestProof:
    """The live login test from the page."""

    @pytest.mark.parametrize("ending", Ending)
    def test_its_result_is_said_in_words_and_on_record(self, tmp_path, ending):
        tests = Account(ending)
        site = Site(tmp_path, day(), tests)
        client = site.client(HELPDESK)
        assert "Nu proberen" in client.ask("j.jansen").text
        page = client.post("/proef", {"realm": "almelo.example", "login": NUMBER}, at="/")
        assert page.status_code == 200
        assert tests.ran == ["almelo.example"]
        assert Came(ending=ending).headline.nl in page.text
        assert "1,2" in page.text
        assert f'href="/poging/{NUMBER}"' in page.text
        entry = search(site.audit, Wanted())[0].entry
        assert (entry.what, entry.asked, entry.note) == ("test", {"realm": "almelo.example"}, ending)

    def test_not_without_a_form_of_ours(self, tmp_path):
        tests = Account(Ending.ACCEPTED)
        client = Site(tmp_path, day(), tests).client(HELPDESK)
        client.ask("j.jansen")
        assert client.post("/proef", {"realm": "almelo.example"}, at="/static/pages.css").status_code == 403
        assert client.get("/proef").status_code == 405
        assert tests.ran == []

    def test_not_offered_where_there_is_none(self, site):
        assert "Nu proberen" not in site.client(HELPDESK).ask("j.jansen").text


class TestAudit:
    """The auditor's page."""

    def test_who_looked_up_whom(self, site):
        site.client(HELPDESK).ask("j.jansen@almelo.example", reason="MELDING-7")
        auditor = site.client(AUDITOR)
        page = auditor.post(
            "/audit", {"about": "J.Jansen@almelo.example", "since": "maand", "do": "search"}, at="/audit"
        )
        assert "s.bakker" in page.text
        assert "MELDING-7" in page.text
        page = auditor.post(
            "/audit", {"about": "p.de.vries@almelo.example", "since": "maand", "do": "search"}, at="/audit"
        )
        assert "Geen regels gevonden" in page.text

    def test_the_log_is_verified(self, site):
        site.client(HELPDESK).ask("j.jansen")
        auditor = site.client(AUDITOR)
        assert "Het logboek is heel" in auditor.post("/audit", {"do": "verify"}, at="/audit").text
        file = next(site.audit.folder.glob("*.jsonl"))
        file.write_bytes(file.read_bytes().replace(b"s.bakker", b"x.anders"))
        assert "geknoeid" in auditor.post("/audit", {"do": "verify"}, at="/audit").text

    def test_an_auditor_sees_no_logins(self, site):
        auditor = site.client(AUDITOR)
        assert auditor.get("/").headers["location"] == "/audit"
        assert auditor.get(f"/poging/{NUMBER}").status_code == 403
        assert auditor.get("/overzicht").status_code == 403

    def test_a_helpdesk_sees_no_audit_log(self, site):
        assert site.client(HELPDESK).get("/audit").status_code == 403


class TestOverview:
    """Figures without persons."""

    def test_its_figures(self, site):
        page = site.client(HELPDESK).get("/overzicht?sinds=2d")
        assert page.status_code == 200
        assert "33,3%" in page.text
        assert "Het wachtwoord op dit toestel klopt niet" in page.text
        assert "Enschede, Stadskantoor" in page.text
        assert "jansen" not in page.text
        assert "3c:22" not in page.text

    def test_it_is_on_record(self, site):
        site.client(HELPDESK).get("/overzicht")
        assert {entry.entry.what for entry in search(site.audit, Wanted())} == {"stats"}

    def test_an_empty_store_has_a_page(self, tmp_path):
        page = Site(tmp_path, []).client(HELPDESK).get("/overzicht?sinds=maand")
        assert page.status_code == 200
        assert "Geen mislukte pogingen" in page.text


def test_equal_attempts_are_one(tmp_path):
    tries = [
        login(id=f"2A9Z0C4H8K3M7N1P5Q6R8S2T{number:02}", attempts=1, begin=begin, end=begin)
        for number in range(3)
        for begin in [login().begin + timedelta(seconds=10 * number)]
    ]
    page = Site(tmp_path, tries).client(HELPDESK).ask("j.jansen").text
    assert "3 pogingen in" in page
    assert "Andere pogingen" not in page


def test_what_many_logins_say_together_stands_on_the_answer(tmp_path):
    said = Both("38 van de 41 toestellen van almelo.example komen er niet op.", "38 of 41 devices can't get on.")
    site = Site(tmp_path, day(), around=lambda login: [said] if login.id == NUMBER else [])
    page = site.client(HELPDESK).ask(NUMBER).text
    assert said.nl in page
    assert "38 of 41 devices can&#39;t get on." in page


class TestBanner:
    """An outage, on every page where somebody looks for what troubles a caller."""

    @pytest.fixture
    def troubled(self, tmp_path) -> Site:
        begin = NOW - timedelta(minutes=40)
        failed = [
            login(
                id=f"2A9Z0C4H8K3M7N1P5Q6R8S2T{number:02}",
                begin=begin,
                mac=f"02000000{number:04}",
                inner="",
                cause="home-silent",
            )
            for number in range(25)
        ]
        return Site(tmp_path, [*day(), *failed], now=lambda: self.now)

    now = NOW
    SAID = "mislukten 25 van de 25 pogingen van mensen van Almelo"

    def test_it_stands_there(self, troubled):
        client = troubled.client(HELPDESK)
        pages = [client.get("/"), client.ask("j.jansen"), client.ask("n.niemand"), client.get("/overzicht")]
        for page in [*pages, client.post("/", {"asked": "", "reason": ""})]:
            assert page.text.count(self.SAID) == 1
        assert all(entry.entry.reason != "" for entry in search(troubled.audit, Wanted())), "nobody looked it up"

    def test_those_of_another_gemeente_do_not_see_it(self, troubled):
        hengelo = Viewer(name="h.hulp", role=Role.HELPDESK, gemeenten=("hengelo",))
        assert "Storing?" not in troubled.client(hengelo).get("/").text

    def test_it_is_counted_once_a_minute_for_all(self, troubled):
        other = Viewer(name="m.visser", role=Role.HELPDESK, gemeenten=("almelo",))
        hengelo = Viewer(name="h.hulp", role=Role.HELPDESK, gemeenten=("hengelo",))
        for viewer, sees in ((HELPDESK, True), (other, True), (hengelo, False)):
            for _ in range(3):
                assert (self.SAID in troubled.client(viewer).get("/").text) is sees
        assert troubled.source.counted == 1
        self.now = NOW + timedelta(hours=2)
        assert "Storing?" not in troubled.client(other).get("/").text
        assert troubled.source.counted == 2


def test_help_is_for_everybody(site):
    assert "Zo werkt deze pagina" in site.client(None).get("/hulp").text
    assert "Zo werkt deze pagina" in site.client(AUDITOR).get("/hulp").text


@pytest.mark.parametrize("path", ["/", "/hulp", "/overzicht", "/inloggen", "/bestaat-niet"])
def test_no_page_has_script_or_inline_style(site, path):
    text = site.client(HELPDESK).get(path).text.lower()
    assert "<script" not in text
    assert "style=" not in text
    assert "<style" not in text
    assert not re.search(r"\son\w+=", text)
