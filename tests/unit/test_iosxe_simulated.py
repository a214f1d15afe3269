"""The simulated IOS-XE where pushes depend on it: timed rollback, lock, files, BGP; by Cisco's configuration guides."""

from __future__ import annotations

import pytest

from ggi_net.lab.ios import IosDevice
from ggi_net.lab.ios_session import IosSession
from ggi_net.lab.misbehave import Does, Fault, lacking, matching, refusing
from ggi_net.lab.shell import reboot

ROUTING = """\
configure terminal
ip prefix-list own seq 5 deny 10.9.0.0/16
ip prefix-list own seq 10 permit 10.0.0.0/8 le 16
route-map out permit 10
match ip address prefix-list own
router bgp 64512
neighbor 192.0.2.9 remote-as 64999
address-family ipv4 vrf datanet
network 10.1.0.0 mask 255.255.0.0
network 10.9.0.0 mask 255.255.0.0
network 10.2.3.0 mask 255.255.255.0
neighbor 192.0.2.1 remote-as 64513
neighbor 192.0.2.1 route-map out out
neighbor 192.0.2.2 remote-as 64513
neighbor 192.0.2.2 shutdown
exit-address-family
address-family ipv6 vrf datanet
network 2001:DB8:1234:5678::/64
neighbor 2001:DB8::1 remote-as 64513
end
"""
NEIGHBORS = "show bgp all neighbors | include BGP neighbor is|BGP state"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def router() -> IosDevice:
    device = IosDevice("r1", "S1", ("GigabitEthernet1",), "x", minute=60.0)
    device.timer.now = Clock()
    return device


def session_of(router: IosDevice, user: str = "ggi") -> IosSession:
    return IosSession(router, privileged=True, user=user)


def enter(session: IosSession, text: str) -> list[str]:
    return [session.enter(line) for line in text.strip().splitlines()]


class TestRollback:
    def test_an_unconfirmed_change_goes_back_when_its_minutes_are_over(self, router):
        before = router.show_running()
        said = enter(session_of(router), "configure terminal revert timer 2\nhostname other\nend")[0]
        assert said.startswith("Rollback Confirmed Change: Backing up current running config to bootflash:ggi-archive-")
        router.timer.now.now += 119
        assert router.hostname == "other"
        router.timer.now.now += 1
        assert router.show_running() == before

    def test_what_waits_is_shown_and_confirming_keeps_it(self, router):
        session = session_of(router)
        assert session.enter("show archive config rollback timer") == "%No Rollback Confirmed Change pending"
        enter(session, "configure terminal revert timer 2\nhostname other\nend")
        assert session.enter("show archive config rollback timer").endswith("Timer value: 2 min\nUser: ggi")
        assert session.enter("configure confirm") == ""
        router.timer.now.now += 1000
        assert "hostname other" in router.show_running()
        assert session.enter("configure confirm") == "%No Rollback Confirmed Change pending"

    def test_it_goes_back_at_once_when_told_so(self, router):
        before = router.show_running()
        session = session_of(router)
        enter(session, "configure terminal revert timer 2\ninterface GigabitEthernet1\nno shutdown\nend")
        assert "Rollback Done" in session.enter("configure revert now")
        assert router.show_running() == before

    def test_only_one_change_can_wait_and_none_without_an_archive(self, router):
        session = session_of(router)
        enter(session, "configure terminal revert timer 2\nend")
        assert session.enter("configure terminal revert timer 2").startswith("%")
        enter(session, "configure confirm\nconfigure terminal\nno archive\nend")
        assert session.enter("configure terminal revert timer 2").startswith("%Turn config archive on")
        assert session.enter("configure terminal revert timer 121").endswith("marker.\n")

    def test_a_restart_forgets_it_and_comes_up_with_what_was_saved(self, router):
        session = session_of(router)
        saved = router.show_running()
        enter(session, "configure terminal revert timer 2\nhostname other\nbanner login #\nBeware.\n#\nend")
        reboot(router, 0)
        assert (router.show_running(), router.rollback) == (saved, None)

    def test_what_is_replaced_is_what_a_file_says(self, router):
        session = session_of(router)
        enter(session, ROUTING + "configure terminal\nbanner login #\nBeware.\n#\nend\ncopy running-config bootflash:a")
        session.enter("")
        kept = router.show_running()
        enter(session, "configure terminal\nno router bgp 64512\nno banner login\nhostname other\nend")
        assert "Rollback Done" in session.enter("configure replace bootflash:a force")
        assert router.show_running() == kept == session.enter("more bootflash:a")

    def test_its_time_can_be_set_anew(self, router):
        session = session_of(router)
        assert session.enter("configure revert timer 5") == "%No Rollback Confirmed Change pending"
        enter(session, "configure terminal revert timer 2\nhostname other\nend")
        router.timer.now.now += 100
        assert session.enter("configure revert timer 5") == ""
        assert "Timer value: 5 min" in session.enter("show archive config rollback timer")
        router.timer.now.now += 299
        assert "hostname other" in router.show_running()
        router.timer.now.now += 1
        assert "hostname r1" in router.show_running()


