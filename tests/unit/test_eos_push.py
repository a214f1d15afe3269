"""Pushes to a simulated EOS device, and its drift: what is seen, what is kept, what is shown."""

from __future__ import annotations

import json
import re

import msgspec
import pytest
from devices import CAREFUL, GATEWAY
from eos_devices import CHANGED, TEXT, artifacts, eos_bench
from msgspec.structs import replace

from ggi_net.config.compare import Kind
from ggi_net.drift.collect import compare_device
from ggi_net.errors import NothingKept, PushError
from ggi_net.lab.tamper import tamper
from ggi_net.push.driver import open_right
from ggi_net.push.eos_show import Sessions
from ggi_net.push.journal import Journal, Status
from ggi_net.push.run import Push

SECRETS = ("bgp/core", "tacacs/key", "emergency/password", "snmp/auth", "snmp/privacy")
ACCEPTING = replace(CAREFUL, accept=frozenset({"drift", "sessions"}))


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    with eos_bench(tmp_path_factory.mktemp("eos")) as found:
        yield found


@pytest.fixture
def bench(shared):
    """A device that runs TEXT."""
    outcome = shared.push(artifacts(), policy=ACCEPTING)
    assert outcome.status in (Status.CHANGED, Status.UNCHANGED), outcome.error
    return shared


@pytest.fixture
def session(bench):
    found = open_right(bench.target(artifacts()), bench.resolver)
    yield found
    found.close()


def by_hand(bench, *lines):
    """Enter lines as somebody would who has no configuration session."""
    found = bench.device.session(single=True)
    for line in ("configure", *lines, "end"):
        found.enter(line)
    found.end()


def test_it_says_who_it_is_and_how_it_does(session):
    assert (session.identify().hostname, session.identify().serial) == (GATEWAY, "TEST-1")
    health = session.health()
    assert health.sessions == {"mgmt/192.0.2.0": True}
    assert health.announced == {"mgmt": frozenset({"192.0.2.128/25", "198.51.100.0/24"})}
    assert health.free_bytes > 1 << 30


def test_a_check_changes_nothing_and_shows_the_diff_of_the_device_without_secrets(bench):
    wanted = artifacts(CHANGED.replace("test/bgp/core", "test/bgp/other").replace("snmp/auth", "snmp/auth2"))
    before = bench.device.show_running()
    first, again = (bench.push(wanted, check=True) for _ in range(2))
    assert first.status is Status.WOULD_CHANGE
    assert bench.device.show_running() == before
    assert not any(name.startswith("ggi-try") for name in bench.device.configs)
    assert "-   description to the core\n+   description to the other core" in first.diff
    assert "+      neighbor 192.0.2.0 password <secret>" in first.diff
    assert "snmp-server user monitor readers v3 localized f5717f444ca824b09a00 auth <secret>" in first.diff
    assert not re.search(r"password 7|\$6\$|[0-9a-f]{32}|ggi-try", first.diff)
    assert (first.diff, first.plan) == (again.diff, again.plan), "approved once, it is the same the next time"


def test_what_differs_for_the_rules_and_not_for_the_device_is_no_change(bench, monkeypatch):
    """The device knows best: what it takes without a difference runs already."""
    monkeypatch.setattr(bench.device, "diffs", lambda tree, name: "")
    assert bench.push(artifacts(CHANGED), check=True).status is Status.UNCHANGED


def test_what_is_none_of_our_business_stays(bench):
    by_hand(bench, "hardware tcam profile ipv6-in", "platform sand lag mode 1024x16")
    assert bench.push(artifacts(CHANGED), policy=CAREFUL).status is Status.CHANGED
    assert "hardware tcam profile ipv6-in" in bench.device.show_running()


def test_secrets_that_have_not_changed_are_not_entered_again(bench):
    hashed = re.search(r"enable password sha512 (\S+)", bench.device.show_running())[1]
    bench.device.serial = "another salt"
    try:
        assert bench.push(artifacts(CHANGED), policy=CAREFUL).status is Status.FAILED, "another device answers"
    finally:
        bench.device.serial = "TEST-1"
    assert bench.push(artifacts(CHANGED), policy=CAREFUL).status is Status.CHANGED
    assert hashed in bench.device.show_running()


