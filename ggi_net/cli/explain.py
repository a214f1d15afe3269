"""`ggi explain`: where a line of an artifact comes from."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Annotated

import typer

from ggi_net.cli.console import EstateOption, open_estate, out
from ggi_net.errors import Place
from ggi_net.paths import demo_folder, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ggi_net.model.standard import Clause
    from ggi_net.render.explain import Explanation, Value

app = typer.Typer()

DEMO = demo_folder()


@app.command()
def explain(
    device: Annotated[str, typer.Argument(metavar="DEVICE", help="The name of a device of the estate.")],
    target: Annotated[str, typer.Argument(metavar="FILE[:LINE]", help="An artifact of it, and a line counted from 1.")],
    json: Annotated[bool, typer.Option("--json", help="Print JSON: one explanation, or a list of them.")] = False,
    estate: EstateOption = DEMO,
) -> None:
    """Say where a line of an artifact comes from.

    Names the template line, each value with the record and field of the estate behind it (with file and line where
    they can be found), and the clause of the standard with its BIO2 controls. Without :LINE every line is listed with
    its clause and template line. Nothing needs to have been rendered before.

    Example: ggi explain ce-almelo-01 frr.conf:20
    """
    import msgspec
    from rich.text import Text

    from ggi_net.render.explain import explain as explain_line
    from ggi_net.render.explain import explain_file

    file, line = split_target(target)
    found = open_estate(estate)
    if line is None:
        explanations = explain_file(found, device, file)
        if json:
            out.print(msgspec.json.encode(explanations).decode(), markup=False)
        else:
            # On a terminal a row is one line; a file or another program gets it whole.
            whole = not out.is_terminal
            for entry in table(explanations):
                out.print(Text(entry), no_wrap=True, overflow="ignore" if whole else "ellipsis", soft_wrap=whole)
        return
    one = explain_line(found, device, file, line)
    out.print(msgspec.json.encode(one).decode() if json else paragraph(one), markup=False)


def split_target(target: str) -> tuple[str, int | None]:
    """`frr.conf:20` -> its file and line; without a number the whole is the file."""
    file, colon, line = target.rpartition(":")
    return (file, int(line)) if colon and line.isdecimal() and line.isascii() else (target, None)


def table(explanations: Iterable[Explanation]) -> Iterator[str]:
    """Every line with the line of its template, below the template and the clause that are in force from there."""
    before = ("", "")
    for explanation in explanations:
        place = explanation.templates[0] if explanation.templates else None
        template = shown(Place(place.file)) if place else "(no template)"
        clause = explanation.clause.id if explanation.clause else ""
        if (template, clause) != before:
            yield f"{template}  {clause}".rstrip()
            before = (template, clause)
        yield f"{explanation.line:6}  {place.line if place else '-':>4}  {explanation.text}".rstrip()


def paragraph(explanation: Explanation) -> str:
    """One explanation in full."""
    lines = [
        f"{explanation.device} {explanation.file}:{explanation.line}",
        f"  {explanation.text.strip() or '(empty line)'}",
    ]
    lines += [f"template  {shown(place)}" for place in explanation.templates]
    for (text, expression), behind in groupby(explanation.values, key=lambda value: (value.text, value.expression)):
        lines.append(f"value     {text}  <- {{{{ {expression} }}}}")
        lines += [line for value in behind for line in provenance(value)]
    if explanation.because:
        lines.append("because")
    for value in explanation.because:
        lines += provenance(value)
    if explanation.clause:
        lines += clause_lines(explanation.clause)
    return "\n".join(lines)


def provenance(value: Value) -> list[str]:
    """The record, field and place behind a value, or why there is none."""
    if value.note and not value.field:
        return [f"            {value.note}"]
    if not value.origin:
        return []
    field = f", field {value.field}" if value.field else ""
    note = f" ({value.note})" if value.note else ""
    return [f"            from {value.origin}{field}{note}"] + (
        [f"            at {shown(value.place)}"] if value.place else []
    )


def clause_lines(clause: Clause) -> list[str]:
    """The clause with its reasons."""
    lines = [f"clause    {clause.id}: {clause.title}"]
    if clause.bio2:
        lines.append(f"            BIO2 {', '.join(clause.bio2)}")
    lines += [f"            {text}" for text in (clause.source, clause.why) if text]
    return lines
