"""Push, drift and rollback of a simulated Junos device, and how its answers are read."""

from __future__ import annotations

import re

import pytest
from devices import CAREFUL, GATEWAY
from junos_devices import CHANGED, TEXT, artifacts, junos_bench
from msgspec.structs import replace

from ggi_net.drift.result import State
from ggi_net.drift.run import drift_device
from ggi_net.lab.tamper import tamper
from ggi_net.push import junos_show as show
from ggi_net.push.driver import open_session
from ggi_net.push.journal import Status

ANYHOW = replace(CAREFUL, accept=frozenset({"drift", "sessions"}))
KEY = b"k" * 32


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    with junos_bench(tmp_path_factory.mktemp("junos")) as found:
        yield found


@pytest.fixture
def bench(lab):
    """A device that runs TEXT."""
    assert lab.push(artifacts(), policy=ANYHOW).status in (Status.CHANGED, Status.UNCHANGED)
    return lab


def test_a_push_is_the_devices_own_diff_and_leaves_nothing_to_do(bench):
    outcome = bench.push(artifacts(CHANGED), policy=CAREFUL)
    assert outcome.status is Status.CHANGED
    assert outcome.diff == (
        "[edit system services ssh]\n-   ciphers aes256-ctr;\n+   ciphers [ aes256-ctr aes128-ctr ];\n"
        '[edit interfaces ge-0/0/0]\n-   description "to the core";\n+   description "to the other core";\n'
    )
    assert bench.push(artifacts(CHANGED), policy=CAREFUL).status is Status.UNCHANGED
    newest = bench.device.commits[0]
    assert (newest.comment.split()[0], newest.minutes, newest.pending) == ("ggi", 1, False)


def test_what_is_approved_in_check_mode_is_what_is_pushed(bench):
    check = bench.push(artifacts(CHANGED), check=True)
    assert check.status is Status.WOULD_CHANGE
    assert bench.device.holder is None
    assert not bench.device.modified
    push = bench.prepared(artifacts(CHANGED), policy=CAREFUL)
    push.approved = check.plan
    assert push.run().status is Status.CHANGED


def test_in_check_mode_somebody_elses_lock_does_not_hide_the_difference(bench):
    bench.device.wrong.locked_by = "alice"
    try:
        outcome = bench.push(artifacts(CHANGED), check=True)
    finally:
        bench.device.wrong.locked_by = ""
    assert outcome.status is Status.WOULD_CHANGE
    assert '+   description "to the other core";' in outcome.diff


def test_a_changed_secret_is_pushed_and_never_shown(bench):
    text = TEXT.replace("secret://test/bgp/core", "secret://test/bgp/other")
    outcome = bench.push(artifacts(text), policy=CAREFUL)
    assert outcome.status is Status.CHANGED
    assert outcome.diff.count("authentication-key <secret>;") == 2
    assert "$9$" not in outcome.diff
    assert bench.push(artifacts(text), policy=CAREFUL).status is Status.UNCHANGED


def test_a_run_is_taken_back_from_the_devices_archive(bench):
    push = bench.prepared(artifacts(CHANGED), policy=CAREFUL)
    assert push.run().status is Status.CHANGED
    back = bench.prepared(artifacts(CHANGED), policy=ANYHOW)
    back.back_to = push.journal.run
    assert back.run().status is Status.CHANGED
    assert "to the core" in bench.device.running
    again = bench.prepared(artifacts(CHANGED), policy=ANYHOW)
    again.back_to = "20200101T000000Z-000000"
    outcome = again.run()
    assert outcome.code == "GGI1612"
    assert "no commit of run 20200101T000000Z-000000 is in its archive" in outcome.error


def test_a_device_gets_another_name_on_the_way(bench):
    named = TEXT.replace("host-name ce-test-01;", "host-name ce-test-99;")
    assert bench.push(artifacts(named), policy=CAREFUL).status is Status.CHANGED
    assert bench.push(artifacts(TEXT), policy=CAREFUL).status is Status.CHANGED


def test_a_device_of_several_routing_engines_says_before_each_prompt_which_one_it_is(bench):
    bench.device.member = "{primary:node0}"
    try:
        assert bench.push(artifacts(CHANGED), policy=CAREFUL).status is Status.CHANGED
        assert bench.push(artifacts(CHANGED), policy=CAREFUL).status is Status.UNCHANGED
    finally:
        bench.device.member = ""


def test_an_account_that_may_not_see_secrets_is_not_enough(bench, monkeypatch):
    shown = re.sub(r'"\$\d\$[^"]*"', "/* SECRET-DATA */", bench.device.show_running())
    monkeypatch.setattr(bench.device, "show_running", lambda: shown)
    outcome = bench.push(artifacts(CHANGED), check=True)
    assert "does not show secrets to this account" in outcome.error
    assert "permissions all" in outcome.error


