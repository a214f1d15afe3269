"""Host keys: from the estate or from a first contact that somebody accepted; nothing else is ever trusted."""

import json
import re
import shutil
import stat
import subprocess
import sys
from dataclasses import replace

import msgspec
import pytest
from devices import SERVER, host_artifacts
from terminal import Terminal

from ggi_net.cli.main import main
from ggi_net.errors import GgiError, HostKeyRefused, HostKeyUnknown, NotInEstate, SecretInFile
from ggi_net.lab.fleet import running_fleet
from ggi_net.model.hostkey import fingerprint, well_formed
from ggi_net.paths import demo_folder
from ggi_net.push.connections import Connection, Connections, Login, read_connections, trusted
from ggi_net.push.driver import Target, open_session
from ggi_net.push.hostkeys import known_hosts, write_host_key
from ggi_net.secrets import NoSecrets, Resolver
from ggi_net.source.files import load_estate

DEVICE = "ce-losser-01"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
OTHER = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0Zb0h1tKd0oU6mQ5bq4bXyqZ8l8c3vW1m9z6dM2x0k"
LOSSER = load_estate(demo_folder()).placed(DEVICE).device


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    with running_fleet([msgspec.structs.replace(SERVER, name=DEVICE)], tmp_path_factory.mktemp("hostkeys")) as fleet:
        yield fleet


@pytest.fixture
def shown(fleet):
    """The key that the simulated device has."""
    return fleet.connections.of(DEVICE).host_key


@pytest.fixture
def file(fleet, tmp_path):
    """A connections file that says how the device is reached, but not by which key it is known."""
    path = tmp_path / "connections.yml"
    port = fleet.connections.of(DEVICE).port
    path.write_text(f"# ours\ndevices:\n  {DEVICE}:  # the town hall\n    host: 127.0.0.1\n    port: {port}\n")
    return path


@pytest.fixture
def estate(tmp_path):
    """Where an estate with a host key of the device is put."""

    def make(key):
        folder = tmp_path / "estate"
        shutil.copytree(demo_folder(), folder)
        path = folder / "gemeenten/losser.yml"
        path.write_text(path.read_text().replace("serial: LOS-0001", f"serial: LOS-0001\n        host_key: {key}"))
        return str(folder)

    return make


@pytest.fixture
def ggi(capsys):
    def ggi(*arguments):
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        return (ended.value.code, *capsys.readouterr())

    return ggi


class TestFirstContact:
    def test_the_fingerprint_is_shown_and_the_key_written_once_somebody_says_yes(self, file, shown, tmp_path):
        user = Terminal([sys.executable, "-m", "ggi_net", "hostkeys", "learn", DEVICE, "-c", str(file)], tmp_path)
        user.expect(re.escape(f"shows ssh-ed25519 {fingerprint(shown)}"))
        user.say("Type yes to accept it: ", "yes")
        assert user.end() == 0, user.seen
        assert read_connections(file).of(DEVICE).host_key == shown
        assert file.read_text().startswith(f"# ours\ndevices:\n  {DEVICE}:  # the town hall\n")

    def test_any_other_answer_writes_nothing(self, file, tmp_path):
        before = file.read_text()
        user = Terminal([sys.executable, "-m", "ggi_net", "hostkeys", "learn", DEVICE, "-c", str(file)], tmp_path)
        user.say("Type yes to accept it: ", "y")
        assert user.end() == 1
        assert file.read_text() == before

    def test_a_fingerprint_that_is_known_beforehand_needs_no_question(self, ggi, file, shown):
        status, said, error = ggi("hostkeys", "learn", DEVICE, "-c", file, "--fingerprint", fingerprint(shown))
        assert (status, error) == (0, "")
        assert "its key is in" in said
        assert ggi("hostkeys", "learn", DEVICE, "-c", file)[:2] == (
            0,
            said.splitlines()[0].replace(
                f" shows ssh-ed25519 {fingerprint(shown)}", f": {fingerprint(shown)} is the key that is known"
            )
            + "\n",
        )

    def test_another_fingerprint_is_refused(self, ggi, file):
        before = file.read_text()
        status, _, error = ggi("hostkeys", "learn", DEVICE, "-c", file, "--fingerprint", fingerprint(KEY))
        assert (status, error[:7], file.read_text()) == (1, "GGI1606", before)

    def test_without_a_terminal_nobody_accepts(self, ggi, file):
        status, _, error = ggi("hostkeys", "learn", DEVICE, "-c", file)
        assert (status, error[:7]) == (1, "GGI1606")
        assert "nobody is here to compare" in error

    def test_a_key_that_is_known_is_replaced_when_asked_for_only(self, ggi, file, shown):
        write_host_key(file, DEVICE, KEY)
        status, _, error = ggi("hostkeys", "learn", DEVICE, "-c", file, "--fingerprint", fingerprint(shown))
        assert (status, error[:7]) == (1, "GGI1606")
        assert fingerprint(KEY) in error
        assert fingerprint(shown) in error
        assert read_connections(file).of(DEVICE).host_key == KEY
        ggi("hostkeys", "learn", DEVICE, "-c", file, "--fingerprint", fingerprint(shown), "--replace")
        assert read_connections(file).of(DEVICE).host_key == shown

    def test_the_estate_has_the_last_word(self, ggi, file, shown, estate):
        before = file.read_text()
        words = ("hostkeys", "learn", DEVICE, "-c", file, "--replace", "--fingerprint", fingerprint(shown))
        status, _, error = ggi(*words, "-e", estate(KEY))
        assert (status, error[:7]) == (1, "GGI1606")
        assert "the estate has another" in error
        assert file.read_text() == before

    def test_a_key_that_the_estate_has_need_not_be_learned(self, ggi, file, shown, estate):
        before = file.read_text()
        status, said, _ = ggi("hostkeys", "learn", DEVICE, "-c", file, "-e", estate(shown))
        assert (status, file.read_text()) == (0, before)
        assert "is the key that is known" in said

    def test_a_device_that_is_not_there(self, ggi, tmp_path):
        (tmp_path / "c.yml").write_text(f"devices: {{{DEVICE}: {{host: 127.0.0.1, port: 1}}}}\n")
        status, _, error = ggi("hostkeys", "learn", DEVICE, "-c", tmp_path / "c.yml")
        assert (status, error[:7]) == (1, "GGI1602")


