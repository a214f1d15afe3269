"""What every command shares: the two consoles, and the options that name an estate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

if TYPE_CHECKING:
    from rich.table import Table

    from ggi_net.model.estate import Estate

out = Console(highlight=False, soft_wrap=True, emoji=False)
"""Results, on standard output. No emoji: `:100:` is a part of an IPv6 address."""

err = Console(stderr=True, highlight=False, emoji=False)
"""Progress and notes, on standard error."""

_WIDEST = 1000

EstateOption = Annotated[
    Path,
    typer.Option(
        "--estate",
        "--source",
        "-e",
        envvar="GGI_ESTATE",
        help="The estate: a folder of files; `netbox`, as NetBox has it now; or `snapshot`, as the last `ggi pull` "
        "found NetBox.",
        metavar="DIR|netbox|snapshot",
        show_default="the embedded demo estate",
    ),
]

StrictOption = Annotated[
    bool,
    typer.Option(
        "--strict", help="Fail when a gemeente's data in NetBox is broken, rather than leave it out with its reason."
    ),
]


def print_whole(table: Table) -> None:
    """Print a table with nothing in it cut off, however wide that is: a console prints nothing wider than itself."""
    whole = out.measure(table, options=out.options.update(width=_WIDEST)).maximum
    Console(highlight=False, soft_wrap=True, emoji=False, width=max(out.width, whole)).print(table)


def open_estate(source: Path, *, strict: bool = False) -> Estate:
    """The estate that `--estate` names; what there is to know about it goes to standard error."""
    from ggi_net.source.open import open_estate as opened

    return opened(source, strict=strict, say=note)


def note(text: str) -> None:
    """A line for the user on standard error, as it stands."""
    err.print(text, markup=False, soft_wrap=True)
