"""Logins of a national federation, straight into the sets of a store: the same for the same numbers."""

from __future__ import annotations

import os
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from time import process_time
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import pyarrow as pa

from bench.measure import note
from ggi_net.authlog.store import manifest
from ggi_net.authlog.store.change import spill_folder, sweep
from ggi_net.authlog.store.engine import Engine
from ggi_net.authlog.store.keys import Keys
from ggi_net.authlog.store.manifest import Day
from ggi_net.authlog.store.sets import Writer, prepare
from ggi_net.authlog.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEYS = Keys({"secret://bench/store": "only of the benchmark"})
LAST = date(2026, 11, 27)
GEMEENTEN = 342
_CHUNK = 100_000


class Size(NamedTuple):
    """How many days of how many logins by how many people, each with one device or two."""

    days: int
    logins: int
    people: int


def identity(person: int) -> str:
    """Somebody's identity."""
    return f"p{person:07}@gemeente-{person % GEMEENTEN:03}.example"


def mac(person: int, device: int) -> str:
    """The MAC address of the first or the second device of somebody."""
    return f"02{person * 2 + device:010x}"


def fill(folder: Path, size: Size) -> float:
    """Make a store in `folder`, each day one closed set, weeks gathered; what is there stays, so that a fill can go on.

    Returns the seconds of processor time that all of it took.
    """
    with Store.open(folder, KEYS, create=True, memory="4GiB") as store:
        days = [LAST - timedelta(days=back) for back in range(size.days)]
        known = manifest.read(folder).days
        if missing := [day for day in days if day.isoformat() not in known]:
            sweep(folder, manifest.read(folder))
            _fill(folder, size, missing)
        with _noted(folder, "weeks"):
            store.compact(datetime.combine(LAST + timedelta(days=1), time(12), UTC))
    return sum(float(path.read_text()) for path in (folder / "took").iterdir())


@contextmanager
def _noted(folder: Path, what: str) -> Iterator[None]:
    """Keep how much processor time something took, beside the store."""
    begun = process_time()
    yield
    path = folder / "took" / what
    path.parent.mkdir(exist_ok=True)
    before = float(path.read_text()) if path.exists() else 0.0
    path.write_text(f"{before + process_time() - begun:.1f}")
    note(f"{folder.name}, {what}: {path.read_text()} s of processor time")


def _fill(folder: Path, size: Size, days: list[date]) -> None:
    engine = Engine(spill_folder(folder), memory="4GiB", threads=os.cpu_count() or 1)
    prepare(engine)
    writer = Writer(engine, folder, KEYS.current)
    _people(engine, size)
    for day in days:
        with _noted(folder, day.isoformat()):
            one = writer.write(
                day.isoformat(),
                lines="SELECT * FROM no_lines",
                logins=_logins(day, size),
                copies="SELECT * FROM no_copies",
            )
            assert one
            known = manifest.read(folder)
            filled = known.days | {day.isoformat(): Day(sets=(one,), closed=True)}
            manifest.write(folder, msgspec.structs.replace(known, days=filled, generation=known.generation + 1))
    engine.close()


def _people(engine: Engine, size: Size) -> None:
    """Tables of the people and of the realms, with their hashes."""
    engine.run(_PEOPLE)
    for first in range(0, size.people, _CHUNK):
        rows = range(first, min(first + _CHUNK, size.people))
        table = pa.table(
            {
                "person": pa.array(rows, pa.int32()),
                "name": [identity(one) for one in rows],
                "name_hash": pa.array([KEYS.identity(identity(one)) for one in rows], pa.uint64()),
                "mac0": [mac(one, 0) for one in rows],
                "mac0_hash": pa.array([KEYS.mac(mac(one, 0)) for one in rows], pa.uint64()),
                "mac1": [mac(one, 1) for one in rows],
                "mac1_hash": pa.array([KEYS.mac(mac(one, 1)) for one in rows], pa.uint64()),
            }
        )
        with engine.given("some_people", table):
            engine.run("INSERT INTO people SELECT * FROM some_people")
    anonymous = [f"anonymous@gemeente-{one:03}.example" for one in range(GEMEENTEN)]
    realms = pa.table(
        {
            "home": pa.array(range(GEMEENTEN), pa.int32()),
            "outer_name": anonymous,
            "outer_hash": pa.array([KEYS.identity(one) for one in anonymous], pa.uint64()),
        }
    )
    with engine.given("some_realms", realms):
        engine.run("CREATE TABLE realms AS SELECT * FROM some_realms")


