"""The drift rules of IOS-XE: a device that took the artifact doesn't differ, and only what matters is a difference."""

import re

import pytest

from ggi_net.config.compare import Kind, differences
from ggi_net.config.ruleset import load_rules
from ggi_net.config.statement import Reader
from ggi_net.config.tree import parse
from ggi_net.lab.ios import IosDevice
from ggi_net.paths import demo_folder
from ggi_net.render.device import render_device
from ggi_net.source.files import load_estate

ESTATE = load_estate(demo_folder())
DEVICES = [p.device.name for p in ESTATE.devices.values() if p.device.platform == "cisco_iosxe"]
RULES = load_rules("cisco_iosxe").of("running.cfg")
NAME = "ce-enschede-01"
AS_SHOWN = """\
Building configuration...

Current configuration : 71234 bytes
!
! Last configuration change at 03:00:01 UTC Mon Nov 23 2026
version 17.12
service call-home
platform qfp utilization monitor load 80
license udi pid C8200L-1N-4T sn FGL0000
multilink bundle-name authenticated
crypto pki trustpoint SLA-TrustPoint
 enrollment pkcs12
 revocation-check crl
crypto pki certificate chain ggi
 certificate 01
  30820330 30820218
  \tquit
redundancy
 mode none
ip forward-protocol nd
"""


def rendered(device):
    """The artifact with each reference replaced by a secret of its own, as a push resolves it."""
    [artifact] = render_device(ESTATE, ESTATE.placed(device))
    return re.sub(r"secret://(\S+)", lambda found: "s-" + found[1].replace("/", "-"), artifact.text)


def running(device):
    """What the simulated router shows after it was given the artifact line by line."""
    router = IosDevice(device, "SN1", ("GigabitEthernet1", "GigabitEthernet2"), "x")

    def enter(node, section):
        for child in node.children:
            if child.block is not None:
                router.set_banner(child.text, child.block)
            elif child.text != "end":
                below = router.configure(section, child.text)
                enter(child, below)

    enter(parse(rendered(device)), [router.running])
    return router.show_running()


def compared(device, shown):
    reader = Reader(RULES, b"k" * 32)
    intended = reader.intended(rendered(device), "running.cfg")
    return differences(intended, reader.running(shown, "running.cfg", intended), RULES, "running.cfg")


SHOWN = running(NAME)


def replaced(old, new):
    assert SHOWN.count(old), f"{old!r} is not in the running configuration: the case tests nothing"
    return SHOWN.replace(old, new, 1)


@pytest.mark.parametrize("device", DEVICES)
def test_a_device_that_took_the_artifact_does_not_differ(device):
    assert compared(device, running(device)) == []


def test_the_device_shows_secrets_in_forms_of_its_own():
    assert "scrypt" not in SHOWN
    assert re.search(r"username ggi-emergency privilege 15 secret 9 \$9\$", SHOWN)
    assert re.search(r"neighbor \S+ password 7 [0-9A-F]+", SHOWN)
    assert not re.search(r"\bs-(federation|enschede)-", re.sub(r"snmp-server user .*", "", SHOWN))


def test_what_a_device_adds_by_itself_is_no_drift():
    body = SHOWN[SHOWN.index("\nversion 17.12\n") + len("\nversion 17.12\n") :]
    assert compared(NAME, AS_SHOWN + body) == []


def test_defaults_that_a_device_hides_are_no_drift():
    hidden = re.sub(
        r"(?m)^(?: exec-timeout 10 0| timeout 5|snmp-server user .*|logging trap informational"
        r"|ip ssh version 2|no cdp run)\n",
        "",
        SHOWN,
    )
    assert len(hidden) < len(SHOWN) - 200
    assert compared(NAME, hidden) == []


def test_the_order_of_interfaces_neighbors_and_logging_hosts_has_no_meaning():
    sections = re.split(r"(?m)^(?=\S)", SHOWN)
    interfaces = [s for s in sections if s.startswith("interface ")]
    others = [s for s in sections if not s.startswith("interface ")]
    assert compared(NAME, "".join(others[:-1] + interfaces[::-1] + others[-1:])) == []
    hosts = re.findall(r"(?m)^logging host .*\n", SHOWN)
    assert len(hosts) == 2
    assert compared(NAME, replaced("".join(hosts), "".join(hosts[::-1]))) == []


