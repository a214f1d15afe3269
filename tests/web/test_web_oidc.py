"""What a provider of log-ins says is believed only when it is signed, for us, for this log-in and for now."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from joserfc import jws, jwt
from joserfc.jwk import ECKey, RSAKey
from oidc_provider import settings

from ggi_net.authlog.question import Role
from ggi_net.errors import ProviderAway, ProviderRefused, WebError
from ggi_net.web.claims import texts_at, viewer_of
from ggi_net.web.oidc import Provider
from ggi_net.web.settings import Rule

ISSUER = "https://login.example"
NOW = 1_795_000_000
KEYS = {name: RSAKey.generate_key(2048, {"kid": name, "use": "sig"}, private=True) for name in ("one", "two")}
ELLIPTIC = ECKey.generate_key("P-256", {"kid": "ec", "use": "sig"}, private=True)
GOOD = {
    "iss": ISSUER, "aud": "ggi-helpdesk", "sub": "248289761001", "iat": NOW - 5, "exp": NOW + 300,
    "groups": ["helpdesk-almelo"], "preferred_username": "j.bakker",
}  # fmt: skip


def signed_with(name: str, kid: str = "", **more: str):
    """Signs claims with one of the keys."""
    header = {"alg": "RS256", "kid": kid or name, **more}
    return lambda claims: jws.serialize_compact(header, json.dumps(claims).encode(), KEYS[name])


class Fake:
    """A provider that says what a test wants."""

    def __init__(self) -> None:
        self.claims: dict[str, object] = dict(GOOD)
        self.keys = [KEYS["one"]]
        self.sign = signed_with("one")
        self.described = {
            "issuer": ISSUER, "authorization_endpoint": f"{ISSUER}/auth", "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/jwks", "userinfo_endpoint": f"{ISSUER}/me",
        }  # fmt: skip
        self.userinfo: dict[str, object] = {}
        self.token_answer: httpx.Response | None = None
        self.calls: list[str] = []
        self.sent: dict[str, list[str]] = {}
        self.nonce = ""
        self.now = float(NOW)
        self.provider = self.made()

    def made(self, **more) -> Provider:
        return Provider(
            settings(ISSUER, **more), "geheim", "https://helpdesk.example/inloggen/oidc/terug", b"k" * 32,
            transport=httpx.MockTransport(self._answer), clock=lambda: self.now,
        )  # fmt: skip

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(request.url.path)
        if request.url.path == "/.well-known/openid-configuration":
            return httpx.Response(200, json=self.described)
        if request.url.path == "/jwks":
            return httpx.Response(200, json={"keys": [key.as_dict(private=False) for key in self.keys]})
        if request.url.path == "/me":
            return httpx.Response(200, json=self.userinfo)
        self.sent = parse_qs(request.content.decode())
        if self.token_answer:
            return self.token_answer
        claims = {name: value for name, value in ({"nonce": self.nonce} | self.claims).items() if value is not None}
        return httpx.Response(
            200, json={"id_token": self.sign(claims), "access_token": "toegang", "token_type": "Bearer"}
        )

    def begin(self, wanted: object = "/", provider: Provider | None = None):
        url, cookie = (provider or self.provider).begin(wanted)
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        self.nonce = asked["nonce"]
        return asked, cookie

    def log_in(self, provider: Provider | None = None, **query: str):
        asked, cookie = self.begin(provider=provider)
        return (provider or self.provider).finish({"state": asked["state"], "code": "c", **query}, cookie)


@pytest.fixture
def fake():
    return Fake()


def test_a_good_token_is_believed(fake):
    found = fake.log_in()
    assert (found.viewer.name, found.viewer.role, found.viewer.gemeenten) == ("j.bakker", Role.HELPDESK, ("almelo",))
    assert found.subject == "248289761001"


def test_the_code_goes_with_the_verifier_that_was_promised(fake):
    asked, cookie = fake.begin()
    fake.provider.finish({"state": asked["state"], "code": "c"}, cookie)
    digest = hashlib.sha256(fake.sent["code_verifier"][0].encode()).digest()
    assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == asked["code_challenge"]
    assert fake.sent["redirect_uri"] == ["https://helpdesk.example/inloggen/oidc/terug"]


WRONG_CLAIMS = {
    "another issuer": {"iss": "https://evil.example"},
    "an issuer that ends otherwise": {"iss": ISSUER + "/"},
    "no issuer": {"iss": None},
    "another audience": {"aud": "another-client"},
    "several audiences without azp": {"aud": ["ggi-helpdesk", "other"]},
    "another azp": {"azp": "other"},
    "several audiences, another azp": {"aud": ["ggi-helpdesk", "other"], "azp": "other"},
    "no audience": {"aud": None},
    "an empty audience": {"aud": []},
    "over": {"exp": NOW - 120},
    "no end": {"exp": None},
    "an end that is no number": {"exp": "later"},
    "made in the future": {"iat": NOW + 3600},
    "not before tomorrow": {"nbf": NOW + 86400},
    "no subject": {"sub": None},
    "an empty subject": {"sub": ""},
    "a subject that is no text": {"sub": ["x"]},
    "another nonce": {"nonce": "of another log-in"},
    "no nonce": {"nonce": None},
    "a nonce that is no text": {"nonce": 7},
    "a nonce that is half a character": {"nonce": "\udcff"},
    "another access token": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
}


@pytest.mark.parametrize("claims", WRONG_CLAIMS.values(), ids=WRONG_CLAIMS)
def test_a_token_that_is_not_for_us_and_now_is_refused(fake, claims):
    fake.claims |= claims
    with pytest.raises(ProviderRefused):
        fake.log_in()


def test_several_audiences_with_our_azp_are_good(fake):
    fake.claims |= {"aud": ["other", "ggi-helpdesk"], "azp": "ggi-helpdesk"}
    assert fake.log_in().viewer.name == "j.bakker"


def test_the_right_hash_of_the_access_token_is_good(fake):
    half = hashlib.sha256(b"toegang").digest()[:16]
    fake.claims |= {"at_hash": base64.urlsafe_b64encode(half).rstrip(b"=").decode()}
    assert fake.log_in()


def _unsigned(claims, algorithm="none"):
    parts = [json.dumps(part).encode() for part in ({"alg": algorithm, "kid": "one"}, claims)]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."


def _by_the_public_key(claims):
    """The oldest trick: HMAC with what everybody can read."""
    signed = _unsigned(claims, "HS256").rstrip(".")
    digest = hmac.digest(KEYS["one"].as_pem(private=False), signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def _with_a_key_in_the_header(claims):
    header = {"alg": "RS256", "jwk": KEYS["two"].as_dict(private=False)}
    return jwt.encode(header, claims, KEYS["two"])


def _changed(claims):
    head, _, signature = jwt.encode({"alg": "RS256", "kid": "one"}, claims, KEYS["one"]).split(".")
    body = base64.urlsafe_b64encode(json.dumps({**claims, "groups": ["govroam-beheer"]}).encode()).rstrip(b"=").decode()
    return f"{head}.{body}.{signature}"


FORGED = {
    "not signed": _unsigned,
    "signed with the public key": _by_the_public_key,
    "signed with a key that it brings along": _with_a_key_in_the_header,
    "signed by somebody else": signed_with("two", "one"),
    "signed with a key that nobody knows": lambda claims: jwt.encode(
        {"alg": "RS256", "kid": "three"}, claims, KEYS["two"]
    ),
    "changed after it was signed": _changed,
    "nonsense": lambda _: "a.b.c",
    "empty": lambda _: "",
    "no text": lambda _: 7,
    "not claims": lambda _: _unsigned([1, 2]),
}


@pytest.mark.parametrize("sign", FORGED.values(), ids=FORGED)
def test_a_token_that_the_provider_did_not_sign_is_refused(fake, sign):
    fake.sign = sign
    with pytest.raises(ProviderRefused):
        fake.log_in()


def test_a_signature_with_an_elliptic_curve_is_good(fake):
    fake.keys = [KEYS["one"], ELLIPTIC]
    fake.sign = lambda claims: jwt.encode({"alg": "ES256", "kid": "ec"}, claims, ELLIPTIC)
    assert fake.log_in()


def test_new_keys_are_fetched_when_a_token_has_one_and_not_more_often_than_that(fake):
    fake.log_in()
    fake.log_in()
    assert fake.calls.count("/jwks") == 1
    fake.keys = [KEYS["two"]]
    fake.sign = signed_with("two")
    with pytest.raises(ProviderRefused):
        fake.log_in()  # right after they were read
    fake.now += 11
    assert fake.log_in()
    assert fake.calls.count("/jwks") == 2
    fake.sign = FORGED["signed with a key that nobody knows"]
    for _ in range(5):
        with pytest.raises(ProviderRefused):
            fake.log_in()
    assert fake.calls.count("/jwks") == 2, "who makes up keys makes us fetch none"


BACK = {
    "another state": {"state": "x"},
    "no state": {"state": ""},
    "an odd state": {"state": "é\udcff"},
    "an error": {"error": "access_denied", "error_description": "<script>alert(1)</script>"},
    "no code": {"code": ""},
    "another provider (RFC 9207)": {"iss": "https://evil.example"},
}


@pytest.mark.parametrize("query", BACK.values(), ids=BACK)
def test_an_answer_that_belongs_to_no_log_in_is_refused(fake, query):
    with pytest.raises(ProviderRefused) as caught:
        fake.log_in(**query)
    assert "<script>" not in str(caught.value)
    assert fake.calls.count("/token") == 0, "and no code is handed in"


def test_a_provider_that_says_it_names_itself_must_do_so(fake):
    fake.described["authorization_response_iss_parameter_supported"] = True
    with pytest.raises(ProviderRefused):
        fake.log_in()
    assert fake.log_in(iss=ISSUER)


def test_a_log_in_must_be_completed_in_ten_minutes(fake):
    asked, cookie = fake.begin()
    fake.now += 601
    with pytest.raises(ProviderRefused, match="too long ago"):
        fake.provider.finish({"state": asked["state"], "code": "c"}, cookie)


@given(cookie=st.text(st.characters(codec="ascii"), max_size=120), flips=st.integers(0, 10_000))
@hypothesis_settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_made_up_or_changed_cookie_is_no_log_in(fake, cookie, flips):
    asked, good = fake.begin()
    place = flips % len(good)
    changed = good[:place] + ("A" if good[place] != "A" else "B") + good[place + 1 :]
    for bad in (cookie, changed):
        if base64.urlsafe_b64decode(changed + "==") == base64.urlsafe_b64decode(good + "=="):
            continue  # the last letter of base 64 has spare bits
        with pytest.raises(ProviderRefused):
            fake.provider.finish({"state": asked["state"], "code": "c"}, bad)


AWAY = {
    "an error page": httpx.Response(502, text="<html>Bad gateway"),
    "no JSON": httpx.Response(200, text="<html>"),
    "a list": httpx.Response(200, json=[]),
    "too much": httpx.Response(200, content=b" " * (2 << 20)),
    "a redirect": httpx.Response(302, headers={"location": "https://evil.example"}),
}


@pytest.mark.parametrize("answer", AWAY.values(), ids=AWAY)
def test_a_provider_that_is_ill_is_told_from_a_refusal(fake, answer):
    fake.token_answer = answer
    with pytest.raises(ProviderAway):
        fake.log_in()


def test_a_code_that_the_provider_refuses_is_a_refusal(fake):
    fake.token_answer = httpx.Response(400, json={"error": "invalid_grant"})
    with pytest.raises(ProviderRefused, match="invalid_grant"):
        fake.log_in()


@pytest.mark.parametrize(
    "change",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://login.example/token"},
        {"jwks_uri": 7},
        {"authorization_endpoint": None},
    ],
)
def test_a_description_that_is_not_the_providers_is_refused(fake, change):
    fake.described |= change
    with pytest.raises(ProviderAway):
        fake.begin()


def test_a_provider_that_cannot_be_reached_is_said_in_words():
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("[Errno 111] Connection refused")

    provider = Provider(
        settings(ISSUER), "geheim", "https://x.example/", b"k" * 32, transport=httpx.MockTransport(refuse)
    )
    with pytest.raises(ProviderAway, match=r"no answer from login\.example"):
        provider.begin("/")


def test_roles_may_come_from_the_userinfo_endpoint_of_the_same_person(fake):
    fake.claims["groups"] = None
    fake.userinfo = {"sub": GOOD["sub"], "groups": ["govroam-beheer"]}
    assert fake.log_in().viewer.role is Role.OPERATOR
    fake.userinfo = {"sub": "somebody else", "groups": ["govroam-beheer"]}
    with pytest.raises(ProviderRefused, match="somebody else"):
        fake.log_in()


def test_no_secret_and_no_token_stands_in_an_error(fake, caplog):
    fake.sign = FORGED["signed by somebody else"]
    with pytest.raises(ProviderRefused) as caught:
        fake.log_in()
    assert "geheim" not in str(caught.value) + caplog.text
    assert "eyJ" not in str(caught.value) + caplog.text


# -- claims --------------------------------------------------------------------------------------------

RULES = (
    Rule(value="beheer", role=Role.OPERATOR),
    Rule(value="almelo", role=Role.HELPDESK, gemeenten=("almelo",)),
    Rule(value="hengelo", role=Role.HELPDESK, gemeenten=("hengelo", "borne")),
    Rule(value="desk", role=Role.HELPDESK),
    Rule(value="audit", role=Role.AUDITOR),
)
MAPPED = [
    (["beheer"], Role.OPERATOR, ()),
    (["almelo"], Role.HELPDESK, ("almelo",)),
    ("almelo", Role.HELPDESK, ("almelo",)),
    (["hengelo", "almelo"], Role.HELPDESK, ("almelo", "hengelo", "borne")),
    (["almelo", "beheer"], Role.OPERATOR, ()),
    (["audit", "almelo"], Role.HELPDESK, ("almelo",)),
    (["audit"], Role.AUDITOR, ()),
    (["desk"], Role.HELPDESK, ("enschede",)),
    (["desk", "almelo"], Role.HELPDESK, ("almelo", "enschede")),
]


@pytest.mark.parametrize(("groups", "role", "gemeenten"), MAPPED)
def test_the_first_rule_gives_the_role_and_all_give_gemeenten(groups, role, gemeenten):
    mapping = settings(ISSUER, gemeenten_claim="org")
    mapping = type(mapping)(**{**{f: getattr(mapping, f) for f in mapping.__struct_fields__}, "rules": RULES})
    claims = {"sub": "1", "preferred_username": "x", "groups": groups, "org": ["enschede", "../x", 7]}
    found = viewer_of(claims, mapping)
    assert (found.role, found.gemeenten) == (role, gemeenten)


def test_a_claim_may_stand_deeper():
    assert texts_at({"realm_access": {"roles": ["a", 1, None]}}, "realm_access.roles") == ["a"]
    assert texts_at({"realm_access": ["roles"]}, "realm_access.roles") == []


@pytest.mark.parametrize("name", ["\x1b[31mchef", "a\nb", "", " ", "x" * 300, 7, None, ["\u202echef"]])
def test_a_name_that_cannot_be_put_on_record_gives_way_to_the_providers_number(name):
    claims = {**GOOD, "preferred_username": name}
    assert viewer_of(claims, settings(ISSUER)).name == GOOD["sub"]


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=8,
)


@given(
    claims=st.fixed_dictionaries(
        {"sub": st.text(min_size=1, max_size=20), "groups": anything, "preferred_username": anything}
    )
)
def test_any_claims_give_a_viewer_or_a_refusal(claims):
    try:
        found = viewer_of(claims, settings(ISSUER))
    except WebError:
        return
    assert found.role in (Role.HELPDESK, Role.OPERATOR)
    assert (found.role is Role.HELPDESK) == bool(found.gemeenten)
    assert found.name.isprintable()
    assert found.name.strip()
