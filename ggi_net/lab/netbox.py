"""A real NetBox on loopback in one call: its own PostgreSQL, Redis, web server and worker, in a folder of its own.

lab, _ = up(folder)           # a minute the first time, then seconds
lab.url, lab.token
lab.reset()                   # empty again, in a second
lab.save("loaded"); lab.restore("loaded")
down(folder)                  # nothing is left
"""

from __future__ import annotations

import re
import shutil
import signal
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from ggi_net.errors import LabFailure, Place
from ggi_net.files import write_atomic
from ggi_net.lab import netbox_install, netbox_parts, netbox_seed
from ggi_net.lab.netbox_parts import LOOPBACK, Part
from ggi_net.lab.netbox_postgres import CLEAN, LIVE, Cluster, cluster_folder, stop_cluster
from ggi_net.lab.netbox_redis import Redis
from ggi_net.lab.netbox_settings import (
    Settings,
    configuration_file,
    credentials_file,
    credentials_sql,
    draw,
    netbox_environment,
    read_settings,
    write_configuration,
    write_settings,
)
from ggi_net.lab.netbox_shared import locked, quiet
from ggi_net.paths import state_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_LOCK = "lock"
_SERVE_SECONDS = 240


def netbox_folder() -> Path:
    """The folder of the NetBox that `ggi lab netbox` uses unless told otherwise."""
    return state_folder() / "lab" / "netbox"


@dataclass(frozen=True)
class Instance:
    """A NetBox in a folder. It is not stopped when this object goes."""

    folder: Path
    settings: Settings

    @property
    def url(self) -> str:
        """Where it answers, without a slash at the end."""
        return self.settings.url

    @property
    def token(self) -> str:
        """An administrator's API token, as `Authorization: Bearer` takes it."""
        return self.settings.token

    @property
    def credentials(self) -> Path:
        """The file with URL, token, user name and password."""
        return credentials_file(self.folder)

    @property
    def configuration(self) -> Path:
        """The file with which `ggi` uses this NetBox, when GGI_CONFIG names it."""
        return configuration_file(self.folder)

    @property
    def cluster(self) -> Cluster:
        """Its PostgreSQL."""
        return Cluster(self.folder, self.settings.database_port, self.settings.database_password)

    @property
    def redis(self) -> Redis:
        """Its Redis."""
        return Redis(self.folder / "redis", self.settings.redis_port, self.settings.redis_password)

    def sql(self, statements: str) -> str:
        """Run SQL statements in NetBox's database; return the rows, columns separated by `|`. Raises LabFailure."""
        self._require()
        return self.cluster.sql(statements)

    def reset(self) -> None:
        """Empty NetBox under the running server: a second. URL, token and password stay."""
        self._replace(CLEAN)

    def save(self, name: str) -> None:
        """Keep the database as it is now under a name, for `restore`."""
        self._require()
        self.cluster.copy(LIVE, _saved(name))

    def restore(self, name: str) -> None:
        """Bring the database back to what `save` kept: a second."""
        self._replace(_saved(name))

    def _require(self) -> None:
        """Raise LabFailure unless its database runs."""
        if not netbox_parts.lives(self.cluster.folder):
            raise LabFailure(
                "this NetBox is not running", place=Place(str(self.folder)), hint="start it with `ggi lab netbox up`"
            )

    def _replace(self, source: str) -> None:
        self._require()
        if not self.cluster.has(source):
            raise LabFailure(f"there is no database {source} to go back to", place=Place(str(self.folder)))
        self.cluster.copy(source, LIVE)
        self.redis.flush()


def _saved(name: str) -> str:
    if not re.fullmatch(r"[a-z0-9_]{1,40}", name):
        raise LabFailure(f"'{name}' can't name a saved database", hint="use lower-case letters, digits and _")
    return f"save_{name}"


def up(
    folder: Path,
    *,
    plugin: bool | None = None,
    search: bool | None = None,
    port: int | None = None,
    say: Callable[[str], None] = quiet,
) -> tuple[Instance, bool]:
    """Bring the NetBox in `folder` up: make what isn't there, start what doesn't run.

    `plugin`: with the toolkit's own plugin; `search`: with the index of its pages' search field, which half of the work
    of a write goes into (None: as it was, at first with it). `port`: of loopback (None: as it was, at first a free
    one). `say` gets a line of progress now and then. Returns the NetBox, and whether anything of it had to be started.
    Raises LabFailure.
    """
    folder = _own(folder)
    python = netbox_install.environment(say)
    dump = netbox_seed.seed(python, say)
    with locked(folder / _LOCK):
        settings = read_settings(folder) or draw(port=port, plugin=plugin is not False)
        settings = msgspec.structs.replace(
            settings,
            port=port or settings.port,
            plugin=settings.plugin if plugin is None else plugin,
            search=settings.search if search is None else search,
        )
        settings = _with_free_ports(folder, settings)
        write_settings(folder, settings)
        lab = Instance(folder, settings)
        configuration = write_configuration(folder, settings)
        stores = _start_stores(lab, dump, say)
        programs = _start_programs(lab, python, configuration, say)
    return lab, stores or programs


