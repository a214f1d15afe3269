"""Logins out of real lines: scenarios of a working chain, one thing broken at a time, and each hop's log left out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import msgspec
import pytest

from ggi_net.authlog import read
from ggi_net.authlog.assemble import assemble
from ggi_net.authlog.causes.catalogue import Catalogue
from ggi_net.authlog.line import Hop, Kind, Line
from ggi_net.authlog.login import Login, Outcome
from ggi_net.authlog.places import Places, Server
from ggi_net.authlog.story import Status, story

LOGS = Path(__file__).parents[1] / "logs" / "scenarios"
NOW = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
KEY = b"0123456789abcdef"
HOPS = {
    "client": Hop.DEVICE, "sp-hengelo": Hop.VISITED, "sp-enschede": Hop.VISITED, "flr1": Hop.FEDERATION,
    "flr2": Hop.FEDERATION, "idp-almelo": Hop.HOME, "idp-almelo-rs": Hop.HOME,
}  # fmt: skip
PLACES = Places(
    names={slug: slug.title() for slug in ("almelo", "borne", "enschede", "hengelo")},
    realms={"almelo.example": "almelo", "borne.example": "borne"},
    operators={f"{slug}.example": slug for slug in ("almelo", "enschede", "hengelo")},
    servers={
        "sp-hengelo": Server(gemeente="hengelo", hops=(Hop.VISITED,)),
        "sp-enschede": Server(gemeente="enschede", hops=(Hop.VISITED,)),
        "idp-almelo": Server(gemeente="almelo", hops=(Hop.HOME,)),
    },
)
V, F, H, D = Hop.VISITED, Hop.FEDERATION, Hop.HOME, Hop.DEVICE
ALL = (V, F, H)

# Scenario: the outcome, the inner identity, the cause, the broken hop, the hops that tell of it, those that lack.
EXPECTED = {
    "01-ok-ttls-pap-sp-freeradius": (Outcome.ACCEPT, "user@almelo.example", "", Hop.UNKNOWN, ALL, ()),
    "02-ok-peap-mschapv2-sp-freeradius": (Outcome.ACCEPT, "user@almelo.example", "", Hop.UNKNOWN, ALL, ()),
    "03-ok-eap-tls-sp-freeradius": (Outcome.ACCEPT, "", "", Hop.UNKNOWN, ALL, ()),
    "04-wrong-password-ttls-pap-sp-freeradius": (Outcome.REJECT, "user@almelo.example", "wrong-password", H, ALL, ()),
    "05-wrong-password-peap-sp-freeradius": (Outcome.REJECT, "user@almelo.example", "wrong-password", H, ALL, ()),
    "06-unknown-user-sp-freeradius": (Outcome.REJECT, "wie@almelo.example", "account-unknown", H, ALL, ()),
    "07-unknown-realm-sp-freeradius": (Outcome.REJECT, "", "unknown-realm", F, (V, F), ()),
    "08-no-realm-sp-freeradius": (Outcome.REJECT, "", "no-realm", D, (V,), ()),
    "09-malformed-realm-sp-freeradius": (Outcome.REJECT, "", "realm-misspelt", D, (V,), ()),
    "10-3gpp-realm-sp-freeradius": (Outcome.REJECT, "", "sim-profile", D, (V, F), ()),
    "12-revoked-client-cert-sp-freeradius": (Outcome.REJECT, "", "user-certificate-revoked", D, ALL, ()),
    "13-client-distrusts-ca-sp-freeradius": (Outcome.REJECT, "", "device-distrusts-server", D, ALL, ()),
    "15-idp-never-up-sp-freeradius": (Outcome.REJECT, "", "no-answer", F, (V,), ()),
    "17-ok-ttls-pap-sp-radsecproxy": (Outcome.ACCEPT, "user@almelo.example", "", Hop.UNKNOWN, ALL, ()),
    "18-ok-peap-mschapv2-sp-radsecproxy": (Outcome.ACCEPT, "user@almelo.example", "", Hop.UNKNOWN, ALL, ()),
    "19-ok-eap-tls-sp-radsecproxy": (Outcome.ACCEPT, "", "", Hop.UNKNOWN, ALL, ()),
    "20-wrong-password-ttls-pap-sp-radsecproxy": (Outcome.REJECT, "user@almelo.example", "wrong-password", H, ALL, ()),
    "21-wrong-password-peap-sp-radsecproxy": (Outcome.REJECT, "user@almelo.example", "wrong-password", H, ALL, ()),
    "23-unknown-realm-sp-radsecproxy": (Outcome.REJECT, "", "unknown-realm", F, (V, F), ()),
    "24-no-realm-sp-radsecproxy": (Outcome.REJECT, "", "no-realm", D, (V,), ()),
    "25-malformed-realm-sp-radsecproxy": (Outcome.REJECT, "", "realm-misspelt", D, (V,), ()),
    "26-3gpp-realm-sp-radsecproxy": (Outcome.REJECT, "", "sim-profile", D, (V, F), ()),
    "27-expired-client-cert-sp-radsecproxy": (Outcome.REJECT, "", "user-certificate-expired", D, ALL, ()),
    "30-client-wrong-domain_match-sp-radsecproxy": (Outcome.REJECT, "", "device-broke-off", D, ALL, ()),
    "31-idp-never-up-sp-radsecproxy": (Outcome.UNFINISHED, "", "no-answer", F, (V,), ()),
    "34-idp-stopped-midway-sp-radsecproxy": (Outcome.UNFINISHED, "", "home-silent", H, (V, F), ()),
    "35-idp-back-up-sp-freeradius": (Outcome.ACCEPT, "user@almelo.example", "", Hop.UNKNOWN, ALL, ()),
    "37-flr-down-sp-radsecproxy": (Outcome.ACCEPT, "user@almelo.example", "", Hop.UNKNOWN, ALL, ()),
    "38-flr-back-up-sp-radsecproxy": (Outcome.ACCEPT, "user@almelo.example", "", Hop.UNKNOWN, ALL, ()),
    "39-flr-back-up-sp-freeradius": (Outcome.REJECT, "", "no-answer", F, (V,), ()),
}  # fmt: skip
NO_LOGIN = (
    "32-ap-wrong-secret-sp-radsecproxy", "40-accounting-start-sp-freeradius", "41-accounting-stop-sp-freeradius",
    "42-accounting-stop-sp-radsecproxy",
)  # fmt: skip
"""Scenarios in which no server has a line of a login: a wrong secret, accounting."""
COMPLETE = [name for name, (_, _, _, _, seen, _) in EXPECTED.items() if seen == ALL]


@cache
def lines_of(scenario: str) -> tuple[Line, ...]:
    """The lines of all servers; the device's own log has no times."""
    found: list[Line] = []
    for path in sorted((LOGS / scenario).iterdir()):
        host = path.name.partition(".")[0]
        if (hop := HOPS.get(host)) and hop is not Hop.DEVICE:
            about = read.Source(name=path.name, reference=NOW, host=host, hop=hop, zone="UTC")
            found += read.records(path.read_bytes(), about)
    return tuple(found)


