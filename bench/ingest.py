"""Reading logs into Parquet, beside the same regular expressions in plain Python and beside liblognorm and lnav.

Ours is what an ingest of two workers does: spans of a log are read in blocks, and these become hot files of a store,
with the raw line. Plain Python only applies the expressions and looks at the groups, in one process. Workers
have started before the clock runs, as those of an ingest that goes on.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import re
import resource
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pyarrow.parquet as pq

from bench import ingest_logs
from bench.ingest_peers import lnav, lognorm
from bench.measure import note
from ggi_net.authlog.ingest.logfile import LogFile
from ggi_net.authlog.ingest.opened import Committer
from ggi_net.authlog.ingest.reading import BLOCK, About, store_span
from ggi_net.authlog.ingest.sources import Span
from ggi_net.authlog.read.envelope import DAEMON, SYSLOG
from ggi_net.authlog.read.formats import freeradius, fticks, login_log, radsecproxy

if TYPE_CHECKING:
    from collections.abc import Callable

    from ggi_net.authlog.read.shape import Shape

LINES = int(os.environ.get("GGI_BENCH_LINES", "1000000"))
WORKERS = 2
_PLAIN_LINES = 300_000


class Format(NamedTuple):
    """How a line is made, and the expressions that read it: one for what is around it, some for the message."""

    make: Callable[[random.Random, int], str]
    envelope: re.Pattern[str]
    shapes: tuple[re.Pattern[str], ...]


class Figures(NamedTuple):
    """Of one format: lines a second of ours, of plain Python, of liblognorm and lnav (0: not there), and sizes."""

    ours: float
    plain: float
    lognorm: float
    lnav: float
    bytes_a_line: float
    parquet_a_line: float
    memory: float


def _patterns(shapes: tuple[Shape, ...]) -> tuple[re.Pattern[str], ...]:
    return tuple(shape.pattern for shape in shapes)


FORMATS = {
    "radsecproxy": Format(ingest_logs.radsecproxy, dict(DAEMON)["radsecproxy"], _patterns(radsecproxy.FORMAT.shapes)),
    "FreeRADIUS": Format(ingest_logs.freeradius, dict(DAEMON)["freeradius"], _patterns(freeradius.FORMAT.shapes)),
    "F-Ticks in syslog": Format(ingest_logs.fticks, SYSLOG[1], _patterns(fticks.FORMAT.shapes)),
    "login log (JSON)": Format(
        ingest_logs.login_log, re.compile("(?P<message>.*)", re.DOTALL), _patterns(login_log.FORMAT.shapes)
    ),
}


def in_scratch(count: int = LINES) -> dict[str, Figures]:
    """Write the logs, measure each in turn, and take them away again."""
    folder = Path(tempfile.mkdtemp(prefix="ggi-bench-"))
    try:
        return {name: _measured(folder, name, known, count) for name, known in FORMATS.items()}
    finally:
        shutil.rmtree(folder)


def _measured(folder: Path, name: str, known: Format, count: int) -> Figures:
    log, out = folder / "log", folder / "hot"
    choose = random.Random(1)
    with log.open("w") as file:
        file.writelines(known.make(choose, number) + "\n" for number in range(count))
    out.mkdir()
    note(f"{name}: ours")
    seconds, memory = _ours(log, out, count)
    note(f"{name}: plain Python")
    plain = _plain(log, known)
    note(f"{name}: liblognorm")
    normalized = lognorm(log, name)
    note(f"{name}: lnav")
    navigated = lnav(log, name, count)
    figures = Figures(
        count / seconds,
        plain,
        count / normalized if normalized else 0.0,
        count / navigated if navigated else 0.0,
        log.stat().st_size / count,
        sum(path.stat().st_size for path in out.iterdir()) / count,
        memory,
    )
    shutil.rmtree(out)
    log.unlink()
    return figures


def _ours(log: Path, out: Path, count: int) -> tuple[float, float]:
    """Seconds that the workers take for a log, and the most MiB that one of them held."""
    spans = _spans(log)
    warm, store = out.with_name("warm"), out.parent
    with multiprocessing.get_context("spawn").Pool(WORKERS) as pool:
        pool.starmap(_store, [(str(log), 0, 2 * BLOCK, str(warm))] * WORKERS * 2, chunksize=1)
        begin = time.perf_counter()
        done = pool.starmap(_store, [(str(log), start, end, str(store)) for start, end in spans], chunksize=1)
        seconds = time.perf_counter() - begin
    shutil.rmtree(warm)
    stored = sum(pq.read_metadata(path).num_rows for path in out.iterdir())
    if stored != count:
        raise SystemExit(f"bench: {count} lines, {stored} of them stored")
    return seconds, max(done)


def _spans(log: Path) -> list[tuple[int, int]]:
    """The log in two spans for each worker."""
    size, begin, spans = log.stat().st_size, 0, []
    step = -(-size // (2 * WORKERS))
    with log.open("rb") as file:
        while begin < size:
            file.seek(min(begin + step, size))
            file.readline()
            spans.append((begin, file.tell()))
            begin = file.tell()
    return spans


def _store(log: str, begin: int, end: int, folder: str) -> float:
    with LogFile(Path(log)) as file:
        store_span(file, Span("bench", begin, end), About(), Committer(Path(folder)), begin=begin)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _plain(log: Path, known: Format) -> float:
    """Lines a second of one process that applies the expressions."""
    with log.open() as file:
        texts = [line[:-1] for line, _ in zip(file, range(_PLAIN_LINES), strict=False)]
    found = 0
    begin = time.perf_counter()
    for text in texts:
        around = known.envelope.fullmatch(text)
        message = around["message"] if around else ""
        for pattern in known.shapes:
            if match := pattern.fullmatch(message):
                match.groups()
                found += 1
                break
    seconds = time.perf_counter() - begin
    if found != len(texts):
        raise SystemExit(f"bench: {len(texts) - found} lines have none of the forms")
    return len(texts) / seconds