@pytest.fixture
def kept(router) -> str:
    """What the router runs, which is in the file `a` too; then it gets another name and a description."""
    session = session_of(router)
    enter(session, "copy running-config bootflash:a")
    session.enter("")
    text = router.show_running()
    enter(session, "configure terminal\nhostname other\ninterface GigabitEthernet1\ndescription x\nend")
    return text


class TestReplace:
    def test_asks_first_unless_it_is_forced(self, router, kept):
        session = session_of(router)
        assert session.enter("configure replace bootflash:a").startswith("This will apply all necessary additions")
        assert session.prompt.endswith("Enter Y if you are sure you want to proceed. ? [no]: ")
        assert session.enter("") == ""
        assert router.hostname == "other"
        session.enter("configure replace bootflash:a")
        assert session.enter("Y") == "Total number of passes: 1\nRollback Done\n"
        assert router.show_running() == kept
        assert session.enter("configure replace bootflash:a force").startswith("Total number of passes: 0\n")

    def test_lists_what_it_enters(self, router, kept):
        said = session_of(router).enter("configure replace bootflash:a list force")
        assert said.splitlines()[:7] == [
            "!Pass 1",
            "!List of Rollback Commands:",
            "no hostname other",
            "interface GigabitEthernet1",
            " no description x",
            "hostname r1",
            "end",
        ]

    @pytest.mark.parametrize("how", ["revert trigger timer 3", "revert trigger error timer 3", "time 3"])
    def test_goes_back_by_the_same_timer_as_any_change(self, router, kept, how):
        session, changed = session_of(router), router.show_running()
        said = session.enter(f"configure replace bootflash:a force {how}")
        assert said.startswith("Rollback Confirmed Change: Backing up current running config to bootflash:ggi-archive-")
        assert router.show_running() == kept
        assert session.enter("show archive config rollback timer").endswith("Timer value: 3 min\nUser: ggi")
        assert session.enter("configure terminal revert timer 3").endswith("is already pending")
        router.timer.now.now += 180
        assert router.show_running() == changed

    def test_is_kept_when_it_is_confirmed_and_taken_back_when_told_so(self, router, kept):
        session, changed = session_of(router), router.show_running()
        session.enter("configure replace bootflash:a force revert trigger timer 3")
        assert "Rollback Done" in session.enter("configure revert now")
        assert router.show_running() == changed
        session.enter("configure replace bootflash:a force revert trigger timer 3")
        session.enter("configure confirm")
        router.timer.now.now += 1000
        assert router.show_running() == kept

    @pytest.mark.parametrize("how", ["error", "error timer 3"])
    def test_one_refused_line_takes_all_back_when_told_so(self, router, kept, how):
        session, changed = session_of(router), router.show_running()
        router.flash.files["b"] = kept.replace("hostname r1", "hostname third\nadfjasdfadfa\n deeper\n")
        said = session.enter(f"configure replace bootflash:b force revert trigger {how}")
        assert "Failed to apply command adfjasdfadfa\nAborting Rollback.\n" in said
        assert said.endswith("The original configuration has been successfully restored.")
        assert (router.show_running(), router.rollback) == (changed, None)

    def test_otherwise_a_refused_line_and_what_is_below_it_are_left_out(self, router, kept):
        router.flash.files["b"] = kept.replace("hostname r1", "hostname third\nadfjasdfadfa\n shutdown\nhostname r3\n")
        said = session_of(router).enter("configure replace bootflash:b force")
        assert "Rollback aborted after 5 passes\n" in said
        assert said.endswith("********\nadfjasdfadfa\nshutdown\n********\n")
        assert router.show_running() == kept.replace("hostname r1", "hostname r3")

    def test_what_the_router_was_told_to_refuse_is_refused_where_it_is_new(self, router, kept):
        router.wrong.faults = [refusing("hostname"), refusing("ip ssh")]
        said = session_of(router).enter("configure replace bootflash:a force revert trigger error")
        assert "Failed to apply command hostname r1" in said
        assert router.hostname == "other"

    def test_needs_a_file_a_free_configuration_and_an_archive_to_go_back_to(self, router, kept):
        session = session_of(router)
        missing = "%Error opening bootflash:c (No such file or directory)"
        assert session.enter("configure replace bootflash:c force") == missing
        router.flash.files["c"] = "hostname r1\n\tx"
        assert "not a valid config file" in session.enter("configure replace bootflash:c force")
        router.wrong.locked_by = "alice"
        assert "locked exclusively by user 'alice'" in session.enter("configure replace bootflash:a")
        assert "Rollback Done" in session.enter("configure replace bootflash:a nolock force")
        router.wrong.locked_by = ""
        enter(session, "configure terminal\nno archive\nend")
        assert session.enter("configure replace bootflash:a force time 3").startswith("%Turn config archive on")
        assert "Rollback Done" in session.enter("configure replace nvram:startup-config force")


