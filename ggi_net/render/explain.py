"""Where a line of an artifact comes from: its template line, the estate's records and fields, the standard's clause."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import jinja2

from ggi_net.errors import NothingToExplain, Place, nearest
from ggi_net.files import read_bytes
from ggi_net.model.standard import Clause
from ggi_net.model.types import Record
from ggi_net.paths import templates_folder
from ggi_net.render.device import applies, render_text, view_of
from ggi_net.render.origin import place_of
from ggi_net.render.platform import platform
from ggi_net.render.trace import Chunk, Field, trace, traced_environment

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ggi_net.model.estate import Estate, Placed
    from ggi_net.render.platform import ArtifactKind

_ANNOTATION = re.compile(r"\{#@\s*([a-z0-9-]+)\s*#\}")


class Value(Record, frozen=True, kw_only=True):
    """Something printed on the line, or, with an empty `text`, something that the line is there for.

    `expression` as the template writes it; `origin` and `field` of the view record that it was read from; `place` of
    that record or field in the estate's or the standard's files, where it is known.
    """

    text: str = ""
    expression: str = ""
    origin: str = ""
    field: str = ""
    place: Place | None = None


class Explanation(Record, frozen=True, kw_only=True):
    """One line of an artifact. `templates` are the template lines that made it, its beginning first."""

    device: str
    file: str
    line: int
    text: str
    templates: tuple[Place, ...] = ()
    values: tuple[Value, ...] = ()
    because: tuple[Value, ...] = ()
    clause: Clause | None = None


class _Piece(NamedTuple):
    """A part of a line: its chunk, its text, in which line of the chunk it is, and the includes around it."""

    chunk: Any
    text: str
    number: int
    around: tuple[Chunk, ...]

    @property
    def line(self) -> int:
        """The template line, from 1: literal text goes on over lines, an expression's value does not."""
        spot = self.chunk.spot
        return int(spot.line if spot.expression else spot.line + self.number)


def explain(estate: Estate, device: str, file: str, line: int) -> Explanation:
    """Explain line `line` (from 1) of artifact `file` of `device`.

    Raises NotInEstate for the device, NothingToExplain for a file or line that it does not have, RenderError when it
    can't be rendered.
    """
    placed = estate.placed(device)
    text, lines = _traced(estate, placed, file)
    if not 1 <= line <= len(lines):
        raise NothingToExplain(
            f"{device}: '{file}' has no line {line}",
            hint=f"it has the lines 1 to {len(lines)}" if text else "it is empty",
        )
    return _explained(estate, placed, file, line, lines[line - 1])


def explain_file(estate: Estate, device: str, file: str) -> list[Explanation]:
    """Explain every line of artifact `file` of `device`; raises as `explain`."""
    placed = estate.placed(device)
    _, lines = _traced(estate, placed, file)
    return [_explained(estate, placed, file, number, pieces) for number, pieces in enumerate(lines, 1)]


def _traced(estate: Estate, placed: Placed, file: str) -> tuple[str, list[list[_Piece]]]:
    """The text of an artifact and the traced pieces of each of its lines."""
    view = view_of(estate, placed)
    kinds = {k.file: k for k in platform(placed.device.platform).artifacts if applies(k, view)}
    if file not in kinds:
        raise NothingToExplain(
            f"{placed.device.name} has no artifact '{file}'{nearest(file, kinds)}", hint=f"it has: {', '.join(kinds)}"
        )
    chunks = _chunks(kinds[file], placed, view)
    return "".join(chunks), _lines(chunks)


def _chunks(kind: ArtifactKind, placed: Placed, view: Any) -> Sequence[str]:
    try:
        return trace(traced_environment(), kind.template, view)
    except (jinja2.TemplateError, TypeError, ValueError, ArithmeticError, LookupError):
        # Ordinary rendering fails in the same way, and says so with the template's line.
        render_text(traced_environment(), kind, placed.device.name, view)
        raise


