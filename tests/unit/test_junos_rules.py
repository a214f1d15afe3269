"""Comparing Junos configurations: a device that took the artifact doesn't differ, and only what matters does."""

import re
from functools import cache

import pytest
from junos_estate import GATEWAYS, TWO_GATEWAYS, rendered
from msgspec.structs import replace

from ggi_net.config import juniper
from ggi_net.config.compare import Kind, differences
from ggi_net.config.ruleset import load_rules
from ggi_net.config.statement import Reader
from ggi_net.lab.junos import JunosDevice
from ggi_net.push.commands import tree_diff
from ggi_net.push.junos_text import loadable, masked

RULES = load_rules("juniper_junos").of("junos.conf")
KEY = b"k" * 32


@cache
def intended(device):
    """The artifact with each reference replaced by a secret of its own, as a push resolves it."""
    return re.sub(r"secret://([^\"]+)", lambda found: "s-" + found[1].replace("/", "-"), rendered(device))


def given(text, other=""):
    """What the simulated device shows after it was given `text` as a push makes it."""
    device = JunosDevice("ce-test-01", "SN1", (), "x")
    reader = Reader(RULES, KEY)
    wanted = reader.intended(text, "intended")
    there = reader.running(other or device.show_running(), "running", wanted)
    assert device.load(loadable(wanted, there, RULES), override=True) == []
    device.commit("ggi")
    return device.show_running()


def found(text, running):
    reader = Reader(RULES, KEY)
    wanted = reader.intended(text, "intended")
    return differences(wanted, reader.running(running, "running", wanted), RULES, "junos.conf")


@pytest.mark.parametrize("device", GATEWAYS)
def test_a_device_that_took_the_artifact_does_not_differ(device):
    running = given(intended(device))
    assert "## SECRET-DATA" in running
    assert "uid 2000;" in running
    assert "authentication-password" not in running
    assert found(intended(device), running) == []


SMALL = """\
system {
    host-name a;
    root-authentication {
        encrypted-password "geheim";
    }
    name-server {
        192.0.2.1;
        192.0.2.2;
    }
}
policy-options {
    policy-statement p {
        term one {
            from {
                route-filter 192.0.2.0/24 exact;
                route-filter 198.51.100.0/24 exact;
            }
            then accept;
        }
        term two {
            then reject;
        }
    }
}
protocols {
    bgp {
        group g {
            neighbor 192.0.2.9 {
                authentication-key "sleutel";
                description "two words";
            }
        }
    }
}
"""


def swapped(text, one, other):
    """The text with two of its parts in each other's place."""
    assert one in text
    assert other in text
    return text.replace(one, "\0").replace(other, one).replace("\0", other)


def kinds(running, text=SMALL):
    return [difference.kind for difference in found(text, running)]


def test_order_matters_among_terms_and_servers_and_nowhere_else():
    terms = re.findall(r"(?ms)^        term \w+ \{.*?^        \}\n", SMALL)
    assert kinds(swapped(SMALL, *terms)) == [Kind.ORDER]
    assert kinds(swapped(SMALL, "        192.0.2.1;\n", "        192.0.2.2;\n")) == [Kind.ORDER]
    assert kinds(swapped(SMALL, "192.0.2.0/24 exact", "198.51.100.0/24 exact")) == []
    sections = re.split(r"(?m)(?<=^\}\n)", SMALL)
    assert kinds("".join(reversed(sections))) == []


def test_the_forms_of_the_device_mean_the_same():
    shown = SMALL.replace('"geheim";', f'"{juniper.hash_6("geheim")}"; ## SECRET-DATA')
    shown = shown.replace('"sleutel";', f'"{juniper.encode_9("sleutel")}"; ## SECRET-DATA')
    shown = "## Last commit: 2026-11-28 10:15:00 UTC by ggi\nversion 22.4R3.25;\n" + shown
    assert kinds(shown) == []
    assert kinds(SMALL.replace('"two words"', "word"), SMALL.replace('"two words"', '"word"')) == []
    listed = SMALL.replace('description "two words";', "export [ p ];")
    assert kinds(listed.replace("[ p ]", "p"), listed) == []


