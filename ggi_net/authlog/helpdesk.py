"""The room between those who ask and the store: who may see what, and no answer that is not on record.

The pages, the API and the command line are three doors to it.
"""

from __future__ import annotations

import os
import pwd
import re
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

import msgspec

from ggi_net.authlog import access, audit_check, fold
from ggi_net.authlog.audit_entry import What
from ggi_net.authlog.question import Question, Role, Scope, Viewer
from ggi_net.errors import AccessRefused, LoginUnknown, ReasonMissing
from ggi_net.model.types import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ggi_net.authlog.audit import Audit
    from ggi_net.authlog.audit_check import Shown, Verdict, Wanted
    from ggi_net.authlog.login import Login

REASON_LIMIT = 200
"""The longest reason, in characters."""
_UNSEEN = r"\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069"
REASON = rf"^[^\s{_UNSEEN}][^{_UNSEEN}]*[^\s{_UNSEEN}]$"
"""A reason is one line of text, without control characters and without those that turn a line around."""


class Group(StrEnum):
    """What logins may be counted by: nothing that names a person."""

    HOME = "home"
    VISITED = "visited"
    SITE = "site"
    OPERATOR = "operator"
    REALM = "realm"
    AP = "ap"
    NAS = "nas"
    OUTCOME = "outcome"
    CAUSE = "cause"
    BROKEN = "broken"
    EAP = "eap"
    DAY = "day"
    HOUR = "hour"


class Count(Record, frozen=True, kw_only=True):
    """How many logins have the values `by` (in the order that was asked for), and how many of them succeeded."""

    by: tuple[str, ...]
    logins: int
    accepted: int = 0


class LoginSource(Protocol):
    """Where logins are found; the store is one. Each honours the question's scope before it counts anything."""

    def logins(self, question: Question) -> list[Login]:
        """The logins without their evidence, newest first."""
        ...

    def login(self, login_id: str) -> Login | None:
        """One login with its evidence."""
        ...

    def counts(self, question: Question, by: Sequence[str]) -> list[Count]:
        """The logins of a question counted by some of `Group`, without its limit; largest first."""
        ...


def engineer() -> Viewer:
    """Whoever runs the toolkit on this machine: by the user number, which can't be made up like a variable can."""
    number = os.getuid()
    try:
        name = pwd.getpwuid(number).pw_name
    except KeyError:
        name = str(number)
    behind = os.environ.get("SUDO_USER", "") if number == 0 else ""
    return Viewer(name=behind or name, role=Role.ENGINEER)


