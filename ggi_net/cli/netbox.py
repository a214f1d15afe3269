"""`ggi netbox`: bring a NetBox to the contract, check it, and fill it from files."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer

from ggi_net.cli.console import err, out

if TYPE_CHECKING:
    from ggi_net.model.standard import Standard
    from ggi_net.onboard.netbox.sync import Outcome
    from ggi_net.source.netbox.client import NetBox

app = typer.Typer(
    no_args_is_help=True,
    help="Bring a NetBox to the contract, check it, and fill it from files.\n\nThe contract is what NetBox must hold "
    "before the toolkit can read from it and write to it: groups, roles, VRFs, custom fields, pools. Which NetBox, and "
    "with which token, is said by GGI_NETBOX_URL and GGI_NETBOX_TOKEN_FILE (or GGI_NETBOX_TOKEN), or by url and "
    "token_file in ~/.config/ggi/netbox.yml; GGI_NETBOX_CA (ca) names the authority behind its certificate.",
)

SHOWN = 120
"""Characters of a value that `check` prints; the JSON form has all of it."""

RangesOption = Annotated[
    str | None,
    typer.Option(
        help="Which set of number ranges of the standard is in force. It can't be changed afterwards.",
        metavar="national|documentation",
        show_default="what NetBox has; national at first",
    ),
]
StandardOption = Annotated[
    list[str],
    typer.Option(
        "--standard",
        help="A version of the standard that gemeenten in this NetBox follow; may be repeated.",
        metavar="VERSION",
        show_default="every version that comes with the toolkit",
    ),
]


@app.command()
def init(
    ranges: RangesOption = None,
    standard: StandardOption = [],  # noqa: B006  typer copies it
    print_permissions: Annotated[
        bool,
        typer.Option(
            "--print-permissions",
            help="Print the object permissions that reading and onboarding need; do nothing else.",
        ),
    ] = False,
    branches: Annotated[
        bool,
        typer.Option("--branches", help="Print those for `--branch` as well; NetBox must have the branching plugin."),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print these permissions as NetBox's API takes them (users/permissions/).")
    ] = False,
) -> None:
    """Bring NetBox to the contract: make what is missing, correct what differs, upgrade an older version.

    What is there and right is left alone, and what NetBox holds besides is not looked at. The command can be stopped
    at any time and run again. It takes a token that may add and change everything that the contract lists, such as
    an administrator's; `--print-permissions` shows what the others need.
    """
    from ggi_net.onboard.netbox.contract import load_contract
    from ggi_net.onboard.netbox.init import initialise, noted

    if print_permissions:
        _print_permissions(branches=branches, as_json=as_json)
        return
    netbox = _netbox()
    found = noted(netbox)
    chosen = ranges or (found.ranges if found else "national")
    contract = load_contract()
    with _Progress("Objects of the contract") as progress:
        outcome = initialise(netbox, contract, _standards(standard), chosen, progress.tick)
    _report(outcome, f"version {contract.version} of the contract, ranges {chosen}, at {netbox.url}")


@app.command()
def check(
    as_json: Annotated[bool, typer.Option("--json", help="Print what differs as JSON.")] = False,
) -> None:
    """Compare NetBox with the contract: say what is missing and what was changed by hand; change nothing.

    Each line names the object's page in NetBox, what it is and what it should be. Exit status 0: all is as it should
    be; 2: something is not, and `ggi netbox init` corrects it; 1: NetBox could not be compared.
    """
    import msgspec
    from rich.text import Text

    from ggi_net.onboard.netbox.check import check_contract
    from ggi_net.onboard.netbox.contract import load_contract
    from ggi_net.source.yamlfile import printable

    netbox = _netbox()
    found = check_contract(netbox, load_contract())
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
        raise typer.Exit(2 if found else 0)
    for one in found:
        what = f"{one.kind.replace('_', ' ')} '{one.name}'"
        if one.field is None:
            out.print(Text(f"{one.url}: {what} is missing", style="red"))
        else:
            values = f"{printable(one.found, SHOWN)}, not {printable(one.wanted, SHOWN)}"
            out.print(Text(f"{one.url}: {one.field} of {what} is {values}", style="yellow"))
    if found:
        err.print(f"{len(found)} differences with the contract; `ggi netbox init` corrects them", markup=False)
        raise typer.Exit(2)
    out.print(f"NetBox at {netbox.url} is as the contract asks.", markup=False)


@app.command()
def load(
    folder: Annotated[Path, typer.Argument(help="Folder of the estate.", metavar="DIR", show_default=False)],
    gemeente: Annotated[
        list[str], typer.Option("--gemeente", "-g", help="Only this gemeente (a slug); may be repeated.")
    ] = [],  # noqa: B006  typer copies it
) -> None:
    """Write the estate in DIR to NetBox, in bulk: the federation, then each gemeente.

    What NetBox has already is corrected where it differs; nothing is deleted. What NetBox can't hold is refused before
    anything is written. The command can be stopped at any time and run again. In the end NetBox is read back and
    compared with DIR. Exit status 0: they are equal; 2: NetBox holds more, or something else; 1: an error.
    """
    from ggi_net.onboard.netbox import load as room
    from ggi_net.onboard.netbox.contract import load_contract
    from ggi_net.onboard.netbox.init import ready
    from ggi_net.source.files import load_estate

    estate = load_estate(folder)
    chosen = [estate.federation, *([estate.gemeente(slug) for slug in gemeente] or estate.gemeenten)]
    wanted = room.wanted_for(estate, chosen)
    netbox = _netbox()
    ready(netbox, load_contract(), estate.ranges)
    with _Progress("Objects of the estate", len(wanted)) as progress:
        outcome = room.load_estate(netbox, estate, wanted, progress.tick)
    _report(outcome, f"{len(wanted):,} objects of estate '{estate.name}' at {netbox.url}")
    back = room.read_back(netbox, chosen)
    for slug, lines in back.different.items():
        out.print(f"{slug}: NetBox (+) holds something else than {folder} (-)", markup=False)
        for line in lines:
            out.print(f"  {line}", markup=False)
    for slug, problem in back.unreadable.items():
        out.print(f"{slug}: {problem}", markup=False)
    if not back.equal:
        raise typer.Exit(2)
    out.print(f"Read back by {back.way}: equal to {folder}.", markup=False)


def _print_permissions(*, branches: bool, as_json: bool) -> None:
    from textwrap import fill

    import msgspec

    from ggi_net.onboard.netbox.permissions import READ, permissions

    if as_json:
        payloads = [permission.payload() for permission in permissions(branches=branches)]
        typer.echo(msgspec.json.format(msgspec.json.encode(payloads)).decode())
        return
    for permission in permissions(branches=branches):
        out.print(f"[bold]{permission.name}[/bold]: {', '.join(permission.actions)} [dim]({permission.why})[/dim]")
        listed = ", ".join(permission.types)
        out.print(fill(listed, min(out.width, 100), initial_indent="  ", subsequent_indent="  "), markup=False)
        for number, one in enumerate(permission.constraints or ()):
            filters = " and ".join(f"{name} = {value}" for name, value in one.items())
            out.print(f"  {'or' if number else 'only'} {filters}", markup=False)
    out.print(
        f"\nA user for reading gets {READ} alone, and a token without the right to write; one for onboarding gets all "
        "of them. With --json they are as NetBox's API takes them, in one POST to /api/users/permissions/.",
        markup=False,
    )


def _netbox() -> NetBox:
    from ggi_net.source.netbox.client import NetBox
    from ggi_net.source.netbox.settings import load_settings

    return NetBox(load_settings())


def _standards(versions: list[str]) -> list[Standard]:
    """The named versions of the standard, else all; oldest first."""
    from ggi_net.paths import standards_folder
    from ggi_net.source.standard import load_standard

    folder = standards_folder()
    names = versions or [path.name for path in folder.iterdir() if path.is_dir()]
    return [load_standard(folder / name) for name in sorted(names, key=lambda name: [*map(int, name.split("."))])]


def _report(outcome: Outcome, what: str) -> None:
    if not outcome.total:
        out.print(f"Nothing to do: {what}", markup=False)
        return
    for verb, counts in (("created", outcome.created), ("changed", outcome.changed)):
        for kind, number in counts.items():
            out.print(f"  {verb} {number:6,} {kind.replace('_', ' ')}", markup=False)
    out.print(f"Done: {what}", markup=False)


class _Progress:
    """A bar on standard error while objects are dealt with; nothing when it isn't a terminal."""

    def __init__(self, title: str, total: int | None = None) -> None:
        from rich.progress import Progress

        self._bar = Progress(console=err, transient=True, disable=not err.is_terminal)
        self._task = self._bar.add_task(title, total=total)

    def __enter__(self) -> _Progress:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def tick(self, _kind: str, count: int) -> None:
        self._bar.advance(self._task, count)
