"""`ggi logs generate`: logs of a federation that never was, to try things with."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path  # noqa: TC003  typer reads the annotations
from typing import Annotated

import typer
from rich.filesize import decimal

from ggi_net.cli.console import out


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("generate")(generate)


def generate(
    folder: Annotated[Path, typer.Argument(help="A folder that is new or empty.", metavar="DIR")],
    day: Annotated[
        datetime | None,
        typer.Option(help="The day of the logins, in Dutch time.", formats=["%Y-%m-%d"], show_default="today"),
    ] = None,
    logins: Annotated[
        int, typer.Option(help="How many logins people begin; devices try again by themselves.")
    ] = 100_000,
    gemeenten: Annotated[
        int, typer.Option(min=0, help="Only so many gemeenten, around a large one.", show_default="all of them")
    ] = 0,
    seed: Annotated[int, typer.Option(help="Another seed makes another federation; the same one the same files.")] = 1,
) -> None:
    """Make logs of a national federation: every gemeente, every hop in its own format, and what really was the matter.

    DIR gets a folder per gemeente (FreeRADIUS at most, Microsoft NPS and hostapd at some), one of the federation
    (radsecproxy, F-Ticks), truth.csv: which login had which cause, and logs.yml, with which the other commands find
    their way. All names are made up.

        ggi logs generate /tmp/logs --day 2026-11-23 --logins 100000
        ggi logs ingest --settings /tmp/logs/logs.yml
    """
    from ggi_net.authlog.generate.run import generate as make
    from ggi_net.cli.push import Progress

    began = time.perf_counter()
    with Progress("making logs", 1440) as advance:
        made = make(folder, (day or datetime.now().astimezone()).date(), logins, seed, advance, gemeenten=gemeenten)
    seconds = time.perf_counter() - began
    out.print(
        f"{made.logins:,} logins, {made.attempts:,} attempts: {made.lines:,} lines ({decimal(made.bytes)}) "
        f"in {made.files:,} files, {made.lines / seconds:,.0f} lines/s"
    )
    out.print(f"what was the matter with each: {folder / 'truth.csv'}", highlight=False)
