"""The rendered artifacts of two gemeenten, a site of a third and the cores, unchanged, in real daemons.

FRR, nftables, strongSwan and keepalived run on Debian's kernel; see `conftest.py`. The expectations come from the
estate and the standard (`intent.py`), never from a view or a template.
"""

from __future__ import annotations

import pytest
from experiment import ROGUE_CE, ROGUE_LOOK, ROGUES, pairs
from intent import FAMILIES, Flows, ce_routes, core_routes, originated, sessions
from topology import DEVICES, hosts, shared_addresses

from ggi_net.model.network import Role
from ggi_net.paths import demo_folder
from ggi_net.source.files import load_estate

pytestmark = [
    pytest.mark.live,
    pytest.mark.needs("qemu-system-x86_64", "busybox", "zebra", "nft", "swanctl", "charon-systemd", "ifquery", "ip"),
    pytest.mark.needs("keepalived"),
    pytest.mark.root,  # the machine sees this one's files, of which some belong to daemons
]

ESTATE = load_estate(demo_folder())
FLOWS = Flows(ESTATE)
PEOPLE = hosts(ESTATE)
VRFS = [vrf.name for vrf in ESTATE.standard_of(ESTATE.federation).vrfs]
GATEWAYS = [name for name in DEVICES if ESTATE.placed(name).device.role is Role.CE]
CORES = [name for name in DEVICES if ESTATE.placed(name).device.role is Role.CORE]
GEMEENTEN = sorted({ESTATE.placed(name).organisation.slug for name in GATEWAYS})

each_device = pytest.mark.parametrize("device", DEVICES)
each_vrf = pytest.mark.parametrize("vrf", VRFS)
each_family = pytest.mark.parametrize("version", FAMILIES, ids=["ipv6", "ipv4"])


# -- routing -------------------------------------------------------------------------------------------


def test_the_network_converges_within_a_minute(observed):
    assert observed.result["converged"] is not None, observed.log
    assert observed.result["converged"] < 60


@each_device
@each_vrf
@each_family
def test_every_session_of_the_estate_is_established(observed, device, vrf, version):
    wanted = {peer for peer, name, family in sessions(ESTATE, DEVICES, device) if (name, family) == (vrf, version)}
    summary = observed.result["routers"][device]["summary"][vrf]
    peers = summary.get(f"ipv{version}Unicast", {}).get("peers", {})
    assert {peer for peer, record in peers.items() if record["state"] == "Established"} == wanted


@each_device
def test_bfd_watches_every_session(observed, device):
    wanted = {peer for peer, _, _ in sessions(ESTATE, DEVICES, device)}
    up = {peer["peer"] for peer in observed.result["routers"][device]["bfd"] if peer["status"] == "up"}
    assert up == wanted


@pytest.mark.parametrize("device", CORES)
@each_vrf
@each_family
def test_a_core_knows_exactly_what_was_allocated(observed, device, vrf, version):
    wanted = core_routes(ESTATE, DEVICES, vrf, version)
    assert set(observed.result["routers"][device]["bgp"][f"{vrf}/{version}"]) == wanted


@pytest.mark.parametrize("device", GATEWAYS)
@each_vrf
@each_family
def test_a_gateway_takes_exactly_what_it_may(observed, device, vrf, version):
    wanted = ce_routes(ESTATE, device, DEVICES, vrf, version)
    assert set(observed.result["routers"][device]["bgp"][f"{vrf}/{version}"]) == wanted


@pytest.mark.parametrize("device", GATEWAYS)
@each_vrf
@each_family
def test_a_gateway_has_a_default_route_for_visitors_only(observed, device, vrf, version):
    routes = observed.result["routers"][device]["routes"][f"{vrf}/{version}"]
    default = routes.get("::/0" if version == 6 else "0.0.0.0/0", [])
    leads = [route for route in default if any(hop.get("fib") and "ip" in hop for hop in route["nexthops"])]
    assert {route["protocol"] for route in leads} == ({"bgp"} if vrf == "govroam" else set())


