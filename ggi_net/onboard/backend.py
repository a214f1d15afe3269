"""Where onboarding reads the world from and writes it to: one interface for files and, later, NetBox."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ggi_net.source.files import load_estate
from ggi_net.source.write import write_organisation

if TYPE_CHECKING:
    from pathlib import Path

    from ggi_net.model.estate import Estate
    from ggi_net.onboard.plan import Plan


class Backend(Protocol):
    """A place that holds an estate."""

    def read(self) -> Estate:
        """The estate as it is now, with all that a plan depends on; raise GgiError when it can't be read."""

    def write(self, plan: Plan) -> None:
        """Make the plan's changes; all of them have been made, or can be made by running again, when this ends."""


@dataclass(frozen=True)
class Files:
    """An estate in a folder: a plan is applied by one atomic write of one gemeente's file."""

    folder: Path

    def read(self) -> Estate:
        """Read all files; raise the first FileError, StandardError or OptionRefused."""
        return load_estate(self.folder)

    def write(self, plan: Plan) -> None:
        """Write the gemeente's file, as JSON where it is JSON already; raise DiskFull or FileError."""
        folder = self.folder / "gemeenten"
        compact = folder / f"{plan.gemeente}.json"
        write_organisation(plan.result, compact if compact.exists() else folder / f"{plan.gemeente}.yml")
