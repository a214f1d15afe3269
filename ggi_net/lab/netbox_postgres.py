"""The lab's private PostgreSQL cluster: its own folder, loopback port and password; nothing of the system's."""

from __future__ import annotations

import hashlib
import os
import pwd
import re
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path

from ggi_net.errors import LabFailure
from ggi_net.files import write_atomic
from ggi_net.lab.netbox_parts import LOOPBACK, Part, answers, start, stop, wait_for
from ggi_net.lab.netbox_shared import run

OLDEST = 15
"""What NetBox 4.7 needs."""

ROLE = "netbox"
LIVE = "netbox"
CLEAN = "clean"
_SYSTEM = "postgres"
_DEBIAN = Path("/usr/lib/postgresql")
_INSTALL = "apt-get install --no-install-recommends postgresql redis-server"
# A lab can be made again: nothing of it is worth waiting for a disk. What was committed does survive a kill: with
# `synchronous_commit` it is with the operating system by then.
_SETTINGS = (
    f"listen_addresses={LOOPBACK}", "unix_socket_directories=", "fsync=off",
    "full_page_writes=off", "wal_level=minimal", "max_wal_senders=0", "max_wal_size=2GB", "shared_buffers=128MB",
    "max_connections=60", "log_min_messages=warning", "log_min_error_statement=panic",
)  # fmt: skip


@dataclass(frozen=True)
class Cluster:
    """A cluster of the lab in `lab`, at a port of loopback."""

    lab: Path
    port: int
    password: str

    @property
    def user(self) -> str | None:
        """PostgreSQL refuses to run as root; then it runs as the package's own user."""
        return _SYSTEM if os.geteuid() == 0 else None

    @property
    def folder(self) -> Path:
        """Where its data is: in the lab; as root in the home of `postgres`, who can't enter root's folders."""
        return cluster_folder(self.lab)

    @property
    def part(self) -> Part:
        """Its server."""
        options = [word for setting in _SETTINGS for word in ("-c", setting)]
        command = [program("postgres"), "-D", self.folder / "data", "-p", str(self.port), *options]
        return Part("PostgreSQL", self.folder, command, user=self.user)

    def prepare(self) -> None:
        """Make the cluster when it isn't there."""
        if (self.folder / "complete").exists():
            return
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(mode=0o700, parents=True)
        secret = self.folder / "password"
        write_atomic(secret, self.password, mode=0o600, durable=False)
        if self.user:
            shutil.chown(self.folder, self.user, self.user)
            shutil.chown(secret, self.user, self.user)
        run(
            [program("initdb"), "-D", self.folder / "data", "-U", ROLE, f"--pwfile={secret}", "--auth=scram-sha-256",
             "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"],
            "making the PostgreSQL cluster", user=self.user, cwd=self.folder,
        )  # fmt: skip
        secret.unlink()
        (self.folder / "complete").touch()

    def start(self) -> None:
        """Start its server and wait until it takes connections."""
        part = self.part
        stop(self.folder, signal.SIGKILL)
        # What a crash left: after a reboot the id in it may be another program's, and the server would not start.
        (self.folder / "data" / "postmaster.pid").unlink(missing_ok=True)
        start(part)
        wait_for(part, lambda: answers(self.port) and self.accepts(), 30)

    def accepts(self) -> bool:
        """Whether it answers a query."""
        try:
            self.sql("SELECT 1", database="postgres")
        except LabFailure:
            return False
        return True

    def sql(self, statements: str, *, database: str = LIVE) -> str:
        """Run SQL statements; return the rows, unaligned, one per line. Raises LabFailure."""
        command = [
            program("psql"),
            "-X",
            "-q",
            "-A",
            "-t",
            "-v",
            "ON_ERROR_STOP=1",
            "-v",
            "VERBOSITY=terse",
            "-d",
            database,
        ]
        return run(command, "asking PostgreSQL", environment=self.environment(), feed=statements).strip()

    def environment(self) -> dict[str, str]:
        """How PostgreSQL's tools find the server and, in a file, the password."""
        passfile = self.lab / "pgpass"
        if not passfile.exists():
            write_atomic(passfile, f"{LOOPBACK}:*:*:{ROLE}:{self.password}\n", mode=0o600, durable=False)
        return {
            "PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "PGPASSFILE": str(passfile),
            "PGHOST": LOOPBACK, "PGPORT": str(self.port), "PGUSER": ROLE,
        }  # fmt: skip

    def has(self, database: str) -> bool:
        """Whether there is such a database."""
        return bool(self.sql(f"SELECT 1 FROM pg_database WHERE datname = '{database}'", database="postgres"))  # noqa: S608  our own names

    def open(self, database: str) -> None:
        """Let a database be connected to, which a `copy` that was killed may have left closed."""
        self.sql(f"ALTER DATABASE {database} ALLOW_CONNECTIONS true", database="postgres")

    def copy(self, source: str, target: str) -> None:
        """Make `target` anew as a copy of `source`, ending whoever uses either; about half a second."""
        self.sql(
            f"ALTER DATABASE {source} ALLOW_CONNECTIONS false;\n"
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{source}';\n"
            f"DROP DATABASE IF EXISTS {target} WITH (FORCE);\n"
            f"CREATE DATABASE {target} TEMPLATE {source} STRATEGY file_copy;\n"
            f"ALTER DATABASE {source} ALLOW_CONNECTIONS true;\n",
            database="postgres",
        )


def cluster_folder(lab: Path) -> Path:
    """The folder of a lab's cluster; as root its name is that of the lab, hashed."""
    if os.geteuid() != 0:
        return lab / "postgres"
    try:
        home = Path(pwd.getpwnam(_SYSTEM).pw_dir)
    except KeyError:
        raise LabFailure("PostgreSQL is not installed: there is no user postgres", hint=_INSTALL) from None
    return home / f"ggi-lab-{hashlib.sha256(os.fsencode(lab)).hexdigest()[:16]}"


def stop_cluster(lab: Path) -> None:
    """End the server of a lab's cluster. (SIGKILL would leave its shared memory behind.)"""
    stop(cluster_folder(lab), signal.SIGINT)


def program(name: str) -> Path:
    """A program of PostgreSQL: Debian keeps them outside of the PATH. Raises LabFailure."""
    folders = sorted(_DEBIAN.glob("*/bin"), key=lambda path: _number(path.parent.name))
    for folder in reversed(folders):
        if (folder / name).exists() and _number(folder.parent.name) >= OLDEST:
            return folder / name
    found = shutil.which(name)
    if not found:
        raise LabFailure(f"PostgreSQL's {name} (version {OLDEST} or newer) is not installed", hint=_INSTALL)
    return Path(found)


def _number(text: str) -> int:
    match = re.match(r"\d+", text)
    return int(match[0]) if match else 0
