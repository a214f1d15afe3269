"""What of `ggi lab netbox` needs no NetBox: finding programs, its settings, telling processes apart, its words."""

from __future__ import annotations

import base64
import fcntl
import hashlib
import hmac
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from ggi_net.errors import LabFailure
from ggi_net.lab import netbox, netbox_install, netbox_parts, netbox_postgres, netbox_redis, netbox_shared
from ggi_net.lab.netbox_settings import (
    configuration_file,
    credentials_file,
    credentials_sql,
    draw,
    read_settings,
    write_configuration,
    write_settings,
)
from ggi_net.source.netbox.settings import load_settings


def script(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def bare(tmp_path, monkeypatch):
    """A machine without any program: an empty PATH, no pyenv, no packages of Debian's."""
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.setenv("PATH", str(empty))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setattr(netbox_install.sys, "version_info", (3, 11, 2))
    monkeypatch.setattr(netbox_postgres, "_DEBIAN", empty)
    monkeypatch.setattr(netbox_redis, "_SYSTEM_FOLDERS", "")
    return tmp_path


class TestPrograms:
    def test_without_a_new_python_it_says_what_to_install(self, bare):
        with pytest.raises(LabFailure) as caught:
            netbox_install.interpreter()
        assert str(caught.value) == (
            "GGI1904 no Python 3.12 or newer with venv, which NetBox 4.7.3 needs, on the PATH or among pyenv's "
            "versions\n"
            "  hint: install one: `pyenv install 3.12`, or `apt-get install python3.13-venv` on Debian 13"
        )

    def test_an_older_python_and_a_shim_that_leads_nowhere_are_passed_over(self, bare):
        script(bare / "empty" / "python3.13", "echo 'pyenv: python3.13: command not found' >&2; exit 127")
        script(bare / "empty" / "python3", "echo 3 11")
        good = script(bare / "pyenv" / "versions" / "3.12.4" / "bin" / "python", "echo 3 12")
        script(bare / "pyenv" / "versions" / "3.11.9" / "bin" / "python", "echo 3 11")
        assert netbox_install.interpreter() == good

    def test_pyenvs_of_another_user_are_none(self, bare, monkeypatch):
        script(bare / "pyenv" / "versions" / "3.12.4" / "bin" / "python", "echo 3 12")
        monkeypatch.setattr(netbox_install.os, "access", lambda *_: False)
        with pytest.raises(LabFailure):
            netbox_install.interpreter()

    def test_a_python_without_venv_is_passed_over(self, bare):
        script(bare / "empty" / "python3.12", "echo \"ModuleNotFoundError: No module named 'ensurepip'\" >&2; exit 1")
        with pytest.raises(LabFailure):
            netbox_install.interpreter()

    def test_without_postgresql_or_redis_it_names_the_packages(self, bare):
        with pytest.raises(LabFailure, match=r"PostgreSQL's initdb .* is not installed") as caught:
            netbox_postgres.program("initdb")
        assert caught.value.hint == "apt-get install --no-install-recommends postgresql redis-server"
        with pytest.raises(LabFailure, match="redis-server is not installed"):
            netbox_redis.program("redis-server")

    def test_the_newest_postgresql_of_debian_is_taken_and_none_that_is_too_old(self, bare, monkeypatch):
        monkeypatch.setattr(netbox_postgres, "_DEBIAN", bare / "lib")
        for version in ("9.6", "14", "15", "16"):
            script(bare / "lib" / version / "bin" / "initdb", "")
        script(bare / "lib" / "15" / "bin" / "psql", "")
        assert netbox_postgres.program("initdb") == bare / "lib" / "16" / "bin" / "initdb"
        assert netbox_postgres.program("psql") == bare / "lib" / "15" / "bin" / "psql"

    def test_a_failing_command_is_quoted_without_what_was_fed_to_it(self):
        with pytest.raises(LabFailure, match=r"baking failed \(status 3\): no flour") as caught:
            netbox_shared.run(["sh", "-c", "echo no flour >&2; exit 3"], "baking", feed="hunter2")
        assert "hunter2" not in str(caught.value)


class TestSettings:
    def test_they_come_back_and_are_their_owners_alone(self, tmp_path):
        settings = draw(port=8123, plugin=True)
        write_settings(tmp_path, settings)
        assert read_settings(tmp_path) == settings
        assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
        credentials = msgspec.json.decode(credentials_file(tmp_path).read_bytes())
        assert credentials["url"] == "http://127.0.0.1:8123"
        assert re.fullmatch(r"nbt_[A-Za-z0-9]{12}\.[A-Za-z0-9]{40}", credentials["token"])

    def test_the_toolkit_reads_them_as_its_configuration(self, tmp_path):
        folder = tmp_path / "a: #folder"
        settings = draw(port=8123, plugin=True)
        write_settings(folder, settings)
        found = load_settings({"GGI_CONFIG": str(configuration_file(folder))})
        assert (found.url, found.token) == (settings.url, settings.token)

    def test_two_labs_share_no_secret(self):
        one, two = (msgspec.structs.asdict(draw(port=1, plugin=True)) for _ in "ab")
        assert {name for name in one if one[name] == two[name]} == {"port", "plugin", "search"}

    def test_a_report_of_a_failed_test_does_not_show_them(self):
        settings = draw(port=8123, plugin=True)
        assert repr(settings) == "Settings(url='http://127.0.0.1:8123', plugin=True)"

    def test_damaged_settings_are_an_error_with_the_way_out(self, tmp_path):
        (tmp_path / "lab.json").write_text('{"port": 1}')
        with pytest.raises(LabFailure, match="damaged") as caught:
            read_settings(tmp_path)
        assert "ggi lab netbox down" in caught.value.hint
        assert read_settings(tmp_path / "elsewhere") is None

    def test_the_administrator_gets_the_password_and_token_that_netbox_will_compute(self):
        """Django's `pbkdf2_sha256$rounds$salt$hash`; NetBox's HMAC-SHA256 of the token's secret part, by its pepper."""
        settings = draw(port=1, plugin=True)
        sql = credentials_sql(settings)
        rounds, salt, hashed = re.search(r"pbkdf2_sha256\$(\d+)\$(\w+)\$([^']+)'", sql).groups()
        expected = hashlib.pbkdf2_hmac("sha256", settings.admin_password.encode(), salt.encode(), int(rounds))
        assert base64.b64decode(hashed) == expected
        proof = hmac.new(settings.pepper.encode(), settings.token_secret.encode(), "sha256").hexdigest()
        assert f"key = '{settings.token_key}', hmac_digest = '{proof}'" in sql
        assert settings.admin_password not in sql
        assert settings.token_secret not in sql

    def test_netbox_is_started_again_only_when_something_changed(self, tmp_path):
        settings = draw(port=8123, plugin=True)
        first = write_configuration(tmp_path, settings)
        assert write_configuration(tmp_path, settings) == first
        assert write_configuration(tmp_path, msgspec.structs.replace(settings, port=8124)) != first
        assert write_configuration(tmp_path, msgspec.structs.replace(settings, plugin=False)) != first

    def test_the_configuration_loads_what_was_asked_for_and_branching_last(self, tmp_path):
        for plugin, expected in ((True, ["ggi_netbox", "netbox_branching"]), (False, ["netbox_branching"])):
            write_configuration(tmp_path, draw(port=1, plugin=plugin))
            text = (tmp_path / "conf" / "configuration.py").read_text()
            values: dict[str, object] = {}
            exec(text.partition("from netbox_branching")[0], values)  # the rest needs NetBox
            assert values["PLUGINS"] == expected
            assert len(str(values["SECRET_KEY"])) >= 50

    def test_netbox_finds_the_toolkits_packages_and_nothing_beside_them(self, tmp_path):
        write_configuration(tmp_path, draw(port=1, plugin=True))
        names = {path.name for path in (tmp_path / "python").iterdir()}
        assert names == {"ggi_lab_search.py", "ggi_lab_wsgi.py", "ggi_net", "ggi_netbox"}
        found = subprocess.run(
            [
                sys.executable,
                "-I",
                "-S",
                "-c",
                f"import sys; sys.path.append({str(tmp_path / 'python')!r}); import ggi_net",
            ]
        )
        assert found.returncode == 0, "ggi_net must be importable with the standard library alone"


# Told to end, its first thread goes at once; another holds the port for a moment more.
_LINGERS = """
import ctypes, os, signal, socket, sys, threading, time
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
told = threading.Event()
def linger():
    told.wait()
    time.sleep(0.4)
    os._exit(0)
threading.Thread(target=linger).start()
def end(*_):
    told.set()
    ctypes.CDLL(None).pthread_exit(None)
signal.signal(signal.SIGTERM, end)
open("ready", "w").close()
while True:
    signal.pause()
"""


class TestParts:
    @pytest.fixture
    def part(self, tmp_path):
        part = netbox_parts.Part("sleeper", tmp_path, ["sh", "-c", "sleep 300 & sleep 300; true"])
        yield part
        netbox_parts.stop(tmp_path, signal.SIGKILL)

    def begin(self, part, processes=3):
        netbox_parts.start(part)
        netbox_parts.wait_for(part, lambda: len(netbox_parts.running(part.folder)) == processes, 10)

    def test_it_runs_detached_and_ends_with_its_children(self, part):
        self.begin(part)
        assert netbox_parts.lives(part.folder)
        netbox_parts.stop(part.folder, signal.SIGKILL)
        assert netbox_parts.running(part.folder) == []

    def test_a_child_that_outlives_it_is_found_and_ended(self, part):
        self.begin(part)
        os.kill(int((part.folder / "pid").read_text()), signal.SIGKILL)
        limit = time.monotonic() + 10
        while netbox_parts.lives(part.folder):
            assert time.monotonic() < limit
        assert len(netbox_parts.running(part.folder)) == 2
        netbox_parts.stop(part.folder, signal.SIGTERM)
        assert netbox_parts.running(part.folder) == []

    def test_what_is_left_ends_before_it_starts_again(self, part):
        self.begin(part)
        before = netbox_parts.running(part.folder)
        self.begin(part)
        assert not set(before) & set(netbox_parts.running(part.folder))

    def test_stopped_it_has_let_go_of_its_port(self, tmp_path):
        (port,) = netbox_parts.free_ports(1)
        part = netbox_parts.Part("lingerer", tmp_path, [sys.executable, "-c", _LINGERS, port])
        netbox_parts.start(part)
        netbox_parts.wait_for(part, (tmp_path / "ready").exists, 10)
        assert not netbox_parts.is_free(port)
        netbox_parts.stop(tmp_path, signal.SIGTERM)
        assert netbox_parts.is_free(port)

    @pytest.mark.parametrize("where", ["elsewhere", "there, of another session"])
    def test_a_process_that_got_the_same_id_is_not_taken_for_it(self, tmp_path, where):
        folder = tmp_path / "part"
        folder.mkdir()
        detached = where == "elsewhere"
        bystander = subprocess.Popen(["sleep", "300"], cwd=tmp_path if detached else folder, start_new_session=detached)
        (folder / "pid").write_text(f"{bystander.pid}\n")
        try:
            assert not netbox_parts.lives(folder)
            netbox_parts.stop(folder, signal.SIGKILL)
            assert bystander.poll() is None
        finally:
            bystander.kill()
            bystander.wait()

    def test_one_that_ends_at_once_is_quoted(self, tmp_path):
        part = netbox_parts.Part("Baker", tmp_path, ["sh", "-c", "echo no flour; exit 1"])
        netbox_parts.start(part)
        with pytest.raises(LabFailure, match=r"log: Baker ended: no flour$"):
            netbox_parts.wait_for(part, lambda: False, 10)


class TestLocks:
    def test_it_waits_for_the_holder_and_takes_a_new_file_when_that_removed_it(self, tmp_path):
        path = tmp_path / "lock"
        code = (
            "import sys, pathlib, shutil, time; from ggi_net.lab.netbox_shared import locked\n"
            "path = pathlib.Path(sys.argv[1])\n"
            "with locked(path): print('held', flush=True); time.sleep(0.3); shutil.rmtree(path.parent)"
        )
        holder = subprocess.Popen([sys.executable, "-c", code, path], stdout=subprocess.PIPE, text=True)
        assert holder.stdout.readline() == "held\n"
        with netbox_shared.locked(path):
            assert holder.wait() == 0, "the lock was taken while it was held"
            assert path.exists()

    def test_it_holds_until_a_command_of_a_killed_holder_has_ended(self, tmp_path):
        """Else a second `up` would install into the folder that an orphaned pip still writes to."""
        path = tmp_path / "lock"
        code = (
            "import sys, pathlib, ggi_net.lab.netbox_shared as s\n"
            "with s.locked(pathlib.Path(sys.argv[1])): s.run(['sh', '-c', 'echo $$ >&2; sleep 300'], 'sleeping')"
        )
        holder = subprocess.Popen([sys.executable, "-c", code, path])
        limit = time.monotonic() + 10
        while not (orphans := _children(holder.pid)):
            assert time.monotonic() < limit
            time.sleep(0.02)
        holder.kill()
        holder.wait()
        with path.open() as file:
            try:
                with pytest.raises(BlockingIOError):
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            finally:
                for pid in (*_children(orphans[0]), *orphans):
                    os.kill(pid, signal.SIGKILL)
            fcntl.flock(file, fcntl.LOCK_EX)


def _children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


class TestFolders:
    def test_a_folder_with_something_else_is_refused_and_kept(self, tmp_path):
        (tmp_path / "thesis.txt").write_text("ten years")
        for job in (netbox.up, netbox.down):
            with pytest.raises(LabFailure, match="not a NetBox lab, and not empty"):
                job(tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]

    def test_what_was_never_up_can_be_taken_down_and_not_found(self, tmp_path):
        assert netbox.down(tmp_path / "nothing") is False
        with pytest.raises(LabFailure, match="no NetBox was brought up there"):
            netbox.find(tmp_path / "nothing")
        assert list(tmp_path.iterdir()) == []

    def test_without_a_server_the_database_says_what_to_start(self, tmp_path):
        write_settings(tmp_path, draw(port=1, plugin=True))
        lab = netbox.find(tmp_path)
        for job in (lab.reset, lambda: lab.save("a"), lambda: lab.restore("a"), lambda: lab.sql("SELECT 1")):
            with pytest.raises(LabFailure, match="this NetBox is not running") as caught:
                job()
            assert caught.value.hint == "start it with `ggi lab netbox up`"

    @pytest.mark.parametrize("name", ["", "a b", "x'; DROP DATABASE netbox; --", "A", "a" * 41])
    def test_a_saved_database_has_a_plain_name(self, tmp_path, name):
        write_settings(tmp_path, draw(port=1, plugin=True))
        with pytest.raises(LabFailure, match="can't name a saved database"):
            netbox.find(tmp_path).restore(name)
