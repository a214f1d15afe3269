"""The part of docs/benchmarks.md about searching."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

from bench.measure import machine

if TYPE_CHECKING:
    from bench.search import Figure, Figures, Times

# ruff: noqa: E501  rows of tables
PAGE = """## Search

{machine}; DuckDB {duckdb}.

Logins of some days: everybody has two devices and logs in about eight times a day. They stand in closed days, as the
store writes them at night. Each search is for somebody else, in all days; half or 95% of the searches were answered
within so many milliseconds. Warm: one open store, and files that were read once before, so that as many are in the
kernel's cache as its memory holds. Eight at once: the same, by eight threads. Cold: a store that was just opened{dropped}.

| logins a day | days | in all | on disk | written in | searched by | warm: half | 95% | eight at once: half | 95% | cold: half | 95% |
| ---: | ---: | ---: | ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |
{rows}

Wanted: 95% within 100 ms warm and 300 ms cold, at 10 million logins a day. "Written in" is processor time, of all cores
together; it and the size count the logins of weeks that are over twice, since those stand in a set of their own as
well. What a search opens does not grow with the day: an index for each of those weeks and for each day since, and for
each place that it names one file of 32,768 rows, of which one row group of 4,096 is decoded, or two; of 30 days 27
files at most for somebody with two devices. A store of fewer than a million logins is in memory after a dozen searches.
`GGI_BENCH_LOGINS=10000000` measures the whole country for 30 days, with 30 GB in `GGI_BENCH_FOLDER` and half an hour to
fill it; `10000000x8` 8 days of it. What is filled in that folder stays, and the next run goes on with it.

The same {peer_all:,} logins of {days} days in other hands, searched by identity, warm:

| | on disk | half within | 95% within |
| --- | ---: | ---: | ---: |
| the store | {ours_size} | {ours.median:.0f} ms | {ours.p95:.0f} ms |
| `zgrep -F` through a file for each day | {lines_size} | {zgrep.median:.0f} ms | {zgrep.p95:.0f} ms |
| SQLite with an index for identities and one for MAC addresses | {sqlite_size} | {sqlite.median:.1f} ms | {sqlite.p95:.1f} ms |

SQLite is quicker: it is one file on one machine, {sqlite_times:.0f} times as large, that one process at a time may
write, and it stores identities as they are. zgrep's time grows with every day that is kept.
"""


def page(figures: Figures) -> str:
    """The part with these figures."""
    beside = figures.ours[0]
    return PAGE.format(
        machine=machine(),
        duckdb=duckdb.__version__,
        days=beside.size.days,
        dropped=" after the kernel's cache was emptied"
        if figures.dropped
        else "; the kernel's cache could not be emptied",
        rows="\n".join(row for figure in figures.ours for row in _rows(figure)),
        peer_all=beside.size.days * beside.size.logins,
        ours=beside.times["identity", "warm"],
        ours_size=_size(beside.bytes),
        zgrep=figures.zgrep,
        lines_size=_size(figures.lines_bytes),
        sqlite=figures.sqlite,
        sqlite_size=_size(figures.sqlite_bytes),
        sqlite_times=figures.sqlite_bytes / beside.bytes,
    )


def _rows(figure: Figure) -> list[str]:
    size = figure.size
    first = (
        f"{size.logins:,} | {size.days} | {size.days * size.logins:,} | {_size(figure.bytes)} | {figure.seconds:,.0f} s"
    )
    names = list(dict.fromkeys(name for name, _ in figure.times))
    return [
        f"| {first if name == names[0] else ' | | | |'} | {name} | "
        f"{' | '.join(_times(figure.times[name, how]) for how in ('warm', 'at once', 'cold'))} |"
        for name in names
    ]


def _times(times: Times) -> str:
    return f"{times.median:.0f} ms | {times.p95:.0f} ms"


def _size(number: int) -> str:
    return f"{number / 1e6:.0f} MB" if number < 1e9 else f"{number / 1e9:.1f} GB"
