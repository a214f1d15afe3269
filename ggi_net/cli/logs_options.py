"""What the commands of `ggi logs` share: the settings file, the store, and what they say while they run for days."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ggi_net.authlog.words import spelled
from ggi_net.cli.console import err

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ggi_net.authlog.ingest.settings import LogSettingsFile

SettingsOption = Annotated[
    Path | None,
    typer.Option("--settings", envvar="GGI_LOGS", help="The settings of the logs (`logs.yml`).", metavar="FILE"),
]
StoreOption = Annotated[
    Path | None,
    typer.Option("--store", help="Folder of the store.", metavar="DIR", show_default="that of the settings"),
]


def read_logs_settings(settings: Path | None, store: Path | None) -> LogSettingsFile:
    """The settings, with the store that was named; without a file only that store. Raises FileError or LogSettings."""
    import msgspec

    from ggi_net.authlog.ingest.settings import LogSettingsFile, read_settings
    from ggi_net.errors import LogSettings

    found = read_settings(settings) if settings else None
    if store is not None:
        found = msgspec.structs.replace(found or LogSettingsFile(store=""), store=str(store))
    if found is None:
        raise LogSettings(
            "no store was named", hint="give --store DIR, or a settings file with --settings or in GGI_LOGS"
        )
    return found


@contextmanager
def until_told() -> Iterator[Callable[[], bool]]:
    """Inside, SIGTERM and SIGINT do not end the process but make the function that is given true: to stop in order."""
    told = False

    def stop(*_: object) -> None:
        nonlocal told
        told = True

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield lambda: told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def say(text: str) -> None:
    """A line for whoever watches, at once; the text may come from anywhere."""
    err.print(spelled(text), markup=False, soft_wrap=True)
