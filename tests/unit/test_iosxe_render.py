"""What an IOS-XE gateway is given: routing, separation, firewall, tunnels and hardening, whatever its site has."""

import re
import zlib
from dataclasses import replace as with_fields

import pytest
from msgspec.structs import replace

from ggi_net.check.iosxe import check
from ggi_net.config.tree import parse
from ggi_net.model.network import Role
from ggi_net.paths import demo_folder
from ggi_net.render.device import render_device
from ggi_net.render.views import build_view
from ggi_net.source.files import load_estate

ESTATE = load_estate(demo_folder())
DEVICES = [p.device.name for p in ESTATE.devices.values() if p.device.platform == "cisco_iosxe"]
TWO_GATEWAYS, IPSEC, ONE_LINK = "ce-enschede-01", "ce-enschede-bibliotheek-01", "ce-almelo-werf-01"


def text_of(device, estate=ESTATE):
    [artifact] = render_device(estate, estate.placed(device))
    return artifact.text


TREES = {device: parse(text_of(device)) for device in DEVICES}


def sections(device, words):
    return {node.text: [child.text for child in node.children] for node in TREES[device].starting(words)}


def lines(device):
    return [node.text for node in TREES[device].walk()]


@pytest.mark.parametrize("device", DEVICES)
def test_exactly_the_own_prefixes_are_announced(device):
    view = build_view(ESTATE, ESTATE.placed(device))
    router = next(TREES[device].starting("router bgp"))
    for vrf in view.vrfs:
        for family, own in ((4, vrf.own4), (6, vrf.own6)):
            [section] = router.starting(f"address-family ipv{family} vrf {vrf.name}")
            networks = {node.text for node in section.starting("network")}
            if family == 4:
                assert networks == {f"network {net.address} mask {net.netmask}" for net in own}
            else:
                assert networks == {f"network {net.prefix.upper()}" for net in own}
            command = "ip" if family == 4 else "ipv6"
            permitted = re.findall(
                rf"(?m)^{command} prefix-list {vrf.name}-own-{family} seq \d+ permit (\S+)$", text_of(device)
            )
            assert permitted == [net.prefix.upper() for net in own]


@pytest.mark.parametrize("device", DEVICES)
def test_a_core_can_not_give_back_our_own_prefixes_or_bogons(device):
    entries = re.findall(r"(?m)^ip prefix-list mgmt-core-4 seq (\d+) (deny|permit) (\S+)", text_of(device))
    assert [int(seq) for seq, _, _ in entries] == sorted(int(seq) for seq, _, _ in entries)
    actions = [action for _, action, _ in entries]
    assert actions == sorted(actions), "every deny stands before the first permit"
    denied = {prefix for _, action, prefix in entries if action == "deny"}
    view = build_view(ESTATE, ESTATE.placed(device))
    mgmt = next(vrf for vrf in view.vrfs if vrf.name == "mgmt")
    assert denied == {net.prefix for net in (*mgmt.own4, *view.bogons4)}


@pytest.mark.parametrize("device", DEVICES)
def test_every_session_names_the_gemeente_and_its_traffic_class(device):
    code = int(ESTATE.placed(device).organisation.code[2:])
    for traffic, vrf in ((1, "datanet"), (2, "govroam"), (3, "mgmt")):
        outbound = [
            node for node in TREES[device].starting("route-map") if re.search(rf"-{vrf}-[46]-out permit 10$", node.text)
        ]
        assert outbound
        for node in outbound:
            assert f"set large-community 4200900000:{traffic}:{code}" in [child.text for child in node.children]


@pytest.mark.parametrize("device", DEVICES)
def test_every_interface_in_a_vrf_is_in_a_zone_and_refuses_forged_sources(device):
    checked = 0
    for name, found in sections(device, "interface").items():
        if any(line.startswith("vrf forwarding") for line in found) and name != "interface Loopback0":
            checked += 1
            assert any(line.startswith("zone-member security ") for line in found), name
            spoofing = ("ip verify unicast source reachable-via rx", "ip access-group from-core-")
            spoofing6 = ("ipv6 verify unicast source reachable-via rx", "ipv6 traffic-filter from-core-")
            assert any(line.startswith(spoofing) for line in found), name
            assert any(line.startswith(spoofing6) for line in found), name
    assert checked >= 6