_PEOPLE = """
CREATE TABLE people (person INTEGER, name VARCHAR, name_hash UBIGINT, mac0 VARCHAR, mac0_hash UBIGINT, mac1 VARCHAR,
  mac1_hash UBIGINT)
"""


def _logins(day: date, size: Size) -> str:
    """A day's logins: half of the people are seen at home, the others abroad; at night hardly anybody."""
    number = (datetime(day.year, day.month, day.day, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).days
    letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    prefix = "".join(letters[number >> shift & 31] for shift in (15, 10, 5, 0))
    return f"""
WITH draw AS (
  SELECT i, hash(i, {number}) AS h, hash(i, {number}, 1) AS g, hash(i, {number}, 2) AS f
  FROM range({size.logins}) r(i)
), who AS (
  SELECT i, h, g, f, (h % {size.people})::INTEGER AS person, (g % 4 = 0)::INTEGER AS device,
    CASE WHEN f % 100 < 70 THEN (h % {size.people}) % {GEMEENTEN} ELSE (f // 100) % {GEMEENTEN} END AS spot,
    TIMESTAMP '{day}' + to_milliseconds((21600000 + (sqrt((g >> 8) % 1000000 / 1000000.0)
      + (g >> 32) % 1000000 / 1000000.0) / 2 * 57600000)::BIGINT) AS "begin",
    CASE WHEN f // 7 % 100 < 88 THEN 'accept' WHEN f // 7 % 100 < 97 THEN 'reject' ELSE 'unfinished' END AS outcome,
    (h & 281474976710655) AS number
  FROM draw
)
SELECT '{prefix}0000000000' || printf('%012X', w.number) AS id, w."begin",
  w."begin" + to_milliseconds((g % 3000)::BIGINT) AS "end", outcome, 1 + (f % 5 = 0)::INTEGER * 2 AS attempts,
  r.outer_name AS "outer", CASE WHEN w.f % 100 < 70 THEN p.name ELSE '' END AS "inner",
  'gemeente-' || lpad((w.person % {GEMEENTEN})::VARCHAR, 3, '0') || '.example' AS realm,
  CASE WHEN device = 0 THEN p.mac0 ELSE p.mac1 END AS mac,
  '0a' || printf('%010x', spot * 1000 + f // 13 % 60) AS ap, 'govroam' AS ssid, 'ap-' || (f // 13 % 60) AS nas,
  'gemeente-' || lpad(spot::VARCHAR, 3, '0') || '.example' AS operator,
  'gemeente-' || lpad(spot::VARCHAR, 3, '0') AS visited,
  'gemeente-' || lpad((w.person % {GEMEENTEN})::VARCHAR, 3, '0') AS home, 'site-' || (f // 13 % 8) AS site,
  CASE WHEN outcome = 'accept' THEN printf('%016x', p.name_hash) ELSE '' END AS cui,
  'PEAP' AS eap, 'TLS 1.2' AS tls,
  CASE WHEN outcome = 'reject' THEN 'mschap: MS-CHAP2-Response is incorrect' ELSE '' END AS reason,
  CASE WHEN outcome = 'reject' THEN 'cause-' || (f // 11 % 40) ELSE '' END AS cause,
  CASE WHEN outcome = 'reject' THEN 'home' ELSE '' END AS broken, 'visited,federation,home' AS seen, '' AS missing,
  ((CASE WHEN device = 0 THEN p.mac0_hash ELSE p.mac1_hash END) >> 48)::USMALLINT AS place, _number(w.number) AS number,
  r.outer_hash, CASE WHEN w.f % 100 < 70 THEN p.name_hash ELSE 0 END::UBIGINT AS inner_hash,
  CASE WHEN device = 0 THEN p.mac0_hash ELSE p.mac1_hash END AS mac_hash
FROM who w JOIN people p USING (person) JOIN realms r ON r.home = w.person % {GEMEENTEN}
""".replace("_number(w.number)", _NUMBER)


_NUMBER = "(" + " | ".join(f"((w.number >> {4 * k} & 15) << {5 * k})" for k in range(12)) + ")::UBIGINT"
"""The 60 bits of a login's id whose last twelve digits are hexadecimal: four bits of each five."""
