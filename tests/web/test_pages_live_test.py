"""The live login test against a real FreeRADIUS: what came of it in words, bounded, and without a secret to be seen."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest
from home_server import NAME, PASSWORD, SECRET, USER, running
from msgspec import structs

from ggi_net.errors import LoginTestMisconfigured
from ggi_net.web import live_test
from ggi_net.web.ending import ENDINGS, Ending, Outcome
from ggi_net.web.live_test import Account, LiveTest, LoginTests, Method

REALM = "almelo.example"


class Vault:
    """Values of references."""

    def value(self, reference: str) -> str:
        known = {"helpdesk/radius": SECRET, "helpdesk/proef": PASSWORD, "helpdesk/fout": "fout"}
        return known[reference.removeprefix("secret://")]


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> tuple[int, Path]:
    folder = tmp_path_factory.mktemp("radius")
    with running(folder) as port:
        yield port, folder


def settings(port: int, folder: Path, **changes) -> LoginTests:
    account = Account(user=USER, password="secret://helpdesk/proef", ca=str(folder / "ca.pem"), server=NAME)
    return LoginTests(
        host="127.0.0.1", port=port, secret="secret://helpdesk/radius", operator="enschede.example",
        accounts={REALM: structs.replace(account, **changes)},
    )  # fmt: skip


needs_daemon = pytest.mark.needs("freeradius", "eapol_test")


@needs_daemon
class TestEndings:
    """What a test can come to."""

    @pytest.mark.parametrize("method", Method)
    def test_accepted(self, home, method):
        outcome = LiveTest(settings(*home, method=method), Vault()).run("Almelo.Example")
        assert outcome.ending is Ending.ACCEPTED
        assert outcome.seconds < live_test.SECONDS

    def test_rejected(self, home):
        outcome = LiveTest(settings(*home, password="secret://helpdesk/fout"), Vault()).run(REALM)
        assert outcome.ending is Ending.REJECTED

    def test_a_certificate_of_another_authority(self, home):
        _, folder = home
        outcome = LiveTest(settings(*home, ca=str(folder / "other.pem")), Vault()).run(REALM)
        assert outcome.ending is Ending.DISTRUSTED

    def test_a_certificate_of_another_name(self, home):
        outcome = LiveTest(settings(*home, server="radius.hengelo.example"), Vault()).run(REALM)
        assert outcome.ending is Ending.DISTRUSTED


@pytest.mark.needs("eapol_test")
class TestWithoutAServer:
    """When nobody answers, or who should not."""

    @pytest.fixture(autouse=True)
    def _soon(self, monkeypatch):
        monkeypatch.setattr(live_test, "SECONDS", 1)

    def test_silence(self, tmp_path):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind(("127.0.0.1", 0))
            outcome = LiveTest(settings(silent.getsockname()[1], tmp_path), Vault()).run(REALM)
        assert outcome.ending is Ending.SILENT

    def test_a_port_that_nobody_listens_on(self, tmp_path):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        assert LiveTest(settings(port, tmp_path), Vault()).run(REALM).ending is Ending.SILENT

    def test_an_answer_of_somebody_else(self, tmp_path):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as liar:
            liar.bind(("127.0.0.1", 0))

            def lie() -> None:
                request, client = liar.recvfrom(4096)
                liar.sendto(bytes((2, request[1])) + (20).to_bytes(2) + bytes(16), client)

            thread = threading.Thread(target=lie)
            thread.start()
            outcome = LiveTest(settings(liar.getsockname()[1], tmp_path), Vault()).run(REALM)
            thread.join()
        assert outcome.ending is Ending.FORGED

    def test_no_secret_is_on_a_command_line_in_an_environment_or_in_a_file(self, tmp_path, monkeypatch):
        monkeypatch.setenv("TMPDIR", str(tmp_path))
        seen: list[bytes] = []
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind(("127.0.0.1", 0))

            def look() -> None:
                silent.recv(4096)  # it runs now
                for process in Path("/proc").glob("[0-9]*"):
                    try:
                        if b"eapol_test" in (line := (process / "cmdline").read_bytes()):
                            seen.append(line + (process / "environ").read_bytes())
                    except OSError:
                        continue

            thread = threading.Thread(target=look)
            thread.start()
            LiveTest(settings(silent.getsockname()[1], tmp_path), Vault()).run(REALM)
            thread.join()
        assert seen, "nobody ran eapol_test"
        for secret in (SECRET, PASSWORD):
            assert not [line for line in seen if secret.encode() in line]
            assert not [line for line in seen if secret.encode().hex().encode() in line]
        assert list(tmp_path.iterdir()) == []

    def test_one_at_a_time_of_a_realm(self, tmp_path):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind(("127.0.0.1", 0))
            test = LiveTest(settings(silent.getsockname()[1], tmp_path), Vault())
            thread = threading.Thread(target=test.run, args=(REALM,))
            thread.start()
            silent.recv(4096)  # the first one runs now
            assert test.run(REALM).ending is Ending.BUSY
            thread.join()


class TestBounds:
    """What does not run at all."""

    def test_no_account(self, tmp_path):
        test = LiveTest(settings(1, tmp_path), Vault())
        assert test.run("hengelo.example").ending is Ending.NO_ACCOUNT
        assert not test.covers("hengelo.example")
        assert test.covers("ALMELO.example")

    def test_not_more_than_so_many_an_hour(self, tmp_path, monkeypatch):
        now = [0.0]
        test = LiveTest(settings(1, tmp_path), Vault(), clock=lambda: now[0])
        monkeypatch.setattr(test, "_login", lambda _: Outcome(ending=Ending.ACCEPTED))
        endings = []
        for _ in range(7):
            endings.append(test.run(REALM).ending)
            now[0] += 60
        assert endings == [Ending.ACCEPTED] * 6 + [Ending.TOO_OFTEN]
        now[0] = 3600.0
        assert test.run(REALM).ending is Ending.ACCEPTED

    def test_a_host_that_is_none(self, tmp_path):
        made = structs.replace(settings(1, tmp_path), host="geen.host.invalid")
        with pytest.raises(LoginTestMisconfigured, match=r"geen\.host\.invalid"):
            LiveTest(made, Vault()).run(REALM)

    def test_without_eapol_test(self, tmp_path, monkeypatch):
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(LoginTestMisconfigured, match="not installed"):
            LiveTest(settings(1, tmp_path), Vault()).run(REALM)

    def test_there_are_words_for_every_ending(self):
        assert set(ENDINGS) == set(Ending)
        assert {tone for tone, _, _ in ENDINGS.values()} <= {"good", "bad", "unsure"}