def _own(folder: Path) -> Path:
    """The folder, absolute and without links; raise LabFailure when it holds what isn't a lab."""
    folder = folder.resolve()
    if folder.exists() and not (folder / "lab.json").exists():
        others = (path.name for path in folder.iterdir())
        if any(name != _LOCK and not name.startswith(".lab.json.") for name in others):
            raise LabFailure("not a NetBox lab, and not empty", place=Place(str(folder)), hint="give another --folder")
    return folder


def _with_free_ports(folder: Path, settings: Settings) -> Settings:
    """The settings, with other ports where a part isn't running and its port was taken meanwhile."""
    spare = netbox_parts.free_ports(2)
    if not netbox_parts.lives(cluster_folder(folder)) and not netbox_parts.is_free(settings.database_port):
        settings = msgspec.structs.replace(settings, database_port=spare[0])
    if not netbox_parts.lives(folder / "redis") and not netbox_parts.is_free(settings.redis_port):
        settings = msgspec.structs.replace(settings, redis_port=spare[1])
    return settings


def _start_stores(lab: Instance, dump: Path, say: Callable[[str], None]) -> bool:
    """Start PostgreSQL and Redis where they don't run, and see to the databases; return whether one was started."""
    cluster, redis = lab.cluster, lab.redis
    started = False
    cluster.prepare()
    if not netbox_parts.lives(cluster.folder):
        say("starting PostgreSQL")
        cluster.start()
        started = True
    if not netbox_parts.lives(redis.folder):
        redis.start()
        netbox_parts.stop(lab.folder / "worker", signal.SIGKILL)  # a worker announces itself only when it starts
        started = True
    if not cluster.has(CLEAN):
        say("restoring NetBox's empty database")
        netbox_seed.plant(cluster, dump, credentials_sql(lab.settings))
    if not cluster.has(LIVE):
        cluster.copy(CLEAN, LIVE)
    cluster.open(LIVE)
    return started


def _start_programs(lab: Instance, python: Path, configuration: str, say: Callable[[str], None]) -> bool:
    """Start NetBox and its worker where they don't run with this `configuration`; return whether one was started."""
    started = False
    web, worker = _web(lab, python), _worker(lab, python)
    # A web server has nothing to lose, and Python's own end takes seconds; the worker may be in a job.
    for part, ending in ((web, signal.SIGKILL), (worker, signal.SIGTERM)):
        runs_with = part.folder / "configuration"
        if not runs_with.exists() or runs_with.read_text() != configuration:
            netbox_parts.stop(part.folder, ending)
        if not netbox_parts.lives(part.folder):
            say(f"starting {part.name}")
            netbox_parts.stop(part.folder, signal.SIGKILL)  # children that hold its port
            if part is web:
                _require_free(lab.settings.port)
            write_atomic(runs_with, configuration, mode=0o600, durable=False)
            netbox_parts.start(part)
            started = True
    netbox_parts.wait_for(web, lambda: answer(lab) is not None, _SERVE_SECONDS)
    netbox_parts.wait_for(worker, lambda: bool((answer(lab) or {}).get("rq-workers-running")), _SERVE_SECONDS)
    return started


def _require_free(port: int) -> None:
    if not netbox_parts.is_free(port):
        raise LabFailure(
            f"port {port} of {LOOPBACK} is in use by another program",
            hint="stop that program, or give another port with --port",
        )


def _web(lab: Instance, python: Path) -> Part:
    command = [python, "-m", "gunicorn", "--config", "gunicorn.conf.py", "ggi_lab_wsgi"]
    return Part("NetBox", lab.folder / "web", command, netbox_environment(lab.folder))


def _worker(lab: Instance, python: Path) -> Part:
    command = [python, "-m", "netbox", "rqworker", "--skip-checks", "high", "default", "low"]
    return Part("NetBox's worker", lab.folder / "worker", command, netbox_environment(lab.folder))


def answer(lab: Instance) -> dict[str, object] | None:
    """What NetBox says about itself (`/api/status/`); None when it doesn't answer."""
    request = urllib.request.Request(  # noqa: S310  our own loopback
        f"{lab.url}/api/status/", headers={"Authorization": f"Bearer {lab.token}", "Accept": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
            return msgspec.json.decode(response.read(), type=dict[str, object])
    except (OSError, msgspec.DecodeError):
        return None


def find(folder: Path) -> Instance:
    """The NetBox that was brought up in `folder`; raise LabFailure when none was."""
    folder = folder.resolve()
    settings = read_settings(folder)
    if settings is None:
        raise LabFailure("no NetBox was brought up there", place=Place(str(folder)), hint="`ggi lab netbox up`")
    return Instance(folder, settings)


def down(folder: Path) -> bool:
    """End the NetBox in `folder` and remove all that it had; return whether there was one."""
    folder = _own(folder)
    gone = folder.with_name(f".{folder.name}.gone")
    shutil.rmtree(gone, ignore_errors=True)
    if not folder.exists():
        return False
    with locked(folder / _LOCK):
        existed = (folder / "lab.json").exists()
        for name in ("web", "worker", "redis"):
            netbox_parts.stop(folder / name, signal.SIGKILL)
        stop_cluster(folder)
        shutil.rmtree(cluster_folder(folder), ignore_errors=True)
        folder.rename(gone)
        shutil.rmtree(gone)
    return existed
