"""The twin: the estate's devices as real daemons in namespaces of this machine, managed over SSH as in production."""

from __future__ import annotations

import os
import re
import shutil
import signal
from pathlib import Path

import pytest
from twin_lab import NEEDS, TwinLab, left_in, mounts_of, wait_until

from ggi_net.lab.twin.control import plan_of, state_of
from ggi_net.paths import demo_folder
from ggi_net.source.files import load_estate

pytestmark = [pytest.mark.live, pytest.mark.root, pytest.mark.needs(*NEEDS, "freeradius", "radsecproxy", "eapol_test")]

ESTATE = load_estate(demo_folder())
BUT = (
    "-o",
    "BatchMode=yes",
    "-o",
    "IdentitiesOnly=yes",
    "-o",
    "StrictHostKeyChecking=no",
    "-o",
    "UserKnownHostsFile=/dev/null",
)


@pytest.fixture(scope="module")
def twin(tmp_path_factory):
    lab = TwinLab(tmp_path_factory.mktemp("twin"))
    try:
        lab.up("--gemeente", "almelo", "--gemeente", "enschede", "--core")
        yield lab
    finally:
        lab.close()


def expected_sessions(names):
    """By device the BGP sessions that the estate wants with others of the twin: one per link, VRF and family."""
    found = {}
    for name in names:
        ends = [owned.link for owned in ESTATE.links_of.get(name, ())]
        found[name] = sum(2 * len(link.vrfs) for link in ends if {link.end.device, link.core.device} <= names)
    return found


def test_every_device_runs_with_every_session_of_the_estate_established_and_status_says_so(twin):
    said = twin.ggi("lab", "status").stdout
    lines = re.findall(r"^(\S+): .*?(\d+) of \d+ BGP sessions established", said, re.MULTILINE)
    names = {machine.name for machine in plan_of(twin.folder).machines}
    assert {name: int(up) for name, up in lines} == {n: count for n, count in expected_sessions(names).items() if count}
    assert len(lines) == 9
    assert re.search(r"^ce-enschede-01: .*stands in for Cisco IOS-XE.*managed as a simulated one", said, re.MULTILINE)
    assert "VRFs are network namespaces" in said, "what is not as on a real device"
    assert "strongswan agrees on each tunnel" in said
    assert "virtual machine" in said, "where that is proven"


def test_a_push_finds_every_device_as_it_should_be_and_those_that_are_simulated_as_if_just_unpacked(twin):
    machines = {machine.name: machine for machine in plan_of(twin.folder).machines}
    devices = [word for name in machines for word in ("--device", name)]
    said = twin.ggi_on_noc("push", str(twin.artifacts), "--check", "--diff", *devices).stdout
    found = dict(re.findall(r"^(\S+): (unchanged|would change)", said, re.MULTILINE))
    assert found == {n: "would change" if m.shell else "unchanged" for n, m in machines.items()}, said
    assert len(found) == 13


def test_a_visitor_of_enschede_logs_in_at_almelo_through_the_proxies(twin):
    eapol = twin.folder / "eapol"
    secret = (eapol / "ap-enschede-stadskantoor.secret").read_text()
    login = twin.on(
        "ap-enschede-stadskantoor", "eapol_test", "-c", str(eapol / "almelo.example.conf"), "-a", "198.19.0.74",
        "-s", secret, "-r0", "-t", "12", "-M", "02:00:00:00:00:01", "-N", "30:s:02-AA-BB-CC-DD-01:govroam",
    )  # fmt: skip
    assert login.stdout.rstrip().endswith("SUCCESS")
    at_home = twin.on("radius-almelo-01", "cat", "/var/log/freeradius/govroam.json").stdout
    assert '"inner":"test@almelo.example"' in at_home.replace(": ", ":").replace('" ', '"')
    proxies = [twin.on(name, "ss", "-Htn", "sport = :2083").stdout for name in ("flr-asd-01", "flr-apd-01")]
    assert all("ESTAB" in said for said in proxies)


def test_the_firewalls_let_through_what_the_standard_allows(twin):
    def answers(source, address):
        return twin.on(source, "ping", "-c1", "-W2", address, check=False).returncode == 0

    enschede, almelo = "198.18.2.12", "198.18.0.12"
    assert answers("pc-almelo-stadhuis", enschede), "enschede publishes applications"
    assert not answers("pc-enschede-stadskantoor", almelo), "almelo does not"
    assert not answers("pc-almelo-stadhuis", "198.19.192.16"), "an office is not the management network"
    assert answers("noc", "198.19.0.12"), "the federation reaches the management networks"


def test_gateways_agree_on_the_tunnels_of_untrusted_lines_as_far_as_the_kernel_lets_them(twin):
    name, connection = "ce-enschede-bibliotheek-01", "enschede-bibliotheek-asd-mgmt"
    for device in (name, "core-asd-01", "core-apd-01"):
        assert twin.on(device, "systemctl", "is-active", "strongswan").stdout == "active\n"
        twin.on(device, "systemctl", "reload", "strongswan")
    twin.on(name, "swanctl", "--initiate", "--ike", connection, "--timeout", "20", check=False)
    said = twin.on(name, "swanctl", "--list-sas", "--ike", connection).stdout
    assert re.search(rf"^{connection}: .*, ESTABLISHED, IKEv2", said, re.MULTILINE), said
    assert "remote 'mgmt.core-asd-01.govroam.example' @ 2001:db8:fffe:1::2" in said


