"""What many logins say together: each rule with the numbers that make it speak, and with those that don't."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ggi_net.authlog.groups import Group, groups_of
from ggi_net.authlog.line import Hop
from ggi_net.authlog.login import Login, Outcome
from ggi_net.authlog.patterns import Pattern, patterns, rules
from ggi_net.authlog.places import Places

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ggi_net.authlog.question import Question

NINE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
"""09:00 on Dutch clocks."""
PLACES = Places(
    names={"almelo": "Almelo", "hengelo": "Hengelo", "enschede": "Enschede"},
    sites={"hengelo/stadhuis": "Stadhuis"},
    operators={f"{slug}.example": slug for slug in ("almelo", "hengelo", "enschede")},
)
BAD = {"outcome": Outcome.REJECT, "cause": "server-certificate-expired", "broken": Hop.HOME}


SILENT = {"outcome": Outcome.UNFINISHED, "cause": "no-answer", "broken": Hop.FEDERATION}


class Store:
    """Logins at hand, asked as a store is."""

    def __init__(self, logins: list[Login]) -> None:
        self.logins = logins

    def groups(self, question: Question, by: Sequence[str]) -> list[Group]:
        def fits(login: Login) -> bool:
            return all((
                not question.since or login.begin >= question.since, not question.until or login.begin < question.until,
                question.realm in ("", login.realm), question.site in ("", login.site),
                question.gemeente in ("", login.visited, login.home), question.mac in ("", login.mac),
                question.user.lower() in ("", login.inner.lower()), question.outcome in (None, login.outcome),
            ))  # fmt: skip

        return groups_of(filter(fits, self.logins), by)


def login(number: int, minute: float, **given: object) -> Login:
    known = {
        "id": f"{number:026d}", "begin": NINE + timedelta(minutes=minute), "end": NINE + timedelta(minutes=minute),
        "outcome": Outcome.ACCEPT, "mac": f"02000000{number:04x}", "inner": f"user{number}@almelo.example",
        "realm": "almelo.example", "home": "almelo", "operator": "hengelo.example", "visited": "hengelo",
        "site": "stadhuis", "ap": "02aabbccdd01", "nas": "ap-1",
    }  # fmt: skip
    return Login(**(known | given))


def elsewhere(count: int, minute: float = 20, **given: object) -> list[Login]:
    """Logins of other realms at another site that are fine."""
    known = {
        "realm": "borne.example", "home": "borne", "operator": "enschede.example", "visited": "enschede",
        "site": "kantoor",
    }  # fmt: skip
    return [login(5000 + n, minute + n / 10, **(known | given)) for n in range(count)]


def said(logins: list[Login], about: int | Login) -> dict[str, Pattern]:
    chosen = about if isinstance(about, Login) else logins[about]
    return {pattern.rule: pattern for pattern in patterns(chosen, Store(logins), PLACES)}


def two_places(number: int) -> dict[str, str]:
    return {
        "operator": f"{('hengelo', 'enschede')[number % 2]}.example",
        "visited": ("hengelo", "enschede")[number % 2],
    }


def test_a_home_server_whose_certificate_expired():
    fine = [login(n, n, **two_places(n)) for n in range(14)]
    broken = [login(100 + n, 14 + n / 2, **BAD, **two_places(n)) for n in range(38)]
    lucky = [login(200 + n, 25 + n, **two_places(n)) for n in range(3)]
    found = said([*broken, *fine, *lucky, *elsewhere(40)], 10)
    assert list(found) == ["home-realm"]
    pattern = found["home-realm"]
    assert (pattern.failed, pattern.total, pattern.owner) == (38, 41, "home")
    assert pattern.since == NINE + timedelta(minutes=14)
    assert "Sinds 09:14 lukt het 38 van de 41 toestellen van almelo.example niet, op 2 plaatsen" in pattern.text.nl
    assert "38 of 41 devices of almelo.example" in pattern.text.en


def test_a_home_server_is_not_blamed_when_other_realms_fail_as_well():
    broken = [login(100 + n, 14 + n / 2, **BAD, **two_places(n)) for n in range(20)]
    others = elsewhere(40, **BAD)
    assert "home-realm" not in said([*broken, *others], 5)


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_a_few_failures_are_no_pattern(count):
    broken = [login(100 + n, 14 + n, **BAD, **two_places(n)) for n in range(count)]
    assert said([*broken, *elsewhere(40)], 0) == {}


def test_people_who_type_their_password_wrong_are_no_outage():
    """A morning as all: one in eight fails, each later gets in or not."""
    chance = random.Random(4)
    logins = [
        login(n, n / 4, **two_places(n), **({**BAD, "cause": "wrong-password"} if chance.random() < 0.125 else {}))
        for n in range(400)
    ]
    for one in [one for one in logins if one.outcome is Outcome.REJECT]:
        assert said([*logins, *elsewhere(60)], one) == {}


def test_who_got_in_afterwards_counts_as_fine():
    broken = [login(100 + n, 14 + n, **BAD, **two_places(n)) for n in range(20)]
    again = [login(100 + n, 15.5 + n, **two_places(n)) for n in range(20)]
    for number in range(20):
        assert said([*broken, *again, *elsewhere(40)], number) == {}


def test_who_asks_afterwards_hears_what_was_and_when_it_was_over():
    fine = [login(n, -60 + n, **two_places(n)) for n in range(40)]
    broken = [login(n, 14 + n / 2, **BAD, **two_places(n)) for n in range(20)]
    again = [login(n, 40 + n, **two_places(n)) for n in range(40)]
    everything = [*broken, *fine, *again, *elsewhere(40)]
    for number in range(20):
        found = said(everything, number)
        assert list(found) == ["home-realm"]
        assert (found["home-realm"].failed, found["home-realm"].total) == (20, 20)
        assert found["home-realm"].since == NINE + timedelta(minutes=14)
        assert "Vanaf 09:40 ging het weer." in found["home-realm"].text.nl
    assert "Vanaf" not in said([*broken, *fine, *elsewhere(40)], 0)["home-realm"].text.nl


def test_a_home_that_only_its_travellers_can_not_reach():
    at_home = [login(300 + n, 10 + n / 4, operator="almelo.example", visited="almelo") for n in range(60)]
    away = [login(100 + n, 14 + n, **BAD, **two_places(n)) for n in range(8)]
    found = said([*away, *at_home, *elsewhere(40)], 3)
    assert list(found) == ["home-away"]
    assert (found["home-away"].failed, found["home-away"].total) == (8, 8)
    assert "die ergens te gast zijn" in found["home-away"].text.nl


def test_an_incident_of_another_home_hides_nothing_however_often_its_devices_try():
    broken = [login(100 + n, 14 + n / 2, **BAD, **two_places(n)) for n in range(20)]
    also = [login(6000, 10 + n / 9, **{**BAD, "realm": "losser.example"}, **two_places(n)) for n in range(900)]
    fine = [one for name in "abcd" for one in elsewhere(10, realm=f"{name}.example")]
    assert "home-realm" in said([*broken, *also, *fine], 5)


def test_a_site_is_not_blamed_for_users_who_fail_elsewhere_too():
    here = [login(n, 10 + n, **BAD) for n in range(6)]
    there = [login(50 + n, 10 + n, **BAD, operator="enschede.example", visited="enschede") for n in range(4)]
    fine = [login(70 + n, n, **two_places(n + 1)) for n in range(4)]
    assert "one-site" not in said([*here, *there, *fine, *elsewhere(40)], 2)


def test_the_federation_is_not_judged_by_logins_that_stay_at_home():
    roaming = [
        login(n, 10 + n / 10, **SILENT, realm=f"{'abcd'[n % 4]}.example", operator=f"{'efgh'[n % 4]}.example",
              visited="efgh"[n % 4])
        for n in range(40)
    ]  # fmt: skip
    at_home = [
        login(300 + n, 10 + n / 50, realm="almelo.example", operator="almelo.example", visited="almelo")
        for n in range(200)
    ]
    assert said([*roaming, *at_home], 3)["federation"].total == 40


def test_a_realm_of_which_nobody_ever_came_in_has_no_server_to_blame():
    sim = {"outcome": Outcome.REJECT, "cause": "sim-profile", "broken": Hop.DEVICE, "realm": "3gpp.example", "home": ""}
    phones = [login(n, 10 + n, **sim, **two_places(n)) for n in range(12)]
    others = [login(300 + n, 10 + n / 4, **two_places(n)) for n in range(60)]
    assert said([*phones, *others, *elsewhere(40)], 5) == {}


def test_one_site():
    here = [login(n, 10 + n, **{**BAD, "broken": Hop.VISITED, "cause": "wrong-ssid"}) for n in range(6)]
    found = said([*here, *elsewhere(20, realm="almelo.example")], 2)
    assert found["one-site"].failed == 6
    assert found["one-site"].owner == "visited"
    assert "Alleen op deze plaats (Stadhuis, Hengelo)" in found["one-site"].text.nl


def test_the_connection_of_a_site_when_visitors_of_many_organisations_fail():
    here = [login(n, 10 + n / 10, **SILENT, realm=f"{'abcd'[n % 4]}.example") for n in range(12)]
    found = said([*here, *elsewhere(60)], 3)
    assert list(found) == ["site-uplink"]
    assert "van 4 organisaties" in found["site-uplink"].text.nl


def test_the_federation_when_it_is_silent_everywhere():
    everywhere = [
        login(n, 10 + n / 10, **SILENT, realm=f"{'abcd'[n % 4]}.example", operator=f"{'efgh'[n % 4]}.example",
              visited="efgh"[n % 4])
        for n in range(40)
    ]  # fmt: skip
    found = said(everywhere, 3)
    assert list(found) == ["federation"]
    assert found["federation"].owner == "federation"
    assert "mislukken 40 van de 40 pogingen" in found["federation"].text.nl


def test_one_access_point():
    here = [login(n, 10 + n, **{**BAD, "cause": "wrong-shared-secret", "broken": Hop.VISITED}) for n in range(6)]
    others = [login(50 + n, 10 + n, ap="02aabbccdd02") for n in range(30)]
    found = said([*here, *others], 1)
    assert found["one-access-point"].failed == 6
    assert "toegangspunt (ap-1)" in found["one-access-point"].text.nl
    assert "one-site" not in found


PERSON = {"inner": "jan@almelo.example"}
WRONG = {"outcome": Outcome.REJECT, "cause": "wrong-password", "broken": Hop.HOME, **PERSON}


def test_a_password_that_was_changed():
    before = [login(1, -200, **PERSON), login(2, -180, **PERSON)]
    after = [login(1, 2, **WRONG), login(1, 3, **WRONG), login(2, 8, **PERSON)]
    found = said([*before, *after], 3)
    assert list(found) == ["password-changed"]
    assert found["password-changed"].owner == "user"
    assert "Rond 09:02 is waarschijnlijk het wachtwoord gewijzigd" in found["password-changed"].text.nl
    assert "kwam daarna wel binnen, om 09:08" in found["password-changed"].text.nl


def test_one_device_of_a_person():
    found = said([login(1, 2, **WRONG), login(1, 3, **WRONG), login(2, 8, **PERSON), login(3, 9, **PERSON)], 0)
    assert list(found) == ["one-device"]
    assert "werken: 2" in found["one-device"].text.nl


def test_the_account_when_no_device_gets_in_anywhere():
    elsewhere_too = {**WRONG, "operator": "enschede.example", "site": "x"}
    found = said([login(1, 2, **WRONG), login(2, 3, **WRONG), login(2, 5, **elsewhere_too)], 0)
    assert list(found) == ["account"]
    assert "2 toestellen, 3 pogingen" in found["account"].text.nl


def test_nothing_is_said_of_a_person_whose_identity_may_not_be_seen():
    logins = [login(1, 2, **WRONG), login(1, 3, **WRONG), login(2, 8, **PERSON)]
    hidden = login(1, 2, **{**WRONG, "inner": ""})
    assert said(logins, hidden) == {}


def test_two_organisations_in_one_building_also_of_a_login_that_succeeded():
    logins = [login(1, n / 6, operator=f"{('hengelo', 'enschede')[n % 2]}.example") for n in range(8)]
    found = said(logins, 3)
    assert list(found) == ["two-organisations"]
    assert "tussen Enschede en Hengelo: 8 keer" in found["two-organisations"].text.nl


def test_a_walk_from_one_organisation_to_another_is_no_alternation():
    logins = [login(1, n, operator=f"{('hengelo', 'enschede')[n > 3]}.example") for n in range(8)]
    assert said(logins, 3) == {}


def test_a_login_that_succeeded_has_no_other_pattern():
    assert said([login(n, n) for n in range(50)], 3) == {}


def test_hostile_realms_are_said_inertly():
    realm = "{0.__class__}\x1b[31m.example"
    broken = [login(100 + n, 14 + n / 2, **BAD, **two_places(n), realm=realm) for n in range(20)]
    text = said([*broken, *elsewhere(40)], 5)["home-realm"].text.nl
    assert "{0.__class__}\\x1b[31m.example" in text


def test_every_rule_has_a_test_of_its_own_and_explains_rules_that_there_are():
    source = open(__file__, encoding="utf-8").read()  # noqa: PTH123, SIM115
    for name, rule in rules().items():
        assert f'"{name}"' in source
        assert set(rule.explains) <= set(rules())


@given(st.lists(st.tuples(st.integers(0, 6), st.floats(0, 100), st.booleans()), min_size=1, max_size=60))
@settings(max_examples=60, deadline=None)
def test_the_numbers_in_a_sentence_are_right(rows):
    """Whatever happens: no more devices fail than there are, and they did fail since the moment that is named."""
    logins = [login(n, minute, **(BAD if bad else {}), **two_places(n)) for n, minute, bad in rows]
    for pattern in said([*logins, *elsewhere(40)], 0).values():
        if pattern.rule not in ("home-realm", "one-site", "one-access-point"):
            continue
        failed = {one.mac for one in logins if one.outcome is Outcome.REJECT and one.begin >= pattern.since}
        assert rules()[pattern.rule].minimum <= pattern.failed <= len(failed)
        assert pattern.failed <= pattern.total
