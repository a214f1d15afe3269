"""Push: bring a device to what is intended, or leave it as it was; twice is the same as once."""

import json
import stat
import time

import pytest
from devices import NFT_TEXT, ROUTER_TEXT, Bench, bench, host_artifacts, router_artifacts

from ggi_net.lab.ios import IosDevice
from ggi_net.lab.linux import LinuxDevice
from ggi_net.push.run import Status, push_all


@pytest.fixture
def lab(tmp_path):
    with bench(tmp_path) as running:
        yield running


def router_of(lab: Bench) -> IosDevice:
    device = lab.fleet.devices["ce-test-01"]
    assert isinstance(device, IosDevice)
    return device


def host_of(lab: Bench) -> LinuxDevice:
    device = lab.fleet.devices["host-test-01"]
    assert isinstance(device, LinuxDevice)
    return device


@pytest.mark.parametrize("artifacts", [router_artifacts(), host_artifacts()], ids=["ios", "linux"])
class TestEveryDriver:
    def test_check_mode_shows_a_diff_and_changes_nothing(self, lab, artifacts):
        first = lab.push(artifacts, check=True)
        assert first.status is Status.WOULD_CHANGE
        assert "192.0.2" in first.diff
        assert lab.push(artifacts, check=True).diff == first.diff
        assert not (lab.folder / "journal").exists()

    def test_pushing_twice_changes_nothing(self, lab, artifacts):
        assert lab.push(artifacts).status is Status.CHANGED
        again = lab.push(artifacts)
        assert (again.status, again.diff, again.error) == (Status.UNCHANGED, "", "")

    def test_another_host_key_is_refused(self, lab, artifacts):
        other = "ce-test-01" if artifacts[0].device != "ce-test-01" else "host-test-01"
        outcome = lab.push(artifacts, host_key=lab.fleet.connections.of(other).host_key)
        assert (outcome.status, outcome.code) == (Status.FAILED, "GGI1606")

    def test_another_device_at_that_address_is_refused(self, lab, artifacts):
        target = lab.target(artifacts)
        device = lab.fleet.devices[target.device]
        if isinstance(device, IosDevice):
            device.serial = "OTHER"
        else:
            (device.root / "etc/hostname").write_text("other\n")
        outcome = lab.push(artifacts)
        assert (outcome.status, outcome.code) == (Status.FAILED, "GGI1604")
        assert "nothing was changed" in outcome.error

    def test_a_silent_device_and_a_wrong_password_are_unreachable(self, lab, artifacts):
        assert lab.push(artifacts, port=1).code == "GGI1602"
        assert lab.push(artifacts, key="", password="wrong").code == "GGI1602"

    def test_the_journal_says_who_when_why_and_what(self, lab, artifacts):
        lab.push(artifacts)
        [file] = (lab.folder / "journal").glob("*/*.json")
        entry = json.loads(file.read_text())
        assert entry["reason"] == "a test"
        assert entry["outcome"] == "changed"
        assert entry["user"]
        assert entry["artifacts"] == {a.file: a.digest for a in artifacts}
        assert stat.S_IMODE(file.stat().st_mode) == 0o600

    def test_no_secret_is_in_any_outcome_or_journal(self, lab, artifacts):
        outcomes = [lab.push(artifacts, check=True), lab.push(artifacts), lab.push(artifacts)]
        seen = "".join(o.diff + o.error for o in outcomes)
        seen += "".join(f.read_text() for f in (lab.folder / "journal").glob("*/*.json"))
        for reference in ("secret://test/bgp/core", "secret://test/emergency/password"):
            assert lab.resolver.value(reference) not in seen


