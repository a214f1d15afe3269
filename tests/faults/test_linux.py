"""What goes wrong during a push to a Debian host. With real daemons: `tests/live/test_linux_gateway.py`."""

from __future__ import annotations

import itertools
import threading
import time

import msgspec
import pytest
from devices import FRR_TEXT, HOST, NFT_TEXT, SERVER, Bench, host_artifacts
from harness import CALL, SEND, Job, killed, moments

from ggi_net.errors import GgiError
from ggi_net.lab.fleet import running_fleet
from ggi_net.lab.linux import LinuxDevice
from ggi_net.lab.misbehave import Does, Fault, matching
from ggi_net.push.driver import open_right
from ggi_net.push.journal import GOOD, Journal, Status
from ggi_net.push.linux import LinuxSession
from ggi_net.push.run import Policy
from ggi_net.render.platform import Look, What

NEW = {"nft": NFT_TEXT.replace("179", "180"), "frr": FRR_TEXT.replace("100", "200")}
MINUTE = 12.0
"""A minute of the host, in seconds: what goes back after the usual three minutes does so after 36 seconds."""

SOON = Policy(rollback=10, verify=2, watch=0, grace=20)
"""For what goes back by itself: 10 seconds are 2 on the host."""

PATIENT = Policy(verify=10, watch=0, grace=20)

WATCHED = msgspec.structs.replace(
    HOST, verify=(Look(what=What.BGP),),
    artifacts=(msgspec.structs.replace(HOST.artifacts[0], test="nft -c -f {file}"), *HOST.artifacts[1:]),
)  # fmt: skip


class Host(Bench):
    """A simulated host that runs what it was given, and is about to get something else."""

    @property
    def device(self) -> LinuxDevice:
        device = self.fleet.devices["host-test-01"]
        assert isinstance(device, LinuxDevice)
        return device

    @property
    def wrong(self):
        return self.device.wrong

    def target(self, artifacts=(), **connection):
        found = super().target(artifacts or host_artifacts(**NEW), **connection)
        return type(found)(**{**vars(found), "platform": WATCHED})

    def push_new(self, policy: Policy = PATIENT):
        return self.push(host_artifacts(**NEW), policy=policy)

    def runs(self) -> str:
        """Which of the two it runs: its files and its routing daemon; empty for neither as a whole."""
        etc = self.device.root / "etc"
        files = {"nft": (etc / "nftables.conf").read_text(), "frr": (etc / "frr/frr.conf").read_text()}
        daemon = (self.device.root / ".ggi-lab/frr-running").read_text()
        for name, texts in (("old", {"nft": NFT_TEXT, "frr": FRR_TEXT}), ("new", NEW)):
            wanted = {key: self.resolver.resolve(text) for key, text in texts.items()}
            if files == wanted and daemon == wanted["frr"]:
                return name
        return ""

    def armed(self) -> bool:
        return (self.device.root / "var/lib/ggi/push/armed").exists()

    def told(self) -> str:
        """What the journal says of the last push."""
        return next(iter(Journal(self.folder / "journal", "").entries("host-test-01"))).outcome

    def works_again(self) -> None:
        """The next push goes well, and leaves nothing behind."""
        self.wrong.faults.clear()
        outcome = self.push_new()
        assert outcome.status in GOOD, outcome.error
        assert self.runs() == "new"
        assert not self.armed()
        assert not list((self.device.root / "etc").rglob(".ggi-*"))
        assert not [
            entry for entry in Journal(self.folder / "journal", "").entries("host-test-01") if not entry.outcome
        ]


@pytest.fixture
def host(tmp_path):
    plan = msgspec.structs.replace(SERVER, minute=MINUTE)
    with running_fleet([plan], tmp_path / "lab") as fleet:
        made = Host(fleet, tmp_path)
        outcome = made.push(host_artifacts())
        assert outcome.status is Status.CHANGED, outcome.error
        assert made.runs() == "old"
        yield made


@pytest.mark.fault("lost-before")
def test_a_connection_lost_before_the_change_changes_nothing(host):
    host.wrong.faults.append(Fault(Does.CUT_BEFORE, "base64"))
    outcome = host.push_new()
    assert (outcome.code, host.runs(), host.armed()) == ("GGI1602", "old", False)
    host.works_again()


@pytest.mark.fault("lost-during")
def test_a_connection_lost_in_the_change_is_waited_for(host):
    host.wrong.faults.append(Fault(Does.CUT_INSTEAD, "Takes the files"))
    outcome = host.push_new()
    assert (outcome.status, host.runs(), host.told()) == (Status.ROLLED_BACK, "old", Status.ROLLED_BACK)
    host.works_again()


@pytest.mark.fault("lost-after")
def test_a_connection_lost_before_the_confirmation_is_made_anew(host):
    host.wrong.faults.append(Fault(Does.CUT_BEFORE, " confirm "))
    outcome = host.push_new()
    assert (outcome.status, host.runs(), host.armed()) == (Status.CHANGED, "new", False), outcome.error
    host.works_again()