@each_vrf
@each_family
@pytest.mark.parametrize("gemeente", GEMEENTEN)
def test_the_core_sees_gemeente_and_class_in_the_communities(observed, gemeente, vrf, version):
    record = ESTATE.gemeente(gemeente)
    number = ESTATE.standard_of(record).bgp.community_classes[vrf]
    community = f"{ESTATE.federation.asn}:{number}:{int(record.code[2:])}"
    wanted = {
        prefix
        for name in GATEWAYS
        if ESTATE.placed(name).organisation.slug == gemeente
        for prefix in originated(ESTATE, name, vrf, version)
    }
    assert set(observed.result["communities"][f"{vrf}/{version}/{community}"]) == wanted


@each_family
def test_a_core_refuses_what_a_gateway_may_not_announce(observed, version):
    sent, seen = observed.result["rogue"]
    place = FAMILIES.index(version)
    assert set(ROGUES[version]) <= set(sent[place]["advertisedRoutes"]), f"{ROGUE_CE} did not announce them"
    table = seen[place]["routes"]
    asn = str(ESTATE.placed(ROGUE_CE).organisation.asn)
    taken = {p for p in ROGUES[version] for path in table.get(p, ()) if path.get("path", "").endswith(asn)}
    assert not taken, f"{ROGUE_LOOK} took them"


@pytest.mark.parametrize(("address", "gateways"), shared_addresses(ESTATE).items())
def test_one_gateway_holds_each_shared_address(observed, address, gateways):
    holders = observed.result["shared"][address]
    assert len(holders) == 1
    assert set(holders) <= set(gateways)


# -- flows ---------------------------------------------------------------------------------------------


def _words(probe):
    return f"{probe['protocol']}/{probe['port']} to {probe['address']}"


PAIRS = [(source.name, destination.name) for source, destination in pairs(PEOPLE)]
MANAGED = [host.name for host in PEOPLE.values() if host.zone == "mgmt" and host.organisation != "federation"]


@pytest.mark.parametrize(("source", "destination"), PAIRS, ids=[f"{s}--{d}" for s, d in PAIRS])
def test_exactly_the_intended_flows_pass(observed, source, destination):
    missing, leaking = [], []
    for probe, result in observed.seen("hosts", source, destination):
        about = (probe["protocol"], probe["port"], probe["address"])
        if FLOWS.allows(PEOPLE[source], PEOPLE[destination], *about):
            passed = result["arrived"] and (result["answered"] or probe["protocol"] == "esp")
            missing += [] if passed else [_words(probe)]
        elif result["arrived"] or result["answered"]:
            leaking.append(_words(probe))
    assert not missing, f"should pass and does not: {missing}"
    assert not leaking, f"should not pass and does: {leaking}"


@pytest.mark.parametrize("source", MANAGED)
def test_every_national_service_is_reached_from_management(observed, source):
    seen = observed.seen("services", source, "services")
    assert seen
    assert not [_words(probe) for probe, result in seen if not result["answered"]]


def test_a_false_source_address_is_dropped(observed):
    results = observed.result["probes"]["spoofed"]
    assert len(results) == len(FAMILIES)
    assert not any(result["arrived"] for result in results)


@each_device
@pytest.mark.parametrize("source", sorted(PEOPLE))
def test_only_the_management_networks_reach_a_device(observed, device, source):
    manages = (PEOPLE[source].organisation, PEOPLE[source].zone) == ("federation", "mgmt")
    outer = {a.split("/")[0] for port in ESTATE.placed(device).device.ports for a in port.addresses}
    for probe, result in observed.seen("devices", source, device):
        wanted = manages and probe["port"] in (22, 161) and probe["address"] not in outer
        assert result["answered"] == wanted, _words(probe)


def test_an_untrusted_line_carries_nothing_but_ipsec(observed):
    found = (item["counter"] for item in observed.result["line"]["nftables"] if "counter" in item)
    counters = {counter["name"]: counter["packets"] for counter in found}
    assert counters["line_esp"] > 100
    assert counters["line_ike"] > 0
    assert counters["line_other"] == 0
