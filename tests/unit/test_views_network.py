"""The views of the data network: both ends of a link agree, and each prefix is exactly where it belongs."""

from __future__ import annotations

import dataclasses
import ipaddress
import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ggi_net.errors import RenderError
from ggi_net.model.network import LineKind, Role
from ggi_net.paths import demo_folder
from ggi_net.render.views import build_view
from ggi_net.render.views.address import network
from ggi_net.source.files import load_estate

ESTATE = load_estate(demo_folder())
VIEWS = {name: build_view(ESTATE, placed) for name, placed in ESTATE.devices.items()}
GATEWAYS = [name for name, placed in ESTATE.devices.items() if placed.device.role is Role.CE]
CORES = [name for name, placed in ESTATE.devices.items() if placed.device.role is Role.CORE]
LINKS = [(org, link) for org in ESTATE.organisations() for link in org.links]
VRFS = [vrf.name for vrf in ESTATE.standard_of(ESTATE.federation).vrfs]


def changed(slug, **fields):
    """The demo estate with fields of one gemeente changed."""
    gemeenten = tuple(msgspec.structs.replace(g, **fields) if g.slug == slug else g for g in ESTATE.gemeenten)
    return dataclasses.replace(ESTATE, gemeenten=gemeenten)


def with_options(slug, **options):
    """The demo estate with options of one gemeente changed; `__` in a name stands for its dot."""
    chosen = {name.replace("__", "."): value for name, value in options.items()}
    return changed(slug, options={**ESTATE.by_slug[slug].options, **chosen})


def vrf_of(device, vrf):
    return next(v for v in VIEWS[device].vrfs if v.name == vrf)


def sessions(device, link, vrf):
    found = vrf_of(device, vrf)
    return [n for n in (*found.neighbors, *getattr(found, "cores", ())) if n.link == link]


# -- both ends of a link -------------------------------------------------------------------------------


@pytest.mark.parametrize(("organisation", "link"), LINKS, ids=[link.name for _, link in LINKS])
def test_both_ends_of_a_link_agree_on_addresses_numbers_and_keys(organisation, link):
    for vrf in link.vrfs:
        ends = {s.local: s for s in sessions(link.end.device, link.name, vrf)}
        cores = sessions(link.core.device, link.name, vrf)
        assert len(cores) == len(ends) == len(link.vrfs[vrf].prefixes)
        for core in cores:
            end = ends[core.address]
            assert (end.address, end.local) == (core.local, core.address)
            assert end.password == core.password
            assert (end.remote_asn, core.remote_asn) == (ESTATE.federation.asn, organisation.asn)


@pytest.mark.parametrize(("organisation", "link"), LINKS, ids=[link.name for _, link in LINKS])
def test_the_core_has_the_lower_address_of_each_link_prefix(organisation, link):
    for vrf, carried in link.vrfs.items():
        lower = {str(ipaddress.ip_network(prefix)[0]) for prefix in carried.prefixes}
        assert {s.local for s in sessions(link.core.device, link.name, vrf)} == lower


def test_tunnels_have_the_same_addresses_ids_and_identities_at_both_ends():
    tunnels = {(name, t.name): t for name in GATEWAYS + CORES for t in VIEWS[name].tunnels}
    untrusted = [link for _, link in LINKS if link.line.kind is LineKind.UNTRUSTED]
    assert untrusted
    for link in untrusted:
        for vrf in link.vrfs:
            end = tunnels[link.end.device, f"{link.name}-{vrf}"]
            core = tunnels[link.core.device, f"{link.name}-{vrf}"]
            assert (end.local, end.remote, end.local_id, end.remote_id) == (
                core.remote,
                core.local,
                core.remote_id,
                core.local_id,
            )
            assert end.tag == core.tag == link.vrfs[vrf].tag
            assert end.initiator
            assert not core.initiator
            assert end.family == 6


