"""No secret is where others can see it: not while a push runs, not in what it says, not in what it leaves behind."""

import base64
import dataclasses
import json
import os
import re
import stat
import subprocess
import sys
import traceback
from pathlib import Path

import msgspec
import pytest
from devices import ROUTER, SERVER, Bench, host_artifacts, router_artifacts
from leaks import Secrets, Watcher

from ggi_net.config.cisco import encode_type7
from ggi_net.config.juniper import encode_9, hash_6
from ggi_net.errors import GgiError
from ggi_net.lab.fleet import blueprint, running_fleet
from ggi_net.lab.misbehave import Does, Fault
from ggi_net.lab.server import down, up
from ggi_net.paths import demo_folder
from ggi_net.push import cli
from ggi_net.push.connections import read_connections
from ggi_net.push.run import Policy
from ggi_net.secrets import REFERENCE, LabSecrets
from ggi_net.source.files import load_estate

PROJECT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
DEVICES = ["ce-losser-01", "ce-almelo-werf-01"]
SECRET = "Tr0ub4dor&3-xyzzy"


class Scene:
    """Simulated devices, and programs that are run on them in an environment that holds nothing else."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lab = folder / "lab"
        self.build = folder / "build"
        self.temporary = folder / "tmp"
        for name in ("home", "tmp", "build"):
            (folder / name).mkdir()
        estate = load_estate(demo_folder())
        self.connections = up([blueprint(estate.placed(name)) for name in DEVICES], self.lab)
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder / "home"),
            "TMPDIR": str(self.temporary),
            "GGI_STATE": str(folder / "state"),
            "GGI_CONNECTIONS": str(self.connections),
            "ANSIBLE_LOG_PATH": str(folder / "ansible.log"),
            "ANSIBLE_NOCOLOR": "1",
            "COLUMNS": "200",
            "LC_ALL": "C.UTF-8",
        }
        self.run("ggi", "render", "--out", self.build / "artifacts", *(f"--device={name}" for name in DEVICES))

    def run(self, program, *arguments, status=0):
        """What a program printed, on both streams."""
        done = subprocess.run(
            [BIN / program, *map(str, arguments)], cwd=PROJECT, env=self.environment, capture_output=True, check=False
        )
        said = done.stdout + done.stderr
        assert done.returncode == status, said.decode()[-3000:]
        assert b"Traceback" not in said
        return said

    def secrets(self):
        """Everything that the toolkit resolves for these devices, and the credentials that it logs in with."""
        values = LabSecrets.read(self.lab / "secrets.seed")
        texts = (path.read_text() for path in (self.build / "artifacts").rglob("*") if path.is_file())
        found = {reference: values.value(reference) for text in texts for reference in REFERENCE.findall(text)}
        for name, connection in read_connections(self.connections).devices.items():
            found |= {f"password of {name}": connection.password, f"enable of {name}": connection.enable}
        key = (self.lab / "login.key").read_text().splitlines()
        return Secrets(found | {"the login key": "".join(key[1:3])[:100], "its last lines": key[-3]})


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    scene = Scene(tmp_path_factory.mktemp("scene"))
    yield scene
    down(scene.lab)


def test_nothing_secret_is_said_shown_or_left_behind_by_a_deployment(scene):
    """A whole deployment by Ansible at its most talkative, with a diff, and pushes by `ggi` before and after."""
    secrets = scene.secrets()
    assert len(secrets) > 10
    with Watcher(scene.temporary, scene.folder / "home", scene.folder / "state") as watcher:
        before = scene.run("ggi", "push", scene.build / "artifacts", "--check", "--diff")
        variables = {"ggi_out": f"{scene.build}/artifacts", "ggi_approve": "yes", "ggi_watch": 0}
        deployed = scene.run(
            "ansible-playbook", "playbooks/deploy.yml", "-vvvv", "--diff", "-l", ",".join(DEVICES),
            "-e", json.dumps(variables),
        )  # fmt: skip
        after = scene.run("ggi", "drift", "--out", scene.build / "artifacts", "--json", scene.folder / "drift.json")
    assert b"+++ intended/frr.conf" in before
    assert b"secret://losser/" in before, "the diff shows where secrets stand"
    assert all(f"changed: [{name}]".encode() in deployed for name in DEVICES)
    assert b"2 clean" in after
    for said in (before, deployed, after):
        assert not secrets.within(said)
    assert len(watcher) > 20
    assert not watcher.found(secrets)
    assert not secrets.in_files(scene.folder, but=[scene.lab]), "journal, log, temporary files, artifacts, reports"
    assert list((scene.folder / "state").rglob("*.json"))
    assert (scene.folder / "ansible.log").stat().st_size > 10_000


def test_the_devices_got_the_secrets_in_files_that_only_their_owner_can_read(scene):
    secrets = scene.secrets()
    for host in (scene.lab / "hosts").iterdir():
        holding = [host / name for name in secrets.in_files(host)]
        assert [path.name for path in holding if path.is_relative_to(host / "etc")]
        for path in holding:
            assert not stat.S_IMODE(path.stat().st_mode) & stat.S_IRWXO, path
        assert not secrets.within((host / ".ggi-lab/calls").read_bytes()), "nor do they see them in their process list"


def test_a_secret_that_the_toolkit_never_knew_is_masked_as_well(scene):
    """Somebody put another session key on a host by hand: that it differs is shown, what it is is not."""
    file = scene.lab / "hosts/ce-losser-01/etc/frr/frr.conf"
    before = file.read_text()
    file.write_text(re.sub(r"(password) \S+", rf"\1 {SECRET}", before))
    said = scene.run("ggi", "push", scene.build / "artifacts", "--check", "--diff", "--device", "ce-losser-01")
    file.write_text(before)
    assert re.search(rb"-.* password ", said)
    assert not Secrets({"by hand": SECRET}).within(said)


@pytest.fixture
def lab(tmp_path):
    """A router and a host of which a minute lasts half a second."""
    plans = [msgspec.structs.replace(plan, minute=0.5) for plan in (ROUTER, SERVER)]
    with running_fleet(plans, tmp_path / "lab") as fleet:
        yield Bench(fleet, tmp_path)


@pytest.fixture
def errors(monkeypatch):
    """Every error that is made of what went wrong, whether anybody gets to see it or not."""
    made = []
    usual = GgiError.__init__

    def remembered(self, *arguments, **named):
        made.append(self)
        usual(self, *arguments, **named)

    monkeypatch.setattr(GgiError, "__init__", remembered)
    return made


def said_by(error):
    """An error with all that led to it, as a program would print it that does not catch it."""
    return "".join(traceback.format_exception(error)) + repr(error)


PASSWORD = r"neighbor \S+ password"
FAILURES = [
    ("ce-test-01", Fault(Does.REFUSE, PASSWORD)),
    ("ce-test-01", Fault(Does.REFUSE, PASSWORD, text="% Bad password {value}")),
    ("ce-test-01", Fault(Does.CUT_BEFORE, PASSWORD)),
    ("ce-test-01", Fault(Does.CUT_INSTEAD, PASSWORD)),
    ("ce-test-01", Fault(Does.TRUNCATE, "show running-config", times=0)),
    ("ce-test-01", Fault(Does.WRONG_PROMPT, PASSWORD, text="{value}#")),
    ("ce-test-01", Fault(Does.REBOOT, PASSWORD, seconds=0.1)),
    ("ce-test-01", None),
    ("host-test-01", Fault(Does.CUT_BEFORE, "base64")),
    ("host-test-01", Fault(Does.SHORTEN, "base64")),
    ("host-test-01", None),
]


@pytest.mark.parametrize(("device", "fault"), FAILURES)
def test_no_failure_says_a_secret(lab, errors, monkeypatch, device, fault):
    """None: a login that is refused."""
    monkeypatch.setattr(cli, "QUIET_SECONDS", 0.5)
    artifacts = router_artifacts() if device == "ce-test-01" else host_artifacts()
    values = {r: lab.resolver.value(r) for artifact in artifacts for r in REFERENCE.findall(artifact.text)}
    if fault:
        text = fault.text.format(value=values["secret://test/bgp/core"])
        lab.fleet.devices[device].wrong.faults.append(dataclasses.replace(fault, text=text))
    login = {} if fault else {"key": "", "password": SECRET, "enable": SECRET}
    outcome = lab.push(artifacts, policy=Policy(verify=1, watch=0, grace=5), **login)
    assert outcome.error
    secrets = Secrets(values | {"the password": SECRET})
    assert not secrets.within("".join((outcome.error, outcome.diff, outcome.drift)).encode())
    assert not secrets.in_files(lab.folder / "journal")
    assert errors
    assert not secrets.within("".join(said_by(error) for error in errors).encode())


class TestTheSearch:
    """It finds what it has to find: a test of secrets that overlooks one is worse than none."""

    SECRETS = Secrets({"it": SECRET})

    @pytest.mark.parametrize(
        "text",
        [
            SECRET,
            f"a line with {SECRET}, and more",
            *(base64.b64encode(f"{'x' * n}{SECRET}yz".encode()).decode() for n in range(4)),
            base64.urlsafe_b64encode(f"ggi:{SECRET}".encode()).decode(),
            SECRET.encode().hex(),
            *(f"password 7 {encode_type7(SECRET, seed)}" for seed in (0, 7, 15)),
            f'secret "{encode_9(SECRET)}";',
            f"encrypted-password {hash_6(SECRET)}",
            "enable secret 9 $9$2MJBozw/9R3UsU$2lFhcKvpghcyw8deP25GOfyZaagyUOGBymkryvOdfo6",
        ],
        ids=lambda _: "form",  # some are salted, and every worker of a run must give a test the same name
    )
    def test_each_form_is_found(self, text):
        assert self.SECRETS.within(text.encode())

    @pytest.mark.parametrize("text", ["", "secret://almelo/bgp/x", "20261128T101500Z-a1b2c3", "f" * 64, SECRET[:-1]])
    def test_what_shows_nothing_is_not(self, text):
        assert not self.SECRETS.within(text.encode())

    def test_a_process_and_a_file_of_a_moment_are_seen(self, tmp_path):
        with Watcher(tmp_path) as watcher:
            (tmp_path / "short").write_text(SECRET)
            command = [sys.executable, "-c", "import time; time.sleep(0.2)"]
            subprocess.run([*command, SECRET], check=True)
            subprocess.run(command, env={"TOKEN": SECRET + "0"}, check=True)
            (tmp_path / "short").unlink()
        assert sorted(Path(where).name for where in watcher.found(self.SECRETS)) == ["cmdline", "environ", "short"]
