"""A NetBox with a large estate for the benchmark: filled through its database in a minute, then kept as a dump."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from bench.measure import note
from ggi_net.lab import netbox_install
from ggi_net.lab.netbox import Instance, up
from ggi_net.lab.netbox_postgres import LIVE, program
from ggi_net.lab.netbox_settings import credentials_sql, netbox_environment
from ggi_net.lab.netbox_shared import NETBOX, run
from ggi_net.onboard.generate import write_estate
from ggi_net.onboard.netbox.contract import load_contract, objects_of_contract
from ggi_net.onboard.netbox.init import initialise
from ggi_net.onboard.netbox.kinds import KINDS
from ggi_net.onboard.netbox.load import read_back, wanted_for
from ggi_net.onboard.netbox.objects import Ref
from ggi_net.paths import state_folder
from ggi_net.source.netbox.client import NetBox
from ggi_net.source.netbox.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ggi_net.model.estate import Estate
    from ggi_net.model.standard import Standard

GEMEENTEN = 160
"""Gives more than 5,000 devices."""

_SEED = 2026
_INSERT = Path(__file__).with_name("netbox_insert.py")


def filled(folder: Path) -> Instance:
    """Bring up a stock NetBox in `folder` that holds the synthetic estate of GEMEENTEN gemeenten."""
    lab, _ = up(folder, plugin=False, say=note)
    estate = write_estate(folder / "estate", GEMEENTEN, _SEED)
    contract = objects_of_contract(load_contract(), _standards(estate), estate.ranges)
    text = "\n".join(_lines(estate))
    made_from = "\n".join((NETBOX, _INSERT.read_text(), repr(contract), text))
    dump = state_folder() / "bench" / f"netbox-{hashlib.sha256(made_from.encode()).hexdigest()[:12]}.dump"
    if dump.exists():
        note("restoring the estate into NetBox")
        lab.cluster.sql(f"DROP DATABASE {LIVE} WITH (FORCE);\nCREATE DATABASE {LIVE};", database="postgres")
        restore = [program("pg_restore"), "-d", LIVE, "-j", "2", "--exit-on-error", dump]
        run(restore, "restoring the estate", environment=lab.cluster.environment())
        lab.sql(credentials_sql(lab.settings))
        lab.redis.flush()
    else:
        note("filling NetBox with the estate, once (some minutes)")
        lab.reset()
        _fill(lab, estate, text)
        dump.parent.mkdir(parents=True, exist_ok=True)
        part = dump.with_suffix(f".{os.getpid()}")
        keep = [program("pg_dump"), "-Fc", "-Z1", "-f", part, LIVE]
        run(keep, "dumping the estate", environment=lab.cluster.environment())
        part.replace(dump)
    lab.sql("VACUUM ANALYZE")
    return lab


def _standards(estate: Estate) -> list[Standard]:
    return [*estate.standards.values()]


def _fill(lab: Instance, estate: Estate, text: str) -> None:
    netbox = NetBox(Settings(lab.url, lab.token))
    initialise(netbox, load_contract(), _standards(estate), estate.ranges)
    environment = {**os.environ, **netbox_environment(lab.folder)}
    command = [netbox_install.environment(note), _INSERT]
    run(command, "inserting the estate", environment=environment, cwd=lab.folder, feed=text)
    found = read_back(netbox, (estate.federation, *estate.gemeenten))
    if not found.equal:
        raise SystemExit(f"bench: what was inserted into NetBox is not the estate: {found}"[:2000])


def _lines(estate: Estate) -> Iterator[str]:
    """What `netbox_insert.py` reads: what `ggi netbox load` would send."""
    yield json.dumps([[name, kind.path, kind.members] for name, kind in KINDS.items()])
    wanted = wanted_for(estate, (estate.federation, *estate.gemeenten))
    place = {name: number for number, name in enumerate(KINDS)}
    for one in sorted(wanted, key=lambda one: place[one.ref.kind]):
        custom = {**one.initial.get("custom_fields", {}), **one.fields.get("custom_fields", {})}
        fields = {**one.initial, **one.fields, **({"custom_fields": custom} if custom else {})}
        yield json.dumps([one.ref.kind, one.ref.key, _plain(fields), _plain(one.late)])


def _plain(value):
    if isinstance(value, Ref):
        return {"$": [value.kind, *value.key]}
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value
