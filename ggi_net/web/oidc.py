"""Logging in at a provider: OpenID Connect Core 1.0, the code flow, with PKCE (RFC 7636), state and nonce.

Nothing of a flow is kept here: what is needed when somebody comes back goes along in a sealed cookie of their browser.
What the provider says is believed only when one of its keys has signed it, for this client, log-in and moment.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import ssl
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

import httpx
import msgspec
from cryptography.fernet import Fernet, InvalidToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from ggi_net.authlog.question import Viewer
from ggi_net.errors import ProviderAway, ProviderRefused
from ggi_net.model.types import Record
from ggi_net.web.claims import viewer_of
from ggi_net.web.csrf import same
from ggi_net.web.onward import onward

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ggi_net.web.settings import Oidc

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""Signatures with a private key. Never `none`, and never HS256: whoever knows the public key could make it."""
FLOW_SECONDS = 10 * 60
"""How long somebody has to log in at the provider."""
LEEWAY = 60
"""Seconds that the clocks may differ."""
_FRESH = 3600.0
"""Seconds after which the provider's description is read again."""
_PAUSE = 10.0
"""Seconds at least between two readings of its keys."""
_LARGEST = 1 << 20
_TIMEOUT = 5.0


class Flow(Record, frozen=True, kw_only=True):
    """A log-in under way."""

    state: str
    nonce: str
    verifier: str
    next: str


class LoggedIn(Record, frozen=True, kw_only=True):
    """Somebody who came back: who it is, `subject` by the provider's own number, where to go on, and the ID token."""

    viewer: Viewer
    subject: str
    next: str
    id_token: str


