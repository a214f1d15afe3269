"""`ggi logs compact`, `status`, `erase` and `expire`: what a store needs from time to time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ggi_net.cli.console import out, print_whole
from ggi_net.cli.logs_options import SettingsOption, StoreOption, read_logs_settings, say
from ggi_net.source.yamlfile import printable

if TYPE_CHECKING:
    from ggi_net.authlog.audit import Audit
    from ggi_net.authlog.ingest.status import Status
    from ggi_net.authlog.store.store import Store

JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (compact, status, erase, expire):
        app.command()(command)


def compact(
    finish: Annotated[
        bool,
        typer.Option("--finish", help="Take the newest lines as well: nothing more is coming, as after a backfill."),
    ] = False,
    store: StoreOption = None,
    settings: SettingsOption = None,
) -> None:
    """Bring what was ingested into its days, and put its logins together. Run it every few minutes.

    It can be stopped at any point and run again. While one runs, others are refused (exit status 1).
    """
    with _open(store, settings) as found:
        taken = found.compact(finish=finish)
    out.print(f"{taken.lines:,} lines, {taken.logins:,} logins; {taken.copies:,} copies left out", markup=False)


def expire(store: StoreOption = None, settings: SettingsOption = None) -> None:
    """Remove what is older than the retention allows, also from the disk. Run it once a day.

    The retention stands in the settings (`retention`: days of `plain`, `hashed`, and those of `gemeenten` that chose
    less); without it the store keeps the one that it has. What gemeenten chose in the estate
    (`govroam.log_retention_days`) is in the file that `ggi logs places` writes. The audit log of look-ups is kept for
    `audit.keep_days`, or for good.
    """
    from ggi_net.authlog.audit_retention import expire as expire_audit
    from ggi_net.authlog.helpdesk import engineer

    with _open(store, settings) as found:
        gone = found.expire()
    looked_up = expire_audit(_audit(store, settings), engineer(), where="cli")
    out.print(
        f"removed: {gone.days:,} days, {gone.lines:,} lines, {gone.logins:,} logins; "
        f"{gone.plain:,} logins lost what names people; {looked_up:,} days of look-ups",
        markup=False,
    )


def erase(
    who: Annotated[str, typer.Argument(help="The identity of one person, or the MAC address of one device.")],
    reason: Annotated[str, typer.Option(help="Why: something that names nobody, such as the number of the request.")],
    store: StoreOption = None,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remove everything of one person or device, and keep it from coming back with old logs.

    A proof is kept in the store: which files were rewritten, how many lines went, and that a second search found none;
    it names the person by a keyed hash. What people typed to look them up goes as well (`ggi audit`). The visits of a
    device under an anonymous name go with its MAC address.
    """
    import msgspec

    from ggi_net.authlog.asked import mac
    from ggi_net.authlog.helpdesk import engineer

    digits = mac(who)
    with _open(store, settings) as found:
        proof = found.erase(mac=digits, reason=reason) if digits else found.erase(identity=who, reason=reason)
    _audit(store, settings).forget(who, engineer(), where="cli", reason=reason)
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(proof)).decode())
        return
    out.print(
        f"removed {proof.lines:,} lines and {proof.logins:,} logins from {len(proof.days):,} days and "
        f"{proof.hot_files:,} new files; left: {proof.left}",
        markup=False,
    )


def status(store: StoreOption = None, settings: SettingsOption = None, as_json: JsonOption = False) -> None:
    """Show how far each log was read, what the store takes by day, what could not be read, and whose clock is wrong."""
    from ggi_net.authlog.ingest.status import encoded
    from ggi_net.authlog.ingest.status import status as look

    found = look(Path(read_logs_settings(settings, store).store))
    if as_json:
        typer.echo(encoded(found).decode())
        return
    _print(found)


def _open(store: Path | None, settings: Path | None) -> Store:
    """The store, with the retention of the settings."""
    from ggi_net.authlog.desk import open_store, places_of

    found = read_logs_settings(settings, store)
    places = places_of(found)
    opened = open_store(found, places, say)
    retention = found.retention or opened.retention
    if found.places:
        retention = retention.choosing(places.log_days, found.retention.gemeenten if found.retention else {})
    if opened.retention != retention:
        opened.retention = retention
    return opened


def _audit(store: Path | None, settings: Path | None) -> Audit:
    """The log of who looked up what: what was typed there goes with the rest."""
    from ggi_net.authlog.audit import open_audit
    from ggi_net.secrets import open_backend

    found = read_logs_settings(settings, store)
    return open_audit(found.audit, open_backend(found.secrets))


def _print(found: Status) -> None:
    from rich.table import Table
    from rich.text import Text

    logs = Table(box=None, header_style="bold", pad_edge=False)
    for name, justify in (("log", "left"), ("stored", "right"), ("behind", "right"), ("seen (UTC)", "left")):
        logs.add_column(name, justify="right" if justify == "right" else "left")
    for one in found.sources:
        behind = f"{one.behind:,}" if one.behind >= 0 else "?"
        logs.add_row(Text(one.path), f"{one.stored:,}", behind, f"{one.seen:%Y-%m-%d %H:%M}" if one.seen else "")
    days = Table(box=None, header_style="bold", pad_edge=False)
    days.add_column("day")
    for name in ("lines", "logins", "MB"):
        days.add_column(name, justify="right")
    days.add_row("new", "", "", f"{found.hot_bytes / 1e6:,.1f}")
    for day in found.days:
        days.add_row(day.day, f"{day.lines:,}", f"{day.logins:,}", f"{day.bytes / 1e6:,.1f}")
    for table in (logs, days):
        print_whole(table)
        out.print()
    for name, count in found.kinds.items():
        product, _, kind = name.partition(" ")
        out.print(f"  {product:<16}{kind:<12}{count:>14,}", markup=False)
    for host, seconds in sorted(found.clocks.items()):
        out.print(Text(f"the clock of {host} is {abs(seconds):.1f} s {'ahead' if seconds > 0 else 'behind'}", "yellow"))
    for erasure in found.erasures:
        begun = f"{erasure.begun:%Y-%m-%d %H:%M} UTC"
        out.print(Text(f"an erasure of {begun} was stopped ({printable(erasure.reason)}): ask for it again", "yellow"))
