"""What a push to IOS-XE does to the device besides the change: files, BGP sessions, the names it is known by."""

from __future__ import annotations

import pytest
from devices import ROUTER_TEXT, bench, router_artifacts
from test_iosxe_render import ESTATE

from ggi_net.lab.fleet import blueprint, running_fleet
from ggi_net.push.driver import open_right
from ggi_net.push.journal import Journal, entries
from ggi_net.push.run import Policy, Push, Status
from ggi_net.push.targets import targets
from ggi_net.render.device import render_device
from ggi_net.render.environment import environment
from ggi_net.secrets import Resolver, open_backend

SOON = Policy(verify=5, watch=0, grace=10)


@pytest.fixture
def lab(tmp_path):
    with bench(tmp_path) as running:
        yield running


def test_a_gateway_of_the_demo_estate_announces_what_the_estate_says_and_nothing_else(tmp_path):
    placed = ESTATE.placed("ce-enschede-bibliotheek-01")
    artifacts = render_device(ESTATE, placed, jinja=environment())
    with running_fleet([blueprint(placed)], tmp_path / "lab") as fleet:
        [target] = targets(ESTATE, [artifacts], fleet.connections)
        resolver = Resolver(open_backend(fleet.connections.secrets))
        assert Push(target, resolver, Journal(tmp_path / "journal", ""), SOON).run().status is Status.CHANGED
        session = open_right(target, resolver)
        health = session.health()
        session.close()
        assert dict(health.announced) == dict(target.announces)
        assert len(health.sessions) == 12
        assert set(health.sessions.values()) == {True}
        again = Push(target, resolver, Journal(tmp_path / "journal", ""), SOON).run()
        assert (again.status, again.diff) == (Status.UNCHANGED, "")


def test_a_changed_prefix_list_resets_no_session_and_asks_for_the_routes_again(lab):
    router = lab.fleet.devices["ce-test-01"]
    lab.push(router_artifacts())
    router.refreshes = 0
    lab.push(router_artifacts(ROUTER_TEXT.replace("permit tcp any any eq 22", "permit tcp any any eq 2222")))
    assert (router.refreshes, router.resets) == (0, 0)
    lab.push(router_artifacts(ROUTER_TEXT.replace("198.51.100.0/24", "203.0.113.0/24")))
    assert (router.refreshes, router.resets) == (2, 0)


def test_a_run_can_be_taken_back(lab):
    router = lab.fleet.devices["ce-test-01"]
    lab.push(router_artifacts())
    before = router.show_running()
    lab.push(router_artifacts(ROUTER_TEXT.replace("to the core", "elsewhere")))
    run = next(entries(lab.folder / "journal", "ce-test-01")).run
    target = lab.target(router_artifacts())
    outcome = Push(target, lab.resolver, Journal(lab.folder / "journal", "back"), SOON, back_to=run).run()
    assert (outcome.status, outcome.error) == (Status.CHANGED, "")
    assert router.show_running() == before == router.startup


def test_a_run_that_left_nothing_can_not_be_taken_back(lab):
    push = Push(
        lab.target(router_artifacts()), lab.resolver, Journal(lab.folder / "journal", ""), SOON,
        back_to="20200101T000000Z-abcdef",
    )  # fmt: skip
    assert push.run().code == "GGI1612"


def test_the_device_keeps_ten_configurations_of_before_and_no_secret_in_clear(lab):
    router = lab.fleet.devices["ce-test-01"]
    for at in range(10, 22):
        router.flash.write(f"ggi-20200101T0000{at}Z-abcdef.cfg", "hostname old\nend")
    lab.push(router_artifacts())
    lab.push(router_artifacts(ROUTER_TEXT.replace("to the core", "elsewhere")))
    kept = sorted(name for name in router.flash.files if not name.startswith("ggi-archive"))
    assert len(kept) == 10
    assert kept[0] == "ggi-20200101T000014Z-abcdef.cfg"
    everything = "".join(router.flash.files.values())
    assert "password 7 " in everything
    for reference in ("secret://test/bgp/core", "secret://test/emergency/password"):
        assert lab.resolver.value(reference) not in everything


def test_nothing_is_sent_into_a_session_before_its_first_prompt(lab):
    """What a real router gets before may be lost, or echoed before the prompt."""
    lab.fleet.devices["ce-test-01"].wrong.deaf_seconds = 0.5
    session = open_right(lab.target(router_artifacts()), lab.resolver)
    assert session.identify().serial == "TEST-1"
    session.close()


def test_a_name_that_is_longer_than_a_prompt_shows_is_known_as_a_whole(lab):
    router = lab.fleet.devices["ce-test-01"]
    router.replace(router.startup.replace("ce-test-01", "ce-a-gemeente-with-a-long-name-01"))
    router.serial = ""
    outcome = lab.push(router_artifacts())
    assert outcome.code == "GGI1604"
    assert "calls itself 'ce-a-gemeente-with-a-long-name-01'" in outcome.error
