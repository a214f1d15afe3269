"""What a simulated IOS-XE router keeps apart from its configuration: files, the lock, and the timer of a rollback.

Words and behaviour are those of Cisco's configuration guides ("Configuration Rollback Confirmed Change", "Exclusive
Configuration Change Access"); where they leave something open, docs/cisco-iosxe.md says so. Nothing runs in the
background: whoever asks the router something lets what is due happen first, so a timer needs no event loop.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from ggi_net.lab.misbehave import Misbehaviour

DISK = "bootflash:"
RUNNING = "system:running-config"
STARTUP = "nvram:startup-config"
_CAPACITY = 7_897_796_608
_FREE = 5_603_135_488


@dataclass
class Flash:
    """The router's disk: files by name, without directories."""

    wrong: Misbehaviour
    files: dict[str, str] = field(default_factory=dict)

    def write(self, name: str, text: str) -> bool:
        """Keep a file; False when there is no room."""
        if self.wrong.disk_full:
            return False
        self.files[name] = text
        return True

    def listing(self) -> str:
        """What `dir bootflash:` prints."""
        lines = [
            f"{number:5}  -rw- {len(text):16}  Nov 28 2026 10:00:00 +00:00  {name}"
            for number, (name, text) in enumerate(self.files.items(), 11)
        ]
        free = 0 if self.wrong.disk_full else _FREE - sum(len(text) for text in self.files.values())
        return "\n".join([f"Directory of {DISK}/", "", *lines, "", f"{_CAPACITY} bytes total ({free} bytes free)"])


@dataclass
class Rollback:
    """A change that waits for `configure confirm`. `due` is of the router's own seconds, whatever its clock shows."""

    user: str
    file: str
    text: str
    minutes: int = 0
    due: float = 0.0
    since: str = ""


@dataclass
class Timer:
    """The router's sense of time. `minute`: how many seconds a minute lasts. `now` runs on whatever the clock shows."""

    wrong: Misbehaviour
    minute: float = 60.0
    now: Callable[[], float] = time.monotonic

    def after(self, minutes: int) -> float:
        """The moment so many minutes from now."""
        return self.now() + minutes * self.minute

    def shown(self) -> str:
        """What the router's clock shows."""
        return time.strftime("%H:%M:%S UTC %a %b %d %Y", time.gmtime(time.time() + self.wrong.clock_seconds))

    def stamp(self) -> str:
        """The time in the name of an archived file."""
        return time.strftime("%b-%d-%H-%M-%S", time.gmtime(time.time() + self.wrong.clock_seconds))
