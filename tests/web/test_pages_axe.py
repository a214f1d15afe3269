"""Every page in a real browser: axe-core finds nothing, in light and dark, on a desk and on a phone."""

from __future__ import annotations

import pytest
from browser import problems
from site_of_pages import AUDITOR, HELPDESK, NUMBER, Account, Site, day

from ggi_net.web.ending import Ending

pytestmark = pytest.mark.needs("chromium")


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Site:
    return Site(tmp_path_factory.mktemp("site"), day(), Account(Ending.REJECTED))


PAGES = {
    "search": lambda site: site.client(HELPDESK).get("/"),
    "a search that lacks something": lambda site: site.client(HELPDESK).post("/", {"asked": "", "reason": ""}),
    "answer": lambda site: site.client(HELPDESK).ask("almelo.example"),
    "nothing found": lambda site: site.client(HELPDESK).ask("n.niemand@almelo.example"),
    "reason": lambda site: site.client(HELPDESK).get(f"/poging/{NUMBER}"),
    "login test": lambda site: _tested(site),
    "overview": lambda site: site.client(HELPDESK).get("/overzicht"),
    "audit": lambda site: site.client(AUDITOR).get("/audit"),
    "audit found": lambda site: _audited(site, "search"),
    "audit verified": lambda site: _audited(site, "verify"),
    "help": lambda site: site.client(None).get("/hulp"),
    "log in": lambda site: site.client(None).get("/inloggen"),
    "log in refused": lambda site: _refused(site),
    "not there": lambda site: site.client(HELPDESK).get("/bestaat-niet"),
    "not for you": lambda site: site.client(HELPDESK).get("/audit"),
}


def _tested(site):
    client = site.client(HELPDESK)
    client.ask("j.jansen")
    return client.post("/proef", {"realm": "almelo.example", "login": NUMBER})


def _audited(site, do):
    site.client(HELPDESK).ask("j.jansen")
    return site.client(AUDITOR).post("/audit", {"since": "maand", "do": do}, at="/audit")


def _refused(site):
    return site.client(None).post("/inloggen", {"name": "s.bakker", "password": "fout"}, at="/inloggen")


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(chromium, site, name):
    answer = PAGES[name](site)
    assert answer.headers["content-type"].startswith("text/html")
    with chromium.showing(answer.text) as tab:
        assert problems(tab) == []
        assert tab.locator("h1").count() == 1
        assert tab.title().endswith(" - Hulp bij govroam")
        assert "jansen" not in tab.title()


def test_charts_are_as_large_on_a_phone_and_scroll_in_their_own_frame(chromium, site):
    with chromium.showing(PAGES["overview"](site).text, "phone") as tab:
        for frame in tab.locator(".chart").all():
            drawing = frame.locator("svg")
            assert drawing.bounding_box()["width"] == pytest.approx(float(drawing.get_attribute("width")), abs=1)
            assert (frame.get_attribute("tabindex"), frame.get_attribute("role")) == ("0", "region")
            assert frame.get_attribute("aria-label")
        assert tab.locator(".chart").count() == 3
        wide = tab.locator(".chart").nth(1)
        wide.focus()
        wide.evaluate("frame => { scrolled = new Promise(done => frame.addEventListener('scroll', done)) }")
        tab.keyboard.press("ArrowRight")
        assert wide.evaluate("frame => scrolled.then(() => frame.scrollLeft)") > 0
        assert tab.locator(".sideways").nth(1).is_visible()


@pytest.mark.parametrize("name", ["overview", "audit found", "answer"])
def test_the_last_of_a_page_keeps_off_the_footer(chromium, site, name):
    with chromium.showing(PAGES[name](site).text) as tab:
        last, footer = tab.locator("main > :last-child").bounding_box(), tab.locator("footer").bounding_box()
        assert footer["y"] - (last["y"] + last["height"]) >= 32


def test_with_high_contrast_one_sees_on_which_page_one_is(chromium, site):
    with chromium.showing(PAGES["overview"](site).text, forced_colors="active") as tab:
        lines = [
            link.evaluate("link => getComputedStyle(link).borderBottomColor")
            for link in (tab.locator(".band nav a[aria-current]"), tab.locator(".band nav a:not([aria-current])").first)
        ]
        assert lines[0] != lines[1]


def test_on_paper_no_word_of_a_table_runs_into_the_next_column(chromium, site):
    with chromium.showing(PAGES["answer"](site).text) as tab:
        tab.emulate_media(media="print")
        tab.set_viewport_size({"width": 680, "height": 1000})  # A4 within its margins
        rows = tab.locator(".cards tbody tr")
        assert rows.count() > 0
        for row in rows.all():
            badge, who = row.locator(".badge").bounding_box(), row.locator("td").nth(1).bounding_box()
            assert badge["x"] + badge["width"] <= who["x"]


@pytest.mark.parametrize(
    ("html", "rule"),
    [
        ('<html lang="nl"><title>x</title><main><h1>x</h1><input></main>', "label"),
        ('<html lang="nl"><title>x</title><main><h1>x</h1><p lang="xx-nee">x</p></main>', "valid-lang"),
        ('<html lang="nl"><title>x</title><main><h1>x</h1><font color="#999">tekst</font></main>', "color-contrast"),
    ],
)  # fmt: skip
def test_axe_would_find_something(chromium, html, rule):
    with chromium.showing(f"<!doctype html>{html}") as tab:
        assert rule in " ".join(problems(tab))
