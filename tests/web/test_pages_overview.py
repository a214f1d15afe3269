"""Figures, charts and the banner of an outage."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from xml.etree import ElementTree as ET

import pytest
from people import PLACES

from ggi_net.authlog.causes.catalogue import Catalogue
from ggi_net.authlog.helpdesk import Count
from ggi_net.authlog.places import Places
from ggi_net.errors import ChartFailed
from ggi_net.source.gemeenten import listed_gemeenten, slug_of
from ggi_net.web import charts
from ggi_net.web.pages.outage import FEWEST, outages
from ggi_net.web.pages.overview import Counts, _coloured, view
from ggi_net.web.words import Both

TITLES = {"home-silent": Both("De eigen gemeente geeft geen antwoord", "The home gemeente does not answer")}
CATALOGUE = Catalogue.load()
BEGIN = datetime(2026, 11, 22)  # noqa: DTZ001  Dutch clocks
MIDNIGHT = datetime.fromisoformat("2026-11-23T00:00")


def count(home: str, visited: str, cause: str, failed: int, accepted: int = 0) -> list[Count]:
    found = [Count(by=(home, visited, cause), logins=failed)] if failed else []
    return found + ([Count(by=(home, visited, ""), logins=accepted, accepted=accepted)] if accepted else [])


class TestOutage:
    """When the banner stands there, and what it says."""

    def test_a_home_that_fails(self):
        said = outages(count("almelo", "enschede", "home-silent", 38, 3), CATALOGUE, PLACES)
        (nl,) = [both.nl.partition(" mislukten ")[2] for both in said]
        assert nl.startswith("38 van de 41 pogingen van mensen van Almelo.")
        assert nl.endswith("Meestal: De server van de eigen organisatie geeft geen antwoord.")

    @pytest.mark.parametrize(
        "counts",
        [
            [],
            count("almelo", "enschede", "home-silent", FEWEST - 1),
            count("almelo", "enschede", "home-silent", FEWEST, FEWEST + 1),
            count("", "", "no-realm", 500),
            count("almelo", "enschede", "wrong-password", 500),
            count("almelo", "enschede", "account-locked", 500),
        ],
    )
    def test_little_is_no_outage(self, counts):
        assert outages(counts, CATALOGUE, PLACES) == ()

    def test_a_place_where_visitors_fail(self):
        counts = [
            *count("almelo", "enschede", "no-address", 15), *count("almelo", "almelo", "", 0, 40),
            *count("hengelo", "enschede", "no-address", 15), *count("hengelo", "hengelo", "", 0, 40),
        ]  # fmt: skip
        [said] = outages(counts, CATALOGUE, PLACES)
        assert "mislukten 30 van de 30 pogingen op locaties van Enschede" in said.nl
        assert said.nl.endswith("Meestal: Het toestel is ingelogd maar krijgt geen adres.")

    def test_a_place_is_not_blamed_for_a_home_that_fails(self):
        counts = [*count("almelo", "almelo", "home-silent", 60), *count("hengelo", "almelo", "", 5, 15)]
        [said] = outages(counts, CATALOGUE, PLACES)
        assert "60 van de 60 pogingen van mensen van Almelo" in said.nl

    def test_a_place_where_others_fail_as_well_is_counted_without_them(self):
        counts = [*count("almelo", "almelo", "home-silent", 60), *count("hengelo", "almelo", "no-address", 25, 5)]
        counts += count("hengelo", "hengelo", "", 0, 40)
        said = [both.nl.partition(" mislukten ")[2] for both in outages(counts, CATALOGUE, PLACES)]
        assert said[0].startswith("60 van de 60 pogingen van mensen van Almelo.")
        assert [one.partition(". ")[0] for one in said[1:]] == [
            "25 van de 30 pogingen van anderen op locaties van Almelo"
        ]

    def test_old_passwords_do_not_hide_a_home_that_fails(self):
        counts = [
            *count("almelo", "enschede", "wrong-password", 200),
            *count("almelo", "enschede", "home-silent", 38, 3),
        ]
        [said] = outages(counts, CATALOGUE, PLACES)
        assert "38 van de 41 pogingen van mensen van Almelo. Meestal: De server van de eigen" in said.nl

    def test_a_changed_certificate_is_an_outage_though_users_must_act(self):
        [said] = outages(count("almelo", "enschede", "device-distrusts-server", 38), CATALOGUE, PLACES)
        assert "38 van de 38 pogingen van mensen van Almelo" in said.nl

    def test_failures_of_an_unknown_cause_count(self):
        [said] = outages(count("almelo", "enschede", "", 38), CATALOGUE, PLACES)
        assert "Meestal" not in said.nl

    def test_the_whole_country(self):
        counts = [one for number in range(5) for one in count(f"g{number}", "enschede", "home-silent", FEWEST)]
        [said] = outages(counts, CATALOGUE, PLACES)
        assert "van alle gemeenten samen" in said.nl


def national() -> Counts:
    """A country of 342 gemeenten over two days."""
    slugs = [slug_of(listed.name) for listed in listed_gemeenten().values()]
    roaming = [Count(by=(slug, slug), logins=1000, accepted=700 + number) for number, slug in enumerate(slugs[:300])]
    roaming += [
        Count(by=(home, slugs[(number * 7 + step) % 342]), logins=100 - step, accepted=90 - step)
        for number, home in enumerate(slugs)
        for step in range(1, 8)
    ]
    hours = [(BEGIN + timedelta(hours=hour)).strftime("%Y-%m-%dT%H:00:00+00:00") for hour in range(48)]
    moments = [
        Count(by=(hour, outcome), logins=logins + number)
        for number, hour in enumerate(hours)
        for outcome, logins in (("accept", 900), ("reject", 60), ("unfinished", 20))
    ]
    return Counts(
        moments=tuple(moments),
        roaming=tuple(roaming),
        causes=(Count(by=("home-silent",), logins=40), Count(by=("",), logins=5000, accepted=4990)),
        sites=(Count(by=("enschede", "stadskantoor"), logins=500, accepted=450),),
    )


@pytest.fixture(scope="module")
def whole():
    return view("2d", national(), PLACES, TITLES)


class TestCharts:
    """The drawings."""

    @pytest.mark.parametrize("name", ["trend", "map", "heat_map"])
    def test_they_need_neither_script_nor_inline_style_nor_another_server(self, whole, name):
        drawing = str(getattr(whole, name))
        ET.fromstring(drawing)
        assert "style=" not in drawing
        assert "<style" not in drawing
        assert "<script" not in drawing
        assert "<image" not in drawing
        assert not re.search(r'\b(?:href|src)="(?!#)', drawing)
        assert 'aria-hidden="true"' in drawing[:200]

    def test_an_hour_without_logins_keeps_its_place(self):
        night = [charts.Bar(MIDNIGHT + timedelta(hours=hour), 9, 0, 0) for hour in (1, 5)]
        labels = re.findall(r">(\d\d:00)</text>", charts.trend(tuple(night), hours=True))
        assert labels == ["01:00", "02:00", "03:00", "04:00", "05:00"]

    def test_one_day_is_one_bar(self):
        drawing = charts.trend((charts.Bar(MIDNIGHT, 9, 1, 0),), hours=False)
        assert re.findall(r">(\d\d-\d\d)</text>", drawing) == ["23-11"]
        assert float(re.search(r'<svg[^>]* width="([\d.]+)"', drawing)[1]) < 350

    def test_every_gemeente_is_on_the_map(self, whole):
        drawing = str(whole.map)
        assert drawing.count("<path") >= 342
        for colour in (charts.BEST, charts.GOOD, charts.FAIR, charts.POOR):
            assert colour in drawing
        assert charts.NO_DATA in str(charts.success_map((charts.Rate("GM0141", 0.5),)))

    def test_two_gemeenten_of_one_name_are_told_apart(self):
        names = {"bergen-l": "Bergen (L.)", "bergen": "Bergen (NH.)"}
        coloured = _coloured({"bergen-l": (10, 1), "bergen": (10, 9), "almelo": (10, 10)}, Places(names=names))
        assert {rate.code: rate.share for rate in coloured} == {"GM0893": 0.1, "GM0373": 0.9, "GM0141": 1}
        assert not _coloured({"bergen": (10, 9)}, Places()), "which of the two is not known"

    def test_every_gemeente_of_the_list_has_a_border(self):
        assert '"code":"GM0141"' in charts.BORDERS.read_text()
        for code in listed_gemeenten():
            assert f'"{code}"' in charts.BORDERS.read_text()

    def test_the_same_figures_are_drawn_once(self, whole):
        before = charts.trend.cache_info().misses
        view("2d", national(), PLACES, TITLES)
        assert charts.trend.cache_info().misses == before

    def test_a_chart_that_can_not_be_drawn_is_an_error_of_ours(self):
        with pytest.raises(ChartFailed):
            charts._drawn({"mark": "geen mark", "data": 7})

    def test_a_drawing_is_not_larger_than_it_needs_to_be(self, whole):
        assert len(whole.map) < 400_000
        assert len(whole.heat_map) < 400_000


class TestFigures:
    """The numbers."""

    def test_totals(self, whole):
        assert [figure.value for figure in whole.figures] == ["50.424", "87,9%", "4.008", "2.088"]

    def test_failures_by_cause_without_successes(self, whole):
        assert [(cause.words.nl, cause.count, cause.share) for cause in whole.causes] == [
            ("De eigen gemeente geeft geen antwoord", "40", 100), ("Oorzaak niet bekend", "10", 25),
        ]  # fmt: skip

    def test_the_heat_map_is_of_roaming_only(self, whole):
        assert not [visit for visit in whole.visits if visit.home == visit.visited]
        assert len(whole.visits) <= 100

    def test_hours_are_on_dutch_clocks(self, whole):
        assert whole.bars[0].label == "22-11 01:00"