def test_health_tells_sessions_prefixes_and_room(bench):
    session = open_session(bench.target(artifacts()), bench.resolver)
    try:
        health = session.health()
    finally:
        session.close()
    assert health.sessions == {"mgmt/192.0.2.0": True}
    assert health.announced == {"mgmt": frozenset({"192.0.2.128/25", "198.51.100.0/24"})}
    assert health.free_bytes == 172 << 20


def test_what_somebody_changed_is_drift_with_its_place(bench):
    target = bench.target(artifacts())
    assert drift_device(target, bench.resolver, KEY).state is State.CLEAN
    said = tamper(GATEWAY, "juniper_junos", bench.fleet.connections.of(GATEWAY))
    assert said == "ce-test-01: somebody switched telnet on (system services)"
    result = drift_device(target, bench.resolver, KEY)
    assert result.state is State.DRIFT
    [found] = result.findings
    assert (found.difference.section, found.difference.running) == (("system", "services"), "telnet;")
    outcome = bench.push(artifacts(), policy=CAREFUL)
    assert outcome.code == "GGI1609"
    assert "telnet" in outcome.error
    assert bench.push(artifacts(), policy=ANYHOW).status is Status.CHANGED


# -- reading answers -----------------------------------------------------------------------------------

COMMITS = """\
0   2026-11-28 10:15:09 UTC by ggi via cli commit confirmed, rollback in 3mins
    ggi 20261128T101500Z-a1b2c3
    rollback pending
1   2026-11-27 09:00:00 CET by alice via netconf commit confirmed, rollback in 10mins
    CHG0012345 add a line
 2  2026-11-26 08:00:00 UTC by root via other
rescue  2026-11-01 08:00:00 UTC by root via cli
"""


def test_only_a_pending_commit_waits_whatever_its_line_says():
    assert show.commits(COMMITS)[:2] == [
        show.Entry(0, "ggi 20261128T101500Z-a1b2c3", pending=True),
        show.Entry(1, "CHG0012345 add a line", pending=False),
    ]


SUMMARY = """\
Threading mode: BGP I/O
Groups: 2 Peers: 3 Down peers: 1
Table          Tot Paths  Act Paths Suppressed    History Damp State    Pending
mgmt.inet.0
                       3          3          0          0          0          0
Peer                     AS      InPkt     OutPkt    OutQ   Flaps Last Up/Dwn State|#Active/Received/Accepted/Damped...
198.19.128.66         4200900000        120        118       0       0  2w3d 4:05:06 Establ
  mgmt.inet.0: 3/3/3/0
2001:db8:ff00::46     4200900000        120        118       0       0     1:02:03 Establ
  mgmt.inet6.0: 2/2/2/0
198.19.128.72         4200900000          0          0       0       4       10:01 Active
192.0.2.9                  64512         12         12       0       0       10:01 3/3/3/0              0/0/0/0
"""


def test_sessions_are_read_whatever_the_form_of_their_state():
    assert show.peers(SUMMARY) == {
        "198.19.128.66": True,
        "2001:db8:ff00::46": True,
        "198.19.128.72": False,
        "192.0.2.9": True,
    }


def test_announced_prefixes_are_read_also_when_the_line_is_broken():
    text = (
        "mgmt.inet6.0: 12 destinations, 14 routes (12 active, 0 holddown, 0 hidden)\n"
        "  Prefix\t\t  Nexthop\t       MED     Lclpref    AS path\n"
        "* 2001:db8:c004:200::/64  Self                 100                I\n"
        "  2001:db8:ff01:1111:2222:3333:4444:5555/128\n*                         Self              100        I\n"
    )
    assert show.advertised(text) == {"2001:db8:c004:200::/64", "2001:db8:ff01:1111:2222:3333:4444:5555/128"}


@pytest.mark.parametrize(
    ("text", "free"),
    [
        ("/dev/da0s3e   184M   12M   172M   7%  /config\n/dev/da0s1a   587M  230M  310M  43%  /\n", 172 << 20),
        ("/dev/gpt/junos   20G   5.0G   13G   28%  /.mount\ntmpfs  1.0G  8.0K  1.0G  0%  /.mount/config\n", 1 << 30),
        ("/dev/da0s1a   587M  230M  0B  100%  /\n", 0),
        ("something else\n", None),
    ],
)
def test_room_is_that_where_configurations_are_kept(text, free):
    assert show.free_bytes(text) == free
