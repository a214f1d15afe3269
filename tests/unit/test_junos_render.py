"""What a Junos gateway is given: routing, separation, firewall, tunnels and hardening, whatever its site has."""

import re

import pytest
from junos_estate import ESTATE, GATEWAYS, IPSEC, ONE_LINK, TWO_GATEWAYS, at, on_junos, rendered, text_of, tree
from test_iosxe_render import OPTIONS, SITES

from ggi_net.check.junos import check
from ggi_net.render.views import build_view


def view_of(device):
    return build_view(ESTATE, ESTATE.placed(device))


@pytest.mark.parametrize("device", GATEWAYS)
def test_exactly_the_own_prefixes_are_announced(device):
    text = rendered(device)
    for vrf in view_of(device).vrfs:
        for neighbor in vrf.neighbors:
            own = vrf.own6 if neighbor.family == 6 else vrf.own4
            policy = f"policy-statement {neighbor.link}-{vrf.name}-{neighbor.family}-out"
            assert at(text, "policy-options", policy) == (["term own"] if own else []) + ["then reject;"]
            listed = f"prefix-list {vrf.name}-own-{neighbor.family}"
            assert at(text, "policy-options", listed) == [f"{net.prefix};" for net in own]
            inside = at(text, "policy-options", policy, "term own", "from")
            assert inside == ["protocol direct;", f"prefix-list-filter {vrf.name}-own-{neighbor.family} exact;"]


@pytest.mark.parametrize("device", GATEWAYS)
def test_a_core_can_not_give_back_our_own_prefixes_or_bogons(device):
    text = rendered(device)
    for vrf in view_of(device).vrfs:
        for family, accept in ((4, vrf.accept4), (6, vrf.accept6)):
            policy = f"policy-statement {vrf.name}-core-{family}"
            assert at(text, "policy-options", policy) == ["term own", "term bogons", "term expected", "then reject;"]
            expected = at(text, "policy-options", policy, "term expected", "from")
            assert expected == [
                f"route-filter {net.prefix} {f'upto /{net.longest}' if net.longest > net.length else 'exact'};"
                for net in accept
            ]


@pytest.mark.parametrize("device", GATEWAYS)
def test_every_session_has_its_policies_key_limit_gtsm_and_bfd_and_names_the_gemeente(device):
    text, view = rendered(device), view_of(device)
    code = int(ESTATE.placed(device).organisation.code[2:])
    for number, vrf in enumerate(view.vrfs, 1):
        assert f"community {vrf.name} members large:4200900000:{number}:{code};" in at(text, "policy-options")
        for neighbor in vrf.neighbors:
            group = ("routing-instances", vrf.name, "protocols", "bgp", f"group core-{neighbor.family}")
            assert {"ttl 255;", "hold-time 30;"} <= set(at(text, *group))
            said = at(text, *group, f"neighbor {neighbor.address}")
            name = f"{neighbor.link}-{vrf.name}-{neighbor.family}"
            assert {
                f"import {name}-in;",
                f"export {name}-out;",
                f'authentication-key "{neighbor.password}";',
                f"local-address {neighbor.local};",
                f"peer-as {neighbor.remote_asn};",
                "bfd-liveness-detection",
            } <= set(said)
            limit = at(text, *group, f"neighbor {neighbor.address}", f"family inet{'6' * (neighbor.family == 6)}",
                       "unicast", "prefix-limit")  # fmt: skip
            assert limit == [f"maximum {neighbor.maximum_prefix};", "teardown 90 idle-timeout 30;"]
            assert f"neighbors-{neighbor.family};" in at(
                text, "firewall", f"family inet{'6' * (neighbor.family == 6)}", f"filter to-self-{neighbor.family}",
                "term gtsm", "from", "source-prefix-list",
            )  # fmt: skip


