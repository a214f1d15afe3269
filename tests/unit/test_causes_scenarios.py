"""The causes of real logins: lines that every daemon of a working chain wrote, one thing broken at a time."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path

import pytest
from causes_help import CATALOGUE

from ggi_net.authlog import read
from ggi_net.authlog.line import Hop, Line

LOGS = Path(__file__).parents[1] / "logs"
SCENARIOS = LOGS / "scenarios"
NOW = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
HOPS = {
    "sp-hengelo": Hop.VISITED, "sp-enschede": Hop.VISITED, "flr1": Hop.FEDERATION,
    "flr2": Hop.FEDERATION, "idp-almelo": Hop.HOME, "idp-almelo-rs": Hop.HOME,
}  # fmt: skip

CAUSES = {
    "04-wrong-password-ttls-pap-sp-freeradius": "wrong-password",
    "05-wrong-password-peap-sp-freeradius": "wrong-password",
    "06-unknown-user-sp-freeradius": "account-unknown",
    "07-unknown-realm-sp-freeradius": "unknown-realm",
    "08-no-realm-sp-freeradius": "no-realm",
    "09-malformed-realm-sp-freeradius": "realm-misspelt",
    "10-3gpp-realm-sp-freeradius": "sim-profile",
    "12-revoked-client-cert-sp-freeradius": "user-certificate-revoked",
    "13-client-distrusts-ca-sp-freeradius": "device-distrusts-server",
    "15-idp-never-up-sp-freeradius": "no-answer",
    "20-wrong-password-ttls-pap-sp-radsecproxy": "wrong-password",
    "21-wrong-password-peap-sp-radsecproxy": "wrong-password",
    "23-unknown-realm-sp-radsecproxy": "unknown-realm",
    "24-no-realm-sp-radsecproxy": "no-realm",
    "25-malformed-realm-sp-radsecproxy": "realm-misspelt",
    "26-3gpp-realm-sp-radsecproxy": "sim-profile",
    "27-expired-client-cert-sp-radsecproxy": "user-certificate-expired",
    "30-client-wrong-domain_match-sp-radsecproxy": "device-broke-off",
    "31-idp-never-up-sp-radsecproxy": "no-answer",
    "32-ap-wrong-secret-sp-radsecproxy": "wrong-shared-secret",
    "34-idp-stopped-midway-sp-radsecproxy": "home-silent",
    "39-flr-back-up-sp-freeradius": "no-answer",
}
"""Every scenario in which the login failed, and what the servers' logs say of it."""

WITHOUT_HOME = {
    "04-wrong-password-ttls-pap-sp-freeradius": "refused-by-home",
    "12-revoked-client-cert-sp-freeradius": "refused-by-home",
    "21-wrong-password-peap-sp-radsecproxy": "refused-by-home",
    "23-unknown-realm-sp-radsecproxy": "unknown-realm",
}
"""What is left to say when the home organisation's log is not here."""

SUCCESSES = ("02-ok-peap-mschapv2-sp-freeradius", "17-ok-ttls-pap-sp-radsecproxy", "19-ok-eap-tls-sp-radsecproxy")


def lines_of(scenario: str, *, without: Hop = Hop.UNKNOWN) -> list[Line]:
    """The lines of every server of a scenario, but for those at one hop."""
    found: list[Line] = []
    for path in sorted((SCENARIOS / scenario).iterdir()):
        host = path.name.partition(".")[0]
        if (hop := HOPS.get(host)) not in (None, without):
            found += lines_in(path, host, hop)
    assert found, f"no lines of {scenario}"
    return found


def lines_in(path: Path, host: str, hop: Hop) -> list[Line]:
    return read.records(path.read_bytes(), read.Source(name=path.name, reference=NOW, host=host, hop=hop))


def cause_of(lines: list[Line]) -> str:
    match = CATALOGUE.cause_of(lines)
    return match.cause.id if match else ""


@pytest.mark.parametrize(("scenario", "cause"), CAUSES.items())
def test_the_cause_is_the_one_that_was_made(scenario, cause):
    assert cause_of(lines_of(scenario)) == cause


@pytest.mark.parametrize(("scenario", "cause"), CAUSES.items())
def test_the_order_of_lines_makes_no_difference(scenario, cause):
    """Logs come from servers whose clocks differ, and are read in any order."""
    lines = lines_of(scenario)
    for seed in range(5):
        shuffled = random.Random(seed).sample(lines, len(lines))
        assert cause_of(shuffled) == cause


@pytest.mark.parametrize(("scenario", "cause"), WITHOUT_HOME.items())
def test_without_the_log_of_the_home_organisation_nothing_is_guessed(scenario, cause):
    assert cause_of(lines_of(scenario, without=Hop.HOME)) == cause


@pytest.mark.parametrize(
    ("scenario", "log", "cause"),
    [
        ("30-client-wrong-domain_match-sp-radsecproxy", "eapol_test.wrong-name.log", "server-name-mismatch"),
        ("13-client-distrusts-ca-sp-freeradius", "eapol_test.unknown-ca.log", "device-distrusts-server"),
        ("05-wrong-password-peap-sp-freeradius", "eapol_test.wrong-password.log", "wrong-password"),
    ],
)
def test_with_the_log_of_the_device_the_cause_is_as_good_or_better(scenario, log, cause):
    device = lines_in(LOGS / "hostap" / log, "laptop", Hop.DEVICE)
    assert cause_of([*lines_of(scenario), *device]) == cause
    assert cause_of(device) in (cause, "login-failed-at-access-point")


@pytest.mark.parametrize(
    ("log", "hop", "cause"),
    [
        ("freeradius-fl-stdout.expired-eap-server-cert.log", Hop.HOME, "server-certificate-expired"),
        ("freeradius-fl-stdout.expired-radsec-cert.log", Hop.VISITED, "link-certificate-refused"),
        ("radsecproxy.expired-radsec-client-cert.log", Hop.FEDERATION, "link-certificate-refused"),
        ("radsecproxy-dynamic.log", Hop.FEDERATION, "server-not-found"),
    ],
)
def test_what_servers_say_of_each_other(log, hop, cause):
    """Certificates between servers, and a home that DNS doesn't know."""
    assert cause_of(lines_in(LOGS / "certificates" / log, log, hop)) == cause


@pytest.mark.parametrize("scenario", SUCCESSES)
def test_a_login_that_succeeded_has_no_cause(scenario):
    assert cause_of(lines_of(scenario)) == ""


def test_every_scenario_that_failed_is_here():
    made = {path.name for path in SCENARIOS.iterdir()}
    went_well = {name for name in made if any(word in name for word in ("-ok-", "accounting", "status-server"))}
    came_back = {name for name in made if name[:2] in ("35", "37", "38")}
    assert made - went_well - came_back == CAUSES.keys()
