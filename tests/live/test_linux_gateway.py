"""A push to a real Debian gateway: sshd, FRR with a BGP session, nft. What would cut it off comes back by itself."""

from __future__ import annotations

import json
import socket
import tempfile
import threading
import time
from pathlib import Path

import pytest
from push_machines import USER, Machine, cable, until, within

from ggi_net.push.connections import Connection
from ggi_net.push.driver import Target, open_right
from ggi_net.push.journal import Journal, Status
from ggi_net.push.run import Policy, Push
from ggi_net.render.artifact import Artifact
from ggi_net.render.platform import ArtifactKind, Look, Platform, What, load_platform
from ggi_net.secrets import NoSecrets, Resolver

pytestmark = [
    pytest.mark.live,
    pytest.mark.root,
    pytest.mark.needs("sshd", "nft", "zebra", "bgpd", "vtysh", "frr-reload.py", "ip", "sudo"),
]

NFT = """\
table inet ggi
delete table inet ggi
table inet ggi {
	set senders {
		type ipv4_addr; flags interval
		elements = { 10.0.0.0/24 }
	}
	chain input {
		type filter hook input priority filter; policy drop;
		iifname "lo" accept
		ct state { established, related } accept
		icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
		tcp dport { 22, 179 } accept comment "management and BGP"
		ip saddr @senders udp dport 5001 accept
		counter drop
	}
}
"""
CE = """\
frr defaults traditional
ip prefix-list datanet4-in seq 5 permit 203.0.113.0/24 le 32
ip prefix-list datanet4-out seq 5 permit 192.0.2.0/24
ip route 192.0.2.0/24 blackhole
router bgp 64512
 bgp router-id 198.51.100.0
 no bgp default ipv4-unicast
 no bgp ebgp-requires-policy
 timers bgp 3 9
 neighbor 198.51.100.1 remote-as 64513
 neighbor 198.51.100.1 timers connect 1
 !
 address-family ipv4 unicast
  network 192.0.2.0/24
  neighbor 198.51.100.1 activate
  neighbor 198.51.100.1 prefix-list datanet4-in in
  neighbor 198.51.100.1 prefix-list datanet4-out out
 exit-address-family
exit
"""
PE = """\
frr defaults traditional
ip route 203.0.113.0/25 blackhole
ip route 203.0.113.128/25 blackhole
router bgp 64513
 bgp router-id 198.51.100.1
 no bgp ebgp-requires-policy
 timers bgp 3 9
 neighbor 198.51.100.0 remote-as 64512
 neighbor 198.51.100.0 timers connect 1
 neighbor 198.51.100.0 passive
 !
 address-family ipv4 unicast
  network 203.0.113.0/25
  network 203.0.113.128/25
 exit-address-family
exit
"""
_REAL = {kind.file: kind for kind in load_platform("frr").artifacts}
_IN_DEFAULT = {"vrf": "default"}
"""This kernel has no VRF: what the real platform clears in a VRF is cleared in the only table there is."""


def _without_vrf(kind: ArtifactKind) -> ArtifactKind:
    also = tuple(type(a)(changed=a.changed, run=a.run.replace("vrf {vrf} ", "")) for a in kind.also)
    return ArtifactKind(
        file=kind.file, template="", path=kind.path, mode=kind.mode, owner=kind.owner, test=kind.test,
        apply=kind.apply, undo=kind.undo, also=also,
    )  # fmt: skip


PLATFORM = Platform(
    name="frr", title="Debian", driver="linux", drift="frr",
    artifacts=tuple(_without_vrf(_REAL[name]) for name in ("nftables.conf", "frr.conf")),
    verify=(Look(what=What.BGP), Look(what=What.SERVICE, name="frr")),
)  # fmt: skip