@pytest.mark.fault("lost-after")
def test_a_lost_answer_to_the_confirmation_changes_nothing_about_it(host):
    host.wrong.faults.append(Fault(Does.CUT_INSTEAD, " confirm "))
    outcome = host.push_new()
    assert (outcome.status, host.runs(), host.armed()) == (Status.CHANGED, "new", False), outcome.error


@pytest.mark.fault("killed")
def test_a_killed_toolkit_leaves_one_of_the_two_and_a_free_lock(host):
    texts = {"old": host_artifacts(), "new": host_artifacts(**NEW)}
    jobs = {
        name: Job(host.target(artifacts), host.fleet.connections.secrets, host.folder / "journal", PATIENT)
        for name, artifacts in texts.items()
    }
    calls, counts = _calls(host), moments(jobs["new"])
    assert counts[SEND] >= 1
    reads = calls.index("change")  # what comes before only looks: the first and the last of it stand for all
    steps = [(CALL, n) for n in (1, *range(reads, counts[CALL] + 1))] + [(SEND, n + 1) for n in range(counts[SEND])]
    goals = itertools.cycle(("old", "new"))
    for kind, number in steps:
        before, goal = host.runs(), next(goals)
        killed(jobs[goal], kind, number)
        assert host.runs() == goal or (host.runs() == before and not host.armed()), f"killed at {kind} {number}"
        outcome = host.push(texts[goal], policy=PATIENT)
        assert (outcome.status in GOOD, host.runs()) == (True, goal), f"killed at {kind} {number}: {outcome.error}"


@pytest.mark.fault("killed")
def test_what_nobody_confirms_goes_back_by_itself(host):
    job = Job(host.target(), host.fleet.connections.secrets, host.folder / "journal", SOON)  # two seconds from now
    killed(job, CALL, _calls(host).index("confirm") + 1)
    started = time.monotonic()
    while host.armed():
        assert time.monotonic() < started + 20
        time.sleep(0.05)
    assert host.runs() == "old"
    host.works_again()


def _calls(host: Host) -> list[str]:
    """The methods that a push calls, in order. Leaves the host with the old configuration."""
    names: list[str] = []
    patch = pytest.MonkeyPatch()
    for name in ("identify", "lock", "armed", "health", "compare", "before", "change", "confirm", "revert", "close"):
        method = getattr(LinuxSession, name)
        patch.setattr(LinuxSession, name, lambda self, *a, m=method, n=name: (names.append(n), m(self, *a))[1])
    outcome = host.push_new()
    patch.undo()
    assert outcome.status is Status.CHANGED
    assert host.push(host_artifacts()).status in GOOD
    return names


@pytest.mark.fault("truncated")
@pytest.mark.parametrize("does", [Does.TRUNCATE, Does.SHORTEN])
def test_files_that_come_in_cut_short_are_never_taken_for_whole(host, does):
    host.wrong.faults.append(Fault(does, "base64 -w 0 <"))
    outcome = host.push_new()
    assert (outcome.status, host.runs(), host.armed()) == (Status.FAILED, "old", False)
    host.works_again()


@pytest.mark.fault("truncated")
def test_what_a_daemon_shows_cut_short_is_no_proof(host):
    host.wrong.faults.append(Fault(Does.SHORTEN, "show running-config", skip=1, times=0))
    outcome = host.push_new(Policy(rollback=10, verify=1, watch=0, grace=0))
    assert outcome.status in (Status.ROLLED_BACK, Status.UNKNOWN), outcome.error
    host.wrong.faults.clear()
    assert host.runs() == "old"
    host.works_again()


@pytest.mark.fault("refused-line")
def test_a_command_that_is_refused_in_the_middle_takes_all_back(host):
    host.device.refuse("frr-reload.py")
    outcome = host.push_new()
    host.device.refuse()
    assert (outcome.code, host.armed()) == ("GGI1603", False)
    assert "`frr-reload.py --reload /etc/frr/frr.conf` refused it: " in outcome.error
    assert "line 3: refused by the simulated daemon" in outcome.error
    assert host.runs() == "old"
    host.works_again()


@pytest.mark.fault("reboot")
def test_a_host_that_restarts_while_it_is_armed_comes_up_with_the_old(host):
    host.wrong.faults.append(Fault(Does.REBOOT, "show running-config", skip=1, seconds=0.3))
    outcome = host.push_new()
    assert (outcome.status, host.runs(), host.armed()) == (Status.ROLLED_BACK, "old", False), outcome.error
    host.works_again()


@pytest.mark.fault("login-refused")
def test_without_a_new_login_nothing_is_confirmed(host):
    host.wrong.logins = 1
    later = threading.Thread(target=_admit_again_once_it_went_back, args=(host,))
    later.start()
    outcome = host.push_new(SOON)
    later.join()
    assert (outcome.status, host.runs(), host.armed()) == (Status.ROLLED_BACK, "old", False), outcome.error
    host.works_again()


def _admit_again_once_it_went_back(host: Host) -> None:
    for armed in (True, False):
        limit = time.monotonic() + 20
        while host.armed() is not armed and time.monotonic() < limit:
            time.sleep(0.02)
    host.wrong.logins = None


