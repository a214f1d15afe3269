"""Artifacts of Debian gateways and cores, read as FRR and nftables read them: what passes a filter, what does not."""

from __future__ import annotations

import ipaddress
import re

import pytest

from ggi_net.model.network import Role
from ggi_net.paths import demo_folder
from ggi_net.render.device import render_device
from ggi_net.render.views import build_view
from ggi_net.source.files import load_estate

ESTATE = load_estate(demo_folder())
FRR = {name: placed for name, placed in ESTATE.devices.items() if placed.device.platform == "frr"}
GATEWAYS = [name for name, placed in FRR.items() if placed.device.role is Role.CE]
CORES = [name for name, placed in FRR.items() if placed.device.role is Role.CORE]
VIEWS = {name: build_view(ESTATE, placed) for name, placed in FRR.items()}
TEXTS = {name: {a.file: a.text for a in render_device(ESTATE, placed)} for name, placed in FRR.items()}

_ENTRY = re.compile(r"^ip(?:v6)? prefix-list (\S+) seq (\d+) (permit|deny) (\S+)(?: le (\d+))?$", re.MULTILINE)


def prefix_lists(device):
    """The prefix lists of a device: by name, (action, network, longest) in order of sequence number."""
    found = {}
    for name, number, action, prefix, longest in _ENTRY.findall(TEXTS[device]["frr.conf"]):
        entry = None if prefix == "any" else ipaddress.ip_network(prefix)
        found.setdefault(name, []).append((int(number), action, entry, int(longest) if longest else None))
    return {name: [entry[1:] for entry in sorted(entries, key=lambda e: e[0])] for name, entries in found.items()}


def permits(entries, prefix):
    """Whether a prefix list lets `prefix` through: the first entry that matches decides, none denies."""
    asked = ipaddress.ip_network(prefix)
    for action, network, longest in entries:
        limit = network.prefixlen if network and longest is None else longest
        if network is None or (asked.subnet_of(network) and asked.prefixlen <= limit):
            return action == "permit"
    return False


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_a_gateway_refuses_its_own_prefixes_and_parts_of_them(gateway):
    lists = prefix_lists(gateway)
    for vrf in VIEWS[gateway].vrfs:
        for ref in vrf.own6 + vrf.own4:
            entries = lists[f"{vrf.name}{ref.family}-in"]
            whole = ipaddress.ip_network(ref.prefix)
            assert not permits(entries, ref.prefix)
            assert not permits(entries, f"{whole[0]}/{whole.max_prefixlen}")


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_a_gateway_announces_its_own_and_nothing_else(gateway):
    lists = prefix_lists(gateway)
    for vrf in VIEWS[gateway].vrfs:
        for family, own in ((6, vrf.own6), (4, vrf.own4)):
            permitted = [str(network) for action, network, _ in lists[f"{vrf.name}{family}-out"] if action == "permit"]
            assert permitted == [ref.prefix for ref in own]


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_a_gateway_takes_other_gemeenten_but_no_bogons_and_no_default_route_on_the_datanet(gateway):
    lists = prefix_lists(gateway)
    for prefix in ("2001:db8:8ff0::/64", "198.18.100.0/24"):
        family = 6 if ":" in prefix else 4
        assert permits(lists[f"datanet{family}-in"], prefix)
    for bogon in ("::/0", "0.0.0.0/0", "127.0.0.0/8", "fe80::/64", "fc00::/8", "224.0.0.0/4", "192.168.0.0/24"):
        family = 6 if ":" in bogon else 4
        assert not permits(lists[f"datanet{family}-in"], bogon)


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_visitors_get_a_default_route_and_nothing_else(gateway):
    lists = prefix_lists(gateway)
    assert permits(lists["govroam6-in"], "::/0")
    assert permits(lists["govroam4-in"], "0.0.0.0/0")
    assert not permits(lists["govroam6-in"], "2001:db8:a004::/64")
    assert not permits(lists["govroam4-in"], "198.18.130.0/23")


