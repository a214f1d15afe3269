"""Removing entries of the audit log that were kept long enough, so that those that are left can be verified."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ggi_net.authlog.audit_check import verify
from ggi_net.authlog.audit_entry import sha256
from ggi_net.errors import AuditBroken, Place
from ggi_net.files import read_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ggi_net.authlog.audit import Audit
    from ggi_net.authlog.question import Viewer


def expire(audit: Audit, viewer: Viewer, *, where: str) -> int:
    """Remove what was kept long enough: identities as typed, and whole days of entries; return how many days went.

    The log is verified first: of one that was touched nothing is removed, for it is evidence. Raises AuditBroken,
    AuditFailed.
    """
    audit.expire()
    paths = audit.over()
    end = _end(audit, paths)
    if end is None:
        return 0
    verdict = verify(audit)
    if not verdict.whole:
        raise AuditBroken(
            "the audit log is not as it was written, so nothing is removed from it",
            place=Place(str(audit.folder)),
            hint="`ggi audit verify` says what is wrong",
        )
    audit.cut(paths, *end, viewer, where=where)
    return len(paths)


def _end(audit: Audit, paths: Sequence[Path]) -> tuple[int, str] | None:
    """The number of the last entry in some files, and the hash of its line; None where there is none."""
    for path in reversed(paths):
        for line in reversed(read_bytes(path).split(b"\n")):
            if entry := audit.key.entry(line):
                return entry.number, sha256(line)
    return None
