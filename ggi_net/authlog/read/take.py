"""Taking all lines of a pattern out of a block: what `alike.py` says, done by compiled loops."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from ggi_net.authlog.read import kernels
from ggi_net.authlog.read.alike import NAMED, key_of
from ggi_net.authlog.read.cut import PLAIN

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from numpy.typing import NDArray

    from ggi_net.authlog.read.alike import Hole, Pattern
    from ggi_net.authlog.read.cut import Cut, Places

_KINDS = {
    ("mac", "mac"): kernels.MAC,
    ("mac", "hash"): kernels.HASH,
    ("called", "mac"): kernels.MAC,
    ("called", "station"): kernels.STATION,
    ("operator", "word"): kernels.OPERATOR,
    ("host", "word"): kernels.HOST,
    ("_pid", "word"): kernels.PID,
}
"""What a hole is, by its name and the kind of its notation."""
_SSID_AT = 18
_DIGITS = 12


class Taken(NamedTuple):
    """Lines that a pattern took: their places among the lines of the block, their columns (a text is that of all),
    and their times, if any stands there."""

    lines: Places
    columns: dict[str, pa.Array | str]
    times: Places | None
    in_utc: bool


def taken(pattern: Pattern, data: bytes, cut: Cut, lines: Places, reference: datetime) -> tuple[Taken, Places]:
    """Return what is of the pattern among `lines`, places of lines that are no longer than MOST, and the others."""
    letters = np.frombuffer(data, np.uint8)
    plan, texts, reason = _planned(pattern)
    lines, shape = lines.copy(), (len(plan) - 1, len(lines))
    places, begins, times = np.empty_like(lines), np.empty(shape, np.int64), np.empty(shape, np.int64)
    sizes, seen = np.empty(shape, np.int32), np.zeros(shape[0], np.int64)
    count = kernels.match(
        letters, cut.starts, cut.ends, lines, plan, texts, _LETTERS, _NAMED, reason, places, begins, sizes, times, seen
    )
    left, places = lines[: len(lines) - count], places[:count]
    held = [_Values(letters, begins[hole, :count], sizes[hole, :count]) for hole in range(len(seen))]
    micros: dict[str, Places] = {}
    ok = np.ones(count, bool)
    for number, hole in enumerate(pattern.holes):
        if hole.form and count:
            rows = letters[times[number, : seen[number], None] + np.arange(hole.form.width)]
            read, valid = hole.form.micros(rows, reference)
            micros[hole.name], ok = read[held[number].begins], ok & valid[held[number].begins]
    if not ok.all():
        left, places = np.concatenate([left, places[~ok]]), places[ok]
        held = [_Values(letters, one.begins[ok], one.sizes[ok]) for one in held]
        micros = {name: read[ok] for name, read in micros.items()}
    columns: dict[str, pa.Array | str] = dict(pattern.columns)
    for hole, values in zip(pattern.holes, held, strict=True):
        columns |= _columns(pattern, hole, values)
    starts = cut.starts[places]
    columns["raw"] = _Values(letters, starts, (cut.ends[places] - starts).astype(np.int32)).texts()
    in_utc = any(hole.name == "time" and hole.form is not None and hole.form.in_utc for hole in pattern.holes)
    return Taken(places, columns, micros.get("time"), in_utc), left


class _Values(NamedTuple):
    """Values of many lines: where in the bytes each lies."""

    letters: NDArray[np.uint8]
    begins: Places
    sizes: NDArray[np.int32]

    def texts(self, skip: int = 0, *, lower: bool = False) -> pa.Array | str:
        """Return them as texts, without their first `skip` bytes; one text when all are the same."""
        begins, sizes = self.begins + skip, self.sizes - np.int32(skip)
        if len(begins) and kernels.all_same(self.letters, begins, sizes):
            text = self.letters[begins[0] : begins[0] + sizes[0]].tobytes().decode("ascii")
            return text.lower() if lower else text
        offsets = np.zeros(len(begins) + 1, np.int32)
        out = np.empty(int(sizes.sum()), np.uint8)
        kernels.copy(self.letters, begins, sizes, offsets, out)
        if lower:
            kernels.lower(out)
        return pa.StringArray.from_buffers(len(begins), pa.py_buffer(offsets), pa.py_buffer(out))

    def realms(self) -> pa.Array | str:
        """Return what stands behind the @ of identities, in lower case."""
        begins, sizes = np.empty_like(self.begins), np.empty_like(self.sizes)
        kernels.behind_at(self.letters, self.begins, self.sizes, begins, sizes)
        return _Values(self.letters, begins, sizes).texts(lower=True)

    def digits(self) -> pa.Array:
        """Return the digits of MACs in six parts."""
        offsets = np.arange(0, (len(self.begins) + 1) * _DIGITS, _DIGITS, dtype=np.int32)
        out = np.empty(len(self.begins) * _DIGITS, np.uint8)
        kernels.copy_digits(self.letters, self.begins, out)
        return pa.StringArray.from_buffers(len(self.begins), pa.py_buffer(offsets), pa.py_buffer(out))


def _columns(pattern: Pattern, hole: Hole, values: _Values) -> dict[str, pa.Array | str]:
    """Return the columns that a hole gives."""
    match hole.name:
        case "mac" if hole.notation.kind == "hash":
            return {"mac": values.texts(hole.notation.skip)}
        case "mac":
            return {"mac": values.digits()}
        case "called":
            return {"ap": values.digits(), "ssid": values.texts(_SSID_AT) if hole.notation.kind == "station" else ""}
        case "operator":
            return {"operator": values.texts(1, lower=True)}
        case "realm":
            return {"realm": values.texts(lower=True)}
        case "outer" if any(other.name == "realm" for other in pattern.holes):
            return {"outer": values.texts()}
        case "outer":
            is_identity = hole.notation.kind == "identity"
            return {"outer": values.texts(), "realm": values.realms() if is_identity else ""}
        case name if name[0] == "_" or hole.form:
            return {}
        case name:
            return {name: values.texts()}


@lru_cache(maxsize=1024)
def _planned(pattern: Pattern) -> tuple[NDArray[np.int32], NDArray[np.uint8], Places]:
    """Return the plan of a pattern, the texts between its holes, and the table of words that no name may be."""
    texts, plan = b"", []
    for hole in pattern.holes:
        texts += hole.text
        kind, separator, skip, width = hole.notation
        if hole.form:
            row = kernels.TIME, hole.form.width, 0, 0, 0
        elif kind == "identity":
            row = kernels.IDENTITY, 0, 0, 0, 1
        else:
            what = _KINDS.get((hole.name, kind), kernels.WORD)
            row = what, width, skip, ord(separator or "\0"), int(hole.name in ("outer", "inner"))
        plan.append((len(texts), *row))
    texts += pattern.tail
    plan.append((len(texts), kernels.END, 0, 0, 0, 0))
    return np.array(plan, np.int32), np.frombuffer(texts, np.uint8), _table_of(pattern.reason)


def _table_of(keys: Iterable[int]) -> Places:
    """Return keys as a table that `kernels.holds` looks into."""
    known = set(keys)
    table = np.zeros(1 << (4 * len(known)).bit_length(), np.int64)
    for key in known:
        slot = kernels.slot_of(key, len(table))
        while table[slot]:
            slot = (slot + 1) % len(table)
        table[slot] = key
    return table


def _letters() -> Places:
    """Return what the kernels are told of each byte."""
    flags = (
        (kernels.IN_WORD, PLAIN),
        (kernels.HEX, "0123456789abcdefABCDEF"),
        (kernels.LOW_HEX, "0123456789abcdef"),
        (kernels.GAP, "-:."),
    )
    return np.array(
        [letter & kernels.ASCII | sum(flag for flag, of in flags if chr(letter) in of) for letter in range(256)],
        np.int64,
    )


_LETTERS = _letters()
_NAMED = _table_of(key_of(word) for word in NAMED)