def logins_of(lines: list[Line] | tuple[Line, ...], **given: object) -> list[Login]:
    return assemble(lines, PLACES, Catalogue.load(), key=KEY, **given)


def the_login(scenario: str) -> Login:
    (login,) = logins_of(lines_of(scenario))
    return login


@pytest.mark.parametrize("scenario", EXPECTED)
def test_the_lines_of_all_hops_become_one_login(scenario):
    login = the_login(scenario)
    found = (login.outcome, login.inner, login.cause, login.broken, login.seen, login.missing)
    assert found == EXPECTED[scenario]
    assert login.mac[:8] == "02000000"
    assert login.operator == ("enschede.example" if "radsecproxy" in scenario else "hengelo.example")


@pytest.mark.parametrize("scenario", NO_LOGIN)
def test_accounting_and_what_daemons_say_of_themselves_are_no_logins(scenario):
    assert logins_of(lines_of(scenario)) == []


@pytest.mark.parametrize("scenario", EXPECTED)
def test_every_line_that_names_the_device_is_evidence(scenario):
    login = the_login(scenario)
    evidence = {(line.source, line.offset) for line in login.lines}
    named = {(line.source, line.offset) for line in lines_of(scenario) if line.mac == login.mac}
    assert named <= evidence


@pytest.mark.parametrize("scenario", COMPLETE)
@pytest.mark.parametrize("hop", ALL)
def test_a_log_that_is_not_here_is_said_to_be_missing(scenario, hop):
    left = [line for line in lines_of(scenario) if line.hop is not hop]
    (login,) = logins_of(left)
    assert login.missing == (hop,)
    assert hop not in login.seen
    told = story(login, Catalogue.load(), PLACES)
    assert [step.hop for step in told.steps if step.status is Status.ABSENT] in ([hop], [])
    assert len(told.missing) == 1
    assert "log" in told.missing[0].nl


@pytest.mark.parametrize("scenario", COMPLETE)
def test_the_home_log_alone_makes_a_login(scenario):
    (login,) = logins_of([line for line in lines_of(scenario) if line.hop is Hop.HOME])
    assert login.missing == (V, F)
    assert login.outcome is EXPECTED[scenario][0]
    assert login.home == "almelo"


@pytest.mark.parametrize("scenario", COMPLETE)
def test_a_clock_that_is_behind_by_minutes_changes_nothing_but_times(scenario):
    def late(line: Line) -> Line:
        return (
            msgspec.structs.replace(line, time=line.time - timedelta(minutes=4)) if line.host == "idp-almelo" else line
        )

    straight = the_login(scenario)
    (login,) = logins_of([late(line) for line in lines_of(scenario)], clocks={"idp-almelo": -240.0})
    assert (login.id, login.begin, login.end) == (straight.id, straight.begin, straight.end)
    assert [line.raw for line in login.lines] == [line.raw for line in straight.lines]


def test_the_lines_stand_in_the_order_of_the_way():
    login = the_login("04-wrong-password-ttls-pap-sp-freeradius")
    hops = [line.hop for line in login.lines]
    assert hops == sorted(hops, key=(V, F, H).index)
    assert Kind.INNER in [line.kind for line in login.lines]


def test_all_scenarios_at_once_are_the_same_logins():
    """One morning of the lab: all logs together, with attempts of one user a second apart."""
    everything = [
        msgspec.structs.replace(line, source=f"{scenario}/{line.source}")
        for scenario in EXPECTED
        for line in lines_of(scenario)
    ]
    found = logins_of(everything)
    assert [(login.mac, login.outcome, login.cause, login.seen) for login in found] == sorted(
        [
            (login.mac, login.outcome, login.cause, login.seen)
            for scenario in EXPECTED
            for login in [the_login(scenario)]
        ]
    )
