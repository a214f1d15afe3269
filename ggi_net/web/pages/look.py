"""From what was typed to the login that a caller means: the newest one that failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from ggi_net.authlog.asked import asked, login_id
from ggi_net.authlog.login import Login
from ggi_net.model.types import Record
from ggi_net.web.inert import typed
from ggi_net.web.pages.answer import newest_failed
from ggi_net.web.pages.period import CHOICES, DEFAULT, since
from ggi_net.web.words import Both

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from ggi_net.authlog.helpdesk import Helpdesk
    from ggi_net.authlog.places import Places
    from ggi_net.authlog.question import Viewer


class Form(Record, frozen=True, kw_only=True):
    """The search form: what stands in it, and what is wrong with it."""

    asked: str = ""
    since: str = DEFAULT
    reason: str = ""
    choices: tuple[tuple[str, Both], ...] = CHOICES
    error: Both | None = None


class Found(Record, frozen=True, kw_only=True):
    """The login to explain, with its evidence, and all that were found, newest first."""

    chosen: Login
    logins: tuple[Login, ...]


def look_up(
    helpdesk: Helpdesk, viewer: Viewer, form: Form, places: Places, causes: Sequence[str], now: datetime, *, where: str
) -> Found | None:
    """What the form finds; None when nothing. Raises NotUnderstood, and what the helpdesk raises.

    The first question that has an answer counts; each is on record.
    """
    text = typed(form.asked)
    if number := login_id(text):
        login = helpdesk.explain(viewer, number, form.reason, where=where)
        return Found(chosen=login, logins=(login,))
    questions = asked(text, places, causes, own=viewer.gemeenten, since=since(form.since, now), now=now)
    for question in questions:
        folded = helpdesk.folded(viewer, question, form.reason, where=where)
        if folded:
            newest = newest_failed(folded)
            chosen = helpdesk.explain(viewer, newest.id, form.reason, where=where)
            repeated = structs.replace(chosen, attempts=newest.attempts, end=newest.end)
            return Found(chosen=repeated, logins=tuple(folded))
    return None
