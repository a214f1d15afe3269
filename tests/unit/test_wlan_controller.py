"""The WLAN controller: what it shows of its configuration is no drift, and it takes the changes that are sent.

The simulated controller refuses what a real one refuses: any change of a WLAN or its policy while that is open.
"""

import re

import pytest
from wlan_estate import wlan_estate

from ggi_net.check.iosxe import check
from ggi_net.config.compare import differences
from ggi_net.config.ruleset import load_rules
from ggi_net.config.statement import Reader
from ggi_net.config.tree import parse
from ggi_net.lab.command_tree import Refused
from ggi_net.lab.ios import IosDevice
from ggi_net.push.commands import commands
from ggi_net.render.device import render_device

NAME, PORT = "wlc-almelo-01", "TenGigabitEthernet0/0/0"
RULES = load_rules("cisco_c9800").of("running.cfg")
READER = Reader(RULES, b"k" * 32)
MADE_ITSELF = """\
wireless profile airtime-fairness default-atf-policy 0
wireless profile flex default-flex-profile
 description "default flex profile"
wireless profile policy default-policy-profile
 description "default policy profile"
 vlan default
wireless tag site default-site-tag
 description "default site tag"
wireless tag policy default-policy-tag
 description "default policy-tag"
wireless tag rf default-rf-tag
 description "default RF tag"
wireless rf-network default
wireless fabric control-plane default-control-plane
wireless aaa policy default-aaa-policy
wireless cts-sxp profile default-sxp-profile
wireless management trustpoint ggi-wireless
ap dot11 24ghz rf-profile Low_Client_Density_rf_24gh
 coverage data rssi threshold -90
ap profile default-ap-profile
 description "default ap profile"
ap 0011.2233.4455
 policy-tag other
trapflags ap crash
interface Vlan1
 no ip address
 shutdown
"""
"""What every controller shows besides what it was told."""


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    estate = wlan_estate(tmp_path_factory.mktemp("wlan") / "estate")
    [artifact] = render_device(estate, estate.placed(NAME))
    return artifact.text


@pytest.fixture
def text(rendered):
    """The artifact as a push resolves it."""
    return re.sub(r"secret://(\S+)", lambda found: "s-" + found[1].replace("/", "-"), rendered)


def enter(controller, text):
    def below(node, section):
        for child in node.children:
            if child.block is not None:
                controller.set_banner(child.text, child.block)
            elif child.text not in ("end", "exit"):
                below(child, controller.configure(section, child.text))

    below(parse(text), [controller.running])


def made(text):
    controller = IosDevice(NAME, "SN1", (PORT,), "x")
    enter(controller, text)
    return controller


def drift(controller, text, more=""):
    intended = READER.intended(text, "running.cfg")
    shown = controller.show_running().removesuffix("end") + more + "end\n"
    running = READER.running(shown, "running.cfg", intended)
    return [str(found) for found in differences(intended, running, RULES, "running.cfg")]


def bring(controller, text):
    intended = READER.intended(text, "running.cfg")
    lines = commands(intended, READER.running(controller.show_running(), "running.cfg", intended), RULES)
    enter(controller, "\n".join(lines) + "\n")
    return lines


def test_what_is_rendered_passes(rendered):
    assert check(rendered) == []


def test_what_it_shows_is_no_drift(text):
    assert drift(made(text), text, MADE_ITSELF) == []


@pytest.mark.parametrize(
    ("section", "line"),
    [
        ("wlan govroam 17 govroam", "shutdown"),
        ("wlan govroam 17 govroam", "security pmf mandatory"),
        ("wlan govroam 17 govroam", "no security dot1x authentication-list govroam"),
        ("wireless profile policy govroam", "aaa-override"),
        ("wireless profile policy govroam", "vlan 100"),
        ("radius server radius-almelo-01", "key 0 another"),
    ],
)
def test_what_somebody_changed_is_drift_and_is_put_right(text, section, line):
    controller = made(text)
    there = controller.configure([controller.running], section)
    controller.configure(there, "shutdown") if section.startswith("w") else None
    controller.configure(there, line)
    controller.configure(there, "no shutdown") if section.startswith("w") and line != "shutdown" else None
    assert drift(controller, text)
    bring(controller, text)
    assert drift(controller, text) == []


def test_a_wlan_is_shut_for_a_change_and_opened_again(text):
    controller = made(text)
    lines = bring(controller, text.replace("security pmf optional", "security pmf mandatory"))
    start = lines.index("wlan govroam 17 govroam")
    assert lines[start : lines.index(" exit", start)] == [
        "wlan govroam 17 govroam",
        " shutdown",
        " security pmf mandatory",
        " no shutdown",
    ]


def test_the_simulated_controller_refuses_a_change_of_an_open_wlan(text):
    controller = made(text)
    there = controller.configure([controller.running], "wlan govroam 17 govroam")
    with pytest.raises(Refused, match="needs to be disabled"):
        controller.configure(there, "security pmf mandatory")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (" security dot1x authentication-list govroam\n", "", "nobody has to log in to this WLAN"),
        (" security wpa wpa3\n", " no security wpa\n", "nobody has to log in to this WLAN"),
        (" security pmf optional\n", "", "its management frames are not protected"),
        (
            "authentication call-station-id ap-macaddress-ssid",
            "authentication call-station-id macaddress",
            "learn its SSID",
        ),
        (" accounting-list govroam\n", " aaa-override\n accounting-list govroam\n", "a RADIUS answer may choose"),
        ("authentication-list govroam", "authentication-list eduroam", "authentication list 'eduroam' is not defined"),
        ("wlan govroam 17 govroam", "wlan govroam 1 govroam", "access points with the default policy tag send it"),
        (" wlan govroam policy govroam\n", "", "WLAN 'govroam' is used nowhere"),
        ("\n tag policy govroam\n", "\n tag policy other\n", "policy tag 'other' is not defined"),
        (" vlan 340\n accounting", " vlan 341\n accounting", "VLAN '341' is not defined"),
        ("server name radius-almelo-01", "server name radius-1", "RADIUS server 'radius-1' is not defined"),
        ("key 0 secret://almelo/radius/ap-stadhuis", "key 0 geheim", "a secret in clear: artifacts hold references"),
        ("ap filter priority 1 filter-name govroam\n", "", "AP filter 'govroam' is used nowhere"),
    ],
)
def test_a_fault_is_found(rendered, old, new, message):
    assert old in rendered
    found = [finding.message for finding in check(rendered.replace(old, new, 1))]
    assert any(message in text for text in found), found
