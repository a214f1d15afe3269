"""The part of docs/benchmarks.md about reading logs."""

from __future__ import annotations

import platform as python
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from bench.ingest import LINES, WORKERS
from bench.measure import machine

if TYPE_CHECKING:
    from bench.ingest import Figures

PAGE = """## Ingest

{machine}; Python {python}, NumPy {numpy}, PyArrow {pyarrow}.

{lines:,} lines of each format, one in ten a refusal; figures are lines a second. The toolkit reads them with {workers}
workers and commits them to hot files: Parquet with the raw line, flushed to the disk. The others only parse: plain
Python applies the same regular expressions in one process, liblognorm (which rsyslog's mmnormalize is made of) writes
JSON into a pipe, lnav counts the letters of the fields. At least three times plain Python is wanted.

| format | the toolkit | plain Python | times as many | liblognorm | lnav | bytes a line | in Parquet |
| --- | --- | --- | --- | --- | --- | --- | --- |
{rows}

A worker held at most {memory:.0f} MiB; that does not depend on the size of the log, which comes in blocks of 8 MiB.
"""


def page(figures: dict[str, Figures]) -> str:
    """The part with these figures."""
    rows = [
        f"| {name} | {one.ours:,.0f} | {one.plain:,.0f} | {one.ours / one.plain:.1f} | {_rate(one.lognorm)} | "
        f"{_rate(one.lnav)} | {one.bytes_a_line:.0f} | {one.parquet_a_line:.0f} |"
        for name, one in figures.items()
    ]
    return PAGE.format(
        machine=machine(),
        python=python.python_version(),
        numpy=np.__version__,
        pyarrow=pa.__version__,
        lines=LINES,
        workers=WORKERS,
        rows="\n".join(rows),
        memory=max(one.memory for one in figures.values()),
    )


def _rate(rate: float) -> str:
    return f"{rate:,.0f}" if rate else "not measured"