@pytest.mark.parametrize("device", DEVICES)
def test_what_no_flow_allows_is_dropped_and_logged_between_every_pair_of_zones(device):
    for node in TREES[device].starting("policy-map type inspect"):
        last = node.children[-1]
        assert last.text == "class class-default"
        assert last.children[0].text == ("drop" if node.text.endswith("to-self-site") else "drop log")
    zones = {node.text.split()[2] for node in TREES[device].starting("zone security")}
    for near in zones - {"core-datanet", "core-govroam", "core-mgmt"}:
        for direction in ("out", "in"):
            assert any(
                node.text.startswith(f"zone-pair security {near}-{direction} ") for node in TREES[device].children
            )


@pytest.mark.parametrize("device", DEVICES)
def test_every_flow_names_its_reason(device):
    view = build_view(ESTATE, ESTATE.placed(device))
    reasons = {rule.reason for pair in view.pairs for rule in pair.rules}
    described = {
        child.text.removeprefix("description ")
        for node in TREES[device].starting("class-map type inspect")
        for child in node.starting("description")
    }
    assert reasons
    assert reasons <= described


def test_filtered_visitors_reach_the_ports_of_govroam_and_nothing_of_the_government():
    [found] = TREES[TWO_GATEWAYS].starting("ip access-list extended govroam-to-internet-filtered-out-4")
    entries = [child.text for child in found.children]
    assert "permit tcp any any eq 993" in entries
    assert "permit tcp any any eq 23" not in entries
    assert entries.index("deny ip any 198.18.0.0 0.0.127.255") < entries.index("permit tcp any any eq 993")
    assert entries[-1] == "deny ip any any"


@pytest.mark.parametrize("device", DEVICES)
def test_secrets_are_references(device):
    text = text_of(device)
    assert not re.search(r"(?m)^\s*(?:neighbor \S+ password|key) 0 (?!secret://)", text)
    assert not re.search(r"(?:secret|password|key) 7 ", text)
    assert text.count("secret://") >= 7


@pytest.mark.parametrize("device", DEVICES)
def test_nothing_is_managed_in_clear_or_from_elsewhere(device):
    found = lines(device)
    for line in (
        "no ip http server",
        "no ip http secure-server",
        "no ip source-route",
        "ip ssh version 2",
        "password encryption aes",
        "aaa new-model",
        "no logging console",
        "ntp authenticate",
    ):
        assert line in found
    assert not any(line.startswith("snmp-server community") for line in found)
    for line, inside in sections(device, "line vty").items():
        assert "transport input ssh" in inside, line
        assert "access-class management-4 in vrf-also" in inside
        assert "ipv6 access-class management-6 in" in inside
    hosts = [line for line in found if line.startswith("logging host")]
    assert hosts
    assert all(" vrf mgmt transport tls profile national" in line for line in hosts)


def test_two_gateways_share_the_sites_addresses_and_one_does_not():
    assert "fhrp version vrrp v3" in lines(TWO_GATEWAYS)
    first, second = (sections(device, "interface") for device in (TWO_GATEWAYS, "ce-enschede-02"))
    assert "ip address 198.18.2.2 255.255.254.0" in first["interface GigabitEthernet2.100"]
    assert "ip address 198.18.2.3 255.255.254.0" in second["interface GigabitEthernet2.100"]
    for device, priority in ((TWO_GATEWAYS, 190), ("ce-enschede-02", 180)):
        [interface] = TREES[device].starting("interface GigabitEthernet2.100")
        for group, address in (
            ("4 address-family ipv4", "198.18.2.1 primary"),
            ("6 address-family ipv6", "FE80::6 primary"),
        ):
            [shared] = interface.starting(f"vrrp {group}")
            inside = [child.text for child in shared.children]
            assert f"priority {priority}" in inside
            assert f"address {address}" in inside
            assert "track 100 decrement 50" in inside
    assert not any(line.startswith(("vrrp", "track", "ip sla")) for line in lines(ONE_LINK))
    assert "ip address 198.18.1.1 255.255.255.192" in sections(ONE_LINK, "interface")["interface GigabitEthernet2.100"]


