"""Where onboarding reads the world from and writes it to: one interface for files and NetBox."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

from ggi_net.errors import FileMissing, Place
from ggi_net.files import remove_file
from ggi_net.source.files import load_estate
from ggi_net.source.write import write_organisation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from ggi_net.model.estate import Estate
    from ggi_net.model.gemeente import Gemeente
    from ggi_net.onboard.offboard import Offboarding
    from ggi_net.onboard.plan import Plan
    from ggi_net.onboard.status import Claimed


class Kept(NamedTuple):
    """What a place holds around a gemeente that the toolkit did not make, in words.

    `others` must not go with the gemeente; `along` is on its own devices and goes with these.
    """

    others: tuple[str, ...] = ()
    along: tuple[str, ...] = ()


class Readable(Protocol):
    """A place that an estate is read from."""

    def read(self, gemeente: str = "") -> Estate:
        """The estate as it is now, with all that a plan for `gemeente` depends on; raise GgiError when it can't be."""


class Backend(Readable, Protocol):
    """A place that holds an estate. `plans_numbers`: a plan's numbers are written as they stand in it."""

    plans_numbers: bool

    def exclusive(self, gemeente: str) -> AbstractContextManager[None]:
        """Keep other writers of a gemeente out from the reading before an apply to the end of its writing."""

    def begun(self, gemeente: str) -> str:
        """The digest of the plan whose apply was begun and not completed; empty when there is none."""

    def write(self, plan: Plan) -> Gemeente:
        """Make the plan's changes, or complete them, and return the gemeente as it became.

        All of them have been made, or can be made by running again, when this ends.
        """

    def claimed(self, gemeente: str) -> Claimed | None:
        """The change of a gemeente that was begun and not completed, if any."""

    def missing(self, plan: Plan) -> list[str]:
        """The objects of a plan that are not there yet, in words."""

    def kept(self, gemeente: Gemeente, estate: Estate) -> Kept:
        """What is there around a gemeente that isn't in `estate`."""

    def remove(self, made: Offboarding) -> None:
        """Take a gemeente away, or complete that."""


@dataclass(frozen=True)
class Files:
    """An estate in a folder: a plan is applied by one atomic write of one gemeente's file."""

    folder: Path
    plans_numbers = True

    def read(self, gemeente: str = "") -> Estate:
        """Read all files; raise the first FileError, StandardError or OptionRefused."""
        return load_estate(self.folder)

    @contextmanager
    def exclusive(self, gemeente: str) -> Iterator[None]:
        """Lock the folder: two engineers who apply at one moment must not be given the same numbers.

        The lock goes with the process, however that ends.
        """
        try:
            handle = os.open(self.folder, os.O_RDONLY)
        except OSError:
            raise FileMissing("no such folder", place=Place(str(self.folder)), hint="check the path") from None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def begun(self, gemeente: str) -> str:
        """Nothing: a file is replaced by one rename."""
        return ""

    def write(self, plan: Plan) -> Gemeente:
        """Write the gemeente's file, as JSON where it is JSON already; raise DiskFull or FileError.

        What an apply that was killed left beside it is removed.
        """
        folder = self.folder / "gemeenten"
        compact = folder / f"{plan.gemeente}.json"
        path = compact if compact.exists() else folder / f"{plan.gemeente}.yml"
        write_organisation(plan.result, path)
        for left in folder.glob(f".{path.name}.*"):
            left.unlink(missing_ok=True)
        return plan.result

    def claimed(self, gemeente: str) -> None:
        """Nothing: a file is replaced by one rename."""

    def missing(self, plan: Plan) -> list[str]:
        """What the plan still changes."""
        return [change.ref for change in plan.changes]

    def kept(self, gemeente: Gemeente, estate: Estate) -> Kept:
        """Nothing: files hold what the toolkit knows."""
        return Kept()

    def remove(self, made: Offboarding) -> None:
        """Remove the gemeente's file; raise FileError."""
        for suffix in ("json", "yml"):
            remove_file(self.folder / "gemeenten" / f"{made.gemeente}.{suffix}")
