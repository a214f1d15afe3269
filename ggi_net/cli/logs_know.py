"""`ggi logs causes` and `places`: what is known of failures, and of where things are."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer

from ggi_net.cli.console import EstateOption, open_estate, out
from ggi_net.paths import demo_folder

if TYPE_CHECKING:
    from ggi_net.authlog.causes.cause import Cause


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(causes)
    app.command()(places)


def causes(
    cause: Annotated[str, typer.Argument(help="One cause, such as wrong-password.", metavar="[CAUSE]")] = "",
) -> None:
    """List what can be the matter with a login, or say all of one: who must act, what to do, what to ask."""
    from rich.table import Table

    from ggi_net.authlog.causes.catalogue import Catalogue

    catalogue = Catalogue.load()
    if cause:
        _show(catalogue[cause])
        return
    table = Table("cause", "oorzaak", "who must act", "patterns", box=None, pad_edge=False)
    for known in catalogue:
        table.add_row(known.id, known.nl.title, known.owner, str(len(known.patterns)))
    out.print(table)


def _show(cause: Cause) -> None:
    for language, words in (("nl", cause.nl), ("en", cause.en)):
        out.print(f"[bold]{words.title}[/] [dim]({language})[/]")
        out.print(words.explanation, markup=False)
        for number, advice in enumerate(words.advice, 1):
            out.print(f"  {number}. {advice}", markup=False)
        out.print(f"  → {words.ask}", markup=False)
        out.print()
    out.print(f"who must act: {cause.owner}; severity: {cause.severity}; found by lines such as:")
    for pattern in cause.patterns:
        out.print(f"  {pattern.id}: {pattern.line}", markup=False)


def places(
    file: Annotated[Path, typer.Option("--output", "-o", help="The file to write.", metavar="FILE")],
    source: EstateOption = demo_folder(),  # noqa: B008  typer wants the value
    strict: Annotated[bool, typer.Option("--strict", help="Fail when a gemeente's data is broken.")] = False,
) -> None:
    """Write down what the estate knows of realms, sites, servers and access points, for those who read logs.

    Name the file in the settings of the logs (`places`), and write it again when the estate changes.
    """
    from ggi_net.authlog.places import places_of, write_places
    from ggi_net.cli.render import counted

    found = places_of(open_estate(source, strict=strict))
    write_places(found, file)
    out.print(
        f"{file}: {len(found.names)} gemeenten and other organisations, {counted(len(found.realms), 'realm')}, "
        f"{counted(len(found.servers), 'server')}",
        markup=False,
    )
