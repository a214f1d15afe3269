"""Reading the audit log: is it as it was written, and who looked up what?"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from ggi_net.authlog.audit_chain import fault_of
from ggi_net.authlog.audit_entry import START, Anchor, Entry, Head, What, sha256, torn_note
from ggi_net.errors import AuditFailed, Place
from ggi_net.model.types import Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ggi_net.authlog.audit import Audit


class Verdict(Record, frozen=True, kw_only=True):
    """What a check found. `faults` say what was done to the log, `torn` how often a process died while it wrote.

    `anchor` says which entries were removed after their time, if any were.
    """

    entries: int
    days: int
    faults: tuple[str, ...] = ()
    torn: int = 0
    head: Head | None = None
    anchor: Anchor | None = None

    @property
    def whole(self) -> bool:
        """Whether the log is as it was written."""
        return not self.faults


def verify(audit: Audit, kept: Sequence[bytes] = ()) -> Verdict:
    """Check every line of the log, its chain and its head; `kept` are heads that were kept elsewhere (`Audit.head`).

    Entries that are written meanwhile don't disturb it: it checks as far as the head went when it began.
    """
    head, anchor = audit.chain.read_head(), audit.chain.read_anchor()
    check = _Check(audit, head, anchor, [audit.key.head(line.strip()) for line in kept])
    days = audit.chain.days()
    try:
        for path in days:
            check.file(path)
    except FileNotFoundError as error:
        if audit.chain.read_anchor() == anchor:
            raise AuditFailed("was removed while it was checked", place=Place(str(error.filename))) from None
        return verify(audit, kept)  # its time was over: the log begins later now
    check.end()
    return Verdict(
        entries=check.count, days=len(days), faults=tuple(check.faults), torn=check.torn, head=head, anchor=anchor
    )


class _Check:
    def __init__(self, audit: Audit, head: Head | None, anchor: Anchor | None, kept: Sequence[Head | None]) -> None:
        self._audit = audit
        self._head = head
        self._begin = anchor.number if anchor else 0
        self._number = self._begin
        self._before = anchor.hash if anchor else START
        self._left: list[bytes] = []
        self._kept = kept
        self._found = {self._number: self._before}
        self._asked = {other.number for other in kept if other}
        self._at_head = (self._number, self._before)
        self.count = 0
        self.torn = 0
        self.faults: list[str] = []

    def file(self, path: Path) -> None:
        for index, line in enumerate(path.read_bytes().split(b"\n"), start=1):
            entry = self._audit.key.entry(line)
            if entry:
                self._entry(entry, line, Place(path.name, index))
            elif line:
                self._left.append(line)

    def _entry(self, entry: Entry, line: bytes, place: Place) -> None:
        left, self._left = b"".join(self._left), []
        if entry.what is What.TORN and entry.note == torn_note(left):
            self.torn += 1
        elif left or entry.what is What.TORN:
            self.faults.append(f"{place}: what stands before entry {entry.number} is no entry, and was not a death's")
        if entry.what is What.CUT:
            self.faults.append(f"{place}: entry {entry.number}: {entry.note}")
        if not self.count and entry.number <= self._begin:
            self._before = entry.before  # a removal was stopped: what it left ends with the anchor's entry
        if entry.before != self._before:
            self.faults.append(f"{place}: entry {entry.number} does not follow entry {self._number}")
        self.count += 1
        self._number, self._before = entry.number, sha256(line)
        if entry.number == self._begin and self._before != self._found[self._begin]:
            self.faults.append(f"{place}: entry {entry.number} is not the one that the anchor names")
        if entry.number in self._asked:
            self._found[entry.number] = self._before
        if self._head and entry.number <= self._head.number:
            self._at_head = (self._number, self._before)

    def end(self) -> None:
        if self._head and self._number > self._head.number:
            # Written since, or the writer died before it could say so.
            if fault := fault_of(self._head, *self._at_head):
                self.faults.append(fault)
        elif fault := fault_of(self._head, self._number, self._before):
            self.faults.append(fault)

        self.torn += bool(self._left)
        for other in self._kept:
            if other is None:
                self.faults.append("a head that was kept is not one of this log")
            elif other.number >= self._begin and self._found.get(other.number) != other.hash:
                self.faults.append(
                    f"entry {other.number} is not the one that stood there at {other.time:%Y-%m-%d %H:%M:%S}"
                )


class Wanted(Record, frozen=True, kw_only=True):
    """Which entries: all conditions that are given hold. `about` is an identity or a MAC address, as typed."""

    who: str = ""
    about: str = ""
    what: What | None = None
    reason: str = ""
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 100


class Shown(Record, frozen=True, kw_only=True):
    """An entry, with what `about` stands for as far as it is still kept: a text, else `#` and the hash."""

    entry: Entry
    about: dict[str, str] = msgspec.field(default_factory=dict)


def search(audit: Audit, wanted: Wanted) -> list[Shown]:
    """The entries that are wanted, newest first. Raises AuditFailed."""
    wanted_hash = audit.key.identity(wanted.about) if wanted.about else ""
    names = audit.plain.names()
    found = []
    for entry in _newest_first(audit, wanted):
        if _fits(entry, wanted, wanted_hash):
            about = {name: names.get(known, f"#{known}") for name, known in entry.about.items()}
            found.append(Shown(entry=entry, about=about))
            if len(found) >= wanted.limit:
                break
    return found


def _newest_first(audit: Audit, wanted: Wanted) -> Iterator[Entry]:
    for path in reversed(audit.chain.days()):
        if wanted.until and path.stem > f"{wanted.until:%Y-%m-%d}":
            continue
        if wanted.since and path.stem < f"{wanted.since:%Y-%m-%d}":
            return
        try:
            lines = path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return  # its time was over: what is older went before it
        except OSError as error:
            raise AuditFailed(f"can't be read: {error.strerror}", place=Place(str(path))) from None
        for line in reversed(lines):
            if entry := audit.key.entry(line):
                yield entry


def _fits(entry: Entry, wanted: Wanted, wanted_hash: str) -> bool:
    return (
        (not wanted.who or entry.who.casefold() == wanted.who.casefold())
        and (not wanted_hash or wanted_hash in entry.about.values())
        and (wanted.what is None or entry.what is wanted.what)
        and wanted.reason.casefold() in entry.reason.casefold()
        and (wanted.since is None or entry.time >= wanted.since)
        and (wanted.until is None or entry.time < wanted.until)
    )
