"""How a Debian host does, read from what its daemons say."""

from __future__ import annotations

import base64
import json

import pytest
from devices import HOST, host_artifacts

from ggi_net.errors import PushError
from ggi_net.push.connections import Connection
from ggi_net.push.driver import Target
from ggi_net.push.linux_health import health
from ggi_net.push.ssh import Answer
from ggi_net.render.platform import Look, Platform, What
from ggi_net.secrets import MappingSecrets, NoSecrets, Resolver

DF = "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/vda1 4194304 4 2048 1% /\n"
SUMMARY = {
    "datanet": {
        "ipv4Unicast": {"peers": {"192.0.2.0": {"state": "Established"}, "192.0.2.2": {"state": "Established"}}},
        "ipv6Unicast": {"peers": {"2001:db8::": {"state": "Active"}}},
    },
    "mgmt": {"ipv4Unicast": {"peers": {"192.0.2.4": {"state": "Idle"}}}},
}
TOLD = [
    {"advertisedRoutes": {"198.51.100.0/24": {}, "203.0.113.0/24": {}}},
    {"advertisedRoutes": {"198.51.100.0/24": {}}},
]
BGP = Look(what=What.BGP)


class Scripted:
    """A host that answers each round of questions with what was prepared: a status and a text for each command."""

    def __init__(self, *rounds: list[tuple[int, str]]) -> None:
        self._rounds = list(rounds)
        self.given: list[bytes] = []

    def run(self, script: str, *commands: str, given: bytes = b"") -> Answer:
        self.given.append(given)
        said = self._rounds.pop(0)
        lines = (f"{status} {base64.b64encode(text.encode()).decode()}\n" for status, text in said)
        return Answer(said[0][0], "".join(lines), "")


def target(*looks: Look, announces: bool = True) -> Target:
    platform = Platform(**{**{f: getattr(HOST, f) for f in HOST.__struct_fields__}, "verify": looks})
    reached = Connection(host="192.0.2.1", host_key="ssh-ed25519 AAAA")
    own = {"datanet": frozenset({"198.51.100.0/24"})} if announces else {}
    return Target("host-test-01", "", platform, host_artifacts(), reached, "almelo", announces=own)


def look_at(host: Scripted, wanted: Target, secrets=None):
    return health(host, wanted, "", Resolver(secrets or NoSecrets()))


def test_what_is_announced_is_what_every_neighbor_that_is_up_is_told():
    found = look_at(
        Scripted([(0, DF), (0, json.dumps(SUMMARY))], [(0, "\n".join(json.dumps(told) for told in TOLD))]), target(BGP)
    )
    assert found.sessions == {
        "datanet/192.0.2.0": True, "datanet/192.0.2.2": True, "datanet/2001:db8::": False, "mgmt/192.0.2.4": False,
    }  # fmt: skip
    assert found.announced == {"datanet": frozenset({"198.51.100.0/24"})}
    assert found.free_bytes == 2048 * 1024
    assert found.faults == ()


@pytest.mark.parametrize("spoilt", ["{", '["no object"]', json.dumps(TOLD[0])])
def test_an_answer_that_is_not_whole_is_no_answer(spoilt):
    with pytest.raises(PushError):
        look_at(Scripted([(0, DF), (0, json.dumps(SUMMARY))], [(0, spoilt)]), target(BGP))


def test_what_does_not_run_is_a_fault():
    found = look_at(Scripted([(0, DF), (3, "inactive\n"), (1, "")]), target(Look(what=What.SERVICE, name="radvd"), BGP))
    assert found.faults == ("radvd is inactive", "FRR does not answer")


def test_only_what_the_device_has_is_looked_at():
    absent = Look(what=What.SERVICE, name="radvd", file="radvd.conf")
    other = Look(what=What.SERVICE, name="x", file="frr.conf", holds="no such line")
    assert look_at(Scripted([(0, DF)]), target(absent, other)).faults == ()


LOGIN = Look(
    what=What.LOGIN, name="the federation", port=11812, secret="secret://{organisation}/radius/local",
    account="secret://{organisation}/govroam/test-account", trusted="/etc/ggi/pki/eap.pem",
)  # fmt: skip


def test_a_login_without_an_account_is_said_not_to_be_tested():
    found = look_at(Scripted([(0, DF)]), target(LOGIN))
    assert found.faults == (
        "a login was not tested: secret://almelo/govroam/test-account is not `user password` in the secrets backend",
    )


def test_a_login_that_fails_is_a_fault_and_its_secrets_are_on_standard_input():
    values = {
        "secret://almelo/radius/local": "s3cret",
        "secret://almelo/govroam/test-account": "t@almelo.example pa ss",
    }
    host = Scripted([(0, DF)], [(1, "Access-Reject")])
    found = look_at(host, target(LOGIN), MappingSecrets(values, "x"))
    assert len(found.faults) == 1
    assert found.faults[0].startswith("a login through the federation failed: ")
    assert host.given[1] == b"s3cret\nt@almelo.example\npa ss\n/etc/ggi/pki/eap.pem\n"