class Helpdesk:
    """Answers questions of people and programs, each with its reason. `where` is the door and the address they use."""

    def __init__(self, source: LoginSource, audit: Audit, pace: Callable[[str], None] = lambda _: None) -> None:
        self._source = source
        self._audit = audit
        self._pace = pace

    def paced(self, pace: Callable[[str], None]) -> Helpdesk:
        """The same helpdesk for many people: `pace` is called with the name of who asks, and raises TooMany."""
        return Helpdesk(self._source, self._audit, pace)

    def search(self, viewer: Viewer, question: Question, reason: str, *, where: str) -> list[Login]:
        """The logins that `viewer` may see. Raises ReasonMissing, AccessRefused, AuditFailed."""
        return self._found(viewer, question, reason, where, lambda ask: ask(question.limit))

    def folded(self, viewer: Viewer, question: Question, reason: str, *, where: str) -> list[Login]:
        """As `search`, with repeats folded (`fold.py`): the question's limit is one of folds, and they are counted."""
        return self._found(viewer, question, reason, where, lambda ask: fold.newest(ask, question.limit))

    def _found(
        self,
        viewer: Viewer,
        question: Question,
        reason: str,
        where: str,
        find: Callable[[Callable[[int], list[Login]]], list[Login]],
    ) -> list[Login]:
        """What `find` makes of a function that gives the newest so many logins; one look-up on record."""
        scope = self._admitted(viewer, What.SEARCH, reason, where)

        def ask(number: int) -> list[Login]:
            narrowed = msgspec.structs.replace(question, scope=scope, limit=number)
            found = [login for login in self._source.logins(narrowed) if access.answers(narrowed, login)]
            return [seen for login in found if (seen := access.seen(scope, login))]

        rows = None
        try:
            shown = find(ask)
            rows = len(shown)
        finally:
            self._audit.record(What.SEARCH, viewer, where=where, reason=reason.strip(), rows=rows, question=question)
        return shown

    def explain(self, viewer: Viewer, login_id: str, reason: str, *, where: str) -> Login:
        """One login with the evidence that `viewer` may see. Raises LoginUnknown also for one that may not be seen."""
        scope = self._admitted(viewer, What.LOGIN, reason, where)
        shown, rows = None, None
        try:
            found = self._source.login(login_id)
            shown = access.seen(scope, found) if found else None
            rows = 1 if shown else 0
        finally:
            self._audit.record(
                What.LOGIN, viewer, where=where, reason=reason.strip(), rows=rows, asked={"login": login_id[:64]}
            )
        if shown is None:
            raise LoginUnknown("no such login")
        return shown

    def stats(self, viewer: Viewer, question: Question, by: Sequence[str], reason: str, *, where: str) -> list[Count]:
        """Counts of the logins that `viewer` may see."""
        scope = self._admitted(viewer, What.STATS, reason, where)
        unknown = [group for group in by if group not in list(Group)]
        if unknown:
            raise AccessRefused(f"logins are not counted by {unknown[0][:40]}", hint=f"one of {', '.join(Group)}")
        rows = None
        try:
            found = self._source.counts(msgspec.structs.replace(question, scope=scope), by)
            rows = len(found)
        finally:
            self._audit.record(
                What.STATS, viewer, where=where, reason=reason.strip(), rows=rows, question=question,
                asked={"by": ",".join(by)},
            )  # fmt: skip
        return found

    def tested(self, viewer: Viewer, realm: str, reason: str, *, where: str, result: str) -> None:
        """Put a live login test on record before its result is shown. Raises ReasonMissing, AccessRefused."""
        self._admitted(viewer, What.TEST, reason, where)
        self._audit.record(
            What.TEST, viewer, where=where, reason=reason.strip(), asked={"realm": realm[:253]}, note=result[:200]
        )

    def audited(self, viewer: Viewer, wanted: Wanted, *, where: str) -> list[Shown]:
        """Entries of the audit log, for an auditor; that is on record, too. Raises AccessRefused, AuditFailed."""
        self._auditor(viewer, where)
        found = audit_check.search(self._audit, wanted)
        asked = {name: str(value) for name, value in msgspec.to_builtins(wanted).items()}
        about = {"about": asked.pop("about")} if wanted.about else {}
        self._audit.record(What.AUDIT, viewer, where=where, rows=len(found), asked=asked, about=about)
        return found

    def verified(self, viewer: Viewer, *, where: str) -> Verdict:
        """Whether the audit log is as it was written, for an auditor. Raises AccessRefused, AuditFailed."""
        self._auditor(viewer, where)
        verdict = audit_check.verify(self._audit)
        self._audit.record(What.AUDIT, viewer, where=where, note=f"verified: {'whole' if verdict.whole else 'broken'}")
        return verdict

    def _admitted(self, viewer: Viewer, what: What, reason: str, where: str) -> Scope:
        scope = access.scope_of(viewer)
        if scope == access.NOTHING:
            self._audit.record(what, viewer, where=where, note="refused: the role sees no logins")
            raise AccessRefused(f"a {viewer.role} sees no logins", hint="ask a helpdesk or the federation")
        said = reason.strip()
        if len(said) < 2 or len(said) > REASON_LIMIT or not re.search(REASON, said):
            problem = "no reason was given" if len(said) < 2 else "the reason is too long, or not one line of text"
            raise ReasonMissing(problem)
        self._pace(viewer.name)
        return scope

    def _auditor(self, viewer: Viewer, where: str) -> None:
        if viewer.role not in (Role.AUDITOR, Role.ENGINEER):
            self._audit.record(What.AUDIT, viewer, where=where, note="refused: no auditor")
            raise AccessRefused("only an auditor reads the audit log")
