"""How far back a page looks: the few choices that it offers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ggi_net.authlog.moments import moment
from ggi_net.web.words import Both

CHOICES = (
    ("vandaag", Both("vandaag", "today")),
    ("2d", Both("2 dagen", "2 days")),
    ("week", Both("1 week", "1 week")),
    ("maand", Both("1 maand", "1 month")),
)
"""What a form sends, and what it says."""

DEFAULT = "2d"
_DAYS = {"2d": 2, "week": 7, "maand": 31}


def since(choice: str, now: datetime) -> datetime:
    """The moment (UTC) from which `choice` looks; what is no choice is the default."""
    if choice == "vandaag":
        return moment(choice, now)
    return now.astimezone(UTC) - timedelta(days=_DAYS.get(choice, _DAYS[DEFAULT]))


def whole_days(choice: str, now: datetime) -> datetime:
    """The same back to the midnight (of the Netherlands) before: figures are kept by whole days."""
    return moment("vandaag", since(choice, now))


def words(choice: str) -> Both:
    """The choice in words."""
    return dict(CHOICES).get(choice, dict(CHOICES)[DEFAULT])


def known(choice: str) -> str:
    """`choice` when the form offers it, else the default."""
    return choice if choice in dict(CHOICES) else DEFAULT