@pytest.mark.fault("disk-full")
def test_too_little_room_is_seen_before_anything_is_changed(host):
    host.wrong.disk_full = True
    outcome = host.push_new()
    assert (outcome.code, host.runs(), host.armed()) == ("GGI1610", "old", False)
    host.wrong.disk_full = False
    host.works_again()


@pytest.mark.fault("disk-full")
def test_a_disk_that_fills_up_on_the_way_changes_nothing(host, monkeypatch):
    from ggi_net.push import linux_health

    host.wrong.disk_full = True
    monkeypatch.setattr(linux_health, "_free_bytes", lambda _: 1 << 30)
    outcome = host.push_new()
    assert (outcome.code, host.runs(), host.armed()) == ("GGI1603", "old", False)
    assert "nothing was changed" in outcome.error
    assert "No space left on device" in outcome.error
    host.wrong.disk_full = False
    host.works_again()


@pytest.mark.fault("locked")
def test_a_second_push_is_told_who_holds_the_lock(host):
    session = open_right(host.target(), host.resolver)
    session.lock("jan@beheer, run 20261128T101500Z-a1b2c3")
    outcome = host.push_new()
    assert (outcome.code, host.runs()) == ("GGI1608", "old")
    assert "jan@beheer, run 20261128T101500Z-a1b2c3" in outcome.error
    session.close()
    host.works_again()


@pytest.mark.fault("locked")
def test_a_push_takes_its_own_lock_over_from_a_connection_that_died_unseen(host):
    dead, alive = (open_right(host.target(), host.resolver) for _ in range(2))
    dead.lock("jan@beheer, run 1")
    alive.lock("jan@beheer, run 1")
    third = open_right(host.target(), host.resolver)
    with pytest.raises(GgiError, match="jan@beheer"):
        third.lock("piet@beheer, run 2")
    for session in (dead, alive, third):
        session.close()


@pytest.mark.fault("clock")
def test_the_guard_asks_no_clock_for_the_time_of_day(host):
    assert not (host.device.tools / "date").exists()
    early = Journal(host.folder / "journal", "")
    early.run = "19700101T000000Z-000000"
    session = open_right(host.target(), host.resolver)
    started = time.monotonic()
    session.change(session.compare(host_artifacts(**NEW)), early.run, 10)
    assert host.runs() == "new"
    while host.armed():
        assert time.monotonic() < started + 20
        time.sleep(0.02)
    assert time.monotonic() - started >= 10 * MINUTE / 60
    assert host.runs() == "old"
    assert session.before(early.run).empty
    session.close()


@pytest.mark.fault("cut-off")
def test_what_cuts_management_off_goes_back_by_itself(host):
    host.wrong.cut_off = matching(r"tcp dport 180 accept")
    outcome = host.push_new(SOON)
    assert (outcome.status, host.runs(), host.armed()) == (Status.ROLLED_BACK, "old", False), outcome.error
    assert outcome.armed >= SOON.rollback * MINUTE / 60
    host.wrong.cut_off = None
    host.works_again()


@pytest.mark.fault("breaks-bgp", "verify-times-out")
def test_what_breaks_bgp_is_taken_back_over_the_connection_that_works(host):
    host.wrong.breaks_bgp = matching(r"maximum-prefix 200")
    outcome = host.push_new(Policy(rollback=100, verify=1, watch=0, grace=20))
    assert (outcome.status, host.runs(), host.armed()) == (Status.ROLLED_BACK, "old", False), outcome.error
    assert "default/192.0.2.0" in outcome.error
    assert outcome.armed < 100 * MINUTE / 60
    host.wrong.breaks_bgp = None
    host.works_again()


@pytest.mark.fault("refused-whole")
def test_what_a_daemon_refuses_beforehand_changes_nothing(host):
    calls = len(host.device.calls)
    host.device.refuse("nft -c")
    outcome = host.push_new()
    host.device.refuse()
    assert (outcome.code, host.runs(), host.armed()) == ("GGI1603", "old", False)
    assert "nothing was changed" in outcome.error
    assert not [call for call in host.device.calls[calls:] if call.startswith(("nft -f", "frr-reload"))]
    host.works_again()


def test_a_push_is_taken_back_by_its_name(host):
    first = host.push_new()
    assert first.status is Status.CHANGED
    [run] = [e.run for e in Journal(host.folder / "journal", "").entries("host-test-01") if e.diff == first.diff]
    push = host.prepared(host_artifacts())
    push.back_to = run
    assert push.run().status is Status.CHANGED
    assert host.runs() == "old"


def test_no_secret_is_an_argument_or_in_a_file_that_others_can_read(host):
    value = host.resolver.value("secret://test/bgp/core")
    host.push_new()
    for path in host.device.root.rglob("*"):
        if path.is_file() and ".ggi-lab" not in path.parts and value.encode() in path.read_bytes():
            closed = [p for p in (path, *path.parents) if p.is_relative_to(host.device.root)]
            assert any(p.stat().st_mode & 0o007 == 0 for p in closed), path
    assert value not in "".join(host.device.calls)
