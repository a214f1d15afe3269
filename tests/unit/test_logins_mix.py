"""Logins of a federation, hundreds of attempts with a known truth: shuffled, copied, lines lost, clocks wrong."""

from __future__ import annotations

import random
import time
from collections import defaultdict
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from login_lines import GEMEENTEN, KEY, NOON, PLACES, WRONG_PASSWORD, Try, Writer, copied, federation, hashed, written

from ggi_net.authlog.assemble import Assembly, assemble
from ggi_net.authlog.causes.catalogue import Catalogue
from ggi_net.authlog.line import Hop, Kind, Line, Product, Result
from ggi_net.authlog.login import Login, Outcome
from ggi_net.authlog.skew import skew

CATALOGUE = Catalogue.load()
CLOCKS = {"idp-almelo": -240.0, "sp-borne": 75.0, "flr1": 0.0, "sp-losser": -31.0}


def logins_of(lines: list[Line], **given: object) -> list[Login]:
    return assemble(lines, PLACES, CATALOGUE, key=KEY, **given)


def evidence(login: Login) -> frozenset[tuple[str, int]]:
    return frozenset((line.source, line.offset) for line in login.lines)


def right(tries: list[Try], logins: list[Login]) -> float:
    """The part of the attempts whose lines, and no others, stand in one login."""
    found = {evidence(login) for login in logins}
    whole = [frozenset((line.source, line.offset) for line in one.lines) for one in tries]
    return sum(lines in found for lines in whole) / len(whole)


def shuffled(lines: list[Line], seed: int) -> list[Line]:
    mixed = list(lines)
    random.Random(seed).shuffle(mixed)
    return mixed


@pytest.mark.parametrize("seed", range(4))
def test_of_complete_logs_every_attempt_is_put_together_right(seed):
    tries = federation(600, seed)
    logins = logins_of(shuffled(written(tries), seed))
    assert right(tries, logins) >= 0.998
    assert len(logins) == len(tries)
    assert all(login.seen and not login.missing for login in logins)


def test_the_same_holds_when_five_log_in_each_second():
    """36 pairs of organisations, and a federation log with whole seconds and no MAC."""
    tries = federation(1500, 7, minutes=5)
    assert right(tries, logins_of(written(tries))) >= 0.99


@pytest.mark.parametrize("seed", range(2))
def test_clocks_that_are_minutes_apart_are_found_and_corrected(seed):
    tries = federation(900, seed)
    lines = shuffled(written(tries, CLOCKS), seed)
    found = skew(lines)
    assert {host for host, ahead in found.items() if abs(ahead) >= 2} == {h for h, ahead in CLOCKS.items() if ahead}
    assert all(abs(found[host] - ahead) < 1.5 for host, ahead in CLOCKS.items() if ahead)
    assert right(tries, logins_of(lines)) >= 0.99


def test_lines_of_two_log_servers_are_one():
    tries = federation(300, 3)
    lines = written(tries)
    twice = lines + [copied(line, "second") for line in lines]
    logins = logins_of(shuffled(twice, 1))
    assert right(tries, logins) == 1.0


@pytest.mark.parametrize("lost", [0.02, 0.1])
def test_a_lost_line_costs_no_attempt(lost):
    """A line that is not there can't be evidence; the other lines of its attempt still stand together."""
    chance = random.Random(5)
    tries = federation(600, 5)
    lines = [line for line in written(tries) if chance.random() > lost]
    kept = {(line.source, line.offset) for line in lines}
    found = {evidence(login) for login in logins_of(lines)}
    left = [frozenset((line.source, line.offset) for line in one.lines) & kept for one in tries]
    assert sum(one in found for one in left if one) / len(left) >= (0.99 if lost < 0.05 else 0.98)


def test_without_the_visited_logs_the_federation_and_the_home_still_meet():
    tries = [one for one in federation(500, 6) if one.operator != one.realm]
    lines = [line for line in written(tries) if line.hop is not Hop.VISITED]
    logins = logins_of(lines)
    assert len(logins) == len(tries)
    assert all(login.missing == (Hop.VISITED,) for login in logins)


def test_a_federation_that_has_only_its_own_logs_knows_each_attempt_once():
    tries = [one for one in federation(400, 8) if one.operator != one.realm]
    lines = [line for line in written(tries) if line.hop is Hop.FEDERATION]
    logins = logins_of(lines)
    assert len(logins) == len(tries)
    assert {len(login.lines) for login in logins} == {2}