class TestWritingItDown:
    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("c.yml", "defaults: {username: ops}  # everybody\n"),
            ("c.yml", "# all\n\ndevices: {}\nsecrets: vault.yml\n"),
            ("c.yml", "devices:\n  # one\n  other-01: {host: 192.0.2.1}\ndefaults:\n  username: ops\n"),
            ("c.yml", f"devices:\n  {DEVICE}: {{host: 192.0.2.1, username: ops}} # here\n"),
            ("c.yml", f"devices:\n    {DEVICE}:\n        host: 192.0.2.1\n        # é\n        username: ops\n"),
            ("c.yml", f"devices:\n  {DEVICE}:\n    host_key: {OTHER}  # old\n    username: ops\n"),
            ("c.yml", f"devices: {{{DEVICE}: {{}}}}\n"),
            ("c.json", json.dumps({"devices": {DEVICE: {"host_key": OTHER, "port": 2}}, "secrets": "x"})),
            ("c.json", json.dumps({"devices": {DEVICE: {"host": "192.0.2.1"}}}, indent=1)),
            ("c.json", json.dumps({"defaults": {"username": "ops"}})),
        ],
    )
    def test_everything_else_stays_as_it_stands(self, tmp_path, name, text):
        path = tmp_path / name
        path.write_text(text)
        path.chmod(0o640)
        before = read_connections(path)
        write_host_key(path, DEVICE, KEY)
        after = read_connections(path)
        assert after.devices.pop(DEVICE) == msgspec.structs.replace(
            before.devices.pop(DEVICE, Connection()), host_key=KEY
        )
        assert after == before
        assert [part for part in re.split(r"\s+|(?=#)", text) if "#" in part and part not in path.read_text()] == []
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        write_host_key(path, DEVICE, OTHER)
        assert read_connections(path).devices[DEVICE].host_key == OTHER

    def test_a_layout_that_it_can_not_keep_is_left_alone(self, tmp_path):
        path = tmp_path / "c.yml"
        path.write_text(f"devices:\n  other-01: &same {{host: 192.0.2.1}}\n  {DEVICE}: *same\n")
        before = path.read_text()
        with pytest.raises(GgiError, match="can be put in"):
            write_host_key(path, DEVICE, KEY)
        assert path.read_text() == before


class TestTrust:
    def test_the_file_or_the_estate_says_which_key(self):
        assert trusted(DEVICE, Connection(host="192.0.2.1"), KEY).host_key == KEY
        assert trusted(DEVICE, Connection(host="192.0.2.1", host_key=KEY), "").host_key == KEY
        assert trusted(DEVICE, Connection(host="192.0.2.1", host_key=KEY), KEY).host_key == KEY

    def test_two_that_differ_are_refused(self):
        with pytest.raises(HostKeyRefused, match="the connections file has another host key than the estate"):
            trusted(DEVICE, Connection(host="192.0.2.1", host_key=KEY), OTHER)

    def test_without_any_key_nothing_is_sent(self, fleet):
        """Not even a connection is opened."""
        silent = Connection(host="127.0.0.1", port=1)
        from devices import HOST

        with pytest.raises(HostKeyUnknown, match=f"no host key is known of 127.0.0.1:1\n.*learn {DEVICE}"):
            open_session(Target(DEVICE, "", HOST, host_artifacts(), silent), Resolver(NoSecrets()))

    def test_a_session_takes_the_key_of_the_estate_and_no_other(self, fleet, shown):
        from devices import HOST

        bare = msgspec.structs.replace(fleet.connections.of(DEVICE), host_key="")
        target = Target(DEVICE, "", HOST, (), bare, host_key=shown)
        open_session(target, Resolver(NoSecrets())).close()
        with pytest.raises(HostKeyRefused, match="shows another host key than the one that is known"):
            open_session(replace(target, host_key=KEY), Resolver(NoSecrets()))


