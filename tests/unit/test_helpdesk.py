"""Whoever asks gets what they may see, and only after it is on record: who, what, why, and how much."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ggi_net.authlog import access
from ggi_net.authlog.audit import Audit
from ggi_net.authlog.audit_check import Wanted, search
from ggi_net.authlog.audit_entry import What
from ggi_net.authlog.helpdesk import REASON_LIMIT, Count, Group, Helpdesk, engineer
from ggi_net.authlog.login import Login, Outcome
from ggi_net.authlog.question import Question, Role, Scope, Viewer
from ggi_net.errors import AccessRefused, AuditFailed, LoginUnknown, ReasonMissing, TooMany

WHEN = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ALMELO = Viewer(name="j.bakker", role=Role.HELPDESK, gemeenten=("almelo",))
ENSCHEDE = Viewer(name="p.peters", role=Role.HELPDESK, gemeenten=("enschede",))
OPERATOR = Viewer(name="f.beheer", role=Role.OPERATOR)
AUDITOR = Viewer(name="a.controle", role=Role.AUDITOR)
WHY = "M2611-0042"


def a_login(number: int, home: str, visited: str, inner: str) -> Login:
    return Login(
        id=f"{number:026d}", begin=WHEN, end=WHEN, outcome=Outcome.REJECT, outer=f"anonymous@{home}.example",
        inner=inner, realm=f"{home}.example", home=home, visited=visited,
    )  # fmt: skip


LOGINS = [
    a_login(1, "almelo", "enschede", "j.jansen@almelo.example"),
    a_login(2, "almelo", "hengelo", "k.klein@almelo.example"),
    a_login(3, "hengelo", "enschede", "l.groot@hengelo.example"),
]


class Careless:
    """A store that forgets the scope: the helpdesk holds even then."""

    def __init__(self) -> None:
        self.asked: list[Question] = []

    def logins(self, question: Question) -> list[Login]:
        self.asked.append(question)
        return [login for login in LOGINS if question.user in ("", login.outer, login.inner)]

    def login(self, login_id: str) -> Login | None:
        if login_id == "broken":
            raise OSError("the disk")
        return next((login for login in LOGINS if login.id == login_id), None)

    def counts(self, question: Question, by: list[str]) -> list[Count]:
        self.asked.append(question)
        return [Count(by=("x",) * len(by), logins=3)]


@pytest.fixture
def audit(tmp_path):
    return Audit(tmp_path, "a secret of the tests")


@pytest.fixture
def helpdesk(audit):
    return Helpdesk(Careless(), audit)


def newest(audit):
    return search(audit, Wanted(limit=1))[0].entry


def test_each_sees_its_own_and_the_answer_is_on_record(helpdesk, audit):
    for viewer, numbers, inner in ((ALMELO, [1, 2], True), (ENSCHEDE, [1, 3], False), (OPERATOR, [1, 2, 3], False)):
        found = helpdesk.search(viewer, Question(), WHY, where="web 192.0.2.7")
        assert [int(login.id) for login in found] == numbers
        assert all(bool(login.inner) is inner for login in found)
        entry = newest(audit)
        assert (entry.who, entry.what, entry.reason, entry.rows, entry.where) == (
            viewer.name, What.SEARCH, WHY, len(found), "web 192.0.2.7",
        )  # fmt: skip


def test_the_scope_goes_along_with_the_question_so_that_counts_leak_nothing(helpdesk):
    helpdesk.search(ENSCHEDE, Question(scope=Scope()), WHY, where="web")
    helpdesk.stats(ENSCHEDE, Question(), [Group.CAUSE], WHY, where="web")
    for asked in helpdesk._source.asked:
        assert asked.scope == access.scope_of(ENSCHEDE), "whatever scope a question came with"


def test_an_inner_identity_finds_nothing_for_those_who_may_not_see_it(helpdesk, audit):
    asked = Question(user="j.jansen@almelo.example")
    assert helpdesk.search(ENSCHEDE, asked, WHY, where="web") == []
    assert newest(audit).rows == 0
    assert len(helpdesk.search(ALMELO, asked, WHY, where="web")) == 1


def test_a_login_that_may_not_be_seen_is_one_that_is_not_there(helpdesk, audit):
    said = set()
    for number in (LOGINS[2].id, "0" * 26):
        with pytest.raises(LoginUnknown) as caught:
            helpdesk.explain(ALMELO, number, WHY, where="web")
        said.add(str(caught.value))
        assert (newest(audit).asked, newest(audit).rows) == ({"login": number}, 0)
    assert len(said) == 1
    assert helpdesk.explain(ENSCHEDE, LOGINS[2].id, WHY, where="web").inner == ""


def test_an_auditor_sees_no_logins_and_the_attempt_is_on_record(helpdesk, audit):
    for ask in (
        lambda: helpdesk.search(AUDITOR, Question(), WHY, where="web"),
        lambda: helpdesk.explain(AUDITOR, LOGINS[0].id, WHY, where="web"),
        lambda: helpdesk.stats(AUDITOR, Question(), [], WHY, where="web"),
        lambda: helpdesk.tested(AUDITOR, "almelo.example", WHY, where="web", result="accepted"),
    ):
        with pytest.raises(AccessRefused):
            ask()
        assert (newest(audit).who, newest(audit).rows) == ("a.controle", None)
        assert newest(audit).note.startswith("refused")
    assert helpdesk._source.asked == []


@pytest.mark.parametrize("reason", ["", " ", "x", "\n", "a\nb", "x" * (REASON_LIMIT + 1), "\x1b[31mrood", "\u202eabc"])
def test_without_a_reason_nothing_is_asked(helpdesk, audit, reason):
    with pytest.raises(ReasonMissing):
        helpdesk.search(ALMELO, Question(), reason, where="web")
    assert helpdesk._source.asked == []


def test_only_groups_that_name_nobody_are_counted(helpdesk):
    for group in ("inner", "outer", "mac", "cui", "user", "1; DROP TABLE logins"):
        with pytest.raises(AccessRefused):
            helpdesk.stats(OPERATOR, Question(), [group], WHY, where="web")
    assert helpdesk._source.asked == []
    personal = {"inner", "outer", "mac", "cui"}
    assert not personal & set(Group)


def test_nothing_is_answered_that_cannot_be_recorded(helpdesk, audit, monkeypatch):
    def full(*_: object, **__: object) -> None:
        raise AuditFailed("no space left")

    monkeypatch.setattr(audit, "record", full)
    for ask in (
        lambda: helpdesk.search(ALMELO, Question(), WHY, where="web"),
        lambda: helpdesk.explain(ALMELO, LOGINS[0].id, WHY, where="web"),
        lambda: helpdesk.stats(ALMELO, Question(), [], WHY, where="web"),
        lambda: helpdesk.audited(AUDITOR, Wanted(), where="web"),
        lambda: helpdesk.verified(AUDITOR, where="web"),
    ):
        with pytest.raises(AuditFailed):
            ask()


def test_a_look_up_that_failed_is_on_record_too(helpdesk, audit):
    with pytest.raises(OSError, match="the disk"):
        helpdesk.explain(ALMELO, "broken", WHY, where="web")
    assert (newest(audit).what, newest(audit).rows) == (What.LOGIN, None)


def test_the_auditor_reads_and_verifies_the_log_and_that_is_on_record(helpdesk, audit):
    helpdesk.search(ALMELO, Question(user="j.jansen@almelo.example"), WHY, where="web")
    (shown,) = helpdesk.audited(AUDITOR, Wanted(about="j.jansen@almelo.example"), where="web 192.0.2.9")
    assert shown.entry.who == "j.bakker"
    entry = newest(audit)
    assert (entry.what, entry.who, entry.rows) == (What.AUDIT, "a.controle", 1)
    assert "jansen" not in str(entry)
    assert helpdesk.verified(AUDITOR, where="web").whole
    for viewer in (ALMELO, OPERATOR):
        with pytest.raises(AccessRefused):
            helpdesk.audited(viewer, Wanted(), where="web")
        with pytest.raises(AccessRefused):
            helpdesk.verified(viewer, where="web")


def test_who_looks_up_too_much_is_slowed_down_before_anything_is_asked(audit):
    def pace(name: str) -> None:
        raise TooMany(name)

    helpdesk = Helpdesk(Careless(), audit).paced(pace)
    with pytest.raises(TooMany, match=r"j\.bakker"):
        helpdesk.search(ALMELO, Question(), WHY, where="web")
    assert helpdesk._source.asked == []


def test_an_engineer_is_whoever_owns_the_process(monkeypatch):
    monkeypatch.setenv("USER", "somebody-else")
    monkeypatch.setenv("LOGNAME", "somebody-else")
    monkeypatch.delenv("SUDO_USER", raising=False)
    found = engineer()
    assert (found.role, found.name == "somebody-else") == (Role.ENGINEER, False)
    if os.getuid() == 0:
        monkeypatch.setenv("SUDO_USER", "j.beheer")
        assert engineer().name == "j.beheer"


@given(
    gemeenten=st.lists(st.sampled_from(["almelo", "enschede", "hengelo", ""])).map(tuple),
    role=st.sampled_from(Role),
    user=st.sampled_from(["", *(login.inner for login in LOGINS), *(login.outer for login in LOGINS)]),
)
def test_no_question_of_anybody_gets_more_than_the_rule(tmp_path_factory, gemeenten, role, user):
    viewer = Viewer(name="iemand", role=role, gemeenten=gemeenten)
    helpdesk = Helpdesk(Careless(), _NoAudit())
    scope = access.scope_of(viewer)
    try:
        found = helpdesk.search(viewer, Question(user=user), WHY, where="web")
    except AccessRefused:
        assert scope == access.NOTHING
        return
    for login in found:
        (whole,) = (one for one in LOGINS if one.id == login.id)
        assert access.admits(scope, whole)
        assert login.inner == "" or access.shows_inner(scope, whole)
        assert msgspec.structs.replace(login, inner=whole.inner) == whole


class _NoAudit:
    """Stands in where only access is of interest."""

    def record(self, *_: object, **__: object) -> None:
        return
