"""Reading NetBox: ours on a stock NetBox and with the plugin, beside pynetbox, nb_inventory and bare requests."""

from __future__ import annotations

import gc
import json
import os
import shutil
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import local
from typing import TYPE_CHECKING, Any, NamedTuple

import requests

from bench.measure import note
from bench.netbox_estate import filled
from bench.netbox_peers import Peer, Peers
from bench.render import run_time
from ggi_net.lab.netbox import down, up
from ggi_net.source.netbox.assemble import assemble
from ggi_net.source.netbox.client import NetBox
from ggi_net.source.netbox.pull import pull
from ggi_net.source.netbox.read import THREADS, read, update
from ggi_net.source.netbox.settings import Settings
from ggi_net.source.netbox.tables import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Callable

    from ggi_net.lab.netbox import Instance
    from ggi_net.source.netbox.read import Reading
    from ggi_net.source.netbox.tables import Tables

ROUNDS = 3
CHANGES = 50
_PROJECT = Path(__file__).parent.parent
_INVENTORY = Path(sys.executable).with_name("ansible-inventory")


class Figures(NamedTuple):
    """What one run measured: medians, in seconds unless the name says otherwise."""

    rows: dict[str, int]
    way: str
    stock: float
    bare: float
    requests: int
    threads: int
    plugin: float
    pynetbox: Peer
    nb_inventory: Peer
    since: float
    since_plugin: float
    estate: float
    inventory: float
    nb_inventory_cached: float


def in_scratch() -> Figures:
    """Bring a NetBox up, measure, and take it down again."""
    folder = Path(tempfile.mkdtemp(prefix="ggi-bench-"))
    try:
        return measure(filled(folder / "netbox"), folder)
    finally:
        down(folder / "netbox")
        shutil.rmtree(folder)


def measure(lab: Instance, folder: Path) -> Figures:
    """Measure a NetBox that is filled already; `folder` is for what is written on the way."""
    client = _Noting(Settings(lab.url, lab.token))
    peers = Peers(lab, folder)
    note("warming NetBox up")
    first = read(client)
    queries = list(client.queries)
    runs: dict[str, Callable[[], float | Peer]] = {
        "the toolkit, stock NetBox": lambda: _seconds(lambda: read(client)),
        f"the same {len(queries)} requests, bare": lambda: _seconds(lambda: _bare(lab, queries)),
        "pynetbox": peers.pynetbox,
    }
    (nb_inventory,) = _medians({"nb_inventory": peers.nb_inventory}, rounds=1)
    stock, bare, pynetbox = _medians(runs)
    return Figures(
        rows={name: len(rows) for name, rows in first.tables.items()},
        way=first.way,
        stock=stock,
        bare=bare,
        requests=len(queries),
        threads=THREADS,
        pynetbox=pynetbox,
        nb_inventory=nb_inventory,
        **_inventories(lab, peers, folder),
        estate=_median("putting the estate together", lambda: _seconds(lambda: assemble(first.tables, lab.url))),
        since=_median(f"after {CHANGES} changes", lambda: _since(client, first)),
        **_with_plugin(lab, first),
    )


class _Noting(NetBox):
    """Keeps the GraphQL queries that go through it."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.queries: list[str] = []

    def graphql(self, query: str, **variables: Any) -> Any:
        self.queries.append(query)
        return super().graphql(query, **variables)


def _bare(lab: Instance, queries: list[str]) -> None:
    """The same requests with nothing around them: as many threads as the toolkit has, each with one connection."""
    mine = local()

    def ask(query: str) -> None:
        if not hasattr(mine, "session"):
            mine.session = requests.Session()
            mine.session.headers["Authorization"] = f"Bearer {lab.token}"
        answer = mine.session.post(f"{lab.url}/graphql/", json={"query": query}, timeout=300)
        answer.raise_for_status()
        answer.json()

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(ask, queries))


def _since(client: NetBox, before: Reading) -> float:
    """Change 50 objects by REST, the kinds that change most, and read what changed since `before`."""
    position = update(client, before)
    for table, count in (("interfaces", CHANGES - 30), ("devices", 20), ("vlans", 10)):
        changes = [{"id": n, "description": f"changed at {time.time()}"} for n in [*position.tables[table]][:count]]
        client.patch(BY_NAME[table].path, changes)
    start = time.perf_counter()
    found = update(client, position)
    seconds = time.perf_counter() - start
    if found.changed is None or sum(map(len, found.changed.values())) != CHANGES:
        raise SystemExit(f"bench: the {CHANGES} changes were not read: {found.notes}")
    return seconds


def _seconds(run: Callable[[], object]) -> float:
    """Wall seconds of one run. What it returns is let go before the next, as in a process of its own."""
    gc.collect()
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def _medians(runs: dict[str, Callable[[], float | Peer]], rounds: int = ROUNDS) -> list[Any]:
    """Of each the run in the middle of `rounds`, which take turns; a Peer by its seconds."""
    done: dict[str, list[float | Peer]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            done[name].append(run())
            last = done[name][-1]
            note(f"{name}: {last.seconds if isinstance(last, Peer) else last:.2f} s")
    return [sorted(each)[rounds // 2] for each in done.values()]


def _median(name: str, run: Callable[[], float]) -> float:
    """The run in the middle of ROUNDS."""
    return float(_medians({name: run})[0])


def _with_plugin(lab: Instance, first: Reading) -> dict[str, float]:
    """The same NetBox again, with the toolkit's plugin."""
    up(lab.folder, plugin=True, say=note)
    client = NetBox(Settings(lab.url, lab.token))
    reading = read(client)
    if reading.way != "plugin" or {n: len(rows) for n, rows in reading.tables.items()} != _counts(first.tables):
        raise SystemExit(f"bench: the read by the plugin was by {reading.way}, or of something else")
    return {
        "plugin": _median("the toolkit, with its plugin", lambda: _seconds(lambda: read(client))),
        "since_plugin": _median(f"after {CHANGES} changes, plugin", lambda: _since(client, reading)),
    }


def _counts(tables: Tables) -> dict[str, int]:
    return {name: len(rows) for name, rows in tables.items()}


def _inventories(lab: Instance, peers: Peers, folder: Path) -> dict[str, float]:
    """`ansible-inventory --list` from our snapshot, and from nb_inventory's own cache once it is warm."""
    settings = Settings(lab.url, lab.token)
    state = folder / "state"
    os.environ["GGI_STATE"] = str(state)
    pull(NetBox(settings), settings)
    source = folder / "ggi.yml"
    source.write_text(json.dumps({"plugin": "ggi", "estate": "snapshot"}))
    command = [str(_INVENTORY), "-i", str(source), "--list", "--output", str(folder / "list.json")]
    return {
        "inventory": _median("ansible-inventory --list, from the snapshot", lambda: run_time(command, _PROJECT)),
        "nb_inventory_cached": _medians({"the same from nb_inventory's cache": peers.cached_list}, rounds=1)[0],
    }
