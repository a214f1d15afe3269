"""The catalogue: all causes, and what finds the cause of a line or of a login.

What finds nothing says so: None. A cause is never guessed.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from ggi_net.authlog.causes.cause import Cause, Pattern
from ggi_net.authlog.causes.checks import ADDRESS, ATTEMPT, IDENTITY
from ggi_net.authlog.causes.order import CERTAINTY, has_conditions, in_order
from ggi_net.authlog.causes.phrase import Phrases
from ggi_net.authlog.line import Hop, Kind, Product, Result
from ggi_net.errors import CatalogueError, Place, UnknownCause, nearest
from ggi_net.model.types import Record
from ggi_net.source.yamlfile import load

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ggi_net.authlog.line import Line

DATA = Path(__file__).parent / "data"

_HOPS = {
    hop: number
    for number, hop in enumerate((Hop.HOME, Hop.DEVICE, Hop.FEDERATION, Hop.VISITED, Hop.ACCESS_POINT, Hop.UNKNOWN))
}
"""Who is believed first: the home organisation knows the reason, then the device itself, then who is nearer to home."""

_REMEMBERED = 20_000
"""Texts whose patterns are remembered. A server has few; a hostile one can make up many."""


class Match(Record, frozen=True, kw_only=True):
    """What was found: the cause, and the pattern that found it."""

    pattern: Pattern
    cause: Cause


class _File(Record, frozen=True, kw_only=True):
    causes: tuple[Cause, ...]


class Catalogue:
    """All causes, in the order of their files. Made once in a process: `Catalogue.load()`.

    Of several patterns that match one line, the first one is taken (see `order.py`).
    """

    def __init__(self, causes: Sequence[Cause], place: str = "") -> None:
        self._causes = {cause.id: cause for cause in causes}
        self._ordered = in_order(causes, Place(place or str(DATA)))
        self._phrases: dict[Product, Phrases] = {}
        self._codes: dict[tuple[Product, str], list[int]] = {}
        self._silent: dict[Product, list[int]] = {}
        self._attempts: list[int] = []
        self._plain = {n for n, (pattern, _) in enumerate(self._ordered) if not has_conditions(pattern)}
        self._known: dict[tuple[Product, str, str], tuple[int, ...]] = {}
        self._index()

    @staticmethod
    def load() -> Catalogue:
        """The catalogue that comes with the toolkit; raise CatalogueError, or an error of its files with the place."""
        return _loaded()

    def __getitem__(self, cause_id: str) -> Cause:
        """The cause of that id; raise UnknownCause."""
        try:
            return self._causes[cause_id]
        except KeyError:
            raise UnknownCause(f"no cause '{cause_id}'{nearest(cause_id, self._causes)}") from None

    def __contains__(self, cause_id: object) -> bool:
        return cause_id in self._causes

    def __iter__(self) -> Iterator[Cause]:
        return iter(self._causes.values())

    def __len__(self) -> int:
        return len(self._causes)

    def listed(self, cause_id: str = "") -> tuple[Cause, ...]:
        """What there is to show: the cause of that id, or all; raise UnknownCause."""
        return (self[cause_id],) if cause_id else tuple(self)

    def match(self, line: Line) -> Match | None:
        """What one line says by itself; None when no pattern fits."""
        number = self._number(line)
        return None if number is None else self._match(number)

    def matches(self, line: Line) -> list[Match]:
        """Everything that could be said of one line, the best first."""
        return [
            self._match(number)
            for number in self._candidates(line.product, line.reason, line.code)
            if self._holds(number, line)
        ]

    def cause_of(self, lines: Sequence[Line]) -> Match | None:
        """What the lines of one login say together; None when no pattern fits any of them.

        A line of the login itself goes before what a daemon says of itself; then what says the reason goes before what
        says less; the inner login before the outer one; the home organisation before the federation, and that before
        the visited site. Where a server said no, that the radio connection ended then is no reason.
        """
        refused = any(line.result is Result.REJECT for line in lines)
        best: tuple[bool, int, bool, int, int] | None = None
        for line in lines:
            number = self._number(line)
            if number is None:
                continue
            certainty = CERTAINTY[self._ordered[number][1].certainty]
            if refused and certainty and line.kind is Kind.NOTICE and line.hop in (Hop.ACCESS_POINT, Hop.DEVICE):
                certainty = len(CERTAINTY)
            rank = (not _of_a_login(line), certainty, line.kind != Kind.INNER, _HOPS[line.hop], number)
            if best is None or rank < best:
                best = rank
        if best is not None:
            return self._match(best[-1])
        for number in self._attempts:
            attempt = self._ordered[number][0].attempt
            if attempt is not None and ATTEMPT[attempt](lines):
                return self._match(number)
        return None

    def causes(self, said: Iterable[tuple[str, str, str]]) -> list[str]:
        """The ids of the causes of rows (product, reason, code), for columns of many lines: give each different row
        once. An id is empty where the text alone doesn't decide it.
        """
        ids = []
        for product, reason, code in said:
            numbers = self._candidates(Product(product), reason, code)
            ids.append(next((self._ordered[number][1].id for number in numbers if number in self._plain), ""))
        return ids

    def _match(self, number: int) -> Match:
        pattern, cause = self._ordered[number]
        return Match(pattern=pattern, cause=cause)

    def _number(self, line: Line) -> int | None:
        for number in self._candidates(line.product, line.reason, line.code):
            if number in self._plain or self._holds(number, line):
                return number
        return None

    def _candidates(self, product: Product, reason: str, code: str) -> tuple[int, ...]:
        """Patterns whose text or code fits, and those that have none, in order."""
        key = (product, reason, code)
        if (known := self._known.get(key)) is None:
            found = {*self._silent.get(product, ()), *self._codes.get((product, code), ())}
            if reason and product in self._phrases:
                found |= self._phrases[product].find(reason)
            known = tuple(sorted(found))
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[key] = known
        return known

    def _holds(self, number: int, line: Line) -> bool:
        """Whether the conditions beside the text hold."""
        pattern = self._ordered[number][0]
        return (
            (pattern.kind is None or pattern.kind == line.kind)
            and (pattern.hop is None or pattern.hop == line.hop)
            and (pattern.result is None or pattern.result == line.result)
            and (not pattern.server or pattern.server == line.server)
            and (pattern.outer is None or (bool(line.outer) and IDENTITY[pattern.outer](line.outer)))
            and (pattern.address is None or ADDRESS[pattern.address](line.address))
        )

    def _index(self) -> None:
        texts: dict[Product, list[tuple[int, str]]] = {product: [] for product in Product}
        silent: dict[Product, list[int]] = {product: [] for product in Product}
        for number, (pattern, _) in enumerate(self._ordered):
            products = [pattern.product] if pattern.product else list(Product)
            if pattern.attempt is not None:
                self._attempts.append(number)
            elif pattern.reason:
                for product in products:
                    texts[product].append((number, pattern.reason))
            elif pattern.code:
                for product in products:
                    self._codes.setdefault((product, pattern.code), []).append(number)
            else:
                for product in products:
                    silent[product].append(number)
        self._phrases = {product: Phrases(found) for product, found in texts.items() if found}
        self._silent = silent


def _of_a_login(line: Line) -> bool:
    """Whether a line is of somebody's login, and not what a daemon says of itself; a device's own log always is."""
    return bool(line.outer or line.inner or line.mac or line.session or line.state) or line.hop == Hop.DEVICE


def read(folder: Path) -> Catalogue:
    """The catalogue in a folder, a file per layer; raise CatalogueError, or an error of a file with the place."""
    causes: list[Cause] = []
    for path in sorted(folder.glob("*.yml")):
        for cause in load(path, _File).causes:
            if cause.layer != path.stem:
                raise CatalogueError(
                    f"cause '{cause.id}' is of layer '{cause.layer}'",
                    place=Place(str(path)),
                    hint=f"move it to {cause.layer}.yml",
                )
            causes.append(cause)
    if not causes:
        raise CatalogueError("no causes", place=Place(str(folder)))
    return Catalogue(causes, str(folder))


@cache
def _loaded() -> Catalogue:
    return read(DATA)
