"""The simulated Junos device: its two modes, its lock, its archive, and the ways in which it surprises."""

from __future__ import annotations

import asyncio

import pytest

from ggi_net.lab.junos import JunosDevice

MINIMUM = """\
system {
    host-name ce-test-01;
    root-authentication {
        encrypted-password "$6$salt$hash";
    }
}
"""


@pytest.fixture
def device():
    return JunosDevice("ce-test-01", "SN1", (), "x", minute=0.02)


def typed(session, *lines):
    """What the device prints for each line."""
    return [session.enter(line) for line in lines]


def loaded(session, text):
    """What the device prints when a text was loaded in place of everything."""
    session.enter("load override terminal")
    for line in text.splitlines():
        session.enter(line)
    return session.enter("\x04")


def configuring(device, how="configure exclusive"):
    session = device.session(single=False)
    session.enter(how)
    return session


def test_prompts_and_modes(device):
    session = device.session(single=False)
    assert session.prompt == "\nggi@ce-test-01> "
    assert session.enter("configure exclusive") == (
        "warning: uncommitted changes will be discarded on exit\nEntering configuration mode"
    )
    assert session.prompt == "\n[edit]\nggi@ce-test-01# "
    assert session.enter("load override terminal") == "[Type ^D at a new line to end input]"
    assert session.prompt == ""
    session.enter("\x04")
    assert session.enter("exit") == "The configuration has been changed but not committed"
    assert session.prompt == "Discard uncommitted changes? [yes,no] (yes) "
    assert session.enter("yes") == "Exiting configuration mode"
    assert session.prompt == "\nggi@ce-test-01> "
    assert not device.modified


def test_an_exclusive_lock_keeps_others_out_and_ends_with_its_session(device):
    mine, other = configuring(device), device.session(single=False)
    assert other.enter("configure exclusive").startswith("error: configuration database locked by:\n  ggi terminal p0")
    other.enter("configure")
    assert "locked by" in other.enter("commit")
    typed(mine, "set system domain-name a.example")
    assert device.modified
    mine.end()
    assert not device.modified
    assert other.enter("commit") == "commit complete"


def test_changes_left_in_the_shared_candidate_refuse_the_lock(device):
    shared = configuring(device, "configure")
    shared.enter("set system domain-name a.example")
    shared.end()
    assert device.session(single=False).enter("configure exclusive") == "error: configuration database modified"


def test_a_load_replaces_everything_and_the_device_says_what_is_different(device):
    session = configuring(device)
    assert loaded(session, MINIMUM) == "load complete"
    shown = session.enter("show | compare")
    assert "[edit system]\n-   login {" in shown
    assert '+   encrypted-password "$6$salt$hash"; ## SECRET-DATA' in shown
    session.enter("rollback 0")
    assert session.enter("show | compare") == ""


def test_what_it_does_not_understand_is_named_with_its_line_and_the_rest_is_taken(device):
    session = configuring(device)
    answer = loaded(session, MINIMUM + "sytem {\n    host-name b;\n}\n")
    assert answer == "terminal:7:(1) syntax error: sytem\nload complete (1 errors)"
    assert "host-name ce-test-01;" in session.enter("show")
    assert "without its closing brace" in loaded(session, "system {\n    host-name a;\n")


def test_a_password_in_clear_is_lost_and_keys_are_shown_encrypted(device):
    session = configuring(device)
    loaded(
        session,
        MINIMUM
        + "protocols {\n    bgp {\n        group g {\n            authentication-key geheim;\n        }\n    }\n}\n",
    )
    typed(session, 'set system root-authentication plain-text-password-value "geheim"', "commit")
    assert "plain-text" not in device.show_running()
    assert "geheim" not in device.show_running()
    assert 'authentication-key "$9$' in device.show_running()


def test_a_commit_check_refuses_what_a_commit_would(device):
    session = configuring(device)
    loaded(session, "system {\n    host-name a;\n}\n")
    assert "Missing mandatory statement: 'root-authentication'" in session.enter("commit check")
    loaded(session, MINIMUM + "protocols {\n    bgp {\n        group g {\n            import p;\n        }\n    }\n}\n")
    assert "Policy p referenced but not defined" in session.enter("commit")
    assert len(device.commits) == 1


async def armed(device):
    """A session that has committed a change until it is confirmed."""
    session = configuring(device)
    loaded(session, MINIMUM)
    answer = session.enter('commit confirmed 1 comment "ggi run"')
    assert answer == "commit confirmed will be automatically rolled back in 1 minutes unless confirmed\ncommit complete"
    return session


def test_a_confirmed_commit_waits_and_goes_back_by_itself(device):
    async def story():
        session = await armed(device)
        assert "# commit confirmed will be rolled back in 1 minutes" in session.prompt
        first = session.enter("run show system commit").splitlines()[:3]
        assert first[0].endswith("by ggi via cli commit confirmed, rollback in 1mins")
        assert first[1:] == ["    ggi run", "    rollback pending"]
        await asyncio.sleep(0.05)
        assert [(c.user, c.client, c.pending) for c in device.commits[:2]] == [
            ("root", "other", False), ("ggi", "cli", False),
        ]  # fmt: skip
        assert device.running == device.commits[2].text

    asyncio.run(story())


@pytest.mark.parametrize("how", ["commit check", "commit", 'commit comment "yes"'])
def test_a_commit_and_also_a_commit_check_of_any_session_confirms(device, how):
    async def story():
        session = await armed(device)
        session.enter("exit")
        other = configuring(device, "configure")
        other.enter(how)
        await asyncio.sleep(0.05)
        assert device.pending is None
        assert "domain-name" not in device.running
        assert device.commits[0].user == "ggi"

    asyncio.run(story())


def test_a_restart_takes_back_what_was_not_confirmed(device):
    async def story():
        await armed(device)
        device.restart()
        assert device.pending is None
        assert device.running == device.commits[2].text

    asyncio.run(story())


def test_the_archive_shows_what_ran_before_and_a_count_says_how_much(device):
    session = configuring(device)
    loaded(session, MINIMUM)
    typed(session, "commit", "exit")
    before = session.enter("show system rollback 1")
    assert "class super-user;" in before
    assert session.enter("show system rollback 1 | count") == f"Count: {len(before.splitlines())} lines"
    assert session.enter("show system rollback 2").startswith("error: ")
    assert "set system host-name ce-test-01" in session.enter("show configuration | display set").splitlines()
    assert session.enter("configure") == "Entering configuration mode"
    assert session.enter("rollback 1") == "load complete"
    assert session.enter("rollback 7") == "error: could not find rollback configuration 7"


def test_single_lines_set_and_delete(device):
    session = configuring(device)
    typed(session, "set system services telnet", "set system host-name b", "delete system login")
    shown = session.enter("show")
    assert "telnet;" in shown
    assert "host-name b;" in shown
    assert "ce-test-01" not in shown
    assert "login" not in shown
    assert session.enter("delete system nothing") == "warning: statement not found"
    assert session.enter("sett system x").endswith("unknown command.")


def test_a_reboot_asks_first(device):
    session = device.session(single=False)
    session.enter("request system reboot")
    assert session.prompt == "Reboot the system ? [yes,no] (no) "
    assert session.enter("no") == ""
    assert device.wrong.reachable(device.show_running)
    typed(session, "request system reboot", "yes")
    assert not device.wrong.reachable(device.show_running)
