"""The parts around logins: places, clocks, folds, ids, stories, and what drift runs say of a place."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from login_lines import KEY, NOON, PLACES, WRONG_PASSWORD, Try, written

from ggi_net.authlog.assemble import assemble
from ggi_net.authlog.causes.catalogue import Catalogue
from ggi_net.authlog.fold import fold, newest
from ggi_net.authlog.knowledge import DriftKnowledge
from ggi_net.authlog.line import Hop, Line, Result
from ggi_net.authlog.login import Login, Outcome
from ggi_net.authlog.logins.ids import Ids, day_of
from ggi_net.authlog.places import Places, Server, Spot, places_of, read_places, write_places
from ggi_net.authlog.skew import skew
from ggi_net.authlog.story import Status, story
from ggi_net.drift.report import write_json
from ggi_net.drift.result import DeviceResult, Report, State
from ggi_net.errors import FileMissing, GgiError, LogError
from ggi_net.paths import demo_folder
from ggi_net.source.open import open_estate

CATALOGUE = Catalogue.load()


def logins_of(lines: list[Line]) -> list[Login]:
    return assemble(lines, PLACES, CATALOGUE, key=KEY)


# -- places ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def demo() -> Places:
    return places_of(open_estate(str(demo_folder())))


def test_places_of_an_estate(demo):
    assert demo.home("almelo.example") == "almelo"
    assert demo.home("team.griffie.almelo.example") == "almelo"
    assert demo.home("nergens.example") == ""
    assert demo.visited("enschede.example") == "enschede"
    assert demo.server("radius-almelo-01") == Server(gemeente="almelo", site="stadhuis", hops=(Hop.VISITED, Hop.HOME))
    assert demo.server("RADIUS-almelo-01.almelo.example").gemeente == "almelo"
    assert demo.server("flr-asd-01.govroam.example").hops == (Hop.FEDERATION,)
    assert demo.operator_of("radius-almelo-01") == "almelo.example"
    assert demo.operator_of("flr-asd-01") == ""
    assert demo.name("almelo") == "Almelo"
    assert demo.site_name("almelo", "werf") == "Gemeentewerf"
    assert demo.log_days == {}


def test_places_know_how_long_a_gemeente_chose_to_keep_its_logins():
    estate = open_estate(str(demo_folder()))
    others = [gemeente for gemeente in estate.gemeenten if gemeente.slug != "losser"]
    losser = msgspec.structs.replace(estate.gemeente("losser"), options={"govroam.log_retention_days": 60})
    assert places_of(replace(estate, gemeenten=(*others, losser))).log_days == {"losser": 60}


@pytest.mark.parametrize(
    ("given", "site"),
    [
        ({"nas": "198.19.0.40"}, "werf"),
        ({"nas": "2001:db8:c000:100::7"}, "werf"),
        ({"nas": "2001:DB8:C000::7"}, "stadhuis"),
        ({"client": "ap-werf-2", "gemeente": "almelo"}, "werf"),
        ({"client": "ap-werf-2", "gemeente": "losser"}, ""),
        ({"nas": "192.0.2.1"}, ""),
        ({"nas": "not an address"}, ""),
        ({}, ""),
    ],
)
def test_where_an_access_point_stands(demo, given, site):
    assert demo.spot(**given).site == site


def test_places_without_an_estate_are_the_same(demo, tmp_path):
    path = tmp_path / "places.json"
    write_places(demo, path)
    assert read_places(path) == demo
    assert read_places(path).spot(nas="198.19.0.40").site == "werf"


def test_places_that_are_not_there_or_broken_say_so(tmp_path):
    with pytest.raises(FileMissing):
        read_places(tmp_path / "places.json")
    (tmp_path / "places.json").write_text('{"realms": {"almelo.example": 5}}')
    with pytest.raises(GgiError, match="realms"):
        read_places(tmp_path / "places.json")


def test_an_operator_that_f_ticks_cut_is_made_whole():
    long = "gemeente-met-een-heel-lange-naam-in-overijssel.example"
    places = Places(operators={long: "lang", "kort.example": "kort"})
    assert places.operator(("1" + long)[:40][1:]) == long
    assert places.operator("1kort.example") == "kort.example"
    assert places.operator("KORT.example") == "kort.example"
    two = Places(operators={long: "lang", long + "x": "langer"})
    assert two.visited(two.operator(long[:39])) == ""


# -- clocks ----------------------------------------------------------------------------------------


def scattered(count: int) -> list[Try]:
    chance = random.Random(1)
    times = sorted(chance.randrange(3_600_000) for _ in range(count))
    return [
        Try(f"a4c36100{n:04x}", f"u{n}", "almelo", "hengelo", NOON + timedelta(milliseconds=at))
        for n, at in enumerate(times)
    ]


def test_a_clock_that_is_behind_is_found():
    found = skew(written(scattered(30), {"idp-almelo": -240.0}))
    assert list(found) == ["idp-almelo"]
    assert found["idp-almelo"] == pytest.approx(-240, abs=1.0)


def test_of_two_clocks_the_federation_s_is_believed():
    """The federation's log has no readable MAC: vendor, realm and time tell."""
    lines = [line for line in written(scattered(30), {"sp-hengelo": 90.0}) if line.host != "idp-almelo"]
    assert list(skew(lines)) == ["sp-hengelo"]


