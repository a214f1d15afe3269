"""`ggi impact`: which artifacts a change of the estate or the standard changes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ggi_net.cli.console import EstateOption, err, open_estate, out
from ggi_net.paths import demo_folder

if TYPE_CHECKING:
    from ggi_net.render.impact import Group, Impact

app = typer.Typer()

DEMO = demo_folder()
_NAMES_SHOWN = 6


@app.command()
def impact(
    old: Annotated[
        str, typer.Argument(metavar="OLD", help="The estate's folder as it is; with --standard a standard.")
    ],
    new: Annotated[
        str, typer.Argument(metavar="NEW", help="The estate's folder as it would be; with --standard a standard.")
    ],
    standard: Annotated[
        bool, typer.Option("--standard", help="OLD and NEW are standards (versions, or folders); compare one estate.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    estate: EstateOption = DEMO,
) -> None:
    """Say which devices' artifacts change between two estates, or for one estate between two standards.

    Each change is shown once, with the devices that it is the same for (names and addresses beside what changes may
    differ) and their number per gemeente; the diff is that of the first device. Nothing is written. With --standard
    every organisation of --estate is rendered as if it followed OLD, then NEW.

    Examples: ggi impact estate-now estate-planned; ggi impact --standard 2026.1 drafts/2026.2
    """
    import msgspec
    from rich.progress import Progress

    from ggi_net.render.impact import impact as compare
    from ggi_net.render.impact import under_standard

    if standard:
        base = open_estate(estate)
        before, after = under_standard(base, old), under_standard(base, new)
    else:
        before, after = open_estate(Path(old)), open_estate(Path(new))
    # Without a refresh thread: the workers are forked from this process.
    with Progress(console=err, auto_refresh=False, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task("comparing", total=len(after.devices))

        def advance(count: int) -> None:
            bar.advance(task, count)
            bar.refresh()

        found = compare(before, after, progress=advance)
    if json:
        out.print(msgspec.json.encode(found).decode(), markup=False)
    else:
        show(found)
    for device, failure in found.failures.items():
        err.print(f"{device}: {failure}", markup=False, soft_wrap=True)
    sys.exit(1 if found.failures else 0)


def show(found: Impact) -> None:
    """Print the groups, the largest first, and the totals."""
    for number, group in enumerate(found.groups, 1):
        out.print(heading(number, group), markup=False)
        out.print(group.diff, markup=False)
        out.print()
    for what, names in (("new", found.added), ("gone", found.removed)):
        if names:
            out.print(f"{what}: {some(names)}", markup=False)
    per_gemeente = ", ".join(f"{slug} {count}" for slug, count in found.gemeenten.items())
    out.print(
        f"{found.changed} of {found.compared} devices change, in {len(found.groups)} places; "
        f"{len(found.added)} are new, {len(found.removed)} gone" + (f": {per_gemeente}" if per_gemeente else ""),
        markup=False,
    )


def heading(number: int, group: Group) -> str:
    """What a group's diff applies to."""
    per_gemeente = ", ".join(f"{slug} {count}" for slug, count in group.gemeenten.items())
    return f"== {number}. {group.file} of {len(group.devices)} devices ({per_gemeente}): {some(group.devices)}"


def some(names: tuple[str, ...]) -> str:
    """The first names, and how many more."""
    more = len(names) - _NAMES_SHOWN
    return ", ".join(names[:_NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")
