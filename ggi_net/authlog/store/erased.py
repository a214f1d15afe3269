"""Who was erased: keyed hashes only, so that old logs that are read again don't bring a person back."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Final

import msgspec
import pyarrow as pa

from ggi_net.errors import Place, StoreDamaged
from ggi_net.files import write_atomic
from ggi_net.model.types import Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ggi_net.authlog.store.keys import Keys

_TOKENS: Final = re.compile(r"[^\s\[\]<>\"'(),;:=#/]{1,253}")
"""Where an identity or a MAC address can stand in a text."""
_MAC: Final = re.compile(r"(?:[0-9a-f]{2}[-:.]?){5}[0-9a-f]{2}", re.IGNORECASE)


class Tombstone(Record, frozen=True, kw_only=True):
    """One erasure: what was erased hashes to `hashes` (by each key, by its name); nothing from before `at` is kept."""

    kind: str
    hashes: dict[str, int]
    at: datetime


class Erased(Record, frozen=True):
    """All erasures."""

    tombstones: tuple[Tombstone, ...] = ()

    @classmethod
    def read(cls, folder: Path) -> Erased:
        """Those of a store; raise StoreDamaged."""
        path = folder / "erased.json"
        try:
            return msgspec.json.decode(path.read_bytes(), type=cls)
        except FileNotFoundError:
            return cls()
        except msgspec.MsgspecError as error:
            raise StoreDamaged(f"who was erased can't be read: {error}", place=Place(str(path))) from None

    def write(self, folder: Path) -> None:
        """Keep them."""
        write_atomic(folder / "erased.json", msgspec.json.encode(self), mode=0o640)

    def without(self, lines: pa.Table, keys: Keys) -> pa.Table:
        """`lines` (LINES) without those that are from before an erasure and name who was erased."""
        if not self.tombstones or not lines.num_rows:
            return lines
        latest = max(tombstone.at for tombstone in self.tombstones).replace(tzinfo=None)
        names = {
            (tombstone.kind, hashed): tombstone.at.replace(tzinfo=None)
            for tombstone in self.tombstones
            for hashed in tombstone.hashes.values()
        }
        columns = [lines.column(name).to_pylist() for name in ("time", "outer", "inner", "mac", "raw")]
        keep = [
            time > latest or not any(time <= names[name] for name in _named(texts, keys) if name in names)
            for time, *texts in zip(*columns, strict=True)
        ]
        return lines.filter(pa.array(keep, pa.bool_()))


def _named(texts: Sequence[str], keys: Keys) -> Iterator[tuple[str, int]]:
    """The hashes, by each key, of all that a line may name; `texts` are its identities, MAC address and raw text."""
    outer, inner, mac, raw = texts
    tokens = _TOKENS.findall(raw)
    identities = {outer, inner, *tokens, *(token.rstrip(".") for token in tokens)} - {""}
    macs = {mac, *(re.sub(r"[-:.]", "", found).lower() for found in _MAC.findall(raw))} - {""}
    for key in keys.names:
        for identity in identities:
            yield "identity", keys.identity(identity, key)
        for address in macs:
            yield "mac", keys.mac(address, key)
