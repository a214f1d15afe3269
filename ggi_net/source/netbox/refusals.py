"""What NetBox's refusals mean: from status, headers and body to the error to raise."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from ggi_net.errors import (
    ChangedMeanwhile,
    NetBoxBusy,
    NetBoxError,
    NetBoxRejected,
    NetBoxTooOld,
    NothingFree,
    NotInNetBox,
    NotNetBox,
    Rejection,
    RightMissing,
    StillUsed,
    TokenRefused,
)
from ggi_net.source.yamlfile import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ggi_net.errors import Place

OLDEST = (4, 5)
"""The oldest NetBox that has what the toolkit asks for: v2 tokens, and the filters that the change log is read with."""

_SHOWN = 10
"""How many of a bulk request's reasons a message lists."""

_VERBS = {"GET": "view", "POST": "add", "PUT": "change", "PATCH": "change", "DELETE": "delete"}
_AUTHENTICATION = re.compile(r"token|credentials|user inactive|source ip|client ip|authorization header", re.IGNORECASE)
_ROLLED_BACK = ("deadlock detected", "could not serialize access")
"""What PostgreSQL says of a transaction of which it has kept nothing."""


def refusal_of(method: str, place: Place, status: int, headers: Mapping[str, str], body: bytes) -> NetBoxError | None:
    """The error that a response to `method` at `place` stands for, or None for a good one."""
    headers = {name.lower(): value for name, value in headers.items()}
    api = "/api/" in place.file
    version = headers.get("api-version", "")
    if 300 <= status < 400:
        target = printable(headers.get("location", "nowhere").partition("?")[0])
        return NotNetBox(
            f"NetBox's API does not redirect, but this answer leads to {target}",
            place=place,
            hint="give the final address of NetBox itself (https, and without a login in front of /api/)",
        )
    if api and version and _too_old(version):
        return NetBoxTooOld(f"this NetBox is version {printable(version)}", place=place)
    if status < 300:
        return None if _is_ours(api, version, headers, body) else _stranger(place, body)
    said = _decoded(body) if "json" in headers.get("content-type", "") else None
    if status in (401, 403):
        return _forbidden(method, place, _detail(said, body))
    if status >= 500 or status == 429:
        return _busy(method, place, status, headers, said, body)
    if status == 404:
        return _missing(place, version or not api, said, body)
    if status == 409:
        detail = _detail(said, body)
        return (NothingFree if "nsufficient" in detail else StillUsed)(_listed(detail, said), place=place)
    if status == 412:
        return ChangedMeanwhile("somebody else has changed it in the meantime", place=place)
    error = NetBoxRejected(_listed(f"NetBox refuses this ({status})", said), place=place)
    error.reasons = tuple(reasons_of(said))
    return error


def reasons_of(said: Any) -> Iterator[Rejection]:
    """Every reason in the body of a rejection: of one object, of a bulk request, or of an older NetBox's."""
    if isinstance(said, dict) and isinstance(said.get("errors"), list):
        for entry in said["errors"]:
            if isinstance(entry, dict):
                yield from _fields(entry.get("index"), entry.get("id"), entry.get("errors"))
    elif isinstance(said, list):
        for index, entry in enumerate(said):
            yield from _fields(index if len(said) > 1 or isinstance(entry, dict) else None, None, entry)
    elif said is not None:
        yield from _fields(None, None, said)


def _fields(index: Any, number: Any, said: Any, field: str = "") -> Iterator[Rejection]:
    if isinstance(said, dict):
        for name, inner in said.items():
            general = name in ("__all__", "non_field_errors", "detail")
            yield from _fields(index, number, inner, field if general else f"{field}.{name}".lstrip("."))
    elif isinstance(said, list):
        for inner in said:
            yield from _fields(index, number, inner, field)
    else:
        yield Rejection(
            index if isinstance(index, int) else None,
            number if isinstance(number, int) else None,
            printable(field),
            printable(said, 300),
        )


def _listed(head: str, said: Any) -> str:
    found = [str(reason) for reason in reasons_of(said) if reason.message not in head]
    more = [f"and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
    if len(found) == 1:
        return f"{head}: {found[0]}"
    return "\n  - ".join([f"{head}:" if found else head, *found[:_SHOWN], *more])


def _is_ours(api: bool, version: str, headers: Mapping[str, str], body: bytes) -> bool:
    if not body:
        return bool(version) or not api
    return "json" in headers.get("content-type", "") and bool(version or not api)


def _stranger(place: Place, body: bytes) -> NotNetBox:
    title = re.search(rb"<title[^>]*>\s*([^<]{1,80})", body[:20_000], re.IGNORECASE)
    named = f": a page titled '{printable(title.group(1).decode('utf-8', 'replace').strip())}'" if title else ""
    return NotNetBox(
        f"what answers here is not NetBox's API{named}",
        place=place,
        hint="check the URL; a login page or proxy before NetBox must let /api/ and /graphql/ through to it",
    )


def _forbidden(method: str, place: Place, detail: str) -> NetBoxError:
    if _AUTHENTICATION.search(detail):
        return TokenRefused(f"NetBox does not accept the token: {detail}", place=place)
    verb = _VERBS.get(method, "use")
    what = place.file.partition("/api/")[2].rstrip("/") or place.file
    kind = "/".join(part for part in what.split("/") if not part.isdigit())
    write = "" if verb == "view" else "is the token write-enabled, and "
    user = "has its user the permission" if write else "give its user the permission"
    return RightMissing(
        f"the token may not {verb} {printable(kind)}: {detail}",
        place=place,
        hint=f"{write}{user} to {verb} them? `ggi netbox init --print-permissions` lists what is needed"
        if write
        else f"{user} to {verb} them; `ggi netbox init --print-permissions` lists what is needed",
    )


def _busy(method: str, place: Place, status: int, headers: Mapping[str, str], said: Any, body: bytes) -> NetBoxBusy:
    if status == 429:
        error = NetBoxBusy("NetBox, or a proxy before it, asks to slow down (429)", place=place)
    else:
        detail = _detail(said, body)
        error = NetBoxBusy(f"the server failed ({status}){': ' + detail if detail else ''}", place=place)
        rolled_back = any(words in detail for words in _ROLLED_BACK)
        error.maybe_done = method != "GET" and not rolled_back
    wait = headers.get("retry-after", "")
    error.wait = float(wait) if wait.isdigit() else None
    return error


def _missing(place: Place, api: object, said: Any, body: bytes) -> NetBoxError:
    if not api:
        return _stranger(place, b"")
    detail = _detail(said, body)
    return NotInNetBox(
        f"NetBox has no such page or object{': ' + detail if detail else ''}",
        place=place,
        hint="it may have been deleted, or this token may not see it",
    )


def _detail(said: Any, body: bytes) -> str:
    """NetBox's own words: `detail`, or `error` of a failure; of a page that is no JSON, its beginning."""
    if isinstance(said, dict):
        return printable(said.get("detail") or said.get("error") or "", 300)
    text = body[:2000].decode("utf-8", "replace").strip()
    return "" if "<" in text else printable(text, 200)


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError:
        return None


def _too_old(version: str) -> bool:
    numbers = re.findall(r"[0-9]+", version)[:2]
    return bool(numbers) and tuple(int(number) for number in numbers) < OLDEST