def test_what_ran_before_a_run_comes_back_as_a_whole(bench):
    by_hand(bench, "hardware tcam profile ipv6-in", "hostname renamed")
    journal = Journal(bench.folder / "journal", "a test")
    before = sorted(bench.device.body().splitlines())
    pushed = Push(bench.target(artifacts(CHANGED)), bench.resolver, journal, ACCEPTING).run()
    assert pushed.status is Status.CHANGED, pushed.error
    assert bench.device.hostname == GATEWAY
    back = Push(
        bench.target(artifacts()), bench.resolver, Journal(bench.folder / "journal", "back"), CAREFUL,
        back_to=journal.run,
    ).run()  # fmt: skip
    assert back.status is Status.CHANGED, back.error
    assert sorted(bench.device.body().splitlines()) == before
    by_hand(bench, f"hostname {GATEWAY}")


def test_of_a_run_that_never_was_nothing_is_kept(session):
    with pytest.raises(NothingKept):
        session.before("20200101T000000Z-abcdef")


def test_the_last_ten_configurations_are_kept(bench):
    for number in range(14):
        bench.device.flash.files[f"ggi-20200101T0000{number:02}Z-abcdef.cfg"] = "end"
    assert bench.push(artifacts(CHANGED), policy=CAREFUL).status is Status.CHANGED
    kept = [name for name in bench.device.flash.files if name.startswith("ggi-")]
    assert len(kept) == 10
    assert "ggi-20200101T000000Z-abcdef.cfg" not in kept


def test_nothing_secret_is_on_its_disk_in_clear(bench):
    bench.push(artifacts(CHANGED), policy=CAREFUL)
    files = "".join(bench.device.flash.files.values())
    assert "password 7 " in files
    for name in SECRETS:
        assert bench.resolver.plain(f"secret://test/{name}") not in files


def test_a_banner_of_several_lines_arrives_as_it_is(bench):
    text = TEXT.replace("Only for administrators.\n", "Only for administrators.\n\n! not a comment\n  indented\n")
    assert bench.push(artifacts(text), policy=CAREFUL).status is Status.CHANGED
    assert "Only for administrators.\n\n! not a comment\n  indented\nEOF" in bench.device.show_running()
    assert bench.push(artifacts(text), policy=CAREFUL).status is Status.UNCHANGED


def test_an_answer_that_is_no_json_is_an_error_that_says_so(session, bench, monkeypatch):
    monkeypatch.setattr("ggi_net.lab.eos_bgp.summary", lambda running, broken: ["\x1b[2J"])
    with pytest.raises(PushError, match=r"show bgp summary vrf all \| json` can't be read"):
        session.health()


@pytest.mark.parametrize(
    ("told", "waiting"),
    [
        ({"sessions": {"ggi-a": {"state": "committed"}}, "commitTimerSessionName": "ggi-a"}, "ggi-a"),
        ({"sessions": {"x": {"state": "pending"}, "ggi-b": {"state": "pendingCommitTimer"}}}, "ggi-b"),
        ({"sessions": {"x": {"state": "completed", "instances": {"7": {"user": "u", "terminal": "vty3"}}}}}, ""),
    ],
)
def test_what_waits_for_its_confirmation_is_told_by_old_and_by_new_releases(told, waiting):

    assert msgspec.json.decode(json.dumps(told), type=Sessions).waiting == waiting


class TestDrift:
    def test_there_is_none_after_a_push(self, bench):
        assert compare_device(bench.target(artifacts()), bench.resolver, b"k" * 32) == []

    def test_what_somebody_did_by_hand_is_found(self, bench):
        told = tamper(GATEWAY, "arista_eos", bench.fleet.connections.of(GATEWAY))
        assert told == f"{GATEWAY}: somebody switched telnet on (management telnet)"
        [found] = compare_device(bench.target(artifacts()), bench.resolver, b"k" * 32)
        assert (found.kind, found.running) == (Kind.EXTRA, "management telnet\n no shutdown")
        assert bench.push(artifacts(), policy=ACCEPTING).status is Status.CHANGED

    def test_a_key_that_somebody_changed_is_a_difference_that_shows_none(self, bench):
        by_hand(bench, "router bgp 64512", "vrf mgmt", "neighbor 192.0.2.0 password 0 hunter2hunter2")
        [found] = compare_device(bench.target(artifacts()), bench.resolver, b"k" * 32)
        assert found.kind is Kind.SECRET
        assert "hunter2" not in str(found)
