"""Where the toolkit's own templates and standards are: in a checkout beside the package, else inside the wheel."""

from __future__ import annotations

import os
from pathlib import Path

from ggi_net.errors import Place

_PACKAGE = Path(__file__).resolve().parent


def data_folder() -> Path:
    """The folder that holds `templates/` and `inventory/`; the environment's GGI_DATA names another one."""
    other = os.environ.get("GGI_DATA")
    if other:
        return Path(other)
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


def specs_folder() -> Path:
    """Onboarding specs to learn from."""
    return data_folder() / "inventory" / "specs"


def reference_folder() -> Path:
    """Public reference data, such as the list of gemeenten."""
    return data_folder() / "inventory" / "reference"


def state_folder() -> Path:
    """What outlives a command: journals, labs. GGI_STATE, else the user's state folder (XDG base directories)."""
    given = os.environ.get("GGI_STATE")
    if given:
        return Path(given)
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "ggi"


def lab_folder() -> Path:
    """The folder of the simulated devices that `ggi lab devices` uses unless told otherwise."""
    return state_folder() / "lab"


def twin_folder() -> Path:
    """The folder of the twin that `ggi lab up` uses unless told otherwise."""
    return state_folder() / "twin"


def platform_names() -> list[str]:
    """The platforms that have templates, in alphabetical order."""
    return sorted(path.parent.name for path in templates_folder().glob("*/platform.yml"))


def shown(place: Place) -> str:
    """A place for people: a template by its path in the toolkit, what is below the current folder relative to it."""
    path = Path(place.file)
    for root, prefix in ((templates_folder(), Path("templates")), (Path.cwd(), Path())):
        if path.is_relative_to(root):
            return str(Place(str(prefix / path.relative_to(root)), place.line, place.column))
    return str(place)
