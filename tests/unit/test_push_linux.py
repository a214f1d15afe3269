"""What a Debian host is told when files change: as little as possible, each command once, and the way back of each."""

from __future__ import annotations

import re

import pytest

from ggi_net.paths import templates_folder
from ggi_net.push.linux_apply import Step, checks_of, commands_of
from ggi_net.push.linux_files import Found
from ggi_net.render.platform import ArtifactKind, Platform, load_platform

PLATFORMS = [
    platform
    for file in sorted(templates_folder().glob("*/platform.yml"))
    if (platform := load_platform(file.parent.name)).driver == "linux"
]
FRR, FREERADIUS = load_platform("frr"), load_platform("freeradius")
GATEWAY = """\
ip prefix-list datanet4-in seq 5 permit 198.18.0.0/17 le 30
ip prefix-list mgmt4-out seq 5 permit 198.19.0.0/27
ipv6 prefix-list govroam6-in seq 5 permit ::/0
router bgp 4200900001 vrf datanet
 timers bgp 10 30
"""


def step(platform: Platform, file: str, old: str | None, new: str | None, *, back: bool = False) -> Step:
    kind = next(kind for kind in platform.artifacts if kind.file == file)
    return Step(
        kind, *(None if text is None else Found(text.encode(), 0o640, "root:root") for text in (old, new)), back
    )


def commands(*steps: Step) -> list[str]:
    return [command for command, _ in commands_of(steps)]


def ways_back(*steps: Step) -> list[str]:
    return [back for _, back in commands_of(steps)]


class TestFrr:
    def changed(self, before: str, after: str) -> list[str]:
        return commands(step(FRR, "frr.conf", GATEWAY, GATEWAY.replace(before, after)))

    def test_a_changed_inbound_prefix_list_asks_for_the_routes_of_its_vrf_again(self):
        refresh = "vtysh -c 'clear bgp vrf datanet ipv4 unicast * soft in'"
        assert self.changed("le 30", "le 29") == ["systemctl reload frr", refresh]

    def test_one_of_ipv6_does_so_for_ipv6(self):
        refresh = "vtysh -c 'clear bgp vrf govroam ipv6 unicast * soft in'"
        assert self.changed("permit ::/0", "permit 2000::/3") == ["systemctl reload frr", refresh]

    def test_an_outbound_list_and_a_timer_ask_for_nothing(self):
        assert self.changed("198.19.0.0/27", "198.19.0.0/26") == ["systemctl reload frr"]
        assert self.changed("10 30", "20 60") == ["systemctl reload frr"]

    def test_the_core_names_its_lists_by_gateway(self):
        old = "ip prefix-list ce-almelo-01-datanet4 seq 5 permit 198.18.0.0/24\n"
        assert commands(step(FRR, "frr.conf", old, ""))[1] == "vtysh -c 'clear bgp vrf datanet ipv4 unicast * soft in'"

    def test_only_other_daemons_restart_it_and_then_it_need_not_be_reloaded(self):
        frr, daemons = step(FRR, "frr.conf", "a", "b"), step(FRR, "daemons", "bgpd=yes", "bgpd=no")
        assert commands(daemons, frr) == ["systemctl reset-failed frr; systemctl restart frr"]


class TestRadius:
    def test_any_of_its_files_restarts_freeradius_once(self):
        steps = [step(FREERADIUS, file, "a", "b") for file in ("dictionary", "filter-reply", "radiusd.conf")]
        assert commands(*steps) == ["systemctl restart freeradius"]

    def test_a_unit_and_its_configuration_are_one_restart_after_the_reload_of_systemd(self):
        steps = [step(FREERADIUS, file, "a", "b") for file in ("radsecproxy-service.conf", "radsecproxy.conf")]
        assert commands(*steps) == ["systemctl daemon-reload", "systemctl restart radsecproxy"]

    def test_its_configuration_is_tested_with_the_other_files_as_they_will_be(self):
        moved = step(FREERADIUS, "filter-reply", "a", "b")
        *staged, test = checks_of([moved], FREERADIUS.artifacts, "", "/run-folder")
        assert (
            "ln -sfn -- /etc/freeradius/3.0/.ggi-new.filter-reply /run-folder/stage/etc/freeradius/3.0/filter-reply"
            in staged
        )
        assert "ln -sfn -- /etc/freeradius/3.0/radiusd.conf /run-folder/stage/etc/freeradius/3.0/radiusd.conf" in staged
        assert "freeradius -XC -d /run-folder/stage/etc/freeradius/3.0" in test

    def test_a_banner_tests_and_tells_nothing(self):
        moved = step(FREERADIUS, "banner", "a", "b")
        assert (checks_of([moved], FREERADIUS.artifacts, "", "/f"), commands(moved)) == ([], [])


@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda p: p.name)
class TestPlatformData:
    def commands(self, platform: Platform) -> list[str]:
        found = [c for k in platform.artifacts for c in (k.test, k.apply, k.undo, *(also.run for also in k.also))]
        return [command for command in found if command]

    def test_programs_are_found_by_the_path_and_commands_are_one_line(self, platform):
        for command in self.commands(platform):
            assert not re.search(r"(^|[\s;|&(])/(usr/)?s?bin/", command), command
            assert "\n" not in command

    def test_every_placeholder_is_known(self, platform):
        for kind in platform.artifacts:
            assert set(re.findall(r"\{(\w+)\}", kind.test)) <= {"file", "stage"}
            for also in kind.also:
                assert set(re.findall(r"\{(\w+)\}", also.run)) <= set(re.compile(also.changed).groupindex)


def test_a_command_that_is_given_back_has_as_many_parts_as_it_needs():
    kind = ArtifactKind(file="x", template="", path="/x", apply="a && b", undo="c")
    assert commands_of([Step(kind, None, Found(b"", 0, ""))]) == [("a", "true"), ("b", "c")]
