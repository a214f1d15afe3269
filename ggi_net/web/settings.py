"""How the pages are served: one file (YAML or JSON), every value checked before anything listens."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from ggi_net.authlog.question import Role
from ggi_net.errors import Place, WebSettings
from ggi_net.files import read_bytes
from ggi_net.model.types import Record, Slug
from ggi_net.paths import state_folder
from ggi_net.secrets import REFERENCE
from ggi_net.source.yamlfile import convert, locate, parse
from ggi_net.web.live_test import LoginTests

if TYPE_CHECKING:
    from collections.abc import Iterator

LISTEN = "127.0.0.1:8443"
"""Where the pages listen unless told otherwise."""

Minutes = Annotated[int, Meta(ge=1, le=24 * 60)]
PerMinute = Annotated[int, Meta(ge=1, le=100_000)]


class Tls(Record, frozen=True, kw_only=True):
    """The certificate with its chain, and its key: PEM files."""

    certificate: str
    key: str


class Rule(Record, frozen=True, kw_only=True):
    """Whoever has `value` in the claim gets `role`; a helpdesk for `gemeenten`, else for those in `gemeenten_claim`."""

    value: str
    role: Role
    gemeenten: tuple[Slug, ...] = ()


class Oidc(Record, frozen=True, kw_only=True):
    """The provider of log-ins (OpenID Connect), and what its claims mean here.

    `client_secret` is a reference (`secret://federation/oidc/client`). Of several rules that fit, the first one gives
    the role; the gemeenten of all fitting helpdesk rules are joined. `ca` is a PEM file when no public authority
    signed the provider's certificate.
    """

    issuer: str
    client_id: str
    client_secret: str
    rules: tuple[Rule, ...]
    roles_claim: str = "groups"
    gemeenten_claim: str = ""
    name_claim: str = "preferred_username"
    scopes: tuple[str, ...] = ("openid", "profile")
    ca: str = ""


class SessionTimes(Record, frozen=True, kw_only=True):
    """When somebody has to log in again: after doing nothing for so long, and in any case."""

    idle_minutes: Minutes = 30
    longest_minutes: Minutes = 10 * 60


class Rates(Record, frozen=True, kw_only=True):
    """Requests a minute that one account or one address may make; more are refused for a while.

    A gemeente's whole helpdesk may come from one address.
    """

    pages: PerMinute = 600
    look_ups: PerMinute = 120
    log_ins: PerMinute = 30
    api: PerMinute = 120


class Settings(Record, frozen=True, kw_only=True):
    """All settings.

    `address` is what people type (`https://helpdesk.almelo.example`). TLS is done here (`tls`) or by a reverse proxy,
    whose addresses are in `proxies`: only from those is it believed who the visitor is. Without either, the pages are
    served to this machine only. `state` is the folder of accounts, tokens and sessions; `logs` the settings file of
    `ggi logs`, which says where the logins and the audit log are; `secrets` the backend that knows the references.
    `login_tests` are the test accounts of realms, to try from a page whether logging in works.
    """

    address: str = "http://127.0.0.1:8443"
    listen: str = LISTEN
    tls: Tls | None = None
    proxies: tuple[str, ...] = ()
    state: str = ""
    logs: str = ""
    secrets: str = ""
    oidc: Oidc | None = None
    accounts: bool = True
    sessions: SessionTimes = SessionTimes()
    rates: Rates = Rates()
    login_tests: LoginTests | None = None

    @property
    def origin(self) -> str:
        """The address as browsers name it: scheme, host, and the port unless it is the usual one."""
        parts = urlsplit(self.address)
        return f"{parts.scheme}://{parts.netloc}".lower()

    @property
    def host(self) -> str:
        """The Host header of requests that are meant for these pages."""
        return urlsplit(self.address).netloc.lower()

    @property
    def state_folder(self) -> Path:
        """Where accounts, tokens and sessions are."""
        return Path(self.state) if self.state else state_folder() / "web"

    @property
    def bind(self) -> tuple[str, int]:
        """The address and the port to listen at."""
        host, _, port = self.listen.rpartition(":")
        return host.strip("[]"), int(port)


def read_settings(path: Path | None, *, listen: str = "", logs: Path | None = None) -> Settings:
    """Read and check the settings; without a file those for trying it out on one machine.

    Relative paths in a file are relative to its folder. `listen` and `logs` go before what the file says.
    Raises FileError, UnknownKey, WrongValue or WebSettings.
    """
    if path is None:
        content, settings, place = b"", Settings(), Path("--listen")
        if listen:
            settings = msgspec.structs.replace(settings, listen=listen, address=f"http://{listen}")
    else:
        content, place = read_bytes(path), path
        settings = _absolute(convert(parse(content, path), Settings, path, content), path.resolve().parent)
        if listen:
            settings = msgspec.structs.replace(settings, listen=listen)
    if logs:
        settings = msgspec.structs.replace(settings, logs=str(logs))
    for steps, problem, hint in _problems(settings):
        raise WebSettings(
            problem, place=locate(place, content, "$", steps) if content else Place(str(place)), hint=hint
        )
    return settings


def _absolute(settings: Settings, folder: Path) -> Settings:
    def beside(name: str) -> str:
        return str(folder / name) if name else name

    changed = {"state": beside(settings.state), "logs": beside(settings.logs)}
    if settings.secrets and not settings.secrets.startswith("lab:"):
        changed["secrets"] = beside(settings.secrets)
    tls = settings.tls and Tls(certificate=beside(settings.tls.certificate), key=beside(settings.tls.key))
    oidc = settings.oidc and msgspec.structs.replace(settings.oidc, ca=beside(settings.oidc.ca))
    return msgspec.structs.replace(settings, tls=tls, oidc=oidc, **changed)


def _problems(settings: Settings) -> Iterator[tuple[str, str, str]]:
    """What is wrong: the key, the problem, the hint."""
    parts = urlsplit(settings.address)
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or parts.path.strip("/")
        or parts.query
        or "@" in parts.netloc
    ):
        yield (
            "address",
            f"'{settings.address[:80]}' is not the address of a site",
            "such as https://helpdesk.almelo.example",
        )
        return
    host, _, port = settings.listen.rpartition(":")
    if not host or not port.isdigit() or not 1 <= int(port) <= 65535 or not _is_address(host.strip("[]")):
        yield "listen", f"'{settings.listen[:80]}' is not an address and a port", "such as 127.0.0.1:8443 or [::]:443"
        return
    local = ipaddress.ip_address(host.strip("[]")).is_loopback
    if parts.scheme == "http" and not (local and _is_local(parts.hostname)):
        yield (
            "address",
            "people would log in without TLS",
            "an https address, with `tls` here or a reverse proxy before",
        )
    if parts.scheme == "https" and settings.tls is None and not settings.proxies:
        yield (
            "address",
            "an https address, and nobody does TLS",
            "give `tls`, or the addresses of the reverse proxy in `proxies`",
        )
    if parts.scheme == "http" and settings.tls:
        yield "address", "an http address, and a certificate in `tls`", "make it https"
    for proxy in settings.proxies:
        if not _is_network(proxy):
            yield "proxies", f"'{proxy[:80]}' is no IP address or prefix", "name each reverse proxy by its address"
    if settings.sessions.idle_minutes > settings.sessions.longest_minutes:
        yield "sessions", "idle_minutes is more than longest_minutes", "make it less"
    if settings.oidc:
        yield from _oidc_problems(settings.oidc)
    elif not settings.accounts:
        yield "accounts", "nobody could log in: no accounts, and no `oidc`", "give one of the two"


def _oidc_problems(oidc: Oidc) -> Iterator[tuple[str, str, str]]:
    issuer = urlsplit(oidc.issuer)
    if issuer.scheme != "https" and not (issuer.scheme == "http" and _is_local(issuer.hostname or "")):
        yield "oidc", f"the issuer '{oidc.issuer[:80]}' is no https address", "as the provider's own settings say it"
    if not REFERENCE.fullmatch(oidc.client_secret):
        yield "oidc", "the client secret stands here as it is", "put it into the secrets backend and its reference here"
    if "openid" not in oidc.scopes:
        yield "oidc", "the scope 'openid' is missing", "without it the provider says nothing of who somebody is"
    for rule in oidc.rules:
        if rule.role is Role.ENGINEER:
            yield "oidc", "nobody is an engineer on the pages", "an engineer uses `ggi logs` on the machine itself"
        if rule.role is Role.HELPDESK and not rule.gemeenten and not oidc.gemeenten_claim:
            yield (
                "oidc",
                f"the helpdesk of '{rule.value[:80]}' has no gemeente",
                "give `gemeenten`, or `gemeenten_claim`",
            )


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_network(text: str) -> bool:
    """An address or a prefix, but not everybody."""
    try:
        return ipaddress.ip_network(text).prefixlen > 0
    except ValueError:
        return False


def _is_local(host: str) -> bool:
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)