@pytest.mark.parametrize(
    "shown",
    [
        SMALL.replace('"sleutel"', f'"{juniper.encode_9("andere")}"'),
        SMALL.replace('"geheim"', f'"{juniper.hash_6("ander")}"'),
    ],
)
def test_another_secret_is_a_difference_that_shows_neither(shown):
    [difference] = found(SMALL, shown)
    assert difference.kind is Kind.SECRET
    assert not re.search(r"geheim|sleutel|ander|\$[69]\$", f"{difference}")


def test_a_secret_under_a_master_password_is_taken_for_what_is_meant():
    assert kinds(SMALL.replace('"sleutel"', '"$8$aes256-gcm$hmac-sha2-256$100$abc$def"')) == []


def test_what_somebody_added_by_hand_is_found():
    [difference] = found(
        SMALL, SMALL.replace("    host-name a;\n", "    host-name a;\n    services {\n        telnet;\n    }\n")
    )
    assert difference.kind is Kind.EXTRA
    assert difference.running == "services\n telnet;"


# -- the text that a device is given -------------------------------------------------------------------


def loaded(text, running):
    reader = Reader(RULES, KEY)
    wanted = reader.intended(text, "intended")
    every = Reader(replace(RULES, ignored=()), KEY)
    return loadable(wanted, every.running(running, "running", wanted), RULES)


def test_a_secret_that_the_device_has_is_given_as_the_device_shows_it():
    key, password = juniper.encode_9("sleutel"), juniper.hash_6("geheim")
    running = SMALL.replace('"sleutel"', f'"{key}"').replace('"geheim"', f'"{password}"')
    assert f'authentication-key "{key}";' in loaded(SMALL, running)
    assert f'encrypted-password "{password}";' in loaded(SMALL, running)


def test_a_new_secret_is_given_in_a_form_of_junos():
    text = loaded(SMALL, "system {\n    host-name b;\n}\n")
    key = re.search(r'authentication-key "(.*)";', text)[1]
    password = re.search(r'encrypted-password "(.*)";', text)[1]
    assert (key[:3], password[:3]) == ("$9$", "$6$")
    assert juniper.shows(key, "sleutel")
    assert juniper.shows(password, "geheim")


def test_what_the_device_added_is_carried_over():
    user = "system {\n    login {\n        user x {\n            class super-user;\n        }\n    }\n}\n"
    numbered = user.replace("            class", "            uid 2003;\n            class")
    assert "            uid 2003;\n" in loaded(user, numbered)


def test_an_snmp_password_is_given_in_clear_and_its_key_is_not_carried_over():
    user = "snmp {\n    v3 {\n        usm {\n            local-engine {\n                user m {\n                    authentication-sha256 {\n                        %s;\n                    }\n                }\n            }\n        }\n    }\n}\n"  # noqa: E501
    text = loaded(user % 'authentication-password "een\\"twee"', user % f'authentication-key "{juniper.encode_9("x")}"')
    assert "authentication-password" in text
    assert "authentication-key" not in text


def test_a_text_that_is_loaded_again_changes_nothing():
    once = given(intended(TWO_GATEWAYS))
    device = JunosDevice("ce-test-01", "SN1", (), "x")
    device.load(loaded(intended(TWO_GATEWAYS), once), override=True)
    device.commit("ggi")
    wanted = Reader(RULES, KEY).intended(once, "once")
    assert tree_diff(wanted, Reader(RULES, KEY).running(device.show_running(), "again", wanted), RULES) == ""


def test_a_devices_diff_is_shown_without_secrets_and_without_keys_that_it_only_made_anew():
    diff = (
        "[edit snmp v3 usm local-engine user m authentication-sha256]\n"
        '-   authentication-key "$9$abc"; ## SECRET-DATA\n+   authentication-key "$9$def"; ## SECRET-DATA\n'
        "[edit protocols bgp group g neighbor 192.0.2.9]\n"
        '-   authentication-key "$9$abc"; ## SECRET-DATA\n+   authentication-key "$9$def"; ## SECRET-DATA\n'
    )
    assert masked(diff) == (
        "[edit protocols bgp group g neighbor 192.0.2.9]\n"
        "-   authentication-key <secret>; ## SECRET-DATA\n+   authentication-key <secret>; ## SECRET-DATA\n"
    )
