"""What became of a push that was cut off: look at the device, and write it into the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from ggi_net.errors import NothingKept
from ggi_net.push.journal import OPEN, Status, Step

if TYPE_CHECKING:
    from ggi_net.push.driver import Session, Target
    from ggi_net.push.journal import Journal, JournalEntry

_WORDS = {
    Status.CHANGED: "it was cut off; the device runs what it intended",
    Status.ROLLED_BACK: "it was cut off; the device runs again what it ran before",
    Status.FAILED: "it was cut off; the device runs neither what it intended nor what ran before: somebody changed it",
}


def settle(target: Target, session: Session, journal: Journal) -> list[JournalEntry]:
    """Let what is armed go back, then give every unfinished entry about the device its outcome; return those.

    The session holds the lock, so whoever armed the change is no longer there to confirm it.
    """
    if session.armed() is not None:
        session.revert()
    settled = []
    for entry in [entry for entry in journal.entries(target.device) if entry.outcome in OPEN]:
        status = _became(session, journal, entry)
        if status is Status.CHANGED:
            session.confirm(entry.run)  # the confirmation may have been cut off before the device had saved anything
        done = msgspec.structs.replace(entry, outcome=status, step=Step.DONE, error=entry.error or _WORDS[status])
        journal.write(done)
        settled.append(done)
    return settled


def _became(session: Session, journal: Journal, entry: JournalEntry) -> Status:
    """Which of the two the device runs now."""
    if _intended_runs(session, journal, entry):
        return Status.CHANGED
    try:
        return Status.ROLLED_BACK if session.before(entry.run).empty else Status.FAILED
    except NothingKept:
        return Status.ROLLED_BACK


def _intended_runs(session: Session, journal: Journal, entry: JournalEntry) -> bool:
    if entry.back_to:
        try:
            return session.before(entry.back_to).empty
        except NothingKept:
            return False
    artifacts = journal.stored(entry)
    return bool(artifacts) and session.compare(artifacts).empty