def _lines(chunks: Iterable[str]) -> list[list[_Piece]]:
    """The pieces of each line of the output."""
    lines: list[list[_Piece]] = [[]]
    around: tuple[Chunk, ...] = ()
    for chunk in chunks:
        if isinstance(chunk, Chunk) and chunk.depth:
            around = (*around, chunk) if chunk.depth > 0 else around[:-1]
            continue
        for number, text in enumerate(chunk.split("\n")):
            if number:
                lines.append([])
            if text:
                lines[-1].append(_Piece(chunk, text, number, around))
    return lines if lines[-1] else lines[:-1]


def _explained(estate: Estate, placed: Placed, file: str, number: int, pieces: list[_Piece]) -> Explanation:
    traced = [piece for piece in pieces if isinstance(piece.chunk, Chunk)]
    places = dict.fromkeys((piece.chunk.spot.template, piece.line) for piece in traced)
    # An indent is made by whatever came before it; the first visible piece is what the line is about.
    first = next((p for p in traced if p.text.strip()), traced[0] if traced else None)
    reason = _reason(next((p for p in traced if not p.chunk.spot.expression), first))
    return Explanation(
        device=placed.device.name,
        file=file,
        line=number,
        text="".join(piece.text for piece in pieces),
        templates=tuple(Place(str(templates_folder() / template), line) for template, line in places),
        values=tuple(_value(estate, p) for p in traced if p.chunk.spot.expression),
        because=(_found(estate, reason, "", ""),) if reason is not None else (),
        clause=_clause(estate, placed, first) if first is not None else None,
    )


def _reason(piece: _Piece | None) -> Field | None:
    """The record that the loop or condition around `piece` is about, or that around the include it is in."""
    if piece is None:
        return None
    own = () if piece.chunk.spot.expression else piece.chunk.fields
    found = (_with_origin(fields) for fields in (own, *(mark.fields for mark in reversed(piece.around))))
    return next((field for field in found if field is not None), None)


def _value(estate: Estate, piece: _Piece) -> Value:
    spot = piece.chunk.spot
    nearest_field = _with_origin(piece.chunk.fields)
    if nearest_field is None:
        return Value(text=piece.text, expression=spot.expression)
    return _found(estate, nearest_field, piece.text, spot.expression)


def _found(estate: Estate, field: Field, text: str, expression: str) -> Value:
    origin = field.record.origin
    return Value(
        text=text, expression=expression, origin=origin, field=field.name, place=place_of(estate, origin, field.name)
    )


def _with_origin(fields: tuple[Field, ...]) -> Field | None:
    """The nearest record with an origin, with the field by which it was left on the way to the value."""
    return next((f for f in fields if not isinstance(f.record, jinja2.Undefined) and _origin(f.record)), None)


def _origin(record: Any) -> str:
    origin = getattr(record, "origin", "")
    return origin if isinstance(origin, str) else ""


def _clause(estate: Estate, placed: Placed, piece: _Piece) -> Clause | None:
    """The clause whose annotation is the nearest above the piece, or above the include that it is in."""
    spots = [(piece.chunk.spot.template, piece.line)]
    spots += [(mark.spot.template, mark.spot.line) for mark in reversed(piece.around)]
    found = (_annotated(template, line) for template, line in spots)
    name = next((name for name in found if name), None)
    clauses = estate.standard_of(placed.organisation).clauses
    return next((clause for clause in clauses if clause.id == name), None)


def _annotated(template: str, line: int) -> str | None:
    """The clause in force on a line of a template; None above its first annotation."""
    return next((name for at, name in reversed(clause_annotations(template)) if at <= line), None)


@lru_cache(maxsize=512)
def clause_annotations(template: str) -> tuple[tuple[int, str], ...]:
    """The clause annotations of a template below the templates folder: line and clause id."""
    source = read_bytes(templates_folder() / template).decode()
    return tuple((source.count("\n", 0, m.start()) + 1, m.group(1)) for m in _ANNOTATION.finditer(source))
