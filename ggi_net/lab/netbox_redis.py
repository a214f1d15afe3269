"""The lab's private Redis: on a loopback port, with a password, keeping nothing on disk."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ggi_net.errors import LabFailure
from ggi_net.lab.netbox_parts import LOOPBACK, Part, answers, start, wait_for
from ggi_net.lab.netbox_shared import run

if TYPE_CHECKING:
    from pathlib import Path

_SYSTEM_FOLDERS = "/usr/bin:/usr/sbin"
# Workers announce themselves once, when they start: what they said must outlive a reset.
_FLUSH_TASKS = (
    "for _, k in ipairs(redis.call('KEYS', '*')) do if k:sub(1, 9) ~= 'rq:worker' then redis.call('DEL', k) end end"
)


@dataclass(frozen=True)
class Redis:
    """A Redis in `folder`, at a port of loopback; its password is in `redis.conf`."""

    folder: Path
    port: int
    password: str

    @property
    def part(self) -> Part:
        """Its server."""
        return Part("Redis", self.folder, [program("redis-server"), "redis.conf"])

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        part = self.part
        start(part)
        wait_for(part, lambda: answers(self.port), 10)

    def flush(self) -> None:
        """Forget what is cached and queued."""
        environment = {"PATH": os.environ.get("PATH", os.defpath), "REDISCLI_AUTH": self.password}
        command = [program("redis-cli"), "-h", LOOPBACK, "-p", str(self.port)]
        run(command, "flushing Redis", environment=environment, feed=f'EVAL "{_FLUSH_TASKS}" 0\nSELECT 1\nFLUSHDB\n')


def program(name: str) -> str:
    """A program of Redis, by its path. Raises LabFailure."""
    found = shutil.which(name, path=os.pathsep.join((os.environ.get("PATH", os.defpath), _SYSTEM_FOLDERS)))
    if not found:
        raise LabFailure(f"{name} is not installed", hint="apt-get install --no-install-recommends redis-server")
    return found
