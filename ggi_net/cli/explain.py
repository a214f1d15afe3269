"""`ggi explain`: where a line of an artifact comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ggi_net.cli.console import EstateOption, out
from ggi_net.paths import demo_folder

if TYPE_CHECKING:
    from ggi_net.errors import Place
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

    from ggi_net.render.explain import explain as explain_line
    from ggi_net.render.explain import explain_file
    from ggi_net.source.files import load_estate

    file, line = split_target(target)
    found = load_estate(estate)
    if line is None:
        explanations = explain_file(found, device, file)
        if json:
            out.print(msgspec.json.encode(explanations).decode(), markup=False)
        else:
            for explanation in explanations:
                out.print(row(explanation), markup=False)
        return
    one = explain_line(found, device, file, line)
    out.print(msgspec.json.encode(one).decode() if json else paragraph(one), markup=False)


def split_target(target: str) -> tuple[str, int | None]:
    """`frr.conf:20` -> its file and line; without a number the whole is the file."""
    file, colon, line = target.rpartition(":")
    return (file, int(line)) if colon and line.isdecimal() and line.isascii() else (target, None)


def row(explanation: Explanation) -> str:
    """One explanation on one line, for a whole file."""
    where = short(explanation.templates[0]) if explanation.templates else "-"
    clause = explanation.clause.id if explanation.clause else "-"
    return f"{explanation.line:5}  {clause:22}  {where:44}  {explanation.text}"


def paragraph(explanation: Explanation) -> str:
    """One explanation in full."""
    lines = [
        f"{explanation.device} {explanation.file}:{explanation.line}",
        f"  {explanation.text.strip() or '(empty line)'}",
    ]
    lines += [f"template  {place}" for place in explanation.templates]
    for value in explanation.values:
        lines.append(f"value     {value.text}  <- {{{{ {value.expression} }}}}")
        lines += provenance(value)
    for value in explanation.because:
        lines.append("because")
        lines += provenance(value)
    if explanation.clause:
        lines += clause_lines(explanation.clause)
    return "\n".join(lines)


def provenance(value: Value) -> list[str]:
    """The record, field and place behind a value."""
    if not value.origin:
        return []
    field = f", field {value.field}" if value.field else ""
    return [f"            from {value.origin}{field}"] + ([f"            at {value.place}"] if value.place else [])


def clause_lines(clause: Clause) -> list[str]:
    """The clause with its reasons."""
    lines = [f"clause    {clause.id}: {clause.title}"]
    if clause.bio2:
        lines.append(f"            BIO2 {', '.join(clause.bio2)}")
    lines += [f"            {text}" for text in (clause.source, clause.why) if text]
    return lines


def short(place: Place) -> str:
    """A template's place below the templates folder."""
    return str(place).rpartition("/templates/")[2]
