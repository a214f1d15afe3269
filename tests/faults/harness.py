"""A controller that dies: a push in a process of its own, which kills itself at a chosen moment.

A moment is the n-th call of a session's method, counted over all sessions of the push, or the n-th time that something
is sent to the device within `change`. `moments` says how many there are, by running the push to its end once.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from dataclasses import dataclass, field
from multiprocessing import connection
from typing import TYPE_CHECKING, Any

import paramiko

from ggi_net.push import driver
from ggi_net.push.journal import Journal
from ggi_net.push.run import Policy, Push
from ggi_net.secrets import Resolver, open_backend

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from pathlib import Path

    from ggi_net.push.driver import Target
    from ggi_net.push.run import Outcome

_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(
    [
        "ggi_net.push.run",
        "ggi_net.push.linux",
        "ggi_net.push.cisco_iosxe",
        "ggi_net.push.arista_eos",
        "ggi_net.push.juniper_junos",
        "netmiko",
        "asyncssh",
    ]
)
_PATIENCE_SECONDS = 60
# Starting a process asks after all others as well; two who ask after one at once would take its end from each other.
_ASKING = threading.Lock()
CALL, SEND = "call", "send"


@dataclass(frozen=True)
class Job:
    """A push for another process. `secrets` names the backend; `back_to` makes it a rollback."""

    target: Target
    secrets: str
    journal: Path
    policy: Policy = field(default_factory=lambda: Policy(verify=5, watch=0, grace=10))
    back_to: str = ""


def killed(job: Job, kind: str, number: int) -> None:
    """Push, and die before the `number`-th moment of that kind (from 1). Fails when the push ended before that."""
    process, reports = _started(job, kind, number)
    connection.wait([process.sentinel], _PATIENCE_SECONDS)
    with _ASKING:
        code = process.exitcode
    reports.close()
    assert code == -signal.SIGKILL, f"the push ended before {kind} {number}: exit status {code}"


def moments(job: Job) -> dict[str, int]:
    """Push to the end; how many moments of each kind there were. Fails when the push did not change the device."""
    _, reports = _started(job, "", 0)
    assert reports.poll(_PATIENCE_SECONDS), "the push did not end"
    status, error, counts = reports.recv()
    assert status == "changed", f"{status}: {error}"
    return counts


def _started(job: Job, kind: str, number: int) -> tuple[Any, Connection]:
    reports, child = _PROCESSES.Pipe(duplex=False)
    process = _PROCESSES.Process(target=_controller, args=(job, kind, number, child), daemon=True)
    with _ASKING:
        process.start()
    child.close()
    return process, reports


def _controller(job: Job, kind: str, number: int, reports: Connection) -> None:
    """What the process does: push with sessions that count, and die when the count is reached."""
    counts = {CALL: 0, SEND: 0}

    def count(what: str) -> None:
        counts[what] += 1
        if what == kind and counts[what] == number:
            os.kill(os.getpid(), signal.SIGKILL)

    real = driver.open_session
    driver.open_session = lambda target, resolver: _Mortal(real(target, resolver), count)
    outcome: Outcome = Push(
        job.target,
        Resolver(open_backend(job.secrets)),
        Journal(job.journal, "a push that may die"),
        job.policy,
        back_to=job.back_to,
    ).run()
    reports.send((str(outcome.status), outcome.error, counts))
    reports.close()


class _Mortal:
    """A session whose calls are counted; within `change`, what is sent is counted as well."""

    def __init__(self, session: Any, count: Any) -> None:
        self._session = session
        self._count = count

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._session, name)

        def call(*arguments: Any) -> Any:
            self._count(CALL)
            return self._counting_sends(method, *arguments) if name == "change" else method(*arguments)

        return call

    def _counting_sends(self, method: Any, *arguments: Any) -> Any:
        send = paramiko.Channel.send

        def counted(channel: paramiko.Channel, data: bytes) -> int:
            self._count(SEND)
            return send(channel, data)

        paramiko.Channel.send = counted  # type: ignore[method-assign]
        try:
            return method(*arguments)
        finally:
            paramiko.Channel.send = send  # type: ignore[method-assign]