def test_strongswan_does_not_start_with_connections_that_it_refuses(twin):
    name, file = "ce-enschede-bibliotheek-01", "/etc/swanctl/swanctl.conf"
    twin.on(name, "sh", "-c", f"sed -i 's/proposals = .*/proposals = nonsense/' {file}")
    refused = twin.on(name, "systemctl", "restart", "strongswan", check=False)
    assert refused.returncode != 0
    assert "6 failed to load" in refused.stderr
    assert twin.on(name, "systemctl", "is-active", "strongswan", check=False).stdout == "inactive\n"


def test_a_device_lets_in_only_who_the_federations_authority_names(twin):
    address, key = "2001:db8:ff01::b", str(twin.folder / "login.key")
    assert twin.on("noc", "ssh", *BUT, "-i", key, f"ggi@{address}", "hostname").stdout == "ce-almelo-01\n"
    refused = twin.on("noc", "ssh", *BUT, "-i", key, f"root@{address}", "id", check=False)
    assert "Permission denied" in refused.stderr, "not root"
    bare = twin.folder / "bare.key"
    shutil.copy(key, bare)
    refused = twin.on("noc", "ssh", *BUT, "-i", str(bare), f"ggi@{address}", "id", check=False)
    assert "Permission denied" in refused.stderr, "not without the authority's certificate"
    secret = twin.on("noc", "ssh", *BUT, "-i", key, f"ggi@{address}", "cat /etc/frr/frr.conf", check=False)
    assert secret.returncode != 0, "without sudo the account reads no secrets"


def test_a_device_that_restarts_has_its_files_and_not_what_was_only_running(twin):
    name = "ce-enschede-zuid-01"
    show = ("vtysh", "-c", "show running-config")
    twin.on(name, "sh", "-c", "echo kept > /var/lib/kept; vtysh -c 'conf t' -c 'ip route 192.0.2.9/32 lo'")
    assert "192.0.2.9" in twin.on(name, *show).stdout

    twin.ggi("lab", "reboot", name)

    assert twin.on(name, "cat", "/var/lib/kept").stdout == "kept\n"
    assert "192.0.2.9" not in twin.on(name, *show).stdout
    wait_until(lambda: all((twin.sessions(name) or {"": False}).values()), 60, "every session")


def test_a_device_restarts_when_it_is_told_to_on_itself(twin):
    name = "ce-almelo-02"
    before = state_of(twin.folder).pids[name]
    twin.on(name, "reboot", check=False)
    wait_until(lambda: state_of(twin.folder).pids.get(name, before) != before, 30, "the restart")


def test_a_device_can_not_change_this_machine(twin):
    before = Path("/etc/hostname").read_text()
    twin.on("ce-almelo-werf-01", "sh", "-c", "echo x > /etc/hostname")
    assert Path("/etc/hostname").read_text() == before
    setting = "/proc/sys/kernel/panic"
    refused = twin.on("ce-almelo-werf-01", "sh", "-c", f"cat {setting} > {setting}", check=False)
    assert "Read-only" in refused.stderr


def test_a_daemon_that_does_not_run_refuses_what_it_can_not_read_if_it_can_check(twin):
    def restart(unit, file):
        twin.on("flr-apd-01", "sh", "-c", f"echo '$nonsense' > {file}")
        return twin.on("flr-apd-01", "systemctl", "restart", unit, check=False)

    refused = restart("rsyslog", "/etc/rsyslog.d/ggi.conf")
    assert refused.returncode != 0
    assert "config validation run" in refused.stderr
    assert restart("chrony", "/etc/chrony/chrony.conf").returncode != 0
    assert restart("snmpd", "/etc/snmp/snmpd.conf").returncode == 0, "it has no check, as `ggi lab status` says"


def test_a_second_twin_in_the_same_folder_is_refused(twin):
    refused = twin.ggi("lab", "up", "--gemeente", "almelo", check=False)
    assert refused.returncode != 0
    assert "a twin runs there already" in refused.stderr


def test_a_name_that_is_not_in_the_twin_is_refused(twin):
    refused = twin.ggi("lab", "exec", "ce-almelo-1", "--", "true", check=False)
    assert "'ce-almelo-1'" in refused.stderr
    assert "ce-almelo-01" in refused.stderr


def test_a_device_that_is_killed_is_down_and_the_others_go_on(twin):
    pids = state_of(twin.folder).pids
    os.kill(pids["ce-enschede-bibliotheek-01"], signal.SIGKILL)
    wait_until(lambda: "ce-enschede-bibliotheek-01" not in state_of(twin.folder).pids, 10, "word of its end")
    said = twin.ggi("lab", "status", check=False)
    assert said.returncode == 1
    assert "ce-enschede-bibliotheek-01: down" in said.stdout
    assert twin.on("noc", "ping", "-c1", "-W2", "2001:db8:ff01::10").returncode == 0  # ce-enschede-zuid-01


def test_when_its_process_is_killed_everything_ends_and_down_clears_the_rest(twin):
    spaces = twin.namespaces()
    assert len(left_in(spaces)) > 30

    os.kill(int((twin.folder / "server.pid").read_text()), signal.SIGKILL)
    wait_until(lambda: not left_in(spaces), 10, "the end of every process")

    assert "no twin runs there" in twin.ggi("lab", "status", check=False).stderr
    twin.ggi("lab", "down")
    assert not twin.folder.exists()
    assert not mounts_of(twin.folder)
