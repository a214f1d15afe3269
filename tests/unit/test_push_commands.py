"""The circle: from any running configuration the commands lead to the intended one, and back, on a simulated router."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from ggi_net.config.ruleset import load_rules
from ggi_net.config.statement import Reader
from ggi_net.lab.ios import IosDevice
from ggi_net.lab.ios_session import IosSession
from ggi_net.push.batches import batches
from ggi_net.push.commands import commands, tree_diff

RULES = load_rules("cisco_iosxe").of("running.cfg")
PORTS = ("GigabitEthernet1", "GigabitEthernet2")

number = st.integers(1, 4)


@st.composite
def interfaces(draw):
    lines = []
    for port in [*PORTS, *draw(st.sets(st.sampled_from(["Loopback0", "GigabitEthernet2.100", "Tunnel7"])))]:
        lines.append(f"interface {port}")
        if draw(st.booleans()):
            lines.append(f" description {draw(st.sampled_from(['to the core', 'office', 'x']))}")
        if draw(st.booleans()):
            lines.append(f" vrf forwarding {draw(st.sampled_from(['red', 'blue']))}")
        if draw(st.booleans()):
            lines.append(f" ip address 192.0.2.{draw(number)} 255.255.255.0")
        lines.append(draw(st.sampled_from([" no shutdown", " shutdown"])))
    return lines


@st.composite
def lists(draw):
    lines = []
    for name in draw(st.sets(st.sampled_from(["in", "out"]))):
        numbers = draw(st.sets(st.integers(1, 5), min_size=1))
        lines += [f"ip prefix-list {name} seq {n * 5} permit 10.{draw(number)}.0.0/16" for n in numbers]
    for name in draw(st.sets(st.sampled_from(["edge", "core"]))):
        entries = draw(st.permutations(["permit tcp any any eq 22", "permit icmp any any", "deny ip any any"]))
        lines.append(f"ip access-list extended {name}")
        lines += [f" {entry}" for entry in entries[: draw(st.integers(1, 3))]]
    return lines


@st.composite
def routing(draw):
    if draw(st.booleans()):
        return []
    lines = ["router bgp 64512", f" bgp router-id 192.0.2.{draw(number)}"]
    for last in draw(st.sets(number)):
        lines.append(f" neighbor 192.0.2.{last} remote-as {64512 + draw(number)}")
        if draw(st.booleans()):
            lines.append(f" neighbor 192.0.2.{last} password 0 secret-{draw(number)}")
    for vrf in draw(st.sets(st.sampled_from(["red", "blue"]))):
        lines.append(f" address-family ipv4 vrf {vrf}")
        lines += [f"  network 10.{last}.0.0 mask 255.255.0.0" for last in draw(st.sets(number))]
        lines.append(" exit-address-family")
    return lines


@st.composite
def configurations(draw):
    lines = [f"hostname {draw(st.sampled_from(['r1', 'r2']))}", "aaa new-model", "ip ssh version 2"]
    lines += [f"vrf definition {vrf}" for vrf in ("red", "blue")]
    lines += draw(st.sampled_from([[], ["no ip http server"], ["service password-encryption", "no ip source-route"]]))
    lines += draw(st.sampled_from([[], ["enable algorithm-type scrypt secret abc"], ["username x secret def"]]))
    lines += draw(lists()) + draw(interfaces()) + draw(routing())
    lines += ["line con 0", "line vty 0 4", draw(st.sampled_from([" transport input ssh", " transport input none"]))]
    lines += draw(st.sampled_from([[], ["banner login #", "Only for", " administrators.", "#"]]))
    return "\n".join([*lines, "end", ""])


def enter(session: IosSession, lines: list[str]) -> None:
    session.enter("configure terminal")
    for line in lines:
        said = session.enter(line)
        assert "%" not in said, (line, said, lines)
    assert session.prompt.endswith(")#")
    session.enter("end")


def plan(intended: str, session: IosSession) -> list[str]:
    reader = Reader(RULES, b"k" * 32)
    wanted = reader.intended(intended, "intended")
    running = reader.running(session.device.show_running(), "running", wanted)
    lines = commands(wanted, running, RULES)
    assert bool(lines) == bool(tree_diff(wanted, running, RULES))
    return lines


@settings(max_examples=60, deadline=None)
@given(configurations(), configurations())
def test_from_any_configuration_to_any_other_and_back(first, second):
    session = IosSession(IosDevice("r1", "S1", PORTS, "x"), privileged=True)
    for intended in (first, second, first):
        enter(session, plan(intended, session))
        assert plan(intended, session) == []


@given(st.lists(st.integers(0, 3), max_size=60))
def test_batches_keep_every_line_in_order_and_send_what_opens_a_section_alone(depths):
    lines = [" " * depth + f"line {i}" for i, depth in enumerate(depths)]
    groups = list(batches(lines))
    assert [line for group in groups for line in group] == lines
    for group in groups:
        for line, following in pairwise(group):
            assert len(following) - len(following.lstrip()) <= len(line) - len(line.lstrip())


def test_a_banner_is_sent_as_one_text():
    lines = ["hostname x", "banner login #", "One", "", "two.", "#", "ip ssh version 2"]
    assert list(batches(lines)) == [["hostname x"], lines[1:6], ["ip ssh version 2"]]


def test_a_prefix_list_of_one_entry_is_never_without_any():
    text = "ip prefix-list own seq 5 permit 192.0.2.0/24\nipv6 prefix-list own seq 5 permit 2001:DB8::/32\n"
    other = text.replace("192.0.2.0/24", "198.51.100.0/24").replace("2001:DB8::/32", "2001:DB8::/48")
    reader = Reader(RULES, b"k" * 32)
    wanted = reader.intended(other, "intended")
    assert commands(wanted, reader.running(text, "running", wanted), RULES) == [
        "ip prefix-list own seq 4294967294 deny 0.0.0.0/0 le 32",
        "no ip prefix-list own seq 5 permit 192.0.2.0/24",
        "ip prefix-list own seq 5 permit 198.51.100.0/24",
        "no ip prefix-list own seq 4294967294 deny 0.0.0.0/0 le 32",
        "ipv6 prefix-list own seq 4294967294 deny ::/0 le 128",
        "no ipv6 prefix-list own seq 5 permit 2001:DB8::/32",
        "ipv6 prefix-list own seq 5 permit 2001:DB8::/48",
        "no ipv6 prefix-list own seq 4294967294 deny ::/0 le 128",
    ]
