"""`ggi logs ingest`: logs into the store, once or for ever."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ggi_net.cli.console import err, out, print_whole
from ggi_net.cli.logs_options import SettingsOption, StoreOption, read_logs_settings, say, until_told

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.progress import Progress, TaskID

    from ggi_net.authlog.ingest.once import Report
    from ggi_net.authlog.ingest.reading import About, Tally
    from ggi_net.authlog.ingest.settings import LogSettingsFile
    from ggi_net.authlog.ingest.tasks import Input


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("ingest")(ingest)


def ingest(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            help="Log files, patterns (between quotes) or folders; also compressed.",
            show_default="the sources of the settings",
        ),
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Stay, and store what is added.")] = False,
    store: StoreOption = None,
    host: Annotated[str, typer.Option(help="The server that wrote them, where the lines don't tell.")] = "",
    hop: Annotated[
        str,
        typer.Option(
            help="Where that server stands in the chain: device, access_point, visited, federation or home.",
            metavar="HOP",
        ),
    ] = "",
    timezone: Annotated[
        str, typer.Option(help="Time zone of times that are written without one.", metavar="ZONE")
    ] = "Europe/Amsterdam",
    format: Annotated[  # noqa: A002  the name of the option
        str, typer.Option("--format", help="Format of the logs.", metavar="NAME", show_default="seen from the lines")
    ] = "",
    settings: SettingsOption = None,
    workers: Annotated[
        int, typer.Option(min=0, help="Processes that read large logs.", show_default="as many as there are CPUs")
    ] = 0,
    broker: Annotated[
        str,
        typer.Option(
            envvar="GGI_LOGS_BROKER",
            help="Let Celery workers read, which this broker reaches (the whole URL in the environment, when it has a "
            "password).",
            metavar="URL",
        ),
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Store the lines of logs: each once, whatever its file is called now.

    FreeRADIUS, radsecproxy, F-Ticks, Microsoft NPS, hostapd and wpa_supplicant are read; what nothing can read is kept
    and counted. Files may be compressed, rotated, truncated, or grow meanwhile. A log that was read before goes on
    where that ended, also after this command was killed. The last line waits until it is whole.

    Several of these commands, also on several machines, may write to one store: each log is read by one of them.

    Exit status: 0 all is stored; 1 some file could not be read, the others are stored.
    """
    from ggi_net.authlog.ingest.opened import make_store
    from ggi_net.errors import LogSettings, LogsIncomplete

    found = read_logs_settings(settings, store)
    if not files and not found.sources and not found.spool:
        raise LogSettings("no logs were named", hint="name files, or give a settings file with `sources`")
    about = _about(host, hop, timezone, format)
    make_store(found, say)
    if follow:
        _follow(found, lambda required: _inputs(files, about, found, required=required), workers, broker)
        return
    report = _once(_inputs(files, about, found, required=True), found, workers, broker)
    if as_json:
        import msgspec

        typer.echo(msgspec.json.format(msgspec.json.encode(report.plain())).decode())
    else:
        _print(report)
    if report.troubled:
        raise LogsIncomplete(f"{len(report.troubled)} of {len(report.files)} files could not be read to their end")


def _about(host: str, hop: str, timezone: str, name: str) -> About:
    from ggi_net.authlog.ingest.reading import About
    from ggi_net.authlog.ingest.settings import wrong_format, wrong_timezone
    from ggi_net.authlog.line import Hop

    for option, wrong in (("--timezone", wrong_timezone(timezone)), ("--format", wrong_format(name))):
        if wrong:
            raise typer.BadParameter(wrong, param_hint=option)
    if hop not in set(Hop):
        raise typer.BadParameter(f"one of {', '.join(h for h in Hop if h)}", param_hint="--hop")
    return About(host=host, hop=Hop(hop), timezone=timezone, format=name)


def _inputs(files: list[str] | None, about: About, settings: LogSettingsFile, *, required: bool) -> list[Input]:
    """The files to read now: those that were named, else those of the settings."""
    from ggi_net.authlog.ingest.reading import About
    from ggi_net.authlog.ingest.tasks import inputs_of

    if files:
        return inputs_of(files, about, required=required)
    found = [one for logs in settings.sources for one in inputs_of(logs.files, logs.about, required=False)]
    if settings.spool:
        found += inputs_of([f"{settings.spool}/*/*.log"], About(), required=False)
    return found


def _follow(settings: LogSettingsFile, inputs: Callable[[bool], list[Input]], workers: int, broker: str) -> None:
    """Store what is there with all CPUs, then what is added, until told to stop."""
    from ggi_net.authlog.ingest.follow import Follower
    from ggi_net.authlog.ingest.opened import opened

    spool = Path(settings.spool).absolute() if settings.spool else None
    follower = Follower(lambda: inputs(False), *opened(Path(settings.store)), say, spool)
    with until_told() as told:
        report = _once(inputs(False), settings, workers, broker, told)
        for one in report.troubled:
            say(f"{one.path}: {one.trouble}")
        with err.status("") as status:
            say(f"following logs into {settings.store}")
            follower.run(told, lambda: status.update(_progress(follower.count, follower.total)))
    say(f"stopped in order: {report.total.lines + follower.total.lines:,} lines stored")


def _once(
    inputs: list[Input],
    settings: LogSettingsFile,
    workers: int,
    broker: str,
    stop: Callable[[], bool] = lambda: False,
) -> Report:
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    from ggi_net.authlog.ingest.once import ingest as once
    from ggi_net.authlog.ingest.opened import opened
    from ggi_net.authlog.ingest.pool import Pool, Runner

    folder = Path(settings.store)
    runner: Runner = Pool(folder, workers)
    if broker:
        from ggi_net.authlog.ingest.backfill import Celery

        runner = Celery(folder, broker)
    columns = (TextColumn("reading"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task("", total=None)
        show = partial(_show, bar, task)
        return once(inputs, *opened(folder), runner, show, stop)


def _show(bar: Progress, task: TaskID, done: int, size: int) -> None:
    bar.update(task, completed=done, total=size)


def _progress(count: int, total: Tally) -> str:
    return f"{count} logs, {total.lines:,} lines stored"


def _print(report: Report) -> None:
    """What was stored, by file, then by product and kind."""
    from rich.markup import escape
    from rich.table import Table

    from ggi_net.authlog.words import inert

    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("file")
    for name in ("lines", "unparsed"):
        table.add_column(name, justify="right")
    table.add_column("")
    for one in report.files.values():
        counts = (f"{one.tally.lines:,}", f"{one.tally.unparsed:,}")
        table.add_row(escape(inert(one.path)), *counts, _note(one.trouble, one.busy, one.tally.left))
    print_whole(table)
    total = report.total
    out.print()
    for name, count in sorted(total.kinds.items()):
        product, _, kind = name.partition(" ")
        out.print(f"  {product:<16}{kind:<12}{count:>14,}", markup=False)
    out.print(f"{total.lines:,} lines stored of {len(report.files)} files", markup=False)


def _note(trouble: str, busy: str, left: int) -> str:
    from rich.markup import escape

    from ggi_net.authlog.words import inert

    if trouble:
        return f"[red]{escape(inert(trouble))}[/red]"
    if busy:
        return f"[yellow]is being read by {escape(inert(busy))}[/yellow]"
    return f"[dim]the last {left} bytes wait for the end of their line[/dim]" if left else ""