def test_a_connection_lost_before_the_change_is_said_and_the_next_push_completes(lab, monkeypatch):
    from ggi_net.push.linux import LinuxSession

    original = LinuxSession.files

    def lost(self, *arguments):
        lab.fleet.devices["host-test-01"].wrong.cut()
        time.sleep(0.2)
        return original(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(LinuxSession, "files", lost)
        outcome = lab.push(host_artifacts())
    assert (outcome.status, outcome.code) == (Status.FAILED, "GGI1602")
    assert lab.push(host_artifacts()).status is Status.CHANGED
    assert lab.push(host_artifacts()).status is Status.UNCHANGED


def test_one_device_that_fails_does_not_stop_the_others(lab):
    outcomes = push_all([lab.prepared(router_artifacts(), port=1), lab.prepared(host_artifacts())])
    assert [o.status for o in outcomes] == [Status.FAILED, Status.CHANGED]


class TestIos:
    def test_what_is_not_intended_is_taken_away_and_saved(self, lab):
        lab.push(router_artifacts())
        less = ROUTER_TEXT.replace("ip prefix-list own seq 10 permit 198.51.100.0/24\n", "").replace(
            " description to the core\n", ""
        )
        assert lab.push(router_artifacts(less)).status is Status.CHANGED
        running = router_of(lab).show_running()
        assert "seq 10" not in running
        assert "description" not in running
        assert router_of(lab).startup == running

    def test_a_numbered_line_is_replaced_though_the_device_refuses_a_second_one(self, lab):
        lab.push(router_artifacts())
        other = ROUTER_TEXT.replace("seq 5 permit 192.0.2.0/24", "seq 5 permit 203.0.113.0/24")
        assert lab.push(router_artifacts(other)).status is Status.CHANGED
        assert "seq 5 permit 203.0.113.0/24" in router_of(lab).show_running()

    def test_an_interface_that_moves_to_another_vrf_keeps_its_address(self, lab):
        lab.push(router_artifacts())
        moved = ROUTER_TEXT.replace("vrf definition mgmt", "vrf definition other").replace(
            "forwarding mgmt", "forwarding other"
        )
        assert lab.push(router_artifacts(moved)).status is Status.CHANGED
        assert " vrf forwarding other\n encapsulation dot1Q 100\n ip address 192.0.2.3" in router_of(lab).show_running()

    def test_the_order_of_an_access_list_is_restored(self, lab):
        lab.push(router_artifacts())
        swapped = ROUTER_TEXT.replace(
            " permit tcp any any eq 22\n deny ip any any log\n", " deny ip any any log\n permit tcp any any eq 22\n"
        )
        assert lab.push(router_artifacts(swapped)).status is Status.CHANGED
        assert lab.push(router_artifacts(swapped)).status is Status.UNCHANGED

    def test_a_refused_line_brings_the_old_configuration_back(self, lab):
        lab.push(router_artifacts())
        before = router_of(lab).show_running()
        outcome = lab.push(
            router_artifacts(ROUTER_TEXT.replace("to the core", "elsewhere").replace("ip ssh version 2", "bogus 1"))
        )
        assert outcome.code == "GGI1603"
        assert "'bogus 1'" in outcome.error
        assert router_of(lab).show_running() == before

    def test_a_changed_secret_is_pushed_and_never_shown(self, lab):
        lab.push(router_artifacts())
        outcome = lab.push(router_artifacts(ROUTER_TEXT.replace("bgp/core", "bgp/other")))
        assert outcome.status is Status.CHANGED
        assert "neighbor 192.0.2.0 password <secret>" in outcome.diff


class TestLinux:
    def test_only_changed_files_are_written_and_only_their_daemons_told(self, lab):
        lab.push(host_artifacts())
        (host_of(lab).root / ".ggi-lab/calls").unlink()
        lab.push(host_artifacts(nft=NFT_TEXT.replace("179", "180")))
        tools = [c for c in host_of(lab).calls if c.startswith(("nft", "frr"))]
        assert tools == ["nft -f /etc/nftables.conf"]

    def test_a_file_with_a_secret_is_closed_for_others_whatever_its_platform_says(self, lab):
        lab.push(host_artifacts())
        root = host_of(lab).root
        assert stat.S_IMODE((root / "etc/frr/frr.conf").stat().st_mode) == 0o640
        assert stat.S_IMODE((root / "etc/nftables.conf").stat().st_mode) == 0o644
        assert lab.resolver.value("secret://test/bgp/core") in (root / "etc/frr/frr.conf").read_text()

    def test_a_refusing_daemon_gets_its_old_file_back_and_in_use(self, lab):
        lab.push(host_artifacts())
        root, calls = host_of(lab).root, len(host_of(lab).calls)
        before = {p: p.read_bytes() for p in (root / "etc").rglob("*") if p.is_file()}
        host_of(lab).refuse("nft -f")
        outcome = lab.push(host_artifacts(nft=NFT_TEXT.replace("179", "180")))
        assert outcome.code == "GGI1603"
        assert "line 3: refused by the simulated daemon" in outcome.error
        assert {p: p.read_bytes() for p in (root / "etc").rglob("*") if p.is_file()} == before
        assert [c for c in host_of(lab).calls[calls:] if c.startswith("nft")] == ["nft -f /etc/nftables.conf"] * 2
        host_of(lab).refuse()
        assert lab.push(host_artifacts(nft=NFT_TEXT.replace("179", "180"))).status is Status.CHANGED

    def test_a_new_file_that_is_refused_is_taken_away(self, lab):
        host_of(lab).refuse("frr-reload.py")
        assert lab.push(host_artifacts()).code == "GGI1603"
        assert not (host_of(lab).root / "etc/frr/frr.conf").exists()
