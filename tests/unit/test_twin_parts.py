"""The parts of the twin that need no root: the plan, and what stands in for VRFs and systemd inside a device."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ggi_net.errors import LabFailure, NotInEstate
from ggi_net.lab.twin import control
from ggi_net.lab.twin.inside import unit
from ggi_net.lab.twin.inside.keepalived import part_of
from ggi_net.lab.twin.inside.nft import _file, translated
from ggi_net.lab.twin.inside.systemctl import CHECKS, UNCHECKED
from ggi_net.lab.twin.interfaces import MAIN, members, parse, vrfs
from ggi_net.lab.twin.plan import INTERNET, NOC, design
from ggi_net.paths import demo_folder
from ggi_net.render.device import render_device
from ggi_net.source.files import load_estate

ESTATE = load_estate(demo_folder())
INTERFACES = """\
auto mgmt
iface mgmt
    vrf-table 1030
    address 198.19.192.11/32

auto eth0.102
iface eth0.102
    vlan-raw-device eth0
    vlan-id 102
    mtu 1400
    vrf mgmt
    address 2001:db8:ff00::b/127
    address 198.19.128.11/31

iface eth9 inet6 static
    address 2001:db8::2/64
    gateway 2001:db8::1
    pre-up sysctl -q -w net.ipv6.conf.eth9.accept_ra=0

iface eth9 inet static
    address 192.0.2.2/24
