"""The answer page in a real browser: what stands on it, that it is accessible, and that hostile names do nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from browser import problems
from msgspec import structs
from people import HOSTILE, NOW, PLACES, login

from ggi_net.authlog.causes.catalogue import Catalogue
from ggi_net.authlog.line import Hop
from ggi_net.authlog.login import Outcome
from ggi_net.authlog.question import Role, Viewer
from ggi_net.authlog.story import story
from ggi_net.web.hops import State, stations
from ggi_net.web.inert import spelled
from ggi_net.web.pages.answer import answer, newest_failed, row, since_then
from ggi_net.web.pages.environment import page
from ggi_net.web.pages.frame import Frame
from ggi_net.web.pages.look import Form
from ggi_net.web.words import Both

pytestmark = pytest.mark.needs("chromium")

FRAME = Frame(
    here="/", viewer=Viewer(name="s.bakker", role=Role.HELPDESK, gemeenten=("almelo",)), csrf="0" * 64, can_leave=True
)
CATALOGUE = Catalogue.load()
FORM = Form(asked="j.jansen", reason="MELDING-2041")
MANY = Both(
    "Dit treft 38 van de 41 mensen van Almelo die het sinds 09:02 probeerden.",
    "38 of the 41 people of Almelo who tried since 09:02 have this.",
)
DRIFT = Both(
    "Op de RADIUS-server van Enschede is sinds 02:13 iets veranderd.",
    "The RADIUS server of Enschede has drifted since 02:13.",
)


def made(chosen=None, others=(), **changes) -> str:
    """The page of a login."""
    chosen = chosen or login()
    cause = CATALOGUE[chosen.cause] if chosen.cause else None
    told = story(chosen, CATALOGUE, PLACES)
    shown = structs.replace(answer(chosen, told, cause, PLACES, NOW), **changes)
    title = Both("Het wachtwoord op dit toestel klopt niet", "The password on this device is not right")
    rows = [row(other, title if other.cause else Both("", ""), PLACES, NOW) for other in others]
    caption = Both(f"{len(rows)} andere pogingen", f"{len(rows)} other attempts")
    return page("answer", FRAME, search=FORM, answer=shown, others=rows, others_caption=caption, outages=())


def day() -> list:
    """Other logins of that person."""
    begin = login().begin
    return [
        login(id=f"2A9Z0C4H8K3M7N1P5Q6R8S2T{number:02}", begin=begin - timedelta(hours=number), attempts=1 + number % 3,
              outcome=list(Outcome)[number % 3], cause="wrong-password" if number % 3 == 1 else "")
        for number in range(1, 8)
    ]  # fmt: skip


FULL = {"patterns": (MANY,), "notices": (DRIFT,), "test_realm": "almelo.example"}


def test_axe_finds_nothing(chromium):
    with chromium.showing(made(others=day(), open_evidence=True, **FULL)) as tab:
        assert problems(tab) == []


def test_the_answer_stands_on_top_in_words(chromium):
    with chromium.showing(made(others=day(), **FULL)) as tab:
        assert tab.locator("h1").inner_text().startswith("Het wachtwoord op dit toestel klopt niet")
        box = tab.locator("h1").bounding_box()
        assert box["y"] + box["height"] < 600
        verdict = tab.locator(".verdict").inner_text()
        assert "j.jansen@almelo.example" in verdict
        assert "vandaag 09:04" in verdict
        assert "41 pogingen in 3 minuten" in verdict
        assert "Enschede, Stadskantoor" in verdict
        assert "Vergeet het netwerk govroam" in tab.locator(".todo .do").inner_text()
        assert tab.locator(".todo .say").inner_text().startswith("Vraag aan de beller")
        assert "38 van de 41" in tab.locator("main").inner_text()


def test_every_english_text_says_that_it_is_english(chromium):
    with chromium.showing(made(others=day(), **FULL)) as tab:
        assert tab.locator("html").get_attribute("lang") == "nl"
        marked = tab.locator(".en").count()
        assert marked > 10
        assert tab.locator(".en:not([lang=en])").count() == 0


def test_it_reads_without_style_sheet_and_script(chromium):
    with chromium.showing(made(others=day(), **FULL), script=False) as tab:
        assert tab.locator(".hops li").count() == 5


def test_the_title_and_the_links_have_no_personal_data(chromium):
    with chromium.showing(made(others=day(), **FULL)) as tab:
        assert tab.title() == "Antwoord - Hulp bij govroam"
        links = [link.get_attribute("href") for link in tab.locator("a").all()]
        assert "/poging/2A9Z0C4H8K3M7N1P5Q6R8S2T4V" in links
        assert not [link for link in links if "jansen" in link or "3c22" in link.lower()]
        assert tab.locator("form[role=search]").get_attribute("method") == "post"


class TestHops:
    """The drawing of how far an attempt came."""

    def states(self, **fields):
        return [station.state for station in stations(login(**fields), PLACES)]

    def test_the_broken_hop_is_marked_and_what_is_before_it_passed(self):
        assert self.states(broken=Hop.FEDERATION, seen=(Hop.VISITED,)) == [
            State.PASSED, State.PASSED, State.PASSED, State.BROKEN, State.BEYOND,
        ]  # fmt: skip

    def test_a_missing_log_is_not_called_passed(self):
        assert self.states(broken=Hop.UNKNOWN, seen=(Hop.VISITED,), missing=(Hop.HOME,)) == [
            State.BEYOND, State.BEYOND, State.PASSED, State.BEYOND, State.ABSENT,
        ]  # fmt: skip

    def test_all_passed_when_it_succeeded(self):
        assert set(self.states(outcome=Outcome.ACCEPT, broken=Hop.UNKNOWN)) == {State.PASSED}

    def test_at_home_the_federation_is_not_needed(self):
        at_home = {"visited": "almelo", "outcome": Outcome.ACCEPT, "broken": Hop.UNKNOWN}
        passed, skipped = State.PASSED, State.SKIPPED
        assert self.states(**at_home, seen=(Hop.HOME,)) == [passed, passed, passed, skipped, passed]
        assert set(self.states(**at_home, seen=(Hop.FEDERATION, Hop.HOME))) == {passed}

    def test_it_is_told_by_more_than_colour(self, chromium):
        with chromium.showing(made()) as tab:
            broken = tab.locator(".hops .broken")
            assert "hier gaat het mis" in broken.inner_text()
            assert broken.locator(".mark use").get_attribute("href").endswith("#bad")
            shapes = {
                state: tab.locator(f".hops .{state} .dot").first.evaluate("dot => getComputedStyle(dot).borderStyle")
                for state in ("passed", "broken")
            }
            assert shapes["passed"] != shapes["broken"]

    def test_its_signs_are_drawn(self, chromium):
        with chromium.showing(made()) as tab:
            for use in tab.locator(".hops use").all():
                box = use.evaluate("use => { const box = use.getBBox(); return box.width + box.height }")
                assert box > 0

    def test_a_screen_reader_hears_all_of_it(self, chromium):
        with chromium.showing(made()) as tab:
            heard = tab.locator(".hops").aria_snapshot()
            for word in ("3c:22:fb:4a:9e:01", "ap-stadskantoor-1", "Enschede", "Almelo", "hier gaat het mis"):
                assert word in heard


class TestHostile:
    """Whatever somebody calls himself."""

    @pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
    def test_a_name_does_nothing(self, chromium, name):
        chosen = login(
            inner=name, nas=name, ssid=name, reason=name, operator=name, visited="", site="", home="", realm=name,
            lines=tuple(structs.replace(line, raw=name, host=name) for line in login().lines),
        )  # fmt: skip
        html = made(chosen, others=[chosen], open_evidence=True, test_realm=name)
        with chromium.showing(html, "phone") as tab:
            assert tab.locator("script, img, iframe, object, embed").count() == 0
            assert tab.locator(".lines code").first.text_content() == spelled(name)
            assert tab.locator(".facts li").first.text_content() == spelled(name)
            assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page scrolls sideways"
            assert "49" not in tab.locator(".facts").inner_text() or "49" in name

    def test_what_it_said_stands_still(self, chromium):
        """Neither a direction override nor Hebrew or Arabic letters move what stands around them."""
        raw = "begin \u05d0\u05d1\u05d2 \u202emidden\u202c 123 einde"
        lines = (structs.replace(login().lines[0], raw=raw),)
        with chromium.showing(made(login(lines=lines), open_evidence=True)) as tab:
            places = tab.locator(".lines code").evaluate(
                """code => ['begin', 'midden', 'einde'].map(word => {
                    const walker = document.createTreeWalker(code, NodeFilter.SHOW_TEXT);
                    while (walker.nextNode()) {
                        const at = walker.currentNode.data.indexOf(word);
                        if (at >= 0) {
                            const range = document.createRange();
                            range.setStart(walker.currentNode, at); range.setEnd(walker.currentNode, at + word.length);
                            return range.getBoundingClientRect().left;
                        }
                    }
                })"""
            )
            assert places == sorted(places)


class TestKeyboard:
    """By keyboard alone."""

    def test_the_first_stop_leads_to_the_content(self, chromium):
        with chromium.showing(made()) as tab:
            tab.keyboard.press("Tab")
            assert tab.evaluate("document.activeElement.className") == "skip"
            assert tab.locator(".skip").bounding_box()["y"] >= 0
            tab.keyboard.press("Enter")
            assert tab.evaluate("document.activeElement.id") == "inhoud"

    def test_the_order_is_that_of_reading_and_focus_can_be_seen(self, chromium):
        with chromium.showing(made(others=day(), **FULL)) as tab:
            tops = []
            for _ in range(60):
                tab.keyboard.press("Tab")
                what, top, style, width, before = tab.evaluate(
                    """() => {
                        const it = document.activeElement, style = getComputedStyle(it), before = it.dataset.seen;
                        it.dataset.seen = 'yes';
                        const top = it.getBoundingClientRect().top + scrollY;
                        const width = parseFloat(style.outlineWidth);
                        return [it.outerHTML.slice(0, 80), top, style.outlineStyle, width, before];
                    }"""
                )
                if before or what.startswith("<body"):
                    break
                assert style != "none", what
                assert width >= 2, what
                tops.append(top)
            assert len(tops) > 10
            rows = [round(top / 60) for top in tops[1:]]
            assert rows == sorted(rows)


def test_it_prints_the_answer_and_the_evidence(chromium):
    with chromium.showing(made(others=day(), **FULL)) as tab:
        tab.emulate_media(media="print")
        assert not tab.locator(".search").is_visible()
        assert not tab.locator(".band nav").is_visible()
        assert tab.locator("h1").is_visible()
        assert tab.locator(".lines code").first.is_visible(), "evidence that is folded is printed"


def test_on_a_phone_the_answer_comes_before_another_question(chromium):
    with chromium.showing(made(), "phone") as tab:
        asked = tab.locator("#asked")
        assert not asked.is_visible()
        tab.locator(".again summary").focus()
        tab.keyboard.press("Enter")
        asked.wait_for(state="visible")
    with chromium.showing(made()) as tab:
        assert tab.locator("#asked").is_visible()
        assert not tab.locator(".again summary").is_visible()


def test_it_can_be_enlarged_to_twice_its_size(chromium):
    with chromium.showing(made(others=day(), **FULL)) as tab:
        tab.set_viewport_size({"width": 640, "height": 450})  # 1280 pixels at 200 %
        assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_target_is_large_enough_for_a_finger(chromium):
    with chromium.showing(made(others=day(), **FULL), "phone") as tab:
        for target in tab.locator("button:visible, input:visible, select:visible, summary:visible").all():
            assert target.bounding_box()["height"] >= 24, target.inner_text()


class TestChoice:
    """Which login the page is about."""

    def test_the_newest_that_failed(self):
        good, bad = login(id="G" * 26, outcome=Outcome.ACCEPT), login()
        assert newest_failed([good, bad]).id == bad.id
        assert newest_failed([good]).id == good.id

    def test_what_succeeded_since_is_said(self):
        bad = login()
        good = login(id="G" * 26, outcome=Outcome.ACCEPT, begin=bad.begin + timedelta(minutes=8), cause="")
        assert since_then(bad, [good, bad], NOW).nl.startswith("Daarna is het gelukt: vandaag 09:12.")
        assert since_then(good, [good, bad], NOW) is None
        assert since_then(bad, [structs.replace(good, mac="", inner=""), bad], NOW) is None

    def test_without_a_cause_it_does_not_guess(self, chromium):
        with chromium.showing(made(login(cause="", broken=Hop.UNKNOWN))) as tab:
            assert "De oorzaak staat niet in de logs" in tab.locator("h1").inner_text()
            assert tab.locator(".todo .do").count() == 0, "nobody knows what helps"
            assert "Geef het nummer van deze poging door" in tab.locator(".todo .who").inner_text()
            assert "op het scherm" in tab.locator(".todo .say").inner_text()
            assert tab.locator("details:has(.lines)").get_attribute("open") is not None
            assert tab.locator(".hops .broken").count() == 0

    def test_a_success_is_called_one(self, chromium):
        with chromium.showing(made(login(outcome=Outcome.ACCEPT, cause="", broken=Hop.UNKNOWN))) as tab:
            assert tab.locator("h1").inner_text().startswith("Het inloggen is gelukt.")
            assert tab.locator(".todo > div").count() == 1
            assert "Doet het internet het nu?" in tab.locator(".todo .say").inner_text()

    @pytest.mark.parametrize(
        ("cause", "who", "does"),
        [
            ("wrong-password", "De beller.", "Wat doet de beller?"),
            ("home-silent", "De eigen gemeente van de beller: Almelo. Geef daar het nummer", "de beheerder daar?"),
            ("no-address", "De gemeente waar de beller was: Enschede. Geef daar het nummer", "de beheerder daar?"),
            ("link-down", "Het landelijke beheer van govroam. Geef daar het nummer", "de beheerder daar?"),
            ("device-left", "Niemand hoeft iets te doen.", "Wat helpt?"),
        ],
    )
    def test_it_says_who_does_what(self, cause, who, does):
        chosen = login(cause=cause)
        shown = answer(chosen, story(chosen, CATALOGUE, PLACES), CATALOGUE[cause], PLACES, NOW)
        boxes = {box.kind: box for box in shown.todo}
        assert boxes["who"].texts[0].nl.startswith(who)
        assert boxes["do"].title.nl.endswith(does)
        assert boxes["say"].texts[0].nl.endswith("?")
