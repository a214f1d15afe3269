# ruff: noqa: S608  only names of columns and tables stand in the texts
"""Erasing one person or one device on request (AVG, article 17), with a proof of what was done."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Final

import msgspec
import pyarrow as pa

from ggi_net.authlog.store import hot
from ggi_net.authlog.store.change import empty_trash, replace
from ggi_net.authlog.store.erased import Erased, Tombstone
from ggi_net.authlog.store.owners import named
from ggi_net.authlog.store.sets import COPY_COLUMNS, LINE_COLUMNS, LOGIN_COLUMNS, rows_of
from ggi_net.errors import ErasureRefused, Place, StoreDamaged
from ggi_net.files import write_atomic
from ggi_net.model.types import Record

if TYPE_CHECKING:
    from pathlib import Path

    from ggi_net.authlog.login import Login
    from ggi_net.authlog.store.keys import Keys
    from ggi_net.authlog.store.manifest import File, FileSet, Manifest
    from ggi_net.authlog.store.owners import Key
    from ggi_net.authlog.store.sets import Writer
    from ggi_net.authlog.store.view import View

_NOBODY: Final = frozenset({"", "anonymous", "anoniem", "guest", "@"})
"""Local parts of identities that are not one person's."""
_MAC: Final = re.compile(r"[0-9a-f]{12}\Z")


class Rewritten(Record, frozen=True, kw_only=True):
    """A file that was replaced: its SHA-256, and those of the files that came instead (none when nothing was left)."""

    path: str
    before: str
    after: dict[str, str]


class Removed(Record, frozen=True, kw_only=True):
    """What was removed at once: lines and logins of a `day`, or lines of one hot file (no day)."""

    day: str = ""
    lines: int = 0
    logins: int = 0
    files: tuple[Rewritten, ...] = ()


class Proof(Record, frozen=True, kw_only=True):
    """What an erasure did. It names the person by keyed hashes only.

    `days` and so many `hot_files` were searched, and `removed` from them what is listed. `left` is what a second search
    found, which has to be nothing. An erasure without `ended` was stopped: the same one again completes it.
    """

    kind: str
    hashes: dict[str, int]
    reason: str
    begun: datetime
    ended: datetime | None = None
    days: tuple[str, ...] = ()
    hot_files: int = 0
    removed: tuple[Removed, ...] = ()
    left: int = 0

    @property
    def lines(self) -> int:
        """Lines that were removed."""
        return sum(one.lines for one in self.removed)

    @property
    def logins(self) -> int:
        """Logins that were removed from the days; hot ones go with their lines."""
        return sum(one.logins for one in self.removed)


def read_proof(path: Path) -> Proof:
    """A proof that was kept; raise StoreDamaged."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Proof)
    except msgspec.MsgspecError as error:
        raise StoreDamaged(f"the proof of an erasure can't be read: {error}", place=Place(str(path))) from None


def unfinished(folder: Path) -> list[Proof]:
    """Erasures in the store of `folder` that were stopped, and have to be asked for again; raise StoreDamaged."""
    proofs = [read_proof(path) for path in sorted((folder / "erasures").glob("*.json"))]
    return [proof for proof in proofs if proof.ended is None]


def subject(*, identity: str = "", mac: str = "") -> tuple[str, str]:
    """What is to be erased: `identity` or `mac`, and its text in lower case. Raises ErasureRefused for nobody's."""
    if bool(identity) == bool(mac):
        raise ErasureRefused("an erasure is of one identity or of one MAC address")
    if mac:
        digits = re.sub(r"[-:. ]", "", mac.lower())
        if not _MAC.match(digits):
            raise ErasureRefused("that is no MAC address")
        return "mac", digits
    local = identity.strip().rpartition("\\")[2].partition("@")[0].lower()
    if local in _NOBODY:
        raise ErasureRefused("an anonymous identity is used by many people")
    return "identity", identity.strip().casefold()