def test_identities_tell_the_vrfs_of_a_link_apart():
    for name in GATEWAYS + CORES:
        identities = [tunnel.local_id + tunnel.remote_id for tunnel in VIEWS[name].tunnels]
        assert len(set(identities)) == len(identities)


def test_a_session_key_is_a_reference_of_the_links_owner_that_fits_in_frr():
    for name in GATEWAYS:
        for session in VIEWS[name].neighbors:
            assert session.password == f"secret://{VIEWS[name].organisation}/bgp/{session.link}"
            assert len(session.password) <= 79


def test_a_link_without_outer_addresses_of_one_family_is_refused():
    losser = ESTATE.by_slug["losser"]
    site = losser.sites[0]
    gateway = site.devices[0]
    port = msgspec.structs.replace(gateway.ports[0], addresses=())
    device = msgspec.structs.replace(gateway, ports=(port, *gateway.ports[1:]))
    estate = changed("losser", sites=(msgspec.structs.replace(site, devices=(device, *site.devices[1:])),))
    with pytest.raises(RenderError, match="ce-losser-01: link 'losser-01-asd' needs an address of the same family"):
        build_view(estate, estate.placed("ce-losser-01"))


def test_a_router_without_an_ipv4_management_address_is_refused():
    losser = ESTATE.by_slug["losser"]
    site = losser.sites[0]
    device = msgspec.structs.replace(site.devices[0], management=site.devices[0].management[:1])
    estate = changed("losser", sites=(msgspec.structs.replace(site, devices=(device, *site.devices[1:])),))
    with pytest.raises(RenderError, match="no IPv4 management address"):
        build_view(estate, estate.placed("ce-losser-01"))


def test_an_interface_name_that_linux_does_not_take_is_refused():
    losser = ESTATE.by_slug["losser"]
    site = losser.sites[0]
    lan = msgspec.structs.replace(site.devices[0].ports[1], name="enp130s0f1np12")
    device = msgspec.structs.replace(site.devices[0], ports=(site.devices[0].ports[0], lan))
    estate = changed("losser", sites=(msgspec.structs.replace(site, devices=(device, *site.devices[1:])),))
    with pytest.raises(RenderError, match=r"'enp130s0f1np12\.100' has a name of 18 characters, the device takes 15"):
        build_view(estate, estate.placed("ce-losser-01"))


# -- prefixes ------------------------------------------------------------------------------------------


def allocated(placed, vrf):
    """What IPAM gave the site in a VRF, and the router's own addresses, as text."""
    zones = {zone.name for zone in ESTATE.standard_of(placed.organisation).zones if zone.vrf == vrf}
    found = {prefix for vlan in placed.site.vlans if vlan.zone in zones for prefix in vlan.prefixes}
    return found | (set(placed.device.management) if vrf == "mgmt" else set())


@pytest.mark.parametrize("vrf", VRFS)
@pytest.mark.parametrize("gateway", GATEWAYS)
def test_a_gateway_announces_exactly_what_its_site_was_allocated(gateway, vrf):
    found = vrf_of(gateway, vrf)
    assert {ref.prefix for ref in found.own6 + found.own4} == allocated(ESTATE.placed(gateway), vrf)


@pytest.mark.parametrize("vrf", VRFS)
@pytest.mark.parametrize("core", CORES)
def test_a_core_accepts_of_each_gateway_exactly_what_that_gateway_announces(core, vrf):
    for customer in vrf_of(core, vrf).customers:
        own = vrf_of(customer.device, vrf)
        assert customer.prefixes6 == own.own6
        assert customer.prefixes4 == own.own4
        for session in (s for s in vrf_of(core, vrf).neighbors if s.policy == customer.name):
            count = len(customer.prefixes6 if session.family == 6 else customer.prefixes4)
            assert session.maximum_prefix == count + 2