"""


@pytest.fixture(scope="module")
def twin():
    return design(ESTATE, ["almelo", "enschede"], core=True)


def machine(plan, name):
    return next(machine for machine in plan.machines if machine.name == name)


# -- the plan ------------------------------------------------------------------------------------------


def test_devices_that_a_daemon_can_be_are_themselves_and_gateways_that_none_can_are_stood_in_for(twin):
    assert machine(twin.plan, "ce-almelo-01").managed
    stand_in = machine(twin.plan, "ce-enschede-01")
    assert "IOS-XE" in stand_in.stands_for
    assert stand_in.shell
    assert (stand_in.shell.driver, stand_in.shell.serial) == ("cisco_iosxe", "ENS-0001")
    assert stand_in.shell.addresses == ("2001:db8:ff01::e", "198.19.192.14")
    assert "ssh" not in stand_in.units
    own = ESTATE.placed("ce-almelo-01")
    assert twin.artifacts["ce-almelo-01"] == tuple(render_device(ESTATE, own))


def test_a_stand_in_has_the_addresses_of_the_device(twin):
    text = next(a.text for a in twin.artifacts["ce-enschede-01"] if a.file == "interfaces")
    assert "address 2001:db8:ff01::e/128" in text
    assert "address 198.19.128.37/31" in text


def test_both_ends_of_a_link_and_everybody_on_a_vlan_hang_on_one_wire(twin):
    ends = {frozenset(wire.ends) for wire in twin.plan.wires}
    assert frozenset({("core-asd-01", "eth1.102"), ("ce-almelo-01", "eth0.102")}) in ends
    lan = {("ce-almelo-01", "eth1.900"), ("ce-almelo-02", "eth1.900"), ("radius-almelo-01", "eth0")}
    assert frozenset(lan | {("ap-almelo-stadhuis", "eth0")}) in ends


def test_the_management_host_is_in_the_management_networks(twin):
    noc = next(station for station in twin.plan.stations if station.name == NOC)
    assert noc.ports == (("2001:db8:fe00:1::c0/64", "198.19.224.25/27"),)


def test_providers_are_at_the_gateway_addresses_of_the_untrusted_lines_under_ipsec_if_there_are_any(twin):
    internet = next(station for station in twin.plan.stations if station.name == INTERNET)
    assert ("2001:db8:fffe:1::1/64", "203.0.113.1/29") in internet.ports, "of core-asd-01"
    wires = {frozenset(wire.ends) for wire in twin.plan.wires}
    port = internet.ports.index(("2001:db8:fffe:11::1/64", "203.0.113.33/29"))
    assert frozenset({("ce-enschede-bibliotheek-01", "eth0"), (INTERNET, f"eth{port}")}) in wires
    without = design(ESTATE, ["almelo"], core=False)
    assert INTERNET not in {station.name for station in without.plan.stations}


def test_without_the_core_its_stand_ins_know_only_the_chosen_gemeenten(twin):
    small = design(ESTATE, ["almelo"], core=False)
    assert {m.name for m in small.plan.machines if not m.managed} == {"core-asd-01", "core-apd-01"}
    frr = next(a.text for a in small.artifacts["core-asd-01"] if a.file == "frr.conf")
    assert "almelo-01-asd" in frr
    assert "losser" not in frr
    assert machine(twin.plan, "core-asd-01").managed


def test_a_gemeente_that_is_not_there_or_none_at_all_is_refused():
    with pytest.raises(NotInEstate, match="almello"):
        design(ESTATE, ["almello"], core=False)
    with pytest.raises(LabFailure, match="needs a gemeente"):
        design(ESTATE, [], core=False)


def test_who_is_not_root_is_told_so(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(LabFailure, match="only root") as refused:
        control.refuse_unless_possible()
    assert "ggi lab devices up" in refused.value.hint


def test_a_toolkit_that_devices_can_not_see_is_refused(monkeypatch):
    monkeypatch.setattr(control.os, "geteuid", lambda: 0)
    monkeypatch.setattr(control.shutil, "which", lambda program, path: program)
    monkeypatch.setattr(control.ggi_net, "__file__", "/tmp/clone/ggi_net/__init__.py")
    with pytest.raises(LabFailure, match="installed below /tmp") as refused:
        control.refuse_unless_possible()
    assert refused.value.hint == "install it elsewhere"


def test_status_and_documentation_say_of_the_same_units_that_they_do_not_run():
    said = (
        f"{' and '.join(CHECKS)} check their configuration",
        f"{' and '.join(UNCHECKED)} do not run, and accept any",
    )
    documentation = Path(__file__).parents[2].joinpath("docs/twin.md").read_text()
    for words in said:
        assert any(line.startswith(words) for line in control.NOT_HERE)
        assert f"| {words}" in documentation


# -- inside a device -----------------------------------------------------------------------------------


def test_interfaces_are_read_with_their_vrfs():
    found = parse(INTERFACES)
    assert vrfs(found) == ["mgmt"]
    assert members(found) == {"mgmt": ["eth0.102"]}
    by_name = {interface.name: interface for interface in found}
    assert by_name["eth0.102"].mtu == 1400
    assert str(by_name["eth0.102"].network) == "2001:db8:ff00::a/127"
    assert by_name["eth9"].vrf == MAIN
    assert by_name["eth9"].addresses == ["2001:db8::2/64", "192.0.2.2/24"]
    assert by_name["eth9"].gateways == ["2001:db8::1"]


@pytest.mark.parametrize("line", ["    adress 192.0.2.1/24", "    address 192.0.2.300/24", "    mtu many"])
def test_an_interface_file_that_is_not_understood_is_refused_with_its_line(line):
    with pytest.raises(ValueError, match="line 2"):
        parse(f"iface eth0\n{line}\n")


def test_every_interfaces_artifact_of_the_demo_estate_is_understood():
    for placed in ESTATE.devices.values():
        for artifact in render_device(ESTATE, placed):
            if artifact.file == "interfaces":
                assert parse(artifact.text)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ('iifname "mgmt" tcp dport 22 accept', 'iifname { "eth0.102", "eth1.900" } tcp dport 22 accept'),
        ("meta sdifname . ip saddr @bgp4 accept", "iifname . ip saddr @bgp4 accept"),
        ('meta sdifname { "eth1.100" } oifname "mgmt" drop', 'iifname { "eth1.100" } oifname "mgmt" drop'),
        ('iifname "lo" accept', 'iifname "lo" accept'),
        ('iifname "mgmt2" accept', 'iifname "mgmt2" accept'),
    ],
)
def test_a_rule_about_a_vrf_becomes_one_about_its_interfaces(rule, expected):
    assert translated(rule + "\n", {"mgmt": ["eth0.102", "eth1.900"]}) == expected + "\n"


def test_the_file_of_nft_is_found_however_the_option_is_written(tmp_path):
    file = tmp_path / "rules"
    file.write_text("flush ruleset\n")
    assert _file(["-f", str(file)]) == ("flush ruleset\n", [])
    assert _file(["-c", "-f", str(file)]) == ("flush ruleset\n", ["-c"])
    assert _file(["-cf", str(file)]) == ("flush ruleset\n", ["-c"])
    assert _file(["list", "ruleset"]) == (None, ["list", "ruleset"])


def test_keepalived_gets_the_instances_of_a_vrf_and_its_table():
    text = next(a.text for a in render_device(ESTATE, ESTATE.placed("ce-almelo-01")) if a.file == "keepalived.conf")
    part = part_of(text, ["eth1.900"])
    assert "vrrp_instance mgmt6 {" in part
    assert "vrrp_instance office6 {" not in part
    assert "table main" in part
    assert "table 1030" not in part


def test_a_unit_is_read_with_its_drop_ins(tmp_path, monkeypatch):
    (tmp_path / "x.service").write_text(
        "[Service]\nType=notify\nUser=u\nEnvironment=A=%H B=2\nExecStart=-/bin/x $OPTS -f\n"
        "ExecReload=/bin/kill -HUP $MAINPID\n"
    )
    (tmp_path / "x.service.d").mkdir()
    (tmp_path / "x.service.d/ggi.conf").write_text("[Service]\nExecStart=\nExecStart=/bin/y $OPTS\n# Type=simple\n")
    monkeypatch.setattr(unit, "_FOLDERS", (tmp_path,))

    found = unit.Unit("x.service")

    assert found.exists
    assert (found.last("Type"), found.last("User"), found.last("Group")) == ("notify", "u", "")
    assert found.commands("ExecStart", {"OPTS": "-a -b"}) == [["/bin/y", "-a", "-b"]]
    assert found.commands("ExecReload", {"MAINPID": "7"}) == [["/bin/kill", "-HUP", "7"]]
    assert found.environment() == {"A": os.uname().nodename, "B": "2"}
    assert not unit.Unit("nothing").exists