class TestDifferences:
    def test_are_shown_below_the_sections_that_they_are_in(self, router, kept):
        session = session_of(router)
        enter(session, "configure terminal\nvrf definition x\nrd 1:1\nbanner login #\nBeware.\n#\nend")
        changes = [
            "!Contextual Config Diffs:",
            "+vrf definition x",
            " +rd 1:1",
            "+banner login #",
            "+Beware.",
            "+#",
            "interface GigabitEthernet1",
            " +description x",
            "-hostname r1",
        ]
        shown = session.enter("show archive config differences bootflash:a system:running-config").split("\n")
        assert sorted(shown) == sorted([*changes, "+hostname other"])
        assert shown.index("interface GigabitEthernet1") + 1 == shown.index(" +description x")
        assert shown[-1] == "-hostname r1"

    def test_are_from_what_runs_when_one_file_is_named_and_to_what_it_starts_with_when_none_is(self, router, kept):
        session = session_of(router)
        shown = session.enter("show archive config differences").split("\n")
        assert "+hostname r1" in shown
        assert "-hostname other" in shown
        assert session.enter("show archive config differences bootflash:a").split("\n") == shown

    def test_of_the_same_are_none(self, router):
        session = session_of(router)
        assert session.enter("show archive config differences") == "!Contextual Config Diffs:\n!No changes were found"
        assert session.enter("show archive config differences bootflash:z").startswith("%Error opening bootflash:z")


class TestReload:
    def test_asks_whether_to_save_and_whether_to_go_on(self, router, kept):
        session = session_of(router)
        session.enter("reload")
        assert session.prompt == "System configuration has been modified. Save? [yes/no]: "
        assert session.enter("perhaps") == "% Please answer 'yes' or 'no'."
        session.enter("no")
        assert session.prompt == "Proceed with reload? [confirm]"
        session.enter("n")
        assert router.hostname == "other"
        enter(session, "reload\nno")
        session.enter("")
        assert router.hostname == "r1"
        assert not router.wrong.reachable(router.show_running)

    def test_of_what_is_saved_leads_back_to_it(self, router, kept):
        session = session_of(router)
        session.enter("reload")
        assert "[OK]" in session.enter("yes")
        session.enter("")
        assert router.hostname == "other"
        session.enter("reload")
        assert session.prompt == "Proceed with reload? [confirm]"