def test_few_attempts_say_nothing_of_clocks():
    assert skew(written(scattered(4), {"idp-almelo": -240.0})) == {}
    assert skew([]) == {}


def test_times_stay_as_they_were_written_and_the_login_is_on_the_visited_clock():
    tries = scattered(30)
    logins = logins_of(written(tries, {"sp-hengelo": 90.0}))
    assert len(logins) == len(tries)
    for one, login in zip(tries, logins, strict=True):
        assert abs(login.begin - (one.at + timedelta(seconds=90))) < timedelta(seconds=2)
        assert {line.time for line in login.lines} <= {line.time for line in one.lines}


# -- folds -----------------------------------------------------------------------------------------


def failed(count: int, step: float, **given: object) -> list[Login]:
    base = logins_of(written([Try("a4c361000001", "jan", "almelo", "hengelo", NOON, Result.REJECT, WRONG_PASSWORD)]))[0]
    times = [timedelta(seconds=step * n) for n in range(count)]
    return [
        msgspec.structs.replace(base, id=f"{n:026d}", begin=base.begin + time, end=base.end + time, **given)
        for n, time in enumerate(times)
    ]


def test_equal_attempts_are_folded():
    tries = failed(41, 4.5)
    (one,) = fold(tries)
    assert (one.attempts, one.id, one.begin, one.end) == (41, tries[0].id, tries[0].begin, tries[-1].end)
    assert fold(reversed(tries)) == [one]


@pytest.mark.parametrize(
    "change",
    [
        {"mac": "a4c361000002"},
        {"cause": ""},
        {"outcome": Outcome.UNFINISHED},
        {"operator": "borne.example"},
        {"inner": "x"},
    ],
)
def test_attempts_that_differ_are_not(change):
    first, second = failed(2, 5)
    assert len(fold([first, msgspec.structs.replace(second, **change)])) == 2


def test_a_pause_ends_a_fold():
    assert [one.attempts for one in fold(failed(3, 310))] == [1, 1, 1]
    assert [one.attempts for one in fold(failed(3, 290))] == [3]


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_the_limit_counts_folds_and_no_more_is_read_than_they_need(limit):
    tries = [
        one for number in range(8) for one in failed(60, 4.5, mac=f"a4c36100000{number}", operator=f"{number}.example")
    ]
    tries = [
        msgspec.structs.replace(
            one, id=f"{n:026d}", begin=NOON + timedelta(seconds=5 * n), end=NOON + timedelta(seconds=5 * n)
        )
        for n, one in enumerate(tries)
    ]
    asked_for: list[int] = []

    def ask(number: int) -> list[Login]:
        asked_for.append(number)
        return tries[::-1][:number]

    found = newest(ask, limit)
    assert [(one.mac[-1], one.attempts) for one in found] == [(str(7 - n), 60) for n in range(limit)]
    assert asked_for[-1] <= 4 * 60 * (limit + 1)


def test_folds_of_a_device_that_never_stops_are_found_in_bounded_time(monkeypatch):
    monkeypatch.setattr("ggi_net.authlog.fold.MOST", 50)
    tries = failed(400, 4.5)[::-1]
    assert [one.attempts for one in newest(lambda number: tries[:number], 3)] == [50]


