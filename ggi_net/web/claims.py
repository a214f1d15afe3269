"""What the claims of a provider mean here: a name, a role, gemeenten."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ggi_net.authlog.question import Role, Viewer
from ggi_net.errors import ProviderRefused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ggi_net.web.settings import Oidc

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LONGEST_NAME = 200


def viewer_of(claims: Mapping[str, Any], settings: Oidc) -> Viewer:
    """Who somebody is here. Raises ProviderRefused for claims that give no role.

    The first rule that fits gives the role; a helpdesk works for the gemeenten of all helpdesk rules that fit.
    """
    values = texts_at(claims, settings.roles_claim)
    rules = [rule for rule in settings.rules if rule.value in values]
    if not rules:
        raise ProviderRefused("no role here belongs to what the provider says", hint="add a rule to `oidc` for them")
    role = rules[0].role
    gemeenten: list[str] = []
    if role is Role.HELPDESK:
        claimed = [slug for slug in texts_at(claims, settings.gemeenten_claim) if _SLUG.fullmatch(slug)]
        for rule in rules:
            if rule.role is Role.HELPDESK:
                gemeenten += rule.gemeenten or claimed
        if not gemeenten:
            raise ProviderRefused("a helpdesk without a gemeente")
    return Viewer(name=_name(claims, settings.name_claim), role=role, gemeenten=tuple(dict.fromkeys(gemeenten)))


def texts_at(claims: Mapping[str, Any], path: str) -> list[str]:
    """The texts of a claim, which may stand deeper (`realm_access.roles`); nothing when it is something else."""
    found: Any = claims
    for step in path.split("."):
        found = found.get(step) if isinstance(found, dict) else None
    if isinstance(found, str):
        return [found]
    return [text for text in found if isinstance(text, str)] if isinstance(found, list) else []


def _name(claims: Mapping[str, Any], claim: str) -> str:
    """The name that the audit log has: a readable one, else the number that the provider knows them by."""
    for name in (*texts_at(claims, claim), str(claims["sub"])):
        if name.strip() and name.isprintable() and len(name) <= _LONGEST_NAME:
            return name.strip()
    raise ProviderRefused("the provider gives no name that can be put on record")