@given(st.randoms(use_true_random=False), st.integers(0, 3))
@settings(max_examples=25, deadline=None)
def test_the_order_of_the_lines_means_nothing(chance, seed):
    lines = written(federation(40, seed, minutes=1))
    expected = logins_of(lines)
    chance.shuffle(lines)
    assert logins_of(lines) == expected


@given(st.integers(0, 3), st.lists(st.integers(1, 200), max_size=8), st.booleans())
@settings(max_examples=25, deadline=None)
def test_lines_in_chunks_give_the_same_logins(seed, sizes, ahead):
    clocks = {"idp-almelo": 40.0, "sp-borne": -20.0} if ahead else {}
    lines = sorted(written(federation(60, seed, minutes=20), clocks), key=lambda line: line.time)
    expected = logins_of(lines, clocks=clocks)
    assembly = Assembly(PLACES, CATALOGUE, key=KEY, clocks=clocks)
    found, begin = [], 0
    for size in sizes:
        found += assembly.add(lines[begin : begin + size])
        begin += size
    found += assembly.add(lines[begin:])
    found += assembly.rest()
    assert sorted(found, key=lambda login: (login.begin, login.id)) == expected


@given(st.integers(0, 3), st.randoms(use_true_random=False))
@settings(max_examples=15, deadline=None)
def test_a_line_that_is_read_twice_changes_nothing(seed, chance):
    lines = written(federation(40, seed, minutes=2))
    again = lines + [line for line in lines if chance.random() < 0.4]
    assert logins_of(again, clocks={}) == logins_of(lines, clocks={})


def test_a_stream_gives_logins_out_minutes_behind_and_keeps_little():
    """A device that tries every 3 seconds all hour long doesn't hold up the others, nor itself."""
    stuck = [
        Try("a4c361000001", "stuck", "almelo", "borne", NOON + timedelta(seconds=3 * n), Result.REJECT, WRONG_PASSWORD)
        for n in range(1200)
    ]
    tries = sorted(federation(400, 9) + stuck, key=lambda one: one.at)
    lines = sorted(written(tries), key=lambda line: line.time)
    assembly = Assembly(PLACES, CATALOGUE, key=KEY, clocks={})
    found: list[Login] = []
    for begin in range(0, len(lines), 500):
        found += assembly.add(lines[begin : begin + 500])
        if begin > 5000:
            behind = lines[min(begin + 499, len(lines) - 1)].time - max(login.end for login in found)
            assert behind < timedelta(minutes=8)
    found += assembly.rest()
    assert right(tries, found) >= 0.995
    assert len({login.id for login in found}) == len(found)


# -- single stories --------------------------------------------------------------------------------


def one_try(**given: object) -> Try:
    known = {"mac": "a4c361000001", "user": "jan", "realm": "almelo", "operator": "hengelo", "at": NOON}
    return Try(**(known | given))


def test_two_devices_of_one_user_at_once_are_two_logins():
    tries = [one_try(), one_try(mac="a4c361000002")]
    logins = logins_of(written(tries))
    assert {login.mac for login in logins} == {"a4c361000001", "a4c361000002"}
    assert right(tries, logins) == 1.0 or len(logins) == 2


def test_two_users_behind_one_access_point_at_the_same_millisecond():
    tries = [one_try(), one_try(mac="3c22fb000002", user="piet", result=Result.REJECT, reason=WRONG_PASSWORD)]
    logins = logins_of(shuffled(written(tries), 2))
    assert right(tries, logins) == 1.0
    assert {(login.inner, login.outcome) for login in logins} == {
        ("jan@almelo.example", Outcome.ACCEPT), ("piet@almelo.example", Outcome.REJECT),
    }  # fmt: skip


def test_each_try_of_a_wrong_password_is_an_attempt():
    tries = [
        one_try(at=NOON + timedelta(seconds=3 * n), result=Result.REJECT, reason=WRONG_PASSWORD) for n in range(41)
    ]
    logins = logins_of(shuffled(written(tries), 3))
    assert right(tries, logins) == 1.0
    assert [login.begin for login in logins] == [one.at for one in tries]


def test_two_attempts_within_one_second_are_two():
    tries = [one_try(seconds=0.05, at=NOON + timedelta(milliseconds=400 * n)) for n in range(2)]
    logins = logins_of(written(tries))
    assert len(logins) == 2
    assert right(tries, logins) == 1.0


