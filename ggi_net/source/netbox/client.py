"""The client for NetBox, of all of the toolkit: netbox-python with its traps closed.

Each client has headers of its own (netbox-python's are one shared dict), v2 tokens go as `Bearer`, paging is by cursor,
what fails for the moment is tried again, and errors carry NetBox's own words (`refusals.py`, `transport.py`).
A client may be used by several threads at once.
"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Any

from netbox_python import NetBoxClient
from netbox_python.exceptions import NetBoxException
from requests.cookies import RequestsCookieJar
from requests.structures import CaseInsensitiveDict

from ggi_net import __version__
from ggi_net.errors import NetBoxAway, NetBoxError, NetBoxSlow, NotInNetBox, NotNetBox, Place
from ggi_net.source.netbox.transport import Answer, Bearer, Transport
from ggi_net.source.yamlfile import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import requests

    from ggi_net.source.netbox.settings import Settings

PAGE = 1000
"""Rows of a page: NetBox's own limit as it is installed (MAX_PAGE_SIZE)."""

WAITS = (0.5, 1.0, 2.0, 4.0)
"""Seconds before each further attempt, each up to a half longer by chance, so that clients don't come back together."""

_OWN_START = ("ipam/asn-ranges",)
"""Lists whose objects have a field `start`: NetBox takes the cursor for a filter on it and finds nothing."""

LONGEST_WAIT = 60.0
"""Seconds that NetBox may ask to wait (Retry-After); what asks for more is an error at once."""