@pytest.mark.parametrize("core", CORES)
def test_a_core_takes_from_a_gateway_what_it_was_allocated_and_nothing_longer_or_shorter(core):
    lists = prefix_lists(core)
    for vrf in VIEWS[core].vrfs:
        for customer in vrf.customers:
            for ref in customer.prefixes6 + customer.prefixes4:
                entries = lists[f"{customer.name}{ref.family}"]
                allocated = ipaddress.ip_network(ref.prefix)
                assert permits(entries, ref.prefix)
                assert not permits(entries, str(allocated.supernet()))
                if allocated.prefixlen < allocated.max_prefixlen:
                    assert not permits(entries, str(next(allocated.subnets())))


@pytest.mark.parametrize("device", FRR)
def test_every_session_has_a_key_gtsm_bfd_filters_and_a_limit(device):
    text = TEXTS[device]["frr.conf"]
    for session in VIEWS[device].neighbors:
        lines = [line.strip() for line in text.splitlines() if f"neighbor {session.address} " in line]
        words = " ".join(lines)
        assert f"password {session.password}" in words
        if session.policy == "core":
            continue  # inside the core: no GTSM between iBGP peers in FRR, the firewall asks for TTL 255
        # In FRR 8.4 BFD is single-hop with ttl-security only when both come from a peer group.
        group = f"{'CE' if device in CORES else 'CORE'}{session.family}"
        assert f"peer-group {group}" in words
        assert f" neighbor {group} ttl-security hops 1\n" in text
        assert f" neighbor {group} bfd profile ggi\n" in text
        assert re.search(r"prefix-list \S+ in", words)
        assert "maximum-prefix" in words
        assert device in CORES or re.search(r"prefix-list \S+ out", words)


@pytest.mark.parametrize("device", FRR)
def test_every_name_that_a_session_uses_is_defined(device):
    text = TEXTS[device]["frr.conf"]
    for kind, define in (("prefix-list", r"prefix-list {} seq"), ("route-map", r"route-map {} permit")):
        for name in set(re.findall(rf"neighbor \S+ {kind} (\S+) (?:in|out)", text)):
            assert re.search(rf"^(?:ip |ipv6 |){define.format(re.escape(name))}", text, re.MULTILINE), name


@pytest.mark.parametrize("device", FRR)
def test_a_firewall_replaces_its_own_table_only_and_denies_by_default(device):
    text = TEXTS[device]["nftables.conf"]
    assert "flush ruleset" not in text
    assert text.index("delete table inet ggi") < text.index("table inet ggi {")
    for chain in ("input", "forward"):
        assert f"type filter hook {chain} priority filter; policy drop;" in text


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_every_rule_of_a_flow_names_the_flow_and_its_reason(gateway):
    text = TEXTS[gateway]["nftables.conf"]
    for pair in VIEWS[gateway].pairs:
        body = text.split(f"\tchain {pair.name} {{\n", 1)[1].split("\t}\n", 1)[0]
        rules = body.strip().splitlines()
        comments = [rule.comment for rule in pair.rules]
        assert rules
        assert all(re.search(r'comment "([^"]+)"$', rule).group(1) in comments for rule in rules)


@pytest.mark.parametrize("device", FRR)
def test_ike_and_esp_are_let_in_only_where_tunnels_end(device):
    text = TEXTS[device]["nftables.conf"]
    assert ("dport { 500, 4500 }" in text) == VIEWS[device].has_ipsec
    assert ("swanctl.conf" in TEXTS[device]) == VIEWS[device].has_ipsec
    assert ("keepalived.conf" in TEXTS[device]) == VIEWS[device].has_vrrp


@pytest.mark.parametrize("core", CORES)
def test_visitors_are_translated_traceably_at_the_core(core):
    assert f"snat ip to {VIEWS[core].nat4}" in TEXTS[core]["nftables.conf"]
    assert "event_mask=0x00000005" in TEXTS[core]["ulogd.conf"]


@pytest.mark.parametrize("device", FRR)
def test_each_interface_that_a_file_names_is_made(device):
    made = set(re.findall(r"^iface (\S+)", TEXTS[device]["interfaces"], re.MULTILINE))
    for file in ("nftables.conf", "keepalived.conf", "radvd.conf"):
        text = TEXTS[device].get(file, "")
        named = set(re.findall(r'"((?:eth|ipsec)[0-9.]+)"', text)) | set(
            re.findall(r"^\s*interface (\S+)", text, re.MULTILINE)
        )
        assert named <= made, file
    assert {vrf.name for vrf in VIEWS[device].vrfs} <= made