@pytest.mark.parametrize("device", GATEWAYS)
def test_every_interface_of_a_vrf_is_in_its_zone_and_refuses_forged_sources(device):
    text, view = rendered(device), view_of(device)
    for lan in view.lans:
        assert f"{lan.name};" in at(text, "security", "zones", f"security-zone {lan.zone}", "interfaces")
        assert f"interface {lan.name};" in at(text, "routing-instances", lan.vrf)
        for family in {address.family for address in lan.addresses}:
            inside = at(text, "interfaces", lan.parent, f"unit {lan.tag}", f"family inet{'6' * (family == 6)}")
            assert "rpf-check;" in inside
    for uplink in view.uplinks:
        assert f"{uplink.name};" in at(text, "security", "zones", f"security-zone core-{uplink.vrf}", "interfaces")
        parent, _, unit = uplink.name.rpartition(".")
        for family in (4, 6):
            path = ("interfaces", parent, f"unit {unit}", f"family inet{'6' * (family == 6)}", "filter")
            assert at(text, *path) == [f"input from-core-{uplink.vrf}-{family};"]


@pytest.mark.parametrize("device", GATEWAYS)
def test_what_no_flow_allows_is_dropped_and_logged(device):
    text = rendered(device)
    assert at(text, "security", "policies", "default-policy") == ["deny-all;"]
    rest = ("security", "policies", "global", "policy nothing-else")
    assert at(text, *rest, "match") == ["source-address any;", "destination-address any;", "application any;"]
    assert at(text, *rest, "then") == ["deny;", "log"]


@pytest.mark.parametrize("device", GATEWAYS)
def test_every_flow_names_its_reason_and_reaches_its_far_side_only(device):
    text = rendered(device)
    for pair in view_of(device).pairs:
        near, far = pair.source, pair.destination
        if pair.direction == "out":
            far = f"core-{pair.far.vrf}"
        elif pair.direction == "in":
            near = f"core-{pair.far.vrf}"
        for rule in pair.rules:
            policy = ("security", "policies", f"from-zone {near} to-zone {far}", f"policy {rule.flow}")
            assert f'description "{rule.comment}";' in at(text, *policy)
            match = at(text, *policy, "match")
            assert f"source-address {pair.source + '-far' if pair.direction == 'in' else 'any'};" in match
            assert f"destination-address {pair.destination + '-far' if pair.direction == 'out' else 'any'};" in match
            if rule.protocol != "any":
                members = at(text, "applications", f"application-set {rule.flow}")
                ports = [f"-{port}" for port in rule.ports] or [""]
                assert {f"application {rule.flow}-{rule.protocol}{port};" for port in ports} <= set(members)


def test_visitors_reach_nothing_of_the_government():
    policies = at(rendered(TWO_GATEWAYS), "security", "policies", "from-zone govroam to-zone core-govroam")
    assert policies == ["policy not-internet", "policy govroam-to-internet-filtered"]
    refused = at(rendered(TWO_GATEWAYS), "security", "address-book", "global", "address-set not-internet")
    assert "address not-internet-198.18.0.0_17;" in refused
    back = at(rendered(TWO_GATEWAYS), "applications", "application-set govroam-to-internet-filtered-back")
    assert back == [f"application govroam-to-internet-filtered-{protocol};" for protocol in ("esp", "gre")]


@pytest.mark.parametrize("device", GATEWAYS)
def test_secrets_are_references(device):
    text = rendered(device)
    found = re.findall(r"(?:encrypted-password|authentication-key|secret|-password|value) \"([^\"]*)\"", text)
    assert len(found) >= 12
    assert all(value.startswith("secret://") for value in found)


@pytest.mark.parametrize("device", GATEWAYS)
def test_nothing_is_managed_in_clear_or_from_elsewhere(device):
    text, view = rendered(device), view_of(device)
    assert at(text, "system", "services") == ["ssh"]
    assert {"root-login deny;", "protocol-version v2;"} <= set(at(text, "system", "services", "ssh"))
    for server in view.syslog:
        assert {"transport tls;", "port 6514;"} <= set(at(text, "system", "syslog", f"host {server.address}"))
    for family, header in ((4, "protocol"), (6, "next-header")):
        name = ("firewall", f"family inet{'6' * (family == 6)}", f"filter to-self-{family}")
        assert at(text, *name, "term ssh", "from") == [
            "source-prefix-list", f"{header} tcp;", "destination-port ssh;",
        ]  # fmt: skip
        assert at(text, *name, "term ssh", "from", "source-prefix-list") == [f"management-{family};"]
        assert at(text, *name)[-1] == "term rest"
        assert at(text, *name, "term rest", "then") == ["count refused;", "discard;"]
    assert "community" not in at(text, "snmp")
    zones = {node.text: node for node in next(tree(text).starting("security")).walk()}
    for zone in zones.values():
        if zone.text.startswith("security-zone ") and not zone.text.endswith("mgmt"):
            assert "ssh;" not in [node.text for node in zone.walk()]


