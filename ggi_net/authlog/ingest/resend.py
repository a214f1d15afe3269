"""What a sender sends again after a connection broke.

A sender that doesn't know whether its last messages arrived sends them again, in order, at the beginning of the next
connection (librelp does so with all that were not acknowledged). So what is kept twice is always an end of what was
kept before the break and, at the same time, the beginning of what comes after it. Only that is left out: a line that
merely equals another one is not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

TAIL = 1024
"""How many messages of before are compared; librelp has 128 under way, rsyslog hands over up to 1,024 at once."""


class Overlap:
    """Compares the first messages of a connection with the last ones of before.

    While it can't be told yet, messages are held back; there are never more than TAIL.
    """

    def __init__(self, tail: Sequence[bytes]) -> None:
        self._tail = tail
        self._starts: list[int] | None = None
        self._held: list[bytes] = []
        self._again = 0
        self.dropped = 0
        self.settled = not tail

    @property
    def holding(self) -> bool:
        """Whether messages wait for what comes next."""
        return bool(self._held)

    def feed(self, messages: Sequence[bytes]) -> list[bytes]:
        """The messages that are new, as far as that can be told."""
        for number, message in enumerate(messages):
            if self.settled:
                return [*self._take(), *messages[number:]]
            place = len(self._held)
            self._held.append(message)
            starts = range(len(self._tail)) if self._starts is None else self._starts
            alive = [start for start in starts if self._tail[start + place] == message]
            if any(start + place + 1 == len(self._tail) for start in alive):
                self._again = place + 1
            self._starts = [start for start in alive if start + place + 1 < len(self._tail)]
            self.settled = not self._starts
        return self._take() if self.settled else []

    def settle(self) -> list[bytes]:
        """Nothing follows for now: what is held and was not sent again, is new."""
        self.settled = True
        return self._take()

    def _take(self) -> list[bytes]:
        new, self._held = self._held[self._again :], []
        self.dropped += self._again
        self._again = 0
        return new
