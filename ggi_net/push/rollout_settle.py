"""What became of pushes that nobody saw the end of: every device of theirs is asked, and the journal told."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from ggi_net.errors import GgiError, NothingKept
from ggi_net.model.types import Record
from ggi_net.push.driver import open_right
from ggi_net.push.journal import OPEN, JournalEntry, read_entry  # msgspec reads the annotations
from ggi_net.push.rollout_state import FILE
from ggi_net.push.run import WORKERS
from ggi_net.push.settle import settle
from ggi_net.push.ssh import SESSION_BROKE
from ggi_net.push.targets import targets
from ggi_net.source.yamlfile import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from ggi_net.model.estate import Estate
    from ggi_net.push.connections import Connections
    from ggi_net.push.driver import Target
    from ggi_net.push.journal import Journal
    from ggi_net.render.artifact import Artifact
    from ggi_net.secrets import Resolver


class Settled(Record, frozen=True, kw_only=True):
    """One device: its entries with the outcome that they have now, or why it could not be asked."""

    device: str
    entries: tuple[JournalEntry, ...] = ()
    error: str = ""


def unsettled(journal: Path, run: str = "") -> list[JournalEntry]:
    """The newest entry without an outcome of each device, of one run or of all."""
    found: dict[str, JournalEntry] = {}
    for path in sorted(journal.glob(f"{run or '*'}/*.json"), reverse=True):
        if path.stem in found or path.name == FILE:
            continue
        try:
            entry = read_entry(path)
        except GgiError:
            continue
        if entry.outcome in OPEN:
            found[path.stem] = entry
    return list(found.values())


def settle_all(
    estate: Estate,
    journal: Journal,
    resolver: Resolver,
    connections: Connections,
    open_entries: Sequence[JournalEntry],
    *,
    workers: int = WORKERS,
    progress: Callable[[Settled], None] = lambda _: None,
) -> list[Settled]:
    """Ask the device of each entry what became of it; `progress` is called once per device as it ends.

    What is still armed goes back. All open entries about a device get their outcome, whichever run they are of. A
    device that can't be asked keeps its entries as they are. Raises NotInEstate for a device that left the estate, and
    NothingKept when the journal lost what was pushed.
    """
    found = targets(estate, [_artifacts(journal, entry) for entry in open_entries], connections)

    def one(target: Target) -> Settled:
        done = _settle(target, journal, resolver)
        progress(done)
        return done

    with ThreadPoolExecutor(min(workers, max(len(found), 1)), thread_name_prefix="settle") as pool:
        return list(pool.map(one, found))


def _artifacts(journal: Journal, entry: JournalEntry) -> tuple[Artifact, ...]:
    """What that push brought; of a rollback what the push brought that it takes back. Says which files are ours."""
    if entry.back_to:
        entry = read_entry(journal.folder / entry.back_to / f"{entry.device}.json")
    found = journal.stored(entry)
    if not found:
        raise NothingKept(f"{entry.device}: the journal no longer has what run {entry.run} pushed")
    return found


def _settle(target: Target, journal: Journal, resolver: Resolver) -> Settled:
    try:
        session = open_right(target, resolver)
        try:
            session.lock(journal.holder)
            return Settled(device=target.device, entries=tuple(settle(target, session, journal)))
        finally:
            session.close()
    except GgiError as error:
        return Settled(device=target.device, error=resolver.masker(str(error)))
    except SESSION_BROKE as error:
        return Settled(device=target.device, error=f"{target.device}: the session broke: {printable(error)}")
