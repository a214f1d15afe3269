"""Where a line of an artifact comes from: its template line, the estate's records and fields, the standard's clause."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import takewhile
from typing import TYPE_CHECKING, Any, NamedTuple

import jinja2

from ggi_net.errors import NothingToExplain, Place, nearest
from ggi_net.files import read_bytes
from ggi_net.model.standard import Clause
from ggi_net.model.types import Record
from ggi_net.paths import templates_folder
from ggi_net.render.asked import Asked, Computed, Option, World, option_source
from ggi_net.render.device import applies, render_text, view_of
from ggi_net.render.origin import find, place_of
from ggi_net.render.platform import platform
from ggi_net.render.sources import answers, is_told
from ggi_net.render.trace import Chunk, Field, trace, traced_environment

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ggi_net.model.estate import Estate, Placed
    from ggi_net.render.platform import ArtifactKind

_ANNOTATION = re.compile(r"\{#@\s*([a-z0-9-]+)\s*#\}")


class Value(Record, frozen=True, kw_only=True):
    """Something printed on the line, or, with an empty `text`, something that the line is there for.

    `expression` as the template writes it; `origin` and `field`: the record of the estate or the standard and its field
    (`vrfs.datanet.prefixes`) behind it; `place` of that field in the files, or of the record when the field is not
    written there. `note` says why no field is written: a default, or something that the toolkit decides itself.
    A value that was made of several fields is told several times, once for each.
    """

    text: str = ""
    expression: str = ""
    origin: str = ""
    field: str = ""
    place: Place | None = None
    note: str = ""


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
    world, text, lines = _traced(estate, placed, file)
    if not 1 <= line <= len(lines):
        raise NothingToExplain(
            f"{device}: '{file}' has no line {line}",
            hint=f"it has the lines 1 to {len(lines)}" if text else "it is empty",
        )
    return _explained(world, file, line, lines[line - 1])


def explain_file(estate: Estate, device: str, file: str) -> list[Explanation]:
    """Explain every line of artifact `file` of `device`; raises as `explain`."""
    placed = estate.placed(device)
    world, _, lines = _traced(estate, placed, file)
    return [_explained(world, file, number, pieces) for number, pieces in enumerate(lines, 1)]


def _traced(estate: Estate, placed: Placed, file: str) -> tuple[World, str, list[list[_Piece]]]:
    """What sources are resolved in, the text of an artifact and the traced pieces of each of its lines."""
    view = view_of(estate, placed)
    kinds = {k.file: k for k in platform(placed.device.platform).artifacts if applies(k, view)}
    if file not in kinds:
        raise NothingToExplain(
            f"{placed.device.name} has no artifact '{file}'{nearest(file, kinds)}", hint=f"it has: {', '.join(kinds)}"
        )
    chunks = _chunks(kinds[file], placed, view)
    return World(estate, placed, view), "".join(chunks), _lines(chunks)


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
        parts = chunk.split("\n")
        for number, text in enumerate(parts):
            if number:
                lines.append([])
            # Of an empty line there is only its end, which says where it was made.
            if text or (not lines[-1] and number < len(parts) - 1):
                lines[-1].append(_Piece(chunk, text, number, around))
    return lines if lines[-1] else lines[:-1]


def _explained(world: World, file: str, number: int, pieces: list[_Piece]) -> Explanation:
    traced = [piece for piece in pieces if isinstance(piece.chunk, Chunk)]
    places = dict.fromkeys((piece.chunk.spot.template, piece.line) for piece in traced)
    # An indent is made by whatever came before it; the first visible piece is what the line is about.
    first = next((p for p in traced if p.text.strip()), traced[0] if traced else None)
    reason = _reason(next((p for p in traced if not p.chunk.spot.expression), first))
    return Explanation(
        device=world.placed.device.name,
        file=file,
        line=number,
        text="".join(piece.text for piece in pieces),
        templates=tuple(Place(str(templates_folder() / template), line) for template, line in places),
        values=tuple(value for p in traced if p.chunk.spot.expression for value in _values(world, p)),
        because=tuple(_because(world, reason)) if reason is not None else (),
        clause=_clause(world, first) if first is not None else None,
    )


def _reason(piece: _Piece | None) -> Field | None:
    """The record that the loop or condition around `piece` is about, or that around the include it is in."""
    if piece is None:
        return None
    own = () if piece.chunk.spot.expression else piece.chunk.fields
    found = (_with_origin(fields) for fields in (own, *(mark.fields for mark in reversed(piece.around))))
    return next((field for field in found if field is not None), None)


def _values(world: World, piece: _Piece) -> list[Value]:
    """What one expression printed, once for each field behind it."""
    text, expression = piece.text, piece.chunk.spot.expression
    fields = piece.chunk.fields
    asked = zip(("", *(field.name for field in fields)), fields, strict=False)
    first = next((n for n, (by, field) in enumerate(asked) if _printed(field, by)), None)
    if first is None:
        return [Value(text=text, expression=expression, note="the template's own")]
    if fields[first].listed:
        listed = list(takewhile(lambda field: field.listed, fields[first:]))
        same = [field for field in listed if getattr(field.record, field.name) == text]
        found = [value for field in same or listed for value in _behind(world, field, (), text)]
    else:
        found = [
            value for inner in _ways(fields, fields[first]) for value in _behind(world, fields[first], inner, text)
        ]
    distinct = dict.fromkeys((v.origin, v.field, v.place, v.note) for v in found)
    return [
        Value(text=text, expression=expression, origin=origin, field=field, place=place, note=note)
        for origin, field, place, note in distinct
    ]


def _because(world: World, reason: Field) -> list[Value]:
    """The record that a line is there for, or the fields that decided it."""
    if _printed(reason, ""):
        return _behind(world, reason, (), "")
    record, _, path = reason.record.origin.partition("#")
    found = find(world.estate, record, path)
    return [Value(origin=record, field=path, place=found.place if found else None)]


def _behind(world: World, field: Field, inner: tuple[Field, ...], text: str) -> list[Value]:
    """The fields behind a view record's field; `inner` leads on from there into a record without origin."""
    found: list[Value] = []
    asked = Asked(world, field.record, text)
    own, _, base = field.record.origin.partition("#")
    for answer in answers(asked, field.name):
        if isinstance(answer, Computed):
            place = place_of(world.estate, own)
            found.append(Value(origin=own, place=place, note=f"computed by the toolkit: {answer.reason}"))
            continue
        if isinstance(answer, Field):
            found += _behind(world, answer, (), getattr(answer.record, answer.name))
            continue
        if isinstance(answer, Option):
            record, path = option_source(world, answer.name)
        else:
            name = answer.field.format_map(asked)
            record = answer.record.format_map(asked) or own
            path = name if answer.record else name[1:] if name[:1] == "/" else ".".join(p for p in (base, name) if p)
        path = ".".join(part for part in (path, *_path(inner)) if part)
        where = find(world.estate, record, path, text)
        note = "not written there: its default" if where and not where.written else ""
        found.append(Value(origin=record, field=path, place=where.place if where else None, note=note))
    return found


