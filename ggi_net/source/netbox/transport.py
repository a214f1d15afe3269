"""One request to NetBox: with time-outs, TLS as asked for, the whole answer or an error; never a redirect or a cookie.

netbox-python sends through a `requests.Session`; this is the adapter in it. What goes wrong is raised as a NetBoxError
with nothing chained to it: the exceptions of `requests` hold the request, and that holds the token.
"""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec
import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.exceptions import NameResolutionError, NewConnectionError

from ggi_net.errors import AnswerCutOff, CertificateRefused, NetBoxAway, NetBoxError, NetBoxSlow, Place
from ggi_net.source.netbox.refusals import refusal_of
from ggi_net.source.yamlfile import printable

if TYPE_CHECKING:
    from ggi_net.source.netbox.settings import Settings

CONNECT_TIMEOUT = 5.0
"""Seconds for TCP and TLS, each."""

ANSWER_LIMIT = 256 * 1024 * 1024
"""Bytes of one answer, unpacked: a page of a thousand records is below two million."""

_CHUNK = 1 << 18
_POOL = 16


class Bearer(AuthBase):
    """Puts the token on each request; without it `requests` would put what ~/.netrc has for the host."""

    def __init__(self, token: str) -> None:
        self._header = f"{'Bearer' if token.startswith('nbt_') else 'Token'} {token}"

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the header."""
        request.headers["Authorization"] = self._header
        return request


class Answer(requests.Response):
    """A good answer: netbox-python takes its JSON from here, decoded once."""

    decoded: Any = None

    def json(self, **_: Any) -> Any:
        """The decoded body; None when there is none."""
        return self.decoded


class Transport(HTTPAdapter):
    """Sends each request once. Safe for use by several threads at once."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(pool_maxsize=_POOL, max_retries=0)
        self._settings = settings

    def send(self, request: requests.PreparedRequest, *_: Any, **options: Any) -> requests.Response:
        """Send `request` and return its Answer, complete and of a good status; raise a NetBoxError."""
        options["stream"] = True
        options["timeout"] = (CONNECT_TIMEOUT, self._settings.timeout)
        if self._settings.ca is not None:
            options["verify"] = str(self._settings.ca)
        problem: NetBoxError | None = None
        try:
            response = super().send(request, **options)
            body = self._body(response)
        except requests.RequestException as error:
            problem = self._failure(request, error)
        except OSError as error:
            problem = NetBoxError(
                f"the authorities in {options.get('verify')} can't be used: {printable(error.strerror or error)}",
                place=_place(request),
                hint="GGI_NETBOX_CA names a PEM file with one or more certificates",
            )
        if problem is not None:
            raise problem
        return self._answer(request, response, body)

    def _body(self, response: requests.Response) -> bytes:
        """The whole body, within twice the time that NetBox may be silent."""
        until = time.monotonic() + 2 * self._settings.timeout
        parts, size = [], 0
        with response:
            for part in response.iter_content(_CHUNK):
                parts.append(part)
                size += len(part)
                if time.monotonic() > until:
                    raise requests.ReadTimeout
                if size > ANSWER_LIMIT:
                    raise requests.exceptions.ContentDecodingError(f"more than {ANSWER_LIMIT >> 20} MiB")
        return b"".join(parts)

    def _answer(self, request: requests.PreparedRequest, response: requests.Response, body: bytes) -> Answer:
        token = self._settings.token  # a proxy's page that repeats the request must not bring it into a message
        headers = {name: value.replace(token, "***") for name, value in response.headers.items()}
        said = body.replace(token.encode(), b"***")
        refusal = refusal_of(request.method or "", _place(request), response.status_code, headers, said)
        if refusal is not None:
            raise refusal
        answer = Answer()
        answer.status_code, answer.headers, answer.url = response.status_code, response.headers, response.url
        answer.request = request
        if request.method == "DELETE":
            answer.status_code = 204  # of any other, netbox-python looks for a list in what it has not decoded
        elif answer.status_code != 204:
            with suppress(msgspec.DecodeError):
                answer.decoded = msgspec.json.decode(body)
            if not isinstance(answer.decoded, dict | list):
                raise self._marked(AnswerCutOff("the answer is not complete JSON", place=_place(request)), request)
        return answer

    def _failure(self, request: requests.PreparedRequest, error: requests.RequestException) -> NetBoxError:
        """What `requests` says, in words; without the exception itself."""
        place = _place(request)
        host = printable(place.file.split("/")[2])
        found: NetBoxError
        if isinstance(error, requests.exceptions.SSLError):
            return CertificateRefused(f"no trusted connection with {host}: {_reason(error)}", place=place)
        if isinstance(error, requests.ConnectTimeout):
            return NetBoxSlow(f"{host} did not accept a connection within {CONNECT_TIMEOUT:g} seconds", place=place)
        if isinstance(error, requests.exceptions.ProxyError):
            return NetBoxAway(f"the proxy on the way to {host} can't be used: {_reason(error)}", place=place)
        if isinstance(error, requests.ReadTimeout) or "Read timed out" in str(error):
            found = NetBoxSlow(f"{host} did not answer within {self._settings.timeout:g} seconds", place=place)
        elif isinstance(error, requests.exceptions.ChunkedEncodingError | requests.exceptions.ContentDecodingError):
            found = AnswerCutOff(f"the answer broke off: {_reason(error)}", place=place)
        elif isinstance(error, requests.ConnectionError):
            if _never_sent(error):
                return NetBoxAway(f"no connection with {host}: {_reason(error)}", place=place)
            found = NetBoxAway(f"the connection with {host} broke off: {_reason(error)}", place=place)
        else:
            found = NetBoxError(f"the request can't be made: {_reason(error)}", place=place)
        return self._marked(found, request)

    def _marked(self, error: NetBoxError, request: requests.PreparedRequest) -> NetBoxError:
        error.maybe_done = request.method != "GET"
        return error


def _place(request: requests.PreparedRequest) -> Place:
    return Place((request.url or "").partition("?")[0])


def _never_sent(error: requests.ConnectionError) -> bool:
    return isinstance(_root(error), NewConnectionError)


def _root(error: BaseException) -> BaseException:
    """The exception at the bottom: `requests` wraps those of urllib3, and these wrap the system's."""
    inner = [one for one in (getattr(error, "reason", None), *error.args) if isinstance(one, BaseException)]
    return _root(inner[-1]) if inner and not isinstance(error, NewConnectionError) else error


def _reason(error: BaseException) -> str:
    """The bottom's words alone: those above it repeat the URL with its query."""
    root = _root(error)
    if isinstance(root, NameResolutionError):
        return "no such name in DNS"
    if isinstance(root, NewConnectionError):
        cause = root.__cause__ or root.__context__
        return printable(cause.strerror or cause).lower() if isinstance(cause, OSError) else "refused"
    if isinstance(root, socket.gaierror):
        return "no such name in DNS"
    if isinstance(root, OSError) and root.strerror:
        return printable(root.strerror, 200)
    return printable(str(root) or type(root).__name__, 200)
