"""Searching logins: the store beside zgrep and SQLite, a month of a federation as far as the machine allows."""

from __future__ import annotations

import gzip
import os
import random
import sqlite3
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import duckdb

from bench.measure import note
from bench.search_data import KEYS, Size, fill, identity, mac
from ggi_net.authlog.question import Question
from ggi_net.authlog.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def _sizes(text: str) -> Iterator[Size]:
    """The sizes of `30000,10000000x8`: logins a day, for 30 days unless it says for how many."""
    for size in text.split(","):
        logins, _, days = size.partition("x")
        yield Size(days=int(days or DAYS), logins=int(logins), people=max(1000, int(logins) // 8))


DAYS = 30
SIZES = tuple(_sizes(os.environ.get("GGI_BENCH_LOGINS", "30000,100000,1000000")))
"""What is measured, smallest first. The whole country has about 10 million a day.
zgrep and SQLite are measured with the first one."""
COLD, WARM, AT_ONCE = 40, 100, 8


class Times(NamedTuple):
    """Milliseconds of searches: the middle one, and what 95 of 100 stay below."""

    median: float
    p95: float


class Figure(NamedTuple):
    """One size: bytes on disk and seconds of processor time to write them; times by what was asked for and `cold`,
    `warm` or `at once`."""

    size: Size
    bytes: int
    seconds: float
    times: dict[tuple[str, str], Times]


class Figures(NamedTuple):
    """All that was measured. `dropped` says whether the kernel's cache of files could be emptied."""

    ours: list[Figure]
    zgrep: Times
    sqlite: Times
    sqlite_bytes: int
    lines_bytes: int
    dropped: bool


def in_scratch() -> Figures:
    """Measure in a folder of its own that is removed afterwards; what is filled in GGI_BENCH_FOLDER stays there."""
    kept = os.environ.get("GGI_BENCH_FOLDER")
    with tempfile.TemporaryDirectory(prefix="bench-search-", dir=kept) as folder:
        scratch = Path(folder)
        stores = Path(kept) if kept else scratch
        ours = [_measured(stores / str(size.logins), size) for size in SIZES]
        zgrep, lines_bytes = _zgrep(scratch, stores / str(SIZES[0].logins))
        sqlite, sqlite_bytes = _sqlite(scratch, stores / str(SIZES[0].logins))
        return Figures(ours, zgrep, sqlite, sqlite_bytes, lines_bytes, _drop())


def _measured(folder: Path, size: Size) -> Figure:
    note(f"{size.days} days of {size.logins:,} logins")
    seconds = fill(folder, size)
    times = {}
    for name, question in _questions(size).items():
        note(f"searching by {name}")
        times[name, "cold"] = _times(_cold(folder, question))
        _read(folder)
        with Store.open(folder, KEYS) as store:
            times[name, "warm"] = _times(_warm(store, question))
            times[name, "at once"] = _times(_at_once(store, question))
    return Figure(size, sum(path.stat().st_size for path in folder.rglob("*.parquet")), seconds, times)


def _questions(size: Size) -> dict[str, Callable[[random.Random], Question]]:
    return {
        "identity": lambda any_: Question(user=identity(any_.randrange(size.people)), limit=1000),
        "MAC address": lambda any_: Question(mac=mac(any_.randrange(size.people), 0), limit=1000),
        "identity, the newest 100": lambda any_: Question(user=identity(any_.randrange(size.people))),
    }


def _cold(folder: Path, question: Callable[[random.Random], Question]) -> Iterator[float]:
    """Each with a store that was just opened, and an empty cache where that can be emptied."""
    any_ = random.Random(1)
    for _ in range(COLD):
        with Store.open(folder, KEYS) as store:
            _drop()
            yield _milliseconds(lambda store=store: store.logins(question(any_)))


def _warm(store: Store, question: Callable[[random.Random], Question]) -> Iterator[float]:
    """One open store, and no two questions the same."""
    any_ = random.Random(2)
    for _ in range(WARM // 3):
        store.logins(question(any_))
    for _ in range(WARM):
        yield _milliseconds(lambda: store.logins(question(any_)))


def _at_once(store: Store, question: Callable[[random.Random], Question]) -> Iterator[float]:
    """The same with so many searches at any time."""
    any_ = random.Random(3)
    questions = [question(any_) for _ in range(WARM)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield from pool.map(lambda one: _milliseconds(lambda: store.logins(one)), questions)


def _read(folder: Path) -> None:
    """Have the kernel know all files, as far as its memory goes."""
    for path in folder.rglob("*.parquet"):
        with path.open("rb") as file:
            while file.read(1 << 20):
                pass


def _zgrep(scratch: Path, store: Path) -> tuple[Times, int]:
    """The same logins as compressed lines, a file for each day."""
    folder = scratch / "lines"
    folder.mkdir()
    with duckdb.connect() as base:
        for path in sorted((store / "days").iterdir()):
            rows = base.execute(
                "SELECT \"begin\" || ' Access-' || outcome || ' for user ' || \"outer\" || ' (' || \"inner\" || ') "
                "stationid ' || mac || ' operator ' || operator || ' nas ' || nas || ' reason ' || reason "
                f"FROM read_parquet('{path}/*-logins-*.parquet') ORDER BY \"begin\""
            ).fetchall()
            with gzip.open(folder / f"{path.name}.gz", "wt", compresslevel=6) as file:
                file.writelines(f"{row[0]}\n" for row in rows)
    any_ = random.Random(2)
    names = [identity(any_.randrange(SIZES[0].people)) for _ in range(5)]
    files = sorted(folder.iterdir())
    commands = [["zgrep", "-h", "-F", name, *files] for name in names]
    found = [
        _milliseconds(lambda command=command: subprocess.run(command, check=False, capture_output=True))
        for command in commands
    ]
    return _times(iter(found)), sum(path.stat().st_size for path in files)


def _sqlite(scratch: Path, store: Path) -> tuple[Times, int]:
    """The same logins in one table of SQLite with an index for identities and one for MAC addresses."""
    path = scratch / "logins.sqlite"
    base = sqlite3.connect(path)
    columns = (
        'id, "begin"::VARCHAR, outcome, "outer", "inner", realm, mac, ap, nas, operator, visited, home, site, cause'
    )
    names = "id, begin_at, outcome, outer_name, inner_name, realm, mac, ap, nas, operator, visited, home, site, cause"
    base.execute(f"CREATE TABLE logins ({names})")
    with duckdb.connect() as reader:
        for day in sorted((store / "days").iterdir()):
            rows = reader.execute(f"SELECT {columns} FROM read_parquet('{day}/*-logins-*.parquet')").fetchall()
            base.executemany(f"INSERT INTO logins VALUES ({', '.join('?' * len(rows[0]))})", rows)
    base.execute("CREATE INDEX by_name ON logins (inner_name)")
    base.execute("CREATE INDEX by_mac ON logins (mac)")
    base.commit()
    any_ = random.Random(2)
    sql = "SELECT * FROM logins WHERE inner_name = ? ORDER BY begin_at DESC"
    found = [
        _milliseconds(lambda name=name: base.execute(sql, [name]).fetchall())
        for name in (identity(any_.randrange(SIZES[0].people)) for _ in range(WARM))
    ]
    base.close()
    return _times(iter(found)), path.stat().st_size


def _drop() -> bool:
    """Have the kernel forget what it knows of files; only root can."""
    try:
        os.sync()
        Path("/proc/sys/vm/drop_caches").write_text("3")
    except OSError:
        return False
    return True


def _milliseconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def _times(found: Iterator[float]) -> Times:
    times = sorted(found)
    return Times(times[len(times) // 2], times[min(len(times) - 1, round(len(times) * 0.95))])