class Network:
    """A controller, the gateway and its neighbor."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ce = Machine("ce-test-01", folder / "ce", {"mgmt": "10.0.0.1/31", "wan": "198.51.100.0/31"})
        self.pe = Machine("pe-test-01", folder / "pe", {"wan": "198.51.100.1/31"}, {"/etc/frr/frr.conf": PE})
        self.controller = Machine("controller", folder / "controller", {"mgmt": "10.0.0.0/31"})
        for machine in (self.ce, self.pe, self.controller):
            machine.home.mkdir()
            machine.install()
        (self.ce.home / "etc/frr/frr.conf").write_text("frr defaults traditional\n")

    def start(self, *machines: Machine) -> None:
        for machine in machines:
            machine.start()
        if self.ce in machines or self.controller in machines:
            cable(self.controller, "mgmt", self.ce, "mgmt")
        if self.ce in machines or self.pe in machines:
            cable(self.pe, "wan", self.ce, "wan")
        for machine in machines:
            machine.linked()
        for port, address in self.controller.addresses.items():
            self.controller.run("sh", "-c", f"ip address replace {address} dev {port}; ip link set {port} up")
        for port, address in self.pe.addresses.items():
            self.pe.run("sh", "-c", f"ip address replace {address} dev {port}; ip link set {port} up")

    def stop(self) -> None:
        for machine in (self.ce, self.pe, self.controller):
            machine.stop()

    def target(self, *, frr: str = CE, nft: str = NFT) -> Target:
        artifacts = (
            Artifact(self.ce.name, "frr", "nftables.conf", nft), Artifact(self.ce.name, "frr", "frr.conf", frr)
        )  # fmt: skip
        host_key = " ".join(self.ce.read("host.pub").split()[:2])
        reached = Connection(host="10.0.0.1", host_key=host_key, username=USER, key=str(self.ce.home / "login.key"))
        return Target(
            self.ce.name, "", PLATFORM, artifacts, reached, "test",
            announces={"default": frozenset({"192.0.2.0/24"})},
        )  # fmt: skip

    def push(self, policy: Policy | None = None, **texts: str):
        push = Push(
            self.target(**texts), Resolver(NoSecrets()), Journal(self.folder / "journal", "a test"),
            policy or Policy(verify=5, watch=0, grace=20, accept=frozenset({"drift", "sessions"})),
        )  # fmt: skip
        with within(self.controller):
            return push.run()

    def session(self) -> dict:
        """The gateway's session as bgpd tells it."""
        shown = json.loads(self.ce.run("vtysh", "-c", "show bgp neighbors 198.51.100.1 json"))
        return shown["198.51.100.1"]

    def established(self) -> dict:
        return until(lambda: s if (s := self.session())["bgpState"] == "Established" else None, 20)

    def routes(self) -> set[str]:
        return set(json.loads(self.ce.run("vtysh", "-c", "show bgp ipv4 unicast json"))["routes"])


@pytest.fixture(scope="module")
def network():
    with tempfile.TemporaryDirectory(prefix="ggi-push-") as made:  # users of the hosts get in, unlike in pytest's
        folder = Path(made)
        folder.chmod(0o755)
        running = Network(folder)
        try:
            running.start(running.controller, running.ce, running.pe)
            outcome = running.push()
            assert outcome.status is Status.CHANGED, outcome.error
            running.established()
            yield running
        finally:
            running.stop()


@pytest.fixture
def settled(network):
    """The gateway with its own configuration and its session up."""
    outcome = network.push()
    assert outcome.status in (Status.UNCHANGED, Status.CHANGED), outcome.error
    network.established()
    return network


BACK_SOON = Policy(rollback=11, verify=1, watch=0, grace=25)


class TestFrr:
    def test_a_changed_prefix_list_takes_effect_and_leaves_the_session_up(self, settled):
        until(lambda: "203.0.113.128/25" in settled.routes())
        before = settled.session()
        narrow = CE.replace("permit 203.0.113.0/24 le 32", "permit 203.0.113.0/25")
        assert settled.push(frr=narrow).status is Status.CHANGED
        until(lambda: "203.0.113.128/25" not in settled.routes())
        after = settled.session()
        # FRR counts from now back, in whole seconds.
        assert abs(after["bgpTimerUpEstablishedEpoch"] - before["bgpTimerUpEstablishedEpoch"]) <= 1
        assert after["connectionsEstablished"] == before["connectionsEstablished"]

    def test_a_file_with_a_syntax_error_changes_nothing(self, settled):
        before = settled.ce.run("vtysh", "-c", "show running-config")
        outcome = settled.push(frr=CE.replace("activate", "activtae"))
        assert outcome.code == "GGI1603"
        assert "nothing was changed" in outcome.error
        assert settled.ce.run("vtysh", "-c", "show running-config") == before
        assert settled.ce.read("/etc/frr/frr.conf") == CE

    @pytest.mark.fault("breaks-bgp", "verify-times-out")
    def test_a_session_that_goes_down_brings_the_old_configuration_back(self, settled):
        outcome = settled.push(BACK_SOON, frr=CE.replace("remote-as 64513", "remote-as 64999"))
        assert outcome.status is Status.ROLLED_BACK, outcome.error
        assert "BGP sessions are down" in outcome.error
        assert settled.ce.read("/etc/frr/frr.conf") == CE
        settled.established()


