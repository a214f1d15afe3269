"""A provider that tells that somebody logged out there: believed when it signed that, and for that session only."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from front import Front
from joserfc import jws
from test_web_oidc import ISSUER, KEYS, NOW, Fake, signed_with

from ggi_net.authlog.question import Role, Viewer
from ggi_net.errors import ProviderRefused
from ggi_net.web.back_channel import BACK_CHANNEL, ended
from ggi_net.web.sessions import LOCAL, PROVIDER, Sessions
from ggi_net.web.settings import SessionTimes

if TYPE_CHECKING:
    import httpx

EVENT = "http://schemas.openid.net/event/backchannel-logout"
GOOD = {
    "iss": ISSUER, "aud": "ggi-helpdesk", "iat": NOW - 5, "exp": NOW + 120, "jti": "1", "sub": "248289761001",
    "sid": "08a5019c", "events": {EVENT: {}},
}  # fmt: skip
BAKKER = Viewer(name="j.bakker", role=Role.HELPDESK, gemeenten=("almelo",))


def token(sign=None, **claims) -> str:
    """A logout token; a claim that is None is left out."""
    told = {name: value for name, value in (GOOD | claims).items() if value is not None}
    return (sign or signed_with("one", typ="logout+jwt"))(told)


@pytest.fixture
def fake():
    return Fake()


def test_a_good_token_says_whose_session_ended(fake):
    found = ended(fake.provider, token())
    assert (found.subject, found.sid, found.at) == ("248289761001", "08a5019c", NOW - 5)
    assert ended(fake.provider, token(sub=None)).subject == ""
    assert ended(fake.provider, token(sid=None)).sid == ""


@pytest.mark.parametrize("typ", ["logout+jwt", "application/logout+jwt", "LOGOUT+JWT", "JWT"])
def test_its_type_may_be_written_as_the_standards_do(fake, typ):
    assert ended(fake.provider, token(signed_with("one", typ=typ)))


WRONG = {
    "another issuer": {"iss": "https://evil.example"},
    "another audience": {"aud": "another-client"},
    "over": {"exp": NOW - 120},
    "no end": {"exp": None},
    "no moment": {"iat": None},
    "made in the future": {"iat": NOW + 3600},
    "no events": {"events": None},
    "events that are a list": {"events": [EVENT]},
    "another event": {"events": {"http://schemas.openid.net/event/other": {}}},
    "an event that is no object": {"events": {EVENT: "yes"}},
    "a nonce": {"nonce": "n"},
    "a nonce that says nothing": {"nonce": ""},
    "nobody": {"sub": None, "sid": None},
    "an empty name": {"sub": "", "sid": ""},
    "a name that is no text": {"sub": 7},
    "a session that is no text": {"sid": ["08a5019c"]},
    "an endless name": {"sub": "x" * 256},
}


@pytest.mark.parametrize("claims", WRONG.values(), ids=WRONG)
def test_a_token_that_tells_of_no_log_out_is_refused(fake, claims):
    with pytest.raises(ProviderRefused):
        ended(fake.provider, token(**claims))


def test_a_token_that_the_provider_did_not_sign_is_refused(fake):
    for sign in (signed_with("two"), signed_with("two", kid="one")):
        with pytest.raises(ProviderRefused):
            ended(fake.provider, token(sign))
    for text in ("", "x", "a.b.c", "\udcff"):
        with pytest.raises(ProviderRefused):
            ended(fake.provider, text)


def test_a_token_of_another_type_is_refused(fake):
    with pytest.raises(ProviderRefused, match="another type"):
        ended(fake.provider, token(signed_with("one", typ="at+jwt")))


def test_an_id_token_is_no_logout_token(fake):
    with pytest.raises(ProviderRefused):
        ended(fake.provider, signed_with("one")({**fake.claims, "nonce": "n"}))


# -- which sessions end ---------------------------------------------------------------------------------------


class Here:
    """The pages with a provider, and sessions that began at it."""

    def __init__(self, folder, fake: Fake) -> None:
        self.front = Front(folder, provider=fake.provider)
        self.now = float(NOW - 60)
        self.sessions = Sessions(self.front.database, SessionTimes(), clock=lambda: self.now)

    def begin(self, sub: str = "248289761001", source: str = PROVIDER, **claims) -> str:
        body = json.dumps({"sub": sub, **claims}).encode()
        id_token = jws.serialize_compact({"alg": "RS256"}, body, KEYS["one"])
        return self.sessions.begin(BAKKER, source, id_token=id_token)

    def posted(self, text: str, **headers: str) -> httpx.Response:
        with self.front.browser() as provider:
            return provider.post(BACK_CHANNEL, data={"logout_token": text}, headers=headers)

    def left(self, *numbers: str) -> list[bool]:
        return [self.sessions.find(number) is not None for number in numbers]


@pytest.fixture
def here(tmp_path, fake):
    return Here(tmp_path, fake)


def test_that_session_ends_and_no_other(here):
    mine, laptop = here.begin(sid="08a5019c"), here.begin(sid="another")
    other, local = here.begin("another", sid="08a5019d"), here.begin(source=LOCAL)
    answer = here.posted(token())
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert here.left(mine, laptop, other, local) == [False, True, True, True]


def test_without_a_session_all_of_that_person_end(here):
    mine, laptop, other = here.begin(sid="08a5019c"), here.begin(sid="another"), here.begin("another", sid="x")
    assert here.posted(token(sid=None)).status_code == 200
    assert here.left(mine, laptop, other) == [False, False, True]


def test_without_a_person_that_session_ends(here):
    mine, unnamed = here.begin(sid="08a5019c"), here.begin()
    assert here.posted(token(sub=None)).status_code == 200
    assert here.left(mine, unnamed) == [False, True]


def test_sessions_of_a_provider_that_does_not_number_them_end_by_person(here):
    mine, odd = here.begin(), here.begin(sid=7)
    assert here.posted(token()).status_code == 200
    assert here.left(mine, odd) == [False, False]


def test_a_token_that_is_sent_again_does_not_end_a_later_log_in(here):
    here.now = float(NOW + 100)
    later = here.begin(sid="08a5019c")
    assert here.posted(token()).status_code == 200
    assert here.left(later) == [True]


def test_what_is_no_token_ends_nothing_and_is_said(here, caplog):
    mine = here.begin(sid="08a5019c")
    for text in ("", "x", token(nonce="n")):
        answer = here.posted(text)
        assert (answer.status_code, answer.json()) == (400, {"error": "invalid_request"})
        assert answer.headers["cache-control"] == "no-store"
    assert here.left(mine) == [True]
    assert "GGI" in caplog.text


def test_a_provider_whose_keys_can_not_be_read_may_try_again(here, fake):
    mine = here.begin(sid="08a5019c")
    fake.described |= {"issuer": "https://evil.example"}
    assert here.posted(token()).status_code == 503
    assert here.left(mine) == [True]


def test_a_session_without_an_id_token_stays(here):
    number = here.sessions.begin(BAKKER, PROVIDER)
    assert here.posted(token()).status_code == 200
    assert here.left(number) == [True]


def test_there_is_no_such_door_without_a_provider(tmp_path):
    with Front(tmp_path).browser() as browser:
        assert browser.post(BACK_CHANNEL, data={"logout_token": token()}).status_code in (404, 405)