@pytest.mark.parametrize("vrf", VRFS)
def test_no_prefix_of_one_site_is_in_the_lists_of_another(vrf):
    for core in CORES:
        owners = {}
        for customer in vrf_of(core, vrf).customers:
            site = ESTATE.placed(customer.device).site.slug, customer.organisation
            for ref in customer.prefixes6 + customer.prefixes4:
                assert owners.setdefault(ref.prefix, site) == site


def test_govroam_gateways_take_a_default_route_only():
    for gateway in GATEWAYS:
        found = vrf_of(gateway, "govroam")
        assert [e.prefix for e in found.accept6 + found.accept4] == ["::/0", "0.0.0.0/0"]
        assert all(e.longest == 0 for e in found.accept6 + found.accept4)


def test_management_takes_the_federation_and_the_gemeentes_other_sites():
    werf = vrf_of("ce-almelo-werf-01", "mgmt")
    assert [e.prefix for e in werf.accept6] == ["2001:db8:fe00::/47", "2001:db8:c000::/64"]
    assert [e.prefix for e in vrf_of("ce-losser-01", "mgmt").accept6] == ["2001:db8:fe00::/47"]


def test_the_cloud_is_accepted_as_far_as_the_gemeente_uses_it():
    services = ESTATE.federation.services.cloud
    almelo = {e.prefix for e in vrf_of("ce-almelo-01", "datanet").accept6}
    assert services["zaaksysteem"][0] in almelo
    assert services["archief"][0] not in almelo


def test_communities_name_class_and_gemeente():
    assert vrf_of("ce-almelo-01", "govroam").community == "4200900000:2:141"
    assert {m.slug: m.community for m in vrf_of("core-asd-01", "mgmt").members}["losser"] == "4200900000:3:168"


# -- LANs ----------------------------------------------------------------------------------------------


def test_two_gateways_share_the_first_address_and_have_the_next_ones():
    first, second = (VIEWS[f"ce-almelo-0{n}"].lans[0] for n in (1, 2))
    assert (
        [v.address for v in first.virtual] == ["2001:db8:8000::1", "198.18.0.1"] == [v.address for v in second.virtual]
    )
    assert [a.address for a in first.addresses] == ["2001:db8:8000::2", "198.18.0.2"]
    assert [a.address for a in second.addresses] == ["2001:db8:8000::3", "198.18.0.3"]
    assert first.priority > second.priority


def test_a_single_gateway_has_the_first_address_itself():
    lan = VIEWS["ce-losser-01"].lans[0]
    assert [a.address for a in lan.addresses] == ["2001:db8:8008::1", "198.18.6.1"]
    assert not lan.virtual
    assert not VIEWS["ce-losser-01"].has_vrrp


def test_the_preferred_gateway_is_preferred_by_the_cores_too():
    meds = [VIEWS[f"ce-almelo-0{n}"].neighbors[0].med for n in (1, 2)]
    assert meds == sorted(meds)
    assert meds[0] < meds[1]


# -- flows ---------------------------------------------------------------------------------------------


def flows(estate, device):
    return {rule.flow for pair in build_view(estate, estate.placed(device)).pairs for rule in pair.rules}


@pytest.mark.parametrize(
    ("options", "present", "absent"),
    [
        ({"office__publish_to_datanet": True}, "datanet-to-office", None),
        ({"office__publish_to_datanet": False}, None, "datanet-to-office"),
        ({"cloud__callbacks": True}, "cloud-to-office", None),
        ({"cloud__callbacks": False}, None, "cloud-to-office"),
        ({"govroam__port_policy": "open"}, "govroam-to-internet-open", "govroam-to-internet-filtered"),
        ({"govroam__port_policy": "filtered"}, "govroam-to-internet-filtered", "govroam-to-internet-open"),
        ({"mgmt__local_administrators": True}, "office-to-mgmt", None),
        ({"mgmt__local_administrators": False}, None, "office-to-mgmt"),
        ({"govroam__radius_transport": "udp"}, "radius-udp-from-national", None),
        ({"govroam__radius_transport": "radsec"}, None, "radius-udp-from-national"),
    ],
)
def test_an_option_adds_or_removes_its_flow_and_nothing_else(options, present, absent):
    found = flows(with_options("almelo", **options), "ce-almelo-01")
    assert present is None or present in found
    assert absent not in found
    assert found >= {"office-to-cloud", "office-to-datanet", "mgmt-to-national", "national-to-mgmt"}


