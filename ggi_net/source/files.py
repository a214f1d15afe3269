"""The estate as files: `estate.yml`, `federation.yml` and one file a gemeente.

DIR/estate.yml              name, ranges
DIR/federation.yml          the federation
DIR/gemeenten/<slug>.yml    a gemeente (`.json` is read as well, for generated estates and snapshots)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ParamSpec, TypeVar

import msgspec

from ggi_net.errors import EstateEmpty, EstateError, FileMissing, GgiError, Place, nearest
from ggi_net.files import read_bytes
from ggi_net.model.estate import Estate
from ggi_net.model.gemeente import Federation, Gemeente, Organisation
from ggi_net.model.types import Record, Slug, Text
from ggi_net.source.options import check_options
from ggi_net.source.standard import known_standard
from ggi_net.source.wording import explain
from ggi_net.source.yamlfile import load, locate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from ggi_net.model.standard import Standard

P = ParamSpec("P")
R = TypeVar("R")
O = TypeVar("O", bound=Organisation)  # noqa: E741


class EstateHead(Record, frozen=True, kw_only=True):
    """What `estate.yml` holds."""

    name: Text
    ranges: Slug
    description: Text = ""


def load_estate(folder: Path, *, standards: Path | None = None) -> Estate:
    """Read the estate in `folder`, with its standards from `standards` (default: those that come with the toolkit).

    Raises the first FileError, StandardError or OptionRefused with its place. What one file can't show (an overlap,
    a missing peer) is found by `ggi_net.source.validate`.
    """
    estate, problems = read_estate(folder, standards=standards, stop=True)
    if problems or estate is None:
        raise problems[0]
    return estate


def read_estate(
    folder: Path, *, standards: Path | None = None, stop: bool = False
) -> tuple[Estate | None, list[GgiError]]:
    """As `load_estate`, but return the problems of all files; with `stop`, of the first that has one.

    Files with a problem are left out of the estate. Without a readable `estate.yml` or federation there is none.
    Raises FileMissing when there is no such folder.
    """
    if not folder.is_dir():
        raise FileMissing("no such folder", place=Place(str(folder)), hint="name the folder that holds `estate.yml`")
    problems: list[GgiError] = []
    head = _tried(problems, load, folder / "estate.yml", EstateHead)
    known: dict[str, Standard] = {}
    federation = _tried(problems, _federation, folder, known, standards)
    if stop and problems:
        return None, problems
    gemeenten = []
    sources = {}
    for path in gemeente_files(folder):
        gemeente = _tried(problems, _gemeente, path, known, standards)
        if gemeente is not None:
            gemeenten.append(gemeente)
            sources[gemeente.slug] = str(path)
        elif stop:
            return None, problems
    if head is None or federation is None:
        return None, problems
    sources[federation.slug] = str(_one_of(folder, "federation"))
    ranges = known[federation.standard].address_plan.ranges
    if head.ranges not in ranges:
        return None, [*problems, _unknown_ranges(folder, head.ranges, ranges)]
    return (
        Estate(
            name=head.name,
            ranges=head.ranges,
            standards=known,
            federation=federation,
            gemeenten=tuple(gemeenten),
            sources=sources,
        ),
        problems,
    )


def _tried(problems: list[GgiError], read: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R | None:
    try:
        return read(*args, **kwargs)
    except GgiError as error:
        if str(error) not in map(str, problems):  # a broken standard is one problem, not one a gemeente
            problems.append(error)
        return None


def _federation(folder: Path, known: dict[str, Standard], standards: Path | None) -> Federation:
    return _organisation(_one_of(folder, "federation"), Federation, known, standards)


def _gemeente(path: Path, known: dict[str, Standard], standards: Path | None) -> Gemeente:
    gemeente = _organisation(path, Gemeente, known, standards)
    if gemeente.options:
        check_options(gemeente, known[gemeente.standard], path)
    return gemeente


def _unknown_ranges(folder: Path, name: str, ranges: Iterable[str]) -> EstateError:
    path = folder / "estate.yml"
    return EstateError(
        f"the standard has no ranges '{name}'{nearest(name, ranges)}",
        place=locate(path, read_bytes(path), "$.ranges"),
        hint=f"ranges: {', '.join(ranges)}",
    )


def gemeente_files(folder: Path) -> list[Path]:
    """The gemeenten's files in order of name; hidden files (a write that was cut off) are not among them."""
    found = [
        p for p in (folder / "gemeenten").glob("*") if p.suffix in {".yml", ".json"} and not p.name.startswith(".")
    ]
    return sorted(found)


def _one_of(folder: Path, stem: str) -> Path:
    plain = folder / f"{stem}.yml"
    compact = folder / f"{stem}.json"
    if not plain.exists() and not compact.exists():
        raise EstateEmpty(
            f"the estate has no {stem}", place=Place(str(plain)), hint=f"write {stem}.yml; inventory/demo shows one"
        )
    return compact if compact.exists() else plain


def _organisation(path: Path, kind: type[O], known: dict[str, Standard], standards: Path | None) -> O:
    organisation = _load(path, kind)
    if path.parent.name == "gemeenten" and path.stem != organisation.slug:
        raise EstateError(
            f"the file is named '{path.stem}' but holds '{organisation.slug}'",
            place=Place(str(path)),
            hint=f"rename it to {organisation.slug}{path.suffix}",
        )
    known_standard(organisation.standard, known, lambda: locate(path, read_bytes(path), "$.standard"), standards)
    return organisation


def _load(path: Path, kind: type[O]) -> O:
    """Read one organisation; JSON straight into the record, which is ten times faster than through plain data."""
    if path.suffix != ".json":
        return load(path, kind)
    content = read_bytes(path)
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.ValidationError as error:
        raise explain(str(error), kind, path, content, msgspec.json.decode(content)) from None
    except msgspec.DecodeError:
        load(path, kind)  # raises, with the place
        raise
