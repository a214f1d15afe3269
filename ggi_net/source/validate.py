"""Every inconsistency of an estate in one run, each with its place."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import yaml

from ggi_net.files import read_bytes
from ggi_net.source.files import read_estate
from ggi_net.source.rules import addressing, devices, links, organisations
from ggi_net.source.rules.base import Facts
from ggi_net.source.yamlfile import place_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ggi_net.errors import GgiError, Place
    from ggi_net.model.estate import Estate
    from ggi_net.source.rules.base import Raw, Spot

RULES = (*organisations.RULES, *addressing.RULES, *devices.RULES, *links.RULES)
"""Every rule, in the order that findings are reported."""


class Finding(NamedTuple):
    """One inconsistency: a stable code, what is wrong, where, and what to do."""

    code: str
    message: str
    place: Place | None
    hint: str

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        return f"{self.code} {where}{self.message}"


def validate(folder: Path) -> tuple[Estate | None, list[Finding]]:
    """Read the estate in `folder` and return it with every finding: of each file that can't be read, then of the rules.

    The estate is None when it could not be read at all; files that can't be read are not in it. Raises
    FileMissing when there is no such folder.
    """
    estate, problems = read_estate(folder)
    findings = [as_finding(problem) for problem in problems]
    if estate is not None:
        unread = {Path(problem.place.file).stem for problem in problems if problem.place}
        findings += findings_of(estate, frozenset(unread))
    return estate, findings


def as_finding(error: GgiError) -> Finding:
    """An error of one file as a finding."""
    return Finding(error.code, error.message, error.place, error.hint)


def findings_of(
    estate: Estate,
    unread: frozenset[str] = frozenset(),
    place: Callable[[Spot], Place | None] | None = None,
) -> list[Finding]:
    """What the rules find in an estate, in the order of the rules; `unread` are gemeenten whose data is broken.

    `place` tells where something stands; without it that is looked up in the estate's files.
    """
    facts = Facts(estate, unread)
    where = place or _Lines(estate).place
    return [Finding(raw.code, raw.message, where(raw.spot), raw.hint) for rule in RULES for raw in _once(rule(facts))]


def _once(found: Iterator[Raw]) -> list[Raw]:
    return list(dict.fromkeys(found))


class _Lines:
    """Looks up lines, parsing each file with findings once."""

    def __init__(self, estate: Estate) -> None:
        self._sources = estate.sources
        self._documents: dict[str, yaml.Node | None] = {}

    def place(self, spot: Spot) -> Place | None:
        file = self._sources.get(spot.slug)
        if file is None:
            return None
        if file not in self._documents:
            self._documents[file] = self._composed(Path(file))
        return place_in(self._documents[file], Path(file), spot.steps, spot.key)

    def _composed(self, path: Path) -> yaml.Node | None:
        node: yaml.Node | None = yaml.compose(read_bytes(path), Loader=yaml.CSafeLoader) if path.is_file() else None
        return node
