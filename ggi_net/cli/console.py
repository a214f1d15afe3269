"""What every command shares: the two consoles, and the options that name an estate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

out = Console(highlight=False, soft_wrap=True, emoji=False)
"""Results, on standard output. No emoji: `:100:` is a part of an IPv6 address."""

err = Console(stderr=True, highlight=False, emoji=False)
"""Progress and notes, on standard error."""

EstateOption = Annotated[
    Path,
    typer.Option(
        "--estate", "-e", envvar="GGI_ESTATE", help="Folder of the estate.", show_default="the embedded demo estate"
    ),
]
