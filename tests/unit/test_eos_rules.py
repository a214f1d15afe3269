"""The comparison rules of EOS: a device that took the artifact doesn't differ, and only what matters is a difference.

The simulated device shows what it was given as a real one does: names for numbers in access lists, secrets in forms of
its own, no defaults.
"""

from __future__ import annotations

import re

import pytest
from eos_estate import GATEWAYS, ONE_LINK, TWO_GATEWAYS, on_eos, rendered, text_of
from test_iosxe_render import OPTIONS, SITES

from ggi_net.config.arista import behind, decode_bgp, encode_bgp, localized
from ggi_net.config.compare import Kind, differences
from ggi_net.config.juniper import hash_6
from ggi_net.config.ruleset import load_rules
from ggi_net.config.statement import Reader
from ggi_net.lab.eos import EosDevice
from ggi_net.lab.eos_session import EosSession
from ggi_net.lab.misbehave import Misbehaviour
from ggi_net.push.commands import commands

RULES = load_rules("arista_eos").of("running.cfg")
PORTS = ("Ethernet1", "Ethernet2", "Ethernet3")


def resolved(text):
    """The artifact with each reference replaced by a secret of its own, as a push resolves it."""
    return re.sub(r"secret://(\S+)", lambda found: "s-" + found[1].replace("/", "-"), text)


def fresh():
    return EosDevice("d1", "SN1", PORTS, "x", 60.0, Misbehaviour())


def enter(device, lines):
    """Enter lines in a configuration session, and commit it; fails when the device refuses one."""
    session = EosSession(device, privileged=True)
    session.enter("configure session test")
    for line in lines:
        said = session.enter(line)
        assert not said, f"{line}: {said}"
    session.enter("commit")
    session.end()


def between(intended, shown):
    reader = Reader(RULES, b"k" * 32)
    wanted = reader.intended(intended, "running.cfg")
    there = reader.running(shown, "running.cfg", wanted)
    return commands(wanted, there, RULES), differences(wanted, there, RULES, "running.cfg")


def bring(device, text):
    """Enter what leads to `text`; give the commands and the differences that are left."""
    lines, _ = between(text, device.show_running())
    enter(device, lines)
    return lines, between(text, device.show_running())[1]


def given(name):
    """A device that read the artifact of a gateway as it stands, as from a file."""
    device = fresh()
    device.running = device.read(resolved(rendered(name))).running
    return device


@pytest.mark.parametrize("name", GATEWAYS)
def test_a_device_that_was_given_the_artifact_as_it_stands_does_not_differ(name):
    device = given(name)
    lines, left = between(resolved(rendered(name)), device.show_running())
    assert (lines, left) == ([], [])
    assert device.read(device.show_running()).body() == device.body(), "what it shows it also takes"


CHANGES = [
    ("as it is", "all"), ("as it is", "least"), ("IPv6 only", "none"), ("no VLANs", "none"),
    ("two VLANs a zone", "all"), ("two prefixes a VLAN", "least"),
]  # fmt: skip


@pytest.mark.parametrize(("site", "options"), CHANGES)
def test_there_and_back(site, options):
    """What is sent is taken, leads to what is intended, and nothing of the old configuration stays."""
    old = resolved(rendered(TWO_GATEWAYS))
    new = resolved(text_of(TWO_GATEWAYS, on_eos(SITES[site], OPTIONS[options])))
    device = given(TWO_GATEWAYS)
    before = sorted(device.body().splitlines())
    lines, left = bring(device, new)
    assert lines
    assert left == []
    _, left = bring(device, old)
    assert left == []
    assert sorted(device.body().splitlines()) == before


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("description office", "description kantoor", Kind.CHANGED),
        ("   ip access-group site-office-4 in\n", "", Kind.MISSING),
        ("no lldp run\n", "", Kind.MISSING),
        ("neighbor 198.19.128.36 maximum-routes 20000", "neighbor 198.19.128.36 maximum-routes 50000", Kind.CHANGED),
        ("hostname ce-enschede-01\n", "hostname ce-enschede-01\n!\nusername eve secret sha512 $6$a$b\n", Kind.EXTRA),
        ("   idle-timeout 5\n", "   idle-timeout 0\n", Kind.CHANGED),
    ],
)  # fmt: skip
def test_what_somebody_changed_is_one_difference_of_its_kind(old, new, kind):
    device = given(TWO_GATEWAYS)
    shown = device.show_running()
    assert old in shown
    _, found = between(resolved(rendered(TWO_GATEWAYS)), shown.replace(old, new, 1))
    assert [difference.kind for difference in found] == [kind]
    assert "$6$a$b" not in str(found)


