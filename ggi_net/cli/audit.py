"""`ggi audit`: who looked up what and why, and whether the log of that is as it was written."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from ggi_net.authlog.words import spelled
from ggi_net.cli.console import note, out, print_whole
from ggi_net.cli.logs_options import SettingsOption  # noqa: TC001  typer reads the annotations
from ggi_net.cli.render import counted

if TYPE_CHECKING:
    from ggi_net.authlog.audit import Audit
    from ggi_net.authlog.audit_check import Shown

app = typer.Typer(no_args_is_help=True, help="Who looked up which logins, and why.")

FolderOption = Annotated[
    Path | None,
    typer.Option("--folder", help="Folder of the audit log.", metavar="DIR", show_default="that of the settings"),
]


@app.command()
def search(
    who: Annotated[str, typer.Option("--who", help="Only look-ups by this person.")] = "",
    about: Annotated[
        str, typer.Option("--about", help="Only look-ups of this identity or MAC address, as it was typed.")
    ] = "",
    reason: Annotated[str, typer.Option("--reason", help="Only where the reason has these words in it.")] = "",
    since: Annotated[str, typer.Option("--since", help="From then on: 2d, 09:00, gisteren, 2026-11-23.")] = "",
    until: Annotated[str, typer.Option("--until", help="Before then.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="At most so many, the newest.")] = 100,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    settings: SettingsOption = None,
    folder: FolderOption = None,
) -> None:
    """Show who looked up what, when, from where and why, newest first. Reading it is on record, too.

    What was typed is shown as long as it is kept (30 days unless the settings say otherwise), after that the hash that
    stands for it. --about finds both.
    """
    import msgspec

    from ggi_net.authlog import audit_check
    from ggi_net.authlog.audit_entry import What
    from ggi_net.authlog.helpdesk import engineer
    from ggi_net.authlog.moments import moment

    now = datetime.now(UTC)
    audit = _opened(settings, folder)
    wanted = audit_check.Wanted(
        who=who,
        about=about,
        reason=reason,
        since=moment(since, now) if since else None,
        until=moment(until, now) if until else None,
        limit=limit,
    )
    found = audit_check.search(audit, wanted)
    audit.record(What.AUDIT, engineer(), where="cli", rows=len(found), about={"about": about} if about else {})
    if json:
        for shown in found:
            typer.echo(msgspec.json.encode(shown).decode())
        return
    if found:
        print_whole(_table(found))
    out.print(_entries(len(found)))


@app.command()
def verify(
    head: Annotated[
        list[Path],
        typer.Option("--head", help="A file with heads that were kept elsewhere (`ggi audit head`).", metavar="FILE"),
    ] = [],  # noqa: B006  typer copies it
    settings: SettingsOption = None,
    folder: FolderOption = None,
) -> None:
    """Check that the audit log is as it was written: every entry, their chain, and its end.

    Exit status 2 when it is not.
    """
    from ggi_net.authlog import audit_check
    from ggi_net.errors import AuditBroken, Place
    from ggi_net.files import read_bytes

    audit = _opened(settings, folder)
    kept = [line for path in head for line in read_bytes(path).splitlines() if line.strip()]
    verdict = audit_check.verify(audit, kept)
    if not verdict.whole:
        raise AuditBroken(
            "\n  ".join(["the audit log is not as it was written:", *verdict.faults]), place=Place(str(audit.folder))
        )
    torn = f"; {counted(verdict.torn, 'write')} cut off by the end of a process" if verdict.torn else ""
    gone = f"; up to entry {verdict.anchor.number} they were removed after their time" if verdict.anchor else ""
    against = f", and with {counted(len(kept), 'head')} kept elsewhere" if kept else ""
    out.print(
        f"{_entries(verdict.entries)} of {counted(verdict.days, 'day')}: as they were written{against}{torn}{gone}",
        markup=False,
    )
    if not kept:
        note("an older copy of the whole folder would look the same: keep `ggi audit head` elsewhere now and then")


@app.command()
def head(settings: SettingsOption = None, folder: FolderOption = None) -> None:
    """Print where the audit log ends, as one line to keep on another machine; `verify --head` compares with it."""
    typer.echo(_opened(settings, folder).head().decode())


def _opened(settings: Path | None, folder: Path | None) -> Audit:
    from ggi_net.authlog.audit import AuditSettings, open_audit
    from ggi_net.secrets import NoSecrets, open_backend

    if folder or settings is None:
        return open_audit(AuditSettings(folder=str(folder) if folder else ""), NoSecrets())
    from ggi_net.authlog.ingest.settings import read_settings

    found = read_settings(settings)
    return open_audit(found.audit, open_backend(found.secrets))


def _entries(number: int) -> str:
    return "1 entry" if number == 1 else f"{number} entries"


def _table(found: list[Shown]) -> Table:
    table = Table("nr", "time (UTC)", "who", "role", "from", "what", "asked", "reason", "rows", box=None)
    for shown in found:
        entry = shown.entry
        asked = {**shown.about, **entry.asked}
        cells = (
            str(entry.number),
            f"{entry.time:%Y-%m-%d %H:%M:%S}",
            entry.who,
            entry.role,
            entry.where,
            entry.what,
            ", ".join(f"{name}={value}" for name, value in asked.items()),
            " ".join(part for part in (entry.reason, f"({entry.note})" if entry.note else "") if part),
            "" if entry.rows is None else str(entry.rows),
        )
        table.add_row(*(Text(spelled(cell)) for cell in cells))
    return table
