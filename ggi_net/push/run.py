"""The push protocol, one implementation for every platform.

connect -> the right device? -> compare -> (check mode stops here) -> change -> verify over a NEW connection -> record.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from ggi_net.errors import DeviceUnreachable, GgiError, VerifyFailed, WrongDevice
from ggi_net.model.types import Record
from ggi_net.push.driver import Change, Target, open_session
from ggi_net.push.journal import Journal, JournalEntry
from ggi_net.push.ssh import SESSION_BROKE
from ggi_net.source.yamlfile import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ggi_net.model.estate import Estate
    from ggi_net.push.connections import Connections
    from ggi_net.push.driver import Identity
    from ggi_net.render.artifact import Artifact
    from ggi_net.secrets import Resolver

WORKERS = 20


class Status(StrEnum):
    """How a push ended."""

    UNCHANGED = "unchanged"
    WOULD_CHANGE = "would change"
    CHANGED = "changed"
    FAILED = "failed"


class Outcome(Record, frozen=True, kw_only=True):
    """One device's outcome. `diff` has its secrets masked; `code` is the error's."""

    device: str
    status: Status
    diff: str = ""
    error: str = ""
    code: str = ""
    seconds: float = 0.0


def targets(estate: Estate, artifacts: Iterable[Sequence[Artifact]], connections: Connections) -> list[Target]:
    """The targets for the artifacts of each device; raise NotInEstate for one without estate record or connection."""
    from ggi_net.render.platform import platform

    found = []
    for group in artifacts:
        if not group:
            continue
        placed = estate.placed(group[0].device)
        found.append(
            Target(
                device=placed.device.name,
                serial=placed.device.serial,
                platform=platform(placed.device.platform),
                artifacts=tuple(group),
                connection=connections.of(placed.device.name),
                organisation=placed.organisation.slug,
            )
        )
    return found


def push_device(target: Target, resolver: Resolver, *, check: bool, journal: Journal) -> Outcome:
    """Push to one device. Never raises for what the device, its files or the network do: the outcome tells."""
    started, clock = datetime.now(UTC), time.monotonic()
    diff, status, failure = "", Status.FAILED, None
    try:
        session = open_session(target, resolver)
        try:
            right_device(target, session.identify())
            change = session.compare()
            diff, would_be = change.diff, _before(change, check=check)
            if would_be is Status.CHANGED:
                session.change(change)
        finally:
            session.close()
        if would_be is Status.CHANGED:
            _verify(target, resolver)
        status = would_be
    except GgiError as error:
        failure = error
    except SESSION_BROKE as error:
        failure = DeviceUnreachable(f"{target.device}: the session broke: {printable(error)}", hint="push again")
    seconds = time.monotonic() - clock
    text = resolver.masker(str(failure)) if failure else ""
    if not check:
        entry = JournalEntry(
            run=journal.run, device=target.device, organisation=target.organisation, user=journal.user,
            started=started.isoformat(timespec="seconds"), seconds=round(seconds, 3), reason=journal.reason,
            outcome=status, diff=diff, artifacts={a.file: a.digest for a in target.artifacts}, error=text,
        )  # fmt: skip
        try:
            journal.write(entry)
        except GgiError as error:
            text, status, failure = (
                text or f"the device is {status}, but the journal failed: {error}",
                Status.FAILED,
                failure or error,
            )
    return Outcome(
        device=target.device,
        status=status,
        diff=diff,
        error=text,
        code=failure.code if failure else "",
        seconds=seconds,
    )


def push_all(
    targets: Sequence[Target],
    resolver: Resolver,
    *,
    check: bool,
    journal: Journal,
    workers: int = WORKERS,
    progress: Callable[[Outcome], None] = lambda _: None,
) -> list[Outcome]:
    """Push to every target, `workers` at a time; one device's failure doesn't touch the others.

    `progress` is called once per device as it ends. An interrupt lets the devices at hand finish and starts no other.
    """
    outcomes: dict[str, Outcome] = {}
    pool = ThreadPoolExecutor(min(workers, max(len(targets), 1)), thread_name_prefix="push")
    try:
        running = [pool.submit(push_device, t, resolver, check=check, journal=journal) for t in targets]
        for future in as_completed(running):
            outcome = future.result()
            outcomes[outcome.device] = outcome
            progress(outcome)
    finally:
        pool.shutdown(cancel_futures=True)
    return [outcomes[target.device] for target in targets]


def _before(change: Change, *, check: bool) -> Status:
    """What a push with this change comes to, if nothing fails."""
    if change.empty:
        return Status.UNCHANGED
    return Status.WOULD_CHANGE if check else Status.CHANGED


def _verify(target: Target, resolver: Resolver) -> None:
    """Over a new connection: can the device still be reached, and does it run what was intended?"""
    session = open_session(target, resolver)
    try:
        right_device(target, session.identify())
        left = session.compare()
    finally:
        session.close()
    if not left.empty:
        lines = [line for line in left.diff.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
        first = printable(lines[0] if lines else left.diff, 120)
        raise VerifyFailed(
            f"{target.device}: after the change {len(lines)} lines still differ, the first: {first}",
            hint=f"`ggi push --check --diff --device {target.device}` shows them all",
        )


def right_device(target: Target, found: Identity) -> None:
    """Raise WrongDevice unless `found` is the target: by serial number where both know one, else by host name."""
    if target.serial and found.serial:
        if found.serial != target.serial:
            raise WrongDevice(
                f"{target.device}: the device at {target.connection.host}:{target.connection.port} has serial number "
                f"{printable(found.serial)}, not {target.serial}",
                hint="nothing was changed; correct the address in the connections file or the serial in the estate",
            )
    elif found.hostname != target.device:
        raise WrongDevice(
            f"{target.device}: the device at {target.connection.host}:{target.connection.port} calls itself "
            f"'{printable(found.hostname)}'",
            hint="nothing was changed; correct the address in the connections file",
        )


__all__ = ["Outcome", "Status", "push_all", "push_device", "targets"]