class Eraser:
    """Erases one subject from a store, under its lock."""

    def __init__(self, folder: Path, writer: Writer, keys: Keys, kind: str, text: str) -> None:
        self._folder, self._writer, self._kind, self._text = folder, writer, kind, text
        hashed = keys.mac if kind == "mac" else keys.identity
        self._hashes = {name: hashed(text, name) for name in keys.names}
        self._proofs = folder / "erasures"
        self._name = f"{next(iter(self._hashes.values())):016x}"

    def run(self, view: View, reason: str, now: datetime) -> Proof:
        """Erase what `view` shows and return the proof, which is kept in `erasures/` as well.

        Can be stopped anywhere: the next run of the same erasure goes on. Raises DiskFull or StoreDamaged.
        """
        proof = self._hot(view, self._begun(view, reason, now), now)
        manifest = view.manifest
        numbers = self._numbers(view, manifest)
        for name in sorted(manifest.days, reverse=True):  # lines of a login that stand in the next day go before it
            manifest, proof = self._day(view, manifest, name, numbers, proof, now)
        empty_trash(self._folder, manifest, now, at_once=[one.path for one in manifest.trash])
        sets = [one for day in manifest.days.values() for one in day.sets]
        left = len(self._numbers(view, manifest)) + sum(len(self._lines(view, one, set())) for one in sets)
        proof = msgspec.structs.replace(proof, ended=datetime.now(UTC), days=tuple(sorted(manifest.days)), left=left)
        self._keep(proof)
        return proof

    def _begun(self, view: View, reason: str, now: datetime) -> Proof:
        """A new proof, or that of a run that was stopped, without what it announced and didn't do."""
        before = [read_proof(path) for path in self._proofs.glob(f"{self._name}-*.json")]
        proof = next((one for one in before if not one.ended), None)
        proof = proof or Proof(kind=self._kind, hashes=self._hashes, reason=reason, begun=now)
        live = {file.path for file in view.manifest.files()}
        done = tuple(one for one in proof.removed if not any(self._still(one, file, live) for file in one.files))
        proof = msgspec.structs.replace(proof, removed=done)
        self._keep(proof)
        return proof

    def _still(self, one: Removed, file: Rewritten, live: set[str]) -> bool:
        """Whether a file that was to be replaced is there as it was."""
        if one.day:
            return file.path in live
        path = self._folder / file.path
        return path.exists() and _sha256(path) == file.before

    def _keep(self, proof: Proof) -> None:
        path = self._proofs / f"{self._name}-{proof.begun:%Y%m%dT%H%M%S%f}.json"
        write_atomic(path, msgspec.json.format(msgspec.json.encode(proof), indent=1) + b"\n", mode=0o640)

    def _hot(self, view: View, proof: Proof, now: datetime) -> Proof:
        """From the hot files and the lines that wait; and let none come in again that is from before now."""
        evidence = {named(line) for login in view.hot.logins.values() if self._is_of(login) for line in login.lines}
        paths = [file.path for file in view.hot_files] + [self._folder / file.path for file in view.manifest.carried]
        erased = Erased.read(self._folder)
        tombstone = Tombstone(kind=self._kind, hashes=self._hashes, at=now)
        others = tuple(one for one in erased.tombstones if one.hashes != self._hashes)
        Erased((*others, tombstone)).write(self._folder)
        for path in paths:
            proof = self._hot_file(view, path, evidence, proof)
        return msgspec.structs.replace(proof, hot_files=len(paths))

    def _hot_file(self, view: View, path: Path, evidence: set[Key], proof: Proof) -> Proof:
        try:
            table = hot.read([path])
        except FileNotFoundError:
            return proof
        with view.engine.given("hot_file", table):
            gone = evidence | self._named(view, "hot_file", "false")
        columns = [table.column(name).to_pylist() for name in ("source", "offset")]
        rest = table.filter(pa.array([one not in gone for one in zip(*columns, strict=True)], pa.bool_()))
        if rest.num_rows == table.num_rows:
            return proof
        short, content = str(path.relative_to(self._folder)), hot.content(rest)
        file = Rewritten(path=short, before=_sha256(path), after={short: hashlib.sha256(content).hexdigest()})
        done = Removed(lines=table.num_rows - rest.num_rows, files=(file,))
        proof = msgspec.structs.replace(proof, removed=(*proof.removed, done))
        self._keep(proof)  # first: what was replaced could not be told afterwards
        write_atomic(path, content, mode=0o640)
        return proof

    def _day(
        self, view: View, manifest: Manifest, name: str, numbers: set[int], proof: Proof, now: datetime
    ) -> tuple[Manifest, Proof]:
        """From the sets of a day, all at once."""
        day = manifest.days[name]
        lent = {
            (line.source, line.offset) for each in manifest.days.values() for line in each.lent if line.login in numbers
        }
        sets: list[FileSet] = []
        files: list[Rewritten] = []
        lines = logins = 0
        for one in day.sets:
            gone = self._lines(view, one, numbers) | (lent & self._kept_in(view, one, lent))
            own = self._logins(view, one)
            left = self._without(view, name, one, gone) if gone or own else one
            if left:
                sets.append(left)
            if left is not one:
                lines, logins = lines + len(gone), logins + len(own)
                files += self._rewritten(one, left)
        kept = tuple(line for line in day.lent if line.login not in numbers)
        if not files and kept == day.lent:
            return manifest, proof
        days = manifest.days | {name: msgspec.structs.replace(day, sets=tuple(sets), lent=kept)}
        done = Removed(day=name, lines=lines, logins=logins, files=tuple(files))
        proof = msgspec.structs.replace(proof, removed=(*proof.removed, done))
        self._keep(proof)
        return replace(self._folder, manifest, now, days=days), proof

    def _numbers(self, view: View, manifest: Manifest) -> set[int]:
        """The numbers of the subject's logins."""
        sets = [one for day in manifest.days.values() for one in day.sets]
        return {number for one in sets for number in self._logins(view, one)}

    def _logins(self, view: View, one: FileSet) -> list[int]:
        rows = view.engine.rows(f"SELECT number FROM {rows_of('logins', [one], self._folder)} WHERE {self._is}")
        return [row[0] for row in rows]

    def _lines(self, view: View, one: FileSet, numbers: set[int]) -> set[Key]:
        """The lines of a set that name the subject, or are evidence of its logins."""
        evidence = f"login IN ({', '.join(map(str, sorted(numbers)))})" if numbers else "false"
        return self._named(view, rows_of("lines", [one], self._folder), evidence)

    def _kept_in(self, view: View, one: FileSet, names: set[Key]) -> set[Key]:
        """Which of some lines stand in a set."""
        if not names:
            return set()
        with view.engine.given("borrowed", _names(names)):
            return set(
                view.engine.rows(
                    f'SELECT source, "offset" FROM {rows_of("lines", [one], self._folder)} SEMI JOIN borrowed '
                    'USING (source, "offset")'
                )
            )

    def _named(self, view: View, rows: str, evidence: str) -> set[Key]:
        """Which of `rows`, a table in a FROM, have to go. A longer name that has the subject's in it is another's."""
        raw = "regexp_replace(lower(raw), '[-:.]', '', 'g')" if self._kind == "mac" else "lower(raw)"
        columns = ("mac",) if self._kind == "mac" else ("outer", "inner")
        same = " OR ".join(f'lower("{column}") = $1' for column in columns)
        found = view.engine.rows(
            f'SELECT source, "offset", raw, coalesce(({same}) OR {evidence}, false) FROM {rows} '
            f"WHERE {same} OR {evidence} OR contains({raw}, $1)",
            [self._text],
        )
        return {(source, offset) for source, offset, text, sure in found if sure or self._pattern.search(text)}

    def _without(self, view: View, name: str, one: FileSet, gone: set[Key]) -> FileSet | None:
        """The set without the subject."""
        logins, lines, copies = (rows_of(kind, [one], self._folder) for kind in ("logins", "lines", "copies"))
        with view.engine.given("gone", _names(gone)):
            return self._writer.write(
                name,
                key=one.key,
                lines=f'SELECT {LINE_COLUMNS} FROM {lines} ANTI JOIN gone USING (source, "offset")',
                logins=f"SELECT {LOGIN_COLUMNS} FROM {logins} WHERE NOT ({self._is})",
                copies=f"SELECT {COPY_COLUMNS} FROM {copies} WHERE (of_source, of_offset) NOT IN "
                '(SELECT (source, "offset") FROM gone)',
            )

    def _rewritten(self, one: FileSet, left: FileSet | None) -> list[Rewritten]:
        """The files of a set and what came instead, kind by kind."""
        found = []
        for kind in ("lines", "logins", "copies", "index", "hours", "days"):
            olds: tuple[File, ...] = getattr(one, kind)
            news: tuple[File, ...] = getattr(left, kind) if left else ()
            after = {file.path: _sha256(self._folder / file.path) for file in news}
            found += [Rewritten(path=file.path, before=_sha256(self._folder / file.path), after=after) for file in olds]
        return found

    def _is_of(self, login: Login) -> bool:
        if self._kind == "mac":
            return login.mac == self._text
        return self._text in (login.outer.casefold(), login.inner.casefold())

    @property
    def _is(self) -> str:
        """That a stored login is the subject's."""
        hashes = ", ".join(map(str, self._hashes.values()))
        columns = ("mac_hash",) if self._kind == "mac" else ("outer_hash", "inner_hash")
        return " OR ".join(f"{column} IN ({hashes})" for column in columns)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        """The subject in a text, not as a part of a longer name."""
        if self._kind == "mac":
            return re.compile(r"(?<![0-9a-f])" + "[-:.]?".join(self._text) + r"(?![0-9a-f])", re.IGNORECASE)
        return re.compile(rf"(?<![\w.+-]){re.escape(self._text)}(?![\w-])(?!\.\w)", re.IGNORECASE)


def _names(lines: set[Key]) -> pa.Table:
    rows = sorted(lines)
    columns = {"source": [source for source, _ in rows], "offset": [offset for _, offset in rows]}
    return pa.table(columns, schema=pa.schema([("source", pa.string()), ("offset", pa.int64())]))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
