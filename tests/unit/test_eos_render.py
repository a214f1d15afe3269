"""What an EOS gateway is given: routing, separation, access lists without state, hardening, whatever its site has."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace as with_fields
from functools import cache
from pathlib import Path

import pytest
from eos_estate import ESTATE, GATEWAYS, ONE_LINK, TWO_GATEWAYS, UNTRUSTED, at, on_eos, rendered, text_of, tree
from eos_packets import Packet, permits
from msgspec.structs import replace
from test_iosxe_render import OPTIONS, SITES

from ggi_net.check.eos import check
from ggi_net.errors import RenderError
from ggi_net.onboard.hardware import USUAL
from ggi_net.paths import demo_folder
from ggi_net.render.explain import explain_file
from ggi_net.render.views import build_view
from ggi_net.source.files import load_estate

OFFICE, CLOUD, MGMT, ELSEWHERE = "198.18.2.7", "192.0.2.5", "198.19.0.70", "198.18.4.9"
VISITOR, INTERNET = "198.18.130.9", "9.9.9.9"
each_gateway = pytest.mark.parametrize("device", GATEWAYS)


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("site", SITES)
def test_any_site_gets_a_configuration_that_passes_the_check(site, options):
    estate = on_eos(SITES[site], OPTIONS[options])
    for device in (TWO_GATEWAYS, ONE_LINK):
        assert [(f.line, f.message) for f in check(text_of(device, estate))] == [], device


def test_a_line_that_is_not_trusted_is_refused_with_the_reason():
    with pytest.raises(RenderError) as refused:
        text_of(UNTRUSTED, on_eos(untrusted=True))
    assert refused.value.message.startswith("ce-losser-01: it has an access line that is not trusted; IPsec with cert")
    assert "Arista EOS" in refused.value.hint


@each_gateway
def test_exactly_the_own_prefixes_are_announced_and_accepted_are_neither_they_nor_bogons(device):
    view = build_view(ESTATE, ESTATE.placed(device))
    for vrf in view.vrfs:
        for family, own in ((4, vrf.own4), (6, vrf.own6)):
            words = "ip" if family == 4 else "ipv6"
            section = at(rendered(device), f"router bgp {view.asn}", f"vrf {vrf.name}", f"address-family ipv{family}")
            assert [line for line in section if line.startswith("network")] == [f"network {n.prefix}" for n in own]
            entries = at(rendered(device), f"{words} prefix-list {vrf.name}-own-{family}")
            assert [line.split()[-1] for line in entries if "permit" in line] == [n.prefix for n in own]
            core = [line.split()[2:4] for line in at(rendered(device), f"{words} prefix-list {vrf.name}-core-{family}")]
            refused = [prefix for action, prefix in core if action == "deny"]
            bogons = view.bogons4 if family == 4 else view.bogons6
            assert refused == [n.prefix for n in (*own, *bogons)]
            assert core[: len(refused)] == [["deny", prefix] for prefix in refused], "what is refused comes first"


@each_gateway
def test_every_session_has_all_that_protects_it(device):
    view = build_view(ESTATE, ESTATE.placed(device))
    for vrf in view.vrfs:
        lines = at(rendered(device), f"router bgp {view.asn}", f"vrf {vrf.name}")
        for neighbor in vrf.neighbors:
            said = {line.removeprefix(f"neighbor {neighbor.address} ") for line in lines}
            assert {
                "ttl maximum-hops 1", "bfd", "timers 10 30", f"password 0 {neighbor.password}",
                f"maximum-routes {neighbor.maximum_prefix} warning-limit 90 percent",
            } <= said  # fmt: skip
            out = at(rendered(device), f"route-map {neighbor.link}-{vrf.name}-{neighbor.family}-out permit 10")
            assert f"set large-community {vrf.community}" in out
            assert f"set metric {neighbor.med}" in out


class TestAccessLists:
    """What may pass, packet by packet: in from the site, and in from the core."""

    SITE = at(rendered(TWO_GATEWAYS), "ip access-list site-office-4")
    CORE = at(rendered(TWO_GATEWAYS), "ip access-list core-datanet-4")
    VISITORS = at(rendered(TWO_GATEWAYS), "ip access-list site-govroam-4")
    BACK = at(rendered(TWO_GATEWAYS), "ip access-list core-govroam-4")

    @pytest.mark.parametrize(
        ("entries", "packet"),
        [
            (SITE, Packet("tcp", OFFICE, CLOUD, 443)),
            (SITE, Packet("udp", OFFICE, CLOUD, 53)),
            (SITE, Packet("icmp", OFFICE, CLOUD, 8)),
            (SITE, Packet("tcp", OFFICE, ELSEWHERE, 3389)),
            (SITE, Packet("tcp", OFFICE, MGMT, 22)),
            (SITE, Packet("icmp", OFFICE, "198.18.2.1", 8)),
            (SITE, Packet("112", OFFICE, "224.0.0.18")),
            (SITE, Packet("tcp", OFFICE, "198.18.9.9", 40000, of=443, begins=False)),
            (CORE, Packet("tcp", CLOUD, OFFICE, 40000, of=443, begins=False)),
            (CORE, Packet("udp", CLOUD, OFFICE, 40000, of=53)),
            (CORE, Packet("udp", CLOUD, OFFICE, 123, of=123)),
            (CORE, Packet("icmp", CLOUD, OFFICE, 3)),
            (CORE, Packet("icmp", CLOUD, OFFICE, 0)),
            (CORE, Packet("tcp", "198.18.9.9", OFFICE, 443)),
            (CORE, Packet("tcp", ELSEWHERE, OFFICE, 445)),
            (CORE, Packet("tcp", "198.19.128.36", "198.19.128.37", 179)),
            (VISITORS, Packet("tcp", VISITOR, INTERNET, 443)),
            (BACK, Packet("tcp", INTERNET, VISITOR, 40000, of=443, begins=False)),
        ],
    )
    def test_what_a_flow_allows_passes_and_so_does_what_comes_back(self, entries, packet):
        assert permits(entries, packet)

    @pytest.mark.parametrize(
        ("entries", "packet"),
        [
            (SITE, Packet("tcp", OFFICE, CLOUD, 22)),
            (SITE, Packet("tcp", OFFICE, MGMT, 80)),
            (SITE, Packet("tcp", OFFICE, VISITOR, 443)),
            (SITE, Packet("tcp", VISITOR, CLOUD, 443)),
            (SITE, Packet("tcp", OFFICE, INTERNET, 443)),
            (SITE, Packet("tcp", OFFICE, "198.18.9.9", 40000, of=443)),
            (CORE, Packet("tcp", CLOUD, OFFICE, 443)),
            (CORE, Packet("tcp", CLOUD, OFFICE, 40000, of=443)),
            (CORE, Packet("tcp", CLOUD, OFFICE, 40000, of=8080, begins=False)),
            (CORE, Packet("udp", CLOUD, OFFICE, 161, of=53)),
            (CORE, Packet("udp", CLOUD, OFFICE, 40000, of=9999)),
            (CORE, Packet("tcp", OFFICE, OFFICE, 443)),
            (CORE, Packet("tcp", "127.0.0.1", OFFICE, 443)),
            (CORE, Packet("icmp", CLOUD, OFFICE, 8)),
            (VISITORS, Packet("tcp", VISITOR, OFFICE, 443)),
            (VISITORS, Packet("tcp", VISITOR, CLOUD, 443)),
            (VISITORS, Packet("tcp", VISITOR, INTERNET, 25)),
            (BACK, Packet("tcp", INTERNET, VISITOR, 443)),
            (BACK, Packet("tcp", OFFICE, VISITOR, 40000, of=443, begins=False)),
            (BACK, Packet("udp", INTERNET, VISITOR, 137, of=443)),
        ],
    )
    def test_what_none_allows_does_not(self, entries, packet):
        assert not permits(entries, packet)

    @each_gateway
    def test_each_list_has_a_twin_of_the_other_family_and_ends_in_a_denial_that_is_logged(self, device):
        lists = [
            n for n in tree(rendered(device)).children if re.match(r"ipv?6? access-list (site|core|control)-", n.text)
        ]
        names = {n.text.partition("access-list ")[2] for n in lists}
        assert {name[:-1] for name in names if name.endswith("4")} == {
            name[:-1] for name in names if name.endswith("6")
        }
        assert {n.children[-1].text for n in lists} == {"deny ip any any log", "deny ipv6 any any log"}

    @each_gateway
    def test_the_gateway_itself_answers_to_management_and_neighbors_only(self, device):
        view = build_view(ESTATE, ESTATE.placed(device))
        for vrf in view.vrfs:
            entries = at(rendered(device), f"ip access-list control-{vrf.name}-4")
            own = next((a.address for a in vrf.loopbacks if a.family == 4), "198.18.0.1")
            assert permits(entries, Packet("tcp", "198.19.224.9", own, 22)) == (vrf.name == "mgmt")
            assert permits(entries, Packet("udp", "198.19.224.9", own, 161)) == (vrf.name == "mgmt")
            assert not permits(entries, Packet("tcp", OFFICE, own, 22))
            assert not permits(entries, Packet("tcp", OFFICE, own, 179))
            for neighbor in vrf.neighbors:
                if neighbor.family == 4:
                    assert permits(entries, Packet("tcp", neighbor.address, neighbor.local, 179))
                    assert permits(entries, Packet("udp", neighbor.address, neighbor.local, 3784))
        applied = at(rendered(device), "system control-plane")
        assert len(applied) == 2 * len(view.vrfs)

    def test_visitors_to_an_open_internet_can_be_answered_and_no_more(self):
        entries = at(rendered(ONE_LINK), "ip access-list core-govroam-4")
        visitor = "198.18.128.130"
        assert permits(entries, Packet("udp", INTERNET, visitor, 50000, of=443))
        assert not permits(entries, Packet("udp", INTERNET, visitor, 53, of=53))
        assert not permits(entries, Packet("tcp", INTERNET, visitor, 22))


@each_gateway
def test_every_interface_with_an_address_filters_what_comes_in(device):
    for interface in tree(rendered(device)).starting("interface"):
        said = [line.text for line in interface.children]
        name = interface.text.partition(" ")[2]
        if "." in name:
            assert sum(line.startswith(("ip access-group ", "ipv6 access-group ")) for line in said) == 2, name
            assert [line.split()[0] for line in said].index("vrf") < [line.split()[0] for line in said].index("ip")
        if name.startswith("Ethernet2."):
            assert "ip verify unicast source reachable-via rx" in said
        elif "." in name:
            assert "ipv6 nd ra disabled all" in said


def test_two_gateways_share_the_sites_addresses_and_one_does_not():
    one, two = (text_of(f"ce-enschede-0{n}") for n in (1, 2))
    shared = re.findall(r"(?m)^   vrrp \d ipv[46] (?!version)\S+$", one)
    assert shared == re.findall(r"(?m)^   vrrp \d ipv[46] (?!version)\S+$", two)
    assert len(shared) == 9
    assert "vrrp 4 priority-level 190" in one
    assert "vrrp 4 priority-level 180" in two
    assert "router-preference high" in one
    assert "router-preference high" not in two
    assert not re.search(r"(?m)^ +vrrp |^track ", rendered(ONE_LINK))


def test_a_flow_between_vrfs_leaks_the_prefixes_of_its_two_ends_and_no_other():
    text = rendered(TWO_GATEWAYS)
    assert at(text, "router general", "vrf datanet") == [
        "leak routes source-vrf mgmt subscribe-policy leak-datanet-mgmt"
    ]
    assert at(text, "ip prefix-list leak-datanet-mgmt-4") == ["seq 5 permit 198.19.0.64/27"]
    assert at(text, "ipv6 prefix-list leak-mgmt-datanet-6") == ["seq 5 permit 2001:db8:8004::/64"]
    assert "router general" not in rendered(ONE_LINK)


@each_gateway
def test_secrets_are_references_and_nothing_is_managed_in_clear_or_from_elsewhere(device):
    text = rendered(device)
    secrets = re.findall(r"(?m)(?:password|secret|key) 0 (\S+)$|sha1 0 (\S+)$|sha256 (\S+) priv aes (\S+)$", text)
    assert len(secrets) > 5
    assert all(value.startswith("secret://") for found in secrets for value in found if value)
    assert at(text, "management ssh")[-2:] == ["shutdown", "vrf mgmt"]
    assert at(text, "management ssh", "vrf mgmt") == ["no shutdown"]
    assert "no snmp-server vrf default" in text
    assert not re.search(r"(?m)^(management (telnet|api)|snmp-server community)", text)
    assert all("protocol tls ssl-profile ggi" in line for line in re.findall(r"(?m)^logging vrf mgmt host .*$", text))


def test_a_description_can_not_add_a_line():
    gemeente = replace(
        ESTATE.gemeenten[0],
        links=tuple(
            replace(link, line=replace(link.line, provider="X\nno aaa root\n!", reference="\x1b[2J"))
            for link in ESTATE.gemeenten[0].links
        ),
    )
    estate = with_fields(ESTATE, gemeenten=(gemeente, *ESTATE.gemeenten[1:]))
    text = text_of(ONE_LINK, estate)
    assert len(re.findall(r"(?m)^ *no aaa root$", text)) == 1
    assert "\x1b" not in text


TEMPLATES_OWN = {
    '" prefer" if loop.first else ""',
    '":" if not loop.first else ""',
    '"any host 224.0.0.18" if family == 4 else "fe80::/10 host ff02::12"',
    '"back of " if back else ""',
    '"ip" if family == 4 else "ipv6"',
    "0 if family == 4 else 129",
    "10 if family == 4 else 20",
    "1000 + loop.index * 5",
    "2000 + loop.index * 5",
    "8 if family == 4 else 128",
    "command",
    "family",
    "icmp",
    "ip",
    "longest",
    "loop.index",
    "loop.index * 5",
    "port",
    "type",
}
"""What the templates print without reading any record: words of EOS, numbers in a list."""


@pytest.fixture(scope="module")
def estate(tmp_path_factory):
    """The demo estate as files in which the IOS-XE gateways run EOS."""
    folder = tmp_path_factory.mktemp("eos") / "estate"
    shutil.copytree(demo_folder(), folder)
    words = {"cisco_iosxe": "arista_eos", **dict(zip(USUAL["cisco_iosxe"], USUAL["arista_eos"], strict=True))}
    for file in folder.rglob("*.yml"):
        file.write_text(re.sub("|".join(words), lambda found: words[found[0]], file.read_text()))
    return load_estate(folder)


def test_explain_tells_the_template_line_and_clause_of_each_line_and_the_field_of_each_value(estate):
    told = computed = 0
    for found in explain_file(estate, TWO_GATEWAYS, "running.cfg"):
        assert found.templates, found
        assert found.clause, found
        for value in found.values:
            if not value.origin:
                assert value.expression in TEMPLATES_OWN, found
                continue
            computed += value.note.startswith("computed")
            told += not value.note
            if not value.note:
                assert value.place, found
                line = lines(value.place.file)[value.place.line - 1][value.place.column - 1 :]
                key = re.match(r'"?([A-Za-z0-9_.-]+)"?:( |$)', line)
                assert key, value
                assert value.field == key[1] or value.field.endswith(f".{key[1]}"), value
    assert computed * 20 < told


@cache
def lines(file):
    return Path(file).read_text().splitlines()