def test_two_gateways_share_the_sites_addresses_and_hand_them_over_when_they_learn_nothing():
    assert at(rendered(TWO_GATEWAYS), "protocols", "vrrp") == ["version-3;"]
    for device, own, priority in ((TWO_GATEWAYS, 2, 190), ("ce-enschede-02", 3, 180)):
        unit = ("interfaces", "ge-0/0/1", "unit 100")
        group = at(rendered(device), *unit, "family inet", f"address 198.18.2.{own}/23", "vrrp-group 4")
        assert {"virtual-address 198.18.2.1;", f"priority {priority};", "accept-data;"} <= set(group)
        six = (*unit, "family inet6", f"address 2001:db8:8004::{own}/64", "vrrp-inet6-group 6")
        assert "virtual-link-local-address fe80::6;" in at(rendered(device), *six)
        assert at(rendered(device), *six, "track") == ["route ::/0 routing-instance datanet priority-cost 50;"]
    options = ("routing-instances", "datanet", "routing-options")
    assert at(rendered(TWO_GATEWAYS), *options, "aggregate", "route 0.0.0.0/0") == [
        "policy datanet-learned;",
        "discard;",
    ]
    assert "aggregate" not in at(rendered(TWO_GATEWAYS), "routing-instances", "govroam", "routing-options")
    advertised = ("routing-instances", "datanet", "protocols", "router-advertisement", "interface ge-0/0/1.100")
    assert "virtual-router-only;" in at(rendered(TWO_GATEWAYS), *advertised)
    assert "virtual-router-only;" not in at(rendered(ONE_LINK), *advertised)
    assert "vrrp-group" not in rendered(ONE_LINK)


def test_an_untrusted_line_carries_ipsec_only():
    text, view = rendered(IPSEC), view_of(IPSEC)
    assert len(view.tunnels) == 6
    for tunnel in view.tunnels:
        gateway = at(text, "security", "ike", f"gateway {tunnel.name}")
        assert {
            f"address {tunnel.remote};",
            f"local-identity hostname {tunnel.local_id};",
            f"remote-identity hostname {tunnel.remote_id};",
            f"external-interface {tunnel.outside}.0;",
            "version v2-only;",
        } <= set(gateway)
        assert f"bind-interface st0.{tunnel.tag};" in at(text, "security", "ipsec", f"vpn {tunnel.name}")
        assert f"interface st0.{tunnel.tag};" in at(text, "routing-instances", tunnel.vrf)
    assert "encryption-algorithm aes-256-gcm;" in at(text, "security", "ike", "proposal ggi-1")
    outside = ("interfaces", "ge-0/0/0", "unit 0", "family inet6", "filter")
    assert at(text, *outside) == ["input internet-1-6;"]
    terms = at(text, "firewall", "family inet6", "filter internet-1-6")
    assert terms == ["term ike", "term esp", "term icmp", "term rest"]
    assert all("ge-0/0/0.0" not in line for vrf in view.vrfs for line in at(text, "routing-instances", vrf.name))
    assert "ike" not in at(rendered(TWO_GATEWAYS), "security")


def test_a_flow_between_two_vrfs_of_the_site_has_its_routes_both_ways():
    text = rendered(TWO_GATEWAYS)
    assert "instance-import leak-datanet;" in at(text, "routing-instances", "datanet", "routing-options")
    assert at(text, "policy-options", "policy-statement leak-datanet") == ["term mgmt-4", "term mgmt-6", "then reject;"]
    assert at(text, "policy-options", "prefix-list leak-mgmt-4") == ["198.18.2.0/23;"]


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("site", SITES)
def test_any_site_gets_a_configuration_that_passes_the_check(site, options):
    estate = on_junos(SITES[site], OPTIONS[options])
    for device in (TWO_GATEWAYS, IPSEC, ONE_LINK):
        assert [(f.line, f.message) for f in check(text_of(device, estate))] == [], device