def _path(inner: tuple[Field, ...]) -> list[str]:
    """The steps by which a value was reached inside a record of the standard, which has no origin of its own."""
    path: list[str] = []
    holder: Any = None
    for record, name, _ in reversed(inner):
        if isinstance(record, Record) and name:
            if isinstance(holder, tuple) and record in holder:
                path.append(str(holder.index(record)))
            path.append(name)
            holder = getattr(record, name)
    return path


def _ways(fields: tuple[Field, ...], to: Field) -> list[tuple[Field, ...]]:
    """What was read on each way to that field: once, but for values put together from several parts of a record."""
    ways: list[tuple[Field, ...]] = []
    inner: list[Field] = []
    for field in fields:
        if not _told(field):
            inner.append(field)
            continue
        if field.record is to.record and field.name == to.name:
            ways.append(tuple(inner))
        inner = []
    return [way for way in ways if _path(way)] or [()]


def _printed(field: Field, by: str) -> bool:
    return _told(field) and bool(field.name) and is_told(field.record, field.name, by)


def _told(field: Field) -> bool:
    return not isinstance(field.record, jinja2.Undefined) and bool(_origin(field.record))


def _with_origin(fields: tuple[Field, ...]) -> Field | None:
    """The nearest record with an origin, with the field by which it was left on the way to the value."""
    return next((field for field in fields if _told(field)), None)


def _origin(record: Any) -> str:
    origin = getattr(record, "origin", "")
    return origin if isinstance(origin, str) else ""


def _clause(world: World, piece: _Piece) -> Clause | None:
    """The clause whose annotation is the nearest above the piece, or above the include that it is in."""
    spots = [(piece.chunk.spot.template, piece.line)]
    spots += [(mark.spot.template, mark.spot.line) for mark in reversed(piece.around)]
    found = (_annotated(template, line) for template, line in spots)
    name = next((name for name in found if name), None)
    clauses = world.estate.standard_of(world.placed.organisation).clauses
    return next((clause for clause in clauses if clause.id == name), None)


def _annotated(template: str, line: int) -> str | None:
    """The clause in force on a line of a template; None above its first annotation."""
    return next((name for at, name in reversed(clause_annotations(template)) if at <= line), None)


@lru_cache(maxsize=512)
def clause_annotations(template: str) -> tuple[tuple[int, str], ...]:
    """The clause annotations of a template below the templates folder: line and clause id."""
    source = read_bytes(templates_folder() / template).decode()
    return tuple((source.count("\n", 0, m.start()) + 1, m.group(1)) for m in _ANNOTATION.finditer(source))