def test_logins_without_a_device_are_never_folded():
    assert len(fold(failed(5, 1, mac=""))) == 5


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2000)), max_size=30), st.booleans())
@settings(max_examples=50, deadline=None)
def test_a_fold_keeps_every_attempt_and_the_order(rows, newest_first):
    base = failed(1, 1)[0]
    logins = [
        msgspec.structs.replace(
            base,
            id=f"{n:026d}",
            mac=f"a4c36100000{mac}",
            begin=NOON + timedelta(seconds=at),
            end=NOON + timedelta(seconds=at),
        )
        for n, (mac, at) in enumerate(sorted(rows, key=lambda row: row[1]))
    ]
    given_in = logins[::-1] if newest_first else logins
    folded = fold(given_in)
    assert sum(one.attempts for one in folded) == len(logins)
    assert fold(fold(given_in)) == folded or newest_first
    ends = [one.end for one in folded] if newest_first else [one.begin for one in folded]
    assert ends == sorted(ends, reverse=newest_first)


# -- ids -------------------------------------------------------------------------------------------


def test_an_id_says_the_day_and_nothing_else():
    ids = Ids(KEY)
    one = ids.id(NOON.timestamp(), "a4c361000001", "hengelo.example")
    assert day_of(one) == NOON.replace(hour=0)
    assert Ids(KEY).id(NOON.timestamp(), "a4c361000001", "hengelo.example") == one
    assert ids.id(NOON.timestamp(), "a4c361000001", "hengelo.example") != one
    assert Ids(b"another key, 16b").id(NOON.timestamp(), "a4c361000001", "hengelo.example")[4:] != one[4:]


@pytest.mark.parametrize("text", ["", "x" * 26, "0M9C" + "I" * 22, "0M9C", "0M9C" + "é" * 22])
def test_what_is_no_id_has_no_day(text):
    assert day_of(text) is None


@given(st.lists(st.text(max_size=10), min_size=2, max_size=2), st.lists(st.text(max_size=10), min_size=2, max_size=2))
def test_other_parts_give_another_id(one, other):
    if one != other:
        assert Ids(KEY).id(0, *one) != Ids(KEY).id(0, *other)


# -- stories ---------------------------------------------------------------------------------------


def told(login: Login):
    return story(login, CATALOGUE, PLACES)


def wrong() -> Login:
    return logins_of(written([Try("a4c361000001", "jan", "almelo", "hengelo", NOON, Result.REJECT, WRONG_PASSWORD)]))[0]


def test_the_story_of_a_wrong_password():
    found = told(wrong())
    assert found.title.nl == "Het wachtwoord op dit toestel klopt niet"
    assert [sentence.nl for sentence in found.summary[:2]] == [
        "Het toestel vroeg op 23 november om 12:00:00 toegang in Hengelo (Stadhuis Hengelo).",
        "De server van Almelo weigerde.",
    ]
    assert [(step.hop, step.status, step.time) for step in found.steps] == [
        (Hop.VISITED, Status.OK, "12:00:00"),
        (Hop.FEDERATION, Status.OK, "12:00:00"),
        (Hop.HOME, Status.REFUSED, "12:00:00"),
    ]
    assert [step.text.nl for step in found.steps] == [
        "De server van Hengelo gaf de weigering door.",
        "Het landelijke knooppunt gaf de weigering door.",
        "De server van Almelo weigerde.",
    ]
    assert sorted(number for step in found.steps for number in step.lines) == list(range(len(wrong().lines)))
    assert found.owner == "user"
    assert found.ask
    assert found.advice
    assert found.missing == ()


def test_the_story_of_a_success_has_nothing_to_do():
    (login,) = logins_of(written([Try("a4c361000001", "jan", "almelo", "hengelo", NOON)]))
    found = told(login)
    assert (found.title.nl, found.owner, found.advice, found.ask) == ("Het inloggen is gelukt.", None, (), None)
    assert found.summary[-1].en == "It was let in."


def test_repeats_are_told():
    (login,) = fold(failed(41, 4.5))
    assert told(login).summary[1].nl == "Het probeerde dat 41 keer in 3 minuten."


def test_a_clock_that_is_minutes_behind_is_told():
    tries = scattered(30)
    logins = logins_of(written(tries, {"idp-almelo": -240.0, "flr1": 0.4}))
    told_of = [sentence.nl for sentence in told(logins[3]).summary if "klok" in sentence.nl]
    assert told_of == ["Let op de tijden: de klok van idp-almelo loopt 4 minuten achter op die van sp-hengelo."]
    assert not [sentence for sentence in told(wrong()).summary if "klok" in sentence.nl]


