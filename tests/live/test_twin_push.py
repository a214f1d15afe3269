"""Pushes to real gateways of the twin, from its management host: what cuts a gateway off comes back by itself.

Two things are tried at a time, one on each gateway of almelo. The twin is taken down at the end, which is tried, too.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from twin_lab import NEEDS, TwinLab, left_in, mounts_of, wait_until

from ggi_net.paths import demo_folder
from ggi_net.push.journal import Journal
from ggi_net.push.run import Outcome

pytestmark = [pytest.mark.live, pytest.mark.root, pytest.mark.needs(*NEEDS)]

ONE, OTHER = "ce-almelo-01", "ce-almelo-02"
PROGRAM = str(Path(__file__).with_name("twin_push.py"))
ROLLBACK = 12

CHANGES = {
    "as it was": (),
    "one service more": (
        (
            "gemeenten/almelo.yml",
            "[portal, basisregistraties, zaaksysteem]",
            "[portal, basisregistraties, zaaksysteem, archief]",
        ),
    ),
    "no management": (
        ("federation.yml", '["2001:db8:fe00::/47", 198.19.224.0/26]', '["2001:db8:fe00:2::/64", 198.19.224.32/27]'),
    ),
    "no sessions": (("gemeenten/almelo.yml", "asn: 4200900001", "asn: 4200900009"),),
}
"""What is changed in the demo estate: file, text, and what it becomes."""


class Gateways:
    """The twin of almelo, and an estate with its artifacts for each of CHANGES."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.lab = TwinLab(base)
        self.journal = Journal(base / "journal", "")
        for name, changes in CHANGES.items():
            estate = self.estate(name)
            subprocess.run(["cp", "-r", str(demo_folder()), str(estate)], check=True)
            for file, text, becomes in changes:
                before = (estate / file).read_text()
                assert text in before
                (estate / file).write_text(before.replace(text, becomes))
            self.lab.ggi("render", "-e", str(estate), "-o", str(self.artifacts(name)), "-g", "almelo")

    def estate(self, name: str) -> Path:
        return self.base / f"estate {name}"

    def artifacts(self, name: str) -> Path:
        return self.base / f"artifacts {name}"

    def push(self, change: str, device: str, *, rollback: int = ROLLBACK, watch: int = 2) -> subprocess.Popen[str]:
        """Begin a push of a change to a device."""
        return self.lab.start_on(
            "noc", sys.executable, PROGRAM, str(self.estate(change)), str(self.artifacts(change)),
            str(self.lab.folder / "connections.json"), str(self.base / "journal"), device, str(rollback), str(watch),
        )  # fmt: skip

    def armed(self, device: str) -> bool:
        """Whether a push is armed on a device, and has been applied there."""
        log = "cat /var/lib/ggi/push/armed && ! ls /var/lib/ggi/push/*/pid"
        return self.lab.on(device, "sh", "-c", log, check=False).returncode == 0

    def recorded(self, device: str) -> str:
        """How the last push to a device ended, by the journal."""
        return next(iter(self.journal.entries(device))).outcome

    def well(self, device: str) -> bool:
        """Whether every session of a device is established."""
        sessions = self.lab.sessions(device)
        return bool(sessions) and all(sessions.values())


def outcome(push: subprocess.Popen[str]) -> Outcome:
    said, _ = push.communicate(timeout=600)
    return msgspec.json.decode(said, type=Outcome)


@pytest.fixture(scope="module")
def gateways(tmp_path_factory):
    made = Gateways(tmp_path_factory.mktemp("push"))
    try:
        made.lab.ggi("lab", "up", "--gemeente", "almelo")
        yield made
    finally:
        made.lab.close()


def counts(gateways, device):
    """How often each BGP session of a device has been established."""
    summary = json.loads(gateways.lab.on(device, "vtysh", "-c", "show bgp vrf all summary json").stdout)
    return {
        (vrf, address): peer["connectionsEstablished"]
        for vrf, families in summary.items()
        for family in families.values()
        if isinstance(family, dict)
        for address, peer in family.get("peers", {}).items()
    }


def test_a_good_change_is_made_and_resets_no_session(gateways):
    before = counts(gateways, ONE)

    done = outcome(gateways.push("one service more", ONE, rollback=90))

    assert done.status == "changed", done.error
    assert counts(gateways, ONE) == before
    assert "192.0.2.96/27" in gateways.lab.on(ONE, "vtysh", "-c", "show ip prefix-list datanet4-in").stdout
    assert "{ 192.0.2.0/25 }" in gateways.lab.on(ONE, "nft", "list", "set", "inet", "ggi", "cloud4").stdout, "all four"
    assert not gateways.armed(ONE)
    assert outcome(gateways.push("as it was", ONE, rollback=90)).status == "changed"


def test_what_cuts_management_off_comes_back_by_itself(gateways):
    firewall, routing = gateways.push("no management", ONE), gateways.push("no sessions", OTHER)
    for device, push, file in ((ONE, firewall, "nftables.conf"), (OTHER, routing, "frr.conf")):
        done = outcome(push)
        assert done.status == "rolled back", done.error
        assert file in done.diff
        assert "runs again what it ran before" in done.error
        assert gateways.recorded(device) == "rolled back"
        assert done.armed >= ROLLBACK
        wait_until(lambda device=device: gateways.well(device), 60, f"every session of {device}")
        assert outcome(gateways.push("as it was", device)).status == "unchanged"


def test_a_gateway_that_restarts_and_one_whose_controller_is_killed_go_back_by_themselves(gateways):
    restarted, orphaned = gateways.push("no management", ONE, rollback=120), gateways.push("no management", OTHER)
    wait_until(lambda: gateways.armed(OTHER), 60, "the change")
    orphaned.send_signal(signal.SIGKILL)
    orphaned.wait()
    assert gateways.recorded(OTHER) == "begun"
    wait_until(lambda: gateways.armed(ONE), 60, "the change")
    gateways.lab.ggi("lab", "reboot", ONE)
    assert not gateways.armed(ONE), "it starts with what ran before"

    done = outcome(restarted)
    assert done.status == "rolled back", done.error
    wait_until(lambda: not gateways.armed(OTHER), ROLLBACK + 20, "going back")
    for device in (ONE, OTHER):
        wait_until(lambda device=device: gateways.well(device), 60, f"every session of {device}")

    assert outcome(gateways.push("as it was", ONE)).status == "unchanged"
    assert outcome(gateways.push("one service more", OTHER, rollback=90)).status == "changed", "the next push works"
    assert list(gateways.journal.entries(OTHER))[1].outcome == "rolled back", "and settles what was left open"


def test_down_ends_also_what_others_run_in_its_networks(gateways):
    lab = gateways.lab
    spaces = lab.namespaces()
    for name in ("noc", ONE):
        lab.ggi("lab", "exec", name, "--", "sh", "-c", "setsid -f sleep 1000 > /dev/null 2>&1")
    assert sum("sleep 1000" in line for line in left_in(spaces)) == 2

    lab.ggi("lab", "down")

    assert not left_in(spaces)
    assert not lab.folder.exists()
    assert not mounts_of(lab.folder)
