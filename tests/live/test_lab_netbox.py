"""`ggi lab netbox`: a real NetBox that survives whatever happens to it, keeps its secrets and leaves nothing behind."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import msgspec
import pytest
from netbox_lab import Guard, require_netbox

from ggi_net.lab import netbox_parts
from ggi_net.lab.netbox import Instance, find
from ggi_net.lab.netbox_postgres import cluster_folder
from ggi_net.lab.netbox_settings import write_configuration, write_settings

if TYPE_CHECKING:
    from ggi_net.lab.netbox_settings import Settings

pytestmark = pytest.mark.live
SECRETS = (
    "secret_key", "pepper", "database_password", "redis_password", "admin_password", "token_key", "token_secret",
)  # fmt: skip


def ggi(*words: object) -> subprocess.CompletedProcess[str]:
    """`ggi lab netbox WORDS`, to its end."""
    return subprocess.run(command(*words), capture_output=True, text=True, timeout=400)


def command(*words: object) -> list[str]:
    return [sys.executable, "-m", "ggi_net", "lab", "netbox", *map(str, words)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    require_netbox()
    folder = tmp_path_factory.mktemp("lab") / "netbox"
    guard = Guard(folder)
    yield folder
    guard.end()


@pytest.fixture
def lab(folder) -> Instance:
    """The module's NetBox, running, whatever the test before did to it."""
    done = ggi("up", "--folder", folder)
    assert done.returncode == 0, done.stderr
    return find(folder)


def request(lab: Instance, path: str, body: object = None, **headers: str) -> Any:
    """A REST request with the lab's token: GET, or POST of `body`."""
    asked = urllib.request.Request(
        f"{lab.url}/api/{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {lab.token}", "Content-Type": "application/json"} | headers,
    )
    with urllib.request.urlopen(asked, timeout=60) as response:
        return json.load(response)


def tags(lab: Instance) -> list[str]:
    return [tag["slug"] for tag in request(lab, "extras/tags/")["results"]]


def make_tag(lab: Instance, slug: str) -> None:
    request(lab, "extras/tags/", {"name": slug, "slug": slug})


def part_folder(lab: Instance, part: str) -> Path:
    return cluster_folder(lab.folder) if part == "PostgreSQL" else lab.folder / part.lower()


def leader(lab: Instance, part: str) -> int:
    return int((part_folder(lab, part) / "pid").read_text())


