"""`logs.yml`: which logs there are, and where they are stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

from ggi_net.authlog.audit import AuditSettings
from ggi_net.authlog.ingest.reading import About
from ggi_net.authlog.line import Hop
from ggi_net.authlog.read.formats import FORMATS
from ggi_net.authlog.store.identity import Retention
from ggi_net.errors import LogSettings, nearest
from ggi_net.files import read_bytes
from ggi_net.model.types import Record, Slug
from ggi_net.secrets import REFERENCE
from ggi_net.source.yamlfile import convert, locate, parse, printable

if TYPE_CHECKING:
    from pathlib import Path


class Logs(Record, frozen=True, kw_only=True):
    """Logs of one kind. `files` are paths or patterns; the rotated files of each are found beside it.

    `host` is the server that wrote them, where the lines don't tell; `hops` are those of hosts, in a log of several.
    `timezone` is that of times without offset. `format` is needed only where the lines don't show it. `gemeente` says
    whose log it is, for people who read this file and `ggi logs status`.
    """

    files: Annotated[tuple[str, ...], Meta(min_length=1)]
    host: str = ""
    hop: Hop = Hop.UNKNOWN
    hops: dict[str, Hop] = msgspec.field(default_factory=dict)
    gemeente: Slug | None = None
    timezone: str = "Europe/Amsterdam"
    format: str = ""

    @property
    def about(self) -> About:
        """What the reader has to know of them."""
        return About(host=self.host, hop=self.hop, hops=self.hops, timezone=self.timezone, format=self.format)


class LogSettingsFile(Record, frozen=True, kw_only=True):
    """The settings of `ggi logs`.

    `store` is the folder of the store. `keys` are references to the keys of its hashes, the current one first,
    `secrets` the backend that has their values. `spool` is the folder of `ggi logs listen`; its files are read as
    well, and removed once they are stored. `audit` is the log of who looked up what. `places` is the file that
    `ggi logs places` writes: whose realm it is, where a server stands. `drift` is a folder of what `ggi drift --json`
    wrote. `retention` is how long things are kept, where it differs from what the store has.
    """

    store: str
    keys: tuple[str, ...] = ()
    secrets: str = ""
    spool: str = ""
    places: str = ""
    drift: str = ""
    sources: tuple[Logs, ...] = ()
    retention: Retention | None = None
    audit: AuditSettings = AuditSettings()


def read_settings(path: Path) -> LogSettingsFile:
    """Read `logs.yml`. Raises FileError with line and column, or LogSettings."""
    content = read_bytes(path)
    found = convert(parse(content, path), LogSettingsFile, path, content)
    for number, key in enumerate(found.keys):
        if not REFERENCE.fullmatch(key):
            raise LogSettings(
                "a key stands here as it is, or its reference has another form",
                place=locate(path, content, f"$.keys[{number}]"),
                hint="put it into the secrets backend and its reference (`secret://federation/logs/2026`) here",
            )
    for number, logs in enumerate(found.sources):
        for key, wrong in (("timezone", wrong_timezone(logs.timezone)), ("format", wrong_format(logs.format))):
            if wrong:
                raise LogSettings(
                    wrong, place=locate(path, content, f"$.sources[{number}].{key}"), hint="see docs/logs.md"
                )
    return found


def wrong_timezone(name: str) -> str:
    """What is wrong with the name of a time zone; empty when it is one (of the IANA database)."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # what it raises for names such as `..` or a folder's
        return f"'{printable(name)}' is no time zone; Europe/Amsterdam and UTC are"
    return ""


def wrong_format(name: str) -> str:
    """What is wrong with the name of a format; empty when it is one, or none is given."""
    known = {one.name for one in FORMATS}
    return "" if not name or name in known else f"no format '{printable(name)}'{nearest(name, known)}"
