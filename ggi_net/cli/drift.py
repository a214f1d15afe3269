"""`ggi drift`: what devices run, compared with what they should."""

from __future__ import annotations

import sys
from pathlib import Path  # noqa: TC003  typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from ggi_net.cli.console import EstateOption, StrictOption, open_estate, out
from ggi_net.cli.push import (
    ConnectionsOption,
    Progress,
    SecretsOption,
    VaultPasswordOption,
    WorkersOption,
)
from ggi_net.cli.render import counted
from ggi_net.drift.result import State
from ggi_net.paths import demo_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ggi_net.drift.result import Finding, Report

app = typer.Typer()

DEMO = demo_folder()
_STYLES = {"clean": "green", "drift": "bold red", "unknown": "yellow"}


@app.command()
def drift(
    connections: ConnectionsOption,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="Folder that `ggi render` wrote.", metavar="DIR", show_default="rendered in memory"
        ),
    ] = None,
    gemeente: Annotated[
        list[str], typer.Option("--gemeente", "-g", help="Only this organisation's devices (a slug); may be repeated.")
    ] = [],  # noqa: B006  typer copies it
    device: Annotated[list[str], typer.Option("--device", "-d", help="Only this device; may be repeated.")] = [],  # noqa: B006
    json: Annotated[Path | None, typer.Option(help="Write the result as JSON to this file.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a report for a browser or a printer to this file.")] = None,
    secrets: SecretsOption = "",
    vault_password_file: VaultPasswordOption = None,
    workers: WorkersOption = 20,
    estate: EstateOption = DEMO,
    strict: StrictOption = False,
) -> None:
    """Compare what devices run with what they should, and say what differs and where the intended line comes from.

    A difference in order is none where order has no meaning, and one where it has. Secrets are compared by a keyed
    hash that is made up for each run: the report says that a secret differs, never what it is. Files are compared with
    their mode and owner; where a daemon can tell what it runs, that is compared as well. Nothing is changed.

    The devices are those of --gemeente and --device, else those of the folder --out, else those in the connections
    file.

    Exit status: 0 every device is as it should be; 2 drift was found (whatever else happened: devices that could not
    be compared are listed beside it); 3 no drift was found, but a device could not be compared; 1 an error.
    """
    from ggi_net.drift.report import write_html, write_json
    from ggi_net.drift.run import drift_all
    from ggi_net.push.artifacts import read_current
    from ggi_net.push.connections import read_connections
    from ggi_net.push.targets import targets
    from ggi_net.render.device import render_device
    from ggi_net.secrets import Resolver, open_backend

    known = read_connections(connections)
    found = open_estate(estate, strict=strict)
    names = [p.device.name for p in found.select(gemeente=gemeente, device=device)] if gemeente or device else []
    if folder:
        artifacts = list(read_current(folder, found, names).values())
    else:
        artifacts = [tuple(render_device(found, found.placed(name))) for name in names or known.devices]
    todo = targets(found, artifacts, known)
    resolver = Resolver(open_backend(secrets or known.secrets, vault_password_file))
    with Progress("comparing", len(todo)) as advance:
        report = drift_all(found, todo, resolver, workers=workers, progress=lambda _: advance())
    for line in report_lines(report):
        out.print(line)
    if json:
        write_json(report, json)
    if html:
        write_html(report, html)
    sys.exit(report.exit_status)


def report_lines(report: Report) -> Iterator[Text]:
    """Every device that is not clean with its differences, then the summary."""
    for device in report.devices:
        if device.state == "clean":
            continue
        yield Text.assemble(device.device, ": ", (str(device.state), _STYLES[device.state]))
        if device.reason:
            yield Text("    " + device.reason, "yellow")
        for finding in device.findings:
            yield from _lines(finding)
    counts = ", ".join(f"{report.count(state)} {state}" for state in State)
    yield Text(f"{counted(len(report.devices), 'device')}: {counts}")


def _lines(finding: Finding) -> list[Text]:
    difference = finding.difference
    place = f"{difference.file}:{difference.line}" if difference.line else difference.file
    section = f" [{' / '.join(difference.section)}]" if difference.section else ""
    running = f" in `{difference.shown_by}`" if difference.shown_by else ""
    found = [Text(f"    {place}: {difference.kind}{running}{section}", "bold")]
    found += [Text(f"      - {line}", "red") for line in difference.running.splitlines()]
    found += [Text(f"      + {line}", "green") for line in difference.intended.splitlines()]
    if finding.origin:
        parts = (finding.origin.template, *finding.origin.values, finding.origin.clause)
        found.append(Text("      from " + "; ".join(part for part in parts if part), "dim"))
    return found
