"""Estates with something missing: the artifacts of their routers are still what the daemons accept."""

from __future__ import annotations

import dataclasses

import msgspec
import pytest

from ggi_net.check.result import Status
from ggi_net.check.run import check_device
from ggi_net.model.network import PortKind
from ggi_net.paths import demo_folder
from ggi_net.render.device import render_device
from ggi_net.source.files import load_estate

ESTATE = load_estate(demo_folder())
LOSSER = ESTATE.by_slug["losser"]
SITE = LOSSER.sites[0]
FEDERATION = ESTATE.federation
changed = msgspec.structs.replace


def losser(**fields):
    gemeenten = tuple(changed(g, **fields) if g is LOSSER else g for g in ESTATE.gemeenten)
    return dataclasses.replace(ESTATE, gemeenten=gemeenten)


def one_family(number):
    """Losser with the first (IPv6) or second (IPv4) prefix of every VLAN and link only."""
    only = slice(number, number + 1)
    vlans = tuple(changed(vlan, prefixes=vlan.prefixes[only]) for vlan in SITE.vlans)
    links = tuple(
        changed(link, vrfs={name: changed(vrf, prefixes=vrf.prefixes[only]) for name, vrf in link.vrfs.items()})
        for link in LOSSER.links
    )
    return losser(sites=(changed(SITE, vlans=vlans),), links=links)


def second_office():
    extra = changed(SITE.vlans[0], vid=101, name="office2", prefixes=("2001:db8:8008:1::/64", "198.18.6.64/26"))
    return losser(sites=(changed(SITE, vlans=(*SITE.vlans, extra)),))


def without_internet_port():
    """The first core without a way to the internet, and so without anybody on an untrusted line."""
    site = FEDERATION.sites[0]
    core = site.devices[0]
    ports = tuple(port for port in core.ports if port.kind is not PortKind.INTERNET)
    sites = (changed(site, devices=(changed(core, ports=ports), *site.devices[1:])), *FEDERATION.sites[1:])
    federation = changed(FEDERATION, sites=sites)
    return dataclasses.replace(ESTATE, federation=federation, gemeenten=(ESTATE.by_slug["almelo"],))


def three_cores():
    """A third core at a third site, linked to the first."""
    site = FEDERATION.sites[1]
    core = changed(site.devices[0], name="core-grq-01", management=("2001:db8:ff01::3/128", "198.19.192.3/32"))
    third = changed(site, slug="grq", vlans=(), devices=(core,))
    link = FEDERATION.links[0]
    vrfs = {
        name: changed(vrf, tag=vrf.tag + 10, prefixes=(f"2001:db8:ff00:1::{number}/127", f"198.19.129.{number}/31"))
        for number, (name, vrf) in zip((0, 2, 4), link.vrfs.items(), strict=True)
    }
    more = changed(link, name="core-asd-grq", end=changed(link.end, device="core-grq-01"), vrfs=vrfs)
    federation = changed(FEDERATION, sites=(*FEDERATION.sites, third), links=(link, more))
    return dataclasses.replace(ESTATE, federation=federation)


CASES = {
    "a gateway without VLANs": (losser(sites=(changed(SITE, vlans=()),)), "ce-losser-01"),
    "a gateway without links": (losser(links=()), "ce-losser-01"),
    "a site with IPv6 only": (one_family(0), "ce-losser-01"),
    "a site with IPv4 only": (one_family(1), "ce-losser-01"),
    "two VLANs in one zone": (second_office(), "ce-losser-01"),
    "a core without gemeenten": (dataclasses.replace(ESTATE, gemeenten=()), "core-asd-01"),
    "a core without other cores": (
        dataclasses.replace(ESTATE, federation=changed(FEDERATION, links=())),
        "core-asd-01",
    ),
    "a core without an internet port": (without_internet_port(), "core-asd-01"),
    "the middle one of three cores": (three_cores(), "core-asd-01"),
}


@pytest.mark.needs(
    "vtysh", "nft", "ip", "swanctl", "keepalived", "radvd", "ifquery", "rsyslogd", "chronyd", "snmpd", "sshd"
)
@pytest.mark.parametrize(("estate", "device"), CASES.values(), ids=CASES)
def test_the_daemons_accept_the_artifacts_of(estate, device):
    verdicts = check_device(tuple(render_device(estate, estate.placed(device))))
    assert not [verdict for verdict in verdicts if verdict.status is Status.REFUSED]
    assert [verdict for verdict in verdicts if verdict.status is Status.OK]


def test_two_vlans_of_one_zone_reach_each_other_only_as_the_flow_between_sites_says():
    texts = {a.file: a.text for a in render_device(second_office(), second_office().placed("ce-losser-01"))}
    way = 'meta sdifname { "eth1.100", "eth1.101" } oifname { "eth1.100", "eth1.101" } jump office-office-local'
    assert way in texts["nftables.conf"]


def test_more_than_two_cores_reflect_routes_to_each_other():
    middle, two = (
        next(a.text for a in render_device(estate, estate.placed("core-asd-01")) if a.file == "frr.conf")
        for estate in (three_cores(), ESTATE)
    )
    assert middle.count(" route-reflector-client\n") == middle.count(" next-hop-self force\n") == 2 * 3 * 2
    assert "route-reflector-client" not in two
    assert " next-hop-self\n" in two
