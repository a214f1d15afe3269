"""What a store says of itself: the version of its layout, by what its keys are told, how long things are kept."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Annotated

import msgspec

from ggi_net.errors import FileMissing, Place, StoreDamaged, StoreKeyMissing, StoreKeyWrong, StoreMissing
from ggi_net.files import read_bytes, write_atomic
from ggi_net.model.types import Record

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ggi_net.authlog.store.keys import Keys

Days = Annotated[int, msgspec.Meta(ge=1, le=3660)]


class Retention(Record, frozen=True, kw_only=True):
    """How many days things are kept.

    `plain` holds for what names people as it stands: lines, identities, MAC addresses. `hashed` for what is left of a
    login then: keyed hashes, and what names nobody; six months is the usual duty of a home organisation. `gemeenten`
    has the days of those that chose less, by slug; theirs are the logins of their own users, and those at their sites
    of users whose home nobody knows.
    """

    plain: Days = 30
    hashed: Days = 183
    gemeenten: dict[str, Days] = msgspec.field(default_factory=dict)

    def choosing(self, *days: Mapping[str, int]) -> Retention:
        """The same, with the days that gemeenten chose; of one gemeente the last one holds."""
        return msgspec.structs.replace(self, gemeenten={slug: count for some in days for slug, count in some.items()})


class Identity(Record, frozen=True, kw_only=True):
    """`keys` has for each key's name the value that tells it (`Keys.check`)."""

    keys: dict[str, str] = msgspec.field(default_factory=dict)
    retention: Retention = Retention()

    @classmethod
    def new(cls, keys: Keys) -> Identity:
        """Of a new store."""
        return cls(keys={name: keys.check(name) for name in keys.names})

    @classmethod
    def read(cls, folder: Path) -> Identity:
        """Of the store in `folder`; raise StoreMissing or StoreDamaged."""
        path = folder / "store.json"
        try:
            return msgspec.json.decode(read_bytes(path), type=cls)
        except FileMissing:
            raise StoreMissing("no store of logins is here", place=Place(str(folder))) from None
        except msgspec.MsgspecError as error:
            raise StoreDamaged(f"can't be read: {error}", place=Place(str(path))) from None

    def write(self, folder: Path) -> None:
        """Keep it. Raises DiskFull or FileError."""
        write_atomic(
            folder / "store.json", msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n", mode=0o640
        )

    def admit(self, folder: Path, keys: Keys, used: set[str]) -> None:
        """See that `keys` are the right ones and that those in `used` are among them; take note of new ones.

        Raises StoreKeyWrong or StoreKeyMissing.
        """
        place = Place(str(folder))
        for name in keys.names:
            if name in self.keys and not hmac.compare_digest(self.keys[name], keys.check(name)):
                raise StoreKeyWrong(f"the value of {name} is another one than this store was written with", place=place)
        if missing := sorted(used - set(keys.names)):
            raise StoreKeyMissing(f"logins are stored that were hashed with {missing[0]}", place=place)
        if new := {name: keys.check(name) for name in keys.names if name not in self.keys}:
            msgspec.structs.replace(self, keys=self.keys | new).write(folder)