class TestNft:
    @pytest.mark.fault("cut-off")
    def test_a_ruleset_that_cuts_management_off_goes_back_by_itself(self, settled):
        cut = NFT.replace("{ 22, 179 }", "179").replace("ct state { established, related } accept\n", "")
        started = time.monotonic()
        outcome = settled.push(BACK_SOON, nft=cut)
        assert outcome.status is Status.ROLLED_BACK, outcome.error
        assert time.monotonic() - started > BACK_SOON.rollback - 1, "it went back before it was due: who did that?"
        assert "22, 179" in settled.ce.run("nft", "list", "ruleset")
        assert settled.push().status is Status.UNCHANGED

    def test_a_replacement_lets_nothing_through_that_is_forbidden_and_drops_nothing_that_is_allowed(self, settled):
        rules = settled.ce.home / "etc/nftables.conf"
        with Flood(settled) as flood:
            for number in range(20):
                until(flood.more)
                rules.write_text(NFT.replace("udp dport 5001", f"udp dport {{ 5001, {6000 + number} }}"))
                settled.ce.run("sh", "/var/lib/ggi/push/replace-rules", "ggi")
        rules.write_text(NFT)
        settled.ce.run("sh", "/var/lib/ggi/push/replace-rules", "ggi")
        assert flood.lost() == set()
        assert flood.forbidden == 0
        assert "ggi-next" not in settled.ce.run("nft", "list", "ruleset")

    def test_and_a_replacement_in_two_steps_would_be_seen(self, settled):
        with Flood(settled) as flood:
            for _ in range(6):
                until(flood.more)
                settled.ce.run("nft", "flush ruleset")
                settled.ce.run("nft", "-f", "/etc/nftables.conf")
        assert flood.forbidden > 0

    def test_the_rules_of_another_take_ours_away(self, settled):
        (settled.ce.home / "etc/nftables.conf").write_text("table inet other {\n}\n")
        settled.ce.run("sh", "/var/lib/ggi/push/replace-rules", "ggi")
        assert "table inet ggi" not in settled.ce.run("nft", "list", "ruleset")

    def test_an_established_connection_survives_a_replacement(self, settled):
        with within(settled.controller):
            session = open_right(settled.target(), Resolver(NoSecrets()))
        try:
            outcome = settled.push(nft=NFT.replace("udp dport 5001", "udp dport { 5001, 5003 }"))
            assert outcome.status is Status.CHANGED
            assert session.identify().hostname == "ce-test-01"
        finally:
            session.close()


class TestGuard:
    @pytest.mark.fault("reboot")
    def test_a_gateway_that_restarts_while_it_is_armed_comes_up_with_its_old_files(self, settled):
        with within(settled.controller):
            session = open_right(settled.target(), Resolver(NoSecrets()))
            session.lock("a test")
            wanted = settled.target(nft=NFT.replace("5001", "5009"))
            session.change(session.compare(wanted.artifacts), "20260101T000000Z-reboot", 60)
        assert "5009" in settled.ce.read("/etc/nftables.conf")
        settled.ce.stop()
        session.close()
        settled.start(settled.ce)
        assert settled.ce.read("/etc/nftables.conf") == NFT
        assert "5009" not in settled.ce.run("nft", "list", "ruleset")
        assert settled.push().status is Status.UNCHANGED

    @pytest.mark.fault("locked")
    def test_the_kernel_frees_the_lock_of_a_connection_that_was_cut(self, settled):
        with within(settled.controller):
            session = open_right(settled.target(), Resolver(NoSecrets()))
            session.lock("somebody else")
        refused = settled.push()
        assert refused.code == "GGI1608"
        assert "somebody else" in refused.error
        settled.ce.run("pkill", "-f", f"^sshd: {USER}")  # within its own PID namespace
        session.close()
        assert settled.push().status is Status.UNCHANGED

    def test_what_is_kept_is_for_root_only(self, settled):
        settled.push(nft=NFT.replace("5001", "5007"))
        kept = settled.ce.home / "var/lib/ggi/push"
        assert {path.stat().st_mode & 0o077 for path in (kept, *kept.rglob("*"))} == {0}
        assert len([path for path in kept.iterdir() if path.is_dir()]) <= 5
        assert not list((settled.ce.home / "etc").rglob(".ggi-*"))


class Flood:
    """Packets to a port that is allowed and to one that is not, as fast as one sender can, both counted."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.forbidden = 0
        self.sent = 0
        self._seen = bytearray(10_000_000)
        self._ends = False
        self._mark = 0

    def __enter__(self) -> Flood:
        with within(self.network.ce):
            self._allowed, self._closed = (_listener(port) for port in (5001, 5002))
        with within(self.network.controller):
            self._out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._threads = [threading.Thread(target=t) for t in (self._send, self._count, self._count_forbidden)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends = True
        for thread in self._threads:
            thread.join()
        for end in (self._out, self._allowed, self._closed):
            end.close()

    def more(self) -> bool:
        """Whether many more were sent since the last time."""
        if self.sent < self._mark + 2000:
            return False
        self._mark = self.sent
        return True

    def lost(self) -> set[int]:
        """What was sent to the port that is allowed, and did not come."""
        return {number for number in range(self.sent) if not self._seen[number]}

    def _send(self) -> None:
        while not self._ends:
            packet = self.sent.to_bytes(4, "big")
            self._out.sendto(packet, ("10.0.0.1", 5001))
            self._out.sendto(packet, ("10.0.0.1", 5002))
            self.sent += 1

    def _count(self) -> None:
        for packet in _packets(self._allowed, lambda: self._ends):
            self._seen[int.from_bytes(packet, "big")] = 1

    def _count_forbidden(self) -> None:
        for _ in _packets(self._closed, lambda: self._ends):
            self.forbidden += 1


def _listener(port: int) -> socket.socket:
    there = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    there.setsockopt(socket.SOL_SOCKET, 33, 256 << 20)  # SO_RCVBUFFORCE: nothing may be lost for want of room
    there.bind(("10.0.0.1", port))
    there.settimeout(0.3)
    return there


def _packets(there: socket.socket, ends):
    while True:
        try:
            yield there.recv(64)
        except TimeoutError:
            if ends():
                return
