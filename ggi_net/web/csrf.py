"""Forms that only our own pages can send: a token in each, and the origin that the browser names (OWASP CSRF).

The token is an HMAC of the cookie that goes with it: of the session, else of a cookie that says nothing but which
browser it is. A page of somebody else can neither read the cookie nor make the token.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

FIELD = "csrf"
"""The name of the hidden field."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing (RFC 9110, section 9.2.1)."""


class Csrf:
    """Makes and checks the tokens of forms."""

    def __init__(self, key: bytes, origin: str) -> None:
        self._key = key
        self._origin = origin

    def token(self, cookie: str) -> str:
        """The token for a form, of the browser with this cookie."""
        return hmac.digest(self._key, cookie.encode(), "sha256").hex()

    def fits(self, cookie: str, token: object) -> bool:
        """Whether a form with `token` came from a page that we gave this browser."""
        return bool(cookie) and isinstance(token, str) and same(token, self.token(cookie))

    def own(self, headers: Mapping[str, str]) -> bool:
        """Whether the browser says that the request came from our own page.

        Browsers send Origin with every POST, and Sec-Fetch-Site unless they are old; a program may send neither.
        """
        origin = headers.get("origin")
        site = headers.get("sec-fetch-site")
        return (origin is None or origin.lower() == self._origin) and (site is None or site in ("same-origin", "none"))


def same(given: str, expected: str) -> bool:
    """Whether two secrets are equal, found out in the same time whatever they are."""
    return hmac.compare_digest(given.encode(errors="replace"), expected.encode(errors="replace"))
