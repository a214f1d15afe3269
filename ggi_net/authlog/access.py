"""Who may see which logins, and how much of each: one rule, for the store to search by and for what it gave back.

The rule is the federation's agreement on privacy (AVG, BIO2): a helpdesk sees the logins of its own users anywhere, and
those of visitors at its own sites without their inner identity, which is between a visitor and the home organisation.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from ggi_net.authlog.line import Hop, Kind
from ggi_net.authlog.question import Role, Scope

if TYPE_CHECKING:
    from ggi_net.authlog.line import Line
    from ggi_net.authlog.login import Login
    from ggi_net.authlog.question import Question, Viewer

NOTHING = Scope(everybody=False, inner=False)
"""The scope of those who see no logins."""


def scope_of(viewer: Viewer) -> Scope:
    """What `viewer` may see."""
    if viewer.role is Role.ENGINEER:
        return Scope()
    if viewer.role is Role.OPERATOR:
        return Scope(inner=False)
    if viewer.role is Role.HELPDESK:
        return Scope(everybody=False, inner=False, gemeenten=tuple(slug for slug in viewer.gemeenten if slug))
    return NOTHING


def admits(scope: Scope, login: Login) -> bool:
    """Whether the login may be seen at all."""
    return admits_between(scope, login.home, login.visited)


def admits_between(scope: Scope, home: str, visited: str) -> bool:
    """Whether logins of users of one gemeente at another one may be seen, and counted."""
    return scope.everybody or _one_of(scope, home) or _one_of(scope, visited)


def shows_inner(scope: Scope, login: Login) -> bool:
    """Whether its inner identity may be seen."""
    return scope.inner or _one_of(scope, login.home)


def seen(scope: Scope, login: Login) -> Login | None:
    """The login as it may be seen: None when it may not, else without what may not be."""
    if not admits(scope, login):
        return None
    if shows_inner(scope, login):
        return login
    lines = tuple(line for line in login.lines if not _tells(line, login))
    return msgspec.structs.replace(login, inner="", lines=lines)


def answers(question: Question, login: Login) -> bool:
    """Whether a login may be an answer: admitted, and where its inner identity is not shown, not found by it.

    Of a login that is so old that its identities are gone, only the store can tell.
    """
    if not admits(question.scope, login):
        return False
    if not question.user or shows_inner(question.scope, login):
        return True
    return not login.outer or login.outer.casefold() == question.user.casefold()


def _one_of(scope: Scope, gemeente: str) -> bool:
    return bool(gemeente) and gemeente in scope.gemeenten


def _tells(line: Line, login: Login) -> bool:
    """Whether a line tells the inner identity, in a field or in its text, or might: a line that no format knows."""
    if line.inner or line.kind is Kind.INNER:
        return True
    if line.kind is Kind.UNPARSED and line.hop in (Hop.HOME, Hop.UNKNOWN):
        return True
    return any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", line.raw, re.IGNORECASE) for name in _names(login))


def _names(login: Login) -> set[str]:
    """The inner identity and its local part, as far as the outer one doesn't tell them anyway."""
    return {name for name in (login.inner, _local(login.inner)) if name} - {login.outer, _local(login.outer)}


def _local(identity: str) -> str:
    """What stands before the @ (RFC 7542), and behind the \\ of a Windows domain."""
    return identity.partition("@")[0].rpartition("\\")[2]
