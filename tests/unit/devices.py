"""Small simulated devices for the tests of push and drift: one router, one host, and what they should run."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from ggi_net.lab.fleet import Blueprint, Fleet, running_fleet
from ggi_net.push.driver import Target
from ggi_net.push.journal import Journal
from ggi_net.push.run import Outcome, Policy, Push
from ggi_net.render.artifact import Artifact
from ggi_net.render.platform import ArtifactKind, Platform
from ggi_net.secrets import Resolver, open_backend

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

IOS = Platform(
    name="cisco_iosxe", title="IOS-XE", driver="cisco_iosxe", drift="cisco_iosxe",
    artifacts=(ArtifactKind(file="running.cfg", template="x"),),
)  # fmt: skip
HOST = Platform(
    name="frr", title="Debian", driver="linux", drift="frr",
    artifacts=(
        ArtifactKind(file="nftables.conf", template="x", path="/etc/nftables.conf", apply="nft -f /etc/nftables.conf"),
        ArtifactKind(
            file="frr.conf", template="x", path="/etc/frr/frr.conf", mode="0644", owner="frr:frr",
            apply="frr-reload.py --reload /etc/frr/frr.conf",
        ),
    ),
)  # fmt: skip

ROUTER_TEXT = """\
vrf definition mgmt
 rd 64512:1
 !
 address-family ipv4
 exit-address-family
!
hostname ce-test-01
service password-encryption
no ip http server
enable algorithm-type scrypt secret secret://test/emergency/password
aaa new-model
archive
 path bootflash:ggi-archive
ip prefix-list own seq 5 permit 192.0.2.0/24
ip prefix-list own seq 10 permit 198.51.100.0/24
ip access-list extended edge
 permit tcp any any eq 22
 deny ip any any log
interface GigabitEthernet1
 description to the core
 ip address 192.0.2.1 255.255.255.254
 no shutdown
interface GigabitEthernet1.100
 encapsulation dot1Q 100
 vrf forwarding mgmt
 ip address 192.0.2.3 255.255.255.254
router bgp 64512
 bgp router-id 192.0.2.1
 neighbor 192.0.2.0 remote-as 64513
 neighbor 192.0.2.0 password 0 secret://test/bgp/core
ip ssh version 2
line con 0
 exec-timeout 5 0
line vty 0 4
 transport input ssh
banner login #
Only for administrators.
#
end
"""
NFT_TEXT = """\
flush ruleset
table inet ggi {
  chain input {
    type filter hook input priority 0; policy drop;
    ct state { established, related } accept
    tcp dport 22 accept
    tcp dport 179 accept
  }
}
"""
FRR_TEXT = """\
frr defaults traditional
ip prefix-list own seq 5 permit 192.0.2.0/24
router bgp 64512
 bgp router-id 192.0.2.1
 neighbor 192.0.2.0 remote-as 64513
 neighbor 192.0.2.0 password secret://test/bgp/core
 !
 address-family ipv4 unicast
  network 192.0.2.0/24
  neighbor 192.0.2.0 activate
  neighbor 192.0.2.0 maximum-prefix 100
 exit-address-family
exit
"""
ROUTER = Blueprint(
    name="ce-test-01", driver="cisco_iosxe", serial="TEST-1", ports=("GigabitEthernet1", "GigabitEthernet2")
)
SERVER = Blueprint(name="host-test-01", driver="linux", serial="TEST-2")


def router_artifacts(text: str = ROUTER_TEXT) -> tuple[Artifact, ...]:
    return (Artifact("ce-test-01", "cisco_iosxe", "running.cfg", text),)


def host_artifacts(*, nft: str = NFT_TEXT, frr: str = FRR_TEXT) -> tuple[Artifact, ...]:
    return (
        Artifact("host-test-01", "frr", "nftables.conf", nft),
        Artifact("host-test-01", "frr", "frr.conf", frr),
    )


class Bench:
    """A running fleet, and how to push to it."""

    def __init__(self, fleet: Fleet, folder: Path) -> None:
        self.fleet = fleet
        self.folder = folder
        self.resolver = Resolver(open_backend(fleet.connections.secrets))

    def target(self, artifacts: tuple[Artifact, ...], **connection: object) -> Target:
        name = artifacts[0].device
        platform, serial = (IOS, "TEST-1") if name == "ce-test-01" else (HOST, "TEST-2")
        reached = msgspec.structs.replace(self.fleet.connections.of(name), **connection)
        return Target(name, serial, platform, artifacts, reached, "test")

    def push(
        self,
        artifacts: tuple[Artifact, ...],
        *,
        check: bool = False,
        policy: Policy | None = None,
        **connection: object,
    ) -> Outcome:
        return self.prepared(artifacts, check=check, policy=policy, **connection).run()

    def prepared(
        self,
        artifacts: tuple[Artifact, ...],
        *,
        check: bool = False,
        policy: Policy | None = None,
        **connection: object,
    ) -> Push:
        """A push that is not yet run: verification gives up soon, and nothing is watched."""
        return Push(
            self.target(artifacts, **connection),
            self.resolver,
            Journal(self.folder / "journal", "a test"),
            policy or Policy(verify=5, watch=0, grace=10),
            check=check,
        )


GATEWAY = "ce-test-01"
CAREFUL = Policy(rollback=60, verify=5, watch=0, grace=20)
"""One minute of the device."""


class GatewayBench(Bench):
    """A fleet of one gateway of some platform, and how to push to it."""

    def __init__(self, fleet: Fleet, folder: Path, platform: Platform) -> None:
        super().__init__(fleet, folder)
        self.platform = platform

    @property
    def device(self) -> Any:
        return self.fleet.devices[GATEWAY]

    def target(self, artifacts: tuple[Artifact, ...], **connection: object) -> Target:
        reached = msgspec.structs.replace(self.fleet.connections.of(GATEWAY), **connection)
        announces = {"mgmt": frozenset({"192.0.2.128/25", "198.51.100.0/24"})}
        return Target(GATEWAY, "TEST-1", self.platform, artifacts, reached, "test", announces=announces)


@contextmanager
def gateway_bench(platform: Platform, ports: tuple[str, ...], folder: Path, minute: float) -> Iterator[GatewayBench]:
    plan = Blueprint(name=GATEWAY, driver=platform.driver, serial="TEST-1", ports=ports, minute=minute)
    with running_fleet([plan], folder / "lab") as fleet:
        yield GatewayBench(fleet, folder, platform)


@contextmanager
def bench(folder: Path) -> Iterator[Bench]:
    with running_fleet([ROUTER, SERVER], folder / "lab") as fleet:
        yield Bench(fleet, folder)