def test_where_no_cause_matches_it_says_so_and_what_was_seen():
    tries = [Try("a4c361000001", "jan", "almelo", "hengelo", NOON, Result.REJECT, "zorgvuldig niets\x1b[31m zeggen")]
    (login,) = logins_of([line for line in written(tries) if line.hop is not Hop.FEDERATION])
    login = msgspec.structs.replace(login, cause="")
    found = told(login)
    assert found.title.nl == "De oorzaak staat niet in de logs die hier zijn."
    assert "Wel staat er: “zorgvuldig niets\\x1b[31m zeggen”." in [sentence.nl for sentence in found.summary]
    assert found.missing[0].nl.startswith("De log van het landelijke knooppunt is hier niet.")


def test_a_missing_home_log_is_said_with_the_name_of_the_gemeente():
    lines = written([Try("a4c361000001", "jan", "almelo", "hengelo", NOON, Result.REJECT, WRONG_PASSWORD)])
    (login,) = logins_of([line for line in lines if line.host != "idp-almelo"])
    found = told(login)
    assert found.missing[0].nl.startswith("De log van de eigen gemeente (Almelo) is hier niet.")
    assert found.missing[0].en.startswith("The home organisation's log (Almelo) is not here")


@given(st.text(max_size=300), st.text(max_size=300), st.sampled_from(Outcome), st.sampled_from(Hop))
@settings(max_examples=60, deadline=None)
def test_a_story_is_inert_whatever_the_log_says(text, other, outcome, broken):
    login = msgspec.structs.replace(
        wrong(), realm=text, operator=other, visited="", home="", site="", reason=text, cause="", outcome=outcome,
        broken=broken, missing=(Hop.HOME, Hop.FEDERATION),
    )  # fmt: skip
    found = told(login)
    texts = [found.title, *found.summary, *found.missing, *(step.text for step in found.steps)]
    assert all(text.nl.isprintable() and text.en.isprintable() for text in texts)
    assert all(len(text.nl) < 700 for text in texts)


# -- what drift runs know --------------------------------------------------------------------------


def run(tmp_path, hour: int, **states: State) -> None:
    started = datetime(2026, 11, 23, hour, 13, tzinfo=UTC)
    devices = tuple(
        DeviceResult(device=name.replace("_", "-"), organisation="hengelo", platform="freeradius", state=state)
        for name, state in states.items()
    )
    write_json(
        Report(estate="demo", started=started.isoformat(timespec="seconds"), devices=devices),
        tmp_path / f"{hour:02}.json",
    )


KNOWN = Places(
    servers={"radius-hengelo-01": Server(gemeente="hengelo", site="stadhuis", hops=(Hop.VISITED,))},
    nas={"ap-werf-01": Spot(gemeente="hengelo", site="werf")},
)


def remarks(tmp_path, *, site: str = "stadhuis", hosts: tuple[str, ...] = ()) -> list[str]:
    found = DriftKnowledge(tmp_path, KNOWN).said("hengelo", site, hosts, NOON - timedelta(minutes=5), NOON)
    return [remark.text.nl for remark in found]


def test_a_server_that_has_drifted_since_the_night(tmp_path):
    run(tmp_path, 0, radius_hengelo_01=State.CLEAN)
    run(tmp_path, 1, radius_hengelo_01=State.DRIFT)
    run(tmp_path, 2, radius_hengelo_01=State.DRIFT)
    run(tmp_path, 3, radius_hengelo_01=State.UNKNOWN)
    assert remarks(tmp_path) == [
        "De RADIUS-server radius-hengelo-01 wijkt sinds 23 november 02:13 af van wat bedoeld is."
    ]


def test_drift_that_was_over_or_came_later_is_not_said(tmp_path):
    run(tmp_path, 1, radius_hengelo_01=State.DRIFT)
    run(tmp_path, 2, radius_hengelo_01=State.CLEAN)
    run(tmp_path, 15, radius_hengelo_01=State.DRIFT)
    assert remarks(tmp_path) == []


def test_only_what_has_to_do_with_the_place_is_said(tmp_path):
    run(tmp_path, 1, ap_werf_01=State.DRIFT, ce_hengelo_01=State.DRIFT)
    assert remarks(tmp_path) == []
    assert len(remarks(tmp_path, site="werf")) == 1
    assert len(remarks(tmp_path, hosts=("ce-hengelo-01.hengelo.example",))) == 1


def test_no_runs_say_nothing_and_a_broken_file_says_which(tmp_path):
    assert remarks(tmp_path / "nowhere") == []
    (tmp_path / "01.json").write_text("{}")
    with pytest.raises(LogError, match="no result of a drift run") as caught:
        remarks(tmp_path)
    assert "01.json" in str(caught.value)
