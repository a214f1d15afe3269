"""Waves: few and harmless devices first, and never two together that stand in for each other."""

from __future__ import annotations

import random

import pytest

from ggi_net.model.network import Role
from ggi_net.model.waves import CANARY, TEN_PERCENT, partners_of, waves
from ggi_net.onboard.generate import make_estate
from ggi_net.paths import demo_folder
from ggi_net.source.files import load_estate


@pytest.fixture(scope="module", params=["demo", "forty gemeenten"])
def estate(request):
    return load_estate(demo_folder()) if request.param == "demo" else make_estate(40, 7)


def test_every_device_is_in_one_wave(estate):
    assert sorted(name for wave in waves(estate).values() for name in wave) == sorted(estate.devices)


def test_no_wave_holds_two_gateways_of_a_main_site(estate):
    for names in waves(estate).values():
        mains = [p for p in map(estate.placed, names) if p.device.role is Role.CE and p.site.main]
        assert len(mains) == len({p.organisation.slug for p in mains})


def test_no_wave_holds_both_cores_that_something_hangs_on_or_two_proxies(estate):
    for names in waves(estate).values():
        for gemeente in estate.gemeenten:
            assert len({link.core.device for link in gemeente.links}.intersection(names)) <= 1
        for device in estate.federation.devices:
            upper = {link.core.device for link in estate.federation.links if link.end.device == device.name}
            assert len(upper.intersection(names)) <= 1
        assert sum(estate.placed(name).device.role is Role.FEDERATION_PROXY for name in names) <= 1


def test_no_wave_holds_two_radius_servers_of_one_gemeente(estate):
    for names in waves(estate).values():
        servers = [p.organisation.slug for p in map(estate.placed, names) if p.device.role is Role.RADIUS]
        assert len(servers) == len(set(servers))


def test_the_canary_is_one_of_each_platform_and_role(estate):
    kinds = {(p.device.platform, p.device.role) for p in estate.devices.values()}
    found = [(p.device.platform, p.device.role) for p in map(estate.placed, waves(estate)[CANARY])]
    assert len(found) == len(set(found))
    assert set(found) == kinds


def test_the_canary_is_the_second_gateway_of_the_smallest_gemeente():
    estate = make_estate(40, 7)
    [gateway] = [
        p for p in map(estate.placed, waves(estate)[CANARY]) if (p.device.platform, p.device.role) == ("frr", Role.CE)
    ]
    pairs = [
        len(g.sites)
        for g in estate.gemeenten
        if sum(d.role is Role.CE for site in g.sites if site.main for d in site.devices) == 2
        and any(d.platform == "frr" and d.unit == 2 for d in g.devices)
    ]
    assert gateway.device.unit == 2
    assert len(estate.gemeente(gateway.organisation.slug).sites) == min(pairs)


def test_the_second_wave_is_a_tenth_of_all_kinds():
    estate = make_estate(40, 7)
    names = waves(estate)[TEN_PERCENT]
    assert len(names) == -(-len(estate.devices) // 10)
    assert {estate.placed(name).device.platform for name in names} == {"frr", "cisco_iosxe", "freeradius"}
    owners = {estate.placed(name).organisation.slug for name in names}
    assert len(owners) > 20, "spread over the country"
    assert estate.federation.slug not in owners, "what all lean on comes later"


def test_the_order_is_that_of_pushing():
    assert list(waves(make_estate(40, 7))) == ["canary", "ten_percent", "rest_1", "rest_2"]


def test_waves_of_a_few_devices_are_made_among_these():
    estate = load_estate(demo_folder())
    losser = estate.select(gemeente=["almelo"])
    found = waves(estate, losser)
    assert sorted(name for names in found.values() for name in names) == sorted(p.device.name for p in losser)
    assert len(found[CANARY]) == len({(p.device.platform, p.device.role) for p in losser})
    assert not any({"ce-almelo-01", "ce-almelo-02"} <= set(names) for names in found.values())
    assert waves(estate, []) == {}


def test_the_order_of_the_question_does_not_matter_for_who_is_canary():
    estate = make_estate(12, 3)
    devices = list(estate.devices.values())
    random.Random(1).shuffle(devices)
    assert sorted(waves(estate, devices)[CANARY]) == sorted(waves(estate)[CANARY])


def test_who_stands_in_for_whom():
    partners = partners_of(load_estate(demo_folder()))
    assert partners["ce-almelo-01"] == {"ce-almelo-02"}
    assert partners["flr-asd-01"] == {"flr-apd-01"}
    assert partners["core-asd-01"] == {"core-apd-01"}
    assert "ce-almelo-werf-01" not in partners