class Metadata(msgspec.Struct, frozen=True):
    """What the provider says of itself (OpenID Connect Discovery 1.0), as far as it is used."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    end_session_endpoint: str = ""
    authorization_response_iss_parameter_supported: bool = False


class Provider:
    """The provider of log-ins. `callback` is where people come back to, `seal` the key of the flow cookie."""

    def __init__(
        self,
        settings: Oidc,
        secret: str,
        callback: str,
        seal: bytes,
        *,
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._secret = secret
        self._callback = callback
        self._seal = Fernet(base64.urlsafe_b64encode(seal))
        self._clock = clock
        options: dict[str, Any] = {"timeout": _TIMEOUT, "transport": transport}
        if settings.ca:
            options["verify"] = ssl.create_default_context(cafile=settings.ca)
        self._options = options
        self._lock = threading.Lock()
        self._metadata: Metadata | None = None
        self._read_at = 0.0
        self._keys: KeySet | None = None
        self._keys_at = 0.0

    @property
    def name(self) -> str:
        """What people know it by: its host."""
        return urlsplit(self._settings.issuer).hostname or self._settings.issuer

    @property
    def origins(self) -> str:
        """The origins that a form may lead on to, for the Content Security Policy."""
        known = self._metadata
        urls = [self._settings.issuer]
        urls += [known.authorization_endpoint, known.end_session_endpoint] if known else []
        return " ".join(sorted({f"{parts.scheme}://{parts.netloc}" for url in urls if (parts := urlsplit(url)).netloc}))

    def begin(self, wanted: object) -> tuple[str, str]:
        """Where to send somebody who wants to go on to `wanted`, and the flow cookie. Raises ProviderAway."""
        flow = Flow(
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
            next=onward(wanted),
        )
        challenge = hashlib.sha256(flow.verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": self._callback,
            "scope": " ".join(self._settings.scopes),
            "state": flow.state,
            "nonce": flow.nonce,
            "code_challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        url = with_query(self.metadata().authorization_endpoint, asked)
        return url, self._seal.encrypt_at_time(msgspec.json.encode(flow), int(self._clock())).decode()

    def finish(self, query: Mapping[str, str], cookie: str) -> LoggedIn:
        """Who came back with `query` and the flow cookie. Raises ProviderRefused, ProviderAway."""
        flow = self._flow(cookie)
        if not same(query.get("state", ""), flow.state):
            raise ProviderRefused("the answer does not belong to the log-in that was begun here")
        metadata = self.metadata()
        named = query.get("iss")
        if (named is None and metadata.authorization_response_iss_parameter_supported) or named not in (
            None,
            metadata.issuer,
        ):
            raise ProviderRefused("the answer is another provider's")  # RFC 9207, the mix-up attack
        if "error" in query or not query.get("code"):
            raise ProviderRefused(f"the provider refused it: {query.get('error', 'no code')[:60]!a}")
        tokens = self._exchange(query["code"], flow)
        id_token = tokens.get("id_token")
        if not isinstance(id_token, str):
            raise ProviderRefused("the provider gave no ID token")
        claims = self.checked(id_token, flow.nonce, tokens.get("access_token"))
        if self._settings.roles_claim.partition(".")[0] not in claims and metadata.userinfo_endpoint:
            claims = {**self._userinfo(str(tokens.get("access_token", "")), claims), **claims}
        return LoggedIn(
            viewer=viewer_of(claims, self._settings), subject=claims["sub"], next=flow.next, id_token=id_token
        )

    def end_url(self, id_token: str, back: str) -> str:
        """Where to send somebody who logs out (OpenID Connect RP-Initiated Logout 1.0); empty: nowhere."""
        endpoint = self.metadata().end_session_endpoint
        if not endpoint:
            return ""
        said = {"client_id": self._settings.client_id, "post_logout_redirect_uri": back}
        if id_token:
            said["id_token_hint"] = id_token
        return with_query(endpoint, said)

    def metadata(self) -> Metadata:
        """What the provider says of itself, not older than an hour. Raises ProviderAway."""
        with self._lock:
            if self._metadata is None or self._clock() - self._read_at > _FRESH:
                url = self._settings.issuer.rstrip("/") + "/.well-known/openid-configuration"
                self._metadata = self._described(self._fetched(url))
                self._read_at = self._clock()
            return self._metadata

    def checked(self, id_token: str, nonce: str, access_token: object) -> dict[str, Any]:
        """The claims of an ID token (OpenID Connect Core, section 3.1.3.7). Raises ProviderRefused, ProviderAway."""
        claims = self.trusted(id_token)
        given = claims.get("nonce")
        if not isinstance(given, str) or not same(given, nonce):
            raise ProviderRefused("the ID token is not of this log-in")
        audience = claims["aud"]
        party = claims.get(
            "azp", None if isinstance(audience, list) and len(audience) > 1 else self._settings.client_id
        )
        if party != self._settings.client_id:
            raise ProviderRefused("the ID token was made for another client")
        if not isinstance(claims.get("sub"), str) or not 0 < len(claims["sub"]) <= 255:
            raise ProviderRefused("the ID token names nobody")
        self._check_hash(claims, id_token, access_token)
        return claims

    def trusted(self, token: str) -> dict[str, Any]:
        """The claims of any token that the provider signed for this client and moment. Raises as `checked` does."""
        claims = self._signed(token)
        registry = jwt.JWTClaimsRegistry(
            now=lambda: int(self._clock()),
            leeway=LEEWAY,
            iss={"essential": True, "value": self._settings.issuer},
            aud={"essential": True, "value": self._settings.client_id},
            exp={"essential": True},
            iat={"essential": True},
        )
        try:
            registry.validate(claims)
        except (JoseError, ValueError, TypeError) as error:
            raise ProviderRefused(f"the token is not for us and now: {type(error).__name__}") from None
        return claims

    def _check_hash(self, claims: dict[str, Any], id_token: str, access_token: object) -> None:
        """When it is there, `at_hash` ties the access token to the ID token."""
        if "at_hash" not in claims:
            return
        algorithm = msgspec.json.decode(_decoded(id_token.partition(".")[0])).get("alg", "")
        kind = "sha512" if algorithm == "EdDSA" else f"sha{algorithm[2:]}"
        digest = hashlib.new(kind, str(access_token).encode()).digest()
        expected = base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
        if not same(str(claims["at_hash"]), expected):
            raise ProviderRefused("the access token is not the ID token's")

    def _signed(self, id_token: str) -> dict[str, Any]:
        """The claims of a token that one of the provider's keys has signed; its keys may have changed since."""
        for keys in (self._keyset(fresh=False), None):
            try:
                token = jwt.decode(id_token, keys or self._keyset(fresh=True), algorithms=ALGORITHMS)
            except (JoseError, ValueError, TypeError, KeyError) as error:
                problem = error
                continue
            if isinstance(token.claims, dict):
                return token.claims
        raise ProviderRefused(f"the token is not signed by the provider: {type(problem).__name__}")

    def _keyset(self, *, fresh: bool) -> KeySet:
        with self._lock:
            known, age = self._keys, self._clock() - self._keys_at
        if known is not None and (not fresh or age < _PAUSE) and age < _FRESH:
            return known
        found = self._fetched(self.metadata().jwks_uri)
        try:
            keys = KeySet.import_key_set({"keys": [key for key in found["keys"] if key.get("use", "sig") == "sig"]})
        except (JoseError, ValueError, TypeError, KeyError, AttributeError):
            raise ProviderAway("the keys of the provider can't be read") from None
        with self._lock:
            self._keys, self._keys_at = keys, self._clock()
        return keys

    def _exchange(self, code: str, flow: Flow) -> dict[str, Any]:
        """The tokens for a code (RFC 6749, section 4.1.3), with the client's secret as section 2.3.1 says."""
        name, secret = (quote(text, safe="") for text in (self._settings.client_id, self._secret))
        sent = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._callback,
            "code_verifier": flow.verifier,
        }
        return self._fetched(self.metadata().token_endpoint, sent=sent, auth=(name, secret))

    def _userinfo(self, access_token: str, claims: Mapping[str, Any]) -> dict[str, Any]:
        authorization = {"authorization": f"Bearer {access_token}"}
        found = self._fetched(self.metadata().userinfo_endpoint, headers=authorization)
        if found.get("sub") != claims["sub"]:
            raise ProviderRefused("the provider speaks of somebody else")  # OpenID Connect Core, section 5.3.2
        return found

    def _flow(self, cookie: str) -> Flow:
        try:
            plain = self._seal.decrypt_at_time(cookie.encode(), FLOW_SECONDS, int(self._clock()))
        except InvalidToken:
            raise ProviderRefused("no log-in was begun here, or too long ago") from None
        return msgspec.json.decode(plain, type=Flow)

    def _described(self, found: dict[str, Any]) -> Metadata:
        try:
            metadata = msgspec.convert(found, Metadata)
        except msgspec.ValidationError as error:
            raise ProviderAway(f"the description of {self.name} lacks something: {error}") from None
        if metadata.issuer != self._settings.issuer:
            raise ProviderAway(
                f"the provider calls itself '{metadata.issuer[:80]}', the settings '{self._settings.issuer[:80]}'"
            )
        ends = (metadata.authorization_endpoint, metadata.token_endpoint, metadata.jwks_uri, metadata.userinfo_endpoint)
        if self._settings.issuer.startswith("https:") and not all(end.startswith("https://") for end in ends if end):
            raise ProviderAway(f"{self.name} names an address without TLS")
        return metadata

    def _fetched(self, url: str, *, sent: Mapping[str, str] | None = None, **options: Any) -> dict[str, Any]:
        """A JSON object from the provider, `sent` a form if there is one. Raises ProviderRefused, ProviderAway."""
        content = b""
        try:
            with (
                httpx.Client(**self._options) as client,
                client.stream("POST" if sent else "GET", url, data=sent, **options) as answer,
            ):
                for part in answer.iter_bytes():
                    content += part
                    if len(content) > _LARGEST:
                        raise ProviderAway(f"{self.name} says too much")
            found = msgspec.json.decode(content)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ProviderAway(f"no answer from {self.name}: {type(error).__name__}") from None
        except msgspec.DecodeError:
            raise ProviderAway(f"{self.name} answers with something else than JSON ({answer.status_code})") from None
        if not isinstance(found, dict):
            raise ProviderAway(f"{self.name} answers with something else than an object")
        if answer.status_code != httpx.codes.OK:
            if sent and answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
                raise ProviderRefused(f"the provider refused the code: {str(found.get('error', ''))[:60]!a}")
            raise ProviderAway(f"{self.name} answers {answer.status_code}")
        return found


def with_query(url: str, values: Mapping[str, str]) -> str:
    """`url` with more in its query."""
    return f"{url}{'&' if '?' in url else '?'}{urlencode(values)}"


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
