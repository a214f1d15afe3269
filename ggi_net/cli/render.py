"""`ggi render`: the artifacts of devices, on disk."""

from __future__ import annotations

import sys
from pathlib import Path  # noqa: TC003  typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer

from ggi_net.cli.console import EstateOption, StrictOption, err, open_estate, out
from ggi_net.paths import demo_folder

if TYPE_CHECKING:
    from ggi_net.render.engine import Summary

app = typer.Typer()

DEMO = demo_folder()


@app.command()
def render(
    folder: Annotated[Path, typer.Option("--out", "-o", help="Folder for the artifacts: a folder per device.")],
    gemeente: Annotated[
        list[str], typer.Option("--gemeente", "-g", help="Only this organisation's devices (a slug); may be repeated.")
    ] = [],  # noqa: B006  typer copies it
    device: Annotated[list[str], typer.Option("--device", "-d", help="Only this device; may be repeated.")] = [],  # noqa: B006
    estate: EstateOption = DEMO,
    strict: StrictOption = False,
) -> None:
    """Render the artifacts of devices: the files that they should run.

    Writes DIR/<device>/<file>, only where the content changed, and DIR/manifest.json, which `ggi check`, `ggi push`
    and `ggi drift` read. Without --gemeente or --device every device of the estate is rendered, and what an earlier
    run rendered for devices that have left the estate is removed. Secrets stay references (secret://...).

    A device that can't be rendered is reported with its template, line and missing key, keeps its old artifacts, and
    makes the exit status 1; the others are rendered. It can be stopped at any moment and run again.
    """
    from rich.progress import Progress

    from ggi_net.render.engine import render_estate

    found = open_estate(estate, strict=strict)
    devices = found.select(gemeente=gemeente, device=device)
    # Without a refresh thread: the workers are forked from this process.
    with Progress(console=err, auto_refresh=False, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task("rendering", total=len(devices))

        def advance(count: int) -> None:
            bar.advance(task, count)
            bar.refresh()

        summary = render_estate(found, devices, folder, progress=advance)
    show(summary, folder)
    sys.exit(1 if summary.failures else 0)


def show(summary: Summary, folder: Path) -> None:
    """Print the failures on standard error and the summary on standard output."""
    for failure in summary.failures:
        err.print(failure.text, markup=False, soft_wrap=True)
    per_platform = ", ".join(f"{count} {name}" for name, count in sorted(summary.platforms.items()))
    what = f" ({per_platform})" if per_platform else ""
    out.print(f"{counted(summary.rendered, 'device')} rendered to {folder}{what}", markup=False)
    out.print(
        f"{counted(summary.written, 'file')} written, {summary.unchanged} unchanged, {summary.removed} removed; "
        f"{counted(len(summary.failures), 'device')} failed",
        markup=False,
    )


def counted(number: int, noun: str) -> str:
    """`1 file`, `2 files`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
