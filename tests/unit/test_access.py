"""Who may see which logins: one rule, told as examples and as invariants."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ggi_net.authlog.access import NOTHING, admits, answers, scope_of, seen, shows_inner
from ggi_net.authlog.line import Hop, Kind, Line
from ggi_net.authlog.login import Login, Outcome
from ggi_net.authlog.question import Question, Role, Scope, Viewer

WHEN = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SLUGS = ("", "almelo", "enschede", "hengelo")


def viewer(role: Role, *gemeenten: str) -> Viewer:
    return Viewer(name="somebody", role=role, gemeenten=gemeenten)


def a_login(*, home: str = "almelo", visited: str = "enschede", **given: object) -> Login:
    values = {
        "id": "0" * 26, "begin": WHEN, "end": WHEN, "outcome": Outcome.REJECT, "outer": "anonymous@almelo.example",
        "inner": "j.jansen@almelo.example", "realm": "almelo.example", "home": home, "visited": visited,
    }  # fmt: skip
    return Login(**{**values, **given})


LOOKS = [
    # viewer                                  home       visited     sees it  with inner
    (viewer(Role.HELPDESK, "almelo"),         "almelo",  "enschede", True,    True),
    (viewer(Role.HELPDESK, "almelo"),         "almelo",  "",         True,    True),
    (viewer(Role.HELPDESK, "enschede"),       "almelo",  "enschede", True,    False),
    (viewer(Role.HELPDESK, "hengelo"),        "almelo",  "enschede", False,   False),
    (viewer(Role.HELPDESK, "hengelo", "almelo"), "almelo", "enschede", True,  True),
    (viewer(Role.HELPDESK, "almelo"),         "",        "",         False,   False),
    (viewer(Role.HELPDESK),                   "",        "",         False,   False),
    (viewer(Role.HELPDESK, ""),               "",        "",         False,   False),
    (viewer(Role.OPERATOR),                   "almelo",  "enschede", True,    False),
    (viewer(Role.OPERATOR, "almelo"),         "almelo",  "enschede", True,    False),
    (viewer(Role.AUDITOR, "almelo"),          "almelo",  "almelo",   False,   False),
    (viewer(Role.ENGINEER),                   "almelo",  "enschede", True,    True),
]  # fmt: skip


@pytest.mark.parametrize(("who", "home", "visited", "sees", "inner"), LOOKS)
def test_the_rule(who, home, visited, sees, inner):
    login = a_login(home=home, visited=visited)
    shown = seen(scope_of(who), login)
    assert (shown is not None) is sees
    if shown:
        assert (shown.inner == login.inner) is inner
        assert shown.inner in (login.inner, "")


def test_a_visited_site_gets_no_line_that_tells_the_inner_identity():
    def line(**given: object) -> Line:
        return Line(time=WHEN, **{"hop": Hop.HOME, "kind": Kind.NOTICE, **given})

    harmless = [
        line(raw="Access-Reject for user anonymous@almelo.example", kind=Kind.RESULT),
        line(raw="TLS Alert read:fatal:unknown CA"),
        line(raw="a janssen is a plane", hop=Hop.VISITED),
    ]
    telling = [
        line(raw="Login incorrect: [J.Jansen@almelo.example]"),
        line(raw=r"Account Name: ALMELO\j.jansen"),
        line(raw='{"user":"j.jansen"}', hop=Hop.DEVICE),
        line(raw="nothing", inner="other@almelo.example"),
        line(raw="nothing", kind=Kind.INNER),
        line(raw="CN=Jan Jansen", kind=Kind.UNPARSED),
    ]
    login = a_login(lines=tuple(telling[:3] + harmless + telling[3:]))
    shown = seen(scope_of(viewer(Role.HELPDESK, "enschede")), login)
    assert shown is not None
    assert list(shown.lines) == harmless
    assert seen(scope_of(viewer(Role.HELPDESK, "almelo")), login) == login


def test_an_outer_identity_that_is_the_inner_one_is_no_secret():
    line = Line(time=WHEN, kind=Kind.RESULT, hop=Hop.VISITED, raw="Access-Reject for user j.jansen@almelo.example")
    login = a_login(outer="j.jansen@almelo.example", lines=(line,))
    shown = seen(scope_of(viewer(Role.HELPDESK, "enschede")), login)
    assert shown is not None
    assert shown.lines == (line,)


def test_who_may_not_see_an_inner_identity_does_not_find_by_it_either():
    login = a_login()
    for who, found in (
        (viewer(Role.HELPDESK, "enschede"), False),
        (viewer(Role.OPERATOR), False),
        (viewer(Role.HELPDESK, "almelo"), True),
        (viewer(Role.ENGINEER), True),
    ):
        asked = Question(user="j.jansen@almelo.example", scope=scope_of(who))
        assert answers(asked, login) is found, who
    old = a_login(outer="", inner="")
    assert answers(Question(user="anonymous@almelo.example", scope=scope_of(viewer(Role.OPERATOR))), old)
    outer = Question(user="ANONYMOUS@almelo.example", scope=scope_of(viewer(Role.OPERATOR)))
    assert answers(outer, login)


scopes = st.builds(
    Scope, everybody=st.booleans(), inner=st.booleans(), gemeenten=st.lists(st.sampled_from(SLUGS[1:])).map(tuple)
)
names = st.text(min_size=1, max_size=20)
logins = st.builds(
    a_login,
    home=st.sampled_from(SLUGS),
    visited=st.sampled_from(SLUGS),
    inner=names,
    outer=names,
    lines=st.lists(
        st.builds(
            Line, time=st.just(WHEN), kind=st.sampled_from(Kind), hop=st.sampled_from(Hop), raw=st.text(max_size=60),
            inner=st.just("") | names,
        ),
        max_size=4,
    ).map(tuple),
)  # fmt: skip


@given(scope=scopes, login=logins)
def test_what_is_shown_is_never_more_than_the_scope_allows(scope, login):
    shown = seen(scope, login)
    assert (shown is not None) == admits(scope, login)
    if shown is None:
        return
    if shows_inner(scope, login):
        assert shown == login
        return
    assert shown.inner == ""
    assert all(not line.inner and line.kind is not Kind.INNER for line in shown.lines)
    assert set(shown.lines) <= set(login.lines)
    rest = {"inner": login.inner, "lines": login.lines}
    assert msgspec.structs.replace(shown, **rest) == login, "nothing else is changed"


@given(login=logins)
def test_nobody_but_helpdesk_operator_and_engineer_sees_anything(login):
    assert scope_of(viewer(Role.AUDITOR, *SLUGS)) == NOTHING
    assert scope_of(viewer(Role.HELPDESK, "")) == NOTHING, "no gemeente is not the gemeente of realms that nobody knows"
    assert seen(NOTHING, login) is None
