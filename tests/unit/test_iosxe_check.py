"""The structural check of IOS-XE: the rendered configurations pass, and every rule finds the fault that it is for.

Each case takes a rendered configuration, breaks one thing in it, and names the finding that must come of it.
"""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ggi_net.check.iosxe import check
from ggi_net.paths import demo_folder
from ggi_net.render.device import render_device
from ggi_net.source.files import load_estate

ESTATE = load_estate(demo_folder())
DEVICES = [p.device.name for p in ESTATE.devices.values() if p.device.platform == "cisco_iosxe"]


def rendered(device):
    [artifact] = render_device(ESTATE, ESTATE.placed(device))
    return artifact.text


TRUSTED = rendered("ce-enschede-01")
UNTRUSTED = rendered("ce-enschede-bibliotheek-01")


def messages(text):
    return [finding.message for finding in check(text)]


def replaced(text, old, new, count=1):
    assert old in text, f"{old!r} is not in the configuration: the case tests nothing"
    return text.replace(old, new, count)


@pytest.mark.parametrize("device", DEVICES)
def test_what_is_rendered_passes(device):
    assert check(rendered(device)) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        # references to nothing
        ("ip vrf forwarding mgmt\n", "ip vrf forwarding mgnt\n", "vrf 'mgnt' is not defined, did you mean 'mgmt'?"),
        ("address-family ipv4 vrf govroam\n", "address-family ipv4 vrf guest\n", "vrf 'guest' is not defined"),
        ("vrf mgmt transport tls", "vrf beheer transport tls", "vrf 'beheer' is not defined"),
        ("tls profile national\n", "tls profile local\n", "TLS profile 'local' is not defined"),
        ("client-id-trustpoint ggi", "client-id-trustpoint other", "trustpoint 'other' is not defined"),
        ("prefix-list mgmt-own-4\n", "prefix-list mgmt-own4\n", "IPv4 prefix list 'mgmt-own4' is not defined"),
        ("prefix-list mgmt-own-6\n", "prefix-list mgmt-own6\n", "IPv6 prefix list 'mgmt-own6' is not defined"),
        ("-datanet-4-in in\n", "-datanet-4-inn in\n", "route map 'enschede-01-asd-datanet-4-inn' is not defined"),
        ("import map leak-mgmt-4", "import map leak-4", "route map 'leak-4' is not defined"),
        ("ip access-group from-core-mgmt-4 in", "ip access-group x in", "IPv4 access list 'x' is not defined"),
        ("ipv6 traffic-filter from-core-mgmt-6 in", "ipv6 traffic-filter x in", "IPv6 access list 'x' is not defined"),
        ("access-class management-4 in vrf-also", "access-class x in vrf-also", "IPv4 access list 'x' is not defined"),
        ("ipv6 access-class management-6 in", "ipv6 access-class x in", "IPv6 access list 'x' is not defined"),
        ("quiet-mode access-class management-4", "quiet-mode access-class x", "IPv4 access list 'x' is not defined"),
        ("access ipv6 management-6 management-4\n", "access ipv6 x y\n", "IPv6 access list 'x' is not defined"),
        ("ntp access-group ipv4 peer time-4", "ntp access-group ipv4 peer x", "IPv4 access list 'x' is not defined"),
        ("match access-group name to-self-site-4", "match access-group name x", "access list 'x' is not defined"),
        (" class punted-icmp\n", " class punted-imcp\n", "class map 'punted-imcp' is not defined"),
        ("input punted", "input punched", "policy map 'punched' is not defined, did you mean 'punted'?"),
        ("class type inspect office-to-mgmt-local", "class type inspect x", "inspection class map 'x' is not defined"),
        ("service-policy type inspect office-out", "service-policy type inspect x", "inspection policy map 'x' is not"),
        ("zone-member security office", "zone-member security officer", "zone 'officer' is not defined"),
        ("source office destination core-datanet", "source office destination core", "zone 'core' is not defined"),
        ("default start-stop group national", "default start-stop group x", "AAA group 'x' is not defined"),
        ("server name national-2", "server name national-3", "TACACS+ server 'national-3' is not defined"),
        ("source-interface Loopback0 vrf mgmt", "source-interface Loopback1 vrf mgmt", "interface 'Loopback1' is not"),
        ("interface GigabitEthernet2.340", "interface GigabitEthernet3.340", "interface 'GigabitEthernet3' is not"),
        ("ntp trusted-key 1", "ntp trusted-key 2", "NTP key '2' is not defined"),
        ("read monitoring", "read all", "SNMP view 'all' is not defined"),
        ("ggi-monitor monitoring v3", "ggi-monitor watchers v3", "SNMP group 'watchers' is not defined"),
        ("track 100 decrement", "track 99 decrement", "track '99' is not defined"),
        ("track 1 ip sla 1 ", "track 1 ip sla 9 ", "probe '9' is not defined"),
        # objects that nobody uses
        ("vrf definition mgmt\n", "vrf definition old\nvrf definition mgmt\n", "vrf 'old' is used nowhere"),
        ("login delay 2\n", "ip prefix-list old seq 5 deny 0.0.0.0/0\n", "IPv4 prefix list 'old' is used nowhere"),
        ("login delay 2\n", "zone security old\n", "zone 'old' is used nowhere"),
        # sections and lines twice
        ("zone security govroam\n", "zone security govroam\nzone security govroam\n", "stands already on line"),
        (" rd 4200900000:1030\n", " rd 4200900000:1030\n rd 4200900000:1030\n", "stands already on line"),
        # addresses and 802.1Q ids
        ("encapsulation dot1Q 340", "encapsulation dot1Q 100", "802.1Q id 100 is on line"),
        (" encapsulation dot1Q 340\n", "", "sub-interface GigabitEthernet2.340 has no 802.1Q id"),
        ("ip address 198.19.128.43 255", "ip address 198.18.3.9 255", "overlaps the address on line"),
        ("ipv6 address 2001:DB8:FF00::2B/127", "ipv6 address 2001:DB8:8004::9/127", "overlaps the address on line"),
        ("address 198.18.130.1 primary", "address 198.18.128.1 primary", "198.18.128.1 is on no network of the"),
        ("address 198.18.130.1 primary", "address gateway primary", "'gateway' is not an address"),
        ("ip address 198.18.130.2 255.255.254.0", "ip address 198.18.130.2", "not an address with a mask"),
        (" zone-member security govroam\n", "", "GigabitEthernet2.340 is in a VRF and in no zone"),
        # sessions
        (
            "198.19.128.36 remote-as",
            "198.19.128.99 remote-as",
            "neighbor 198.19.128.99 is on no network of VRF datanet",
        ),
        ("neighbor 198.19.128.36 description", "neighbor 198.19.128.36 description " + "x" * 80, "the device takes 80"),
        ("  neighbor 198.19.128.36 remote-as 4200900000\n", "", "neighbor 198.19.128.36 has no remote-as"),
        ("  neighbor 198.19.128.36 activate\n", "", "neighbor 198.19.128.36 has no activate"),
        ("  neighbor 198.19.128.36 ttl-security hops 1\n", "", "neighbor 198.19.128.36 has no ttl-security"),
        ("  neighbor 198.19.128.36 maximum-prefix 20000 90 restart 30\n", "", "198.19.128.36 has no maximum-prefix"),
        ("  neighbor 198.19.128.36 route-map enschede-01-asd-datanet-4-in in\n", "", "has no inbound filter"),
        ("  neighbor 198.19.128.36 route-map enschede-01-asd-datanet-4-out out\n", "", "has no outbound filter"),
        ("  neighbor 198.19.128.36 password 0 secret://enschede/bgp/enschede-01-asd\n", "", "has no session key"),
        # secrets
        ("password 0 secret://enschede/bgp/enschede-01-asd", "password 7 0822455D0A16", "a type 7 secret: artifacts"),
        ("key 0 secret://federation/tacacs/key", "key geheim", "a secret in clear: artifacts hold references"),
        ("scrypt secret secret://enschede/emergency/password", "scrypt secret geheim", "a secret in clear"),
        ("auth sha-2 256 secret://federation/snmp/auth", "auth sha-2 256 geheim", "a secret in clear"),
        ("priv aes 128 secret://federation/snmp/privacy", "priv aes 128 geheim", "a secret in clear"),
        ("cmac-aes-128 secret://federation/ntp/key", "cmac-aes-128 geheim", "a secret in clear"),
        # the wrong section, and words that nobody knows
        (" encapsulation dot1Q 340\n", "encapsulation dot1Q 340\n", "'encapsulation' is no command of the top level"),
        (" rd 4200900000:1030\n", "  rd 4200900000:1030\n", "indented below 'description management and RADIUS'"),
        ("office\n description", "office\n  description", "indented by 2 where its section stands at 1"),
        ("hostname ce", "hostnaam ce", "'hostnaam' is no command of the top level, did you mean 'hostname'?"),
        (" activate\n exit", " activate\n  shut\n exit", "'shut' is no command of 'address-family ipv4 vrf datanet'"),
        ("\nend\n", "\nend\nhostname x\n", "'end' is not the last line"),
        ("\nend\n", "\n", "no 'end'"),
        # characters and lengths
        (" remark the federation's clocks", " remark wie?", "'?' asks the device for help"),
        (" remark the federation's clocks", " remark \x16", "the character '\\x16' has no place"),
        (" remark the federation's clocks", " remark a\tb", "the character '\\t' has no place"),
        (" remark the federation's clocks", " remark één", "the character '\\xe9' has no place"),
        (" remark the federation's clocks", " remark " + "x" * 101, "a remark of 101 characters; the device takes 100"),
        ("policy-map punted", "policy-map " + "p" * 41, "the name of a policy-map of 41 characters"),
        ("description management and RADIUS", "description " + "x" * 250, "263 characters; the device takes 254"),
        ("\nend\n", "\nend", "the last line does not end"),
        # banners
        ("banner login #", "banner login ^C", "the banner's delimiter '^C' is not one character"),
        ("\n#\n!\nend", "\nend", "a banner without its closing delimiter #"),
        ("vastgelegd", "vast#gelegd", "is no command of the top level"),
    ],
)
def test_a_fault_is_found(old, new, message):
    found = messages(replaced(TRUSTED, old, new))
    assert any(message in text for text in found), found


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("\n proposal ggi-2", "\n proposal ggi-3", "IKEv2 proposal 'ggi-3' is not defined"),
        ("set ikev2-profile enschede-bibliotheek-asd-mgmt", "set ikev2-profile x", "IKEv2 profile 'x' is not defined"),
        ("ipsec profile enschede-bibliotheek-asd-mgmt\n!", "ipsec profile x\n!", "IPsec profile 'x' is not defined"),
        ("set transform-set ggi", "set transform-set x", "transform set 'x' is not defined"),
        ("pki trustpoint ggi\n lifetime", "pki trustpoint x\n lifetime", "trustpoint 'x' is not defined"),
        ("0.0.0.0 0.0.0.0 GigabitEthernet1 ", "0.0.0.0 0.0.0.0 GigabitEthernet9 ", "interface 'GigabitEthernet9' is"),
        ("ipv6 route ::/0 GigabitEthernet1 ", "ipv6 route ::/0 GigabitEthernet9 ", "interface 'GigabitEthernet9' is"),
    ],
)
def test_a_fault_of_ipsec_is_found(old, new, message):
    found = messages(replaced(UNTRUSTED, old, new))
    assert any(message in text for text in found), found


