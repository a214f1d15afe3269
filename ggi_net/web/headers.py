"""What every answer tells the browser: no script, no style or frame that isn't ours, nothing kept, nothing leaked."""

from __future__ import annotations

from ggi_net.web.static_files import STATIC, caching

CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
"""Content Security Policy, level 3: there is no script at all, and no inline style."""

_ALWAYS = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    # Nothing to others. With `no-referrer` browsers would send `Origin: null` even with our own forms (Fetch, 3.2).
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "permissions-policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "x-frame-options": "DENY",
    "x-robots-tag": "noindex, nofollow",
}
_HSTS = "max-age=31536000; includeSubDomains"


def headers_for(
    path: str, status: int, *, tls: bool, query: bytes = b"", provider: str = ""
) -> list[tuple[bytes, bytes]]:
    """The headers of an answer. `provider` are the origins that a form may lead on to, to log in or out."""
    said = dict(_ALWAYS)
    if provider:
        said["content-security-policy"] = CSP.replace("form-action 'self'", f"form-action 'self' {provider}")
    shared = path.startswith(STATIC) and status in (200, 304)
    said["cache-control"] = caching(path, query) if shared else "no-store"
    if tls:
        said["strict-transport-security"] = _HSTS
    return [(name.encode(), value.encode()) for name, value in said.items()]
