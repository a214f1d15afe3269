"""`ggi web` as it is run: a process, TLS, a reverse proxy before it, and an end in order."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from front import CHEAP, PASSWORD, token_of
from typer.testing import CliRunner

from ggi_net.authlog.audit import Audit
from ggi_net.authlog.audit_check import Wanted, search, verify
from ggi_net.authlog.audit_entry import What
from ggi_net.authlog.question import Role
from ggi_net.authlog.store.keys import Keys
from ggi_net.authlog.store.store import Store
from ggi_net.cli.logs import app as logs
from ggi_net.errors import WebSettings
from ggi_net.web.accounts import Accounts
from ggi_net.web.database import Database
from ggi_net.web.settings import Settings, read_settings
from ggi_net.web.site import site
from ggi_net.web.tokens import Tokens

NAME = "localhost"
LOGS = Path(__file__).parents[1] / "logs" / "scenarios"
KEY = "a key of the tests, long enough"


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True).sign(key, hashes.SHA256())
    )  # fmt: skip
    (folder / "web.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "web.key").write_bytes(private)


class Served:
    """`ggi web` in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        certificate(folder)
        (folder / "secrets.yml").write_text(f"secret://logs/key: {KEY}\nsecret://audit/key: {KEY}\n")
        (folder / "secrets.yml").chmod(0o600)
        (folder / "logs.yml").write_text(
            f"store: {folder}/store\nkeys: ['secret://logs/key']\nsecrets: {folder}/secrets.yml\n"
            f"audit: {{folder: {folder}/audit, key: 'secret://audit/key'}}\n"
        )
        (folder / "web.yml").write_text(
            f"address: https://{NAME}:{self.port}\nlisten: 127.0.0.1:{self.port}\nstate: state\nlogs: logs.yml\n"
            "tls: {certificate: web.pem, key: web.key}\nproxies: [127.0.0.1]\n"
        )
        Store.open(folder / "store", Keys({"secret://logs/key": KEY}), create=True).close()
        self._ingest(LOGS / "04-wrong-password-ttls-pap-sp-freeradius")
        Accounts(Database(folder / "state"), CHEAP).add("j.bakker", PASSWORD, Role.HELPDESK, ("almelo",))
        self.said: list[str] = []
        self._more = threading.Condition()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ggi_net", "web", "--settings", folder / "web.yml"],
            stderr=subprocess.PIPE, text=True, env={**os.environ, "GGI_STATE": str(folder / "other")},
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        self.await_line("startup complete")

    def _ingest(self, scenario: Path) -> None:
        (self.folder / "places.json").write_text(
            '{"names": {"almelo": "Almelo"}, "realms": {"almelo.example": "almelo"}}'
        )
        with (self.folder / "logs.yml").open("a") as settings:
            settings.write(f"places: {self.folder}/places.json\n")
        command = [sys.executable, "-m", "ggi_net", "logs", "ingest", "--settings", self.folder / "logs.yml", scenario]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def _read(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            with self._more:
                self.said.append(line)
                self._more.notify_all()

    def await_line(self, words: str) -> None:
        with self._more:
            found = self._more.wait_for(lambda: any(words in line for line in self.said), timeout=60)
        assert found, "".join(self.said)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(15)
        self._reader.join(15)
        return status

    def browser(self, address: str = "127.0.0.1") -> httpx.Client:
        """A browser at a local address."""
        context = ssl.create_default_context(cafile=self.folder / "web.pem")
        transport = httpx.HTTPTransport(verify=context, local_address=address)
        return httpx.Client(transport=transport, base_url=f"https://{NAME}:{self.port}")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    made = Served(tmp_path_factory.mktemp("served"))
    yield made
    if made.process.poll() is None:
        made.stop()


def log_in(browser: httpx.Client, password: str = PASSWORD, **more) -> httpx.Response:
    csrf = token_of(browser.get("/inloggen", **more))
    return browser.post("/inloggen", data={"csrf": csrf, "name": "j.bakker", "password": password}, **more)


def test_somebody_logs_in_over_tls_looks_something_up_and_it_is_on_record(served):
    with served.browser() as browser:
        answer = log_in(browser)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        page = browser.get("/")
        assert page.status_code == 200
        sent = {"csrf": token_of(page), "asked": "j.jansen@almelo.example", "since": "2d", "reason": "M2611-0042"}
        answer = browser.post("/", data=sent, headers={"origin": f"https://{NAME}:{served.port}"})
        assert answer.status_code == 303, answer.text
        assert "jansen" not in answer.headers["location"]
        assert browser.get(answer.headers["location"]).status_code == 200
    audit = Audit(served.folder / "audit", KEY)
    assert verify(audit).entries >= 1
    assert b"M2611-0042" in audit.chain.days()[-1].read_bytes()


def test_old_tls_is_refused(served):
    context = ssl.create_default_context(cafile=served.folder / "web.pem")
    with warnings.catch_warnings(action="ignore"):  # Python says as well that it is old
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with socket.create_connection(("127.0.0.1", served.port)) as plain, pytest.raises(ssl.SSLError):
        context.wrap_socket(plain, server_hostname=NAME)


def test_only_the_reverse_proxy_is_believed_who_the_visitor_is(served):
    forwarded = {"x-forwarded-for": "203.0.113.99, 198.51.100.7", "x-forwarded-proto": "http"}
    with served.browser() as proxy, served.browser("127.0.0.2") as stranger:
        assert log_in(proxy, "verkeerd wachtwoord", headers=forwarded).status_code == 403
        assert log_in(stranger, "verkeerd wachtwoord", headers=forwarded).status_code == 403
    served.await_line("log-in from 127.0.0.2")
    said = re.findall(r"log-in from (\S+) as j\.bakker", "".join(served.said))
    assert said == ["198.51.100.7", "127.0.0.2"], "not what a visitor wrote before the proxy's own words"


def test_what_is_no_http_is_refused_and_nothing_of_the_inside_is_told(served):
    context = ssl.create_default_context(cafile=served.folder / "web.pem")
    for sent in (
        b"\x00\x01\x02\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET /" + b"x" * 70_000 + b"\r\n\r\n",
    ):
        with (
            socket.create_connection(("127.0.0.1", served.port)) as plain,
            context.wrap_socket(plain, server_hostname=NAME) as connection,
        ):
            connection.sendall(sent)
            answer = connection.recv(4096)
        assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 421", b"HTTP/1.1 431")), answer
        assert b"uvicorn" not in answer.lower()
        assert b"Traceback" not in answer


def test_no_secret_is_in_the_process_list_or_in_what_it_says(served):
    process = Path("/proc") / str(served.process.pid)
    shown = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
    shown += "".join(served.said).encode()
    assert KEY.encode() not in shown
    assert PASSWORD.encode() not in shown
    assert b"jansen" not in shown


def test_a_second_one_says_that_the_address_is_taken(served):
    done = subprocess.run(
        [sys.executable, "-m", "ggi_net", "web", "--settings", served.folder / "web.yml"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert f"GGI2202 can't listen at 127.0.0.1:{served.port}: Address already in use" in done.stderr
    assert "Traceback" not in done.stderr


# -- the examples of the documentation -----------------------------------------------------------------


def examples(kind: str) -> str:
    page = Path(__file__).parents[2] / "docs" / "api.md"
    return "\n".join(re.findall(rf"^```{kind}\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL))


@pytest.fixture(scope="module")
def client_environment(served):
    """A service-desk system with a token."""
    _, token = Tokens(Database(served.folder / "state")).add("TOPdesk", Role.HELPDESK, ("almelo",), 30)
    authority = str(served.folder / "web.pem")
    return {
        **os.environ, "GGI_HELPDESK": f"https://{NAME}:{served.port}", "GGI_TOKEN": token,
        "CURL_CA_BUNDLE": authority, "REQUESTS_CA_BUNDLE": authority,
    }  # fmt: skip


def run(command: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.needs("curl")
def test_the_shell_example_can_be_typed_as_it_stands(client_environment):
    found = json.loads(run(["/bin/sh", "-ec", examples("sh")], client_environment))
    assert found["logins"][0]["inner"] == "user@almelo.example"


def test_the_python_example_says_what_the_ticket_needs(client_environment):
    said = run([sys.executable, "-c", examples("python")], client_environment).splitlines()
    assert "wachtwoord" in said[0].lower()
    assert len(said) >= 4
    assert re.fullmatch(rf"{client_environment['GGI_HELPDESK']}/poging/[0-9A-Z]{{26}}", said[-1])


def test_the_example_says_why_it_is_refused(client_environment):
    done = subprocess.run(
        [sys.executable, "-c", examples("python")], capture_output=True, text=True, timeout=60, check=False,
        env={**client_environment, "GGI_TOKEN": "ggi_" + "A" * 43},
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("You are not logged in: ")


# -- a person who asks to be erased -----------------------------------------------------------------------


def test_who_is_erased_goes_from_what_people_typed_too(served):
    audit = Audit(served.folder / "audit", KEY)
    assert "j.jansen@almelo.example" in audit.plain.names().values()
    arguments = [
        "erase",
        "j.jansen@almelo.example",
        "--reason",
        "AVG-17",
        "--settings",
        str(served.folder / "logs.yml"),
    ]
    done = CliRunner().invoke(logs, arguments)
    assert done.exit_code == 0, done.output
    assert "j.jansen@almelo.example" not in audit.plain.names().values()
    assert search(audit, Wanted(limit=1))[0].entry.what is What.ERASE
    assert verify(audit).whole


# -- what is opened for it ------------------------------------------------------------------------------


def test_a_provider_that_is_away_is_said_at_once_and_keeps_nobody_else_out(served):
    file = served.folder / "oidc.yml"
    file.write_text(
        (served.folder / "web.yml").read_text()
        + "secrets: secrets.yml\noidc:\n  issuer: http://127.0.0.1:1\n  client_id: ggi\n  client_secret: secret://audit/key\n"
        "  rules: [{value: x, role: operator}]\n"
    )
    said: list[str] = []
    site(read_settings(file), said.append)
    (line,) = said
    assert line.startswith("GGI2212 no answer from 127.0.0.1: ConnectError")
    assert KEY not in line


def test_without_logs_it_says_which_setting_is_missing(tmp_path):
    with pytest.raises(WebSettings, match="no logs were named"):
        site(Settings(state=str(tmp_path)), print)


# -- the end -------------------------------------------------------------------------------------------


def test_it_ends_in_order(served):
    assert served.stop() == 0
    assert "Finished server process" in "".join(served.said)
    assert "Traceback" not in "".join(served.said)
