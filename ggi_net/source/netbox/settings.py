"""Which NetBox, and with which token: from the environment, else from a configuration file.

The environment wins, value by value:

GGI_NETBOX_URL          https://netbox.example
GGI_NETBOX_TOKEN        the token itself, or
GGI_NETBOX_TOKEN_FILE   a file that holds it, readable by its owner alone
GGI_NETBOX_CA           a PEM file with the authority behind NetBox's certificate
GGI_CONFIG              the configuration file, default ~/.config/ggi/netbox.yml: url, token_file, ca, timeout
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

from msgspec import Meta

from ggi_net.errors import FileMissing, NetBoxSettings, Place
from ggi_net.files import read_bytes
from ggi_net.model.types import Record
from ggi_net.source.yamlfile import load, printable

if TYPE_CHECKING:
    from collections.abc import Mapping

TIMEOUT = 60
"""Seconds that NetBox may be silent."""

_TOKEN = re.compile(r"(?:nbt_)?[A-Za-z0-9._~+/=-]{8,200}")
_LOOPBACK = re.compile(r"localhost|127(?:\.[0-9]{1,3}){3}|::1")


@dataclass(frozen=True)
class Settings:
    """What a client takes. `ca` is a PEM file, or None for the authorities of the system; `timeout` is in seconds."""

    url: str
    token: str = field(repr=False)
    ca: Path | None = None
    timeout: float = TIMEOUT


class Configuration(Record, frozen=True, kw_only=True):
    """What the configuration file may hold. The token has a file of its own: this one may be shown to others."""

    url: str = ""
    token_file: str = ""
    ca: str = ""
    timeout: Annotated[int, Meta(ge=1, le=3600)] = TIMEOUT


def load_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings out of the environment and the configuration file; `~` is the user's home folder.

    Raises NetBoxSettings when URL or token is missing or can't be used, and the FileError of a file that can't be read.
    """
    configured, path = _configuration(environment)
    url = environment.get("GGI_NETBOX_URL") or configured.url
    if not url:
        raise NetBoxSettings(
            "it is not known where NetBox is",
            hint=f"set GGI_NETBOX_URL, or write `url: https://netbox.example` in {path}",
        )
    ca = environment.get("GGI_NETBOX_CA") or configured.ca
    return Settings(
        url=checked_url(url),
        token=_token(environment, configured, path),
        ca=_authority(Path(ca).expanduser()) if ca else None,
        timeout=configured.timeout,
    )


def known_url(environment: Mapping[str, str] = os.environ) -> str:
    """The URL of NetBox alone, for work that needs no token; an empty string when none is set."""
    configured, _ = _configuration(environment)
    url = environment.get("GGI_NETBOX_URL") or configured.url
    return checked_url(url) if url else ""


def checked_url(url: str) -> str:
    """The URL of a NetBox without the slash at its end; raise NetBoxSettings for one that a token must not go to."""
    shown = printable(re.sub(r"//[^/@]*@", "//", url))
    problem = ""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    if parts.scheme not in ("http", "https") or not host or not url.isascii() or not url.isprintable() or " " in url:
        problem = "is not the address of a web site"
    elif parts.username is not None or parts.query or parts.fragment:
        problem = "holds more than the address: leave out user, password and what stands behind a ? or #"
    elif parts.scheme == "http" and not _LOOPBACK.fullmatch(host):
        problem = "would send the token over the network unencrypted"
    if problem:
        raise NetBoxSettings(
            f"'{shown}' {problem}",
            hint="write it as https://netbox.example; http:// is for this machine alone (127.0.0.1)",
        )
    return url.rstrip("/").removesuffix("/api").rstrip("/")


def _configuration(environment: Mapping[str, str]) -> tuple[Configuration, Path]:
    given = environment.get("GGI_CONFIG")
    path = Path(given) if given else Path.home() / ".config" / "ggi" / "netbox.yml"
    return (load(path, Configuration) if given or path.exists() else Configuration()), path


def _token(environment: Mapping[str, str], configured: Configuration, path: Path) -> str:
    token = environment.get("GGI_NETBOX_TOKEN", "").strip()
    where = "GGI_NETBOX_TOKEN"
    file = environment.get("GGI_NETBOX_TOKEN_FILE") or configured.token_file
    if not token and file:
        where = str(Path(file).expanduser())
        token = _read_secret(Path(where))
    if not token:
        raise NetBoxSettings(
            "there is no token for NetBox",
            hint="set GGI_NETBOX_TOKEN_FILE (or GGI_NETBOX_TOKEN), or write `token_file: /path/to/it` in "
            f"{path}; NetBox makes tokens under your name, API Tokens",
        )
    if not _TOKEN.fullmatch(token):
        raise NetBoxSettings(
            "what is given as the token for NetBox is none",
            place=Place(where),
            hint="a token is one word, such as nbt_ and 53 letters and digits; NetBox shows it once, when it is made",
        )
    return token


def _read_secret(path: Path) -> str:
    content = read_bytes(path)
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise NetBoxSettings(
            f"others than its owner can read or change the file with the token (mode {mode:04o})",
            place=Place(str(path)),
            hint=f"chmod 600 {path}, and make a new token if others have used this machine",
        )
    return content.decode("utf-8", "replace").strip()


def _authority(path: Path) -> Path:
    if not path.is_file():
        raise FileMissing("no such file", place=Place(str(path)), hint="GGI_NETBOX_CA names a PEM file")
    return path
