"""`ggi estate`: look at an estate, find what is wrong in it, make a synthetic one."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer

from ggi_net import paths
from ggi_net.cli.console import EstateOption, err, note, open_estate, out, print_whole

if TYPE_CHECKING:
    from collections import Counter

    from ggi_net.model.estate import Estate
    from ggi_net.model.gemeente import Organisation

app = typer.Typer(no_args_is_help=True, help="Show, validate and generate estates.")


@app.command()
def show(
    gemeente: Annotated[
        str | None, typer.Argument(help="A gemeente's slug, or `federation`, for its detail.", show_default=False)
    ] = None,
    estate: EstateOption = paths.demo_folder(),  # noqa: B008  a constant of the installation
) -> None:
    """Count what each gemeente has; with GEMEENTE show its sites, VLANs, devices and links."""

    loaded = open_estate(estate)
    if gemeente is None:
        _show_all(loaded)
    else:
        chosen = loaded.federation if gemeente == loaded.federation.slug else loaded.gemeente(gemeente)
        _show_one(chosen)


def _show_all(estate: Estate) -> None:
    from collections import Counter

    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("gemeente", "code", "province"):
        table.add_column(name)
    for name in ("sites", "VLANs", "CE", "RADIUS", "links", "realms"):
        table.add_column(name, justify="right")
    table.add_column("platforms")
    table.add_column("govroam")
    totals: Counter[str] = Counter()
    for one in estate.gemeenten:
        roles = Counter(device.role.value for device in one.devices)
        vlans = sum(len(site.vlans) for site in one.sites)
        counts = (len(one.sites), vlans, roles["ce"], roles["radius"], len(one.links), len(one.govroam.realms))
        part = " + ".join(role.label for role in one.govroam.roles)
        home = f" (IdP: {one.govroam.idp})" if one.govroam.idp else ""
        kinds = Counter(device.platform for device in one.devices)
        table.add_row(Text(one.slug), one.code, Text(one.province), *map(str, counts), _counted(kinds), part + home)
    platforms: Counter[str] = Counter()
    for placed in estate.devices.values():
        totals[placed.device.role.value] += 1
        platforms[placed.device.platform] += 1
    # As wide as it needs to be: a line that the terminal wraps reads better than columns squeezed to a letter.
    print_whole(table)
    out.print()
    out.print(
        f"Estate '{estate.name}', ranges {estate.ranges}: {len(estate.gemeenten)} gemeenten, "
        f"{sum(len(o.sites) for o in estate.organisations())} sites, {len(estate.devices)} devices",
        markup=False,
    )
    out.print(f"  by role:     {_counted(totals)}", markup=False)
    out.print(f"  by platform: {_counted(platforms)}", markup=False)


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))


def _show_one(organisation: Organisation) -> None:
    from ggi_net.cli.estate_detail import detail_lines

    for line in detail_lines(organisation):
        out.print(line)


@app.command()
def validate(
    estate: EstateOption = paths.demo_folder(),  # noqa: B008  a constant of the installation
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Report every inconsistency of the estate in one run, each with its place (file and line, or page of NetBox).

    Files that can't be read are reported each with their first error, and left out of the rules that compare files.
    Exit status 1 when there is any.
    """
    import msgspec
    from rich.text import Text

    from ggi_net.source.open import validate_source

    loaded, findings = validate_source(estate, note)
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode([finding._asdict() for finding in findings])).decode())
        raise typer.Exit(1 if findings else 0)
    for finding in findings:
        out.print(Text(str(finding)))
        if finding.hint:
            out.print(Text(f"  hint: {finding.hint}", style="dim"))
    if findings:
        count = f"{len(findings)} findings" if len(findings) > 1 else "1 finding"
        err.print(f"{count} in {estate}", markup=False, soft_wrap=True)
        raise typer.Exit(1)
    if loaded is not None:
        size = f"{len(loaded.gemeenten)} gemeenten, {len(loaded.devices)} devices"
        out.print(f"No findings: estate '{loaded.name}' ({size}) is consistent.", markup=False)


@app.command()
def generate(
    folder: Annotated[Path, typer.Option("--out", "-o", help="Folder to write the estate to.", show_default=False)],
    gemeenten: Annotated[int, typer.Option(min=1, max=342, help="How many gemeenten.")] = 342,
    seed: Annotated[int, typer.Option(help="Another seed gives other sizes, platforms and options.")] = 2026,
) -> None:
    """Make a synthetic national estate from the real list of gemeenten: the same for the same seed.

    Sizes follow the real ones: known for the large cities, else drawn so that the whole resembles the country. With
    342 gemeenten it has more than 10,000 devices. Names are real, all else is invented: `.example` domains, the
    plan's number ranges, and benchmark addresses on internet lines.
    """
    from rich.progress import Progress

    from ggi_net.onboard.generate import write_estate

    with Progress(console=err, transient=True, disable=not err.is_terminal) as progress:
        task = progress.add_task("Generating", total=gemeenten)
        made = write_estate(folder, gemeenten, seed, lambda: progress.advance(task))
    out.print(f"Wrote {len(made.gemeenten)} gemeenten with {len(made.devices)} devices to {folder}", markup=False)
