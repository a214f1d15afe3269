"""The banner of an outage, on the pages where somebody looks for what troubles a caller: counted once a minute."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ggi_net.authlog import access
from ggi_net.authlog.question import Question
from ggi_net.web.pages import outage

if TYPE_CHECKING:
    from collections.abc import Callable

    from ggi_net.authlog.causes.catalogue import Catalogue
    from ggi_net.authlog.helpdesk import Count, LoginSource
    from ggi_net.authlog.places import Places
    from ggi_net.authlog.question import Scope
    from ggi_net.web.visit import Visit
    from ggi_net.web.words import Both

LASTS = timedelta(minutes=1)
"""How long a count is good for."""


class Banner:
    """What the pages say of an outage. All share one count: each sees of it what they may see.

    The pages count by themselves, and say numbers only: that is nobody's look-up, and not on record as one.
    """

    def __init__(self, source: LoginSource, places: Places, catalogue: Catalogue, now: Callable[[], datetime]) -> None:
        self._source, self._places, self._catalogue, self._now = source, places, catalogue, now
        self._at: datetime | None = None
        self._counts: list[Count] = []
        self._said: dict[Scope, tuple[Both, ...]] = {}
        self._lock = threading.Lock()

    def said(self, visit: Visit) -> tuple[Both, ...]:
        """What to say to a visitor who may look at logins; raises what the store raises."""
        scope, now = access.scope_of(visit.viewer), self._now()
        with self._lock:
            if self._at is None or now - self._at >= LASTS:
                self._know(now, self._counted(now))
            if scope not in self._said:
                seen = [count for count in self._counts if access.admits_between(scope, *count.by[:2])]
                self._said[scope] = outage.outages(seen, self._catalogue, self._places)
            return self._said[scope]

    def refresh(self) -> None:
        """Count anew when the last count is half as old as it may be; meanwhile others read that one.

        Raises what the store raises.
        """
        now = self._now()
        if self._at is not None and now - self._at < LASTS / 2:
            return
        counts = self._counted(now)
        with self._lock:
            self._know(now, counts)

    def _counted(self, now: datetime) -> list[Count]:
        """The counts of this hour and the one before: figures are kept by whole hours."""
        since = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
        return self._source.counts(Question(since=since), outage.BY)

    def _know(self, now: datetime, counts: list[Count]) -> None:
        self._at, self._counts = now, counts
        self._said.clear()
