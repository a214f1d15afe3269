"""A small simulated EOS device for the tests of its driver, and what it should run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devices import GATEWAY, gateway_bench

from ggi_net.render.artifact import Artifact
from ggi_net.render.platform import ArtifactKind, Platform

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from devices import GatewayBench

PORTS = ("Ethernet1", "Ethernet2")
EOS = Platform(
    name="arista_eos", title="EOS", driver="arista_eos", drift="arista_eos",
    artifacts=(ArtifactKind(file="running.cfg", template="x"),),
)  # fmt: skip
TEXT = """\
! What a gateway runs.
vrf instance mgmt
!
ip routing vrf mgmt
hostname ce-test-01
no lldp run
no aaa root
ip access-list edge
   permit tcp any host 192.0.2.1 eq 22
   deny ip any any log
!
enable password 0 secret://test/emergency/password
tacacs-server host 192.0.2.9 vrf mgmt key 0 secret://test/tacacs/key
ip prefix-list own
   seq 5 permit 192.0.2.128/25
   seq 10 permit 198.51.100.0/24
!
route-map out permit 10
   match ip address prefix-list own
!
interface Ethernet1
   description to the core
   no switchport
!
interface Ethernet1.100
   encapsulation dot1q vlan 100
   vrf mgmt
   ip address 192.0.2.1/31
   ip access-group edge in
!
router bgp 64512
   no bgp default ipv4-unicast
   !
   vrf mgmt
      rd 64512:1
      neighbor 192.0.2.0 remote-as 64513
      neighbor 192.0.2.0 password 0 secret://test/bgp/core
      neighbor 192.0.2.0 route-map out out
      !
      address-family ipv4
         neighbor 192.0.2.0 activate
         network 192.0.2.128/25
         network 198.51.100.0/24
!
snmp-server user monitor readers v3 auth sha256 secret://test/snmp/auth priv aes secret://test/snmp/privacy
management ssh
   idle-timeout 10
   cipher aes256-ctr
!
banner login
Only for administrators.
EOF
!
end
"""
CHANGED = TEXT.replace("to the core", "to the other core").replace("cipher aes256-ctr", "cipher aes256-ctr aes128-ctr")
"""Two lines far apart are different: a device that has one of them only runs neither configuration."""


def artifacts(text: str = TEXT) -> tuple[Artifact, ...]:
    return (Artifact(GATEWAY, "arista_eos", "running.cfg", text),)


def eos_bench(folder: Path, *, minute: float = 60.0) -> AbstractContextManager[GatewayBench]:
    return gateway_bench(EOS, PORTS, folder, minute)