class NetBox:
    """A NetBox, or with `branch` one branch of it. `url` is its address without a slash at the end.

    Paths are those of the REST API without `/api/`: `dcim/devices`, `dcim/devices/5`. Every method returns the decoded
    JSON and raises a NetBoxError. What is safe to send twice is sent again when the connection breaks or the server
    fails: reading, and removing one object; a request that NetBox did not receive or asked to slow down with
    (429); a transaction that the database says it has undone (a deadlock); and what the caller says (`again`).
    Otherwise the error's `maybe_done` tells whether NetBox may have carried the request out.
    """

    def __init__(self, settings: Settings) -> None:
        self.url = settings.url
        self._headers: Mapping[str, str] = {}
        self._has_cursor = True
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate",
            "User-Agent": f"ggi-toolkit/{__version__}",
        }
        self._client = NetBoxClient(settings.url, token=None, headers=headers)
        session: requests.Session = self._client._session  # noqa: SLF001  netbox-python has no other way to it
        session.headers = CaseInsensitiveDict(headers)
        session.auth = Bearer(settings.token)
        session.cookies = _NoCookies()
        transport = Transport(settings)
        session.mount("https://", transport)
        session.mount("http://", transport)

    def branch(self, schema_id: str) -> NetBox:
        """The same NetBox as the branch with this schema id shows it (the branching plugin); connections are shared."""
        other = object.__new__(NetBox)
        other.url, other._client = self.url, self._client
        other._headers = {"X-NetBox-Branch": schema_id}
        other._has_cursor = self._has_cursor
        return other

    # -- requests --------------------------------------------------------------------------------------

    def get(self, path: str, **params: Any) -> Any:
        """What NetBox says at `path`. A list as a parameter stands for several values (`id=[1, 2]`)."""
        return self._send("GET", path, params=params).json()

    def post(self, path: str, json: Any = None, *, again: bool = False) -> Any:
        """Create an object, or a list of them at once, or do what the path stands for; `again`: safe to send twice."""
        return self._send("POST", path, json=json, again=again).json()

    def patch(self, path: str, json: Any, *, if_match: str | None = None, again: bool = False) -> Any:
        """Change fields of an object, or of a list of objects with their ids; `again`: safe to send twice.

        With `if_match`, an ETag that NetBox gave, only when nobody changed it since: else ChangedMeanwhile is raised.
        """
        return self._send("PATCH", path, json=json, if_match=if_match, again=again).json()

    def delete(self, path: str, json: Any = None, *, if_match: str | None = None) -> None:
        """Delete an object; or at a list's path those of which `json` lists the ids (`[{"id": 1}]`), all or none."""
        self._send("DELETE", path, json=json, if_match=if_match)

    def etag(self, path: str) -> str:
        """The ETag of the object at `path`, for `if_match`; an empty string when NetBox gives none."""
        found: str = self._send("GET", path).headers.get("ETag", "")
        return found

    def graphql(self, query: str, **variables: Any) -> Any:
        """The `data` of a GraphQL query; raise NetBoxError with what GraphQL says is wrong with it."""
        url = f"{self.url}/graphql/"
        said = self._send("POST", url, json={"query": query, "variables": variables}, again=True).json()
        if not isinstance(said, dict):
            raise NotNetBox("what answers here is not GraphQL", place=Place(url), hint="check the URL")
        if said.get("errors") or not isinstance(said.get("data"), dict):
            words = [error.get("message", "") for error in said.get("errors") or () if isinstance(error, dict)]
            raise NetBoxError(
                f"GraphQL refuses the query: {printable('; '.join(words), 300) or 'no data'}",
                place=Place(url),
                hint="`ggi pull --way rest` reads without GraphQL",
            )
        return said["data"]

    # -- lists -----------------------------------------------------------------------------------------

    def page(self, path: str, start: int = 0, **params: Any) -> tuple[list[dict[str, Any]], int | None]:
        """A page of the list at `path`, of ids from `start` on, ascending; and the start of the next page, if any."""
        params = {"limit": PAGE} | params
        cursor = self._has_cursor and path not in _OWN_START
        page: dict[str, Any] = {"count": 0}
        if cursor:
            page = self._page(path, params | {"start": start})
        if page["count"] is not None:  # NetBox before 4.7 has no cursor, and takes no notice of `start`
            self._has_cursor &= not cursor
            page = self._page(path, params | {"ordering": "id", "id__gte": start})
        rows: list[dict[str, Any]] = page["results"]
        return rows, rows[-1]["id"] + 1 if rows and page.get("next") else None

    def pages(self, path: str, start: int = 0, **params: Any) -> Iterator[list[dict[str, Any]]]:
        """The list at `path` of ids from `start` on, a page at a time, ascending."""
        following: int | None = start
        while following is not None:
            rows, following = self.page(path, following, **params)
            yield rows

    def all(self, path: str, **params: Any) -> list[dict[str, Any]]:
        """The whole list at `path` in order of id."""
        return [row for page in self.pages(path, **params) for row in page]

    def count(self, path: str, **params: Any) -> int:
        """How many objects the list at `path` has."""
        found: int = self._page(path, params | {"limit": 1, "fields": "id"})["count"]
        return found

    def count_and_last(self, path: str) -> tuple[int, int]:
        """How many objects the list at `path` has, and the highest id (0 when it has none), in one request."""
        page = self._page(path, {"limit": 1, "fields": "id", "ordering": "-id"})
        return page["count"], page["results"][0]["id"] if page["results"] else 0

    def _page(self, path: str, params: dict[str, Any]) -> dict[str, Any]:
        page = self._send("GET", path, params=params).json()
        if not isinstance(page, dict) or not isinstance(page.get("results"), list):
            raise NotNetBox("NetBox did not answer with a list", place=Place(self._address(path)), hint="check the URL")
        return page

    # -- sending ---------------------------------------------------------------------------------------

    def _send(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, Any] | None = None,
        json: Any = None,
        if_match: str | None = None,
        again: bool = False,
    ) -> requests.Response:
        headers = dict(self._headers) | ({"If-Match": if_match} if if_match else {})
        safe = again or method == "GET" or (method == "DELETE" and json is None and not if_match)
        tried_before = False
        for wait in (*WAITS, None):
            error = self._attempt(method, self._address(path), headers, params, json)
            if not isinstance(error, NetBoxError):
                return error
            if isinstance(error, NotInNetBox) and method == "DELETE" and tried_before:
                return _gone()
            pause = _pause(error, wait) if safe or not error.maybe_done else None
            if pause is None:
                raise error
            tried_before |= error.maybe_done
            time.sleep(pause)
        raise AssertionError("the last wait is None, after which nothing is tried again")

    def _attempt(
        self, method: str, url: str, headers: dict[str, str], params: dict[str, Any] | None, json: Any
    ) -> requests.Response | NetBoxError:
        """Send once. An error is returned: raised here, it would be chained to those that hold the token."""
        try:
            result = self._client.request(method, "", url_override=url, headers=headers, params=params, json=json)
        except NetBoxError as error:
            error.__context__ = None
            return error.with_traceback(None)
        except NetBoxException as error:
            return NetBoxError(f"the request can't be made: {type(error.__cause__).__name__}", place=Place(url))
        response: requests.Response = result.response
        return response

    def _address(self, path: str) -> str:
        return path if path.startswith(f"{self.url}/") else f"{self.url}/api/{path.strip('/')}/"


class _NoCookies(RequestsCookieJar):
    """Keeps nothing: a session cookie would make NetBox ask for a CSRF token."""

    def set_cookie(self, *_: Any, **__: Any) -> None:
        """Drop it."""


def _pause(error: NetBoxError, wait: float | None) -> float | None:
    """Seconds until the next attempt; None when there is to be none. What was slow is tried once more, no oftener."""
    if wait is None or not isinstance(error, NetBoxAway) or (isinstance(error, NetBoxSlow) and wait != WAITS[0]):
        return None
    asked: float | None = getattr(error, "wait", None)
    if asked is not None:
        return max(asked, wait) if asked <= LONGEST_WAIT else None
    return wait * random.uniform(1, 1.5)  # noqa: S311  not a secret


def _gone() -> requests.Response:
    """The answer to a deletion that was done by an earlier attempt."""
    return Answer()
