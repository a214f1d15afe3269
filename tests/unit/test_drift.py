"""Drift: every difference that matters, no other, and never a secret."""

import json

import pytest
from devices import FRR_TEXT, NFT_TEXT, ROUTER_TEXT, Bench, bench, host_artifacts, router_artifacts

from ggi_net.config.compare import Kind
from ggi_net.config.ruleset import load_rules, rules_folder
from ggi_net.drift.collect import compare_device, compare_texts
from ggi_net.drift.report import to_html, write_json
from ggi_net.drift.result import DeviceResult, Report, State
from ggi_net.drift.run import drift_device
from ggi_net.lab.ios import IosDevice
from ggi_net.lab.ios_session import IosSession
from ggi_net.lab.tamper import tamper
from ggi_net.push.run import Status

KEY = b"k" * 32


def compare(rules: str, file: str, intended: str, running: str):
    return compare_texts(intended, running, load_rules(rules).of(file), KEY, "device", file)


def kinds(rules: str, file: str, intended: str, running: str):
    return [(d.kind, d.intended, d.running) for d in compare(rules, file, intended, running)]


class TestOrder:
    def test_none_where_order_has_no_meaning(self):
        one = "ip prefix-list a seq 5 permit 192.0.2.0/24\nip prefix-list a seq 10 deny any\n"
        other = "ip prefix-list a seq 10 deny any\nip prefix-list a seq 5 permit 192.0.2.0/24\n"
        assert kinds("cisco_iosxe", "running.cfg", one, other) == []
        assert kinds("frr", "frr.conf", one, other) == []

    def test_one_where_it_has(self):
        one = "ip access-list extended a\n permit tcp any any\n deny ip any any\n"
        other = "ip access-list extended a\n 10 deny ip any any\n 20 permit tcp any any\n"
        [found] = compare("cisco_iosxe", "running.cfg", one, other)
        assert found.kind is Kind.ORDER
        assert found.section == ("ip access-list extended a",)

    def test_a_firewall_rule_that_moved_is_one_difference(self):
        ssh, bgp = "    tcp dport 22 accept\n", "    tcp dport 179 accept\n"
        moved = NFT_TEXT.replace(ssh + bgp, bgp + ssh)
        [found] = compare("frr", "nftables.conf", NFT_TEXT, moved)
        assert found.kind is Kind.ORDER
        assert found.section == ("table inet ggi", "chain input")

    def test_the_realms_of_a_proxy_are_ordered(self):
        one = "realm a.example {\n server x\n}\nrealm * {\n server y\n}\n"
        other = "realm * {\n server y\n}\nrealm a.example {\n server x\n}\n"
        assert [d.kind for d in compare("radsecproxy", "radsecproxy.conf", one, other)] == [Kind.ORDER]


class TestMeaning:
    def test_comments_and_indentation_are_none(self):
        assert kinds("frr", "nftables.conf", NFT_TEXT, "# by hand\n" + NFT_TEXT.replace("    ", "\t")) == []

    def test_a_default_that_the_device_hides_is_met(self):
        assert kinds("cisco_iosxe", "running.cfg", "interface X1\n no shutdown\n", "interface X1\n") == []

    def test_a_service_that_should_be_off_and_is_on_is_one(self):
        assert kinds("cisco_iosxe", "running.cfg", "no ip http server\n", "ip http server\n")

    def test_line_numbers_point_into_both_texts(self):
        [found] = compare("frr", "nftables.conf", NFT_TEXT, NFT_TEXT.replace("179", "180"))
        assert (found.kind, found.line, found.running_line) == (Kind.CHANGED, 7, 7)

    def test_an_extra_line_is_placed_at_its_section(self):
        more = NFT_TEXT.replace("    tcp dport 22 accept\n", "    tcp dport 22 accept\n    tcp dport 23 accept\n")
        [found] = compare("frr", "nftables.conf", NFT_TEXT, more)
        assert (found.kind, found.running, found.line) == (Kind.EXTRA, "tcp dport 23 accept", 3)

    @pytest.mark.parametrize("name", [path.stem for path in sorted(rules_folder().glob("*.yml"))])
    def test_every_rules_file_is_complete(self, name):
        assert load_rules(name).name == name


class TestSecrets:
    def test_a_secret_that_differs_is_found_and_not_shown(self):
        line = "router bgp 1\n neighbor 192.0.2.1 password {}\n"
        [found] = compare("frr", "frr.conf", line.format("intended-secret"), line.format("running-secret"))
        assert (found.kind, found.intended) == (Kind.SECRET, "neighbor 192.0.2.1 password <secret>")
        assert "running-secret" not in repr(found)
        assert "intended-secret" not in repr(found)

    def test_a_reversible_form_is_the_secret_behind_it(self):
        intended = "router bgp 1\n neighbor 192.0.2.1 password 0 cisco\n"
        assert kinds("cisco_iosxe", "running.cfg", intended, intended.replace("0 cisco", "7 02050D480809")) == []
        assert kinds("cisco_iosxe", "running.cfg", intended, intended.replace("0 cisco", "7 02050D48080A"))

    def test_a_hashed_form_is_the_secret_that_it_is_the_hash_of(self):
        shown = "enable secret 9 $9$2MJBozw/9R3UsU$2lFhcKvpghcyw8deP25GOfyZaagyUOGBymkryvOdfo6\n"
        assert kinds("cisco_iosxe", "running.cfg", "enable algorithm-type scrypt secret hashcat\n", shown) == []
        [found] = compare("cisco_iosxe", "running.cfg", "enable algorithm-type scrypt secret other\n", shown)
        assert found.kind is Kind.SECRET
        assert "2lFhcK" not in repr(found)


