"""The store as those who ingest see it: what is committed, and a way to commit. It needs neither keys nor DuckDB."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ggi_net.authlog.ingest.sources import Sources
from ggi_net.authlog.store import hot, manifest
from ggi_net.authlog.store.keys import Keys
from ggi_net.authlog.store.store import Store
from ggi_net.paths import state_folder
from ggi_net.secrets import LabSecrets, open_backend

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ggi_net.authlog.ingest.settings import LogSettingsFile
    from ggi_net.authlog.store.manifest import Manifest

OWN_KEY = "secret://logs/store"
"""The reference of the key that is made where the settings name none."""


class Committer:
    """Commits to the hot files of a store."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._hot = folder / "hot"
        self._read: tuple[object, Manifest] | None = None

    def ranges(self, source: str) -> Sequence[tuple[int, int]]:
        """Which bytes of `source` are stored. The files first: what leaves them stands in a manifest already."""
        name = hot.digest(source)
        files = hot.listed(self._hot, name)
        return hot.ranges_of(name, files, self._manifest())

    def add(self, table: Any, source: str, begin: int, end: int, *, turn: Callable[[], object] | None = None) -> None:
        """Commit the lines of bytes `begin` to `end` of `source`, after `turn`, as `hot.commit` does."""
        hot.commit(self._hot, table, source, begin, end, turn=turn)

    def _manifest(self) -> Manifest:
        """The manifest, read again only when it was replaced: a new file each time."""
        found = manifest.path_of(self._folder).stat()
        state = (found.st_ino, found.st_mtime_ns, found.st_size)
        if self._read is None or self._read[0] != state:
            self._read = state, manifest.read(self._folder)
        return self._read[1]


@lru_cache(maxsize=4)
def opened(folder: Path) -> tuple[Sources, Committer]:
    """The sources that the store in `folder` knows, and its committer. Raises StoreMissing."""
    manifest.read(folder)
    return Sources(folder / "ingest"), Committer(folder)


def keys_of(settings: LogSettingsFile, say: Callable[[str], None], password_file: Path | None = None) -> Keys:
    """The keys of the store's hashes: those of the settings, else one of this user's own, made when there is none.

    Raises SecretError, StoreKeyMissing or FileError.
    """
    if settings.keys:
        return Keys.of(open_backend(settings.secrets, password_file), settings.keys)
    file = state_folder() / "logs.key"
    if file.exists():
        return Keys.of(LabSecrets.read(file), [OWN_KEY])
    say(f"no key is named for the store: made one in {file}; without it, nobody finds anything by name in that store")
    return Keys.of(LabSecrets.create(file), [OWN_KEY])


def make_store(settings: LogSettingsFile, say: Callable[[str], None]) -> None:
    """Make the store of the settings unless it is there. Raises as `Store.open` and `keys_of` do."""
    folder = Path(settings.store)
    if not manifest.path_of(folder).exists():
        Store.open(folder, keys_of(settings, say), create=True).close()
