"""The banner of an outage, on the pages where somebody looks for what troubles a caller: counted once a minute."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ggi_net.authlog import access
from ggi_net.authlog.question import Question
from ggi_net.web.pages import outage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ggi_net.authlog.helpdesk import LoginSource
    from ggi_net.authlog.places import Places
    from ggi_net.authlog.question import Scope
    from ggi_net.web.visit import Visit
    from ggi_net.web.words import Both

LASTS = timedelta(minutes=1)
"""How long a count is good for."""


class Banner:
    """What the pages say of an outage. Those who may see the same logins share a count.

    The pages count by themselves, and say numbers only: that is nobody's look-up, and not on record as one.
    """

    def __init__(
        self, source: LoginSource, places: Places, titles: Mapping[str, Both], now: Callable[[], datetime]
    ) -> None:
        self._source, self._places, self._titles, self._now = source, places, titles, now
        self._known: dict[Scope, tuple[datetime, tuple[Both, ...]]] = {}
        self._lock = threading.Lock()

    def said(self, visit: Visit) -> tuple[Both, ...]:
        """What to say to a visitor who may look at logins; raises what the store raises."""
        scope, now = access.scope_of(visit.viewer), self._now()
        with self._lock:
            counted, said = self._known.get(scope, (None, ()))
            if counted is None or now - counted >= LASTS:
                counts = self._source.counts(Question(since=_hour_before(now), scope=scope), outage.BY)
                said = outage.outages(counts, self._titles, self._places)
                self._known[scope] = now, said
            return said


def _hour_before(now: datetime) -> datetime:
    """The beginning of the hour before this one: figures are kept by whole hours."""
    return now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
