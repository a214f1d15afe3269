"""The peers that reading NetBox is measured beside, in a Python environment of their own under the state folder.

What they are given: the same NetBox, the same superuser's token, pages of 1,000. `pynetbox` reads the same tables,
with threads, and of them only the fields that the toolkit reads: that is its quickest way.
`nb_inventory` reads devices, interfaces and addresses with all extras off: not the links, VLANs and prefixes; and
those of every tenth gemeente only, because all of them take it more than an hour and 11 GiB of memory.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from bench.peers import environment
from bench.render import run_time
from ggi_net.source.netbox.tables import TABLES, Form

if TYPE_CHECKING:
    from ggi_net.lab.netbox import Instance
    from ggi_net.source.netbox.tables import Table

PYNETBOX = "7.8.0"
ANSIBLE = "12.3.0"
"""The PyPI package with the collections; netbox.netbox is in it."""

FEWER = 10
"""nb_inventory gets one gemeente of so many."""

_HERE = Path(__file__).parent


class Peer(NamedTuple):
    """Seconds, and how much of each kind was fetched in them."""

    seconds: float
    rows: dict[str, int]


class Peers:
    """The peers, for one NetBox; `folder` is scratch."""

    def __init__(self, lab: Instance, folder: Path) -> None:
        self.lab = lab
        self.folder = folder
        self.bin = environment(f"pynetbox=={PYNETBOX}", f"ansible=={ANSIBLE}", "pytz") / "bin"

    def pynetbox(self) -> Peer:
        """Read the fields of every table once that the toolkit reads."""
        tables = {table.path: _fields(table) for table in TABLES}
        job = {"url": self.lab.url, "token": self.lab.token, "tables": tables}
        return self._run("peer_pynetbox.py", job)

    def nb_inventory(self) -> Peer:
        """Fill an inventory of every tenth gemeente once, and its cache, which is empty before."""
        shutil.rmtree(self.folder / "cache", ignore_errors=True)
        return self._run("peer_inventory.py", {"source": str(self._source())})

    def cached_list(self) -> float:
        """Seconds of one `ansible-inventory --list` from the cache that `nb_inventory` has filled."""
        command = [str(self.bin / "ansible-inventory"), "-i", str(self._source()), "--list"]
        return run_time([*command, "--output", str(self.folder / "peer-list.json")], self.folder)

    def _source(self) -> Path:
        path = self.folder / "peer.netbox.yml"
        gemeenten = self.lab.folder / "estate" / "gemeenten"
        path.touch(mode=0o600)
        inventory = {
            "plugin": "netbox.netbox.nb_inventory",
            "api_endpoint": self.lab.url,
            "token": {"type": "Bearer", "value": self.lab.token.removeprefix("Bearer ")},
            "interfaces": True,
            "fetch_all": False,
            "query_filters": [{"tenant": path.stem} for path in sorted(gemeenten.iterdir())[::FEWER]],
            "timeout": 600,
            "config_context": False,
            "services": False,
            "racks": False,
            "group_by": ["site", "tenant", "role", "platform"],
            "plurals": False,
            "cache": True,
            "cache_plugin": "jsonfile",
            "cache_timeout": 86400,
            "cache_connection": str(self.folder / "cache"),
        }
        path.write_text(json.dumps(inventory))
        return path

    def _run(self, script: str, job: dict[str, object]) -> Peer:
        done = subprocess.run(
            [self.bin / "python", _HERE / script],
            input=json.dumps(job),
            cwd=self.folder,
            env={**os.environ, "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"bench: {script} failed: {done.stderr[-2000:]}")
        return Peer(**json.loads(done.stdout.splitlines()[-1]))


def _fields(table: Table) -> list[str]:
    names = ["id"]
    for column in table.columns:
        names += ["assigned_object_type", "assigned_object_id"] if column.form is Form.INTERFACE else [column.name]
    return names
