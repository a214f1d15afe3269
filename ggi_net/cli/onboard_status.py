"""`ggi onboard status`: how far a gemeente is, from the estate to its devices."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from ggi_net import paths
from ggi_net.cli.console import EstateOption, out

if TYPE_CHECKING:
    from ggi_net.onboard.status import InEstate
    from ggi_net.push.status import DeviceStatus

_STYLES = {"current": "green", "outdated": "yellow", "no": "red", "changed by hand": "red"}
_SHOWN = 20


def status(
    gemeente: Annotated[str, typer.Argument(help="The gemeente's slug.", show_default=False)],
    estate: EstateOption = paths.demo_folder(),  # noqa: B008  a constant of the installation
    spec: Annotated[
        Path | None, typer.Option("--spec", help="The spec that the gemeente is to be as; else it counts as it is.")
    ] = None,
    artifacts: Annotated[
        Path, typer.Option("--artifacts", "-a", help="Folder that `ggi render` wrote.", metavar="DIR")
    ] = Path("artifacts"),
    journal: Annotated[
        Path | None,
        typer.Option(help="Folder of the push journal.", metavar="DIR", show_default="that of `ggi push`"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Say how far GEMEENTE is: in the estate, and for each device rendered, pushed and verified.

    In the estate it is absent, under way (an apply that goes on, or was cut off: what is missing still, and how to
    complete it), incomplete (the spec given with --spec asks for more) or complete. A device is verified when the last
    push found that it runs what the estate intends now.

    Exit status: 0 all of it is done; 1 something is left to do.
    """
    import msgspec

    from ggi_net.cli.onboard_backend import reading
    from ggi_net.onboard.spec import load_spec
    from ggi_net.onboard.status import Stage, stage_of
    from ggi_net.push.journal import journal_folder
    from ggi_net.push.status import statuses

    found = stage_of(gemeente, reading(estate), load_spec(spec) if spec else None)
    there = gemeente in found.estate.by_slug
    placed = found.estate.select(gemeente=[gemeente], device=[]) if there else []
    devices = statuses(found.estate, placed, artifacts, journal or journal_folder())
    done = found.state.stage is Stage.COMPLETE and all(device.verified for device in devices)
    if as_json:
        whole = {"estate": found.state, "devices": devices, "done": done}
        typer.echo(msgspec.json.format(msgspec.json.encode(whole)).decode())
    else:
        _show(found.state, devices)
    sys.exit(0 if done else 1)


def _show(state: InEstate, devices: list[DeviceStatus]) -> None:
    by = f", spec {state.spec}" if state.spec else ""
    out.print(Text(f"{state.gemeente} in the estate: {state.stage.value}{by}", style="bold"))
    if state.claimed:
        out.print(Text(f"  {state.claimed.by} began at {state.claimed.since}, plan {state.claimed.plan[:12]}"))
        out.print(Text(f"  complete it with: ggi onboard apply {state.resume or '<the plan file>'} --estate netbox"))
    for what in state.missing[:_SHOWN]:
        out.print(Text(f"  missing: {what}", style="yellow"))
    if len(state.missing) > _SHOWN:
        out.print(Text(f"  and {len(state.missing) - _SHOWN} more"))
    if not devices:
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("device", "site", "platform", "rendered", "pushed", "verified"):
        table.add_column(name, no_wrap=True)
    for one in devices:
        pushed = f"{one.pushed[:16].replace('T', ' ')} {one.outcome}" if one.pushed else "never"
        table.add_row(
            Text(one.device),
            Text(one.site),
            Text(one.platform),
            Text(one.rendered.value, style=_STYLES[one.rendered.value]),
            Text(pushed, style="" if one.pushed else "yellow"),
            Text("yes", style="green") if one.verified else Text("no", style="yellow"),
        )
    out.print(table)
    for one in devices:
        if one.error:
            out.print(Text(f"{one.device}: {one.error}", style="red"))
