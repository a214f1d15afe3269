"""Lines that don't say which device they are about, but have the number or the State of a conversation that does."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ggi_net.authlog.logins.event import Device, Event

    Number = tuple[str, str]

REACH = 30.0
"""Seconds between two lines with one number, at most: FreeRADIUS begins at 0 again when it is started."""


class Adoption:
    """Finds the device of lines that lack it, among lines of the same host and number within `REACH` seconds."""

    def __init__(self) -> None:
        self._known: defaultdict[Number, list[tuple[float, Device]]] = defaultdict(list)
        self._lost: list[Event] = []

    def take(self, events: Iterable[Event]) -> list[Event]:
        """Keep the events that lack a MAC and may get one; return the others."""
        found: list[Event] = []
        for event in events:
            numbers = _numbers(event)
            has_mac = 1 <= len(event.device) <= 2
            if has_mac:
                for number in numbers:
                    self._known[number].append((event.at, event.device))
            if has_mac or not numbers:
                found.append(event)
            else:
                self._lost.append(event)
        return found

    def settled(self, known: float) -> list[Event]:
        """The kept events that no line after the moment `known` can change, with their device if it is found."""
        ready = [event for event in self._lost if event.at + REACH < known]
        self._lost = [event for event in self._lost if event.at + REACH >= known]
        for event in ready:
            if device := self._device(event):
                event.device = device
        return ready

    def forget(self, before: float) -> None:
        """Drop what was known of the time before that moment."""
        self._known = defaultdict(
            list,
            {
                number: fresh
                for number, seen in self._known.items()
                if (fresh := [entry for entry in seen if entry[0] >= before])
            },
        )

    def _device(self, event: Event) -> Device:
        best: tuple[float, Device] | None = None
        for number in _numbers(event):
            seen = self._known.get(number)
            if not seen:
                continue
            seen.sort()
            position = bisect_left(seen, (event.at, ()))
            for at, device in seen[max(position - 1, 0) : position + 1]:
                distance = abs(at - event.at)
                if distance <= REACH and (best is None or distance < best[0]):
                    best = (distance, device)
        return best[1] if best else ()


def _numbers(event: Event) -> list[Number]:
    line = event.line
    numbers = [(line.host, line.session)] if line.session else []
    return [*numbers, ("", line.state)] if line.state else numbers
