"""What every command shares: the two consoles, and the options that name an estate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

out = Console(highlight=False, soft_wrap=True)
"""Results, on standard output."""

err = Console(stderr=True, highlight=False)
"""Progress and notes, on standard error."""

EstateOption = Annotated[
    Path,
    typer.Option(
        "--estate", "-e", envvar="GGI_ESTATE", help="Folder of the estate.", show_default="the embedded demo estate"
    ),
]