@pytest.fixture
def lab(tmp_path):
    with bench(tmp_path) as running:
        for artifacts in (router_artifacts(), host_artifacts()):
            assert running.push(artifacts).status is Status.CHANGED
        yield running


def found_on(lab: Bench, artifacts):
    return compare_device(lab.target(artifacts), lab.resolver, KEY)


class TestDevices:
    def test_after_a_push_there_is_none(self, lab):
        assert found_on(lab, router_artifacts()) == []
        assert found_on(lab, host_artifacts()) == []

    def test_tampering_with_a_router_is_found_exactly(self, lab):
        tamper("ce-test-01", "cisco_iosxe", lab.fleet.connections.of("ce-test-01"))
        [found] = found_on(lab, router_artifacts())
        assert found.section == ("line vty 0 4",)
        assert (found.intended, found.running) == ("transport input ssh", "transport input ssh telnet")

    def test_tampering_with_a_host_is_found_exactly_though_its_daemon_shows_it_too(self, lab):
        tamper("host-test-01", "linux", lab.fleet.connections.of("host-test-01"))
        [found] = found_on(lab, host_artifacts())
        assert (found.intended, found.running) == (
            "neighbor 192.0.2.0 maximum-prefix 100",
            "neighbor 192.0.2.0 maximum-prefix 50000",
        )

    def test_what_a_daemon_runs_is_compared_though_its_file_is_right(self, lab):
        root = lab.fleet.devices["host-test-01"].root
        (root / ".ggi-lab/frr-running").write_text(
            FRR_TEXT.replace("64513", "64514").replace("secret://test/bgp/core", "x")
        )
        found = found_on(lab, host_artifacts())
        assert [d.kind for d in found] == [Kind.CHANGED, Kind.SECRET]
        assert all(d.shown_by == "vtysh -c 'show running-config'" for d in found)

    def test_a_mode_an_owner_and_a_missing_file_are_found(self, lab):
        root = lab.fleet.devices["host-test-01"].root
        (root / "etc/frr/frr.conf").chmod(0o644)
        (root / "etc/nftables.conf").unlink()
        found = {(d.kind, d.file, d.intended, d.running) for d in found_on(lab, host_artifacts())}
        assert (Kind.FILE_MISSING, "nftables.conf", "/etc/nftables.conf", "") in found
        assert (Kind.MODE, "frr.conf", "0640", "0644") in found

    def test_a_device_that_cannot_be_compared_is_unknown_with_the_reason(self, lab):
        silent = drift_device(lab.target(router_artifacts(), port=1), lab.resolver, KEY)
        assert (silent.state, silent.findings) == (State.UNKNOWN, ())
        assert "can't be reached" in silent.reason
        router = lab.fleet.devices["ce-test-01"]
        assert isinstance(router, IosDevice)
        router.serial = "OTHER"
        assert "serial number OTHER" in drift_device(lab.target(router_artifacts()), lab.resolver, KEY).reason

    def test_a_secret_put_in_by_hand_is_in_no_output(self, lab, tmp_path):
        router = IosSession(lab.fleet.devices["ce-test-01"], privileged=True)
        for line in ("configure terminal", "username eve password Very-Secret-1",
                     "snmp-server community Very-Secret-2 ro",
                     "router bgp 64512", "neighbor 192.0.2.0 password Very-Secret-3"):  # fmt: skip
            router.enter(line)
        result = drift_device(lab.target(router_artifacts()), lab.resolver, KEY)
        assert len(result.findings) == 3
        report = Report(estate="test", started="2026-11-01T03:00:00+00:00", devices=(result,))
        write_json(report, tmp_path / "drift.json")
        seen = (tmp_path / "drift.json").read_text() + to_html(report)
        assert "Very-Secret" not in seen
        assert lab.resolver.value("secret://test/bgp/core") not in seen


class TestReport:
    def report(self, *states: State) -> Report:
        devices = tuple(
            DeviceResult(device=f"ce-{i}", organisation="almelo", platform="frr", state=state, reason="<b>&</b>")
            for i, state in enumerate(states)
        )
        return Report(estate="demo", started="2026-11-01T03:00:00+00:00", devices=devices)

    @pytest.mark.parametrize(
        ("states", "status"),
        [
            ((State.CLEAN,), 0),
            ((State.CLEAN, State.DRIFT), 2),
            ((State.CLEAN, State.UNKNOWN), 3),
            ((State.DRIFT, State.UNKNOWN), 2),
            ((), 0),
        ],
    )
    def test_the_exit_status_says_what_was_found(self, states, status):
        assert self.report(*states).exit_status == status

    def test_the_page_stands_alone_and_escapes_what_devices_say(self):
        page = to_html(self.report(State.UNKNOWN, State.CLEAN))
        assert "<script" not in page
        assert "http://" not in page
        assert "&lt;b&gt;&amp;&lt;/b&gt;" in page
        assert '<html lang="nl">' in page

    def test_the_json_can_be_read_back(self, tmp_path):
        write_json(self.report(State.UNKNOWN), tmp_path / "r.json")
        assert json.loads((tmp_path / "r.json").read_text())["devices"][0]["state"] == "unknown"


def test_the_intended_router_text_is_what_these_tests_think():
    assert compare("cisco_iosxe", "running.cfg", ROUTER_TEXT, ROUTER_TEXT) == []
