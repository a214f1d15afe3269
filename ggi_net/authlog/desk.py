"""All that answers questions about logins, opened from the settings of the logs: for the command line and the pages."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ggi_net.authlog.assemble import assemble
from ggi_net.authlog.audit import open_audit
from ggi_net.authlog.causes.catalogue import Catalogue
from ggi_net.authlog.helpdesk import Helpdesk
from ggi_net.authlog.ingest.opened import keys_of
from ggi_net.authlog.knowledge import DriftKnowledge
from ggi_net.authlog.patterns import patterns
from ggi_net.authlog.places import Places, read_places
from ggi_net.authlog.store.store import Store
from ggi_net.secrets import open_backend

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ggi_net.authlog.ingest.settings import LogSettingsFile
    from ggi_net.authlog.knowledge import Knowledge, Remark
    from ggi_net.authlog.line import Line
    from ggi_net.authlog.login import Login
    from ggi_net.authlog.words import Both


@dataclass(frozen=True, kw_only=True)
class Desk:
    """`knowledge` are the rooms that have something to say of the places of a login."""

    store: Store
    helpdesk: Helpdesk
    catalogue: Catalogue
    places: Places
    knowledge: tuple[Knowledge, ...] = ()

    def remarks(self, login: Login) -> list[Remark]:
        """What other rooms know of the places that a login passed, while it did; oldest first."""
        hosts = sorted({line.host for line in login.lines if line.host})
        said = {
            (remark.where, remark.text.nl): remark
            for room in self.knowledge
            for gemeente, site in {(login.visited, login.site), (login.home, "")}
            if gemeente or hosts
            for remark in room.said(gemeente, site, hosts, login.begin, login.end)
        }
        return sorted(said.values(), key=lambda remark: (remark.since, remark.where))

    def around(self, login: Login) -> list[Both]:
        """What is known beside its own lines: what many logins around it say together, and what other rooms know.

        Numbers only: nobody else's login can be told from them.
        """
        found = [pattern.text for pattern in patterns(login, self.store, self.places)]
        return found + [remark.text for remark in self.remarks(login)]


def open_store(settings: LogSettingsFile, places: Places, say: Callable[[str], None], *, create: bool = False) -> Store:
    """The store that the settings name, with all that makes logins of lines; `say` gets what a user should know.

    Raises SecretError, FileError, or what `Store.open` raises.
    """
    keys = keys_of(settings, say)
    catalogue = Catalogue.load()

    def logins(lines: Sequence[Line]) -> list[Login]:
        return assemble(lines, places, catalogue, key=keys.ids)

    return Store.open(Path(settings.store), keys, logins, create=create)


def open_desk(settings: LogSettingsFile, say: Callable[[str], None]) -> Desk:
    """Open everything; raises GgiError for what is missing or damaged."""
    places = places_of(settings)
    store = open_store(settings, places, say)
    return Desk(
        store=store,
        helpdesk=Helpdesk(store, open_audit(settings.audit, open_backend(settings.secrets))),
        catalogue=Catalogue.load(),
        places=places,
        knowledge=(DriftKnowledge(Path(settings.drift), places),) if settings.drift else (),
    )


def places_of(settings: LogSettingsFile) -> Places:
    """The places that the settings name, or none; raises FileError."""
    return read_places(Path(settings.places)) if settings.places else Places()