class TestConnections:
    def test_the_address_is_the_first_management_address(self):
        found = Connections(devices={DEVICE: Connection(username="ops")}).reaching(LOSSER)
        assert (found.host, found.port) == ("2001:db8:ff01::12", 22)

    def test_the_login_of_who_has_none_is_the_default_one(self):
        login = Login(username="ops", key="/etc/ggi/key")
        known = Connections(devices={DEVICE: Connection(port=2022), "x": Connection(username="me")}, defaults=login)
        assert known.of(DEVICE) == Connection(port=2022, username="ops", key="/etc/ggi/key")
        assert known.of("x") == Connection(username="me"), "and no key that is not meant for it"
        assert known.of("not-listed") == Connection(username="ops", key="/etc/ggi/key")

    def test_a_device_that_is_not_listed_needs_a_default(self):
        with pytest.raises(NotInEstate, match="no connection for device"):
            Connections().of(DEVICE)

    def test_a_device_without_any_address(self):
        with pytest.raises(NotInEstate, match="no address is known"):
            Connections(defaults=Login()).reaching(msgspec.structs.replace(LOSSER, management=()))

    @pytest.mark.parametrize(
        ("text", "line"),
        [
            ("devices:\n  ce-a-01: {host: 192.0.2.1, password: Hunter-22}\n", 2),
            ("devices:\n  ce-a-01:\n    password: secret://a/b\n    enable: Hunter-22\n", 4),
            ("devices:\n  ce-a-01: {host: 127.0.0.1.example.org, password: Hunter-22}\n", 2),
            ("devices: {}\ndefaults:\n  password: Hunter-22\n", 3),
        ],
    )
    def test_a_password_is_a_reference_but_for_devices_on_loopback(self, tmp_path, text, line):
        path = tmp_path / "c.yml"
        path.write_text(text)
        path.chmod(0o600)
        with pytest.raises(SecretInFile, match="stands here as it is") as refused:
            read_connections(path)
        assert refused.value.place.line == line
        assert "Hunter" not in str(refused.value)

    @pytest.mark.parametrize("host", ["127.0.0.1", "127.8.0.3", "::1", "localhost"])
    def test_a_simulated_device_may_have_its_password_here(self, tmp_path, host):
        path = tmp_path / "c.yml"
        path.write_text(f"devices: {{ce-a-01: {{host: '{host}', password: Hunter-22}}}}\n")
        path.chmod(0o600)
        assert read_connections(path).of("ce-a-01").password == "Hunter-22"


class TestKnownHosts:
    def test_openssh_finds_the_key_under_every_name(self, ggi, estate, tmp_path):
        status, said, error = ggi("hostkeys", "known-hosts", "-e", estate(KEY), "-g", "losser")
        assert (status, error) == (0, "1 of 2 devices have no host key in the estate\n")
        (tmp_path / "known_hosts").write_text(said)
        for name in (DEVICE, f"{DEVICE}.losser.example", "2001:db8:ff01::12", "198.19.192.18"):
            found = subprocess.run(
                ["ssh-keygen", "-F", name, "-f", tmp_path / "known_hosts"], capture_output=True, text=True, check=True
            )
            assert KEY in found.stdout

    def test_a_device_without_key_is_left_out(self):
        assert list(known_hosts(load_estate(demo_folder()).devices.values())) == []


def test_a_key_is_whole_or_none_and_its_fingerprint_is_that_of_ssh_keygen(tmp_path):
    (tmp_path / "key.pub").write_text(KEY)
    shown = subprocess.run(["ssh-keygen", "-lf", tmp_path / "key.pub"], capture_output=True, text=True, check=True)
    assert shown.stdout.split()[1] == fingerprint(KEY)
    assert well_formed(KEY)
    for broken in ("", "ssh-ed25519", KEY[:-4], KEY + "AAAA", f"ssh-rsa {KEY.split()[1]}", "ssh-ed25519 !"):
        assert not well_formed(broken), broken
