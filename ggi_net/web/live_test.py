"""Does logging in to a realm work now? One login of a test account, as a visitor's device would do it.

`eapol_test` (wpa_supplicant's own EAP code) plays device and access point. Its configuration, with the password, goes
through a pipe; its command line and the files of this machine hold no secret (see `radius_relay`).
"""

from __future__ import annotations

import os
import selectors
import subprocess
import time
from collections import deque
from enum import StrEnum
from threading import Lock
from typing import TYPE_CHECKING, Protocol

import msgspec

from ggi_net.errors import LoginTestMisconfigured
from ggi_net.model.types import Record
from ggi_net.web.ending import Ending, Outcome
from ggi_net.web.radius_relay import Relay

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS = 15
"""How long a login may take: the timers of FreeRADIUS and radsecproxy over three servers are below it."""
_NETWORK = "govroam"
_PORT = "02-00-00-00-00-02"
_DEVICE = "02:00:00:00:00:01"
"""Addresses of nobody: locally administered (IEEE 802)."""
_LONGEST_OUTPUT = 4 << 20


class Method(StrEnum):
    """How the test account logs in."""

    PEAP = "peap"
    TTLS = "ttls"


class Account(Record, frozen=True, kw_only=True):
    """A test account of one realm.

    `password` is a reference to a secret. `ca` is the file of certificates of which one must have signed the home
    server's, `server` the name that must be in it: both as on the devices of that gemeente.
    """

    user: str
    password: str
    ca: str
    server: str
    method: Method = Method.PEAP


class LoginTests(Record, frozen=True, kw_only=True):
    """The RADIUS server that tests go to (this host must be one of its clients), and the accounts by realm.

    `operator` goes with each test as Operator-Name (RFC 5580). At most `hourly` tests an hour of one realm.
    """

    host: str
    secret: str
    port: int = 1812
    operator: str = ""
    hourly: int = 6
    accounts: dict[str, Account] = msgspec.field(default_factory=dict)


class Secrets(Protocol):
    """What gives the value of a reference."""

    def value(self, reference: str) -> str:
        """The value; raises SecretError."""
        ...


class LiveTest:
    """Tests logins, one at a time of each realm and not too often."""

    def __init__(self, settings: LoginTests, secrets: Secrets, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._secrets = secrets
        self._clock = clock
        self._lock = Lock()
        self._running: set[str] = set()
        self._done: dict[str, deque[float]] = {}

    def covers(self, realm: str) -> bool:
        """Whether there is an account for that realm."""
        return realm.lower() in self._settings.accounts

    def run(self, realm: str) -> Outcome:
        """Test that realm now. Raises SecretError and LoginTestMisconfigured."""
        realm = realm.lower()
        account = self._settings.accounts.get(realm)
        if account is None:
            return Outcome(ending=Ending.NO_ACCOUNT)
        if refused := self._begin(realm):
            return Outcome(ending=refused)
        try:
            return self._login(account)
        finally:
            with self._lock:
                self._running.discard(realm)

    def _begin(self, realm: str) -> Ending | None:
        with self._lock:
            now = self._clock()
            recent = self._done.setdefault(realm, deque())
            while recent and recent[0] <= now - 3600:
                recent.popleft()
            if realm in self._running:
                return Ending.BUSY
            if len(recent) >= self._settings.hourly:
                return Ending.TOO_OFTEN
            recent.append(now)
            self._running.add(realm)
            return None

    def _login(self, account: Account) -> Outcome:
        config = _configuration(account, self._secrets.value(account.password))
        began = time.monotonic()
        try:
            relay = Relay(self._settings.host, self._settings.port, self._secrets.value(self._settings.secret))
        except OSError as error:
            raise LoginTestMisconfigured(
                f"the RADIUS server {self._settings.host}: {error.strerror or error}",
                hint="check `host` of the login tests",
            ) from None
        try:
            said = _run(relay, config, self._settings.operator)
        finally:
            relay.close()
        return Outcome(ending=_ending(relay, said), seconds=round(time.monotonic() - began, 1))


def _ending(relay: Relay, said: bytes) -> Ending:
    if b"CTRL-EVENT-EAP-TLS-CERT-ERROR" in said:
        return Ending.DISTRUSTED
    if relay.accepted:
        return Ending.ACCEPTED
    if relay.rejected:
        return Ending.REJECTED
    if relay.answered:
        return Ending.STUCK
    return Ending.FORGED if relay.forged else Ending.SILENT


def _configuration(account: Account, password: str) -> bytes:
    """The configuration of wpa_supplicant for one login; texts in hexadecimal, which needs no quoting."""
    realm = account.user.rpartition("@")[2]
    lines = {
        "ssid": _NETWORK.encode().hex(),
        "key_mgmt": "WPA-EAP",
        "eap": account.method.upper(),
        "identity": account.user.encode().hex(),
        "anonymous_identity": f"anonymous@{realm}".encode().hex(),
        "password": password.encode().hex(),
        "ca_cert": account.ca.encode().hex(),
        "domain_match": account.server.encode().hex(),
        "phase2": ("auth=PAP" if account.method is Method.TTLS else "auth=MSCHAPV2").encode().hex(),
    }
    return ("network={\n" + "".join(f"{key}={value}\n" for key, value in lines.items()) + "}\n").encode()


def _run(relay: Relay, config: bytes, operator: str) -> bytes:
    """Let eapol_test log in through the relay; what it said."""
    operator_name = ["-N", f"126:s:1{operator}"] if operator else []
    command = [
        "eapol_test", "-n", "-c", "/dev/stdin", "-a", "127.0.0.1", "-p", str(relay.port), "-s", relay.client_secret,
        "-t", str(SECONDS), "-M", _DEVICE, "-N", f"30:s:{_PORT}:{_NETWORK}", "-N", "32:s:ggi-helpdesk", *operator_name,
    ]  # fmt: skip
    try:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except FileNotFoundError:
        raise LoginTestMisconfigured("eapol_test is not installed", hint="apt-get install eapoltest") from None
    with process:
        try:
            return _carry(process, relay, config)
        finally:
            process.kill()


def _carry(process: subprocess.Popen[bytes], relay: Relay, config: bytes) -> bytes:
    assert process.stdin  # noqa: S101  both are pipes
    assert process.stdout  # noqa: S101
    process.stdin.write(config)  # less than a pipe holds
    process.stdin.close()
    said = bytearray()
    deadline = time.monotonic() + SECONDS + 2
    with selectors.DefaultSelector() as ready:
        ready.register(relay.near, selectors.EVENT_READ)
        ready.register(relay.far, selectors.EVENT_READ)
        ready.register(process.stdout, selectors.EVENT_READ)
        while (left := deadline - time.monotonic()) > 0:
            for key, _ in ready.select(left):
                if key.fileobj is process.stdout:
                    if not (part := os.read(process.stdout.fileno(), 65536)):
                        return bytes(said)
                    said += part[: _LONGEST_OUTPUT - len(said)]
                else:
                    _pass_on(relay, near=key.fileobj is relay.near)
    return bytes(said)


def _pass_on(relay: Relay, *, near: bool) -> None:
    """Carry one packet; a port that nobody listens on answers with an error that means no more than silence."""
    try:
        if near:
            relay.from_client()
        else:
            relay.from_server()
    except (ConnectionRefusedError, BlockingIOError):
        return
