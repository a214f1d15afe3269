"""The simulated devices: they start at once, behave as the real thing where it matters, and leave nothing behind."""

import os
import shutil
import signal
import time
from pathlib import Path

import pytest
from devices import ROUTER, SERVER

from ggi_net.errors import FileMissing, SystemFailure
from ggi_net.lab import server
from ggi_net.lab.fleet import Blueprint, running_fleet
from ggi_net.lab.ios import IosDevice
from ggi_net.lab.ios_session import IosSession
from ggi_net.push.connections import read_connections
from ggi_net.push.ssh import Host
from ggi_net.secrets import NoSecrets, Resolver


@pytest.fixture
def router():
    return IosSession(IosDevice("r1", "S1", ("GigabitEthernet1",), "enable-me"), privileged=True)


def enter(session: IosSession, *lines: str) -> list[str]:
    return [session.enter(line) for line in lines]


class TestIos:
    def test_prompts_tell_the_mode(self, router):
        router.privileged = False
        prompts = [router.prompt]
        for line in ("enable", "enable-me", "configure terminal", "interface GigabitEthernet1", "exit", "router bgp 1",
                     "address-family ipv4 vrf a", "exit-address-family", "end"):  # fmt: skip
            router.enter(line)
            prompts.append(router.prompt)
        assert prompts == [
            "r1>", "Password: ", "r1#", "r1(config)#", "r1(config-if)#", "r1(config)#", "r1(config-router)#",
            "r1(config-router-af)#", "r1(config-router)#", "r1#",
        ]  # fmt: skip

    def test_an_invalid_word_gets_a_caret_below_it(self, router):
        enter(router, "configure terminal")
        caret, message, _ = router.enter("bogus line").split("\n")
        assert caret.index("^") == len("r1(config)#")
        assert message == "% Invalid input detected at '^' marker."

    def test_the_prompt_follows_the_hostname(self, router):
        enter(router, "configure terminal", "hostname other")
        assert router.prompt == "other(config)#"

    def test_secrets_are_not_shown_as_they_were_typed(self, router):
        enter(
            router,
            "configure terminal",
            "enable secret Hunter-22",
            "router bgp 1",
            "neighbor 192.0.2.1 password Hunter-22",
        )
        running = router.device.show_running()
        assert "Hunter-22" not in running
        assert "enable secret 9 $9$" in running
        assert "password 7 " in running

    def test_a_vrf_takes_the_address_of_an_interface_away(self, router):
        enter(
            router,
            "configure terminal",
            "interface GigabitEthernet1",
            "ip address 192.0.2.1 255.255.255.0",
            "vrf forwarding a",
        )
        assert "192.0.2.1" not in router.device.show_running()

    def test_a_second_entry_with_a_number_in_use_is_refused(self, router):
        enter(router, "configure terminal", "ip prefix-list a seq 5 permit 192.0.2.0/24")
        assert router.enter("ip prefix-list a seq 5 deny 192.0.2.0/24").startswith("%")

    def test_only_write_memory_survives(self, router):
        enter(router, "configure terminal", "interface Loopback0", "end")
        assert "Loopback0" not in router.device.startup
        assert "[OK]" in router.enter("write memory")
        assert "Loopback0" in router.device.startup


class TestHost:
    def test_commands_and_files_stay_in_its_root(self, tmp_path):
        with running_fleet([SERVER], tmp_path / "lab") as fleet:
            connection = fleet.connections.of("host-test-01")
            with Host("host-test-01", connection, Resolver(NoSecrets())) as host:
                assert host.run("hostname").output == "host-test-01\n"
                for command in ("/usr/sbin/nft -f /etc/x.conf", "sh -c '/usr/sbin/nft -f /etc/x.conf'"):
                    assert host.run(command).status == 2
                host.run('echo "/usr/sbin/nft -f /etc/x.conf" >later')
                assert host.run('read -r later <later; sh -c "$later"').status == 2
                assert host.run("python3 -c 1").status == 127
            assert fleet.devices["host-test-01"].calls == ["hostname", *["nft -f /etc/x.conf"] * 3]
        assert not (tmp_path / "lab").exists()


def test_two_hundred_devices_start_in_under_a_second(tmp_path):
    blueprints = [Blueprint(name=f"ce-{i}", driver="cisco_iosxe" if i % 2 else "linux") for i in range(200)]
    started = time.process_time()
    with running_fleet(blueprints, tmp_path / "lab") as fleet:
        assert time.process_time() - started < 1
        assert len(read_connections(fleet.connections_file).devices) == 200


class TestServer:
    def test_up_and_down_leave_nothing_behind(self, tmp_path):
        folder = tmp_path / "lab"
        connections = read_connections(server.up([ROUTER, SERVER], folder))
        try:
            pid = server.running(folder)
            assert set(connections.devices) == {"ce-test-01", "host-test-01"}
            with pytest.raises(SystemFailure, match="runs there already"):
                server.up([ROUTER], folder)
        finally:
            assert server.down(folder)
        left = Path(f"/proc/{pid}/cmdline")  # of a child that nobody waited for it is there, and empty
        assert not left.exists() or left.read_bytes() == b""
        assert not folder.exists()
        assert not server.down(folder)
        with pytest.raises(FileMissing, match="no lab runs there"):
            server.connections_of(folder)

    def test_a_lab_that_was_killed_can_be_started_again(self, tmp_path):
        folder = tmp_path / "lab"
        server.up([ROUTER], folder)
        os.kill(server.running(folder), signal.SIGKILL)
        limit = time.monotonic() + 5
        while server.running(folder) and time.monotonic() < limit:
            time.sleep(0.01)
        try:
            assert read_connections(server.up([ROUTER], folder)).devices
        finally:
            server.down(folder)
            shutil.rmtree(folder, ignore_errors=True)