def test_an_untrusted_line_carries_ipsec_only():
    view = build_view(ESTATE, ESTATE.placed(IPSEC))
    interfaces, profiles = sections(IPSEC, "interface"), sections(IPSEC, "crypto ikev2 profile")
    assert len(view.tunnels) == 6
    for tunnel in view.tunnels:
        inside = interfaces[f"interface {tunnel.interface}"]
        assert f"vrf forwarding {tunnel.vrf}" in inside
        assert "tunnel mode ipsec dual-overlay" in inside
        assert f"tunnel protection ipsec profile {tunnel.name}" in inside
        assert f"match identity remote fqdn {tunnel.remote_id}" in profiles[f"crypto ikev2 profile {tunnel.name}"]
        assert "authentication remote ecdsa-sig" in profiles[f"crypto ikev2 profile {tunnel.name}"]
    assert sections(IPSEC, "crypto ikev2 proposal")["crypto ikev2 proposal ggi-1"] == [
        "encryption aes-gcm-256",
        "prf sha384",
        "group 20",
    ]
    outside = interfaces["interface GigabitEthernet1"]
    assert "ipv6 traffic-filter internet-1-6 in" in outside
    assert not any(line.startswith(("vrf forwarding", "zone-member")) for line in outside)
    assert not any("crypto ikev2" in line for line in lines(TWO_GATEWAYS))


# -- any site ------------------------------------------------------------------------------------------


def as_cisco(gemeente, change, options):
    """The gemeente with every gateway on IOS-XE, its VLANs changed and its options set."""
    names = {"eth0": "GigabitEthernet1", "eth1": "GigabitEthernet2"}

    def device(found):
        if found.role is not Role.CE:
            return found
        ports = tuple(replace(port, name=names.get(port.name, port.name)) for port in found.ports)
        return replace(found, platform="cisco_iosxe", ports=ports)

    sites = tuple(
        replace(site, devices=tuple(device(d) for d in site.devices), vlans=change(site.vlans))
        for site in gemeente.sites
    )
    links = tuple(
        replace(link, end=replace(link.end, port=names.get(link.end.port, link.end.port))) for link in gemeente.links
    )
    return replace(gemeente, sites=sites, links=links, options={**gemeente.options, **options})


def other(prefix):
    """A prefix of the same length that nobody else in the demo estate has."""
    if ":" not in prefix:
        return prefix.replace("198.18.", "198.20.").replace("198.19.", "198.21.")
    number = zlib.crc32(prefix.encode())
    return f"2001:db8:{0x7000 + number % 0xFFF:x}:{number >> 16:x}::/64"


def only(family):
    return lambda vlans: tuple(
        replace(vlan, prefixes=tuple(p for p in vlan.prefixes if (":" in p) == (family == 6))) for vlan in vlans
    )


SITES = {
    "as it is": lambda vlans: vlans,
    "IPv6 only": only(6),
    "IPv4 only": only(4),
    "no VLANs": lambda vlans: (),
    "offices only": lambda vlans: tuple(vlan for vlan in vlans if vlan.zone == "office"),
    "two VLANs a zone": lambda vlans: (
        *vlans,
        *(replace(v, vid=v.vid + 1, name=f"{v.name}2", prefixes=tuple(other(p) for p in v.prefixes)) for v in vlans),
    ),
    "two prefixes a VLAN": lambda vlans: tuple(
        replace(v, prefixes=v.prefixes + tuple(other(p) for p in v.prefixes)) for v in vlans
    ),
}
OPTIONS = {
    "none": {},
    "all": {
        "govroam.port_policy": "filtered",
        "mgmt.local_administrators": True,
        "office.publish_to_datanet": True,
        "cloud.callbacks": True,
        "mgmt.contact": "servicedesk",
        "syslog.local_servers": ["198.18.0.9", "2001:db8:8000::9"],
    },
    "least": {"govroam.port_policy": "open", "cloud.services": []},
}


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("site", SITES)
def test_any_site_gets_a_configuration_that_passes_the_check(site, options):
    gemeenten = tuple(as_cisco(g, SITES[site], OPTIONS[options]) for g in ESTATE.gemeenten)
    estate = with_fields(ESTATE, gemeenten=gemeenten)
    gateways = [p.device.name for p in estate.devices.values() if p.device.role is Role.CE]
    assert len(gateways) == 8
    for device in gateways:
        assert [(f.line, f.message) for f in check(text_of(device, estate))] == [], device


def test_two_vlans_of_a_zone_without_a_flow_between_them_are_kept_apart():
    gemeenten = tuple(as_cisco(g, SITES["two VLANs a zone"], {}) for g in ESTATE.gemeenten)
    text = text_of(ONE_LINK, with_fields(ESTATE, gemeenten=gemeenten))
    pair = "zone-pair security govroam-govroam source govroam destination govroam\n"
    assert f"{pair} service-policy type inspect govroam-govroam\n" in text
    assert "policy-map type inspect govroam-govroam\n class class-default\n  drop log\n" in text
