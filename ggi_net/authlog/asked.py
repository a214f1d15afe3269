"""The one search field: what was typed becomes questions, the likeliest first."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from ggi_net.authlog.login import Outcome
from ggi_net.authlog.moments import period
from ggi_net.authlog.question import Question
from ggi_net.errors import NotUnderstood

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from ggi_net.authlog.places import Places

MAC = re.compile(
    r"[0-9a-f]{2}(?:([-:. ]?)[0-9a-f]{2})(?:\1[0-9a-f]{2}){4}\Z|(?:[0-9a-f]{4}[.:-]){2}[0-9a-f]{4}\Z", re.IGNORECASE
)
_LOGIN_ID = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}\Z")
"""Crockford's base 32, as logins are numbered."""
_REALM = re.compile(r"@?((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63})\Z")
_LONGEST = 300
"""An identity has at most 253 octets (RFC 7542)."""

_OUTCOMES = {
    "mislukt": Outcome.REJECT, "geweigerd": Outcome.REJECT, "failed": Outcome.REJECT, "rejected": Outcome.REJECT,
    "gelukt": Outcome.ACCEPT, "ok": Outcome.ACCEPT, "accepted": Outcome.ACCEPT,
    "onafgemaakt": Outcome.UNFINISHED, "unfinished": Outcome.UNFINISHED,
}  # fmt: skip


def mac(text: str) -> str:
    """A MAC address in any notation as 12 hexadecimal digits in lower case; empty when it is none."""
    text = text.strip()
    return re.sub(r"[^0-9a-f]", "", text.lower()) if MAC.match(text) else ""


def login_id(text: str) -> str:
    """The id of a login, when that is what was typed; else empty."""
    text = text.strip().upper()
    return text if _LOGIN_ID.match(text) else ""


def asked(
    text: str,
    places: Places,
    causes: Sequence[str] = (),
    *,
    own: Sequence[str] = (),
    since: datetime | None = None,
    now: datetime | None = None,
) -> list[Question]:
    """What `text` may ask for, likeliest first: who searches takes the first question that has an answer.

    Words for an outcome, ids of `causes`, and a word for a time (`gisteren`, seen from `now` when that is given; it
    goes before `since`) narrow every question. What is left is a MAC address (of a device, else
    of an access point), an identity, a realm, or the name of a gemeente or a site; a bare name is looked for in the
    realms of the gemeenten in `own`. Raises NotUnderstood.
    """
    if not text.strip() or len(text) > _LONGEST:
        raise NotUnderstood("nothing to look for" if not text.strip() else "that is too long to be a name")
    outcome, cause, rest, until = None, "", [], None
    for word in text.split():
        plain = word.lower()
        if plain in _OUTCOMES and outcome is None:
            outcome = _OUTCOMES[plain]
        elif plain in causes and not cause:
            cause = plain
        elif now is not None and until is None and (span := period(plain, now)):
            since, until = span
        else:
            rest.append(word)
    narrow = Question(outcome=outcome, cause=cause, since=since, until=until)
    return [msgspec.structs.replace(narrow, **conditions) for conditions in _subjects(" ".join(rest), places, own)]


def _subjects(text: str, places: Places, own: Sequence[str]) -> list[dict[str, str]]:
    plain = text.lower()
    if not text:
        return [{}]
    if address := mac(text):
        return [{"mac": address}, {"ap": address}]
    if named := _named(text, places):
        return named
    if "\\" in text:
        return [{"user": user} for user in _accounts(text, places, own)]
    if "@" in text.lstrip("@") or "/" in text:
        return [{"user": text}]
    if " " not in text:
        realm = [{"realm": found[1]}] if (found := _REALM.match(plain)) else []
        at_home = [{"user": f"{text}@{known}"} for known, slug in places.realms.items() if slug in own]
        known = bool(realm) and (realm[0]["realm"] in places.realms or text.startswith("@"))
        return [*(realm if known else [*at_home, {"user": text}, *realm]), {"nas": text}]
    raise NotUnderstood(f"'{text[:60]}' is not the name of a gemeente or a site")


def _accounts(text: str, places: Places, own: Sequence[str]) -> list[str]:
    """Whose account of a Windows domain that is, in `own` gemeenten or in any; and as it was typed."""
    gemeenten = own or [key.partition("/")[0] for key in places.domains]
    known = {places.identity(text, gemeente): None for gemeente in gemeenten}
    known.pop(text, None)
    return [*known, text]


def _named(text: str, places: Places) -> list[dict[str, str]]:
    spots = places.named(text) or places.named(re.sub(r"(?i)\Agemeente\s", "", text))
    return [{"gemeente": spot.gemeente} | ({"site": spot.site} if spot.site else {}) for spot in spots]