def test_the_order_of_an_access_list_has_a_meaning():
    first = re.search(r"ip access-list extended from-core-mgmt-4\n( .*\n)( .*\n)( .*\n)", SHOWN)
    moved = SHOWN.replace(first[0], first[0].replace(first[2] + first[3], first[3] + first[2]))
    assert [d.kind for d in compared(NAME, moved)] == [Kind.ORDER]


def test_the_order_of_a_policys_classes_has_a_meaning():
    classes = re.search(r"policy-map punted\n( class .*\n  .*\n)( class .*\n  .*\n)", SHOWN)
    moved = SHOWN.replace(classes[0], f"policy-map punted\n{classes[2]}{classes[1]}")
    assert [d.kind for d in compared(NAME, moved)] == [Kind.ORDER]


@pytest.mark.parametrize(
    "line",
    [
        r"neighbor 198\.19\.128\.36 password 7 (\S+)",
        r"username ggi-emergency privilege 15 secret 9 (\S+)",
        r"enable secret 9 (\S+)",
        r"ntp authentication-key 1 cmac-aes-128 (\S+) 7",
        r"(?m)^ key 7 (\S+)",
    ],
)
def test_a_changed_secret_is_drift_and_is_never_shown(line):
    found = re.search(line, SHOWN)
    assert found, line
    other = "$9$aaaaaaaaaaaaaa$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" if "$9$" in found[1] else "03070A180500"
    changed = SHOWN[: found.start(1)] + other + SHOWN[found.end(1) :]
    [difference] = compared(NAME, changed)
    assert difference.kind is Kind.SECRET
    assert other not in repr(difference)
    assert not re.search(r"s-(federation|enschede)-", repr(difference))


def test_a_type_6_secret_is_taken_for_the_intended_one_and_is_never_shown():
    encrypted = "UiJeJSbOXCFWLfEbDNEMgdSMOBZUAAB"
    shown = re.sub(r"(neighbor \S+ password|^ key) 7 \S+", rf"\1 6 {encrypted}", SHOWN, flags=re.MULTILINE)
    assert shown.count(encrypted) > 10
    assert compared(NAME, shown) == []
    extra = shown.replace("\nntp authenticate\n", f"\nradius server x\n key 6 {encrypted}\nntp authenticate\n")
    [difference] = compared(NAME, extra)
    assert difference.kind is Kind.EXTRA
    assert encrypted not in repr(difference)


@pytest.mark.parametrize(
    ("added", "secret"),
    [
        ("snmp-server community geheim RO", "geheim"),
        ("username achterdeur privilege 15 password 0 geheim", "geheim"),
        ("username achterdeur password 7 0822455D0A16", "0822455D0A16"),
        ("radius server x\n key 7 0822455D0A16", "0822455D0A16"),
        ("key chain x\n key 1\n  key-string geheim", "geheim"),
        ("crypto isakmp key geheim address 0.0.0.0", "geheim"),
        ("crypto ikev2 keyring x\n peer y\n  pre-shared-key local geheim", "geheim"),
    ],
)
def test_what_somebody_added_by_hand_is_drift_without_its_secret(added, secret):
    found = compared(NAME, replaced("\nntp authenticate\n", f"\n{added}\nntp authenticate\n"))
    assert [d.kind for d in found] == [Kind.EXTRA]
    assert secret not in repr(found)


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        (" no ip redirects\n", "", Kind.MISSING),
        (" no ip proxy-arp\n", " ip redirects\n", Kind.MISSING),
        ("Toegang is alleen", "Toegang is voor iedereen, alleen", Kind.CHANGED),
        ("no ip http server\n", "ip http server\n", Kind.EXTRA),
        ("no ip source-route\n", "", Kind.MISSING),
        ("line con 0\n", "line vty 16 31\n transport input telnet\nline con 0\n", Kind.EXTRA),
        ("no cdp run\n", "cdp run\n", Kind.MISSING),
        ("seq 5 permit 198.18.2.0/23", "seq 5 permit 198.18.0.0/15", Kind.CHANGED),
        (" transport input ssh\n", " transport input telnet ssh\n", Kind.CHANGED),
        ("set local-preference 200", "set local-preference 100", Kind.CHANGED),
    ],
)
def test_what_matters_is_drift(old, new, kind):
    assert kind in [d.kind for d in compared(NAME, replaced(old, new))]