def test_a_wrong_and_then_a_right_password_are_two_attempts():
    tries = [one_try(result=Result.REJECT, reason=WRONG_PASSWORD), one_try(at=NOON + timedelta(seconds=2))]
    logins = logins_of(written(tries))
    assert [login.outcome for login in logins] == [Outcome.REJECT, Outcome.ACCEPT]
    assert right(tries, logins) == 1.0


def test_roaming_between_two_organisations_in_one_building():
    tries = [
        one_try(operator=("hengelo", "enschede")[n % 2], at=NOON + timedelta(seconds=4 * n), ap=f"02aabbccdd0{n % 2}")
        for n in range(6)
    ]
    logins = logins_of(shuffled(written(tries), 4))
    assert right(tries, logins) == 1.0
    assert [login.visited for login in logins] == ["hengelo", "enschede"] * 3


def test_an_attempt_that_nobody_answered_is_a_login():
    lines = [line for line in written([one_try()]) if line.kind is Kind.REQUEST]
    (login,) = logins_of(lines)
    assert (login.outcome, login.seen) == (Outcome.UNFINISHED, (Hop.VISITED, Hop.HOME))
    assert len(login.lines) == 2


def test_an_unfinished_attempt_before_one_that_succeeds_stays_apart():
    first = [line for line in written([one_try()]) if line.kind is Kind.REQUEST]
    writer = Writer()
    writer.offsets = {line.source: line.offset for line in first}
    second = writer.write(one_try(at=NOON + timedelta(seconds=12)))
    logins = logins_of(shuffled(first + second, 5))
    assert [login.outcome for login in logins] == [Outcome.UNFINISHED, Outcome.ACCEPT]
    assert [len(login.lines) for login in logins] == [2, len(second)]


def test_a_proxy_that_misses_the_answer_makes_an_attempt_known():
    line = Line(
        time=NOON, product=Product.RADSECPROXY, kind=Kind.NOTICE, hop=Hop.VISITED, host="sp-hengelo",
        outer="@borne.example",
        realm="borne.example", mac="a4c361000001", server="flr1", reason="missing response to Access-Request",
        source="a", raw="x",
    )  # fmt: skip
    (login,) = logins_of([line])
    assert (login.outcome, login.cause, login.broken) == (Outcome.UNFINISHED, "no-answer", Hop.FEDERATION)


def test_accounting_joins_its_login_with_the_address_and_makes_none():
    lines = written([one_try()])
    visit = msgspec.structs.replace(
        lines[0], kind=Kind.ACCOUNTING, address="192.0.2.7", time=NOON + timedelta(seconds=5), offset=9000, session="A1"
    )
    (login,) = logins_of([*lines, visit])
    assert [line.address for line in login.lines if line.address] == ["192.0.2.7"]
    assert login.end < visit.time
    assert logins_of([visit]) == []


def test_lines_without_a_mac_follow_the_number_of_their_conversation():
    """NPS: the record of the answer names no device; FreeRADIUS: what a module says has only the number."""
    asked = Line(
        time=NOON, product=Product.NPS, kind=Kind.REQUEST, hop=Hop.HOME, host="nps", mac="a4c361000001",
        session="311 1",
        outer="jan@almelo.example", realm="almelo.example", source="in.log", offset=1, raw="1",
    )  # fmt: skip
    said = Line(
        time=NOON, product=Product.NPS, kind=Kind.RESULT, result=Result.REJECT, hop=Hop.HOME, host="nps",
        session="311 1",
        code="16", source="in.log", offset=2, raw="2",
    )  # fmt: skip
    (login,) = logins_of([said, asked])
    assert (login.outcome, login.mac, len(login.lines)) == (Outcome.REJECT, "a4c361000001", 2)
    assert login.cause


def test_numbers_of_another_run_of_the_daemon_are_other_conversations():
    tries = [one_try(), one_try(mac="3c22fb000002", at=NOON + timedelta(hours=1))]
    lines = [line for one in tries for line in Writer().write(one)]
    lines = [msgspec.structs.replace(line, source=f"{line.source}{n // 9}") for n, line in enumerate(lines)]
    assert len(logins_of(lines)) == 2


def test_an_identity_that_changes_on_the_way_is_still_one_login():
    """A home server may know the user without realm; a proxy may hide the name."""
    lines = [
        msgspec.structs.replace(line, outer="ALMELO\\jan", realm="") if line.hop is Hop.HOME and line.outer else line
        for line in written([one_try()])
    ]
    (login,) = logins_of(lines)
    assert login.realm == "almelo.example"


