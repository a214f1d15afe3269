"""Lines that are new: those of hot files without what stands in the store or in another log already.

A server's line often comes twice: from its own file and by syslog, or from two collectors. Equal are lines of the same
host, product, time and text. The n-th of them in one log matches the n-th in another, so that lines that really repeat
in one log stay.
"""

# ruff: noqa: S608  paths of the store, names of columns and numbers stand in the texts; values are bound
from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa

from ggi_net.authlog.store.columns import LINES
from ggi_net.authlog.store.engine import parquet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ggi_net.authlog.store.engine import Engine
    from ggi_net.authlog.store.manifest import FileSet

COPIES: Final = pa.schema(
    [("time", pa.timestamp("us")), ("of_source", pa.string()), ("of_offset", pa.int64()), ("source", pa.string()),
     ("offset", pa.int64())]
)  # fmt: skip
"""Where a stored line stands a second time; without them nobody could count the n-th in that log later on."""

_SAME: Final = '"time", host, product, raw'
_COLUMNS: Final = ", ".join(f'"{name}"' for name in LINES.names)
_TIMES: Final = '"time" BETWEEN (SELECT min("time") FROM arrived) AND (SELECT max("time") FROM arrived)'


def fresh(
    engine: Engine, arrived: pa.Table, carried: pa.Table, sets: Sequence[FileSet], root: str
) -> tuple[pa.Table, pa.Table]:
    """The lines of `arrived` that are new, in order of time, and the copies among the others (COPIES).

    `carried` are lines that were found new before and stand in no set yet. `sets` are those whose times meet those of
    `arrived`; their files stand in the folder `root`.
    """
    if not arrived.num_rows:
        return LINES.empty_table(), COPIES.empty_table()
    stored = [f"{root}/{file.path}" for one in sets for file in one.lines]
    copies = [f"{root}/{file.path}" for one in sets for file in one.copies]
    with engine.given("arrived_table", arrived), engine.given("carried_table", carried):
        try:
            engine.run(
                f"CREATE OR REPLACE TEMP TABLE arrived AS SELECT {_COLUMNS} FROM arrived_table "
                'QUALIFY row_number() OVER (PARTITION BY source, "offset") = 1'
            )
            engine.run(
                "CREATE OR REPLACE TEMP TABLE known AS "
                + " UNION ALL ".join(
                    f'SELECT {_SAME}, source, "offset" FROM {where} WHERE {_TIMES} '
                    'AND ("time", host) IN (SELECT "time", host FROM arrived)'
                    for where in ("carried_table", *([parquet(stored)] if stored else []))
                )
            )
            engine.run(
                'CREATE OR REPLACE TEMP TABLE known_copies AS SELECT of_source, of_offset, source, "offset" '
                f"FROM {parquet(copies) if copies else 'no_copies'} WHERE {_TIMES}"
            )
            engine.run(f"CREATE OR REPLACE TEMP TABLE judged AS {_JUDGED}")
            lines = engine.table(f'SELECT {_COLUMNS} FROM judged WHERE new ORDER BY "time", source, "offset"')
            again = engine.table('SELECT "time", of_source, of_offset, source, "offset" FROM judged WHERE NOT new')
        finally:
            for name in ("judged", "known_copies", "known", "arrived"):
                engine.run(f"DROP TABLE IF EXISTS {name}")
    return lines.cast(LINES), again.cast(COPIES)


_JUDGED: Final = f"""
WITH delivered AS (
  SELECT {_SAME}, source, "offset" FROM known
  UNION ALL
  SELECT k."time", k.host, k.product, k.raw, c.source, c."offset"
  FROM known k JOIN known_copies c ON c.of_source = k.source AND c.of_offset = k."offset"
), unseen AS (
  SELECT a.* FROM arrived a ANTI JOIN delivered d ON d.source = a.source AND d."offset" = a."offset"
), before AS (
  SELECT {_SAME}, source, count(*) AS times FROM delivered GROUP BY ALL
), stored AS (
  SELECT {_SAME}, count(*) AS times, arg_min(source, (source, "offset")) AS of_source,
    arg_min("offset", (source, "offset")) AS of_offset
  FROM known GROUP BY {_SAME}
), numbered AS (
  SELECT u.*, coalesce(b.times, 0) + row_number() OVER (PARTITION BY u."time", u.host, u.product, u.raw, u.source
    ORDER BY u."offset") AS nth
  FROM unseen u LEFT JOIN before b ON b."time" = u."time" AND b.host = u.host AND b.product = u.product
    AND b.raw = u.raw AND b.source = u.source
), ranked AS (
  SELECT n.*, row_number() OVER (PARTITION BY n."time", n.host, n.product, n.raw, n.nth ORDER BY n.source) AS rank
  FROM numbered n
)
SELECT r.*, r.rank = 1 AND r.nth > coalesce(s.times, 0) AS new,
  coalesce(s.of_source, first_value(r.source) OVER w) AS of_source,
  coalesce(s.of_offset, first_value(r."offset") OVER w) AS of_offset
FROM ranked r LEFT JOIN stored s ON s."time" = r."time" AND s.host = r.host AND s.product = r.product AND s.raw = r.raw
WINDOW w AS (PARTITION BY r."time", r.host, r.product, r.raw ORDER BY r.nth, r.rank)
"""
"""Which of the lines that arrived are new. A line that was taken before is neither new nor a copy: it is not there."""