class TestLock:
    def test_it_keeps_others_out_until_it_is_given_up(self, router):
        first, second = session_of(router), session_of(router, "alice")
        first.enter("configure terminal lock")
        assert "locked exclusively by user 'ggi'" in second.enter("configure terminal")
        assert "Type : EXCLUSIVE" in second.enter("show configuration lock")
        first.enter("end")
        assert second.enter("configure terminal").startswith("Enter configuration commands")

    def test_it_ends_with_the_session(self, router):
        first, second = session_of(router), session_of(router)
        first.enter("configure terminal lock")
        first.end()
        assert "Enter configuration commands" in second.enter("configure terminal lock")
        assert second.enter("do show users").count("vty") == 1

    def test_exec_commands_work_from_within_except_those_that_enter_the_mode(self, router):
        session = session_of(router)
        session.enter("configure terminal lock")
        assert session.enter("do show running-config") == router.show_running()
        assert "Invalid input" in session.enter("do configure terminal")


class TestFiles:
    def test_are_listed_with_the_room_that_is_left(self, router):
        session = session_of(router)
        session.enter("copy running-config bootflash:a.cfg")
        assert session.prompt == "Destination filename [a.cfg]? "
        assert "bytes copied" in session.enter("")
        assert "a.cfg" in session.enter("dir bootflash: | include a.cfg")
        assert "bytes free)" in session.enter("dir bootflash: | include bytes free")
        assert session.enter("delete /force bootflash:a.cfg") == ""
        assert session.enter("more bootflash:a.cfg").startswith("%Error opening")

    def test_a_full_disk_takes_none(self, router):
        router.wrong.disk_full = True
        session = session_of(router)
        session.enter("copy running-config bootflash:a.cfg")
        assert "Not enough space" in session.enter("")
        assert "(0 bytes free)" in session.enter("dir bootflash:")
        assert "[OK]" not in session.enter("write memory")
        assert "Failed to back up" in session.enter("configure terminal revert timer 2")
        assert router.rollback is None


class TestBgp:
    def test_sessions_stand_unless_they_are_shut(self, router):
        session = session_of(router)
        enter(session, ROUTING)
        assert session.enter(NEIGHBORS).split("\n") == [
            "BGP neighbor is 192.0.2.9,  remote AS 64999, external link",
            "  BGP state = Established, up for 00:10:00",
            "BGP neighbor is 192.0.2.1,  vrf datanet,  remote AS 64513, external link",
            "  BGP state = Established, up for 00:10:00",
            "BGP neighbor is 192.0.2.2,  vrf datanet,  remote AS 64513, external link",
            "  BGP state = Active",
            "BGP neighbor is 2001:DB8::1,  vrf datanet,  remote AS 64513, external link",
            "  BGP state = Established, up for 00:10:00",
        ]

    def test_what_is_announced_has_passed_the_filters(self, router):
        session = session_of(router)
        enter(session, ROUTING)
        filtered = session.enter("show bgp vpnv4 unicast vrf datanet neighbors 192.0.2.1 advertised-routes")
        assert "10.1.0.0/16" in filtered
        assert "10.9.0.0/16" not in filtered
        assert "10.2.3.0/24" not in filtered
        other = session.enter("show bgp vpnv6 unicast vrf datanet neighbors 2001:DB8::1 advertised-routes")
        assert "2001:DB8:1234:5678::/64\n" in other

    def test_a_configuration_can_break_them(self, router):
        session = session_of(router)
        enter(session, ROUTING)
        router.wrong.breaks_bgp = matching("^hostname r1$")
        assert "Established" not in session.enter(NEIGHBORS)
        router.wrong.breaks_bgp = lacking("^hostname r1$")
        assert "Established" in session.enter(NEIGHBORS)


class TestFault:
    def test_happens_so_often_after_so_many(self):
        fault = Fault(Does.CUT_BEFORE, "show", skip=1, times=2)
        assert [fault.strikes("show run") for _ in range(5)] == [False, True, True, False, False]
        always = Fault(Does.CUT_BEFORE, "show", times=0)
        assert [always.strikes(line) for line in ("show", "hide", "show")] == [True, False, True]

    def test_what_begins_so_is_refused_negated_as_well(self):
        fault = refusing("ip ssh")
        assert [fault.strikes(line) for line in ("ip ssh x", " no ip ssh x", "zip ssh")] == [True, True, False]
