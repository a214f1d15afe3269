"""Platforms as data: `templates/<platform>/platform.yml` says which artifacts a device has and who handles them."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

from ggi_net.errors import FileMissing, PlatformUnknown, nearest
from ggi_net.model.types import PlatformName, Record
from ggi_net.paths import templates_folder
from ggi_net.source.yamlfile import load

if TYPE_CHECKING:
    from pathlib import Path


class Also(Record, frozen=True, kw_only=True):
    """A command that is run as well when a line of a file that matches `changed` comes or goes.

    The named groups of `changed` may stand in `run` as `{name}`; it is run once for each of their values.
    """

    changed: str
    run: str


class ArtifactKind(Record, frozen=True, kw_only=True):
    """One file of a platform.

    `template`: the main template below `templates/`. `path`: where it lives on the device; empty for a platform
    that is configured by commands. `check`: the validator in `ggi_net.check`, empty for none. `when`: a field of the
    view that must be true for the file to exist.

    On the device: `test` refuses a file before it is in its place; it is given as `{file}`, and `{stage}` is a tree
    in which all files of the platform are as they will be. `apply` makes the daemon use the new file; what is joined by
    `&&` are commands of their own, and of those of all files each is run once. `undo` makes it use what was there
    before, also where that was another's file or none; empty: `apply` does. `also`: more commands, by what changed. In
    commands `$GGI_PUSH` is the folder with our own tools on the device.
    """

    file: str
    template: str
    path: str = ""
    mode: str = "0644"
    owner: str = "root:root"
    check: str = ""
    test: str = ""
    apply: str = ""
    undo: str = ""
    also: tuple[Also, ...] = ()
    when: str = ""


class What(StrEnum):
    """What is looked at to see whether a device is well."""

    BGP = "bgp"
    SERVICE = "service"
    STATUS_SERVER = "status-server"
    LOGIN = "login"


class Look(Record, frozen=True, kw_only=True):
    """Something that is looked at on a device before and after a change.

    `bgp`: the sessions of FRR and what it announces. `service`: whether the service `name` is active. `status-server`
    (RFC 5997) and `login`: whether the RADIUS server at `port` of loopback, called `name`, answers, and takes a user.
    `secret` and `account` are references, in which `{organisation}` is whose device it is. An account's value is
    `user password`; where the backend has none, the login is said not to be tested. `trusted`: the certificates on the
    device by which the server is known that gets the password. `file`: the artifact that a device
    must have for it to be looked at, and `holds` what must stand in that.
    """

    what: What
    name: str = ""
    port: int = 0
    secret: str = ""
    account: str = ""
    trusted: str = ""
    file: str = ""
    holds: str = ""


class Platform(Record, frozen=True, kw_only=True):
    """A platform: its push driver, its drift rules, and its artifacts in the order they are applied.

    `verify`: what shows that such a device is well. `tunnel`: what a tunnel interface is called, `{tag}` in it is its
    id. `longest_interface`: the characters that the name of an interface may have, 0 for as many as one likes.
    `lacks`: fields of the view that must be empty or false, each with why the platform can't have them.
    """

    name: PlatformName
    title: str
    driver: str
    drift: str
    artifacts: tuple[ArtifactKind, ...]
    verify: tuple[Look, ...] = ()
    tunnel: str = "ipsec{tag}"
    longest_interface: int = 0
    lacks: dict[str, str] = {}  # noqa: RUF012  msgspec copies it


def load_platform(name: str, folder: Path | None = None) -> Platform:
    """The platform with that name from `folder` (default: the toolkit's templates); raise PlatformUnknown."""
    base = folder or templates_folder()
    try:
        return load(base / name / "platform.yml", Platform)
    except FileMissing:
        known = sorted(p.parent.name for p in base.glob("*/platform.yml"))
        raise PlatformUnknown(
            f"no templates for platform '{name}'{nearest(name, known)}", hint=f"platforms: {', '.join(known)}"
        ) from None


@cache
def platform(name: str) -> Platform:
    """`load_platform` from the toolkit's own templates, once per process."""
    return load_platform(name)
