"""The structural check of Junos: the rendered configurations pass, and every rule finds the fault that it is for.

Each case takes a rendered configuration, breaks one thing in it, and names the finding that must come of it.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from junos_estate import IPSEC, TWO_GATEWAYS, rendered

from ggi_net.check.junos import check

TRUSTED, UNTRUSTED = rendered(TWO_GATEWAYS), rendered(IPSEC)


def messages(text):
    return [finding.message for finding in check(text)]


def replaced(text, old, new):
    assert old in text, f"{old!r} is not in the configuration: the case tests nothing"
    return text.replace(old, new, 1)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        # references to nothing
        ("import enschede-01-asd-datanet-4-in;", "import nowhere;", "policy 'nowhere' is not defined"),
        ("from policy datanet-core-4;", "from policy datanet-cor-4;", "policy 'datanet-cor-4' is not defined, did you"),
        ("instance-import leak-mgmt;", "instance-import leak;", "policy 'leak' is not defined"),
        ("filter datanet-own-4 orlonger;", "filter own orlonger;", "prefix list 'own' is not defined"),
        ("    neighbors-4;", "    neighbours-4;", "prefix list 'neighbours-4' is not defined"),
        ("community set mgmt;", "community set mgnt;", "community 'mgnt' is not defined, did you mean 'mgmt'?"),
        ("input from-core-mgmt-4;", "input from-core-mgmt-6;", "IPv4 filter 'from-core-mgmt-6' is not defined"),
        ("input to-self-6;", "input to-self-4;", "IPv6 filter 'to-self-4' is not defined"),
        ("policer icmp;", "policer icnp;", "policer 'icnp' is not defined"),
        ("from-zone office to-zone core-datanet", "from-zone offices to-zone core-datanet", "zone 'offices' is not"),
        ("screen plain;", "screen strict;", "screen 'strict' is not defined"),
        ("destination-address cloud-far;", "destination-address cloud;", "address 'cloud' is not defined"),
        ("application office-to-cloud;", "application [ office-to-cloud x ];", "application 'x' is not defined"),
        ("application office-to-cloud-tcp-443;", "application tcp-443;", "application 'tcp-443' is not defined"),
        ("ca-profiles ggi;", "ca-profiles other;", "CA profile 'other' is not defined"),
        ("class administrator;", "class admin;", "login class 'admin' is not defined"),
        ("routing-instance mgmt priority", "routing-instance beheer priority", "routing instance 'beheer' is not"),
        ("instance datanet;", "instance data;", "routing instance 'data' is not defined"),
        ("read-view monitoring;", "read-view all;", "SNMP view 'all' is not defined"),
        ("trusted-key 2;", "trusted-key 1;", "NTP key '1' is not defined"),
        ("        interface ge-0/0/1.100;\n", "        interface ge-0/0/1.101;\n", "ge-0/0/1.101 is not configured"),
        # what nobody uses
        ("            instance-import leak-mgmt;\n", "", "policy 'leak-mgmt' is used nowhere"),
        # structure
        ("    host-name ", "    hostname ", "'hostname' is no statement of 'system', did you mean 'host-name'?"),
        ("system {\n", "sytem {\n", "'sytem' is no statement of the top level"),
        (
            "    max-configurations-on-flash 14;",
            "    max-configurations-on-flash 14",
            "a statement ends in a semicolon",
        ),
        ("ttl 255;", "ttl 255; hold-time 30;", "two statements on one line"),
        ("    domain-name", "   domain-name", "indented by 3 where its section stands at 4"),
        ("accept-data;", "accept-data;\n                        accept-data;", "'accept-data;' stands already on line"),
        ("trusted-key 2;", "trusted-key 2;\n        trusted-key 3;", "the last one would count"),
        ("            rpf-check;\n", "            rpf-check {\n            }\n", "'rpf-check' opens no section"),
        ("version-3;", "version-3;\x07", "has no place in a configuration"),
        # interfaces and separation
        ("vlan-id 340;", "vlan-id 100;", "802.1Q id 100 is on line"),
        ("            vlan-id 100;\n", "", "ge-0/0/1 is tagged, and this unit has no 802.1Q id"),
        ("address 198.18.2.2/23 {", "address 198.18.2.2/33 {", "'198.18.2.2/33' is no address of family inet"),
        ("virtual-address 198.18.2.1;", "virtual-address 198.19.2.1;", "198.19.2.1 is not on the network of its"),
        ("                ge-0/0/1.340;\n", "                ge-0/0/1.100;\n", "ge-0/0/1.340 is in no zone"),
        # sessions
        ("                    ttl 255;\n", "", "group core-4 has no 'ttl 255', which GTSM asks for"),
        ("export enschede-01-asd-datanet-4-out;", "", "neighbor 198.19.128.36 has no export policy"),
        ("peer-as 4200900000;", "", "neighbor 198.19.128.36 has no peer-as"),
        (
            "neighbor 198.19.128.36 {",
            "neighbor 198.19.128.99 {",
            "neighbor 198.19.128.99 is on no network of 'datanet'",
        ),
        # what Junos or the firewall needs
        ("        deny-all;\n", "        permit-all;\n", "the firewall's default is not said to be 'deny-all'"),
        ("secret://federation/tacacs/key", "geheim", "a secret in clear: artifacts hold references"),
    ],
)
def test_a_fault_is_found(old, new, message):
    found = messages(replaced(TRUSTED, old, new))
    assert any(message in said for said in found), found


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("proposals [ ggi-1 ggi-2 ];", "proposals [ ggi-1 ggi-3 ];", "IKE proposal 'ggi-3' is not defined"),
        ("ike-policy ggi;", "ike-policy gg;", "IKE policy 'gg' is not defined"),
        ("ipsec-policy ggi;", "ipsec-policy gg;", "IPsec policy 'gg' is not defined"),
        ("gateway enschede-bibliotheek-asd-mgmt;", "gateway other;", "IKE gateway 'other' is not defined"),
    ],
)
def test_a_fault_of_ipsec_is_found(old, new, message):
    found = messages(replaced(UNTRUSTED, old, new))
    assert any(message in said for said in found), found


def test_a_section_without_its_brace_is_named():
    assert messages(TRUSTED.rstrip().removesuffix("}") + "\n") == ["a section without its closing brace"]


def test_the_same_network_may_be_in_two_instances_and_not_twice_in_one():
    other = replaced(TRUSTED, "address 198.18.130.2/23 {", "address 198.18.2.9/23 {")
    assert not any("overlaps" in said for said in messages(other))
    same = replaced(TRUSTED, "address 198.19.128.43/31;", "address 198.18.2.9/23;")
    assert any("overlaps the address on line" in said for said in messages(same))


def test_a_policy_says_what_becomes_of_the_rest():
    begin = TRUSTED.index("    policy-statement datanet-core-4 {")
    end = TRUSTED.index("        then reject;\n    }\n", begin)
    text = TRUSTED[:end] + TRUSTED[end:].replace("        then reject;\n", "", 1)
    assert any("datanet-core-4 does not say what becomes of the rest" in said for said in messages(text))


def test_a_finding_names_the_line():
    [finding] = check(replaced(TRUSTED, "    host-name ", "    hostname "))
    assert TRUSTED.split("\n")[finding.line - 1].strip().startswith("host-name")


@given(st.text(alphabet=st.sampled_from('abc {};\n"#[]/*\\ '), max_size=200))
def test_any_text_gets_findings_and_never_an_exception(text):
    check(text)
