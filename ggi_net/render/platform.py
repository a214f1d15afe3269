"""Platforms as data: `templates/<platform>/platform.yml` says which artifacts a device has and who handles them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from ggi_net.errors import FileMissing, PlatformUnknown, nearest
from ggi_net.model.types import PlatformName, Record
from ggi_net.paths import templates_folder
from ggi_net.source.yamlfile import load

if TYPE_CHECKING:
    from pathlib import Path


class ArtifactKind(Record, frozen=True, kw_only=True):
    """One file of a platform.

    `template`: the main template below `templates/`. `path`: where it lives on the device; empty for a platform
    that is configured by commands. `check`: the validator in `ggi_net.check`, empty for none. `apply`: the command
    that makes the daemon use the new file. `when`: a field of the view that must be true for the file to exist.
    """

    file: str
    template: str
    path: str = ""
    mode: str = "0644"
    owner: str = "root:root"
    check: str = ""
    apply: str = ""
    when: str = ""


class Platform(Record, frozen=True, kw_only=True):
    """A platform: its push driver, its drift rules, and its artifacts in the order they are applied.

    `tunnel`: what a tunnel interface is called, `{tag}` in it is its id. `longest_interface`: the characters that the
    name of an interface may have, 0 for as many as one likes.
    """

    name: PlatformName
    title: str
    driver: str
    drift: str
    artifacts: tuple[ArtifactKind, ...]
    tunnel: str = "ipsec{tag}"
    longest_interface: int = 0


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
