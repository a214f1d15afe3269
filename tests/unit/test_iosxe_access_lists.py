"""An access list in force is never empty, and judges each packet as the old or as the new list does at every moment."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ggi_net.config.ruleset import load_rules
from ggi_net.config.statement import Reader
from ggi_net.lab.ios import IosDevice
from ggi_net.lab.ios_session import IosSession
from ggi_net.push.commands import commands

RULES = load_rules("cisco_iosxe").of("running.cfg")
PACKETS = range(6)
ENTRIES = [f"{action} tcp any any eq {port}" for action in ("permit", "deny") for port in range(1, 6)]
HEADERS = ["ip access-list extended edge", "ip access-list standard edge", "ipv6 access-list edge"]

lists = st.lists(st.sampled_from(ENTRIES), unique=True, min_size=1, max_size=8)
meanings = st.fixed_dictionaries({entry: st.frozensets(st.sampled_from(PACKETS)) for entry in ENTRIES})


def decision(entries: list[str], meaning: dict[str, frozenset[int]], packet: int) -> str:
    """What a list says of a packet: the first entry that matches counts, and what none matches is refused."""
    return next((entry.split()[0] for entry in entries if packet in meaning[entry]), "deny")


def in_force(router: IosDevice) -> list[str]:
    section = next(node for node in router.running.children if "access-list" in node.text)
    entries = sorted(section.children, key=lambda node: int(re.search(r"\d+", node.text)[0]))
    return [re.sub(r"^(sequence )?\d+ ", "", node.text) for node in entries]


def router_with(header: str, entries: list[str], step: int) -> IosSession:
    session = IosSession(IosDevice("r1", "S1", (), "x"), privileged=True)
    word = "sequence " if header.startswith("ipv6") else ""
    for line in ("configure terminal", header, *(f"{word}{step * at} {e}" for at, e in enumerate(entries, 1)), "end"):
        assert "%" not in session.enter(line)
    return session


def steps_to(session: IosSession, header: str, new: list[str]) -> list[str]:
    running = session.device.show_running()
    kept = running[: running.index(header)] + "\n".join([header, *(f" {entry}" for entry in new)]) + "\n"
    rest = running[running.index(header) + len(header) :]
    text = kept + rest[re.search(r"^\S", rest, re.MULTILINE).start() :]
    reader = Reader(RULES, b"k" * 32)
    wanted = reader.intended(text, "intended")
    return commands(wanted, reader.running(running, "running", wanted), RULES)


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("step", [1, 2, 10])
@settings(max_examples=25, deadline=None)
@given(old=lists, new=lists, meaning=meanings)
def test_every_packet_is_judged_by_the_old_or_the_new_list_at_each_moment(header, step, old, new, meaning):
    session = router_with(header, old, step)
    lines = steps_to(session, header, new)
    session.enter("configure terminal")
    for line, following in zip(lines, [*lines[1:], ""], strict=False):
        assert "%" not in session.enter(line), lines
        now = in_force(session.device)
        assert now, lines
        moves = line.startswith(" no ") and following.endswith(line.removeprefix(" no"))
        out = line.removeprefix(" no ") if moves else ""
        for packet in PACKETS:
            if not out or packet not in meaning[out]:
                allowed = {decision(old, meaning, packet), decision(new, meaning, packet)}
                assert decision(now, meaning, packet) in allowed, (line, lines)
    session.enter("end")
    assert in_force(session.device) == new
    assert steps_to(session, header, new) == []


def test_an_entry_that_moves_is_out_of_force_between_two_lines_only():
    session = router_with(HEADERS[0], ENTRIES[:4], 10)
    new = [ENTRIES[3], *ENTRIES[:3]]
    assert steps_to(session, HEADERS[0], new) == [HEADERS[0], f" no {ENTRIES[3]}", f" 5 {ENTRIES[3]}", " exit"]


def test_without_room_an_extended_list_is_numbered_anew_and_no_entry_is_moved():
    session = router_with(HEADERS[0], ENTRIES[:2], 1)
    lines = steps_to(session, HEADERS[0], [ENTRIES[0], ENTRIES[4], ENTRIES[1]])
    assert lines == ["ip access-list resequence edge 40 40", HEADERS[0], f" 60 {ENTRIES[4]}", " exit"]


def test_an_ipv6_list_which_nothing_numbers_anew_makes_room_from_its_end():
    session = router_with(HEADERS[2], ENTRIES[:2], 1)
    lines = steps_to(session, HEADERS[2], [ENTRIES[0], ENTRIES[4], ENTRIES[1]])
    assert lines == [
        HEADERS[2],
        f" no {ENTRIES[1]}",
        f" sequence 82 {ENTRIES[1]}",
        f" no {ENTRIES[0]}",
        f" sequence 42 {ENTRIES[0]}",
        f" sequence 62 {ENTRIES[4]}",
        " exit",
    ]


def test_a_group_or_policy_is_never_empty_and_a_class_is_out_of_it_between_two_lines_only():
    text = "aaa group server radius ggi\n" + "".join(f" server name {name}\n" for name in "abc")
    other = "aaa group server radius ggi\n" + "".join(f" server name {name}\n" for name in "adb")
    reader = Reader(RULES, b"k" * 32)
    wanted = reader.intended(other, "intended")
    assert commands(wanted, reader.running(text, "running", wanted), RULES) == [
        "aaa group server radius ggi",
        " server name d",
        " no server name b",
        " server name b",
        " no server name c",
        " exit",
    ]


def test_remarks_that_a_release_does_not_number_are_only_added_and_taken_away():
    text = "ip access-list extended edge\n remark old\n 10 permit tcp any any eq 1\n 20 deny ip any any\n"
    other = "ip access-list extended edge\n remark new\n permit tcp any any eq 2\n deny ip any any\n"
    reader = Reader(RULES, b"k" * 32)
    wanted = reader.intended(other, "intended")
    assert commands(wanted, reader.running(text, "running", wanted), RULES) == [
        HEADERS[0],
        " 9 permit tcp any any eq 2",
        " no permit tcp any any eq 1",
        " remark new",
        " no remark old",
        " exit",
    ]