def test_nothing_reaches_visitors_and_visitors_reach_no_zone_but_the_internet():
    for gateway in GATEWAYS:
        pairs = VIEWS[gateway].pairs
        assert {pair.destination for pair in pairs if pair.source == "govroam"} == {"internet"}
        assert not [pair for pair in pairs if pair.destination == "govroam"]
        assert not [pair for pair in pairs if pair.source == "internet"]


def test_the_internet_is_neither_the_plan_nor_a_bogon():
    internet = next(zone for zone in VIEWS["ce-losser-01"].zones if zone.name == "internet")
    excluded = {ref.prefix for ref in internet.excluded6 + internet.excluded4}
    assert {"2001:db8:8000::/35", "198.18.0.0/17", "2001:db8:fd00:1::/64", "127.0.0.0/8"} <= excluded


def test_traffic_between_vrfs_has_routes_both_ways_only_where_a_flow_needs_them():
    leaks = VIEWS["ce-enschede-zuid-01"].leaks
    assert {(leak.vrf, leak.target) for leak in leaks} == {("datanet", "mgmt"), ("mgmt", "datanet")}
    assert {leak.flow for leak in leaks} == {"office-to-mgmt"}
    assert not VIEWS["ce-losser-01"].leaks


def test_sites_of_one_gemeente_reach_each_others_radius_servers():
    pair = next(p for p in VIEWS["ce-almelo-01"].pairs if p.name == "mgmt-mgmt-in")
    assert [ref.prefix for ref in pair.far.remote6] == ["2001:db8:c000:100::/64"]
    assert ("udp", ("1812", "1813")) in [(rule.protocol, rule.ports) for rule in pair.rules]


# -- the rest ------------------------------------------------------------------------------------------


def test_every_record_of_a_view_says_where_it_comes_from():
    def walk(value):
        if isinstance(value, tuple):
            for item in value:
                yield from walk(item)
        elif hasattr(value, "origin"):
            yield value.origin
            for field in value.__struct_fields__:
                yield from walk(getattr(value, field))

    roots = {re.split("[/#]", origin)[0] for view in VIEWS.values() for origin in walk(view)}
    assert roots == {"gemeente", "federation", "standard"}


def test_free_text_is_folded_before_a_template_sees_it():
    estate = changed(
        "losser", name="Losser\u2028!\nneighbor 10.0.0.1", options={"mgmt.contact": "Ji\u0159\u00ed $(reboot)"}
    )
    view = build_view(estate, estate.placed("ce-losser-01"))
    assert view.organisation_name == "Losser neighbor 10.0.0.1"
    assert view.contact == view.options["mgmt.contact"] == "Jiri (reboot)"


@given(st.ip_addresses(), st.data())
def test_prefix_arithmetic_agrees_with_the_standard_library(address, data):
    length = data.draw(st.integers(0, address.max_prefixlen))
    known = ipaddress.ip_network((address, length), strict=False)
    found = network(f"{address}/{length}")
    number = data.draw(st.integers(0, known.num_addresses - 1))
    assert found.family == known.version
    assert ipaddress.ip_network(found.text) == known
    assert ipaddress.ip_address(found.host(number)) == known.network_address + number
    if known.version == 4:
        assert found.netmask == str(known.netmask)


@pytest.mark.parametrize("text", ["", "10.0.0.0", "10.0.0.0/33", "::/129", "::g/64", "10.0.0/24", "1.2.3.4/x", "::/-1"])
def test_what_is_no_prefix_is_refused(text):
    with pytest.raises(RenderError):
        network(text)
