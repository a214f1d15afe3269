"""`ggi offboard`: the way back, from a gemeente that is there to one that is gone."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from ggi_net import paths
from ggi_net.cli.console import EstateOption, out
from ggi_net.cli.onboard_backend import TakeOverOption  # noqa: TC001  typer reads the annotations

if TYPE_CHECKING:
    from ggi_net.onboard.offboard import Offboarding

app = typer.Typer(
    no_args_is_help=True,
    help="Plan and apply the offboarding of a gemeente.\n\n`plan` shows every object that goes and every number that "
    "is free then, `apply` does it. A gemeente stays as long as others depend on it (it answers for their realms, "
    "their links end at its devices) or people have objects of their own at its sites.",
)


@app.command()
def plan(
    gemeente: Annotated[str, typer.Argument(help="The gemeente's slug.", show_default=False)],
    estate: EstateOption = paths.demo_folder(),  # noqa: B008  a constant of the installation
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Save the plan here, for `ggi offboard apply`.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the plan as JSON, for review by other programs.")
    ] = False,
) -> None:
    """Show what goes with GEMEENTE; change nothing.

    The plan is bound to the gemeente as it is now: when that changes, `apply` refuses it.
    """
    import msgspec

    from ggi_net.cli.onboard_backend import reading
    from ggi_net.onboard.offboard import plan_offboard, save_offboarding

    made = plan_offboard(gemeente, reading(estate))
    if output is not None:
        save_offboarding(made, output)
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(made)).decode())
        return
    _show(made)
    if output is not None:
        where = f" --estate {estate}" if estate != paths.demo_folder() else ""
        out.print(f"\nSaved to {output}; apply it with: ggi offboard apply {output}{where}", markup=False)


@app.command()
def apply(
    source: Annotated[Path, typer.Argument(metavar="PLAN", help="A saved plan (.json).")],
    estate: EstateOption = paths.demo_folder(),  # noqa: B008  a constant of the installation
    take_over: TakeOverOption = False,
) -> None:
    """Take a gemeente away, with all that was made for it; its numbers are free again.

    Killed at any moment, the same command run again completes it. In NetBox, a journal entry on the federation's tenant
    says what was done. Devices are not touched: take the configuration off them before, or switch them off.
    """
    from ggi_net.cli.onboard_backend import progress, writable
    from ggi_net.onboard.offboard import apply_offboard, load_offboarding

    made = load_offboarding(source)
    backend = writable(estate, take_over=take_over)
    with progress(backend, f"Offboarding {made.gemeente}"):
        gone = apply_offboard(made, backend)
    if gone:
        out.print(f"Offboarded from {estate}: {made.gemeente}, {len(made.changes)} objects", markup=False)
        out.print(f"Next: ggi render --estate {estate} --gemeente federation --out artifacts", markup=False)
    else:
        out.print(f"Already gone: there is no {made.gemeente} in {estate}; nothing was changed.", markup=False)


def _show(made: Offboarding) -> None:
    from ggi_net.source.yamlfile import printable

    name = printable(made.before.name)
    out.print(Text(f"Offboarding of {name} ({made.before.code}): {len(made.changes)} to delete", style="bold"))
    for change in made.changes:
        out.print(Text(f"  - {change.ref}", style="red"))
    out.print(Text("\nFree again", style="bold"))
    for released in made.released:
        if released.numbers:
            out.print(Text(f"  {released.pool}: {', '.join(released.numbers)}"))
    for note in made.notes:
        out.print(Text(f"note: {note}", style="cyan"))
