"""What is around every page: the menu, who is signed in, and the token that its forms carry."""

from __future__ import annotations

from ggi_net.authlog.question import Role, Viewer
from ggi_net.model.types import Record
from ggi_net.web.words import Both

ROLES = {
    Role.HELPDESK: Both("helpdesk", "helpdesk"),
    Role.OPERATOR: Both("landelijk beheer", "federation operator"),
    Role.AUDITOR: Both("auditor", "auditor"),
    Role.ENGINEER: Both("beheerder", "engineer"),
}


class Item(Record, frozen=True):
    """An entry of the menu."""

    path: str
    words: Both


_SEARCH = Item("/", Both("Zoeken", "Search"))
_OVERVIEW = Item("/overzicht", Both("Overzicht", "Overview"))
_AUDIT = Item("/audit", Both("Audit", "Audit"))
_HELP = Item("/hulp", Both("Hulp", "Help"))
_MENUS = {
    Role.HELPDESK: (_SEARCH, _OVERVIEW, _HELP),
    Role.OPERATOR: (_SEARCH, _OVERVIEW, _HELP),
    Role.AUDITOR: (_AUDIT, _HELP),
    Role.ENGINEER: (_SEARCH, _OVERVIEW, _AUDIT, _HELP),
}


class Frame(Record, frozen=True, kw_only=True):
    """See the module. `here` is the path of the page, `viewer` None while nobody is signed in."""

    here: str
    viewer: Viewer | None = None
    csrf: str = ""
    can_leave: bool = False

    @property
    def menu(self) -> tuple[Item, ...]:
        """The pages that the viewer can open."""
        return _MENUS[self.viewer.role] if self.viewer else (_HELP,)

    @property
    def role(self) -> Both:
        """The viewer's role in words."""
        return ROLES[self.viewer.role] if self.viewer else Both("", "")
