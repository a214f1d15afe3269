"""Local accounts: good passwords, slow guessing, nobody locked out by others, nothing told to strangers."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest
from argon2 import PasswordHasher, extract_parameters
from front import CHEAP, PASSWORD, Front, log_in
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from ggi_net.authlog.question import Role
from ggi_net.cli.web import app as web
from ggi_net.errors import AccountProblem, GgiError, LogInRefused, PasswordRefused, TooMany
from ggi_net.web.accounts import Accounts
from ggi_net.web.database import Database
from ggi_net.web.sessions import LOCAL, Sessions
from ggi_net.web.settings import SessionTimes


class Clock:
    def __init__(self) -> None:
        self.now = 1_795_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def database(tmp_path):
    return Database(tmp_path)


@pytest.fixture
def accounts(database, clock):
    made = Accounts(database, CHEAP, clock)
    made.add("j.bakker", PASSWORD, Role.HELPDESK, ("almelo",))
    return made


# -- accounts and passwords ----------------------------------------------------------------------------


def test_an_account_lets_its_owner_in(accounts):
    viewer = accounts.log_in(" J.Bakker ", PASSWORD)
    assert (viewer.name, viewer.role, viewer.gemeenten) == ("j.bakker", Role.HELPDESK, ("almelo",))
    assert accounts.all()[0].last_login == accounts._clock()


def test_the_password_is_kept_as_argon2id_only(accounts, database):
    content = b"".join(path.read_bytes() for path in database.path.parent.iterdir())
    assert b"$argon2id$v=19$" in content
    assert PASSWORD.encode() not in content
    assert database.path.stat().st_mode & 0o077 == 0


def test_what_people_are_asked_to_use_costs_what_the_rfc_says():
    found = PasswordHasher()
    assert (found.time_cost, found.memory_cost, found.parallelism) == (3, 65536, 4), "RFC 9106, the second choice"


@pytest.mark.parametrize(
    "password",
    ["", "kort", "elf tekens.", "x" * 257, "aaaaaaaaaaaaaa", "123456789012345", "Welkom2026!!!!", "wachtwoord123456",
     "de j.bakker weer", "abcdefghijklmnop"],
)  # fmt: skip
def test_a_password_that_is_easy_to_guess_is_refused(accounts, password):
    with pytest.raises(PasswordRefused) as caught:
        accounts.change_password("j.bakker", password)
    assert not password or password not in str(caught.value)


@pytest.mark.parametrize(
    "password", ["Één mooie dag met ijs", "пароль для друзей", "x&<>'\"; DROP--", "wat een lange zin is dit"]
)
def test_any_characters_make_a_password(accounts, password):
    accounts.change_password("j.bakker", password)
    assert accounts.log_in("j.bakker", password)


def test_the_same_letters_from_another_keyboard_are_the_same_password(accounts):
    accounts.change_password("j.bakker", "caf\u00e9 met vrienden")
    assert accounts.log_in("j.bakker", "cafe\u0301 met vrienden")


@pytest.mark.parametrize("name", ["", "J.Bakker", "jan bakker", "-x", "x" * 65, "jan\n", "jan<script>", "ján"])
def test_a_name_is_plain(accounts, name):
    with pytest.raises(AccountProblem):
        accounts.add(name, PASSWORD, Role.AUDITOR)


@pytest.mark.parametrize(
    ("role", "gemeenten"),
    [(Role.HELPDESK, ()), (Role.OPERATOR, ("almelo",)), (Role.AUDITOR, ("almelo",)), (Role.ENGINEER, ())],
)
def test_roles_and_gemeenten_go_together(accounts, role, gemeenten):
    with pytest.raises(AccountProblem):
        accounts.add("iemand", PASSWORD, role, gemeenten)


def test_a_second_account_of_a_name_is_refused(accounts):
    with pytest.raises(AccountProblem, match="there already"):
        accounts.add("j.bakker", PASSWORD, Role.AUDITOR)
    with pytest.raises(AccountProblem, match=r"did you mean 'j\.bakker'"):
        accounts.disable("j.baker")


def test_closing_and_a_new_password_end_the_sessions(accounts, database, clock):
    sessions = Sessions(database, SessionTimes(), clock)
    for end in (lambda: accounts.disable("j.bakker"), lambda: accounts.change_password("j.bakker", PASSWORD + "!")):
        accounts.disable("j.bakker", disabled=False)
        number = sessions.begin(accounts.log_in("j.bakker", PASSWORD), LOCAL)
        assert sessions.find(number)
        end()
        assert sessions.find(number) is None


def test_a_closed_account_is_no_account(accounts):
    accounts.disable("j.bakker")
    with pytest.raises(LogInRefused):
        accounts.log_in("j.bakker", PASSWORD)


def test_a_password_of_older_costs_is_hashed_again(database, clock):
    Accounts(database, CHEAP, clock).add("j.bakker", PASSWORD, Role.AUDITOR)
    dearer = Accounts(database, PasswordHasher(time_cost=2, memory_cost=16, parallelism=1), clock)
    assert dearer.log_in("j.bakker", PASSWORD)
    with database.open() as found:
        assert "m=16,t=2,p=1" in found.execute("SELECT password FROM accounts").fetchone()["password"]
    assert dearer.log_in("j.bakker", PASSWORD)


# -- guessing ------------------------------------------------------------------------------------------


def guess(accounts, name="j.bakker", **given) -> type[GgiError] | None:
    try:
        accounts.log_in(name, "verkeerd wachtwoord", **given)
    except GgiError as error:
        return type(error)
    return None


@pytest.mark.parametrize("name", ["j.bakker", "niemand"])
def test_guessing_gets_slower_and_slower(accounts, clock, name):
    tries, end = 0, clock.now + 24 * 3600
    while clock.now < end:
        try:
            accounts.log_in(name, "verkeerd wachtwoord")
        except LogInRefused:
            tries += 1
        except TooMany as error:
            clock.now += error.wait
    assert 50 < tries < 120, "a hundred a day, of the billions that it takes"


def test_a_stranger_hears_the_same_of_a_name_that_is_there_and_one_that_is_not(accounts):
    there = [guess(accounts, "j.bakker") for _ in range(10)]
    assert there == [guess(accounts, "niemand") for _ in range(10)]
    assert there == [LogInRefused] * 5 + [TooMany] * 5


def test_the_page_says_the_same_as_well(tmp_path):
    front = Front(tmp_path)
    front.add()
    front.add("dicht", Role.AUDITOR)
    front.accounts.disable("dicht")
    texts = set()
    with front.browser() as browser:
        for name in ("j.bakker", "niemand", "dicht"):
            answer = log_in(browser, name, "verkeerd wachtwoord")
            assert answer.status_code == 403
            texts.add(answer.text.replace(name, "NAAM"))
    assert len(texts) == 1


def test_a_name_that_is_not_there_takes_as_long(database, clock):
    """All that takes time is the hash, and there is one for each try, of the same costs."""
    checked = []

    class Watched(PasswordHasher):
        def verify(self, hashed, password):
            checked.append(extract_parameters(hashed))
            return super().verify(hashed, password)

    accounts = Accounts(database, Watched(time_cost=1, memory_cost=8, parallelism=1), clock)
    accounts.add("j.bakker", PASSWORD, Role.AUDITOR)
    accounts.add("dicht", PASSWORD, Role.AUDITOR)
    accounts.disable("dicht")
    for name in ("j.bakker", "niemand", "dicht", "", "'; DROP TABLE accounts; --"):
        assert guess(accounts, name) is LogInRefused
        assert len(checked) == 1
        assert checked.pop() == extract_parameters(accounts._nobody)


def test_who_guesses_locks_strangers_out_and_not_the_owner(accounts, clock):
    owner = accounts.device("j.bakker")
    for _ in range(20):
        guess(accounts)
    with pytest.raises(TooMany):
        accounts.log_in("j.bakker", PASSWORD)
    assert accounts.log_in("j.bakker", PASSWORD, device=owner), "from a browser that was there before"
    clock.now += 16 * 60
    assert accounts.log_in("j.bakker", PASSWORD), "and from a new one a quarter of an hour later"


def test_a_device_cookie_is_no_free_ticket(accounts):
    device = accounts.device("j.bakker")
    assert [guess(accounts, device=device) for _ in range(6)].count(TooMany) == 1
    assert accounts.device("p.peters") != device
    for made_up in ("0" * 64, device[:-1], "", accounts.device("p.peters")):
        assert guess(accounts, "k.klein", device=made_up) in (LogInRefused, TooMany)
    assert guess(accounts, "k.klein") is LogInRefused
    assert guess(accounts, "k.klein") is TooMany, "a made-up one is a stranger's"


def test_a_log_in_that_works_starts_the_count_anew(accounts):
    for _ in range(3):
        assert [guess(accounts) for _ in range(4)] == [LogInRefused] * 4
        assert accounts.log_in("j.bakker", PASSWORD)


def test_failures_of_millions_of_names_are_forgotten(accounts, database, clock):
    for number in range(20):
        guess(accounts, f"niemand{number}")
    clock.now += 25 * 3600
    guess(accounts)
    with database.open() as found:
        assert found.execute("SELECT count(*) FROM failures").fetchone()[0] == 1


def test_an_address_that_tries_many_names_is_slowed_down(tmp_path):
    front = Front(tmp_path, rates={"log_ins": 10})
    front.add()
    with front.browser() as browser, front.browser("192.0.2.8") as owner:
        statuses = [log_in(browser, f"niemand{number}", "verkeerd wachtwoord").status_code for number in range(8)]
        assert statuses == [403] * 5 + [429] * 3
        assert log_in(owner).status_code == 303, "somebody at another address gets in"


@given(name=st.text(st.characters(), max_size=300), password=st.text(st.characters(), max_size=300))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_as_name_and_password_is_refused_in_words(accounts, name, password):
    with pytest.raises((LogInRefused, TooMany)):
        accounts.log_in(name, password)


# -- sessions ------------------------------------------------------------------------------------------


@pytest.fixture
def sessions(database, clock):
    return Sessions(database, SessionTimes(idle_minutes=30, longest_minutes=600), clock)


def test_a_session_ends_after_doing_nothing(accounts, sessions, clock):
    number = sessions.begin(accounts.log_in("j.bakker", PASSWORD), LOCAL)
    for _ in range(5):
        clock.now += 29 * 60
        assert sessions.find(number)
    clock.now += 31 * 60
    assert sessions.find(number) is None


def test_a_session_ends_in_any_case(accounts, sessions, clock):
    number = sessions.begin(accounts.log_in("j.bakker", PASSWORD), LOCAL)
    for _ in range(60):
        clock.now += 10 * 60
        assert sessions.find(number)
    clock.now += 61
    assert sessions.find(number) is None


def test_the_database_has_no_number_that_a_browser_could_show(accounts, sessions, database):
    number = sessions.begin(accounts.log_in("j.bakker", PASSWORD), LOCAL)
    assert len(number) == 43
    assert number.encode() not in b"".join(path.read_bytes() for path in database.path.parent.iterdir())


def test_one_person_has_a_few_sessions_and_sessions_that_ended_are_removed(accounts, sessions, database, clock):
    viewer = accounts.log_in("j.bakker", PASSWORD)
    numbers = []
    for _ in range(12):
        clock.now += 1
        numbers.append(sessions.begin(viewer, LOCAL))
    assert [bool(sessions.find(number)) for number in numbers] == [False] * 2 + [True] * 10
    clock.now += 3600
    sessions.begin(viewer, LOCAL)
    with database.open() as found:
        assert found.execute("SELECT count(*) FROM sessions").fetchone()[0] == 1


def test_a_reason_is_carried_to_the_next_look_up_of_that_session_only(accounts, sessions):
    viewer = accounts.log_in("j.bakker", PASSWORD)
    one, other = (sessions.begin(viewer, LOCAL) for _ in range(2))
    sessions.carry(sessions.find(one), "M2611-0042")
    assert (sessions.find(one).reason, sessions.find(other).reason) == ("M2611-0042", "")


# -- the command line ----------------------------------------------------------------------------------


def ggi(folder, *arguments: str, **given) -> Result:
    return CliRunner().invoke(web, arguments, env={"GGI_STATE": str(folder)}, **given)


def test_accounts_are_kept_by_the_command_line(tmp_path):
    done = ggi(tmp_path, "account", "add", "j.bakker", "--role", "helpdesk", "-g", "almelo", input=PASSWORD + "\n")
    assert done.exit_code == 0, done.output
    accounts = Accounts(Database(tmp_path / "web"))
    assert accounts.log_in("j.bakker", PASSWORD).gemeenten == ("almelo",)
    refused = ggi(tmp_path, "account", "passwd", "j.bakker", input="elf tekens\n")
    assert isinstance(refused.exception, PasswordRefused)
    assert "elf tekens" not in str(refused.exception)
    assert ggi(tmp_path, "account", "disable", "j.bakker").exit_code == 0
    listed = ggi(tmp_path, "account", "list").output
    assert "j.bakker" in listed
    assert "closed" in listed
    assert PASSWORD not in listed
    assert ggi(tmp_path, "account", "disable", "j.bakker", "--undo").exit_code == 0


def test_at_a_terminal_the_password_is_asked_for_twice_and_not_shown(tmp_path):
    mine, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "ggi_net", "web", "account", "add", "a.controle", "--role", "auditor"],
        stdin=theirs, stdout=theirs, stderr=theirs, env={**os.environ, "GGI_STATE": str(tmp_path)},
        start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    said = b""
    for prompt in (b"Password: ", b"confirmation: "):
        while prompt not in said:
            said += os.read(mine, 1024)
        os.write(mine, PASSWORD.encode() + b"\n")
        said = said.replace(prompt, b"")
    while b"can log in now" not in said:
        said += os.read(mine, 1024)
    assert process.wait(20) == 0
    assert PASSWORD.encode() not in said
    os.close(mine)
    assert Accounts(Database(tmp_path / "web")).log_in("a.controle", PASSWORD).role is Role.AUDITOR
