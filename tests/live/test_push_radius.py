"""Real RADIUS daemons under the eyes of a push: what refuses a file, and what shows that they answer."""

from __future__ import annotations

import subprocess
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from push_machines import Machine, until

from ggi_net.push.linux_apply import Step, checks_of
from ggi_net.push.linux_files import Found
from ggi_net.push.linux_radius import login, status_server
from ggi_net.push.ssh import Answer
from ggi_net.render.platform import load_platform

pytestmark = [pytest.mark.live, pytest.mark.root, pytest.mark.needs("freeradius", "radsecproxy", "radclient", "ip")]

PLATFORM = load_platform("freeradius")
SECRET = "a-secret-of-the-test"
RADIUSD = """\
prefix = /usr
raddbdir = /etc/freeradius/3.0
confdir = ${raddbdir}
logdir = /var/log/freeradius
run_dir = /run/freeradius
libdir = /usr/lib/freeradius
pidfile = ${run_dir}/freeradius.pid
log {
	destination = stdout
}
security {
	status_server = yes
}
thread pool {
	start_servers = 1
}
client federation {
	ipv4addr = 127.0.0.1
	secret = 'a-secret-of-the-test'
	virtual_server = home
}
modules {
	attr_filter filter_reply {
		key = "%{User-Name}"
		filename = ${confdir}/filter-reply
	}
	eap {
		default_eap_type = md5
		tls-config tls-common {
			certificate_file = /etc/freeradius/3.0/eap.pem
			private_key_file = /etc/freeradius/3.0/eap.pem
			fragment_size = 400
			tls_min_version = "1.2"
			tls_max_version = "1.3"
		}
		md5 {
		}
		ttls {
			tls = tls-common
			default_eap_type = md5
			virtual_server = inner
		}
	}
	pap {
	}
}
server home {
	listen {
		type = auth
		ipv4addr = 127.0.0.1
		port = 11814
	}
	authorize {
		eap
	}
	authenticate {
		eap
	}
}
server inner {
	authorize {
		if (&User-Name == "test@almelo.example") {
			update control {
				&Cleartext-Password := "right and long enough"
			}
		}
		pap
	}
	authenticate {
		pap
	}
}
server unused {
	authorize {
		filter_reply
	}
}
"""
RADSECPROXY = """\
LogLevel 3
ListenUDP 127.0.0.1:11812
client visited {
    type udp
    host 127.0.0.1
    secret "a-secret-of-the-test"
}
server home {
    type udp
    host 127.0.0.1
    port 11814
    secret "a-secret-of-the-test"
}
realm * {
    server home
}
"""


class Server:
    """A host that stands in for one over SSH: scripts are run in it by the same shell."""

    def __init__(self, folder: Path) -> None:
        self.machine = Machine("radius-test-01", folder / "home", {})
        self.machine.home.mkdir()
        self.machine.install()
        raddb = self.machine.home / "etc/freeradius/3.0"
        raddb.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["rm", "-rf", raddb], check=True)
        raddb.mkdir()
        (raddb / "radiusd.conf").write_text(RADIUSD)
        for name in ("eap", "other"):
            (raddb / f"{name}.pem").write_bytes(_certificate())
        (raddb / "filter-reply").write_text("DEFAULT\n\tReply-Message =* ANY\n")
        (self.machine.home / "etc/radsecproxy.conf").write_text(RADSECPROXY)
        self.machine.start()
        self.machine.linked()
        self.machine.run("mkdir", "-p", "/var/log/freeradius", "/run/freeradius")

    def run(self, script: str, *arguments: str, given: bytes = b"") -> Answer:
        done = subprocess.run(
            ["nsenter", "-t", str(self.machine.pid), "-n", "-m", "-u", "-p", "sh", "-c", script, "ggi", *arguments],
            input=given, capture_output=True, check=False, timeout=60,
        )  # fmt: skip
        return Answer(done.returncode, done.stdout.decode(), done.stderr.decode())

    def refusal(self, file: str, text: str) -> str:
        """What the daemon says of a file that is about to be put in place; nothing when it takes it."""
        kind = next(kind for kind in PLATFORM.artifacts if kind.file == file)
        moved = Step(kind, None, Found(text.encode(), 0o640, "root:root"))
        folder, name = kind.path.rsplit("/", 1)
        (self.machine.home / f"{folder[1:]}/.ggi-new.{name}").write_text(text)
        tests = checks_of([moved], [k for k in PLATFORM.artifacts if k.path.startswith(folder)], "", "/var/lib/run")
        said = ""
        for command in tests:
            answer = self.run(command)
            if answer.status:
                said += answer.output + answer.errors + "refused"
        (self.machine.home / f"{folder[1:]}/.ggi-new.{name}").unlink()
        self.run("rm -rf /var/lib/run")
        return said


def _certificate() -> bytes:
    """A certificate that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "radius-test-01")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(1))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM) + private


@pytest.fixture(scope="module")
def server():
    with tempfile.TemporaryDirectory(prefix="ggi-push-") as made:
        Path(made).chmod(0o755)
        running = Server(Path(made))
        try:
            yield running
        finally:
            running.machine.stop()


def test_freeradius_refuses_a_file_with_the_others_as_they_will_be(server):
    assert server.refusal("radiusd.conf", RADIUSD) == ""
    assert "filter_repyl" in server.refusal("radiusd.conf", RADIUSD.replace("\tfilter_reply\n", "\tfilter_repyl\n"))
    assert "refused" in server.refusal("filter-reply", "DEFAULT\n\tBogus\n")
    assert server.refusal("filter-reply", "DEFAULT\n\tClass =* ANY\n") == ""


def test_radsecproxy_refuses_what_it_says_all_ok_to(server):
    assert server.refusal("radsecproxy.conf", RADSECPROXY) == ""
    assert "refused" in server.refusal(
        "radsecproxy.conf", RADSECPROXY.replace("    server home\n", "    server hoem\n")
    )
    assert "refused" in server.refusal("radsecproxy.conf", RADSECPROXY.replace("type udp", "type tls"))


@pytest.mark.parametrize(
    ("command", "port"),
    [("freeradius -d /etc/freeradius/3.0 -n radiusd", 11814), ("radsecproxy -c /etc/radsecproxy.conf", 11812)],
    ids=["freeradius", "radsecproxy"],
)
def test_a_server_answers_a_status_server_to_who_knows_its_secret(server, command, port):
    assert status_server(server, port, SECRET)
    server.run(f"{command} >/var/log/out 2>&1 </dev/null")
    until(lambda: not status_server(server, port, SECRET), 20)
    assert status_server(server, port, "another secret")


@pytest.mark.parametrize("port", [11814, 11812], ids=["freeradius", "through radsecproxy"])
def test_a_user_logs_in_and_nobody_else(server, port):
    def said(secret=SECRET, account="test@almelo.example right and long enough", trusted="eap") -> str:
        return login(server, port, secret, account, f"/etc/freeradius/3.0/{trusted}.pem")

    assert said() == ""
    assert said(account="test@almelo.example wrong") == "Access-Reject"
    assert said(account="nobody@almelo.example x") == "Access-Reject"
    assert "certificate verify failed" in said(trusted="other")
    assert said(secret="another") == "no reply"