def processes_in(*folders: Path) -> list[int]:
    """Every process that works below one of the folders, whoever started it."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            cwd = (entry / "cwd").readlink()
        except OSError:
            continue
        if entry.name.isdigit() and any(cwd.is_relative_to(each) for each in folders):
            found.append(int(entry.name))
    return found


def secrets_of(settings: Settings) -> list[bytes]:
    return [getattr(settings, name).encode() for name in SECRETS]


class TestLife:
    def test_up_says_where_it_is_and_keeps_the_token_to_itself(self, folder, lab):
        done = ggi("up", "--folder", folder)
        assert done.stdout.splitlines() == [
            f"NetBox was up already: {lab.url}",
            f"name and password for the browser: {folder}/credentials.json",
            f"for ggi: export GGI_CONFIG={folder}/netbox.yml",
        ]
        credentials = json.loads(lab.credentials.read_text())
        assert credentials.keys() == {"url", "token", "username", "password"}
        assert (credentials["url"], credentials["token"]) == (lab.url, lab.token)
        assert lab.token.startswith("nbt_")
        assert request(lab, "status/")["netbox-version"] == "4.7.3"

    def test_status_lists_versions_and_plugins(self, folder, lab):
        done = ggi("status", "--folder", folder)
        assert done.returncode == 0
        assert f"running\nURL:         {lab.url}\n" in done.stdout
        assert "NetBox 4.7.3" in done.stdout
        assert {"netbox_branching 1.2.2", "ggi_netbox 0.1.0"} <= set(
            re.search(r"plugins: +(.*)", done.stdout)[1].split(", ")
        )

    def test_reset_empties_it_in_a_second_and_token_and_worker_stay(self, folder, lab):
        make_tag(lab, "before")
        begun = time.monotonic()
        assert ggi("reset", "--folder", folder).returncode == 0
        assert time.monotonic() - begun < 10
        assert tags(lab) == []
        assert request(lab, "status/")["rq-workers-running"] == 1

    def test_a_branch_can_be_made_after_a_reset(self, lab):
        lab.reset()
        branch = request(lab, "plugins/branching/branches/", {"name": "plan"})
        limit = time.monotonic() + 60
        while request(lab, branch["url"].partition("/api/")[2])["status"]["value"] != "ready":
            assert time.monotonic() < limit, "the worker did not provision the branch"
            time.sleep(0.2)

    def test_what_was_saved_comes_back(self, lab):
        lab.reset()
        make_tag(lab, "kept")
        lab.save("one")
        make_tag(lab, "later")
        lab.restore("one")
        assert tags(lab) == ["kept"]
        assert lab.sql("SELECT slug, name FROM extras_tag") == "kept|kept"

    def test_people_can_log_in_and_pages_have_their_style(self, lab):
        credentials = json.loads(lab.credentials.read_text())
        jar = CookieJar()
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        assert "/static/netbox.css" in browser.open(f"{lab.url}/login/").read().decode()
        assert browser.open(f"{lab.url}/static/netbox.css").headers["Content-Type"] == "text/css"
        token = next(cookie.value for cookie in jar if cookie.name == "csrftoken")
        form = {key: credentials[key] for key in ("username", "password")} | {"csrfmiddlewaretoken": token}
        page = browser.open(f"{lab.url}/login/", urlencode(form).encode())
        assert page.url == f"{lab.url}/"
        assert "Log Out" in page.read().decode()

    def test_the_own_plugin_can_be_left_out_and_taken_in_again(self, folder, lab):
        make_tag(lab, "stays")
        assert ggi("up", "--folder", folder, "--no-plugin").returncode == 0
        assert list(request(lab, "status/")["plugins"]) == ["netbox_branching"]
        assert "was up already" in ggi("up", "--folder", folder).stdout
        assert ggi("up", "--folder", folder, "--plugin").returncode == 0
        assert set(request(lab, "status/")["plugins"]) == {"netbox_branching", "ggi_netbox"}
        assert "stays" in tags(lab)


class TestSecrets:
    def test_no_process_list_shows_one(self, lab):
        lines = b"".join(path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists())
        assert b"gunicorn.conf.py" in lines
        assert [secret for secret in secrets_of(lab.settings) if secret in lines] == []

    def test_a_file_with_one_is_readable_by_its_owner_alone(self, lab):
        known = secrets_of(lab.settings)
        for path in lab.folder.rglob("*"):
            if path.is_file() and any(secret in path.read_bytes() for secret in known):
                assert path.stat().st_mode & 0o077 == 0, path
        assert lab.folder.stat().st_mode & 0o077 == 0
        assert cluster_folder(lab.folder).stat().st_mode & 0o077 == 0

    def test_it_listens_on_loopback_alone(self, lab):
        ours = (lab.settings.port, lab.settings.database_port, lab.settings.redis_port)
        listening = [
            line.split()[1].split(":")
            for table in ("tcp", "tcp6")
            for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
            if line.split()[3] == "0A"
        ]
        assert {(int(port, 16), host) for host, port in listening if int(port, 16) in ours} == {
            (port, "0100007F") for port in ours
        }

    def test_database_and_redis_ask_for_their_password(self, lab):
        with socket.create_connection(("127.0.0.1", lab.settings.redis_port)) as redis:
            redis.sendall(b"KEYS *\r\n")
            assert redis.recv(100).startswith(b"-NOAUTH")
        environment = lab.cluster.environment() | {"PGPASSFILE": "/nonexistent"}
        asked = [str(part) for part in (lab.cluster.part.command[0].with_name("psql"), "-wXc", "SELECT 1", "postgres")]
        refused = subprocess.run(asked, env=environment, capture_output=True, text=True)
        assert "no password supplied" in refused.stderr


class TestAccidents:
    @pytest.mark.parametrize("part", ["PostgreSQL", "Redis", "web", "worker"])
    def test_up_restores_a_part_that_was_killed(self, folder, lab, part):
        lab.reset()
        make_tag(lab, "survivor")
        os.kill(leader(lab, part), signal.SIGKILL)
        limit = time.monotonic() + 60
        while netbox_parts.lives(part_folder(lab, part)):
            assert time.monotonic() < limit
        status = ggi("status", "--folder", folder)
        assert status.returncode == 1
        assert f"{part} stopped" in status.stdout
        again = ggi("up", "--folder", folder)
        assert again.returncode == 0, again.stderr
        assert tags(lab) == ["survivor"]
        assert ggi("status", "--folder", folder).returncode == 0

    def test_stale_process_ids_after_a_reboot_are_nobody(self, folder, lab):
        """After a reboot the ids belong to other programs; those are left alone."""
        bystander = subprocess.Popen(["sleep", "300"], start_new_session=True)
        for pid in processes_in(lab.folder, cluster_folder(lab.folder)):
            os.kill(pid, signal.SIGKILL)
        for part in ("PostgreSQL", "Redis", "web", "worker"):
            (part_folder(lab, part) / "pid").write_text(f"{bystander.pid}\n")
        (cluster_folder(lab.folder) / "data" / "postmaster.pid").write_text(f"{bystander.pid}\n")
        try:
            assert ggi("status", "--folder", folder).returncode == 1
            assert ggi("up", "--folder", folder).returncode == 0
            assert bystander.poll() is None
        finally:
            bystander.kill()
            bystander.wait()
        assert request(lab, "status/")["rq-workers-running"] == 1

    def test_two_ups_at_once_make_one(self, folder, lab):
        for part in ("web", "worker"):
            os.kill(leader(lab, part), signal.SIGKILL)
        both = [subprocess.Popen(command("up", "--folder", folder), stdout=subprocess.PIPE, text=True) for _ in "ab"]
        said = sorted(process.communicate(timeout=400)[0].splitlines()[0] for process in both)
        assert said == [f"NetBox is up: {lab.url}", f"NetBox was up already: {lab.url}"]
        assert len(netbox_parts.running(lab.folder / "web")) == 4  # gunicorn and its three

    def test_an_up_that_was_killed_before_its_restart_is_completed(self, folder, lab):
        """The new configuration is written, but what runs still has the old one."""
        other = msgspec.structs.replace(lab.settings, plugin=not lab.settings.plugin)
        write_settings(folder, other)
        write_configuration(folder, other)
        assert ggi("up", "--folder", folder).returncode == 0
        assert ("ggi_netbox" in request(lab, "status/")["plugins"]) == other.plugin

    def test_a_taken_port_is_named(self, folder, lab):
        netbox_parts.stop(lab.folder / "web", signal.SIGKILL)
        with socket.create_server(("127.0.0.1", lab.settings.port)):
            done = ggi("up", "--folder", folder)
        assert done.returncode == 1
        assert done.stderr.endswith(
            f"GGI1904 port {lab.settings.port} of 127.0.0.1 is in use by another program\n"
            "  hint: stop that program, or give another port with --port\n"
        )
        (other,) = netbox_parts.free_ports(1)
        assert f"127.0.0.1:{other}\n" in ggi("up", "--folder", folder, "--port", other).stdout
        assert find(folder).settings.port == other


def test_up_killed_at_any_moment_is_completed_and_down_leaves_nothing(tmp_path):
    require_netbox()
    folder = tmp_path / "killed"
    guard = Guard(folder)
    for seconds in (0.35, 0.9, 1.6, 2.4):
        process = subprocess.Popen(command("up", "--folder", folder), stderr=subprocess.DEVNULL)
        time.sleep(seconds)
        process.kill()
        process.wait()
    done = ggi("up", "--folder", folder)
    assert done.returncode == 0, done.stderr
    lab = find(folder)
    assert request(lab, "status/")["rq-workers-running"] == 1
    cluster = cluster_folder(folder)
    assert len(processes_in(folder, cluster)) >= 7
    assert ggi("down", "--folder", folder).stdout == "the NetBox is gone\n"
    assert processes_in(folder, cluster) == []
    assert not cluster.exists()
    assert list(tmp_path.iterdir()) == []
    assert ggi("down", "--folder", folder).stdout == f"there is no NetBox in {folder}\n"
    assert ggi("status", "--folder", folder).returncode == 1
    guard.end()


def test_a_test_run_that_is_killed_takes_its_netbox_along(tmp_path):
    require_netbox()
    folder = tmp_path / "orphan"
    script = (
        "import os, signal, sys, pathlib, netbox_lab\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "guard = netbox_lab.Guard(folder)\n"
        "netbox_lab.up(folder)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}
    done = subprocess.run([sys.executable, "-c", script, folder], env=environment, timeout=400)
    assert done.returncode == -signal.SIGKILL
    limit = time.monotonic() + 60
    while folder.exists() or processes_in(folder, cluster_folder(folder)):
        assert time.monotonic() < limit
        time.sleep(0.1)
    assert not cluster_folder(folder).exists()
