"""Hot files: what ingest workers commit every few seconds, each file by one worker, before anything is sorted.

The name of a file says which log it is of and which bytes; its being there is the commit. So the position in a log
follows from the files, and a worker that was killed goes on where it was.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from ggi_net.authlog.line import REPEATED
from ggi_net.authlog.store.columns import LINES
from ggi_net.authlog.store.manifest import holds, merged
from ggi_net.errors import Place, StoreDamaged
from ggi_net.files import write_atomic

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ggi_net.authlog.store.manifest import Manifest, Range


_PAGE = 64 << 10
"""So many bytes are compressed at once, while they are in the processor's cache."""


class HotFile(NamedTuple):
    """A committed file: its path, the digest of its log's name, and the bytes that it is of."""

    path: Path
    digest: str
    begin: int
    end: int


def digest(source: str) -> str:
    """How a log's name, which may hold anything, stands in file names."""
    return hashlib.blake2b(source.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def commit(
    folder: Path, table: pa.Table, source: str, begin: int, end: int, *, turn: Callable[[], object] | None = None
) -> Path:
    """Write the lines of bytes `begin` to `end` of `source`; when this returns they are on the disk.

    `turn` is called when they are written, before they count: it may wait, or raise. Raises what it does, DiskFull or
    FileError; then nothing was committed.
    """
    path = folder / f"{digest(source)}-{begin}-{end}.parquet"
    write_atomic(path, content(conform(table)), mode=0o640, turn=turn)
    return path


def content(table: pa.Table) -> memoryview:
    """What a hot file with these lines consists of: plain texts, whether the table has dictionaries of them or not.

    Hot files are read whole and live for minutes. So there are no statistics; the lines as they stood are compressed,
    by what is quick, and what is left is not worth the time.
    """
    encoded = [field.name for field in table.schema if field.name in REPEATED or pa.types.is_dictionary(field.type)]
    sink = pa.BufferOutputStream()
    pq.write_table(
        table,
        sink,
        compression={name: "lz4" if name == "raw" else "none" for name in table.column_names},
        use_dictionary=encoded,
        data_page_size=_PAGE,
        write_statistics=False,
        store_schema=False,
    )
    return memoryview(sink.getvalue())


def conform(table: pa.Table) -> pa.Table:
    """`table` with the columns LINES and their types; times in any zone become UTC. Dictionaries of texts stay.

    No line lacks a value. To say so saves a tenth of the time that writing takes.
    """
    found = table.select(LINES.names)
    fields = zip(found.schema, LINES, strict=True)
    kept = [have if pa.types.is_dictionary(have.type) else want for have, want in fields]
    return found.cast(pa.schema([field.with_nullable(False) for field in kept]))


def listed(folder: Path, of: str = "") -> list[HotFile]:
    """The committed files, those of a log in the order of their bytes; with `of`, those of the log with that digest.

    There can be thousands, and who reads thousands of small logs asks for each several times.
    """
    found = []
    for entry in os.scandir(folder):
        if not entry.name.startswith(of):
            continue
        name, _, kind = entry.name.rpartition(".")
        parts = name.split("-")
        if kind == "parquet" and len(parts) == 3 and not name.startswith("."):
            found.append(HotFile(Path(entry.path), parts[0], int(parts[1]), int(parts[2])))
    return sorted(found, key=lambda file: (file.digest, file.begin, file.end))


def live(files: Sequence[HotFile], manifest: Manifest) -> list[HotFile]:
    """Those whose lines are not in the days already. List the files first and read the manifest afterwards."""
    return [file for file in files if not holds(manifest.sources.get(file.digest, ()), file.begin, file.end)]


def position(source: str, files: Sequence[HotFile], manifest: Manifest) -> int:
    """Up to which byte `source` is committed without a gap, from where its reading began; 0 for one never read."""
    ranges = ranges_of(digest(source), files, manifest)
    return ranges[0][1] if ranges else 0


def ranges_of(name: str, files: Sequence[HotFile], manifest: Manifest) -> tuple[Range, ...]:
    """The ranges of bytes of a log, by its digest, that are committed."""
    ranges = manifest.sources.get(name, ())
    for file in files:
        if file.digest == name:
            ranges = merged(ranges, (file.begin, file.end))
    return ranges


def read(files: Sequence[Path]) -> pa.Table:
    """The lines of hot files. Raises FileNotFoundError for one that went meanwhile, StoreDamaged for a damaged one."""
    tables = []
    for path in files:
        try:
            found = pq.ParquetFile(path).read()
            tables.append(found.cast(pa.schema([field.with_nullable(True) for field in found.schema])))
        except FileNotFoundError:
            raise
        except (OSError, pa.ArrowException):
            raise StoreDamaged(
                "the file can't be read", place=Place(str(path)), hint="remove it; its log is read again from there on"
            ) from None
    return pa.concat_tables(tables) if tables else LINES.empty_table()
