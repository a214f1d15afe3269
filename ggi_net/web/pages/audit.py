"""The auditor's page: who looked up what and why, and whether the log is as it was written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ggi_net.authlog.audit_check import Verdict
from ggi_net.authlog.audit_entry import What
from ggi_net.authlog.question import Role
from ggi_net.model.types import Record
from ggi_net.web.pages.frame import ROLES
from ggi_net.web.pages.period import CHOICES
from ggi_net.web.words import Both, counted, moment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from ggi_net.authlog.audit_check import Shown

WHATS = {
    What.SEARCH: Both("gezocht", "searched"),
    What.LOGIN: Both("poging bekeken", "looked at an attempt"),
    What.STATS: Both("cijfers bekeken", "looked at figures"),
    What.TEST: Both("inloggen geprobeerd", "tested logging in"),
    What.AUDIT: Both("dit logboek gelezen", "read this log"),
    What.TORN: Both("regel afgebroken bij het schrijven", "an entry was cut off while written"),
    What.CUT: Both("er ontbreken regels", "entries are missing"),
}


class Row(Record, frozen=True, kw_only=True):
    """An entry in words. `who`, `where`, `asked`, `reason` and `note` are hostile text."""

    number: int
    when: Both
    who: str
    role: Both
    where: str
    what: Both
    asked: tuple[tuple[str, str], ...]
    reason: str
    rows: str
    note: str


class View(Record, frozen=True, kw_only=True):
    """The page: what was asked, and what was found."""

    who: str = ""
    about: str = ""
    reason: str = ""
    since: str = "maand"
    choices: tuple[tuple[str, Both], ...] = CHOICES
    searched: bool = False
    entries: tuple[Row, ...] = ()
    caption: Both = Both("", "")
    verdict: Verdict | None = None
    error: Both | None = None


def rows(found: Sequence[Shown], now: datetime) -> tuple[Row, ...]:
    """Entries as the page lists them."""
    return tuple(_row(shown, now) for shown in found)


def caption(number: int, limit: int) -> Both:
    """What stands above the list."""
    words = counted(number, Both("regel", "entry"), Both("regels", "entries"))
    if number < limit:
        return words
    return Both(f"De nieuwste {words.nl}; er kunnen er meer zijn", f"The newest {words.en}; there may be more")


def _row(shown: Shown, now: datetime) -> Row:
    entry = shown.entry
    known = entry.role in list(Role)
    return Row(
        number=entry.number,
        when=moment(entry.time, now),
        who=entry.who,
        role=ROLES[Role(entry.role)] if known else Both(entry.role, entry.role),
        where=entry.where,
        what=WHATS[entry.what],
        asked=(*shown.about.items(), *entry.asked.items()),
        reason=entry.reason,
        rows="" if entry.rows is None else str(entry.rows),
        note=entry.note,
    )