def test_what_the_device_needs_first_must_come_first():
    section = re.search(r"vrf definition mgmt\n(?:[ !].*\n)+", TRUSTED)[0]
    moved = replaced(TRUSTED, section, "").replace("\nend\n", f"\n{section}end\n")
    assert any("vrf 'mgmt' is used before it is defined on line" in text for text in messages(moved))


def test_an_interface_gets_its_vrf_and_its_802_1q_id_before_its_addresses():
    late = replaced(TRUSTED, " vrf forwarding govroam\n ip address 198.18.130.2 255.255.254.0\n", "")
    late = replaced(late, "zone-member security govroam\n", "zone-member security govroam\n" + "LATE")
    late = late.replace("LATE", " ip address 198.18.130.2 255.255.254.0\n vrf forwarding govroam\n")
    assert "'vrf forwarding' after an address: the device drops the address" in messages(late)
    swapped = replaced(TRUSTED, " encapsulation dot1Q 340\n", "")
    swapped = replaced(
        swapped, "zone-member security govroam\n", "zone-member security govroam\n encapsulation dot1Q 340\n"
    )
    assert "'encapsulation' after an address: the device refuses the address" in messages(swapped)


def test_the_same_network_may_be_in_two_vrfs():
    other_vrf = replaced(TRUSTED, "ip address 198.19.128.39 255", "ip address 198.18.3.9 255")
    assert not any("overlaps" in text for text in messages(other_vrf))


def test_a_finding_names_the_line():
    broken = replaced(TRUSTED, "zone-member security govroam", "zone-member security guests")
    line = broken.split("\n").index(" zone-member security guests") + 1
    assert [(f.line, f.message) for f in check(broken)] == [(line, "zone 'guests' is not defined")]


def test_a_configuration_that_is_cut_off_is_refused():
    assert messages(TRUSTED[: len(TRUSTED) // 2])


@given(st.text(max_size=300))
@example("interface x\n ip address\n ipv6 address 1\n vrrp 1 address-family ipv4\n  address\nend\n")
@example("router bgp 1\n address-family ipv4 vrf x\n  neighbor\nend\n")
@example("")
def test_any_text_gets_findings_and_never_an_exception(text):
    check(text)


words = st.sampled_from([line for line in TRUSTED.split("\n") if line])


@given(st.lists(words, max_size=40).map("\n".join))
def test_any_shuffle_of_real_lines_gets_findings_and_never_an_exception(text):
    assert check(text)
