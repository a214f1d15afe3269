"""What a NetBox lab is doing: its parts, versions, plugins and sizes."""

from __future__ import annotations

import os
import shlex
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ggi_net.lab import netbox_parts
from ggi_net.lab.netbox import Instance, answer
from ggi_net.lab.netbox_postgres import LIVE, cluster_folder
from ggi_net.lab.netbox_shared import shared_folder

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Status:
    """`parts`: whether each one runs. `versions`, `plugins`: by name. `sizes`: in bytes."""

    lab: Instance
    parts: dict[str, bool]
    versions: dict[str, str]
    plugins: dict[str, str]
    sizes: dict[str, int]

    @property
    def running(self) -> bool:
        """Whether NetBox answers and none of its parts is missing."""
        return bool(self.versions) and all(self.parts.values())

    def lines(self) -> list[tuple[str, str]]:
        """For people: names and values."""
        stopped = [name for name, lives in self.parts.items() if not lives]
        silent = "it does not answer"
        state = "running" if self.running else f"not running: {', '.join(stopped) + ' stopped' if stopped else silent}"
        found = [
            ("NetBox", state),
            ("URL", self.lab.url),
            ("credentials", str(self.lab.credentials)),
            ("for ggi", f"export GGI_CONFIG={shlex.quote(str(self.lab.configuration))}"),
        ]
        if self.versions:
            found.append(("versions", ", ".join(f"{name} {version}" for name, version in self.versions.items())))
            found.append(("plugins", ", ".join(f"{name} {version}" for name, version in self.plugins.items())))
        found.append(("sizes", ", ".join(f"{name} {size / 1e6:.0f} MB" for name, size in self.sizes.items())))
        return found


def status(lab: Instance) -> Status:
    """Look at the NetBox; it needn't run."""
    folders = {"PostgreSQL": cluster_folder(lab.folder)}
    folders |= {name: lab.folder / name.lower() for name in ("Redis", "web", "worker")}
    parts = {name: netbox_parts.lives(folder) for name, folder in folders.items()}
    said = answer(lab) if parts["web"] else None
    versions = {}
    if said:
        keys = {"NetBox": "netbox-version", "Django": "django-version", "Python": "python-version"}
        versions = {name: str(said.get(key)) for name, key in keys.items()}
    plugins = said.get("plugins") if said else None
    sizes = {
        "cluster": _size(folders["PostgreSQL"]), "lab": _size(lab.folder), "installation": _size(shared_folder()),
    }  # fmt: skip
    if parts["PostgreSQL"]:
        sizes = {"database": int(lab.sql(f"SELECT pg_database_size('{LIVE}')")), **sizes}
    return Status(lab, parts, versions, dict(plugins) if isinstance(plugins, dict) else {}, sizes)


def _size(folder: Path) -> int:
    """Bytes of the files below a folder; what goes meanwhile counts as nothing."""
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += os.lstat(os.path.join(root, name)).st_size  # noqa: PTH118  20,000 files
    return total
