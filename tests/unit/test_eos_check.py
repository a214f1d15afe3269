"""The structural check of EOS configurations: each thing that can be wrong is found, and what is rendered passes."""

from __future__ import annotations

import pytest
from eos_estate import GATEWAYS, TWO_GATEWAYS, rendered

from ggi_net.check.eos import check

TEXT = rendered(TWO_GATEWAYS)


@pytest.mark.parametrize("device", GATEWAYS)
def test_what_is_rendered_passes(device):
    assert check(rendered(device)) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        # references to nothing
        ("vrf mgmt\n   ip address 198.19.192.14", "vrf mgnt\n   ip address 198.19.192.14", "vrf 'mgnt' is not defined"),
        ("ip name-server vrf mgmt", "ip name-server vrf beheer", "vrf 'beheer' is not defined"),
        ("logging vrf mgmt host", "logging vrf beheer host", "vrf 'beheer' is not defined"),
        ("ssl-profile ggi", "ssl-profile other", "SSL profile 'other' is not defined"),
        ("prefix-list mgmt-own-4\n   set", "prefix-list mgmt-own4\n   set", "IPv4 prefix list 'mgmt-own4' is not defi"),
        ("prefix-list mgmt-own-6\n   set", "prefix-list mgmt-own6\n   set", "IPv6 prefix list 'mgmt-own6' is not defi"),
        ("-datanet-4-in in\n", "-datanet-4-inn in\n", "route map 'enschede-01-asd-datanet-4-inn' is not defined"),
        ("subscribe-policy leak-mgmt-datanet", "subscribe-policy leak-x", "route map 'leak-x' is not defined"),
        ("ip access-group core-mgmt-4 in", "ip access-group x in", "IPv4 access list 'x' is not defined"),
        ("ipv6 access-group site-mgmt-6 in", "ipv6 access-group x in", "IPv6 access list 'x' is not defined"),
        ("ip access-group management-4 vrf mgmt in", "ip access-group x vrf mgmt in", "IPv4 access list 'x' is not de"),
        ("access-group control-mgmt-4 vrf", "access-group control-x vrf", "list 'control-x' is not defined"),
        ("snmp-server ipv6 access-list management-6", "snmp-server ipv6 access-list x", "IPv6 access list 'x' is not"),
        ("default start-stop group national", "default start-stop group x", "AAA group 'x' is not defined"),
        ("   server 198.19.224.13 vrf", "   server 198.19.224.14 vrf", "TACACS+ server '198.19.224.14' is not defined"),
        ("source-interface Loopback0", "source-interface Loopback1", "interface 'Loopback1' is not defined"),
        ("interface Ethernet2.340", "interface Ethernet3.340", "interface 'Ethernet3' is not defined"),
        ("ntp trusted-key 2", "ntp trusted-key 3", "NTP key '3' is not defined"),
        ("read monitoring", "read all", "SNMP view 'all' is not defined"),
        ("ggi-monitor monitoring v3", "ggi-monitor watchers v3", "SNMP group 'watchers' is not defined"),
        ("tracked-object uplink-1", "tracked-object uplink-2", "track 'uplink-2' is not defined"),
        # objects that nobody uses, and the same twice
        ("vrf instance mgmt\n", "vrf instance old\nvrf instance mgmt\n", "vrf 'old' is used nowhere"),
        ("no lldp run\n", "ip prefix-list old\n   seq 5 deny 0.0.0.0/0\n!\n", "IPv4 prefix list 'old' is used nowhere"),
        ("no lldp run\n", "no lldp run\nno lldp run\n", "stands already on line"),
        # addresses and 802.1Q ids
        ("dot1q vlan 340", "dot1q vlan 100", "802.1Q id 100 is on line"),
        ("   encapsulation dot1q vlan 340\n", "", "sub-interface Ethernet2.340 has no 802.1Q id"),
        ("ip address 198.19.128.43/31", "ip address 198.18.3.9/31", "overlaps the address on line"),
        ("vrrp 4 ipv4 198.18.130.1\n", "vrrp 4 ipv4 198.18.128.1\n", "198.18.128.1 is on no network of the interface"),
        ("ip address 198.18.130.2/23", "ip address 198.18.130.2", "not an address with its length"),
        ("vrf govroam\n   ip address 198.18.130.2/23", "ip address 198.18.130.2/23\n   vrf govroam", "drops the addr"),
        ("   ip access-group site-govroam-4 in\n", "", "Ethernet2.340 has an IPv4 address and no access list for it"),
        # sessions
        ("198.19.128.36 remote-as", "198.19.128.99 remote-as", "198.19.128.99 is on no network of VRF datanet"),
        ("      neighbor 198.19.128.36 ttl maximum-hops 1\n", "", "neighbor 198.19.128.36 has no GTSM"),
        ("      neighbor 198.19.128.36 bfd\n", "", "neighbor 198.19.128.36 has no BFD"),
        ("         neighbor 198.19.128.36 activate\n", "", "neighbor 198.19.128.36 has no activate"),
        ("198.19.128.36 maximum-routes 20000", "198.19.128.36 maximum-routes 0", "198.19.128.36 has no maximum-routes"),
        ("      neighbor 198.19.128.36 route-map enschede-01-asd-datanet-4-in in\n", "", "has no inbound filter"),
        # access lists
        ("   deny ip any any log\n!\nipv6 access-list core-", "!\nipv6 access-list core-", "its last entry is not"),
        ("   permit ip any any tracked\n", "   permit ip any any\n", "permits everything"),
        ("   remark errors", "   remark " + "x" * 101 + " errors", "a remark of"),
        # secrets
        ("secret 0 secret://enschede/emergency/password", "secret 0 hunter2", "a secret in clear"),
        ("password 0 secret://enschede/bgp/enschede-01-asd", "password 7 AQQvKeimxJu+uGQ/yYvv9w==", "a type 7 secret"),
        ("key 0 secret://federation/tacacs/key", "key 0 hunter2", "a secret in clear"),
        # words, places, and characters
        ("no lldp run\n", "crypto pki trustpoint x\n", "'crypto' is no command of the top level"),
        ("   no switchport\n", "  no switchport\n", "indented"),
        ("   no switchport\n", "   no switchport?\n", "'?' asks the device for help"),
        ("\nEOF\n", "\n", "a banner without its EOF"),
        ("!\nend\n", "!\n", "no 'end'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_found(old, new, message):
    assert old in TEXT, f"{old!r} is not in the configuration: the case tests nothing"
    found = [finding.message for finding in check(TEXT.replace(old, new, 1))]
    assert any(message in one for one in found), found
