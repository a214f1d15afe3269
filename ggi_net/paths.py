"""Where the toolkit's own templates and standards are: in a checkout beside the package, else inside the wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def data_folder() -> Path:
    """The folder that holds `templates/` and `inventory/`."""
    checkout = _PACKAGE.parent
    return checkout if (checkout / "templates").is_dir() else _PACKAGE / "_data"


def templates_folder() -> Path:
    """One folder per platform."""
    return data_folder() / "templates"


def standards_folder() -> Path:
    """One folder per version of the national standard."""
    return data_folder() / "inventory" / "standard"


def demo_folder() -> Path:
    """The embedded estate."""
    return data_folder() / "inventory" / "demo"
