"""`ggi onboard`: from a spec to a plan, and from a plan to the estate."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  typer reads the annotations
from typing import Annotated

import typer

from ggi_net import paths
from ggi_net.cli.console import EstateOption, out
from ggi_net.cli.onboard_new import new

app = typer.Typer(
    no_args_is_help=True,
    help="Plan and apply the onboarding of a gemeente.\n\nAn engineer describes the gemeente in a spec (YAML); "
    "`plan` shows exactly what an apply would change, `apply` does it. Numbers (ASN, prefixes, VLAN ids, tags) come "
    "from the standard's pools, the first that is free. Running `apply` twice changes nothing the second time; a "
    "changed spec plans only the difference and keeps every number.",
)
app.command()(new)


@app.command()
def plan(
    spec: Annotated[Path, typer.Argument(help="The onboarding spec.", show_default=False)],
    estate: EstateOption = paths.demo_folder(),  # noqa: B008  a constant of the installation
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Save the plan here, for `ggi onboard apply`.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the plan as JSON.")] = False,
) -> None:
    """Show what it takes to bring the estate to what SPEC asks; change nothing.

    Each line is an object: green + is created, yellow ~ changed, red - deleted. In brackets stands the pool that a
    number comes from. The plan is bound to what it was computed from: when numbers of those pools, or the gemeente,
    change meanwhile, `apply` refuses the saved plan.
    """
    import msgspec

    from ggi_net.onboard.apply import plan_spec
    from ggi_net.onboard.backend import Files
    from ggi_net.onboard.plan import save_plan
    from ggi_net.onboard.show import plan_lines
    from ggi_net.onboard.spec import load_spec

    made = plan_spec(load_spec(spec), Files(estate))
    if output is not None:
        save_plan(made, output)
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(made)).decode())
    else:
        for line in plan_lines(made):
            out.print(line)
        if output is not None:
            out.print(f"\nSaved to {output}; apply it with: ggi onboard apply {output}", markup=False)


@app.command()
def apply(
    source: Annotated[
        Path, typer.Argument(metavar="PLAN|SPEC", help="A saved plan (.json), or a spec to plan and apply at once.")
    ],
    estate: EstateOption = paths.demo_folder(),  # noqa: B008  a constant of the installation
) -> None:
    """Make a plan's changes in the estate.

    The gemeente's file is written whole and put in place by one rename: killed at any moment, the estate is as before
    or as after, and the same command run again completes. The embedded demo estate is only changed when it is named
    with --estate; work on a copy: `cp -r inventory/demo my-estate`.
    """
    from ggi_net.errors import Place, SpecError
    from ggi_net.onboard.apply import apply_plan, apply_spec
    from ggi_net.onboard.backend import Files
    from ggi_net.onboard.plan import load_plan
    from ggi_net.onboard.show import plan_lines, summary
    from ggi_net.onboard.spec import load_spec

    if estate == paths.demo_folder():
        raise SpecError(
            "the embedded demo estate is not changed unless it is named",
            place=Place(str(estate)),
            hint="work on a copy: cp -r the folder above, and name the copy with --estate",
        )
    backend = Files(estate)
    if source.suffix == ".json":
        chosen = load_plan(source)
        became = apply_plan(chosen, backend)
    else:
        chosen, became = apply_spec(load_spec(source), backend)
        for line in plan_lines(chosen):
            out.print(line)
        out.print()
    if became:
        out.print(f"Applied to {estate}: {summary(chosen)}", markup=False)
    else:
        out.print(f"Already applied: {chosen.gemeente} is as the spec asks; nothing was changed.", markup=False)


@app.command()
def schema() -> None:
    """Print the JSON Schema of a spec, for editors that check YAML while it is written."""
    import msgspec

    from ggi_net.onboard.spec import spec_schema

    typer.echo(msgspec.json.format(msgspec.json.encode(spec_schema())).decode())
