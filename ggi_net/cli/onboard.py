"""`ggi onboard`: from a spec to a plan, and from a plan to the estate."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer

from ggi_net import paths
from ggi_net.cli.console import EstateOption, note, out
from ggi_net.cli.onboard_backend import TakeOverOption  # noqa: TC001  typer reads the annotations
from ggi_net.cli.onboard_new import new
from ggi_net.cli.onboard_status import status

if TYPE_CHECKING:
    from ggi_net.onboard.backend import Backend, Readable
    from ggi_net.onboard.plan import Plan

app = typer.Typer(
    no_args_is_help=True,
    help="Plan and apply the onboarding of a gemeente.\n\nAn engineer describes the gemeente in a spec (YAML); "
    "`plan` shows exactly what an apply would change, `apply` does it. Numbers (ASN, prefixes, VLAN ids, tags) come "
    "from the standard's pools, the first that is free. Running `apply` twice changes nothing the second time; a "
    "changed spec plans only the difference and keeps every number.",
)
app.command()(new)
app.command()(status)


@app.command()
def plan(
    spec: Annotated[Path, typer.Argument(help="The onboarding spec.", show_default=False)],
    estate: EstateOption = paths.demo_folder(),  # noqa: B008  a constant of the installation
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Save the plan here, for `ggi onboard apply`.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the plan as JSON, for review by other programs.")
    ] = False,
    branch: Annotated[
        bool, typer.Option("--branch", help="Write the plan into a branch of NetBox, where colleagues review it.")
    ] = False,
    branch_name: Annotated[
        str, typer.Option(help="The branch's name.", show_default="made of the gemeente and the plan")
    ] = "",
) -> None:
    """Show what it takes to bring the estate to what SPEC asks; change nothing.

    Each line is an object: green + is created, yellow ~ changed, red - deleted. In brackets stands the pool that a
    number comes from, with the number that is free there now. The plan is bound to what it was computed from: when the
    gemeente, its standard, its cores or another gemeente's realms change so that it no longer fits, `apply` refuses it.

    In a folder of files the numbers are taken as planned, and `apply` also refuses when they were given out meanwhile.
    NetBox gives them out when the plan is applied; `apply` then says which came out otherwise.

    With --branch (and --estate netbox, --output) the changes are also made in a branch of NetBox, which its branching
    plugin keeps apart from the rest. There colleagues see them in NetBox's own pages, and may correct them. `ggi
    onboard apply` with that plan merges the branch; `ggi onboard revert` removes it, or undoes the merge.
    """
    import msgspec

    from ggi_net.cli.onboard_backend import readable
    from ggi_net.onboard.apply import plan_spec
    from ggi_net.onboard.plan import save_plan
    from ggi_net.onboard.show import plan_lines
    from ggi_net.onboard.spec import load_spec

    place = readable(estate)
    made = plan_spec(load_spec(spec), place)
    if branch and made.changes:
        made = _in_branch(made, place, output, branch_name)
    if output is not None:
        save_plan(made, output)
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(made)).decode())
    else:
        for line in plan_lines(made):
            out.print(line)
        if made.branch is not None:
            out.print(f"\nReview it in NetBox: {made.branch.page}", markup=False)
        if output is not None:
            where = f" --estate {estate}" if estate != paths.demo_folder() else ""
            out.print(f"\nSaved to {output}; apply it with: ggi onboard apply {output}{where}", markup=False)


@app.command()
def apply(
    source: Annotated[
        Path, typer.Argument(metavar="PLAN|SPEC", help="A saved plan (.json), or a spec to plan and apply at once.")
    ],
    estate: EstateOption = paths.demo_folder(),  # noqa: B008  a constant of the installation
    take_over: TakeOverOption = False,
) -> None:
    """Make a plan's changes in the estate.

    Killed at any moment, the same command run again completes it; run once more it changes nothing.

    In a folder, the gemeente's file is written whole and put in place by one rename. The embedded demo estate is only
    changed when it is named with --estate; work on a copy: `cp -r inventory/demo my-estate`.

    In NetBox (--estate netbox), the tenant says that a plan is being applied until all is written, and readers leave
    the gemeente out meanwhile. Numbers come from NetBox's own pools, so that two applies at once never get the same.
    What people added there and the spec does not mention stays. The tenant's journal says what was done. A plan that
    was made with --branch is applied by merging its branch.
    """
    from ggi_net.cli.onboard_backend import progress, writable
    from ggi_net.onboard.apply import apply_plan, apply_spec
    from ggi_net.onboard.netbox.branch import merge_plan
    from ggi_net.onboard.plan import load_plan
    from ggi_net.onboard.show import plan_lines, summary
    from ggi_net.onboard.spec import load_spec

    backend = writable(estate, take_over=take_over)
    if source.suffix == ".json":
        chosen = load_plan(source)
        with progress(backend, f"Onboarding {chosen.gemeente}"):
            became = merge_plan(chosen, backend, note) if chosen.branch else apply_plan(chosen, backend)
    else:
        spec = load_spec(source)
        with progress(backend, f"Onboarding {spec.spec.slug}"):
            chosen, became = apply_spec(spec, backend)
        for line in plan_lines(chosen):
            out.print(line)
        out.print()
    if became is None:
        out.print(f"Already applied: {chosen.gemeente} is as the spec asks; nothing was changed.", markup=False)
        return
    out.print(f"Applied to {estate}: {summary(chosen, done=True)}", markup=False)
    _tell(backend, chosen.gemeente)


def _in_branch(made: Plan, place: Readable, output: Path | None, name: str) -> Plan:
    from ggi_net.cli.onboard_backend import progress
    from ggi_net.errors import SpecError
    from ggi_net.onboard.netbox.backend import InNetBox
    from ggi_net.onboard.netbox.branch import Branches

    if not isinstance(place, InNetBox) or output is None:
        raise SpecError(
            "a branch is of NetBox, and its plan is needed to merge it",
            hint="ggi onboard plan SPEC --estate netbox --branch --output plan.json",
        )
    with progress(place, f"Writing the branch for {made.gemeente}"):
        return Branches(place, note).write(made, name)


@app.command()
def revert(
    source: Annotated[Path, typer.Argument(metavar="PLAN", help="A saved plan (.json).")],
    take_over: TakeOverOption = False,
) -> None:
    """Take a plan for NetBox back that has a branch, or whose apply was cut off and is not to be completed.

    Of a plan that was made with --branch the branch is removed and, when it was merged, the merge undone. When the
    gemeente was changed by another spec since, or others use what the merge made, this is refused.

    An apply without a branch that was not completed is undone: what it made goes, its numbers are free again, and what
    it changed is as it was. Once it is complete, `ggi offboard` is the way back. The command can be killed and run
    again.
    """
    from ggi_net.cli.onboard_backend import in_netbox, progress
    from ggi_net.onboard.netbox.branch import Branches
    from ggi_net.onboard.plan import load_plan

    chosen = load_plan(source)
    backend = in_netbox(take_over=take_over)
    with progress(backend, f"Undoing {chosen.gemeente}"):
        done = Branches(backend, note).revert(chosen) if chosen.branch else backend.undo(chosen)
    if not done:
        left = "its branch is gone" if chosen.branch else "no apply of it is under way"
        out.print(f"Nothing to revert of the plan for {chosen.gemeente}: {left}.", markup=False)
    elif chosen.branch:
        out.print(f"Reverted: the plan for {chosen.gemeente} is undone, and its branch removed.", markup=False)
    else:
        out.print(f"Reverted: {chosen.gemeente} is as it was before the plan.", markup=False)


def _tell(backend: Backend, gemeente: str) -> None:
    """What an apply to NetBox did there, and what comes next."""
    from ggi_net.onboard.netbox.backend import InNetBox

    if not isinstance(backend, InNetBox):
        return
    outcome = backend.outcome
    counts = [
        f"{sum(found.values()):,} {verb}"
        for verb, found in (("created", outcome.created), ("changed", outcome.changed), ("deleted", outcome.deleted))
        if found
    ]
    if counts:
        out.print(f"NetBox objects: {', '.join(counts)}", markup=False)
    if backend.moved:
        out.print(f"Others took {len(backend.moved)} of the planned numbers meanwhile; instead:", markup=False)
    for ref, (planned, real) in backend.moved.items():
        out.print(f"  {ref}: {planned} -> {real}", markup=False)
    out.print(f"Tenant: {backend.page}", markup=False)
    out.print(
        f"Next: ggi render --estate netbox --gemeente {gemeente} --gemeente federation --out artifacts", markup=False
    )


@app.command()
def schema() -> None:
    """Print the JSON Schema of a spec, for editors that check YAML while it is written."""
    import msgspec

    from ggi_net.onboard.spec import spec_schema

    typer.echo(msgspec.json.format(msgspec.json.encode(spec_schema())).decode())