def test_the_order_of_an_access_list_has_a_meaning_and_its_numbers_have_none():
    shown = given(ONE_LINK).show_running()
    text = resolved(rendered(ONE_LINK))
    [first, second] = re.findall(r"(?m)^   \d+ permit udp 198.18.1.0/26 .*$", shown)[:2]
    assert between(text, re.sub(r"(?m)^   (\d+) (permit|deny|remark)", r"   1\1 \2", shown))[1] == []
    swapped = shown.replace(first, "@").replace(second, first).replace("@\n", f"{second}\n")
    _, found = between(text, swapped)
    assert {difference.kind for difference in found} == {Kind.ORDER}


def test_an_access_list_that_differs_is_made_anew_and_nothing_else_is_touched():
    device = given(ONE_LINK)
    text = resolved(rendered(ONE_LINK))
    changed = text.replace("   permit tcp 198.18.1.0/26 192.0.2.0/27 eq 443\n", "", 1)
    lines, _ = between(changed, device.show_running())
    assert "no ip access-list site-office-4" in lines
    section = lines[lines.index("ip access-list site-office-4") :]
    assert section.index(" exit") == section.index(" deny ip any any log") + 1
    assert [line for line in lines if line.startswith(("no ", "router", "ipv6"))] == ["no ip access-list site-office-4"]


class TestSecrets:
    """In whatever form a device shows them, they are the same, and another one is another one."""

    @pytest.mark.parametrize("secret", ["secret://enschede/bgp/enschede-01-asd", "secret://federation/tacacs/key",
                                        "secret://federation/ntp/key", "secret://federation/snmp/auth",
                                        "secret://enschede/emergency/password"])  # fmt: skip
    def test_another_secret_is_a_difference_that_names_none(self, secret):
        shown = given(TWO_GATEWAYS).show_running()
        other = resolved(rendered(TWO_GATEWAYS).replace(secret, f"{secret}-2"))
        lines, found = between(other, shown)
        assert {difference.kind for difference in found} == {Kind.SECRET}
        assert not re.search(r"s-\w+-|\$6\$| 7 [0-9A-F]{8}", str(found))
        assert lines

    def test_a_bgp_key_is_shown_as_a_real_device_shows_it(self):
        assert encode_bgp("arista123", "MLAG-IPv4-UNDERLAY-PEER") == "vnEaG8gMeQf3d3cN6PktXQ=="
        assert decode_bgp("q+VNViP5i4rVjW1cxFv2wA==", "EVPN-OVERLAY-PEERS") == "arista123"

    @pytest.mark.parametrize("key", ["", "a", "abcd", "k" * 79])
    def test_a_bgp_key_of_any_length_comes_back_for_its_own_neighbor_only(self, key):
        shown = encode_bgp(key, "2001:db8::1")
        assert decode_bgp(shown, "2001:db8::1") == key
        assert decode_bgp(shown, "2001:db8::2") is None

    @pytest.mark.parametrize("shown", ["", "!", "AAAA", "AAAAAAAAAAA=", "07"])
    def test_what_is_no_bgp_key_is_none(self, shown):
        assert decode_bgp(shown, "192.0.2.1") is None

    def test_snmp_keys_are_localized_as_rfc_3414_has_it(self):
        """Appendix A.3.2: SHA-1 of `maplesyrup` for engine 00..02."""
        keys = localized("sha1 maplesyrup priv aes maplesyrup", "000000000000000000000002")
        assert keys == "sha1 6695febc9288e36282235fc7151f128497b38f3f priv aes 6695febc9288e36282235fc7151f1284"

    def test_each_form_leads_to_the_secret_that_is_meant(self):
        known = {"sha256 one priv aes two"}
        shown = localized("sha256 one priv aes two", "f5717f")
        assert behind(shown, "localized:f5717f", known, "") == "sha256 one priv aes two"
        assert behind(shown.replace(" priv aes ", " priv aes 0x"), "localized:f5717f", known, "") in known
        assert behind(shown, "localized:f5717e", known, "") == shown
        assert behind(hash_6("one", "salt"), "sha512", {"one", "two"}, "") == "one"
        assert behind("anything", "8a", {"one"}, "") == "one", "only the device has the key to it"
        assert behind("plain", "0", {"one"}, "") == "plain"