def test_an_id_stays_the_same_when_more_is_known_of_clocks():
    lines = written([one_try()], {"idp-almelo": 1.4, "flr1": -0.7})
    (one,), (other,) = logins_of(lines, clocks={}), logins_of(lines, clocks={"idp-almelo": 1.4, "sp-hengelo": 0.8})
    assert one.id == other.id


def test_ids_tell_nothing_and_depend_on_the_key():
    (one,) = logins_of(written([one_try()]))
    (other,) = assemble(written([one_try()]), PLACES, CATALOGUE, key=b"another key 6789")
    assert one.id != other.id
    assert one.id[:4] == other.id[:4]
    assert len(one.id) == 26
    assert not set(one.id) - set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")


hostile = st.text(max_size=300) | st.sampled_from(["\0", "\x1b[31m", "a@b@c", "@", "=CMD()", "x" * 5000, "\ud800"])


@given(st.lists(
    st.builds(
        Line, time=st.datetimes(NOON.replace(tzinfo=None), (NOON + timedelta(minutes=2)).replace(tzinfo=None)).map(
            lambda t: t.replace(tzinfo=NOON.tzinfo)
        ),
        product=st.sampled_from(Product), kind=st.sampled_from(Kind), hop=st.sampled_from(Hop),
        result=st.sampled_from(Result), host=st.sampled_from(["sp-hengelo", "x"]) | hostile, outer=hostile,
        inner=hostile,
        realm=hostile, mac=st.sampled_from(["", "a4c361000001", "f" * 54, "f" * 64]) | hostile, ap=hostile, nas=hostile,
        operator=hostile, cui=hostile, state=hostile, session=hostile, reason=hostile, code=hostile,
        source=st.sampled_from("ab"), offset=st.integers(0, 50), raw=hostile,
    ),
    max_size=12, unique_by=lambda line: (line.source, line.offset),
))  # fmt: skip
@settings(max_examples=40, deadline=None)
def test_hostile_lines_are_put_together_or_left_out_and_break_nothing(lines):
    logins = logins_of(lines)
    assert logins == logins_of(lines[::-1])
    stored = defaultdict(int)
    for login in logins:
        for line in login.lines:
            stored[line.source, line.offset, line.raw] += 1
    given_lines = defaultdict(int)
    for line in lines:
        given_lines[line.source, line.offset, line.raw] += 1
    assert all(count <= given_lines[key] for key, count in stored.items())


@pytest.mark.parametrize(
    "kinds", [(Kind.REQUEST,), (Kind.REQUEST, Kind.RESULT), (Kind.NOTICE, Kind.RESULT, Kind.INNER)]
)
@pytest.mark.parametrize("mac", ["a4c361000001", ""])
def test_a_device_that_floods_the_logs_makes_nothing_slow(kinds, mac):
    """Eight times as many lines in the same three minutes take about eight times as long, and not sixty-four."""

    def seconds(count: int) -> float:
        lines = [
            Line(
                time=NOON + timedelta(seconds=170 * n / count), host="sp-hengelo", hop=Hop.VISITED, source="a",
                offset=n, product=Product.FREERADIUS, kind=kinds[n % len(kinds)], result=Result.REJECT,
                outer="x@almelo.example", realm="almelo.example", mac=mac or f"{n:054x}", raw=str(n),
            )
            for n in range(count)
        ]  # fmt: skip
        begin = time.process_time()
        assert logins_of(lines, clocks={})
        return time.process_time() - begin

    few = min(seconds(500) for _ in range(3))
    assert min(seconds(4000) for _ in range(2)) < 30 * few + 0.1


def test_a_hash_says_the_vendor_and_not_the_device():
    """Two devices of different makers at once: the federation's lines go to the right one."""
    tries = [one_try(), one_try(mac="3c22fb000002")]
    logins = logins_of(shuffled(written(tries), 9))
    for login in logins:
        hashes = {line.mac for line in login.lines if line.hop is Hop.FEDERATION}
        assert hashes == {hashed(login.mac, f"flr1{product}") for product in ("radsecproxy", "fticks")}


def test_places_are_filled_in():
    (login,) = logins_of(written([one_try()]))
    assert (login.visited, login.home, login.site) == ("hengelo", "almelo", "stadhuis")
    assert set(GEMEENTEN) >= {login.visited, login.home}
