"""The cookies of the pages. `__Host-` in their names makes browsers hold to Secure, to the path / and to this host only
(RFC 6265bis), so that no neighbouring site can set one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from litestar.types import Scope

SESSION_COOKIE = "__Host-ggi"
FORM_COOKIE = "__Host-ggi-form"
"""Says only which browser it is, for the forms of those who are not logged in."""
DEVICE_COOKIE = "__Host-ggi-device"
"""Says that somebody has logged in to an account from this browser before."""
FLOW_COOKIE = "__Host-ggi-flow"
"""What is needed when somebody comes back from the provider of log-ins, sealed."""


def set_cookie(name: str, value: str, *, seconds: int = 0) -> tuple[str, str]:
    """The header that gives a cookie; without `seconds` it goes when the browser is closed, without a value at once."""
    age = "; Max-Age=0" if not value else f"; Max-Age={seconds}" if seconds else ""
    return "set-cookie", f"{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax{age}"


def cookies_of(scope: Scope) -> dict[str, str]:
    """The cookies of a request; of two by one name the first one (RFC 6265, section 5.4)."""
    found: dict[str, str] = {}
    for pair in header(scope, b"cookie").split(";"):
        name, _, value = pair.strip().partition("=")
        found.setdefault(name, value)
    return found


def header(scope: Scope, name: bytes) -> str:
    """A header of a request as text; empty when it isn't there."""
    return next((value.decode("latin-1") for known, value in scope["headers"] if known.lower() == name), "")
