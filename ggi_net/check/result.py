"""What a check says: the daemon's own words, with the artifact's line and the template's behind it."""

from __future__ import annotations

from enum import StrEnum

from ggi_net.errors import Place
from ggi_net.model.types import Record


class Status(StrEnum):
    """The outcome for one artifact."""

    OK = "ok"
    REFUSED = "refused"
    SKIPPED = "skipped"


class Finding(Record, frozen=True, kw_only=True):
    """One complaint. `line` of the artifact counts from 1; `template` is the line that made it, where known."""

    message: str
    line: int | None = None
    template: Place | None = None


class Verdict(Record, frozen=True, kw_only=True):
    """The outcome for one artifact. `reason` says why it was skipped; `findings` why it was refused."""

    device: str
    file: str
    validator: str
    status: Status
    reason: str = ""
    findings: tuple[Finding, ...] = ()
