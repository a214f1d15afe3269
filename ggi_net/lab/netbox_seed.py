"""The seed: a dump of NetBox's migrated, empty database, made once because the migrations take minutes."""

from __future__ import annotations

import hashlib
import shutil
import signal
from typing import TYPE_CHECKING

from ggi_net.lab import netbox_parts, netbox_postgres, netbox_redis
from ggi_net.lab.netbox_postgres import CLEAN, LIVE, Cluster
from ggi_net.lab.netbox_settings import ADMIN, draw, netbox_environment, plugin_digest, write_configuration
from ggi_net.lab.netbox_shared import BRANCHING, NETBOX, locked, quiet, run, shared_folder, surroundings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_MADE_FROM = f"netbox {NETBOX}, branching {BRANCHING}, seed 1"  # count up when what is made below changes
# Each lab gives this administrator a password and a token of its own; until then neither is usable.
_ADMINISTRATOR = f"""
import django
django.setup()
from users.models import Token, User
user = User.objects.create_superuser("{ADMIN}", password=None)
Token(user=user, version=2, enabled=False, description="ggi lab").save()
"""


def seed(python: Path, say: Callable[[str], None] = quiet) -> Path:
    """The seed's file; made when it isn't there yet (about 4 minutes). `python`: of NetBox's environment."""
    migrations = plugin_digest("migrations/*.py")
    name = hashlib.sha256(f"{_MADE_FROM} {migrations}".encode()).hexdigest()[:12]
    path = shared_folder() / f"seed-{name}.dump"
    if path.exists():
        return path
    with locked(shared_folder() / "seed.lock"):
        if not path.exists():
            say("migrating NetBox's empty database, once (about 4 minutes)")
            _make(path, python)
    return path


def _make(path: Path, python: Path) -> None:
    lab = shared_folder() / "seed.work"
    settings = draw(port=None, plugin=True)
    cluster = Cluster(lab, settings.database_port, settings.database_password)
    redis = netbox_redis.Redis(lab / "redis", settings.redis_port, settings.redis_password)
    _remove(lab)  # of one that was killed
    try:
        write_configuration(lab, settings)
        cluster.prepare()
        cluster.start()
        redis.start()
        cluster.sql(f"CREATE DATABASE {LIVE}", database="postgres")
        environment = surroundings() | netbox_environment(lab)
        netbox = [python, "-m", "netbox"]
        run([*netbox, "migrate", "--no-input", "--skip-checks"], "migrating NetBox", environment=environment, cwd=lab)
        run([python, "-"], "making the administrator", environment=environment, cwd=lab, feed=_ADMINISTRATOR)
        part = path.with_suffix(".part")
        dump = [netbox_postgres.program("pg_dump"), "-Fc", "-Z1", "-f", part, LIVE]
        run(dump, "dumping the seed", environment=cluster.environment())
        part.replace(path)
    finally:
        _remove(lab)


def _remove(lab: Path) -> None:
    folder = netbox_postgres.cluster_folder(lab)
    netbox_postgres.stop_cluster(lab)
    netbox_parts.stop(lab / "redis", signal.SIGKILL)
    for each in (folder, lab):
        shutil.rmtree(each, ignore_errors=True)


def plant(cluster: Cluster, dump: Path, statements: str) -> None:
    """Restore the seed as the database `clean` and run `statements` in it; whole or not at all."""
    if cluster.has(CLEAN):
        return
    cluster.sql("DROP DATABASE IF EXISTS planting WITH (FORCE);\nCREATE DATABASE planting;", database="postgres")
    restore = [netbox_postgres.program("pg_restore"), "-d", "planting", "-j", "2", "--exit-on-error", dump]
    run(restore, "restoring the seed", environment=cluster.environment())
    cluster.sql(statements, database="planting")
    cluster.sql("VACUUM ANALYZE", database="planting")
    cluster.sql(f"ALTER DATABASE planting RENAME TO {CLEAN}", database="postgres")
