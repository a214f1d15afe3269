"""From one IOS-XE configuration to another and back: what is sent is taken, and nothing of the old one stays.

The simulated router refuses what a real one refuses: to give up a policy, a class or a profile that is in use, and a
prefix-list entry whose number is taken.
"""

import re
from dataclasses import replace as with_fields

import pytest
from test_iosxe_render import ESTATE, OPTIONS, SITES, as_cisco, text_of

from ggi_net.config.compare import differences
from ggi_net.config.ruleset import load_rules
from ggi_net.config.statement import Reader
from ggi_net.config.tree import parse
from ggi_net.lab.command_tree import Refused
from ggi_net.lab.ios import IosDevice
from ggi_net.push.commands import commands

RULES = load_rules("cisco_iosxe").of("running.cfg")
TWO_GATEWAYS, IPSEC = "ce-enschede-01", "ce-enschede-bibliotheek-01"


def configuration(device, site, options):
    """The artifact of a device whose site and options are changed, with a secret behind each reference."""
    estate = with_fields(ESTATE, gemeenten=tuple(as_cisco(g, SITES[site], OPTIONS[options]) for g in ESTATE.gemeenten))
    return re.sub(r"secret://(\S+)", lambda found: "s-" + found[1].replace("/", "-"), text_of(device, estate))


def enter(router, node, section):
    for child in node.children:
        if child.block is not None:
            router.set_banner(child.text, child.block)
        elif child.text not in ("end", "exit"):
            enter(router, child, router.configure(section, child.text))


def router_with(text):
    router = IosDevice("r1", "SN1", ("GigabitEthernet1", "GigabitEthernet2"), "x")
    enter(router, parse(text), [router.running])
    return router


def bring(router, text):
    """Enter what leads to `text`; give the commands and the differences that are left."""
    reader = Reader(RULES, b"k" * 32)
    intended = reader.intended(text, "running.cfg")
    lines = commands(intended, reader.running(router.show_running(), "running.cfg", intended), RULES)
    enter(router, parse("\n".join(lines) + "\n"), [router.running])
    running = reader.running(router.show_running(), "running.cfg", intended)
    return lines, differences(intended, running, RULES, "running.cfg")


CHANGES = [
    ("as it is", "all"),
    ("as it is", "least"),
    ("IPv6 only", "none"),
    ("no VLANs", "none"),
    ("two VLANs a zone", "all"),
    ("two prefixes a VLAN", "least"),
]


@pytest.mark.parametrize("device", [TWO_GATEWAYS, IPSEC])
@pytest.mark.parametrize(("site", "options"), CHANGES)
def test_there_and_back(device, site, options):
    old, new = configuration(device, "as it is", "none"), configuration(device, site, options)
    router = router_with(old)
    before = router.show_running()
    lines, left = bring(router, new)
    assert lines
    assert left == []
    _, left = bring(router, old)
    assert left == []
    assert unnumbered(router.show_running()) == unnumbered(before)


def unnumbered(text):
    """The lines, sorted; an access list that was changed has other numbers before its entries than a new one."""
    return sorted(re.sub(r"^ (sequence )?\d+ ", " ", line) for line in text.split("\n"))


def test_nothing_is_sent_to_a_router_that_has_it_all():
    text = configuration(TWO_GATEWAYS, "as it is", "all")
    lines, left = bring(router_with(text), text)
    assert (lines, left) == ([], [])


def test_a_router_that_has_nothing_gets_it_all():
    router = IosDevice("r1", "SN1", ("GigabitEthernet1", "GigabitEthernet2"), "x")
    _, left = bring(router, configuration(IPSEC, "as it is", "all"))
    assert left == []


def test_a_policy_in_use_is_emptied_and_filled_again():
    old, new = configuration(TWO_GATEWAYS, "as it is", "least"), configuration(TWO_GATEWAYS, "as it is", "all")
    router = router_with(old)
    with pytest.raises(Refused, match="is being used"):
        router.configure([router.running], "no policy-map type inspect govroam-out")
    lines, left = bring(router, new)
    assert left == []
    assert "no policy-map type inspect govroam-out" not in lines
    assert lines.index("policy-map type inspect govroam-out") < lines.index(
        "no class-map type inspect match-any govroam-to-internet-open-out"
    )
