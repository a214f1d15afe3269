"""What a page would have to wait for is made ready before anybody asks, in a thread of its own."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from ggi_net.errors import GgiError

if TYPE_CHECKING:
    from collections.abc import Callable

_EVERY = 1.0
"""Seconds between two rounds, at least."""
_SHARE = 4
"""A round may take a quarter of the time: what comes in all the time must leave most of it for the pages."""

_LAST = 5.0
"""Seconds that the round under way gets at the end."""

log = logging.getLogger("ggi_net.web")


class Upkeep:
    """Does `jobs` again and again from `start` to `stop`. A page needs none of them: it would do the work itself."""

    def __init__(self, *jobs: Callable[[], None]) -> None:
        self._jobs = jobs
        self._thread = threading.Thread(target=self._run, name="upkeep", daemon=True)
        self._stopping = threading.Event()
        self._said = ""

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; the round under way is the last one."""
        self._stopping.set()
        self._thread.join(_LAST)

    def once(self) -> None:
        """Do every job. What is wrong is written down once: whoever asks for it hears it as well."""
        for job in self._jobs:
            try:
                job()
            except GgiError as error:
                if str(error) != self._said:
                    self._said = str(error)
                    log.warning("%s", error)

    def _run(self) -> None:
        wait = _EVERY
        while not self._stopping.wait(wait):
            began = time.thread_time()
            self.once()
            wait = max(_EVERY, (time.thread_time() - began) * (_SHARE - 1))
